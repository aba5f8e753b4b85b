import errno
import io
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tinygrad_w2v._base.errors import InputError, WriteError
from tinygrad_w2v._base.files import (
    check_target,
    check_writable_folder,
    half_written,
    safe_write,
    unchanged,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="the system has no such files")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_is_utf8_with_unix_line_ends(tmp_path):
    with safe_write(tmp_path / "a.txt") as file:
        file.write("日本\n語\n")
    assert (tmp_path / "a.txt").read_bytes() == "日本\n語\n".encode()
    assert names(tmp_path) == ["a.txt"]


def test_bytes(tmp_path):
    with safe_write(tmp_path / "a.bin", "wb") as file:
        file.write(b"\x00\r\n")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\r\n"


def test_target_is_untouched_until_the_end(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")
    with safe_write(target) as file:
        file.write("new")
        file.flush()
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_keeps_the_old_file_and_leaves_no_other(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(error), safe_write(target) as file:
        file.write("half")
        raise error
    assert target.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_symbolic_link_is_written_through(tmp_path):
    (tmp_path / "data").mkdir()
    real, link = tmp_path / "data" / "real.txt", tmp_path / "link.txt"
    real.write_text("old", encoding="utf-8")
    link.symlink_to(real)
    with safe_write(link) as file:
        file.write("new")
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == "new"


def test_permissions(tmp_path):
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("", encoding="utf-8")
    old.chmod(0o640)
    umask = os.umask(0o022)
    try:
        for target in (new, old):
            with safe_write(target) as file:
                file.write("x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o644
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_errors_name_the_reason(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    cases = {
        tmp_path: "it is a folder",
        tmp_path / "missing" / "a.txt": "does not exist",
        tmp_path / "file" / "a.txt": "not a folder|File exists",
    }
    for path, reason in cases.items():
        with pytest.raises(InputError, match=reason), safe_write(path) as file:
            file.write("x")
    assert names(tmp_path) == ["file"]
    with pytest.raises(ValueError, match="mode"), safe_write(tmp_path / "b", "a"):
        pass


def test_folder_that_may_not_be_written(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("os.open", refuse)
        with pytest.raises(InputError, match="no permission"), safe_write(tmp_path / "a"):
            pass
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"cannot write into the folder .* no permission"):
        check_writable_folder(tmp_path)


def test_failed_replace_is_clear(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(WriteError, match="cannot replace"), safe_write(tmp_path / "a") as file:
        file.write("x")
    assert names(tmp_path) == []


def test_check_writable_folder(tmp_path):
    assert check_writable_folder(str(tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert check_writable_folder(tmp_path / "a" / "b").is_dir()
    assert names(tmp_path / "a" / "b") == []
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="it is a file"):
        check_writable_folder(tmp_path / "file")
    with pytest.raises(InputError, match="not a folder"):
        check_writable_folder(tmp_path / "file" / "sub")


# ---------------------------------------------------------------------- what is no file
def read_end(path: Path, seen: list[bytes]) -> threading.Thread:
    thread = threading.Thread(target=lambda: seen.append(path.read_bytes()))
    thread.start()
    return thread


@POSIX
@pytest.mark.parametrize("mode", ["w", "wb"])
def test_a_pipe_is_written_into_and_stays_a_pipe(mode, tmp_path):
    pipe, seen = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = read_end(pipe, seen)
    with safe_write(pipe, mode) as file:
        file.write("words\n" if mode == "w" else b"words\n")
        file.seek(0)
        file.write("W" if mode == "w" else b"W")  # as formats do that know their header last
    reader.join()
    assert seen == [b"Words\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


@POSIX
def test_a_pipe_is_given_all_or_nothing(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(RuntimeError), safe_write(pipe) as file:
        file.write("half")
        raise RuntimeError
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@POSIX
def test_a_device_is_written_into_and_stays_one(tmp_path):
    null = tmp_path / "null"
    null.symlink_to("/dev/null")
    with safe_write(null) as file:
        file.write("gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert null.is_symlink()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_device_is_said():
    with pytest.raises(WriteError, match="cannot write /dev/full: the disk is full"):
        with safe_write("/dev/full") as file:
            file.write("x")


@POSIX
@pytest.mark.process
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_is_added_to_as_any_program_does(name, tmp_path):
    """`>>` opens the file at its end; replacing it, or opening it anew, would lose the rest."""
    if not Path(name).exists():
        pytest.skip(f"the system has no {name}")
    program = (
        "import sys; from tinygrad_w2v._base.files import safe_write\n"
        "sys.stdout.write('said ')\n"
        f"with safe_write({name!r}) as file: file.write('new')"
    )
    target = tmp_path / "log"
    target.write_text("old ", encoding="utf-8")
    with target.open("ab") as log:
        subprocess.run([sys.executable, "-c", program], stdout=log, check=True)
    assert target.read_text(encoding="utf-8") == "old said new"
    piped = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert piped.stdout == b"said new"


@POSIX
def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # as the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(InputError, match="no file but a device, a pipe or a socket"):
            with safe_write(tmp_path / "socket"):
                pass
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


def test_a_disk_is_refused(tmp_path, monkeypatch):
    disk, real = tmp_path / "disk", Path.stat

    def as_block_device(self, **options):
        found = real(self, **options)
        if self != disk:
            return found
        return os.stat_result([stat.S_IFBLK | 0o600, *list(found)[1:]])

    disk.touch()
    monkeypatch.setattr(Path, "stat", as_block_device)
    with pytest.raises(InputError, match="no file but a device"), safe_write(disk):
        pass


def test_links_to_nothing_and_to_themselves_are_refused(tmp_path):
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "loop").symlink_to("loop")
    for name, reason in (("dangling", "a link to .*elsewhere, which is not there"), ("loop", "")):
        with pytest.raises(InputError, match=f"cannot write .*{name}: .*{reason}"):
            with safe_write(tmp_path / name) as file:
                file.write("x")
    assert names(tmp_path) == ["dangling", "loop"]


def test_a_protected_file_is_refused(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o444)
    # Whoever may do all (root) is not stopped by permissions; what the system says is asked for.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="write-protected"), safe_write(target):
        pass
    monkeypatch.undo()
    assert check_target(target) == target
    assert target.read_text(encoding="utf-8") == "old"


# ---------------------------------------------------------------------- disks that are full
def test_a_disk_that_fills_up_is_said_and_the_old_file_stays(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.write_text("old", encoding="utf-8")

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=f"cannot write {target}: the disk is full; free some"):
        with safe_write(target) as file:
            file.write("x")
    assert target.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["a"]


@POSIX
@pytest.mark.parametrize("size", [3_000, 3_000_000], ids=["at the end", "on the way"])
@pytest.mark.parametrize("mode", ["w", "wb"])
def test_a_write_that_fails_is_said_and_the_old_file_stays(mode, size, tmp_path):
    import resource

    target = tmp_path / "a"
    target.write_text("old", encoding="utf-8")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(WriteError, match=f"cannot write {target}: File too large"):
            with safe_write(target, mode) as file:
                file.write("x" * size if mode == "w" else b"x" * size)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert target.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["a"]


# ---------------------------------------------------------------------- names, permissions
def test_the_longest_names(tmp_path):
    for name in ("a" * 255, "語" * 85):
        with safe_write(tmp_path / name) as file:
            file.write("x")
    assert len(names(tmp_path)) == 2


def test_the_umask_is_not_touched(tmp_path, monkeypatch):
    """It is the whole process's: two threads that set and restore it can leave it set."""
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask was set"))
    with safe_write(tmp_path / "a") as file:
        file.write("x")


def test_a_private_file_is_private_while_it_is_written(tmp_path):
    target = tmp_path / "a"
    target.touch()
    target.chmod(0o600)
    umask = os.umask(0)
    try:
        with safe_write(target):
            (part,) = half_written(target)
            assert stat.S_IMODE(part.stat().st_mode) == 0o600
    finally:
        os.umask(umask)
    assert half_written(target) == []


# ---------------------------------------------------------------------- files that change
def test_a_file_that_is_cut_short_while_it_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 99)
    with pytest.raises(InputError, match=r"it had 99 bytes, now 5\); start again"):
        with path.open("rb") as file, unchanged(file, "a"):
            file.read(10)
            os.truncate(path, 5)
    with path.open("rb") as file, unchanged(file, "a"):
        pass
    with unchanged(io.BytesIO(b"no file"), "a"):
        pass


def test_a_folder_without_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="the name of the folder is empty"):
        check_writable_folder("")
    with pytest.raises(InputError, match="it is a folder"):
        with safe_write("") as file:
            file.write("x")
