#!/usr/bin/env python3
"""Golden values of convolution, pooling and masks: functions and layers, from PyTorch (CPU).

Run by hand when an option is added: python3 tests/golden/make_attention_conv.py. Needs torch 2.13.
The cases are written as in make_functional.py (functional_conv1d) and make_nn.py (nn_conv1d).
"""
import torch
import torch.nn.functional as F
from torch import nn

from golden_file import GoldenFile

F64, F32 = torch.float64, torch.float32
BOTH = (F64, F32)
inf, nan = float("inf"), float("nan")
generator = torch.Generator().manual_seed(1)


def rand(*shape):
    """Values on a coarse grid: short in the file, the same in float and double."""
    return (torch.randint(-64, 64, shape, generator=generator).double() + 0.5) / 32


def distinct(*shape):
    n = torch.Size(shape).numel()
    return ((torch.randperm(n, generator=generator).double() - n / 2 + 0.25) / 4).reshape(shape)


def formula(shape, step=1):
    n = torch.Size(shape).numel()
    return torch.tensor([((i + 1) * 7919 + step * 104729) % 2049 - 1024 for i in range(n)], dtype=F64).reshape(
        shape) / 512


class Cases(GoldenFile):
    def add(self, name, f, *inputs, dtypes=(F64,), constant=(), indices=None):
        """f(inputs..., indices...) in each dtype; inputs whose position is in `constant` get no gradient."""
        indices = {k: torch.as_tensor(v, dtype=torch.int64) for k, v in (indices or {}).items()}
        for dtype in dtypes:
            leaves = [torch.as_tensor(x, dtype=F64).to(dtype, copy=True) for x in inputs]
            for i, x in enumerate(leaves):
                x.requires_grad_(i not in constant)
            y = f(*leaves, **indices)
            self.case(name, dtype)
            for i, x in enumerate(leaves):
                self.tensor(f"x{i}", x)
            for key, x in indices.items():
                self.tensor(key, x)
            self.tensor("y", y)
            seed = (formula(y.shape, 5) + 1 / 1024).to(dtype)
            self.tensor("seed", seed)
            y.backward(seed)
            for i, x in enumerate(leaves):
                if i not in constant:
                    self.tensor(f"g{i}", x.grad)

    def layer(self, name, make, shape):
        """Printed form, result and gradients of a layer whose weights are replaced by formula()."""
        torch.set_default_dtype(F64)
        layer = make()
        for i, p in enumerate(layer.parameters()):
            p.data = formula(p.shape, 10 + i)
        x = formula(shape).requires_grad_()
        y = layer(x)
        y.backward(formula(y.shape, 5))
        torch.set_default_dtype(F32)
        self.case(name, F64)
        self.text("printed", str(layer))
        self.tensor("y", y)
        self.tensor("dx", x.grad)
        for key, p in layer.named_parameters():
            self.tensor("d" + key, p.grad)

    def initial(self, name, make):
        """Parameters after manual_seed(1), in both types."""
        for dtype in (F32, F64):
            torch.set_default_dtype(dtype)
            torch.manual_seed(1)
            self.case(name, dtype)
            for key, p in make().named_parameters():
                self.tensor(key, p)
        torch.set_default_dtype(F32)


def conv1d():
    f = Cases("functional_conv1d")
    x, w, b = rand(2, 3, 7), rand(4, 3, 3), rand(4)
    f.add("conv1d@", F.conv1d, x, w, b, dtypes=BOTH)
    f.add("conv1d@no_batch", F.conv1d, x[0], w, b)
    f.add("conv1d@no_bias", F.conv1d, x, w)
    f.add("conv1d@input_constant", F.conv1d, x, w, b, constant=(0,))
    f.add("conv1d@weight_constant", F.conv1d, x, w, b, constant=(1,))
    f.add("conv1d@one_window", F.conv1d, x, rand(2, 3, 7), rand(2))
    f.add("conv1d@kernel_1", F.conv1d, x, rand(2, 3, 1), rand(2))
    f.add("conv1d@empty_batch", F.conv1d, rand(0, 3, 7), w, b)
    for name, options in {
        "stride": {"stride": 2},
        "stride_large": {"stride": 9},
        "padding": {"padding": 2},
        "padding_large": {"padding": 5},
        "dilation": {"dilation": 3},
        "stride_padding": {"stride": 3, "padding": 1},
        "stride_padding_dilation": {"stride": 2, "padding": 3, "dilation": 2},
    }.items():
        f.add(f"conv1d_{name}@", lambda x, w, b: F.conv1d(x, w, b, **options), x, w, b)
    f.add("conv1d_groups@", lambda x, w, b: F.conv1d(x, w, b, groups=2), rand(2, 4, 5), rand(6, 2, 3), rand(6),
          dtypes=BOTH)
    f.add("conv1d_everything@", lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=2, dilation=2, groups=3),
          rand(2, 3, 6), rand(6, 1, 3), rand(6), dtypes=BOTH)
    f.write()


def pooling():
    f = Cases("functional_pooling")
    x = distinct(2, 2, 7)
    for size in (1, 2, 3, 7, 9):
        f.add(f"adaptive_{size}@", lambda x: F.adaptive_max_pool1d(x, size), x, dtypes=BOTH if size < 3 else (F64,))
    f.add("adaptive_1@no_batch", lambda x: F.adaptive_max_pool1d(x, 1), x[0])
    f.add("adaptive_1@equals", lambda x: F.adaptive_max_pool1d(x, 1), [[1.0, 2, 2, 1], [-3, -3, -3, -3]])
    f.add("adaptive_1@infinite", lambda x: F.adaptive_max_pool1d(x, 1), [[-inf, 1, inf], [-inf, -inf, -2], [1, nan, 5]])
    for name, options in {
        "": {},
        "_stride": {"stride": 1},
        "_padding": {"padding": 1},
        "_dilation": {"dilation": 2},
        "_ceil": {"stride": 2, "ceil_mode": True},
        "_ceil_cut": {"stride": 3, "padding": 1, "ceil_mode": True},
        "_everything": {"stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True},
    }.items():
        f.add(f"max_pool1d{name}@", lambda x: F.max_pool1d(x, 3, **options), x)
        f.add(f"max_pool1d{name}@eight", lambda x: F.max_pool1d(x, 3, **options), distinct(1, 8))
    f.write()


def masks():
    f = Cases("functional_mask")

    def fill(x, mask):
        return x.masked_fill(mask.bool(), -1.5)

    f.add("masked_fill@same", fill, rand(2, 3), indices={"mask": [[0, 1, 0], [1, 1, 0]]}, dtypes=BOTH)
    f.add("masked_fill@row", fill, rand(2, 3), indices={"mask": [0, 1, 0]})
    f.add("masked_fill@column", fill, rand(2, 3), indices={"mask": [[0], [1]]})
    f.add("masked_fill@middle", fill, rand(2, 2, 3), indices={"mask": [[[0, 0, 1]], [[1, 0, 0]]]})
    f.add("masked_fill@one", fill, rand(2, 3), indices={"mask": 1})
    f.write()


def conv_layers():
    f = Cases("nn_conv1d")
    layers = {
        "conv1d@": (lambda: nn.Conv1d(3, 4, 2), (2, 3, 5)),
        "conv1d@no_batch": (lambda: nn.Conv1d(3, 4, 2), (3, 5)),
        "conv1d@no_bias": (lambda: nn.Conv1d(3, 4, 2, bias=False), (2, 3, 5)),
        "conv1d@options": (lambda: nn.Conv1d(4, 2, 3, stride=2, padding=1, dilation=2, groups=2), (2, 4, 6)),
        "conv1d@some": (lambda: nn.Conv1d(4, 2, 3, padding=2, groups=2, bias=False), (4, 6)),
        "max_pool1d@": (lambda: nn.MaxPool1d(3), (2, 2, 7)),
        "max_pool1d@options": (lambda: nn.MaxPool1d(3, 2, 1, 2, ceil_mode=True), (2, 2, 8)),
        "adaptive_max_pool1d@": (lambda: nn.AdaptiveMaxPool1d(1), (2, 3, 5)),
        "adaptive_max_pool1d@3": (lambda: nn.AdaptiveMaxPool1d(3), (2, 5)),
    }
    for name, (make, shape) in layers.items():
        f.layer(name, make, shape)
    f.initial("initial@", lambda: nn.Conv1d(3, 4, 2))
    f.initial("initial@groups", lambda: nn.Conv1d(4, 6, 3, groups=2))
    f.initial("initial@no_bias", lambda: nn.Conv1d(2, 2, 5, bias=False))
    f.write()


conv1d()
pooling()
masks()
conv_layers()
