"""PyTorch's models as files that rowgrad opens. Usage: from_pytorch.py CLASSIFIER.safetensors LSTM.safetensors"""
import sys

import torch
from models import SentimentClassifier, SentimentLSTM, as_bytes, metadata
from safetensors.torch import save_file

torch.manual_seed(1)
words, classes = ["<pad>", "the", "film", "was", "good", "bad", "n't", "!"], ["bad", "good"]
classifier = SentimentClassifier(len(words), 100, 256, len(classes))  # train it as you like
weights = {"encoder." + name if name.startswith("fc.") else name: w for name, w in classifier.state_dict().items()}
save_file({**weights, "words": as_bytes(words), "classes": as_bytes(classes)}, sys.argv[1], metadata(hidden=256))

lstm = SentimentLSTM(words=1000, dimension=300, hidden=256, classes=2, layers=2)
save_file(lstm.state_dict(), sys.argv[2])  # or torch.save(lstm.state_dict(), "lstm.pt"): rowgrad reads both
