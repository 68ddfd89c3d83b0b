"""Writes tests/golden/data_*.txt: the orders in which PyTorch's DataLoader serves a data set, and what its generators
draw afterwards. Run it with PyTorch 2.13: python3 tests/golden/make_data.py"""
import torch
from torch.utils.data import DataLoader

from golden_file import F64, GoldenFile

EPOCHS = 3


def batches():
    """Three epochs, a word drawn from the default generator after each; the body of the loop draws one as well, as
    dropout does. Then what the loader's own generator draws next."""
    f = GoldenFile("data_batches")
    for n, size in ((1, 1), (7, 3), (12, 4), (10, 64), (130, 32)):
        for shuffle in (False, True):
            for drop_last in (False, True):
                for own in (False, True):
                    torch.manual_seed(1)
                    generator = torch.Generator().manual_seed(2) if own else None
                    loader = DataLoader(range(n), size, shuffle=shuffle, drop_last=drop_last, generator=generator)
                    order, draws = [], []
                    for _ in range(EPOCHS):
                        for batch in loader:
                            order += batch.tolist()
                            draws.append(torch.randint(1 << 20, (1,)).item())
                        draws.append(torch.randint(1 << 20, (1,)).item())
                    if own:
                        draws.append(torch.randint(1 << 20, (1,), generator=generator).item())
                    name = f"batches@{n}_{size}{'_shuffle' * shuffle}{'_drop' * drop_last}{'_own' * own}"
                    f.case(name, F64)
                    for key, values in (("options", [n, size, shuffle, drop_last, own]), ("order", order),
                                        ("draws", draws)):
                        f.tensor(key, torch.tensor(values, dtype=torch.int64))
    f.write()


def program():
    """A training program from its seed to its weights: initial weights, order of samples, dropout, an optimizer whose
    rate falls, an evaluation after each epoch."""
    f = GoldenFile("data_program")
    ids = torch.tensor([[(7 * i + 3 * t * t) % 30 for t in range(5)] for i in range(22)])
    labels = torch.tensor([(i * i) % 3 for i in range(22)])
    torch.manual_seed(11)
    embedding, hidden, output = torch.nn.Embedding(30, 8), torch.nn.Linear(8, 16), torch.nn.Linear(16, 3)
    dropout = torch.nn.Dropout(0.3)
    parameters = [*embedding.parameters(), *hidden.parameters(), *output.parameters()]
    adam = torch.optim.Adam(parameters, lr=0.02)
    schedule = torch.optim.lr_scheduler.ExponentialLR(adam, 0.8)
    data = torch.utils.data.TensorDataset(ids, labels)
    training, evaluation = DataLoader(data, 4, shuffle=True), DataLoader(data, 8)
    losses, accuracies = [], []
    for _ in range(4):
        dropout.train()
        for x, y in training:
            adam.zero_grad()
            loss = torch.nn.functional.cross_entropy(output(dropout(torch.relu(hidden(embedding(x).mean(1))))), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            adam.step()
            losses.append(loss.item())
        dropout.eval()
        right = sum((output(torch.relu(hidden(embedding(x).mean(1)))).argmax(1) == y).sum().item() for x, y in evaluation)
        accuracies.append(right)
        schedule.step()
    f.case("program@", torch.float32)
    f.tensor("ids", ids)
    f.tensor("labels", labels)
    f.tensor("losses", torch.tensor(losses))
    f.tensor("right", torch.tensor(accuracies))
    for name, p in (("embedding", embedding.weight), ("hidden", hidden.weight), ("output", output.weight)):
        f.tensor(name, p)
    f.write()


batches()
program()
