"""A world of its own for every test: its folder, home, caches, environment and terminal.

What was in the folder that pytest was started in, in the home folder or in the environment cannot
change an outcome, and the tests leave nothing there. Compiled kernels and the built-in corpus are
named by their contents: the tests of one run share them, in a folder that ends with it. So they do
with the bytecode of the processes that they start. Several runs share the folder that
``TESTS_SHARE`` names: the second one compiles no kernel that the first one has.
"""

from __future__ import annotations

import gc
import itertools
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What a variable of these beginnings says would reach the package, its libraries or its output.
FOREIGN = (
    "TINYGRAD_W2V_",
    "XDG_",
    "NUMBA_",
    "MPL",
    "TQDM_",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "PYTHONHASH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
)

settings.register_profile(
    "project",
    database=None,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    """Take what comes from outside away before anything is imported that looks at it."""
    for name in [*os.environ]:
        if name.startswith(FOREIGN):
            del os.environ[name]
    os.environ["MPLBACKEND"] = "agg"
    # Under `nohup` and `&` Ctrl-C is ignored, and children would inherit that.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names that differ from process to process: several could not share the work."""
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid}: an address in a name; give the rows `ids`")


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from what stays to the end: it takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(10_000)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all tests of this run share, those in other processes, too."""
    base = tmp_path_factory.getbasetemp()
    of_run = (base.parent if hasattr(request.config, "workerinput") else base) / "shared"
    folder = Path(os.environ.get("TESTS_SHARE", of_run))
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def _worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders, one for each test."""
    folder = tmp_path_factory.mktemp("worlds")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _a_world_of_its_own(
    _worlds: Iterator[Path], shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = next(_worlds)
    for name in ("here", "home"):
        (world / name).mkdir(parents=True)
    monkeypatch.chdir(world / "here")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(world / "home"))
    monkeypatch.setenv("TINYGRAD_W2V_CACHE", str(shared_folder))
    # Without it a small process takes half of its time to compile the package, each time.
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(shared_folder / "bytecode"))
    monkeypatch.setenv("MPLCONFIGDIR", str(shared_folder / "matplotlib"))
