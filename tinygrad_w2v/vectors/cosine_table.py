"""Cosines as a table: to print, and in a notebook as a table of the page."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_w2v._base.listing import display_width
from tinygrad_w2v._base.notebook import html_table

# Words of a table that shows itself; print it, and it has all.
MOST = 40


class CosineTable(str):
    """The text of a table, which shows itself where a text would show its quotes.

    Parameters
    ----------
    names : list of str
        The word of each row and column.
    cosines : list of list of float
        Row by row.
    digits : int
        Places behind the point.

    Examples
    --------
    >>> CosineTable(["you", "say"], [[1.0, 0.5], [0.5, 1.0]], 2)
          you   say
    you  1.00  0.50
    say  0.50  1.00
    """

    cells: list[list[str]]

    def __new__(
        cls, names: Sequence[str], cosines: Sequence[Sequence[float]], digits: int
    ) -> CosineTable:
        cells = [["", *names]]
        for name, row in zip(names, cosines, strict=True):
            # 0.0 is added for a zero without a sign.
            cells.append([name, *(f"{round(cosine, digits) + 0.0:.{digits}f}" for cosine in row)])
        table = super().__new__(cls, _text(cells))
        table.cells = cells
        return table

    def __repr__(self) -> str:
        shown, left_out = self._shown()
        return "\n".join([_text(shown), *[left_out] * bool(left_out)])

    def _repr_html_(self) -> str:
        (header, *rows), left_out = self._shown()
        return html_table(rows, header, left_out)

    def _shown(self) -> tuple[list[list[str]], str]:
        """The first cells of it, and what is said of those that are left out."""
        words = len(self.cells) - 1
        if words <= MOST:
            return self.cells, ""
        first = [[*line[: MOST + 1], "…"] for line in self.cells[: MOST + 1]]
        return first, f"{MOST} of {words:,} words; print it for all"

    # What `copy` and `pickle` ask: a plain text is all that is kept of it.
    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def _text(cells: Sequence[Sequence[str]]) -> str:
    widths = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_aligned(line, widths) for line in cells)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line of a table, its first column to the left, the others to the right."""
    blanks = [
        " " * (width - display_width(cell)) for cell, width in zip(cells, widths, strict=True)
    ]
    others = [blank + cell for blank, cell in zip(blanks[1:], cells[1:], strict=True)]
    return "  ".join([cells[0] + blanks[0], *others])
