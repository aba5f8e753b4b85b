"""What the commands say: results on standard output, all else on standard error.

Every line goes through here, where what would do more to a terminal than appear on it is escaped.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from tinygrad_w2v._base.terminal import displayed


def say(line: str = "") -> None:
    """Print a line of a result."""
    print(displayed(line))


def say_lines(text: str) -> None:
    """Print a result of several lines."""
    for line in text.split("\n"):
        say(line)


def say_json(value: Any) -> None:
    """Print a result for a program, in ASCII, which every encoding holds."""
    print(json.dumps(value))


def note(line: str, quiet: bool = False) -> None:
    """Tell a person, in a line, how things go."""
    if not quiet and sys.stderr is not None:
        print(displayed(line), file=sys.stderr, flush=True)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Tell warnings as notes: a person at a command has no line of code that they point at."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *rest, **more: note(f"note: {message}")
        yield


@contextmanager
def prints_as_notes() -> Iterator[None]:
    """Send to standard error what others print meanwhile, as Ray does of a lost machine."""
    with redirect_stdout(sys.stderr):
        yield


@contextmanager
def any_character() -> Iterator[None]:
    """Write what a stream's encoding lacks as escapes, instead of failing."""
    changed = []
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            changed.append((stream, stream.errors))
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream, errors in changed:
            if not stream.closed:
                stream.reconfigure(errors=errors)
