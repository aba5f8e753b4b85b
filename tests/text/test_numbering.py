import errno
import io

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text import numbering, reading
from tinygrad_w2v.text import rows as rows_module
from tinygrad_w2v.text.corpus import build_corpus, corpus_of, encode_corpus
from tinygrad_w2v.text.numbering import encode_words, number_words
from tinygrad_w2v.text.rows import CorpusRows, GrowingRow
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.sentences import LineSentence

# Letters that lower-case by what stands beside them, blanks beyond ASCII, bytes of all lengths.
TEXT = st.text(st.sampled_from("abAΣİß日🙂 \t\r\u3000\xa0\x1c\0\n\n"), max_size=80)


def empty_rows():
    return CorpusRows()


def assert_equal(corpus, other):
    np.testing.assert_array_equal(corpus.ids, other.ids)
    np.testing.assert_array_equal(corpus.offsets, other.offsets)
    assert corpus.raw_words == other.raw_words
    assert corpus.ids.dtype == np.int32 and corpus.offsets.dtype == np.int64


@given(TEXT, st.booleans(), st.lists(st.integers(0, 80), max_size=5), st.integers(1, 3))
def test_text_is_cut_as_its_lines_are(text, lower, cuts, min_count):
    lines = [(line.lower() if lower else line).split() for line in text.split("\n")]
    sentences = [line for line in lines if line]
    # Cut after blanks, as text is read.
    cuts = sorted({cut for cut in cuts if cut < len(text) and text[cut - 1 : cut].isspace()})
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    rows = empty_rows()
    rules = VocabularyRules(min_count)

    def read():
        return map(str.lower, pieces) if lower else iter(pieces)

    try:
        vocabulary, expected = build_corpus(sentences, min_count)
    except InputError as error:
        with pytest.raises(InputError) as caught:
            number_words(read, rows, rules)
        assert str(caught.value) == str(error)
        return
    again = number_words(read, rows, rules)
    assert again.words == vocabulary.words
    np.testing.assert_array_equal(again.counts, vocabulary.counts)
    assert_equal(corpus_of(rows), expected)
    encoded = empty_rows()
    encode_words(read(), encoded, vocabulary)
    assert_equal(corpus_of(encoded), expected)
    bounded = empty_rows()
    number_words(read, bounded, VocabularyRules(1, max_vocab_size=1000))
    assert bounded.raw_words == expected.raw_words


@given(st.binary(max_size=60), st.integers(4, 12))
@example(b"\xef\xbb\xbf", 4)
@example(b"\xef\xbb\xbfa \n", 4)
def test_chunks_are_the_text(data, size):
    data = data.replace(b"\0", b" ")
    chunk_bytes, reading.CHUNK_BYTES = reading.CHUNK_BYTES, size
    try:
        text = "".join(reading._decoded(io.BytesIO(data), "text", "replace", True))
        lines = list(reading._lines(reading._decoded(io.BytesIO(data), "text", "replace", False)))
    finally:
        reading.CHUNK_BYTES = chunk_bytes
    assert text.endswith("\n") or not data or data == b"\xef\xbb\xbf"
    if len(data) < size:
        cut = [line.split() for line in text.split("\n")]
        assert [words for words in cut if words] == [line.split() for line in lines if line.strip()]
    try:
        decoded = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return
    assert text == decoded + ("\n" if decoded and not decoded.endswith("\n") else "")


def test_a_line_longer_than_a_chunk_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_BYTES", 16)
    path = tmp_path / "text"
    path.write_text("you say goodbye " * 50 + "\nand i say hello", encoding="utf-8")
    rows = empty_rows()
    number_words(lambda: reading.read_chunks(path), rows, VocabularyRules(1))
    assert np.diff(rows.offsets.array()).tolist() == [150, 4]


def test_wrong_bytes_in_a_chunk_are_placed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfgood\nb\xe9d\n")
    with pytest.raises(InputError, match="not UTF-8 in line 2: byte 0xe9 at byte offset 9"):
        list(reading.read_chunks(path))
    path.write_bytes(b"one\ntwo\nth\0ree\n")
    with pytest.raises(InputError, match="NUL byte in line 3"):
        list(reading.read_chunks(path))
    path.write_bytes(b"\n \n")
    with pytest.raises(InputError, match="is empty"):
        list(reading.read_chunks(path))


@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8), max_size=12),
    st.integers(1, 3),
    st.integers(1, 5),
)
def test_blocks_and_files_change_nothing(tmp_path_factory, sentences, min_count, block):
    try:
        vocabulary, expected = build_corpus(sentences, min_count)
    except InputError:
        return
    folder = tmp_path_factory.mktemp("rows")
    whole, rows_module.BLOCK = rows_module.BLOCK, block
    chunk, numbering.CHUNK_WORDS = numbering.CHUNK_WORDS, block
    try:
        again, corpus = build_corpus(sentences, min_count, folder=folder)
        encoded = encode_corpus(sentences, vocabulary, folder=folder)
        limited, bounded = build_corpus(sentences, min_count, max_vocab_size=8, folder=folder)
    finally:
        rows_module.BLOCK, numbering.CHUNK_WORDS = whole, chunk
    assert again.words == limited.words == vocabulary.words
    for other in (corpus, encoded, bounded):
        assert_equal(other, expected)
    assert list(folder.iterdir()) == []


def test_windows_of_a_mapped_corpus(tmp_path):
    rng = np.random.default_rng(0)
    sentences = [[f"w{n}" for n in rng.integers(0, 50, length)] for length in (40, 1, 3000, 7)]
    vocabulary, corpus = build_corpus(sentences, 1)
    _, mapped = build_corpus(sentences, 1, folder=tmp_path)
    assert isinstance(mapped.ids.base, np.memmap) and type(mapped.ids) is np.ndarray
    settings = WindowSettings(negative=2, batch_size=64)
    for (batch, words), (other, other_words) in zip(
        WindowSource(corpus, vocabulary.counts, settings).batches(0),
        WindowSource(mapped, vocabulary.counts, settings).batches(0),
        strict=True,
    ):
        assert words == other_words
        for row, other_row in zip(batch, other, strict=True):
            np.testing.assert_array_equal(row, other_row)


def test_words_must_be_strings():
    with pytest.raises(InputError, match="a word must be a string, but 1 is int"):
        build_corpus([[1, 2], [1, 2]], min_count=1)


def test_a_full_disk_is_named():
    class Full(io.BytesIO):
        name = "/data/ids"

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError, match=r"the disk is full: /data/ids .* another folder"):
        GrowingRow(np.int32, Full()).append(np.arange(3))


def test_line_sentences_are_read_as_text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("You say goodbye\n\nand I say hello\n" * 3, encoding="utf-8")

    class Lower(LineSentence):
        def __iter__(self):
            return ([word.lower() for word in sentence] for sentence in super().__iter__())

    with path.open(encoding="utf-8") as file:
        for sentences, whole in (
            (LineSentence(path), True),
            (LineSentence(path, max_sentence_length=2), False),
            (LineSentence(path, limit=4), False),
            (LineSentence(file), False),
            (Lower(path), False),
        ):
            assert isinstance(next(sentences.chunks()), str) is whole
            vocabulary, expected = build_corpus(list(sentences), 1)
            again, corpus = build_corpus(sentences, 1)
            assert again.words == vocabulary.words
            assert_equal(corpus, expected)
            assert_equal(encode_corpus(sentences, vocabulary), expected)
