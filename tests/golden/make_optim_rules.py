#!/usr/bin/env python3
"""Golden values of the rules that came later: NAdam, RAdam, Adamax, Adadelta, row-wise Adagrad, and `maximize` of all.

Run by hand: python3 tests/golden/make_optim_rules.py. Needs torch 2.13. Runs are those of make_optim.py. Row-wise Adagrad
is FBGEMM's; where fbgemm_gpu (fbgemm-gpu-cpu 1.8.0) can be imported, the formula here is compared with it.
"""
import torch

from golden_file import GoldenFile
from make_optim import F32, F64, O, change, dense, gradient, looked_up, rows, start


def write(name, make, variants):
    """variants: {name: (options, what changes in the middle)}, or the options alone."""
    f = GoldenFile(name)
    write_cases(f, make, variants)
    f.write()


def write_cases(f, make, variants):
    for case, given in variants.items():
        options, switch = given if isinstance(given, tuple) else (given, {})
        runs = {"rows": lambda *a: rows(*a, sparse=True)} if make is O.SparseAdam else {"dense": dense, "rows": rows}
        for kind, run in runs.items():
            for dtype in (F64, F32):
                if dtype == F32 and switch:
                    continue
                torch.set_default_dtype(dtype)  # NAdam keeps the product of its mu in it
                f.case(f"{kind}@{case}", dtype)
                for key, value in run(lambda p: make(p, **options), switch, dtype):
                    f.tensor(key, value)
    torch.set_default_dtype(F32)


class RowwiseAdagrad(torch.optim.Optimizer):
    """FBGEMM's EXACT_ROWWISE_ADAGRAD; a row of zeros in the gradient is one that was not looked up."""

    def __init__(self, params, lr=0.01, weight_decay=0.0, eps=1e-8, decoupled=False, everywhere=False):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, eps=eps, decoupled=decoupled,
                                      everywhere=everywhere))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                moment = self.state[p].setdefault("sum", torch.zeros(p.shape[0], dtype=p.dtype))
                looked_up = (p.grad != 0).any(1) | group["everywhere"]
                l2 = 0 if group["decoupled"] else group["weight_decay"]
                g = p.grad + l2 * p
                moment += torch.where(looked_up, g.square().mean(1), 0)
                multiplier = group["lr"] / (moment.sqrt() + group["eps"])
                correction = 1 - group["lr"] * group["weight_decay"] if group["decoupled"] else 1
                p.copy_(torch.where(looked_up[:, None], correction * p - multiplier[:, None] * g, p))


def rowwise():
    f = GoldenFile("optim_rowwise_adagrad")
    variants = dict(plain=dict(lr=0.1), eps=dict(lr=0.1, eps=0.1), decay=dict(lr=0.1, weight_decay=0.1),
                    decoupled=dict(lr=0.1, weight_decay=0.1, decoupled=True))
    for name, options in variants.items():
        for dtype in (F64, F32):
            for kind, run in (("dense", dense), ("rows", rows)):
                f.case(f"{kind}@{name}", dtype)
                for key, value in run(lambda p: RowwiseAdagrad(p, **options, everywhere=kind == "dense"), {}, dtype):
                    f.tensor(key, value)
                    if dtype == F32 and kind == "rows":
                        compare(name, options, value)
    f.write()


def compare(name, options, expected):
    try:
        from fbgemm_gpu.split_embedding_configs import EmbOptimType
        from fbgemm_gpu.split_table_batched_embeddings_ops_common import EmbeddingLocation
        from fbgemm_gpu.split_table_batched_embeddings_ops_training import (
            ComputeDevice, SplitTableBatchedEmbeddingBagsCodegen)
    except ImportError:
        return
    if "weight_decay" in options:
        return  # its CPU kernel takes the option and leaves it out; the formula is that of the GPU's
    table = SplitTableBatchedEmbeddingBagsCodegen(
        [(6, 4, EmbeddingLocation.HOST, ComputeDevice.CPU)], optimizer=EmbOptimType.EXACT_ROWWISE_ADAGRAD,
        learning_rate=options["lr"], eps=options.get("eps", 1e-8))
    reference = start((6, 4), F32).requires_grad_()  # its rows are multiples of four wide
    mine = RowwiseAdagrad([reference], **options)
    weight = table.split_embedding_weights()[0]
    weight.data.copy_(start((6, 4), F32))
    for step in range(1, 31):
        ids, seed = looked_up(step), gradient((3, 4), step, F32)
        table(ids, torch.arange(4)).backward(seed)
        mine.zero_grad()
        reference[ids].backward(seed)
        mine.step()
    error = (weight - reference).abs().max().item()
    print(f"row-wise Adagrad, {name}: {error:.1e} from FBGEMM")
    assert error < 1e-6 and expected.shape == (6, 2)


def maximize():
    f = GoldenFile("optim_maximize")
    for name, make, options in (
            ("sgd", O.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.1)), ("sgd_plain", O.SGD, dict(lr=0.1)),
            ("adam", O.Adam, dict(lr=0.05, weight_decay=0.1)), ("adamw", O.AdamW, dict(lr=0.05, amsgrad=True)),
            ("sparse_adam", O.SparseAdam, dict(lr=0.05)), ("adagrad", O.Adagrad, dict(lr=0.1, weight_decay=0.1)),
            ("rmsprop", O.RMSprop, dict(lr=0.02, centered=True, momentum=0.5, weight_decay=0.1)),
            ("nadam", O.NAdam, dict(lr=0.02, weight_decay=0.1)), ("radam", O.RAdam, dict(lr=0.02, weight_decay=0.1)),
            ("adamax", O.Adamax, dict(lr=0.02, weight_decay=0.1)),
            ("adadelta", O.Adadelta, dict(lr=0.5, weight_decay=0.1))):
        write_cases(f, make, {name: dict(options, maximize=True)})
    f.write()


nadam = dict(lr=0.02)
write("optim_nadam", O.NAdam, dict(
    plain=nadam, betas=dict(nadam, betas=(0.8, 0.95)), no_betas=dict(nadam, betas=(0.0, 0.0), eps=0.1),
    eps=dict(nadam, eps=1e-2), decay=dict(nadam, weight_decay=0.1), momentum_decay=dict(nadam, momentum_decay=0.3),
    no_momentum_decay=dict(nadam, momentum_decay=0.0),
    decoupled=dict(nadam, weight_decay=0.1, decoupled_weight_decay=True), switch_eps=(nadam, dict(eps=1e-2))))
radam = dict(lr=0.02)
write("optim_radam", O.RAdam, dict(
    plain=radam, betas=dict(radam, betas=(0.8, 0.95)), never=dict(radam, betas=(0.9, 0.5)),
    eps=dict(radam, eps=1e-2), decay=dict(radam, weight_decay=0.1),
    decoupled=dict(radam, weight_decay=0.1, decoupled_weight_decay=True), switch_betas=(radam, dict(betas=(0.7, 0.9)))))
adamax = dict(lr=0.02)
write("optim_adamax", O.Adamax, dict(
    plain=adamax, betas=dict(adamax, betas=(0.8, 0.5)), eps=dict(adamax, eps=0.3), decay=dict(adamax, weight_decay=0.1),
    switch_betas=(adamax, dict(betas=(0.7, 0.9)))))
adadelta = dict(lr=0.5)
write("optim_adadelta", O.Adadelta, dict(
    plain=adadelta, rho=dict(adadelta, rho=0.5), rho_0=dict(adadelta, rho=0.0), rho_1=dict(adadelta, rho=1.0),
    eps=dict(adadelta, eps=1e-2), decay=dict(adadelta, weight_decay=0.1),
    switch_rho=(adadelta, dict(rho=0.6))))
rowwise()
maximize()
