"""Line sentences are gensim's, again and again; what is no text is refused with one line."""

import bz2
import gzip
import io

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text.sentences import LineSentence, PathLineSentences, check_sentences

TEXT = "You say  goodbye\n\nand I say\thello .\r\nä ö\u3000ü\nlast line without end"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b.txt").write_bytes(TEXT.encode())
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT.upper().encode()))
    (tmp_path / "c.bz2").write_bytes(bz2.compress(b"one two\n"))
    return tmp_path


@pytest.mark.parametrize("options", [{}, {"limit": 2}, {"max_sentence_length": 2}])
def test_same_sentences_as_gensim(folder, options) -> None:
    gensim = pytest.importorskip("gensim.models.word2vec", reason="gensim is not installed")
    for name in ("b.txt", "a.txt.gz", "c.bz2"):
        path = str(folder / name)
        ours = LineSentence(path, **options)
        assert list(ours) == list(gensim.LineSentence(path, **options))
        assert list(ours) == list(ours)
    ours = PathLineSentences(str(folder), **options)
    theirs = gensim.PathLineSentences(str(folder), **options)
    assert list(ours) == list(theirs)
    assert ours.input_files == theirs.input_files


def test_open_files_are_read_from_their_beginning() -> None:
    for file in (io.StringIO("a b\nc\n"), io.BytesIO(b"a b\nc\n")):
        file.read()
        lines = LineSentence(file)
        assert list(lines) == list(lines) == [["a", "b"], ["c"]]


def test_a_long_sentence_is_whole(tmp_path) -> None:
    (tmp_path / "long.txt").write_text("word " * 30_000, encoding="utf-8")
    assert [len(sentence) for sentence in LineSentence(tmp_path / "long.txt")] == [30_000]


def test_hidden_files_and_folders_are_left_out(folder) -> None:
    (folder / ".hidden").write_text("no", encoding="utf-8")
    (folder / "below").mkdir()
    names = [path.rsplit("/", 1)[-1] for path in PathLineSentences(folder).input_files]
    assert names == ["a.txt.gz", "b.txt", "c.bz2"]
    assert list(PathLineSentences(folder / "b.txt")) == list(LineSentence(folder / "b.txt"))


def test_wrong_paths_and_numbers(tmp_path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        PathLineSentences(tmp_path / "nothing")
    with pytest.raises(InputError, match="holds no files"):
        PathLineSentences(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        list(LineSentence(tmp_path / "nothing"))
    with pytest.raises(InputError, match="max_sentence_length must be 1 or more, not 0"):
        LineSentence("x", max_sentence_length=0)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ("you say goodbye", "sentences is the str 'you say goodbye', whose letters .*corpus_file"),
        (b"you say", "sentences is the bytes b'you say', whose letters"),
        (["you say", "hello"], "sentence 1 is the string 'you say': its letters would be taken"),
        ([["you"], "say"], "sentence 2 is the string 'say'"),
        (([w] for w in "ab"), "sentences is a generator, which can be read only once"),
        (iter([["you"]]), "sentences is a list_iterator, which can be read only once"),
        (map(str.split, ["a b"]), "sentences is a map, which can be read only once"),
        (7, "sentences is the int 7; give an iterable of lists"),
        ([["you", 3]], "sentence 1 holds the int 3, which is no word"),
        ([["you"], 3], "sentence 2 is the int 3; give lists of words"),
        ([[b"you"]], "sentence 1 holds the bytes b'you'"),
    ],
)
def test_what_is_no_text_is_refused(sentences, message) -> None:
    with pytest.raises(InputError, match=message):
        check_sentences(sentences)


def test_an_iterable_that_hands_out_one_iterator_is_refused() -> None:
    class Once:
        def __init__(self) -> None:
            self.lines = iter([["you", "say"]] * 9)

        def __iter__(self):
            return self.lines

    with pytest.raises(InputError, match="sentences is a Once, which can be read only once"):
        check_sentences(Once())


def test_what_is_text_passes() -> None:
    for sentences in (
        [["you", "say"]],
        (("you", "say"),),
        LineSentence(io.StringIO("a b")),
        np.array([["you", "say"]]),
        [],
    ):
        check_sentences(sentences)
