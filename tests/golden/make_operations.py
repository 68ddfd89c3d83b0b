"""Golden files of the operations that people chain: element by element, masks, reductions, sorting."""
import os
import sys

import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from golden_file import BOTH, F64, GoldenFile, OperationFile  # noqa: E402

inf, nan = float("inf"), float("nan")


def rand(*shape, low=-2.0, high=2.0):
    """Three decimals, so that the files stay short."""
    return (torch.rand(shape, dtype=F64) * (high - low) + low).mul(1000).round().div(1000)


EDGE = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, inf, -inf, nan, 1e-30, 1e30, 3.7, -3.7]


def elementary():
    torch.manual_seed(10)
    r = OperationFile("functional_elementary_more")
    for op in "abs square reciprocal rsqrt expm1 exp2 log1p log2 log10 sin cos tan erf asin acos atan sinh cosh".split():
        f = getattr(torch, op)
        low, high = (-0.9, 0.9) if op in ("asin", "acos") else (0.1 if "log" in op or "sqrt" in op else -2, 2)
        r.add(f"{op}@gentle", f, rand(2, 3, low=low, high=high), dtypes=BOTH)
        r.add(f"{op}@edge", f, [v for v in EDGE if op not in ("tan", "sin", "cos") or v != 1e30], dtypes=BOTH)
        r.add(f"{op}@scalar", f, 0.5)
        r.add(f"{op}@empty", f, rand(0, 2))
    r.add("expm1@near_zero", torch.expm1, [1e-8, -1e-8, 1e-20], dtypes=BOTH)
    r.add("log1p@near_zero", torch.log1p, [1e-8, -1e-8, 1e-20], dtypes=BOTH)
    for op in "floor ceil round trunc sign frac".split():
        r.add(f"{op}@edge", getattr(torch, op), EDGE, dtypes=BOTH)
        r.add(f"{op}@cube", getattr(torch, op), rand(2, 1, 3))
    r.add("nan_to_num@edge", torch.nan_to_num, EDGE, dtypes=BOTH)
    r.add("nan_to_one@edge", lambda x: torch.nan_to_num(x, nan=1.0, posinf=2.0, neginf=-2.0), EDGE, dtypes=BOTH)
    r.add("round2@", lambda x: torch.round(x, decimals=2), [1.255, -2.345, 25.0, 0.125, nan, inf], dtypes=BOTH)
    r.add("round_minus1@", lambda x: torch.round(x, decimals=-1), [125.0, 135.0, -5.0, 4.0], dtypes=BOTH)
    r.write()


def pointwise():
    torch.manual_seed(10)
    r = OperationFile("functional_pointwise")
    left = [nan, 1.0, 1.0, 2.0, 0.0, -0.0, inf, -inf, 5.0, -5.0, 5.0, -5.0, 1.0, -1.0, 7.5, 0.3]
    right = [1.0, nan, 1.0, 1.0, -0.0, 0.0, 2.0, inf, 3.0, 3.0, -3.0, -3.0, 0.0, inf, -inf, 0.1]
    two = {
        "maximum": torch.maximum,
        "minimum": torch.minimum,
        "atan2": torch.atan2,
        "logaddexp": torch.logaddexp,
        "remainder": torch.remainder,
        "fmod": torch.fmod,
        "floor_divide": lambda a, b: torch.div(a, b, rounding_mode="floor"),
        "trunc_divide": lambda a, b: torch.div(a, b, rounding_mode="trunc"),
        "clamp_min": lambda a, b: torch.clamp(a, min=b),
        "clamp_max": lambda a, b: torch.clamp(a, max=b),
    }
    for op, f in two.items():
        r.add(f"{op}@edge", f, left, right, dtypes=BOTH)
        r.add(f"{op}@row", f, rand(2, 3), rand(3))
        r.add(f"{op}@both_ways", f, rand(2, 1, 3), rand(4, 1))
        r.add(f"{op}@scalar", f, rand(), rand(2, 2))
        r.add(f"{op}@empty", f, rand(0, 3), rand(3))
        r.add(f"{op}@left_constant", f, rand(2, 2), rand(2, 2), constant=(0,))
        r.add(f"{op}@right_constant", f, rand(2, 2), rand(2), constant=(1,))
    base = [0.0, 0.0, 0.0, 0.0, 2.0, -2.0, -2.0, nan, 1.0, nan, 0.0, -1.0, 3.0]
    exponent = [0.0, 2.0, -1.0, 0.5, 3.0, 2.0, 0.5, 0.0, nan, 1.0, nan, inf, -2.5]
    r.add("pow@edge", torch.pow, base, exponent, dtypes=BOTH)
    r.add("pow@both_ways", torch.pow, rand(2, 1, 3, low=0.1), rand(4, 1))
    r.add("pow@constant", torch.pow, rand(2, 2, low=0.1), rand(2, 2), constant=(1,))
    for name, number in {"two": 2.0, "zero": 0.0, "negative": -2.0, "half": 0.5}.items():
        r.add(f"{name}_pow@edge", lambda x: torch.pow(number, x), exponent, dtypes=BOTH)
    for name, bounds in {"clamp": (0.0, 1.0), "clamp_wrong": (2.0, 1.0), "clamp_nan": (nan, 1.0)}.items():
        r.add(f"{name}@edge", lambda x: torch.clamp(x, *bounds), EDGE, dtypes=BOTH)
    r.add("clamp_from@edge", lambda x: torch.clamp(x, min=0.5), EDGE, dtypes=BOTH)
    r.add("clamp_to@edge", lambda x: torch.clamp(x, max=0.5), EDGE, dtypes=BOTH)
    r.add("clamp_tensors@edge", torch.clamp, [0.0, 1, 2, 3, nan, 1, 1, 2, 1], [1.0, 1, 1, 2, 0, nan, 0, 1, 3],
          [2.0, 1, 1, 1, 1, 2, nan, 2, 2], dtypes=BOTH)
    r.add("clamp_tensors@repeated", torch.clamp, rand(2, 3), rand(3, low=-1, high=0), rand(2, 1, low=0, high=1))
    for op, f in {
        "addcmul": lambda x, a, b: torch.addcmul(x, a, b, value=-1.5),
        "addcdiv": lambda x, a, b: torch.addcdiv(x, a, b, value=-1.5),
        "lerp": torch.lerp,
    }.items():
        r.add(f"{op}@same", f, rand(2, 3), rand(2, 3), rand(2, 3), dtypes=BOTH)
        r.add(f"{op}@repeated", f, rand(2, 1, 3), rand(4, 1), rand(3))
        r.add(f"{op}@edge", f, [1.0, inf, 0.0], [nan, 0.0, 2.0], [0.5, 0.75, 1.0], dtypes=BOTH)
        r.add(f"{op}@empty", f, rand(0, 3), rand(3), rand())
    for name, weight in {"lerp_third": 0.3, "lerp_most": 0.8}.items():
        r.add(f"{name}@", lambda a, b: torch.lerp(a, b, weight), rand(2, 3), rand(3), dtypes=BOTH)
    for op, f in {"remainder_number": lambda x: x % 1.5, "fmod_number": lambda x: torch.fmod(x, -1.5),
                  "floor_number": lambda x: torch.div(x, 1.5, rounding_mode="floor")}.items():
        r.add(f"{op}@edge", f, EDGE, dtypes=BOTH)
    r.add("add_scaled@", lambda a, b: torch.add(a, b, alpha=-2), rand(2, 3), rand(3), dtypes=BOTH)
    r.add("sub_scaled@", lambda a, b: torch.sub(a, b, alpha=0.5), rand(2, 3), rand(3), dtypes=BOTH)
    r.add("with_ids@", lambda x, ids: (x * ids + x / (ids + 1) - ids) % 1.5, rand(2, 3), indices={"ids": [1, -3, 2]},
          dtypes=BOTH)
    r.add("where@", lambda a, b, mask: torch.where(mask != 0, a, b), rand(2, 1, 2), rand(3, 1),
          indices={"mask": [[1, 0], [0, 0], [1, 1]]}, dtypes=BOTH)
    r.write()


def distinct(*shape):
    return torch.randperm(torch.Size(shape).numel()).to(F64).reshape(shape) / 4 - 1


DIMS = {"all": None, "first": 0, "middle": 1, "last": -1, "outer": (0, 1), "ends": (0, 2), "three": (2, 0, 1)}


def reductions():
    torch.manual_seed(10)
    r = OperationFile("functional_reductions")
    cube = rand(2, 3, 4)
    ties = torch.tensor([[[1.0, 3, 3, 2], [3, 1, 1, 0], [0, 0, 0, 0]], [[-1, -2, -2, -1], [nan, 1, 2, nan], [5, 4, 5, 4]]])

    def add(op, f, variants=DIMS, x=cube, dtypes=BOTH):
        for name, dim in variants.items():
            for keepdim in (False, True):
                if dim is not None or not keepdim:
                    r.add(f"{op}_{name}{'_keep' if keepdim else ''}@", lambda v: f(v, dim, keepdim), x, dtypes=dtypes)

    several = {k: v for k, v in DIMS.items() if isinstance(v, tuple)}
    add("sum", lambda v, d, k: v.sum(d, k), several)
    add("mean", lambda v, d, k: v.mean(d, k), several)
    add("amax", lambda v, d, k: v.amax(() if d is None else d, k), x=ties)
    add("amin", lambda v, d, k: v.amin(() if d is None else d, k), x=ties)
    add("var", lambda v, d, k: torch.var(v, dim=d, correction=1, keepdim=k))
    add("std", lambda v, d, k: torch.std(v, dim=d, correction=0, keepdim=k))
    add("logsumexp", lambda v, d, k: torch.logsumexp(v, d, k), {k: v for k, v in DIMS.items() if k != "all"})
    add("norm2", lambda v, d, k: torch.linalg.vector_norm(v, 2, d, k))
    add("norm3", lambda v, d, k: torch.linalg.vector_norm(v, 3, d, k), several)
    for name, p in {"1": 1, "2": 2, "inf": inf, "minus_inf": -inf, "3": 3, "1_5": 1.5, "half": 0.5, "minus1": -1,
                    "2_5": 2.5}.items():
        for variant, x in {"zeros": [[0.0, -2, 2, 1], [0, 0, 0, 0], [3, -3, -0.5, 0.25]], "nan": [[nan, 1.0]],
                           "infinite": [[inf, 1.0, 0.0]], "none": rand(2, 0)}.items():
            if variant != "none" or p in (1, 2, 3, 1.5):
                r.add(f"p{name}@{variant}", lambda v: torch.linalg.vector_norm(v, p, 1), x, dtypes=BOTH)
    r.add("min_all@ties", torch.min, ties[0], dtypes=BOTH)
    r.add("min_all@nan", torch.min, ties)
    r.add("max_all@nan", torch.max, ties)
    for dim in (0, 1, -1):
        name = f"min_{'last' if dim == -1 else dim}"
        r.add(f"{name}@", lambda v: torch.min(v, dim).values, ties)
        r.add(f"{name}_keep@", lambda v: torch.min(v, dim, keepdim=True).values, ties)
    r.add("var_all@one", torch.var, [2.0])
    r.add("var_all@large", torch.var, [1e6 + 1, 1e6 + 2, 1e6 + 4])  # in float32 ours has more digits
    r.add("var3@", lambda v: torch.var(v, correction=3), [1.0, 2.0])
    r.add("std_last@equal", lambda v: torch.std(v, dim=-1, correction=0), [[1.0, 1.0], [2.0, 4.0]], dtypes=BOTH)
    r.add("var_biased@", lambda v: v.var(1, unbiased=False), cube)
    r.add("logsumexp_last@edge", lambda v: torch.logsumexp(v, -1),
          [[-inf, -inf], [inf, 1.0], [nan, 1.0], [1000.0, 999.0], [-1000.0, -inf]], dtypes=BOTH)
    r.add("logsumexp_last@none", lambda v: torch.logsumexp(v, -1), rand(2, 0))
    r.add("prod@", torch.prod, rand(2, 3), dtypes=BOTH)
    r.add("prod@zero", torch.prod, [[1.0, 0.0], [2.0, 3.0]])
    r.add("prod@zeros", torch.prod, [[1.0, 0.0], [0.0, 3.0]])
    r.add("prod@none", torch.prod, rand(0))
    for name, n, dim in (("last", 1, -1), ("first", 1, 0), ("twice", 2, 1), ("never", 0, 1), ("too_often", 9, 1)):
        r.add(f"diff_{name}@", lambda v: torch.diff(v, n, dim), cube)
    for op in ("cumsum", "cumprod"):
        f = getattr(torch, op)
        for dim in (0, 1, -1):
            r.add(f"{op}_{'last' if dim == -1 else dim}@", lambda v: f(v, dim), cube, dtypes=BOTH)
        r.add(f"{op}_0@zeros", lambda v: f(v, 0), [2.0, 0.0, 3.0, 0.0, 4.0], dtypes=BOTH)
        r.add(f"{op}_0@first_zero", lambda v: f(v, 0), [0.0, 0.5, 3.0])
        r.add(f"{op}_0@scalar", lambda v: f(v, 0), 2.0)
        r.add(f"{op}_0@none", lambda v: f(v, 0), rand(0, 2))
    r.write()


def sorting():
    torch.manual_seed(10)
    r = OperationFile("functional_sort")
    ties = torch.tensor([[3.0, nan, 1, 3, -0.0, 0.0], [2, 2, inf, -inf, nan, nan]], dtype=F64)
    clear = distinct(3, 4, 2)
    clear[1, 2, 0] = nan
    clear[0, 0, 1] = inf

    def add(op, f, x, dims=(0, 1, -1), dtypes=(F64,)):
        """Values with their gradient, and positions."""
        for dim in dims:
            name = f"{op}_{'last' if dim == -1 else dim}"
            r.add(f"{name}@", lambda v: f(v, dim)[0], x, dtypes=dtypes)
            r.add(f"{name}_at@", lambda v: f(v.detach(), dim)[1], x, dtypes=dtypes)

    add("sort", lambda v, d: torch.sort(v, dim=d, stable=True), ties, dtypes=BOTH)
    add("sort_down", lambda v, d: torch.sort(v, dim=d, descending=True, stable=True), ties)
    add("sort_cube", lambda v, d: torch.sort(v, dim=d), clear)
    for k in (1, 2):
        add(f"topk{k}", lambda v, d: torch.topk(v, k, d), clear, dtypes=BOTH)
        add(f"bottom{k}", lambda v, d: torch.topk(v, k, d, largest=False), clear)
    add("topk_all", lambda v, d: torch.topk(v, v.size(d), d), clear)
    add("kth", lambda v, d: torch.kthvalue(v, 2, d), clear)
    add("kth_keep", lambda v, d: torch.kthvalue(v, 2, d, keepdim=True), clear)
    add("median", lambda v, d: torch.median(v, d), clear, dtypes=BOTH)
    add("median_keep", lambda v, d: torch.median(v, d, keepdim=True), clear)
    r.add("median_all@ties", torch.median, [3.0, 1, 2, 4, 2], dtypes=BOTH)
    r.add("median_all@even", torch.median, [[3.0, 1], [2, 4]])
    r.add("median_all@nan", torch.median, [3.0, nan, nan, 2])
    r.add("sort_last@scalar", lambda v: torch.sort(v)[0], 2.0)
    r.add("topk1_last@scalar", lambda v: torch.topk(v, 1)[0], 2.0)
    r.add("sort_last@none", lambda v: torch.sort(v)[0], rand(2, 0))
    r.write()


def masks():
    torch.manual_seed(10)
    r = OperationFile("functional_masks")
    seen = [[1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 1]]

    def attention(q, k, v, mask):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask != 0)

    r.add("attention@all", attention, rand(2, 3, 2), rand(2, 4, 2), rand(2, 4, 3), indices={"mask": seen}, dtypes=BOTH)
    r.add("attention@heads", attention, rand(2, 2, 3, 2), rand(2, 2, 4, 2), rand(2, 2, 4, 3),
          indices={"mask": [[[[1, 1, 1, 0]]], [[[0, 1, 1, 1]]]]})
    for op, f in {"any": torch.any, "all": torch.all, "nonzero": torch.count_nonzero}.items():
        for name, dim in {"first": 0, "last": -1, "both": (0, 1)}.items():
            r.add(f"{op}_{name}@", lambda x: f(x.detach(), dim).to(x.dtype), [[0.0, nan, 2.0], [0.0, -0.0, 1.0]])
    r.write()


def topk_ties():
    torch.manual_seed(10)
    r = GoldenFile("functional_topk_ties")
    for n, k in ((5, 2), (20, 5), (100, 1), (130, 2), (40, 40), (64, 30)):
        x = torch.randint(0, 4, (2, n)).float()
        x[0, n // 2] = nan
        r.case(f"topk@{n}_{k}", torch.float32)
        r.tensor("x0", x)
        r.tensor("k", torch.tensor(k))
        r.tensor("largest", x.topk(k)[1])
        r.tensor("smallest", x.topk(k, largest=False)[1])
        r.tensor("unsorted", x.topk(k, sorted=False)[1])
    r.write()


if __name__ == "__main__":
    topk_ties()
    masks()
    elementary()
    pointwise()
    reductions()
    sorting()
