"""PyTorch's models in rowgrad and rowgrad's in PyTorch give the same scores. Usage: exchange.py SENTIMENT_CLASSIFIER FINE_TUNE

Runs examples/python/from_pytorch.py and to_pytorch.py, and compares with the two programs."""
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"
sys.path.insert(0, str(EXAMPLES))
classifier_program, fine_tune = (str(Path(p).resolve()) for p in sys.argv[1:3])
tolerance = 1e-6


def run_script(name, *arguments):
    sys.argv = [name, *arguments]
    return runpy.run_path(str(EXAMPLES / name))


def compare(title, expected, got):
    expected, got = torch.as_tensor(expected), torch.as_tensor(got)
    assert expected.shape == got.shape, (title, expected.shape, got.shape)
    assert expected.abs().max() > 0.01, (title, "all scores are 0")
    difference = (expected - got).abs().max().item()
    assert difference <= tolerance, (title, difference)
    print(f"{title}: largest difference {difference:.1e}")


def classify(model, sentences):
    """The program's scores, in the order of its classes."""
    lines = subprocess.run([classifier_program, "predict", "--model", model, "--json", "--logits", "-"], check=True,
                           input="\n".join(sentences) + "\n", capture_output=True, text=True).stdout.splitlines()
    return [list(json.loads(line)["logits"].values()) for line in lines]


def scores(classifier, words, sentences):
    """The model's, one sentence at a time; words are found as rowgrad's program finds them in such simple sentences."""
    rows = [torch.tensor([[words.index(w) for w in s.replace("n't", " n't").split() if w in words]]) for s in sentences]
    return torch.cat([classifier.eval()(r) for r in rows]).detach()


def tune(source, out):
    """The program's scores of its texts before and after it trained."""
    text = subprocess.run([fine_tune, source, out], check=True, capture_output=True, text=True).stdout
    before, after = text.removeprefix("before\n").split("after\n")
    return [[[float(x) for x in line.split()] for line in part.splitlines()] for part in (before, after)]


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    made = run_script("from_pytorch.py", "classifier.safetensors", "lstm.safetensors")
    sentences = ["the film was good", "the film wasn't bad !", "good", "bad bad unknown"]
    compare("classifier, from PyTorch", scores(made["classifier"], made["words"], sentences),
            classify("classifier.safetensors", sentences))

    texts = torch.tensor([[(7 * b + 3 * t + 2) % 1000 for t in range(12)] for b in range(4)])
    expected = made["lstm"].eval()(texts).detach()
    torch.save(made["lstm"].state_dict(), "lstm.pt")
    for name in ("lstm.safetensors", "lstm.pt"):
        before, after = tune(name, "tuned.safetensors")
        compare(f"LSTM, from PyTorch ({name})", expected, before)

    with open("data.tsv", "w", encoding="utf-8") as f:
        for i in range(40):
            f.write(f"schlecht\tthe film was bad {i}\nrecht gut\tthe film wasn't bad {i}\ngut\tthe film was good {i}\n")
    subprocess.run([classifier_program, "train", "--data", "data.tsv", "--epochs", "2", "--save", "trained.safetensors"],
                   check=True, capture_output=True)
    got = run_script("to_pytorch.py", "trained.safetensors", "tuned.safetensors")
    assert sorted(got["classes"]) == ["gut", "recht gut", "schlecht"], got["classes"]
    compare("classifier, to PyTorch", classify("trained.safetensors", sentences),
            scores(got["classifier"], got["words"], sentences))
    compare("LSTM, to PyTorch", after, got["lstm"](texts).detach())
    moved = max((made["lstm"].state_dict()[n] - w).abs().max().item() for n, w in load_file("tuned.safetensors").items())
    assert moved > 1e-4, "fine_tune did not train"
