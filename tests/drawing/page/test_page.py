"""The page is made of files of the package; its words are there in both languages."""

import configparser
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.drawing.page import page
from tinygrad_w2v.drawing.page.arrays import array_data
from tinygrad_w2v.drawing.page.words import WORDS

ROOT = Path(__file__).parents[3]
PAGES = Path(page.__file__).with_name("assets")


def data_of(text):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


@pytest.fixture
def z():
    x, y = tw.Variable(3.0, name="x"), tw.Variable(2.0, name="y")
    z = (x + y) * y
    z.name = "z"
    return z


def test_an_installed_package_has_the_parts():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert setup["options.package_data"]["tinygrad_w2v.drawing.page"] == "assets/*"
    assert {path.name for path in PAGES.iterdir()} == {
        "page.html",
        "animation.css",
        *page.STYLES,
        *page.SCRIPTS,
    }


def test_each_script_has_one_job():
    for path in PAGES.iterdir():
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400, path.name


def test_both_languages_say_the_same_things():
    for key, texts in WORDS.items():
        assert set(texts) == {"en", "ja"}, key
        assert all(text.strip() for text in texts.values()), key
        places = [sorted(set(re.findall(r"\{\d\}", text))) for text in texts.values()]
        assert places[0] == places[1], key


def test_the_scripts_say_nothing_else():
    scripts = "".join((PAGES / name).read_text(encoding="utf-8") for name in page.SCRIPTS)
    asked = set(re.findall(r'say\("(\w+)"', scripts)) | set(
        re.findall(r"data\.words\.(\w+)", scripts)
    )
    families = {name for name in WORDS if name.startswith(("kind_", "stat_"))}
    buttons = set(re.findall(r'button\("\w+", "\w+", "(\w+)"', scripts))
    chosen = {"copied", "copied_all", "backward_none", "backward_text"}
    chosen |= {"title", "need_script", "pause", "pause_hint", "play", "play_hint"}
    assert asked | families | buttons | chosen == set(WORDS)


@pytest.mark.render
def test_the_parts_of_a_gradient_are_there_and_add_up(z):
    data = data_of(tw.graph(z).html())
    values = {value["name"]: value for value in data["values"].values()}
    assert values["x"]["gradient"]["array"]["numbers"] == [2]
    assert values["y"]["gradient"]["array"]["numbers"] == [7]
    parts = [(part["name"], part["array"]["numbers"]) for part in values["y"]["parts"]]
    assert parts == [("gy_1", [5]), ("gy_2", [2])]
    assert [part["sum"] for part in values["y"]["parts"]] == ["5", "7"]
    assert len(data["views"]) == 1 and len(data["views"][0]["steps"]) == 2


@pytest.mark.render
def test_rules_have_their_parameters_and_notes_in_the_pages_language():
    graph = tw.graph(tw.functions.mean(abs(tw.Variable([1.0, -2.0, 3.0]))))
    for lang, note in (("en", "0 at 0"), ("ja", "0 では 0")):
        data = data_of(graph.html(lang=lang))
        rules = {op["label"]: data["rules"][op["rule"]] for op in data["ops"].values()}
        assert rules["abs"]["note"] == note
    logits = tw.Variable([[0.0, 1.0]], name="y")
    loss = data_of(tw.graph(tw.functions.cross_entropy(logits, [1]), detail="book").html())
    ((left, *_),) = [rule["definitions"][0] for rule in loss["rules"]]
    assert left[1] == "y′"  # which is not the logits
    (mean,) = [op for op in data["ops"].values() if op["label"] == "mean"]
    assert mean["parameters"] == {"axis": "None", "count": "3"}


@pytest.mark.render
def test_drawing_writes_nothing_on_the_variables(z):
    leaves = [x for f in (z.creator, z.creator.inputs[0].creator) for x in f.inputs]
    tw.graph(z).html()
    assert all(leaf.grad is None for leaf in leaves)


@pytest.mark.render
def test_the_language_is_the_pictures_or_the_pages_own(z):
    japanese = tw.graph(z, lang="ja")
    assert '<html lang="ja">' in japanese.html() and "z の計算グラフ" in japanese.html()
    assert '<html lang="en">' in japanese.html(lang="en")
    with pytest.raises(InputError, match="lang must be 'en' or 'ja', not 'fr'"):
        japanese.html(lang="fr")


@pytest.mark.render
def test_integers_have_a_forward_pass_alone():
    data = data_of(tw.graph(tw.Variable(np.array([1, 2])) + 1).html())
    assert "int64" in data["note"]
    assert not any("gradient" in value for value in data["values"].values())


@pytest.mark.render
def test_a_matrix_that_served_a_batch_is_summed_over_it():
    x, w = tw.Variable(np.ones((4, 2, 3)), name="x"), tw.Parameter(np.ones((3, 5)), name="w")
    values = {v["name"]: v for v in data_of(tw.graph((x @ w).sum()).html())["values"].values()}
    (of_w,), (of_x,) = values["w"]["parts"], values["x"]["parts"]
    assert "".join(text for _, text, _ in of_w["formula"]) == "gy = sum(x.T @ g, axis=0)"
    assert "formula" not in of_x


@pytest.mark.render
def test_boxes_count_the_ops_inside_of_modules(rng):
    class Twice(tw.Module):
        def forward(self, x):
            return np.tanh(x * 0.5)

    twice, x = Twice(), tw.Variable(rng.normal(size=3), name="x")
    for _ in range(120):
        x = twice(x) + 1.0
    views = data_of(tw.graph(x, max_nodes=100).html())["views"]
    counts = [
        (step["box"], len(step["ops"])) for v in views for step in v["steps"] if "box" in step
    ]
    assert all(box in (f"{n} ops", "Twice") for box, n in counts)
    assert sum(n for box, n in counts if box.endswith("ops")) > 300


@pytest.mark.render
def test_whole_numbers_are_shown_in_full():
    price, count = tw.Variable(12345.0, name="price"), tw.Variable(3.0, name="count")
    values = {v["name"]: v for v in data_of(tw.graph(price * count).html())["values"].values()}
    assert [values[name]["array"]["numbers"] for name in ("price", "y")] == [[12345], [37035]]
    assert [values[name]["content"] for name in ("price", "y")] == ["12345", "37035"]
    ids = array_data(np.array([12345, 2**63], np.uint64))
    assert ids["numbers"] == [12345, "9223372036854775808"]  # a script would round it


@pytest.mark.render
def test_a_rule_that_raises_is_quoted():
    class Broken(tw.Function):
        def forward(self, x):
            return x + 1

        def backward(self, g):
            raise ValueError("not today")

    data = data_of(tw.graph(Broken()(tw.Variable(1.0))).html())
    assert "not today" in data["note"]


@pytest.mark.render
def test_no_two_gradients_have_one_name():
    x, again, gx = (tw.Variable(2.0, name=name) for name in ("x", "x", "gx"))
    data = data_of(tw.graph((x * x + again) * gx).html())
    values = [value for value in data["values"].values() if "gradient" in value]
    names = [value["name"] for value in values] + [value["gradient"]["name"] for value in values]
    names += [part["name"] for value in values for part in value["parts"] if "name" in part]
    assert len(names) == len(set(names))


@pytest.mark.render
def test_a_large_array_is_sampled_within_the_limits():
    w = tw.Parameter(np.arange(5000.0 * 40).reshape(5000, 40), name="w")
    data = data_of(tw.graph((w * w).sum()).html())
    array = next(v for v in data["values"].values() if v["name"] == "w")["array"]
    assert array["shape"] == [5000, 40]
    assert len(array["places"][0]) <= 24 and array["places"][0][-1] == 4999
    assert array["statistics"][3] == "2e+05"


@pytest.mark.render
def test_words_are_those_of_the_rows_that_are_shown():
    words = [f"word{i}" for i in range(5000)]
    w = tw.Parameter(np.ones((5000, 3)), name="w")
    h = w[np.array([[4, 70], [4, 4999]])]
    h.name = "h"
    data = data_of(tw.graph((h * h).sum(), labels={"w": words}).html())
    values = {value["name"]: value for value in data["values"].values()}
    table, gradient = values["w"]["array"], values["w"]["gradient"]["array"]
    assert table["labels"]["first"] == [words[place] for place in table["places"][0]]
    assert gradient["places"][0] == [4, 70, 4999]
    assert gradient["labels"]["first"] == ["word4", "word70", "word4999"]
    assert values["h"]["array"]["labels"]["first"] == ["word4", "word70", "word4", "word4999"]


@pytest.mark.render
def test_words_end_where_elements_move():
    w = tw.Parameter(np.ones((3, 3)), name="w")
    data = data_of(tw.graph((w[::-1] * 2.0).sum(), labels={"w": (["a", "b", "c"], None)}).html())
    labelled = {v["name"] for v in data["values"].values() if "labels" in (v["array"] or {})}
    assert labelled == {"w"}


@pytest.mark.render
def test_letters_of_a_rule_are_known_numbers_or_none():
    x, y = tw.Variable([[1.0, 2.0]], name="x"), tw.Variable([[2.0, 2.0]], name="y")
    loss = tw.functions.cross_entropy(x * y, np.array([1]))
    data = data_of(tw.graph(loss, detail="book").html())
    letters = [op["defined"] for op in data["ops"].values() if "defined" in op]
    assert len(letters) == 1
    assert letters[0]["t"]["array"]["numbers"] == [0, 1]
    assert letters[0]["N"]["array"]["numbers"] == [1]


@pytest.mark.render
def test_in_a_notebook_the_page_is_in_a_frame_that_reaches_nothing(z):
    frame = tw.graph(z)._repr_html_()
    inner = re.fullmatch(
        r"<iframe srcdoc='(.*)' sandbox='allow-scripts' title='Graph of z' style='[^']*'>"
        r"<p>Run the cell[^<]*</p><pre>(.*)</pre></iframe>",
        frame,
        re.DOTALL,
    )
    assert html.unescape(inner[1]) == tw.graph(z).html()
    assert html.unescape(inner[2]) == tw.graph(z).text, "for who takes frames out"
