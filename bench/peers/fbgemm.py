#!/usr/bin/env python3
"""The bag_step workloads in FBGEMM (fbgemm-gpu-cpu 1.8.0 beside PyTorch 2.13), by the names of the C++ benchmarks.

    fbgemm.py [--filter REGEX] [--min-time SECONDS] [--list]

Its bags are trained in one: backward() makes the optimizer's step. Options, threads and output are those of pytorch.py.
"""

import torch
from fbgemm_gpu.split_embedding_configs import EmbOptimType
from fbgemm_gpu.split_table_batched_embeddings_ops_common import EmbeddingLocation
from fbgemm_gpu.split_table_batched_embeddings_ops_training import ComputeDevice, SplitTableBatchedEmbeddingBagsCodegen

import pytorch as peer


def bag_step(V, D, B, T, optimizer):
    bag = SplitTableBatchedEmbeddingBagsCodegen(
        [(V, D, EmbeddingLocation.HOST, ComputeDevice.CPU)], optimizer=optimizer, learning_rate=1e-3, eps=1e-8
    )
    bag.init_embedding_weights_uniform(-1.0, 1.0)
    ids, offsets = torch.randint(V, (B * T,)), torch.arange(0, B * T + 1, T)
    gradient = torch.randn(B, D)
    return lambda: bag(ids, offsets).backward(gradient)


def bag_step_sgd(**size):
    return bag_step(**size, optimizer=EmbOptimType.EXACT_SGD)


def bag_step_adagrad(**size):
    return bag_step(**size, optimizer=EmbOptimType.EXACT_ADAGRAD)


def bag_step_rowwise_adagrad(**size):
    return bag_step(**size, optimizer=EmbOptimType.EXACT_ROWWISE_ADAGRAD)


if __name__ == "__main__":
    peer.WORKLOADS[:] = [f"bag_step_{rule}/V400k_D100_B1024_T50" for rule in ("sgd", "adagrad", "rowwise_adagrad")]
    vars(peer).update({name: call for name, call in globals().items() if name.startswith("bag_step")})
    peer.main()
