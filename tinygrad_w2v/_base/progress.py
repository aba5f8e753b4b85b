"""One progress display: a bar on a terminal or in a notebook, plain lines in a log."""

import math
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, TextIO

from tinygrad_w2v._base.notebook import CellLine, in_notebook
from tinygrad_w2v._base.terminal import displayed


@contextmanager
def said_if_long(text: str, quiet: bool = False, seconds: float = 1.0) -> Iterator[None]:
    """Write a line on standard error when the block takes longer than some seconds.

    Examples
    --------
    >>> with said_if_long("compiling the model ...", quiet=True):
    ...     pass
    """

    def say() -> None:
        if sys.stderr is not None:
            sys.stderr.write(f"{displayed(text)}\n")
            sys.stderr.flush()

    timer = threading.Timer(seconds, say)
    timer.daemon = True
    if not quiet:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Progress:
    """How far a long job is, how fast it goes and how long it will take.

    On a terminal or in a notebook a tqdm bar is drawn. Elsewhere a plain line is written at most
    every `interval` seconds, and one at the end.

    Parameters
    ----------
    total
        The amount of work, in units; 0 or less when unknown.
    unit
        The name of a unit, in the plural: ``"words"``.
    label
        What is being done: ``"training"``.
    quiet
        Show nothing.
    stream
        Where to write; standard error by default.
    interval
        Seconds between plain lines.
    initial
        Units that were done before, in another process.

    Attributes
    ----------
    done : float
        Units done so far.

    Examples
    --------
    >>> import io
    >>> log = io.StringIO()
    >>> with Progress(3, "words", "reading", stream=log) as progress:
    ...     for _ in range(3):
    ...         progress.update(1, loss=0.25)
    >>> log.getvalue().startswith("reading: 100% of 3 words, loss 0.25, ")
    True
    """

    def __init__(
        self,
        total: float,
        unit: str,
        label: str,
        quiet: bool = False,
        stream: TextIO | None = None,
        interval: float = 10.0,
        initial: float = 0.0,
    ) -> None:
        self.total = total
        self.unit, self.label = displayed(unit), displayed(label)
        self.quiet = quiet
        self.interval = interval
        self.initial = self.done = initial
        self._stream = stream
        self._shown: dict[str, Any] = {}
        self._bar: Any = None
        self._start = self._last = self._last_bar = time.monotonic()

    def __enter__(self) -> Self:
        if self._stream is None:
            self._stream = sys.stderr
        self._start = self._last = time.monotonic()
        self._last_bar = -math.inf
        # Standard error is None in a program without a console.
        if self._stream is None:
            self.quiet = True
        elif not self.quiet:
            self._bar = self._open_bar(self._stream)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._bar is not None:
            self._show_values()
            self._bar.close()
            self._bar = None
        elif not self.quiet:
            self._write_line(time.monotonic(), "stopped, " if kind else "")

    def update(self, done_increment: float = 1, **shown: Any) -> None:
        """Report that more units are done, and the values to show beside them.

        Parameters
        ----------
        done_increment
            Units done since the last call.
        **shown
            Values such as ``loss=0.5, lr=0.02``; one that is not given keeps its last value.

        Examples
        --------
        >>> with Progress(2, "words", "training", quiet=True) as progress:
        ...     progress.update(2, loss=0.5)
        >>> progress.done
        2.0
        """
        self.done += done_increment
        if shown:
            self._shown.update(shown)
        if self.quiet:
            return
        now = time.monotonic()
        if self._bar is not None:
            # Formatting the values costs more than the count: ten times a second is enough.
            if now - self._last_bar >= 0.1:
                self._last_bar = now
                self._show_values()
            self._bar.update(done_increment)
        elif now - self._last >= self.interval:
            self._write_line(now)

    def _open_bar(self, stream: TextIO) -> Any:
        notebook = in_notebook() and stream is sys.stderr
        if not (notebook or stream.isatty()):
            return None
        from tqdm import tqdm

        return tqdm(
            total=self.total if self.total > 0 else None,
            initial=self.initial,
            unit=_encodable(stream, f" {self.unit}"),
            unit_scale=True,
            desc=_encodable(stream, self.label),
            file=CellLine() if notebook else stream,
            ascii=None if _encodable(stream, "\u258f") == "\u258f" else True,
            dynamic_ncols=True,
        )

    def _show_values(self) -> None:
        assert self._stream is not None
        values = ", ".join(f"{name}={value}" for name, value in _as_text(self._shown).items())
        self._bar.set_postfix_str(_encodable(self._stream, values), refresh=False)

    def _write_line(self, now: float, state: str = "") -> None:
        self._last = now
        seconds = max(now - self._start, 1e-9)
        rate = (self.done - self.initial) / seconds
        if self.total > 0:
            share = math.floor(100 * min(self.done / self.total, 1.0))
            parts = [f"{share}% of {self.total:,.0f} {self.unit}"]
        else:
            parts = [f"{self.done:,.0f} {self.unit}"]
        parts += [f"{name} {value}" for name, value in _as_text(self._shown).items()]
        parts.append(f"{rate:,.{0 if rate >= 10 else 2}f} {self.unit}/s")
        if self.total > self.done and rate > 0 and not state:
            parts.append(f"{_duration((self.total - self.done) / rate)} left")
        else:
            parts.append(f"took {_duration(seconds)}")
        assert self._stream is not None
        line = f"{self.label}: {state}{', '.join(parts)}\n"
        self._stream.write(_encodable(self._stream, line))
        self._stream.flush()


def _as_text(shown: dict[str, Any]) -> dict[str, str]:
    return {
        name: f"{value:.4g}" if isinstance(value, float) else displayed(str(value))
        for name, value in shown.items()
    }


def _duration(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    if minutes:
        return f"{minutes} min {whole % 60:02d} s"
    return f"{whole} s"


def _encodable(stream: TextIO, text: str) -> str:
    """Write what the stream's encoding lacks as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
