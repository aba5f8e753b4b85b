"""A private folder is one that nobody else can have written into: all else is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tinygrad_w2v._base import private
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.private import check_contents, private_folder, read_private, write_private

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
SOMEBODY = 12345


def test_what_is_made_is_for_the_user_alone(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "a" / "b")
    for path in (folder, folder.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert private_folder(folder) == folder


def test_what_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    for mode in (0o755, 0o750, 0o700, 0o711):
        tmp_path.chmod(mode)
        assert private_folder(tmp_path) == tmp_path
        assert stat.S_IMODE(tmp_path.stat().st_mode) == mode


def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert private_folder(Path("cache")) == tmp_path / "cache"


def opened(path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o777)


def a_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")


def a_link(path: Path) -> None:
    (path.parent / "target").mkdir(parents=True)
    path.symlink_to(path.parent / "target")


def a_ring(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to(path)


REFUSED: list[tuple[Callable[[Path], None], str, str]] = [
    (lambda p: opened(p / "cache"), "cache", r"cache may be written by others \(its mode is 0777"),
    (lambda p: opened(p / "up"), "up/cache", r"up may be written by others"),
    (lambda p: opened(p / "up"), "up/more/cache", r"up may be written by others"),
    (lambda p: a_file(p / "cache"), "cache", "cache is not a folder"),
    (lambda p: a_file(p / "up"), "up/cache", "cannot be used: Not a directory"),
    (lambda p: a_link(p / "x" / "cache"), "x/cache", "is not a folder; a link is not followed"),
    (lambda p: a_ring(p / "x" / "up"), "x/up/cache", "cannot be used: Too many levels"),
]


@pytest.mark.parametrize(("make", "name", "message"), REFUSED)
def test_what_is_refused(
    make: Callable[[Path], None], name: str, message: str, tmp_path: Path
) -> None:
    make(tmp_path)
    before = {p: p.lstat().st_mode for p in tmp_path.rglob("*")}
    with pytest.raises(InputError, match=message):
        private_folder(tmp_path / name)
    assert {p: p.lstat().st_mode for p in tmp_path.rglob("*")} == before


def test_a_link_above_is_fine_where_nobody_else_can_have_put_it(tmp_path: Path) -> None:
    """As of a cache that was moved to a larger disk; but not into a folder that others write."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    folder = private_folder(tmp_path / "home" / "cache")
    assert folder.resolve() == tmp_path / "disk" / "cache"
    (tmp_path / "disk").chmod(0o777)
    with pytest.raises(InputError, match="may be written by others"):
        private_folder(tmp_path / "home" / "cache")


def test_everybodys_folder_is_fine_above_where_only_owners_may_move_things(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)
    private_folder(tmp_path / "tmp" / "mine")
    with pytest.raises(InputError, match="may be written by others"):
        private_folder(tmp_path / "tmp")


def test_what_belongs_to_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_private(tmp_path / "file", b"text")
    monkeypatch.setattr(os, "getuid", lambda: SOMEBODY)
    with pytest.raises(InputError, match="belongs to somebody else"):
        private_folder(tmp_path)
    with pytest.raises(InputError, match="file belongs to somebody else"):
        check_contents(tmp_path)
    assert read_private(tmp_path / "file") is None


def test_a_group_of_ones_own_is_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o770)
    for own in (True, False):
        monkeypatch.setattr(private, "_is_own_group", lambda group, own=own: own)
        if own:
            assert private_folder(tmp_path) == tmp_path
        else:
            with pytest.raises(InputError, match="may be written by others"):
                private_folder(tmp_path)


def test_contents(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write_private(tmp_path / "deep" / "file", b"")
    check_contents(tmp_path)
    (tmp_path / "deep" / "file").chmod(0o666)
    tmp_path.chmod(0o700)
    check_contents(tmp_path)  # nobody else comes so far
    tmp_path.chmod(0o755)
    with pytest.raises(InputError, match="file may be written by others"):
        check_contents(tmp_path)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert read_private(path) is None
    write_private(path, b"one")
    write_private(path, b"two")
    assert read_private(path) == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o602)
    assert read_private(path) is None
    path.unlink()
    os.mkfifo(path)
    assert read_private(path) is None
    write_private(path, b"three")
    assert read_private(path) == b"three"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(tmp_path / "file", b"text")
    assert list(tmp_path.iterdir()) == []
