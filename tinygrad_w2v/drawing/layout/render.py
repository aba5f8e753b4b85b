"""Run a Graphviz engine: `dot` where it is installed, else the wheel `graphviz-pure`.

Both read DOT from standard input. The wheel's program has a name of its own and is also looked for
in this environment's folder of scripts, which need not be on PATH.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Literal, NamedTuple

from tinygrad_w2v._base.errors import MissingDependencyError, TinygradError

Format = Literal["svg", "png", "json0"]
DOTS_PER_INCH = 144
LARGEST_PNG = 60  # inches: a longer picture is scaled down


class RenderError(TinygradError, RuntimeError):
    """A layout engine failed or took too long; the message says what to do."""


class LayoutTimeoutError(RenderError, TimeoutError):
    """A layout engine did not finish within the time limit."""


class Engine(NamedTuple):
    """A program that lays out DOT."""

    name: str  # "dot" or "graphviz-pure"
    path: str


def engines() -> list[Engine]:
    """The layout engines of this machine, the preferred one first.

    Examples
    --------
    >>> {engine.name for engine in engines()} <= {"dot", "graphviz-pure"}
    True
    """
    folders = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent), None)
    pure = (shutil.which("graphviz-pure", path=folder) for folder in folders)
    paths = {"dot": shutil.which("dot"), "graphviz-pure": next(filter(None, pure), None)}
    return [Engine(name, path) for name, path in paths.items() if path]


def render(dot: str, format: Format, timeout: float) -> bytes:
    """Lay out a graph.

    Parameters
    ----------
    dot : str
        The graph in Graphviz's language.
    format : {"svg", "png", "json0"}
        What to make of it.
    timeout : float
        Seconds after which the engine is stopped.

    Raises
    ------
    MissingDependencyError
        If there is no engine.
    LayoutTimeoutError
        After `timeout` seconds.
    RenderError
        If the engine fails; its message is passed on.
    """
    available = engines()
    if not available:
        raise MissingDependencyError(
            "no layout engine is installed: `pip install graphviz-pure`, or install Graphviz "
            "(https://graphviz.org/download) so that `dot` is on PATH"
        )
    failures = []
    for engine in available:
        try:
            return _run(engine, dot, format, timeout)
        except LayoutTimeoutError:
            raise
        except RenderError as error:
            failures.append(str(error))
    raise RenderError("; ".join(failures))


def _run(engine: Engine, dot: str, format: Format, timeout: float) -> bytes:
    command = [engine.path, "-Kdot", f"-T{format}", "-q"]
    if format == "png":
        command += [f"-Gdpi={DOTS_PER_INCH}", f"-Gsize={LARGEST_PNG},{LARGEST_PNG}"]
    try:
        done = subprocess.run(
            command, input=dot.encode(), capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LayoutTimeoutError(
            f"{engine.name} did not lay out the graph within {timeout:g} s: draw fewer nodes "
            "(`max_nodes=200`, or `collapse=` a module), or give it more time (`timeout=`)"
        ) from error
    except OSError as error:
        raise RenderError(f"{engine.path} cannot be run: {error}") from error
    if done.returncode != 0 or not done.stdout:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RenderError(
            f"{engine.name} ended with status {done.returncode}: "
            f"{lines[-1] if lines else 'no message'}"
        )
    return done.stdout


def user_stacklevel() -> int:
    """The `stacklevel` with which a warning of the caller points at the user's own line."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_NOT_THE_USER):
        level, frame = level + 1, frame.f_back
    return level


_NOT_THE_USER = (f"{Path(__file__).parents[1]}{os.sep}", functools.__file__)


# What the one font of graphviz-pure has beside Latin, Greek, Cyrillic and Hebrew letters.
_RANGES = ((0x20, 0x52F), (0x591, 0x5F4), (0x1E00, 0x1FFE), (0x2010, 0x2044), (0x20A0, 0x20BF))
_SINGLE = frozenset("←↑→↓↔↕∂∆∏∑−√∞∫≈≠≤≥ⁿ℮™Ω")


def boxes_in_png(words: str) -> str:
    """The characters that the engine would draw as boxes in a PNG.

    Graphviz's own `dot` takes any font of the system.

    Examples
    --------
    >>> boxes_in_png("gh = ∂L/∂h")
    ''
    """
    if [engine.name for engine in engines()][:1] != ["graphviz-pure"]:
        return ""
    lacking = {
        c
        for c in words
        if not c.isspace()
        and c not in _SINGLE
        and not any(low <= ord(c) <= high for low, high in _RANGES)
    }
    return "".join(sorted(lacking))
