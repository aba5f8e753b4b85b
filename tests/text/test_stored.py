import gzip
import hashlib
import io
import os
import shutil
import types

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text import plan, stored
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.text.reading import read_lines
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.tokenizing import tokenize

TEXT = "You say goodbye.\nand I say hello, and I say hello\n\nyou\n"
SETTINGS = TextSettings(rules=VocabularyRules(min_count=1))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def digest_of(path):
    return hashlib.sha256(hashlib.sha256(path.read_bytes()).digest()).hexdigest()


@pytest.mark.parametrize("tokenizer", ["whitespace", "words"])
@pytest.mark.parametrize("lower", [True, False])
def test_as_in_memory(path, tmp_path, tokenizer, lower):
    settings = TextSettings(tokenizer, lower, rules=VocabularyRules(1))
    vocabulary, corpus = build_corpus(tokenize(read_lines(path), tokenizer, lower), 1)
    folder = tmp_path / "new" / "ids"
    with open_corpus(path, settings, folder) as text:
        assert text.vocabulary.words == vocabulary.words
        np.testing.assert_array_equal(text.corpus.ids, corpus.ids)
        np.testing.assert_array_equal(text.corpus.offsets, corpus.offsets)
        assert text.corpus.raw_words == corpus.raw_words
        assert not text.corpus.ids.flags.writeable and not text.reused
        assert text.folder.parent == folder and text.digest == digest_of(path)
    assert list(folder.iterdir()) == []
    # A run that is over still has what it holds.
    np.testing.assert_array_equal(text.corpus.ids, corpus.ids)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("limit", [None, 2])
def test_the_digest_is_of_the_files_on_the_disk(pack, limit, path, tmp_path):
    """Hashed as they are read, also where a bounded vocabulary reads them twice."""
    path.write_bytes(pack(TEXT.encode() * 50))
    rules = VocabularyRules(1, max_vocab_size=limit)
    digest = digest_of(path)
    with open_corpus([path, path], TextSettings(rules=rules), tmp_path / "ids") as text:
        one = hashlib.sha256(path.read_bytes()).digest()
        assert text.digest == hashlib.sha256(one + one).hexdigest() != digest
        assert text.corpus_digest == text.corpus.digest(text.vocabulary)


def test_a_stopped_run_leaves_what_its_resume_finds(path, tmp_path):
    folder = tmp_path / "ids"
    with pytest.raises(KeyboardInterrupt), open_corpus(path, SETTINGS, folder, keep=True) as first:
        raise KeyboardInterrupt
    with open_corpus([path], SETTINGS, folder, keep=True) as second:
        assert second.reused and second.folder == first.folder
        np.testing.assert_array_equal(second.corpus.ids, first.corpus.ids)
        assert second.vocabulary.words == first.vocabulary.words
    assert list(folder.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), open_corpus(path, SETTINGS, folder):
        raise KeyboardInterrupt
    assert list(folder.iterdir()) == []


def test_another_text_or_setting_is_not_reused(path, tmp_path):
    folder = tmp_path / "ids"
    first = open_corpus(path, SETTINGS, folder)
    path.write_text(TEXT.replace("you", "You"), encoding="utf-8")
    others = [
        open_corpus(path, SETTINGS, folder),
        open_corpus(path, TextSettings(lower=True, rules=SETTINGS.rules), folder),
        open_corpus(path, TextSettings(rules=VocabularyRules(2)), folder),
    ]
    assert not any(other.reused for other in others)
    assert len({str(text.folder) for text in [first, *others]}) == 4
    rule = TextSettings(rules=VocabularyRules(1, trim_rule=lambda *_: 0))
    assert not any(open_corpus(path, rule, folder).reused for _ in range(2))


def test_a_text_with_another_date_is_read_again(path, tmp_path):
    """Also one of the same size whose date was set back."""
    folder = tmp_path / "ids"
    first = open_corpus(path, SETTINGS, folder)
    state = path.stat()
    os.utime(path)
    same = open_corpus(path, SETTINGS, folder)
    assert not same.reused and same.digest == first.digest
    assert same.corpus_digest == first.corpus_digest
    path.write_text(TEXT.replace("hello", "HELLO"), encoding="utf-8")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    other = open_corpus(path, SETTINGS, folder)
    if os.name == "posix":  # where a change of the date is a change that has a date
        assert not other.reused and other.digest != first.digest


@pytest.mark.parametrize("name", ["ids", "offsets", "vocabulary.json", "corpus.json"])
@pytest.mark.parametrize("damage", [b"", b"\xff", None])
def test_damaged_files_are_made_again(path, tmp_path, name, damage):
    first = open_corpus(path, SETTINGS, tmp_path / "ids")
    ids = first.corpus.ids.copy()
    victim = first.folder / name
    if damage is None:
        victim.unlink()
    else:
        data = victim.read_bytes()
        victim.unlink()
        # Shorter, or as long as before with one byte changed.
        victim.write_bytes(damage and damage + data[1:])
    with open_corpus(path, SETTINGS, tmp_path / "ids") as second:
        assert not second.reused
        np.testing.assert_array_equal(second.corpus.ids, ids)


def test_standard_input_is_read_once(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
    with open_corpus("-", SETTINGS, tmp_path) as text:
        assert text.digest is None and text.corpus.sentences == 3
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
    bounded = TextSettings(rules=VocabularyRules(1, max_vocab_size=2))
    with pytest.raises(InputError, match="read only once"):
        open_corpus("-", bounded, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_killed_runs_left_goes_after_a_day(path, tmp_path):
    folders = [tmp_path / name for name in ("w2v-corpus-a.part", "w2v-corpus-b.part", "mine.part")]
    for folder in folders:
        folder.mkdir()
        (folder / "ids").write_bytes(b"1234")
    for folder in (folders[0], folders[2]):
        os.utime(folder, (0, 0))
    open_corpus(path, SETTINGS, tmp_path).remove()
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_space_is_asked_first(path, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "free_space", lambda folder: 30)
    with pytest.raises(InputError, match=r"the ids need \d+ bytes of disk and .* 30 bytes free"):
        open_corpus(path, SETTINGS, tmp_path / "ids")
    assert list((tmp_path / "ids").iterdir()) == []


def test_errors_leave_nothing(path, tmp_path):
    folder = tmp_path / "ids"
    with pytest.raises(InputError, match="min_count 9 leaves 0"):
        open_corpus(path, TextSettings(rules=VocabularyRules(9)), folder)
    with pytest.raises(InputError, match=r"none\.txt does not exist"):
        open_corpus(tmp_path / "none.txt", SETTINGS, folder)
    path.write_text("吾輩は猫である。名前はまだ無い。" * 9, encoding="utf-8")
    with pytest.raises(InputError, match="Japanese or Chinese"):
        open_corpus(path, SETTINGS, folder)
    assert list(folder.iterdir()) == []


def test_plan_is_near(tmp_path):
    rng = np.random.default_rng(0)
    ids = np.exp(rng.random(300_000) * np.log(30_000)).astype(int)
    lines = [" ".join(f"w{n}" for n in ids[a : a + 10]) for a in range(0, len(ids), 10)]
    text = "\n".join(lines).encode()
    types = len(set(ids))
    (tmp_path / "a.txt").write_bytes(text)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text))
    for name in ("a.txt", "a.txt.gz"):
        found = plan.plan_corpus(tmp_path / name, SETTINGS, tmp_path)
        assert found.text_bytes == pytest.approx(len(text), rel=0.3)
        assert found.words == pytest.approx(300_000, rel=0.3)
        assert found.types == pytest.approx(types, rel=0.5)
        assert found.disk == 4 * found.words + 8 * (found.sentences + 1)
        assert found.disk_free > 0 and found.warning() is None
        assert "memory about" in str(found)
    limited = TextSettings(rules=VocabularyRules(1, 100, max_vocab_size=1000))
    bounded = plan.plan_corpus(tmp_path / "a.txt", limited, tmp_path)
    assert bounded.vocabulary == 100 and bounded.memory < found.memory
    assert plan.plan_corpus("-") is None
    with pytest.raises(InputError, match="does not exist"):
        plan.plan_corpus(tmp_path / "none.txt")
    shutil.rmtree(tmp_path / "ids", ignore_errors=True)


def test_rows_of_another_version_are_not_ours(path, tmp_path, monkeypatch):
    first = open_corpus(path, SETTINGS, tmp_path / "ids")
    monkeypatch.setattr(stored, "VERSION", stored.VERSION + 1)
    assert stored._load(first.folder) is None


@pytest.mark.parametrize("change", ["cut short", "replaced"])
def test_a_text_that_changes_is_not_kept_under_the_digest_of_another(
    change, path, tmp_path, monkeypatch
):
    """Between the digest and the reading, when nothing else would see it."""
    real = stored.plan_corpus

    def changing(*arguments, **options):
        plan = real(*arguments, **options)
        if change == "cut short":
            os.truncate(path, 20)
        else:
            other = tmp_path / "other"
            other.write_text("hello hello you you\n", encoding="utf-8")
            other.replace(path)
        return plan

    monkeypatch.setattr(stored, "plan_corpus", changing)
    with pytest.raises(InputError, match="the text was changed while it was read"):
        open_corpus(path, SETTINGS, tmp_path / "ids")
    assert list((tmp_path / "ids").iterdir()) == []


@pytest.mark.parametrize("facts", ["[" * 99_999, '{"ids": 1e999}', '{"ids": NaN}', "[]"])
def test_facts_that_cannot_be_are_not_ours(facts, path, tmp_path):
    first = open_corpus(path, SETTINGS, tmp_path / "ids")
    (first.folder / "corpus.json").write_text(facts, encoding="utf-8")
    assert stored._load(first.folder) is None
