import subprocess
import sys

import pytest

from tinygrad_w2v._base import memory
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.memory import memory_left, memory_limit, require_memory

MEMORY = "MemTotal:        1000 kB\nMemFree:          10 kB\n"


@pytest.fixture
def system(tmp_path):
    def make(**files):
        for name, text in {"proc/meminfo": MEMORY, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return memory_limit(tmp_path)

    return make


def test_the_machine_is_the_limit(system):
    assert system() == 1_024_000


def test_groups_of_version_2(system):
    cgroup = {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n"}
    assert system(**cgroup) == 1_024_000
    # The group around limits the inner one too.
    assert system(**cgroup, **{"sys/fs/cgroup/a/memory.max": "5000\n"}) == 5000


def test_a_container_sees_its_group_at_the_top(system):
    files = {"proc/self/cgroup": "0::/host/path\n", "sys/fs/cgroup/memory.max": "7000\n"}
    assert system(**files) == 7000


def test_groups_of_version_1(system):
    groups = "12:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n"
    place = "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes"
    assert system(**{"proc/self/cgroup": groups, place: "8000\n"}) == 8000
    # Without a limit there is a number that no machine has.
    assert system(**{place: "9223372036854771712\n"}) == 1_024_000


def test_what_is_left_on_the_machine(system, tmp_path):
    system()
    assert memory_left(tmp_path) == 1_024_000  # an old kernel, which does not say
    text = MEMORY + "MemAvailable:   600 kB\nSwapFree:  50 kB\nHugePages_Total:  0\n"
    system(**{"proc/meminfo": text})
    assert memory_left(tmp_path) == 650 * 1024


@pytest.mark.parametrize(
    ("group", "folder", "names"),
    [
        ("0::/a\n", "a", ("memory.max", "memory.current", "inactive_file")),
        (
            "4:memory:/a\n",
            "memory/a",
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ),
    ],
)
def test_what_is_left_in_a_group(system, tmp_path, group, folder, names):
    limit, used, files = names
    place = f"sys/fs/cgroup/{folder}"
    system(
        **{
            "proc/self/cgroup": group,
            f"{place}/{limit}": "5000\n",
            f"{place}/{used}": "4000\n",
            f"{place}/memory.stat": f"anon 100\n{files} 700\n",
        }
    )
    assert memory_left(tmp_path) == 5000 - (4000 - 700)
    system(**{f"{place}/{used}": "6000\n"})
    assert memory_left(tmp_path) == 0


def test_needs_are_held_against_what_is_left(monkeypatch):
    monkeypatch.setattr(memory, "memory_left", lambda: 200_000_000)
    require_memory(199_000_000, "the tables", "use less")
    with pytest.raises(InputError, match=r"^the tables need about 201\.0 MB of memory and 200\.0"):
        require_memory(201_000_000, "the tables", "use less")
    monkeypatch.setattr(memory, "memory_left", lambda: None)
    require_memory(1 << 60, "the tables", "use less")  # nothing is known: the system will say


@pytest.mark.process
def test_the_limit_of_a_process_counts():
    resource = pytest.importorskip("resource")
    code = (
        "import resource; limit = 3 << 30; resource.setrlimit(resource.RLIMIT_AS, (limit, limit));"
        "from tinygrad_w2v._base.memory import memory_left, memory_limit;"
        "assert memory_limit() <= limit, memory_limit(); assert memory_left() < limit"
    )
    assert resource
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
