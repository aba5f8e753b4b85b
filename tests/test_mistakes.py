"""A hundred mistakes of a reader of the book's chapter 3, and of a user of gensim.

Each is made, and its message names what is wrong and what to do: the words that matter are held.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

TEXT = "You say goodbye and I say hello."
ids, word_to_id, id_to_word = tw.text.preprocess(TEXT)
contexts, target = tw.text.create_contexts_target(ids)
one_hot = tw.text.convert_one_hot(contexts, 7)
SENTENCES = [["you", "say", "goodbye"], ["i", "say", "hello"]] * 10
wrong: Any = tw  # what a type checker would refuse, too
f: Any = F


class Book(tw.Module):
    """The chapter's model on one-hot rows."""

    def __init__(self) -> None:
        self.w_in = tw.Parameter(np.ones((7, 5)))
        self.w_out = tw.Parameter(np.ones((5, 7)))

    def forward(self, c: Any, t: Any) -> Any:
        h = 0.5 * (c[:, 0] @ self.w_in + c[:, 1] @ self.w_in)
        return F.cross_entropy(h @ self.w_out, t)


class Returns(tw.Module):
    """A model whose loss is what it was made with."""

    def __init__(self, loss: Any) -> None:
        self.w = tw.Parameter(np.ones(3))
        self.made: Callable[[tw.Parameter], Any] = loss

    def forward(self, x: Any, t: Any) -> Any:
        return self.made(self.w)


class Forgot(tw.Module):
    pass


def v(*shape: int) -> Any:
    return tw.Variable(np.ones(shape or (2, 3)))


def cbow(*args: Any, **how: Any) -> Any:
    return wrong.CBOW(*(args or (7, 5)), **{"objective": "softmax", **how})


def fit(model: Any = None, x: Any = contexts, t: Any = target, **how: Any) -> None:
    trainer: Any = tw.Trainer(model or cbow(), tw.optim.Adam())
    trainer.fit(x, t, **{"max_epoch": 1, "quiet": True, **how})


def word2vec(**how: Any) -> Any:
    small = {"min_count": 1, "vector_size": 4, "epochs": 1, "engine": "numpy"}
    return wrong.Word2Vec(SENTENCES, **{**small, **how})


MODEL = word2vec()
wv: Any = MODEL.wv


def assigned(thing: Any, name: str, value: Any) -> None:
    setattr(thing, name, value)


def written(thing: Any, index: Any, value: Any) -> None:
    thing[index] = value


def backward_not_called() -> None:
    x = v()
    loss = (x * x).sum()
    loss.backward  # noqa: B018
    x.data -= 0.1 * x.grad.data


def subtracted_a_variable() -> None:
    x = v()
    (x * x).sum().backward()
    x.data -= 0.1 * x.grad


def rebound() -> None:
    x = v()
    (x * x).sum().backward()
    x -= 0.1 * x.grad
    (x * x).sum().backward()
    x.grad.data  # noqa: B018


def under_no_grad() -> None:
    with tw.no_grad():
        loss = (v() * 2).sum()
    loss.backward()


def written_in_place() -> None:
    with tw.debug():
        x = v()
        y = (x * x).sum()
        x.data[0] = 7.0
        y.backward()


def not_finite() -> None:
    with tw.debug(), np.errstate(all="ignore"):
        F.log(v() * 0.0)


Mistake = tuple[Callable[[], Any], type[Exception], str]
# ---------------------------------------------------------------------- Variables and gradients
VARIABLES: dict[str, Mistake] = {
    "rows of two lengths": (lambda: tw.Variable([[1, 2], [3]]), ValueError, "different lengths"),
    "a text": (lambda: tw.Variable("you say"), TypeError, "tw.text.preprocess(text)"),
    "a list of words": (lambda: tw.Variable(["you"]), TypeError, "tw.text.preprocess(text)"),
    "None": (lambda: tw.Variable(None), TypeError, "is a NoneType; give an array"),
    "a dict": (lambda: tw.Variable({"a": 1}), TypeError, "is a dict; give an array"),
    "a Variable of a Variable": (lambda: tw.Variable(v()), TypeError, "write `.data`"),
    "a list of Variables": (lambda: tw.Variable([v(), v()]), TypeError, "`F.stack`"),
    "an array of Variables": (lambda: np.array([v(), v()]), TypeError, "`F.stack`"),
    "as an array": (lambda: np.asarray(v()), TypeError, "take `.data`"),
    "truth": (lambda: bool(v()), ValueError, "use `x.data.any()`"),
    "a number of many": (lambda: float(v()), TypeError, "only one element"),
    "an element assigned": (lambda: written(v(), 0, 1.0), TypeError, "`np.where(mask, new, old)`"),
    "a Variable as data": (lambda: assigned(v(), "data", v()), TypeError, "`x.data = y.data`"),
    "an array as grad": (
        lambda: assigned(v(), "grad", np.ones(2)),
        TypeError,
        "x.grad = tw.Variable(...)",
    ),
    "backward of many": (lambda: v().backward(), ValueError, "`.sum()`"),
    "backward without ()": (backward_not_called, AttributeError, "call `backward()` on the loss"),
    "no gradient, an attribute": (lambda: v().grad.data, AttributeError, "it has no `.data`"),
    "no gradient, times": (lambda: 0.1 * v().grad, AttributeError, "nothing to compute with"),
    "no gradient, subtracted": (lambda: v().data - v().grad, AttributeError, "call `backward()`"),
    "forgot .data of the gradient": (subtracted_a_variable, TypeError, "`.grad.data`"),
    "a parameter bound anew": (rebound, AttributeError, "`.grad` is kept for leaves only"),
    "integers": (
        lambda: (tw.Variable(np.array([1, 2])) * 2).sum().backward(),
        TypeError,
        "make it with `.astype(float)`",
    ),
    "under no_grad": (under_no_grad, RuntimeError, "`tw.no_grad()`"),
    "detached": (lambda: v().detach().sum().detach().backward(), RuntimeError, "before `detach()`"),
    "written in place": (written_in_place, RuntimeError, "was changed in place"),
    "not finite": (not_finite, FloatingPointError, "log made NaN or infinity"),
    "no rule": (lambda: np.linalg.svd(v()), TypeError, "np.linalg.svd has no derivative rule"),
    "sorted in place": (lambda: v().sort(), TypeError, "`numpy.sort(v)`"),
    "out=": (lambda: np.exp(v(), out=np.ones((2, 3))), TypeError, "cannot write a Variable into"),
    "grad of a vector": (lambda: tw.grad(lambda a: a * 2)(np.ones(3)), ValueError, "`.sum()`"),
    "argnums": (
        lambda: tw.grad(lambda a: a.sum(), argnums=1)(np.ones(3)),
        IndexError,
        "argument 1 of f, which got 1",
    ),
    "check_grads of a value": (lambda: wrong.check_grads(v(), v()), ValueError, "f is a Variable"),
    "check_grads of nothing": (
        lambda: wrong.check_grads(lambda a: a),
        Exception,
        "`check_grads(f, x, w)`",
    ),
}
# ---------------------------------------------------------------------- shapes, ids, losses
SHAPES: dict[str, Mistake] = {
    "a product": (lambda: v(2, 3) @ v(5, 4), ValueError, "matmul of (2, 3) and (5, 4)"),
    "a product, turned": (lambda: v(2, 3) @ v(4, 3), ValueError, "`.T` of the second"),
    "* for @": (lambda: v(2, 3) * v(3, 4), ValueError, "the matrix product is written `@`"),
    "a bias of the other axis": (lambda: v(2, 3) + v(2), ValueError, "(2, 1) with `reshape`"),
    "ids for one-hot rows": (lambda: Book()(contexts, target), ValueError, "`W[ids]`"),
    "one-hot rows for ids": (lambda: cbow()(one_hot, target), ValueError, "`.argmax(axis=-1)`"),
    "one-hot targets": (
        lambda: cbow()(contexts, tw.text.convert_one_hot(target, 7)),
        ValueError,
        "target must be ids",
    ),
    "contexts of one word": (
        lambda: cbow()(contexts[:, 0], target),
        ValueError,
        "(N, C) and (N,)",
    ),
    "words for ids": (
        lambda: cbow()(np.array([["you", "i"]]), np.array(["say"])),
        ValueError,
        "tw.text.preprocess(text)",
    ),
    "an id beyond the table": (lambda: cbow(5, 5)(contexts, target), IndexError, "0 to 4"),
    "a row beyond the table": (lambda: v(7, 5)[7], IndexError, "the places 0 to 6"),
    "a word as index": (lambda: v(7, 5)["you"], IndexError, "word_to_id['you']"),
    "a float as index": (lambda: v(7, 5)[1.0], IndexError, "`.astype(int)`"),
    "float ids": (lambda: F.embedding(v(7, 5), np.array([1.0])), TypeError, "ids are integers"),
    "one-hot rows to embedding": (
        lambda: F.embedding(v(7, 5), np.eye(7)),
        TypeError,
        "of one-hot rows with `.argmax(axis=-1)`",
    ),
    "the loss, swapped": (
        lambda: F.cross_entropy(target[:2], v(2, 3)),
        ValueError,
        "the scores come first",
    ),
    "float classes": (
        lambda: F.cross_entropy(v(2, 3), np.array([0.0, 1.0])),
        ValueError,
        "give integer class ids",
    ),
    "words as classes": (lambda: F.cross_entropy(v(2, 3), ["a", "b"]), ValueError, "class ids"),
    "classes beyond": (lambda: F.cross_entropy(v(2, 3), [0, 3]), IndexError, "the classes 0 to 2"),
    "softmax twice": (
        lambda: F.cross_entropy(F.softmax(v(2, 3)), [0, 1]),
        UserWarning,
        "applies softmax itself",
    ),
    "an axis": (lambda: v().sum(axis=2), ValueError, "there is no axis 2"),
    "reshape": (lambda: v(2, 3).reshape(4, 4), ValueError, "6 elements do not make (4, 4)"),
    "arrays not in a list": (lambda: f.concatenate(v(), v()), TypeError, "`F.concatenate([x, y])`"),
    "nothing to stack": (lambda: F.stack([]), ValueError, "at least one array"),
    "dropout of all": (lambda: F.dropout(v(), 2.0, np.random.default_rng(0)), ValueError, "[0, 1)"),
}
# ---------------------------------------------------------------------- text
TEXTS: dict[str, Mistake] = {
    "a list to preprocess": (lambda: wrong.text.preprocess(["you"]), ValueError, "join the parts"),
    "contexts of a text": (
        lambda: tw.text.create_contexts_target(TEXT),
        ValueError,
        "preprocess the text",
    ),
    "contexts of words": (
        lambda: tw.text.create_contexts_target(["you", "say", "hi"]),
        ValueError,
        "preprocess the text",
    ),
    "contexts of all three": (
        lambda: wrong.text.create_contexts_target(tw.text.preprocess(TEXT)),
        ValueError,
        "corpus, word_to_id, id_to_word = preprocess(text)",
    ),
    "a window too wide": (
        lambda: tw.text.create_contexts_target(ids, window_size=10),
        ValueError,
        "at least 21 words",
    ),
    "half a window": (
        lambda: wrong.text.create_contexts_target(ids, window_size=1.5),
        ValueError,
        "window_size must be a whole number",
    ),
    "one-hot of too few": (lambda: tw.text.convert_one_hot(ids, 5), ValueError, "vocab_size is 5"),
    "one-hot of a dict": (
        lambda: wrong.text.convert_one_hot(ids, word_to_id),
        ValueError,
        "vocab_size must be a whole number",
    ),
}
# ---------------------------------------------------------------------- models and training
TRAINING: dict[str, Mistake] = {
    "no forward": (lambda: Forgot()(1), NotImplementedError, "write `def forward(self, x)`"),
    "a Parameter replaced": (
        lambda: assigned(model := Book(), "w_in", model.w_in - 1.0),
        TypeError,
        "`model.w_in.data = ...`",
    ),
    "a text as size": (lambda: cbow(TEXT, 5), ValueError, "`len(word_to_id)`"),
    "a dict as size": (lambda: cbow(word_to_id, 5), ValueError, "`len(word_to_id)`"),
    "half a dimension": (lambda: cbow(7, 5.5), ValueError, "dim must be a whole number"),
    "no words": (lambda: cbow(0, 5), ValueError, "vocab_size must be 1 or more"),
    "the book's hidden_size": (lambda: cbow(7, hidden_size=5), TypeError, "write `dim=`"),
    "an objective": (
        lambda: cbow(objective="sofmax"),
        ValueError,
        "there is no objective 'sofmax'",
    ),
    "a seed as rng": (lambda: cbow(rng=0), ValueError, "np.random.default_rng(0)"),
    "Linear of half a size": (lambda: wrong.nn.Linear(2.5, 3), ValueError, "in_size is 2.5"),
    "Linear of another size": (lambda: tw.nn.Linear(4, 3)(v(2, 3)), ValueError, "must equal"),
    "Sequential of a list": (
        lambda: wrong.nn.Sequential([F.relu]),
        ValueError,
        "`Sequential(*layers)`",
    ),
    "step before backward": (
        lambda: tw.optim.SGD(Book().parameters()).step(),
        ValueError,
        "call `loss.backward()` before it",
    ),
    "no parameters": (lambda: tw.optim.SGD().step(), ValueError, "`SGD(model.parameters())`"),
    "the rate first": (lambda: wrong.optim.SGD(0.1), ValueError, "`SGD(lr=0.1)`"),
    "a model as parameters": (lambda: wrong.optim.SGD(Book()), ValueError, "`model.parameters()`"),
    "a negative rate": (lambda: tw.optim.SGD(lr=-1), ValueError, "lr is -1"),
    "a rate as text": (lambda: wrong.optim.SGD(lr="0.1"), ValueError, "lr is '0.1'"),
    "learning_rate": (lambda: wrong.optim.Adam(learning_rate=0.1), TypeError, "write `lr=`"),
    "the book's update": (
        lambda: wrong.optim.Adam().update([np.ones(2)], [np.ones(2)]),
        ValueError,
        "`optimizer.step()`",
    ),
    "the class of an optimizer": (
        lambda: wrong.Trainer(Book(), tw.optim.Adam),
        ValueError,
        "`tw.optim.Adam()`",
    ),
    "the name of an optimizer": (lambda: wrong.Trainer(Book(), "adam"), ValueError, "'adam'"),
    "Trainer, swapped": (
        lambda: wrong.Trainer(tw.optim.Adam(), Book()),
        ValueError,
        "of type Adam; give a tw.Module, and the optimizer after it",
    ),
    "x and t of two lengths": (
        lambda: fit(t=target[:-1]),
        ValueError,
        "x has 6 samples and t has 5",
    ),
    "no samples": (lambda: fit(x=contexts[:0], t=target[:0]), ValueError, "x has no samples"),
    "a batch of none": (lambda: fit(batch_size=0), ValueError, "batch_size is 0"),
    "epochs=": (lambda: fit(epochs=3), TypeError, "write `max_epoch=`"),
    "one-hot for the model of ids": (lambda: fit(x=one_hot), ValueError, "`.argmax(axis=-1)`"),
    "a loss of many": (lambda: fit(Returns(lambda w: w * 1.0)), ValueError, "of shape (3,)"),
    "a loss without graph": (lambda: fit(Returns(lambda w: 3.0)), ValueError, "returned a float"),
    "forgot return": (lambda: fit(Returns(lambda w: None)), ValueError, "returned a NoneType"),
    "no Parameters": (lambda: fit(Forgot()), ValueError, "assign `tw.Parameter(...)`"),
    "plot before fit": (
        lambda: tw.Trainer(Book(), tw.optim.SGD()).plot(),
        ValueError,
        "no losses to plot yet: train first",
    ),
    "the book's loss_list": (
        lambda: wrong.Trainer(Book(), tw.optim.SGD()).loss_list,
        AttributeError,
        "`trainer.losses`",
    ),
    "the book's word_vecs": (lambda: cbow().word_vecs, AttributeError, "`model.w_in.data`"),
    "a layer that is not there": (
        lambda: wrong.SoftmaxWithLoss,
        AttributeError,
        "`F.cross_entropy",
    ),
    "a function of the book": (lambda: f.cross_entropy_error, AttributeError, "F.cross_entropy("),
    "tw.F": (lambda: wrong.F, AttributeError, "import tinygrad_w2v.functions as F"),
    "another library's tensor": (
        lambda: wrong.tensor([1.0]),
        AttributeError,
        "`tw.Variable(data)`",
    ),
    "a state that does not fit": (
        lambda: Book().load_state_dict({"w_in": np.ones((7, 5))}),
        ValueError,
        "missing: w_out",
    ),
}
# ---------------------------------------------------------------------- pictures and files
PICTURES: dict[str, Mistake] = {
    "graph of an array": (
        lambda: wrong.graph(np.ones(3)),
        TypeError,
        "tw.graph(model.loss(batch))",
    ),
    "graph of a model": (lambda: wrong.graph(Book()), TypeError, "run the model first"),
    "an option of graph": (
        lambda: wrong.graph(v() * 2, backwards=True),
        TypeError,
        "write `backward=`",
    ),
    "a detail": (lambda: wrong.graph(v() * 2, detail="books"), ValueError, "'ops' or 'book'"),
    "a direction": (lambda: wrong.graph(v() * 2, direction="down"), ValueError, "'TB' or 'LR'"),
    "a language": (lambda: wrong.graph(v() * 2, lang="jp"), ValueError, "'en' or 'ja'"),
    "labels of nothing": (
        lambda: tw.graph(v() * 2, labels={"V": ["a"]}),
        ValueError,
        "has no value 'V'",
    ),
    "a kind of picture": (lambda: tw.graph(v() * 2).save("a.jpeg"), ValueError, ".png .html"),
    "no kind of picture": (lambda: tw.graph(v() * 2).save("a"), ValueError, ".png .html"),
    "a picture in no folder": (
        lambda: tw.graph(v() * 2).save("nowhere/a.txt"),
        ValueError,
        "does not exist; create it first",
    ),
    "a model in no folder": (lambda: Book().save("nowhere/a.npz"), ValueError, "create it first"),
    "no file of a model": (lambda: Book().load("nowhere.npz"), ValueError, "there is no such file"),
}
# ---------------------------------------------------------------------- word vectors
VECTORS: dict[str, Mistake] = {
    "a text for sentences": (lambda: wrong.Word2Vec(TEXT), ValueError, "a list of lists of words"),
    "strings for sentences": (
        lambda: wrong.Word2Vec([TEXT, TEXT], min_count=1),
        ValueError,
        "split each sentence into a list of words",
    ),
    "a generator": (
        lambda: tw.Word2Vec((s for s in SENTENCES), min_count=1),
        ValueError,
        "can be read only once",
    ),
    "size=": (lambda: word2vec(size=10), TypeError, "write `vector_size=`"),
    "iter=": (lambda: word2vec(iter=10), TypeError, "write `epochs=`"),
    "all words rare": (lambda: word2vec(min_count=50), ValueError, "use min_count=10"),
    "no dimensions": (lambda: word2vec(vector_size=0), ValueError, "vector_size must be 1 or more"),
    "an engine": (lambda: word2vec(engine="gpu"), ValueError, "'auto', 'numpy'"),
    "sg=2": (lambda: word2vec(sg=2), ValueError, "sg must be 0 or 1"),
    "train before the vocabulary": (
        lambda: tw.Word2Vec(min_count=1).train(SENTENCES, total_examples=20, epochs=1),
        ValueError,
        "call build_vocab(sentences)",
    ),
    "train for how long": (lambda: MODEL.train(SENTENCES), ValueError, "epochs=model.epochs"),
    "no file of text": (
        lambda: tw.Word2Vec(corpus_file="nowhere.txt"),
        ValueError,
        "does not exist",
    ),
    "a vector of the model": (lambda: MODEL["you"], TypeError, "`model.wv['you']`"),
    "a query of the model": (lambda: MODEL.most_similar, AttributeError, "`model.wv.most_similar`"),
    "gensim 3's vocab": (lambda: wv.vocab, AttributeError, "`key_to_index`"),
    "gensim 3's index2word": (lambda: wv.index2word, AttributeError, "`index_to_key`"),
    "wv of wv": (lambda: wv.wv, AttributeError, "leave out `.wv`"),
    "the book's top": (lambda: wv.most_similar("you", top=3), TypeError, "write `topn=`"),
    "a misspelled word": (lambda: wv["goodby"], KeyError, "nearest spellings: 'goodbye'"),
    "a capital letter": (lambda: wv.most_similar("You"), KeyError, "nearest spellings: 'you'"),
    "an unknown word": (lambda: wv.similarity("you", "zebra"), KeyError, "(min_count)"),
    "no choice": (lambda: wv.doesnt_match([]), ValueError, "give at least one word"),
    "word_to_id for id_to_word": (
        lambda: wrong.WordVectors(word_to_id, np.ones((7, 3))),
        ValueError,
        "id_to_word, not word_to_id",
    ),
    "rows for words": (
        lambda: tw.WordVectors(id_to_word, np.ones((5, 3))),
        ValueError,
        "5 rows for 7",
    ),
    "a Parameter for vectors": (
        lambda: wrong.WordVectors(id_to_word, tw.Parameter(np.ones((7, 3)))),
        TypeError,
        "take `.data`",
    ),
    "text for binary": (lambda: wv.load_word2vec_format("v.txt", binary=True), ValueError, "v.txt"),
    "no file of vectors": (lambda: wv.load("nowhere.npz"), FileNotFoundError, "nowhere.npz"),
    "a co-occurrence of a text": (
        lambda: tw.counting.cooccurrence(TEXT),
        ValueError,
        "split it into sentences",
    ),
}
MISTAKES = VARIABLES | SHAPES | TEXTS | TRAINING | PICTURES | VECTORS


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_clearly(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wv.save_word2vec_format("v.txt")
    make, kind, words = MISTAKES[name]
    if issubclass(kind, Warning):
        with pytest.warns(kind, match=re.escape(words)):
            make()
        return
    with warnings.catch_warnings(), pytest.raises(kind, match=re.escape(words)) as caught:
        warnings.simplefilter("ignore")
        make()
    said = str(caught.value)
    assert len(said) < 700 and "NoneType' object" not in said and "unsupported operand" not in said


def test_there_are_a_hundred() -> None:
    assert len(MISTAKES) >= 100
    assert len(MISTAKES) == sum(map(len, (VARIABLES, SHAPES, TEXTS, TRAINING, PICTURES, VECTORS)))
