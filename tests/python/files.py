"""Files of Python's safetensors, read and written again by copy_safetensors, hold the same bytes. Usage: files.py COPY"""
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

torch.manual_seed(1)
random.seed(1)


def finite_halves(dtype):
    """Every value of a 16-bit floating-point type but the NaNs."""
    values = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
    return values[~values.isnan()]


def whole(dtype):
    info = torch.iinfo(dtype)
    return torch.tensor([info.min, info.min + 1, -1 if info.min < 0 else 1, 0, 1, info.max - 1, info.max], dtype=dtype)


tensors = {
    "F64": torch.tensor([0.0, -0.0, 1 / 3, 5e-324, -1.7976931348623157e308, torch.inf, -torch.inf, torch.nan],
                        dtype=torch.float64),
    "F32": torch.tensor([0.0, -0.0, 1 / 3, 1e-45, -3.4028234e38, torch.inf, -torch.inf, torch.nan]),
    "F16": finite_halves(torch.float16),
    "BF16": finite_halves(torch.bfloat16),
    "I64": whole(torch.int64),
    "I32": whole(torch.int32),
    "I16": whole(torch.int16),
    "I8": whole(torch.int8),
    "U8": torch.arange(256).to(torch.uint8),
    "BOOL": torch.tensor([[True], [False], [True]]),
}
for name, values in list(tensors.items()):
    tensors[name + ", shape ()"] = values.flatten()[1].clone()
    for shape in ((0,), (0, 3), (2, 0, 4)):
        tensors[f"{name}, empty {shape}"] = values.new_empty(shape)
tensors["eight dimensions"] = torch.rand(1, 2, 1, 3, 1, 2, 1, 2)
# Names in any UTF-8: ASCII with what JSON escapes, controls, two, three and four bytes, combining and right-to-left.
tensors[""] = torch.tensor(1.0)
for i, letters in enumerate(["\"\\/", "\b\f\n\r\t\x01\x1f\x7f", "äöüß", "語言", "😀🏳️‍🌈", "e\u0301", "שלום", "\u2028\u2029\ufeff\uffff",
                             "\U0010ffff", "a.b.c:0", " ", "__metadata", "{}[],:"]):
    tensors[letters] = torch.tensor([i])
names = dict(tensors)
names["metadata"] = torch.zeros(1)
many = {f"layer.{i}.ü{random.randrange(10**9)}": torch.rand(i % 7, 3) for i in range(10000)}
metadata = {"format": "pt", "": "empty key", "語": "\"\\\n😀\x01"}


def contents(path):
    """Type, shape and bytes of each tensor, and the metadata."""
    with safe_open(path, framework="pt") as f:
        tensors = {name: f.get_tensor(name) for name in f.keys()}
        return {n: (t.dtype, tuple(t.shape), t.contiguous().view(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b"")
                for n, t in tensors.items()}, f.metadata()


with tempfile.TemporaryDirectory() as folder:
    for title, written, meta in (("all types and names", names, metadata), ("10,000 tensors", many, None), ("none", {}, None)):
        theirs, ours, again = (Path(folder) / name for name in ("theirs", "ours", "again"))
        save_file(written, theirs, meta)
        subprocess.run([sys.argv[1], theirs, ours], check=True)
        expected, got = contents(theirs), contents(ours)
        assert len(expected[0]) == len(written)
        assert got[0].keys() == expected[0].keys(), title
        for name in written:
            assert got[0][name] == expected[0][name], (title, name)
        assert (got[1] or {}) == (expected[1] or {}), title
        subprocess.run([sys.argv[1], ours, again], check=True)
        assert ours.read_bytes() == again.read_bytes(), title
        print(f"safetensors, {title}: {len(written)} tensors, the same bytes both ways")
