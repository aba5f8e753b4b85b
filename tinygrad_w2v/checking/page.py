"""The page of a gradient report: what the rule says beside what was measured, entry by entry.

Plain tables without a script. Signs say what colours say. All numbers are those of the report; what
was not measured is not shown.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from string import Template
from typing import Any, NamedTuple

from tinygrad_w2v._base.language import Language
from tinygrad_w2v.checking.findings import advice
from tinygrad_w2v.checking.measurement import Comparison, Measurement, name_in, place_of, shown
from tinygrad_w2v.checking.summary import Summary
from tinygrad_w2v.checking.words import ordinal, say
from tinygrad_w2v.drawing.labels import printable
from tinygrad_w2v.drawing.layout.svg import FONTS

MOST = 24  # comparisons that are shown
OPEN = 6  # a page with no more comparisons shows them all at once
WIDEST = 16  # columns of a table that stands beside others
SHADES = 5
SIGNS = {"right": "✓", "wrong": "✗", "kink": "∧", "unclear": "?", "not_finite": "∞"}
WORST = "◀"


class Cell(NamedTuple):
    """A cell of a table: its markup, and its classes."""

    html: str
    look: str = ""


class Row(NamedTuple):
    """A row of a table: the markup of its header, its cells, and the header's classes."""

    header: str
    cells: list[Cell]
    look: str = ""


class Map(NamedTuple):
    """One number of every entry, laid out as the array is."""

    key: str
    written: Callable[[Measurement], str]
    shade: Callable[[Measurement], str]


def page_of(report: Summary, lang: Language) -> str:
    """The report as a self-contained page."""
    few = len(report.comparisons) <= OPEN
    return _part("gradients.html").substitute(
        lang=lang,
        title=escape(say("title", lang, function=shown(report.function))),
        style=_style(),
        report=_Page(report, lang, "h1", few).written(),
    )


def fragment_of(report: Summary, lang: Language) -> str:
    """The report as a part of a notebook; only what is wrong is unfolded."""
    return f"<style>{_style()}</style>{_Page(report, lang, 'h3', False).written()}"


def _style() -> str:
    return _part("gradients.css").substitute(fonts=FONTS)


def _part(name: str) -> Template:
    from importlib.resources import files  # not imported before a page is made

    return Template((files("tinygrad_w2v.checking") / "pages" / name).read_text(encoding="utf-8"))


class _Page:
    def __init__(self, report: Summary, lang: Language, heading: str, few: bool) -> None:
        self.report, self.lang, self.heading, self.few = report, lang, heading, few
        worst_first = sorted(
            report.comparisons, key=lambda c: (bool(c.wrong), c.relative_error), reverse=True
        )
        chosen = set(map(id, worst_first[:MOST]))
        self.compared = [c for c in report.comparisons if id(c) in chosen]

    def say(self, key: str, **values: Any) -> str:
        """A text of the table, as markup; values are markup, or numbers."""
        return say(key, self.lang, **values)

    def written(self) -> str:
        """The whole report."""
        left_out = len(self.report.comparisons) - len(self.compared)
        parts = [
            f'<section class="tw-check" lang="{self.lang}">',
            *self._head(),
            self._overview() if self.compared else "",
            *map(self._array, self.compared),
            f"<p>{self.say('left_out', count=left_out)}</p>" if left_out else "",
            self._foot() if self.compared else "",
            "</section>",
        ]
        return "\n".join([part for part in parts if part]) + "\n"

    def _head(self) -> Iterable[str]:
        report, worst = self.report, self.report.worst
        verdict = "right" if report.passed else "unclear"
        if worst is not None and worst.worst is not None and worst.wrong:
            verdict = worst.worst.verdict
        outcome = report.outcome(self.lang, _name)
        yield (
            f'<{self.heading} class="{verdict}">{_hidden(SIGNS[verdict])} '
            f"{outcome[0].upper()}{outcome[1:]}</{self.heading}>"
        )
        if worst is not None and worst.wrong:
            lines = [f"<li>{_sentence(line)}</li>" for line in advice(worst, self.lang)]
            yield f"<ul>{''.join(lines)}</ul>"
        elif not report.passed:
            yield f"<pre>{escape(_lines(report.failure))}</pre>"
        if worst is not None:
            yield f"<p>{_sentence(report.allowed(worst, self.lang))}</p>"

    # ------------------------------------------------------------------ all arrays
    def _overview(self) -> str:
        keys = ("array", "order", "measured_entries", "worst", "where", "outcome")
        rows = []
        for compared in self.compared:
            worst = compared.worst
            verdict = worst.verdict if worst is not None else "right"
            name = _cut(name_in(compared, self.lang))
            cells = [
                Cell(ordinal(compared.order, self.lang)),
                Cell(self._counted(compared)),
                Cell(_tiny(compared.relative_error), "number"),
                Cell("" if worst is None else self._place(compared, worst)),
                Cell(self.say(f"is_{verdict}"), verdict),
            ]
            rows.append(Row(f"{_hidden(SIGNS[verdict])} {name} {compared.shape}", cells, verdict))
        return _table(self.say("overview"), [self.say(key) for key in keys], rows, "list")

    def _counted(self, compared: Comparison) -> str:
        entries, count = len(compared.entries), compared.size
        if compared.directions:
            key = "sampled_once" if compared.directions == 1 else "sampled"
        elif entries < count:
            key = "some_entries"
        else:
            key = "no_entries" if not count else "one_entry" if count == 1 else "all_entries"
        return self.say(key, entries=entries, count=count, directions=compared.directions)

    def _place(self, compared: Comparison, measurement: Measurement) -> str:
        if measurement.index is None:
            return self.say("direction", moved=measurement.moved)
        return place_of(compared, measurement, self.lang, _cut)

    # ------------------------------------------------------------------ one array
    def _array(self, compared: Comparison) -> str:
        if not compared.measured:
            return ""
        worst = compared.worst
        verdict = worst.verdict if worst is not None else "right"
        unfolded = ' open=""' if compared.wrong or self.few else ""
        order = self.say("order_of", ordinal=ordinal(compared.order, self.lang))
        title = f"{_name(name_in(compared, self.lang))} {compared.shape}"
        maps = self._maps(compared)
        numbers = self._numbers(compared, title)
        if maps:
            numbers = f"<details><summary>{self.say('numbers')}</summary>{numbers}</details>"
        why = f"<p>{self.say('sampled_why')}</p>" if compared.directions else ""
        return (
            f'<details class="array"{unfolded}><summary class="{verdict}">'
            f"{self._sign(verdict)} <b>{title}</b> · {order} · "
            f"{self._counted(compared)} · {self.say('worst')} {_tiny(compared.relative_error)}"
            f"</summary>{why}{maps}{numbers}</details>"
        )

    def _maps(self, compared: Comparison) -> str:
        """An array of two axes or more as tables side by side; nothing for any other."""
        shape = compared.shape
        if not compared.whole or len(shape) < 2 or not 1 < shape[-1] <= WIDEST:
            return ""
        numbers = [x for m in compared.measured for x in (m.rule, m.finite_difference)]
        largest = max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)
        kinds = (
            Map("rule", lambda m: _short(m.rule), lambda m: _signed(m.rule, largest)),
            Map(
                "finite_difference",
                lambda m: _short(m.finite_difference),
                lambda m: _signed(m.finite_difference, largest),
            ),
            Map(
                "relative",
                lambda m: _tiny(m.relative_error),
                lambda m: _error(m.relative_error, compared.allowed),
            ),
            Map("uncertainty", lambda m: _tiny(m.uncertainty), lambda m: ""),
        )
        tables = [self._map(compared, kind) for kind in kinds]
        pairs = ["".join(tables[:2]), "".join(tables[2:])]  # what is compared stays together
        return f'<div class="maps"><div>{pairs[0]}</div><div>{pairs[1]}</div></div>'

    def _map(self, compared: Comparison, kind: Map) -> str:
        *leading, last = map(range, compared.shape)
        at = {m.index: m for m in compared.measured}
        rows, columns = compared.words
        body = [
            Row(
                _header(", ".join(map(str, i)), rows.get(i[0])),
                [self._entry(at[*i, j], kind, compared.worst) for j in last],
            )
            for i in itertools.product(*leading)
        ]
        head = ["", *[_header(j, columns.get(j)) for j in last]]
        return _table(self.say(kind.key), head, body, "map")

    def _entry(self, m: Measurement, kind: Map, worst: Measurement | None) -> Cell:
        text, look = kind.written(m), kind.shade(m)
        if kind.key in ("rule", "relative"):
            if m.is_wrong:
                text, look = f"{self._sign(m.verdict)} {text}", m.verdict
            if m is worst:
                text += f" {self._sign('worst')}"
        return Cell(text, look + (" worst" if m is worst else ""))

    def _sign(self, verdict: str) -> str:
        sign = WORST if verdict == "worst" else SIGNS[verdict]
        words = self.say(f"is_{verdict}")
        return f'<span role="img" aria-label="{words}" title="{words}">{sign}</span>'

    def _numbers(self, compared: Comparison, title: str) -> str:
        """Every measurement in full."""
        keys = ("entry", "rule", "finite_difference", "absolute", "relative", "uncertainty")
        head = [self.say(key) for key in keys]
        rows = []
        for m in compared.measured:
            place = f"{self._sign(m.verdict)} {self._place(compared, m)}"
            if m is compared.worst:
                place += f" {self._sign('worst')}"
            relative = "" if m.is_wrong else _error(m.relative_error, compared.allowed)
            cells = [
                Cell(f"{m.rule:.10g}", "number"),
                Cell(f"{m.finite_difference:.10g}", "number"),
                Cell(_tiny(m.absolute_error), "number"),
                Cell(_tiny(m.relative_error), f"number {m.verdict} {relative}"),
                Cell(_tiny(m.uncertainty), "number"),
            ]
            rows.append(Row(place, cells, m.verdict))
        return _table(title, head, rows, "list titled")

    def _foot(self) -> str:
        notes = [self.say("relative_why"), f"{WORST} {self.say('is_worst')}"]
        if any(c.projected for c in self.compared):
            notes.insert(0, self.say("projected"))
        return f"<footer>{''.join([f'<p>{note}</p>' for note in notes])}</footer>"


# ---------------------------------------------------------------------- small parts
def _hidden(sign: str) -> str:
    """A sign that repeats what words say."""
    return f'<span aria-hidden="true">{sign}</span>'


def _name(text: str) -> str:
    """A name as markup; its direction of writing stays its own."""
    return f"<bdi>{escape(text)}</bdi>"


def _cut(text: str) -> str:
    """A name as markup that fits into a table."""
    return _name(printable(text))


def _sentence(text: str) -> str:
    """A text of the table as a sentence, what is code in it marked as such."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text[0].upper() + text[1:], quote=False))


def _lines(text: str) -> str:
    """The lines of a message without control characters."""
    return "\n".join([printable(line, 400) for line in text.splitlines()[:40]])


def _header(index: Any, word: str | None) -> str:
    return str(index) if word is None else f"{index} {_name(printable(word))}"


def _short(value: float) -> str:
    """A number in about six characters."""
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else _power(f"{value:.3g}")


def _tiny(value: float) -> str:
    """A number of which the power of ten counts: ``1.2e-9``."""
    return f"{value:.2g}" if not value or 0.01 <= value < 1e3 else _power(f"{value:.1e}")


def _power(text: str) -> str:
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def _signed(value: float, largest: float) -> str:
    """The shade of a number among others of up to this size, by its sign."""
    if not math.isfinite(value) or not value or not largest:
        return ""
    shade = math.ceil(SHADES * min(abs(value) / largest, 1.0))
    return f"{'plus' if value > 0 else 'minus'}{shade}"


def _error(value: float, allowed: float) -> str:
    """The shade of a relative error: the darkest one is within a factor of ten of the allowed."""
    if not value > 0 or not allowed > 0:
        return ""
    shade = math.ceil(min(SHADES + math.log10(min(value, 1.0) / allowed), SHADES))
    return f"error{shade}" if shade > 0 else ""


def _table(caption: str, head: Sequence[str], rows: Iterable[Row], look: str) -> str:
    """A table that scrolls by itself where it is too wide."""
    heading = "".join([f'<th scope="col">{cell}</th>' if cell else "<td></td>" for cell in head])
    body = "".join(
        [
            f'<tr><th scope="row"{_class(row.look)}>{row.header}</th>'
            f"{''.join([f'<td{_class(cell.look)}>{cell.html}</td>' for cell in row.cells])}</tr>"
            for row in rows
        ]
    )
    label = re.sub("<[^>]*>", "", caption)
    return (
        f'<div class="wide" role="group" aria-label="{label}" tabindex="0">'
        f'<table class="{look}"><caption>{caption}</caption>'
        f"<thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _class(look: str) -> str:
    return f' class="{look.strip()}"' if look.strip() else ""
