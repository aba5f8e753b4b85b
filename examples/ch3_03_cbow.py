"""CBOW with MatMul and softmax, trained with Adam on one sentence.

The model is three lines of forward expression; its backward pass comes from the graph they leave.

A mean does not know left from right. `say _ and` and `and _ say` look alike to CBOW, so "goodbye"
and "i" share one probability there: no training gets the loss below 2/6 log 2 = 0.231.

    python examples/ch3_03_cbow.py --output pictures
"""

import argparse
from pathlib import Path

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from ch3_01_probabilities import TEXT, around, table


class CBOW(tw.Module):
    """Two contexts predict the word between them."""

    def __init__(self, vocab_size, dim, rng):
        self.w_in = tw.Parameter(0.01 * rng.normal(size=(vocab_size, dim)))
        self.w_out = tw.Parameter(0.01 * rng.normal(size=(dim, vocab_size)))

    def scores(self, contexts):
        h = 0.5 * (contexts[..., 0, :] @ self.w_in + contexts[..., 1, :] @ self.w_in)
        return h @ self.w_out

    def forward(self, contexts, target):
        return F.cross_entropy(self.scores(contexts), target)


def data(text=TEXT):
    """Return contexts (batch, 2) and target (batch,) as ids, and the words by id."""
    corpus, _, id_to_word = tw.text.preprocess(text)
    return *tw.text.create_contexts_target(corpus, window_size=1), id_to_word


def folder(path):
    """Return the folder for pictures; it is made if it is not there."""
    Path(path).mkdir(parents=True, exist_ok=True)
    return Path(path)


def lowest_loss(contexts, target):
    """Return the mean of -log P(target | contexts, in any order), P being shares of the text."""
    asked = [tuple(sorted(pair)) for pair in contexts.tolist()]
    answered = list(zip(asked, target.tolist(), strict=True))
    shares = [answered.count(pair) / asked.count(pair[0]) for pair in answered]
    return -np.log(shares).mean()


def train(max_epoch=1000, dim=5):
    """Train a CBOW; return it with its Trainer."""
    contexts, target, id_to_word = data()
    model = CBOW(len(id_to_word), dim, np.random.default_rng(0))
    trainer = tw.Trainer(model, tw.optim.Adam())
    one_hot = tw.text.convert_one_hot(contexts, len(id_to_word))
    trainer.fit(one_hot, target, max_epoch=max_epoch, batch_size=3)
    return model, trainer


def main(max_epoch=3000, output="."):
    """Train, print what was learned, draw the loss; return the model and the word vectors."""
    contexts, target, id_to_word = data()
    model, trainer = train(max_epoch)
    lowest = lowest_loss(contexts, target)
    print(
        f"loss: {trainer.losses[0]:.3f} at first, {trainer.losses[-1]:.3f} at last; "
        f"the lowest is {lowest:.3f}"
    )

    picture = folder(output) / "ch3_03_cbow_loss.png"
    trainer.plot(picture, floor=lowest)
    print(f"its curve: {picture}\n")

    word_vectors = tw.WordVectors(id_to_word, model.w_in.data)
    print("word vectors, the rows of w_in:")
    for word in id_to_word.values():
        print(
            f"  {word:<8} {np.array2string(word_vectors[word], precision=2, suppress_small=True)}"
        )
    print("\ncosine similarities:")
    print(word_vectors.cosine_table(digits=2))

    p = F.softmax(model.scores(tw.text.convert_one_hot(contexts, len(id_to_word))))
    print("\nP(word | contexts) after training:")
    print(table(p.data, around(contexts, id_to_word), id_to_word.values(), marked=target))
    return model, word_vectors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--max-epoch", type=int, default=3000)
    parser.add_argument("--output", default=".", help="folder for the picture")
    arguments = parser.parse_args()
    main(arguments.max_epoch, arguments.output)
