"""The compiled engine beside gensim, fastText and the book's own NumPy code, in one run.

    pip install '.[all,bench]' fasttext
    python benchmarks/compiled_engine.py TEXT [--rounds 2] [--rows training process toy memory]

TEXT has one sentence a line. Systems take turns, so that a busy machine is busy for all of them;
the median of the rounds is shown. Every training reports its loss. Words are those of the text
that are in the vocabulary, subsampled ones included, as gensim counts them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

SETTINGS = {"vector_size": 100, "window": 5, "sample": 1e-3, "min_count": 5}
KINDS: dict[str, dict[str, Any]] = {
    "skip-gram": {"sg": 1, "hs": 0, "negative": 5, "alpha": 0.025},
    "CBOW": {"sg": 0, "hs": 0, "negative": 5, "alpha": 0.05},
    "skip-gram, hierarchical softmax": {"sg": 1, "hs": 1, "negative": 0, "alpha": 0.025},
    "CBOW, hierarchical softmax": {"sg": 0, "hs": 1, "negative": 0, "alpha": 0.05},
}
# At least, and aimed at.
TARGETS = {
    ("skip-gram", 2): (7, 9),
    ("CBOW", 2): (4, 5.5),
    ("skip-gram, hierarchical softmax", 2): (3.5, 5),
    ("CBOW, hierarchical softmax", 2): (3, 4),
    ("skip-gram", 1): (9, 11),
}


def train_ours(text: str, kind: str, workers: int, epochs: int) -> dict[str, float]:
    """Build the vocabulary, then train: words/s of the training alone."""
    model = tw.Word2Vec(
        engine="compiled",
        compat="word2vec",
        workers=workers,
        epochs=epochs,
        **SETTINGS,
        **KINDS[kind],
    )
    model.build_vocab(corpus_file=text)
    model.train(corpus_file=text, total_words=model.corpus_total_words, epochs=1)  # compiles
    words = int(model.vocabulary.counts.sum())
    before = model.total_train_time
    model.train(corpus_file=text, total_words=model.corpus_total_words, epochs=epochs)
    seconds = model.total_train_time - before
    return {"words": words * epochs / seconds}


def train_gensim(text: str, kind: str, workers: int, epochs: int) -> dict[str, float]:
    """Do the same with gensim's `corpus_file`."""
    from gensim.models import Word2Vec

    model = Word2Vec(workers=workers, epochs=epochs, compute_loss=True, **SETTINGS, **KINDS[kind])
    model.build_vocab(corpus_file=text)
    words = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key)
    start = time.perf_counter()
    model.train(
        corpus_file=text,
        total_words=model.corpus_total_words,
        total_examples=model.corpus_count,
        epochs=epochs,
        compute_loss=True,
    )
    return {"words": words * epochs / (time.perf_counter() - start)}


def train_fasttext(text: str, kind: str, workers: int, epochs: int) -> dict[str, float]:
    """Do the same with fastText without subwords; its reading of the text is in its time."""
    import fasttext

    options = KINDS[kind]
    start = time.perf_counter()
    fasttext.train_unsupervised(
        text,
        model="skipgram" if options["sg"] else "cbow",
        dim=SETTINGS["vector_size"],
        ws=SETTINGS["window"],
        neg=options["negative"],
        loss="hs" if options["hs"] else "ns",
        t=SETTINGS["sample"],
        minCount=SETTINGS["min_count"],
        lr=options["alpha"],
        minn=0,
        maxn=0,
        epoch=epochs,
        thread=workers,
        verbose=0,
    )
    seconds = time.perf_counter() - start
    with Path(text).open(encoding="utf-8") as lines:
        words = sum(len(line.split()) for line in lines)
    return {"words": words * epochs / seconds}


SYSTEMS: dict[str, Callable[[str, str, int, int], dict[str, float]]] = {
    "ours": train_ours,
    "gensim": train_gensim,
    "fastText": train_fasttext,
}


def in_own_process(
    system: str, text: str, kind: str, workers: int, epochs: int
) -> dict[str, float]:
    """Run one training in a process of its own, so that no system inherits another's memory."""
    command = [sys.executable, __file__, text, "--one", system, kind, str(workers), str(epochs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def training_rows(text: str, rounds: int, epochs: int, kinds: list[str]) -> None:
    """Throughput of training, and its ratio to gensim's and fastText's."""
    print(
        f"| training, thousand words/s (median of {rounds} rounds, {epochs} epoch(s)) | threads "
        "| ours | gensim | fastText | ours / gensim | ours / fastText | target, aim |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (kind, workers), (least, aim) in TARGETS.items():
        if kind not in kinds:
            continue
        speeds: dict[str, list[float]] = {name: [] for name in SYSTEMS}
        for _ in range(rounds):
            for name in SYSTEMS:
                speeds[name].append(in_own_process(name, text, kind, workers, epochs)["words"])
        ours, gensim, fast = (statistics.median(speeds[name]) / 1e3 for name in SYSTEMS)
        print(
            f"| {kind} | {workers} | {ours:,.0f} | {gensim:,.0f} | {fast:,.0f} "
            f"| {ours / gensim:.1f} | {ours / fast:.1f} | {least}, {aim} |",
            flush=True,
        )


WHOLE = {
    "ours": """
import sys, tinygrad_w2v as tw
options = {"sg": 1, "workers": 2, "engine": "compiled", "epochs": int(sys.argv[3])}
model = tw.Word2Vec(corpus_file=sys.argv[1], **options)
model.wv.save_word2vec_format(sys.argv[2])
""",
    "gensim": """
import sys
from gensim.models import Word2Vec
options = {"sg": 1, "workers": 2, "compute_loss": True, "epochs": int(sys.argv[3])}
model = Word2Vec(corpus_file=sys.argv[1], **options)
model.wv.save_word2vec_format(sys.argv[2])
""",
}
IMPORTS = {"ours": "import tinygrad_w2v, numba", "gensim": "import gensim.models"}
PEAK = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def process_rows(text: str, rounds: int, epochs: int) -> None:
    """Whole processes: start, read, count, train skip-gram, save; and their peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        seconds: dict[str, list[float]] = {name: [] for name in WHOLE}
        peaks: dict[str, list[float]] = {name: [] for name in WHOLE}
        run = [sys.executable, "-c"]
        target = str(Path(folder, "vectors.txt"))
        subprocess.run([*run, WHOLE["ours"], text, target, "1"], check=True, capture_output=True)
        for _ in range(rounds):
            for name, script in WHOLE.items():
                start = time.perf_counter()
                command = [*run, script + PEAK, text, target, str(epochs)]
                done = subprocess.run(
                    command, check=True, capture_output=True, text=True, encoding="utf-8"
                )
                seconds[name].append(time.perf_counter() - start)
                bare = subprocess.run(
                    [*run, IMPORTS[name] + PEAK],
                    check=True,
                    capture_output=True,
                    text=True,
                    encoding="utf-8",
                )
                peaks[name].append(
                    (int(done.stdout.split()[-1]) - int(bare.stdout.split()[-1])) / 1024
                )
    ours, gensim = (statistics.median(seconds[name]) for name in WHOLE)
    print(
        f"whole process, {epochs} epochs: ours {ours:.1f} s, gensim {gensim:.1f} s, "
        f"{gensim / ours:.1f} times as fast (target 3, aim 5)"
    )
    ours, gensim = (statistics.median(peaks[name]) for name in WHOLE)
    print(
        f"peak memory beyond the imports: ours {ours:.0f} MB, gensim {gensim:.0f} MB, "
        f"{ours / gensim:.2f} of it (target 1, aim 0.8)"
    )


class ToyCBOW(tw.Module):
    """The book's CBOW of chapter 3, with one-hot products."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.w_in = tw.Parameter((0.01 * rng.normal(size=(7, 5))).astype(np.float32))
        self.w_out = tw.Parameter((0.01 * rng.normal(size=(5, 7))).astype(np.float32))

    def loss(self, batch: dict[str, Any]) -> Any:
        """Return the mean cross entropy of a batch of one-hot windows."""
        contexts = batch["contexts"]
        h = 0.5 * (contexts[..., 0, :] @ self.w_in + contexts[..., 1, :] @ self.w_in)
        return F.cross_entropy(h @ self.w_out, batch["target"])


def book_step(w_in: Any, w_out: Any, contexts: Any, target: Any, lr: float) -> float:
    """The same step as the book's layers take it: forward, backward by hand, and SGD."""
    h0, h1 = contexts[:, 0] @ w_in, contexts[:, 1] @ w_in
    h = (h0 + h1) * 0.5
    score = h @ w_out
    score = score - score.max(axis=1, keepdims=True)
    y = np.exp(score)
    y /= y.sum(axis=1, keepdims=True)
    t = target.argmax(axis=1)
    rows = np.arange(len(t))
    loss = -np.sum(np.log(y[rows, t] + 1e-7)) / len(t)
    ds = y.copy()
    ds[rows, t] -= 1
    ds /= len(t)
    dw_out = h.T @ ds
    da = (ds @ w_out.T) * 0.5
    dw_in = contexts[:, 1].T @ da + contexts[:, 0].T @ da
    w_in -= lr * dw_in
    w_out -= lr * dw_out
    return float(loss)


def toy_row() -> None:
    """The book's toy step, compiled, against the book's own backward in NumPy."""
    corpus, _, _ = tw.text.preprocess("You say goodbye and I say hello.")
    contexts, target = tw.text.create_contexts_target(corpus)
    contexts, target = (tw.text.convert_one_hot(ids, 7)[:3] for ids in (contexts, target))
    batch = {"contexts": contexts, "target": target}
    model = ToyCBOW(np.random.default_rng(0))
    step = tw.compile(model, batch).step
    w_in, w_out = model.w_in.data.copy(), model.w_out.data.copy()
    assert abs(step(batch, 0.1) - book_step(w_in, w_out, contexts, target, 0.1)) < 1e-4
    assert np.allclose(w_in, model.w_in.data, atol=1e-5)
    best = {"ours": 1e9, "book": 1e9}
    for _ in range(20):
        for name in best:
            start = time.perf_counter()
            for _ in range(300):
                if name == "ours":
                    step(batch, 0.1)
                else:
                    book_step(w_in, w_out, contexts, target, 0.1)
            best[name] = min(best[name], (time.perf_counter() - start) / 300)
    ours, book = best["ours"] * 1e6, best["book"] * 1e6
    print(
        f"the book's toy CBOW step: ours {ours:.1f} µs, by hand in NumPy {book:.1f} µs, "
        f"{book / ours:.1f} times as fast (target 2, aim 5)"
    )


def compile_row() -> None:
    """The first compile of a new model, and a second start of the same, in new processes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, sg in (("skip-gram", 1), ("CBOW", 0)):
            script = (
                "import time, numba, tinygrad_w2v as tw\n"
                f"text = [['a', 'b', 'c', 'd', 'e']] * 99\n"
                "start = time.perf_counter()\n"
                f"tw.Word2Vec(text, sg={sg}, workers=1, engine='compiled', epochs=1)\n"
                "print(time.perf_counter() - start)\n"
            )
            seconds = []
            for _ in range(2):
                done = subprocess.run(
                    [sys.executable, "-c", script],
                    check=True,
                    capture_output=True,
                    text=True,
                    encoding="utf-8",
                    env={**os.environ, "TINYGRAD_W2V_KERNELS": str(Path(folder, name))},
                )
                seconds.append(float(done.stdout.split()[-1]))
            first, again = seconds
            print(f"compile, {name}: first {first:.1f} s (target 6, aim 3), again {again:.2f} s")


def main() -> None:
    """Read the command line and print the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rows", nargs="+", default=["training", "process", "toy", "compile"])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--one", nargs=4, metavar=("SYSTEM", "KIND", "WORKERS", "EPOCHS"))
    arguments = parser.parse_args()
    if arguments.one:
        system, kind, workers, epochs = arguments.one
        print(json.dumps(SYSTEMS[system](arguments.text, kind, int(workers), int(epochs))))
        return
    if "toy" in arguments.rows:
        toy_row()
    if "compile" in arguments.rows:
        compile_row()
    if "training" in arguments.rows:
        training_rows(arguments.text, arguments.rounds, arguments.epochs, arguments.kinds)
    if "process" in arguments.rows:
        process_rows(arguments.text, arguments.rounds, 5)


if __name__ == "__main__":
    main()
