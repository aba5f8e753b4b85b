"""The lines of the user's code: where an op was applied, and where a warning belongs."""

from __future__ import annotations

import linecache
import sys
import warnings
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.notebook import cell_name
from tinygrad_w2v.autograd.debugging.targets import Target, target_of

_PACKAGE = Path(__file__).resolve().parents[2]
# Files of the engine: lines in them are not the user's.
_ENGINE = (
    *(str(_PACKAGE / name) for name in ("autograd", "functions", "compiler")),
    *(str(_PACKAGE / "nn" / name) for name in ("module.py", "parameter.py", "spans.py")),
    *(str(_PACKAGE / "checking" / name) for name in ("gradients.py", "checkable.py")),
    str(Path(np.__file__).parent),
)


class Site(NamedTuple):
    """A line of the user's code, and under `debug` the expression in it that is evaluated."""

    path: str
    line: int
    # As in `code.co_positions()`: columns count UTF-8 bytes, and the end is exclusive.
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    target: Target = None  # what `assigned_name` reads

    def __str__(self) -> str:
        text = linecache.getline(self.path, self.line).strip()
        cell = cell_name(self.path)
        where = f"{cell}, line {self.line}" if cell else f"{self.path}:{self.line}"
        return where + (f": {text}" if text else "")


def user_site() -> Site | None:
    """The innermost line of the stack that is not the engine's own."""
    frame = user_frame()
    return None if frame is None else Site(frame.f_code.co_filename, frame.f_lineno)


def op_site(call: FrameType) -> Site | None:
    """`user_site` of an op with all that can be known of it; `call` is the frame that applies it.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> x = tw.Variable([1.0, 2.0])
    >>> with tw.debug():
    ...     h = 3 * x
    >>> assigned_name(h.creator.site), h.creator.site.column
    ('h', 8)
    """
    frame = user_frame()
    if frame is None:
        return None
    positions = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    _, end_line, column, end_column = next(positions, (None, None, None, None))
    place = frame.f_code.co_filename, frame.f_lineno
    return Site(*place, column, end_line, end_column, target_of(call))


def assigned_name(site: Site | None, output: int | None = None) -> str | None:
    """The name that the user's code assigns an op's result to, where it is known for certain.

    Parameters
    ----------
    site : Site or None
        Of the op.
    output : int, optional
        Which of several outputs: ``b`` is number 1 of ``a, b = F.split(x, 2)``.

    Returns
    -------
    str or None
        ``h`` for ``h = x @ w``, ``self.h = x @ w``, ``h += x``, and for ``h = layer(x)`` where
        `layer` returns the op's result as it is.
    """
    target = site.target if site is not None else None
    if isinstance(target, tuple):
        return target[output] if output is not None and output < len(target) else None
    return target if output is None else None


def user_frame() -> FrameType | None:
    """The innermost frame of the stack that is not the engine's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_ENGINE):
            return frame
        frame = frame.f_back
    return None


class Place(NamedTuple):
    """A line of the user's code, with what Python needs to warn of it once."""

    site: Site
    module: str
    registry: dict[Any, Any]

    @classmethod
    def here(cls) -> Place:
        """The line that the user's code is at."""
        frame = user_frame() or sys._getframe(1)
        known = frame.f_globals
        return cls(
            Site(frame.f_code.co_filename, frame.f_lineno),
            str(known.get("__name__", "__main__")),
            known.setdefault("__warningregistry__", {}),
        )

    def warn(self, message: str, category: type[Warning]) -> None:
        """Warn of this line; Python's filters decide how often."""
        path, line = self.site.path, self.site.line
        warnings.warn_explicit(message, category, path, line, self.module, self.registry)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn of the line that the user's code is at."""
    Place.here().warn(message, category)


def place(site: Site | None) -> str:
    """The line that ends a message: where an op was applied, if that is known."""
    return f"\n  applied at {site}" if site else ""


def user_line() -> str:
    """`place` of the line that the user's code is at."""
    return place(user_site())
