#!/usr/bin/env python3
"""Golden values of learning-rate schedules beyond make_optim.py's: rates and momentums of two groups for 60 epochs.

Run by hand: python3 tests/golden/make_optim_schedules.py. Needs torch 2.13. "warm@..." cases have another schedule made
before, "resumed@..." cases start in the middle of a run.
"""
import math

import torch

from golden_file import F64, GoldenFile

O = torch.optim
S = O.lr_scheduler


def groups():
    return [{"params": [torch.zeros(1)], "lr": 0.1}, {"params": [torch.zeros(1)], "lr": 0.02}]


def run(f, name, make, adam=False, epochs=60, initial=False, step=lambda s, epoch: s.step(), by_hand=None):
    given = groups()
    for group in given if initial else []:
        group["initial_lr"] = 3 * group["lr"]
    optimizer = O.Adam(given) if adam else O.SGD(given, momentum=0.3)
    scheduler = make(optimizer)
    seen = []
    for epoch in range(epochs):
        row = [g["lr"] for g in optimizer.param_groups]
        if "cycl" in name:
            row += [g["betas"][0] if adam else g["momentum"] for g in optimizer.param_groups]
        assert list(scheduler.get_last_lr()) == row[:2] or by_hand
        seen.append(row)
        optimizer.step()
        for group, lr in zip(optimizer.param_groups, (by_hand or {}).get(epoch, ())):
            group["lr"] = lr
        step(scheduler, epoch)
    f.case(name, F64)
    f.tensor("seen", torch.tensor(seen, dtype=F64))


def all_of():
    f = GoldenFile("optim_schedules")
    by_hand = {17: (0.5, 0.3), 18: (0.25, 0.02), 40: (1e-3, 7.0)}
    plain = {
        "lambda": lambda o: S.LambdaLR(o, lambda e: 0.95 ** e),
        "lambdas": lambda o: S.LambdaLR(o, [lambda e: 1 / (1 + e), lambda e: math.sin(e)]),
        "multiplicative": lambda o: S.MultiplicativeLR(o, lambda e: 0.97 if e % 3 else 1.01),
        "multiplicatives": lambda o: S.MultiplicativeLR(o, [lambda e: 0.9, lambda e: 1 + 0.1 * math.cos(e)]),
        "multi_step": lambda o: S.MultiStepLR(o, [30, 7, 7, 50, -1, 0], 0.3),
        "multi_step_none": lambda o: S.MultiStepLR(o, []),
        "constant": lambda o: S.ConstantLR(o),
        "constant_40": lambda o: S.ConstantLR(o, 0.7, 40),
        "constant_0": lambda o: S.ConstantLR(o, 0.7, 0),
        "linear": lambda o: S.LinearLR(o),
        "linear_down": lambda o: S.LinearLR(o, 0.9, 0.0, 33),
        "linear_0": lambda o: S.LinearLR(o, 0.5, 1.0, 0),
        "polynomial": lambda o: S.PolynomialLR(o),
        "polynomial_2": lambda o: S.PolynomialLR(o, 41, 2.5),
        "polynomial_0": lambda o: S.PolynomialLR(o, 0, 2.0),
        "restarts": lambda o: S.CosineAnnealingWarmRestarts(o, 7),
        "restarts_2": lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2, 1e-3),
        "cyclic": lambda o: S.CyclicLR(o, 0.001, 0.1, step_size_up=7),
        "cyclic_2": lambda o: S.CyclicLR(o, [0.001, 0.01], [0.2, 0.1], step_size_up=5, step_size_down=3,
                                         mode="triangular2", base_momentum=[0.7, 0.6], max_momentum=0.95),
        "cyclic_exp": lambda o: S.CyclicLR(o, 0.001, 0.1, step_size_up=4, step_size_down=9, mode="exp_range", gamma=0.97),
        "cyclic_no_momentum": lambda o: S.CyclicLR(o, 0.001, 0.1, step_size_up=6, step_size_down=0, cycle_momentum=False),
        "cyclic_function": lambda o: S.CyclicLR(o, 0.001, 0.1, step_size_up=6, scale_fn=lambda x: 1 / (5 ** (x * 0.01)),
                                                scale_mode="iterations"),
        "cyclic_function_cycle": lambda o: S.CyclicLR(o, 0.001, 0.1, step_size_up=6, scale_fn=lambda x: 1 / x),
        "one_cycle": lambda o: S.OneCycleLR(o, 0.3, total_steps=61),
        "one_cycle_linear": lambda o: S.OneCycleLR(o, [0.3, 0.2], epochs=7, steps_per_epoch=9, pct_start=0.45,
                                                   anneal_strategy="linear", base_momentum=[0.7, 0.8],
                                                   max_momentum=0.9, div_factor=10, final_div_factor=100),
        "one_cycle_three": lambda o: S.OneCycleLR(o, 0.3, total_steps=60, three_phase=True),
        "one_cycle_alone": lambda o: S.OneCycleLR(o, 0.3, total_steps=64, cycle_momentum=False, pct_start=0.99),
        "sequential": lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 20), S.ExponentialLR(o, 0.9)], [20]),
        "sequential_3": lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.01, 1.0, 10), S.CosineAnnealingLR(o, 20, 1e-3),
                                                     S.StepLR(o, 5, 0.5)], [10, 33]),
        "sequential_restarts": lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 5),
                                                            S.CosineAnnealingWarmRestarts(o, 4, 2)], [5]),
        "sequential_functions": lambda o: S.SequentialLR(
            o, [S.MultiplicativeLR(o, lambda e: 0.9), S.LambdaLR(o, lambda e: 1 / (1 + e)), S.PolynomialLR(o, 10, 2.0),
                S.MultiStepLR(o, [3, 5]), S.MultiplicativeLR(o, lambda e: 0.5 + 0.1 * (e % 3))], [6, 12, 25, 40]),
        "sequential_at_0": lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.1, 3), S.ExponentialLR(o, 0.9)], [0]),
        "sequential_of_chained": lambda o: S.SequentialLR(
            o, [S.ChainedScheduler([S.ConstantLR(o, 0.5, 4), S.ExponentialLR(o, 0.9)]), S.StepLR(o, 3)], [8]),
        "chained": lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.1, 20), S.ExponentialLR(o, 0.9)]),
        "chained_3": lambda o: S.ChainedScheduler([S.LinearLR(o, 0.5, 1.0, 8), S.StepLR(o, 9, 0.7),
                                                   S.ExponentialLR(o, 0.99)], optimizer=o),
        "chained_sequential": lambda o: S.ChainedScheduler(
            [S.SequentialLR(o, [S.LinearLR(o, 0.5, 1.0, 8), S.StepLR(o, 9, 0.7)], [8]), S.ExponentialLR(o, 0.99)]),
    }
    for name, make in plain.items():
        run(f, f"{name}@sgd", make)
        if "cycl" in name:
            run(f, f"{name}@adam", make, adam=True)
        if name in ("multiplicatives", "multi_step", "constant_40", "linear_down", "polynomial_2", "restarts_2",
                    "sequential_3", "chained_3"):
            run(f, f"{name}@by_hand", make, by_hand=by_hand)

    run(f, "restarts@fractions", lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2, 1e-3),
        step=lambda s, epoch: s.step((epoch + 1) * 0.37))
    run(f, "restarts@jumps", lambda o: S.CosineAnnealingWarmRestarts(o, 4),
        step=lambda s, epoch: s.step((epoch * 7 + 3) % 23 + 0.25) if epoch % 3 else s.step())
    warm = lambda make: lambda o: (S.ExponentialLR(o, 0.5), make(o))[1]
    run(f, "cyclic@warm", warm(plain["cyclic_2"]))
    run(f, "one_cycle@warm", warm(plain["one_cycle"]))
    resumed = {
        "lambda": lambda o: S.LambdaLR(o, lambda e: 0.95 ** e, last_epoch=4),
        "multiplicative": lambda o: S.MultiplicativeLR(o, lambda e: 0.95, last_epoch=4),
        "multi_step": lambda o: S.MultiStepLR(o, [5, 9], last_epoch=4),
        "constant": lambda o: S.ConstantLR(o, 0.5, 5, last_epoch=4),
        "linear": lambda o: S.LinearLR(o, 0.5, 1.0, 9, last_epoch=4),
        "polynomial": lambda o: S.PolynomialLR(o, 9, 1.5, last_epoch=4),
        "restarts": lambda o: S.CosineAnnealingWarmRestarts(o, 9, 2, 0.0, last_epoch=4),
        "cyclic": lambda o: S.CyclicLR(o, 0.01, 0.1, step_size_up=6, cycle_momentum=False, last_epoch=4),
    }
    for name, make in resumed.items():
        run(f, f"{name}@resumed", make, initial=True)
    f.write()


all_of()
