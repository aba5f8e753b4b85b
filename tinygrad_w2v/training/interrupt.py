"""A process that is asked to end waits for a good moment: the end of a step, of a file.

Ctrl-C asks, and, where that is wanted, so do the signals by which a system or a terminal ends a
process (SIGTERM, SIGHUP). The first one is noted, the second one interrupts.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Asked = Callable[[], bool]

_ENDING = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class Deferred:
    """What a process was asked for while it could not be interrupted.

    Attributes
    ----------
    signals : list of int
        Those that came, in their order.

    Examples
    --------
    >>> asked = Deferred()
    >>> asked()
    False
    """

    def __init__(self) -> None:
        self.signals: list[int] = []
        self._shields = 0

    def __call__(self) -> bool:
        """Whether the process was asked to end."""
        return bool(self.signals)

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        self.signals.append(number)
        if len(self.signals) > 1 and not self._shields:
            raise KeyboardInterrupt

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Let nothing interrupt the body; who asked twice is answered at its end.

        Examples
        --------
        >>> with deferred_interrupt() as asked:
        ...     try:
        ...         with asked.shielded():
        ...             for _ in range(5):
        ...                 signal.raise_signal(signal.SIGINT)
        ...             print("done")
        ...     except KeyboardInterrupt:
        ...         print("interrupted")
        done
        interrupted
        """
        before = len(self.signals)
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        if len(self.signals) > max(before, 1):
            raise KeyboardInterrupt

    def pass_on(self) -> None:
        """End the process, now that it may end, by the signal that asked for it.

        Ctrl-C asks a program to stop what it does; it was obeyed. The others want the process to
        end, and its parent to see that it was ended.
        """
        for number in self.signals:
            if number != signal.SIGINT:
                signal.raise_signal(number)


_active: Deferred | None = None


@contextmanager
def deferred_interrupt(ending: bool = False) -> Iterator[Deferred]:
    """Note the first Ctrl-C instead of raising; the second one raises as always.

    Only where Python's own handler is in place and in the main thread, which signals come to;
    elsewhere nothing changes. Within such a body another is part of it.

    Parameters
    ----------
    ending
        Note the signals by which a process is ended, too; who asks for this calls `pass_on` when
        all is done that has to be.

    Yields
    ------
    asked
        ``asked()`` tells whether Ctrl-C was pressed.

    Examples
    --------
    >>> import signal
    >>> with deferred_interrupt() as asked:
    ...     signal.raise_signal(signal.SIGINT)
    ...     asked()
    True
    """
    global _active
    if threading.current_thread() is not threading.main_thread():
        yield Deferred()
        return
    if _active is not None:
        yield _active
        return
    usual = {signal.SIGINT: signal.default_int_handler}
    if ending:
        usual |= dict.fromkeys(_ENDING, signal.SIG_DFL)
    ours = [number for number, handler in usual.items() if signal.getsignal(number) is handler]
    asked = _active = Deferred()
    for number in ours:
        signal.signal(number, asked.note)
    try:
        yield asked
    finally:
        _active = None
        for number in ours:
            signal.signal(number, usual[number])
