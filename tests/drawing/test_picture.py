"""Nodes and edges of a drawing, its DOT, and what becomes of it."""

import re
import shutil
import stat
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v.drawing import RenderError, picture
from tinygrad_w2v.drawing.layout import render
from tinygrad_w2v.drawing.layout.diagram import MOST_READERS, diagram_of
from tinygrad_w2v.drawing.reading.reader import read

PYTHON = sys.executable
PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"


def diagram(v, backward=False, **options):
    return diagram_of(read(v, backward, **options))


def kinds(drawing):
    return sorted((node.kind, node.title) for node in drawing.nodes)


def titled_edges(drawing):
    titles = {node.key: node.title for node in drawing.nodes}
    return sorted((titles[tail], titles[head]) for tail, head in drawing.edges)


@pytest.fixture
def loss():
    x = tw.Variable(np.ones((2, 3)), name="x")
    w = tw.Parameter(np.full((3, 4), 0.5), name="w")
    y = F.tanh(x @ w).sum()
    y.name = "loss"
    return y


# ---------------------------------------------------------------------- nodes and edges
def test_a_diamond():
    x = tw.Variable([1.0, 2.0], name="x")
    h = F.exp(x)
    h.name = "h"
    y = F.sin(h) + F.cos(h)
    found = diagram(y)
    assert titled_edges(found) == sorted(
        tuple(edge.split())
        for edge in (
            "x exp",
            "exp h",
            "h sin",
            "h cos",
            "sin h1",
            "cos h2",
            "h1 add",
            "h2 add",
            "add y",
        )
    )
    assert [node.title for node in found.nodes].count("h") == 1


def test_given_values_are_drawn_at_each_use():
    w = tw.Parameter(np.ones(3), name="w")
    c = np.arange(3.0)
    found = diagram(((w * c) * w + c).sum())
    drawn = kinds(found)
    assert drawn.count(("parameter", "w")) == 2
    assert drawn.count(("constant", "c1")) == 2


def test_kinds_look_different(loss):
    found = diagram((loss * 2.0) + np.ones(2), backward=True)
    shapes = {node.kind: node.shape for node in found.nodes}
    assert shapes["op"] == "op"
    assert {k for k, shape in shapes.items() if shape == "value"} == {
        "parameter", "variable", "constant", "number", "intermediate", "result", "gradient",
        "reference",
    }  # fmt: skip
    dot = tw.graph(loss).dot
    parameter = next(line for line in dot.splitlines() if "<B>w</B>" in line)
    variable = next(line for line in dot.splitlines() if ">x<" in line)
    colors = [re.search(r'fillcolor="(#\w+)"', line)[1] for line in (parameter, variable)]
    assert colors[0] != colors[1]
    assert "shape=ellipse" in parameter
    assert "shape=box" in next(line for line in dot.splitlines() if "<B>matmul</B>" in line)


def test_no_edge_leads_from_forward_to_backward(loss):
    found = diagram(loss, backward=True)
    side = {node.key: node.backward for node in found.nodes}
    assert all(side[tail] == side[head] for tail, head in found.edges)
    again = [node.title for node in found.nodes if node.kind == "reference"]
    assert {"w", "x"} <= set(again)


def test_every_leaf_has_its_gradient(loss):
    found = diagram(loss, backward=True)
    assert {node.title for node in found.nodes if node.kind == "gradient"} == {"gw", "gx"}
    assert not any(node.backward for node in diagram(loss).nodes)


def test_a_value_with_many_readers_is_named_again():
    h = F.exp(tw.Variable(np.ones(2), name="x"))
    h.name = "h"
    total = F.sin(h)
    for _ in range(MOST_READERS + 3):
        total = total + F.sin(h)
    found = kinds(diagram(total))
    assert found.count(("intermediate", "h")) == 1
    assert found.count(("reference", "h")) == 4


def test_an_op_with_many_inputs_counts_them():
    parts = [F.exp(tw.Variable(np.ones(2))) for _ in range(50)]
    found = diagram(F.concatenate(parts))
    (more,) = [node for node in found.nodes if node.title.endswith(" more")]
    (box,) = [node.key for node in found.nodes if node.title == "concatenate"]
    assert more.title == "41 more"
    assert sum(head == box for _, head in found.edges) == 10


def test_values_and_gradients_in_the_nodes(loss):
    found = {node.title: node for node in diagram(loss, values=True, with_gradients=True).nodes}
    assert found["w"].details[1] == "0.5 … 0.5"
    assert found["loss"].details == ("()", "7.241", "grad 1")
    assert found["w"].details[2].startswith("grad ")


def test_the_formula_and_the_users_line_are_tooltips():
    x = tw.Variable([1.0], name="x")
    with tw.debug():
        y = F.exp(x)  # the line
    for backward in (False, True):
        ops = [n for n in diagram(y, True).nodes if n.shape == "op" and n.backward is backward]
        assert all("test_picture.py" in node.tooltip for node in ops)
        assert all("y = F.exp(x)  # the line" in node.tooltip for node in ops)
    assert "exp(x)" in next(n for n in diagram(y).nodes if n.title == "exp").tooltip


def test_a_rule_is_written_in_the_names_of_the_graph():
    x, w = tw.Variable(np.ones((1, 2)), name="x"), tw.Variable(np.ones((2, 1)), name="w")
    squared = (x @ w - 3.0) ** 2
    tooltips = {node.title: node.tooltip for node in diagram(squared).nodes}
    assert tooltips["matmul"].split("\n")[1].startswith("h1 = x @ w;  gx = gh1 @ w.T,  gw = x.T @")
    assert tooltips["subtract"] == "subtract\nh2 = h1 - 3;  gh1 = gh2"  # none for the number
    assert tooltips["power"] == "power\ny = h2²;  gh2 = gy * 2 * h2"
    backward = [n.tooltip for n in diagram(squared, True).nodes if n.backward and n.shape == "op"]
    assert "multiply, backward of power\ngh2 = gy * 2 * h2" in backward
    assert "copy, backward of subtract\ngh1 = gh2" in backward


def test_a_docstring_that_is_no_formula_is_shown_as_it_is():
    class Same(tw.Function):
        """Its input, as it is."""

        def forward(self, x):
            return x

    tooltips = [node.tooltip for node in diagram(Same()(tw.Variable(1.0))).nodes]
    assert "same\nIts input, as it is." in tooltips


def test_modules_are_frames_and_collapse_to_boxes():
    model = tw.nn.Sequential(tw.nn.Linear(2, 3), tw.nn.Linear(3, 1))
    y = model(tw.Variable(np.ones((4, 2), np.float32), name="x")).sum()
    frames = re.findall(r'label="?([\w.]+)"? labeljust', tw.graph(y, backward=True).dot)
    assert frames.count("layers.0") == 2  # forward and backward
    assert frames.count("Sequential") == 2
    small = tw.graph(y, backward=True, collapse=["layers.0", "layers.1"])
    assert "<B>layers.0.backward</B>" in small.dot
    assert "<B>matmul</B>" not in small.dot


# ---------------------------------------------------------------------- large graphs
def chain(length):
    h, w = tw.Variable(np.ones((2, 3)), name="x"), tw.Parameter(np.eye(3), name="w")
    for _ in range(length // 2):
        h = F.tanh(h @ w)
    return h.sum()


@pytest.mark.render
def test_a_chain_of_500_ops_with_its_gradient_is_drawn_whole(monkeypatch):
    monkeypatch.setattr(picture, "PATIENCE", 300.0)  # a busy machine is no failure
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = tw.graph(chain(500), backward=True, timeout=300.0).svg()
    root = ElementTree.fromstring(svg)
    titles = [text.text for text in root.iter(f"{SVG}text")]
    assert titles.count("tanh") == 250


@pytest.mark.render
def test_more_than_max_nodes_is_a_summary_that_says_so():
    g = tw.graph(chain(1000), backward=True, max_nodes=500)
    with pytest.warns(UserWarning, match=r"summary of \d+ ops in \d+ boxes.*max_nodes=500") as seen:
        svg = g.svg()
    assert seen[0].filename == __file__
    assert "ops in" in svg and "matmul × 13" in svg
    assert len(g._diagram.nodes) <= 500
    assert g.text.count("tanh(") == 500


def test_a_summary_joins_each_part_into_one_piece_without_cycles():
    g = tw.graph(chain(3000), backward=True, max_nodes=300)
    with pytest.warns(UserWarning, match="summary"):
        found = g._diagram
    heads = {}
    for tail, head in found.edges:
        heads.setdefault(tail, []).append(head)
    waiting = {node.key: 0 for node in found.nodes}
    for _, head in found.edges:
        waiting[head] += 1
    ready = [key for key, count in waiting.items() if not count]
    done = 0
    while ready:
        done += 1
        for head in heads.get(ready.pop(), ()):
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    assert done == len(found.nodes)


@pytest.mark.render
def test_300_uses_of_one_parameter_are_drawn(monkeypatch):
    monkeypatch.setattr(picture, "PATIENCE", 300.0)
    w = tw.Parameter(np.ones(3), name="w")
    total = w * 1.0
    for i in range(299):
        total = total + w * float(i)
    svg = tw.graph(total.sum(), True, group=False, timeout=300.0).svg()
    assert svg.count(">w</text>") == 300


@pytest.mark.render
def test_a_layout_that_takes_too_long_becomes_a_summary(monkeypatch):
    monkeypatch.setattr(picture, "PATIENCE", 1e-4)
    with pytest.warns(UserWarning, match=r"nodes took longer than 0\.0001 s"):
        svg = tw.graph(chain(1000)).svg()
    assert "took longer" in svg


# ---------------------------------------------------------------------- pictures
@pytest.mark.render
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_svg_is_accessible_and_names_everything(loss, direction):
    root = ElementTree.fromstring(tw.graph(loss, True, direction=direction).svg())
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == root.get("aria-label") == "Graph of loss"
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"x", "w", "matmul", "loss", "gw", "forward", "backward", "(2, 3)"} <= words
    assert "sans-serif" in root.get("font-family")
    assert "Noto Sans CJK JP" in root.get("font-family")


NASTY = [
    "end\\\\",
    'a"b',
    r"back\slash\N\l",
    "<b>&amp;",
    "two\nlines",
    "損失",
    "{a|b}",
    "'",
    "%d",
    "]]>",
    "-->",
]


@pytest.mark.render
@pytest.mark.parametrize("name", NASTY)
def test_names_survive(name):
    x = tw.Variable([1.0, 2.0], name=name)
    y = x * 2.0
    y.name = name + "!"
    g = tw.graph(y, backward=True)
    shown = name.replace("\n", "\\n")
    words = [text.text for text in ElementTree.fromstring(g.svg()).iter(f"{SVG}text")]
    assert shown in words
    assert shown + "!" in words
    Page().feed(g.html())


class Page(HTMLParser):
    """Collects tags and what a browser would load."""

    def __init__(self):
        super().__init__()
        self.tags, self.loaded = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loaded += [v for k, v in attrs if k in ("src", "href", "xlink:href", "data")]


@pytest.mark.render
def test_html_is_self_contained(loss):
    x = tw.Variable([1.0], name="</script><script>alert(1)</script>")
    text = tw.graph(loss * x, backward=True).html()
    page = Page()
    page.feed(text)
    assert page.loaded == []
    assert "http:" not in text and "https:" not in text
    assert page.tags.count("script") == 2  # the graph as JSON, and what shows it
    assert "alert(1)" in text
    assert page.tags.count("svg") == 1
    assert 'charset="utf-8"' in text


@pytest.mark.render
def test_save_writes_by_suffix(loss, tmp_path):
    g = tw.graph(loss, backward=True)
    for suffix in ("txt", "dot", "svg", "png", "html"):
        g.save(tmp_path / f"g.{suffix}")
    assert (tmp_path / "g.txt").read_text(encoding="utf-8") == g.text + "\n"
    assert (tmp_path / "g.dot").read_text(encoding="utf-8") == g.dot
    assert (tmp_path / "g.svg").read_text(encoding="utf-8") == g.svg()
    assert (tmp_path / "g.png").read_bytes().startswith(PNG)
    assert (tmp_path / "g.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    g.save(str(tmp_path / "G.SVG"))
    with pytest.raises(InputError, match=r"'g\.jpg'.*\.txt \.dot \.svg \.png \.html"):
        g.save(tmp_path / "g.jpg")
    with pytest.raises(InputError, match="does not exist"):
        g.save(tmp_path / "missing" / "g.svg")


# ---------------------------------------------------------------------- engines
def program(folder, name, body):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{PYTHON}\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def no_engine(monkeypatch, tmp_path):
    """An environment whose folders hold no layout engine."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setattr(render.sysconfig, "get_path", lambda name: str(empty))
    monkeypatch.setattr(render.sys, "executable", str(empty / "python"))
    return empty


def test_engines_are_found_in_order(no_engine, monkeypatch, tmp_path):
    assert render.engines() == []
    scripts = program(tmp_path / "scripts", "graphviz-pure", "")
    monkeypatch.setattr(render.sysconfig, "get_path", lambda name: str(scripts.parent))
    assert render.engines() == [("graphviz-pure", str(scripts))]
    dot = program(no_engine, "dot", "")
    assert render.engines() == [("dot", str(dot)), ("graphviz-pure", str(scripts))]


def test_the_wheel_is_found_on_path_and_beside_python(no_engine, monkeypatch, tmp_path):
    beside = program(tmp_path / "bin", "graphviz-pure", "")
    monkeypatch.setattr(render.sys, "executable", str(beside.parent / "python"))
    assert render.engines() == [("graphviz-pure", str(beside))]
    monkeypatch.setattr(render.sys, "executable", str(no_engine / "python"))
    on_path = program(no_engine, "graphviz-pure", "")
    assert render.engines() == [("graphviz-pure", str(on_path))]


def test_without_an_engine_the_dot_text_is_kept(no_engine, loss, tmp_path):
    g = tw.graph(loss)
    with pytest.raises(MissingDependencyError, match="pip install graphviz-pure"):
        g.svg()
    with pytest.raises(MissingDependencyError, match=r"loss\.dot: no layout engine"):
        g.save(tmp_path / "loss.svg")
    assert (tmp_path / "loss.dot").read_text(encoding="utf-8") == g.dot
    assert not (tmp_path / "loss.svg").exists()
    g.save(tmp_path / "loss.txt")
    assert g._repr_svg_() is None
    assert "<pre>forward\n" in g._repr_html_()
    assert "pip install graphviz-pure" in g._repr_html_()


@pytest.mark.render
def test_a_notebook_shows_the_picture(loss):
    g = tw.graph(loss)
    assert g._repr_svg_().startswith("<svg ")
    frame = g._repr_html_()
    assert frame.startswith("<iframe srcdoc='") and "sandbox='allow-scripts'" in frame
    assert repr(g).startswith("<Graph of loss: 3 ops")
    assert str(g) == g.text


def test_dot_is_preferred(no_engine, loss):
    program(
        no_engine, "dot", "import sys; sys.stdin.read(); print('<svg>' + sys.argv[2] + '</svg>')"
    )
    assert render.render(tw.graph(loss).dot, "svg", 30) == b"<svg>-Tsvg</svg>\n"


def test_a_broken_dot_falls_back_to_the_wheel(no_engine, loss):
    program(no_engine, "dot", "import sys; sys.exit('no plugin')")
    with pytest.raises(RenderError, match="dot ended with status 1: no plugin"):
        tw.graph(loss).svg()
    program(no_engine, "graphviz-pure", "print('<svg/>')")
    assert render.render("digraph {}", "svg", 30) == b"<svg/>\n"


def test_an_engine_that_hangs_is_stopped(no_engine, loss, tmp_path):
    program(no_engine, "dot", "import time; time.sleep(60)")
    g = tw.graph(loss, timeout=0.3)
    with pytest.raises(RenderError, match=r"within 0\.3 s.*max_nodes") as caught:
        g.save(tmp_path / "loss.png")
    assert isinstance(caught.value, TimeoutError)
    assert (tmp_path / "loss.dot").exists()


@pytest.mark.render
def test_both_engines_read_our_dot(loss):
    """Each engine that this machine has accepts the DOT without a word."""
    for engine in render.engines():
        done = subprocess.run(
            [engine.path, "-Tplain"],
            input=tw.graph(loss, backward=True).dot.encode(),
            capture_output=True,
            check=True,
        )
        placed = done.stdout.decode().count("\nnode ")
        assert placed == len(diagram(loss, backward=True).nodes)
    assert render.engines()
    assert shutil.which("graphviz-pure", path=str(Path(sys.executable).parent))
