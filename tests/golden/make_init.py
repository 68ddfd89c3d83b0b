#!/usr/bin/env python3
"""Golden values of the initialisers that are not in make_nn.py, and of pad_sequence and pack_sequence, from PyTorch.

Run by hand: python3 tests/golden/make_init.py. Needs torch 2.13.
"""
import torch
from torch import nn
from torch.nn import init
from torch.nn.utils import rnn

from golden_file import BOTH, GoldenFile, OperationFile, formula

FILLERS = {
    "zeros": init.zeros_,
    "ones": init.ones_,
    "eye": init.eye_,
    "xavier_normal": lambda x: init.xavier_normal_(x, gain=1.5),
    "kaiming_uniform_out_relu": lambda x: init.kaiming_uniform_(x, mode="fan_out", nonlinearity="relu"),
    "kaiming_uniform_slope": lambda x: init.kaiming_uniform_(x, a=0.3),
    "kaiming_uniform_tanh": lambda x: init.kaiming_uniform_(x, nonlinearity="tanh"),
    "kaiming_normal": init.kaiming_normal_,
    "kaiming_normal_out_relu": lambda x: init.kaiming_normal_(x, mode="fan_out", nonlinearity="relu"),
    "trunc_normal": init.trunc_normal_,
    "trunc_normal_narrow": lambda x: init.trunc_normal_(x, std=0.02),
    "trunc_normal_one_side": lambda x: init.trunc_normal_(x, mean=1.0, std=2.0, a=0.0, b=6.0),
    "trunc_normal_thin": lambda x: init.trunc_normal_(x, a=-0.25, b=0.125),
    "trunc_normal_tail": lambda x: init.trunc_normal_(x, mean=0.5, std=0.5, a=1.5, b=3.0),
    "orthogonal": init.orthogonal_,
    "orthogonal_gain": lambda x: init.orthogonal_(x, gain=1.5),
    "sparse": lambda x: init.sparse_(x, 0.3),
    "sparse_std": lambda x: init.sparse_(x, 0.5, std=2.0),
    "dirac": init.dirac_,
    "dirac_2": lambda x: init.dirac_(x, 2),
}
SHAPES = {"eye": ((3, 4), (4, 2)), "sparse": ((5, 3), (6, 7)), "dirac": ((4, 2, 3), (4, 3, 2, 3), (2, 4, 1, 2, 2))}
WIDE = ((3, 4), (2, 3, 3), (5, 9), (6, 4, 2))


def fillers():
    f = GoldenFile("nn_fillers")
    for name, fill in FILLERS.items():
        for shape in SHAPES.get(name.split("_")[0], WIDE):
            for dtype in BOTH:
                torch.manual_seed(2)
                f.case(f"{name}@{'x'.join(map(str, shape))}", dtype)
                f.tensor("x", fill(torch.empty(shape, dtype=dtype)))
                f.tensor("next", torch.rand(2, dtype=dtype))
    f.write()


def sequences():
    r = OperationFile("functional_pad_sequence")
    a, b, c = formula((2, 3)), formula((4, 3), 2), formula((1, 3), 3)
    for first in (False, True):
        for side in ("right", "left"):
            pad = lambda *x: rnn.pad_sequence(list(x), first, 0.5, side)
            r.add(f"{int(first)}_{side}@", pad, a, b, c, dtypes=BOTH)
            r.add(f"{int(first)}_{side}@flat", pad, formula((2,)), formula((3,)), formula((0,)))
            r.add(f"{int(first)}_{side}@cube", pad, formula((2, 2, 2)), formula((1, 2, 2), 4))
    r.add("packed@", lambda *x: rnn.pack_sequence(list(x), enforce_sorted=False).data, a, b, c, dtypes=BOTH)
    r.add("packed@sorted", lambda *x: rnn.pack_sequence(list(x)).data, b, a, c)
    r.write()


if __name__ == "__main__":
    fillers()
    sequences()
