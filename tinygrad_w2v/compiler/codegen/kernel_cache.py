"""The kernel cache: sources on disk, where a user can read them and Numba keeps what it compiles.

Each file is named by the hash of its text and of all that a compiled kernel depends on. The folder
is private to the user. What is run is the text that was just generated, never what a file holds:
the file is compared with it, and written anew where it differs. What Numba has compiled it does
run, so a folder that others could have written into is not used.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import os
import platform
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import EngineWarning, InputError, MissingDependencyError
from tinygrad_w2v._base.private import (
    check_contents,
    private_folder,
    read_private,
    user_cache,
    write_private,
)
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.compiler.codegen.quick_start import quick_to_load

FOLDER_VARIABLE = "TINYGRAD_W2V_KERNELS"
# What kernels import becomes part of them.
_COMPILED_IN = [Path(__file__).with_name(name) for name in ("intrinsics.py", "exchange.py")]
# Where Numba keeps files, and how many threads it would start for what is no kernel.
_NO_PART_OF_CODE = {"CACHE_DIR", "NUM_THREADS", "NUMBA_NUM_THREADS", "NUMBA_DEFAULT_NUM_THREADS"}


def check_numba() -> Any:
    """Return the module numba.

    Raises
    ------
    MissingDependencyError
        That says what to install, or which setting of numba's forbids it, and what runs without.
    """
    try:
        import numba
    except ImportError as error:
        raise MissingDependencyError(
            "the compiled engine needs numba: pip install 'tinygrad_w2v[fast]'; "
            "without it the NumPy engine runs"
        ) from error
    config: Any = numba.config
    if config.DISABLE_JIT:
        raise MissingDependencyError(
            "numba is told to compile nothing (NUMBA_DISABLE_JIT), so there is no compiled engine: "
            "unset that variable, or use the NumPy engine"
        )
    return numba


def kernels_folder() -> Path | None:
    """Return the private folder of sources; None where none can be used.

    ``$TINYGRAD_W2V_KERNELS``, else ``kernels`` in ``$TINYGRAD_W2V_CACHE``, else in the user's own
    cache. Numba runs what it finds there, so a folder that others could have written into is not
    used: see `private_folder`.

    Examples
    --------
    >>> folder = kernels_folder()
    >>> folder is None or folder.is_dir()
    True
    """
    return _usable_folder()[0]


def _usable_folder() -> tuple[Path | None, str]:
    """The folder, and else why there is none."""
    chosen, cache = os.environ.get(FOLDER_VARIABLE), user_cache()
    wanted = Path(chosen) if chosen else cache and cache / "kernels"
    if wanted is None:
        return None, "this user has no home folder"
    try:
        folder = private_folder(wanted)
        if folder not in _looked_through:
            check_contents(folder)
            _looked_through.add(folder)
        return folder, ""
    except InputError as error:
        return None, str(error)


_looked_through: set[Path] = set()  # once is enough: nobody else can write there from then on


def identity(text: str) -> str:
    """Return the hash of a source and of what its compiled form depends on.

    Examples
    --------
    >>> identity("a") == identity("a") != identity("b")
    True
    """
    numba = check_numba()
    import llvmlite.binding

    cpu = (llvmlite.binding.get_host_cpu_name(), llvmlite.binding.get_host_cpu_features().flatten())
    versions = (__version__, numba.__version__, llvmlite.__version__, np.__version__)
    compiled_in = (file.read_text(encoding="utf-8") for file in _COMPILED_IN)
    about = (text, *versions, platform.python_version(), *cpu, *compiled_in, *_numba_settings())
    return hashlib.sha256("\0".join(about).encode()).hexdigest()[:20]


def _numba_settings() -> list[str]:
    """Numba's settings, such as ``NUMBA_BOUNDSCHECK``: code that was made under others is other.

    Settings without effect on code are included, too, except those that differ from one start of a
    program to the next: at worst a kernel is made again.
    """
    import numba.core.config

    return [
        f"{name}={value!r}"
        for name, value in sorted(vars(numba.core.config).items())
        if name.isupper()
        and isinstance(value, bool | int | float | str | None)
        and name not in _NO_PART_OF_CODE
    ]


def jitted(
    functions: Iterable[Callable[..., Any]],
    helpers: Iterable[Callable[..., Any]] = (),
    sums: Iterable[Callable[..., Any]] = (),
) -> dict[str, Any]:
    """Return functions of this package compiled by Numba, by name.

    What Numba keeps of them lies in the private folder, under the hash of all files that they stand
    in, as Numba looks at that of a function alone.

    Parameters
    ----------
    functions
        Written so that Numba understands them.
    helpers
        Plain functions that they call.
    sums
        Such as may add up in any order.

    Warns
    -----
    EngineWarning
        As `load`.
    """
    numba = check_numba()
    functions, sums = list(functions), list(sums)
    helpers = [*helpers, *sums]
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    for helper in helpers:
        if helper not in _registered:
            rules = {"fastmath": {"reassoc", "contract"}} if helper in sums else {}
            numba.extending.register_jitable(forceinline=True, **options, **rules)(helper)
            _registered.add(helper)
    files = sorted({str(inspect.getsourcefile(function)) for function in (*functions, *helpers)})
    digest = identity("\0".join(Path(file).read_text(encoding="utf-8") for file in files))
    folder, why = _usable_folder()
    if folder is None:
        _say_in_memory(why)
    with _numba_keeps_in("" if folder is None else str(folder / f"functions_{digest}")):
        compile = numba.njit(cache=folder is not None, **options)
        return {function.__name__: quick_to_load(compile(function)) for function in functions}


_registered: set[Callable[..., Any]] = set()


class Loaded:
    """What a source defines, by name; Numba and Python forget it when nobody holds it any more.

    Attributes
    ----------
    path : Path or None
        The file that shows the source; None: it is compiled in memory.
    """

    def __init__(self, module: ModuleType, path: Path | None) -> None:
        self._module, self.path = module, path
        weakref.finalize(self, _forget, module).atexit = False

    def __getitem__(self, name: str) -> Any:
        return vars(self._module)[name]

    def __contains__(self, name: str) -> bool:
        return name in vars(self._module)


def _forget(module: ModuleType) -> None:
    """Let go of a module that was made for a source.

    Numba holds compiled functions for as long as their dispatchers live; these stand in the
    module, and the compiled functions hold the module: nothing of a kernel would ever go.
    """
    linecache.cache.pop(str(module.__file__), None)
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
    for name, value in list(vars(module).items()):
        if hasattr(value, "py_func"):
            delattr(module, name)


_MOST_KEPT = 8  # sources that are still there when the same model is compiled again
_loaded: weakref.WeakValueDictionary[str, Loaded] = weakref.WeakValueDictionary()
_recent: deque[Loaded] = deque(maxlen=_MOST_KEPT)


def load(text: str) -> Loaded:
    """Run a source, and return what it defines; what is loaded already is not loaded twice.

    Parameters
    ----------
    text
        The source.

    Warns
    -----
    EngineWarning
        Where no folder can be written, so that the kernel is compiled in memory each time.
    """
    check_numba()
    digest = identity(text)
    folder, why = _usable_folder()
    path = None
    if folder is not None:
        path = folder / f"kernel_{digest}.py"
        try:
            _store(path, text)
        except OSError as error:
            path, why = None, f"{folder} cannot be written to: {error.strerror or error}"
    if path is None:
        _say_in_memory(why)
        text = text.replace("cache=True", "cache=False")
    name = str(path) if path is not None else f"<kernel {digest}>"
    loaded = _loaded.get(name)
    if loaded is None:
        loaded = _loaded[name] = Loaded(_executed(text, digest, name), path)
    if loaded in _recent:
        _recent.remove(loaded)
    _recent.append(loaded)
    return loaded


def load_with_lines(text: str) -> Loaded:
    """Run a source so that its native code tells of which line it is; nothing is kept on disk.

    The functions are compiled when they are called or told to, as those of `load` would be but for
    the table of lines. Bounds are not checked and lifetimes not stretched, as Numba would do beside
    such a table.
    """
    check_numba()
    name = f"lines_{identity(text)}"  # another module than that of the kernel that runs
    module = _executed(text.replace("cache=True", "cache=False"), name, f"<{name}>")
    with_lines = {"debug": True, "boundscheck": False, "_dbg_extend_lifetimes": False}
    for value in vars(module).values():
        function = getattr(value, "py_func", None)
        if getattr(function, "__module__", None) == module.__name__:  # not what it imports
            value.targetoptions |= with_lines
    return Loaded(module, None)


def _store(path: Path, text: str) -> None:
    """Write a source where it is missing or another one; a file that fits keeps its date."""
    data = text.encode("utf-8")
    if read_private(path) != data:
        write_private(path, data)


def _executed(text: str, digest: str, name: str) -> ModuleType:
    # Numba finds the names that compiled code uses through the module, so it has to be known.
    module = ModuleType(f"tinygrad_w2v_kernel_{digest}")
    module.__file__ = name
    sys.modules[module.__name__] = module
    with _numba_keeps_in(""):  # beside the source
        exec(compile(text, name, "exec"), module.__dict__)
        for value in vars(module).values():
            quick_to_load(value)
    if name.startswith("<"):
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return module


def _say_in_memory(why: str) -> None:
    warn_user(
        f"kernels are compiled in memory each time, which takes seconds: {why}; set "
        f"{FOLDER_VARIABLE} to a folder that only you can write to",
        EngineWarning,
    )


@contextmanager
def _numba_keeps_in(folder: str) -> Iterator[None]:
    """Let Numba keep what it compiles there, whatever its own variable says."""
    import numba.core.config

    config: Any = numba.core.config
    before, config.CACHE_DIR = config.CACHE_DIR, folder
    try:
        yield
    finally:
        config.CACHE_DIR = before
