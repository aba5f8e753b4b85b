"""How ops run here and now: recorded or not, watched or not.

The mode belongs to the context (`contextvars`) of whoever entered it: a task of asyncio has its
own, and a thread starts in the usual one. This one (record, do not watch) is the value None, so
that an op asks once, and cheaply.

A block takes back what it set and nothing else, in whatever order blocks end: generators that are
suspended inside their blocks and closed in any order leave no mode behind. Until its block ends, a
generator that is suspended in it hands the mode to whoever runs it, as Python's decimal contexts
do.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from typing import NamedTuple

# Free-threaded Python hands the context on to new threads.
_THREADS_INHERIT = bool(getattr(sys.flags, "thread_inherit_context", False))


class _Entry:
    """One time that a block was entered."""

    __slots__ = ("block", "left_elsewhere", "thread")

    def __init__(self, block: _ModesContext) -> None:
        self.block = block
        self.left_elsewhere = False
        self.thread = threading.get_ident()

    def holds(self) -> bool:
        """Whether the block still counts in this context."""
        inherited = _THREADS_INHERIT and self.thread != threading.get_ident()
        return not (self.left_elsewhere or inherited)


class Mode(NamedTuple):
    """How ops run: whether they leave a graph, and whether they are watched."""

    recording: bool
    debugging: bool


_USUAL = Mode(recording=True, debugging=False)
# How an op runs that is given arrays only, whatever the mode of the context is.
ARRAYS_ONLY = Mode(recording=False, debugging=False)

_entries: ContextVar[tuple[_Entry, ...]] = ContextVar("tinygrad_w2v blocks", default=())
_unusual: ContextVar[Mode | None] = ContextVar("tinygrad_w2v modes", default=None)

# What an op asks: None is the usual mode.
unusual = _unusual.get


def _set(entries: tuple[_Entry, ...]) -> None:
    """Make the mode what these blocks say, the innermost last."""
    wanted = {"recording": True, "debugging": False}
    for entry in entries:
        wanted |= entry.block.wanted
    mode = Mode(**wanted)
    _entries.set(entries)
    _unusual.set(None if mode == _USUAL else mode)


def current() -> Mode:
    """The mode of this context, without blocks that no longer count in it."""
    if unusual() is not None:
        entries = _entries.get()
        holding = tuple([entry for entry in entries if entry.holds()])
        if len(holding) < len(entries):
            _set(holding)
    return unusual() or _USUAL


class Modes:
    """The mode of this context, to be read."""

    @property
    def recording(self) -> bool:
        """Whether ops leave a graph."""
        return current().recording

    @property
    def debugging(self) -> bool:
        """Whether ops are watched."""
        return current().debugging


modes = Modes()


def no_grad() -> _ModesContext:
    """Run ops without recording a graph until the ``with`` block ends.

    It holds for the task or thread that enters the block, and for tasks that are started inside.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> x = tw.Variable(2.0)
    >>> with tw.no_grad():
    ...     y = x * x
    >>> y.creator is None
    True
    """
    return _ModesContext(recording=False)


def debug() -> _ModesContext:
    """Watch every op until the ``with`` block ends; slower, and it tells more.

    Errors and drawings then know the line of your code where an op was applied. The first op,
    forward or backward, whose output is not finite while its inputs are raises a `NonFiniteError`.
    Writing in place into an array that an op saved raises an `InPlaceError` at backward. It holds
    for the task or thread that enters the block, and for tasks that are started inside.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> x = tw.Variable([1.0, 2.0])
    >>> with tw.debug():
    ...     y = (x * x).sum()
    ...     x.data[0] = 5.0
    ...     y.backward()
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InPlaceError: backward of multiply: ...
    """
    return _ModesContext(debugging=True)


def enable_grad() -> _ModesContext:
    """Record inside a `no_grad` block: what the functional transforms need."""
    return _ModesContext(recording=True)


def unwatched() -> _ModesContext:
    """Leave `debug` for a while: what a drawing runs for its own sake must not raise for NaN."""
    return _ModesContext(debugging=False)


class _ModesContext:
    """Sets modes on entry and takes them back on exit; may be entered again, by others too."""

    def __init__(self, **wanted: bool) -> None:
        self.wanted = wanted
        self._entered: list[_Entry] = []

    def __enter__(self) -> None:
        entry = _Entry(self)
        self._entered.append(entry)
        _set((*_entries.get(), entry))

    def __exit__(self, *exception: object) -> None:
        entries = _entries.get()
        for entry in reversed(entries):
            if entry in self._entered:
                self._entered.remove(entry)
                _set(tuple([other for other in entries if other is not entry]))
                return
        # A generator that was closed in another context than it entered the block in.
        self._entered.pop().left_elsewhere = True
