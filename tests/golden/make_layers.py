#!/usr/bin/env python3
"""Golden values of activations, normalisations, pooling, padding and bilinear products, as functions and as layers, that
are not in make_functional.py and make_nn.py, from PyTorch (CPU).

Run by hand: python3 tests/golden/make_layers.py. Needs torch 2.13.
"""
import torch
import torch.nn.functional as F
from torch import nn

from golden_file import BOTH, F32, F64, GoldenFile, OperationFile, formula

generator = torch.Generator().manual_seed(13)
inf, nan = float("inf"), float("nan")


def rand(*shape):
    """Values on a coarse grid: short in the file, the same in float and double; ties and zeros occur."""
    return torch.randint(-40, 41, shape, generator=generator, dtype=torch.int64).double() / 16


def activations():
    r = OperationFile("functional_activations")
    points = torch.tensor([-100.0, -20.5, -6, -3, -2.5, -1, -0.125, 0, 0.125, 0.5, 1, 2.5, 3, 6, 20.5, 100])
    functions = {
        "leaky_relu": F.leaky_relu,
        "leaky_relu_0.3": lambda x: F.leaky_relu(x, 0.3),
        "elu": F.elu,
        "elu_0.5": lambda x: F.elu(x, 0.5),
        "selu": F.selu,
        "celu_0.5": lambda x: F.celu(x, 0.5),
        "hardtanh": F.hardtanh,
        "hardtanh_-2_3": lambda x: F.hardtanh(x, -2, 3),
        "relu6": F.relu6,
        "hardsigmoid": F.hardsigmoid,
        "hardswish": F.hardswish,
        "silu": F.silu,
        "mish": F.mish,
        "softplus": F.softplus,
        "softplus_2_5": lambda x: F.softplus(x, 2, 5),
        "softsign": F.softsign,
        "tanhshrink": F.tanhshrink,
    }
    for name, f in functions.items():
        r.add(f"{name}@", f, points, dtypes=BOTH)
        r.add(f"{name}@cube", f, rand(2, 3, 2))
    for dim in (-1, 0, 1):
        r.add(f"glu_{dim}@", lambda x: F.glu(x, dim), rand(4, 2, 6) if dim < 1 else rand(3, 4), dtypes=BOTH)
        r.add(f"softmin_{dim}@", lambda x: F.softmin(x, dim), rand(3, 4), dtypes=BOTH)
    r.add("prelu@", F.prelu, rand(4, 3), [0.25], dtypes=BOTH)
    r.add("prelu@channels", F.prelu, rand(4, 3), rand(3), dtypes=BOTH)
    r.add("prelu@cube", F.prelu, rand(2, 3, 4), rand(3))
    r.add("prelu@vector", F.prelu, rand(5), rand(1))
    r.add("prelu@single", F.prelu, rand(), rand(1))
    r.add("prelu@weight_single", F.prelu, rand(2, 3), rand())
    r.write()


def normalisations():
    r = OperationFile("functional_normalisation")
    for name, shape in (("2d", (5, 3)), ("3d", (4, 3, 2)), ("4d", (2, 3, 2, 2))):
        x = rand(*shape)
        mean, var = rand(3) / 4, rand(3).abs() + 0.5
        r.add(f"batch_train@{name}", lambda x, w, b: F.batch_norm(x, None, None, w, b, True), x, rand(3), rand(3), dtypes=BOTH)
        r.add(f"batch_plain@{name}", lambda x: F.batch_norm(x, None, None, training=True, eps=0.01), x)
        r.add(f"batch_eval@{name}", lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b), x, mean, var, rand(3), rand(3), constant=(1, 2), dtypes=BOTH)
        def moved(x, m, v):
            m, v = m.clone(), v.clone()
            y = F.batch_norm(x, m, v, training=True, momentum=0.3)
            return torch.cat([y.flatten(), m, v])
        r.add(f"batch_moved@{name}", moved, x, mean, var, constant=(1, 2), dtypes=BOTH)
    for groups in (1, 2, 4):
        r.add(f"group_{groups}@", lambda x, w, b: F.group_norm(x, groups, w, b), rand(3, 4, 5), rand(4), rand(4), dtypes=BOTH)
        r.add(f"group_{groups}@plane", lambda x, w, b: F.group_norm(x, groups, w, b), rand(2, 4, 3, 2), rand(4), rand(4))
    r.add("group_plain_2@2d", lambda x: F.group_norm(x, 2), rand(3, 4))
    r.add("rms@", lambda x, w: F.rms_norm(x, (4,), w), rand(3, 4), rand(4), dtypes=BOTH)
    r.add("rms@cube", lambda x, w: F.rms_norm(x, (4,), w), rand(2, 3, 4), rand(4))
    r.add("rms_plain@", lambda x: F.rms_norm(x, (4,)), rand(3, 4))
    r.add("rms_eps@two", lambda x, w: F.rms_norm(x, (3, 2), w, 0.1), rand(2, 3, 2), rand(3, 2), dtypes=BOTH)
    for p in (1.0, 3.0, 0.5, inf, 2.0):
        for dim in (0, 1, -1):
            r.add(f"normalize_{p}_{dim}@", lambda x: F.normalize(x, p, dim), rand(3, 4), dtypes=BOTH)
        r.add(f"normalize_eps_{p}@", lambda x: F.normalize(x, p, 1, eps=3.0), rand(3, 4) / 4)
        r.add(f"normalize_eps_{p}@zero", lambda x: F.normalize(x, p, 1, eps=3.0), torch.zeros(2, 3))
    r.write()


def shapes():
    r = OperationFile("functional_windows")
    for k, s, p in ((2, None, 0), (3, 1, 1), (3, 2, 1), (4, 3, 2), (1, 1, 0), (2, 5, 1)):
        for ceil in (False, True):
            for include in (True, False):
                r.add(f"avg_{k}_{s}_{p}_{int(ceil)}_{int(include)}@", lambda x: F.avg_pool1d(x, k, s, p, ceil, include), rand(2, 2, 8))
    r.add("avg_2_None_0_0_1@2d", lambda x: F.avg_pool1d(x, 2), rand(2, 5), dtypes=BOTH)
    for n in (1, 2, 3, 7, 9):
        r.add(f"adaptive_{n}@", lambda x: F.adaptive_avg_pool1d(x, n), rand(2, 2, 7))
        r.add(f"adaptive_{n}@2d", lambda x: F.adaptive_avg_pool1d(x, n), rand(2, 5), dtypes=BOTH)
    for k, d in ((1, 1), (2, 1), (3, 1), (4, 2), (2, 3)):
        r.add(f"same_{k}_{d}@", lambda x, w, b: F.conv1d(x, w, b, padding="same", dilation=d), rand(2, 2, 6), rand(3, 2, k), rand(3), dtypes=BOTH)
        r.add(f"same_{k}_{d}@short", lambda x, w, b: F.conv1d(x, w, b, padding="same", dilation=d), rand(2, 1), rand(3, 2, k), rand(3))
    r.add("valid@", lambda x, w: F.conv1d(x, w, padding="valid", stride=2), rand(2, 2, 6), rand(3, 2, 3))
    cases = {
        "constant": [((1, 2), (3, 4)), ((0, 3, 2, 1), (2, 3)), ((-1, 2), (2, 4)), ((-2, -1), (5,)), ((1, 0, 0, 1, 2, 0), (2, 1, 2)), ((), (3,)), ((-2, -1), (2, 3)),
                     ((1, 1), (2, 0))],
        "reflect": [((1, 2), (2, 3, 4)), ((2, 0), (2, 3)), ((1, 1, 0, 2), (2, 3, 4)), ((1, 0, 1, 1, 1, 0), (2, 3, 2, 3))],
        "replicate": [((3, 2), (2, 3, 1)), ((1, 0, 2, 2), (1, 2, 2, 3)), ((1, 0, 1, 1, 3, 0), (2, 3, 2, 3))],
        "circular": [((3, 2), (2, 3, 3)), ((1, 2, 2, 0), (2, 2, 3))],
    }
    for mode, rows in cases.items():
        for i, (amounts, shape) in enumerate(rows):
            r.add(f"pad_{mode}_{'_'.join(map(str, amounts))}@{i}", lambda x: F.pad(x, amounts, mode), rand(*shape))
    r.add("pad_value@", lambda x: F.pad(x, (1, 2), value=2.5), rand(2, 2), dtypes=BOTH)
    for name, lead in (("vector", ()), ("rows", (4,)), ("cube", (2, 3))):
        r.add(f"bilinear@{name}", F.bilinear, rand(*lead, 3), rand(*lead, 2), rand(4, 3, 2), rand(4), dtypes=BOTH)
        r.add(f"bilinear_plain@{name}", F.bilinear, rand(*lead, 3), rand(*lead, 2), rand(4, 3, 2))
    r.write()


def layers():
    f = GoldenFile("nn_more_layers")
    makers = {
        "leaky_relu@": (lambda: nn.LeakyReLU(0.2), (2, 4)), "elu@": (lambda: nn.ELU(0.5), (2, 4)), "selu@": (lambda: nn.SELU(), (2, 4)),
        "celu@": (lambda: nn.CELU(2.0), (2, 4)), "relu6@": (lambda: nn.ReLU6(), (2, 4)), "hardtanh@": (lambda: nn.Hardtanh(-0.5, 0.75), (2, 4)),
        "hardsigmoid@": (lambda: nn.Hardsigmoid(), (2, 4)), "hardswish@": (lambda: nn.Hardswish(), (2, 4)),
        "prelu@": (lambda: nn.PReLU(3), (2, 3, 2)), "prelu@one": (lambda: nn.PReLU(), (2, 3)),
        "silu@": (lambda: nn.SiLU(), (2, 4)), "mish@": (lambda: nn.Mish(), (2, 4)), "softplus@": (lambda: nn.Softplus(2.0, 1.5), (2, 4)),
        "softsign@": (lambda: nn.Softsign(), (2, 4)), "tanhshrink@": (lambda: nn.Tanhshrink(), (2, 4)), "glu@": (lambda: nn.GLU(), (2, 4)),
        "glu@1": (lambda: nn.GLU(1), (2, 4, 3)), "softmin@": (lambda: nn.Softmin(dim=1), (2, 4)),
        "identity@": (lambda: nn.Identity(54, "anything"), (2, 4)), "unflatten@": (lambda: nn.Unflatten(1, (2, 2)), (3, 4)),
        "unflatten@free": (lambda: nn.Unflatten(-1, (2, -1)), (3, 6)), "avg_pool1d@": (lambda: nn.AvgPool1d(3, 2, 1, True, False), (2, 2, 6)),
        "adaptive_avg_pool1d@": (lambda: nn.AdaptiveAvgPool1d(2), (2, 2, 5)),
        "batch_norm@": (lambda: nn.BatchNorm1d(3), (4, 3)), "batch_norm@3d": (lambda: nn.BatchNorm1d(3, eps=1e-3, momentum=None), (4, 3, 2)),
        "batch_norm@plain": (lambda: nn.BatchNorm1d(3, affine=False, track_running_stats=False), (4, 3)),
        "batch_norm@no_bias": (lambda: nn.BatchNorm1d(3, bias=False), (4, 3)),
        "group_norm@": (lambda: nn.GroupNorm(2, 4), (2, 4, 3)), "group_norm@plain": (lambda: nn.GroupNorm(2, 4, affine=False), (2, 4, 3)),
        "rms_norm@": (lambda: nn.RMSNorm(4), (3, 4)), "rms_norm@two": (lambda: nn.RMSNorm((2, 3), eps=0.25), (2, 2, 3)),
        "rms_norm@plain": (lambda: nn.RMSNorm(4, elementwise_affine=False), (3, 4)),
        "conv1d@same": (lambda: nn.Conv1d(2, 3, 4, padding="same", dilation=2), (2, 2, 6)),
        "conv1d@valid": (lambda: nn.Conv1d(2, 3, 2, stride=2, padding="valid"), (2, 2, 6)),
    }
    torch.set_default_dtype(F64)
    for name, (make, shape) in makers.items():
        layer = make()
        for i, p in enumerate(layer.parameters()):
            p.data = formula(p.shape, 10 + i)
        x = formula(shape).requires_grad_()
        y = layer(x)
        y.backward(formula(y.shape, 5))
        f.case(name, F64)
        f.text("printed", str(layer))
        f.tensor("y", y)
        f.tensor("dx", x.grad)
        for key, p in layer.named_parameters():
            f.tensor("d" + key, p.grad)
    for name, make in {"bilinear@": lambda: nn.Bilinear(3, 2, 4), "bilinear@no_bias": lambda: nn.Bilinear(3, 2, 4, bias=False)}.items():
        f.case("printed_" + name, F64)
        f.text("printed", str(make()))
    torch.set_default_dtype(F32)
    f.write()

    f = GoldenFile("nn_more_init")
    f.initial("bilinear@", lambda: nn.Bilinear(3, 2, 4))
    f.initial("bilinear@no_bias", lambda: nn.Bilinear(3, 2, 4, bias=False))
    f.initial("prelu@", lambda: nn.PReLU(3, 0.1))
    f.initial("conv1d@same", lambda: nn.Conv1d(2, 3, 4, padding="same"))
    f.write()

    f = GoldenFile("nn_batch_norm")
    for dtype in BOTH:
        torch.set_default_dtype(dtype)
        for name, momentum in (("0.25", 0.25), ("None", None)):
            layer = nn.BatchNorm1d(3, momentum=momentum)
            for step in range(1, 4):
                layer(formula((4, 3, 2) if step == 2 else (5, 3), step, dtype))
            f.case(f"{name}@", dtype)
            f.text("state", "\n".join(layer.state_dict()))
            f.tensor("mean", layer.running_mean)
            f.tensor("var", layer.running_var)
            f.tensor("count", layer.num_batches_tracked)
            f.tensor("y", layer.eval()(formula((2, 3), 9, dtype)))
    torch.set_default_dtype(F32)
    f.write()


def draws():
    f = GoldenFile("functional_gumbel")
    for dtype in BOTH:
        for hard in (False, True):
            for n in (3, 20):
                torch.manual_seed(4)
                x = formula((2, n), 1, dtype).requires_grad_()
                y = F.gumbel_softmax(x, tau=0.5, hard=hard)
                y.backward(formula(y.shape, 5, dtype))
                f.case(f"{int(hard)}@{n}", dtype)
                f.tensor("y", y)
                f.tensor("dx", x.grad)
                f.tensor("next", torch.rand(2, dtype=dtype))
    for dtype in BOTH:
        for name, g, shape in (("dropout1d", F.dropout1d, (3, 4, 2)), ("dropout1d", F.dropout1d, (4, 2)), ("dropout2d", F.dropout2d, (2, 3, 2, 2)), ("dropout2d", F.dropout2d, (2, 3, 2))):
            torch.manual_seed(5)
            x = formula(shape, 1, dtype).requires_grad_()
            y = g(x, 0.4)
            y.backward(formula(y.shape, 5, dtype))
            f.case(f"{name}@{len(shape)}", dtype)
            f.tensor("x", x)
            f.tensor("y", y)
            f.tensor("dx", x.grad)
            f.tensor("next", torch.rand(2, dtype=dtype))
    f.write()


if __name__ == "__main__":
    activations()
    normalisations()
    shapes()
    layers()
    draws()
