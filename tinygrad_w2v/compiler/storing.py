"""Sources on disk, where a user can read them and Numba keeps what it compiled of them.

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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import EngineWarning, InputError, MissingDependencyError
from tinygrad_w2v._base.private import check_contents, private_folder, read_private, write_private
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v._base.warning import warn_user

FOLDER_VARIABLE = "TINYGRAD_W2V_KERNELS"


def check_numba() -> Any:
    """Return the module numba.

    Raises
    ------
    MissingDependencyError
        That says what to install, and what runs without it.
    """
    try:
        import numba
    except ImportError as error:
        raise MissingDependencyError(
            "the compiled engine needs numba: pip install 'tinygrad_w2v[fast]'; "
            "without it the NumPy engine runs"
        ) from error
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
    why = "this user has no home folder"
    for candidate in _candidates():
        try:
            folder = private_folder(candidate)
            if folder not in _looked_through:
                check_contents(folder)
                _looked_through.add(folder)
            return folder, ""
        except InputError as error:
            why = str(error)
    return None, why


_looked_through: set[Path] = set()  # once is enough: nobody else can write there from then on


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get(FOLDER_VARIABLE):
        yield Path(chosen)
    elif cache := os.environ.get("TINYGRAD_W2V_CACHE"):
        yield Path(cache) / "kernels"
    else:
        base = os.environ.get("XDG_CACHE_HOME")
        with suppress(RuntimeError):
            yield (Path(base) if base else Path.home() / ".cache") / "tinygrad_w2v" / "kernels"


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
    about = (text, __version__, numba.__version__, np.__version__, platform.python_version(), *cpu)
    return hashlib.sha256("\0".join(about).encode()).hexdigest()[:20]


def source_of(title: str, functions: Sequence[Callable[..., Any]], constants: Iterable[str]) -> str:
    """Return plain functions, and the constants that they name, as one file for Numba.

    Those that no other calls are what is called from outside. Each must come after those that it
    calls.

    Parameters
    ----------
    title
        The first line of the file.
    functions
        Written so that Numba understands them.
    constants
        Lines such as ``"LIMIT = 8"``.
    """
    lines = [
        f'"""{title}; made by the compiler of tinygrad_w2v."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
        "import numpy as np",
        "from numba import njit",
        "",
        "UInt64Array = FloatArray = Any",
        *constants,
    ]
    bodies = [inspect.getsource(function) for function in functions]
    parts = []
    for function, body in zip(functions, bodies, strict=True):
        called = any(f"{function.__name__}(" in other for other in bodies if other is not body)
        how = "forceinline=True" if called else "cache=True"
        parts.append(f'@njit(nogil=True, error_model="numpy", {how})\n{body}')
    return "\n".join(lines) + "\n\n\n" + "\n\n".join(parts)


def load(text: str) -> tuple[dict[str, Any], Path | None]:
    """Run a source and return what it defines, with the file that shows it.

    Parameters
    ----------
    text
        The source.

    Returns
    -------
    scope : dict
        What the source defines; ``run`` among it.
    path : Path or None

    Warns
    -----
    EngineWarning
        Where no folder can be written, so that the kernel is compiled in memory each time.
    """
    check_numba()
    folder, why = _usable_folder()
    path = None
    if folder is not None:
        path = folder / f"kernel_{identity(text)}.py"
        try:
            _store(path, text)
        except OSError as error:
            path, why = None, f"{folder} cannot be written to: {error.strerror or error}"
    if path is None:
        warn_user(
            f"kernels are compiled in memory each time, which takes seconds: {why}; set "
            f"{FOLDER_VARIABLE} to a folder that only you can write to",
            EngineWarning,
        )
        text = text.replace("cache=True", "cache=False")
    return _executed(text, path), path


def _store(path: Path, text: str) -> None:
    """Write a source where it is missing or another one; a file that fits keeps its date."""
    data = text.encode("utf-8")
    if read_private(path) != data:
        write_private(path, data)


def _executed(text: str, path: Path | None) -> dict[str, Any]:
    digest = hashlib.sha256(text.encode()).hexdigest()[:20]
    name = str(path) if path is not None else f"<kernel {digest}>"
    # Numba finds the names that compiled code uses through the module, so it has to be known.
    module = ModuleType(f"tinygrad_w2v_kernel_{digest}")
    module.__file__ = name
    sys.modules[module.__name__] = module
    with _beside_sources():
        exec(compile(text, name, "exec"), module.__dict__)
    if path is None:
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return module.__dict__


@contextmanager
def _beside_sources() -> Iterator[None]:
    """Let Numba keep what it compiles beside the source, whatever its own variable says."""
    import numba.core.config

    config: Any = numba.core.config
    before, config.CACHE_DIR = config.CACHE_DIR, ""
    try:
        yield
    finally:
        config.CACHE_DIR = before
