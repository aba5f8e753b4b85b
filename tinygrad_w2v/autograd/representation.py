"""How a Variable shows itself in a terminal and in a notebook."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from tinygrad_w2v._base.notebook import html_table
from tinygrad_w2v.autograd.node import Node

# A table of a notebook has no more.
ROWS, COLUMNS = 20, 20


def _facts(x: Node) -> list[str]:
    facts = [f"shape={tuple(x._data.shape)}"]
    if x._data.dtype != np.float64:
        facts.append(f"dtype={x._data.dtype}")
    if x.name:
        facts.append(f"name={x.name!r}")
    if x.creator is not None:
        facts.append(f"made by {x.creator.label}")
    return facts


def _values(data: Any, prefix: str = "") -> str:
    if isinstance(data, np.ndarray | np.generic):
        data = np.asarray(data)
        return np.array2string(data, separator=", ", prefix=prefix, threshold=60, edgeitems=3)
    return repr(data)


def repr_of(x: Node) -> str:
    """``Variable([1., 2.], shape=(2,), name='x')``."""
    kind = type(x).__name__
    return f"{kind}({_values(x._data, kind + '(')}, {', '.join(_facts(x))})"


def repr_of_op(label: str, inputs: tuple[Any, ...] | None) -> str:
    """``<op matmul of x (1, 3), w (3, 2)>``."""
    if inputs is None:
        return f"<op {label}, not applied yet>"
    of = (f"{getattr(x, 'name', None) or ''} {np.shape(getattr(x, '_data', x))}" for x in inputs)
    return f"<op {label} of {', '.join(text.strip() for text in of)}>"


def html_of(x: Node) -> str:
    """A heading with name, shape and dtype, and the values as a table where they are one."""
    heading = f"<b>{escape(x.name or type(x).__name__)}</b> " + escape(", ".join(_facts(x)))
    data = x._data
    if hasattr(data, "_repr_html_"):
        return f"<div>{heading}{data._repr_html_()}</div>"
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] > COLUMNS:
        return f"<div>{heading}<pre>{escape(_values(data))}</pre></div>"
    shown = html_table(([f"{value:.6g}" for value in row] for row in data[:ROWS]), named=False)
    return f"<div>{heading}{shown}{_more(len(data))}</div>"


def html_of_rows(title: str, rows: Any, values: Any) -> str:
    """A heading, and the rows of a row gradient with their numbers, each by its number."""
    shown = f"<pre>{escape(_values(values))}</pre>"
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] <= COLUMNS:
        pairs = zip(np.asarray(rows[:ROWS]).tolist(), values[:ROWS], strict=True)
        shown = html_table([f"{row}", *(f"{value:.6g}" for value in line)] for row, line in pairs)
    return f"<div>{escape(title)}{shown}{_more(len(rows))}</div>"


def _more(rows: int) -> str:
    return f"<p>{rows - ROWS:,} more rows</p>" if rows > ROWS else ""
