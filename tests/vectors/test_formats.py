"""All formats of vectors: round trips, conversion between any two, what each cannot hold."""

import bz2
import gzip
import json
import lzma
import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v._base.npy_header import array_header
from tinygrad_w2v.vectors import WordVectors, formats
from tinygrad_w2v.vectors.npy import words_path
from tinygrad_w2v.vectors.projector import metadata_path

NAMES = {
    "word2vec": "v.txt",
    "word2vec-binary": "v.bin",
    "glove": "v.glove",
    "fasttext": "v.vec",
    "npz": "v.npz",
    "npy": "v.npy",
    "projector": "vectors.tsv",
    "safetensors": "v.safetensors",
}
OURS = ("npz", "npy", "safetensors")  # these hold any word
COUNTED = (*OURS, "projector")
DOUBLE = set(NAMES) - {"word2vec-binary"}

finite = st.floats(allow_nan=False, allow_infinity=False)
any_word = st.text(st.characters(exclude_categories=()), max_size=8)
plain_word = st.text(
    st.characters(exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8
)


@pytest.fixture
def wv():
    rng = np.random.default_rng(0)
    words = ["naïve", "猫", "emoji👍", "a\u00a0b", *(f"w{i}" for i in range(300))]
    scale = 10.0 ** rng.integers(-8, 8, size=(304, 1))
    return WordVectors(words, (rng.normal(size=(304, 7)) * scale).astype(np.float32), range(304))


def same(read, wanted, counts=False):
    assert read.index_to_key == wanted.index_to_key
    assert read.vectors.dtype == wanted.vectors.dtype
    np.testing.assert_array_equal(read.vectors, wanted.vectors)
    assert (read.counts is not None) == counts
    if counts:
        np.testing.assert_array_equal(read.counts, wanted.counts)


def test_every_format_is_listed_here():
    assert set(NAMES) == set(formats.FORMATS)
    for name, file in NAMES.items():
        assert formats.format_of_target(file).name == name


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=40)
@given(data=st.data(), words=st.lists(any_word, unique=True, max_size=6), double=st.booleans())
def test_our_formats_hold_any_word(tmp_path_factory, name, data, words, double):
    dtype = np.float64 if double else np.float32
    elements = finite if double else st.floats(allow_nan=False, allow_infinity=False, width=32)
    vectors = data.draw(
        arrays(dtype, (len(words), data.draw(st.integers(1, 4))), elements=elements)
    )
    counts = data.draw(
        st.none() | st.lists(st.integers(0, 2**40), min_size=len(words), max_size=len(words))
    )
    wanted = WordVectors(words, vectors, counts)
    path = tmp_path_factory.mktemp("any") / NAMES[name]
    formats.save(wanted, path)
    # A file of words alone cannot tell "no words were counted" from "no counts".
    counted = counts is not None and (bool(words) or name != "npy")
    same(formats.load(path), wanted, counted)
    if name != "safetensors":
        mapped = formats.load(path, mmap=True)
        same(mapped, wanted, counted)
        assert not len(words) or not mapped.vectors.flags.writeable


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(OURS)))
@settings(max_examples=25)
@given(data=st.data(), words=st.lists(plain_word, unique=True, min_size=1, max_size=6))
def test_formats_for_exchange_hold_plain_words(tmp_path_factory, name, data, words):
    dtype = np.float64 if name in DOUBLE and data.draw(st.booleans()) else np.float32
    elements = st.floats(allow_nan=False, allow_infinity=False, width=np.dtype(dtype).itemsize * 8)
    vectors = data.draw(arrays(dtype, (len(words), 2), elements=elements))
    path = tmp_path_factory.mktemp("plain") / NAMES[name]
    formats.save(WordVectors(words, vectors), path)
    same(formats.load(path, name, datatype=dtype), WordVectors(words, vectors))


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_convert_between_any_two(wv, tmp_path, source, target, monkeypatch):
    monkeypatch.setattr("tinygrad_w2v.vectors.blocks._BLOCK", 7 * 50)  # several blocks
    monkeypatch.setattr("tinygrad_w2v.vectors.word2vec_text._CHUNK", 4096)
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    first, second = tmp_path / "in" / NAMES[source], tmp_path / "out" / NAMES[target]
    formats.save(wv, first)
    assert formats.convert(first, second) == 304
    counted = source in COUNTED and target in COUNTED
    same(formats.load(second), wv, counted)
    assert formats.convert(first, second, source, target, limit=120) == 120
    some = formats.load(second)
    assert some.index_to_key == wv.index_to_key[:120]
    assert formats.convert(first, second, limit=9999) == 304
    assert len(formats.load(first, limit=120)) == 120
    assert formats.load(first, limit=0).vectors.shape == (0, 7)


def test_convert_keeps_float64_and_may_be_asked_for_it(wv, tmp_path):
    double = WordVectors(wv.index_to_key, np.random.default_rng(1).normal(size=(304, 5)))
    formats.save(double, tmp_path / "v.npz")
    formats.convert(tmp_path / "v.npz", tmp_path / "v.txt")
    formats.convert(tmp_path / "v.txt", tmp_path / "v.npy", datatype=np.float64)
    same(formats.load(tmp_path / "v.npy"), double)
    formats.convert(tmp_path / "v.txt", tmp_path / "v.npy")
    assert formats.load(tmp_path / "v.npy").vectors.dtype == np.float32


def test_convert_into_itself(wv, tmp_path):
    path = tmp_path / "v.npz"
    formats.save(wv, path)
    formats.convert(path, path, limit=5)
    assert len(formats.load(path)) == 5


def test_convert_holds_one_block(tmp_path):
    n, dim = 60_000, 100
    path = tmp_path / "v.npy"
    rows = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)
    formats.save(WordVectors([f"w{i}" for i in range(n)], rows), path)
    for target in ("v.npz", "v.bin", "v.safetensors"):
        tracemalloc.start()
        formats.convert(path, tmp_path / target)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < rows.nbytes / 3


@pytest.mark.parametrize(
    ("suffix", "unpack"), [(".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open)]
)
def test_targets_are_compressed_as_their_names_say(wv, tmp_path, suffix, unpack):
    for name in ("v.txt", "v.bin", "v.vec", "v.glove"):
        plain, packed = tmp_path / name, tmp_path / (name + suffix)
        formats.save(wv, plain)
        formats.save(wv, packed)
        with unpack(packed, "rb") as file:
            assert file.read() == plain.read_bytes()
        same(formats.load(packed), wv)
        formats.convert(packed, tmp_path / "again.txt")
        same(formats.load(tmp_path / "again.txt"), wv)
    formats.save(wv, tmp_path / f"w.tsv{suffix}")
    same(formats.load(tmp_path / f"w.tsv{suffix}"), wv, counts=True)
    for name in ("v.npz", "v.npy", "v.safetensors"):
        with pytest.raises(InputError, match="is not written compressed"):
            formats.save(wv, tmp_path / (name + suffix))


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(OURS)))
@pytest.mark.parametrize("bad", ["a\tb", "a\nb", "a\rb", "", "\ud800", "\t"])
def test_words_that_a_format_cannot_hold(tmp_path, name, bad):
    path = tmp_path / NAMES[name]
    with pytest.raises(InputError, match=r"the word .*\(row 1\).*npz"):
        formats.save(WordVectors(["good", bad], np.eye(2)), path)
    assert not any(tmp_path.iterdir())
    formats.save(WordVectors(["good", bad], np.eye(2)), tmp_path / "w.npz")
    with pytest.raises(InputError, match=r"\(row 1\)"):
        formats.convert(tmp_path / "w.npz", path)
    assert [file.name for file in tmp_path.iterdir()] == ["w.npz"]


def test_a_word_with_a_space(tmp_path):
    wv = WordVectors(["good", "new york"], np.eye(2, dtype=np.float32))
    for name in ("word2vec", "word2vec-binary", "glove", "fasttext"):
        with pytest.raises(InputError, match="'new york'"):
            formats.save(wv, tmp_path / NAMES[name])
    formats.save(wv, tmp_path / "vectors.tsv")
    same(formats.load(tmp_path / "vectors.tsv"), wv)


def test_suffixes_and_contents_decide(wv, tmp_path):
    formats.save(wv, tmp_path / "glove.6B.txt", "glove")
    formats.save(wv, tmp_path / "GoogleNews", "word2vec-binary")
    formats.save(wv, tmp_path / "plain", "word2vec")
    formats.save(wv, tmp_path / "archive.kv", "npz")
    formats.save(wv, tmp_path / "V.TXT")
    for file, name in {
        "glove.6B.txt": "glove",
        "GoogleNews": "word2vec-binary",
        "plain": "word2vec",
        "archive.kv": "npz",
        "V.TXT": "word2vec",
    }.items():
        assert formats.recognise(tmp_path / file).name == name
        assert formats.load(tmp_path / file).index_to_key == wv.index_to_key
    with pytest.raises(
        InputError, match=r"'x.model'.*|the suffix tells no format; use one of .txt"
    ):
        formats.save(wv, tmp_path / "x.model")
    with pytest.raises(InputError, match="there is no format 'kv'; known are: word2vec, "):
        formats.save(wv, tmp_path / "x.txt", "kv")
    (tmp_path / "noise").write_bytes(b"\x00\x01\x02\x03")
    with pytest.raises(InputError, match="no file of vectors that is known"):
        formats.load(tmp_path / "noise")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(InputError, match="no file of vectors that is known"):
        formats.load(tmp_path / "empty")


def test_pickles_are_named(tmp_path):
    for name, file in NAMES.items():
        path = tmp_path / file
        path.write_bytes(pickle.dumps({"a": 1}))
        for beside in (words_path(path), metadata_path(path)):
            beside.write_bytes(b"a\n")
        for format in (None, name):
            with pytest.raises(InputError, match=r"pickle.*save_word2vec_format"):
                formats.load(path, format)
            with pytest.raises(InputError, match=r"pickle.*save_word2vec_format"):
                formats.convert(path, tmp_path / "o.npz", format)


def test_options_that_do_not_fit(wv, tmp_path):
    path = tmp_path / "v.txt"
    formats.save(wv, path)
    with pytest.raises(InputError, match="word2vec cannot be mapped into memory; npz and npy can"):
        formats.load(path, mmap=True)
    formats.save(wv, tmp_path / "v.npz")
    with pytest.raises(InputError, match="limit and mmap"):
        formats.load(tmp_path / "v.npz", mmap=True, limit=2)
    for options in ({"limit": -1}, {"datatype": np.float16}, {"unicode_errors": "other"}):
        with pytest.raises(InputError):
            formats.load(path, **options)
        with pytest.raises(InputError):
            formats.convert(path, tmp_path / "w.npz", **options)
    assert not (tmp_path / "w.npz").exists()


@pytest.mark.parametrize("target", NAMES)
def test_what_is_wrong_with_the_source_is_placed_in_it(tmp_path, target):
    source = tmp_path / "in.txt"
    source.write_bytes(b"3 2\na 1 2\nb 3 x\nc 5 6\n")
    with pytest.raises(InputError, match=r"in.txt, line 3, byte 14: number 2, 'x'"):
        formats.convert(source, tmp_path / NAMES[target])
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", OURS)
def test_nan_in_tables_is_found(tmp_path, name):
    wv = WordVectors(["a", "b"], np.ones((2, 2), np.float32))
    path = tmp_path / NAMES[name]
    formats.save(wv, path)
    data = path.read_bytes()
    nan = np.float32(np.nan).tobytes()
    one = np.float32(1).tobytes()
    at = data.rindex(one * 4) + 8
    path.write_bytes(data[:at] + nan + data[at + 4 :])
    if name != "npz":  # whose checksum tells first
        with pytest.raises(InputError, match=f"{NAMES[name]}.*the vector of 'b' holds NaN"):
            formats.load(path)
        with pytest.raises(InputError, match=f"{NAMES[name]}.*the vector of 'b' holds NaN"):
            formats.convert(path, tmp_path / "o.txt")
    else:
        with pytest.raises(InputError, match="damaged"):
            formats.convert(path, tmp_path / "o.txt")
    assert not (tmp_path / "o.txt").exists()


def test_duplicates_in_every_format(tmp_path):
    from tinygrad_w2v.vectors.blocks import Block, Contents

    block = Block(["a", "b", "a"], np.arange(3, dtype=np.float32)[:, None])
    for name, file in NAMES.items():
        path = tmp_path / file
        formats.FORMATS[name].write(path, Contents(3, 1, np.dtype(np.float32)), [block])
        with pytest.raises(InputError, match="'a' occurs again, first as word 1"):
            formats.load(path)
        if name in ("npz", "npy"):
            with pytest.raises(InputError, match=f"{file}: the word 'a' occurs twice"):
                formats.load(path, mmap=True)
        read = formats.load(path, duplicates="first")
        assert read.index_to_key == ["a", "b"] and read.vectors.tolist() == [[0], [1]]


def test_glove_words_with_spaces_are_read(tmp_path):
    path = tmp_path / "glove.840B.txt"
    path.write_bytes(b"the 1 2\n. . . 3 4\nat name@domain.com -5 6e0\n7 7 8\n")
    read = formats.load(path)
    assert read.index_to_key == ["the", ". . .", "at name@domain.com", "7"]
    assert read.vectors.tolist() == [[1, 2], [3, 4], [-5, 6], [7, 8]]
    formats.convert(path, tmp_path / "o.npz")
    assert formats.load(tmp_path / "o.npz").index_to_key == read.index_to_key
    path.write_bytes(b". . . 3 4\nthe 1 2\n")
    assert formats.load(path).index_to_key == [". . .", "the"]
    for data, message in (
        (b"the 1 2\nof 3 4 5\n", "line 2, byte 8: the line has 3 numbers after its word, not 2"),
        (b"the 1 2\nof 3\n", "line 2, byte 8: the line has 1 numbers"),
        (b"the 1 2\nof 3 x 4 5\n", "line 2, byte 8: the line has 4 numbers"),
        (b"the 1 x 2\nof 3 4 5\n", "line 1, byte 6: number 2, 'x', is not a number"),
        (b"the 1 nan\nof 3 4\n", "line 1, byte 6: number 2, 'nan', is not finite"),
        (b"the 1 2\n\nof 3 4\n", "line 2, byte 8: a blank line"),
        (b"the\n", "line 1, byte 0: the first line is not a word and its numbers"),
        (b"", "first line is not"),
    ):
        path.write_bytes(data)
        with pytest.raises(InputError, match=message):
            formats.load(path, "glove")
        with pytest.raises(InputError, match=message):
            formats.convert(path, tmp_path / "o.npz", "glove")


NPY = [
    ({"words": b"a\nb\n"}, "the words end after 2; the vectors go on"),
    ({"words": b"a\nb\nc\nd\n"}, r"words.tsv, line 4, byte 6: there are 3 vectors, but .* 'd'"),
    ({"words": b"a\nb\\x\nc\n"}, r"words.tsv, line 2, byte 2: the escape '\\\\x' is not known"),
    ({"words": b"a\t1\nb\nc\t1\n"}, "line 2, byte 4: the line has 1 columns, not 2"),
    ({"words": b"a\t1\nb\t-2\nc\t1\n"}, "line 2, byte 4: the count '-2' is not a whole number"),
    ({"words": b"a\t1\t2\n"}, "line 1, byte 0: the line has 3 columns"),
    ({"words": b"a\nb\xff\nc\n"}, "line 2, byte 3: the line is not UTF-8"),
    ({"words": b"a\nb\na\n"}, "words.tsv, line 3|line 3, byte 4: the word 'a' occurs again"),
    ({"words": b"x" * (1 << 20) + b"\nb\nc\n"}, "a line of more than 1048576 bytes"),
    ({"table": lambda data: data[:-1]}, "byte 0: the table has another size than its header"),
    ({"table": lambda data: data + b"\0"}, "byte 152: the file goes on after its table"),
    ({"table": lambda data: data[:20]}, "a damaged npy header"),
    ({"table": lambda data: data.replace(b"(3, 2)", b"(3,2,)")}, None),
    ({"table": lambda data: data.replace(b"(3, 2)", b"(9**9)")}, "a damaged npy header"),
    ({"table": lambda data: data.replace(b"(3, 2)", b"(3, 9)")}, "another size than its header"),
    ({"table": lambda data: data.replace(b"(3, 2)", b"(6,  )")}, "has shape"),
    ({"table": lambda data: data.replace(b"<f4", b"<i4")}, "which does not belong"),
    ({"table": lambda data: data.replace(b"<f4", b"|O1")}, "damaged|does not belong"),
    (
        {"table": lambda data: data.replace(b"\x93NUMPY\x02", b"\x93NUMPY\x09")},
        "npy header|version",
    ),
    ({"table": gzip.compress}, "is compressed"),
]


@pytest.mark.parametrize(
    ("change", "message"),
    NPY,
    ids=lambda value: "+".join(value) if isinstance(value, dict) else str(value)[:40],
)
def test_malformed_npy(tmp_path, change, message):
    path = tmp_path / "v.npy"
    formats.save(WordVectors(["a", "b", "c"], np.ones((3, 2), np.float32)), path)
    if "words" in change:
        words_path(path).write_bytes(change["words"])
    else:
        path.write_bytes(change["table"](path.read_bytes()))
    for mmap in (False, True):
        if message is None:
            assert formats.load(path, "npy", mmap=mmap).vectors.shape == (3, 2)
        elif not mmap or "occurs again" not in message:
            with pytest.raises(InputError, match=message):
                formats.load(path, "npy", mmap=mmap)


def test_huge_headers_allocate_nothing(tmp_path):
    path = tmp_path / "v.npy"
    formats.save(WordVectors(["a"], np.ones((1, 2), np.float32)), path)
    path.write_bytes(array_header((10**12, 10**6), np.dtype(np.float32)) + bytes(8))
    with pytest.raises(InputError, match="another size than its header"):
        formats.load(path)
    path = tmp_path / "v.safetensors"
    for header in (
        b"\xff" * 8,
        struct.pack("<Q", 10**8) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        b"",
    ):
        path.write_bytes(header)
        with pytest.raises(InputError):
            formats.load(path)
    for file in ("v.txt", "v.vec", "v.bin"):
        (tmp_path / file).write_bytes(b"999999999999 300\na 1 2\n")
        with pytest.raises(InputError, match="line 1, byte 0: the header promises 999999999999"):
            formats.convert(tmp_path / file, tmp_path / "o.npz")


def test_tables_of_other_programs(tmp_path):
    path = tmp_path / "v.npy"
    rows = np.arange(6, dtype=np.float64).reshape(3, 2)
    words_path(path).write_bytes(b"\xef\xbb\xbfa\r\nb c\r\n\xe7\x8c\xab")
    for dtype in (np.float16, ">f4", np.float32, np.float64):
        np.save(path, rows.astype(dtype))
        read = formats.load(path)
        assert read.index_to_key == ["a", "b c", "猫"]
        assert read.vectors.tolist() == rows.tolist()
        assert read.vectors.dtype == (np.float64 if dtype == np.float64 else np.float32)
        if dtype in (np.float16, ">f4"):
            with pytest.raises(InputError, match="load it without mmap"):
                formats.load(path, mmap=True)
    np.save(path, np.asfortranarray(rows))
    with pytest.raises(InputError, match="Fortran order"):
        formats.load(path)
    np.save(path, rows)
    words_path(path).unlink()
    with pytest.raises(InputError, match=r"its words are looked for in .*v\.words\.tsv.*one word"):
        formats.load(path)


def test_projector_files(tmp_path):
    wv = WordVectors(["new york", "猫"], np.array([[1.0, -2.5], [0.1, 3e-9]], np.float32))
    formats.save(wv, tmp_path / "vectors.tsv")
    assert (tmp_path / "metadata.tsv").read_bytes() == "new york\n猫\n".encode()
    assert (tmp_path / "vectors.tsv").read_bytes().splitlines()[0] == b"1\t-2.5"
    counted = WordVectors(["new york", "猫"], wv.vectors, [5, 3])
    formats.save(counted, tmp_path / "w2v_tensor.tsv")
    assert (
        tmp_path / "w2v_metadata.tsv"
    ).read_bytes() == "word\tcount\nnew york\t5\n猫\t3\n".encode()
    same(formats.load(tmp_path / "w2v_tensor.tsv"), counted, counts=True)
    (tmp_path / "metadata.tsv").write_bytes(b"id\tLabel\n1\tx\n2\ty\n")
    assert formats.load(tmp_path / "vectors.tsv").index_to_key == ["x", "y"]
    (tmp_path / "vectors.tsv").write_bytes(b"1 2\r\n3\t4\r\n\r\n")
    assert formats.load(tmp_path / "vectors.tsv").vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("vectors", "metadata", "message"),
    [
        (b"1\t2\n3\n", b"a\nb\n", "vectors.tsv, line 2, byte 4: the line has 1 numbers, not 2"),
        (b"1\t2\n3\tx\n", b"a\nb\n", "vectors.tsv, line 2, byte 6: number 2, 'x', is not a number"),
        (b"1\t2\n3\tinf\n", b"a\nb\n", "line 2, byte 6: number 2, 'inf', is not finite"),
        (b"1\t2\n\n3\t4\n", b"a\nb\n", "line 2, byte 4: a blank line"),
        (b"1\t2\n3\t4\n", b"a\n", "metadata.tsv, line 2, byte 2: the words end after 1"),
        (b"1\t2\n", b"word\na\n", "metadata.tsv, line 2.*a single column has no line of names"),
        (b"1\t2\n", b"word\tcount\na\n", "metadata.tsv, line 2, byte 11: the line has 1 columns"),
        (b"1\t2\n", b"word\tcount\na\t1.5\n", "the count '1.5' is not a whole number"),
        (b"", b"", "vectors.tsv, line 1, byte 0: the first line has no numbers"),
        (b"\n1\t2\n", b"a\n", "the first line has no numbers"),
    ],
)
def test_malformed_projector(tmp_path, vectors, metadata, message):
    (tmp_path / "vectors.tsv").write_bytes(vectors)
    (tmp_path / "metadata.tsv").write_bytes(metadata)
    with pytest.raises(InputError, match=message):
        formats.load(tmp_path / "vectors.tsv")
    with pytest.raises(InputError, match=message):
        formats.convert(tmp_path / "vectors.tsv", tmp_path / "o.npz")


def test_projector_without_metadata(tmp_path):
    (tmp_path / "vectors.tsv").write_bytes(b"1\t2\n")
    with pytest.raises(InputError, match=r"its words are looked for in .*metadata.tsv"):
        formats.load(tmp_path / "vectors.tsv")


def test_safetensors_are_read_by_their_package(wv, tmp_path):
    from safetensors.numpy import load_file, save_file

    path = tmp_path / "v.safetensors"
    formats.save(wv, path)
    tensors = load_file(path)
    assert set(tensors) == {"vectors", "words", "offsets", "counts"}
    np.testing.assert_array_equal(tensors["vectors"], wv.vectors)
    save_file(tensors, path)
    same(formats.load(path), wv, counts=True)
    save_file({"embedding": tensors["vectors"]}, path)
    with pytest.raises(InputError, match="holds no tensor 'vectors', but: embedding"):
        formats.load(path)
    for name, other in (
        ("vectors", tensors["vectors"][:5]),
        ("vectors", tensors["vectors"][0]),
        ("words", tensors["words"][:9]),
        ("words", tensors["words"].astype(np.int64)),
        ("offsets", tensors["offsets"][::-1].copy()),
        ("offsets", tensors["offsets"].astype(np.float32)),
        ("counts", tensors["counts"][:5]),
    ):
        save_file({**tensors, name: other}, path)
        with pytest.raises(InputError, match=str(path)):
            formats.load(path)


@pytest.mark.parametrize("last", [-(2**63) + 1, -(2**63), 2**63 - 1, -1, 4])
def test_offsets_of_words_that_are_far_off(tmp_path, last):
    from safetensors.numpy import load_file, save_file

    words = WordVectors(["ab", "c", "d"], np.eye(3))
    for name in ("v.safetensors", "v.npz"):
        formats.save(words, tmp_path / name)
    tensors = load_file(tmp_path / "v.safetensors")
    tensors["offsets"][2:] = [2, last]
    save_file(tensors, tmp_path / "v.safetensors")
    np.savez(tmp_path / "v.npz", **tensors)
    for name in ("v.safetensors", "v.npz"):
        if last == 4:
            assert formats.load(tmp_path / name).index_to_key == ["ab", "", "cd"]
            continue
        for load in (formats.load, lambda path: formats.convert(path, tmp_path / "o.txt")):
            with pytest.raises(InputError, match=f"{name}: the offsets of its words"):
                load(tmp_path / name)


def test_safetensors_without_the_package(wv, tmp_path, monkeypatch):
    formats.save(wv, tmp_path / "v.safetensors")
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[files\]'"):
        formats.load(tmp_path / "v.safetensors")


def test_the_header_of_safetensors(tmp_path):
    path = tmp_path / "v.safetensors"
    formats.save(WordVectors(["a", "bc"], np.eye(2, dtype=np.float32)), path)
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    assert (8 + size) % 64 == 0
    assert [header[name]["data_offsets"] for name in ("offsets", "vectors", "words")] == [
        [0, 24],
        [24, 40],
        [40, 43],
    ]
    assert len(data) == 8 + size + 43


# gensim leaves a file without a header open.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_gensim_reads_what_we_convert_and_the_other_way(wv, tmp_path):
    gensim = pytest.importorskip("gensim.models")
    formats.save(wv, tmp_path / "v.npz")
    for name, options in (
        ("o.txt", {"binary": False}),
        ("o.txt.gz", {"binary": False}),
        ("o.bin", {"binary": True}),
        ("o.vec", {"binary": False}),
        ("o.glove", {"binary": False, "no_header": True}),
    ):
        formats.convert(tmp_path / "v.npz", tmp_path / name)
        theirs = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / name), **options)
        assert theirs.index_to_key == wv.index_to_key
        np.testing.assert_array_equal(theirs.vectors, wv.vectors)
        theirs.save_word2vec_format(str(tmp_path / f"again.{name}"), binary=options["binary"])
        same(formats.load(tmp_path / f"again.{name}"), wv)
    # What gensim's save() puts beside its pickle is a plain table; only its words are missing.
    theirs.save(str(tmp_path / "kv"), sep_limit=1)
    with pytest.raises(InputError, match="its words are looked for"):
        formats.load(tmp_path / "kv.vectors.npy")
    words_path(tmp_path / "kv.vectors.npy").write_text("\n".join(wv.index_to_key), encoding="utf-8")
    same(formats.load(tmp_path / "kv.vectors.npy"), wv)


@pytest.mark.parametrize("name", ["v.glove", "v.tsv", "v.npy", "v.txt", "v.vec"])
def test_a_file_that_is_cut_short_while_it_is_read(name, tmp_path):
    """Formats without a number of words would just be shorter."""
    words = [f"w{i}" for i in range(20_000)]
    path = tmp_path / name
    formats.save(WordVectors(words, np.ones((20_000, 30), np.float32)), path)
    with pytest.raises(InputError, match=f"{path}"):
        with formats.stream(path) as reader:
            for _ in reader:
                os.truncate(path, path.stat().st_size // 2)
