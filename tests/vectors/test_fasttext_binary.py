"""fastText's binary models: the bytes are fastText's, both ways; what is wrong is refused."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.cli import main
from tinygrad_w2v.text.ngrams import bucket_of
from tinygrad_w2v.vectors import WordVectors, formats, ngram_rows
from tinygrad_w2v.vectors.fasttext_binary import (
    FastTextFile,
    FastTextSettingsOfFile,
    read_fasttext_binary,
    write_fasttext_binary,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "fasttext"
MODELS = sorted(path.stem for path in FIXTURES.glob("*.bin"))
TOLD = [name for name in MODELS if (FIXTURES / f"{name}.json").exists()]
SETTINGS = FastTextSettingsOfFile(2, 5, 3, 1, 5, 1, "ns", "cbow", 3, 3, 6, 100, 1e-4)
SIZES = 8 + 56  # where the numbers of words stand
WORDS = 12 + 16 + SIZES  # and the first word


def told(name: str) -> dict[bytes, list[float]]:
    """What fastText says of words."""
    text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8")
    return {word.encode("latin-1"): vector for word, vector in json.loads(text).items()}


def small(words=("you", "say"), **changes) -> FastTextFile:
    rng = np.random.default_rng(0)
    sizes = SETTINGS._replace(**{k: v for k, v in changes.items() if k in SETTINGS._fields})
    parts = {k: v for k, v in changes.items() if k not in SETTINGS._fields}
    table = rng.normal(size=(len(words) + sizes.buckets, sizes.dim)).astype(np.float32)
    counts = np.arange(len(words), 0, -1)
    outputs = len(parts.get("labels", ())) if sizes.model == "supervised" else len(words)
    file = FastTextFile(sizes, list(words), counts, 20, table, table[:outputs])
    return file._replace(**parts)


def written(path: Path, file: FastTextFile) -> bytes:
    write_fasttext_binary(path, file)
    return path.read_bytes()


@pytest.mark.parametrize("name", MODELS)
def test_what_fasttext_wrote_is_written_again_byte_for_byte(name, tmp_path) -> None:
    file = read_fasttext_binary(FIXTURES / f"{name}.bin")
    assert written(tmp_path / "again.bin", file) == (FIXTURES / f"{name}.bin").read_bytes()
    assert file.input.dtype == file.output.dtype == np.float32
    assert file.input.flags.aligned and file.input.flags.writeable
    mapped = read_fasttext_binary(FIXTURES / f"{name}.bin", mmap=True)
    assert isinstance(mapped.input, np.memmap)
    np.testing.assert_array_equal(mapped.input, file.input)
    np.testing.assert_array_equal(mapped.output, file.output)


def test_settings_are_those_of_the_training() -> None:
    found = read_fasttext_binary(FIXTURES / "supervised-softmax.bin")
    assert found.settings == FastTextSettingsOfFile(
        dim=10,
        window=5,
        epochs=3,
        min_count=1,
        negative=5,
        word_ngrams=2,
        loss="softmax",
        model="supervised",
        buckets=100,
        min_n=2,
        max_n=3,
        lr_update_rate=100,
        sample=1.0,
    )
    assert found.labels == ["__label__1", "__label__0"]
    assert found.label_counts.tolist() == [200, 200]
    assert found.output.shape == (2, 10)
    labels = read_fasttext_binary(FIXTURES / "labels.bin")
    assert (labels.settings.model, labels.labels) == ("skipgram", found.labels)
    assert labels.output.shape == (len(labels.words), 10)
    words = read_fasttext_binary(FIXTURES / "cbow-words.bin")
    assert (words.settings.buckets, words.settings.max_n, words.longest_ngram) == (0, 0, 0)
    hs = read_fasttext_binary(FIXTURES / "skipgram-hs.bin")
    assert (hs.settings.loss, hs.settings.model, hs.longest_ngram) == ("hs", "skipgram", 3)


@pytest.mark.parametrize("name", TOLD)
def test_vectors_of_words_are_fasttexts_bit_for_bit(name, tmp_path, monkeypatch) -> None:
    expected = told(name)
    path = FIXTURES / f"{name}.bin"
    words = read_fasttext_binary(path).words
    (tmp_path / "m.bin.gz").write_bytes(gzip.compress(path.read_bytes()))
    for at_once in (1, 100, 1 << 22):
        monkeypatch.setattr(ngram_rows, "_AT_ONCE", at_once)
        for file in (path, tmp_path / "m.bin.gz"):
            wv = formats.load(file, unicode_errors="replace")
            compared = 0
            for row, word in enumerate(words):
                vector = expected.get(word.encode("utf-8", "surrogateescape"))
                if vector is not None:
                    error = 0 if at_once > 100 else 1e-6  # words with very many parts
                    np.testing.assert_allclose(wv.vectors[row], vector, error, error)
                    compared += 1
            assert compared >= (1 if name == "labels" else 5)


@pytest.mark.parametrize("name", TOLD)
def test_vectors_of_unseen_words_are_the_means_of_their_ngrams(name) -> None:
    file = read_fasttext_binary(FIXTURES / f"{name}.bin")
    sizes, number = file.settings, len(file.words)
    unseen = 0
    for raw, vector in told(name).items():
        word = raw.decode("utf-8", "surrogateescape")
        if word not in file.words:
            parts = np.zeros(0, int)
            if file.longest_ngram:
                parts = bucket_of(word, sizes.min_n, sizes.max_n, sizes.buckets)
            mean = file.input[number + parts].sum(axis=0) * np.float32(1 / max(1, len(parts)))
            np.testing.assert_array_equal(mean, np.float32(vector))
            unseen += 1
    assert unseen >= 2


def test_gensim_reads_what_is_written_and_its_files_are_read(tmp_path) -> None:
    gensim = pytest.importorskip("gensim.models.fasttext", reason="gensim is not installed")
    text = [["you", "say", "été"], ["I", "say", "猫"]] * 9
    for keywords in ({"sg": 1}, {"hs": 1, "negative": 0}, {"max_n": 0}):
        model = gensim.FastText(
            text, vector_size=6, bucket=50, min_count=1, sample=0, workers=1, epochs=1, **keywords
        )
        gensim.save_facebook_model(model, str(tmp_path / "gensim.bin"))
        file = read_fasttext_binary(tmp_path / "gensim.bin")
        assert file.longest_ngram == (0 if "max_n" in keywords else 6)
        again = written(tmp_path / "again.bin", file)
        assert again == (tmp_path / "gensim.bin").read_bytes()
        ours = formats.load(tmp_path / "gensim.bin")
        np.testing.assert_allclose(ours.vectors, model.wv.vectors, rtol=1e-6, atol=1e-7)
        loaded = gensim.load_facebook_model(str(tmp_path / "again.bin"))
        np.testing.assert_array_equal(loaded.wv.vectors_vocab, file.input[: len(file.words)])
        loaded.train(text, total_examples=len(text), epochs=1)
        assert not np.array_equal(loaded.wv.vectors, model.wv.vectors)


def test_words_that_are_no_utf_8(tmp_path) -> None:
    path = FIXTURES / "bytes.bin"
    assert read_fasttext_binary(path).words[1:4] == ["na\udcefve", "caf\udce9", "\udc80you"]
    with pytest.raises(InputError, match=r"bytes.bin: the word b'na\\xefve' is not UTF-8"):
        formats.load(path)
    with pytest.raises(InputError, match="not UTF-8"):
        formats.convert(path, tmp_path / "v.txt")
    assert not any(tmp_path.iterdir())
    assert "na\ufffdve" in formats.load(path, unicode_errors="replace")
    # Bytes that are one word and another are no word of this format.
    with pytest.raises(InputError, match="would be read as other letters"):
        write_fasttext_binary(tmp_path / "m.bin", small(["é", "\udcc3\udca9"]))


def test_it_is_recognised_and_converted(tmp_path, capsys) -> None:
    model = FIXTURES / "cbow-ns.bin"
    assert formats.recognise(model).name == "fasttext-binary"
    for target in ("v.npz", "v.txt"):
        assert main(["convert", str(model), str(tmp_path / target), "--limit", "4"]) == 0
        wv = formats.load(tmp_path / target)
        assert wv.index_to_key == ["</s>", "say", "naïve", "猫"]
        np.testing.assert_array_equal(wv["猫"], np.float32(told("cbow-ns")["猫".encode()]))
    assert "4 words, fasttext-binary to npz" in capsys.readouterr().err
    assert formats.load(tmp_path / "v.npz").get_vecattr("say", "count") == 300
    for load in (
        WordVectors.load,
        WordVectors.load_word2vec_format,
        lambda path: WordVectors.load_word2vec_format(path, binary=True),
    ):
        with pytest.raises(InputError, match=r"load_facebook_model.*formats\.load\(path\)"):
            load(model)
    with pytest.raises(InputError, match=r"fasttext-binary cannot be mapped"):
        formats.load(model, mmap=True)
    with pytest.raises(InputError, match=r"v\.bin: a model of fastText is more than vectors"):
        formats.convert(tmp_path / "v.npz", tmp_path / "v.bin", None, "fasttext-binary")
    assert not (tmp_path / "v.bin").exists()


def test_vec_beside_it_is_read(tmp_path) -> None:
    """Each line of it ends in a blank, and the numbers have five digits."""
    assert b" \n" in (FIXTURES / "skipgram-ns.vec").read_bytes()
    text, model = (formats.load(FIXTURES / f"skipgram-ns{end}") for end in (".vec", ".bin"))
    assert text.index_to_key == model.index_to_key
    np.testing.assert_allclose(text.vectors, model.vectors, rtol=1e-4)
    loaded = WordVectors.load_word2vec_format(FIXTURES / "skipgram-ns.vec")
    np.testing.assert_array_equal(loaded.vectors, text.vectors)


def test_compressed_models_grow_with_what_is_read(tmp_path) -> None:
    file = small([f"w{n}" for n in range(2000)], dim=700)  # more than one part of a table
    write_fasttext_binary(tmp_path / "m.bin.gz", file)
    again = read_fasttext_binary(tmp_path / "m.bin.gz", mmap=True)
    np.testing.assert_array_equal(again.input, file.input)
    # A few bytes that promise gigabytes take none.
    whole = gzip.decompress((tmp_path / "m.bin.gz").read_bytes())
    for place, sizes in ((8 + 32, (2**30,)), (SIZES, (2**30, 2**30, 0))):
        lying = bytearray(whole[:100_000])
        struct.pack_into(f"<{len(sizes)}i", lying, place, *sizes)
        (tmp_path / "lies.gz").write_bytes(gzip.compress(lying))
        tracemalloc.start()
        with pytest.raises(InputError, match=r"lies.gz, byte \d+: "):
            read_fasttext_binary(tmp_path / "lies.gz")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
        tracemalloc.stop()


def test_memory_is_asked_for_first(tmp_path, monkeypatch) -> None:
    data = bytearray(written(tmp_path / "m.bin", small()))
    struct.pack_into("<i", data, 8 + 32, 2**30)  # buckets
    struct.pack_into("<q", data, data.index(b"say\0") + 13 + 1, 2**30 + 2)  # rows
    (tmp_path / "m.gz").write_bytes(gzip.compress(data))
    monkeypatch.setattr("tinygrad_w2v._base.memory.memory_left", lambda: 1 << 30)
    with pytest.raises(InputError, match=r"1,073,741,826 rows .* need about 8.6 GB .* 1.1 GB"):
        read_fasttext_binary(tmp_path / "m.gz")


def test_every_truncation_is_refused(tmp_path) -> None:
    for name in ("supervised-softmax", "bytes"):
        whole = (FIXTURES / f"{name}.bin").read_bytes()
        cut = tmp_path / "cut.bin"
        for end in {*range(0, 400, 3), *range(400, len(whole), 297), len(whole) - 1}:
            cut.write_bytes(whole[:end])
            for mmap in (False, True):
                with pytest.raises(InputError, match=r"cut.bin, byte \d+: .*(file|takes? )"):
                    read_fasttext_binary(cut, mmap)


def changed(data: bytes, place: int, code: str, *numbers: float) -> bytes:
    copy = bytearray(data)
    struct.pack_into("<" + code, copy, place, *numbers)
    return bytes(copy)


TABLES = WORDS + 2 * (4 + 9)  # after "you" and "say"
OUTPUT = TABLES + 17 + 5 * 2 * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: b"\0" + d[1:], r"byte 0: is no model of fastText"),
        (lambda d: changed(d, 4, "i", 13), r"byte 4: is of version 13 .*; 11 and 12 are read"),
        (lambda d: changed(d, 4, "i", 10), r"of version 10"),
        (lambda d: changed(d, 8, "i", 0), r"the setting dim is 0; 1 to 1048576 are believed"),
        (lambda d: changed(d, 8, "i", -3), r"the setting dim is -3"),
        (lambda d: changed(d, 12, "i", -1), r"the setting window is -1"),
        (lambda d: changed(d, 32, "i", 5), r"the loss is number 5 of 4: hs, ns, softmax, ova"),
        (lambda d: changed(d, 36, "i", 0), r"the model is number 0 of 3: cbow, skipgram, superv"),
        (lambda d: changed(d, 40, "i", -1), r"the setting buckets is -1"),
        (lambda d: changed(d, 48, "i", 65), r"the setting max_n is 65; up to 64 are believed"),
        (lambda d: changed(d, 56, "d", np.nan), r"the setting sample is nan"),
        (lambda d: changed(d, SIZES, "3i", 2, 3, -1), r"the number of labels is -1"),
        (lambda d: changed(d, SIZES, "3i", 0, 0, 0), r"0 entries are not 0 words and 0 labels, a"),
        (lambda d: changed(d, SIZES, "3i", 2, 1, 0), r"2 entries are not 1 words and 0 labels"),
        (lambda d: changed(d, SIZES, "3i", 2**30, 2**30, 0), r"1073741824 words take 107374182"),
        (lambda d: changed(d, 36, "i", 3), r"is a classifier without labels"),
        (lambda d: changed(d, SIZES + 12, "q", -5), r"the number of tokens is -5"),
        (lambda d: changed(d, SIZES + 20, "q", 0), r"is a quantised model \(.ftz\)"),
        (lambda d: changed(d, WORDS + 4, "q", -1), rf"byte {WORDS}: word 1, 'you', has count -1"),
        (lambda d: changed(d, WORDS + 12, "b", 1), r"word 1, 'you', is of kind 1, not 0"),
        (lambda d: d.replace(b"say", b"you"), r"word 2, 'you', occurs again, first as word 1"),
        (
            lambda d: d[:WORDS] + b"a" * 70_000,
            rf"byte {WORDS}: no zero ends a word within 65536 bytes",
        ),
        (lambda d: d[:WORDS] + b"a" * 700, r"the file ends in word 1 of 2"),
        (lambda d: changed(d, TABLES, "b", 1), r"is a quantised model"),
        (lambda d: changed(d, TABLES, "b", 7), r"byte 7 where 0 or 1 stands"),
        (
            lambda d: changed(d, TABLES + 1, "q", 6),
            rf"byte {TABLES + 1}: the input table has 6 rows of 2 numbers; there are 2 words, "
            r"3 buckets and dimension 2, which are 5 of 2",
        ),
        (lambda d: changed(d, TABLES + 9, "q", -2), r"has 5 rows of -2 numbers"),
        (
            lambda d: changed(d, TABLES + 17 + 12, "f", np.nan),
            rf"byte {TABLES + 17 + 8}: row 1 of the input table holds NaN or infinity",
        ),
        (lambda d: changed(d, OUTPUT + 17, "f", np.inf), r"row 0 of the output table holds NaN"),
        (lambda d: changed(d, OUTPUT + 1, "q", 3), r"output table has 3 .*; there are 2 words and"),
        (lambda d: d + b"\n", r"the file goes on after the model's end"),
        (lambda d: b"", r"byte 0: the file ends in the first numbers: 8 bytes are missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change, message, tmp_path) -> None:
    data = written(tmp_path / "m.bin", small())
    (tmp_path / "bad.bin").write_bytes(change(data))
    with pytest.raises(InputError, match=rf"bad.bin, byte \d+: .*|{message}") as raised:
        read_fasttext_binary(tmp_path / "bad.bin")
    assert raised.match(message)
    assert "\n" not in str(raised.value)


def test_a_mapped_table_that_is_not_finite_is_refused_by_word(tmp_path) -> None:
    data = written(tmp_path / "m.bin", small(max_n=0))
    (tmp_path / "m.bin").write_bytes(changed(data, TABLES + 17 + 8, "f", np.nan))
    for target in ("v.txt", "v.npz"):
        with pytest.raises(InputError, match=r"m.bin: the vector of 'say' holds NaN"):
            formats.convert(tmp_path / "m.bin", tmp_path / target)
    assert [path.name for path in tmp_path.iterdir()] == ["m.bin"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (small(["a\0b"]), r"'a\\x00b' holds a zero, which ends a word"),
        (small(["\ud800"]), r"holds half a surrogate pair"),
        (small(["a" * 70_000]), r"is longer than 65536 bytes"),
        (small(["you", "you"]), r"a word occurs twice"),
        (small(counts=np.array([1, -1])), r"less than never"),
        (small(counts=np.array([1])), r"counts has shape \(1,\), and \(2,\) is needed"),
        (small(input=np.ones((4, 2))), r"input has shape \(4, 2\), and \(5, 2\) is needed"),
        (small(output=np.ones((2, 3))), r"output has shape \(2, 3\), and \(2, 2\)"),
        (small(input=np.full((5, 2), np.nan, np.float32)), r"row 0 of the input table holds NaN"),
        (small(output=np.ones((2, 2))), r"the output table holds float64, and float32"),
        (small(version=13), r"version 13"),
        (small(words=[]), r"0 words"),
        (small(model="supervised"), r"a classifier needs labels"),
        (small(loss="hinge"), r"the loss is 'hinge'"),
        (small(window=2**31), r"the setting window is 2147483648"),
    ],
)
def test_what_could_not_be_read_is_not_written(file, message, tmp_path) -> None:
    (tmp_path / "m.bin").write_bytes(b"old")
    with pytest.raises(InputError, match=rf"cannot write .*m.bin: .*{message}"):
        write_fasttext_binary(tmp_path / "m.bin", file)
    assert (tmp_path / "m.bin").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_old_classifiers_have_no_ngrams(tmp_path) -> None:
    """Version 11: fastText reads their words alone, whatever max_n says."""
    file = small(model="supervised", labels=["__label__a"], label_counts=np.array([3]), version=11)
    assert file.longest_ngram == 0
    assert file._replace(version=12).longest_ngram == 6
    write_fasttext_binary(tmp_path / "m.bin", file)
    np.testing.assert_array_equal(formats.load(tmp_path / "m.bin").vectors, file.input[:2])
    again = read_fasttext_binary(tmp_path / "m.bin")
    assert (again.version, again.settings.max_n) == (11, 6)
    assert small(min_n=4, max_n=3).longest_ngram == 0
    assert small(min_n=0).shortest_ngram == 1


any_word = st.binary(max_size=8).map(
    lambda raw: raw.replace(b"\0", b"0").decode("utf-8", "surrogateescape")
)


@settings(max_examples=50)
@given(
    words=st.lists(any_word, min_size=1, max_size=5, unique=True),
    buckets=st.integers(0, 4),
    numbers=st.tuples(*[st.integers(0, 2**31 - 1)] * 5),
    loss=st.sampled_from(["hs", "ns", "softmax", "ova"]),
    seed=st.integers(0, 99),
)
def test_what_is_written_is_read(words, buckets, numbers, loss, seed, tmp_path_factory) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("m") / "m.bin"
    table = rng.normal(size=(len(words) + buckets, 2)).astype(np.float32)
    counts = rng.integers(0, 2**62, len(words))
    sizes = SETTINGS._replace(window=numbers[0], epochs=numbers[1], min_count=numbers[2])
    sizes = sizes._replace(negative=numbers[3], min_n=numbers[4], buckets=buckets, loss=loss)
    file = FastTextFile(sizes, words, counts, 2**62, table, -table[: len(words)])
    write_fasttext_binary(path, file)
    again = read_fasttext_binary(path)
    assert (again.settings, again.words, again.tokens) == (file.settings, words, 2**62)
    np.testing.assert_array_equal(again.counts, counts)
    np.testing.assert_array_equal(again.input, file.input)
    np.testing.assert_array_equal(again.output, file.output)
