"""A classifier and an LSTM as PyTorch's tutorials write them, and what the classifier's file holds besides its weights.

See: ../sentiment_classifier/model_file.hpp for the file, ../tutorials/sentiment_lstm.hpp for the LSTM in C++.
"""
import torch
from torch import nn


class SentimentClassifier(nn.Module):
    """The mean of a sentence's word vectors, a hidden layer, a score per class: sentiment_classifier --model mean."""

    def __init__(self, words, dimension, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, dimension, padding_idx=0)
        self.fc = nn.Linear(dimension, hidden)
        self.output = nn.Linear(hidden, classes)

    def forward(self, text):
        return self.output(torch.relu(self.fc(self.embedding(text).mean(1))))


class SentimentLSTM(nn.Module):
    def __init__(self, words, dimension, hidden, classes, layers, bidirectional=True, dropout=0.5, pad_idx=1):
        super().__init__()
        self.embedding = nn.Embedding(words, dimension, padding_idx=pad_idx)
        self.lstm = nn.LSTM(dimension, hidden, num_layers=layers, bidirectional=bidirectional, dropout=dropout,
                            batch_first=True)
        self.fc = nn.Linear(hidden * 2 if bidirectional else hidden, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, text):
        output, (hidden, cell) = self.lstm(self.dropout(self.embedding(text)))
        hidden = torch.cat((hidden[-2], hidden[-1]), 1) if self.lstm.bidirectional else hidden[-1]
        return self.fc(self.dropout(hidden))


def as_bytes(names):
    """How the classifier's file holds words and class names: as bytes, with a newline between."""
    return torch.frombuffer(bytearray("\n".join(names).encode()), dtype=torch.uint8)


def as_names(tensor):
    return bytes(tensor.tolist()).decode().split("\n")


def metadata(hidden):
    """What else the file says. Words are found as the tokenizer.* entries tell."""
    return {"kind": "text classifier", "version": "1", "encoder": "mean", "hidden": str(hidden), "layers": "1",
            "tokenizer.separators": "\"#$%&()*+,-./:;<=>@[\\]^_`{|}~\t\n\r", "tokenizer.apart": "!?",
            "tokenizer.endings": "n't 's 'm 'd 're 've 'll", "tokenizer.lower": "true"}
