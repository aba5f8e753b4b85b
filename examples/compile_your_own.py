"""Two models that the library does not have, compiled: a forward expression, and nothing else.

    python examples/compile_your_own.py                  (needs numba)
    python examples/compile_your_own.py --source         (prints what was compiled, too)

The first is CBOW whose positions have learned weights: a word two places to the left counts
otherwise than the next one. The second is GloVe: products of vectors are to be the logarithms of
how often two words stand near each other. `tw.compile` traces each `loss` for one window, derives
the gradient, and makes one native function of both with the update.
"""

import argparse

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

TEXT = "the cat sat on the mat . the dog sat on the rug . the cat saw the dog . " * 20
WINDOW, NEGATIVE = 2, 3


class PositionCBOW(tw.Module):
    """CBOW with a learned weight for each place around the word and each number of a vector."""

    def __init__(self, words, dim, rng):
        self.w_in = tw.Parameter(rng.normal(size=(words, dim)).astype(np.float32) * 0.1)
        self.w_out = tw.Parameter(np.zeros((words, dim), np.float32))
        self.w_pos = tw.Parameter(np.ones((2 * WINDOW + 1, dim), np.float32))

    def loss(self, batch):
        x = self.w_in[batch["contexts"]] * self.w_pos[batch["offsets"] + WINDOW]
        h = x.mean(axis=-2, keepdims=True)
        scores = h @ np.swapaxes(self.w_out[batch["targets"]], -1, -2)
        return -F.log_sigmoid(scores * (2 * batch["labels"] - 1)).sum()


class GloVe(tw.Module):
    """Weighted least squares of logarithms of counts, one pair of words at a time."""

    def __init__(self, words, dim, rng):
        self.w = tw.Parameter(rng.normal(size=(words, dim)).astype(np.float32) * 0.1)
        self.u = tw.Parameter(rng.normal(size=(words, dim)).astype(np.float32) * 0.1)
        self.b, self.c = (tw.Parameter(np.zeros(words, np.float32)) for _ in range(2))

    def loss(self, batch):
        i, j = batch["word"], batch["other"]
        score = (self.w[i] * self.u[j]).sum(axis=-1) + self.b[i] + self.c[j]
        return (batch["weight"] * (score - batch["log_count"]) ** 2).sum()


def windows(corpus, words, rng):
    """Yield each word's window: near the ends of the text it has fewer contexts."""
    labels = np.array([1] + [0] * NEGATIVE, np.float32)
    for place, word in enumerate(corpus):
        around = [p for p in range(place - WINDOW, place + WINDOW + 1) if p != place]
        around = np.array([p for p in around if 0 <= p < len(corpus)])
        yield {
            "contexts": corpus[around],
            "offsets": around - place,
            "targets": np.array([word, *rng.integers(0, words, NEGATIVE)]),
            "labels": labels,
        }


def pairs(corpus):
    """Yield words that stand near each other, with how often they do."""
    counts = {}
    for distance in range(1, WINDOW + 1):
        for left, right in zip(corpus[:-distance], corpus[distance:], strict=True):
            for pair in ((left, right), (right, left)):
                counts[pair] = counts.get(pair, 0) + 1
    for (i, j), count in counts.items():
        yield {
            "word": np.array(i),
            "other": np.array(j),
            "weight": np.array(min(1.0, count / 50)),
            "log_count": np.log(count),
        }


def train(model, source, axes, lr, epochs):
    """Compile a model, run all windows some times; return the compiled model and mean losses."""
    source = list(source)
    print(f"compiling {type(model).__name__}, if it was not compiled before ...")
    compiled = tw.compile(model, source[0], axes)
    return compiled, [compiled.run(source, lr) / len(source) for _ in range(epochs)]


def main(dim=8, epochs=10, source=False):
    """Train both models; print the losses and what they learned."""
    corpus, _, id_to_word = tw.text.preprocess(TEXT)
    rng = np.random.default_rng(0)
    words = len(id_to_word)
    found = {}

    model = PositionCBOW(words, dim, rng)
    axes = {"contexts": (("C", 2 * WINDOW),), "offsets": (("C", 2 * WINDOW),)}
    compiled, found["CBOW"] = train(model, windows(corpus, words, rng), axes, 0.1, epochs)
    print(f"CBOW with learned position weights: {compiled}")
    print(f"  mean loss {found['CBOW'][0]:.3f} -> {found['CBOW'][-1]:.3f}")
    for offset in range(-WINDOW, WINDOW + 1):
        if offset:
            print(
                f"  weight of position {offset:+d}: {model.w_pos.data[offset + WINDOW].mean():.2f}"
            )

    glove, found["GloVe"] = train(GloVe(words, dim, rng), pairs(corpus), {}, 0.05, 5 * epochs)
    print(f"GloVe: {glove}")
    print(f"  mean loss {found['GloVe'][0]:.3f} -> {found['GloVe'][-1]:.3f}")
    print(f"the sources stand in {compiled.path} and beside it")
    if source:
        print(glove.source)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dim", type=int, default=8, help="numbers in a vector (8)")
    parser.add_argument("--epochs", type=int, default=10, help="times over the text (10)")
    parser.add_argument("--source", action="store_true", help="print GloVe's kernel")
    arguments = parser.parse_args()
    main(arguments.dim, arguments.epochs, arguments.source)
