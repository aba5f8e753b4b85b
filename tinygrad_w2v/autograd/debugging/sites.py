"""The lines of the user's code: where an op was applied, and where a warning belongs."""

from __future__ import annotations

import linecache
import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

_PACKAGE = Path(__file__).resolve().parents[2]
# Files of the engine: lines in them are not the user's.
_ENGINE = (
    *(str(_PACKAGE / name) for name in ("autograd", "functions", "compiler")),
    *(str(_PACKAGE / "nn" / name) for name in ("module.py", "parameter.py", "spans.py")),
    *(str(_PACKAGE / "checking" / name) for name in ("gradients.py", "checkable.py")),
    str(Path(np.__file__).parent),
)


class Site(NamedTuple):
    """A line of the user's code."""

    path: str
    line: int

    def __str__(self) -> str:
        text = linecache.getline(self.path, self.line).strip()
        return f"{self.path}:{self.line}" + (f": {text}" if text else "")


def user_site() -> Site | None:
    """The innermost line of the stack that is not the engine's own."""
    frame = user_frame()
    return None if frame is None else Site(frame.f_code.co_filename, frame.f_lineno)


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
        path, line = self.site
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
