"""One HTML file that shows a graph, to be zoomed and panned; it loads nothing.

Its markup, style and script are the files in `pages/`.
"""

from __future__ import annotations

from html import escape
from string import Template

from tinygrad_w2v.drawing.dot import BACKWARD, FORWARD, Look
from tinygrad_w2v.drawing.svg import FONTS

_LEGEND = (
    ("parameter", False, "parameter"),
    ("variable", False, "variable"),
    ("constant", False, "constant"),
    ("input", False, "input"),
    ("op", False, "op"),
    ("rule", False, "op of backward or of the update"),
    ("module", False, "module"),
    ("run", False, "several ops"),
    ("result", False, "result"),
    ("op", True, "op of backward"),
    ("module", True, "backward of a module"),
    ("gradient", True, "gradient"),
    ("written", False, "written"),
    ("reference", True, "drawn elsewhere"),
)


def page_of(title: str, svg: str, text: str, kinds: set[tuple[str, bool]]) -> str:
    """Return a self-contained page.

    Parameters
    ----------
    title : str
        Heading of the page.
    svg : str
        The picture, without a namespace.
    text : str
        The listing that the button "text" shows.
    kinds : set of (str, bool)
        The kinds of nodes that the legend explains, and whether they are of the backward part.
    """
    legend = "".join(
        _entry(name, (BACKWARD if backward else FORWARD)[kind], kind)
        for kind, backward, name in _LEGEND
        if (kind, backward) in kinds
    )
    return _part("graph.html").substitute(
        title=escape(title),
        style=_part("graph.css").substitute(fonts=FONTS),
        script=_part("graph.js").template,
        legend=legend,
        svg=svg,
        text=escape(text),
    )


def _part(name: str) -> Template:
    from importlib.resources import files  # not imported before a page is made

    return Template((files("tinygrad_w2v.drawing") / "pages" / name).read_text(encoding="utf-8"))


def _entry(name: str, look: Look, kind: str) -> str:
    shape = ' class="op"' if kind in ("op", "module", "run", "rule") else ""
    border = "dashed" if look.dashed else "solid"
    style = f"background:{look.fill};border-color:{look.line};border-style:{border}"
    return f'<li><i{shape} style="{style}"></i>{name}</li>'
