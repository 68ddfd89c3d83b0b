#!/usr/bin/env python3
"""Golden values of Embedding and EmbeddingBag under training, for options in all combinations, and of a model whose
output layer and table are one parameter, from PyTorch.

Run by hand: python3 tests/golden/make_embedding.py. Needs torch 2.13.
"""
import itertools

import torch
from torch import nn

from golden_file import F32, F64, GoldenFile, formula

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.3),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05),
}
STEPS, ROWS, COLUMNS = 12, 7, 3


def ids(step):
    """Some rows twice, others seldom, the last rows not before step 6."""
    return torch.tensor([[step % 3, 0, 1], [step % (4 if step < 6 else 7), (step * step) % 4, 1]])


def train(layer, make, forward, f):
    optimizer = make(layer.parameters())
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        y = forward(layer, ids(step))
        loss = (y * y).mean() + y.sum() / 7
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    f.tensor("losses", torch.tensor(losses, dtype=layer.weight.dtype))
    f.tensor("weight", layer.weight)


def embeddings():
    f = GoldenFile("nn_embedding_training")
    for dtype in (F64, F32):
        torch.set_default_dtype(dtype)
        for padding, (norm, p), freq, name in itertools.product(
                (None, 0, -3), ((None, 2.0), (1.0, 2.0), (0.7, 1.0), (0.5, float("inf"))), (False, True), OPTIMIZERS):
            if dtype == F32 and (name != "adam" or norm == 0.5):
                continue
            f.case(f"embedding@{padding},{norm},{p},{int(freq)},{name}", dtype)
            layer = nn.Embedding(ROWS, COLUMNS, padding, norm, p, freq, _weight=formula((ROWS, COLUMNS), dtype=dtype))
            train(layer, OPTIMIZERS[name], lambda m, x: m(x), f)
        for mode, padding, norm, name in itertools.product(("sum", "mean", "max"), (None, 0, -3), (None, 1.0), ("adam", "sgd")):
            if dtype == F32 and name != "adam":
                continue
            f.case(f"bag@{padding},{norm},2.0,0,{name},{mode}", dtype)
            layer = nn.EmbeddingBag(ROWS, COLUMNS, norm, mode=mode, padding_idx=padding,
                                    _weight=formula((ROWS, COLUMNS), dtype=dtype))
            train(layer, OPTIMIZERS[name], lambda m, x: m(x), f)
    torch.set_default_dtype(F32)
    f.write()


def tied():
    f = GoldenFile("nn_tied")
    torch.set_default_dtype(F64)
    for name in OPTIMIZERS:
        encoder, decoder = nn.Embedding(ROWS, COLUMNS), nn.Linear(COLUMNS, ROWS, bias=False)
        decoder.weight = encoder.weight
        model = nn.ModuleDict({"encoder": encoder, "hidden": nn.Linear(COLUMNS, COLUMNS), "decoder": decoder})
        for i, p in enumerate(model.parameters()):
            p.data = formula(p.shape, 1 + i)
        f.case(f"{name}@", F64)
        f.text("parameters", "\n".join(k for k, _ in model.named_parameters()))
        f.text("state", "\n".join(model.state_dict()))
        optimizer = OPTIMIZERS[name](model.parameters())
        losses = []
        for step in range(STEPS):
            optimizer.zero_grad()
            if step % 3 == 2:  # a step that only looks rows up
                y = model["encoder"](ids(step))
                loss = (y * y).sum()
            else:
                y = model["decoder"](torch.tanh(model["hidden"](model["encoder"](ids(step))))).reshape(-1, ROWS)
                loss = nn.functional.cross_entropy(y, ids(step + 1).reshape(-1))
            loss.backward()
            losses.append(loss.item())
            optimizer.step()
        f.tensor("losses", torch.tensor(losses))
        f.tensor("weight", model["decoder"].weight)
        f.tensor("hidden", model["hidden"].weight)
    torch.set_default_dtype(F32)
    f.write()


if __name__ == "__main__":
    embeddings()
    tied()
