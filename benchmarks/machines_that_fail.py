"""Machines and drivers of a Ray cluster are killed in the middle of trainings: the same bytes?

    python benchmarks/machines_that_fail.py --machines 20 --drivers 10

Several raylets on this machine are the cluster: real processes and real transport. In each run of
the first kind one of them, never the driver's, is killed (`kill -9`) before a random round, and
another takes its place afterwards; in each of the second kind the driver is, at a random moment
after its first checkpoint, and the run goes on by `--resume`. Every end is compared with the
deterministic engine on one machine. Exits with 1 if a byte differs.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STORE = 80 << 20  # bytes of shared memory of a node
FLAGS = "--size 100 --min-count 1 --sample 0 --shards 6 --seed 3 --epochs 2 --quiet".split()


def text_at(folder: Path, words: int) -> Path:
    """Write a text of random words."""
    drawn = random.Random(0)
    names = [f"w{number}" for number in range(1500)]
    weights = [1 / (number + 3) for number in range(1500)]
    lines = (" ".join(drawn.choices(names, weights, k=20)) for _ in range(words // 20))
    path = folder / "text.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def train(text: Path, output: Path, *options: Any) -> list[str]:
    """Return the command of a training."""
    command = [sys.executable, "-m", "tinygrad_w2v", "train", str(text), *FLAGS]
    return [*command, "--output", str(output), *map(str, options)]


def digest(output: Path) -> str:
    """Return the hash of what was learned."""
    return hashlib.sha256((output / "vectors.txt").read_bytes()).hexdigest()[:16]


def node_of(cluster: Any) -> Any:
    """Return a new node; on a busy machine Ray gives up waiting for one, and is asked again."""
    for attempt in range(5):
        try:
            return cluster.add_node(num_cpus=1, object_store_memory=STORE)
        except Exception:
            if attempt == 4:  # busy for long
                raise
    raise AssertionError("the last attempt returns or raises")


def machine_killed(cluster: Any, node: Any, text: Path, seed: int) -> tuple[str, str]:
    """Train on Ray while a node is killed; return what was learned, and when it was killed."""
    from tinygrad_w2v.cli import main
    from tinygrad_w2v.distributed.engine import RayRun

    output, computed = text.parent / "killed", RayRun._computed
    killed_at, rounds = random.Random(seed).randrange(2, 40), itertools.count()

    def killing(self: Any, *given: Any) -> Any:
        if next(rounds) == killed_at:
            os.kill(node.all_processes["raylet"][0].process.pid, signal.SIGKILL)
        return computed(self, *given)

    RayRun._computed = killing
    try:
        words = train(text, output, "--engine", "ray", "--ray-address", cluster.address)
        main([*words[3:], "--overwrite"])
    finally:
        RayRun._computed = computed
    return digest(output), f"round {killed_at} of {next(rounds)}"


def driver_killed(cluster: Any, text: Path, seed: int) -> tuple[str, str]:
    """Train on Ray, kill the driver, and go on; return what was learned, and when it was."""
    output = text.parent / f"driver{seed}"
    often = "--checkpoint-minutes", 0.01
    words = train(text, output, "--engine", "ray", "--ray-address", cluster.address, *often)
    driver = subprocess.Popen(words)
    while not list(output.glob("checkpoints/checkpoint-*.npz")) and driver.poll() is None:
        time.sleep(0.05)
    moment = random.Random(seed).uniform(0, 2)
    time.sleep(moment)
    driver.kill()
    was = "killed" if driver.wait() == -signal.SIGKILL else "over before it was killed"
    kept = sorted(path.name for path in output.glob("checkpoints/checkpoint-*.npz"))
    if was == "killed":
        subprocess.run([*words[:4], "--output", str(output), "--resume", "--quiet"], check=True)
    return digest(output), f"{was} {moment:.1f} s after its first checkpoint, at {kept[-1:]}"


def main() -> int:
    """Run all, print a line each, and return how it ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=20, help="runs in which a raylet is killed")
    parser.add_argument(
        "--drivers", type=int, default=10, help="runs in which the driver is killed"
    )
    parser.add_argument("--nodes", type=int, default=3, help="how many there are as one is killed")
    parser.add_argument("--words", type=int, default=60_000)
    asked = parser.parse_args()
    home = tempfile.mkdtemp(prefix="r")  # short, as the names of sockets begin with it
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
    import ray
    from ray.cluster_utils import Cluster

    text = text_at(Path(home), asked.words)
    wrong = 0
    try:
        one = Path(home) / "one"
        options = "--engine", "compiled", "--deterministic"
        subprocess.run(train(text, one, *options), check=True)
        wanted = digest(one)
        print(f"one machine: {wanted}", flush=True)
        head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head | {"temp_dir": home})
        nodes = [node_of(cluster) for _ in range(asked.nodes - 2)]
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        for seed in range(asked.machines):
            nodes.append(node_of(cluster))
            found, when = machine_killed(cluster, nodes.pop(0), text, seed)
            wrong += found != wanted
            print(f"machine {seed + 1}: {found} killed before {when}", flush=True)
        for seed in range(asked.drivers):
            found, when = driver_killed(cluster, text, seed)
            wrong += found != wanted
            print(f"driver {seed + 1}: {found} {when}", flush=True)
        ray.shutdown()
        cluster.shutdown()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    runs = asked.machines + asked.drivers
    print(f"{runs - wrong} of {runs} runs with the bytes of one machine")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
