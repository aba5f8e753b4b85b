"""The manifests of examples/many_machines are what Kubernetes and Ray's launcher read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "many_machines"


def read(name: str) -> list[Any]:
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def test_the_manifest_of_kuberay_has_a_head_workers_and_a_token() -> None:
    claim, manifest = read("kuberay.yaml")
    assert (manifest["apiVersion"], manifest["kind"]) == ("ray.io/v1", "RayCluster")
    spec = manifest["spec"]
    assert spec["authOptions"] == {"mode": "token"}
    pods = [g["template"]["spec"] for g in (spec["headGroupSpec"], *spec["workerGroupSpecs"])]
    images = {container["image"] for pod in pods for container in pod["containers"]}
    assert len(images) == 1, "the same versions on all machines"
    assert pods[0]["nodeSelector"] == pods[1]["nodeSelector"], "processors of one kind"
    (volume,) = pods[0]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


def test_the_file_of_the_launcher_starts_a_head_and_workers_with_a_token() -> None:
    (cluster,) = read("cluster.yaml")
    assert {"head_ip", "worker_ips"} < cluster["provider"].keys()
    for name in ("head_start_ray_commands", "worker_start_ray_commands"):
        assert "RAY_AUTH_MODE=token" in cluster[name][-1]


def test_the_launcher_takes_its_file() -> None:
    pytest.importorskip("jsonschema")
    util = pytest.importorskip("ray.autoscaler._private.util")
    (cluster,) = read("cluster.yaml")
    util.validate_config(util.prepare_config(cluster))


@pytest.mark.parametrize(("name", "lines"), [("cluster.yaml", 3), ("kuberay.yaml", 2)])
def test_lines_to_change_are_marked(name: str, lines: int) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text.count("  # yours") == lines
