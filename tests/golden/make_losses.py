#!/usr/bin/env python3
"""Golden values of the losses that are not in make_functional.py, from PyTorch (CPU).

Run by hand: python3 tests/golden/make_losses.py. Needs torch 2.13.
"""
import warnings

import torch
import torch.nn.functional as F

from golden_file import BOTH, F64, OperationFile

warnings.filterwarnings("ignore")
generator = torch.Generator().manual_seed(12)
inf, nan = float("inf"), float("nan")


def rand(*shape):
    """Values on a coarse grid: short in the file, the same in float and double; ties and zeros occur."""
    return torch.randint(-24, 25, shape, generator=generator, dtype=torch.int64).double() / 8


def signs(*shape):
    return torch.randint(0, 2, shape, generator=generator) * 2 - 1


def unit(*shape):
    return torch.randint(1, 32, shape, generator=generator, dtype=torch.int64).double() / 32


def main():
    r = OperationFile("functional_losses")
    x, t = rand(4, 3), rand(4, 3)
    t[0] = x[0]
    w = unit(4, 3)
    soft = F.softmax(rand(4, 3), 1)
    for red in ("mean", "sum", "none"):
        k = dict(reduction=red)
        r.add(f"l1_{red}@", lambda x, t: F.l1_loss(x, t, **k), x, t, dtypes=BOTH)
        r.add(f"l1_weight_{red}@", lambda x, t, w: F.l1_loss(x, t, weight=w, **k), x, t, w, constant=(2,))
        r.add(f"mse_weight_{red}@", lambda x, t, w: F.mse_loss(x, t, weight=w, **k), x, t, w, constant=(2,))
        for beta in (0.0, 0.5, 1.0):
            r.add(f"smooth_l1_{beta}_{red}@", lambda x, t: F.smooth_l1_loss(x, t, beta=beta, **k), x, t, dtypes=BOTH)
        for delta in (0.5, 1.0):
            r.add(f"huber_{delta}_{red}@", lambda x, t: F.huber_loss(x, t, delta=delta, **k), x, t, dtypes=BOTH)
        r.add(f"huber_weight_{red}@", lambda x, t, w: F.huber_loss(x, t, delta=0.75, weight=w, **k), x, t, w, constant=(2,))
        sg = signs(4, 3)
        for kind in ("int", "float"):
            ix = {"target": sg} if kind == "int" else None
            ins = (x,) if kind == "int" else (x, sg.double())
            c = () if kind == "int" else (1,)
            r.add(f"hinge_{kind}_{red}@", lambda x, t=None, target=None: F.hinge_embedding_loss(x, t if target is None else target, margin=1.25, **k),
                  *ins, indices=ix, constant=c, dtypes=BOTH)
            r.add(f"soft_margin_{kind}_{red}@", lambda x, t=None, target=None: F.soft_margin_loss(x, t if target is None else target, **k),
                  *ins, indices=ix, constant=c, dtypes=BOTH)
        r.add(f"hinge_broadcast_{red}@", lambda x, t: F.hinge_embedding_loss(x, t, **k), x, signs(3).double(), constant=(1,))
        r.add(f"hinge_other_{red}@", lambda x, t: F.hinge_embedding_loss(x, t, **k), rand(3), [0.0, 1.0, -1.0], constant=(1,))
        a, b, y = rand(6), rand(6), signs(6)
        a[0] = b[0] + 0.5 * y[0]
        r.add(f"margin_ranking_{red}@", lambda a, b, target: F.margin_ranking_loss(a, b, target, margin=0.5, **k), a, b,
              indices={"target": y}, dtypes=BOTH)
        r.add(f"margin_ranking_grad_{red}@", lambda a, b, t: F.margin_ranking_loss(a, b, t, margin=0.5, **k), a, b, y.double())
        r.add(f"margin_ranking_broadcast_{red}@", lambda a, b, t: F.margin_ranking_loss(a, b, t, **k), rand(3, 1), rand(1, 2), rand(3, 2))
        for p in (2.0, 1.0, 3.0, 1.5, 0.5, inf):
            for swap in (False, True):
                r.add(f"triplet_{p}_{int(swap)}_{red}@", lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=2.0, p=p, swap=swap, **k),
                      rand(5, 3), rand(5, 3), rand(5, 3), dtypes=BOTH if p == 2 else (F64,))
        same = rand(2, 3)
        r.add(f"triplet_2.0_1_{red}@tie", lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=2.0, swap=True, **k), same, same, same + 0.25)
        r.add(f"triplet_2.0_0_{red}@vector", lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=2.0, **k), rand(3), rand(3), rand(3))
        r.add(f"triplet_2.0_0_{red}@broadcast", lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=2.0, **k), rand(1, 3), rand(4, 3), rand(4, 3))
        u, v = rand(6, 3), rand(6, 3)
        u[5] = 0
        r.add(f"cosine_{red}@", lambda a, b, target: F.cosine_embedding_loss(a, b, target, margin=0.25, **k), u, v,
              indices={"target": [1, -1, -1, 1, 0, -1]}, dtypes=BOTH)
        r.add(f"cosine_{red}@single", lambda a, b, target: F.cosine_embedding_loss(a, b, target, margin=0.25, **k), rand(3), rand(3),
              indices={"target": -1})
        r.add(f"cosine_{red}@broadcast", lambda a, b, target: F.cosine_embedding_loss(a, b, target, margin=0.25, **k), rand(1, 3), rand(4, 3),
              indices={"target": [1, -1, 1, -1]})
        r.add(f"multilabel_{red}@", lambda x, target: F.multilabel_soft_margin_loss(x, target, **k), x,
              indices={"target": (sg + 1) // 2}, dtypes=BOTH)
        r.add(f"multilabel_weight_{red}@", lambda x, t, w: F.multilabel_soft_margin_loss(x, t, w, **k), x, unit(4, 3), unit(3), constant=(2,))
        r.add(f"multilabel_{red}@vector", lambda x, target: F.multilabel_soft_margin_loss(x, target, **k), rand(3), indices={"target": [1, 0, 1]})
        for p in (1, 2):
            r.add(f"multi_margin_{p}_{red}@", lambda x, target: F.multi_margin_loss(x, target, p=p, margin=0.75, **k), x,
                  indices={"target": [0, 2, 1, 1]}, dtypes=BOTH)
            r.add(f"multi_margin_weight_{p}_{red}@", lambda x, w, target: F.multi_margin_loss(x, target, p=p, weight=w, **k), x, unit(3),
                  indices={"target": [0, 2, 1, 1]}, constant=(1,))
        r.add(f"multi_margin_1_{red}@vector", lambda x, target: F.multi_margin_loss(x, target, margin=0.75, **k), rand(3), indices={"target": 1})
        for name, opt in {"soft": {}, "soft_smooth": {"label_smoothing": 0.3}}.items():
            r.add(f"{name}_{red}@", lambda x, t: F.cross_entropy(x, t, **opt, **k), x, soft, dtypes=BOTH)
            r.add(f"{name}_{red}@vector", lambda x, t: F.cross_entropy(x, t, **opt, **k), rand(3), F.softmax(rand(3), 0))
            r.add(f"{name}_{red}@cube", lambda x, t: F.cross_entropy(x, t, **opt, **k), rand(2, 3, 2), unit(2, 3, 2))
            r.add(f"{name}_weight_{red}@", lambda x, t, w: F.cross_entropy(x, t, weight=w, **opt, **k), x, soft, unit(3), constant=(2,))
        for shape in ((), (3,), (4, 1), (4, 3)):
            name = "x".join(map(str, shape)) or "single"
            r.add(f"bce_weight_{red}@{name}", lambda x, t, w: F.binary_cross_entropy(x, t, weight=w, **k), unit(4, 3), unit(4, 3), unit(*shape), constant=(2,))
            r.add(f"bcel_weight_{red}@{name}", lambda x, t, w, p: F.binary_cross_entropy_with_logits(x, t, weight=w, pos_weight=p, **k),
                  x, unit(4, 3), unit(*shape), unit(3), constant=(2, 3))
    for red in ("mean", "sum", "none", "batchmean"):
        k = dict(reduction=red)
        lx = F.log_softmax(x, 1)
        r.add(f"kl_{red}@", lambda x, t: F.kl_div(x, t, **k), lx, soft, dtypes=BOTH)
        r.add(f"kl_log_{red}@", lambda x, t: F.kl_div(x, t, log_target=True, **k), lx, soft.log(), dtypes=BOTH)
        r.add(f"kl_{red}@broadcast", lambda x, t: F.kl_div(x, t, **k), lx, unit(3))
        r.add(f"kl_constant_{red}@zeros", lambda x, t: F.kl_div(x, t, **k), lx, [[0.0, 1, 0]] * 4, constant=(1,))
        r.add(f"kl_{red}@rank0", lambda x, t: F.kl_div(x, t, **k), -0.5, 0.25)
    for p in (2.0, 1.0, 3.0, 1.5, 0.5, 0.0, inf, -inf):
        c = (0, 1) if p == 0 else ()  # PyTorch has none for p = 0
        r.add(f"distance_{p}@", lambda a, b: F.pairwise_distance(a, b, p), rand(4, 3), rand(4, 3), dtypes=BOTH, constant=c)
        r.add(f"distance_{p}@broadcast", lambda a, b: F.pairwise_distance(a, b, p), rand(2, 1, 3), rand(4, 3), constant=c)
        r.add(f"distance_{p}@vector", lambda a, b: F.pairwise_distance(a, b, p), rand(3), rand(3), constant=c)
        e = rand(2, 3)
        r.add(f"distance_zero_{p}@", lambda a, b: F.pairwise_distance(a, b, p, eps=0, keepdim=True), e, e, constant=c)
    r.write()


if __name__ == "__main__":
    main()
