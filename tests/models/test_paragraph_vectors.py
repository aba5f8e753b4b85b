"""Paragraph vectors: each mode is a sum over windows, with its formula, gradient and kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import GradientError, InputError
from tinygrad_w2v.models.paragraph_vectors import (
    ConcatenatedMemory,
    DistributedBagOfWords,
    DistributedMemory,
    ParagraphVectors,
)
from tinygrad_w2v.sources.documents import DocumentWindow, TaggedWindow

TAGS, V, DIM, K, C, D, N = 5, 9, 4, 2, 4, 3, 2
MODES: dict[str, Any] = {
    "PV-DM mean": lambda: DistributedMemory(TAGS, V, DIM),
    "PV-DM sum": lambda: DistributedMemory(TAGS, V, DIM, mean=False),
    "PV-DM, gensim's rule": lambda: DistributedMemory(TAGS, V, DIM, compat="word2vec"),
    "PV-DM sum, gensim's rule": lambda: DistributedMemory(
        TAGS, V, DIM, mean=False, compat="word2vec"
    ),
    "PV-DM places": lambda: ConcatenatedMemory(TAGS, V, DIM, window=N, tag_count=D),
    "PV-DBOW": lambda: DistributedBagOfWords(TAGS, V, DIM),
    "PV-DBOW with words": lambda: DistributedBagOfWords(TAGS, V, DIM, words=True),
}
every_mode = pytest.mark.parametrize("mode", MODES)


def made(mode: str, rng: np.random.Generator) -> ParagraphVectors:
    model: ParagraphVectors = MODES[mode]()
    for parameter in model.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    return model


def windows(rng: np.random.Generator, *shape: int, contexts: int = C) -> TaggedWindow:
    """Ids repeat within a window, those of tags, too."""
    targets = rng.integers(V, size=(*shape, 1 + K))
    labels = np.zeros(targets.shape)
    labels[..., 0] = 1
    around = rng.integers(V, size=(*shape, contexts))
    tags = rng.integers(TAGS, size=(*shape, D))
    return TaggedWindow(targets[..., 0], around, np.zeros_like(around), targets, labels, tags)


@every_mode
def test_a_batch_is_the_sum_of_its_windows(mode: str, rng: np.random.Generator) -> None:
    model, batch = made(mode, rng), windows(rng, 2, 3)
    singles = [TaggedWindow(*(a[i, j] for a in batch)) for i in range(2) for j in range(3)]
    total = sum(model.loss(one).item() for one in singles)
    assert model.loss(batch).item() == pytest.approx(total, rel=1e-12)
    assert model.predictions(batch) == sum(model.predictions(one) for one in singles)


@every_mode
@pytest.mark.grad
def test_gradients_are_those_of_the_loss(mode: str, rng: np.random.Generator) -> None:
    model, batch = made(mode, rng), windows(rng, 3)
    if "gensim" in mode:  # each vector is given the whole gradient of the mean, on purpose
        with pytest.raises(GradientError, match="w_in"):
            tw.check_grads(model, batch)
        return
    tw.check_grads(model, batch, order=2)


COMPILED = ["PV-DM mean", "PV-DM, gensim's rule", "PV-DM places", "PV-DBOW with words"]


@pytest.mark.parametrize(
    "mode", [m if m in COMPILED else pytest.param(m, marks=pytest.mark.proof) for m in MODES]
)
def test_kernels_compute_what_the_graph_does(mode: str, rng: np.random.Generator) -> None:
    fixed = mode == "PV-DM places"
    axes: dict[str, Any] = {"documents": (D,) if fixed else (("D", D),)}
    if not fixed:
        axes |= dict.fromkeys(("contexts", "offsets"), (("C", C),))
    tw.check_compiled(made(mode, rng), windows(rng), axes, rng=rng)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("contexts", [0, C])
def test_means_and_sums_have_the_gradient_of_the_formula(
    contexts: int, rng: np.random.Generator
) -> None:
    """dL/dh goes to each of the D + C vectors as a share or whole; gensim's rule turns it."""
    window, part = windows(rng, contexts=contexts), 1 / (D + contexts)
    shares = {"PV-DM mean": part, "PV-DM, gensim's rule": 1.0}
    shares |= {"PV-DM sum": 1.0, "PV-DM sum, gensim's rule": part}
    for mode, share in shares.items():
        model = made(mode, np.random.default_rng(1))
        own, around = model.w_doc.data[window.documents], model.w_in.data[window.contexts]
        h = own.sum(axis=0) + around.sum(axis=0)
        h *= 1.0 if "sum" in mode else part
        rows = model.w_out.data[window.targets]
        error = sigmoid(rows @ h) - window.labels
        expected = np.zeros((TAGS, DIM))
        np.add.at(expected, window.documents, share * (error @ rows))
        model.loss(window).backward()
        found = F.to_dense(model.w_doc.grad).data
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_each_tag_alone_predicts_in_a_bag(rng: np.random.Generator) -> None:
    model, window = made("PV-DBOW", rng), windows(rng)
    scores = model.w_doc.data[window.documents] @ model.w_out.data[window.targets].T
    signs = 2 * window.labels - 1
    assert model.loss(window).item() == pytest.approx(-np.log(sigmoid(signs * scores)).sum())
    both = made("PV-DBOW with words", rng)
    both.load_state_dict(model.state_dict())
    scores = model.w_in.data[window.contexts] @ model.w_out.data[window.targets].T
    more = -np.log(sigmoid(signs * scores)).sum()
    assert both.loss(window).item() == pytest.approx(model.loss(window).item() + more)
    assert (model.predictions(window), both.predictions(window)) == (D, D + C)


def test_places_stand_one_after_the_other(rng: np.random.Generator) -> None:
    model, window = made("PV-DM places", rng), windows(rng)
    assert model.w_in.shape == (V + 1, DIM)
    rows = [*model.w_doc.data[window.documents], *model.w_in.data[window.contexts]]
    scores = model.w_out.data[window.targets] @ np.concatenate(rows)
    expected = -np.log(sigmoid((2 * window.labels - 1) * scores)).sum()
    assert model.loss(window).item() == pytest.approx(expected)


def test_one_tag_may_come_without_an_axis(rng: np.random.Generator) -> None:
    model, window = made("PV-DM mean", rng), windows(rng)
    one = DocumentWindow(*window[:5], window.documents[0])
    many = window._replace(documents=window.documents[:1])
    assert model.loss(one).item() == model.loss(many).item()
    assert model.predictions(one) == model.predictions(many) == 1


@pytest.mark.parametrize(
    ("sizes", "message"),
    [((-1, V, DIM), "tags must be 0 or more"), ((TAGS, 2.5, DIM), "vocab_size must be a whole")],
)
def test_sizes_are_checked(sizes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DistributedMemory(*sizes)
