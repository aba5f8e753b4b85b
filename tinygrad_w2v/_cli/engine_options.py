"""What is asked of the engine: by the options, or by the file of a run that is repeated or resumed.

It decides the speed, and whether the bytes are the same again, not what is learned; so it stands
beside the `Request`, not in it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from tinygrad_w2v._base.errors import InputError, written
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.request import in_flags, refuse_changes
from tinygrad_w2v.text.resources import cores
from tinygrad_w2v.word2vec.engine import Engine, EngineOptions, has_numba


def engine_asked(
    arguments: argparse.Namespace, stored: Mapping[str, Any] | None = None, place: str = ""
) -> EngineOptions:
    """Return what the options ask of the engine, and of what they do not say what a file says.

    Parameters
    ----------
    arguments
        The options.
    stored
        Fields of `EngineOptions`.
    place
        Where they stood.

    Raises
    ------
    InputError
        When the file holds something else.
    """
    if stored is None:
        workers = cores() if arguments.workers is None else arguments.workers
        return EngineOptions(arguments.engine, workers, arguments.deterministic)
    try:
        options = EngineOptions(**stored)
        options.check()
    except (TypeError, InputError) as error:
        raise InputError(f"{place} is not the settings of a run: {error}") from error
    return options._replace(**_given(arguments))


def engine_repeated(
    arguments: argparse.Namespace, description: Mapping[str, Any], place: str
) -> EngineOptions:
    """Return the engine of the run that a ``settings.json`` describes, so that it is done again.

    Raises
    ------
    InputError
        When the file lacks it, or an option says something else.
    """
    try:
        stored = {
            "engine": description["engine"]["name"],
            "workers": description["workers"],
            "deterministic": description["run"]["deterministic"],
        }
    except (KeyError, TypeError) as error:
        raise InputError(f"{place} is not the settings of a run: it lacks {error}") from error
    refuse_changes(arguments, stored, place)
    return engine_asked(arguments, stored, place)


def say_that_it_compiles(asked: EngineOptions, quiet: bool) -> None:
    """Tell who watches why nothing moves: the first kernel of a model takes some seconds."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    if watched and asked.engine != "numpy" and has_numba():
        note("compiling the model, if it was not compiled before ...", quiet)


def tell(arguments: argparse.Namespace, engine: Engine) -> None:
    """Say which engine runs, and which options are of no use to it."""
    quiet = arguments.quiet
    note(
        written(engine.description(), in_flags), quiet and not engine.fell_back
    )  # a slow run is said in any case
    workers = arguments.workers or 1
    if engine.name == "numpy" and workers > 1:
        note(f"note: the NumPy engine uses one core, so --workers {workers} changes nothing", quiet)
    if engine.name == "compiled" and arguments.batch is not None:
        note(
            "note: the compiled engine learns from one window after another, so --batch changes "
            "nothing",
            quiet,
        )


def given(arguments: argparse.Namespace) -> list[str]:
    """Return which fields of `EngineOptions` the command line gives."""
    return list(_given(arguments))


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    names = [name for name in EngineOptions._fields if name in arguments.given]
    return {name: getattr(arguments, name) for name in names}
