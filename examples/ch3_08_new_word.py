"""A new word for a trained model: one more row and column, and training goes on from there.

The learned weights stay; the new word starts with small random ones. So training goes on from a
lower loss than that of a model which begins anew, and is ahead of it afterwards.

"farewell" stands where "hello" stood, `say _ .`. "i" stands in `. _ say`, which has the same mean,
so that these three words come to share the probability: a third for each.

    python examples/ch3_08_new_word.py
"""

import argparse

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from ch3_01_probabilities import TEXT, around, table
from ch3_03_cbow import CBOW, data, train

NEW_TEXT = TEXT + " I say farewell."


def grown(model, vocab_size, rng):
    """Return a larger CBOW that knows what `model` has learned."""
    old_size, dim = model.w_in.shape
    larger = CBOW(vocab_size, dim, rng)
    larger.w_in.data[:old_size] = model.w_in.data
    larger.w_out.data[:, :old_size] = model.w_out.data
    return larger


def main(max_epoch=1000, more_epochs=100):
    """Train, add a word, go on; return the losses before and after, and P where the word stands."""
    trained, _ = train(max_epoch)
    contexts, target, id_to_word = data(NEW_TEXT)  # the old words keep their ids
    vocab_size = len(id_to_word)
    one_hot = tw.text.convert_one_hot(contexts, vocab_size)

    continued = grown(trained, vocab_size, np.random.default_rng(1))
    anew = CBOW(vocab_size, 5, np.random.default_rng(1))
    losses = []
    for name, model in (("from the learned weights", continued), ("from the beginning", anew)):
        before = float(model(one_hot, target))
        trainer = tw.Trainer(model, tw.optim.Adam(lr=0.01))
        trainer.fit(one_hot, target, max_epoch=more_epochs, batch_size=3, quiet=True)
        losses.append((before, float(model(one_hot, target))))
        print(f"{name:<25} loss {before:.3f} -> {losses[-1][1]:.3f}")

    new_id = vocab_size - 1
    new = target == new_id
    p = F.softmax(continued.scores(one_hot[new])).data
    print(f"\nP(word | contexts) where {id_to_word[new_id]!r} stands:")
    print(table(p, around(contexts[new], id_to_word), id_to_word.values(), marked=target[new]))
    return losses, p


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--max-epoch", type=int, default=1000)
    parser.add_argument("--more-epochs", type=int, default=100)
    arguments = parser.parse_args()
    main(arguments.max_epoch, arguments.more_epochs)
