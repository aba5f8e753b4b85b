"""Warnings that point at the user's line, wherever in the package they are given."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

_PACKAGE = str(Path(__file__).resolve().parent.parent)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the innermost line outside of this package: once for each line, unless asked else.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_user("this is slow", UserWarning)
    >>> [str(warning.message) for warning in caught]
    ['this is slow']
    """
    level, frame = 1, sys._getframe(0)
    outside: Any = frame
    while outside is not None and outside.f_code.co_filename.startswith(_PACKAGE):
        outside = outside.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
