"""The report of a gradient check: it says what was measured, all of it, and nothing else."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.checking.gradient_report import GradientReport
from tinygrad_w2v.checking.page import MOST, SIGNS, WORST
from tinygrad_w2v.checking.words import WORDS

WORDS_OF_ROWS = ["you", "say", "goodbye", "and"]


class Square(tw.Function):
    """y = x * x;  gx = 2 * g * x, times a factor in one entry"""

    def __init__(self, index: Any = (), factor: float = 1.001) -> None:
        self.index, self.factor = index, factor

    def forward(self, x: Any) -> Any:
        self.save(x)
        return x * x

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        factors = np.ones(x.shape)
        factors[self.index] = self.factor
        return 2 * g * x * factors


def wrong_in(index: Any, factor: float = 1.001) -> Any:
    return lambda x: Square(index, factor)(x)


def refused(f: Any, *args: Any, **options: Any) -> GradientReport:
    """The report that the error of a check carries."""
    with pytest.raises(tw.GradientError) as raised:
        tw.check_grads(f, *args, **options)
    report = raised.value.report
    assert report.failure == str(raised.value)
    assert not report.passed
    return report


def tables(report: GradientReport, lang: Any = None) -> list[tuple[str, list[list[str]]]]:
    """Caption and texts of the tables of a page, which is well-formed."""
    (section,) = re.findall(r"<section.*</section>", report.html(lang), re.DOTALL)
    found = []
    for table in ElementTree.fromstring(section).iter("table"):
        rows = [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]
        found.append((table.findtext("caption") or "".join(_caption(table).itertext()), rows))
    return found


def _caption(table: Element) -> Element:
    caption = table.find("caption")
    assert caption is not None
    return caption


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return rng.uniform(0.5, 2, size=(4, 3))


# ---------------------------------------------------------------------- what it holds
def test_a_check_that_agrees_returns_a_report(x: Any, capsys: Any) -> None:
    report = tw.check_grads(lambda x, w: np.tanh(x @ w), x, np.ones((3, 2)), order=2)
    assert report
    assert report.passed
    assert [(c.name, c.order, len(c.measured)) for c in report.comparisons] == [
        ("x", 1, 12),
        ("w", 1, 6),
        ("x", 2, 12),
        ("w", 2, 6),
        ("the gradient of the output", 2, 8),
    ]
    assert "\n" not in repr(report)
    assert "3 arrays, 44 entries" in repr(report)
    assert report.text == str(report)
    assert "first order: 2 arrays, 18 entries, worst relative error" in report.text
    assert "a relative error of 1e-06, or what rounding makes; step 1e-05" in report.text
    assert capsys.readouterr().out == ""


def test_measurements_are_those_of_rule_and_function(x: Any) -> None:
    (compared,) = tw.check_grads(lambda x: (x**3).sum(), x).comparisons
    assert [m.index for m in compared.measured] == list(np.ndindex(4, 3))
    rules = [m.rule for m in compared.measured]
    assert np.allclose(rules, 3 * x.reshape(-1) ** 2, rtol=1e-14)
    for m in compared.measured:
        assert m.absolute_error == pytest.approx(abs(m.rule - m.finite_difference), rel=1e-6)
        assert m.absolute_error <= 1e-6 * abs(m.rule)


shapes = st.lists(st.integers(1, 6), min_size=0, max_size=3).map(tuple)


@settings(max_examples=25, deadline=None)
@given(shape=shapes, seed=st.integers(0, 2**31))
def test_the_worst_is_the_largest_of_all_entries(shape: tuple[int, ...], seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=shape)
    report = tw.check_grads(lambda x: np.exp(np.sin(x)), x, order=2)
    for compared in report.comparisons:
        errors = [m.relative_error for m in compared.measured]
        assert compared.relative_error == max(errors, default=0.0)
        worst = compared.worst
        assert worst is None or f"{worst.relative_error:.1e}" == f"{max(errors):.1e}"
    largest = max(c.relative_error for c in report.comparisons)
    assert report.worst is not None
    assert report.worst.relative_error == largest
    assert f"worst relative error {largest:.1e}" in repr(report)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_planted_error_is_marked_at_its_entry(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=2).map(tuple))
    index = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    x = np.random.default_rng(data.draw(st.integers(0, 99))).uniform(0.5, 2, shape)
    report = refused(lambda x, y: Square(index)(x) * y.sum(), x, np.ones(2))
    compared = report.worst
    assert compared is not None
    assert compared.name == "x"
    worst = compared.worst
    assert worst is not None
    assert worst.index == index
    assert worst.verdict == "wrong"
    assert worst.relative_error == pytest.approx(1e-3, rel=1e-2)
    assert [m.index for m in compared.entries if m.is_wrong] == [index]
    marked = f"x[{', '.join(map(str, index))}]"
    (row,) = [
        row for _, rows in tables(report) for row in rows if WORST in row[0] and row[0][0] in "✗"
    ]
    assert row[0] == f"{SIGNS['wrong']} {marked} {WORST}"
    assert row[1:3] == [f"{worst.rule:.10g}", f"{worst.finite_difference:.10g}"]
    assert marked in report.text.partition("\n")[0]


def test_what_was_right_before_is_in_the_report_of_an_error(x: Any) -> None:
    class Constant(Square):
        def backward(self, g: Any) -> Any:
            (x,) = self.saved
            return g * 2 * (x.data if isinstance(x, tw.Variable) else x)

    report = refused(lambda x: Constant()(x), x, order=3)
    assert [c.order for c in report.comparisons] == [1, 2, 2]
    assert not report.of_order(1)[0].wrong
    assert report.worst_of(1) is report.of_order(1)[0]
    assert report.worst_of(3) is None
    assert "second derivative" in report.text
    assert "third order: not measured" in report.text


def test_errors_that_compare_nothing_carry_a_report_too(x: Any) -> None:
    rng = np.random.default_rng(0)
    for f, args in (
        (np.log, (np.array([-1.0, 1.0]),)),
        (lambda x: F.dropout(x, 0.5, rng), (x,)),
        (lambda s: s, ("text",)),
        (lambda x: x.data, (1.0,)),
    ):
        report = refused(f, *args)
        assert report.comparisons == []
        assert report.worst is None
        assert "did not reach its end" in report.text
        assert report.failure.splitlines()[0][:40] in report.html().replace("&#x27;", "'")


def test_a_gradient_that_is_not_finite_is_told_without_the_others() -> None:
    report = refused(np.sqrt, np.array([[0.0, 1.0]]))
    (compared,) = report.comparisons
    assert not compared.whole
    page = report.html()
    assert "1 of 2 entries" in page
    assert "all 2 entries" not in page
    assert SIGNS["not_finite"] in page


def test_a_kink_is_told_in_both_languages() -> None:
    report = refused(F.relu, np.array([[1.0, 0.0], [2.0, 3.0]]))
    page, japanese = report.html(), report.html("ja")
    assert "looks like a kink: the slope is 0 to the left" in page
    assert "傾きは左側で 0" in japanese
    marked = f'<span role="img" aria-label="a kink" title="a kink">{SIGNS["kink"]}</span>'
    assert f'<td class="kink worst">{marked}' in page


# ---------------------------------------------------------------------- all kinds of arguments
class Model(tw.Module):
    def __init__(self) -> None:
        self.w_in = tw.Parameter(np.linspace(-1, 1, 12).reshape(4, 3).astype(np.float32))
        self.inner = Inner()

    def loss(self, batch: Any) -> Any:
        return (np.tanh(self.w_in[batch["ids"]]) * self.inner.scale * batch["weight"]).sum()


class Inner(tw.Module):
    def __init__(self) -> None:
        self.scale = tw.Parameter(np.ones(3, np.float32))


def test_modules_name_their_parameters_and_ints_are_left_alone() -> None:
    batch = {"ids": np.array([0, 2, 2]), "weight": 2.0}
    report = tw.check_grads(Model(), batch, labels={"w_in": WORDS_OF_ROWS})
    assert report.function == "Model"
    assert [c.name for c in report.comparisons] == ["w_in", "inner.scale"]
    heads = [row[0] for name, rows in tables(report) if name == "backward rule" for row in rows[1:]]
    assert heads == ["0 you", "1 say", "2 goodbye", "3 and"]


def test_trees_and_empty_arrays_and_numbers(x: Any) -> None:
    def f(p: Any) -> Any:
        return np.concatenate([p["w"] * p["b"][0], p["none"]]).sum() + p["ids"].sum()

    p = {"w": x, "b": [2.0, None], "none": np.zeros((0, 3)), "ids": np.arange(3)}
    report = tw.check_grads(f, p, order=2)
    assert [c.name for c in report.of_order(1)] == ["p['w']", "p['b'][0]", "p['none']"]
    page = report.html()
    assert "an empty array" in page
    assert "p[&#x27;b&#x27;][0]</bdi> ()" in page


def test_a_large_array_is_sampled_and_the_report_stays_small(rng: np.random.Generator) -> None:
    words = [f"word{i}" for i in range(300)]
    x = rng.normal(size=(300, 400))
    report = tw.check_grads(np.exp, x, labels={"x": words})
    (compared,) = report.comparisons
    assert compared.directions == 3
    assert len(compared.entries) <= 8
    assert set(compared.words[0]) == {m.index[0] for m in compared.entries if m.index}
    assert len(pickle.dumps(report)) < 10_000
    page = report.html()
    assert f"{len(compared.entries)} of 120,000 entries, 3 directions" in page
    assert "it is sampled" in page
    assert page.count("a direction through 120,000 entries") >= 3
    assert "entries, 1 direction<" in tw.check_grads(lambda x, y: x * 0 + y, x, 1.0).html()


def test_many_arrays_are_counted_and_the_worst_are_shown() -> None:
    report = refused(
        lambda xs: sum((Square(0)(x) if i == 70 else x * x).sum() for i, x in enumerate(xs)),
        [np.ones(i % 3 + 1) for i in range(90)],
    )
    assert len(report.comparisons) == 90
    page = report.html()
    assert page.count("<details class=") == MOST
    assert f"{90 - MOST} more comparisons are not shown" in page
    (row,) = [row for row in tables(report)[0][1] if row[0].startswith(SIGNS["wrong"])]
    assert row[0] == "✗ xs[70] (2,)"


def test_a_page_stays_small(rng: np.random.Generator) -> None:
    report = tw.check_grads(lambda x: x * x, rng.normal(size=(8, 8)))
    (compared,) = report.comparisons
    report.comparisons = [replace(compared, name=f"x{i}") for i in range(500)]
    assert len(report.html()) < 1_000_000


# ---------------------------------------------------------------------- labels
def test_errors_say_the_word_of_a_row_and_column(x: Any) -> None:
    labels = {"x": (dict(enumerate(WORDS_OF_ROWS)), ["a", "b", "c"])}
    report = refused(wrong_in((3, 1)), x, labels=labels)
    assert "is wrong at x[3, 1] 'and', 'b' (first order)" in report.failure
    assert "x[3, 1] 'and', 'b'" in report.text


def test_words_of_a_row_gradient_are_those_of_its_rows(rng: np.random.Generator) -> None:
    rows = tw.Variable(tw.RowGrad(np.array([2, 0, 2]), rng.normal(size=(3, 2)), (4, 2)), name="g")
    report = tw.check_grads(lambda g: F.to_dense(g) ** 2, rows, labels={"g": WORDS_OF_ROWS})
    assert report.comparisons[0].words[0] == {0: "goodbye", 1: "you", 2: "goodbye"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"W": WORDS_OF_ROWS}, "the check of f has no value 'W'; it has x"),
        ({"x": ["a"]}, "names 1 rows, but the value of shape (4, 3) has 4"),
        ({"x": (None, ["a"])}, "names 1 columns, but the value of shape (4, 3) has 3"),
        ({"x": 3}, "must be the words of the rows"),
        (["a"], "labels must be a dict"),
    ],
)
def test_labels_that_do_not_fit_are_refused(x: Any, labels: Any, expected: str) -> None:
    with pytest.raises(InputError, match=re.escape(expected)):
        tw.check_grads(wrong_in(()), x, labels=labels)


def test_two_arrays_of_one_name_are_labelled_where_both_fit() -> None:
    a, b = (tw.Variable(np.ones(n), name="v") for n in (2, 3))
    with pytest.raises(InputError, match="names 3 rows"):
        tw.check_grads(lambda a, b: a.sum() * b.sum(), a, b, labels={"v": ["p", "q", "r"]})


# ---------------------------------------------------------------------- the page
def test_maps_show_every_entry_and_mark_the_wrong_one(x: Any) -> None:
    report = refused(wrong_in((2, 1), 1.5), x)
    found = dict(tables(report))
    (compared,) = report.comparisons
    at = {m.index: m for m in compared.measured}
    for caption in ("backward rule", "finite difference", "relative error", "uncertain by"):
        rows = found[caption]
        assert rows[0] == ["", "0", "1", "2"]
        assert [row[0] for row in rows[1:]] == ["0", "1", "2", "3"]
    for i, j in np.ndindex(4, 3):
        shown = found["backward rule"][i + 1][j + 1]
        signs = ("✗ ", " ◀") if (i, j) == (2, 1) else ("", "")
        assert shown == f"{signs[0]}{at[i, j].rule:.3g}{signs[1]}"
        assert found["finite difference"][i + 1][j + 1] == f"{at[i, j].finite_difference:.3g}"
    assert found["relative error"][3][2] == "✗ 0.33 ◀"


def test_tables_are_told_to_readers_who_do_not_see_them(x: Any) -> None:
    page = tw.check_grads(lambda x: x * x, x, order=2).html()
    (section,) = re.findall(r"<section.*</section>", page, re.DOTALL)
    for table in ElementTree.fromstring(section).iter("table"):
        assert "".join(_caption(table).itertext())
        assert all(th.get("scope") in ("row", "col") for th in table.iter("th"))
        assert all(row[0].tag == "th" for row in table.findall("tbody/tr"))
        heads = len(table.findall("thead/tr/*"))
        assert all(len(row) == heads for row in table.findall("tbody/tr"))
    assert 'lang="en"' in page
    assert "<title>Gradient check of f</title>" in page


def test_the_page_needs_nothing_and_runs_nothing(x: Any) -> None:
    report = tw.check_grads(lambda x: x * x, x)
    for markup in (report.html(), report._repr_html_()):
        assert not re.search(r"<(script|link|img|iframe)|https?:|url\(|@import|\son\w+=", markup)
    assert report._repr_html_().startswith("<style>")
    assert " open" not in report._repr_html_()  # what agrees is folded in a notebook
    assert '<details class="array" open="">' in refused(wrong_in((0, 0)), x)._repr_html_()


HOSTILE = [
    "<script>alert(1)</script>",
    "\"' onload=x",
    "a" * 5000,
    "\u202eabc\x1b[2J",
    "שלום",
    "{x}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_inert(name: str) -> None:
    def f(v: Any) -> Any:
        return Square((0, 1))(v)

    f.__name__ = name
    v = tw.Variable(np.ones((2, 2)), name=name)
    report = refused(f, v, labels={name: [name, name]})
    for text in (report.html(), report.html("ja"), report._repr_html_()):
        assert "<script" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert len(text) < 60_000
    assert len(report.text) < 3000
    assert "\x1b" not in report.text
    tables(report)  # well-formed


def test_both_languages_show_the_same_numbers(x: Any) -> None:
    report = tw.check_grads(lambda x: np.exp(x), x, order=2)
    english, japanese = tables(report), tables(report, "ja")
    assert [rows[1][1:] for _, rows in english[1:]] == [rows[1][1:] for _, rows in japanese[1:]]
    page = report.html("ja")
    assert "<bdi>f</bdi> の勾配は数値微分と一致しています" in page
    assert "数値微分" in page
    assert "出力の勾配" in page
    for english_word in ("backward rule", "agrees", "entries", "gradient of the output", "order"):
        assert english_word not in page.partition("</style>")[2]


def test_the_language_of_a_check_is_that_of_its_page(x: Any) -> None:
    report = tw.check_grads(lambda x: x * x, x, lang="ja")
    assert "勾配" in report._repr_html_()
    assert '<html lang="ja">' in report.html()
    assert '<html lang="en">' in report.html(lang="en")
    for call in (report.html, lambda lang: tw.check_grads(np.exp, x, lang=lang)):
        with pytest.raises(InputError, match="lang must be 'en' or 'ja', not 'fr'"):
            call("fr")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_every_text_is_there_in_both_languages_with_the_same_numbers(key: str) -> None:
    assert set(WORDS[key]) == {"en", "ja"}
    assert fields(WORDS[key]["en"]) == fields(WORDS[key]["ja"])


def test_save_writes_a_page_or_the_summary(x: Any, tmp_path: Path) -> None:
    report = tw.check_grads(lambda x: x * x, x)
    report.save(tmp_path / "report.html", lang="ja")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.html("ja")
    report.save(str(tmp_path / "report.TXT"))
    assert (tmp_path / "report.TXT").read_text(encoding="utf-8") == report.text + "\n"
    with pytest.raises(InputError, match="end it in"):
        report.save(tmp_path / "report.png")


# ---------------------------------------------------------------------- options
WRONG_OPTIONS = [
    ({"order": 0}, "order must be 1, 2, ..., not 0"),
    ({"order": "2"}, "order must be a whole number, not '2'"),
    ({"order": 1.5}, "order must be a whole number"),
    ({"eps": 0}, "eps must be a finite number, more than 0, not 0"),
    ({"eps": "small"}, "eps must be a number, not 'small'"),
    *[
        ({name: value}, f"{name} must be a finite number, 0 or more, not {value}")
        for name in ("rtol", "atol")
        for value in (-1.0, np.nan, np.inf)
    ],
]


@pytest.mark.parametrize(("options", "expected"), WRONG_OPTIONS)
def test_options_that_cannot_be_are_named(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(InputError, match=re.escape(expected)):
        tw.check_grads(np.exp, 1.0, **options)
    tw.check_grads(np.exp, 1.0, rtol=0, atol=1e-6)
