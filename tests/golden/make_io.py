"""Files as other programs write them, for tests/io: io_files.txt holds each as "NAME BYTES", bytes in hexadecimal.

Needs torch==2.13.0, numpy and safetensors."""
import argparse
import os
import tempfile

import numpy as np
import torch
from safetensors.torch import save_file

from golden_file import DIRECTORY, formula

files = {}


def tensors():
    """Of every type; the values are those that the tests know."""
    return {
        "weight": formula((3, 4), 1, torch.float32),
        "double": formula((2, 3), 2),
        "half": formula((5,), 3, torch.float16),
        "bfloat": formula((5,), 3, torch.bfloat16),
        "long": torch.tensor([[-1, 2**40], [3, -(2**62)]]),
        "int": torch.tensor([1, -2], dtype=torch.int32),
        "short": torch.tensor([1, -2], dtype=torch.int16),
        "char": torch.tensor([1, -2], dtype=torch.int8),
        "byte": torch.tensor([1, 254], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros((0, 3)),
        "näme \"\\\n😀": torch.tensor([7]),
    }


def keep(name, write):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        write(path)
        with open(path, "rb") as f:
            files[name] = f.read()


def npy(name, array, **options):
    def write(path):
        with open(path, "wb") as f:
            np.lib.format.write_array(f, array, **options)
    keep(name, write)


class Evil:
    def __reduce__(self):
        return (os.system, ("echo this must not run",))


keep("all.safetensors", lambda path: save_file(tensors(), path, {"made by": "make_io.py", "ü": "\"\n"}))
keep("all.pt", lambda path: torch.save(tensors(), path))

whole = formula((4, 6), 5, torch.float32)
views = {"transposed": whole.t(), "part": whole[1:3, 2:5], "every_second": whole[:, ::2], "row": whole[2],
         "parameter": torch.nn.Parameter(whole[0].clone())}
keep("views.pt", lambda path: torch.save(views, path))
keep("lstm.pt", lambda path: torch.save(torch.nn.LSTM(2, 3).state_dict(), path))
keep("nested.pt", lambda path: torch.save({"model": torch.nn.Linear(2, 1).state_dict(), "epoch": 3}, path))
keep("expanded.pt", lambda path: torch.save({"x": torch.ones(1).expand(1000)}, path))
keep("evil.pt", lambda path: torch.save({"x": Evil()}, path))
keep("model.pt", lambda path: torch.save(torch.nn.Linear(2, 1), path))
keep("old.pt", lambda path: torch.save({"x": torch.ones(1)}, path, _use_new_zipfile_serialization=False))
unsigned = {str(dtype)[6:]: torch.arange(4).to(dtype)[1:] for dtype in (torch.uint16, torch.uint32, torch.uint64)}
keep("unsigned.pt", lambda path: torch.save(unsigned, path))
keep("float8.pt", lambda path: torch.save({"x": torch.ones(2).to(torch.float8_e4m3fn)}, path))
keep("negated.pt", lambda path: torch.save({"x": torch._neg_view(torch.ones(2))}, path))
keep("few_repeated.pt", lambda path: torch.save({"x": torch.ones(1).expand(5), "y": torch.ones(2)}, path))
keep("imagenet.pt", lambda path: torch.save(
    {"epoch": 3, "state_dict": {"weight": torch.ones(1, 2)}, "best_acc1": torch.tensor(0.5)}, path))
keep("args.pt", lambda path: torch.save({"model": {"x": torch.ones(1)}, "args": argparse.Namespace(lr=0.1)}, path))
keep("protocol1.pt", lambda path: torch.save({"x": torch.ones(2)}, path, pickle_protocol=1))
keep("script.pt", lambda path: torch.jit.script(torch.nn.Linear(1, 1)).save(path))
keep("protocol4.pt", lambda path: torch.save({"x": torch.ones(2), "y": torch.zeros(1)}, path, pickle_protocol=4))

a = formula((2, 3, 4), 1).numpy()
for code in ("<f8", ">f8", "<f4", "<f2", ">i4", "<i8", "<i2", "|i1", "|u1", "|b1", "<u4", "<u2", "<u8"):
    values = a if "f" in code else (a * 512).astype(np.int64) % 128
    npy("c " + code, values.astype(code))
npy("fortran <f4", np.asfortranarray(a.astype("<f4")))
npy("version 2", a, version=(2, 0))
npy("version 3", a, version=(3, 0))
npy("scalar", np.array(2.5))
npy("empty", np.zeros((0, 3)))
npy("object", np.array([{}], dtype=object), allow_pickle=True)
npy("records", np.zeros(2, dtype=[("a", "<f4")]))
npy("complex", np.zeros(2, dtype=complex))

with open(os.path.join(DIRECTORY, "io_files.txt"), "w", encoding="utf-8") as f:
    for name, data in files.items():
        f.write(name.replace(" ", "_") + " " + data.hex() + "\n")
print(len(files), "files")
