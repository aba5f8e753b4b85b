"""Print a program: one line an instruction, its columns aligned.

The printer knows nothing of graphs or compilers: it is given names, types and expressions.
"""

import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One line of a listing: ``name  type  = expression  # comment``, or a heading.

    Attributes
    ----------
    name : str
        What the line defines; for a heading (no `type`, no `expression`) its text.
    type : str
        Shape, and dtype where it matters.
    expression : str
        How it is computed; empty for what is given.
    given : str
        Stands in place of the expression, without an equals sign: what a given thing is.
    comment : str
        A remark at its end.
    depth : int
        How far the line is indented.
    about : object
        What the line is of, for those who link it; not printed.
    """

    name: str = ""
    type: str = ""
    expression: str = ""
    comment: str = ""
    depth: int = 0
    given: str = ""
    about: Any = None


def listing(lines: Iterable[Line], widest_name: int = 32) -> str:
    """Align the columns of `lines` and join them.

    Parameters
    ----------
    lines : iterable of Line
        What to print, in order; a line without type and expression is a heading.
    widest_name : int
        A longer name does not push the columns of the other lines to the right.

    Examples
    --------
    >>> print(listing([
    ...     Line("forward"),
    ...     Line("w", "(3, 2)", depth=1, given="parameter"),
    ...     Line("loss", "()", "sum(w)", depth=1),
    ... ]))
    forward
      w     (3, 2)  parameter
      loss  ()      = sum(w)
    """
    rows = list(lines)
    body = [row for row in rows if not is_heading(row)]
    names = [2 * row.depth + display_width(row.name) for row in body]
    name_width = max((n for n in names if n <= widest_name), default=0)
    type_width = max((display_width(row.type) for row in body), default=0)
    formulas = [_formula(row) for row in body if row.comment]
    formula_width = max((display_width(f) for f in formulas if len(f) <= 60), default=0)
    printed = []
    for row in rows:
        indent = "  " * row.depth
        if is_heading(row):
            printed.append((indent + row.name).rstrip())
            continue
        text = padded(indent + row.name, name_width) + "  " + padded(row.type, type_width)
        formula = _formula(row)
        text += "  " + (padded(formula, formula_width) if row.comment else formula)
        printed.append((text + (f"  # {row.comment}" if row.comment else "")).rstrip())
    return "\n".join(printed)


def _formula(line: Line) -> str:
    return f"= {line.expression}" if line.expression else line.given


def is_heading(line: Line) -> bool:
    """Whether `line` is text alone."""
    return not line.type and not line.expression and not line.given


def padded(text: str, width: int) -> str:
    """`text` padded with spaces to `width` columns."""
    return text + " " * (width - display_width(text))


def display_width(text: str) -> int:
    """How many columns of a terminal `text` takes: Japanese and Chinese characters take two.

    Examples
    --------
    >>> display_width("loss"), display_width("損失")
    (4, 4)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
