"""Words as means of their parts: the expressions beside the definition, and their gradients."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.models import SubwordCBOW, SubwordSkipGram
from tinygrad_w2v.word2vec.subword_settings import SubwordSettings

ROWS, WORDS, DIM = 12, 7, 4


def model_of(kind, rng, **options):
    model = kind(ROWS, DIM, rng=rng, predicted=WORDS, **options)
    model.w_in.data = rng.normal(size=(ROWS, DIM))
    model.w_out.data = rng.normal(size=(WORDS, DIM))
    return model


def batch_of(kind, **options):
    settings = SubwordSettings(
        kind, window=2, bucket=ROWS - WORDS, **{"shared_negatives": True, "negative": 3} | options
    )
    return settings.small_batch(WORDS)


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def test_skipgram_is_its_definition(rng) -> None:
    """The centre's parts predict each context, beside negatives that are not that context."""
    model, batch = model_of(SubwordSkipGram, rng), batch_of("skipgram")
    expected = 0.0
    for window in range(len(batch.center)):
        h = model.w_in.data[batch.pieces[window]].mean(axis=0)
        for context in batch.contexts[window]:
            expected -= log_sigmoid(h @ model.w_out.data[context])
            for drawn in batch.targets[window, 1:]:
                if drawn != context:
                    expected -= log_sigmoid(-h @ model.w_out.data[drawn])
    equal = batch.targets[:, 1:, None] == batch.contexts[:, None, :]
    assert equal.any()  # so that leaving them out is seen
    assert float(model.loss(batch).data) == pytest.approx(expected)


@pytest.mark.parametrize("mean", [True, False])
def test_cbow_is_its_definition(mean, rng) -> None:
    model, batch = model_of(SubwordCBOW, rng, mean=mean), batch_of("cbow")
    expected = 0.0
    for window in range(len(batch.center)):
        rows = model.w_in.data[batch.pieces[window]]
        h = rows.mean(axis=0) if mean else rows.sum(axis=0)
        signs = 2 * batch.labels[window] - 1
        expected -= log_sigmoid(signs * (model.w_out.data[batch.targets[window]] @ h)).sum()
    assert float(model.loss(batch).data) == pytest.approx(expected)


@pytest.mark.parametrize("pairs", [True, False])
def test_pairs_and_trees_read_the_parts_of_each_context(pairs, rng) -> None:
    options = {"shared_negatives": False} if pairs else {"hs": 1, "negative": 0}
    batch = batch_of("skipgram", **options)
    model = model_of(SubwordSkipGram, rng, pairs=pairs)
    assert batch.contexts.shape[1] == (1 if pairs else 4)
    expected = 0.0
    for window in range(len(batch.center)):
        for place in range(batch.contexts.shape[1]):
            own = batch.pieces[window][batch.owner[window] == place]
            h = model.w_in.data[own].mean(axis=0)
            signs = 2 * batch.labels[window] - 1
            expected -= log_sigmoid(signs * (model.w_out.data[batch.targets[window]] @ h)).sum()
    assert float(model.loss(batch).data) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["cbow", "skipgram"])
def test_every_part_is_given_the_gradient_of_the_mean_whole(kind, rng) -> None:
    """Which is S times the true gradient of a mean of S parts."""
    batch = batch_of(kind)
    one = type(batch)(*[field[:1] for field in batch])
    of_rule, true = (
        model_of(SubwordSettings.MODELS[kind], np.random.default_rng(3), compat=compat)
        for compat in ("word2vec", None)
    )
    for model in (of_rule, true):
        model.loss(one).backward()
    whole, share = (np.asarray(m.w_in.grad.data.to_dense()) for m in (of_rule, true))
    assert np.abs(share).max() > 0
    np.testing.assert_allclose(whole, one.pieces.shape[1] * share)
    tw.check_grads(true, one)


def test_the_large_table_begins_evenly(rng) -> None:
    model = SubwordCBOW(40_000, 100, rng=rng, predicted=5)
    start = model.w_in.data
    assert start.shape == (40_000, 100) and model.w_out.shape == (5, 100)
    assert np.abs(start).max() <= 0.01 and start.std() == pytest.approx(0.01 / 3**0.5, rel=0.01)
    assert len(np.unique(start[:2])) > 190 and not (start[0] == start[16384]).any()
