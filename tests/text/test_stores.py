"""Texts by pattern and by URL, and files in parts: the lines are those of the file."""

from __future__ import annotations

import bz2
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v.text import stores
from tinygrad_w2v.text.plan import plan_corpus
from tinygrad_w2v.text.reading import files_of, read_chunks, read_lines
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus

LINES = ["you say goodbye", "and i say hello", "", "猫 と 犬"]
TEXT = "\n".join(LINES) + "\n"


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.pipe({f"/texts/{n}.txt": TEXT.encode() for n in "ba"})
    store.pipe("/texts/.hidden", b"no")
    store.pipe("/texts/deep/c.txt", b"you say\n")
    yield store
    store.rm("/texts", recursive=True)


def test_a_pattern_is_its_files_by_name(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.md"):
        (tmp_path / name).write_text(name, "utf-8")
    (tmp_path / "folder.txt").mkdir()
    found = files_of(str(tmp_path / "*.txt"))
    assert [Path(path).name for path in found] == ["a.txt", "b.txt"]
    (tmp_path / "[x].txt").write_text("a file may have such a name", "utf-8")
    assert files_of([tmp_path / "[x].txt"]) == [tmp_path / "[x].txt"]
    with pytest.raises(InputError, match=r"\*\.doc matches no file"):
        files_of(str(tmp_path / "*.doc"))


def test_a_store_is_read_as_a_disk_is(memory, tmp_path: Path) -> None:
    assert list(read_lines("memory://texts/a.txt")) == LINES
    every = ["memory:///texts/a.txt", "memory:///texts/b.txt", "memory:///texts/deep/c.txt"]
    assert files_of("memory://texts") == every
    assert files_of(["memory://texts/*.txt"]) == every[:2]
    memory.pipe("/texts/b.txt", bz2.compress(TEXT.encode()))
    plan = plan_corpus("memory://texts/*.txt", folder=tmp_path)
    assert plan is not None and plan.words >= 2 * 9
    settings = TextSettings(rules=VocabularyRules(min_count=1))
    with open_corpus("memory://texts/*.txt", settings, tmp_path) as text:
        assert text.vocabulary.words[0] == "say"
        assert text.corpus.raw_words == 2 * 10
        with open_corpus("memory://texts/*.txt", settings, tmp_path) as again:
            assert again.reused
        memory.pipe("/texts/a.txt", TEXT.upper().encode())
        with open_corpus("memory://texts/*.txt", settings, tmp_path) as other:
            assert not other.reused


def test_a_url_of_a_file_trains_as_the_file(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    path = tmp_path / "say.txt"
    path.write_text(TEXT * 9, "utf-8")
    keywords = {"vector_size": 4, "min_count": 1, "engine": "numpy"}
    models = [tw.Word2Vec(corpus_file=where, **keywords) for where in (path, f"file://{path}")]
    assert (models[0].wv.vectors == models[1].wv.vectors).all()


@pytest.mark.parametrize(
    ("url", "error", "told"),
    [
        ("memory://nowhere/a.txt", InputError, "nowhere/a.txt does not exist"),
        ("memory://nowhere/*.txt", InputError, "matches no file"),
        ("nothing://a.txt", InputError, "is no URL of a store that fsspec knows"),
    ],
)
def test_what_is_not_there_is_one_line(url, error, told) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(error, match=told):
        list(read_lines(url))


def test_without_fsspec_one_line_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[ray\]'"):
        files_of("s3://texts/*.txt")


lines = st.text("ab \r猫\ufeff", max_size=12)


@given(st.lists(st.lists(lines, max_size=8), min_size=1, max_size=3), st.integers(1, 40))
def test_the_parts_of_files_are_their_lines(tmp_path_factory, files, size) -> None:
    folder = tmp_path_factory.mktemp("parts")
    paths = []
    for number, each in enumerate(files):
        paths.append(folder / f"{number}.txt")
        paths[-1].write_bytes("\n".join(each).encode())
    whole = b"".join(path.read_bytes() for path in paths)
    parts = stores.cut(paths, size)
    assert b"".join(stores.opened(part).read() for part in parts) == whole
    settings = TextSettings()
    words = []
    for path in paths:
        with suppress(InputError):  # of a file without text, which a part may be
            words += [word for piece in read_chunks(path) for word in piece.split()]
    assert [
        w
        for part in parts
        for piece in settings.chunks([part], begins=False)
        for w in piece.split()
    ] == words


def test_a_file_that_was_changed_since_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "say.txt"
    path.write_text(TEXT, "utf-8")
    part = stores.cut([path], 10)[1]
    path.write_text(TEXT * 2, "utf-8")
    with pytest.raises(InputError, match="must be the same file on all machines"):
        list(read_lines([part]))
