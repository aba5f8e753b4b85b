"""The walks of docs/architecture.md lead through files that are there, and are short."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "architecture.md"
LONGEST = {
    "One expression, from an operator to its gradient": 5,
    "One word, from the text to the update of a row": 12,
    "One setting, from a flag to the file": 5,
}


def walks() -> dict[str, list[str]]:
    """The numbered steps of each walk."""
    sections = re.split(r"^## (.+)\n", PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]
    return {
        title: re.findall(r"^\d+\. (.*(?:\n   +.*)*)", text, flags=re.M)
        for title, text in zip(sections[::2], sections[1::2], strict=True)
    }


def names_in(path: Path) -> set[str]:
    """All names that are defined or used in a file, and its strings."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {getattr(node, part, None) for node in nodes for part in ("id", "attr", "name", "arg")}
    return {name for name in names if isinstance(name, str)}


def test_walks_are_short() -> None:
    lengths = {title: len(steps) for title, steps in walks().items()}
    assert lengths.keys() == LONGEST.keys()
    assert all(0 < length <= LONGEST[title] for title, length in lengths.items())


@pytest.mark.parametrize("title", LONGEST)
def test_each_step_names_one_file_and_what_stands_in_it(title: str) -> None:
    for step in walks()[title]:
        ((shown, target),) = re.findall(r"\[`([\w/.]+)`\]\(\.\./([\w/.]+)\)", step)
        path = ROOT / target
        assert target == f"tinygrad_w2v/{shown}"
        assert path.is_file()
        said = set(re.findall(r"`(\w+)`", step))
        assert said & names_in(path), f"{shown} has none of {said}"


@pytest.mark.render
def test_the_picture_shows_all_imports_between_rooms() -> None:
    rooms = runpy.run_path(str(ROOT / "docs" / "images" / "rooms.py"))
    drawn = (ROOT / "docs" / "images" / "rooms.svg").read_text(encoding="utf-8")
    arrows = set(re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", drawn))
    assert arrows == rooms["edges"](), "draw it again: python docs/images/rooms.py"
