"""The compiler knows arrays, sizes and rows: no name in it is that of a field of some source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygrad_w2v

COMPILER = Path(tinygrad_w2v.__file__).parent / "compiler"
FILES = sorted(COMPILER.rglob("*.py"))
OF_A_SOURCE = {"context", "target", "label", "negative", "tree", "window", "word", "corpus"}
OF_A_SOURCE |= {f"{name}s" for name in OF_A_SOURCE} | {"corpora"}
# What others named: a function of NumPy, what Numba gives, the variable of a loop in `ast`, a file.
GIVEN = {"negative", "typing_context", "target", "tinygrad_w2v.drawing.labels"}


def names(tree: ast.AST) -> Iterator[str]:
    """Identifiers, and the literals that could be one: keys, attributes, files."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname", "rest", "kwd_attrs"):
            value = getattr(node, field, None)
            yield from [value] if isinstance(value, str) else value or []
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        if isinstance(node, ast.ImportFrom):  # (the files of other packages are theirs to name)
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"[\w./-]+", node.value):
                yield node.value


def parts(name: str) -> set[str]:
    """``OneWindow``, ``one_window`` and ``one-window`` are of the parts one and window."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return set(re.split(r"[^a-z]+", apart.lower()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(COMPILER)))
def test_no_name_is_of_a_source(path: Path) -> None:
    used = {*names(ast.parse(path.read_text(encoding="utf-8"))), *path.relative_to(COMPILER).parts}
    assert not {name for name in used - GIVEN if parts(name) & OF_A_SOURCE}


def test_parts_of_names() -> None:
    assert parts("OneWindow") == {"one", "window"} == parts("_one_window") - {""}
    assert parts("HTMLWindows2") - {""} == {"html", "windows"}
    assert not parts("subwordsize") & OF_A_SOURCE
