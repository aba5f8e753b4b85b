"""What can be wrong with a cluster is one line, before anything is trained."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import EngineWarning, InputError, MissingDependencyError

pytest.importorskip("numba")
from tinygrad_w2v.distributed import cluster
from tinygrad_w2v.distributed.cluster import Machine
from tinygrad_w2v.distributed.engine import _own_modules

if importlib.util.find_spec("ray") is None:
    pytest.skip("Ray is not installed", allow_module_level=True)

SENTENCES = [["you", "say", "hello"]] * 9
GB = 10**9
HERE = {"python": "3.11.7", "numpy": "2.2.0", "numba": "0.61.0", "tinygrad_w2v": "0.1.0"}
MACHINE = Machine("10.0.0.7", "a1", 4, 16 * GB, 4 * GB, HERE, "x86_64 zen4")


def on_ray(**keywords: Any) -> Any:
    return tw.Word2Vec(SENTENCES, vector_size=4, min_count=1, **{"engine": "ray"} | keywords)


def test_without_ray_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[ray\]'"):
        on_ray()


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"engine": "numpy", "shards": 4}, "shards are parts of a round that is merged: give eng"),
        ({"engine": "compiled", "shards": 4}, "give engine='ray' or deterministic=True, too"),
        ({"shards": 0}, "shards must be"),
        ({"shards": 2.5}, "shards must be"),
        ({"engine": "auto", "ray_address": "auto"}, "ray_address is where Ray computes: give eng"),
        ({"ray_address": "ray://there:10001"}, "a training runs on a machine of the cluster"),
        ({"ray_address": "there"}, "give HOST:PORT"),
        ({"ray_address": "there:99999"}, "give HOST:PORT"),
    ],
)
def test_what_cannot_be_is_refused(keywords: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        on_ray(**keywords)


def test_an_address_where_nothing_listens_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match=f"127.0.0.1:{port}, where no Ray answers in 10 s"):
        on_ray(ray_address=f"127.0.0.1:{port}")


def test_an_address_that_is_silent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWER", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts, and says nothing
        port = server.getsockname()[1]
        with pytest.raises(InputError, match="where no Ray answers"):
            on_ray(ray_address=f"127.0.0.1:{port}")


@pytest.mark.parametrize("name", HERE)
def test_other_versions_are_refused(name: str) -> None:
    other = MACHINE._replace(versions=HERE | {name: "1.0"})
    cluster.check_alike(HERE, MACHINE.processor, [MACHINE])
    with pytest.raises(InputError, match=f"the machine 10.0.0.7 has {name} 1.0, and this one"):
        cluster.check_alike(HERE, MACHINE.processor, [MACHINE, other])


def test_of_other_processors_one_is_warned() -> None:
    other = MACHINE._replace(processor="x86_64 skylake")
    with pytest.warns(EngineWarning, match="different processors .x86_64 skylake, x86_64 zen4"):
        cluster.check_alike(HERE, MACHINE.processor, [MACHINE, other])


def test_a_machine_that_is_too_small_is_refused_and_spilling_is_warned_of() -> None:
    cluster.check_room([MACHINE], shared=3 * GB, own=GB)
    with pytest.raises(InputError, match=r"10.0.0.7 needs about 19.0 GB, .* 4 processes, and has"):
        cluster.check_room([MACHINE], shared=3 * GB, own=4 * GB)
    with pytest.warns(EngineWarning, match="has 4.0 GB, and the tables on their way take about 5"):
        cluster.check_room([MACHINE], shared=5 * GB, own=GB)


def test_modules_of_a_user_are_sent_and_those_of_packages_are_not(tmp_path: Path) -> None:
    path = tmp_path / "my_models.py"
    path.write_text("import tinygrad_w2v as tw\nclass Mine(tw.Module):\n    pass\n", "utf-8")
    spec = importlib.util.spec_from_file_location("my_models", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["my_models"] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        outer = tw.Module()
        outer.parts = [module.Mine(), tw.SkipGram(3, 4)]
        source = tw.examples.Arrays({"x": np.zeros(3)})
        assert list(_own_modules([outer, source])) == [module]
    finally:
        del sys.modules["my_models"]


@pytest.fixture(autouse=True)
def _as_if_not_connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another test's cluster is none of these tests' business."""
    ray = sys.modules.get("ray")
    if ray is not None:
        monkeypatch.setattr(ray, "is_initialized", lambda: False)
    yield
