import os
import stat
from pathlib import Path

import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import check_writable_folder, safe_write


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

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(InputError, match="no permission"), safe_write(tmp_path / "a"):
        pass
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"cannot write into the folder .* no permission"):
        check_writable_folder(tmp_path)


def test_failed_replace_is_clear(tmp_path, monkeypatch):
    def refuse(self, target):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InputError, match="cannot replace"), safe_write(tmp_path / "a") as file:
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
