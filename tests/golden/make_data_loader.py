#!/usr/bin/env python3
"""Golden values of rowgrad/data: parts of random_split, orders of samplers in a DataLoader, and what is drawn after them.

Run by hand: python3 tests/golden/make_data_loader.py. Needs torch 2.13. Orders of plain loaders are in data_batches.txt.
"""
import torch
from torch.utils.data import DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler, random_split

from golden_file import F64, GoldenFile


def drawn(generator=None):
    return torch.randint(1 << 20, (1,), generator=generator).item()


def main():
    f = GoldenFile("data_loader")

    def case(name, **values):
        f.case(name, F64)
        for key, value in values.items():
            f.tensor(key, torch.tensor(value))

    for name, n, lengths in (("counts", 10, [3, 7]), ("shares", 11, [0.3, 0.3, 0.4]), ("half", 7, [0.5, 0.5]),
                             ("none", 5, [0, 5]), ("thirds", 100, [1 / 3, 1 / 3, 1 / 3]), ("one", 1, [1])):
        for own in (False, True):
            torch.manual_seed(3)
            given = dict(generator=torch.Generator().manual_seed(42)) if own else {}
            parts = random_split(range(n), lengths, **given)
            case(f"split@{name}{'_own' * own}", sizes=[len(p) for p in parts],
                 order=[i for p in parts for i in p.indices], draw=[drawn(given.get("generator"))])

    for name, n, options in (("plain", 7, {}), ("more", 5, dict(num_samples=13)), ("twice", 5, dict(num_samples=10)),
                             ("fewer", 9, dict(num_samples=4)), ("replacement", 6, dict(replacement=True)),
                             ("replacement_many", 6, dict(replacement=True, num_samples=70))):
        for own in (False, True):
            for size in (1, 3, 5):
                torch.manual_seed(4)
                generator = torch.Generator().manual_seed(8) if own else None
                loader = DataLoader(range(n), size, sampler=RandomSampler(range(n), generator=generator, **options))
                order, draws = [], []
                for _ in range(3):
                    for batch in loader:
                        order += batch.tolist()
                    draws.append(drawn())
                    draws.append(drawn(generator))
                case(f"random@{name}{'_own' * own}_{size}", order=order, draws=draws)
    for own in (False, True):
        torch.manual_seed(5)
        generator = torch.Generator().manual_seed(8) if own else None
        loader = DataLoader(range(20), 2, sampler=SubsetRandomSampler([3, 4, 9, 17, 11], generator=generator))
        order, draws = [], []
        for _ in range(3):
            for batch in loader:
                order += batch.tolist()
                draws.append(drawn())
            draws.append(drawn(generator))
        case(f"subset@{'own' if own else 'default'}", order=order, draws=draws)
    for own in (False, True):
        torch.manual_seed(6)
        generator = torch.Generator().manual_seed(8) if own else None
        loader = DataLoader(range(5), 4, sampler=WeightedRandomSampler([0.1, 2.5, 0, 0.7, 3], 30, generator=generator))
        order, draws = [], []
        for _ in range(2):
            for batch in loader:
                order += batch.tolist()
            draws.append(drawn(generator))
        case(f"weighted@{'own' if own else 'default'}", order=order, draws=draws)
    f.write()


main()
