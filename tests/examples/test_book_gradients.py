"""The gradients of the chapter's models are those that the book derives by hand."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_w2v as tw

pytestmark = pytest.mark.example

V, DIM, BATCH = 7, 5, 6


def softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gradients(model: tw.Module, *batch: np.ndarray) -> dict[str, np.ndarray]:
    model.cleargrads()
    model(*batch).backward()
    return {
        name: np.asarray(tw.functions.to_dense(parameter.grad).data)
        for name, parameter in model.named_parameters()
    }


@pytest.fixture
def windows(rng) -> tuple[np.ndarray, np.ndarray]:
    """Ids of contexts and of targets; they repeat, in a window and in the batch."""
    return rng.integers(V, size=(BATCH, 2)), rng.integers(V, size=BATCH)


def weighted(model: tw.Module, rng: np.random.Generator) -> tw.Module:
    """The model with weights that are not all small."""
    for parameter in model.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    return model


@pytest.mark.parametrize("written", ["one-hot", "rows"])
@pytest.mark.parametrize("one_hot_target", [False, True])
def test_cbow(written, one_hot_target, example, windows, rng) -> None:
    """p = softmax(s); ds = (p - t) / N; dW_out = h' ds; dh = ds W_out'; dW_in = sum c' dh / 2."""
    contexts, target = windows
    c, t = tw.text.convert_one_hot(contexts, V), tw.text.convert_one_hot(target, V)
    kind = example("ch3_03_cbow").CBOW if written == "one-hot" else example("ch3_04_rows").RowCBOW
    model = weighted(kind(V, DIM, rng), rng)
    w_in, w_out = model.w_in.data, model.w_out.data

    h = 0.5 * (c[:, 0] @ w_in + c[:, 1] @ w_in)
    ds = (softmax(h @ w_out) - t) / BATCH
    dh = ds @ w_out.T
    dw_in = c[:, 0].T @ (0.5 * dh) + c[:, 1].T @ (0.5 * dh)

    given = c if written == "one-hot" else contexts
    found = gradients(model, given, t if one_hot_target else target)
    np.testing.assert_allclose(found["w_out"], h.T @ ds, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found["w_in"], dw_in, rtol=1e-6, atol=1e-12)


def test_skipgram(example, windows, rng) -> None:
    """ds = (p - c_left) / N + (p - c_right) / N; dW_out = h' ds; dW_in = t' ds W_out'."""
    c, t = (tw.text.convert_one_hot(ids, V) for ids in windows)
    model = weighted(example("ch3_07_skipgram").SkipGram(V, DIM, rng), rng)
    w_in, w_out = model.w_in.data, model.w_out.data

    h = t @ w_in
    p = softmax(h @ w_out)
    ds = (p - c[:, 0]) / BATCH + (p - c[:, 1]) / BATCH

    found = gradients(model, c, t)
    np.testing.assert_allclose(found["w_out"], h.T @ ds, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found["w_in"], t.T @ ds @ w_out.T, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", ["CBOW", "RowCBOW", "SkipGram"])
def test_models_are_written_over_trailing_axes(name, example, windows, rng) -> None:
    """One window, without a batch axis, will do; a batch's loss is the mean of its windows'."""
    contexts, target = windows
    scripts = {"CBOW": "ch3_03_cbow", "RowCBOW": "ch3_04_rows", "SkipGram": "ch3_07_skipgram"}
    model = weighted(getattr(example(scripts[name]), name)(V, DIM, rng), rng)
    x = contexts if name == "RowCBOW" else tw.text.convert_one_hot(contexts, V)
    t = tw.text.convert_one_hot(target, V) if name == "SkipGram" else target
    singles = [float(model(one, word)) for one, word in zip(x, t, strict=True)]
    assert float(model(x, t)) == pytest.approx(np.mean(singles), rel=1e-12)
    stacked = model(x.reshape(2, 3, *x.shape[1:]), t.reshape(2, 3, *t.shape[1:]))
    assert float(stacked) == pytest.approx(np.mean(singles), rel=1e-12)


@pytest.mark.grad
@pytest.mark.parametrize("name", ["CBOW", "RowCBOW", "SkipGram"])
def test_numerical_gradients_agree(name, example, windows, rng) -> None:
    contexts, target = windows
    scripts = {"CBOW": "ch3_03_cbow", "RowCBOW": "ch3_04_rows", "SkipGram": "ch3_07_skipgram"}
    model = weighted(getattr(example(scripts[name]), name)(V, DIM, rng), rng)
    x = contexts if name == "RowCBOW" else tw.text.convert_one_hot(contexts, V)
    t = tw.text.convert_one_hot(target, V) if name == "SkipGram" else target
    tw.check_grads(model, x, t, order=2)
