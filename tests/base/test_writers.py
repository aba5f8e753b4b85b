"""Every file of the package is written by `safe_write` or `Draft`: whole or not at all.

Who writes in another way is listed here with the reason why no half-written file can be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygrad_w2v

ROOT = Path(tinygrad_w2v.__file__).parent
OTHERWISE = {
    "_base/files.py": "it is what the others are written by",
    "_base/locking.py": "the file of a lock, of which nothing is read but a name",
    "_base/private.py": "caches, which are replaced in one step, whatever has their name",
    "cli.py": "os.devnull",
    "text/stored.py": "rows in a folder that gets its name when all is whole",
    "word2vec/kept_model.py": "a file in a folder of its own, read at once",
}
# Methods that write to a path, or take one away in favour of another.
WRITING = {"write_text", "write_bytes", "tofile", "savez", "savez_compressed", "savetxt"}
MOVING = {"rename", "replace", "link_to", "hardlink_to", "symlink_to", "copyfile", "copy2", "move"}


def writers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the lines in which a file is written, moved or opened for writing."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        last = name.rpartition(".")[2]
        if last == "open" and any(_writes(argument) for argument in _mode(node, name)):
            yield node.lineno, name
        elif last in WRITING or name in ("np.save", "numpy.save"):
            yield node.lineno, name
        elif last in MOVING and _of_paths(node, name):
            yield node.lineno, name
        elif last in ("mkstemp", "NamedTemporaryFile"):
            yield node.lineno, name


def _mode(node: ast.Call, name: str) -> list[ast.expr]:
    given = [keyword.value for keyword in node.keywords if keyword.arg in ("mode", "flags")]
    if name in ("os.open",):
        return node.args[1:2] or given
    # `path.open(mode)`, else `open(path, mode)`, `gzip.open(file, mode)`.
    first = 0 if "." in name and name.split(".")[0] not in ("gzip", "bz2", "lzma", "io") else 1
    return [*node.args[first : first + 1], *given]


def _writes(mode: ast.expr) -> bool:
    text = mode.value if isinstance(mode, ast.Constant) else ast.unparse(mode)
    if isinstance(mode, ast.Constant):
        return isinstance(text, str) and bool(set(text) & set("wax+"))
    return "O_WRONLY" in text or "O_RDWR" in text or "O_CREAT" in text


def _of_paths(node: ast.Call, name: str) -> bool:
    """Not `str.replace(old, new)` or `dataclasses.replace(value, ...)`."""
    return name.startswith(("os.", "shutil.")) or (
        len(node.args) == 1 and not node.keywords and name.rpartition(".")[2] in MOVING
    )


FILES = sorted(path for path in ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_are_written_whole_or_not_at_all(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [f"{name}:{line}: {call}" for line, call in writers(tree)]
    # Compressors write into the file that they are given.
    found = [each for each in found if not (name == "_base/compressed.py" and "z" in each)]
    assert not found or name in OTHERWISE, found


def test_what_writes_in_another_way_is_found() -> None:
    wrong = """
open("a", "w"); path.open("wb"); path.write_text("a"); np.save("a", x); x.tofile("a")
os.open("a", os.O_WRONLY); temporary.replace(target); os.rename("a", "b")
tempfile.mkstemp(); shutil.copyfile("a", "b"); io.open("a", mode="a")
"""
    right = """
open("a"); path.open("rb"); gzip.open(file, "rb"); text.replace("a", "b"); replace(x, a=1)
np.load("a"); os.open("a", os.O_RDONLY); shutil.copyfileobj(a, b); vectors.save("a")
"""
    assert len(list(writers(ast.parse(wrong)))) == 11
    assert list(writers(ast.parse(right))) == []
