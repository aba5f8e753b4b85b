"""How ops run in this thread: recorded or not, watched or not.

The ordinary way (record, do not watch) is one flag, ``modes.usual``, so that an op asks once.
"""

from __future__ import annotations

import threading


class Modes(threading.local):
    """The state of one thread."""

    recording = True
    debugging = False
    usual = True


modes = Modes()


def _assign(values: dict[str, bool]) -> None:
    for name, value in values.items():
        setattr(modes, name, value)
    modes.usual = modes.recording and not modes.debugging


def no_grad() -> _ModesContext:
    """Run ops without recording a graph, in this thread, until the ``with`` block ends.

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
    """Watch every op of this thread until the ``with`` block ends; slower, and it tells more.

    Errors and drawings then know the line of your code where an op was applied. The first op,
    forward or backward, whose output is not finite while its inputs are raises a `NonFiniteError`.
    Writing in place into an array that an op saved raises an `InPlaceError` at backward.

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
    """Sets modes on entry and restores them on exit, an exception or not; may be entered again."""

    def __init__(self, **wanted: bool) -> None:
        self._wanted = wanted
        self._before: list[dict[str, bool]] = []

    def __enter__(self) -> None:
        self._before.append({name: getattr(modes, name) for name in self._wanted})
        _assign(self._wanted)

    def __exit__(self, *exception: object) -> None:
        _assign(self._before.pop())
