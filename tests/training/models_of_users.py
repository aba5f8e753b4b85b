"""Models that people write, each with a handful of examples that it is trained on.

`MODELS` says for each how to make it and its examples; parameters are in double precision. All are
forward expressions over trailing axes, so the same one is the loss of an example and of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.counting import cooccurrence

WORDS, DIM, WINDOW, NEGATIVE, ROWS = 7, 3, 2, 2, 20
SETTINGS = tw.examples.WindowSettings(window=WINDOW, sample=0, negative=NEGATIVE, batch_size=1)


def model(*shapes: tuple[int, ...]) -> Callable[[Callable[..., Any]], type[tw.Module]]:
    """Make a Module of a function ``loss(example, *parameters)``."""

    def made(loss: Callable[..., Any]) -> type[tw.Module]:
        class Model(tw.Module):
            def __init__(self) -> None:
                rng = np.random.default_rng(len(shapes))
                self.tables = [tw.Parameter(0.5 * rng.normal(size=shape)) for shape in shapes]

            def loss(self, example: Any) -> Any:
                return loss(example, *self.tables)

        Model.__name__ = Model.__qualname__ = loss.__name__
        return Model

    return made


IN = OUT = (WORDS, DIM)


def told_apart(scores: Any, labels: Any) -> Any:
    """Binary cross-entropy of scores: is it the true one?"""
    return F.softplus((1 - 2 * labels) * scores).sum()


def first_of(scores: Any) -> Any:
    """Softmax cross-entropy: the first one is true."""
    return (F.logsumexp(scores, axis=-1) - scores[..., 0]).sum()


def predicted(h: Any, out: Any, window: Any) -> Any:
    """Negative sampling of the targets by ``h (..., n, d)``."""
    scores = h @ np.swapaxes(out[window.targets], -1, -2)
    return told_apart(scores, window.labels[..., None, :])


def apart(x: Any, y: Any) -> Any:
    """Squared Euclidean distances."""
    return ((x - y) ** 2).sum(axis=-1)


# ---------------------------------------------------------------------- a mean of contexts
@model(IN, OUT, (2 * WINDOW + 1, DIM))
def position_weights(window: Any, w_in: Any, w_out: Any, place: Any) -> Any:
    x = w_in[window.contexts] * place[window.offsets + WINDOW]
    return predicted(x.mean(axis=-2, keepdims=True), w_out, window)


@model(IN, OUT, (2 * WINDOW + 1,))
def weighted_mean(window: Any, w_in: Any, w_out: Any, strength: Any) -> Any:
    weights = F.softmax(strength[window.offsets + WINDOW], axis=-1)
    return predicted(weights[..., None, :] @ w_in[window.contexts], w_out, window)


@model(IN, OUT)
def max_pooling(window: Any, w_in: Any, w_out: Any) -> Any:
    return predicted(w_in[window.contexts].max(axis=-2, keepdims=True), w_out, window)


@model(IN, OUT, (DIM,))
def attention_by_a_global_query(window: Any, w_in: Any, w_out: Any, query: Any) -> Any:
    x = w_in[window.contexts]
    weights = F.softmax(x @ query, axis=-1)
    return predicted(weights[..., None, :] @ x, w_out, window)


@model(IN, OUT, IN)
def attention_by_the_target(window: Any, w_in: Any, w_out: Any, keys: Any) -> Any:
    x, targets = w_in[window.contexts], w_out[window.targets]
    weights = F.softmax(targets @ np.swapaxes(keys[window.contexts], -1, -2), axis=-1)
    return told_apart(((weights @ x) * targets).sum(axis=-1), window.labels)


@model(IN, OUT, (DIM, DIM), (DIM,))
def tanh_encoder(window: Any, w_in: Any, w_out: Any, w: Any, b: Any) -> Any:
    h = w_in[window.contexts].mean(axis=-2, keepdims=True)
    return predicted(np.tanh(h @ w + b), w_out, window)


@model(IN, OUT, (DIM, 4), (4,), (4, DIM), (DIM,))
def mlp_encoder(window: Any, w_in: Any, w_out: Any, w: Any, b: Any, v: Any, c: Any) -> Any:
    h = w_in[window.contexts].mean(axis=-2, keepdims=True)
    return predicted(F.relu(h @ w + b) @ v + c, w_out, window)


@model(IN, OUT, (DIM, DIM), (DIM, DIM))
def gated_encoder(window: Any, w_in: Any, w_out: Any, w: Any, gate: Any) -> Any:
    h = w_in[window.contexts].mean(axis=-2, keepdims=True)
    open_ = F.sigmoid(h @ gate)
    return predicted(open_ * np.tanh(h @ w) + (1 - open_) * h, w_out, window)


@model(IN, OUT, (DIM,), (DIM,))
def layer_norm(window: Any, w_in: Any, w_out: Any, gain: Any, bias: Any) -> Any:
    h = w_in[window.contexts].sum(axis=-2, keepdims=True)
    normal = (h - h.mean(axis=-1, keepdims=True)) / np.sqrt(h.var(axis=-1, keepdims=True) + 1e-5)
    return predicted(normal * gain + bias, w_out, window)


@model(IN)
def tied_tables(window: Any, w: Any) -> Any:
    return predicted(w[window.contexts].mean(axis=-2, keepdims=True), w, window)


@model(IN, (DIM, 2), (WORDS, 2))
def low_rank_output(window: Any, w_in: Any, down: Any, w_out: Any) -> Any:
    h = w_in[window.contexts].mean(axis=-2, keepdims=True)
    return predicted(h @ down, w_out, window)


# ---------------------------------------------------------------------- each context by itself
@model(IN, OUT, (WORDS,), (WORDS,))
def skipgram_with_biases(window: Any, w_in: Any, w_out: Any, b: Any, c: Any) -> Any:
    scores = w_in[window.contexts] @ np.swapaxes(w_out[window.targets], -1, -2)
    scores = scores + b[window.contexts][..., None] + c[window.targets][..., None, :]
    return told_apart(scores, window.labels[..., None, :])


@model(IN, ((2 * WINDOW + 1) * WORDS, DIM))
def structured_skipgram(window: Any, w_in: Any, w_out: Any) -> Any:
    """A word has a vector for each offset, one table after the other."""
    table = (window.offsets + WINDOW) * WORDS
    rows = w_out[table[..., None] + window.targets[..., None, :]]
    scores = (w_in[window.contexts][..., None, :] * rows).sum(axis=-1)
    return told_apart(scores, window.labels[..., None, :])


@model(IN, OUT, (DIM, DIM))
def bilinear(window: Any, w_in: Any, w_out: Any, relation: Any) -> Any:
    x, y = w_in[window.contexts], w_out[window.targets]
    return told_apart((x @ relation) @ np.swapaxes(y, -1, -2), window.labels[..., None, :])


@model(IN, OUT)
def info_nce_in_a_window(window: Any, w_in: Any, w_out: Any) -> Any:
    return first_of(w_in[window.contexts] @ np.swapaxes(w_out[window.targets], -1, -2))


@model(IN, OUT)
def cosine_with_temperature(window: Any, w_in: Any, w_out: Any) -> Any:
    x, y = w_in[window.contexts][..., :, None, :], w_out[window.targets][..., None, :, :]
    return first_of(F.cosine_similarity(x, y) / 0.3)


@model(IN, OUT, ())
def squared_euclidean(window: Any, w_in: Any, w_out: Any, near: Any) -> Any:
    x, y = w_in[window.contexts][..., :, None, :], w_out[window.targets][..., None, :, :]
    return told_apart(near - apart(x, y), window.labels[..., None, :])


@model(IN, OUT)
def rbf(window: Any, w_in: Any, w_out: Any) -> Any:
    x, y = w_in[window.contexts][..., :, None, :], w_out[window.targets][..., None, :, :]
    return first_of(4 * np.exp(-0.5 * apart(x, y)))


@model(IN, OUT, (DIM, DIM), (DIM, DIM))
def recurrent(window: Any, w_in: Any, w_out: Any, w: Any, gate: Any) -> Any:
    """A state that goes over the contexts, and how much of it each replaces."""

    def step(h: Any, x: Any) -> Any:
        open_ = F.sigmoid(x @ gate)
        return open_ * h + (1 - open_) * np.tanh(h @ w + x)

    rows = np.moveaxis(w_in[window.contexts], -2, 0)
    last = F.scan(step, np.zeros(rows.shape[1:]), rows)[-1]
    return predicted(last[..., None, :], w_out, window)


# ---------------------------------------------------------------------- beside a window
@model((5, DIM), IN, OUT)
def pv_dm(window: Any, w_doc: Any, w_in: Any, w_out: Any) -> Any:
    around = w_in[window.contexts]
    h = w_doc[window.document[..., None]] + around.sum(axis=-2, keepdims=True)
    return predicted(h / (1 + around.shape[-2]), w_out, window)


@model((5, DIM), OUT)
def pv_dbow(window: Any, w_doc: Any, w_out: Any) -> Any:
    return predicted(w_doc[window.document[..., None]], w_out, window)


@model((WORDS + 30, DIM), OUT)
def subword_sums(window: Any, w_in: Any, w_out: Any) -> Any:
    return predicted(w_in[window.pieces].sum(axis=-2, keepdims=True), w_out, window)


# ---------------------------------------------------------------------- columns
@model(IN, OUT)
def info_nce_in_a_batch(example: Any, w_in: Any, w_out: Any) -> Any:
    """An example is a batch of pairs, whose others are the negatives of each."""
    x, y = w_in[example["left"]], w_out[example["right"]]
    scores = x @ np.swapaxes(y, -1, -2)
    return (F.logsumexp(scores, axis=-1) - (x * y).sum(axis=-1)).sum()


@model(IN, OUT)
def hinge(example: Any, w_in: Any, w_out: Any) -> Any:
    x = w_in[example["head"]]
    true = (x * w_out[example["tail"]]).sum(axis=-1)
    wrong = (x[..., None, :] * w_out[example["wrong"]]).sum(axis=-1)
    return np.maximum(1 - true[..., None] + wrong, 0).sum()


@model(IN)
def triplet(example: Any, w: Any) -> Any:
    anchor = w[example["head"]]
    near, far = apart(anchor, w[example["tail"]]), apart(anchor, w[example["other"]])
    return F.relu(0.5 + near - far).sum()


@model(IN)
def poincare(example: Any, w: Any) -> Any:
    """Distances in the ball of radius 1, which tanh maps all of space to."""
    u, v = w[example["head"]][..., None, :], w[candidates(example)]

    def ball(x: Any) -> Any:
        length = np.sqrt((x**2).sum(axis=-1, keepdims=True) + 1e-9)
        return x * (np.tanh(length) / length)

    u, v = ball(u), ball(v)
    rest = (1 - (u**2).sum(axis=-1)) * (1 - (v**2).sum(axis=-1))
    return first_of(-np.arccosh(1 + 1e-6 + 2 * apart(u, v) / rest))


@model(IN, OUT, (WORDS,), (WORDS,))
def glove(entry: Any, w: Any, c: Any, b: Any, d: Any) -> Any:
    i, j = entry["row"], entry["column"]
    score = (w[i] * c[j]).sum(axis=-1) + b[i] + d[j]
    weight = np.minimum((entry["count"] / 10) ** 0.75, 1)
    return (weight * (score - np.log(entry["count"])) ** 2).sum()


@model(IN, OUT, (WORDS,), (WORDS,), ())
def matrix_factorization(example: Any, u: Any, v: Any, b: Any, c: Any, mean: Any) -> Any:
    i, j = example["head"], example["tail"]
    score = mean + b[i] + c[j] + (u[i] * v[j]).sum(axis=-1)
    return ((score - example["y"]) ** 2).sum() + 0.01 * ((u[i] ** 2).sum() + (v[j] ** 2).sum())


@model((WORDS,))
def bradley_terry(example: Any, strength: Any) -> Any:
    return F.softplus(strength[example["other"]] - strength[example["head"]]).sum()


def candidates(example: Any) -> Any:
    """Ids of the true tail and of the others, ``(..., 1 + K)``."""
    return np.concatenate([example["tail"][..., None], example["wrong"]], axis=-1)


RELATIONS = (2, DIM)


@model(IN, RELATIONS)
def trans_e(example: Any, entity: Any, relation: Any) -> Any:
    h, r = entity[example["head"]], relation[example["relation"]]
    return first_of(-np.abs((h + r)[..., None, :] - entity[candidates(example)]).sum(axis=-1))


@model(IN, RELATIONS)
def dist_mult(example: Any, entity: Any, relation: Any) -> Any:
    h, r = entity[example["head"]], relation[example["relation"]]
    return first_of(((h * r)[..., None, :] * entity[candidates(example)]).sum(axis=-1))


def parts(x: Any) -> tuple[Any, Any]:
    """The real and the imaginary half of the last axis."""
    return x[..., :DIM], x[..., DIM:]


@model((WORDS, 2 * DIM), (2, 2 * DIM))
def compl_ex(example: Any, entity: Any, relation: Any) -> Any:
    (a, b), (c, d) = parts(entity[example["head"]]), parts(relation[example["relation"]])
    x, y = parts(entity[candidates(example)])
    real, imaginary = (a * c - b * d)[..., None, :], (a * d + b * c)[..., None, :]
    return first_of((real * x + imaginary * y).sum(axis=-1))


@model((WORDS, 2 * DIM), RELATIONS)
def rotat_e(example: Any, entity: Any, angle: Any) -> Any:
    (a, b), turn = parts(entity[example["head"]]), angle[example["relation"]]
    c, d = np.cos(turn), np.sin(turn)
    x, y = parts(entity[candidates(example)])
    real, imaginary = (a * c - b * d)[..., None, :] - x, (a * d + b * c)[..., None, :] - y
    return first_of(-np.sqrt(real**2 + imaginary**2 + 1e-9).sum(axis=-1))


@model(IN, (WORDS, DIM), OUT, (WORDS, DIM))
def gaussian_by_kl(example: Any, mean: Any, log_var: Any, other: Any, other_log_var: Any) -> Any:
    """A word is a distribution; the true tail's is nearer to the head's than others' are."""
    i, j = example["head"], candidates(example)
    m, s, n, t = mean[i][..., None, :], log_var[i][..., None, :], other[j], other_log_var[j]
    divergence = 0.5 * (np.exp(s - t) + (n - m) ** 2 / np.exp(t) - 1 + t - s).sum(axis=-1)
    return np.maximum(1 + divergence[..., :1] - divergence[..., 1:], 0).sum()


@model((DIM, 4), (4,))
def softmax_regression(example: Any, w: Any, b: Any) -> Any:
    scores = example["x"] @ w + b
    true = np.take_along_axis(scores, example["relation"][..., None], axis=-1)
    return (F.logsumexp(scores, axis=-1, keepdims=True) - true).sum()


@model((DIM,), ())
def linear_regression(example: Any, w: Any, b: Any) -> Any:
    return (((example["x"] * w).sum(axis=-1) + b - example["y"]) ** 2).sum()


# ---------------------------------------------------------------------- examples
def text() -> list[list[str]]:
    """Sentences in which every word occurs."""
    rng = np.random.default_rng(0)
    words = [f"word{n}" for n in rng.permutation(np.arange(5 * WORDS) % WORDS)]
    return [words[at : at + 7] for at in range(0, len(words), 7)]


def windows() -> tw.examples.Windows:
    return tw.examples.Windows(text(), SETTINGS, min_count=1)


def documents() -> tw.examples.Documents:
    return tw.examples.Documents(text(), settings=SETTINGS, min_count=1)


def subwords() -> tw.examples.Subwords:
    return tw.examples.Subwords(text(), SETTINGS, buckets=30, min_count=1)


def counts() -> tw.examples.Cooccurrences:
    return tw.examples.Cooccurrences(cooccurrence(text()), batch_size=1)


def columns(*fields: str) -> Callable[[], tw.examples.Arrays]:
    """Rows of a table with these fields; `wrong` are drawn beside `tail`."""

    def made() -> tw.examples.Arrays:
        rng = np.random.default_rng(1)
        head, tail, other = rng.integers(0, WORDS, (3, ROWS))
        table = {
            "head": head,
            "tail": tail,
            "other": np.where(other == head, (other + 1) % WORDS, other),
            "relation": rng.integers(0, 2, ROWS),
            "x": rng.normal(size=(ROWS, DIM)),
            "y": rng.normal(size=ROWS),
            "left": rng.integers(0, WORDS, (ROWS, 4)),
            "right": rng.integers(0, WORDS, (ROWS, 4)),
        }
        drawn = {"wrong": ("tail", NEGATIVE)} if "wrong" in fields else None
        kept = {name: array for name, array in table.items() if name in fields}
        return tw.examples.Arrays(kept, drawn, batch_size=1)

    return made


class Trained(NamedTuple):
    """A model, and what it is trained on."""

    model: Callable[[], tw.Module]
    examples: Callable[[], tw.examples.Source]


PAIRS, TRIPLES = columns("head", "tail", "wrong"), columns("head", "relation", "tail", "wrong")
EXAMPLES: dict[Callable[[], Any], tuple[type[tw.Module], ...]] = {
    windows: (
        *(position_weights, weighted_mean, max_pooling),
        *(attention_by_a_global_query, attention_by_the_target),
        *(tanh_encoder, mlp_encoder, gated_encoder, layer_norm, tied_tables, low_rank_output),
        *(skipgram_with_biases, structured_skipgram, bilinear, info_nce_in_a_window),
        *(cosine_with_temperature, squared_euclidean, rbf, recurrent),
    ),
    documents: (pv_dm, pv_dbow),
    subwords: (subword_sums,),
    counts: (glove,),
    columns("left", "right"): (info_nce_in_a_batch,),
    columns("head", "tail", "other"): (triplet,),
    columns("head", "other"): (bradley_terry,),
    columns("head", "tail", "y"): (matrix_factorization,),
    PAIRS: (hinge, poincare, gaussian_by_kl),
    TRIPLES: (trans_e, dist_mult, compl_ex, rotat_e),
    columns("x", "relation"): (softmax_regression,),
    columns("x", "y"): (linear_regression,),
}
MODELS = {
    each.__name__: Trained(each, examples)
    for examples, models in EXAMPLES.items()
    for each in models
}
