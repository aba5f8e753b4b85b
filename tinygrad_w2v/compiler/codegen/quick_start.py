"""What Numba has compiled before runs again without what Numba needs to compile.

Before Numba loads a function from its cache, it imports all that it can compile, SciPy included,
and has LLVM compile the reference counting that it links to new code. Code that was kept needs none
of that: it is an object file in which reference counting is part of the code, and it calls by name
what `_register_runtime` makes known. On a warm start that is most of the time and memory. Where
nothing was kept, Numba compiles, and imports what it needs then.

Kernels are loops over numbers and arrays. A function that hashes, or that runs Numba's own threads,
would call names that those imports make known; it must not be given to `quick_to_load`.
"""

from __future__ import annotations

from functools import cache
from typing import Any


def quick_to_load(value: Any) -> Any:
    """Let a function that Numba keeps be loaded by itself; return the same object.

    Parameters
    ----------
    value
        A dispatcher, as `njit` returns it; anything else stays as it is.

    Examples
    --------
    >>> quick_to_load(3)
    3
    """
    kept = getattr(value, "_cache", None)
    if hasattr(value, "py_func") and type(kept) is _numbas_own():
        kept.__class__ = _loading_alone()
    return value


def _numbas_own() -> Any:
    from numba.core import caching

    return caching.FunctionCache


@cache
def _loading_alone() -> type:
    own = _numbas_own()

    class LoadedAlone(own):  # type: ignore[misc, valid-type]
        """Numba's cache, without `target_context.refresh()` before it loads."""

        def load_overload(self, sig: Any, backend: Any) -> Any:
            _register_runtime()
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, backend)

    return LoadedAlone


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
