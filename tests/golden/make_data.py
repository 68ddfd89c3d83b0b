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


batches()
