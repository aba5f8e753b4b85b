"""What Numba has no name for: rows fetched ahead, arrays that lie apart, a power of two by bits.

And functions that are there to be inlined alone, which it would optimize twice.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.extending import intrinsic

_LINE = 64  # bytes that the processor fetches at a time


@intrinsic
def prefetch(typing_context: Any, table: Any, row: Any) -> Any:
    """Begin to load ``table[row]``; it changes nothing and waits for nothing."""
    if not isinstance(table, types.Array) or table.ndim < 1 or not isinstance(row, types.Integer):
        return None

    def generate(backend: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type, row_type = signature.args
        array = backend.make_array(array_type)(backend, builder, arguments[0])
        index = backend.cast(builder, arguments[1], row_type, types.intp)
        strides = cgutils.unpack_tuple(builder, array.strides)
        byte = ir.IntType(8).as_pointer()
        start = builder.bitcast(array.data, byte)
        begin = builder.gep(start, [builder.mul(index, strides[0])])
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, *[ir.IntType(32)] * 3]),
            "llvm.prefetch.p0",
        )
        flags = [ir.IntType(32)(n) for n in (1, 3, 1)]  # to write, keep near, data
        with cgutils.for_range_slice(
            builder, ir.IntType(64)(0), strides[0], ir.IntType(64)(_LINE), inc=True
        ) as (offset, _):
            builder.call(function, [builder.gep(begin, [offset]), *flags])
        return backend.get_dummy_value()

    return types.void(table, row), generate


@intrinsic
def noalias(typing_context: Any, names: Any) -> Any:
    """Say that arguments of these names, of the function that it stands in, overlap no other.

    Without it native code looks before each loop whether what is written lies where something else
    is read, or, where it would have to look at many places, takes one element at a time.
    """
    if not isinstance(names, types.StringLiteral):
        return None  # Numba asks again, with what stands there

    def generate(backend: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        named = tuple(f"arg.{name}." for name in names.literal_value.split())
        byte = ir.IntType(8)
        for argument in builder.function.args:
            # Of an array its elements; its owner and its reference count are pointers to bytes.
            if isinstance(argument.type, ir.PointerType) and argument.type.pointee != byte:
                if argument.name.startswith(named):
                    argument.add_attribute("noalias")
        return backend.get_dummy_value()

    return types.void(types.unicode_type), generate


@intrinsic
def power_of_two(typing_context: Any, n: Any) -> Any:
    """2 to the power of a whole number `n`, -126 to 127, as float32: the bits of its exponent."""
    if n != types.float32:
        return None

    def generate(backend: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(32)
        exponent = builder.add(builder.fptosi(arguments[0], integer), integer(127))
        return builder.bitcast(builder.shl(exponent, integer(23)), ir.FloatType())

    return types.float32(types.float32), generate


# ---------------------------------------------------------------------- functions that are inlined
class _Quiet:
    """The code generator of a function that is nowhere by itself, so that nothing is set in it."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def set_env(self, *_: Any) -> None:
        """Set nothing."""


class _InlinedLibrary(JITCodeLibrary):
    """Code that is optimized, and made for the processor, where it is inlined, and not before.

    Otherwise both would be done for the function alone, too: half of the time of a compile.
    """

    @property
    def codegen(self) -> Any:
        """What generates code."""
        return _Quiet(self._codegen)

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return that it has no address."""
        self._ensure_finalized()
        return 0


class _Inlined(Compiler):
    def __init__(self, typing_context: Any, target: Any, library: Any, *how: Any) -> None:
        library = _InlinedLibrary(target.codegen(), "inlined")
        super().__init__(typing_context, target, library, *how)


# Of a function that only compiled code calls, and that computes with numbers, not with arrays.
INLINED = {
    "forceinline": True,
    "no_rewrites": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": _Inlined,
}
