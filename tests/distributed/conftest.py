"""A Ray cluster on this machine: real processes and real transport between them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

STORE = 80 << 20  # bytes of shared memory of a node, the least that Ray takes


@pytest.fixture(scope="module")
def cluster(shared_folder: Path) -> Iterator[Any]:
    """A cluster with one node of two cores; more are added by the tests that need them.

    It ends with the tests of a file: as long as a process is connected, Ray writes of lost machines
    to its standard output, which other tests read. (To pytest this folder is no package, without
    `__init__.py`, so that a fixture of a package's would end with the session.)
    """
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    home = tempfile.mkdtemp(prefix="r")  # short, as the names of sockets begin with it
    token = "0123456789abcdef" * 4
    ours = {
        "HOME": home,
        "TINYGRAD_W2V_CACHE": str(shared_folder),
        "RAY_AUTH_TOKEN": token,
        "RAY_AUTH_MODE": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TQDM_PATCH_PRINT": "0",
    }
    before = dict(os.environ)
    os.environ.update(ours)
    import ray
    from ray._raylet import Config
    from ray.cluster_utils import Cluster

    Config.initialize("")  # looks at these variables again, if an earlier test has imported Ray

    head = {
        "num_cpus": 2,
        "object_store_memory": STORE,
        "include_dashboard": False,
        "temp_dir": home,
    }
    made = Cluster(initialize_head=True, head_node_args=head)
    made.environment = ours
    # Once, as each driver that connects has processes of its own, which take seconds to begin.
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.shutdown()
    os.environ.clear()
    os.environ.update(before)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def _environment_of_the_cluster(request: pytest.FixtureRequest, monkeypatch: Any) -> None:
    """What a driver has to know, for the tests that use the cluster."""
    if "cluster" in request.fixturenames:
        for name, value in request.getfixturevalue("cluster").environment.items():
            if name.startswith("RAY_"):
                monkeypatch.setenv(name, value)
