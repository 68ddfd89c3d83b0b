"""rowgrad's models in PyTorch. Usage: to_pytorch.py CLASSIFIER.safetensors LSTM.safetensors"""
import sys

import torch
from models import SentimentClassifier, SentimentLSTM, as_names
from safetensors.torch import load_file

weights = load_file(sys.argv[1])  # of sentiment_classifier train --model mean --save ...
words, classes = as_names(weights.pop("words")), as_names(weights.pop("classes"))
classifier = SentimentClassifier(*weights["embedding.weight"].shape, len(weights["encoder.fc.bias"]), len(classes))
classifier.load_state_dict({name.removeprefix("encoder."): w for name, w in weights.items()})
print(words[1], dict(zip(classes, classifier(torch.tensor([[1]]))[0].tolist())))  # the scores of a one-word sentence

lstm = SentimentLSTM(words=1000, dimension=300, hidden=256, classes=2, layers=2)
lstm.load_state_dict(load_file(sys.argv[2]))  # of ../fine_tune.cpp, or of any save_safetensors(path, model.state_dict())
print("words 2, 3, 4:", lstm.eval()(torch.tensor([[2, 3, 4]]))[0].tolist())
