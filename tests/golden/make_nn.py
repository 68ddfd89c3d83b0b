#!/usr/bin/env python3
"""Golden values of rowgrad/nn: initial weights, names, printed trees, results and gradients of layers, from PyTorch.

Run by hand when a layer is added: python3 tests/golden/make_nn.py. Needs torch 2.13.
"""
import torch
from torch import nn

from golden_file import F32, F64, GoldenFile, formula



def init():
    f = GoldenFile("nn_init")
    makers = {
        "embedding@small": lambda: nn.Embedding(3, 4),       # below 16 values normal_ draws one by one
        "embedding@block": lambda: nn.Embedding(4, 4),
        "embedding@odd": lambda: nn.Embedding(5, 7),         # the last block overlaps
        "embedding@padding": lambda: nn.Embedding(5, 4, padding_idx=2),
        "linear@": lambda: nn.Linear(5, 3),
        "linear@no_bias": lambda: nn.Linear(4, 2, bias=False),
        "linear@wide": lambda: nn.Linear(13, 2),
        "layer_norm@": lambda: nn.LayerNorm((2, 3)),
    }
    for name, make in makers.items():
        f.initial(name, make)
    fillers = {
        "uniform": lambda x: nn.init.uniform_(x, -2, 3),
        "normal": lambda x: nn.init.normal_(x, 1, 0.5),
        "xavier_uniform": lambda x: nn.init.xavier_uniform_(x, gain=1.5),
        "kaiming_uniform": lambda x: nn.init.kaiming_uniform_(x, a=0.2),
    }
    for name, fill in fillers.items():
        for dtype in (F32, F64):
            for shape in ((3, 4), (2, 3, 3)):
                torch.manual_seed(2)
                f.case(f"{name}@{len(shape)}d", dtype)
                f.tensor("x", fill(torch.empty(shape, dtype=dtype)))
    torch.set_default_dtype(F32)
    f.write()


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Sequential(nn.Linear(5, 5, bias=False), nn.Tanh()))
        self.norm = nn.LayerNorm(5)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        return self.dropout(self.norm(self.layers(x)))

    def extra_repr(self):
        return "width=5"


class SentimentClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(12, 4, padding_idx=0)
        self.encoder = Encoder()
        self.output = nn.Linear(5, 2)

    def forward(self, text):
        return self.output(self.encoder(self.embedding(text).mean(1)))


def model():
    f = GoldenFile("nn_model")
    torch.manual_seed(7)
    m = SentimentClassifier()
    f.case("start@", F32)
    f.text("tree", str(m))
    f.text("names", "\n".join(name for name, _ in m.named_parameters()))
    f.text("applied", "\n".join(names_in_order(m)))
    for name, p in m.named_parameters():
        f.tensor(name, p)

    # Five steps of dense Adam; dropout is off. A step sees three or four of the twelve words.
    m = m.double().eval()
    optimizer = torch.optim.Adam(m.parameters(), lr=0.1, weight_decay=0.01)
    f.case("trained@", F64)
    losses = []
    for step in range(1, 6):
        text = torch.tensor([[step, 2 * step, 0], [step + 5, 1, 0]])
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(m(text), torch.tensor([0, 1]))
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    f.tensor("losses", torch.tensor(losses, dtype=F64))
    f.tensor("embedding.weight", m.embedding.weight)
    f.tensor("output.weight", m.output.weight)
    f.write()


def names_in_order(m):
    order = []
    m.apply(lambda layer: order.append(type(layer).__name__))
    return order


def layers():
    f = GoldenFile("nn_layers")
    makers = {
        "layer_norm@": (lambda: nn.LayerNorm(5), (3, 5)),
        "layer_norm@two": (lambda: nn.LayerNorm((2, 3)), (3, 2, 3)),
        "layer_norm@eps": (lambda: nn.LayerNorm(4, eps=0.5), (2, 4)),
        "layer_norm@no_affine": (lambda: nn.LayerNorm(4, elementwise_affine=False), (2, 4)),
        "layer_norm@no_bias": (lambda: nn.LayerNorm(4, bias=False), (2, 4)),
        "relu@": (lambda: nn.ReLU(), (2, 4)),
        "sigmoid@": (lambda: nn.Sigmoid(), (2, 4)),
        "tanh@": (lambda: nn.Tanh(), (2, 4)),
        "gelu@": (lambda: nn.GELU(), (2, 4)),
        "gelu@tanh": (lambda: nn.GELU(approximate="tanh"), (2, 4)),
        "log_sigmoid@": (lambda: nn.LogSigmoid(), (2, 4)),
        "softmax@0": (lambda: nn.Softmax(dim=0), (2, 4)),
        "softmax@-1": (lambda: nn.Softmax(dim=-1), (2, 4)),
        "log_softmax@1": (lambda: nn.LogSoftmax(dim=1), (2, 4)),
        "flatten@": (lambda: nn.Flatten(), (2, 2, 3)),
        "flatten@0": (lambda: nn.Flatten(0, 1), (2, 2, 3)),
        "linear@": (lambda: nn.Linear(4, 3), (2, 4)),
        "linear@cube": (lambda: nn.Linear(4, 3, bias=False), (2, 2, 4)),
        "linear@vector": (lambda: nn.Linear(4, 3), (4,)),
    }
    torch.set_default_dtype(F64)
    for name, (make, shape) in makers.items():
        torch.manual_seed(3)
        layer = make()
        for i, p in enumerate(layer.parameters()):
            p.data = formula(p.shape, 10 + i)
        x = formula(shape).requires_grad_()
        y = layer(x)
        y.backward(formula(y.shape, 5))
        f.case(name, F64)
        f.text("printed", str(layer))
        f.tensor("y", y)
        f.tensor("dx", x.grad)
        for key, p in layer.named_parameters():
            f.tensor("d" + key, p.grad)
    torch.set_default_dtype(F32)
    f.write()


init()
model()
layers()
