"""word2vec's formats: round trips, gensim on the other side, and what is malformed."""

import bz2
import gzip
import io
import lzma
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import WordVectors, formats
from tinygrad_w2v.vectors.source import Source
from tinygrad_w2v.vectors.word2vec_text import TextReader

word = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\v\f"), min_size=1
)
finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def load(path, data, **options):
    path.write_bytes(data)
    return WordVectors.load_word2vec_format(path, **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vectors"


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(word, unique=True, max_size=8), st.booleans(), st.booleans())
def test_round_trip(tmp_path_factory, data, words, binary, double):
    dtype = np.float64 if double and not binary else np.float32
    dim = data.draw(st.integers(1, 5))
    elements = st.floats(allow_nan=False, allow_infinity=False) if dtype == np.float64 else finite
    vectors = data.draw(arrays(dtype, (len(words), dim), elements=elements))
    path = tmp_path_factory.mktemp("word2vec") / "vectors"
    WordVectors(words, vectors).save_word2vec_format(path, binary=binary)
    read = WordVectors.load_word2vec_format(path, binary=binary, datatype=dtype)
    assert read.index_to_key == words
    assert read.vectors.dtype == dtype
    np.testing.assert_array_equal(read.vectors, vectors)


@pytest.fixture(scope="module")
def wv():
    rng = np.random.default_rng(0)
    words = ["naïve", "猫", "emoji👍", "a\u00a0b", "\u3000", *(f"w{i}" for i in range(200))]
    scale = 10.0 ** rng.integers(-20, 20, size=(205, 1))
    return WordVectors(words, (rng.normal(size=(205, 12)) * scale).astype(np.float32))


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_what_we_write(wv, path, binary):
    gensim = pytest.importorskip("gensim.models")
    wv.save_word2vec_format(path, binary=binary)
    read = gensim.KeyedVectors.load_word2vec_format(str(path), binary=binary)
    assert read.index_to_key == wv.index_to_key
    np.testing.assert_array_equal(read.vectors, wv.vectors)


@pytest.mark.parametrize("binary", [False, True])
def test_we_read_what_gensim_writes(wv, path, binary):
    gensim = pytest.importorskip("gensim.models")
    theirs = gensim.KeyedVectors(wv.vector_size)
    theirs.add_vectors(wv.index_to_key, wv.vectors)
    theirs.save_word2vec_format(str(path), binary=binary)
    read = WordVectors.load_word2vec_format(path, binary=binary)
    assert read.index_to_key == wv.index_to_key
    np.testing.assert_array_equal(read.vectors, wv.vectors)
    some = WordVectors.load_word2vec_format(path, binary=binary, limit=3)
    assert some.index_to_key == wv.index_to_key[:3]
    if binary:
        ours = path.with_suffix(".ours")
        wv.save_word2vec_format(ours, binary=True)
        assert ours.read_bytes() == path.read_bytes()


def test_files_of_other_programs(path):
    expected = [[1.0, 2.0], [3.0, -4.5]]
    for data in (
        b"2 2\na 1 2 \nb 3 -4.5 \n",  # word2vec.c, fastText: a blank at the end of lines
        b"2 2\r\na 1 2\r\nb 3 -4.5\r\n",
        b"2 2\na 1 2\nb 3 -4.5",
        b"2 2\na 1 2\nb 3 -4.5\n\n \n",
        b"\xef\xbb\xbf2 2\na 1.0 2e0\nb +3. -.45E1\n",
        b"2\t2\na\t1\t2\nb  3  -4.5\n",
        b" 2 2 \na 1 2\nb 3\t-4.5\n",
    ):
        read = load(path, data)
        assert read.index_to_key == ["a", "b"] and read.vectors.tolist() == expected, data
    assert load(path, b"a 1 2\nb 3 -4.5\n", no_header=True).vectors.tolist() == expected
    assert load(path, b"a 1 2\nb 3 -4.5", no_header=True, limit=1).index_to_key == ["a"]
    rows = [np.array(row, "<f4").tobytes() for row in expected]
    for end in (b"", b"\n"):
        read = load(path, b"2 2\na " + rows[0] + end + b"b " + rows[1] + end, binary=True)
        assert read.index_to_key == ["a", "b"] and read.vectors.tolist() == expected


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("binary", [False, True])
def test_compressed(wv, path, compress, binary):
    wv.save_word2vec_format(path, binary=binary)
    data = compress(path.read_bytes())
    read = load(path, data, binary=binary)
    np.testing.assert_array_equal(read.vectors, wv.vectors)
    with pytest.raises(InputError, match="damaged or cut off"):
        load(path, data[:-20], binary=binary)
    bomb = compress(b"999999999999 999999999\nword 1 2\n")
    with pytest.raises(InputError, match=r"line 2.*2 numbers" if not binary else "cut off"):
        load(path, bomb, binary=binary)


def test_chunks_of_any_size(wv, path, monkeypatch):
    for binary in (False, True):
        wv.save_word2vec_format(path, binary=binary)
        for size in (1, 7, 1000, 4096):
            monkeypatch.setattr("tinygrad_w2v.vectors.word2vec_text._CHUNK", size)
            monkeypatch.setattr("tinygrad_w2v.vectors.word2vec_binary._CHUNK", size)
            if size == 1:
                wv_small = WordVectors(wv.index_to_key[:9], wv.vectors[:9])
                wv_small.save_word2vec_format(path, binary=binary)
            read = WordVectors.load_word2vec_format(path, binary=binary)
            np.testing.assert_array_equal(read.vectors, wv.vectors[: len(read)])
            assert read.index_to_key == wv.index_to_key[: len(read)]
            wv.save_word2vec_format(path, binary=binary)
        with pytest.raises(InputError, match="goes on with"):
            load(path, path.read_bytes() + b"\n\nx", binary=binary)


MALFORMED = [
    (b"", "line 1, byte 0: '' is not the header"),
    (b"\n", "is not the header"),
    (b"a 1 2\nb 3 4\n", "line 1, byte 0: 'a 1 2' is not the header.*no_header=True"),
    (b"2 -2\n", "is not the header"),
    (b"2 2 2\n", "is not the header"),
    (b"2.0 2\n", "is not the header"),
    (b"2 0\na\nb\n", "dimension 0"),
    (b"1" * 500, "is not the header"),
    (b"999999999999 300\na 1\n", "promises 999999999999 words of dimension 300"),
    (b"1 999999999999999999\na 1\n", "promises 1 words"),
    (b"99999999999999999999999 2\n", "is not the header"),
    (
        b"3 2\na 1.00 2.00\nb 3.00 4.00\n",
        "line 4, byte 28: the header promises 3 words; the file ends after 2",
    ),
    (b"1 2\na 1 2\nb 3 4\n", "line 3, byte 10: the header promises 1 words, but .*'b 3 4"),
    (b"2 2\na 1 2\nb 3\n", "promises 2 words of dimension 2"),
    (b"2 2\na 1.0 2.0\nb 3\n", "line 3, byte 14: the line has 1 numbers after its word, not 2"),
    (b"2 2\na 1 2 3\nb 3 4\n", "line 2, byte 4: the line has 3 numbers"),
    (b"2 2\nnew york 1 2\nb 3 4\n", "line 2.*a word with spaces"),
    (b"2 2\na 1 x\nb 3 4\n", "line 2, byte 8: number 2, 'x', is not a number"),
    (b"2 2\na 1 2\nb 3 0x10\n", "line 3, byte 14: number 2, '0x10', is not a number"),
    (b"2 2\na 1 2\nb 1_0 4\n", "line 3, byte 12: number 1, '1_0', is not a number"),
    (b"2 2\na 1 2\nb 3 4x\n", "'4x', is not a number"),
    (b"2 2\na 1 2\nb 3 4\x00\n", "is not a number"),
    (b"2 2\na 1 nan\nb 3 4\n", "line 2, byte 8: number 2, 'nan', is not finite"),
    (b"2 2\na 1 2\nb -inf 4\n", "line 3, byte 12: number 1, '-inf', is not finite"),
    (b"2 2\na 1 1e39\nb 3 4\n", "number 2, '1e39', is too large for float32"),
    (b"2 2\na 1 2\na 3 4\n", "line 3, byte 10: the word 'a' occurs again, first as word 1"),
    (b"3 1\na 1\nb 1\nb 1\n", "line 4, byte 12: the word 'b' occurs again, first as word 2"),
    (b"2 2\na 1 2\nb\xff 3 4\n", "line 3, byte 11: the word is not UTF-8"),
    (b"2 2\n a 1 2\nb 3 4\n", "line 2, byte 4: the line begins with a blank"),
    (b"2 2\na 1 2\n\nb 3 4\n", "line 3, byte 10: a blank line"),
    (b"PK\x03\x04aaaaaaaa", "WordVectors.load"),
]


@pytest.mark.parametrize(("data", "message"), MALFORMED, ids=lambda value: repr(value)[:40])
def test_malformed_text(path, data, message):
    with pytest.raises(InputError, match=message) as caught:
        load(path, data)
    assert str(path) in str(caught.value)


ROW = np.array([1, 2], "<f4").tobytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"2 2\na " + ROW, "promises 2 words of dimension 2, at least 20 bytes"),
        (b"2 2\nlongword " + ROW + b"b 123", "ends inside a word's entry after 1 whole"),
        (b"1 2\na " + ROW + b"b " + ROW, "byte 14: the header promises 1 words, but .*'b "),
        (b"1 2\n\xffa " + ROW, r"byte 4: the word b'\\xffa' is not UTF-8"),
        (b"1 2\n " + ROW + b" ", "byte 4: an empty word"),
        (
            b"1 2\na " + np.array([1, np.nan], "<f4").tobytes(),
            "byte 4: the vector of 'a' holds NaN",
        ),
        (b"2 2\na " + ROW + b"a " + ROW, "byte 14: the word 'a' occurs again"),
        (b"9 2\n" + b"x" * 70000, "byte 4: no word ends within"),
        (b"1 999999999\na 1234", "promises 1 words"),
        (b"2 2\nabcdefgh 1.0000000 2\n", "text"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_malformed_binary(path, data, message):
    with pytest.raises(InputError, match=message):
        load(path, data, binary=True)


def test_lines_without_end(path):
    with pytest.raises(InputError, match=r"line 2, byte 4: .* 1 numbers"):
        load(path, b"1 2\na " + b"1" * 100_000)
    reader = TextReader(Source(io.BytesIO(b"1 2\n" + b"a" * 9_000_000), Path("v.txt"), None))
    with pytest.raises(InputError, match=r"a line of more than 4194304 bytes; is this the binary"):
        list(reader)


def test_faults_beyond_the_first_chunk_are_placed(path, monkeypatch):
    monkeypatch.setattr("tinygrad_w2v.vectors.word2vec_text._CHUNK", 64)
    lines = [b"100 2", *(b"w%d 1 2" % i for i in range(100))]
    lines[78] = b"bad 1 oops"
    data = b"\n".join(lines)
    with pytest.raises(InputError, match=f"line 79, byte {data.index(b'oops')}: number 2, 'oops'"):
        load(path, data)
    lines[78] = lines[3]
    data = b"\n".join(lines)
    again = data.rindex(lines[3])
    with pytest.raises(InputError, match=f"line 79, byte {again}: the word 'w2' occurs again"):
        load(path, data)


def test_options_for_imperfect_files(path):
    data = b"3 1\na 1\n\xffb 2\na 3\n"
    read = load(path, data, unicode_errors="replace", duplicates="first")
    assert read.index_to_key == ["a", "\ufffdb"] and read.vectors.tolist() == [[1], [2]]
    assert load(path, data, limit=1).index_to_key == ["a"]
    assert load(path, data, limit=0).vectors.shape == (0, 1)
    for options in (
        {"unicode_errors": "other"},
        {"duplicates": "last"},
        {"limit": -1},
        {"datatype": np.float16},
        {"binary": True, "no_header": True},
    ):
        with pytest.raises(InputError):
            load(path, data, **options)


def test_numbers_that_balance_out_are_not_misread(path):
    # As many blanks and, over all lines, as many numbers as promised, but not in each line.
    with pytest.raises(InputError, match=r"line 2.*2 numbers"):
        load(path, b"2 3\na 1  2\nb 1\t2 3 4\n")
    with pytest.raises(InputError, match=r"line 2.*2 numbers"):
        load(path, b"2 3\na 1 2 \nb 1\r2 3 4\n")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("new york", "holds a space"),
        ("a\nb", "holds a space, tab or newline"),
        ("a\tb", "holds a space"),
        ("\r", "holds a space"),
        ("", "is empty"),
        ("\ud800", "holds half a surrogate pair"),
        ("x" * 70000, "is longer than 65536 bytes"),
    ],
    ids=["space", "newline", "tab", "return", "empty", "surrogate", "long"],
)
def test_words_that_the_format_cannot_hold(path, bad, problem, binary):
    path.write_bytes(b"old")
    wv = WordVectors(["good", bad], np.eye(2))
    with pytest.raises(InputError, match=rf"\(row 1\) {problem}.*use save") as caught:
        wv.save_word2vec_format(path, binary=binary)
    assert repr(bad)[:8].rstrip("'") in str(caught.value)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_numbers_that_the_format_cannot_hold(path):
    wv = WordVectors.from_mapped(["a"], np.array([[np.nan]]))
    with pytest.raises(InputError, match="'a' holds NaN"):
        wv.save_word2vec_format(path)
    with pytest.raises(InputError, match="too large for float32"):
        WordVectors(["a"], np.array([[1e300]])).save_word2vec_format(path, binary=True)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["KeyedVectors", "Word2Vec"])
def test_pickles_are_recognised_and_the_way_out_works(path, kind):
    gensim = pytest.importorskip("gensim.models")
    if kind == "Word2Vec":
        gensim.Word2Vec([["a", "b", "c"]] * 3, vector_size=4, min_count=1, epochs=1).save(str(path))
    else:
        vectors = gensim.KeyedVectors(4)
        vectors.add_vectors(["a", "b", "c"], np.eye(3, 4, dtype=np.float32))
        vectors.save(str(path))
    for read in (WordVectors.load, WordVectors.load_word2vec_format):
        with pytest.raises(InputError, match=r"pickle.*save_word2vec_format") as caught:
            read(path)
    code = re.search(r'python -c "(.*)"', str(caught.value))[1]
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=path.parent, check=True)
    assert len(WordVectors.load_word2vec_format(path.parent / "vectors.txt")) == 3


def test_a_folder_or_nothing(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        WordVectors.load_word2vec_format(tmp_path)
    with pytest.raises(FileNotFoundError):
        WordVectors.load_word2vec_format(tmp_path / "none.txt")


def test_streaming_gives_blocks(wv, path):
    wv.save_word2vec_format(path)
    with formats.stream(path, "word2vec") as reader:
        assert (reader.count, reader.dim) == (205, 12)
        words = [word for block in reader for word in block.words]
    assert words == wv.index_to_key


TEXT_PIECES = b"2 2\n|1 3\n|a 1 2\n|b 3 4\n| |\n|\r|\t|nan|1e999|-|.|word|inf |0x1 ".split(b"|")
MAGIC_PIECES = [b"PK\x03\x04", b"\x80\x04", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00"]
OTHER_PIECES = [b"\x00", b"\xff", b"\xe7\x8c\xab", b"9" * 30, ROW, b"a " + ROW]
pieces = st.sampled_from(TEXT_PIECES + MAGIC_PIECES + OTHER_PIECES)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(pieces | st.binary(max_size=6), max_size=12).map(b"".join),
    st.booleans(),
    st.booleans(),
)
@example(b"2 2\n\n\n", False, False)
@example(b"0 1\n", True, False)
@example(b"0 1\n", False, False)
def test_any_bytes_are_read_or_refused(tmp_path_factory, data, binary, no_header):
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    no_header = no_header and not binary
    path.write_bytes(data)
    try:
        wv = WordVectors.load_word2vec_format(path, binary=binary, no_header=no_header)
    except InputError as error:
        assert str(path) in str(error)
        return
    assert len(set(wv.index_to_key)) == len(wv) == len(wv.vectors)
    assert np.isfinite(wv.vectors).all()


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans())
def test_damaged_files_are_read_or_refused(tmp_path_factory, data, binary):
    path = tmp_path_factory.getbasetemp() / "damaged"
    WordVectors(["you", "say", "猫"], np.eye(3)).save_word2vec_format(path, binary=binary)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        if not damaged:
            break
    path.write_bytes(damaged)
    try:
        WordVectors.load_word2vec_format(path, binary=binary)
    except InputError:
        pass


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # gensim leaves a file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_counts_beside_the_vectors_are_gensims(tmp_path):
    gensim = pytest.importorskip("gensim.models")
    words = ["you", "猫", "naïve"]
    ours = WordVectors(words, np.eye(3), [9, 5, 1])
    ours.save_word2vec_format(tmp_path / "v.txt", fvocab=tmp_path / "v.counts")
    assert (tmp_path / "v.counts").read_text(encoding="utf-8") == "you 9\n猫 5\nnaïve 1\n"
    theirs = gensim.KeyedVectors.load_word2vec_format(
        str(tmp_path / "v.txt"), fvocab=str(tmp_path / "v.counts")
    )
    assert [theirs.get_vecattr(word, "count") for word in words] == [9, 5, 1]
    theirs.save_word2vec_format(str(tmp_path / "w.txt"), fvocab=str(tmp_path / "w.counts"))
    for limit in (None, 2):
        read = WordVectors.load_word2vec_format(
            tmp_path / "w.txt", limit=limit, fvocab=tmp_path / "w.counts"
        )
        assert read.index_to_key == words[:limit]
        assert read.counts.tolist() == [9, 5, 1][:limit]
    theirs.save_word2vec_format(str(tmp_path / "their.glove"), write_header=False)
    ours.save_word2vec_format(tmp_path / "our.glove", write_header=False)
    for name in ("our.glove", "their.glove"):
        read = WordVectors.load_word2vec_format(tmp_path / name, no_header=True)
        np.testing.assert_array_equal(read.vectors, np.eye(3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"you 9\nsay\n", r"v\.counts, line 2, byte 6: 'say' is not a word and its count"),
        (b"you 9\nsay 1 2\n", "line 2, byte 6: 'say 1 2' is not a word and its count"),
        (b"you 9\nsay -1\n", "line 2, byte 6"),
        (b"you 9\nsay 1.5\n", "line 2, byte 6"),
        (b"you 9\nsay 99999999999999999999\n", "line 2, byte 6"),
        (b"you 9\nsay 9223372036854775808\n", "line 2, byte 6"),
        (b"you 9\n\xff 1\n", "line 2, byte 6: the word is not UTF-8"),
        (b"you 9\n\nsay 1\n", "line 2, byte 6: '' is not a word and its count"),
        (b"you 9\n", r"v\.counts: counts has no count of the word 'say'"),
        (b"x" * 70_000, "line 1, byte 0"),
        (b"\x80\x04", "pickle"),
    ],
    ids=range(11),
)
def test_wrong_files_of_counts(tmp_path, content, message):
    WordVectors(["you", "say"], np.eye(2)).save_word2vec_format(tmp_path / "v.txt")
    (tmp_path / "v.counts").write_bytes(content)
    with pytest.raises(InputError, match=message):
        WordVectors.load_word2vec_format(tmp_path / "v.txt", fvocab=tmp_path / "v.counts")


def test_counts_that_are_not_known_are_not_written(tmp_path):
    wv = WordVectors(["you"], np.eye(1))
    with pytest.raises(InputError, match=r"v\.counts would hold the words' counts.* leave out"):
        wv.save_word2vec_format(tmp_path / "v.txt", fvocab=tmp_path / "v.counts")
    assert not (tmp_path / "v.counts").exists()
