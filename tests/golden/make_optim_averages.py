#!/usr/bin/env python3
"""Golden values of averaged models: torch.optim.swa_utils.AveragedModel over a small model, 12 steps of which every other
one updates the averages. Run by hand: python3 tests/golden/make_optim_averages.py. Needs torch 2.13.
"""
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn, get_ema_multi_avg_fn, get_swa_multi_avg_fn

from golden_file import F32, F64, GoldenFile
from make_optim import gradient, looked_up, start


class Model(torch.nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.table = torch.nn.Embedding(6, 2, dtype=dtype)
        self.table.weight.data = start((6, 2), dtype)
        self.bias = torch.nn.Parameter(start((3,), dtype))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.register_buffer("running", torch.zeros(2, dtype=dtype))


def main():
    f = GoldenFile("optim_averages")
    ways = dict(mean=dict(), swa=dict(multi_avg_fn=get_swa_multi_avg_fn()), ema=dict(multi_avg_fn=get_ema_multi_avg_fn(0.9)),
                fast=dict(multi_avg_fn=get_ema_multi_avg_fn(0.3)), ema_one=dict(avg_fn=get_ema_avg_fn(0.8)))
    for name, way in ways.items():
        for dtype in (F64, F32):
            model = Model(dtype)
            averaged = AveragedModel(model, **way)
            optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
            for step in range(1, 13):
                optimizer.zero_grad()
                model.table(looked_up(step)).backward(gradient((3, 2), step, dtype))
                model.bias.grad = gradient((3,), step, dtype)
                optimizer.step()
                model.seen += 1
                model.running += 0.5
                if step % 2 == 0:
                    averaged.update_parameters(model)
            f.case(f"averages@{name}", dtype)
            for key in ("table.weight", "bias", "seen", "running"):
                f.tensor(key, averaged.module.state_dict()[key])
            f.tensor("n_averaged", averaged.n_averaged)
    f.write()


main()
