"""This checkout against another commit: import, eager overhead, training speed, same bytes.

Each measurement is a program of its own that uses public names only. Both trees run it in turns,
and the ratio of the best of both is printed, as shared machines are noisy. Vectors are compared
by digest: where the bytes are equal, so is their quality.

    python benchmarks/against_commit.py COMMIT [--repeat 7] [--only NAME ...] [--json]

Needs ``pip install '.[all]'`` in the environment that runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

EAGER = """
import numpy as np, time
import tinygrad_w2v as tw, tinygrad_w2v.functions as F
rng = np.random.default_rng(0)
x = tw.Variable(0.7)
w = tw.Parameter(rng.normal(size=(50, 10)))
ids = rng.integers(0, 50, size=(8, 4))
targets = rng.integers(0, 10, size=8)
def chain():
    y = x
    for _ in range(20):
        y = F.sin(y) * 1.01 + 0.1
    y.backward()
    x.cleargrad()
def model():
    h = w[ids].mean(axis=1)
    loss = F.cross_entropy(np.tanh(h) @ h.T[:, :8], targets % 8)
    loss.backward()
    w.cleargrad()
def best(f):
    times = []
    for _ in range(300):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return sorted(times)[30]
print(1e6 * {work}())
""".replace("{work}()", "best({work})")

TRAIN = """
import itertools, time, zlib
import tinygrad_w2v as tw
from tinygrad_w2v.text import builtin_corpus_lines, tokenize
sentences = list(itertools.islice(tokenize(builtin_corpus_lines()), {sentences}))
def train():
    return tw.Word2Vec(sentences, {keywords}, seed=1, workers=1)
train()  # kernels are compiled, files are read
model = tw.Word2Vec({keywords}, seed=1, workers=1)
model.build_vocab(sentences)
start = time.perf_counter()
words, _ = model.train(sentences, total_examples=model.corpus_count, epochs={epochs})
print(time.perf_counter() - start)
print("digest", zlib.crc32(model.wv.vectors.tobytes()))
"""

IMPORT = "import time; t = time.process_time(); import tinygrad_w2v; print(time.process_time() - t)"
HELP = """
import contextlib, io, time
t = time.process_time()
from tinygrad_w2v.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    main(["--help"])
print(time.process_time() - t)
"""


def training(keywords: str, sentences: int, epochs: int) -> str:
    """A program that trains and prints its seconds and a digest of the vectors."""
    return TRAIN.format(keywords=keywords, sentences=sentences, epochs=epochs)


PROGRAMS = {
    "import": IMPORT,
    "help": HELP,
    "eager chain": EAGER.replace("{work}", "chain"),
    "eager model": EAGER.replace("{work}", "model"),
    "cbow, numpy": training("sg=0, engine='numpy'", 8000, 1),
    "skip-gram, numpy": training("sg=1, engine='numpy'", 8000, 1),
    "cbow, compiled": training("sg=0, engine='compiled'", 40_000, 8),
    "skip-gram, compiled": training("sg=1, engine='compiled'", 40_000, 4),
    "skip-gram hs, compiled": training("sg=1, hs=1, engine='compiled'", 40_000, 2),
    "deterministic": training("sg=1, engine='compiled', deterministic=True", 40_000, 2),
}


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """A worktree of the commit, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "before"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def run(program: str, tree: Path) -> tuple[float, str]:
    """What a program prints when this tree is imported: its seconds, and its digest if any."""
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(tree)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tree.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    first, *others = done.stdout.splitlines()
    return float(first), " ".join(others)


def compare(program: str, before: Path, now: Path, repeat: int) -> dict[str, float | bool]:
    """The best of both trees, taken in turns, and whether they print the same digest."""
    best = {before: float("inf"), now: float("inf")}
    digests: dict[Path, set[str]] = {before: set(), now: set()}
    for tree in (before, now):
        run(program, tree)  # files are read, kernels are compiled
    for turn in range(repeat):
        for tree in (before, now) if turn % 2 else (now, before):
            seconds, digest = run(program, tree)
            best[tree] = min(best[tree], seconds)
            digests[tree].add(digest)
    return {
        "before": best[before],
        "now": best[now],
        "now / before": best[now] / best[before],
        "same bytes": digests[before] == digests[now] and len(digests[now]) == 1,
    }


def main(argv: list[str] | None = None) -> None:
    """Compare, and print a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--only", nargs="*", default=list(PROGRAMS), choices=list(PROGRAMS))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    results = {}
    with checkout(arguments.commit) as before:
        for name in arguments.only:
            results[name] = compare(PROGRAMS[name], before, ROOT, arguments.repeat)
            if not arguments.json:
                values = results[name]
                print(
                    f"{name:24} {values['before']:10.4f} {values['now']:10.4f} "
                    f"ratio {values['now / before']:.3f}"
                    + ("  same bytes" if values["same bytes"] else "  OTHER BYTES"),
                    flush=True,
                )
    if arguments.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
