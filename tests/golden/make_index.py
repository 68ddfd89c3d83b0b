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


def indexing():
    r = OperationFile("functional_indexing")
    cube, table, vector = rand(2, 3, 2), rand(4, 3), rand(4)

    def add(name, f, *inputs, dtypes=None, constant=(), **indices):
        r.add(name, f, *inputs, indices=indices, constant=constant, **({"dtypes": dtypes} if dtypes else {}))

    add("index@vector", lambda x, ids: x[ids], vector, ids=[3, 0, 3], dtypes=BOTH)
    add("index@table", lambda x, ids: x[ids], table, ids=[[3, -1], [0, 3]], dtypes=BOTH)
    add("index@cube", lambda x, ids: x[ids], cube, ids=[1, 0, -2, 1])
    add("index@one", lambda x, ids: x[ids], table, ids=2)
    add("index@none", lambda x, ids: x[ids], table, ids=torch.zeros(0, 2, dtype=torch.int64))
    add("index@no_columns", lambda x, ids: x[ids], rand(3, 0), ids=[0, 2])
    add("index_two@", lambda x, a, b: x[a, b], cube, a=[0, 1, 0, 0], b=[2, -1, 0, 2])
    add("index_two@repeated", lambda x, a, b: x[a, b], cube, a=[[0], [1]], b=[2, 0])
    add("index_two@all", lambda x, a, b: x[a, b], table, a=[0, 1, 2, 3], b=[2, 1, 0, 0])
    add("index_mask@vector", lambda x, mask: x[mask.bool()], vector, mask=[0, 1, 0, 1])
    add("index_mask@table", lambda x, mask: x[mask.bool()], table, mask=[0, 1, 0, 1], dtypes=BOTH)
    add("index_mask@elements", lambda x, mask: x[mask.bool()], rand(2, 3), mask=[[0, 1, 1], [0, 0, 1]])
    add("index_mask@none", lambda x, mask: x[mask.bool()], table, mask=[0, 0, 0, 0])
    add("masked_select@", lambda x, mask: x.masked_select(mask.bool()), rand(2, 3), mask=[[0, 1, 1], [0, 0, 1]])
    add("masked_select@mask_repeated", lambda x, mask: x.masked_select(mask.bool()), rand(2, 3), mask=[0, 1, 1])
    add("masked_select@x_repeated", lambda x, mask: x.masked_select(mask.bool()), rand(3),
        mask=[[0, 1, 1], [0, 0, 1]])
    add("masked_select@scalar", lambda x, mask: x.masked_select(mask.bool()), rand(), mask=1)
    add("select_0@", lambda x, ids: x.index_select(0, ids), table, ids=[3, 3, 0], dtypes=BOTH)
    add("select_0@scalar", lambda x, ids: x.index_select(0, ids), rand(), ids=0)
    add("select_0@id", lambda x, ids: x.index_select(0, ids), table, ids=2)
    add("select_1@", lambda x, ids: x.index_select(1, ids), cube, ids=[2, 2, 0, 1])
    add("select_last@", lambda x, ids: x.index_select(-1, ids), cube, ids=[1])
    add("gather_0@", lambda x, ids: x.gather(0, ids), table, ids=[[3, 0, 3], [3, 1, 0]], dtypes=BOTH)
    add("gather_0@narrow", lambda x, ids: x.gather(0, ids), table, ids=[[3], [3], [0], [1], [2]])
    add("gather_1@", lambda x, ids: x.gather(1, ids), table, ids=[[0, 0, 2, 2], [1, 0, 1, 0]])
    add("gather_1@cube", lambda x, ids: x.gather(1, ids), cube, ids=[[[0, 1]], [[2, 2]]])
    add("gather_last@cube", lambda x, ids: x.gather(-1, ids), cube, ids=[[[0, 1, 1]] * 3] * 2)
    add("gather_0@scalar", lambda x, ids: x.gather(0, ids), rand(), ids=0)
    add("gather_0@vector", lambda x, ids: x.gather(0, ids), vector, ids=[3, 3, 3, 1, 0])
    add("take_along_1@", lambda x, ids: x.take_along_dim(ids, 1), table, ids=[[1, 1]])
    add("take_along_1@x_repeated", lambda x, ids: x.take_along_dim(ids, 1), rand(1, 3), ids=[[1, 1], [2, 0]])
    add("take_along@", lambda x, ids: x.take_along_dim(ids), table, ids=[[11, 0], [3, 3]])
    add("take@", lambda x, ids: x.take(ids), table, ids=[[11, 0], [3, -1]])
    add("interleave_counts_0@", lambda x, ids: x.repeat_interleave(ids, 0), table, ids=[1, 0, 3, 1])
    add("interleave_counts_0@single", lambda x, ids: x.repeat_interleave(ids, 0), table, ids=[2])
    add("interleave_counts@", lambda x, ids: x.repeat_interleave(ids), vector, ids=[1, 0, 3, 1])
    add("interleave_counts_1@", lambda x, ids: x.repeat_interleave(ids, 1), cube, ids=[1, 0, 2])

    ids = [[3, 0, 1], [2, 1, 0]]
    for suffix in ("", "_"):
        def method(name):
            return lambda x, *a: getattr(x.clone() if suffix else x, name + suffix)(*a)

        def put(name, dim, *inputs, **more):
            f = method(name)
            add(f"{name}_{dim}{suffix}@{len(r.names)}", lambda x, s, ids: f(x, dim, ids, s), *inputs, **more)

        put("scatter", 0, table, rand(2, 3), ids=ids, dtypes=BOTH)
        put("scatter", 0, table, rand(3, 4), ids=ids, constant=(1,))
        put("scatter", 1, cube, rand(2, 1, 2), ids=[[[2, 1]], [[0, 0]]], dtypes=None)
        put("scatter", 0, rand(), rand(), ids=0)
        put("scatter_add", 0, table, rand(2, 3), ids=[[3, 0, 1], [3, 0, 0]], dtypes=BOTH)
        put("scatter_add", 0, vector, rand(6), ids=[0, 0, 3, 0, 1, 1])
        put("scatter_add", 1, cube, rand(2, 3, 2), ids=[[[2, 1], [2, 2], [2, 1]], [[0, 0], [0, 1], [1, 1]]])
        put("scatter_add", 0, table, rand(0, 3), ids=torch.zeros(0, 3, dtype=torch.int64))
        put("index_add", 0, table, rand(3, 3), ids=[3, 1, 3], dtypes=BOTH)
        put("index_add", 1, cube, rand(2, 2, 2), ids=[2, 2])
        put("index_add", 0, table, rand(0, 3), ids=torch.zeros(0, dtype=torch.int64))
        put("index_add", 0, vector, rand(1), ids=2)
        put("index_copy", 0, table, rand(2, 3), ids=[3, 1], dtypes=BOTH)
        put("index_copy", 1, cube, rand(2, 2, 2), ids=[2, 0])
        add(f"index_add_alpha{suffix}@", lambda x, s, ids: 
            getattr(x.clone() if suffix else x, "index_add" + suffix)(0, ids, s, alpha=-1.5), table, rand(3, 3),
            ids=[3, 1, 3])
        fill, value = method("index_fill"), method("scatter")
        add(f"index_fill_1{suffix}@", lambda x, ids: fill(x, 1, ids, 7.5), cube, ids=[2, 0, 2])
        add(f"scatter_value_0{suffix}@", lambda x, ids: value(x, 0, ids, 7.5), table, ids=ids)
        masked = method("masked_scatter")
        add(f"masked_scatter{suffix}@", lambda x, s, mask: masked(x, mask.bool(), s), rand(2, 3), rand(4),
            mask=[[0, 1, 1], [0, 0, 1]])
        add(f"masked_scatter{suffix}@repeated", lambda x, s, mask: masked(x, mask.bool(), s), rand(2, 3), rand(2, 2),
            mask=[0, 1, 1])
    for accumulate in (0, 1):
        def put(x, s, ids):
            return x.index_put((ids,), s, accumulate=bool(accumulate))
        add(f"index_put_{accumulate}@", put, table, rand(2, 3), ids=[3, -3])
        add(f"index_put_{accumulate}@repeated", put, table, rand(3), ids=[[3, -3], [0, 2]])
        add(f"index_put_{accumulate}@column", put, table, rand(2, 1), ids=[3, -3])
        add(f"index_put_two_{accumulate}_@",
            lambda x, s, a, b: x.clone().index_put_((a, b), s, accumulate=bool(accumulate)), cube, rand(3, 2),
            a=[0, 1, 0], b=[2, -1, 0])
        add(f"index_put_two_{accumulate}_@elements",
            lambda x, s, a, b: x.clone().index_put_((a, b), s, accumulate=bool(accumulate)), table, rand(2, 2),
            a=[[0], [1]], b=[2, -2])
    add("index_put_1@twice", lambda x, s, ids: x.index_put((ids,), s, accumulate=True), table, rand(3, 3),
        ids=[3, 1, 3])
    r.write()


def in_place():
    r = OperationFile("functional_in_place")
    a, b, row, positive = rand(2, 3), rand(2, 3), rand(3), rand(2, 3, low=0.5)
    ops = {"add": "add_", "sub": "sub_", "mul": "mul_", "div": "div_"}
    for op, method in ops.items():
        r.add(f"{op}@", lambda x, y: getattr(x.clone(), method)(y), a, positive, dtypes=BOTH)
        r.add(f"{op}@row", lambda x, y: getattr(x.clone(), method)(y), a, rand(3, low=0.5), dtypes=BOTH)
        r.add(f"{op}@column", lambda x, y: getattr(x.clone(), method)(y), a, rand(2, 1, low=0.5))
        r.add(f"{op}@scalar", lambda x, y: getattr(x.clone(), method)(y), a, rand(low=0.5))
        r.add(f"{op}@empty", lambda x, y: getattr(x.clone(), method)(y), rand(0, 3), rand(3, low=0.5))
        r.add(f"{op}@left_constant", lambda x, y: getattr(x.clone(), method)(y), a, positive, constant=(0,))
        r.add(f"{op}@right_constant", lambda x, y: getattr(x.clone(), method)(y), a, positive, constant=(1,))
        if op in ("add", "sub"):  # for the others PyTorch has an error of backward
            r.add(f"{op}_itself@", lambda x: (lambda h: getattr(h, method)(h))(x.clone()), positive)
        r.add(f"{op}_number@", lambda x: getattr(x.clone(), method)(1.5), a)
    r.add("add_alpha@", lambda x, y: x.clone().add_(y, alpha=-0.5), a, row)
    r.add("sub_alpha@", lambda x, y: x.clone().sub_(y, alpha=-0.5), a, row)

    def chain(x, y):
        h = x * y
        h += y
        h *= 2
        h -= x
        h /= 3
        return h * h

    r.add("chain@", chain, a, row)

    def accumulated(x):
        total = torch.zeros((), dtype=x.dtype)
        for part in x:
            total += part.sum() * part.sum()
        return total

    r.add("accumulated@", accumulated, a)
    r.add("fill@", lambda x: x.clone().fill_(2.5) + x, a)
    r.add("zero@", lambda x: x.clone().zero_() + x, a)
    r.add("copy@", lambda x, y: x.clone().copy_(y), a, b)
    r.add("copy@row", lambda x, y: x.clone().copy_(y), a, row)
    r.add("copy@left_constant", lambda x, y: x.clone().copy_(y), a, row, constant=(0,))
    for name in ("exp_", "log_", "sqrt_", "neg_", "relu_", "sigmoid_", "tanh_"):
        r.add(f"{name}@", lambda x: getattr(x.clone(), name)(), positive)
    r.add("pow_3@", lambda x: x.clone().pow_(3), a)
    r.add("masked_fill_@", lambda x, mask: x.clone().masked_fill_(mask.bool(), 2), a, indices={"mask": [1, 0, 1]})
    r.write()


EQUATIONS = {  # name: equation, shapes
    "mm": ("ij,jk->ik", (2, 3), (3, 4)),
    "implicit": ("ij,jk", (2, 3), (3, 4)),
    "implicit_order": ("ba", (2, 3)),
    "transposed": ("ij,kj->ki", (2, 3), (4, 3)),
    "batch": ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    "batch_last": ("ijb,jkb->bki", (2, 3, 2), (3, 2, 2)),
    "dot": ("i,i->", (3,), (3,)),
    "outer": ("i,j->ij", (2,), (3,)),
    "multiply": ("ij,ij->ij", (2, 3), (2, 3)),
    "row_dots": ("bd,bd->b", (4, 3), (4, 3)),
    "scores": ("bd,bnd->bn", (2, 3), (2, 4, 3)),
    "trace": ("ii->", (3, 3)),
    "trace_implicit": ("ii", (3, 3)),
    "diagonal": ("bii->bi", (2, 3, 3)),
    "diagonal_product": ("ii,i->i", (3, 3), (3,)),
    "permute": ("ijk->kij", (2, 3, 4)),
    "same": ("ij->ij", (2, 3)),
    "sum": ("ij->", (2, 3)),
    "sum_rows": ("ij->j", (2, 3)),
    "sum_before": ("ij,k->k", (2, 3), (2,)),
    "three": ("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)),
    "bilinear": ("bn,anm,bm->ba", (3, 2), (4, 2, 2), (3, 2)),
    "heads": ("bqhd,bkhd->bhqk", (2, 2, 2, 3), (2, 3, 2, 3)),
    "dots_batch": ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    "dots_both": ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
    "dots_implicit": ("...ij,...jk", (2, 2, 3), (2, 3, 2)),
    "dots_sum": ("...i->...", (2, 2, 3)),
    "dots_last": ("i...->...i", (2, 3, 4)),
    "dots_none": ("...i,i->...", (3,), (3,)),
    "size_one": ("ij,ij->ij", (2, 1), (2, 3)),
    "size_one_summed": ("ij,jk->ik", (2, 1), (3, 2)),
    "upper": ("aB,Bc", (2, 3), (3, 2)),
    "spaces": (" i j , j k -> i k ", (2, 3), (3, 2)),
    "scalar": (",i->i", (), (3,)),
    "empty": ("ij,jk->ik", (2, 0), (0, 3)),
    "repeated_four": ("ij,jk,ki->i", (2, 3), (3, 4), (4, 2)),
}


def products():
    r = OperationFile("functional_products")
    mat, other, batch = rand(2, 3), rand(3, 4), rand(2, 2, 3)
    r.add("mm@", lambda a, b: a.mm(b), mat, other, dtypes=BOTH)
    r.add("mm@no_inner", lambda a, b: a.mm(b), rand(2, 0), rand(0, 3))
    r.add("mv@", lambda a, b: a.mv(b), mat, rand(3))
    r.add("dot@", lambda a, b: a.dot(b), rand(3), rand(3))
    r.add("dot@empty", lambda a, b: a.dot(b), rand(0), rand(0))
    r.add("outer@", lambda a, b: a.outer(b), rand(2), rand(3), dtypes=BOTH)
    r.add("outer@empty", lambda a, b: a.outer(b), rand(0), rand(3))
    r.add("inner@", lambda a, b: a.inner(b), batch, rand(4, 3))
    r.add("inner@vectors", lambda a, b: a.inner(b), rand(3), rand(3))
    r.add("inner@scalar", lambda a, b: a.inner(b), rand(2, 3), rand())
    r.add("matmul@", lambda a, b: a.matmul(b), batch, other)
    r.add("bmm@", lambda a, b: a.bmm(b), batch, rand(2, 3, 2))
    r.add("addmm@", lambda i, a, b: torch.addmm(i, a, b), rand(2, 4), mat, other, dtypes=BOTH)
    r.add("addmm@row", lambda i, a, b: torch.addmm(i, a, b), rand(4), mat, other)
    r.add("addmm_scaled@", lambda i, a, b: torch.addmm(i, a, b, beta=0.5, alpha=-2), rand(1, 4), mat, other)
    r.add("addmm_no_input@", lambda i, a, b: torch.addmm(i, a, b, beta=0), [float("nan")] * 4, mat, other,
          constant=(0,))
    r.add("addmv@", lambda i, a, b: torch.addmv(i, a, b), rand(2), mat, rand(3))
    r.add("baddbmm@", lambda i, a, b: torch.baddbmm(i, a, b, beta=2), rand(2, 1, 4), batch, rand(2, 3, 4))
    for name, k in {"0": 0, "1": 1, "minus1": -1, "9": 9, "minus9": -9}.items():
        r.add(f"triu_{name}@", lambda x: x.triu(k), rand(3, 4))
        r.add(f"tril_{name}@", lambda x: x.tril(k), rand(2, 4, 3))
        r.add(f"diag_{name}@vector", lambda x: x.diag(k), rand(2))
        r.add(f"diag_{name}@matrix", lambda x: x.diag(k), rand(3, 4))
    r.add("triu_0@empty", lambda x: x.triu(), rand(0, 3))
    for name, (equation, *shapes) in EQUATIONS.items():
        r.add(f"einsum_{name}@", lambda *x: torch.einsum(equation, *x), *(rand(*shape) for shape in shapes))
    a, b = rand(3, 2), rand(4, 2)
    for name, p in {"2": 2.0, "1": 1.0, "3": 3.0, "1_5": 1.5, "0_5": 0.5, "0": 0.0, "inf": float("inf")}.items():
        r.add(f"cdist_{name}@", lambda x, y: torch.cdist(x, y, p=p), a, b, dtypes=BOTH)
        r.add(f"cdist_{name}@equal_rows", lambda x, y: torch.cdist(x, y, p=p), [[1.0, 2.0], [3.0, 3.0]],
              [[1.0, 2.0], [1.0, 3.0], [4.0, 4.0]])
        r.add(f"cdist_{name}@batches", lambda x, y: torch.cdist(x, y, p=p), rand(2, 1, 2, 2), rand(3, 3, 2))
        r.add(f"cdist_{name}@no_rows", lambda x, y: torch.cdist(x, y, p=p), rand(0, 2), b)
        r.add(f"cdist_{name}@no_columns", lambda x, y: torch.cdist(x, y, p=p), rand(2, 0), rand(3, 0))
    r.write()


def draws():
    r = OperationFile("core_draws")
    weights = rand(7, low=0.0)
    weights[2] = 0
    several = rand(3, 5, low=0.0)

    def add(name, f, *inputs):
        for dtype in BOTH:
            torch.manual_seed(5)
            r.case(name, dtype)
            inputs_of_type = [x.to(dtype) for x in inputs]
            for i, x in enumerate(inputs_of_type):
                r.tensor(f"x{i}", x)
            r.tensor("y", f(*inputs_of_type))

    add("multinomial_1@", lambda w: torch.multinomial(w, 1), weights)
    add("multinomial_4@", lambda w: torch.multinomial(w, 4), weights)
    add("multinomial_4@rows", lambda w: torch.multinomial(w, 4), several)
    add("multinomial_9_again@", lambda w: torch.multinomial(w, 9, replacement=True), weights)
    add("multinomial_9_again@rows", lambda w: torch.multinomial(w, 9, replacement=True), several)
    add("multinomial_1_again@rows", lambda w: torch.multinomial(w, 1, replacement=True), several)
    add("bernoulli@", lambda p: torch.bernoulli(p), rand(4, 5, low=0.0, high=1.0))
    add("bernoulli_@", lambda x: x.clone().bernoulli_(0.3), rand(4, 5))
    add("exponential_@", lambda x: x.clone().exponential_(2.5), rand(4, 5))
    add("normal@", lambda m, s: torch.normal(m, s), rand(4, 5), rand(4, 5, low=0.0))
    add("normal_mean@", lambda m: torch.normal(m, 0.5), rand(3))
    add("linspace@", lambda x: torch.linspace(-1.3, 4.7, 23, dtype=x.dtype), rand(1))
    add("linspace_one@", lambda x: torch.linspace(-1.3, 4.7, 1, dtype=x.dtype), rand(1))
    add("linspace_two@", lambda x: torch.linspace(-1.3, 4.7, 2, dtype=x.dtype), rand(1))
    add("linspace_back@", lambda x: torch.linspace(3, 0, 7, dtype=x.dtype), rand(1))
    add("linspace_none@", lambda x: torch.linspace(3, 0, 0, dtype=x.dtype), rand(1))
    add("eye@", lambda x: torch.eye(2, 3, dtype=x.dtype), rand(1))
    r.write()


def autograd():
    r = OperationFile("autograd_grad")

    def add(name, f, *inputs):
        leaves = [x.clone().requires_grad_() for x in inputs]
        r.case(name, torch.float64)
        for i, x in enumerate(leaves):
            r.tensor(f"x{i}", x)
        for i, y in enumerate(f(*leaves)):
            r.tensor(f"y{i}", y)

    grad = torch.autograd.grad

    def hidden(x, w):
        h = (x * w).tanh()
        return grad((h * h * w).sum(), (h, x, w))

    def deep(x, w):
        h = (x * w).exp()
        k = h * x
        return grad((k * w + h).sum(), (k, h, w))

    def hooked(x, w):
        h = x * w
        h.register_hook(lambda g: g * 2)
        h.register_hook(lambda g: g + 1)
        h.retain_grad()
        w.register_hook(lambda g: g.clamp(-1, 1))
        for _ in range(2):
            (h * h + w).sum().backward(retain_graph=True)
        return x.grad, w.grad, h.grad

    x, w = rand(2, 3), rand(3)
    add("one", lambda x, w: grad((x * w * w).sum(), x), x, w)
    add("both", lambda x, w: grad((x * w * w).sum(), (w, x)), x, w)
    add("seeded", lambda x, w: grad(x * w * w, (w, x), grad_outputs=x.detach() + 1), x, w)
    add("two_outputs", lambda x, w: grad(((x * w).sum(), w.exp().sum()), (w, x)), x, w)
    add("itself", lambda x, w: grad(w, w, grad_outputs=w.detach()), x, w)
    add("hidden", hidden, x, w)
    add("deep", deep, x, w)
    add("hooked", hooked, x, w)
    r.write()


if __name__ == "__main__":
    for make in (rearrange, indexing, in_place, products, draws, autograd):
        make()
