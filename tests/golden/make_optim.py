#!/usr/bin/env python3
"""Golden values of rowgrad/optim: weights after some steps, clipped gradients, learning rates, from PyTorch (CPU).

Run by hand when an optimizer or an option is added: python3 tests/golden/make_optim.py. Needs torch 2.13.
Start, gradients and lookups are formulas, repeated in tests/optim/training.hpp; the files hold only results.
Options change in the middle of each run: the rate is halved, and "switch_..." cases change more.
"""
import math

import torch

from golden_file import GoldenFile

F64, F32 = torch.float64, torch.float32
O = torch.optim


def start(shape, dtype):
    n = torch.Size(shape).numel()
    return torch.tensor([((i * 37 + 11) % 41 - 20) / 16 for i in range(n)], dtype=dtype).reshape(shape)


def gradient(shape, step, dtype):
    n = torch.Size(shape).numel()
    return torch.tensor([((i + 1) * 7919 + step * 104729) % 2049 - 1024 for i in range(n)], dtype=dtype).reshape(
        shape) / 1024


def looked_up(step):
    return torch.tensor([step * step % 6, (3 * step + 1) % 4, step * step % 6])


def change(optimizer, switch):
    for group in optimizer.param_groups:
        group["lr"] *= 0.5
        group.update(switch)


def dense(make, switch, dtype):
    """20 steps with given gradients. Weights after the first and the last."""
    w = start((2, 3), dtype).requires_grad_()
    optimizer = make([w])
    for step in range(1, 21):
        if step == 11:
            change(optimizer, switch)
        w.grad = gradient((2, 3), step, dtype)
        optimizer.step()
        if step == 1:
            yield "w1", w.clone()
    yield "w20", w


def rows(make, switch, dtype, sparse=False):
    """30 steps over a table of which a step sees some rows, and every seventh step none."""
    table = torch.nn.Embedding(6, 2, sparse=sparse, dtype=dtype)
    table.weight.data = start((6, 2), dtype)
    optimizer = make(table.parameters())
    for step in range(1, 31):
        if step == 16:
            change(optimizer, switch)
        optimizer.zero_grad()
        if step % 7 != 3:
            table(looked_up(step)).backward(gradient((3, 2), step, dtype))
        optimizer.step()
    yield "w30", table.weight


def write(file, variants):
    for name, (make, options, switch) in variants.items():
        runs = {"rows": lambda *a: rows(*a, sparse=True)} if make is O.SparseAdam else {"dense": dense, "rows": rows}
        for kind, run in runs.items():
            for dtype in (F64, F32):
                if dtype == F32 and switch:
                    continue
                file.case(f"{kind}@{name}", dtype)
                for key, value in run(lambda p: make(p, **options), switch, dtype):
                    file.tensor(key, value)


def optimizers():
    def variants(**given):
        return {name: (v[0], v[1], v[2] if len(v) > 2 else {}) for name, v in given.items()}

    sgd = dict(lr=0.1)
    f = GoldenFile("optim_sgd")
    write(f, variants(
        plain=(O.SGD, sgd),
        weight_decay=(O.SGD, dict(sgd, weight_decay=0.1)),
        momentum=(O.SGD, dict(sgd, momentum=0.9)),
        momentum_decay=(O.SGD, dict(sgd, momentum=0.9, weight_decay=0.1)),
        dampening=(O.SGD, dict(sgd, momentum=0.9, dampening=0.3)),
        dampening_decay=(O.SGD, dict(sgd, momentum=0.7, dampening=0.3, weight_decay=0.05)),
        nesterov=(O.SGD, dict(sgd, momentum=0.8, nesterov=True)),
        nesterov_decay=(O.SGD, dict(sgd, momentum=0.8, nesterov=True, weight_decay=0.1)),
        switch_momentum=(O.SGD, dict(sgd, momentum=0.9), dict(momentum=0.5)),
        switch_momentum_on=(O.SGD, sgd, dict(momentum=0.9)),
        switch_momentum_off=(O.SGD, dict(sgd, momentum=0.9), dict(momentum=0)),
        switch_nesterov=(O.SGD, dict(sgd, momentum=0.9), dict(nesterov=True)),
        switch_decay=(O.SGD, dict(sgd, momentum=0.9), dict(weight_decay=0.2)),
    ))
    f.write()

    adam = dict(lr=0.05)
    f = GoldenFile("optim_adam")
    write(f, variants(
        adam=(O.Adam, adam),
        adam_betas=(O.Adam, dict(adam, betas=(0.8, 0.95))),
        adam_no_betas=(O.Adam, dict(adam, betas=(0.0, 0.0), eps=0.1)),
        adam_eps=(O.Adam, dict(adam, eps=1e-2)),
        adam_decay=(O.Adam, dict(adam, weight_decay=0.1)),
        adam_amsgrad=(O.Adam, dict(adam, betas=(0.9, 0.7), amsgrad=True)),
        adam_amsgrad_decay=(O.Adam, dict(adam, betas=(0.9, 0.7), amsgrad=True, weight_decay=0.1)),
        adam_switch_betas=(O.Adam, adam, dict(betas=(0.7, 0.9))),
        adam_switch_eps=(O.Adam, adam, dict(eps=1e-2)),
        adam_switch_decay=(O.Adam, adam, dict(weight_decay=0.2)),
        adamw=(O.AdamW, adam),
        adamw_decay=(O.AdamW, dict(adam, weight_decay=0.3)),
        adamw_no_decay=(O.AdamW, dict(adam, weight_decay=0)),
        adamw_amsgrad=(O.AdamW, dict(adam, betas=(0.9, 0.7), amsgrad=True)),
        adamw_switch_decay=(O.AdamW, adam, dict(weight_decay=0.5)),
        sparse_adam=(O.SparseAdam, adam),
        sparse_adam_betas=(O.SparseAdam, dict(adam, betas=(0.8, 0.95), eps=1e-3)),
        sparse_adam_switch_betas=(O.SparseAdam, adam, dict(betas=(0.7, 0.9))),
    ))
    f.write()

    adagrad = dict(lr=0.1)
    f = GoldenFile("optim_adagrad")
    write(f, variants(
        plain=(O.Adagrad, adagrad),
        lr_decay=(O.Adagrad, dict(adagrad, lr_decay=0.1)),
        weight_decay=(O.Adagrad, dict(adagrad, weight_decay=0.1)),
        initial=(O.Adagrad, dict(adagrad, initial_accumulator_value=0.5)),
        eps=(O.Adagrad, dict(adagrad, eps=1e-1)),
        all=(O.Adagrad, dict(adagrad, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.2, eps=1e-3)),
        switch_decay=(O.Adagrad, adagrad, dict(weight_decay=0.2)),
    ))
    f.write()

    rmsprop = dict(lr=0.02)
    f = GoldenFile("optim_rmsprop")
    write(f, variants(
        plain=(O.RMSprop, rmsprop),
        alpha=(O.RMSprop, dict(rmsprop, alpha=0.8)),
        eps=(O.RMSprop, dict(rmsprop, eps=1e-1)),
        weight_decay=(O.RMSprop, dict(rmsprop, weight_decay=0.1)),
        momentum=(O.RMSprop, dict(rmsprop, momentum=0.9)),
        centered=(O.RMSprop, dict(rmsprop, centered=True)),
        all=(O.RMSprop, dict(rmsprop, alpha=0.9, eps=1e-3, weight_decay=0.1, momentum=0.5, centered=True)),
        switch_alpha=(O.RMSprop, rmsprop, dict(alpha=0.5)),
        switch_momentum=(O.RMSprop, dict(rmsprop, momentum=0.9), dict(momentum=0.3)),
    ))
    f.write()


def clip():
    f = GoldenFile("optim_clip")
    for dtype in (F64, F32):
        def gradients():
            a, b = start((4, 2), dtype).requires_grad_(), start((3,), dtype).requires_grad_()
            a.grad, b.grad = gradient((4, 2), 1, dtype), gradient((3,), 2, dtype)
            a.grad[1] = 0  # the row that has no gradient when it is row-sparse
            return a, b

        for name, args in {"norm2": (0.5, 2), "norm1": (0.5, 1), "inf": (0.25, float("inf")), "loose": (100.0, 2),
                           "zero": (0.0, 2), "norm3": (0.5, 3), "half": (2.0, 0.5), "count": (0.5, 0.0),
                           "negative": (0.01, -1.0), "smallest": (0.01, float("-inf"))}.items():
            a, b = gradients()
            norm = torch.nn.utils.clip_grad_norm_([a, b], args[0], norm_type=args[1], foreach=False)
            f.case(f"norm@{name}", dtype)
            f.tensor("norm", norm)
            f.tensor("a", a.grad)
            f.tensor("b", b.grad)
        a, b = gradients()
        torch.nn.utils.clip_grad_value_([a, b], 0.3)
        f.case("value@", dtype)
        f.tensor("a", a.grad)
        f.tensor("b", b.grad)
    f.write()


def schedulers():
    f = GoldenFile("optim_lr_scheduler")
    S = O.lr_scheduler

    def two_groups(initial=False):
        groups = [{"params": [torch.zeros(1)], "lr": 0.1}, {"params": [torch.zeros(1)], "lr": 0.02}]
        for group in groups if initial else []:
            group["initial_lr"] = 3 * group["lr"]
        return O.SGD(groups)

    def run(name, make, metrics=None, epochs=30, by_hand=None, initial=False):
        """`make` gives one schedule or several. by_hand: {epoch: rates of both groups}, set before the schedules step.
        With `initial` both groups come with an initial_lr, as from an earlier run."""
        optimizer = two_groups(initial)
        made = make(optimizer)
        rates = []
        for epoch in range(epochs):
            rates.append([g["lr"] for g in optimizer.param_groups])
            optimizer.step()
            for group, lr in zip(optimizer.param_groups, (by_hand or {}).get(epoch, ())):
                group["lr"] = lr
            for scheduler in made if isinstance(made, list) else [made]:
                plateau = isinstance(scheduler, S.ReduceLROnPlateau)
                scheduler.step(*([metrics[epoch]] if plateau else []))
        f.case(name, F64)
        f.tensor("rates", torch.tensor(rates, dtype=F64))
        if metrics is not None:
            f.tensor("metrics", torch.tensor(metrics, dtype=F64))

    run("step@7", lambda o: S.StepLR(o, 7))
    run("step@1", lambda o: S.StepLR(o, 1, gamma=0.9))
    run("exponential@", lambda o: S.ExponentialLR(o, 0.8))
    run("cosine@10", lambda o: S.CosineAnnealingLR(o, 10))
    run("cosine@30_min", lambda o: S.CosineAnnealingLR(o, 30, eta_min=0.01))
    run("cosine@7_min", lambda o: S.CosineAnnealingLR(o, 7, eta_min=0.005))

    # falls, stalls, falls by little, jumps up, falls below zero
    falling = [3, 2, 1.5, 1.5, 1.49, 1.4895, 1.48, 1.479, 1.47, 1.6, 1.2, 1.19, 1.185, 1.18, 1.18, 1.179, 0.9, 0.9,
               0.91, 0.9, 0.9, 0.89, -0.5, -0.6, -0.601, -0.6015, -0.6, -0.61, -0.61, -0.7]
    rising = [-m for m in falling]
    options = dict(factor=0.5, patience=1)
    for mode, metrics in (("min", falling), ("max", rising)):
        for threshold_mode, threshold in (("rel", 0.01), ("abs", 0.05)):
            mine = dict(options, mode=mode, threshold_mode=threshold_mode, threshold=threshold)
            run(f"plateau@{mode}_{threshold_mode}", lambda o: S.ReduceLROnPlateau(o, **mine), metrics)
            run(f"plateau_cooldown@{mode}_{threshold_mode}",
                lambda o: S.ReduceLROnPlateau(o, **mine, cooldown=3, min_lr=0.004, eps=0.002), metrics)
    run("plateau_default@", lambda o: S.ReduceLROnPlateau(o), [1 + i / 100 for i in range(30)])
    run("plateau@min_lrs", lambda o: S.ReduceLROnPlateau(o, patience=0, factor=0.5, min_lr=[0.03, 0.001]),
        [1 + i / 100 for i in range(30)])

    # long runs, rates set by hand in between, schedules that share an optimizer, and runs that go on
    by_hand = {17: (0.5, 0.3), 18: (0.25, 0.02), 40: (1e-3, 7.0), 70: (0.0, 0.1)}
    long = dict(epochs=100)
    wave = [math.sin(i / 3) + 1 / (1 + i) for i in range(100)]
    makers = {
        "step": lambda o: S.StepLR(o, 9, gamma=0.7),
        "exponential": lambda o: S.ExponentialLR(o, 0.97),
        "cosine": lambda o: S.CosineAnnealingLR(o, 13, eta_min=0.003),
        "cosine_1": lambda o: S.CosineAnnealingLR(o, 1),
        "two": lambda o: [S.StepLR(o, 20, gamma=0.3), S.ExponentialLR(o, 0.98)],
        "three": lambda o: [S.CosineAnnealingLR(o, 30, eta_min=1e-4), S.ExponentialLR(o, 1.01),
                            S.ReduceLROnPlateau(o, factor=0.6, patience=3, cooldown=2, min_lr=1e-3)],
        "later": lambda o: [S.ExponentialLR(o, 0.5), lower(o), S.CosineAnnealingLR(o, 10)],
    }

    def lower(optimizer):
        for group in optimizer.param_groups:
            group["lr"] /= 8
        return S.StepLR(optimizer, 50)

    for name, make in makers.items():
        metrics = wave if name == "three" else None
        run(f"{name}@long", make, metrics, **long)
        run(f"{name}@by_hand", make, metrics, by_hand=by_hand, **long)
    run("step@resumed", lambda o: S.StepLR(o, 5, 0.5, last_epoch=3), initial=True)
    run("step@resumed_due", lambda o: S.StepLR(o, 5, 0.5, last_epoch=4), initial=True)
    run("exponential@resumed", lambda o: S.ExponentialLR(o, 0.9, last_epoch=4), initial=True)
    run("cosine@resumed", lambda o: S.CosineAnnealingLR(o, 7, 0.01, last_epoch=11), initial=True)
    run("cosine@initial", lambda o: S.CosineAnnealingLR(o, 7, 0.01), initial=True)
    f.write()


if __name__ == "__main__":
    optimizers()
    clip()
    schedulers()
