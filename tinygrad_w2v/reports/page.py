"""The report of a run: one file that says what was run, what came of it, and how to do it again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tinygrad_w2v._base.errors import TinygradError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v.drawing.layout.render import RenderError
from tinygrad_w2v.reports.contents import Losses, Report
from tinygrad_w2v.reports.layouts import NAMES, check_layout
from tinygrad_w2v.reports.markup import (
    Words,
    code,
    contents,
    facts,
    frame,
    page,
    section,
    table,
    value,
    write_page,
)
from tinygrad_w2v.reports.stored_words import StoredWords, store
from tinygrad_w2v.reports.words import FACTS, IN_SCRIPTS
from tinygrad_w2v.vectors import WordVectors

STYLES = "theme.css page.css"
CURVES = "base.js chart.js curves.js"
WORDS_TOO = "vectors.js search.js neighbours.js labels.js map.js analogy.js"
NEIGHBOURS = 6


def write_report(
    report: Report, path: PathLike, lang: Language = "en", layout: str = "pca"
) -> None:
    """Write the page of a run.

    Parameters
    ----------
    report
        What it tells.
    path
        The file.
    lang : {"en", "ja"}
    layout : {"pca", "umap", "pacmap"}
        Of the map of words.

    Raises
    ------
    InputError
        For an unknown language or layout, or a place that cannot be written.
    MissingDependencyError
        When the library of the layout is not installed.
    """
    write_page(path, page_of(report, lang, layout))


def page_of(report: Report, lang: Language = "en", layout: str = "pca") -> str:
    """Return the page of a run, see `write_report`."""
    check_layout(layout)
    words = Words(lang)
    stored = None
    if report.vectors is not None and len(report.vectors) > 1:
        stored = store(report.vectors, layout)
    made = {name: text for name, text in _sections(report, stored, words, layout) if text}
    headings = {name: words.say(_HEADINGS.get(name, name)) for name in made}
    body = [
        f"<header><h1>{value(report.title)}</h1><p>{_lead(report, words)}</p>",
        ""
        if report.refresh is None
        else f'<p class="notice" role="status">{words.say("goes_on", float(report.refresh))}</p>',
        f'<p class="notice">{words.say(report.ended)}</p>' if report.ended else "",
        f"{contents(headings, words.say('contents'))}</header>\n<main>\n",
        *[section(name, headings[name], text) for name, text in made.items()],
        f"</main>\n<footer><p>{words.say('made_by', __version__)}</p></footer>",
    ]
    data: dict[str, Any] = {
        "words": words.plain(*IN_SCRIPTS),
        "curves": report.losses.as_data(),
        "refresh": report.refresh,
    }
    scripts = CURVES
    if stored is not None:
        data["vectors"] = stored.as_data()
        scripts = f"{CURVES} {WORDS_TOO}"
    title = words.plain("report")["report"].replace("{0}", report.title)
    return page(lang, title, "".join(body), data, STYLES, f"{scripts} start.js")


_HEADINGS = {"words": "map", "sample": "learned"}


def _sections(
    report: Report, stored: StoredWords | None, words: Words, layout: str
) -> Iterator[tuple[str, str]]:
    """Yield the name and the content of each part; "" for one that the run does not have."""
    yield "curves", _curves(report.losses, words)
    if stored is not None and report.vectors is not None:
        yield "sample", _samples(report, report.vectors, words)
        yield "words", _map(stored, words, layout)
        yield "analogies", _analogies(report, stored, words)
    yield "scores", _scores(report.scores, words)
    yield "what", _what(report, words)
    yield "graph", _graph(report, words)
    yield "kernel", _kernel(report, words)
    yield "repeat", f"<pre>{code(report.repeat)}</pre>" if report.repeat else ""


def _lead(report: Report, words: Words) -> str:
    """The run in a line."""
    losses, parts = report.losses, []
    epochs = len(losses.epochs)
    if epochs:
        parts.append(words.say("lead_epoch") if epochs == 1 else words.say("lead_epochs", epochs))
    if report.seconds:
        parts.append(words.say("lead_seconds", float(f"{report.seconds:.3g}")))
    if epochs and math.isfinite(losses.epochs[-1]):
        key = "lead_one_loss" if epochs == 1 else "lead_loss"
        parts.append(words.say(key, losses.epochs[0], losses.epochs[-1]))
    if losses.heldout and math.isfinite(losses.heldout[-1]):
        parts.append(words.say("lead_heldout", losses.heldout[-1]))
    if report.vectors is not None:
        parts.append(words.say("lead_words", len(report.vectors)))
    return " · ".join(parts)


def _what(report: Report, words: Words) -> str:
    names = FACTS if words.lang == "ja" else {}
    boxes = [
        f"<div><h3>{words.say(key)}</h3>{facts(rows, {} if key == 'settings' else names)}</div>"
        for key, rows in report.facts.items()
        if rows
    ]
    return f'<div class="boxes">{"".join(boxes)}</div>' if boxes else ""


def _curves(losses: Losses, words: Words) -> str:
    if not losses.epochs and not losses.records:
        return f"<p>{words.say('no_curves')}</p>"
    note = "curves_note" if losses.unigram is not None else "curves_plain"
    if losses.heldout and losses.unigram is None:
        note = ""
    charts = "".join(f'<figure id="chart-{name}"></figure>' for name in ("loss", "alpha", "speed"))
    rows = [
        [
            value(number),
            value(loss),
            value(losses.heldout[number - 1] if number <= len(losses.heldout) else None),
        ]
        for number, loss in enumerate(losses.epochs, 1)
    ]
    head = [words.say(key) for key in ("epoch", "loss", "heldout")]
    if losses.unigram is not None:
        head.append(words.say("unigram"))
        rows = [[*row, value(losses.unigram)] for row in rows]
    numbers = table(
        words.plain("table")["table"].replace("{0}", words.say("loss")), head, rows, range(4)
    )
    return (
        (f"<p>{words.say(note)}</p>" if note else "")
        + f'<div class="charts">{charts}</div>'
        + (
            f"<details><summary>{words.say('as_numbers')}</summary>{numbers}</details>"
            if rows
            else ""
        )
    )


def _samples(report: Report, vectors: WordVectors, words: Words) -> str:
    rows = []
    for word in report.samples:
        nearest = vectors.most_similar(word, topn=NEIGHBOURS)
        near = ", ".join(
            f"{value(other)}&nbsp;<small>{cosine:.2f}</small>" for other, cosine in nearest
        )
        rows.append([value(word), near])
    if not rows:
        return ""
    head = [words.say("word"), words.say("neighbours")]
    note = f"<p>{words.say('learned_note')}</p>"
    return note + table(words.say("learned"), head, rows)


def _map(stored: StoredWords, words: Words, layout: str) -> str:
    number, dim = stored.directions.shape
    note = words.say("map_pca" if layout == "pca" else "map_other", dim, NAMES[layout])
    megabytes = f"{number * dim * 4 / 3e6:.1f}"
    size = words.say("stored", number, stored.of, dim, megabytes, len(stored.points))
    return (
        f"<p>{note}</p>"
        '<div class="map"><div class="stage"><canvas id="map" tabindex="0" role="img"></canvas>'
        '<div id="map-tools" role="toolbar"></div></div>'
        f'<div class="side"><label for="query">{words.say("search")}</label>'
        '<div class="search"><input id="query" type="search" autocomplete="off" spellcheck="false">'
        '<ul id="results" role="listbox" hidden></ul></div>'
        '<div id="neighbours" aria-live="polite"></div></div></div>'
        f'<p class="soft">{words.say("map_keys")} {size}</p>'
    )


def _analogies(report: Report, stored: StoredWords, words: Words) -> str:
    fields = "".join(
        f'<label>{name}<input id="analogy-{name.lower()}" autocomplete="off" spellcheck="false">'
        "</label>"
        for name in "ABC"
    )
    return (
        f"<p>{words.say('analogies_note')}</p>"
        f'<form id="analogy">{fields}<button type="submit">{words.say("ask")}</button></form>'
        '<div id="answer" aria-live="polite"></div>'
    )


def _scores(scores: Any, words: Words) -> str:
    if not scores:
        return ""
    rows = [
        [
            value(score.name),
            words.say(score.kind),
            f"{score.value:.3f}",
            f"{score.low:.3f} – {score.high:.3f}",
            words.say("of", score.known, score.asked),
        ]
        for score in scores
    ]
    head = [words.say("set"), "", *[words.say(key) for key in ("score", "interval", "known")]]
    shown = table(words.say("scores"), head, rows, (2, 3, 4))
    return f"<p>{words.say('scores_note')}</p>{shown}"


def _graph(report: Report, words: Words) -> str:
    if report.graph is None:
        return ""
    try:
        inner = report.graph(words.lang)
    except (TinygradError, RenderError) as error:  # the rest of the page is as good without it
        return f"<p>{value(str(error))}</p>"
    return (
        f"<p>{words.say('graph_note')}</p><details><summary>{words.say('graph_open')}</summary>"
        f"{frame(inner, words.say('graph_title'))}</details>"
    )


def _kernel(report: Report, words: Words) -> str:
    if report.kernel is None:
        return ""
    parts = "".join(
        f"<details><summary>{words.say(key)}</summary>"
        f'<pre tabindex="0">{code(text)}</pre></details>'
        for key, text in report.kernel._asdict().items()
    )
    return f"<p>{words.say('kernel_note')}</p>{parts}"
