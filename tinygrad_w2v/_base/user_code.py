"""Errors inside functions of the user's: which function it was, and at which of its lines.

Where such a function makes input (a tokenizer, a rule), its error is an error of the input, told in
one line. Where it steers a program of the user's (callbacks, sentences), the error goes on as it
is, since that program may wait for it, and a note says whose it was.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad_w2v._base.errors import InputError, TinygradError


class UserCodeError(InputError):
    """A function of the user's raised; the error that it raised is the cause of this one."""


@contextmanager
def calling(what: str, function: Any, name: str | None = None) -> Iterator[None]:
    """Turn an error inside a function of the user's into one line that names function and place.

    Parameters
    ----------
    what
        What the function is for: ``"tokenizer"``.
    function, name
        The function, and how it was asked for if by a name.

    Raises
    ------
    UserCodeError
        In place of any error but the library's own.

    Examples
    --------
    >>> with calling("tokenizer", str.split):
    ...     str.split(3)
    Traceback (most recent call last):
    tinygrad_w2v._base.user_code.UserCodeError: the tokenizer builtins:str.split raised TypeError: \
descriptor 'split' for 'str' objects doesn't apply to a 'int' object
    """
    try:
        yield
    except TinygradError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        raise UserCodeError(
            f"the {what} {name or name_of(function)} raised {type(error).__name__}"
            f"{_place(function, error)}{': ' if text else ''}{text}"
        ) from error


@contextmanager
def noting(what: str, function: Any) -> Iterator[None]:
    """Let an error inside a function of the user's go on, with a note that names it.

    Examples
    --------
    >>> try:
    ...     with noting("callback", print):
    ...         raise KeyError("x")
    ... except KeyError as error:
    ...     print(error.__notes__)
    ['raised by the callback builtins:print']
    """
    try:
        yield
    except TinygradError:
        raise
    except Exception as error:
        error.add_note(f"raised by the {what} {name_of(function)}{_place(function, error)}")
        raise


def name_of(function: Any) -> str:
    """Return the name of a function, or of the class of an object, with its module.

    Examples
    --------
    >>> name_of(print), name_of(name_of)
    ('builtins:print', 'tinygrad_w2v._base.user_code:name_of')
    """
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{getattr(named, '__module__', None) or 'builtins'}:{named.__qualname__}"


def _place(function: Any, error: BaseException) -> str:
    """Where the error was raised: the innermost line in the function's own file, if it has one."""
    frames = traceback.extract_tb(error.__traceback__)
    file = _file_of(function)
    own = [frame for frame in frames if frame.filename == file]
    return f" at {own[-1].filename}:{own[-1].lineno}" if own else ""


def _file_of(function: Any) -> str | None:
    function = getattr(function, "func", function)  # of a partial one
    for part in (function, type(function)):
        try:
            return inspect.getfile(inspect.unwrap(part) if callable(part) else part)
        except (TypeError, OSError, ValueError):  # written in C, or at a prompt
            continue
    return None
