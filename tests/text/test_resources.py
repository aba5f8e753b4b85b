import pytest

from tinygrad_w2v.text.resources import free_space, memory_limit

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


def test_space_of_a_folder_that_is_not_there(tmp_path):
    assert free_space(tmp_path / "a" / "b") > 0
