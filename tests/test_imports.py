"""Imports point one way: every edge between packages is listed here, as in the design."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_w2v

ROOT = Path(tinygrad_w2v.__file__).parent
MAY_IMPORT = {
    "_base": set(),
    "autograd": {"_base"},
    "functions": {"_base", "autograd"},
    "nn": {"_base", "autograd", "functions"},
    "optim": {"_base", "autograd", "nn"},
    "models": {"_base", "autograd", "functions", "nn"},
    "text": {"_base"},
    "vectors": {"_base", "text"},
    "sources": {"_base", "text", "compiler"},
    "counting": {"_base", "sources", "text", "vectors"},
    "sklearn": {"_base", "text", "vectors", "word2vec"},
    "drawing": {"_base", "autograd", "nn"},
    "checking": {"_base", "autograd", "functions", "nn", "models", "drawing"},
    "reports": {"_base", "drawing", "vectors"},
    "word2vec": {
        "distributed",
        "_base",
        "autograd",
        "nn",
        "models",
        "sources",
        "text",
        "training",
        "vectors",
        "drawing",
        "reports",
    },
    "training": {
        "_base",
        "autograd",
        "nn",
        "optim",
        "drawing",
        "compiler",
        "sources",
        "vectors",
        "reports",
    },
    "distributed": {"_base", "compiler", "nn", "optim", "sources", "text", "training"},
    "compiler": {"_base", "autograd", "functions", "nn", "optim", "drawing"},
}
# What a package offers though it stands above it: imported when it is asked for.
LAZY = {
    ("autograd/__init__.py", "tinygrad_w2v.checking.gradients.check_grads"),
    ("training/engines/choice.py", "tinygrad_w2v.distributed.engine.RayRun"),
}
# Heavier libraries are imported where they are used, so that `import tinygrad_w2v` stays light.
IMPORTED_WHERE_USED = {
    "matplotlib",
    "IPython",
    "graphviz",
    "tqdm",
    "janome",
    "gensim",
    "numba",
    "llvmlite",
    "scipy",
    "safetensors",
    "umap",
    "pacmap",
    "sklearn",
    "joblib",
    "ray",
}
# What only a generated kernel imports, which is nothing without numba; and native code that does,
# too, and is imported once a kernel is there.
KERNELS_OWN = ("compiler/codegen/exchange.py", "compiler/codegen/intrinsics.py")
BESIDE_KERNELS = ("training/merging.py",)
# What stands on a library is imported by those alone who ask for it.
STANDS_ON = {"sklearn": {"sklearn", "joblib", "scipy"}}


def imports(tree: ast.AST, top_level: bool = False) -> list[str]:
    found = []
    nodes = ast.iter_child_nodes(tree) if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    here = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] != "tinygrad_w2v" or here not in MAY_IMPORT or len(parts) < 2:
            continue
        if (path.relative_to(ROOT).as_posix(), name) in LAZY:
            continue
        assert parts[1] == here or parts[1] in MAY_IMPORT[here], f"{here} may not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_are_imported_where_used(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    heavy = {n.split(".")[0] for n in imports(tree, top_level=True)} & IMPORTED_WHERE_USED
    heavy -= STANDS_ON.get(path.relative_to(ROOT).parts[0], set())
    assert not heavy or path.relative_to(ROOT).as_posix() in KERNELS_OWN
    ours = {n.removeprefix("tinygrad_w2v.").replace(".", "/") for n in imports(tree)}
    if path.relative_to(ROOT).as_posix() not in BESIDE_KERNELS:
        assert not any(n.startswith(own.removesuffix(".py")) for n in ours for own in KERNELS_OWN)
    ours = {
        n.removeprefix("tinygrad_w2v.").replace(".", "/") for n in imports(tree, top_level=True)
    }
    assert not any(n.startswith(own.removesuffix(".py")) for n in ours for own in BESIDE_KERNELS)


CORE = ("node", "function", "backward", "variable")


@pytest.mark.parametrize("name", CORE)
def test_the_core_knows_no_op(name: str) -> None:
    """Neither the text of its files nor what they hold at run time leads to `functions`."""
    tree = ast.parse((ROOT / "autograd" / f"{name}.py").read_text(encoding="utf-8"))
    assert not [n for n in imports(tree) if n.startswith("tinygrad_w2v.functions")]
    module = importlib.import_module(f"tinygrad_w2v.autograd.{name}")
    for value in vars(module).values():
        home = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", "")
        assert not str(home).startswith("tinygrad_w2v.functions")
        is_op = inspect.isclass(value) and issubclass(value, tinygrad_w2v.Function)
        assert not is_op or value is tinygrad_w2v.Function


# ---------------------------------------------------------------------- cycles
# A node names the op that made it in an annotation; an op reads nodes.
ONE_IDEA = ("autograd/node.py", "autograd/function.py")


def _home(name: str) -> Path | None:
    """The file of ours that an imported name is read from."""
    parts = name.split(".")[1:]
    for path in (ROOT.joinpath(*parts), ROOT.joinpath(*parts[:-1])):
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file() and file != ROOT / "__init__.py":
                return file
    return None


def _graph(package: str, type_only: bool) -> dict[str, set[str]]:
    """Which files of a package import which; with or without what only annotations need."""
    graph: dict[str, set[str]] = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = set(imports(tree))
        if not type_only:
            for node in ast.walk(tree):
                if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                    names -= set(imports(node))
        homes = {_home(name) for name in names if name.startswith("tinygrad_w2v.")} - {None, path}
        here = path.relative_to(ROOT).as_posix()
        graph[here] = {home.relative_to(ROOT).as_posix() for home in homes if home}
    return {file: others & graph.keys() for file, others in graph.items()}


def _circles(graph: dict[str, set[str]]) -> set[str]:
    """The files that reach themselves."""
    reached = {file: set(others) for file, others in graph.items()}
    for middle in graph:
        for others in reached.values():
            if middle in others:
                others |= reached[middle]
    return {file for file, others in reached.items() if file in others}


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_files_of_a_package_import_each_other_in_no_circle(package: str) -> None:
    assert not _circles(_graph(package, type_only=False))
    graph = _graph(package, type_only=True)
    graph.get(ONE_IDEA[0], set()).discard(ONE_IDEA[1])
    assert not _circles(graph)


# The rooms of the compiler, each with those that it may read; `compile` and its stages read all.
ROOMS = {
    "ir": set(),
    "trace": {"ir"},
    "passes": {"ir"},
    "loops": {"ir", "trace", "passes"},
    "codegen": {"ir", "trace", "loops"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_the_compiler_read_those_below(room: str) -> None:
    """None but `inspect` draws."""
    for path in sorted((ROOT / "compiler" / room).rglob("*.py")):
        for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
            parts = name.split(".")
            assert parts[:2] != ["tinygrad_w2v", "drawing"], path
            if parts[:2] == ["tinygrad_w2v", "compiler"]:
                assert parts[2] in ROOMS[room] | {room}, (path, name)


# Those of drawing; what stands beside them (options, labels) is read by all, the doors by none.
ROOMS_OF_DRAWING: dict[str, set[str]] = {
    "formulas": set(),
    "reading": {"formulas"},
    "layout": {"reading"},
    "page": {"formulas", "reading", "layout"},
    "curves": {"layout"},
}


@pytest.mark.parametrize("room", ROOMS_OF_DRAWING)
def test_rooms_of_drawing_read_those_below(room: str) -> None:
    for path in sorted((ROOT / "drawing" / room).rglob("*.py")):
        for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
            parts = name.split(".")
            if parts[:2] == ["tinygrad_w2v", "drawing"]:
                below = ROOMS_OF_DRAWING[room] | {room, "options", "labels"}
                assert parts[2] in below, (path, name)


def test_every_package_is_listed() -> None:
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert packages - {"_cli"} <= set(MAY_IMPORT)


FLAG = re.compile(r"(?<![-\w])--[a-z]")
FRONT = ("_cli", "cli.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_flags_are_named_by_the_command_only(path: Path) -> None:
    """What a lower layer says names settings, which the command writes as flags."""
    if path.relative_to(ROOT).parts[0] in FRONT:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    documented = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
    }
    texts = [node.value for node in nodes if isinstance(node.value, str) and node not in documented]
    assert [text for text in texts if FLAG.search(text)] == []


STARTS = """
import sys
import tinygrad_w2v as tw

tw.Word2Vec([["you", "say", "hello"]] * 9, engine="numpy", min_count=1)
taken = {name.split(".")[1] for name in sys.modules if name.startswith("tinygrad_w2v.")}
unasked = {"checking", "compiler", "drawing", "reports", "sklearn"}
print(sorted(taken & unasked), "numba" in sys.modules)
tw.Word2Vec([["you", "say", "hello"]] * 9, engine="compiled", deterministic=True, min_count=1)
print("tinygrad_w2v.distributed" in sys.modules, "ray" in sys.modules)
assert tw.graph.__module__.startswith("tinygrad_w2v.drawing")
assert tw.check_grads.__module__.startswith("tinygrad_w2v.checking")
assert set(tw.__all__) <= set(dir(tw))
"""


@pytest.mark.process
def test_a_training_imports_no_pictures_and_no_compiler_that_it_does_not_use() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTS],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env=dict(os.environ, PYTHONPATH=str(ROOT.parent)),
    )
    assert done.stdout == "[] False\nFalse False\n"
