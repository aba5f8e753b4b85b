"""The letters that a rule defines, as numbers: ``y = softmax(x)``, ``t = onehot(ids)``, ``N``.

Nothing is evaluated that is not known here: a docstring is text, and no text is run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.drawing.formulas.equations import Formula, Rule

_OURS = "tinygrad_w2v.functions."


def _softmax(x: Any, _: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# Right sides, with the one letter in them as @, of that letter's array and of the first input's.
_KNOWN: dict[str, Callable[[Any, Any], Any]] = {
    "softmax(@)": _softmax,
    "sigmoid(@)": lambda x, _: 0.5 + 0.5 * np.tanh(0.5 * x),
    "onehot(@)": lambda ids, x: (ids[..., None] == np.arange(x.shape[-1])).astype(x.dtype),
    "@.size": lambda x, _: np.float64(x.size),
    "prod(@.shape[:-1])": lambda x, _: np.float64(np.prod(x.shape[:-1])),
    "@": lambda number, _: np.float64(number),
}


def defined(rule: Rule, function: Function) -> dict[str, Any]:
    """The arrays of the letters that a rule defines, by letter; those that are known.

    Parameters
    ----------
    rule : Rule
    function : Function
        One of this package's ops, applied; of any other nothing is known.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.drawing.formulas.rule import rule_of
    >>> op = tw.functions.cross_entropy(tw.Variable([[0.0, 0.0]]), [1]).creator
    >>> {letter: array.tolist() for letter, array in defined(rule_of(op, "book"), op).items()}
    {'y': [[0.5, 0.5]], 't': [[0.0, 1.0]], 'N': 1.0}
    """
    if not type(function).__module__.startswith(_OURS):
        return {}
    first = _data(function.inputs[0])
    found = {
        formula.sides[0][0].text: _value(formula, function, first) for formula in rule.definitions
    }
    return {letter: value for letter, value in found.items() if value is not None}


def _value(formula: Formula, function: Function, first: Any) -> Any:
    _, sign, right = formula.sides
    letters = [token for token in right if token.role != "text"]
    if sign != "=" or len(letters) != 1 or letters[0].role not in ("input", "parameter"):
        return None
    pattern = "".join("@" if token is letters[0] else token.text for token in right)
    letter = letters[0]
    data: Any = (
        _data(function.inputs[letter.position])
        if letter.role == "input"
        else getattr(function, letter.text, None)
    )
    usual = isinstance(data, np.ndarray | np.generic | int) and isinstance(first, np.ndarray)
    if pattern not in _KNOWN or not usual or (pattern == "@" and np.ndim(data)):
        return None
    return _KNOWN[pattern](data, first)


def _data(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x
