"""CBOW again, with rows `w_in[contexts]` in place of the one-hot product: the same loss, less work.

A one-hot row times W_in is a row of W_in. Looked up by its id, it needs no one-hot array, and its
gradient is a `RowGrad`: only the rows that were read. `to_dense()` shows that it is the same
gradient.

    python examples/ch3_04_rows.py
"""

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from ch3_03_cbow import CBOW, data


class RowCBOW(tw.Module):
    """CBOW of context ids."""

    def __init__(self, vocab_size, dim, rng):
        self.w_in = tw.Parameter(0.01 * rng.normal(size=(vocab_size, dim)))
        self.w_out = tw.Parameter(0.01 * rng.normal(size=(dim, vocab_size)))

    def forward(self, contexts, target):
        h = 0.5 * (self.w_in[contexts[..., 0]] + self.w_in[contexts[..., 1]])
        return F.cross_entropy(h @ self.w_out, target)


def main(batch=3, dim=5):
    """Compare losses and gradients on the first windows; return both losses and the gradients."""
    contexts, target, id_to_word = data()
    contexts, target = contexts[:batch], target[:batch]
    vocab_size = len(id_to_word)
    by_product = CBOW(vocab_size, dim, np.random.default_rng(0))
    by_rows = RowCBOW(vocab_size, dim, np.random.default_rng(0))

    product_loss = by_product(tw.text.convert_one_hot(contexts, vocab_size), target)
    row_loss = by_rows(contexts, target)
    print(f"loss   one-hot product {float(product_loss):.12f}   rows {float(row_loss):.12f}")

    product_loss.backward()
    row_loss.backward()
    dense, rows = by_product.w_in.grad.data, by_rows.w_in.grad.data
    difference = np.abs(dense - rows.to_dense()).max()
    print(f"gradient of w_in, largest difference: {difference:.1e}\n")
    print("the gradient as the one-hot product has it:")
    print(np.array2string(dense, precision=4, suppress_small=True))
    print(f"\nand as {rows}; a row that was read twice is the sum:")
    unique = rows.coalesced()
    for row, values in zip(unique.rows, unique.values, strict=True):
        written = np.array2string(values, precision=4, suppress_small=True)
        print(f"  row {row} ({id_to_word[row]:<7}) {written}")
    return float(product_loss), float(row_loss), dense, rows


if __name__ == "__main__":
    main()
