"""Words that no text has: a few bytes of a compressed file unpack to gigabytes of one."""

from __future__ import annotations

import gzip
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v import LineSentence, Word2Vec
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.limits import LONGEST_WORD
from tinygrad_w2v.text import reading
from tinygrad_w2v.text.reading import CHUNK_BYTES, read_chunks, read_lines
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.text.tokenizing import tokenize

SIZE = 1 << 26
RULES = VocabularyRules(min_count=1)


def build(path, folder, tokenizer):
    open_corpus(path, TextSettings(tokenizer, rules=RULES), folder)


READERS = {
    "read_chunks": lambda path, folder: sum(map(len, read_chunks(path))),
    "LineSentence": lambda path, folder: sum(map(len, LineSentence(path))),
    "corpus_file": lambda path, folder: Word2Vec(min_count=1).build_vocab(corpus_file=path),
    "words": lambda path, folder: build(path, folder, "words"),
    "whitespace": lambda path, folder: build(path, folder, "whitespace"),
    "own": lambda path, folder: build(path, folder, lambda line: [line.split()]),
}


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    """66 kB that are one word of 64 MB, in the second line."""
    path = tmp_path_factory.mktemp("bomb") / "bomb.txt.gz"
    path.write_bytes(gzip.compress(b"you say\n" + b"a" * SIZE, 9))
    assert path.stat().st_size < SIZE / 900
    return path


@pytest.mark.parametrize("reader", READERS)
def test_one_word_is_refused(reader, bomb, tmp_path) -> None:
    tracemalloc.start()
    try:
        message = (
            r"has a word of more than 65,536 bytes(, | in line 2, )'aaaaaaaaaaaaaaaaaaaa'\.\.\."
        )
        with pytest.raises(InputError, match=message):
            READERS[reader](bomb, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < SIZE / 2
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\x0b", "\x1c", "\u3000", "\u2003", "\x85"])
def test_no_word_is_cut_at_any_blank(blank, tmp_path) -> None:
    """Also where words are parted by rare blanks only, and a line is longer than a piece."""
    words = [f"w{number:07}" for number in range(CHUNK_BYTES // 4)]
    path = tmp_path / "text.txt"
    path.write_text(blank.join(words), encoding="utf-8", newline="")
    assert "".join(read_chunks(path)).split() == words
    assert [word for line in read_lines(path) for word in line.split()] == words


def test_the_longest_words_are_words(tmp_path) -> None:
    for length, blank in ((LONGEST_WORD, " "), (LONGEST_WORD - 2, "\u3000")):
        path = tmp_path / "text.txt"
        text = blank.join(["猫" + "x" * (length - 3)] * 9)
        path.write_text(text, encoding="utf-8")
        assert "".join(read_chunks(path)).split() == text.split()
        assert sum(map(len, LineSentence(path))) == 9


def test_a_longer_word_anywhere(tmp_path) -> None:
    path = tmp_path / "text.txt"
    for before in (0, 1, 70_000, CHUNK_BYTES - 9, 3 * CHUNK_BYTES):
        for after in ("", " you\n", "\n" + "say " * CHUNK_BYTES):
            start = "a " * (before // 2)
            path.write_text(start + "b" * (LONGEST_WORD + 4) + after, encoding="utf-8")
            with pytest.raises(InputError, match=r"of more than 65,536 bytes in line 1, 'bbbbb"):
                list(read_chunks(path))
            with pytest.raises(InputError, match=r"text\.txt has a word of more than 65,536 bytes"):
                list(LineSentence(path))


def test_text_without_blanks_is_told_as_such(tmp_path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("吾輩は猫である名前はまだ無い" * 20_000, encoding="utf-8")
    with pytest.raises(InputError, match="mecab"):
        list(TextSettings("whitespace").chunks(path))
    with pytest.raises(InputError, match="mecab"):
        list(tokenize(read_lines(path), "words"))
    # A tokenizer that needs no blanks is given such a line, in parts.
    assert sum(len(s) for s in tokenize(read_lines(path), lambda line: [list(line)])) == 14 * 20_000


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12), max_size=24
    )
)
def test_chunks_are_cut_between_words_only(parts) -> None:
    text = "".join(parts)
    sizes = reading.CHUNK_BYTES, reading.LONGEST_WORD
    reading.CHUNK_BYTES, reading.LONGEST_WORD = 48, 24
    try:
        chunks = list(reading._decoded(io.BytesIO(text.encode()), "text", "strict", True))
    except InputError as error:
        assert "of more than 24 bytes" in str(error)
        assert max(len(word.encode()) for word in text.split()) > 24
    else:
        assert [word for chunk in chunks for word in chunk.split()] == text.split()
    finally:
        reading.CHUNK_BYTES, reading.LONGEST_WORD = sizes
