"""Nested arguments: tuples, lists and dicts of values, taken apart and put together again.

A *tree* is a value, or a tuple, list or dict of trees. A list of plain numbers, or of such lists of
one length, is not a tree but one value, as it is for `Variable`; a ragged one is a tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

NUMBERS = (int, float, np.number)


def is_value(tree: Any) -> bool:
    """Whether `tree` is one value (an array, a number, a list of numbers, any object)."""
    if isinstance(tree, list):
        return bool(tree) and _shape_of_numbers(tree) is not None
    return not isinstance(tree, tuple | dict)


def _shape_of_numbers(tree: Any) -> tuple[int, ...] | None:
    """The shape of a nested list of numbers; None where it is ragged, or holds something else."""
    if not isinstance(tree, list):
        return () if isinstance(tree, NUMBERS) else None
    shapes = {_shape_of_numbers(part) for part in tree}
    if len(shapes) > 1 or None in shapes:
        return None
    return (len(tree), *(shapes.pop() or () if shapes else ()))


def flatten(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a tree with their paths: ``"[0]['w']"``."""
    if is_value(tree):
        yield path, tree
    elif isinstance(tree, dict):
        for key, part in tree.items():
            yield from flatten(part, f"{path}[{key!r}]")
    else:
        fields = getattr(tree, "_fields", None)
        for i, part in enumerate(tree):
            yield from flatten(part, f"{path}.{fields[i]}" if fields else f"{path}[{i}]")


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with `function` applied to each value, in the order of `flatten`."""
    if is_value(tree):
        return function(tree)
    if isinstance(tree, dict):
        return {key: mapped(function, part) for key, part in tree.items()}
    parts = [mapped(function, part) for part in tree]
    if isinstance(tree, list):
        return parts
    return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)


def rebuilt(tree: Any, values: Iterator[Any]) -> Any:
    """The tree with its values replaced, in the order of `flatten`, by those of an iterator."""
    return mapped(lambda _: next(values), tree)
