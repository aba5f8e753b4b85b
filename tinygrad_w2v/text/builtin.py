"""A corpus that every installation has: what Python and NumPy say about themselves.

It is the Python language reference (`pydoc_data.topics`) and the docstrings of the standard
library and of NumPy. They are read from the source files, without importing or downloading
anything, and cached for the user after the first reading. Another Python or NumPy has another
corpus.
"""

import ast
import hashlib
import inspect
import os
import platform
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from tinygrad_w2v._base.errors import EngineWarning, InputError
from tinygrad_w2v._base.private import private_folder, read_private, user_cache, write_private
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.text.markup import prose

# Incremented with every change of what is read or how it is cleaned.
_EDITION = 2

# Programs and tests that happen to lie beside the library, and other people's packages.
_LEFT_OUT = {
    "__phello__",
    "__pycache__",
    "dist-packages",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "test",
    "tests",
    "turtledemo",
}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# NumPy documents its compiled functions by calls of these.
_NUMPY_ADDS = {"add_newdoc", "add_newdoc_for_scalar_type"}


def builtin_corpus_lines(cache: bool = True) -> list[str]:
    """Return the lines of the built-in corpus: about half a million words, a paragraph a line.

    The first call reads some eight hundred source files, which takes a few seconds; later calls
    read the cache: in ``$TINYGRAD_W2V_CACHE``, else ``$XDG_CACHE_HOME/tinygrad_w2v``, else
    ``~/.cache/tinygrad_w2v``. A damaged cache does no harm. A folder that cannot be written, or
    that others could have written into, is not used, and a warning says so.

    Parameters
    ----------
    cache
        If False, read the sources again and write nothing.

    Returns
    -------
    list of str
        Always the same for one installation of Python and NumPy.

    Raises
    ------
    InputError
        When the installation has no source files.

    Examples
    --------
    >>> lines = builtin_corpus_lines()
    >>> any("dictionary" in line for line in lines)
    True
    """
    path = _cache_file() if cache else None
    if path is not None and (cached := _read_cache(path)) is not None:
        return cached
    # Files are ordered by subject, and training would see one subject after another. The order of
    # the digests mixes them, and is the same everywhere.
    documents = sorted(_documents(), key=lambda text: _digest(text.encode("utf-8", "replace")))
    lines = [line for document in documents for line in prose(document)]
    if not lines:
        raise InputError(
            "this installation of Python has no source files to make the built-in corpus of; "
            "give a text: tinygrad-w2v train FILE"
        )
    if path is not None:
        _write_cache(path, lines)
    return lines


def _documents() -> Iterator[str]:
    """Yield each text once: the reference, the standard library, NumPy, by name of the file."""
    library = Path(sysconfig.get_path("stdlib"))
    seen: set[str] = set()
    for document in _topics(library / "pydoc_data" / "topics.py"):
        seen.add(document)
        yield document
    for root in (library, Path(np.__file__).parent):
        for path in _sources(root):
            tree = _parsed(path)
            for document in () if tree is None else _docstrings(tree):
                if document not in seen:
                    seen.add(document)
                    yield document


def _topics(path: Path) -> list[str]:
    tree = _parsed(path)
    for node in () if tree is None else tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            topics: dict[str, str] = ast.literal_eval(node.value)
            return [topics[name] for name in sorted(topics)]
    return []


def _sources(root: Path) -> list[Path]:
    sources: list[Path] = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [
            name
            for name in subfolders
            if name not in _LEFT_OUT and not name.startswith(("config-", "."))
        ]
        sources += [Path(folder, name) for name in names if name.endswith(".py")]
    return sorted(sources, key=lambda path: path.relative_to(root).parts)


def _parsed(path: Path) -> ast.Module | None:
    """Return a file's syntax tree, or None when it cannot be read or is not Python."""
    with suppress(OSError, SyntaxError, ValueError, RecursionError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(path.read_bytes())
    return None


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED):
            if document := ast.get_docstring(node):
                yield document
        elif isinstance(node, ast.Call) and _called(node) in _NUMPY_ADDS:
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    # Short ones are the names of what is documented.
                    if " " in part.value.strip():
                        yield inspect.cleandoc(part.value)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", "")


def _cache_file() -> Path | None:
    place = user_cache()
    if place is None:
        return None
    parts = (str(_EDITION), platform.python_implementation(), platform.python_version())
    name = "-".join(("builtin", *parts, "numpy", np.__version__))
    try:
        return private_folder(place) / f"{name}.txt"
    except InputError as error:
        warn_user(f"the built-in corpus is read anew each time: {error}", EngineWarning)
        return None


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode("ascii")


def _read_cache(path: Path) -> list[str] | None:
    digest, _, text = (read_private(path) or b"").partition(b"\n")
    return text.decode("utf-8").split("\n") if digest == _digest(text) else None


def _write_cache(path: Path, lines: list[str]) -> None:
    text = "\n".join(lines).encode("utf-8", "replace")
    with suppress(OSError):
        write_private(path, _digest(text) + b"\n" + text)
