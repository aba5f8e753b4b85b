"""The compiler knows no model: nothing in it names one, and its tests pass without them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygrad_w2v

ROOT = Path(tinygrad_w2v.__file__).parent
FILES = sorted((ROOT / "compiler").rglob("*.py"))
# The names of models, objectives, and of what belongs to them.
WORDS = (
    *("cbow", "skipgram", "skip_gram", "negative_sampling", "hierarchical", "objective"),
    *("glove", "subword", "fasttext", "w_in", "w_out", "word2vec"),
)


def docstrings(tree: ast.AST) -> set[int]:
    """Identities of the constants that are documentation."""
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            found.add(id(body[0].value))
    return found


def texts(path: Path) -> Iterator[str]:
    """Names and strings of a file's code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in documentation:
                yield node.value
        for field in ("id", "attr", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_model_is_named(path: Path) -> None:
    for text in texts(path):
        lowered = text.lower().replace("tinygrad_w2v", "")
        assert [word for word in WORDS if word in lowered] == [], text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_model_is_imported(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert not node.module.startswith(("tinygrad_w2v.models", "tinygrad_w2v.word2vec"))
            assert not {"CBOW", "SkipGram", "models"} & {alias.name for alias in node.names}


BLOCKED = """
import importlib.abc, importlib.machinery, sys, types

class Blocker(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    '''In place of the models stand modules in which every name is an empty class.'''

    def find_spec(self, name, path, target=None):
        if name.partition("tinygrad_w2v.models")[1] and name.startswith("tinygrad_w2v.models"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: empty(name)
        return module

    def exec_module(self, module):
        pass

def empty(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (), {})

sys.meta_path.insert(0, Blocker())
import pytest
import tinygrad_w2v.models
assert not hasattr(tinygrad_w2v.models.CBOW, "loss")
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.process
@pytest.mark.parametrize(
    "chosen",
    [
        "SGD",
        pytest.param("float32 or Adam or RMSprop", marks=pytest.mark.proof),
    ],
)
def test_users_models_compile_without_the_packages_own(chosen: str) -> None:
    tests = Path(__file__).with_name("test_own_models.py")
    options = ["-q", "-p", "no:cacheprovider", "-k", chosen, str(tests)]
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT.parent), os.environ.get("PYTHONPATH", "")]
    )
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *options],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        cwd=ROOT.parent,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


ROOMS = ("ir", "trace", "passes", "loops", "codegen", "inspect")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_those_before_it(room: str) -> None:
    allowed = ROOMS[: ROOMS.index(room) + 1]
    if room == "inspect":
        allowed = (*ROOMS, "compile", "kernel", "stages")
    for path in sorted((ROOT / "compiler" / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                parts = node.module.split(".")
                if parts[:2] == ["tinygrad_w2v", "compiler"]:
                    names = parts[2:3] or [alias.name for alias in node.names]
                    assert set(names) <= set(allowed), f"{path}: {node.module}"
