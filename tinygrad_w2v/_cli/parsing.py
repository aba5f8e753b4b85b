"""Options of the command line: wrong ones are named in one line, with the nearest right one."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from tinygrad_w2v._base.errors import InputError


class UsageError(InputError):
    """A command line that cannot be understood."""


def path_name(name: str) -> str:
    """Return the name of a file or folder; an empty one, which would mean this folder, is refused.

    Examples
    --------
    >>> path_name("w2v-out")
    'w2v-out'
    """
    if not name:
        raise argparse.ArgumentTypeError("the name is empty; name a path, or . for this folder")
    return name


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of ending the program."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError that says where help is."""
        message = re.sub(r"(\S{60})\S{60,}", r"\1...", message)  # a number of a thousand digits
        raise UsageError(f"{message}; see {self.prog} --help")

    @property
    def flags(self) -> list[str]:
        """All options, as they are written."""
        return [flag for action in self._actions for flag in action.option_strings]


def parse(parser: Parser, commands: dict[str, Parser], argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line.

    Raises
    ------
    UsageError
        For an unknown command or option, with the nearest known one.
    """
    first = next(iter(argv), "")
    if first and not first.startswith("-") and first not in commands:
        nearest = _nearest(first, list(commands))
        raise UsageError(f"there is no command {first!r}{nearest}; see {parser.prog} --help")
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        command = commands.get(first, parser)
        option = next((word for word in unknown if word.startswith("-")), None)
        if option is None:
            raise UsageError(f"{unknown[0]!r} is one argument too many; see {command.prog} --help")
        name = option.partition("=")[0]
        nearest = _nearest(name, command.flags)
        raise UsageError(f"there is no option {name}{nearest}; see {command.prog} --help")
    arguments.given = _given(commands[first], argv[1:]) if first in commands else {}
    return arguments


def _given(command: Parser, words: Sequence[str]) -> dict[str, str]:
    """Return the settings that a command line gives, each with the flag that gives it."""
    unset = object()
    probe = argparse.Namespace(**{action.dest: unset for action in command._actions})
    command.parse_known_args(words, probe)
    named = {name for name, value in vars(probe).items() if value is not unset}
    written = {word.partition("=")[0] for word in words}
    given = {}
    for action in command._actions:
        if action.dest in named:
            # One setting may have two names; the one that was written is told of.
            if not action.option_strings:
                given[action.dest] = action.dest
            elif not written.isdisjoint(action.option_strings):
                given[action.dest] = action.option_strings[0]
    return given


def _nearest(word: str, known: list[str]) -> str:
    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f", did you mean {matches[0]}?" if matches else ""
