#!/usr/bin/env python3
"""Golden values of rowgrad/functional: inputs, outputs and gradients of every operation, from PyTorch (CPU).

Run by hand when an operation is added: python3 tests/golden/make_functional.py. Needs torch 2.13.
A case "op@variant" holds inputs x0, x1, ..., indices, the result y, the seed of the backward pass, and the
gradients g0, g1, ...; tests/functional/*_test.cpp say which function "op" stands for.
"""
import torch
import torch.nn.functional as F

from golden_file import BOTH, F64, OperationFile

inf, nan = float("inf"), float("nan")
generator = torch.Generator().manual_seed(1)


def rand(*shape, low=-2.0, high=2.0):
    """Values on a coarse grid: short in the file, the same in float and double."""
    steps = 64
    k = torch.randint(int(low * steps), int(high * steps), shape, generator=generator, dtype=torch.int64)
    return (k.double() + 0.5) / steps


def distinct(*shape):
    n = 1
    for s in shape:
        n *= s
    return ((torch.randperm(n, generator=generator).double() - n / 2 + 0.25) / 4).reshape(shape)


def elementwise():
    r = OperationFile("functional_elementwise")
    ops = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
    }
    for op, f in ops.items():
        r.add(f"{op}@same", f, rand(2, 3), rand(2, 3), dtypes=BOTH)
        r.add(f"{op}@right_row", f, rand(2, 3), rand(3))
        r.add(f"{op}@left_row", f, rand(3), rand(2, 3))
        r.add(f"{op}@right_column", f, rand(2, 3), rand(2, 1))
        r.add(f"{op}@left_column", f, rand(2, 1), rand(2, 3))
        r.add(f"{op}@both_ways", f, rand(2, 1, 3), rand(4, 1))
        r.add(f"{op}@middle", f, rand(2, 3, 2), rand(2, 1, 2))
        r.add(f"{op}@scalar_right", f, rand(2, 3), rand())
        r.add(f"{op}@scalar_left", f, rand(), rand(2, 3))
        r.add(f"{op}@ones", f, rand(1, 1), rand(1))
        r.add(f"{op}@empty", f, rand(0, 3), rand(3))
        r.add(f"{op}@left_constant", f, rand(2, 2), rand(2, 2), constant=(0,))
        r.add(f"{op}@right_constant", f, rand(2, 2), rand(2, 2), constant=(1,))
    r.add("div@zero", ops["div"], [1.0, -1.0, 0.0], [0.0, 0.0, 0.0])
    x = [-1.5, 0.0, 0.75, 2.0]
    for op, f in {
        "add_number": lambda x: x + 1.5,
        "number_add": lambda x: 1.5 + x,
        "sub_number": lambda x: x - 1.5,
        "number_sub": lambda x: 1.5 - x,
        "mul_number": lambda x: x * 1.5,
        "number_mul": lambda x: 1.5 * x,
        "div_number": lambda x: x / 1.5,
        "number_div": lambda x: 1.5 / x,
        "neg": lambda x: -x,
    }.items():
        r.add(f"{op}@", f, x, dtypes=BOTH)
    for name, exponent in {"pow2": 2, "pow3": 3, "pow1": 1, "pow0": 0, "pow_half": 0.5, "pow_minus1": -1}.items():
        r.add(f"{name}@", lambda x: torch.pow(x, exponent), [0.25, 1.0, 2.5, 3.0] if exponent == 0.5 else x,
              dtypes=BOTH)
    edge = [0.0, -0.0, 1.0, -1.0, inf, -inf, nan, 1e-30, -1e-30, 1e30, 1e-40]
    for name, exponent in {"pow2": 2, "pow3": 3, "pow1": 1, "pow0": 0, "pow_half": 0.5, "pow_minus1": -1,
                           "pow_minus2": -2, "pow_minus3": -3, "pow_minus_half": -0.5, "pow_1_5": 1.5}.items():
        r.add(f"{name}@edge", lambda x: torch.pow(x, exponent), edge, dtypes=BOTH)
    r.add("div@tiny", ops["div"], [-0.5, -0.0, 3.0], [-1e-40, -1e-40, 1e-30], dtypes=BOTH)
    r.write()


def math():
    elementary = OperationFile("functional_elementary")
    activation = OperationFile("functional_activation")
    gentle = rand(2, 4)
    extreme = [-1e4, -100.0, -20.0, -1e-8, 0.0, 1e-8, 20.0, 100.0, 1e4]
    infinite = [inf, -inf, nan]
    ops = {
        "exp": torch.exp,
        "relu": torch.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "logsigmoid": F.logsigmoid,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    }
    for op, f in ops.items():
        r = elementary if op == "exp" else activation
        r.add(f"{op}@gentle", f, gentle, dtypes=BOTH)
        r.add(f"{op}@extreme", f, extreme, dtypes=BOTH)
        if not op.startswith("gelu"):
            r.add(f"{op}@infinite", f, infinite, dtypes=BOTH)
        r.add(f"{op}@scalar", f, 0.5)
        r.add(f"{op}@empty", f, rand(0, 2))
    for op, f in {"log": torch.log, "sqrt": torch.sqrt}.items():
        elementary.add(f"{op}@gentle", f, rand(2, 4, low=0, high=4), dtypes=BOTH)
        elementary.add(f"{op}@edge", f, [0.0, -1.0, inf, 1e-30, 1e30], dtypes=BOTH)
        elementary.add(f"{op}@subnormal", f, [1e-40, 1e-45, 1.0, 1e-39, 2e-38], dtypes=BOTH)
    elementary.write()
    activation.write()


def reduce():
    r = OperationFile("functional_reduce")
    ops = {"sum": torch.sum, "mean": torch.mean}
    cube = rand(2, 3, 2)
    for op, f in ops.items():
        r.add(f"{op}@cube", f, cube, dtypes=BOTH)
        r.add(f"{op}@scalar", f, 0.75)
    r.add("sum@empty", torch.sum, rand(0, 3))
    r.add("max@cube", torch.max, distinct(2, 3, 2))
    r.add("max@ties", torch.max, [1.0, 3.0, 3.0, 2.0, 3.0])
    r.add("max@scalar", torch.max, 0.75)
    for op, f in {
        "sum": torch.sum,
        "mean": torch.mean,
        "prod": torch.prod,
        "max": lambda x, dim, keepdim: torch.max(x, dim, keepdim).values,
    }.items():
        for name, dim in {"0": 0, "1": 1, "last": -1}.items():
            for suffix, keep in {"": False, "_keep": True}.items():
                x = distinct(2, 3, 2) if op == "max" else cube
                r.add(f"{op}_{name}{suffix}@cube", lambda x: f(x, dim, keep), x, dtypes=BOTH if dim == 1 else (F64,))
        r.add(f"{op}_0@vector", lambda x: f(x, 0, False), distinct(5))
        r.add(f"{op}_0@scalar", lambda x: f(x, 0, False), 0.75)
        r.add(f"{op}_1@no_rows", lambda x: f(x, 1, False), rand(0, 3))
        if op != "max":
            r.add(f"{op}_last@wide", lambda x: f(x, -1, False), rand(2, 20))
        if op in ("sum", "prod"):
            r.add(f"{op}_1@no_columns", lambda x: f(x, 1, False), rand(2, 0))
            r.add(f"{op}_0@nothing_to_sum", lambda x: f(x, 0, False), rand(0, 40))
    r.add("prod_1@one_zero", lambda x: x.prod(1), [[1.5, 0.0, 2.0], [0.0, 0.0, 3.0], [2.0, -3.0, 0.5]])
    r.add("max_1@ties", lambda x: x.max(1).values, [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    r.add("max@nan", torch.max, [1.0, nan, 3.0, nan], dtypes=BOTH)
    r.add("max_1@nan", lambda x: x.max(1).values, [[1.0, nan, 3.0], [nan, 2.0, nan]])
    r.write()


def shape():
    r = OperationFile("functional_shape")
    cube = rand(2, 3, 2)
    r.add("reshape_3_4@", lambda x: x.reshape(3, 4), cube)
    r.add("reshape_2_open@", lambda x: x.reshape(2, -1), cube)
    r.add("flatten@", lambda x: x.flatten(), cube)
    r.add("flatten@scalar", lambda x: x.flatten(), 1.5)
    r.add("flatten_1@", lambda x: x.flatten(1), cube)
    r.add("flatten_0_1@", lambda x: x.flatten(0, 1), cube)
    r.add("squeeze@", lambda x: x.squeeze(), rand(1, 2, 1, 3))
    r.add("squeeze@single", lambda x: x.squeeze(), rand(1, 1))
    r.add("squeeze_0@one", lambda x: x.squeeze(0), rand(1, 2))
    r.add("squeeze_0@two", lambda x: x.squeeze(0), rand(2, 1))
    r.add("squeeze_last@", lambda x: x.squeeze(-1), rand(2, 1))
    r.add("unsqueeze_0@", lambda x: x.unsqueeze(0), rand(2, 3))
    r.add("unsqueeze_1@", lambda x: x.unsqueeze(1), rand(2, 3))
    r.add("unsqueeze_last@", lambda x: x.unsqueeze(-1), rand(2, 3))
    r.add("unsqueeze_last@scalar", lambda x: x.unsqueeze(-1), 1.5)
    r.add("transpose_0_1@", lambda x: x.transpose(0, 1), cube)
    r.add("transpose_0_2@", lambda x: x.transpose(0, 2), rand(2, 3, 4))
    r.add("transpose_1_2@", lambda x: x.transpose(1, 2), rand(2, 3, 4))
    r.add("transpose_1_2@four", lambda x: x.transpose(1, 2), rand(2, 3, 2, 2))
    r.add("transpose_0_2@four", lambda x: x.transpose(0, 2), rand(2, 3, 2, 2))
    r.add("transpose_0_1@empty", lambda x: x.transpose(0, 1), rand(0, 3))
    r.add("t@matrix", lambda x: x.t(), rand(2, 3))
    r.add("t@vector", lambda x: x.t(), rand(3))
    r.add("slice_0_1_3@matrix", lambda x: x[1:3], rand(4, 2))
    r.add("slice_0_1_3@vector", lambda x: x[1:3], rand(4))
    r.add("slice_0_1_3@cube", lambda x: x[1:3], rand(3, 2, 2))
    r.add("slice_1_1_3@cube", lambda x: x[:, 1:3], rand(2, 4, 2))
    r.add("slice_1_1_3@one_row", lambda x: x[:, 1:3], rand(1, 4, 2))
    r.add("slice_last_negative@", lambda x: x[..., -2:-1], rand(2, 3))
    r.add("slice_beyond@", lambda x: x[1:100], rand(3, 2))
    r.add("slice_backwards@", lambda x: x[2:1], rand(3, 2))
    r.add("select_0_1@matrix", lambda x: x[1], rand(3, 2))
    r.add("select_0_1@vector", lambda x: x[1], rand(3))
    r.add("select_0_last@cube", lambda x: x[-1], cube)
    r.add("select_1_1@cube", lambda x: x.select(1, 1), cube)
    r.add("select_2_last@cube", lambda x: x.select(2, -1), cube)
    r.add("cat_0@", lambda a, b, c: torch.cat([a, b, c], 0), rand(1, 2), rand(3, 2), rand(2, 2))
    r.add("cat_0@with_empty", lambda a, b, c: torch.cat([a, b, c], 0), rand(1, 2), rand(0, 2), rand(2, 2))
    r.add("cat_0@constant", lambda a, b, c: torch.cat([a, b, c], 0), rand(1), rand(2), rand(1), constant=(1,))
    r.add("cat_1@", lambda a, b, c: torch.cat([a, b, c], 1), rand(2, 1, 2), rand(2, 3, 2), rand(2, 2, 2))
    r.add("cat_last@", lambda a, b, c: torch.cat([a, b, c], -1), rand(2, 1), rand(2, 3), rand(2, 2))
    r.add("cat_same@", lambda a: torch.cat([a, a], 0), rand(2, 2))
    r.add("stack_0@", lambda a, b: torch.stack([a, b], 0), rand(2, 3), rand(2, 3))
    r.add("stack_1@", lambda a, b: torch.stack([a, b], 1), rand(2, 3), rand(2, 3))
    r.add("stack_last@", lambda a, b: torch.stack([a, b], -1), rand(2, 3), rand(2, 3))
    r.add("stack_0@scalars", lambda a, b: torch.stack([a, b], 0), 1.5, -2.0)
    r.write()


def matmul():
    r = OperationFile("functional_matmul")
    for a, b in [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((2, 2, 3), (3,)),
                 ((3,), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2)),
                 ((2, 1, 2, 3), (3, 3, 2)), ((1, 2, 3), (2, 3, 2)), ((2, 2, 3), (1, 3, 2)), ((2, 1, 2, 3), (3,)),
                 ((1, 1), (1, 1)), ((0, 3), (3, 2)), ((2, 3), (3, 0)), ((2, 0), (0, 3)), ((0,), (0,)),
                 ((2, 2, 0), (0, 3)), ((2, 0), (0,)), ((2, 2, 0), (2, 0, 3)), ((0, 2, 3), (3, 2))]:
        name = "_".join("x".join(map(str, s)) for s in (a, b))
        r.add(f"matmul@{name}", torch.matmul, rand(*a), rand(*b), dtypes=BOTH if a == (2, 3) and b == (3, 4) else (F64,))
    r.add("bmm@", torch.bmm, rand(2, 2, 3), rand(2, 3, 2))
    r.add("bmm@empty", torch.bmm, rand(0, 2, 3), rand(0, 3, 2))
    for name, x in {"vector": (3,), "matrix": (4, 3), "cube": (2, 2, 3), "empty": (0, 3), "no_features": (2, 0)}.items():
        r.add(f"linear@{name}", F.linear, rand(*x), rand(2, x[-1]), rand(2), dtypes=BOTH if name == "matrix" else (F64,))
        r.add(f"linear_no_bias@{name}", F.linear, rand(*x), rand(2, x[-1]))
    r.write()


def softmax():
    r = OperationFile("functional_softmax")
    for op, f in {"softmax": torch.softmax, "log_softmax": torch.log_softmax}.items():
        for name, dim in {"0": 0, "1": 1, "last": -1}.items():
            r.add(f"{op}_{name}@cube", lambda x: f(x, dim), rand(2, 3, 2), dtypes=BOTH if dim == 1 else (F64,))
        r.add(f"{op}_last@vector", lambda x: f(x, -1), rand(5))
        r.add(f"{op}_last@scalar", lambda x: f(x, -1), 1.5)
        r.add(f"{op}_last@one", lambda x: f(x, -1), rand(2, 1))
        r.add(f"{op}_1@empty", lambda x: f(x, 1), rand(0, 3))
        r.add(f"{op}_1@no_columns", lambda x: f(x, 1), rand(2, 0))
        r.add(f"{op}_1@extreme", lambda x: f(x, 1), [[1e4, 0, -1e4], [1e4, 1e4, -1e4], [-1e4, -1e4, -1e4], [100, 0, -100]],
              dtypes=BOTH)
        r.add(f"{op}_1@masked", lambda x: f(x, 1), [[0.5, -inf, 1.0], [-inf, 2.0, -inf]], dtypes=BOTH)
        r.add(f"{op}_1@undefined", lambda x: f(x, 1), [[-inf, -inf, -inf], [0.0, inf, 1.0], [0.0, nan, 1.0]], dtypes=BOTH)
    r.write()


def lookup():
    r = OperationFile("table_lookup")
    ids = {"ids": [[1, 3, 1], [0, 1, 4]]}
    r.add("embedding@duplicates", lambda w, ids: F.embedding(ids, w), rand(5, 2), indices=ids, dtypes=BOTH)
    r.add("embedding@single", lambda w, ids: F.embedding(ids, w), rand(5, 2), indices={"ids": 3})
    r.add("embedding@vector", lambda w, ids: F.embedding(ids, w), rand(5, 2), indices={"ids": [4, 4, 0]})
    r.add("embedding@no_ids", lambda w, ids: F.embedding(ids, w), rand(5, 2), indices={"ids": []})
    many = torch.randint(0, 7, (100,), generator=generator)
    r.add("embedding@many", lambda w, ids: F.embedding(ids, w), rand(7, 1), indices={"ids": many})
    r.add("embedding_pad_1@", lambda w, ids: F.embedding(ids, w, padding_idx=1), rand(5, 2), indices=ids)
    r.add("embedding_pad_last@", lambda w, ids: F.embedding(ids, w, padding_idx=-1), rand(5, 2), indices=ids)
    r.add("embedding_pad_1@all_padding", lambda w, ids: F.embedding(ids, w, padding_idx=1), rand(3, 2), indices={"ids": [1, 1]})
    r.write()


def embedding_bag():
    r = OperationFile("table_bag")
    table = rand(6, 3)
    square = {"ids": [[0, 5, 5], [2, 2, 3], [1, 0, 4], [1, 1, 1]]}
    flat = {"ids": [3, 0, 0, 5, 2, 1, 1], "offsets": [0, 3, 3, 6]}  # the second bag is empty
    last = {"ids": [3, 0, 0, 5, 2], "offsets": [0, 1, 5]}
    for mode in ("sum", "mean", "max"):
        def bag(w, ids, offsets=None, mode=mode, **options):
            return F.embedding_bag(ids, w, offsets, mode=mode, **options)

        r.add(f"bag_{mode}@", bag, table, indices=square, dtypes=BOTH)
        r.add(f"bag_{mode}@one", bag, table, indices={"ids": [[4]]})
        r.add(f"bag_{mode}_offsets@", bag, table, indices=flat)
        r.add(f"bag_{mode}_offsets_last@", lambda w, ids, offsets, bag=bag: bag(w, ids, offsets, include_last_offset=True),
              table, indices=last)
        r.add(f"bag_{mode}_pad_1@", lambda w, ids, bag=bag: bag(w, ids, padding_idx=1), table, indices=square)
    r.add("bag_sum_weights@", lambda w, f, ids: F.embedding_bag(ids, w, mode="sum", per_sample_weights=f),
          table, rand(4, 3), indices=square, dtypes=BOTH)
    r.add("bag_sum_weights_pad_1@", lambda w, f, ids: F.embedding_bag(ids, w, mode="sum", per_sample_weights=f, padding_idx=1),
          table, rand(4, 3), indices=square)
    r.add("bag_sum_weights_offsets@", lambda w, f, ids, offsets: F.embedding_bag(ids, w, offsets, mode="sum", per_sample_weights=f),
          table, rand(7), indices=flat)
    r.write()


def similarity():
    r = OperationFile("functional_similarity")
    x = rand(2, 3)
    r.add("normalize_1@", lambda x: F.normalize(x, dim=1), x, dtypes=BOTH)
    r.add("normalize_0@", lambda x: F.normalize(x, dim=0), x)
    r.add("normalize_last@cube", lambda x: F.normalize(x, dim=-1), rand(2, 2, 3))
    r.add("normalize_1@zero_row", lambda x: F.normalize(x, dim=1), [[0.0, 0.0], [3.0, 4.0]])
    r.add("normalize_1_eps@", lambda x: F.normalize(x, dim=1, eps=2.0), [[0.5, -1.0], [3.0, 4.0]])
    r.add("normalize_1@empty", lambda x: F.normalize(x, dim=1), rand(0, 3))
    r.add("cosine_1@", lambda a, b: F.cosine_similarity(a, b, dim=1), rand(2, 3), rand(2, 3), dtypes=BOTH)
    r.add("cosine_1@broadcast", lambda a, b: F.cosine_similarity(a, b, dim=1), rand(2, 3), rand(1, 3))
    r.add("normalize_1@nan", lambda x: F.normalize(x, dim=1), [[1.0, nan], [inf, 1.0], [0.0, 2.0]], dtypes=BOTH)
    r.add("normalize_1_eps@at_eps", lambda x: F.normalize(x, dim=1, eps=2.0), [[0.0, 2.0], [0.0, 1.0]])
    x = [[1.0, -2.0, 0.5, 3.0]]
    y = [[0.5, 1.0, -1.5, 2.0], [1.0, 0.25, 0.75, -1.0], [-0.5, 1.25, 2.0, 1.5]]
    r.add("cosine_0@broadcast", lambda a, b: F.cosine_similarity(a, b, dim=0), x, y, dtypes=BOTH)
    r.add("cosine_0@broadcast_left", lambda a, b: F.cosine_similarity(a, b, dim=0), y, x)
    r.add("cosine_1@broadcast_along", lambda a, b: F.cosine_similarity(a, b, dim=1), y, [[2.0], [-1.0], [0.5]])
    r.add("cosine_0@leading", lambda a, b: F.cosine_similarity(a, b, dim=0), y, [x, x])
    r.add("cosine_last@scalar", lambda a, b: F.cosine_similarity(a, b, dim=-1), 0.5, y[0])
    r.add("cosine_1_eps@", lambda a, b: F.cosine_similarity(a, b, dim=1, eps=2.0), [[0.5, 1.0], [3.0, 4.0], [0.0, 0.0]],
          [[1.5, 2.0], [0.5, -1.0], [1.0, 0.0]], dtypes=BOTH)
    r.add("cosine_1@edge", lambda a, b: F.cosine_similarity(a, b, dim=1),
          [[0.0, 0.0], [nan, 1.0], [inf, 1.0], [0.0, 0.0]], [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [0.0, 0.0]])
    r.add("cosine_last@rows_against_rows", lambda a, b: F.cosine_similarity(a, b, dim=-1), rand(2, 1, 3), rand(1, 4, 3))
    r.write()


def layer_norm():
    r = OperationFile("functional_layer_norm")
    x = rand(3, 4)
    r.add("layer_norm_4@", lambda x, w, b: F.layer_norm(x, (4,), w, b), x, rand(4), rand(4), dtypes=BOTH)
    r.add("layer_norm_4@cube", lambda x, w, b: F.layer_norm(x, (4,), w, b), rand(2, 2, 4), rand(4), rand(4))
    r.add("layer_norm_4@empty", lambda x, w, b: F.layer_norm(x, (4,), w, b), rand(0, 4), rand(4), rand(4))
    r.add("layer_norm_4@constant_x", lambda x, w, b: F.layer_norm(x, (4,), w, b), x, rand(4), rand(4), constant=(0,))
    r.add("layer_norm_4@equal_values", lambda x, w, b: F.layer_norm(x, (4,), w, b), [[3.0] * 4], rand(4), rand(4))
    r.add("layer_norm_4_plain@", lambda x: F.layer_norm(x, (4,)), x)
    r.add("layer_norm_4_plain@vector", lambda x: F.layer_norm(x, (4,)), rand(4))
    r.add("layer_norm_4_weight@", lambda x, w: F.layer_norm(x, (4,), w), x, rand(4))
    r.add("layer_norm_3_2@", lambda x, w, b: F.layer_norm(x, (3, 2), w, b), rand(2, 3, 2), rand(3, 2), rand(3, 2))
    r.add("layer_norm_4_eps@", lambda x, w, b: F.layer_norm(x, (4,), w, b, eps=0.5), x, rand(4), rand(4))
    # far from zero: float must not lose the variance
    r.add("layer_norm_4_plain@far", lambda x: F.layer_norm(x, (4,)), [[1000.0, 1001.0, 1002.0, 1004.0]], dtypes=BOTH)
    r.write()


def loss():
    r = OperationFile("functional_loss")
    logits, target = rand(4, 3), {"target": [0, 2, 1, 2]}
    some_ignored, some_ones = {"target": [0, -100, 1, -100]}, {"target": [0, 1, 1, 2]}
    weight = torch.tensor([0.5, 2.0, 1.25], dtype=F64)
    deep, deep_target = rand(2, 3, 2), {"target": [[0, 2], [1, 1]]}
    for reduction in ("mean", "sum", "none"):
        def ce(x, target, **options):
            return F.cross_entropy(x, target, reduction=reduction, **options)

        def nll(x, target, **options):
            return F.nll_loss(x, target, reduction=reduction, **options)

        for op, f in {f"ce_{reduction}": ce, f"nll_{reduction}": nll}.items():
            r.add(f"{op}@", f, logits, indices=target, dtypes=BOTH)
            r.add(f"{op}@deep", f, deep, indices=deep_target)
            r.add(f"{op}@ignored", f, logits, indices=some_ignored)
            r.add(f"{op}@one_sample", f, rand(3), indices={"target": 1})
            r.add(f"{op}_ignore_1@", lambda x, target: f(x, target, ignore_index=1), logits, indices=some_ones)
            r.add(f"{op}_weight@", lambda x, w, target: f(x, target, weight=w), logits, weight, constant=(1,),
                  indices=some_ignored)
            r.add(f"{op}_weight@deep", lambda x, w, target: f(x, target, weight=w), deep, weight, constant=(1,),
                  indices=deep_target)
            if reduction != "mean":
                r.add(f"{op}@empty", f, rand(0, 3), indices={"target": []})
                r.add(f"{op}@all_ignored", f, rand(2, 3), indices={"target": [-100, -100]})
        r.add(f"ce_{reduction}_smooth@", lambda x, target: ce(x, target, label_smoothing=0.2), logits, indices=target,
              dtypes=BOTH)
        r.add(f"ce_{reduction}_smooth@ignored", lambda x, target: ce(x, target, label_smoothing=0.2), logits,
              indices=some_ignored)
        r.add(f"ce_{reduction}_smooth@deep", lambda x, target: ce(x, target, label_smoothing=0.2), deep, indices=deep_target)
        r.add(f"ce_{reduction}_smooth_weight@", lambda x, w, target: ce(x, target, weight=w, label_smoothing=0.2), logits,
              weight, constant=(1,), indices=some_ignored)
        r.add(f"ce_{reduction}_smooth_weight@deep", lambda x, w, target: ce(x, target, weight=w, label_smoothing=0.2), deep,
              weight, constant=(1,), indices=deep_target)
    mean = lambda x, target: F.cross_entropy(x, target)
    none = lambda x, target: F.cross_entropy(x, target, reduction="none")
    r.add("ce_mean_smooth_all@", lambda x, target: F.cross_entropy(x, target, label_smoothing=1.0), logits, indices=target)
    extreme = [[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [100.0, -100.0, 0.0], [-100.0, -100.0, -100.0]]
    r.add("ce_mean@extreme", mean, extreme, indices={"target": [0, 1, 2, 1]}, dtypes=BOTH)
    r.add("ce_none@masked", none, [[0.5, -inf, 1.0], [-inf, 2.0, -inf], [0.5, -inf, 1.0]], indices={"target": [0, 1, 1]},
          dtypes=BOTH)
    r.add("ce_none@nan", none, [[0.5, nan, 1.0], [1.0, 2.0, 0.0]], indices={"target": [0, 1]})

    p, t = rand(2, 3, low=0.05, high=0.95), rand(2, 3, low=0.0, high=1.0)
    hard = [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    for reduction in ("mean", "sum", "none"):
        bce = lambda x, t: F.binary_cross_entropy(x, t, reduction=reduction)
        with_logits = lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction=reduction)
        mse = lambda x, t: F.mse_loss(x, t, reduction=reduction)
        r.add(f"bce_{reduction}@", bce, p, t, dtypes=BOTH)
        r.add(f"bce_{reduction}@hard", bce, p, hard, constant=(1,))
        r.add(f"bcel_{reduction}@", with_logits, rand(2, 3), t, dtypes=BOTH)
        r.add(f"bcel_{reduction}@hard", with_logits, rand(2, 3), hard, constant=(1,))
        r.add(f"mse_{reduction}@", mse, rand(2, 3), rand(2, 3), dtypes=BOTH)
        r.add(f"mse_{reduction}@target_only", mse, rand(2), rand(2), constant=(0,))
        for op, f in {"bce": bce, "bcel": with_logits, "mse": mse}.items():
            r.add(f"{op}_{reduction}@scalar", f, 0.25, 0.75)
            if reduction != "mean":
                r.add(f"{op}_{reduction}@empty", f, rand(0, 2), rand(0, 2))
        weighted = lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, reduction=reduction, pos_weight=w)
        r.add(f"bcel_{reduction}_pos@one", weighted, rand(2, 3), t, 2.5, constant=(2,))
        r.add(f"bcel_{reduction}_pos@columns", weighted, rand(2, 3), t, [0.5, 2.0, 3.0], constant=(2,), dtypes=BOTH)
    r.add("bce_none@edge", lambda x, t: F.binary_cross_entropy(x, t, reduction="none"), [0.0, 1.0, 0.0, 1.0, 1e-30, 0.5],
          [0.0, 1.0, 1.0, 0.0, 1.0, 0.5], constant=(1,), dtypes=BOTH)
    extreme, labels = [1e4, -1e4, 1e4, -1e4, 100.0, -100.0, 100.0, -100.0], [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    r.add("bcel_none@extreme", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"), extreme, labels,
          dtypes=BOTH)
    r.add("bcel_none@infinite", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"),
          [inf, -inf, inf, -inf, nan], [1.0, 0.0, 0.0, 1.0, 1.0], constant=(1,))
    r.add("bce_none@edge_of_target", lambda x, t: F.binary_cross_entropy(x, t, reduction="none"),
          [0.0, 1.0, 0.0, 1.0, 1e-30, 0.5], [0.0, 1.0, 1.0, 0.0, 1.0, 0.5], dtypes=BOTH)
    r.add("bcel_none@infinite_both", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"),
          [inf, -inf, inf, -inf, nan, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0, 1.0, inf, -inf], dtypes=BOTH)
    r.add("bcel_none_pos@infinite", lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, reduction="none", pos_weight=w),
          [inf, -inf, inf, -inf], [1.0, 0.0, 0.0, 1.0], [2.0, 0.5, 2.0, 0.5], constant=(2,))
    r.add("bcel_none_pos@broadcast",
          lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, reduction="none", pos_weight=w),
          [[0.5, -1.0], [2.0, 0.25]], [[0.25, 1.0], [0.0, 0.5]], [[0.5], [2.0]], constant=(2,))
    r.add("mse_none@extreme", lambda x, t: F.mse_loss(x, t, reduction="none"), [1e4, -1e4, inf, inf], [-1e4, 0.0, 0.0, inf])
    r.write()


if __name__ == "__main__":
    for make in (elementwise, math, reduce, shape, matmul, softmax, lookup, similarity, layer_norm, loss, embedding_bag):
        make()
