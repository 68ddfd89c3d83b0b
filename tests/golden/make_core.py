#!/usr/bin/env python3
"""Golden values of rowgrad/core: PyTorch's random streams, what it prints, and what arange gives.

Run by hand: python3 tests/golden/make_core.py. Needs torch 2.13.
"""
import torch

from golden_file import GoldenFile

F64, F32, I64 = torch.float64, torch.float32, torch.int64
inf, nan = float("inf"), float("nan")


def random():
    """Each case: manual_seed(seed), then draws in order of their names d0, d1, ... Long draws keep head and tail."""
    r = GoldenFile("core_random")

    def add(name, seed, *draws):
        r.case(name, F64)
        torch.manual_seed(seed)
        for i, draw in enumerate(draws):
            r.tensor(f"d{i}", draw())

    def ends(x, n=8):
        return torch.cat([x[:n], x[-n:]])

    for dtype, suffix in ((F32, "float"), (F64, "double")):
        for n in (1, 2, 3, 15, 16, 17, 31, 32, 40):
            add(f"randn_{suffix}_{n}@", n, lambda: torch.randn(n, dtype=dtype))
        add(f"randn_{suffix}_10000@", 7, lambda: ends(torch.randn(10000, dtype=dtype)))
        add(f"rand_{suffix}_10@", 3, lambda: torch.rand(10, dtype=dtype))
        add(f"rand_{suffix}_10000@", 4, lambda: ends(torch.rand(10000, dtype=dtype)))
    # The generator's state goes through all of them: the second normal of a pair is kept, and by what it is dropped.
    add("mixed@", 1234, lambda: torch.randn(3), lambda: torch.rand(3), lambda: torch.randn(2, 2), lambda: torch.randn(20),
        lambda: torch.randn(1), lambda: torch.randint(0, 100, (5,)), lambda: torch.randn(2, dtype=F64),
        lambda: torch.randperm(6), lambda: torch.rand(2, dtype=F64), lambda: torch.randn(1))
    for low, high in ((0, 2), (0, 10), (-5, 5), (0, 1000003), (0, 2**28 - 1), (0, 2**28), (0, 2**32), (-2**40, 2**50)):
        add(f"randint_{low}_{high}@", 99, lambda: torch.randint(low, high, (12,)))
    for n in (0, 1, 2, 10, 50):
        add(f"randperm_{n}@", 5, lambda: torch.randperm(n))
    add("randperm_3000@", 6, lambda: ends(torch.randperm(3000)))
    for seed in (0, 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 67280421310721):
        add(f"seed_{seed}@", seed, lambda: torch.rand(4), lambda: torch.randint(0, 2**60, (2,)))
    # A generator's state after so many draws of 32 bits and so many normals, as a hash of its bytes; then what follows.
    for seed, words, normals in ((2**63 + 5, 0, 0), (1, 1, 0), (1, 623, 0), (1, 624, 0), (1, 625, 0), (2, 0, 1), (2, 700, 3)):
        add(f"state_{words}_{normals}@{seed}", seed, lambda: torch.randint(0, 100, (words,)).sum(),
            lambda: torch.randn(normals).sum(), lambda: hashed(torch.get_rng_state()), lambda: torch.randn(3),
            lambda: torch.randint(0, 1000, (4,)))
    r.write()


def hashed(state):
    """FNV-1a of its bytes, as a signed number."""
    h = 0xcbf29ce484222325
    for byte in state.tolist():
        h = (h ^ byte) * 0x100000001b3 % 2**64
    return torch.tensor(h - 2**64 if h >= 2**63 else h)


def arange():
    r = GoldenFile("core_arange")
    for start, end, step in ((0, 5, 1), (2, 11, 3), (5, 0, -1), (5, -1, -2), (3, 3, 1), (3, 3, -1), (-3, 3, 2)):
        r.case(f"integers@{start}_{end}_{step}", I64)
        r.tensor("y", torch.arange(start, end, step))
    for start, end, step in ((2**62, 2**62 + 3, 2), (-2**61, 2**61, 2**60), (5, -2**62, -2**61)):
        r.case(f"integers@{start}_{end}_{step}", I64)
        r.tensor("y", torch.arange(start, end, step))
    floats = [(0.0, 1.0, 0.25), (1.0, 0.0, -0.5), (0.0, 1.0, 0.1), (0.5, 3.0, 1.0), (0.0, 0.9, 0.3), (0.0, 0.3, 0.1),
              (0.0, 0.7, 0.1), (0.0, 2.1, 0.7), (1.0, 1.0, 0.1), (1.0, 1.0, -0.1), (-1.0, 1.0, 0.2), (0.0, 6.0, 0.6),
              (5.0, -5.0, -0.7), (1e6, 1e6 + 1, 0.1), (0.0, 1e-3, 1e-5), (3.0, 10.0, 1 / 3), (-2.0, -9.0, -1 / 7),
              (16777216.0, 16777220.0, 0.5), (0.0, 1.0, 5.0), (0.1, 4.3, 0.1)]
    for start, end, step in floats:  # last bits depend on the number of threads
        for dtype in (F64, F32):
            r.case(f"floats@{start}_{end}_{step}", dtype)
            r.tensor("arguments", torch.tensor([start, end, step], dtype=F64))
            r.tensor("y", torch.arange(start, end, step, dtype=dtype))
    r.write()


def printing():
    r = GoldenFile("core_printing")

    def add(name, x, divisor=None):
        """With a divisor x is 0, 1, 2, ... over it, and the file need not hold its values."""
        text = repr(x).replace("dtype=torch.", "dtype=")
        text = text if "size=" not in text else text.replace("size=torch.Size", "size=")
        r.case(f"{name}@", x.dtype)
        if divisor is None:
            r.tensor("x", x)
        else:
            r.tensor("shape", torch.tensor(x.shape))
            r.tensor("divisor", torch.tensor(divisor))
        r.text("repr", text)

    def count(name, *shape, divisor=1, dtype=F32):
        n = torch.Size(shape).numel()
        x = torch.arange(n, dtype=dtype)
        add(name, (x if dtype == I64 else x / divisor).reshape(shape), divisor)

    t = torch.tensor
    add("integers", t([1, 2, 3]))
    add("integers_negative", t([[1, -20, 300], [4, 5, -6]]))
    add("integer_scalar", t(42))
    add("integers_long", torch.arange(40) * 37)
    add("integers_cube", torch.arange(12).reshape(2, 3, 2))
    count("integers_summarised", 2000, dtype=I64)
    count("integers_summarised_matrix", 60, 40, dtype=I64)
    count("integers_summarised_wide", 3, 400, dtype=I64)
    count("integers_summarised_tall", 400, 3, dtype=I64)
    add("integers_empty", torch.zeros(0, dtype=I64))
    add("integers_empty_matrix", torch.zeros((0, 3), dtype=I64))
    add("whole_floats", t([1.0, 2.0, 3.0]))
    add("whole_floats_negative", t([[1.0, -2.0], [300.0, 4.0]]))
    add("zeros", torch.zeros(2, 3))
    add("zeros_long", torch.zeros(60))
    add("zeros_and_ones_long", torch.eye(9).flatten())
    add("minus_zero", t([-0.0, 1.0]))
    add("fractions", t([0.5, 1.25, -2.125]))
    add("rounded", t([0.12345678, 1.99999999, -0.00004]))
    add("matrix", t([[0.1, 0.2], [0.3, 10.4]]))
    add("cube", torch.arange(12, dtype=F32).reshape(2, 3, 2) / 4)
    add("four_dimensions", torch.arange(8, dtype=F32).reshape(2, 2, 1, 2) / 8)
    add("scalar", t(3.14159))
    add("scalar_whole", t(3.0))
    add("scalar_tiny", t(1e-5))
    add("large_whole", t([1e5, 2e5]))
    add("large_whole_spread", t([1.0, 1001.0]))
    add("huge_whole", t([2e8, 3e8]))
    add("huge", t([2.5e8, 3e9, 1.5]))
    add("tiny", t([1e-5, 2e-5]))
    add("mixed_magnitudes", t([1e-3, 1.5, 2000.0]))
    add("mixed_magnitudes_negative", t([[-1e-3, 1.5], [2000.0, 0.0]]))
    add("scientific_with_nan", t([1e-6, nan, -inf, 0.0]))
    add("nan", t([1.0, nan, 3.0]))
    add("infinity", t([1.5, inf, -inf]))
    add("infinity_whole", t([1.0, inf, -inf]))
    add("only_nan", t([nan, nan]))
    add("only_infinity_long", torch.full((40,), -inf))
    count("long_vector", 25, divisor=3)
    count("long_rows", 2, 15, divisor=3)
    count("long_rows_cube", 2, 2, 12, divisor=100)
    count("summarised", 1001)
    count("not_summarised", 2, 500, divisor=4)
    count("summarised_matrix", 50, 50, divisor=4)
    count("summarised_cube", 20, 4, 30)
    count("summarised_small_rows", 1000, 2, divisor=8)
    count("summarised_hides_the_smallest", 2, 2, 300, divisor=1000)
    add("empty", torch.zeros(0))
    add("empty_matrix", torch.zeros(0, 3))
    add("empty_cube", torch.zeros(2, 0, 3))
    add("double", t([1.5, 2.5], dtype=F64))
    add("double_scalar", t(0.1, dtype=F64))
    add("double_matrix", t([[1e-10, 1.0]], dtype=F64))
    add("double_empty", torch.zeros((0, 2), dtype=F64))
    add("leaf", t([1.0, 2.0], requires_grad=True))
    add("leaf_matrix", t([[1.0, 2.5], [0.1, -3.0]], requires_grad=True))
    add("leaf_empty", torch.zeros((0, 2), requires_grad=True))
    add("leaf_double", t([1.5], dtype=F64, requires_grad=True))
    add("leaf_wraps", (torch.arange(8, dtype=F32) / 8).requires_grad_())  # the words after it need a line of their own
    add("leaf_just_fits", (torch.arange(6, dtype=F32) / 8).requires_grad_())
    for n in (5, 6, 7, 8):
        add(f"graph_{n}", (torch.arange(n, dtype=F32) / 8).requires_grad_() + 1)
    add("graph_scalar", (torch.arange(3, dtype=F32)).requires_grad_().sum())
    add("graph_matrix", (torch.arange(32, dtype=F32)).reshape(4, 8).requires_grad_() + 1)
    r.write()


if __name__ == "__main__":
    torch.set_num_threads(1)
    random()
    arange()
    printing()
