#!/usr/bin/env python3
"""Golden values of the options of lookups and bags, from PyTorch (CPU). Lookups and bags without options are in
make_functional.py.

Run by hand: python3 tests/golden/make_table.py. Needs torch 2.13. Two things that PyTorch gets wrong are written down as
its documentation says: a last offset below the number of ids (its float path reads memory that nobody wrote, its double
path ignores the offset), by leaving out the ids after it; and scale_grad_by_freq of a bag (which divides some rows by
the count of another), by a lookup and a sum.
"""
import torch
import torch.nn.functional as F

from golden_file import BOTH, F64, OperationFile

generator = torch.Generator().manual_seed(9)
inf = float("inf")


def rand(*shape):
    """Values on a coarse grid: short in the file, the same in float and double."""
    return (torch.randint(-128, 128, shape, generator=generator, dtype=torch.int64).double() + 0.5) / 64


def renormalised(f, norm, p):
    """What f gives, and what is left in the table."""
    def run(w, **indices):
        table = w.detach().clone()
        return torch.cat([f(table, max_norm=norm, norm_type=p, **indices).flatten(), table.flatten()])
    return run


def max_norm():
    r = OperationFile("table_max_norm")
    for p in (0.0, 0.5, 1.0, 2.0, 3.0, -1.0, inf, -inf):
        for norm in (0.0, 0.75, 1.5, 2.5):
            f = lambda w, ids, **k: F.embedding(ids, w, padding_idx=2, **k)
            r.add(f"{p}@{norm}", renormalised(f, norm, p), rand(6, 3), indices={"ids": [[0, 5, 2], [5, 3, 0]]},
                  dtypes=BOTH if p == 2 else (F64,), constant=(0,))
    r.write()


def options():
    r = OperationFile("table_options")
    table, ids = rand(6, 3), {"ids": [[0, 5, 5], [2, 2, 3], [1, 0, 4], [1, 1, 1]]}

    for mode in ("sum", "mean", "max"):
        f = lambda w, ids, mode=mode, **k: F.embedding_bag(ids, w, mode=mode, **k)
        r.add(f"bag_{mode}_max_norm@", renormalised(f, 1.5, 2.0), table, indices={"ids": [[0, 5], [5, 3]]}, constant=(0,))

    r.add("embedding_freq@", lambda w, ids: F.embedding(ids, w, scale_grad_by_freq=True), table, indices=ids, dtypes=BOTH)
    r.add("embedding_freq_pad_1@", lambda w, ids: F.embedding(ids, w, padding_idx=1, scale_grad_by_freq=True), table,
          indices=ids, dtypes=BOTH)
    scaled = lambda w, ids: F.embedding(ids, w, scale_grad_by_freq=True)
    r.add("bag_sum_freq@", lambda w, ids: scaled(w, ids).sum(1), table, indices=ids, dtypes=BOTH)
    r.add("bag_mean_freq@", lambda w, ids: scaled(w, ids).mean(1), table, indices=ids, dtypes=BOTH)
    r.add("bag_sum_freq_weights@", lambda w, f, ids: (scaled(w, ids) * f.unsqueeze(-1)).sum(1), table, rand(4, 3),
          indices=ids, dtypes=BOTH)

    flat = {"ids": [3, 0, 0, 5, 2, 1, 1, 4], "offsets": [0, 3, 3, 6]}  # two ids are in no bag
    for mode in ("sum", "mean", "max"):
        for padding in (None, 0, 1, 2):
            def bag(w, ids, offsets, f=None, mode=mode, padding=padding):
                used = int(offsets[-1])
                return F.embedding_bag(ids[:used], w, offsets, mode=mode, include_last_offset=True, padding_idx=padding,
                                       per_sample_weights=None if f is None else f[:used])
            r.add(f"bag_{mode}_short_pad_{padding}@", bag, table, indices=flat)
            if mode == "sum":
                weighted = lambda w, f, ids, offsets, bag=bag: bag(w, ids, offsets, f)
                r.add(f"bag_sum_weights_short_pad_{padding}@", weighted, table, rand(8), indices=flat)
            whole = {"ids": [3, 0, 0, 5, 2, 1, 1], "offsets": [0, 3, 3, 6]}
            f = lambda w, ids, offsets, mode=mode, padding=padding: F.embedding_bag(
                ids, w, offsets, mode=mode, padding_idx=padding)
            r.add(f"bag_{mode}_offsets_pad_{padding}@", f, table, indices=whole)
    r.write()


if __name__ == "__main__":
    max_norm()
    options()
