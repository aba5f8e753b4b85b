"""Why there is no gradient, told to whoever asked for one.

Two ways to ask: `backward` of a value from which no leaf can be reached, and reading a ``.grad``
that is None. What says nothing on its own (a gradient that is not there is None, and None has no
`data`) is explained here. It costs an op nothing: notes are made only on leaves that lost a graph.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

from tinygrad_w2v._base.errors import MissingGradientError, NoGraphError
from tinygrad_w2v.autograd.debugging.errors import place_or_hint
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.node import COPY, DETACHED, Node


# ---------------------------------------------------------------------- backward without a leaf
def must_reach(root: Node, leaves: Iterable[Node], functions: list[Any]) -> None:
    """Refuse a `backward` that reaches no leaf; the error says what the graph ends at.

    A copy or what `detach` made is a leaf of its own, unless it is the value that the walk began
    at. What was made under `no_grad`, and a gradient without its graph, are none.

    Parameters
    ----------
    root : Variable
        What `backward` was called on.
    leaves : iterable of Variable
        What the walk ended at; none of floats that has not lost a graph.
    functions : list of Function
        The ops on the way.

    Raises
    ------
    NoGraphError
    """
    for leaf in leaves:
        known = leaf is not root and getattr(leaf, "lost", None) in (DETACHED, COPY)
        if known and leaf._data.dtype.kind == "f":
            return
    causes = []
    if not functions:
        causes.append(f"it is {_lost(root)}")
    ends = [x for f in functions for x in f.inputs if isinstance(x, Node) and x.creator is None]
    notes = dict.fromkeys(_lost(x) for x in ends if hasattr(x, "lost"))
    causes += [f"what it was computed from is {note}" for note in notes]
    if any(function.label == "stop_gradient" for function in functions):
        causes.append("`stop_gradient` ends the walk")
    if not causes and all(x._data.dtype.kind != "f" for x in ends):
        causes.append("it was computed from integers, which have no gradients")
    raise NoGraphError(
        f"backward() of a value of shape {root._data.shape}{made_by(root)} reaches no leaf: "
        + "; ".join(causes or ["every rule on the way returns no gradient"])
        + applied_at(root)
    )


def made_by(x: Node) -> str:
    """The op that made a value, for the middle of a message."""
    return f", made by {x.creator.label}" if x.creator is not None else ""


def applied_at(x: Node) -> str:
    """The line where that op was applied, for a message's end."""
    return place_or_hint(x.creator) if x.creator is not None else ""


def _lost(x: Node) -> str:
    return str(getattr(x, "lost", "a leaf"))


# ---------------------------------------------------------------------- a `.grad` that is None
def check_read(x: Node) -> None:
    """Raise where the caller, who is given None for ``x.grad``, reads an attribute of it at once.

    Python would raise an AttributeError there, too, but one that speaks of NoneType.
    """
    use = _use_of(sys._getframe(2))
    if use is None:
        return
    what = f"`{x.name}`" if x.name else f"a value of shape {x._data.shape}"
    if x.creator is not None:
        why = (
            f"it was made by {x.creator.label}, and `.grad` is kept for leaves only: call "
            "`backward(retain_grad=True)` on the loss to have it filled on the way, too"
        )
    elif x._data.dtype.kind != "f":
        why = f"it holds {x._data.dtype}, which has no derivative: make it of floats"
    elif hasattr(x, "lost"):
        why = f"it is {_lost(x)}"
    else:
        why = (
            "call `backward()` on the loss first; if it was called, the loss does not depend on "
            "this Variable, or `cleargrad` came after it"
        )
    raise MissingGradientError(f"the gradient of {what} is None, so {use}: {why}{user_line()}")


def _opcodes(*names: str) -> frozenset[int]:
    return frozenset(dis.opmap[name] for name in names if name in dis.opmap)


_GETS = _opcodes("LOAD_ATTR", "LOAD_METHOD")
_USES = _GETS | _opcodes("STORE_ATTR")
_ARITHMETIC = _opcodes("BINARY_OP")
_CACHE = _opcodes("CACHE")
_BETWEEN = _CACHE | _opcodes("COPY", "EXTENDED_ARG", "NOP")


def _use_of(frame: FrameType) -> str | None:
    """What None is not good for in what `frame` does next with the `grad` that it is reading.

    None where that works, or where its code cannot be read.
    """
    code, at = frame.f_code.co_code, frame.f_lasti
    while 0 < at < len(code) and code[at] in _CACHE:  # where a quickened instruction ends
        at -= 2
    if not 0 <= at < len(code) or code[at] not in _GETS:
        return None
    following = at + 2
    while following < len(code) and code[following] in _BETWEEN:
        following += 2
    if following >= len(code) or code[following] not in _USES | _ARITHMETIC:
        return None
    names = {i.offset: i.argval for i in dis.get_instructions(frame.f_code)}
    if names.get(at) != "grad":
        return None
    if code[following] in _ARITHMETIC:
        return "there is nothing to compute with"
    name = names.get(following)
    return None if name is None or hasattr(None, name) else f"it has no `.{name}`"
