"""Skip-gram: one word predicts both its neighbours, and the loss has a term for each.

As in the book the loss is a sum of two means, that of the left contexts and that of the right
ones. A word that occurs in two places cannot know which one it stands in, so the loss cannot fall
to 0 as CBOW's does; the lowest value that it can have is printed beside it.

    python examples/ch3_07_skipgram.py --output pictures
"""

import argparse

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from ch3_01_probabilities import table
from ch3_03_cbow import data, folder


class SkipGram(tw.Module):
    """A word predicts the words on its left and on its right."""

    def __init__(self, vocab_size, dim, rng):
        self.w_in = tw.Parameter(0.01 * rng.normal(size=(vocab_size, dim)))
        self.w_out = tw.Parameter(0.01 * rng.normal(size=(dim, vocab_size)))

    def scores(self, target):
        return target @ self.w_in @ self.w_out

    def forward(self, contexts, target):
        s = self.scores(target)
        return F.cross_entropy(s, contexts[..., 0, :]) + F.cross_entropy(s, contexts[..., 1, :])


def frequencies(contexts, target, vocab_size):
    """Return how often each word stands beside each target, as shares (V, V) of its row."""
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (target[:, None], contexts), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def main(max_epoch=1000, output="."):
    """Train, print P(context | word), draw the loss; return the last loss, the lowest, and P."""
    contexts, target, id_to_word = data()
    vocab_size = len(id_to_word)
    model = SkipGram(vocab_size, 5, np.random.default_rng(0))
    trainer = tw.Trainer(model, tw.optim.Adam())
    one_hot_contexts = tw.text.convert_one_hot(contexts, vocab_size)
    one_hot_target = tw.text.convert_one_hot(target, vocab_size)
    trainer.fit(one_hot_contexts, one_hot_target, max_epoch=max_epoch, batch_size=3)

    seen = frequencies(contexts, target, vocab_size)
    lowest = -np.log(seen[target[:, None], contexts]).mean(axis=0).sum()
    picture = folder(output) / "ch3_07_skipgram_loss.png"
    trainer.plot(picture, floor=lowest)
    last = float(model(one_hot_contexts, one_hot_target))
    print(f"loss: {trainer.losses[0]:.3f} at first, {last:.3f} at last; the lowest is {lowest:.3f}")
    print(f"its curve: {picture}")

    ids = np.unique(target)
    p = F.softmax(model.scores(tw.text.convert_one_hot(ids, vocab_size))).data
    print("\nP(context | word), * marks the words that stand beside it in the text:")
    beside = [np.flatnonzero(seen[i]) for i in ids]
    print(table(p, [id_to_word[i] for i in ids], id_to_word.values(), marked=beside))
    return last, lowest, p


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--max-epoch", type=int, default=1000)
    parser.add_argument("--output", default=".", help="folder for the picture")
    arguments = parser.parse_args()
    main(arguments.max_epoch, arguments.output)
