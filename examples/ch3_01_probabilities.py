"""P(word | contexts): what CBOW computes, as a table, for weights that you give.

A context is a one-hot row. MatMul with W_in takes its row, the rows' mean is the hidden layer h,
MatMul with W_out scores every word, softmax makes probabilities of the scores. Nothing is trained
here: with random weights all words are about equally likely.

    python examples/ch3_01_probabilities.py
"""

import argparse

import numpy as np

import tinygrad_w2v as tw

TEXT = "You say goodbye and I say hello."


def probabilities(contexts, w_in, w_out):
    """Return P(word | contexts) of shape (..., V) for one-hot contexts of shape (..., 2, V)."""
    h = 0.5 * (contexts[..., 0, :] @ w_in + contexts[..., 1, :] @ w_in)
    scores = h @ w_out
    exp_scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exp_scores / exp_scores.sum(axis=-1, keepdims=True)


def table(p, rows, columns, marked=None):
    """Write p as text, one line a row; `marked` gives for each row the columns that get a star."""
    left, width = max(map(len, rows)), max(map(len, columns))
    lines = [" " * left + "".join(f"  {name:>{width}} " for name in columns)]
    for i, (name, line) in enumerate(zip(rows, p, strict=True)):
        stars = [] if marked is None else np.ravel(marked[i])
        cells = [
            f"  {value:{width}.3f}{'*' if j in stars else ' '}" for j, value in enumerate(line)
        ]
        lines.append(f"{name:<{left}}" + "".join(cells))
    return "\n".join(line.rstrip() for line in lines)


def around(contexts, id_to_word):
    """Name each row of contexts: `you _ goodbye`."""
    return [f"{id_to_word[left]} _ {id_to_word[right]}" for left, right in contexts.tolist()]


def main(w_in=None, w_out=None, dim=5):
    """Print the table for weights w_in (V, dim) and w_out (dim, V) and return it."""
    corpus, _, id_to_word = tw.text.preprocess(TEXT)
    contexts, target = tw.text.create_contexts_target(corpus, window_size=1)
    vocab_size = len(id_to_word)
    rng = np.random.default_rng(0)
    w_in = tw.Variable(rng.normal(size=(vocab_size, dim)) if w_in is None else w_in, name="w_in")
    w_out = tw.Variable(rng.normal(size=(dim, vocab_size)) if w_out is None else w_out, "w_out")

    p = probabilities(tw.text.convert_one_hot(contexts, vocab_size), w_in, w_out)

    print(f"P(word | contexts) for w_in {w_in.shape} and w_out {w_out.shape};")
    print("each row sums to 1, and * marks the word that stands there in the text\n")
    print(table(p.data, around(contexts, id_to_word), id_to_word.values(), marked=target))
    return p.data


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dim", type=int, default=5, help="size of the hidden layer (5)")
    main(dim=parser.parse_args().dim)
