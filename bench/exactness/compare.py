#!/usr/bin/env python3
"""How far deferred rows are from the dense rule in double, beside PyTorch's dense float32.

    compare.py PROGRAM [NAME ...]       PROGRAM: build/release/bench/rowgrad_exactness; NAME: only these optimizers

Trains a table of 20,000 x 16 for 2,000 steps of 64 lookups, Zipf-distributed, at a rate that changes with every step.
Errors are the norm of the difference from the weights that PyTorch's dense optimizer leaves in float64, divided by
their norm. Exit status 1 when an error is above 1e-5, or above 1.5 times that of PyTorch's dense float32.
"""
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

ROWS, COLUMNS, STEPS, LOOKUPS = 20_000, 16, 2_000, 64
CASES = {
    "adam": (torch.optim.Adam, {"lr": 1e-3}),
    "adam_lr": (torch.optim.Adam, {"lr": 0.05}),
    "adam_betas": (torch.optim.Adam, {"lr": 1e-3, "betas": (0.5, 0.9)}),
    "adam_amsgrad": (torch.optim.Adam, {"lr": 1e-3, "amsgrad": True}),
    "adam_l2": (torch.optim.Adam, {"lr": 1e-3, "weight_decay": 1e-4}),
    "adamw": (torch.optim.AdamW, {"lr": 1e-3}),
    "adamw_strong": (torch.optim.AdamW, {"lr": 1e-2, "weight_decay": 0.1}),
    "sgd_momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "sgd_nesterov_l2": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4, "nesterov": True}),
    "sgd_l2": (torch.optim.SGD, {"lr": 0.1, "weight_decay": 1e-4}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 1e-3}),
    "rmsprop_momentum": (torch.optim.RMSprop, {"lr": 1e-3, "momentum": 0.9}),
    "rmsprop_centered": (torch.optim.RMSprop, {"lr": 1e-3, "momentum": 0.9, "centered": True}),
    "adagrad": (torch.optim.Adagrad, {"lr": 1e-2}),
}


def numbers(first, count):
    """splitmix64, as in deferred.cpp."""
    z = (np.arange(first, first + count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def dense(optimizer, options, dtype):
    sums = np.cumsum(1 / np.arange(1, ROWS + 1))
    start = (2 * numbers(1 << 30, ROWS * COLUMNS) - 1).astype(np.float32).reshape(ROWS, COLUMNS)
    table = torch.nn.Parameter(torch.tensor(start).to(dtype))
    optimizer = optimizer([table], **options)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = options["lr"] * (1 + 0.5 * math.sin(step / 50))
        ids = np.searchsorted(sums[:-1], numbers(step * LOOKUPS, LOOKUPS) * sums[-1])
        values = (2 * numbers((1 << 32) + step * LOOKUPS * COLUMNS, LOOKUPS * COLUMNS) - 1).astype(np.float32)
        table.grad = torch.zeros_like(table)
        table.grad.index_add_(0, torch.tensor(ids), torch.tensor(values.reshape(LOOKUPS, COLUMNS)).to(dtype))
        optimizer.step()
    return table.detach().double()


def main():
    program, names = sys.argv[1], sys.argv[2:] or list(CASES)
    torch.set_num_threads(1)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, folder], check=True)
        print(f"{'optimizer':18}{'deferred':>10}{'PyTorch':>10}   relative error; PyTorch: its dense float32")
        for name in names:
            exact, single = dense(*CASES[name], torch.float64), dense(*CASES[name], torch.float32)
            own = torch.from_numpy(np.fromfile(pathlib.Path(folder, name + ".f32"), np.float32).reshape(ROWS, COLUMNS))
            error = [float((x.double() - exact).norm() / exact.norm()) for x in (own, single)]
            worse = error[0] > 1e-5 or error[0] > 1.5 * error[1]
            bad += worse
            print(f"{name:18}{error[0]:10.1e}{error[1]:10.1e}{'   above the bar' if worse else ''}", flush=True)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
