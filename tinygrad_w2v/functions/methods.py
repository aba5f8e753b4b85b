"""The operators and methods of a Variable that are ops: put on the class when this is imported.

`Variable` stands below the ops and knows none of them. A method is the op's public function itself,
with its arguments and its docstring, and costs no call more than that.
"""

from __future__ import annotations

from typing import Any

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.functions import arithmetic, products, remainders
from tinygrad_w2v.functions.casting import astype
from tinygrad_w2v.functions.contractions import dot
from tinygrad_w2v.functions.diagonals import diagonal, trace
from tinygrad_w2v.functions.lookup import get_item, take, to_dense
from tinygrad_w2v.functions.rearranging import repeat
from tinygrad_w2v.functions.reductions import max, mean, min, prod, sum
from tinygrad_w2v.functions.running import cumprod, cumsum
from tinygrad_w2v.functions.selection import clip
from tinygrad_w2v.functions.shape import squeeze, swapaxes
from tinygrad_w2v.functions.statistics import std, var

_BINARY: dict[str, tuple[Any, type[Function]]] = {
    "add": (arithmetic.add, arithmetic.Add),
    "sub": (arithmetic.subtract, arithmetic.Subtract),
    "mul": (arithmetic.multiply, arithmetic.Multiply),
    "truediv": (arithmetic.divide, arithmetic.Divide),
    "pow": (arithmetic.power, arithmetic.Power),
    "matmul": (products.matmul, products.Matmul),
    "floordiv": (remainders.floor_divide, remainders.FloorDivide),
    "mod": (remainders.mod, remainders.Remainder),
}
_METHODS: dict[str, Any] = {
    "__neg__": arithmetic.negative,
    "__abs__": arithmetic.abs,
    "__divmod__": remainders.divmod,
    "__rdivmod__": lambda self, other: remainders.divmod(other, self),
    "__round__": remainders.round,
    "__getitem__": get_item,
}


def _reflected(op: type[Function]) -> Any:
    def method(self: Variable, other: Any) -> Any:
        return op()(other, self)

    return method


for _name, (_function, _op) in _BINARY.items():
    _METHODS |= {f"__{_name}__": _function, f"__r{_name}__": _reflected(_op)}
for _function in (
    astype,
    clip,
    cumprod,
    cumsum,
    diagonal,
    dot,
    max,
    mean,
    min,
    prod,
    remainders.round,
    repeat,
    squeeze,
    std,
    sum,
    swapaxes,
    take,
    to_dense,
    trace,
    var,
):
    _METHODS[_function.__name__] = _function
for _name, _function in _METHODS.items():
    setattr(Variable, _name, _function)
