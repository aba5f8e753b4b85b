"""The options of `tw.graph`, right and wrong."""

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.drawing.layout.diagram import diagram_of
from tinygrad_w2v.drawing.options import Labels
from tinygrad_w2v.drawing.reading.reader import read


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
        ({"symbols": "yes"}, "symbols must be 0 or 1, False or True, not 'yes'"),
        ({"group": 4}, "group must be 0 or 1, False or True, not 4"),
        ({"backward": "x"}, "backward must be 0 or 1"),
        ({"values": None}, "values must be 0 or 1"),
        ({"gradients": []}, "gradients must be 0 or 1"),
        ({"collapse": 3}, "collapse must be the name of a module, or several, not 3"),
        ({"collapse": ["w", None]}, "collapse must be the name of a module, or several, not None"),
        ({"max_nodes": 2.5}, "max_nodes must be a whole number, not 2.5"),
        ({"timeout": "1"}, "timeout must be a number, not '1'"),
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


def titles(v, backward=False, **options):
    return [node.title for node in tw.graph(v, backward, **options)._diagram.nodes]


def test_gradients_are_called_as_one_likes():
    x, y = tw.Variable(2.0, name="x"), tw.Variable(3.0, name="y")
    z = (x + y) * y
    names = {"gh": "gz gx gy gy_1 gy_2", "dh": "dz dx dy dy_1 dy_2"}
    names["dL/dh"] = "dL/dL dL/dx dL/dy dL/dy_1 dL/dy_2"
    for notation, expected in names.items():
        assert set(expected.split()) <= set(titles(z, True, notation=notation))
        text = tw.graph(z, notation=notation).text.split("\nbackward\n")[1]
        assert set(expected.split()) <= {line.split()[0] for line in text.splitlines()}
    z.name = "cost"
    assert "dcost/dx" in titles(z, True, notation="dL/dh")
    assert "dL/dx" not in titles(z, True, notation="dL/dh")


def test_ops_have_symbols_or_words():
    x = tw.Variable(np.ones((2, 2)), name="x")
    y = np.exp(x @ x.T - x / 2.0 + x * x).sum()
    assert {"matmul", "subtract", "divide", "multiply", "add", "exp", "sum"} <= set(titles(y))
    shown = titles(y, True, symbols=True)
    assert {"@", "−", "/", "×", "+", "exp", "Σ", "="} <= set(shown)
    assert {"matmul", "add", "copy", "sum"}.isdisjoint(shown)
    assert "= matmul(" in tw.graph(y, symbols=True).text
    assert "Σ" in tw.graph(y, symbols=True).dot
    assert any(" × x" in title for title in titles(y, True, symbols=True, detail="book"))


class Scaled(tw.Module):
    """A module with a constant of its own, which is given another."""

    def __init__(self):
        self.w = tw.Parameter(np.ones((3, 3)))
        self.mask = np.eye(3)

    def forward(self, x, shift):
        return np.tanh(x @ (self.w * self.mask) + shift) * 0.5


class Whole(tw.Module):
    def __init__(self):
        self.scaled = Scaled()

    def forward(self, x, shift):
        return self.scaled(x, shift).sum()


def test_a_collapsed_module_keeps_its_inputs():
    x, shift = tw.Variable(np.ones((2, 3)), name="x"), np.full(3, 2.0)
    y = Whole()(x * 1.0, shift)
    diagram = tw.graph(y, True, collapse="scaled")._diagram
    by_key = {node.key: node for node in diagram.nodes}
    (box,) = [node for node in diagram.nodes if node.title == "scaled"]
    (back,) = [node for node in diagram.nodes if node.title == "scaled.backward"]
    assert box.details == ("w",) and back.details == ()
    read = {node.key: {by_key[e.tail].title for e in diagram.edges if e.head == node.key}
            for node in (box, back)}  # fmt: skip
    assert read[box.key] == {"h1", "c1", "c2"}  # the numbers are inside
    assert read[back.key] == {"gh6", "h1", "c1"}
    assert "scaled(h1, c1, c2, w)" in tw.graph(y, collapse="scaled").text


def test_a_constant_that_a_collapsed_rule_transposed_is_named_itself():
    model = tw.nn.Sequential(tw.nn.Linear(2, 3), tw.nn.Linear(3, 1))
    y = model(np.ones((4, 2), np.float32)).sum()
    lines = tw.graph(y, collapse=["layers.0", "layers.1"]).text.splitlines()
    assert any("layers.0(c1, layers.0.weight, layers.0.bias)" in line for line in lines)
    assert any("layers.1(h2, layers.1.weight, layers.1.bias)" in line for line in lines)
    assert any("= layers.0.backward(gh2, c1)" in line for line in lines)
    assert any("= layers.1.backward(gh4, h2, layers.1.weight)" in line for line in lines)


def test_a_collapsed_module_shows_the_ids_that_it_is_given():
    class Table(tw.Module):
        def __init__(self):
            self.w = tw.Parameter(np.ones((7, 5)))

        def forward(self, *ids):
            return sum(self.w[each] for each in ids)

    model = Table()
    contexts = tw.Variable(np.array([3, 4]), name="contexts")
    text = tw.graph(model(np.array([0, 1]), contexts), collapse="Table").text
    assert "= Table(w, [0, 1], contexts)" in text
    many = model(*np.arange(12).reshape(6, 2) % 7)
    assert "= Table(w, [0, 1], [2, 3], [4, 5], [6, 0], …)" in tw.graph(many, collapse="Table").text
