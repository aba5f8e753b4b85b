"""Ctrl-C that waits for the end of a step, so that no table is left half updated."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Asked = Callable[[], bool]


@contextmanager
def deferred_interrupt() -> Iterator[Asked]:
    """Note the first Ctrl-C instead of raising; the second one raises as always.

    Only where Python's own handler is in place and in the main thread, which signals come to;
    elsewhere nothing changes.

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
    pressed = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    main = threading.current_thread() is threading.main_thread()
    ours = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, handle)
    try:
        yield pressed.is_set
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
