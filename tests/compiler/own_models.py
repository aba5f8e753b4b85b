"""Models that a user might write, none of which the package has: each is a forward expression.

A window is a dict of arrays. `EXAMPLES` says for each model how to make it, windows to try it on
(with words that repeat, a negative that is the target, one word alone), and the dynamic axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

WORDS, DIM, WINDOW, NEGATIVE = 11, 16, 3, 4
Rng = np.random.Generator


def table(rng: Rng, *shape: int) -> tw.Parameter:
    return tw.Parameter(rng.normal(size=shape) * 0.6)


def negative_sampling(h: Any, w_out: Any, batch: Any) -> Any:
    scores = h @ np.swapaxes(w_out[batch["targets"]], -1, -2)
    return -F.log_sigmoid((2 * batch["labels"] - 1) * scores).sum()


class PositionWeights(tw.Module):
    """CBOW whose positions have learned weights, one for each number of a vector."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)
        self.w_pos = table(rng, 2 * WINDOW + 1, DIM)

    def loss(self, batch: Any) -> Any:
        x = self.w_in[batch["contexts"]] * self.w_pos[batch["offsets"] + WINDOW]
        return negative_sampling(x.mean(axis=-2, keepdims=True), self.w_out, batch)


class WeightedMean(tw.Module):
    """CBOW with a weighted mean: weights are a softmax over the positions that there are."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)
        self.strength = table(rng, 2 * WINDOW + 1)

    def loss(self, batch: Any) -> Any:
        weights = F.softmax(self.strength[batch["offsets"] + WINDOW], axis=-1)
        x = self.w_in[batch["contexts"]]
        h = (np.expand_dims(weights, -1) * x).sum(axis=-2, keepdims=True)
        return negative_sampling(h, self.w_out, batch)


class Attention(tw.Module):
    """Contexts attend to each other: an axis of contexts occurs twice."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)

    def loss(self, batch: Any) -> Any:
        x = self.w_in[batch["contexts"]]
        weights = F.softmax(x @ np.swapaxes(x, -1, -2) / np.sqrt(DIM), axis=-1)
        return negative_sampling((weights @ x).mean(axis=-2, keepdims=True), self.w_out, batch)


class Biased(tw.Module):
    """Skip-gram with a bias for each word, on both sides."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)
        self.b_in, self.b_out = table(rng, WORDS), table(rng, WORDS)

    def scores(self, batch: Any) -> Any:
        x = self.w_in[batch["contexts"]]
        scores = x @ np.swapaxes(self.w_out[batch["targets"]], -1, -2)
        return (
            scores
            + np.expand_dims(self.b_out[batch["targets"]], -2)
            + np.expand_dims(self.b_in[batch["contexts"]], -1)
        )

    def loss(self, batch: Any) -> Any:
        labels = np.expand_dims(batch["labels"], -2)
        return (F.softplus(self.scores(batch)) - labels * self.scores(batch)).sum()


class Relation(tw.Module):
    """A context meets a target through a learned matrix: one product of three."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)
        self.relation = table(rng, DIM, DIM)

    def loss(self, batch: Any) -> Any:
        x, y = self.w_in[batch["contexts"]], self.w_out[batch["targets"]]
        scores = F.einsum("...cd,de,...te->...ct", x, self.relation, y)
        labels = np.expand_dims(batch["labels"], -2)
        return (F.softplus(scores) - labels * scores).sum()


class Counted(Biased):
    """Later contexts count more; a running mean meets the best target of each context."""

    def loss(self, batch: Any) -> Any:
        contexts, scores = batch["contexts"], self.scores(batch)
        n = contexts.shape[-1]
        place = np.arange(n, like=contexts)
        x = self.w_in[contexts]
        running = np.cumsum(x, axis=-2) / np.expand_dims(place + 1.0, -1)
        best = np.take_along_axis(
            np.expand_dims(batch["targets"], -2) + np.expand_dims(0 * contexts, -1),
            np.argmax(scores, axis=-1, keepdims=True),
            axis=-1,
        )[..., 0]
        near = (running * self.w_out[best]).sum(axis=-1) * (1 + place / n)
        twice = np.repeat(near, 2, axis=-1)
        far = np.cumprod(np.tanh(self.w_in[contexts[..., np.argmin(near, axis=-1)]]), axis=-1)
        return np.tanh(twice).sum() + far.sum() * (n % 3 + n // 2)


def curves(x: Any, y: Any) -> Any:
    """Every function of one number, or of two, that other models do not have."""
    total = np.log10(2 + x) + np.exp2(x) + np.cbrt(2 + x) + np.arcsin(x) * np.arccos(x)
    total = total + np.arcsinh(y) + np.arccosh(2 + x) + np.arctanh(x) + np.arctan2(x + 2, y)
    total = total + np.hypot(1 + x, y) + np.fmod(3 + x, 2.0) + np.deg2rad(y) + np.rad2deg(x)
    total = total + np.logaddexp2(x, y) + np.fmax(x, y) + np.fmin(x, -y) + np.sinc(x + 1.3)
    return total + x * np.rint(3 * x.data) + y * np.trunc(3 * y.data) + np.nan_to_num(x)


class Curves(Biased):
    """The functions of numbers, each in loops."""

    def loss(self, batch: Any) -> Any:
        x = np.tanh(self.w_in[batch["contexts"]]) * 0.9
        y = self.w_out[batch["targets"]].sum(axis=-2)
        return curves(x, y).sum() + (x.mean(axis=-2) * np.tile(np.ravel(y), 1)).sum()


class Numbers(Biased):
    """The functions of numbers, of one each: a short kernel, and they are the same ones."""

    def loss(self, batch: Any) -> Any:
        return curves(np.tanh(self.b_in[batch["center"]]) * 0.9, self.b_out[batch["context"]])


class Margin(Biased):
    """The true word's score is to be larger than each other one's, by 1."""

    def loss(self, batch: Any) -> Any:
        scores = self.scores(batch)
        return F.relu(1 - scores[..., :1] + scores[..., 1:]).sum()


class SquaredHinge(Biased):
    """Scores are to be above 1 for the true word, below -1 for the others."""

    def loss(self, batch: Any) -> Any:
        signs = np.expand_dims(2 * batch["labels"] - 1, -2)
        return np.square(np.maximum(1 - signs * self.scores(batch), 0)).sum()


class GloVe(tw.Module):
    """Weighted least squares of the logarithms of counts, on triples."""

    def __init__(self, rng: Rng) -> None:
        self.w, self.u = table(rng, WORDS, DIM), table(rng, WORDS, DIM)
        self.b, self.c = table(rng, WORDS), table(rng, WORDS)

    def loss(self, batch: Any) -> Any:
        i, j = batch["center"], batch["context"]
        score = (self.w[i] * self.u[j]).sum(axis=-1) + self.b[i] + self.c[j]
        return (batch["weight"] * (score - batch["log_count"]) ** 2).sum()


class Subwords(tw.Module):
    """fastText's: a word is the sum of its n-grams, given flat, with where each word starts."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, 3 * WORDS, DIM), table(rng, WORDS, DIM)

    def loss(self, batch: Any) -> Any:
        words = F.segment_sum(self.w_in[batch["grams"]], batch["starts"])
        scores = np.tanh(words) @ np.swapaxes(self.w_out[batch["targets"]], -1, -2)
        return -F.log_sigmoid((2 * batch["labels"] - 1) * scores).sum()


class TwoLayers(tw.Module):
    """Contexts through two dense layers."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, 5)
        self.first, self.first_bias = table(rng, DIM, 12), table(rng, 12)
        self.second, self.second_bias = table(rng, 12, 5), table(rng, 5)

    def loss(self, batch: Any) -> Any:
        h = np.tanh(self.w_in[batch["contexts"]] @ self.first + self.first_bias)
        h = np.tanh(h.mean(axis=-2, keepdims=True) @ self.second + self.second_bias)
        return negative_sampling(h, self.w_out, batch)


class Book(tw.Module):
    """The book's toy CBOW: products with one-hot rows, softmax over all words."""

    one_hot_target = True

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, 5), table(rng, 5, WORDS)

    def loss(self, batch: Any) -> Any:
        contexts = batch["contexts"]
        h = 0.5 * (contexts[..., 0, :] @ self.w_in + contexts[..., 1, :] @ self.w_in)
        return F.cross_entropy(h @ self.w_out, batch["target"])


class WeightedWords(tw.Module):
    """Each word counts by a constant of the model's, an array that is not learned."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)
        self.counts, self.turn = rng.uniform(1, 2, WORDS), rng.normal(size=(DIM, DIM))

    def loss(self, batch: Any) -> Any:
        x = self.w_in[batch["contexts"]] @ self.turn
        weights = np.expand_dims(F.take(self.counts, batch["contexts"], axis=0), -1)
        return negative_sampling((x * weights).sum(axis=-2, keepdims=True), self.w_out, batch)


class Pairs(tw.Module):
    """Words in a matrix of contexts and targets, both dynamic; and all contexts in one row."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.dense = table(rng, WORDS, DIM), table(rng, DIM, 3)

    def loss(self, batch: Any) -> Any:
        x = self.w_in[batch["pairs"]]
        flat = np.reshape(np.tanh(x @ self.dense), (*x.shape[:-3], -1, 3))
        return F.logsumexp(flat).sum() - np.max(flat * flat + flat, axis=-2).sum()


class Tied(tw.Module):
    """One table for both sides: all its rows are read before any is written."""

    def __init__(self, rng: Rng) -> None:
        self.w_in = self.w_out = table(rng, WORDS, DIM)

    def loss(self, batch: Any) -> Any:
        h = self.w_in[batch["contexts"]].mean(axis=-2, keepdims=True)
        return negative_sampling(h, self.w_out, batch)


class Cosine(tw.Module):
    """A softmax over cosines, and a dense penalty of one table."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)

    def loss(self, batch: Any) -> Any:
        h = self.w_in[batch["contexts"]].mean(axis=-2, keepdims=True)
        cosines = F.cosine_similarity(h, self.w_out[batch["targets"]])
        return F.logsumexp(5 * cosines) - 5 * cosines[..., 0] + 0.01 * np.square(self.w_out).sum()


# ---------------------------------------------------------------------- windows
def pairs(rng: Rng) -> list[dict[str, Any]]:
    """Matrices of words, of one row, of one column, of one word."""
    shapes = ((3, 2), (1, 4), (4, 1), (1, 1))
    return [{"pairs": rng.integers(0, WORDS, shape)} for shape in shapes]


def windows(rng: Rng) -> list[dict[str, Any]]:
    """Windows of 4, 1, 6 and 2 contexts."""
    found = []
    for count in (4, 1, 6, 2):
        contexts = rng.integers(0, WORDS, count)
        targets = rng.integers(0, WORDS, 1 + NEGATIVE)
        if count > 1:
            contexts[1] = contexts[0]  # a word that comes twice
            targets[2] = targets[1]  # a negative that is drawn twice
            targets[3] = targets[0]  # a negative that is the target
            targets[4] = contexts[0]
        offsets = np.delete(np.arange(-WINDOW, WINDOW + 1), WINDOW)[:count]
        labels = np.zeros(1 + NEGATIVE, np.float32)
        labels[0] = 1
        found.append(
            {"contexts": contexts, "offsets": offsets, "targets": targets, "labels": labels}
        )
    return found


def triples(rng: Rng) -> list[dict[str, Any]]:
    """A word beside another one, beside itself, and beside another one again."""
    return [
        {
            "center": np.array(i),
            "context": np.array(j),
            "weight": np.array(rng.uniform(0, 1)),
            "log_count": np.array(rng.uniform(0, 3)),
        }
        for i, j in ((1, 4), (4, 4), (1, 4))
    ]


def many_triples(rng: Rng) -> list[dict[str, Any]]:
    """Several triples at once."""
    return [
        {
            "center": rng.integers(0, 4, n),
            "context": rng.integers(0, 4, n),
            "weight": rng.uniform(0, 1, n),
            "log_count": rng.uniform(0, 3, n),
        }
        for n in (5, 1)
    ]


def ragged(rng: Rng) -> list[dict[str, Any]]:
    """Words of several n-grams, of one, of none, and one word alone; n-grams that repeat."""
    found = []
    for starts, count in (([0, 3, 4], 8), ([0], 1), ([0, 5, 5], 6)):
        grams = rng.integers(0, 3 * WORDS, count)
        grams[-1] = grams[0]
        window = windows(rng)[0]
        found.append(
            {
                "grams": grams,
                "starts": np.array(starts),
                "targets": window["targets"],
                "labels": window["labels"],
            }
        )
    return found


def one_hot(rng: Rng) -> list[dict[str, Any]]:
    """Two contexts and a target, as one-hot rows."""
    eye = np.eye(WORDS)
    return [
        {"contexts": eye[rng.integers(0, WORDS, 2)], "target": eye[rng.integers(WORDS)]}
        for _ in range(3)
    ]


def one_hot_contexts(rng: Rng) -> list[dict[str, Any]]:
    """Two contexts as one-hot rows, the target as an id."""
    return [{**w, "target": np.array(w["target"].argmax())} for w in one_hot(rng)]


class Example(NamedTuple):
    """A model with what to run it on."""

    make: Callable[[Rng], tw.Module]
    windows: Callable[[Rng], list[dict[str, Any]]] = windows
    axes: dict[str, Any] = {"contexts": ("C",), "offsets": ("C",)}  # noqa: RUF012


class Recurrent(tw.Module):
    """A gated state that goes over the contexts, and reads a row of another table at each."""

    def __init__(self, rng: Rng) -> None:
        self.w_in, self.w_out = table(rng, WORDS, DIM), table(rng, WORDS, DIM)
        self.state, self.gate = table(rng, DIM, DIM), table(rng, WORDS, DIM)

    def loss(self, batch: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            row, word = x
            gate = F.sigmoid(self.gate[word] + row)
            return gate * h + (1 - gate) * F.tanh(h @ self.state + row)

        rows = np.moveaxis(self.w_in[batch["contexts"]], -2, 0)
        words = np.moveaxis(batch["contexts"], -1, 0)
        states = F.scan(step, np.zeros((*rows.shape[1:-1], DIM)), (rows, words))
        return negative_sampling(np.moveaxis(states, 0, -2)[..., -1:, :], self.w_out, batch)


EXAMPLES = {
    "position weights": Example(PositionWeights),
    "weighted mean": Example(WeightedMean),
    "attention": Example(Attention),
    "biases": Example(Biased),
    "relation": Example(Relation),
    "counted": Example(Counted),
    "curves": Example(Curves),
    "numbers": Example(Numbers, triples, {}),
    "margin": Example(Margin),
    "squared hinge": Example(SquaredHinge),
    "GloVe": Example(GloVe, triples, {}),
    "GloVe, many": Example(
        GloVe, many_triples, dict.fromkeys(("center", "context", "weight", "log_count"), ("n",))
    ),
    "subwords": Example(Subwords, ragged, {"grams": (("G", 30),), "starts": (("S", 8),)}),
    "two layers": Example(TwoLayers),
    "book, one-hot": Example(Book, one_hot, {}),
    "book, ids": Example(Book, one_hot_contexts, {}),
    "constants": Example(WeightedWords),
    "pairs": Example(Pairs, pairs, {"pairs": (("C", 5), ("T", 6))}),
    "tied": Example(Tied),
    "cosine": Example(Cosine),
    "recurrent": Example(Recurrent),
}

# Those that become native code in every run of the tests, by dtype. Between them they have every
# instruction and every function that any model here has (test_all_of_it_is_used.py looks), and
# are the quickest that do: Numba takes seconds for each.
NATIVE = {
    np.float64: ("GloVe", "counted", "numbers", "subwords", "book, ids", "cosine", "recurrent"),
    np.float32: ("position weights", "tied"),
}
NATIVE_RULES = (
    *(("tied", "Adam"), ("GloVe, many", "AdaGrad"), ("book, ids", "Nesterov")),
    ("book, one-hot", "RMSprop"),
)
