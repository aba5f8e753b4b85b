"""Keywords that must be numbers within a range: each is named, before any text is read."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

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
        raise InputError(f"must be {kind}, not {value!r:.60}", setting=name)


def require_range(name: str, value: Any, least: Any, most: Any) -> None:
    """Raise an InputError that names a setting whose value lies outside its range.

    Examples
    --------
    >>> require_range("window", 0, 1, 99)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: window must be 1 or more, not 0
    >>> require_range("vector_size", 10**5000, 1, 2**20)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: vector_size must be 1 or more and 1,048,576 or less, not \
about 1e5000
    """
    if not least <= value <= most:
        limit = f" and {shown(most, ',')} or less" if value > most else ""
        raise InputError(f"must be {shown(least)} or more{limit}, not {shown(value)}", setting=name)


def real_number(name: str, value: Any) -> float:
    """Return a number of any kind, such as NumPy's, as a float; refuse what is none.

    Examples
    --------
    >>> real_number("sample", 0)
    0.0
    """
    require_number(name, value)
    try:
        return float(value)
    except OverflowError:
        raise InputError(f"must be a finite number, not {shown(value)}", setting=name) from None


def switch(name: str, value: Any) -> bool:
    """Return a setting that is on or off as a bool; refuse what may mean either.

    Examples
    --------
    >>> switch("sg", 1)
    True
    >>> switch("hs", "no")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: hs must be 0 or 1, False or True, not 'no'
    """
    if not isinstance(value, (numbers.Real, np.bool_)) or value not in (0, 1):
        raise InputError(f"must be 0 or 1, False or True, not {shown(value)}", setting=name)
    return bool(value)


def shown(value: Any, style: str = "") -> str:
    """Return a number as a message shows it, however many digits it has.

    Examples
    --------
    >>> shown(5), shown(-(10**40)), shown(2**20, ",")
    ('5', 'about -1e40', '1,048,576')
    """
    if isinstance(value, numbers.Integral):
        whole = int(value)
        if abs(whole) >= 10**30:
            return f"about {'-' if whole < 0 else ''}1e{math.floor(math.log10(abs(whole)))}"
        return format(whole, style)
    return str(value) if isinstance(value, numbers.Real) else f"{value!r:.60}"
