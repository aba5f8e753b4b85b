"""Both passes as an SVG that moves: what is seen at each position."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v.drawing.layout import render
from tinygrad_w2v.drawing.page.animation import HELD, MOST_STEPS

pytestmark = pytest.mark.render

SVG = "{http://www.w3.org/2000/svg}"


class Film:
    """An SVG and its keyframes, read as a browser reads them."""

    def __init__(self, svg: str) -> None:
        self.svg = svg
        self.root = ElementTree.fromstring(svg)
        style = self.root.findtext(f"{SVG}style")
        self.frames = {
            name: [
                (float(percent), float(opacity))
                for times, opacity in re.findall(r"([\d.%, ]+) \{ opacity: (\d); \}", body)
                for percent in re.findall(r"([\d.]+)%", times)
            ]
            for name, body in re.findall(r"@keyframes (tw\w+-\d+) \{ (.*) \}", style)
        }

    def opacity(self, element, percent: float) -> float:
        classes = element.get("class", "").split()
        names = [name for name in classes if name in self.frames]
        if not names:
            return 0.0 if "passing" in classes else 1.0
        frames = self.frames[names[0]]
        if frames[0][0] > 0:  # a browser begins with the element's own opacity
            frames = [(0.0, 0.0 if "passing" in classes else 1.0), *frames]
        at, values = zip(*frames, strict=True)
        return float(np.interp(percent, at, values))

    def texts(self, percent: float | None = None) -> list[str]:
        """All that can be read at a time; None: where nothing moves."""
        found = []

        def walk(element) -> None:
            hidden = "passing" in element.get("class", "").split()
            if hidden if percent is None else self.opacity(element, percent) < 0.5:
                return
            if element.tag == f"{SVG}text" and element.text:
                found.append(element.text)
            for child in element:
                walk(child)

        walk(self.root)
        return found


@pytest.fixture
def z():
    x, y = tw.Variable(2.0, name="x"), tw.Variable(3.0, name="y")
    z = (x + y) * y
    z.name = "z"
    return z


@pytest.fixture
def film(z):
    return Film(tw.graph(z).svg(animated=True))


def at(position: int, last: int) -> float:
    """The middle of a position, in percent of the loop."""
    return 100 * (position + 0.5) / (last + HELD)


def test_values_appear_then_gradients_flow_back(film):
    start, first, second, seed, back, end = (film.texts(at(i, 5)) for i in range(6))
    assert "forward 0 / 2" in start
    assert {"5", "15", "gz  1"}.isdisjoint(start)
    assert {"h1 = x + y", "5"} <= set(first)
    assert "15" not in first
    assert {"z = h1 * y", "15"} <= set(second)
    assert "gz  1" not in second
    assert {"gz = 1", "gz  1"} <= set(seed)
    assert "gh1  3" not in seed
    assert {"gh1 = gz * y", "gy_1 = gz * h1", "gh1  3", "gy  5 + …", "gy_1 5"} <= set(back)
    assert "gx  3" not in back
    assert {"gx = gh1", "gy_2 = gh1", "gx  3", "gy  5 + 3 = 8", "gy_2 3"} <= set(end)
    assert "gy  5 + …" not in end
    assert set(film.texts(99.9)) == set(end)


def test_one_caption_at_a_time(film):
    """Also between two positions, where one fades and another comes."""
    for percent in np.linspace(0, 100, 400):
        headings = [text for text in film.texts(percent) if re.match("forward|backward", text)]
        assert len(headings) <= 1


def test_where_nothing_moves_the_end_is_seen(film):
    assert film.texts(None) == film.texts(99.9)
    assert "@media (prefers-reduced-motion: reduce)" in film.svg


def test_equal_graphs_are_equal_files(z, tmp_path):
    tw.graph(z).save(tmp_path / "a.svg", animated=True)
    tw.graph(z).save(tmp_path / "b.SVG", animated=True)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.SVG").read_bytes()


def test_two_on_a_page_do_not_meet(z):
    """Each has ids, keyframes and rules of its own; those that are shared are equal."""
    one, other = tw.graph(z).svg(animated=True), tw.graph(z * z).svg(animated=True)
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (one, other)]
    assert ids[0].isdisjoint(ids[1])
    root = ElementTree.fromstring(one)
    for line in root.findtext(f"{SVG}style").strip().splitlines():
        selectors = line.partition("{")[0]
        assert line.startswith("@") or all(
            each.strip().startswith(f"#{root.get('id')} ") for each in selectors.split(",")
        )


@pytest.mark.parametrize("name", ["</text><script>alert(1)</script>", "a\"b'c&amp;", "שלום", "語"])
def test_names_are_text(name):
    x = tw.Variable(2.0, name=name)
    y = x * x
    y.name = f"{name}!"
    root = ElementTree.fromstring(tw.graph(y).svg(animated=True))
    assert not list(root.iter(f"{SVG}script"))
    assert any(name[:8] in (text.text or "") for text in root.iter(f"{SVG}text"))


def test_it_loads_nothing(film):
    assert "href" not in film.svg
    assert "@import" not in film.svg
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", film.svg))


def test_what_was_broadcast_is_summed():
    x, b = tw.Variable(np.ones((2, 9)), name="x"), tw.Variable(np.ones(9), name="b")
    film = Film(tw.graph((x + b).sum()).svg(animated=True))
    assert "gb = sum(gh1, axis=0)" in film.texts()
    assert "gx = gh1" in film.texts()


def test_arrays_are_named_where_they_are_added():
    w = tw.Variable(np.ones((2, 9)), name="w")
    y = (w * w).sum()
    film = Film(tw.graph(y, notation="dL/dh").svg(animated=True))
    adding = [text for text in film.texts(at(5, 5)) if text.startswith("dL/dw =")]
    assert "dL/dw = dL/dw_1 + dL/dw_2".startswith(adding[0].removesuffix("…"))
    assert "dL/dw  2 … 2" in film.texts(99)


def test_an_op_without_a_formula_shows_what_its_rule_reads():
    class Cube(tw.Function):
        def forward(self, x):
            self.save(x)
            return x**3

        def backward(self, g):
            (x,) = self.saved
            return 3 * g * x * x

    y = Cube()(tw.Variable(2.0, name="x"))
    y.name = "y"
    texts = Film(tw.graph(y).svg(animated=True)).texts(99)
    assert {"gx = cube.backward(gy)", "gx  12"} <= set(texts)


def test_letters_of_a_rule_are_told_from_names_of_the_graph():
    y = tw.Variable(np.array([[0.0, 1.0]]), name="y")
    loss = F.cross_entropy(y, [1])
    loss.name = "L"
    texts = Film(tw.graph(loss, detail="book", notation="dh").svg(animated=True)).texts(99)
    assert "dy = (y′ - t) / N * dL" in texts
    assert any("y′ = softmax(y)" in text for text in texts)


def test_a_module_is_one_step(z):
    class Inner(tw.Module):
        def __init__(self):
            self.w = tw.Parameter(np.ones((2, 2)))

        def forward(self, x):
            return F.tanh(x @ self.w)

    class Outer(tw.Module):
        def __init__(self):
            self.inner = Inner()

        def forward(self, x):
            return self.inner(x).sum()

    y = Outer()(tw.Variable(np.ones((1, 2)), name="x"))
    film = Film(tw.graph(y, collapse="inner").svg(animated=True))
    assert "backward 2 / 2" in film.texts(99)


def test_what_has_no_backward_pass_says_so():
    film = Film(tw.graph(tw.Variable(np.array([3, 4])) * 2).svg(animated=True))
    assert any("there is no backward pass" in text for text in film.texts(99))


def test_a_leaf_is_a_picture():
    assert "x" in Film(tw.graph(tw.Variable(1.0, name="x")).svg(animated=True)).texts(50)


def test_japanese(z):
    film = Film(tw.graph(z, lang="ja").svg(animated=True))
    assert "順伝播 2 / 2" in film.texts(at(2, 5))
    assert film.root.findtext(f"{SVG}title") == "z の計算グラフの順伝播と逆伝播"


def test_without_an_engine_the_dot_text_is_kept(z, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "engines", list)
    with pytest.raises(MissingDependencyError, match="its DOT text is in"):
        tw.graph(z).save(tmp_path / "z.svg", animated=True)
    assert (tmp_path / "z.dot").read_text(encoding="utf-8").startswith("digraph")


def test_wrong_requests(z, tmp_path):
    x = tw.Variable(1.0)
    for _ in range(MOST_STEPS + 1):
        x = x * 1.5
    with pytest.raises(InputError, match=r"at most 60 ops, and this graph has 61.*collapse="):
        tw.graph(x, group=False).svg(animated=True)
    with pytest.raises(InputError, match=r"end 'z\.png' in \.svg"):
        tw.graph(z).save(tmp_path / "z.png", animated=True)
    with pytest.raises(InputError, match="animated must be"):
        tw.graph(z).svg(animated="yes")
