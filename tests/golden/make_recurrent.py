#!/usr/bin/env python3
"""Golden values of the recurrent layers, their cells and packed sequences, from PyTorch.

Run by hand when an option is added: python3 tests/golden/make_recurrent.py. Needs torch 2.13. What a case does is in
its text "run", which tests/nn/recurrent_cases.hpp reads; inputs, weights and seeds follow from formula().
"""
import warnings

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from golden_file import F32, F64, GoldenFile, formula

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
CELLS = {"lstm": nn.LSTMCell, "gru": nn.GRUCell, "rnn": nn.RNNCell}
OPTIONS = ("num_layers", "nonlinearity", "bias", "batch_first", "dropout", "bidirectional", "proj_size")


def text(run):
    """The dictionary as words key=value; lists are joined by commas, switches are 0 and 1."""
    def value(v):
        return ",".join(map(str, v)) if isinstance(v, list) else str(int(v)) if isinstance(v, bool) else str(v)
    return " ".join(f"{key}={value(v)}" for key, v in run.items())


def set_weights(layer):
    for i, p in enumerate(layer.parameters()):
        p.data = formula(p.shape, 10 + i, p.dtype) / 2
    return layer


def backward(results, seeds):
    """The gradient of the sum of (result * seed) over the results named, with another seed for each."""
    loss = 0
    for i, (name, y) in enumerate(results):
        if name in seeds:
            loss = loss + (y * formula(y.shape, 5 + i, y.dtype)).sum()
    loss.backward()


def write_gradients(f, leaves, layer):
    for key, leaf in leaves:
        f.tensor("d" + key, torch.zeros_like(leaf) if leaf.grad is None else leaf.grad)
    for key, p in layer.named_parameters():
        f.tensor("d" + key, torch.zeros_like(p) if p.grad is None else p.grad)


def run_layer(f, kind, name, dtype=F64, T=4, B=3, I=3, H=2, states="", lengths=None, packed=False, enforce_sorted=True,
              unbatched=False, train=True, seed=None, seeds="output,h_n,c_n", **options):
    """One call of a layer and a backward from all its results, or from those in seeds.

    states: the initial states that are given, out of "h,c"; lengths: pads again, unless packed."""
    torch.set_default_dtype(dtype)
    layer = set_weights(LAYERS[kind](I, H, **options)).train(train)
    batch_first = options.get("batch_first", False)
    shape = (T, I) if unbatched else (B, T, I) if batch_first else (T, B, I)
    x = formula(shape, dtype=dtype).requires_grad_()
    leaves = [("x", x)]
    directions = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    state = []
    for i, key in enumerate("hc" if kind == "lstm" else "h"):
        size = options.get("proj_size", 0) if key == "h" and options.get("proj_size", 0) else H
        shape = (directions, size) if unbatched else (directions, B, size)
        if key in states:
            state.append(formula(shape, 2 + i, dtype).requires_grad_())
            leaves.append((key + "0", state[-1]))
        else:
            state.append(torch.zeros(shape))
    initial = None if not states else tuple(state) if kind == "lstm" else state[0]
    if seed is not None:
        torch.manual_seed(seed)
    if lengths is None:
        output, final = layer(x, initial)
    else:
        sequence = pack_padded_sequence(x, torch.tensor(lengths), batch_first=batch_first,
                                        enforce_sorted=packed and enforce_sorted)
        output, final = layer(sequence, initial)
        if packed:
            output = output.data
        else:
            output, _ = pad_packed_sequence(output, batch_first=batch_first, total_length=T)
    results = [("output", output)]
    results += [("h_n", final[0]), ("c_n", final[1])] if kind == "lstm" else [("h_n", final)]
    backward(results, seeds.split(","))

    run = dict(layer=kind, T=T, B=B, I=I, H=H)
    run.update({key: options[key] for key in OPTIONS if key in options})
    if states:
        run["states"] = states
    if lengths is not None:
        run["lengths"] = lengths
    if packed:
        run.update(packed=True, enforce_sorted=enforce_sorted)
    if unbatched:
        run["unbatched"] = True
    if not train:
        run["train"] = False
    if seed is not None:
        run["seed"] = seed
    if seeds != "output,h_n,c_n":
        run["seeds"] = seeds
    f.case(f"{kind}@{name}", dtype)
    f.text("run", text(run))
    f.text("printed", str(layer))
    for key, y in results:
        f.tensor(key, y)
    write_gradients(f, leaves, layer)


def layers(kind):
    f = GoldenFile("nn_" + kind)
    h = "h,c" if kind == "lstm" else "h"

    def run(name, **arguments):
        run_layer(f, kind, name, **arguments)

    run("plain")
    run("states", states=h)
    run("output_alone", I=1, states=h, seeds="output", bidirectional=True)
    run("h_n_alone", I=1, states=h, seeds="h_n", bidirectional=True)
    run("no_bias", bias=False, states=h)
    run("two_layers", num_layers=2)
    run("three_layers", I=1, num_layers=3, states=h, T=3, B=2)
    run("bidirectional", bidirectional=True, states=h)
    run("bidirectional_zero_state", bidirectional=True, B=2)
    run("deep_bidirectional", num_layers=2, bidirectional=True, states=h)
    run("batch_first", batch_first=True, states=h)
    run("batch_first_layers", I=1, batch_first=True, num_layers=2, B=2)
    run("unbatched", unbatched=True)
    run("unbatched_states", unbatched=True, states=h, bidirectional=True)
    run("unbatched_batch_first", unbatched=True, states=h, batch_first=True)
    run("dropout_one", I=1, dropout=1.0, num_layers=3, states=h, T=3, B=2)
    run("dropout_eval", dropout=0.5, num_layers=2, train=False, B=2)
    run("one_step", T=1, states=h, bidirectional=True)
    run("one_sample", B=1, states=h)
    run("size_one", B=1, I=1, H=1, states=h, num_layers=2)
    run("wide", T=3, B=3, I=2, H=9, states=h)  # sizes that no vector width divides
    run("packed_sorted", lengths=[4, 2, 1], packed=True, states=h)
    run("packed_equal", I=1, lengths=[4, 4, 4], packed=True)
    run("packed_bidirectional", I=1, lengths=[4, 3, 3], packed=True, states=h, bidirectional=True)
    run("packed_any_order", lengths=[2, 4, 1], packed=True, enforce_sorted=False, states=h, num_layers=2,
        bidirectional=True)
    run("packed_batch_first", lengths=[1, 4, 3], packed=True, enforce_sorted=False, states=h, batch_first=True)
    run("packed_cut", lengths=[3, 2, 1], packed=True, bidirectional=True)  # the longest is shorter than the input
    run("packed_zero_state", lengths=[1, 3, 4], packed=True, enforce_sorted=False)
    run("lengths", lengths=[4, 2, 1], states=h)
    run("lengths_zero_state", lengths=[1, 4, 2])
    run("lengths_bidirectional", lengths=[2, 4, 1], states=h, bidirectional=True)
    run("lengths_deep", lengths=[2, 1, 4], states=h, num_layers=2, bidirectional=True)
    run("lengths_ties", I=1, lengths=[2, 4, 2], bidirectional=True)
    run("lengths_all_equal", I=1, lengths=[4, 4, 4], bidirectional=True)
    run("lengths_cut", I=1, lengths=[1, 3, 2], states=h, bidirectional=True)
    run("lengths_batch_first", lengths=[1, 4, 3], states=h, bidirectional=True, batch_first=True)
    run("lengths_h_n_alone", I=1, lengths=[1, 4, 3], states=h, seeds="h_n", bidirectional=True)
    run("lengths_output_alone", I=1, lengths=[1, 4, 3], states=h, seeds="output", bidirectional=True)
    run("lengths_dropout_one", lengths=[3, 1], B=2, T=3, dropout=1.0, num_layers=2, bidirectional=True, I=1)
    run("lengths_no_bias", lengths=[1, 3], B=2, T=3, bias=False, num_layers=2, states=h)
    run("dropout", dropout=0.5, num_layers=3, states=h, seed=3)
    run("dropout_bidirectional", dropout=0.3, num_layers=2, bidirectional=True, batch_first=True, seed=4)
    run("lengths_dropout", dropout=0.4, num_layers=2, bidirectional=True, lengths=[2, 4, 1], seed=5)
    if kind == "lstm":
        run("proj_dropout", dropout=0.5, num_layers=2, proj_size=1, H=3, seed=6)
        run("c_n_alone", I=1, states=h, seeds="c_n", num_layers=2)
        run("lengths_c_n_alone", I=1, states=h, seeds="c_n", bidirectional=True, lengths=[1, 4, 3])
        run("h_alone_given", states="h", T=3, B=2)
        run("c_alone_given", states="c", T=3, B=2)
        run("proj", proj_size=2, H=3, states=h)
        run("proj_no_bias", proj_size=1, states=h, bias=False)
        run("proj_deep", proj_size=2, H=3, I=1, states=h, num_layers=2, bidirectional=True, T=3, B=2)
        run("proj_unbatched", proj_size=1, states=h, unbatched=True, bidirectional=True)
        run("proj_batch_first", proj_size=1, num_layers=2, batch_first=True)
        run("proj_lengths", proj_size=1, states=h, lengths=[2, 4, 1], bidirectional=True)
        run("proj_lengths_layers", proj_size=1, lengths=[2, 4, 1], num_layers=2, batch_first=True)
        run("proj_packed", proj_size=2, H=3, states=h, lengths=[2, 4, 1], packed=True, enforce_sorted=False)
        run("proj_dropout_one", proj_size=1, dropout=1.0, num_layers=2, states=h, T=3, B=2)
        run("proj_wide", proj_size=5, T=3, B=2, I=1, H=9)
    if kind == "rnn":
        run("relu", nonlinearity="relu", states=h)
        run("relu_no_bias", nonlinearity="relu", bias=False)
        run("relu_deep", nonlinearity="relu", states=h, num_layers=2, bidirectional=True)
        run("relu_three_layers", nonlinearity="relu", num_layers=3)
        run("relu_lengths", nonlinearity="relu", states=h, lengths=[2, 4, 1], bidirectional=True)
        run("relu_packed", nonlinearity="relu", states=h, lengths=[4, 2, 1], packed=True)
        run("relu_unbatched", nonlinearity="relu", states=h, unbatched=True)
        run("relu_wide", nonlinearity="relu", T=3, B=3, I=2, H=9, states=h)

    run("plain", dtype=F32)
    run("dropout", dtype=F32, dropout=0.5, num_layers=3, states=h, seed=3)
    run("lengths_deep", dtype=F32, lengths=[2, 1, 4], states=h, num_layers=2, bidirectional=True)
    run("packed_any_order", dtype=F32, lengths=[2, 4, 1], packed=True, enforce_sorted=False, bidirectional=True)
    if kind == "lstm":
        run("proj_lengths", dtype=F32, proj_size=1, states=h, lengths=[2, 4, 1], bidirectional=True)
    if kind == "rnn":
        run("relu_deep", dtype=F32, nonlinearity="relu", states=h, num_layers=2, bidirectional=True)
    f.write()


def run_cell(f, kind, name, dtype=F64, B=3, I=3, H=2, steps=1, states="", unbatched=False, seeds="h_n,c_n", **options):
    """A cell over x[0], x[1], ..., its state handed on; a backward from the last one and, h alone, from every step."""
    torch.set_default_dtype(dtype)
    cell = set_weights(CELLS[kind](I, H, **options))
    x = formula((steps, I) if unbatched else (steps, B, I), dtype=dtype).requires_grad_()
    leaves, state = [("x", x)], []
    for i, key in enumerate("hc" if kind == "lstm" else "h"):
        shape = (H,) if unbatched else (B, H)
        if key in states:
            state.append(formula(shape, 2 + i, dtype).requires_grad_())
            leaves.append((key + "0", state[-1]))
        else:
            state.append(torch.zeros(shape))
    state = None if not states else tuple(state) if kind == "lstm" else state[0]
    outputs = []
    for step in range(steps):
        state = cell(x[step], state)
        outputs.append(state[0] if kind == "lstm" else state)
    results = [("output", torch.stack(outputs)), ("h_n", outputs[-1])]
    if kind == "lstm":
        results.append(("c_n", state[1]))
    backward(results, ["output"] * (steps > 1) + seeds.split(","))

    run = dict(layer=kind, T=steps, B=B, I=I, H=H)
    run.update({key: options[key] for key in OPTIONS if key in options})
    if states:
        run["states"] = states
    if unbatched:
        run["unbatched"] = True
    run["seeds"] = "output," * (steps > 1) + seeds
    f.case(f"{kind}@{name}", dtype)
    f.text("run", text(run))
    f.text("printed", str(cell))
    for key, y in results:
        f.tensor(key, y)
    write_gradients(f, leaves, cell)


def cells():
    f = GoldenFile("nn_recurrent_cell")
    for kind in CELLS:
        h = "h,c" if kind == "lstm" else "h"
        run_cell(f, kind, "plain")
        run_cell(f, kind, "states", states=h)
        run_cell(f, kind, "no_bias", states=h, bias=False)
        run_cell(f, kind, "unbatched", unbatched=True)
        run_cell(f, kind, "unbatched_states", unbatched=True, states=h)
        run_cell(f, kind, "h_n_alone", states=h, seeds="h_n")
        run_cell(f, kind, "steps", states=h, steps=3)
        run_cell(f, kind, "steps_zero_state", steps=2, unbatched=True)
        run_cell(f, kind, "wide", states=h, B=2, I=2, H=9)
        run_cell(f, kind, "size_one", states=h, B=1, I=1, H=1)
        run_cell(f, kind, "steps", dtype=F32, states=h, steps=3)
        if kind == "lstm":
            run_cell(f, kind, "c_n_alone", states=h, seeds="c_n")
            run_cell(f, kind, "h_alone_given", states="h")
            run_cell(f, kind, "c_alone_given", states="c")
        if kind == "rnn":
            run_cell(f, kind, "relu", states=h, nonlinearity="relu")
            run_cell(f, kind, "relu_no_bias", nonlinearity="relu", bias=False)
            run_cell(f, kind, "relu_steps", states=h, nonlinearity="relu", steps=3)
    f.write()


def init():
    f = GoldenFile("nn_recurrent_init")
    makers = {
        "lstm": dict(I=4, H=3),
        "lstm@no_bias": dict(I=3, H=2, bias=False),
        "lstm@deep_bidirectional": dict(I=1, H=2, num_layers=2, bidirectional=True),
        "lstm@proj": dict(I=2, H=3, proj_size=2, num_layers=2),
        "lstm@proj_bidirectional": dict(I=2, H=3, proj_size=1, bidirectional=True, bias=False),
        "gru": dict(I=4, H=3),
        "gru@no_bias": dict(I=3, H=2, bias=False),
        "gru@deep_bidirectional": dict(I=1, H=2, num_layers=2, bidirectional=True),
        "rnn": dict(I=5, H=3),
        "rnn@no_bias": dict(I=3, H=2, bias=False),
        "rnn@deep_bidirectional": dict(I=3, H=2, num_layers=2, bidirectional=True),
        "rnn@relu": dict(I=3, H=2, nonlinearity="relu", num_layers=3),
        "lstm_cell": dict(I=4, H=2),
        "lstm_cell@no_bias": dict(I=3, H=2, bias=False),
        "gru_cell": dict(I=4, H=2),
        "gru_cell@no_bias": dict(I=3, H=2, bias=False),
        "rnn_cell": dict(I=4, H=2),
        "rnn_cell@relu_no_bias": dict(I=3, H=2, bias=False, nonlinearity="relu"),
    }
    for name, run in makers.items():
        kind = name.split("@")[0]
        make = CELLS[kind.removesuffix("_cell")] if kind.endswith("_cell") else LAYERS[kind]
        for dtype in (F32, F64):
            torch.set_default_dtype(dtype)
            torch.manual_seed(1)
            layer = make(run["I"], run["H"], **{key: v for key, v in run.items() if key in OPTIONS})
            f.case(name if "@" in name else name + "@plain", dtype)
            f.text("run", text(dict(layer=kind, **run)))
            f.text("printed", str(layer))
            f.text("names", "\n".join(key for key, _ in layer.named_parameters()))
            for key, p in layer.named_parameters():
                f.tensor(key, p)
    f.write()


def packed():
    f = GoldenFile("functional_packed_sequence")

    def run(name, shape, lengths, dtype=F64, enforce_sorted=True, batch_first=False, pad_batch_first=None,
            padding_value=0.0, total_length=0):
        pad_batch_first = batch_first if pad_batch_first is None else pad_batch_first
        x = formula(shape, dtype=dtype).requires_grad_()
        sequence = pack_padded_sequence(x, torch.tensor(lengths), batch_first=batch_first,
                                        enforce_sorted=enforce_sorted)
        output, back = pad_packed_sequence(sequence, batch_first=pad_batch_first, padding_value=padding_value,
                                           total_length=total_length or None)
        # From both results: the packed values are also used by themselves.
        loss = (output * formula(output.shape, 5, dtype)).sum()
        (loss + (sequence.data * formula(sequence.data.shape, 6, dtype)).sum()).backward()
        f.case("pack@" + name, dtype)
        f.text("run", text(dict(lengths=lengths, enforce_sorted=enforce_sorted, batch_first=batch_first,
                                pad_batch_first=pad_batch_first, padding_value=padding_value,
                                total_length=total_length)))
        f.tensor("x", x)
        f.tensor("data", sequence.data)
        f.tensor("batch_sizes", sequence.batch_sizes)
        if sequence.sorted_indices is not None:
            f.tensor("sorted_indices", sequence.sorted_indices)
            f.tensor("unsorted_indices", sequence.unsorted_indices)
        f.tensor("output", output)
        f.tensor("lengths", back)
        f.tensor("dx", x.grad)

    run("sorted", (4, 3, 2), [4, 2, 1])
    run("ties", (4, 4, 2), [3, 3, 1, 1], enforce_sorted=True)
    run("equal", (3, 2, 2), [3, 3])
    run("any_order", (4, 3, 2), [2, 4, 1], enforce_sorted=False)
    run("any_order_ties", (4, 5, 2), [2, 4, 2, 1, 4], enforce_sorted=False)
    run("any_order_already_sorted", (4, 3, 2), [4, 2, 1], enforce_sorted=False)
    run("rotation", (4, 4, 1), [1, 2, 4, 3], enforce_sorted=False)  # a permutation that is not its own inverse
    run("batch_first", (3, 4, 2), [4, 2, 1], batch_first=True)
    run("batch_first_any_order", (3, 4, 2), [1, 2, 4], batch_first=True, enforce_sorted=False)
    run("pad_batch_first", (4, 3, 2), [1, 4, 2], enforce_sorted=False, pad_batch_first=True)
    run("pack_batch_first", (3, 4, 2), [1, 4, 2], batch_first=True, enforce_sorted=False, pad_batch_first=False)
    run("cut", (5, 3, 2), [3, 2, 2])  # the longest is shorter than the input: the rest is lost
    run("total_length", (5, 3, 2), [1, 3, 2], enforce_sorted=False, total_length=5)
    run("total_length_batch_first", (3, 4, 2), [4, 4, 2], batch_first=True, total_length=6)
    run("total_length_exact", (4, 2, 2), [4, 1], total_length=4)
    run("padding_value", (4, 3, 2), [1, 4, 2], enforce_sorted=False, padding_value=-1.5)
    run("padding_value_total_length", (4, 3, 2), [2, 3, 1], enforce_sorted=False, padding_value=0.25, total_length=5,
        batch_first=False, pad_batch_first=True)
    run("padding_infinite", (3, 2, 1), [1, 2], enforce_sorted=False, padding_value=float("-inf"), total_length=2)
    run("no_features", (4, 3), [2, 4, 1], enforce_sorted=False)
    run("two_features", (3, 2, 2, 2), [1, 3], enforce_sorted=False)
    run("one_sample", (3, 1, 2), [2])
    run("one_step", (1, 3, 2), [1, 1, 1])
    run("any_order", (4, 3, 2), [2, 4, 1], dtype=F32, enforce_sorted=False)
    run("padding_value", (4, 3, 2), [1, 4, 2], dtype=F32, enforce_sorted=False, padding_value=-1.5)
    f.write()


warnings.simplefilter("ignore")  # of dropout in a layer of one
for layer_kind in LAYERS:
    layers(layer_kind)
cells()
init()
packed()
