"""Softmax regression on pictures of digits: a model without a table, against scikit-learn's.

    python examples/models/digits.py                     (pip install scikit-learn)

1,797 pictures of 8 x 8 numbers. Both models are linear with the same penalty on the weights, so
they come to the same digits on pictures that they have not seen.
"""

import argparse
import time

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F


class SoftmaxRegression(tw.Module):
    """-log softmax(x w + b)[digit], and a share of the penalty |w|² / 2C for each example."""

    def __init__(self, numbers, classes, penalty):
        self.w = tw.Parameter(np.zeros((numbers, classes)))
        self.b = tw.Parameter(np.zeros(classes))
        self.penalty = penalty

    def scores(self, pixels):
        return pixels @ self.w + self.b

    def loss(self, example):
        scores, digit = self.scores(example["pixels"]), example["digit"]
        true = np.take_along_axis(scores, digit[..., None], axis=-1)[..., 0]
        each = F.logsumexp(scores, axis=-1) - true
        return (each + self.penalty * (self.w**2).sum()).sum()


def load():
    """Return pictures (N, 64), from 0 to 1, and their digits (N,)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise SystemExit("the pictures come with scikit-learn: pip install scikit-learn") from None
    pictures = load_digits()
    return pictures.data / 16, pictures.target


def peer(pixels, digits, c):
    """Return scikit-learn's model, trained; None without scikit-learn."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        return None
    return LogisticRegression(C=c, max_iter=1000).fit(pixels, digits)


def main(pixels=None, digits=None, epochs=60, c=1.0, engine="auto"):
    """Train both; print and return the shares of unseen digits that each tells."""
    if pixels is None:
        pixels, digits = load()
    table = {"pixels": pixels, "digit": digits}
    train, test = tw.examples.Arrays(table).split(0.25, seed=1)
    seen, unseen = train.columns, test.columns
    classes = int(digits.max()) + 1
    model = SoftmaxRegression(pixels.shape[1], classes, 0.5 / c / train.units)

    batch, _ = next(train.batches(0))
    print(tw.check_grads(model, {name: column[:4] for name, column in batch.items()}))
    if engine != "numpy":
        tw.check_compiled(model, train.example(), train.axes())

    began = time.perf_counter()
    options = {"lr": 0.1, "min_lr": 0.001, "epochs": epochs, "engine": engine}
    tw.fit(model, train, progress=False, **options)
    seconds = time.perf_counter() - began

    def right(told, columns):
        return float(np.mean(told == columns["digit"]))

    found = {"tw.fit": right(model.scores(unseen["pixels"]).data.argmax(axis=-1), unseen)}
    print(f"{train.units:,} pictures to learn from, {test.units:,} unseen")
    print(f"tw.fit        {found['tw.fit']:.1%} of the unseen are told   {seconds:.2f} s")
    began = time.perf_counter()
    other = peer(seen["pixels"], seen["digit"], c)
    seconds = time.perf_counter() - began
    if other is not None:
        found["scikit-learn"] = right(other.predict(unseen["pixels"]), unseen)
        share = found["scikit-learn"]
        print(f"scikit-learn  {share:.1%} of the unseen are told   {seconds:.2f} s")
        found["weights apart"] = float(np.abs(centred(model.w.data) - other.coef_.T).max())
    return found


def centred(w):
    """Return weights whose sum over the classes is 0, as only their differences matter."""
    return w - w.mean(axis=1, keepdims=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--c", type=float, default=1.0, help="scikit-learn's C (1)")
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    main(**vars(parser.parse_args()))
