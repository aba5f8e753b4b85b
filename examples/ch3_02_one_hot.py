"""The input of CBOW: contexts as one-hot vectors, an array of shape (batch, contexts, vocabulary).

    python examples/ch3_02_one_hot.py

The last axis has as many places as there are different words. Slides sometimes call it L, "the
length of the corpus"; the corpus is 8 words long here, but "say" occurs twice, so the axis has 7.
"""

import numpy as np

import tinygrad_w2v as tw
from ch3_01_probabilities import TEXT, around


def main():
    """Print text, ids, contexts, targets and the one-hot array, and return that array."""
    corpus, word_to_id, id_to_word = tw.text.preprocess(TEXT)
    contexts, target = tw.text.create_contexts_target(corpus, window_size=1)
    vocab_size = len(word_to_id)
    one_hot = tw.text.convert_one_hot(contexts, vocab_size)

    print(f"text        {TEXT}")
    print(f"corpus      {corpus}   ({len(corpus)} words)")
    print(f"vocabulary  {' '.join(word_to_id)}   ({vocab_size} different words)")
    print(f"one-hot     shape {one_hot.shape} = (batch, contexts, vocabulary)\n")
    for name, ids, word, rows in zip(
        around(contexts, id_to_word), contexts, target, one_hot.astype(int), strict=True
    ):
        print(f"{name:<15} ids {ids}  {rows[0]} {rows[1]}  -> {id_to_word[word]}")

    # Why one-hot: a product with it takes a row of the weights, which look-up does directly.
    w_in = np.arange(vocab_size * 2.0).reshape(vocab_size, 2)
    print(
        f"\none_hot @ w_in equals w_in[contexts]: {np.array_equal(one_hot @ w_in, w_in[contexts])}"
    )
    return one_hot


if __name__ == "__main__":
    main()
