#!/usr/bin/env python3
"""Compares rowgrad's benchmarks with PyTorch's (peers/pytorch.py), workload by workload, on this machine.

    compare.py [--filter REGEX] [--rounds N] [--threads N] [--min-time SECONDS] [--binary PATH] [--peer NAME]

--peer fbgemm compares the bag_step workloads with FBGEMM's (peers/fbgemm.py) instead.

The two run in turn, once each a round, so that a machine that changes speed changes both; both take the median of five
repetitions. Times are medians over the rounds; "ratio" is the median of the rounds' peer time / rowgrad time, its least
and greatest in brackets: above 1, rowgrad is faster. "x floor" is rowgrad's time over that of gemm_floor/NAME, the
matrix products the workload cannot avoid, where the binary has it and the filter lets it through.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
BINARY = HERE.parent / "build/release/bench/rowgrad_bench"
FLOOR = "gemm_floor/"
REPETITIONS = 5
MICROSECONDS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
SUFFIXES = re.compile(
    r"(/(real_time|process_time|manual_time|(min_time|min_warmup_time|iterations|repeats|threads):[^/]*))+$"
)


def run(command, threads):
    """The command's benchmarks: {name: median time in microseconds}."""
    environment = dict(os.environ, ROWGRAD_NUM_THREADS=str(threads))
    process = subprocess.run([str(part) for part in command], env=environment, stdout=subprocess.PIPE, text=True)
    if process.returncode != 0:
        sys.exit(f"compare.py: {command[0]} failed (exit status {process.returncode})")
    times, errors = defaultdict(list), {}
    for row in json.loads(process.stdout)["benchmarks"] if process.stdout.strip() else []:
        name = SUFFIXES.sub("", row.get("run_name", row["name"]))
        if row.get("error_occurred"):
            errors[name] = row.get("error_message")
        elif row.get("run_type", "iteration") == "iteration":
            times[name].append(row["real_time"] * MICROSECONDS[row["time_unit"]])
    for name, message in errors.items():
        print(f"compare.py: {name}: {message}", file=sys.stderr)
    return {name: statistics.median(values) for name, values in times.items()}


def readable(microseconds):
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= 0.9995 * size:  # as rounded below
            return f"{microseconds / size:.3g} {unit}"
    return f"{microseconds:.3g} us"


def table(rounds, peer_name):
    """Lines of text; rounds: a list of pairs (rowgrad's times, the peer's times)."""
    rows = [("workload", "rowgrad", peer_name, "ratio", "[min-max]", "x floor")]
    for name in dict.fromkeys(name for pair in rounds for times in pair for name in times):
        mine = [own[name] for own, _ in rounds if name in own]
        theirs = [peer[name] for _, peer in rounds if name in peer]
        ratios = [peer[name] / own[name] for own, peer in rounds if name in own and name in peer]
        floors = [own[name] / own[FLOOR + name] for own, _ in rounds if name in own and FLOOR + name in own]
        rows.append(
            (
                name,
                readable(statistics.median(mine)) if mine else "-",
                readable(statistics.median(theirs)) if theirs else "-",
                f"{statistics.median(ratios):.2f}" if ratios else "-",
                f"[{min(ratios):.2f}-{max(ratios):.2f}]" if ratios else "",
                f"{statistics.median(floors):.2f}" if floors else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows)]
    for name, *cells in rows:
        yield "  ".join([name.ljust(widths[0])] + [c.rjust(w) for c, w in zip(cells, widths[1:])]).rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--filter", default=".", metavar="REGEX", help="only workloads whose name contains a match")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="of both; 1 unless given")
    parser.add_argument("--min-time", type=float, default=0.2, metavar="SECONDS", help="of one repetition")
    parser.add_argument("--binary", type=Path, default=BINARY, metavar="PATH", help="the C++ benchmarks")
    parser.add_argument("--peer", choices=("pytorch", "fbgemm"), default="pytorch")
    options = parser.parse_args()

    try:
        re.compile(options.filter)
    except re.error as error:
        parser.error(f"--filter: {error}")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if not options.binary.is_file():
        sys.exit(f"compare.py: no benchmark binary at {options.binary}: build it, or name it with --binary")
    probe = [sys.executable, "-c", "import torch; print(torch.__version__)"]
    version = subprocess.run(probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if version.returncode != 0:
        sys.exit(f"compare.py: {sys.executable} cannot import torch: install PyTorch for it")

    own = [
        options.binary.resolve(),
        f"--benchmark_filter={options.filter}",
        "--benchmark_format=json",
        f"--benchmark_min_time={options.min_time}",
        f"--benchmark_repetitions={REPETITIONS}",
    ]
    peer = [sys.executable, HERE / f"peers/{options.peer}.py", f"--filter={options.filter}", f"--min-time={options.min_time}"]
    rounds = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        rounds.append((run(own, options.threads), run(peer, options.threads)))
    if not any(times for pair in rounds for times in pair):
        sys.exit(f"compare.py: no workload matches {options.filter!r}")
    print(f"PyTorch {version.stdout.strip()}, threads: {options.threads}, rounds: {options.rounds}\n")
    print("\n".join(table(rounds, {"pytorch": "PyTorch", "fbgemm": "FBGEMM"}[options.peer])))


if __name__ == "__main__":
    main()
