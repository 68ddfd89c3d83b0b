#!/usr/bin/env python3
"""Golden values of rearranging, indexing, in-place operations and products, from PyTorch (CPU).

Run by hand when an operation is added: python3 tests/golden/make_index.py. Needs torch 2.13.
"""
import torch

from golden_file import BOTH, OperationFile

generator = torch.Generator().manual_seed(10)


def rand(*shape, low=-2.0, high=2.0):
    """Values on a coarse grid: short in the file, the same in float and double."""
    steps = 64
    k = torch.randint(int(low * steps), int(high * steps), shape, generator=generator, dtype=torch.int64)
    return (k.double() + 0.5) / steps


def rearrange():
    r = OperationFile("functional_rearrange")
    cube = rand(2, 3, 4)
    r.add("permute_201@", lambda x: x.permute(2, 0, 1), cube, dtypes=BOTH)
    r.add("permute_201@ones", lambda x: x.permute(2, 0, 1), rand(1, 3, 1))
    r.add("permute_201@empty", lambda x: x.permute(2, 0, 1), rand(2, 0, 3))
    r.add("permute_0_last@", lambda x: x.permute(0, -1, 1), cube)
    r.add("permute_none@", lambda x: x.permute(()), rand())
    r.add("permute_four@", lambda x: x.permute(3, 1, 2, 0), rand(2, 3, 2, 2))
    r.add("movedim_0_last@", lambda x: x.movedim(0, -1), cube)
    r.add("movedim_2_0@", lambda x: x.movedim(2, 0), cube)
    r.add("movedim_1_1@", lambda x: x.movedim(1, 1), cube)
    r.add("T@matrix", lambda x: x.T, rand(2, 3))
    r.add("mT@", lambda x: x.mT, cube)
    r.add("flip_0@", lambda x: x.flip(0), cube)
    r.add("flip_0_last@", lambda x: x.flip((0, -1)), cube, dtypes=BOTH)
    r.add("flip_0@empty", lambda x: x.flip(0), rand(0, 2))
    r.add("flip_0@one", lambda x: x.flip(0), rand(1, 2))
    r.add("flip_0@scalar", lambda x: x.flip(0), rand())
    r.add("roll_1_0@", lambda x: x.roll(1, 0), cube)
    r.add("roll_minus5_1@", lambda x: x.roll(-5, 1), cube)
    r.add("roll_both@", lambda x: x.roll((1, -1), (0, 2)), cube)
    r.add("roll_flat@", lambda x: x.roll(3), cube)
    r.add("roll_flat@empty", lambda x: x.roll(3), rand(0, 2))
    r.add("roll_flat@scalar", lambda x: x.roll(3), rand())
    r.add("repeat_2_3@", lambda x: x.repeat(2, 3), rand(2, 3), dtypes=BOTH)
    r.add("repeat_2_3@vector", lambda x: x.repeat(2, 3), rand(2))
    r.add("repeat_2_3@scalar", lambda x: x.repeat(2, 3), rand())
    r.add("repeat_2_3@empty", lambda x: x.repeat(2, 3), rand(0, 2))
    r.add("repeat_1_0@", lambda x: x.repeat(1, 0), rand(2, 3))
    r.add("repeat_1_1@", lambda x: x.repeat(1, 1), rand(2, 3))
    r.add("interleave_2@", lambda x: x.repeat_interleave(2), rand(2, 3))
    r.add("interleave_2@scalar", lambda x: x.repeat_interleave(2), rand())
    r.add("interleave_3_1@", lambda x: x.repeat_interleave(3, 1), cube)
    r.add("interleave_0_0@", lambda x: x.repeat_interleave(0, 0), cube)
    r.add("slice_0_step2@vector", lambda x: x[::2], rand(5))
    r.add("slice_0_step2@table", lambda x: x[::2], rand(5, 2))
    r.add("slice_0_step2@empty", lambda x: x[::2], rand(0, 2))
    r.add("slice_1_step3@", lambda x: x[:, 1:-1:3], rand(2, 6, 2))
    r.add("slice_1_step100@", lambda x: x[:, 1::100], rand(2, 6))
    r.add("narrow_1_1_2@", lambda x: x.narrow(1, 1, 2), cube)
    r.add("narrow_0_last@", lambda x: x.narrow(0, -2, 2), rand(4, 2))
    r.add("narrow_0_all@", lambda x: x.narrow(0, 2, 0), rand(2, 2))
    r.add("unflatten@", lambda x: x.unflatten(1, (2, -1)), rand(2, 6, 2))
    r.add("unflatten_last@", lambda x: x.unflatten(-1, (3, 2)), rand(2, 6))
    r.add("diagonal@", lambda x: x.diagonal(), rand(3, 4))
    r.add("diagonal_1@", lambda x: x.diagonal(1), rand(3, 4))
    r.add("diagonal_minus2@", lambda x: x.diagonal(-2), rand(3, 4))
    r.add("diagonal_9@", lambda x: x.diagonal(9), rand(3, 4))
    r.add("diagonal_0_2_1@", lambda x: x.diagonal(0, 2, 1), cube)
    r.add("expand_3_keep@", lambda x: x.expand(3, -1, 2), rand(2, 1))
    r.add("expand_3_keep@same", lambda x: x.expand(3, -1, 2), rand(3, 2, 2))
    r.add("expand_as@", lambda x, y: x.expand_as(y) * y, rand(2, 1), rand(4, 2, 3))
    r.add("view_as@", lambda x, y: x.view_as(y) * y, rand(6), rand(2, 3))
    r.add("split_2_0@", lambda x: x.split(2)[1], rand(5, 2))
    r.add("split_2_0@cube", lambda x: x.split(2)[1], rand(5, 2, 2))
    r.add("split_2_0_all@", lambda x: torch.cat([2 * p for p in reversed(x.split(2))]), rand(5, 2))
    r.add("split_sizes_1@", lambda x: x.split([1, 0, 2], 1)[2], cube)
    r.add("chunk_2_last@", lambda x: x.chunk(2, -1)[1], rand(2, 5))
    r.add("chunk_4_0@", lambda x: torch.cat([p.exp() for p in x.chunk(4)]), rand(6, 2))
    r.add("unbind_0@", lambda x: torch.stack([p for p in x.unbind()[:2]]), rand(4, 2))
    r.add("unbind_0@vector", lambda x: torch.stack([p for p in x.unbind()[:2]]), rand(4))
    r.add("unbind_1@", lambda x: x.unbind(1)[1] * x.unbind(1)[0], cube)
    r.add("rows@", lambda x: sum(row * row for row in x), rand(3, 2))
    r.add("rows@cube", lambda x: sum(row * row for row in x), cube)
    r.add("cat_columns@", lambda x, y: torch.cat((x, y), 1), rand(2, 1), rand(2, 2))
    r.add("stack_columns@", lambda x, y: torch.stack((x, y), 1), rand(2, 2), rand(2, 2))
    r.add("hstack@", lambda x, y: torch.hstack((x, y)), rand(2, 1), rand(2, 2))
    r.add("hstack@vectors", lambda x, y: torch.hstack((x, y)), rand(1), rand(2))
    r.add("hstack@scalars", lambda x, y: torch.hstack((x, y)), rand(), rand())
    r.add("vstack@", lambda x, y: torch.vstack((x, y)), rand(1, 2), rand(2, 2))
    r.add("vstack@vectors", lambda x, y: torch.vstack((x, y)), rand(2), rand(2))
    r.write()


if __name__ == "__main__":
    for make in (rearrange,):
        make()
