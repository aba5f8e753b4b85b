"""Sources on disk: private, readable, never run on trust; without a folder in memory."""

from __future__ import annotations

import gc
import importlib
import linecache
import os
import stat
import subprocess
import sys
import weakref
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base import private
from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v.compiler.codegen import kernel_cache

ROOT = Path(__file__).resolve().parents[2]
WINDOW = {"x": np.array([1.0, 2.0])}
SCRIPT = """
import numpy as np
import tinygrad_w2v as tw

class Square(tw.Module):
    def __init__(self):
        self.w = tw.Parameter(np.array([3.0, 1.0]))

    def loss(self, batch):
        return np.square(self.w * batch["x"]).sum()

model = Square()
window = {"x": np.array([1.0, 2.0])}
compiled = tw.compile(model, window, dtype=np.float64)
loss = compiled.step(window, 0.25)
print(loss, model.w.data.tolist(), sum(compiled.kernel._run.stats.cache_hits.values()))
"""


class Square(tw.Module):
    def __init__(self) -> None:
        self.w = tw.Parameter(np.array([3.0, 1.0]))

    def loss(self, batch: Any) -> Any:
        return np.square(self.w * batch["x"]).sum()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(kernel_cache.FOLDER_VARIABLE, str(tmp_path / "own" / "kernels"))
    return tmp_path / "own" / "kernels"


def compiled() -> Any:
    return tw.compile(Square(), WINDOW, dtype=np.float64)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_the_folder_is_private(folder: Path) -> None:
    assert kernel_cache.kernels_folder() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700  # it was made, too


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
@pytest.mark.parametrize("mode", [0o777, 0o702, 0o770])
def test_a_folder_that_others_may_write_to_is_not_used_and_not_changed(
    folder: Path, mode: int
) -> None:
    """Numba runs what it finds there, and somebody may have left it."""
    compiled()
    folder.chmod(mode)
    if mode == 0o770 and private._is_own_group(folder.stat().st_gid):
        assert kernel_cache.kernels_folder() == folder
        return
    with pytest.warns(tw.EngineWarning, match=r"in memory .*: .*may be written by others \(its"):
        kernel = compiled()
    assert kernel.path is None
    assert stat.S_IMODE(folder.stat().st_mode) == mode
    folder.chmod(0o755)
    assert kernel_cache.kernels_folder() == folder


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_what_others_may_have_left_in_a_folder_is_not_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = compiled().path
    monkeypatch.setattr(kernel_cache, "_looked_through", set())
    folder.chmod(0o755)
    path.chmod(0o666)
    with pytest.warns(tw.EngineWarning, match=rf"{path.name} may be written by others"):
        assert compiled().path is None
    path.unlink()
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "planted.nbi").symlink_to(folder / "elsewhere")
    with pytest.warns(tw.EngineWarning, match=r"planted.nbi is a link, which is not followed"):
        assert compiled().path is None


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such files")
@pytest.mark.parametrize("what", ["a link", "a pipe"])
def test_a_source_is_not_written_through_a_link_nor_read_from_a_pipe(
    folder: Path, what: str
) -> None:
    path, target = compiled().path, folder.parent / "precious"
    target.write_text("mine", encoding="utf-8")
    path.unlink()
    path.symlink_to(target) if what == "a link" else os.mkfifo(path)
    again = compiled()
    assert again.path == path
    assert path.read_text(encoding="utf-8") == again.source
    assert not path.is_symlink()
    assert target.read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such owners")
def test_a_folder_of_somebody_else_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert kernel_cache.kernels_folder() is None


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("TINYGRAD_W2V_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(kernel_cache.FOLDER_VARIABLE, str(tmp_path / "own"))
    assert kernel_cache.kernels_folder() == tmp_path / "own"
    monkeypatch.delenv(kernel_cache.FOLDER_VARIABLE)
    assert kernel_cache.kernels_folder() == tmp_path / "cache" / "kernels"
    monkeypatch.delenv("TINYGRAD_W2V_CACHE")
    assert kernel_cache.kernels_folder() == tmp_path / "xdg" / "tinygrad_w2v" / "kernels"


def test_the_source_can_be_read(folder: Path) -> None:
    kernel = compiled()
    assert kernel.path is not None
    assert kernel.path.parent == folder
    assert kernel.path.read_text(encoding="utf-8") == kernel.source
    compile(kernel.source, "source", "exec")
    assert "def kernel(" in kernel.source
    assert kernel.path.stem == f"kernel_{kernel_cache.identity(kernel.source)}"


def test_what_a_file_holds_is_never_run(folder: Path) -> None:
    path = compiled().path
    changed = "raise SystemExit('this was executed')\n"
    path.write_text(changed, encoding="utf-8")
    again = compiled()
    assert again.step(WINDOW, 0.25) == 13
    assert path.read_text(encoding="utf-8") == again.source
    path.write_bytes(b"\xff\xfe not text")
    assert compiled().step(WINDOW, 0.25) == 13
    assert path.read_text(encoding="utf-8") == again.source


def test_a_changed_source_is_not_run_from_the_cache_of_another(folder: Path) -> None:
    """A model that computes another thing has another name."""
    first = compiled()

    class Cube(Square):
        def loss(self, batch: Any) -> Any:
            return ((self.w * batch["x"]) ** 3).sum()

    second = tw.compile(Cube(), WINDOW, dtype=np.float64)
    assert first.path != second.path
    assert (first.step(WINDOW, 0.0), second.step(WINDOW, 0.0)) == (13, 35)


@pytest.mark.parametrize("cause", ["a file is in the way", "it cannot be written"])
def test_without_a_folder_it_compiles_in_memory_and_says_so(
    cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cause == "a file is in the way":
        (tmp_path / "file").write_text("", encoding="utf-8")
        monkeypatch.setenv(kernel_cache.FOLDER_VARIABLE, str(tmp_path / "file" / "kernels"))
    else:
        monkeypatch.setattr(kernel_cache, "_store", _refuse)
    told = f"in memory each time.*set {kernel_cache.FOLDER_VARIABLE} to a folder that only you can"
    with pytest.warns(tw.EngineWarning, match=told) as given:
        kernel = compiled()
    assert kernel.path is None
    assert given[0].filename == __file__
    assert kernel.step(WINDOW, 0.25) == 13
    assert "cache=False" not in kernel.source  # what is shown is what would be stored


def _refuse(path: Path, text: str) -> None:
    raise PermissionError(13, "no", str(path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("LOOP_VECTORIZE", 0), ("SLP_VECTORIZE", 1), ("BOUNDSCHECK", 1), ("OPT", 0)),
        *(("ENABLE_AVX", False), ("CPU_NAME", "generic"), ("CPU_FEATURES", "+sse2")),
        *(("DISABLE_INTEL_SVML", True), ("DEBUGINFO_DEFAULT", 1), ("ENABLE_PROFILING", 1)),
    ],
)
def test_a_kernel_that_was_made_under_other_settings_is_another(
    name: str, value: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numba

    before = kernel_cache.identity("text")
    assert getattr(numba.config, name) != value
    monkeypatch.setattr(numba.config, name, value)
    assert kernel_cache.identity("text") != before


def test_where_numba_keeps_files_makes_no_other_kernel(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numba

    before = kernel_cache.identity("text")
    monkeypatch.setattr(numba.config, "CACHE_DIR", "/elsewhere")
    monkeypatch.setattr(numba.config, "NUM_THREADS", 77, raising=False)
    assert kernel_cache.identity("text") == before


def test_what_kernels_take_over_is_a_part_of_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = kernel_cache.identity("text"), kernel_cache._COMPILED_IN
    (tmp_path / "other.py").write_text("", encoding="utf-8")
    for number in range(len(files)):
        others = [*files[:number], tmp_path / "other.py", *files[number + 1 :]]
        monkeypatch.setattr(kernel_cache, "_COMPILED_IN", others)
        assert kernel_cache.identity("text") != before


def test_a_model_that_is_compiled_again_is_not_loaded_again(folder: Path) -> None:
    kernels = [compiled().kernel for _ in range(3)]
    assert len({id(kernel._run) for kernel in kernels}) == 1


def test_a_kernel_that_nobody_holds_is_forgotten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By us, by Python's modules and lines, and by Numba, which else holds it for ever."""
    monkeypatch.setattr(kernel_cache, "_recent", deque(maxlen=1))
    monkeypatch.setattr(kernel_cache, "_loaded", weakref.WeakValueDictionary())
    first = compiled()
    first.step(WINDOW, 0.25)  # which makes it native
    name = first.kernel._loaded._module.__name__
    run, path = weakref.ref(first.kernel._run), str(first.path)
    linecache.getlines(path)
    assert name in sys.modules

    class Cube(Square):
        def loss(self, batch: Any) -> Any:
            return ((self.w * batch["x"]) ** 3).sum()

    second = tw.compile(Cube(), WINDOW, dtype=np.float64)
    gc.collect()
    assert run() is not None  # `first` is still held
    assert first.step(WINDOW, 0.0) == 6.25
    del first
    gc.collect()
    assert run() is None
    assert name not in sys.modules
    assert path not in linecache.cache
    assert second.step(WINDOW, 0.0) == 35
    assert compiled().step(WINDOW, 0.0) == 13  # it is loaded anew


def test_numba_that_compiles_nothing_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    with pytest.raises(MissingDependencyError, match=r"compile nothing \(NUMBA_DISABLE_JIT\)"):
        compiled()
    text = [["you", "say"], ["i", "say"]] * 9
    with pytest.warns(tw.EngineWarning, match="numba is told to compile nothing"):
        tw.Word2Vec(text, vector_size=4, sample=0.0, epochs=1)


@pytest.mark.process
def test_the_variable_that_lets_numba_compile_nothing(folder: Path) -> None:
    environment = dict(os.environ, NUMBA_DISABLE_JIT="1", PYTHONPATH=str(ROOT))
    command = [sys.executable, "-m", "tinygrad_w2v", "train", "text.txt", "--min-count", "1"]
    (folder.parent.parent / "text.txt").write_text("you say hello\n" * 20, encoding="utf-8")
    for engine, status in (("compiled", 1), ("auto", 0)):
        done = subprocess.run(
            [*command, "--size", "4", "--engine", engine],
            capture_output=True,
            encoding="utf-8",
            env=environment,
            cwd=folder.parent.parent,
            timeout=120,
        )
        assert done.returncode == status
        assert "numba is told to compile nothing (NUMBA_DISABLE_JIT)" in done.stderr
        assert "Traceback" not in done.stderr


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[fast\]'"):
        compiled()


def functions(path: Path, factor: int) -> Any:
    """A module with a function that calls another one of a file beside it."""
    for name, text in (
        ("helper", f"def helper(x):\n    return {factor} * x\n"),
        ("outer", "from helper import helper\n\ndef outer(x):\n    return helper(x) + 1\n"),
    ):
        (path / f"{name}.py").write_text(text, encoding="utf-8")
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module("outer")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_functions_are_kept_in_the_folder_by_all_files_that_they_stand_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for factor in (3, 5):  # files of one length; Numba alone would look at that of `outer`
        module = functions(tmp_path, factor)
        outer = kernel_cache.jitted([module.outer], [module.helper])["outer"]
        assert outer(2) == 2 * factor + 1
    kept = {path.parents[1] for path in folder.rglob("*.nbi")}
    assert len(kept) == 2
    assert all(path.parent == folder for path in kept)
    again = kernel_cache.jitted([module.outer], [module.helper])["outer"]
    assert again(2) == 11
    assert sum(again.stats.cache_hits.values()) == 1
    folder.chmod(0o777)
    with pytest.warns(tw.EngineWarning, match="in memory each time"):
        outer = kernel_cache.jitted([module.outer], [module.helper])["outer"]
    assert outer(2) == 11
    assert not outer.stats.cache_path
    for name in ("outer", "helper"):
        monkeypatch.delitem(sys.modules, name)


def start(folder: Path) -> subprocess.Popen[str]:
    environment = dict(os.environ, **{kernel_cache.FOLDER_VARIABLE: str(folder)})
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-W", "ignore::EncodingWarning", "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )


@pytest.mark.process
def test_two_processes_compile_at_once_and_a_third_finds_it_done(folder: Path) -> None:
    for running in [start(folder), start(folder)]:
        out, err = running.communicate(timeout=120)
        assert running.returncode == 0, err
        assert out.startswith("13.0 [1.5, -1.0] ")
    out, err = start(folder).communicate(timeout=120)
    assert out == "13.0 [1.5, -1.0] 1\n", err
    assert len(list(folder.glob("kernel_*.py"))) == 1


AGAIN = """
import sys
import numpy as np
import tinygrad_w2v as tw

class Scaled(tw.Module):
    def __init__(self):
        self.w = tw.Parameter(np.ones((4, 3), np.float32))
    def loss(self, batch):
        return (self.w[batch["ids"]] * batch["x"]).sum()

def step(n):
    batch = {"ids": np.array([1] * n), "x": np.ones((n, 3))}
    model = Scaled()
    loss = tw.compile(model, batch).step(batch, 0.5)
    return loss, model.w.data[:2].tolist()

needed = ["numba.np.linalg", "numba.np.arraymath", "scipy.linalg"]
print(step(2), [name for name in needed if name in sys.modules])
if len(sys.argv) > 1:
    print(step(int(sys.argv[1])))
"""


def test_no_garbage_is_looked_for_while_it_is_compiled(folder: Path, monkeypatch) -> None:
    numbas = pytest.importorskip("numba.core.compiler", reason="numba is not installed")
    real, seen = numbas.compile_extra, []

    def compile_extra(*arguments: Any, **options: Any) -> Any:
        seen.append(gc.isenabled())
        return real(*arguments, **options)

    monkeypatch.setattr(numbas, "compile_extra", compile_extra)
    compiled().step(WINDOW, 0.25)
    assert seen and not any(seen)
    assert gc.isenabled()


@pytest.mark.process
def test_a_kernel_that_is_kept_runs_without_what_compiling_needs(folder: Path) -> None:
    environment = dict(os.environ, **{kernel_cache.FOLDER_VARIABLE: str(folder)})
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])

    def run(*arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", AGAIN, *arguments],
            capture_output=True,
            check=True,
            encoding="utf-8",
            env=environment,
        )
        return done.stdout.splitlines()

    answer = "(6.0, [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])"
    assert "numba.np.linalg" in run()[0]  # it is compiled
    assert run() == [f"{answer} []"]
    # And another kernel is compiled beside it.
    third = "(9.0, [[1.0, 1.0, 1.0], [-0.5, -0.5, -0.5]])"
    assert run("3") == [f"{answer} []", third]
    assert run("3") == [f"{answer} []", third]
