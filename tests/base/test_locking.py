"""One writer a folder, whoever asks, and however the one before ended."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tinygrad_w2v._base import locking
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.locking import NAME, FolderLock, InUseError

HOLD = """
import sys
from tinygrad_w2v._base.locking import FolderLock
lock = FolderLock(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
lock.release()
"""
# Waits for the folder, counts in it as only one may, and leaves: many times.
COUNT = """
import sys, time
from pathlib import Path
from tinygrad_w2v._base.locking import FolderLock, InUseError
folder, done = Path(sys.argv[1]), 0
while done < 60:
    try:
        with FolderLock(folder):
            count = folder / "count"
            number = int(count.read_text(encoding="ascii"))
            (folder / "alone").touch(exist_ok=False)
            time.sleep(0)
            count.write_text(str(number + 1), encoding="ascii")
            (folder / "alone").unlink()
        done += 1
    except InUseError:
        pass
"""


def child(program: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.process
def test_another_process_is_named_and_its_end_frees_the_folder(tmp_path) -> None:
    for end in (lambda process: process.stdin.close(), lambda process: process.kill()):
        with child(HOLD, tmp_path) as process:
            assert process.stdout.readline() == "held\n"
            pattern = rf"in use by process {process.pid} on .+, since \d{{4}}-\d\d-\d\dT[\d:]+"
            for _ in range(2):
                with pytest.raises(InUseError, match=pattern):
                    FolderLock(tmp_path)
            end(process)
            process.wait()
        with FolderLock(tmp_path):
            assert (tmp_path / NAME).exists()
        assert list(tmp_path.iterdir()) == []


@pytest.mark.process
def test_never_two_at_a_time_though_the_file_goes_each_time(tmp_path) -> None:
    (tmp_path / "count").write_text("0", encoding="ascii")
    processes = [child(COUNT, tmp_path) for _ in range(4)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * 4
    assert (tmp_path / "count").read_text(encoding="ascii") == "240"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_threads_of_one_process_are_kept_apart_too(tmp_path) -> None:
    problems: list[str] = []

    def take() -> None:
        try:
            FolderLock(tmp_path)
        except InUseError as error:
            problems.append(str(error))

    with FolderLock(tmp_path):
        threads = [threading.Thread(target=take) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(problems) == 3
        assert f"process {os.getpid()} on " in problems[0]
        # Asking has not let go of what is held, as closing a file does with a process's locks.
        with child(HOLD, tmp_path) as process:
            process.stdin.close()
            assert process.stdout.read() == ""
    with FolderLock(tmp_path / "."):
        pass


def test_a_copy_of_it_in_a_fork_lets_nothing_go(tmp_path) -> None:
    with FolderLock(tmp_path) as lock:
        lock._process = -1  # the process is another one
        lock.release()
        assert (tmp_path / NAME).exists()
        lock._process = os.getpid()
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("holder", ["", "[]", "{", '{"process": "x"}', "\x1b[2J", '{"process": 1}'])
def test_whatever_stands_in_the_file_the_answer_is_one_line(holder) -> None:
    assert locking._told(holder) == "another process"
    forged = '{"process": 1, "host": "a\\n\\u001b[2Jb", "since": "now"}'
    assert locking._told(forged) == "process 1 on a\\n\\x1b[2Jb, since now"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_said(number, tmp_path, monkeypatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locking, "_lock", refuse)
    said: list[str] = []
    with FolderLock(tmp_path, said.append):
        # Its own process can still be asked.
        with pytest.raises(InUseError):
            FolderLock(tmp_path)
    assert len(said) == 1
    assert re.match(r"note: the file system of .* has no locks: make sure that nobody", said[0])
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_locked_is_said(tmp_path, monkeypatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(locking, "_lock", refuse)
        with pytest.raises(InputError, match=r"\.lock cannot be locked: Input/output error"):
            FolderLock(tmp_path)
    with pytest.raises(FileNotFoundError):
        FolderLock(tmp_path / "gone")
    with FolderLock(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such files")
def test_a_planted_link_or_pipe_is_not_followed(tmp_path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept", encoding="utf-8")
    (tmp_path / NAME).symlink_to(victim)
    with pytest.raises(InputError, match="cannot be locked"):
        FolderLock(tmp_path)
    assert victim.read_text(encoding="utf-8") == "kept"
    (tmp_path / NAME).unlink()
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(InputError, match="is no file; remove it"):
        FolderLock(tmp_path)


@pytest.mark.process
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no such signal")
def test_what_a_killed_process_left_is_taken_over(tmp_path) -> None:
    with child(HOLD, tmp_path) as process:
        process.stdout.readline()
        process.kill()
    assert (tmp_path / NAME).exists()
    with FolderLock(tmp_path):
        assert f'"process": {os.getpid()},' in (tmp_path / NAME).read_text(encoding="ascii")
    assert list(tmp_path.iterdir()) == []
