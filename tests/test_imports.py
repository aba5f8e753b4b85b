"""Imports point one way: every edge between packages is listed here, as in the design."""

from __future__ import annotations

import ast
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
    "vectors": {"_base"},
    "sources": {"_base", "text", "compiler"},
    "counting": {"_base", "sources", "text", "vectors"},
    "drawing": {"_base", "autograd", "nn"},
    "checking": {"_base", "autograd", "functions", "nn", "models"},
    "word2vec": {
        "_base",
        "autograd",
        "nn",
        "models",
        "sources",
        "text",
        "training",
        "vectors",
    },
    "training": {"_base", "autograd", "nn", "optim", "drawing", "compiler", "sources"},
    "compiler": {"_base", "autograd", "functions", "nn", "optim", "drawing"},
}
# Heavier libraries are imported where they are used, so that `import tinygrad_w2v` stays light.
IMPORTED_WHERE_USED = {
    "matplotlib",
    "graphviz",
    "tqdm",
    "janome",
    "gensim",
    "numba",
    "llvmlite",
    "scipy",
    "safetensors",
}
# What only a generated kernel imports, which is nothing without numba.
KERNELS_OWN = ("compiler/codegen/intrinsics.py",)


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
        assert parts[1] == here or parts[1] in MAY_IMPORT[here], f"{here} may not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_are_imported_where_used(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    heavy = {n.split(".")[0] for n in imports(tree, top_level=True)} & IMPORTED_WHERE_USED
    assert not heavy or path.relative_to(ROOT).as_posix() in KERNELS_OWN
    ours = {n.removeprefix("tinygrad_w2v.").replace(".", "/") for n in imports(tree)}
    assert not any(n.startswith(own.removesuffix(".py")) for n in ours for own in KERNELS_OWN)


def test_every_package_is_listed() -> None:
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert packages - {"_cli"} <= set(MAY_IMPORT)
