"""The name that an op's result is given: ``h`` of ``h = x @ w``, read off the bytecode.

The instruction that follows the user's call, operator or attribute says what becomes of its value:
stored under a name, returned to the caller, or used further. Source text is not needed, so it may
be missing or changed. A value is followed through `return` into the line that called, as long as
each call is known to be of the function that returned it: ``list(map(f, xs))`` is not, and gets no
name. Whatever cannot be followed has none: this never guesses.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, NamedTuple

import numpy as np

Target = str | tuple[str | None, ...] | None  # a name; those of ``a, b = ...``; none

_PACKAGE = Path(__file__).resolve().parents[2]
_OURS, _MODELS = str(_PACKAGE), str(_PACKAGE / "models")
_NUMPY = str(Path(np.__file__).parent)
_SPANS = str(_PACKAGE / "nn" / "spans.py")  # a module's call returns what its `forward` returned

_SKIPPED = {"EXTENDED_ARG", "NOP", "NOT_TAKEN", "PRECALL", "KW_NAMES"}
_CALLS = {"CALL", "CALL_KW", "CALL_FUNCTION_EX"}
# Instructions whose value is what the Python function behind them returned.
_OPERATORS = {"BINARY_OP", "BINARY_SUBSCR", "BINARY_SLICE", "LOAD_ATTR"}
_OPERATORS |= {"UNARY_NEGATIVE", "UNARY_POSITIVE"}
_LOCALS = {"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_DEREF"}
_LOADS = _LOCALS | {"LOAD_NAME", "LOAD_GLOBAL"}
_STORES = {"STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF"}
# From Python 3.13 on there are two in one.
_TWO_LOADS = {"LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW"}
_SECOND_LOADS = _TWO_LOADS | {"STORE_FAST_LOAD_FAST"}
_BESIDE = {"PUSH_NULL", "LOAD_CONST"}  # what a call needs besides: the names of keywords
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
_UNKNOWN = object()
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class _Code(NamedTuple):
    """The instructions of a code object that do something, and where each begins."""

    steps: list[dis.Instruction]
    numbers: dict[int, int]  # by offset

    def at(self, offset: int) -> int:
        """The instruction that a frame with this `f_lasti` is at, which may be inside of it."""
        while offset not in self.numbers and offset > 0:
            offset -= 2
        return self.numbers.get(offset, len(self.steps))


@lru_cache(maxsize=256)
def _read(code: CodeType) -> _Code:
    steps: list[dis.Instruction] = []
    numbers: dict[int, int] = {}
    for step in dis.get_instructions(code):
        numbers[step.offset] = len(steps)
        if step.opname not in _SKIPPED:
            steps.append(step)
    return _Code(steps, numbers)


def target_of(inner: FrameType) -> Target:
    """The name that what the frame `inner` returns is assigned to in the frames that called it."""
    frame = inner.f_back
    while frame is not None and not inner.f_code.co_flags & _GENERATORS:
        path = frame.f_code.co_filename
        code = _read(frame.f_code)
        at = code.at(frame.f_lasti)
        if at >= len(code.steps) or path.startswith(_NUMPY):
            return None
        ours = path.startswith(_OURS) and not path.startswith(_MODELS)
        if path != _SPANS:
            if not _gives_value_of(inner, frame, code, at, ours):
                return None
            following = _Following(code, at, ours)
            if not following.returned:
                return None if ours else following.target()
        inner, frame = frame, frame.f_back
    return None


# ---------------------------------------------------------------------- what becomes of the value
class _Following:
    """The instructions after the one that left a value on the stack."""

    def __init__(self, code: _Code, at: int, ours: bool) -> None:
        self.code = code
        self.inplace = code.steps[at].opname == "BINARY_OP" and code.steps[at].argrepr.endswith("=")
        self.at = self.after(at)
        if ours:  # `y = op(x)`, `return y`; and a list of the outputs
            self.pass_on()
        self.returned = self.name(self.at) == "RETURN_VALUE"

    def after(self, at: int) -> int:
        """The next instruction, wherever a jump leads."""
        at += 1
        while self.name(at) == "JUMP_FORWARD":
            at = self.code.numbers[self.code.steps[at].argval]
        return at

    def name(self, at: int) -> str:
        return self.code.steps[at].opname if at < len(self.code.steps) else ""

    def value(self, at: int) -> Any:
        return self.code.steps[at].argval

    def pass_on(self) -> None:
        pair = self.at, self.after(self.at)
        names = [self.name(at) for at in pair]
        values: list[Any] = [self.value(at) for at in pair] if all(names) else [None, _UNKNOWN]
        if names[0] == "STORE_FAST_LOAD_FAST" and values[0][0] == values[0][1]:
            self.at = pair[1]
        elif names[0] == "STORE_FAST" and names[1] in _LOCALS and values[0] == values[1]:
            self.at = self.after(pair[1])
        elif names[0] in _CALLS and _root(self.code, pair[0]) in ("list", "tuple"):
            self.at = pair[1]

    def target(self) -> Target:
        """What the value is stored as."""
        at = self.at
        if self.name(at) == "UNPACK_SEQUENCE":
            count, at = self.value(at), self.after(at)
            names: list[str] = []
            while len(names) < count:
                found, at = self.stored(at)
                if not found:
                    return None
                names += found
            return tuple(names[:count])
        if self.inplace and self.name(at) == "SWAP" and self.value(at) == 2:  # self.h += x
            at = self.after(at)
            return str(self.value(at)) if self.name(at) == "STORE_ATTR" else None
        if self.name(at) == "COPY" and self.value(at) == 1:  # a = b = x, or (a := x)
            at = self.after(at)
        found, _ = self.stored(at)
        return found[0] if found else None

    def stored(self, at: int) -> tuple[list[str], int]:
        """The names that the instructions at `at` store under, and where they end."""
        opname = self.name(at)
        names: list[str] = []
        if opname in _STORES:
            return [str(self.value(at))], self.after(at)
        if opname == "STORE_FAST_STORE_FAST":
            return [str(name) for name in self.value(at)], self.after(at)
        if opname == "STORE_FAST_LOAD_FAST":
            names = [str(self.value(at)[0])]
        if names or opname in _LOADS:  # of `self`, before its attribute is stored
            at = self.after(at)
            while self.name(at) == "LOAD_ATTR":
                at = self.after(at)
            if self.name(at) == "STORE_ATTR":
                return [*names, str(self.value(at))], self.after(at)
            return names, at
        return [], at


# ---------------------------------------------------------------------- whose value it is
def _gives_value_of(inner: FrameType, frame: FrameType, code: _Code, at: int, ours: bool) -> bool:
    """Whether the instruction that `frame` is at leaves what `inner` returns on the stack."""
    step = code.steps[at]
    if step.opname in _OPERATORS:
        # NumPy applies an operator of an array of objects to each of them.
        return ours or not any(map(_is_of_objects, _operands(frame, code, at)))
    if step.opname == "CALL_INTRINSIC_1":
        return step.argrepr == "INTRINSIC_UNARY_POSITIVE"
    # What is between two of our own frames is known; C code below the user's is not: `map`, `sum`.
    return step.opname in _CALLS and (
        ours or _leads_to(_callee(frame, code, at), inner) or _is_method(code, at, inner)
    )


def _operands(frame: FrameType, code: _Code, at: int) -> list[Any]:
    """What the operator at `at` works on, as far as that is found without running anything."""
    before = code.steps[at - 1]
    if before.opname in _TWO_LOADS:
        return [frame.f_locals.get(name) for name in before.argval]
    right = _loaded(frame, before) if before.opname in _LOADS else None
    return [_callee(frame, code, at), right]


def _is_of_objects(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def _leads_to(callee: Any, inner: FrameType) -> bool:
    """Whether a call of `callee` is a call of the function that runs in `inner`."""
    code = inner.f_code
    if code.co_filename.startswith(_OURS) and code.co_name in (
        "__array_ufunc__",
        "__array_function__",
    ):
        name = "ufunc" if code.co_name == "__array_ufunc__" else "func"
        return inner.f_locals.get(name) is callee
    if isinstance(callee, MethodType):
        callee = callee.__func__
    elif not isinstance(callee, FunctionType | type):
        kind = callee.kind if isinstance(callee, _Instance) else type(callee)
        callee = _of_class(kind, "__call__")
    return isinstance(callee, FunctionType) and callee.__code__ is code


def _is_method(code: _Code, at: int, inner: FrameType) -> bool:
    """Whether a method is called, of whatever value, and `inner` runs a method of that name."""
    begin = _begin(code.steps[at])
    steps = (step for step in code.steps[at - 1 :: -1] if _begin(step) == begin)
    nearest = next((step for step in steps if step.opname not in _BESIDE), None)
    names = inner.f_code.co_varnames
    if begin is None or nearest is None or not names or nearest.opname not in _ATTRIBUTES:
        return False
    method = _of_class(type(inner.f_locals.get(names[0])), str(nearest.argval))
    return isinstance(method, FunctionType) and method.__code__ is inner.f_code


def _of_class(kind: type, name: str) -> Any:
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


class _Instance(NamedTuple):
    """What a call of a class returns, of which only the class is known."""

    kind: type


def _begin(step: dis.Instruction) -> tuple[int, int] | None:
    """Line and column at which the expression of an instruction begins."""
    where = step.positions
    if where is None or where.lineno is None or where.col_offset is None:
        return None
    return where.lineno, where.col_offset


def _chain(code: _Code, at: int) -> list[int]:
    """The instructions that make the function of a call: those that begin where the call does."""
    begin = _begin(code.steps[at])
    found: list[int] = []
    for i in range(at - 1, -1, -1) if begin else ():
        step = code.steps[i]
        if _begin(step) == begin:
            found.append(i)
            if step.opname in _LOADS:
                return found[::-1]
        elif step.opname in _SECOND_LOADS and found and found[-1] == i + 1:
            return [i, *found[::-1]]
    return []


def _root(code: _Code, at: int) -> str:
    """The name of what is called, where that is a global or builtin name."""
    chain = [code.steps[i] for i in _chain(code, at) if code.steps[i].opname not in _BESIDE]
    return str(chain[0].argval) if [step.opname for step in chain] == ["LOAD_GLOBAL"] else ""


def _callee(frame: FrameType, code: _Code, at: int) -> Any:
    """What is called, found without running any of the user's code, or `_UNKNOWN`."""
    value: Any = _UNKNOWN
    for i in _chain(code, at):
        step = code.steps[i]
        if step.opname in _LOADS | _SECOND_LOADS:
            value = _loaded(frame, step)
        elif step.opname in _BESIDE:
            continue
        elif step.opname in _ATTRIBUTES:
            value = _attribute(value, str(step.argval))
        elif step.opname == "BINARY_SUBSCR" or step.argrepr == "[]":
            value = _item(frame, value, code.steps[i - 1])
        elif step.opname in _CALLS and isinstance(value, type):
            value = _Instance(value)
        else:
            return _UNKNOWN
    return value


def _loaded(frame: FrameType, step: dis.Instruction) -> Any:
    name = step.argval[1] if step.opname in _SECOND_LOADS else step.argval
    scopes: Sequence[dict[str, Any]] = (frame.f_globals, frame.f_builtins)
    if step.opname != "LOAD_GLOBAL":
        scopes = (frame.f_locals, *scopes) if step.opname == "LOAD_NAME" else (frame.f_locals,)
    return next((scope[name] for scope in scopes if name in scope), _UNKNOWN)


def _attribute(value: Any, name: str) -> Any:
    found = inspect.getattr_static(
        value.kind if isinstance(value, _Instance) else value, name, _UNKNOWN
    )
    if isinstance(found, staticmethod | classmethod):
        return found.__func__
    return _UNKNOWN if inspect.isdatadescriptor(found) else found


def _item(frame: FrameType, value: Any, step: dis.Instruction) -> Any:
    """An entry of a list, tuple or dict under a constant or a name."""
    key = step.argval if step.opname.startswith("LOAD_CONST") else _UNKNOWN
    if step.opname in _LOADS:
        key = _loaded(frame, step)
    if type(value) not in (list, tuple, dict) or type(key) not in (int, str):
        return _UNKNOWN
    try:
        return value[key]
    except LookupError:
        return _UNKNOWN
