"""Keywords that must be numbers: each is named when it is none, before any text is read."""

from __future__ import annotations

import numbers
from typing import Any

from tinygrad_w2v._base.errors import InputError


def require_number(name: str, value: object, whole: bool = False) -> None:
    """Raise an InputError that names a setting whose value is no number, or no whole one.

    Examples
    --------
    >>> require_number("window", "5", whole=True)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: window must be a whole number, not '5'
    """
    if not isinstance(value, numbers.Integral if whole else numbers.Real):
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{name} must be {kind}, not {value!r:.60}")


def real_number(name: str, value: Any) -> float:
    """Return a number of any kind, such as NumPy's, as a float; refuse what is none.

    Examples
    --------
    >>> real_number("sample", 0)
    0.0
    """
    require_number(name, value)
    return float(value)
