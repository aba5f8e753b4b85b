"""The command ``tinygrad-w2v``: it understands the command line and turns errors into one line.

Exit status 0: it worked. 2: the command line or the input is wrong. 1: it failed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tinygrad_w2v._base.errors import InputError, TinygradError
from tinygrad_w2v._base.terminal import pasted
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v._cli import (
    check,
    comparing,
    converting,
    doctor,
    evaluating,
    exploring,
    neighbors,
    options,
    phrases,
    picture,
    train,
)
from tinygrad_w2v._cli.console import any_character, note, warnings_as_notes
from tinygrad_w2v._cli.options import in_flags
from tinygrad_w2v._cli.parsing import Parser, parse
from tinygrad_w2v.vectors import MissingWordError

COMMANDS = {
    "train": ("train word vectors on a text", options.add_options, train.run),
    "neighbors": (
        "print the words nearest to a word",
        neighbors.add_neighbors_options,
        neighbors.run_neighbors,
    ),
    "analogy": (
        "A is to B as C is to what?",
        neighbors.add_analogy_options,
        neighbors.run_analogy,
    ),
    "eval": (
        "hold vectors against word pairs and analogies",
        evaluating.add_options,
        evaluating.run,
    ),
    "compare": ("put runs side by side in one page", comparing.add_options, comparing.run),
    "explore": (
        "look at a run in a browser, and ask it",
        exploring.add_options,
        exploring.run,
    ),
    "convert": (
        "write vectors in another format",
        converting.add_options,
        converting.run,
    ),
    "phrases": ("find the phrases of a text", phrases.add_options, phrases.run),
    "graph": ("draw a model's graph", picture.add_options, picture.run),
    "check": ("check every derivative numerically", check.add_options, check.run),
    "doctor": ("print what this installation has", doctor.add_options, doctor.run),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status.

    Parameters
    ----------
    argv
        The words after the program's name; those of this process by default.

    Examples
    --------
    >>> main(["--version"]) == 0
    tinygrad-w2v 0.1.0
    True
    """
    with any_character(), warnings_as_notes():
        try:
            return _run(sys.argv[1:] if argv is None else list(argv))
        except SystemExit as done:  # argparse has printed a help or the version
            return done.code if isinstance(done.code, int) else 0
        except (InputError, MissingWordError) as error:
            return _failed(2, error)
        except BrokenPipeError:
            # Whoever read the output has enough; Python would complain when it flushes.
            sys.stdout = open_nowhere()
            return 1
        except KeyboardInterrupt as error:
            note(str(error) or "interrupted; no file is half written")
            return 1
        except MemoryError as error:
            return _failed(1, f"not enough memory: {error}; use a smaller --size or --max-vocab")
        except (TinygradError, OSError) as error:
            return _failed(1, error)


def _run(argv: list[str]) -> int:
    parser = Parser(
        prog="tinygrad-w2v",
        description="Word vectors, trained through a graph that you can read.",
        epilog="`tinygrad-w2v COMMAND --help` tells more of a command.",
    )
    parser.add_argument("--version", action="version", version=f"tinygrad-w2v {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command", parser_class=Parser)
    commands: dict[str, Parser] = {}
    for name, (help_text, add_options, run) in COMMANDS.items():
        commands[name] = subparsers.add_parser(name, help=help_text, description=help_text)
        add_options(commands[name])
        commands[name].set_defaults(run=run)
    if argv[:1] == ["train"]:
        words, changed = options.with_our_names(argv[1:])
        argv = ["train", *words]
    else:
        changed = []
    arguments = parse(parser, commands, argv)
    if changed:
        ours = " ".join(map(pasted, argv))
        note(f"note: read as: tinygrad-w2v {ours}", getattr(arguments, "quiet", False))
    if arguments.command is None:
        parser.error("give a command: " + ", ".join(commands))
    status: int = arguments.run(arguments)
    return status


def open_nowhere() -> TextIO:
    """Return a stream that takes everything and keeps nothing."""
    return Path(os.devnull).open("w", encoding="utf-8")


def _failed(status: int, error: object) -> int:
    """Say what went wrong, in one line."""
    told = error.told(in_flags) if isinstance(error, TinygradError) else str(error)
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    note(f"tinygrad-w2v: {' '.join(lines) or type(error).__name__}")
    return status
