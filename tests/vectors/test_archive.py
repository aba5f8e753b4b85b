"""The library's own file: any word, mapping, damage."""

import io
import os
import subprocess
import sys
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import WordVectors, formats

any_word = st.text(st.characters(exclude_categories=()), max_size=12)  # surrogates too


@settings(max_examples=40, deadline=None)
@given(
    st.data(),
    st.lists(any_word, unique=True, max_size=8),
    st.sampled_from([np.float32, np.float64]),
)
def test_round_trip(tmp_path_factory, data, words, dtype):
    dim = data.draw(st.integers(1, 5))
    vectors = data.draw(
        arrays(
            dtype,
            (len(words), dim),
            elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
        )
    )
    counts = data.draw(
        st.none() | st.lists(st.integers(0, 2**40), min_size=len(words), max_size=len(words))
    )
    path = tmp_path_factory.mktemp("archive") / "wv"
    WordVectors(words, vectors, counts).save(path)
    for mmap in (False, True):
        read = WordVectors.load(path, mmap=mmap)
        assert read.index_to_key == words
        assert read.vectors.dtype == dtype
        np.testing.assert_array_equal(read.vectors, vectors)
        assert (None if read.counts is None else read.counts.tolist()) == counts


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(50)]
    wv = WordVectors(words, rng.normal(size=(50, 7)).astype(np.float32), range(50))
    wv.save(tmp_path / "wv.npz")
    return tmp_path / "wv.npz"


def test_same_vectors_same_bytes(path, tmp_path):
    WordVectors.load(path).save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_numpy_reads_it(path):
    with np.load(path, allow_pickle=False) as archive:
        assert set(archive) == {"vectors", "words", "offsets", "counts"}
        assert archive["vectors"].shape == (50, 7)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def test_mapped_vectors_are_not_copied(path):
    read, mapped = WordVectors.load(path), WordVectors.load(path, mmap="r")
    base = mapped.vectors
    while not isinstance(base, np.memmap):
        base = base.base
    assert base.offset % 64 == 0 or base.offset % mapped.vectors.itemsize == 0
    assert mapped.vectors.flags.aligned and mapped.vectors.flags.c_contiguous
    assert not mapped.vectors.flags.writeable
    assert mapped.vectors.ctypes.data % 64 == 0
    for ours, theirs in zip(mapped.most_similar("w3"), read.most_similar("w3"), strict=True):
        assert ours[0] == theirs[0] and ours[1] == pytest.approx(theirs[1], abs=1e-6)
    np.testing.assert_array_equal(mapped["w3"], read["w3"])


@pytest.mark.parametrize("name", ["v.npz", "v.npy"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_queries_of_a_mapped_file_copy_no_table(name, dtype, tmp_path, monkeypatch):
    monkeypatch.setattr("tinygrad_w2v.vectors.table._BLOCK", 1 << 14)  # of lengths; usually 8 MB
    rows = np.random.default_rng(0).normal(size=(20_000, 64)).astype(dtype)
    words = [f"w{i}" for i in range(len(rows))]
    formats.save(WordVectors(words, rows, range(len(rows))), tmp_path / name)
    mapped = formats.load(tmp_path / name, mmap=True)
    queries = {
        "most_similar": lambda: mapped.most_similar(["w1", "w2"], ["w3"]),
        "all scores": lambda: mapped.most_similar("w1", topn=None),
        "most_similar_batch": lambda: mapped.most_similar_batch(["w1", "w2", "w3"]),
        "most_similar_cosmul": lambda: mapped.most_similar_cosmul(["w1", "w2"], ["w3"]),
        "similar_by_vector": lambda: mapped.similar_by_vector(mapped["w9"]),
        "restricted": lambda: mapped.most_similar("w1", restrict_vocab=19_000),
        "distances": lambda: mapped.distances("w1"),
        "rank": lambda: mapped.rank("w1", "w2"),
        "closer_than": lambda: mapped.closer_than("w1", "w2"),
        "pairs": lambda: (mapped.similarity("w1", "w2"), mapped.distance("w1", "w2")),
        "sets": lambda: (mapped.n_similarity(["w1"], ["w2"]), mapped.doesnt_match(["w1", "w2"])),
        "rows": lambda: (mapped[["w1", "w2"]], mapped.get_vector("w1", norm=True)),
    }
    for query, ask in queries.items():
        tracemalloc.start()
        ask()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < rows.nbytes / 3, query


def test_many_threads_ask_a_mapped_file_at_once(path):
    words = [f"w{i}" for i in range(50)]
    expected = [WordVectors.load(path).most_similar(word, topn=5) for word in words]
    for _ in range(5):
        mapped = WordVectors.load(path, mmap=True)  # whose lengths nobody has asked for yet
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda word, wv=mapped: wv.most_similar(word, topn=5), words * 4))
        for ours, theirs in zip(found, expected * 4, strict=True):
            assert [word for word, _ in ours] == [word for word, _ in theirs]
            np.testing.assert_allclose([c for _, c in ours], [c for _, c in theirs], atol=1e-6)


def test_savez_of_the_same_arrays_is_read(path, tmp_path):
    with np.load(path) as archive:
        contents = {name: archive[name] for name in archive}
    np.savez(tmp_path / "plain.npz", **contents)
    assert WordVectors.load(tmp_path / "plain.npz").index_to_key[3] == "w3"
    np.savez_compressed(tmp_path / "small.npz", **contents)
    with pytest.raises(InputError, match="compressed"):
        WordVectors.load(tmp_path / "small.npz")
    contents["vectors"][3] = np.nan
    np.savez(tmp_path / "nan.npz", **contents)
    with pytest.raises(InputError, match=r"vectors\[3\] holds NaN"):
        WordVectors.load(tmp_path / "nan.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vectors": None}, "no array 'vectors'"),
        ({"vectors": np.zeros((49, 7), np.float32)}, "49 vectors for 50 words"),
        ({"vectors": np.zeros(50, np.float32)}, "does not belong"),
        ({"vectors": np.zeros((50, 7), int)}, "does not belong"),
        ({"words": np.zeros(3, np.uint8)}, "span"),
        ({"words": np.zeros(3, np.int8)}, "does not belong"),
        ({"offsets": np.arange(51)[::-1]}, "do not rise"),
        ({"offsets": np.zeros(0, np.int64)}, "do not rise"),
        ({"counts": np.arange(3)}, "3 counts for 50 words"),
        ({"words": np.full(140, 0xFF, np.uint8)}, "not UTF-8"),
    ],
    ids=str,
)
def test_other_archives_are_refused(path, change, message):
    with np.load(path) as archive:
        contents = {name: archive[name] for name in archive} | change
    np.savez(path, **{name: array for name, array in contents.items() if array is not None})
    with pytest.raises(InputError, match=message):
        WordVectors.load(path)


def test_objects_are_never_unpickled(path):
    with np.load(path) as archive:
        contents = {name: archive[name] for name in archive}
    contents["words"] = np.array(["a"] * 50, dtype=object)
    np.savez(path, **contents)
    with pytest.raises(InputError, match="does not belong"):
        WordVectors.load(path)


def test_a_header_that_promises_too_much(path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (50, 10**12)}
    )
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["vectors.npy"] = header.getvalue() + bytes(1000)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in members.items():
            new.writestr(name, data)
    for mmap in (False, True):
        with pytest.raises(InputError, match="size than its header says"):
            WordVectors.load(path, mmap=mmap)


def test_not_an_archive(tmp_path):
    for data in (b"", b"1 2\nyou 1 2\n"):
        (tmp_path / "x").write_bytes(data)
        with pytest.raises(InputError, match="load_word2vec_format"):
            WordVectors.load(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        WordVectors.load(tmp_path / "none")


def test_failed_save_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    wv = WordVectors.load(path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        wv.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.process
def test_processes_query_one_mapped_file(path):
    code = (
        "import sys; from tinygrad_w2v.vectors import WordVectors;"
        "print(WordVectors.load(sys.argv[1], mmap=True).most_similar('w3', topn=1)[0][0])"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, encoding="utf-8"
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60)[0] for process in running]
    assert (
        answers[0] == answers[1] == WordVectors.load(path).most_similar("w3", topn=1)[0][0] + "\n"
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_archives_are_refused_or_read(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    WordVectors(["you", "say"], np.eye(2), [1, 2]).save(folder / "wv")
    damaged = bytearray((folder / "wv").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged))) :]
    (folder / "wv").write_bytes(damaged)
    for mmap in (False, True):
        try:
            WordVectors.load(folder / "wv", mmap=mmap)
        except ValueError:  # InputError and ShapeError are
            pass
