"""Writes the golden files that tests/golden.hpp reads: what PyTorch answered, as plain text.

A file is a list of cases. A line "case OP@VARIANT DTYPE" begins one; then come, in any order,
    tensor KEY SIZES...     followed by one line with the values
    text KEY LINES          followed by that many lines
"""
import os

import torch

DIRECTORY = os.path.dirname(os.path.abspath(__file__))


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

    def write(self):
        with open(self.path, "w") as f:
            f.write("\n".join(self.lines) + "\n")
        print(f"{self.path}: {len(self.names)} cases, {os.path.getsize(self.path)} bytes")


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
