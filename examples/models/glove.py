"""GloVe on counts of the built-in corpus, against Mittens, which sees the whole matrix at once.

    python examples/models/glove.py                      (pip install scipy mittens)

The logarithm of how often two words stand near each other is to be the product of their vectors
(Pennington, Socher, Manning 2014). Both follow AdaGrad; what is compared is the weighted square
error that is left, which is what both make small, and the time.
"""

import argparse
import time

import numpy as np

import tinygrad_w2v as tw
from tinygrad_w2v.text import build_corpus, builtin_corpus_lines, tokenize

MOST, POWER = 100, 0.75


class GloVe(tw.Module):
    """min(1, (count / 100)^0.75) (w · c + b + d - log count)²."""

    def __init__(self, words, dim, rng):
        self.w, self.c = (tw.Parameter(rng.uniform(-0.5, 0.5, (words, dim)) / dim) for _ in "wc")
        self.b, self.d = (tw.Parameter(np.zeros(words)) for _ in "bd")

    def loss(self, entry):
        i, j, count = entry["row"], entry["column"], entry["count"]
        score = (self.w[i] * self.c[j]).sum(axis=-1) + self.b[i] + self.d[j]
        weight = np.minimum((count / MOST) ** POWER, 1)
        return (weight * (score - np.log(count)) ** 2).sum()


def counts_of(vocabulary, corpus, window=10):
    """Count words near each other, a pair d words apart as 1 / d."""
    return tw.counting.cooccurrence(
        corpus, vocabulary, window=window, distance_weighting="harmonic"
    )


def error(counts, w, c, b, d):
    """The mean weighted square error of an entry."""
    entries = counts.tocoo()
    i, j, count = entries.row, entries.col, entries.data
    score = (w[i] * c[j]).sum(axis=1) + b[i] + d[j]
    weight = np.minimum((count / MOST) ** POWER, 1)
    return float((weight * (score - np.log(count)) ** 2).mean())


def by_mittens(counts, dim, epochs, lr):
    """Train Mittens' GloVe; return its error, or None without it."""
    try:
        from mittens import GloVe as Mittens
    except ImportError:
        print("Mittens is not there to compare with: pip install mittens")
        return None
    options = {"n": dim, "xmax": MOST, "alpha": POWER, "max_iter": epochs, "learning_rate": lr}
    peer = Mittens(**options, display_progress=epochs + 1)
    peer.fit(counts.toarray())
    return error(counts, peer.W, peer.C, peer.bw[:, 0], peer.bc[:, 0])


def main(
    sentences=None, words=2000, dim=50, epochs=30, lr=0.05, engine="auto", peer=True, neighbors=5
):
    """Count, train both, print errors and neighbours; return the errors."""
    lines = builtin_corpus_lines() if sentences is None else sentences
    vocabulary, corpus = build_corpus(tokenize(lines), min_count=1, max_size=words)
    counts = counts_of(vocabulary, corpus)
    source = tw.examples.Cooccurrences(counts)
    print(f"{corpus.words:,} words, {len(vocabulary):,} different ones, {source.units:,} counts")
    rng = np.random.default_rng(0)
    model = GloVe(len(vocabulary), dim, rng)
    batch, _ = next(source.batches(0))
    assert tw.check_grads(model, {name: column[:4] for name, column in batch.items()})
    if engine != "numpy":
        tw.check_compiled(model, source.example(), source.axes())

    began = time.perf_counter()
    rule = tw.optim.AdaGrad(lr=lr)
    tw.fit(model, source, rule, epochs=epochs, engine=engine, progress=False)
    tables = [parameter.data for parameter in (model.w, model.c, model.b, model.d)]
    found, taken = {"tw.fit": error(counts, *tables)}, time.perf_counter() - began
    print(f"tw.fit    error {found['tw.fit']:.4f}   {taken:.1f} s for {epochs} epochs")
    if peer:
        began = time.perf_counter()
        # A step of Mittens is a whole epoch, so it needs more of them: ten times as many.
        left = by_mittens(counts, dim, 10 * epochs, lr)
        taken = time.perf_counter() - began
        if left is not None:
            found["Mittens"] = left
            print(f"Mittens   error {left:.4f}   {taken:.1f} s for {10 * epochs} epochs")
    vectors = tw.WordVectors(vocabulary.words, model.w.data + model.c.data)
    for word in vocabulary.words[40 : 40 + neighbors]:
        near = ", ".join(other for other, _ in vectors.most_similar(word, topn=4))
        print(f"{word}: {near}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, default=2000, help="most frequent ones (2000)")
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    parser.add_argument("--no-peer", action="store_false", dest="peer", help="without Mittens")
    main(**vars(parser.parse_args()))
