"""What ops are by other names: operators and methods of a Variable, and NumPy's functions.

`Variable` stands below the ops and knows none of them. A method is the op's public function itself,
with its arguments and its docstring, and costs no call more than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.dispatch import PLAIN, RULES
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.functions import arithmetic, lookup, products, remainders

# An operator, the public function behind it, and the op that its reflected form is.
_BINARY: tuple[tuple[str, str, type[Function]], ...] = (
    ("add", "add", arithmetic.Add),
    ("sub", "subtract", arithmetic.Subtract),
    ("mul", "multiply", arithmetic.Multiply),
    ("truediv", "divide", arithmetic.Divide),
    ("pow", "power", arithmetic.Power),
    ("matmul", "matmul", products.Matmul),
    ("floordiv", "floor_divide", remainders.FloorDivide),
    ("mod", "mod", remainders.Remainder),
)
_OTHERS = {"neg": "negative", "abs": "abs", "divmod": "divmod", "round": "round"}
_METHODS = (
    "astype clip cumprod cumsum diagonal dot max mean min prod repeat round squeeze std sum "
    "swapaxes take to_dense trace var"
).split()


def install(functions: Mapping[str, Any]) -> None:
    """Put the operators and methods on `Variable`; `functions` are the public ones by name.

    A function with the name of one of NumPy's is what that does to Variables.
    """
    for name, function in functions.items():
        numpys = getattr(np, name, None)
        if numpys is not None and numpys not in PLAIN:
            RULES[numpys] = function
    for operator, name, op in _BINARY:
        setattr(Variable, f"__{operator}__", functions[name])
        setattr(Variable, f"__r{operator}__", _reflected(op))
    for operator, name in _OTHERS.items():
        setattr(Variable, f"__{operator}__", functions[name])
    for name in _METHODS:
        setattr(Variable, name, functions[name])
    methods: Any = Variable
    methods.__rdivmod__ = lambda self, other: remainders.divmod(other, self)
    methods.__getitem__ = lookup.get_item


def _reflected(op: type[Function]) -> Any:
    def method(self: Variable, other: Any) -> Any:
        return op()(other, self)

    return method
