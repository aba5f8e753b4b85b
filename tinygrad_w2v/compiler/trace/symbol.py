"""`Symbol`: an array that computes nothing and notes what would be computed.

It answers NumPy's protocols, so the rules of the graph, which are written against NumPy's API, run
on it unchanged and leave instructions. What a symbol cannot know is refused: its values, and the
length of an axis that is dynamic.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.debugging.sites import user_line, user_site
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.compiler.ir.instructions import Instruction, Names
from tinygrad_w2v.compiler.ir.ops import OPS
from tinygrad_w2v.compiler.ir.program import Program, writes_last
from tinygrad_w2v.compiler.ir.sizes import Shape, SymbolicSize, no_number, product
from tinygrad_w2v.compiler.trace.registry import OPS_BY_NAME, UFUNCS, answer, unsupported

KINDS = {"f": "float", "i": "int", "u": "int", "b": "bool"}
_PYTHON = {bool: "bool", int: "int", float: "float"}


class Trace:
    """Notes the instructions of one example.

    Parameters
    ----------
    dtype
        The kernel's float type.
    taken : iterable of str
        Names that no value may have.

    Examples
    --------
    >>> trace = Trace(np.float32)
    >>> x = trace.given("parameter", "x", (3,), "float")
    >>> y = np.exp(x) * 2.0
    >>> [(i.name, i.op) for i in trace.instructions]
    [('x', 'parameter'), ('exp', 'map'), ('constant', 'constant'), ('multiply', 'map')]
    """

    def __init__(self, dtype: Any = np.float32, taken: Iterable[str] = ()) -> None:
        self.float = np.dtype(dtype)
        self.instructions: list[Instruction] = []
        self.constants: dict[str, Any] = {}
        self.refused: CompileError | None = None
        # The functions that are being written as others.
        self.within: list[Any] = []
        # While the user's own expression runs: an index must then say that examples are batched.
        self.forward = False
        # All results by name, and those of the steps of loops, which mean nothing outside of these.
        self.symbols: dict[str, Symbol] = {}
        self.hidden: frozenset[str] = frozenset()
        self.names = Names(taken)

    def record(
        self,
        op: str,
        inputs: Sequence[Symbol] = (),
        dtype: str = "",
        shape: Any = (),
        name: str = "",
        exact: Any = None,
        **parameters: Any,
    ) -> Symbol:
        """Note an instruction and return its result.

        `dtype` is by default the first input's. `shape` is needed where it does not follow from
        the inputs. `exact` is NumPy's dtype of whole numbers: without it that of the first input,
        where the op takes its elements, and else int64.
        """
        name = name or (parameters["function"] if op == "map" else op)
        read, dtype = tuple(x.name for x in inputs), dtype or inputs[0].kind
        if not self.hidden.isdisjoint(read):
            raise CompileError(
                "a value of a step of F.scan is used outside of that step, where there is one of "
                f"each step: return it as a part of the state{user_line()}"
            )
        made = Instruction("", op, read, tuple(shape), dtype, parameters, str(user_site() or ""))
        try:
            shape = OPS[op].shape(made, [x.shape for x in inputs])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        made = replace(made, name=self.names.fresh(name), shape=shape)
        self.instructions.append(made)
        if exact is None and dtype == "int" and op not in ("map", "reduce") and inputs:
            exact = inputs[0].dtype if inputs[0].kind == "int" else None
        result = Symbol(self, made, op == "input" or any(x.batched for x in inputs), exact)
        sources = {source for x in inputs for source in x.sources}
        result.sources = sources or {op}
        self.symbols[result.name] = result
        return result

    def given(self, op: str, name: str, shape: Shape, dtype: str, **parameters: Any) -> Symbol:
        """Note something that the example or the model brings along, under its name."""
        own = (replace(n, recorder=self) if isinstance(n, SymbolicSize) else n for n in shape)
        return self.record(op, (), dtype, tuple(own), name, **parameters)

    def number_of(self, length: SymbolicSize) -> Symbol:
        """Return a symbolic size as a float of the kernel."""
        return self.record("size", (), "float", length=replace(length, recorder=None))

    def whole_number_of(self, length: SymbolicSize) -> Symbol:
        """Return a symbolic size as a whole number of the kernel."""
        return self.record("size", (), "int", length=replace(length, recorder=None))

    def symbol(self, value: Any) -> Symbol:
        """Return any value that an op may meet as a symbol: numbers and arrays are constants."""
        if isinstance(value, Cell):
            return value.value
        if isinstance(value, Symbol):
            return value
        if isinstance(value, SymbolicSize):
            return self.number_of(value)
        if type(value) in _PYTHON:
            return self.record("constant", (), _PYTHON[type(value)], value=value)
        array = np.asarray(value)
        if array.dtype.kind not in KINDS:
            raise CompileError(
                f"a value of type {type(value).__name__} cannot be compiled{user_line()}"
            )
        kind = KINDS[array.dtype.kind]
        if array.dtype == np.uint64 and array.max(initial=0) > np.iinfo(np.int64).max:
            raise unsupported(
                f"a number beyond {np.iinfo(np.int64).max}", "a kernel's whole numbers are int64"
            )
        exact = array.dtype if kind == "int" else None
        if array.ndim == 0:
            return self.record("constant", (), kind, exact=exact, value=array.item())
        made = self.record("constant", (), kind, array.shape, "array", exact, value=None)
        self.constants[made.name] = array.astype(np.int64) if kind == "int" else array
        return made

    @contextmanager
    def following(self) -> Iterator[None]:
        """Know, for the length of the block, that the user's expression runs."""
        self.forward = True
        try:
            yield
        finally:
            self.forward = False

    @contextmanager
    def aside(self) -> Iterator[list[Instruction]]:
        """Note instructions in a list of their own until the block ends: the body of a loop.

        Arrays that they bring along stay outside.
        """
        around, own = self.instructions, list[Instruction]()
        self.instructions = own
        try:
            yield own
        finally:
            self.instructions = around
            arrays = [s for s in own if s.op == "constant" and s["value"] is None]
            around += arrays
            own[:] = [s for s in own if s not in arrays]

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Forget at the end of the block what was noted in it."""
        count, constants, names = len(self.instructions), set(self.constants), self.names.copy()
        hidden = self.hidden
        try:
            yield
        finally:
            del self.instructions[count:]
            for name in set(self.constants) - constants:
                del self.constants[name]
            self.names, self.hidden = names, hidden

    def program(self, loss: Symbol) -> Program:
        """Return what was noted."""
        return Program(writes_last(self.instructions), loss.name, dict(self.constants))


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """The result of an instruction: a shape, a dtype and a name, and no values.

    Attributes
    ----------
    shape : tuple
        Of one example: ints and symbolic sizes.
    batched : bool
        Whether it depends on the example, so that a batch would have more axes in front.
    """

    __hash__ = object.__hash__

    def __init__(
        self, trace: Trace, instruction: Instruction, batched: bool, exact: Any = None
    ) -> None:
        self.trace, self.instruction, self.batched = trace, instruction, batched
        self.name, self.kind = instruction.name, instruction.dtype
        self.shape: Any = instruction.shape
        self.sources: set[str] = set()  # what it is computed of: the ops that have no inputs
        self._exact = np.dtype(np.int64 if exact is None else exact)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype that it would have; whole numbers of all dtypes are int64 in a kernel."""
        if self.kind == "int":
            return self._exact
        return self.trace.float if self.kind == "float" else np.dtype(np.bool_)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> Any:
        """Number of elements, which may be symbolic."""
        return product(self.shape)

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return np.transpose(self)

    def __repr__(self) -> str:
        return f"Symbol({self.name}, {self.shape}, {self.kind})"

    # ------------------------------------------------------------------ NumPy
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Node | RowGrad | Cell) for x in (*inputs, *kwargs.get("out", ()))):
            return NotImplemented  # they know what to do with a symbol
        kwargs.pop("casting", None)
        if "out" in kwargs:
            raise unsupported(f"writing into {self.name}", "make a new array, `x = x + 1`")
        if method != "__call__" or kwargs:
            raise unsupported(f"np.{ufunc.__name__}" + (f".{method}" if method else ""))
        handler = UFUNCS.get(ufunc) or functools.partial(OPS_BY_NAME["ufunc"], ufunc)
        return handler(*inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Node) for kind in types):
            return NotImplemented
        return answer(self.trace, func, args, kwargs)

    def __tinygrad_op__(self, name: str, *args: Any) -> Any:
        handler = OPS_BY_NAME.get(name)
        return NotImplemented if handler is None else handler(self, *args)

    def __getitem__(self, index: Any) -> Any:
        return OPS_BY_NAME["get_item"](self, index)

    def astype(self, dtype: Any) -> Symbol:
        """It in another dtype."""
        return OPS_BY_NAME["cast"](self, dtype)

    def reshape(self, *shape: Any) -> Any:
        """It in another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    # ------------------------------------------------------------------ what it cannot know
    def _refused(self, *_: Any) -> NoReturn:
        error = CompileError(
            f"the value of {self.name} is known only when an example comes: an `if`, a loop or a "
            "Python number cannot depend on it; use `np.where`, `np.maximum` or another op, and "
            f"`F.take(array, ids, axis=0)` to look up a constant array{user_line()}"
        )
        if self.sources <= {"size", "constant"}:
            error = no_number("what is computed of a size")
        self.trace.refused = error  # NumPy may catch it, and say something of its own
        raise error

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise unsupported(f"writing into {self.name}", "write `np.where(mask, new, old)`")

    def __format__(self, spec: str) -> str:
        return self._refused() if spec else repr(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        method = OPS_BY_NAME.get(f".{name}")
        if method is not None:
            return functools.partial(method, self)
        raise MissingAttribute(
            f"`.{name}` of {self.name} cannot be compiled: it is known only when an example comes; "
            f"use NumPy's functions and those of tinygrad_w2v.functions{user_line()}"
        )

    __bool__ = __int__ = __float__ = __index__ = __iter__ = __len__ = item = tolist = _refused

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refused()


class MissingAttribute(CompileError, AttributeError):
    """What a symbol does not have, for those who ask with `hasattr`, too."""


class Cell(np.lib.mixins.NDArrayOperatorsMixin):
    """A place that an update rule writes into: ``m += ...`` gives it another value.

    Examples
    --------
    >>> trace = Trace(np.float32)
    >>> m = Cell(trace.given("parameter", "m", (3,), "float"))
    >>> m *= 0.9
    >>> m.value.instruction.op
    'map'
    """

    __hash__ = object.__hash__

    def __init__(self, value: Symbol) -> None:
        self.value = value

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its value."""
        return self.value.dtype

    @property
    def shape(self) -> Any:
        """Of its value."""
        return self.value.shape

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", ())
        given = [x.value if isinstance(x, Cell) else x for x in inputs]
        result = getattr(ufunc, method)(*given, **kwargs)
        if not out:
            return result
        (cell,) = out
        if not isinstance(cell, Cell):
            raise unsupported(f"np.{ufunc.__name__} into another array")
        cell.value = result
        return cell


def as_symbols(values: Sequence[Any]) -> list[Symbol]:
    """Return values, one of which is a symbol, all as symbols."""
    trace = next(x.trace for x in values if isinstance(x, Symbol))
    return [trace.symbol(x) for x in values]
