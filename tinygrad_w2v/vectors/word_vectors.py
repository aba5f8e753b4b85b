"""Words and their vectors: what training gives and what everyone asks questions of.

What is asked of them stands in `neighbours`, `similarity` and `evaluation`, one class on top of the
other; here is what they hold, how that is changed, and their files.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors.archive import read_archive, write_archive
from tinygrad_w2v.vectors.blocks import collect, contents_of
from tinygrad_w2v.vectors.changing import ChangingVectors, check_encoding, no_words
from tinygrad_w2v.vectors.keys import clean_counts, clean_words, index_words
from tinygrad_w2v.vectors.pairs import found_pair, open_pair
from tinygrad_w2v.vectors.registry import stream, write_word2vec
from tinygrad_w2v.vectors.table import Table, clean_vectors, is_row, own_vectors, row_norms
from tinygrad_w2v.vectors.vocabulary_file import read_vocabulary_file, write_vocabulary


class WordVectors(ChangingVectors):
    r"""Words, one vector each, and the questions one asks of them (gensim's `KeyedVectors`).

    A key is a word, or an int: a row. Neighbours are those of largest cosine
    ``x . y / (|x| |y|)``, equal ones in the order of their rows; a row of zeros has cosine 0 with
    all. Queries read only, and may be asked from many threads.

    Parameters
    ----------
    words : list of str, or dict of int to str
        The word of each row: a list, or the book's ``id_to_word``. A number, or `vector_size`, is
        gensim's: there are no words yet, and vectors of so many numbers. `count`, how many words
        are to come, need not be known.
    vectors : array ``(n, dim)``
        float32 and float64 stay what they are, all else becomes float32. An array that can be
        written into is copied, as lengths are remembered; one that is read-only is not.
    counts : array ``(n,)`` or dict of str to int, optional
        How often each word occurred, for ``get_vecattr(word, "count")``.

    Raises
    ------
    ShapeError
        If there is not one row a word.
    InputError
        If a word occurs twice or is no str, or a row holds NaN or infinity.

    Examples
    --------
    >>> words = ["man", "king", "woman", "queen", "apple"]
    >>> vectors = [[1, 0, 0], [1, 1, 0], [-1, 0, 0], [-1, 1, 0], [0, 0, 1]]
    >>> wv = WordVectors(words, vectors, counts=[9, 5, 8, 4, 3])
    >>> wv
    WordVectors(5 words, 3 dimensions, float32)
    >>> wv["king"], "king" in wv, len(wv), wv.get_vecattr("king", "count")
    (array([1., 1., 0.], dtype=float32), True, 5, 5)
    >>> wv[["man", "apple"]].shape, wv.get_vector("king", norm=True).round(2)
    ((2, 3), array([0.71, 0.71, 0.  ], dtype=float32))
    >>> wv.most_similar(positive=["king", "woman"], negative=["man"], topn=1)[0][0]
    'queen'
    >>> wv.most_similar_cosmul(positive=["king", "woman"], negative=["man"], topn=1)[0][0]
    'queen'
    >>> [(word, round(cosine, 2)) for word, cosine in wv.similar_by_word("man", topn=2)]
    [('king', 0.71), ('apple', 0.0)]
    >>> wv.similar_by_vector(wv["man"] + [0, 0.1, 0], topn=1)[0][0]
    'man'
    >>> [nearest[0][0] for nearest in wv.most_similar_batch(["man", "woman"], topn=1)]
    ['king', 'queen']
    >>> round(wv.similarity("king", "queen"), 2), wv.distance("man", "woman")
    (0.0, 2.0)
    >>> round(wv.n_similarity(["man", "king"], ["king"]), 2), wv.rank("man", "king")
    (0.95, 1)
    >>> wv.doesnt_match(["king", "queen", "apple"])
    'apple'
    >>> print(wv.cosine_table(["man", "king"], digits=2))
           man  king
    man   1.00  0.71
    king  0.71  1.00
    >>> try:
    ...     wv["kin"]
    ... except KeyError as error:
    ...     print(error)
    the word 'kin' has no vector; nearest spellings: 'king'
    >>> wv.index_to_key[1], wv.key_to_index["king"], wv.get_index("king"), wv.vector_size
    ('king', 1, 1, 3)
    >>> wv.has_index_for("pear"), wv.get_normed_vectors().shape, wv.similarities().shape
    (False, (5, 3), (5, 5))
    >>> wv.distances("man", ["man", "woman"]), wv.closer_than("king", "apple")
    (array([0., 2.], dtype=float32), ['man'])
    >>> wv.most_similar_to_given("man", ["woman", "king"]), wv.similar_by_key("man", topn=1)[0][0]
    ('king', 'king')
    >>> round(wv.relative_cosine_similarity("man", "king", topn=2), 2)
    1.0
    >>> wv.rank_by_centrality(["man", "king", "woman"])[0][1], wv.get_mean_vector(["man"])
    ('king', array([1., 0., 0.], dtype=float32))
    >>> wv.add_vector("pear", [0, 0.1, 1]), len(wv)
    (5, 6)
    >>> wv.vectors_lockf
    array([1.], dtype=float32)

    Files, and what people say of pairs and of analogies:

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wv.save(f"{folder}/words.npz")
    ...     wv.save_word2vec_format(f"{folder}/words.txt")
    ...     print(len(WordVectors.load_word2vec_format(f"{folder}/words.txt")))
    ...     pairs, analogies = Path(folder, "pairs.tsv"), Path(folder, "analogies.txt")
    ...     judged = ["man king 7", "man woman 1", "king queen 4"]
    ...     _ = pairs.write_text("\n".join(judged), encoding="utf-8")
    ...     _ = analogies.write_text(": family\nman king woman queen", encoding="utf-8")
    ...     print(wv.judge_word_pairs(pairs, delimiter=" ")[0])
    ...     print(wv.evaluate_word_pairs(pairs, delimiter=" ")[1])
    ...     print(wv.answer_word_analogies(analogies))
    ...     print(wv.evaluate_word_analogies(analogies)[0])
    6
    JudgedPair(words=('MAN', 'KING'), judgement=7.0, cosine=0.7071067811865475)
    Correlation(statistic=1.0, pvalue=0.0)
    [AnsweredAnalogy(section='family', words=('MAN', 'KING', 'WOMAN', 'QUEEN'), right=True)]
    1.0
    """

    def __init__(
        self,
        words: Sequence[str] | Mapping[int, str] | Iterable[str] | int | None = None,
        vectors: npt.ArrayLike | None = None,
        counts: npt.ArrayLike | Mapping[str, int] | None = None,
        *,
        vector_size: int | None = None,
        count: int = 0,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        if isinstance(words, int) and is_row(vectors):  # as in gensim: size and count
            vectors = None
        if vectors is None:
            words, vectors = no_words(words if vector_size is None else vector_size, dtype)
        elif words is None or isinstance(words, int) or vector_size is not None:
            raise InputError("give either words and vectors, or vector_size alone")
        listed = clean_words(words)
        self._table = Table(listed, index_words(listed), own_vectors(vectors, len(listed)))
        self._counts = clean_counts(counts, listed)

    # What it holds

    @property
    def vectors(self) -> FloatArray:
        """The vectors ``(n, dim)``, read-only.

        To change them, assign an array: ``wv.vectors = 2 * wv.vectors``; or some rows by
        ``wv.add_vectors(words, rows, replace=True)``. Lengths are computed anew then.
        """
        return self._table.shown

    @vectors.setter
    def vectors(self, vectors: npt.ArrayLike) -> None:
        table = self._table
        self._table = table.with_vectors(own_vectors(vectors, len(table.words)))

    @property
    def index_to_key(self) -> list[str]:
        """The word of each row."""
        return self._table.words

    @property
    def key_to_index(self) -> dict[str, int]:
        """The row of each word."""
        return self._table.index

    @property
    def vector_size(self) -> int:
        """Number of dimensions."""
        return int(self._table.vectors.shape[1])

    @property
    def counts(self) -> IntArray | None:
        """How often each word occurred ``(n,)``, None where that is not known."""
        return self._counts

    def __len__(self) -> int:
        return len(self._table.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.words)

    def __contains__(self, key: object) -> bool:
        return self._table.has_vector(key)

    def __getitem__(self, key_or_keys: Any) -> FloatArray:
        if isinstance(key_or_keys, str) or not isinstance(key_or_keys, Iterable):
            return self.get_vector(key_or_keys)
        return self._table.chosen(key_or_keys)[0]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self)} words, {self.vector_size} dimensions, "
            f"{self.vectors.dtype})"
        )

    def __sklearn_clone__(self) -> Self:
        """Return these, which the clone of an estimator of scikit-learn reads as well."""
        return self

    def _repr_html_(self) -> str:
        """Show the first words and numbers as a table in a notebook."""
        return self._table.html(repr(self))

    def get_index(self, key: str | int, default: int | None = None) -> int:
        """Return the row of a word, or `default` if that is given and there is none."""
        if default is not None and key not in self._table:
            return default
        return self._table.row(key)

    def get_vector(self, key: str | int, norm: bool = False) -> FloatArray:
        """Return the vector of a word ``(dim,)``, read-only; with `norm` at length 1."""
        table = self._table
        row, vector = table.found(key)
        if norm:
            vector = vector / (row_norms(vector[None]) if row is None else table.norms)[row or 0]
        vector.flags.writeable = False
        return vector

    def get_normed_vectors(self) -> FloatArray:
        """Return all vectors at length 1 ``(n, dim)``, a new array."""
        table = self._table
        normed: FloatArray = table.vectors / table.norms[:, None]
        return normed

    def has_index_for(self, key: str | int) -> bool:
        """Return whether there is a vector of `key`."""
        return key in self._table

    def get_vecattr(self, key: str | int, attr: str) -> int:
        """Return how often a word occurred (`attr` is ``"count"``)."""
        row = self._table.row(key)
        if attr != "count":
            raise KeyError(f"words have no attribute {attr!r}; there is only 'count'")
        if self._counts is None:
            raise KeyError("the counts of these words are not known; give WordVectors(counts=...)")
        return int(self._counts[row])

    # Changes, beside those of `ChangingVectors`

    def unit_normalize_all(self) -> None:
        """Scale all vectors to length 1, for good; a vector of zeros stays as it is.

        Examples
        --------
        >>> wv = WordVectors(["you"], [[3, 4]])
        >>> wv.unit_normalize_all()
        >>> wv["you"]
        array([0.6, 0.8], dtype=float32)
        """
        table = self._table
        self.vectors = table.vectors / table.norms[:, None]

    def vectors_for_all(
        self, keys: Iterable[str], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> "WordVectors":
        """Return the vectors of some words, in their order, as a table of its own.

        Parameters
        ----------
        keys : iterable of str
            Words; those without a vector, and repeated ones, are left out.
        allow_inference : bool
            Take those that have no row, too, where a vector can be made of them, as of the parts
            of a word.
        copy_vecattrs : bool
            Take the counts as well; 0 for a word that has no row.

        Examples
        --------
        >>> wv = WordVectors(["you", "say", "hello"], [[1, 0], [0, 1], [1, 1]])
        >>> wv.vectors_for_all(["hello", "never", "you"]).index_to_key
        ['hello', 'you']
        """
        if isinstance(keys, str):
            raise InputError(f"give a list of words, not the string {keys!r:.40}; split it")
        table = self._table
        known: Any = self if allow_inference else table.index
        words = [key for key in dict.fromkeys(keys) if isinstance(key, str) and key in known]
        rows = [self.get_vector(word) for word in words]
        vectors = np.array(rows, table.vectors.dtype).reshape(-1, table.vectors.shape[1])
        counts = None
        if copy_vecattrs and self._counts is not None:
            counts = [int(self._counts[table.index[w]]) if w in table.index else 0 for w in words]
        return WordVectors(words, vectors, counts)

    # Files

    @knowing(fname="path")
    def save_word2vec_format(
        self,
        path: PathLike,
        binary: bool = False,
        *,
        fvocab: PathLike | None = None,
        write_header: bool = True,
    ) -> None:
        """Write the words and vectors in word2vec's text or binary format, in their order.

        The format holds no counts: `fvocab` is a second file for them. It holds no words with
        blanks either: such a word raises an InputError. Without a header, text is GloVe's.
        """
        _check_binary(binary)
        words = self._table.words
        contents, blocks = contents_of(words, self._table.vectors)
        if fvocab is None:
            write_word2vec(path, contents, blocks, binary, write_header)
            return
        if self._counts is None:
            raise InputError(
                f"{fvocab} would hold the words' counts, which are not known; leave out fvocab, or "
                "give WordVectors(counts=...)"
            )
        with open_pair(path, fvocab) as (file, vocabulary):
            write_vocabulary(vocabulary, words, self._counts)
            write_word2vec(path, contents, blocks, binary, write_header, file)

    @classmethod
    @knowing(fname="path")
    def load_word2vec_format(
        cls,
        path: PathLike,
        binary: bool = False,
        limit: int | None = None,
        *,
        fvocab: PathLike | None = None,
        no_header: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        datatype: npt.DTypeLike = np.float32,
        duplicates: Literal["error", "first"] = "error",
    ) -> Self:
        """Read word2vec's text or binary format, or GloVe's text (``no_header=True``).

        `fvocab` is the file of counts that `save_word2vec_format`, gensim or word2vec.c wrote.

        Raises
        ------
        InputError
            With line and byte, if the file is malformed.
        """
        _check_binary(binary)
        check_encoding(encoding)
        table, vocabulary = (path, None) if fvocab is None else found_pair(path, fvocab)
        if binary and no_header:
            raise InputError("a binary file without a header cannot be read: how many numbers?")
        format = "word2vec-binary" if binary else "glove" if no_header else "word2vec"
        with stream(table, format, limit, datatype, unicode_errors) as reader:
            words, vectors, _ = collect(reader, path, duplicates)
        counts = None if vocabulary is None else read_vocabulary_file(vocabulary, unicode_errors)
        try:
            return cls(words, vectors, counts)
        except InputError as error:
            raise InputError(f"{fvocab}: {error}") from error

    def save(self, path: PathLike) -> None:
        """Write words, vectors and counts to one npz file, which holds any word."""
        write_archive(path, self._table.words, self._table.vectors, self._counts)

    @classmethod
    def load(cls, path: PathLike, mmap: bool | str | None = False) -> Self:
        """Read what `save` wrote.

        With `mmap` the vectors stay in the file and are read, page by page, when a query needs
        them; processes that map the same file share its memory. They are not looked through for
        NaN then. gensim's ``mmap="r"`` means the same.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     WordVectors(["new york"], [[1, 2]], counts=[3]).save(Path(folder, "wv.npz"))
        ...     WordVectors.load(Path(folder, "wv.npz"), mmap=True).get_vecattr("new york", "count")
        3
        """
        words, vectors, counts = read_archive(path, mmap=bool(mmap))
        vectors.flags.writeable = False  # nobody else has it, so that it need not be copied
        try:
            return cls.from_mapped(words, vectors, counts) if mmap else cls(words, vectors, counts)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    @classmethod
    def from_mapped(
        cls, words: list[str], vectors: FloatArray, counts: npt.ArrayLike | None = None
    ) -> Self:
        """Return words with a table that is mapped into memory, without looking it through.

        Examples
        --------
        >>> WordVectors.from_mapped(["you"], np.ones((1, 2), np.float32))
        WordVectors(1 words, 2 dimensions, float32)
        """
        self = cls.__new__(cls)
        self._table = Table(words, index_words(words), vectors)
        self._counts = clean_counts(counts, words)
        return self

    # Sharing a table with a model

    @classmethod
    def sharing(
        cls, words: list[str], vectors: FloatArray, counts: npt.ArrayLike | None = None
    ) -> Self:
        """Return words with a table that a model goes on writing into; it tells by `share`.

        Examples
        --------
        >>> rows = np.ones((1, 2), np.float32)
        >>> np.shares_memory(WordVectors.sharing(["you"], rows).vectors, rows)
        True
        """
        return cls.from_mapped(words, clean_vectors(vectors, len(words)), counts)

    def share(self, vectors: FloatArray, moving: bool = False) -> None:
        """Take a table as it is, and no length for known as long as it is moving."""
        self._table = self._table.with_vectors(vectors, moving)

    def shares(self, vectors: FloatArray) -> bool:
        """Return whether this is the table that was shared."""
        own = self._table.vectors
        there = own.ctypes.data == vectors.ctypes.data
        return own is vectors or (there and own.shape == vectors.shape)


def _check_binary(binary: Any) -> None:
    if not isinstance(binary, int):  # gensim's second argument is fvocab
        raise InputError(
            f"must be True or False, not {binary!r:.60}",
            setting="binary",
            remedy="name arguments, as fvocab=... and binary=True",
        )
