"""Parts of which pages are made: texts are escaped here, and markup is put together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.language import Language, words_in
from tinygrad_w2v.drawing.labels import printable
from tinygrad_w2v.reports.words import WORDS

LONGEST, LONGEST_LINE = 200, 2000  # characters of a value, of a line of code, that are shown


class Words:
    """The texts of a page in its language.

    Examples
    --------
    >>> Words("en").say("lead_epochs", 5)
    '5 epochs'
    """

    def __init__(self, lang: Language) -> None:
        self.lang = lang
        self._words = words_in(lang, WORDS)

    def say(self, key: str, *values: object) -> str:
        """A text, as markup; values are texts, which are escaped, or numbers."""
        text = escape(self._words[key], quote=False)
        return re.sub(r"\{(\d)\}", lambda place: value(values[int(place[1])]), text)

    def plain(self, *keys: str) -> dict[str, str]:
        """Texts as they are, for a script."""
        return {key: self._words[key] for key in keys}


def value(given: object) -> str:
    """A value as markup.

    Examples
    --------
    >>> value(20000), value("<b>"), value(None), value(1e-4), value(["a", "b"])
    ('20,000', '<bdi>&lt;b&gt;</bdi>', '–', '0.0001', '<bdi>a, b</bdi>')
    """
    if given is None:
        return "–"
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int):
        return f"{given:,}"
    if isinstance(given, float):
        return f"{given:.5g}"
    if isinstance(given, list | tuple):
        return value(", ".join(map(str, given)))
    return f"<bdi>{escape(printable(str(given), LONGEST))}</bdi>"


def facts(rows: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Names and values, as a list of definitions; `names` has what some are called."""
    shown = [
        f"<dt>{value(names.get(name, name))}</dt><dd>{value(given)}</dd>"
        for name, given in rows.items()
    ]
    return f"<dl>{''.join(shown)}</dl>"


def code(text: str) -> str:
    """Lines of a program as markup."""
    return "\n".join(escape(printable(line, LONGEST_LINE)) for line in text.splitlines())


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()
) -> str:
    """A table that scrolls by itself where it is too wide; cells are markup.

    Parameters
    ----------
    caption
        What it is, for whoever does not see it.
    head, rows
        The first cell of a row is its heading.
    numbers
        Columns that are set to the right.
    """
    right = set(numbers)

    def cell(tag: str, column: int, text: str) -> str:
        look = ' class="number"' if column in right else ""
        scope = ' scope="row"' if tag == "th" else ""
        return f"<{tag}{scope}{look}>{text}</{tag}>"

    heading = "".join(
        f'<th scope="col"{" class=number" if column in right else ""}>{text}</th>'
        for column, text in enumerate(head)
    )
    lines = [
        [cell("td" if column else "th", column, text) for column, text in enumerate(row)]
        for row in rows
    ]
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in lines)
    return (
        f'<div class="wide" role="group" aria-label="{caption}" tabindex="0"><table>'
        f"<thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def section(name: str, heading: str, *content: str) -> str:
    """A section of a page, which its contents lead to."""
    return (
        f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{heading}</h2>\n'
        f"{''.join(content)}</section>\n"
    )


def contents(sections: Mapping[str, str], label: str) -> str:
    """Links to the sections, by name and heading."""
    links = "".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in sections.items())
    return f'<nav aria-label="{label}"><ul>{links}</ul></nav>'


def page(
    lang: Language,
    title: str,
    body: str,
    data: Mapping[str, Any],
    styles: str,
    scripts: str,
    policy: str = "",
) -> str:
    """A page that is one file; `title` is text, `body` is markup.

    Parameters
    ----------
    styles, scripts
        Names of files in ``assets/``, each script using what those before it define.
    policy
        What the page may load; by default nothing.
    """
    return Template(_asset("page.html")).substitute(
        lang=lang,
        title=escape(printable(title, LONGEST)),
        style="\n".join(map(_asset, styles.split())),
        script="\n".join(map(_asset, scripts.split())),
        data=as_json(data),
        policy=f"; {policy}" if policy else "",
        need=Words(lang).say("need_script"),
        body=body,
    )


def as_json(data: Any) -> str:
    """JSON that can stand in a script element: no text in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def frame(inner: str, title: str) -> str:
    """A page within the page, which can run its script and reach nothing else."""
    held = inner.replace("&", "&amp;").replace("'", "&#39;")  # JSON has few single quotes
    options = f'sandbox="allow-scripts" loading="lazy" title="{title}"'
    return f"<iframe srcdoc='{held}' {options}></iframe>"


def write_page(path: PathLike, text: str) -> None:
    """Write a page, whole or not at all; halves of surrogate pairs, in names, as JSON has them."""
    with safe_write(path, "wb") as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def _asset(name: str) -> str:
    return (files("tinygrad_w2v.reports") / "assets" / name).read_text(encoding="utf-8")
