#!/usr/bin/env python3
"""Golden values of convolution, pooling, masks and attention: functions and layers, from PyTorch (CPU).

Run by hand when an option is added: python3 tests/golden/make_attention_conv.py. Needs torch 2.13.
See attention() for the cases of nn_attention.
"""
import torch
import torch.nn.functional as F
from torch import nn

from golden_file import BOTH, F32, F64, GoldenFile, OperationFile, formula

inf, nan = float("inf"), float("nan")
generator = torch.Generator().manual_seed(1)


def rand(*shape):
    """Values on a coarse grid: short in the file, the same in float and double."""
    return (torch.randint(-64, 64, shape, generator=generator).double() + 0.5) / 32


def distinct(*shape):
    n = torch.Size(shape).numel()
    return ((torch.randperm(n, generator=generator).double() - n / 2 + 0.25) / 4).reshape(shape)


class LayerFile(GoldenFile):
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


def conv1d():
    f = OperationFile("functional_conv1d")
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
    f = OperationFile("functional_pooling")
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
        if "ceil" in name:
            f.add(f"max_pool1d{name}@short", lambda x: F.max_pool1d(x, 3, **options), [[2.0, 1.0], [-1.0, 0.5]])
        f.add(f"max_pool1d{name}@eight", lambda x: F.max_pool1d(x, 3, **options), distinct(1, 8))
    f.write()


def masks():
    f = OperationFile("functional_mask")

    def fill(x, mask):
        return x.masked_fill(mask.bool(), -1.5)

    f.add("masked_fill@same", fill, rand(2, 3), indices={"mask": [[0, 1, 0], [1, 1, 0]]}, dtypes=BOTH)
    f.add("masked_fill@row", fill, rand(2, 3), indices={"mask": [0, 1, 0]})
    f.add("masked_fill@column", fill, rand(2, 3), indices={"mask": [[0], [1]]})
    f.add("masked_fill@middle", fill, rand(2, 2, 3), indices={"mask": [[[0, 0, 1]], [[1, 0, 0]]]})
    f.add("masked_fill@one", fill, rand(2, 3), indices={"mask": 1})
    f.write()


def conv_layers():
    f = LayerFile("nn_conv1d")
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


def attention_functions():
    f = OperationFile("functional_attention")
    sdpa = F.scaled_dot_product_attention
    q, k, v = rand(2, 3, 4), rand(2, 5, 4), rand(2, 5, 3)
    f.add("sdpa@", sdpa, q, k, v, dtypes=BOTH)
    f.add("sdpa@matrices", sdpa, q[0], k[0], v[0])
    f.add("sdpa@heads", sdpa, rand(2, 2, 3, 4), rand(2, 2, 2, 4), rand(2, 2, 2, 1))
    f.add("sdpa@one_key", sdpa, q, rand(2, 1, 4), rand(2, 1, 3))
    f.add("sdpa@constant_query", sdpa, q, k, v, constant=(0,))
    f.add("sdpa@constant_key", sdpa, q, k, v, constant=(1,))
    f.add("sdpa@extreme", sdpa, 1000 * q, k, v, dtypes=BOTH)
    f.add("sdpa@mask", sdpa, q, k, v, rand(2, 3, 5), dtypes=BOTH)
    f.add("sdpa@mask_repeated", sdpa, rand(2, 2, 3, 4), rand(2, 2, 2, 4), rand(2, 2, 2, 1), rand(2, 1, 1, 2))
    f.add("sdpa@mask_pairs", sdpa, q, k, v, rand(3, 5))
    mask = [[0.0, 0, -inf, 1, -inf], [0, 0, 0, 0, 0], [-inf, -inf, -inf, 0.5, -inf]]
    f.add("sdpa@mask_infinite", sdpa, q, k, v, mask, constant=(3,), dtypes=BOTH)

    def causal(q, k, v):
        return sdpa(q, k, v, is_causal=True)

    f.add("sdpa_causal@wide", causal, q, k, v, dtypes=BOTH)
    f.add("sdpa_causal@square", causal, rand(1, 4, 2), rand(1, 4, 2), rand(1, 4, 2))
    f.add("sdpa_causal@high", causal, rand(1, 4, 2), rand(1, 2, 2), rand(1, 2, 2))
    none = torch.zeros(3, 0, dtype=F64)
    f.add("sdpa@no_width", sdpa, none[:2], none, [[1.0, 2], [3, 4], [5, 7]], dtypes=BOTH)
    f.add("sdpa@no_width_mask", sdpa, none[:2], none, [[1.0, 2], [3, 4], [5, 7]], [[0.0, 1, -inf], [0.5, -1, 2]],
          constant=(3,))
    f.add("sdpa_scale@", lambda q, k, v: sdpa(q, k, v, scale=0.3), q, k, v)
    f.write()


class AttentionPooling(nn.Module):
    """Yang et al. 2016, equations 5 to 7; not in PyTorch."""

    def __init__(self, size, attention_size):
        super().__init__()
        self.projection = nn.Linear(size, attention_size)
        self.context = nn.Parameter(nn.Linear(attention_size, 1, bias=False).weight.detach()[0])

    def forward(self, h, mask=None):
        scores = torch.tanh(self.projection(h)) @ self.context
        weights = torch.softmax(scores if mask is None else scores.masked_fill(mask, -inf), 1)
        return (weights.unsqueeze(2) * h).sum(1), weights


def attention():
    """A case holds masks, results y and weights, gradients dq, dk, dv (or dx) and d(name of a parameter)."""
    f = GoldenFile("nn_attention")

    def run(name, make, shapes, call=lambda m, *x: m(*x), dtype=F64, **masks):
        torch.set_default_dtype(dtype)
        m = make()
        for i, p in enumerate(m.parameters()):
            p.data = (formula(p.shape, 10 + i) / 4).to(dtype)
        x = [formula(shape, 1 + i).to(dtype).requires_grad_() for i, shape in enumerate(shapes)]
        y, weights = call(m, *x)
        seeds = [formula(r.shape, 5 + i).to(dtype) if r is not None else None for i, r in enumerate((y, weights))]
        ((y * seeds[0]).sum() + (0 if weights is None else (weights * seeds[1]).sum())).backward()
        f.case(name, dtype)
        if not isinstance(m, AttentionPooling):
            f.text("printed", str(m))
        for key, mask in masks.items():
            f.tensor(key, mask.long() if mask.dtype == torch.bool else mask)
        f.tensor("y", y)
        if weights is not None:
            f.tensor("weights", weights)
        for key, leaf in zip("x" if len(x) == 1 else "qkv", x):
            f.tensor("d" + key, leaf.grad)
        for key, p in m.named_parameters():
            f.tensor("d" + key, p.grad)
        torch.set_default_dtype(F32)

    def mha(**options):
        return lambda: nn.MultiheadAttention(4, 2, **options)

    time_first = ((3, 2, 4), (5, 2, 4), (5, 2, 4))  # L = 3, S = 5, N = 2
    batch_first = ((2, 3, 4), (2, 5, 4), (2, 5, 4))
    padding = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]).bool()
    pairs = torch.tensor([[0, 1, 0, 0, 1], [0, 0, 0, 0, 0], [1, 1, 0, 1, 0]]).bool()
    added_pairs = formula((4, 3, 5), 3)
    added_padding = formula((2, 5), 4)
    added_padding[0, 1] = -inf
    causal = torch.ones(4, 4).triu(1).bool()
    for dtype in BOTH:
        run("mha@", mha(), time_first, dtype=dtype)
    run("mha@batch_first", mha(batch_first=True), batch_first)
    run("mha@no_bias", mha(bias=False), time_first)
    run("mha@no_batch", mha(batch_first=True), ((3, 4), (5, 4), (5, 4)))
    run("mha@sizes", mha(kdim=3, vdim=5), ((3, 2, 4), (5, 2, 3), (5, 2, 5)))
    run("mha@sizes_no_bias", mha(vdim=1, bias=False, batch_first=True), ((2, 3, 4), (2, 5, 4), (2, 5, 1)))
    run("mha@self", mha(), ((3, 2, 4),), lambda m, x: m(x, x, x))
    run("mha@one_head", lambda: nn.MultiheadAttention(4, 1), time_first)
    run("mha@heads", mha(), time_first, lambda m, *x: m(*x, average_attn_weights=False))
    run("mha@no_weights", mha(), time_first, lambda m, *x: m(*x, need_weights=False))
    for dtype in BOTH:
        run("mha@padding", mha(), time_first, lambda m, *x: m(*x, key_padding_mask=padding), dtype, padding=padding)
    run("mha@padding_added", mha(batch_first=True), batch_first, lambda m, *x: m(*x, key_padding_mask=added_padding),
        added_padding=added_padding)
    run("mha@padding_no_batch", mha(), ((3, 4), (5, 4), (5, 4)),
        lambda m, *x: m(*x, key_padding_mask=padding[0], average_attn_weights=False), padding=padding[0])
    run("mha@pairs", mha(), time_first, lambda m, *x: m(*x, attn_mask=pairs), pairs=pairs)
    run("mha@pairs_added", mha(batch_first=True), batch_first, lambda m, *x: m(*x, attn_mask=added_pairs),
        added_pairs=added_pairs)
    run("mha@both", mha(batch_first=True), batch_first,
        lambda m, *x: m(*x, attn_mask=pairs, key_padding_mask=padding, need_weights=False),
        padding=padding, pairs=pairs)
    run("mha@causal", mha(), ((4, 2, 4), (4, 2, 4), (4, 2, 4)), lambda m, *x: m(*x, attn_mask=causal, is_causal=True))

    run("pooling@", lambda: AttentionPooling(3, 3), ((4, 2, 3),), lambda m, x: m(x.transpose(0, 1)))
    run("pooling@batch_first", lambda: AttentionPooling(3, 5), ((2, 4, 3),))
    mask = torch.tensor([[0, 0, 1, 1], [0, 0, 0, 0]]).bool()
    for dtype in BOTH:
        run("pooling@lengths", lambda: AttentionPooling(3, 2), ((2, 4, 3),), lambda m, x: m(x, mask), dtype)

    f.initial("initial@", mha())
    f.initial("initial@no_bias", mha(bias=False))
    f.initial("initial@sizes", mha(kdim=3, vdim=5))
    f.initial("initial@pooling", lambda: AttentionPooling(3, 5))
    f.write()


conv1d()
pooling()
masks()
conv_layers()
attention_functions()
attention()
