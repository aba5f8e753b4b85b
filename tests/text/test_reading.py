import bz2
import gzip
import io
import lzma
import os
import types

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text import reading
from tinygrad_w2v.text.reading import read_lines

TEXT = "You say goodbye\nand I say こんにちは.\n"
LINES = ["You say goodbye", "and I say こんにちは."]
PACKERS = {".txt": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.fixture
def stdin(monkeypatch):
    def feed(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(data)))

    return feed


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_every_kind_of_file(tmp_path, suffix, bom, line_end):
    path = tmp_path / f"corpus{suffix}"
    path.write_bytes(PACKERS[suffix](bom + TEXT.encode().replace(b"\n", line_end)))
    assert list(read_lines(path)) == LINES
    assert list(read_lines(str(path))) == LINES


def test_standard_input(stdin):
    stdin(TEXT.encode())
    assert list(read_lines("-")) == LINES
    stdin(b"")
    with pytest.raises(InputError, match="standard input is empty"):
        list(read_lines("-"))


def test_folder_and_list(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b/2.txt", "b/.hidden", ".git/config", "c.txt", "a.txt"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    assert list(read_lines(tmp_path)) == ["a.txt", "b/2.txt", "c.txt"]
    assert list(read_lines([tmp_path / "c.txt", tmp_path / "b"])) == ["c.txt", "b/2.txt"]


@pytest.mark.parametrize("errors", ["strict", "replace"])
def test_no_line_end_at_the_end(tmp_path, errors):
    path = tmp_path / "a"
    path.write_bytes(b"one\n\ntwo")
    assert list(read_lines(path, errors)) == ["one", "", "two"]


def test_invalid_utf8_names_the_place(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfgood\nb\xe9d\n")
    message = r"a\.txt is not UTF-8 in line 2: byte 0xe9 at byte offset 9; .*errors='replace'"
    with pytest.raises(InputError, match=message):
        list(read_lines(path))
    assert list(read_lines(path, "replace")) == ["good", "b\ufffdd"]
    with pytest.raises(InputError, match="errors must be"):
        list(read_lines(path, "ignore"))


def test_wrong_files_are_named(tmp_path):
    damaged = gzip.compress(TEXT.encode() * 100)
    cases = {
        "empty.txt": (b"", "is empty"),
        "blank.txt": (b" \r\n\n", "is empty"),
        "picture.png": (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8|binary"),
        "nul.bin": (b"abc\n\x00\x01", "binary file, not text: it has a NUL byte in line 2"),
        "wide.txt": ("a\n".encode("utf-16"), "UTF-16 text; convert it: iconv"),
        "short.gz": (damaged[:-20], "short.gz: the compressed data is damaged or cut off"),
        "flipped.gz": (damaged[:30] + b"\xff\x00\xff" + damaged[33:], "is damaged"),
        "short.bz2": (bz2.compress(TEXT.encode())[:-9], "reached; make it again"),
        "short.xz": (lzma.compress(TEXT.encode())[:-9], "data is damaged or cut off"),
    }
    for name, (data, message) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(InputError, match=message) as caught:
            list(read_lines(path))
        assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", PACKERS)
def test_compressed_files_are_known_by_their_bytes(tmp_path, suffix):
    for name, pack in PACKERS.items():
        path = tmp_path / f"{name[1:]}{suffix}"
        path.write_bytes(pack(TEXT.encode()))
        assert list(read_lines(path)) == LINES


def test_missing_and_forbidden(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"none\.txt does not exist"):
        list(read_lines(tmp_path / "none.txt"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="holds no files"):
        list(read_lines(tmp_path / "folder"))
    (tmp_path / "a.gz").write_bytes(b"")

    def refuse(file):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading, "decompressed", refuse)
    with pytest.raises(InputError, match="may not be read"):
        list(read_lines(tmp_path / "a.gz"))


def test_a_file_that_vanishes_from_a_folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    lines = read_lines(tmp_path)
    assert next(lines) == "a"
    (tmp_path / "b").unlink()
    with pytest.raises(InputError, match=r"b does not exist \(any more\)"):
        list(lines)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=30)))
@example(["", "", "00000000000000\u0800\U00010000\U00010000\U00010000\U00010000\U00010000"])
def test_long_lines_come_in_parts(parts):
    text = "x" + " ".join(parts)
    raw = text.encode()
    sizes = reading.LONGEST_PIECE, reading.CHUNK_BYTES
    reading.LONGEST_PIECE = reading.CHUNK_BYTES = 8
    try:
        chunks = reading._decoded(io.BytesIO(raw), "text", "strict", False)
        pieces = list(reading._lines(chunks))
    finally:
        reading.LONGEST_PIECE, reading.CHUNK_BYTES = sizes
    assert "".join(pieces) == text
    # What follows a blank waits for the next part, and may wait once more at a rare one.
    assert all(len(piece.encode()) <= 24 for piece in pieces)


LONG = ("You say goodbye and I say hello.\n" * 60_000).encode()


@pytest.mark.parametrize("read", [reading.read_lines, reading.read_chunks])
@pytest.mark.parametrize("suffix", [".txt", ".gz"])
@pytest.mark.parametrize("size", [0, 40_000, None])
def test_a_text_that_is_cut_short_or_grows_while_it_is_read(read, suffix, size, tmp_path):
    path = tmp_path / f"text{suffix}"
    path.write_bytes(LONG if suffix == ".txt" else gzip.compress(LONG, compresslevel=0))
    pieces = read(path)
    next(pieces)
    if size is None:
        with path.open("ab") as file:
            file.write(b"and so on\n" if suffix == ".txt" else gzip.compress(b"and so on\n"))
    else:
        os.truncate(path, size)
    with pytest.raises(InputError, match=rf"text{suffix}( was changed while|: .* is damaged)"):
        list(pieces)


def test_standard_input_that_is_a_file_is_looked_at_too(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_bytes(LONG)
    with path.open("rb") as file:
        monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=file))
        lines = read_lines("-")
        next(lines)
        os.truncate(path, 99)
        with pytest.raises(InputError, match="standard input was changed while it was read"):
            list(lines)


def test_a_text_that_is_left_before_its_end_may_change(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(LONG)
    lines = read_lines(path)
    next(lines)
    os.truncate(path, 99)
    lines.close()
