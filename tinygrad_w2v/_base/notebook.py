"""What a notebook needs otherwise than a terminal: output that a saved notebook keeps.

A widget's state is lost with its kernel, and a carriage return means nothing in a file. What is
kept is what a cell displayed last under a name, as text, a picture or a table.
"""

import sys
from collections.abc import Iterable
from html import escape
from typing import Any


def in_notebook() -> bool:
    """Whether this runs in a kernel of Jupyter or Colab, without importing anything of theirs.

    Examples
    --------
    >>> in_notebook()
    False
    """
    kind = type(_shell())
    return kind.__name__ == "ZMQInteractiveShell" or kind.__module__.startswith("google.colab.")


def current_cell() -> int:
    """Return the number of the cell that runs, 0 outside of IPython.

    Examples
    --------
    >>> current_cell()
    0
    """
    return getattr(_shell(), "execution_count", 0)


def cell_name(path: str) -> str | None:
    """Return what IPython calls the cell that has this path in tracebacks, None for a file.

    Examples
    --------
    >>> cell_name("script.py") is None
    True
    """
    # The IPython of Colab, version 7, has no such names.
    names = getattr(getattr(_shell(), "compile", None), "format_code_name", None)
    known = names(path) if names is not None else None
    return " ".join(known) if known else None


def _shell() -> Any:
    interactive = sys.modules.get("IPython")
    return interactive.get_ipython() if interactive is not None else None


class CellLine:
    """A stream of one line, in the output of a cell: what is written takes the place of what was.

    tqdm draws its bar into it. The last line stays, in the saved notebook, too.
    """

    encoding = "utf-8"

    def __init__(self) -> None:
        self._shown: Any = None

    def write(self, text: str) -> None:
        """Show a line; ends of lines alone change nothing."""
        line = text.strip()
        if not line:
            return
        if self._shown is None:
            from IPython.display import display

            self._shown = display({"text/plain": line}, raw=True, display_id=True)
        else:
            self._shown.update({"text/plain": line}, raw=True)

    def flush(self) -> None:
        """Do nothing: a line is sent at once."""


def html_table(
    rows: Iterable[Iterable[str]],
    header: Iterable[str] = (),
    caption: str = "",
    named: bool = True,
) -> str:
    """Write a table for `_repr_html_`; all text in it is text, not markup.

    Parameters
    ----------
    rows
        The cells, row by row.
    header
        What stands above the columns.
    caption
        What stands above the table.
    named
        The first cell of a row is its name.

    Examples
    --------
    >>> html_table([["loss", "0.2"]])
    '<table><tbody><tr><th>loss</th><td>0.2</td></tr></tbody></table>'
    """
    body = "".join(_row(row, 1 if named else 0) for row in rows)
    above = _row(header, None)
    head = f"<thead>{above}</thead>" if above else ""
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}{head}<tbody>{body}</tbody></table>"


def _row(cells: Iterable[str], names: int | None) -> str:
    """Write one row whose first cells are headings (None: all are)."""
    written = [escape(cell) for cell in cells]
    headings = "".join(f"<th>{cell}</th>" for cell in written[:names])
    values = "".join(f"<td>{cell}</td>" for cell in written[len(written[:names]) :])
    return f"<tr>{headings}{values}</tr>" if written else ""
