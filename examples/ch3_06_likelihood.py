"""The loss in the book's formula: L = -1/T sum over t of log P(w_t | w_t-1, w_t+1).

Written out word by word, with nothing but a sum and a logarithm, it is the number that the code's
`cross_entropy` gives. Here T counts the words that have both neighbours.

    python examples/ch3_06_likelihood.py
"""

import argparse
import math

import tinygrad_w2v as tw
from ch3_01_probabilities import probabilities
from ch3_03_cbow import data, train


def main(max_epoch=300):
    """Print every term of the formula; return its value and the model's loss."""
    contexts, target, id_to_word = data()
    model, _ = train(max_epoch)
    one_hot = tw.text.convert_one_hot(contexts, len(id_to_word))
    p = probabilities(one_hot, model.w_in, model.w_out).data

    total = 0.0
    for t, (word, (left, right)) in enumerate(zip(target, contexts, strict=True)):
        total += math.log(p[t, word])
        given = f"P({id_to_word[word]} | {id_to_word[left]}, {id_to_word[right]})"
        print(f"log {given:<26} = log {p[t, word]:.4f} = {math.log(p[t, word]):8.4f}")
    by_formula = -total / len(target)
    by_code = float(model(one_hot, target))
    print(f"\n-1/T of their sum, T = {len(target)}:  {by_formula:.12f}")
    print(f"the model's own number:   {by_code:.12f}")
    return by_formula, by_code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--max-epoch", type=int, default=300)
    main(parser.parse_args().max_epoch)
