"""One HTML file in which both passes over a graph are stepped through; it loads nothing.

The file holds the graph as JSON, and the parts in `assets/` that show it: markup, style, and a
script in files by job. All texts of the graph are data; the script sets them as text, never as
markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from tinygrad_w2v._base.language import Language, words_in
from tinygrad_w2v._base.listing import Line, listing
from tinygrad_w2v.drawing.formulas.notes import note_in
from tinygrad_w2v.drawing.layout.dot import Direction
from tinygrad_w2v.drawing.page.passes import Passes
from tinygrad_w2v.drawing.page.views import MOST_STEPS, views_of
from tinygrad_w2v.drawing.page.words import WORDS
from tinygrad_w2v.drawing.reading.program import Program, Value
from tinygrad_w2v.drawing.reading.text import expression

STYLES = ("theme.css", "layout.css", "graph.css", "panels.css")
# In this order: each uses what those before it define.
SCRIPTS = (
    "data.js",
    "timeline.js",
    "tables.js",
    "formulas.js",
    "drawing.js",
    "zoom.js",
    "step.js",
    "inspector.js",
    "listing.js",
    "search.js",
    "player.js",
    "main.js",
)
INLINE_HEIGHT = 640  # pixels of a page in a notebook


def page_of(
    shown: Program,
    whole: Program,
    passes: Passes,
    lines: Iterable[Line],
    lang: Language = "en",
    direction: Direction = "TB",
    timeout: float = 30.0,
    most: int = MOST_STEPS,
) -> str:
    """Return a self-contained page.

    Parameters
    ----------
    shown : Program
        What is drawn at first; boxes in it can be opened.
    whole : Program
        The same with every op a step of its own.
    passes : Passes
        The numbers of both passes; empty for a program that was not run.
    lines : iterable of Line
        The program as text.
    lang : {"en", "ja"}
        Language of the page.
    direction, timeout
        As for `tinygrad_w2v.graph`.
    most : int
        Steps of a view; one with more is summarised.
    """
    views, values = views_of(shown, passes, direction, timeout, most)
    name = whole.values[whole.result].name
    words = words_in(lang, WORDS)
    title = words["title"].replace("{0}", name)
    printed = list(lines)
    parts = [i for i, line in enumerate(printed) if line.name and not line.depth]
    backward_line = parts[1] if len(parts) > 1 else len(printed)
    data = {
        "lang": lang,
        "title": title,
        "words": words,
        "direction": direction,
        "result": whole.result,
        "note": passes.note,
        "numbers": bool(passes.values),
        "values": {
            key: {"name": value.name, "kind": value.kind, "type": value.type}
            | ({"content": value.content} if value.content else {})
            | passes.values.get(key, {})
            for key, value in values.items()
        },
        "ops": {
            step.number: {
                "label": step.label,
                "kind": step.whole,
                "text": expression(whole, step, {}),
                "inputs": list(step.inputs),
                "outputs": list(step.outputs),
                "scope": [scope.name for scope in step.scope],
            }
            | ({"site": step.tooltip} if step.tooltip and not passes.ops else {})
            | passes.ops.get(step.number, {})
            for step in whole.forward
        },
        "rules": [rule | {"note": note_in(lang, rule["note"])} for rule in passes.rules],
        "views": [_compact(view, values) for view in views],
        "backward_line": backward_line,
        "lines": [line.about or (-1, -1) for line in printed],
    }
    return Template(_part("page.html")).substitute(
        lang=lang,
        title=escape(title),
        style="\n".join(map(_part, STYLES)),
        script="\n".join(map(_part, SCRIPTS)),
        data=as_json(data),
        listing=escape(listing(printed)),
        need=escape(words["need_script"]),
    )


def _compact(view: dict[str, Any], values: Mapping[int, Value]) -> dict[str, Any]:
    """A view whose nodes have a kind and a title only where they are not their value's own."""
    nodes = []
    for node in view["nodes"]:
        value = values[node["value"]] if "value" in node else None
        own = {"kind": value.kind, "title": value.name} if value else {}
        nodes.append({name: data for name, data in node.items() if own.get(name) != data})
    return view | {"nodes": nodes}


def as_json(data: Any) -> str:
    """JSON that can stand in a script element: no text in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


_UNTRUSTED = {
    "run": {
        "en": "Run the cell, or trust the notebook, to step through the graph. "
        "This is the program as text:",
        "ja": "セルを実行するか、ノートブックを信頼すると、計算グラフを 1 ステップずつたどれます。"
        "下に、プログラムのテキストを示します。",
    }
}


def in_notebook(page: str, text: str, lang: Language = "en") -> str:
    """The page in a frame of its own: it can run its script, and can reach nothing else.

    Jupyter takes frames out of a notebook that it does not trust, one that came from elsewhere and
    has not been run; what stands in the frame is shown then, and by no browser else.
    """
    style = f"box-sizing:border-box;width:100%;height:{INLINE_HEIGHT}px;"
    style += "border:1px solid #8886;border-radius:6px"
    # In single quotes, of which JSON has few.
    content = page.replace("&", "&amp;").replace("'", "&#39;")
    title = page.partition("<title>")[2].partition("</title>")[0]
    instead = f"<p>{escape(words_in(lang, _UNTRUSTED)['run'])}</p><pre>{escape(text)}</pre>"
    return (
        f"<iframe srcdoc='{content}' sandbox='allow-scripts' title='{title}' style='{style}'>"
        f"{instead}</iframe>"
    )


def _part(name: str) -> str:
    path = files("tinygrad_w2v.drawing.page") / "assets" / name
    return path.read_text(encoding="utf-8")
