#!/usr/bin/env python3
"""Golden values of dropout while training: which values PyTorch (CPU) keeps after manual_seed(), and what its generator
draws next.

Run by hand: python3 tests/golden/make_dropout.py. Needs torch 2.13, and a processor on which PyTorch does not draw from
MKL's generator (not Intel's).
"""
import torch
import torch.nn.functional as F
from torch import nn

from golden_file import BOTH, F32, GoldenFile, formula


def dropout():
    """Texts p and seed; y = dropout(x), x of ones, as its shape, the mask of what is kept, and the value that is left."""
    f = GoldenFile("functional_dropout")
    for dtype in BOTH:
        for i, p in enumerate((0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 0.0, 1.0, 1e-9)):
            for shape in ((), (1,), (5,), (3, 7), (2, 1, 9), (17, 40), (0, 3)):
                if len(shape) == 2 and shape[0] == 17 and p not in (0.5, 0.9):
                    continue
                torch.manual_seed(i)
                y = F.dropout(torch.ones(shape, dtype=dtype), p, True)
                f.case(f"dropout@{p}_{'x'.join(map(str, shape))}", dtype)
                f.text("p", repr(p))
                f.text("seed", str(i))
                f.tensor("kept", (y != 0).long())
                f.tensor("scale", y.max() if (y != 0).any() else torch.zeros((), dtype=dtype))
                f.tensor("next", torch.randint(0, 2**24, ()))
    f.write()


def layers():
    """MultiheadAttention(4, 2, dropout) after manual_seed(7): results y and weights, what the generator draws next."""
    f = GoldenFile("nn_dropout")
    for dtype in BOTH:
        torch.set_default_dtype(dtype)
        for name, batch_first, arguments in (
            ("attention@", False, {}),
            ("attention@batch_first", True, {"average_attn_weights": False}),
            ("attention@no_weights", False, {"need_weights": False}),
        ):
            m = nn.MultiheadAttention(4, 2, dropout=0.4, batch_first=batch_first)
            for i, p in enumerate(m.parameters()):
                p.data = formula(p.shape, 10 + i, dtype) / 4
            x = [formula((2, 3, 4) if batch_first else (3, 2, 4), 1 + i, dtype) for i in range(3)]
            torch.manual_seed(7)
            y, weights = m(*x, **arguments)
            f.case(name, dtype)
            f.tensor("y", y)
            if weights is not None:
                f.tensor("weights", weights)
            f.tensor("next", torch.randint(0, 2**24, ()))
    torch.set_default_dtype(F32)
    f.write()


dropout()
layers()
