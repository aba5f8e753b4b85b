"""How a Variable shows itself in a terminal and in a notebook."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.node import Node


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


def html_of(x: Node) -> str:
    """A heading with name, shape and dtype, and the values as a table where they are one."""
    heading = f"<b>{escape(x.name or type(x).__name__)}</b> " + escape(", ".join(_facts(x)))
    data = x._data
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] > 20:
        return f"<div>{heading}<pre>{escape(_values(data))}</pre></div>"
    shown = "".join(
        "<tr>" + "".join(f"<td>{value:.6g}</td>" for value in row) + "</tr>" for row in data[:20]
    )
    more = f"<p>{len(data) - 20} more rows</p>" if len(data) > 20 else ""
    return f"<div>{heading}<table>{shown}</table>{more}</div>"
