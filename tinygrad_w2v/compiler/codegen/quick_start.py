"""What Numba has compiled before runs again without what Numba needs to compile; else it hurries.

Before Numba loads a function from its cache, it imports all that it can compile, SciPy included,
and has LLVM compile the reference counting that it links to new code. Code that was kept needs none
of that: it is an object file in which reference counting is part of the code, and it calls by name
what `_register_runtime` makes known. On a warm start that is most of the time and memory. Where
nothing was kept, Numba compiles, and imports what it needs then.

To compile is to make some hundred thousand small objects and to keep them, in which a collector of
garbage finds none: a tenth of the time is its, and it waits until the end.

Kernels are loops over numbers and arrays. A function that hashes, or that runs Numba's own threads,
would call names that those imports make known; it must not be given to `quick_to_load`.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import Any


def quick_to_load(value: Any) -> Any:
    """Let a function be compiled in one go, and one that Numba keeps be loaded by itself.

    Returns the same object.

    Parameters
    ----------
    value
        A dispatcher, as `njit` returns it; anything else stays as it is.

    Examples
    --------
    >>> quick_to_load(3)
    3
    """
    if not hasattr(value, "py_func"):
        return value
    own_cache, own_compiler = _numbas_own()
    if type(value._cache) is own_cache:
        value._cache.__class__ = _loading_alone()
    if type(value._compiler) is own_compiler:
        value._compiler.__class__ = _in_one_go()
    return value


def _numbas_own() -> tuple[Any, Any]:
    from numba.core import caching, dispatcher

    return caching.FunctionCache, vars(dispatcher).get("_FunctionCompiler")


@cache
def _loading_alone() -> type:
    own, _ = _numbas_own()

    class LoadedAlone(own):  # type: ignore[misc, valid-type]
        """Numba's cache, without `target_context.refresh()` before it loads."""

        def load_overload(self, sig: Any, backend: Any) -> Any:
            _register_runtime()
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, backend)

    return LoadedAlone


@cache
def _in_one_go() -> type:
    _, own = _numbas_own()

    class InOneGo(own):  # type: ignore[misc, valid-type]
        """Numba's compiler, while no garbage is looked for."""

        def compile(self, args: Any, return_type: Any) -> Any:
            collects = gc.isenabled()
            gc.disable()
            try:
                return super().compile(args, return_type)
            finally:
                if collects:
                    gc.enable()

    return InOneGo


@cache
def _register_runtime() -> None:
    """Make known to LLVM what compiled code calls to have memory and to let it go.

    As `rtsys.initialize` of `numba.core.runtime` does, which also compiles what new code links.
    """
    from llvmlite import binding
    from numba.core import runtime

    helpers: dict[str, int] = vars(runtime)["_nrt_python"].c_helpers
    for name, address in helpers.items():
        binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)
