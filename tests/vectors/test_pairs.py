"""Files that are read together: after a kill at any moment, the old pair or the new one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, WriteError
from tinygrad_w2v._base.files import Draft
from tinygrad_w2v.vectors import WordVectors, formats, pairs
from tinygrad_w2v.vectors.pairs import manifest_path

OLD = WordVectors(["you", "say", "hello"], np.eye(3, dtype=np.float32), counts=[3, 2, 1])
NEW = WordVectors(["i", "go"], 2 * np.eye(2, dtype=np.float32), counts=[9, 8])


def save_counted(vectors: WordVectors, path: Path) -> None:
    vectors.save_word2vec_format(path, fvocab=path.with_suffix(".vocab"))


def load_counted(path: Path) -> WordVectors:
    return WordVectors.load_word2vec_format(path, fvocab=path.with_suffix(".vocab"))


KINDS: dict[str, tuple[str, Callable, Callable]] = {
    "npy": ("v.npy", formats.save, formats.load),
    "mapped npy": ("v.npy", formats.save, lambda path: formats.load(path, mmap=True)),
    "projector": ("vectors.tsv", formats.save, formats.load),
    "packed projector": ("vectors.tsv.gz", formats.save, formats.load),
    "counted": ("v.txt", save_counted, load_counted),
}


@pytest.fixture(params=KINDS)
def kind(request, tmp_path):
    """The path of a pair, how it is written and read; the old one stands there."""
    name, save, load = KINDS[request.param]
    save(OLD, tmp_path / name)
    return tmp_path / name, save, load


def same(found: WordVectors, vectors: WordVectors) -> bool:
    return (
        found.index_to_key == vectors.index_to_key
        and found.vectors.tobytes() == vectors.vectors.tobytes()
        and np.array_equal(found.counts, vectors.counts)
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class Killed(BaseException):
    """Ends the writing as hard as one process can end itself."""


def kill_at(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """End it before the file of this number takes its name."""
    real, left = Draft.publish, [place]

    def publish(draft: Draft) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        real(draft)

    monkeypatch.setattr(Draft, "publish", publish)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_the_old_pair_or_the_new_one(place, kind, monkeypatch) -> None:
    path, save, load = kind
    before = names(path.parent)
    with monkeypatch.context() as patch:
        kill_at(patch, place)
        with pytest.raises(Killed):
            save(NEW, path)
    # The third file is the first that takes its name.
    assert manifest_path(path).exists() == (place > 1)
    assert same(load(path), NEW if place > 1 else OLD)
    save(OLD, path)
    assert same(load(path), OLD)
    assert names(path.parent) == before


def test_a_process_that_is_killed_at_the_very_end(kind, monkeypatch) -> None:
    path, save, load = kind
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *a, **o: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            save(NEW, path)
    assert manifest_path(path).exists()
    assert same(load(path), NEW)


def test_what_the_kill_left_and_another_program_changed_is_refused(kind, monkeypatch) -> None:
    path, save, load = kind
    with monkeypatch.context() as patch:
        kill_at(patch, 3)  # the words are new, the vectors old
        with pytest.raises(Killed):
            save(NEW, path)
    for part in path.parent.glob(f".{path.name}.*.part"):
        part.unlink()
    with pytest.raises(InputError, match=rf"{path.name}: is not the file that .*pair\.json knows"):
        load(path)
    manifest_path(path).unlink()
    save(NEW, path)
    assert same(load(path), NEW)


def test_an_error_after_which_the_new_pair_stands_is_no_loss(kind, monkeypatch) -> None:
    path, save, load = kind

    def refuse(draft: Draft) -> None:
        if ".pair." not in draft.target.name:
            raise WriteError("in use")
        real(draft)

    real = Draft.publish
    with monkeypatch.context() as patch:
        patch.setattr(Draft, "publish", refuse)
        with pytest.raises(WriteError, match="in use"):
            save(NEW, path)
    assert same(load(path), NEW)


def test_an_interrupt_at_the_moment_when_the_third_file_takes_its_name(kind, monkeypatch) -> None:
    path, save, load = kind
    real = Draft.publish

    def publish(draft: Draft) -> None:
        real(draft)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Draft, "publish", publish)
        with pytest.raises(KeyboardInterrupt):
            save(NEW, path)
    assert same(load(path), NEW)


def test_a_row_that_no_format_holds_leaves_the_old_pair(kind) -> None:
    path, save, _ = kind
    before = {each: each.read_bytes() for each in path.parent.iterdir()}
    table = np.array([[1, 2], [3, np.nan]], np.float32)
    bad = WordVectors.from_mapped(["a", "b"], table, counts=[1, 1])
    with pytest.raises(InputError, match="the vector of 'b' holds NaN"):
        save(bad, path)
    assert {each: each.read_bytes() for each in path.parent.iterdir()} == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"{}",
        json.dumps({"format": "another"}).encode(),
        json.dumps(
            {"format": pairs.FORMAT, "first": 1, "second": {"name": "v.words.tsv"}}
        ).encode(),
        b"[" * 99_999,
    ],
)
def test_a_third_file_of_somebody_else(content, tmp_path) -> None:
    path = tmp_path / "v.npy"
    formats.save(OLD, path)
    manifest_path(path).write_bytes(content)
    with pytest.raises(InputError, match=r"pair\.json: (is damaged|was written by another)"):
        formats.load(path)


def test_it_leads_nowhere_else(tmp_path) -> None:
    path, secret = tmp_path / "new" / "v.npy", tmp_path / "secret.npy"
    path.parent.mkdir()
    formats.save(OLD, path)
    formats.save(NEW, secret)
    other = {"name": "v.npy", "written_as": "../secret.npy", "sha256": pairs._digest(secret)}
    words = {"name": "v.words.tsv", "written_as": "x", "sha256": "0"}
    known = {"format": pairs.FORMAT, "first": other, "second": words}
    manifest_path(path).write_text(json.dumps(known), encoding="utf-8")
    with pytest.raises(InputError, match="is no name of a file beside it"):
        formats.load(path)


def test_words_may_be_edited_by_hand(tmp_path) -> None:
    """A pair that is in its place has no third file."""
    path = tmp_path / "v.npy"
    formats.save(OLD, path)
    assert names(tmp_path) == ["v.npy", "v.words.tsv"]
    words = tmp_path / "v.words.tsv"
    words.write_text(words.read_text(encoding="utf-8").replace("say", "said"), encoding="utf-8")
    assert formats.load(path).index_to_key == ["you", "said", "hello"]
