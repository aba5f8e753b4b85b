"""Forward and backward of the ops run on a foreign array whose sizes are not numbers."""

import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.backward import gradients

sys.path.insert(0, str(Path(__file__).parents[1] / "autograd"))
from duck import Duck, Size

ELEMENTWISE = """
    abs sign square sqrt exp expm1 log log1p log2 sin cos tan tanh sinh cosh arctan sigmoid
    log_sigmoid softplus leaky_relu stop_gradient log10 exp2 reciprocal cbrt arcsin arccos arcsinh
    arccosh arctanh deg2rad rad2deg positive
""".split()


def _cast(x, dtype):
    return Duck("cast", (x,), x.shape)


@pytest.fixture
def leaf(monkeypatch):
    monkeypatch.setattr(Duck, "astype", _cast, raising=False)
    return tw.Variable(Duck("x", (), (Size("B"), Size("D"))))


def _differentiated(y, x):
    g = gradients(y, Duck("seed", (), y.shape)).get(x)
    assert g is None or g.shape == x.shape
    return g


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name, leaf):
    g = _differentiated(getattr(F, name)(leaf), leaf)
    assert (g is None) == (name == "stop_gradient")


@pytest.mark.parametrize(
    "name", ["maximum", "minimum", "logaddexp", "fmax", "hypot", "arctan2", "mod", "fmod"]
)
def test_of_pairs(name, leaf):
    assert isinstance(_differentiated(getattr(F, name)(leaf, leaf), leaf), Duck)
    assert isinstance(_differentiated(getattr(F, name)(leaf, 2.0), leaf), Duck)


def test_selection_and_similarity(leaf):
    assert isinstance(_differentiated(F.relu(leaf), leaf), Duck)
    assert isinstance(_differentiated(F.where(np.greater(leaf, 0), leaf, 0.0), leaf), Duck)
    assert isinstance(_differentiated(F.norm(leaf, axis=-1), leaf), Duck)
    assert isinstance(_differentiated(F.cosine_similarity(leaf, leaf, axis=(-1,)), leaf), Duck)


def test_an_op_is_offered_whole(leaf):
    y = F.log_sigmoid(leaf)
    assert y.data.op == "log_sigmoid"


def test_segments_are_offered_whole(leaf, monkeypatch):
    def answer(duck, name, starts, *count):
        rows = count or (len(starts),)
        return Duck(name, (duck, starts), (*rows, *duck.shape[1:]))

    monkeypatch.setattr(Duck, "__tinygrad_op__", answer)
    y = F.segment_sum(leaf, [0, 2, 2])
    assert (y.data.op, y.shape) == ("segment_sum", (3, leaf.shape[1]))
    assert _differentiated(y, leaf).op == "segment_repeat"
