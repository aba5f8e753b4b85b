"""The page on which runs stand side by side."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase

from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v.reports.comparison import DRIFTED, Comparison, Drifted, Estimate
from tinygrad_w2v.reports.markup import Words, contents, page, section, table, value
from tinygrad_w2v.vectors import WordVectors

STYLES = "theme.css page.css"
SCRIPTS = "base.js chart.js compare.js"
COLOURS = ("blue", "orange", "green", "violet", "brown", "grey")
HEADINGS = {
    "runs": "runs",
    "differs": "differs",
    "curves": "compared_curves",
    "scores": "scores",
    "neighbours": "their_neighbours",
    "drift": "drift",
}
NEAR = 4


def comparison_page(comparison: Comparison, lang: Language = "en") -> str:
    """Return the page of a comparison."""
    words = Words(lang)
    made = dict(_sections(comparison, words))
    headings = {name: words.say(HEADINGS[name]) for name in made}
    title = words.plain("comparison")["comparison"].replace("{0}", str(len(comparison.runs)))
    body = [
        f"<header><h1>{value(title)}</h1>",
        f"{contents(headings, words.say('contents'))}</header>\n<main>\n",
        *[section(name, headings[name], text) for name, text in made.items()],
        f"</main>\n<footer><p>{words.say('made_by', __version__)}</p></footer>",
    ]
    data = {
        "words": words.plain("words", "by_loss", "by_heldout", "epochs"),
        "curves": [
            run.losses.as_data() | {"name": run.name, "colour": COLOURS[group % len(COLOURS)]}
            for run, group in zip(comparison.runs, comparison.groups, strict=True)
        ],
    }
    return page(lang, title, "".join(body), data, STYLES, SCRIPTS)


def _sections(comparison: Comparison, words: Words) -> Iterator[tuple[str, str]]:
    yield "runs", _runs(comparison, words)
    yield "differs", _differing(comparison, words)
    charts = "".join(f'<figure id="chart-{name}"></figure>' for name in ("loss", "heldout"))
    yield "curves", f'<div class="charts stacked">{charts}</div>'
    yield "scores", _scores(comparison, words)
    yield "neighbours", _neighbours(comparison, words)
    yield "drift", "".join(_drift(each, comparison, words) for each in comparison.drifts)


def _letter(group: int) -> str:
    """The name of a group: A to Z, then numbers."""
    return ascii_uppercase[group] if group < len(ascii_uppercase) else str(group + 1)


def _runs(comparison: Comparison, words: Words) -> str:
    rows = [
        [
            value(run.name),
            _letter(group),
            value(len(run.vectors)),
            value(run.losses.epochs[-1] if run.losses.epochs else None),
            value(run.losses.heldout[-1] if run.losses.heldout else None),
            value(run.losses.unigram),
            value(round(run.words_per_second)),
        ]
        for run, group in zip(comparison.runs, comparison.groups, strict=True)
    ]
    names = ("run", "group", "vocabulary", "last_loss", "last_heldout", "unigram", "speed")
    head = [words.say(name) for name in names]
    shown = table(words.say("runs"), head, rows, range(2, 7))
    return f"<p>{words.say('groups_note')}</p>{shown}"


def _differing(comparison: Comparison, words: Words) -> str:
    if not comparison.differing:
        return f"<p>{words.say('differs_none')}</p>"
    head = ["", *[value(run.name) for run in comparison.runs]]
    rows = [[value(name), *map(value, row)] for name, row in comparison.differing.items()]
    return table(words.say("differs"), head, rows)


def _scores(comparison: Comparison, words: Words) -> str:
    names = ("group", "number_of_runs", "value", "interval")
    head = ["", "", *[words.say(name) for name in names]]
    rows = [_estimate(each, words) for each in comparison.estimates]
    scored = any(each.kind not in ("loss", "heldout") for each in comparison.estimates)
    none = "" if scored else f"<p>{words.say('no_scores')}</p>"
    shown = table(words.say("scores"), head, rows, (3, 4, 5))
    return f"<p>{words.say('group_scores_note')}</p>{shown}{none}"


def _estimate(each: Estimate, words: Words) -> list[str]:
    losses = {"loss": "last_loss", "heldout": "last_heldout"}
    name = words.say(losses[each.kind]) if each.kind in losses else value(each.name)
    kind = "" if each.kind in losses else words.say(each.kind)
    number = f"{each.value:.4f}" + ("" if each.error is None else f" ± {each.error:.4f}")
    interval = "–"
    if each.low is not None and each.high is not None:
        interval = f"{each.low:.4f} – {each.high:.4f}"
    return [name, kind, _letter(each.group), value(each.runs), number, interval]


def _neighbours(comparison: Comparison, words: Words) -> str:
    if not comparison.words:
        return f"<p>{words.say('no_words')}</p>"
    head = [words.say("word"), *[value(run.name) for run in comparison.runs]]
    rows = [
        [
            value(word),
            *[
                f"<i>{words.say('not_there')}</i>" if near is None else _near(near)
                for near in comparison.neighbours[word]
            ],
        ]
        for word in comparison.words
    ]
    return table(words.say("their_neighbours"), head, rows)


def _near(near: list[tuple[str, float]]) -> str:
    return "<br>".join(f"{value(other)}&nbsp;<small>{cosine:.2f}</small>" for other, cosine in near)


def _drift(each: Drifted, comparison: Comparison, words: Words) -> str:
    if each.drift is None:
        return f"<p>{words.say('drift_few', each.first, each.second)}</p>"
    found = each.drift
    vectors = {run.name: run.vectors for run in comparison.runs}
    note = words.say("drift_note", len(found.words), each.first, each.second, found.median)
    chance = f" {words.say('drift_chance')}" if each.same_group else ""
    head = [
        words.say("word"),
        words.say("drifted"),
        words.say("near_in", each.first),
        words.say("near_in", each.second),
    ]
    rows = [
        [
            value(word),
            f"{distance:.3f}",
            _few(vectors[each.first], word),
            _few(vectors[each.second], word),
        ]
        for word, distance in list(zip(*found, strict=True))[:DRIFTED]
    ]
    return f"<p>{note}{chance}</p>{table(words.say('drift'), head, rows, (1,))}"


def _few(vectors: WordVectors, word: str) -> str:
    return ", ".join(value(other) for other, _ in vectors.most_similar(word, topn=NEAR))
