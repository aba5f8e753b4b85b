"""The options of `tw.graph`, right and wrong."""

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.drawing.options import Labels
from tinygrad_w2v.drawing.picture import diagram_of
from tinygrad_w2v.drawing.reader import read


@pytest.fixture
def product():
    x = tw.Variable(np.ones((1, 2)), name="x")
    w = tw.Parameter(np.ones((2, 3)), name="w")
    return x @ w


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detail": "all"}, "detail must be 'ops' or 'book', not 'all'"),
        ({"detail": None}, "detail must be"),
        ({"notation": "gx"}, "notation must be 'gh' or 'dh' or 'dL/dh', not 'gx'"),
        ({"lang": "fr"}, "lang must be 'en' or 'ja', not 'fr'"),
        ({"labels": ["a"]}, "labels must be a dict from names of Variables to words, not list"),
        ({"labels": {"v": ["a"]}}, "no value 'v'; it has y, x, w"),
        ({"labels": {"w": "ab"}}, r"labels\['w'\] must be the words of the rows"),
        ({"labels": {"w": [1, 2]}}, r"labels\['w'\] must be the words of the rows"),
        ({"labels": {"w": 2}}, r"labels\['w'\] must be the words of the rows"),
        ({"labels": {"w": {"a": 0, "b": 1}}}, r"or an id_to_word"),
        ({"labels": {"w": ["a"]}}, r"names 1 rows, but the value of shape \(2, 3\) has 2"),
        ({"labels": {"w": (None, ["a"])}}, r"names 1 columns, but .* has 3"),
        ({"symbols": "yes"}, "symbols must be True or False, not 'yes'"),
        ({"group": 4}, "group must be True or False, not 4"),
    ],
)
def test_wrong_options(product, options, message):
    with pytest.raises(InputError, match=message):
        tw.graph(product, **options)


def test_labels_of_a_number_are_refused():
    x = tw.Variable(2.0, name="x")
    with pytest.raises(InputError, match="has no rows and columns"):
        tw.graph(x * 2.0, labels={"x": ["a"]})


def test_labels_are_words_of_rows_and_columns(product):
    def found(words):
        return tw.graph(product, labels={"w": words}).options.labels["w"]

    assert found(["a", "b"]) == Labels(("a", "b"), ())
    assert found(("a", "b")) == Labels(("a", "b"), ())
    assert found({0: "a", 1: "b"}) == Labels(("a", "b"), ())
    assert found(np.array(["a", "b"])) == Labels(("a", "b"), ())
    assert found((["a", "b"], ["p", "q", "r"])) == Labels(("a", "b"), ("p", "q", "r"))
    assert found((None, ["p", "q", "r"])) == Labels((), ("p", "q", "r"))


def test_nodes_say_what_they_show(product):
    program = read(product, backward=True)
    for node in diagram_of(program).nodes:
        assert (node.value is None) is (node.shape == "op")
        assert (node.step is None) is (node.shape == "value")
        if node.value is not None:
            assert program.values[node.value].name == node.title
        else:
            part = program.backward if node.backward else program.forward
            assert part[node.step].label == node.title
