"""What a model's methods read of it beside its Parameters, and whether it has changed since.

A kernel holds such numbers as they were when it was made. So what a loss reads is noted while it
is traced, and looked at whenever the kernel runs.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.nn.module import Module, name_in

SMALL = 2**14  # bytes of an array whose numbers are compared each time; larger ones now and then
_SELDOM = 20  # how many times as long as it takes to look at a large array is between two looks
_MOST = 64  # entries of a list, a dict or an object that is looked into
_DEPTH = 4
_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic, np.dtype)
_ABSENT = object()
_ONE_AT_A_TIME = threading.RLock()

Reads = dict[tuple[int, str], tuple[Module, str]]


@contextmanager
def noting_reads() -> Iterator[Reads]:
    """Note which attributes of modules are read, as long as the block runs.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> layer = tw.nn.Linear(2, 1)
    >>> with noting_reads() as reads:
    ...     training = layer.training
    >>> [name for _, name in reads.values()]
    ['training']
    """
    reads: Reads = {}
    own = threading.get_ident()

    def noting(module: Module, name: str) -> Any:
        if threading.get_ident() == own:
            reads[id(module), name] = module, name
        return object.__getattribute__(module, name)

    with _ONE_AT_A_TIME:
        before = Module.__dict__.get("__getattribute__")
        Module.__getattribute__ = noting  # type: ignore[method-assign, assignment]
        try:
            yield reads
        finally:
            if before is None:
                del Module.__getattribute__
            else:
                Module.__getattribute__ = before  # type: ignore[method-assign]


class Change(NamedTuple):
    """What has changed: where it is held, what it was, and what it is."""

    name: str
    before: Any
    now: Any


class Held:
    """What was read of a model, as it is now and as it was before it was read.

    Parameters
    ----------
    root : Module
    reads : Reads
        Of `noting_reads`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> layer = tw.nn.Linear(2, 1)
    >>> held = Held(layer, {(id(layer), "training"): (layer, "training")})
    >>> held.change()
    >>> layer = layer.eval()
    >>> held.change()
    Change(name='self.training', before=True, now=False)
    """

    def __init__(self, root: Module, reads: Reads) -> None:
        self._kept: list[tuple[Module, str, str, list[_Kept]]] = []
        for module, key in reads.values():
            value = _value(module, key)
            if value is not _ABSENT:
                place = name_in(root, module)
                owner = type(module).__name__ if place is None else "self"
                name = ".".join(part for part in (owner, place, key) if part)
                self._kept.append((module, key, name, [_keep(value)]))
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Note what tells in a microsecond that nothing has changed: it is asked in each step."""
        self._same: list[tuple[Mapping[str, Any], str, Any]] = []
        self._arrays: list[tuple[AnyArray, bytes]] = []
        self._large: list[_Large] = []
        self._deep = False
        for module, key, name, kept in self._kept:
            self._same += [(found, key, found.get(key, _ABSENT)) for found in _holders(module, key)]
            if isinstance(kept[0].parts, bytes):
                self._arrays.append((kept[0].value, kept[0].parts))
            elif isinstance(kept[0].value, np.ndarray) and not kept[0].value.dtype.hasobject:
                self._large.append(_Large(name, kept[0].value))
            elif kept[0].parts is not None:
                self._deep = True

    def also(self) -> None:
        """Take what is there now for as right as what was: a cache is filled, and emptied again.

        What is not there was made by whoever read it.
        """
        self._kept = [entry for entry in self._kept if _value(*entry[:2]) is not _ABSENT]
        for module, key, _, kept in self._kept:
            now = _value(module, key)
            if _differs(kept[0], now):
                kept.append(_keep(now))
        self._look_ahead()

    def change(self) -> Change | None:
        """Return what is another number, text or array than it was."""
        same = all(found.get(key, _ABSENT) is value for found, key, value in self._same)
        for large in self._large if same else ():
            if large.is_due() and large.has_changed():
                return Change(large.name, large.array, large.array)
        if same and not self._deep and all(x.tobytes() == kept for x, kept in self._arrays):
            return None
        for module, key, name, kept in self._kept:
            found = [_differs(each, _value(module, key)) for each in kept]
            if all(found):
                where, before, now = found[0] or ("", None, None)
                return Change(name + where, before, now)
        return None


class _Large:
    """A large array, and what tells whether somebody has written into it."""

    def __init__(self, name: str, array: AnyArray) -> None:
        self.name, self.array, self._due = name, array, 0.0
        self._sum = self._checksum()

    def _checksum(self) -> int:
        begin = time.perf_counter()
        found = zlib.crc32(np.ascontiguousarray(self.array).view(np.uint8).data)
        end = time.perf_counter()
        self._due = end + _SELDOM * (end - begin)
        return found

    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return time.perf_counter() >= self._due

    def has_changed(self) -> bool:
        """Look; once it has changed it always has."""
        if self._checksum() == self._sum:
            return False
        self._due = 0.0
        return True


class _Kept(NamedTuple):
    """A value; its parts, or the bytes of an array; None where itself says all."""

    value: Any
    parts: Any = None


def _holders(module: Module, key: str) -> list[Mapping[str, Any]]:
    """Where an attribute is looked for: in the object, and in the classes as far as one has it."""
    holders: list[Mapping[str, Any]] = [vars(module)]
    for kind in type(module).__mro__:
        if key in holders[-1]:
            break
        holders.append(vars(kind))
    return holders


def _value(module: Module, key: str) -> Any:
    """An attribute that is no method, property or part with a place of its own; else _ABSENT."""
    holders = _holders(module, key)
    value = holders[-1].get(key, _ABSENT)
    return _ABSENT if len(holders) > 1 and hasattr(type(value), "__get__") else value


def _keep(value: Any, depth: int = 0) -> _Kept:
    if isinstance(value, np.ndarray):
        return _Kept(value, value.tobytes() if value.nbytes <= SMALL else None)
    entries = _entries(value)
    if entries is None or depth > _DEPTH or len(entries) > _MOST:
        return _Kept(value)
    return _Kept(value, {key: _keep(part, depth + 1) for key, part in entries.items()})


def _entries(value: Any) -> dict[Any, Any] | None:
    """The parts of a list, a tuple, a dict or a plain object, by their keys; None: it has none."""
    if isinstance(value, Node | Module | type) or callable(value):
        return None
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if isinstance(value, dict):
        return value
    return getattr(value, "__dict__", None)


def _differs(kept: _Kept, now: Any) -> tuple[str, Any, Any] | None:
    """Where a value is another one than it was, with both."""
    value, parts = kept
    different = ("", value, now)
    if isinstance(value, _PLAIN):
        same = type(now) is type(value) and (now == value or (now != now and value != value))
        return None if same else different
    if isinstance(value, np.ndarray):
        return None if _same_numbers(value, parts, now) else different
    if isinstance(value, Node):  # a result that is left there; for Parameters see `Place`
        return None if isinstance(now, Node) else different
    if parts is None:
        return None if now is value else different
    entries = _entries(now)
    if type(now) is not type(value) or entries is None or entries.keys() != parts.keys():
        return different
    for key, part in parts.items():
        found = _differs(part, entries[key])
        if found is not None:
            return f"[{key!r}]{found[0]}", found[1], found[2]
    return None


def _same_numbers(value: AnyArray, numbers: bytes | None, now: Any) -> bool:
    if numbers is None:
        return now is value
    alike = isinstance(now, np.ndarray) and now.dtype == value.dtype and now.shape == value.shape
    return alike and now.tobytes() == numbers
