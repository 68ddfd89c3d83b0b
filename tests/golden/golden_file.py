"""Writes the golden files that tests/golden.hpp reads: what PyTorch answered, as plain text.

A file is a list of cases. A line "case OP@VARIANT DTYPE" begins one; then come, in any order,
    tensor KEY SIZES...     followed by one line with the values
    text KEY LINES          followed by that many lines
"""
import os

import torch

DIRECTORY = os.path.dirname(os.path.abspath(__file__))
F64, F32 = torch.float64, torch.float32
BOTH = (F64, F32)


def formula(shape, step=1, dtype=F64):
    """Values that the tests can work out again."""
    n = torch.Size(shape).numel()
    return torch.tensor([((i + 1) * 7919 + step * 104729) % 2049 - 1024 for i in range(n)], dtype=dtype).reshape(
        tuple(shape)) / 512


class GoldenFile:
    def __init__(self, name):
        self.path = os.path.join(DIRECTORY, name + ".txt")
        self.lines = []
        self.names = set()

    def case(self, name, dtype):
        key = (name, dtype)
        assert key not in self.names, key
        self.names.add(key)
        self.lines.append(f"case {name} {str(dtype).removeprefix('torch.')}")

    def tensor(self, key, x):
        x = x.detach()
        self.lines.append(" ".join(["tensor", key, *map(str, x.shape)]))
        digits = {torch.float32: "%.9g", torch.float64: "%.17g"}.get(x.dtype, "%d")
        self.lines.append(" ".join(shortest(v, digits, x.dtype) for v in x.flatten().tolist()))

    def text(self, key, text):
        lines = text.split("\n")
        self.lines.append(f"text {key} {len(lines)}")
        self.lines += lines

    def initial(self, name, make):
        """A layer's parameters after manual_seed(1), in both types."""
        for dtype in (F32, F64):
            torch.set_default_dtype(dtype)
            torch.manual_seed(1)
            self.case(name, dtype)
            for key, p in make().named_parameters():
                self.tensor(key, p)
        torch.set_default_dtype(F32)

    def write(self):
        with open(self.path, "w") as f:
            f.write("\n".join(self.lines) + "\n")
        print(f"{self.path}: {len(self.names)} cases, {os.path.getsize(self.path)} bytes")


class OperationFile(GoldenFile):
    """Cases "op@variant" of inputs x0, x1, ..., indices, the result y, the seed of the backward pass, and the gradients
    g0, g1, ..."""

    def add(self, name, f, *inputs, dtypes=(F64,), indices=None, constant=()):
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
            if not y.requires_grad:
                continue
            seed = seed_for(y)
            self.tensor("seed", seed)
            y.backward(seed)
            for i, x in enumerate(leaves):
                if i not in constant:
                    assert x.grad is not None, name
                    self.tensor(f"g{i}", x.grad.to_dense())


def seed_for(y):
    i = torch.arange(y.numel(), dtype=F64)
    return (((i * 7) % 11 + 1) / 8 * torch.where(i % 3 == 1, -1.0, 1.0)).reshape(y.shape).to(y.dtype)


def shortest(value, digits, dtype):
    """The shortest decimals that read back as the same number."""
    if dtype == torch.float64:
        return repr(value)
    if dtype == torch.float32:
        for precision in range(1, 10):
            text = f"%.{precision}g" % value
            if torch.tensor(float(text), dtype=torch.float32).item() == value:
                return text
    return digits % value
