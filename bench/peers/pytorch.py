#!/usr/bin/env python3
"""The benchmark workloads in PyTorch, by the names of the C++ benchmarks, float32 on the CPU.

    pytorch.py [--filter REGEX] [--min-time SECONDS] [--list]

Prints JSON in the layout of Google Benchmark's --benchmark_format=json; real_time is the median of five repetitions,
each the mean over enough calls to last the minimum time. The thread count comes from ROWGRAD_NUM_THREADS (1 unless
set). A name states its own sizes: V rows in the table, D columns, B samples, T tokens each, H hidden units, L layers,
N negative samples. A step is zero_grad, forward, loss, backward and optimizer step on one fixed batch, ids uniform.

Dense Adam is PyTorch's default one; ROWGRAD_PEER_ADAM=fused takes its fused one, the fastest of the three on the CPU.
"""

import argparse
import json
import os
import platform
import re
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

WORKLOADS = [
    "lookup_fwd/V400k_D100_B64_T50",
    "bag_mean_fwd/V400k_D100_B64_T50",
    "meanpool_step_adam/V400k_D100_B64_T50",
    "meanpool_step_sparse/V400k_D100_B64_T50",
    "meanpool_step_adam/V10k_D100_B16_T20",
    "meanpool_step_sparse/V10k_D100_B16_T20",
    "tiny_step/seed004",
    "sgns_step_adam/V100k_D100_B1024_N5",
    "sgns_step_sgd/V100k_D100_B1024_N5",
    "bilstm_step_adam/V25k_D300_H256_L2_B8_T50",
    "bilstm_step_adam/V25k_D300_H256_L2_B64_T50",
    "bilstm_step_adam/V5k_D100_H128_L1_B32_T25",
    "bilstm_infer/V25k_D300_H256_L2_B8_T50",
    "bilstm_infer/V25k_D300_H256_L2_B64_T50",
]
REPETITIONS = 5
PADDING = 1  # the padding row of the recurrent models


def sizes(name):
    """'x/V400k_D100' -> {'V': 400000, 'D': 100}"""
    parts = re.findall(r"([A-Z])(\d+)(k?)(?=_|$)", name.partition("/")[2])
    return {letter: int(number) * (1000 if kilo else 1) for letter, number, kilo in parts}


def adam(parameters):
    return torch.optim.Adam(parameters, fused=os.environ.get("ROWGRAD_PEER_ADAM") == "fused" or None)


def inference(model, *inputs):
    """The model's forward pass without graph, in eval mode."""
    model.eval()

    def call():
        with torch.inference_mode():
            return model(*inputs)

    return call


def step(optimizers, loss):
    """One training step; loss() runs the forward pass."""

    def call():
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss().backward()
        for optimizer in optimizers:
            optimizer.step()

    return call


# ---- models ----------------------------------------------------------------------------------------------------------


class MeanPool(nn.Module):
    """The mean of a sentence's rows, then two linear layers."""

    def __init__(self, V, D, sparse):
        super().__init__()
        self.table = nn.EmbeddingBag(V, D, mode="mean", sparse=sparse)
        self.head = nn.Sequential(nn.Linear(D, 256), nn.ReLU(), nn.Linear(256, 2))

    def forward(self, ids):
        return self.head(self.table(ids))


class BiLstm(nn.Module):
    """A bidirectional LSTM over a sentence, tokens first; its last hidden states of both directions, then one layer."""

    def __init__(self, V, D, H, L):
        super().__init__()
        dropout = 0.5 if L > 1 else 0.0
        self.table = nn.Embedding(V, D, padding_idx=PADDING)
        self.lstm = nn.LSTM(D, H, L, bidirectional=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.out = nn.Linear(2 * H, 2)

    def forward(self, ids):
        _, (hidden, _) = self.lstm(self.dropout(self.table(ids)))
        return self.out(self.dropout(torch.cat((hidden[-2], hidden[-1]), dim=1)))


class SkipGram(nn.Module):
    """Skip-gram with negative sampling, one table for centres and one for contexts; forward gives the loss."""

    def __init__(self, V, D):
        super().__init__()
        self.centres = nn.Embedding(V, D, sparse=True)
        self.contexts = nn.Embedding(V, D, sparse=True)

    def forward(self, centre, contexts, sign):
        """contexts: the true one first, then the negatives; sign: +1 for the true one, -1 for the others."""
        scores = (self.contexts(contexts) * self.centres(centre).unsqueeze(1)).sum(dim=2)
        return -F.logsigmoid(sign * scores).sum(dim=1).mean()


# ---- workloads -------------------------------------------------------------------------------------------------------


def lookup_fwd(V, D, B, T):
    return inference(nn.Embedding(V, D), torch.randint(V, (B, T)))


def bag_mean_fwd(V, D, B, T):
    return inference(nn.EmbeddingBag(V, D, mode="mean"), torch.randint(V, (B, T)))


def meanpool_step(V, D, B, T, sparse):
    model = MeanPool(V, D, sparse)
    ids, labels = torch.randint(V, (B, T)), torch.randint(2, (B,))
    if sparse:
        optimizers = [torch.optim.SparseAdam(model.table.parameters()), adam(model.head.parameters())]
    else:
        optimizers = [adam(model.parameters())]
    return step(optimizers, lambda: F.cross_entropy(model(ids), labels))


def meanpool_step_adam(**size):
    return meanpool_step(**size, sparse=False)


def meanpool_step_sparse(**size):
    return meanpool_step(**size, sparse=True)


def tiny_step():
    model = nn.Sequential(
        nn.Embedding(20, 4), nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 1), nn.ReLU(), nn.Sigmoid()
    )
    ids, label = torch.randint(20, (1, 3)), torch.ones(1, 1)
    return step([adam(model.parameters())], lambda: F.binary_cross_entropy(model(ids), label))


def sgns_step(V, D, B, N, optimizer):
    model = SkipGram(V, D)
    centre, contexts = torch.randint(V, (B,)), torch.randint(V, (B, 1 + N))
    sign = torch.tensor([1.0] + [-1.0] * N)
    return step([optimizer(model.parameters())], lambda: model(centre, contexts, sign))


def sgns_step_adam(**size):
    return sgns_step(**size, optimizer=torch.optim.SparseAdam)


def sgns_step_sgd(**size):
    return sgns_step(**size, optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.025))


def bilstm_step_adam(V, D, H, L, B, T):
    model = BiLstm(V, D, H, L)
    ids, labels = torch.randint(V, (T, B)), torch.randint(2, (B,))
    return step([adam(model.parameters())], lambda: F.cross_entropy(model(ids), labels))


def bilstm_infer(V, D, H, L, B, T):
    return inference(BiLstm(V, D, H, L), torch.randint(V, (T, B)))


# ---- timing ----------------------------------------------------------------------------------------------------------


def seconds(call, iterations):
    start = time.perf_counter()
    for _ in range(iterations):
        call()
    return time.perf_counter() - start


def measure(name, min_time):
    torch.manual_seed(0)
    call = globals()[name.partition("/")[0]](**sizes(name))
    seconds(call, 3)  # warm up: optimizer state, code caches
    iterations, elapsed = 1, seconds(call, 1)
    while elapsed < min_time:
        iterations = max(iterations + 1, int(iterations * min(10.0, 1.2 * min_time / elapsed)))
        elapsed = seconds(call, iterations)
    times = [seconds(call, iterations) / iterations for _ in range(REPETITIONS)]
    return {
        "name": name,
        "real_time": statistics.median(times) * 1e6,
        "time_unit": "us",
        "iterations": iterations,
        "repetitions": REPETITIONS,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--filter", default="", metavar="REGEX", help="only workloads whose name contains a match")
    parser.add_argument("--min-time", type=float, default=0.2, metavar="SECONDS", help="of one repetition")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    options = parser.parse_args()

    try:
        names = [name for name in WORKLOADS if re.search(options.filter, name)]
    except re.error as error:
        parser.error(f"--filter: {error}")
    if options.list:
        print("\n".join(names))
        return
    threads = int(os.environ.get("ROWGRAD_NUM_THREADS", "1"))
    torch.set_num_threads(threads)
    context = {"library": f"PyTorch {torch.__version__}", "threads": threads, "machine": platform.machine()}
    benchmarks = [measure(name, options.min_time) for name in names]
    print(json.dumps({"context": context, "benchmarks": benchmarks}, indent=2))


if __name__ == "__main__":
    main()
