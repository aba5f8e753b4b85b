"""Every model with every objective: a sum over windows, of any shape, with the book's gradient."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import GradientError, InputError
from tinygrad_w2v.autograd import check_grads
from tinygrad_w2v.models import CBOW, EmbeddingModel, SkipGram
from tinygrad_w2v.models.objectives import hierarchical_softmax, needs, negative_sampling, softmax

V, DIM, K = 11, 4, 3
OBJECTIVES = ["softmax", "negative_sampling", "hierarchical_softmax"]


def squared(h, w_out, targets, labels):
    """An objective of a user's: the true word's score is to be 1, the others' 0."""
    scores = h @ F.swapaxes(w_out[targets], -1, -2)
    return ((scores - labels[..., None, :]) ** 2).sum()


def make(kind: str, objective, rng: np.random.Generator) -> EmbeddingModel:
    """A float64 model with no zeros, so that both tables have gradients."""
    name, _, option = kind.partition(":")
    options = {"": {}, "sum": {"mean": False}}.get(option, {"compat": option})
    if name == "skipgram":
        options = {"predict": option}
    model = {"cbow": CBOW, "skipgram": SkipGram}[name](V, DIM, objective, rng=rng, **options)
    for parameter in (model.w_in, model.w_out):
        parameter.data = rng.normal(size=(V, DIM))
    return model


def draw(rng: np.random.Generator, *shape: int) -> Batch:
    """Windows of the leading shape and C = 3 contexts; ids repeat."""
    targets = rng.integers(V, size=(*shape, 1 + K))
    labels = np.zeros(targets.shape)
    labels[..., 0] = 1
    contexts = rng.integers(V, size=(*shape, 3))
    return Batch(targets[..., 0], contexts, np.zeros_like(contexts), targets, labels)


def gradients(model: EmbeddingModel, batch: Batch) -> list[np.ndarray]:
    model.w_in.cleargrad()
    model.w_out.cleargrad()
    model.loss(batch).backward()
    return [np.asarray(F.to_dense(p.grad).data) for p in (model.w_in, model.w_out)]


KINDS = ["cbow", "cbow:word2vec", "cbow:sum", "skipgram:center", "skipgram:contexts"]
ALL = [
    (kind, objective)
    for kind, objective in itertools.product(KINDS, [*OBJECTIVES, squared])
    if (kind, objective) != ("skipgram:contexts", "hierarchical_softmax")
]
every_model = pytest.mark.parametrize(("kind", "objective"), ALL)


@every_model
def test_gradient_of_a_batch_is_the_sum_of_its_windows(kind, objective, rng) -> None:
    model, batch = make(kind, objective, rng), draw(rng, 6)
    whole, whole_gradients = model.loss(batch).item(), gradients(model, batch)
    singles = [Batch(*(array[i] for array in batch)) for i in range(6)]
    assert whole == pytest.approx(sum(model.loss(one).item() for one in singles), rel=1e-12)
    parts = [gradients(model, one) for one in singles]
    for total, *each in zip(whole_gradients, *parts, strict=True):
        np.testing.assert_allclose(total, sum(each), rtol=1e-12, atol=1e-12)


@every_model
def test_any_leading_axes_will_do(kind, objective, rng) -> None:
    model, batch = make(kind, objective, rng), draw(rng, 2, 3)
    flat = Batch(*(array.reshape(6, *array.shape[2:]) for array in batch))
    assert model.loss(batch).item() == pytest.approx(model.loss(flat).item(), rel=1e-12)
    for a, b in zip(gradients(model, batch), gradients(model, flat), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@every_model
def test_gradient_is_that_of_the_loss(kind, objective, rng) -> None:
    """Central differences in a random direction; compat departs from them on purpose."""
    model, batch = make(kind, objective, rng), draw(rng, 5)
    ours = gradients(model, batch)
    eps, agrees = 1e-6, []
    for parameter, gradient in zip((model.w_in, model.w_out), ours, strict=True):
        start, way = parameter.data, rng.normal(size=(V, DIM))
        parameter.data = start + eps * way
        above = model.loss(batch).item()
        parameter.data = start - eps * way
        below = model.loss(batch).item()
        parameter.data = start
        numerical = (above - below) / (2 * eps)
        agrees.append(numerical == pytest.approx((gradient * way).sum(), rel=1e-6))
    assert agrees == [kind != "cbow:word2vec", True]


@every_model
@pytest.mark.grad
def test_check_grads_agrees_to_second_order(kind, objective, rng) -> None:
    model, batch = make(kind, objective, rng), draw(rng, 3)
    if kind == "cbow:word2vec":
        with pytest.raises(GradientError, match="w_in"):
            check_grads(model, batch)
    else:
        check_grads(model, batch, order=2)


@pytest.mark.parametrize("kind", KINDS)
def test_float32_tables_stay_float32(kind, rng) -> None:
    name, _, option = kind.partition(":")
    if name == "cbow":
        compat = "word2vec" if option == "word2vec" else None
        model: EmbeddingModel = CBOW(V, DIM, compat=compat, mean=option != "sum")
    else:
        model = SkipGram(V, DIM, predict=option)
    batch = draw(rng, 4)
    loss = model.loss(batch._replace(labels=batch.labels.astype(np.float32)))
    loss.backward()
    dtypes = {loss.dtype, model.w_in.data.dtype, model.w_in.grad.dtype, model.w_out.grad.dtype}
    assert dtypes == {np.dtype(np.float32)}


# ---------------------------------------------------------------------- the book's formulas
def softmax_of(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid_of(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_cbow_softmax_has_the_books_gradient(rng) -> None:
    """ds = y - t;  dW_out = h' ds;  dh = ds W_out';  dW_in gets dh / C at each context."""
    model, batch = make("cbow", "softmax", rng), draw(rng, 5)
    w_in, w_out = model.w_in.data, model.w_out.data
    h = w_in[batch.contexts].mean(axis=1)
    ds = softmax_of(h @ w_out.T)
    ds[np.arange(5), batch.center] -= 1
    gw_out = ds.T @ h
    gw_in = np.zeros_like(w_in)
    np.add.at(gw_in, batch.contexts, (ds @ w_out)[:, None, :] / 3)
    for ours, formula in zip(gradients(model, batch), (gw_in, gw_out), strict=True):
        np.testing.assert_allclose(ours, formula, rtol=1e-6, atol=1e-9)


def test_skipgram_softmax_has_the_books_gradient(rng) -> None:
    """As above with h = w_in[center], and ds = sum over the contexts of y - t."""
    model, batch = make("skipgram:contexts", "softmax", rng), draw(rng, 5)
    w_in, w_out = model.w_in.data, model.w_out.data
    h = w_in[batch.center]
    ds = 3 * softmax_of(h @ w_out.T)
    np.subtract.at(ds, (np.arange(5)[:, None], batch.contexts), 1)
    gw_out = ds.T @ h
    gw_in = np.zeros_like(w_in)
    np.add.at(gw_in, batch.center, ds @ w_out)
    for ours, formula in zip(gradients(model, batch), (gw_in, gw_out), strict=True):
        np.testing.assert_allclose(ours, formula, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("compat", [None, "word2vec"])
def test_cbow_negative_sampling_has_the_books_gradient(compat, rng) -> None:
    """ds = sigma(s) - label;  dW_out gets ds h;  dh = sum ds w_out;  compat: no 1 / C."""
    model, batch = (
        make("cbow:word2vec" if compat else "cbow", "negative_sampling", rng),
        draw(rng, 5),
    )
    w_in, w_out = model.w_in.data, model.w_out.data
    h = w_in[batch.contexts].mean(axis=1)
    ds = sigmoid_of((h[:, None] * w_out[batch.targets]).sum(-1)) - batch.labels
    gw_out, gw_in = np.zeros_like(w_out), np.zeros_like(w_in)
    np.add.at(gw_out, batch.targets, ds[..., None] * h[:, None])
    dh = (ds[..., None] * w_out[batch.targets]).sum(1)
    np.add.at(gw_in, batch.contexts, np.repeat(dh[:, None] / (1 if compat else 3), 3, axis=1))
    for ours, formula in zip(gradients(model, batch), (gw_in, gw_out), strict=True):
        np.testing.assert_allclose(ours, formula, rtol=1e-6, atol=1e-9)


def test_skipgram_negative_sampling_is_word2vecs_update_summed(rng) -> None:
    """For each context x and target w: g = sigma(x.w) - label;  dx += g w;  dw += g x."""
    model, batch = make("skipgram:center", "negative_sampling", rng), draw(rng, 5)
    w_in, w_out = model.w_in.data, model.w_out.data
    gw_out, gw_in = np.zeros_like(w_out), np.zeros_like(w_in)
    for contexts, targets, labels in zip(batch.contexts, batch.targets, batch.labels, strict=True):
        for c, (w, label) in itertools.product(contexts, zip(targets, labels, strict=True)):
            g = sigmoid_of(w_in[c] @ w_out[w]) - label
            gw_in[c] += g * w_out[w]
            gw_out[w] += g * w_in[c]
    for ours, formula in zip(gradients(model, batch), (gw_in, gw_out), strict=True):
        np.testing.assert_allclose(ours, formula, rtol=1e-6, atol=1e-9)


def test_hierarchical_softmax_is_a_distribution(rng) -> None:
    """Over a full tree of four leaves, exp(-loss) of the leaves adds up to 1."""
    model = make("skipgram:center", "hierarchical_softmax", rng)
    context = np.array([5])
    leaves = [([0, 1], [0, 0]), ([0, 1], [0, 1]), ([0, 2], [1, 0]), ([0, 2], [1, 1])]
    losses = [
        model.loss(Batch(context[0], context, context, np.array(path), np.array(code))).item()
        for path, code in leaves
    ]
    assert np.exp(-np.array(losses)).sum() == pytest.approx(1, rel=1e-12)


# ---------------------------------------------------------------------- two readings
@pytest.mark.parametrize("predict", ["center", "contexts"])
def test_both_readings_cover_the_same_pairs(predict, rng) -> None:
    """Over the full windows of a text, each ordered pair of neighbours is a prediction once."""
    text, window = np.arange(7), 2
    seen: dict[str, list[tuple[int, int]]] = {"center": [], "contexts": []}

    def spy(h, w_out, targets, labels):
        # The rows of h are told by their number, as w_in is a counter.
        given = np.broadcast_to(h.data[..., 0], h.shape[:-1])
        for batch_like in np.broadcast(given, targets[..., :1]):
            seen[predict].append((int(batch_like[0]), int(batch_like[1])))
        return (h * 0).sum()

    model = SkipGram(7, 1, objective=spy, predict=predict)
    model.w_in.data = np.arange(7.0)[:, None]
    pairs = set()
    for center in text:
        around = [i for i in text if i != center and abs(i - center) <= window]
        pairs |= {(int(center), int(i)) for i in around}
        contexts = np.array(around)
        model.loss(Batch(center, contexts, contexts - center, np.array([center]), np.ones(1)))
    assert len(seen[predict]) == len(pairs)
    assert set(seen[predict]) == pairs


def test_contexts_share_a_windows_negatives(rng) -> None:
    """With one row of targets a window, the negatives count for each context."""
    model, batch = make("skipgram:contexts", "negative_sampling", rng), draw(rng, 5)
    w_in, w_out = model.w_in.data, model.w_out.data
    h = w_in[batch.center]
    positive = sigmoid_of((h[:, None] * w_out[batch.contexts]).sum(-1))
    negative = sigmoid_of(-(h[:, None] * w_out[batch.targets[:, 1:]]).sum(-1))
    expected = -np.log(positive).sum() - 3 * np.log(negative).sum()
    assert model.loss(batch).item() == pytest.approx(expected, rel=1e-12)


# ---------------------------------------------------------------------- model(contexts, target)
def test_called_with_ids_cbow_returns_the_mean(rng) -> None:
    model = make("cbow", "softmax", rng)
    contexts, target = rng.integers(V, size=(6, 2)), rng.integers(V, size=6)
    h = model.w_in.data[contexts].mean(axis=1)
    p = softmax_of(h @ model.w_out.data.T)[np.arange(6), target]
    assert model(contexts, target).item() == pytest.approx(-np.log(p).mean(), rel=1e-12)


def test_called_with_ids_skipgram_returns_the_books_sum_of_two_means(rng) -> None:
    model = make("skipgram:contexts", "softmax", rng)
    contexts, target = rng.integers(V, size=(6, 2)), rng.integers(V, size=6)
    p = softmax_of(model.w_in.data[target] @ model.w_out.data.T)
    left, right = (-np.log(p[np.arange(6), contexts[:, side]]).mean() for side in (0, 1))
    assert model(contexts, target).item() == pytest.approx(left + right, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_called_with_ids_the_model_draws_negatives(kind, rng) -> None:
    model = make(kind, "negative_sampling", rng)
    contexts, target = rng.integers(V, size=(6, 2)), rng.integers(V, size=6)
    batch = model.batch_of(contexts, target)
    true = contexts if kind == "skipgram:contexts" else target
    assert batch.targets.shape == (*true.shape, 6)
    assert (batch.targets[..., 0] == true).all()
    assert (batch.targets[..., 1:] != true[..., None]).all()
    assert (batch.labels[..., 0] == 1).all()
    assert (batch.labels[..., 1:] == 0).all()
    assert (batch.offsets == [-1, 1]).all()
    loss = model(contexts, target)
    loss.backward()
    assert loss.shape == ()


def wrapped(objective):
    @functools.wraps(objective)
    def inner(*args):
        return objective(*args)

    return inner


@pytest.mark.parametrize(
    "wrap", [wrapped, functools.partial, lambda f: wrapped(functools.partial(f))]
)
def test_a_wrapped_objective_needs_what_it_needed(wrap) -> None:
    model = SkipGram(5, 5, wrap(softmax))
    assert model.predict == "contexts"
    assert model.batch_of(np.array([1, 2]), np.array(0)).targets.shape == (2, 1)
    with pytest.raises(InputError, match="use predict='center'"):
        SkipGram(5, 5, wrap(hierarchical_softmax), predict="contexts")


def test_an_objective_of_the_users_says_what_it_needs() -> None:
    window = np.array([1, 2]), np.array(0)
    assert CBOW(5, 5, squared, negative=3).batch_of(*window).targets.shape == (4,)
    of_words = needs("word")(functools.partial(squared))
    assert CBOW(5, 5, of_words, negative=3).batch_of(*window).targets.shape == (1,)


@pytest.mark.parametrize("objective", [negative_sampling, hierarchical_softmax])
@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, np.bool_, np.float64])
def test_labels_may_be_of_any_kind(objective, kind, rng) -> None:
    h, w_out = rng.normal(size=(2, 4)), rng.normal(size=(9, 4))
    targets, labels = np.array([3, 5, 6]), np.array([1.0, 0.0, 0.0])
    assert objective(h, w_out, targets, labels.astype(kind)) == objective(h, w_out, targets, labels)


def test_negatives_follow_the_counts(rng) -> None:
    counts = np.array([0, 16, 1])
    model = CBOW(3, 2, rng=rng, counts=counts, negative=4000)
    drawn = model.batch_of(np.array([1, 2]), np.array(0)).targets[1:]
    assert np.mean(drawn == 1) == pytest.approx(8 / 9, abs=0.02)
    assert not (drawn == 0).any()


def test_first_vectors_are_word2vecs() -> None:
    model = CBOW(1000, 10, rng=np.random.default_rng(3))
    again = CBOW(1000, 10, rng=np.random.default_rng(3))
    assert np.abs(model.w_in.data).max() < 0.05
    assert model.w_in.data.std() == pytest.approx(0.1 / np.sqrt(12), rel=0.05)
    assert not model.w_out.data.any()
    assert (model.w_in.data == again.w_in.data).all()


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: CBOW(0, 5), "vocab_size must be 1 or more, not 0"),
        (lambda: CBOW(5, -1), "dim must be 1 or more, not -1"),
        (lambda: CBOW(5, 5, "softmx"), "there is no objective 'softmx'; use softmax"),
        (lambda: CBOW(5, 5, compat="gensim"), "compat must be None or 'word2vec'"),
        (lambda: SkipGram(5, 5, predict="centre"), "predict must be 'contexts' or 'center'"),
        (
            lambda: SkipGram(5, 5, "hierarchical_softmax", predict="contexts"),
            "use predict='center'",
        ),
        (lambda: CBOW(5, 5, counts=[1, 2]), r"counts has shape \(2,\) for 5 words"),
        (lambda: CBOW(5, 5, counts=[1, 0, 0, 0, 0]), "two words with a count above 0"),
        (lambda: CBOW(5, 5)(np.ones((2, 2, 5)), [1, 2]), r"take `.argmax\(axis=-1\)`"),
        (lambda: CBOW(5, 5)([[1, 2]], [1, 2]), r"contexts of shape \(1, 2\) need targets"),
        (lambda: CBOW(5, 5, "hierarchical_softmax")([[1, 2]], [1]), "needs each word's path"),
        (lambda: CBOW(1, 5)([[0, 0]], [0]), "a vocabulary of one word has no negatives"),
    ],
)
def test_wrong_arguments_are_named(make_it, message) -> None:
    with pytest.raises(InputError, match=message):
        make_it()


def test_what_an_objective_needs_is_one_of_three() -> None:
    with pytest.raises(InputError, match="word, negatives, path, not 'tree'"):
        needs("tree")  # type: ignore[arg-type]
