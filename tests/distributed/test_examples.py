"""The manifests of examples/many_machines are what Kubernetes and Ray's launcher read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "many_machines"


def read(name: str) -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def test_the_manifest_of_kuberay_has_a_head_workers_and_a_token() -> None:
    manifest = read("kuberay.yaml")
    assert (manifest["apiVersion"], manifest["kind"]) == ("ray.io/v1", "RayCluster")
    spec = manifest["spec"]
    assert spec["authOptions"] == {"mode": "token"}
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    images = {c["image"] for group in groups for c in group["template"]["spec"]["containers"]}
    assert len(images) == 1, "the same versions on all machines"


def test_the_file_of_the_launcher_starts_a_head_and_workers_with_a_token() -> None:
    cluster = read("cluster.yaml")
    assert cluster["max_workers"] == len(cluster["provider"]["worker_ips"])
    for name in ("head_start_ray_commands", "worker_start_ray_commands"):
        assert "RAY_AUTH_MODE=token" in cluster[name][-1]
