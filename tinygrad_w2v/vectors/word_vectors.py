"""Words and their vectors: what training gives and what everyone asks questions of.

The class only gathers; each question is a function of `neighbours`, `similarity`, `evaluation`,
each file a module of its own.
"""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors import evaluation, neighbours, similarity
from tinygrad_w2v.vectors.archive import read_archive, write_archive
from tinygrad_w2v.vectors.blocks import blocks_of
from tinygrad_w2v.vectors.correlation import Correlation
from tinygrad_w2v.vectors.keys import clean_words, index_words
from tinygrad_w2v.vectors.neighbours import Neighbours
from tinygrad_w2v.vectors.source import PathLike
from tinygrad_w2v.vectors.table import Table, clean_vectors, is_row
from tinygrad_w2v.vectors.word2vec_format import read_word2vec_format, write_word2vec_format


class WordVectors:
    """Words, one vector each, and the questions one asks of them (gensim's `KeyedVectors`).

    A key is a word, or an int: a row. Neighbours are those of largest cosine
    ``x . y / (|x| |y|)``, equal ones in the order of their rows; a row of zeros has cosine 0 with
    all. Queries read only, and may be asked from many threads.

    Parameters
    ----------
    words : list of str, or dict of int to str
        The word of each row: a list, or the book's ``id_to_word``.
    vectors : array ``(n, dim)``
        float32 and float64 are kept as they are and not copied; all else becomes float32.
        Write into them only by assigning ``wv.vectors``, so that their lengths are computed anew.
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
    >>> [found[0][0] for found in wv.most_similar_batch(["man", "woman"], topn=1)]
    ['king', 'queen']
    >>> round(wv.similarity("king", "queen"), 2), wv.distance("man", "woman")
    (0.0, 2.0)
    >>> round(wv.n_similarity(["man", "king"], ["king"]), 2), wv.rank("man", "king")
    (0.95, 1)
    >>> wv.doesnt_match(["king", "queen", "apple"])
    'apple'
    >>> wv.distances("man", ["king", "woman"]).round(2)
    array([0.29, 2.  ], dtype=float32)
    >>> wv.similarities(["man", "woman"]).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    >>> print(wv.cosine_table(["man", "king"], digits=2))
           man  king
    man   1.00  0.71
    king  0.71  1.00
    >>> try:
    ...     wv["kin"]
    ... except KeyError as error:
    ...     print(error)
    the word 'kin' has no vector; nearest spellings: 'king'
    """

    def __init__(
        self,
        words: Sequence[str] | Mapping[int, str] | Iterable[str],
        vectors: npt.ArrayLike,
        counts: npt.ArrayLike | Mapping[str, int] | None = None,
    ) -> None:
        listed = clean_words(words)
        self._table = Table(listed, index_words(listed), clean_vectors(vectors, len(listed)))
        self._counts = _clean_counts(counts, listed)

    # What it holds

    @property
    def vectors(self) -> FloatArray:
        """The vectors ``(n, dim)``. Assign them to replace them: lengths are computed anew."""
        return self._table.vectors

    @vectors.setter
    def vectors(self, vectors: npt.ArrayLike) -> None:
        table = self._table
        self._table = Table(table.words, table.index, clean_vectors(vectors, len(table.words)))

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
        if is_row(key):
            return 0 <= key < len(self)
        return key in self._table.index

    def __getitem__(self, key_or_keys: Any) -> FloatArray:
        if isinstance(key_or_keys, str) or is_row(key_or_keys):
            return self.get_vector(key_or_keys)
        table = self._table
        return table.vectors[table.rows(key_or_keys)]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self)} words, {self.vector_size} dimensions, "
            f"{self.vectors.dtype})"
        )

    def _repr_html_(self) -> str:
        """Show the first words and numbers as a table in a notebook."""
        table = self._table
        columns = min(6, self.vector_size)
        more = "<td>…</td>" if columns < self.vector_size else ""
        rows = []
        for word, vector in zip(table.words[:8], table.vectors[:8, :columns].tolist(), strict=True):
            cells = "".join(f"<td>{number:.4f}</td>" for number in vector)
            rows.append(f"<tr><th>{html.escape(word)}</th>{cells}{more}</tr>")
        if len(self) > 8:
            rows.append(f"<tr><th>…</th><td colspan='{columns + 1}'></td></tr>")
        return f"<table><caption>{html.escape(repr(self))}</caption>{''.join(rows)}</table>"

    def get_index(self, key: str | int, default: int | None = None) -> int:
        """Return the row of a word, or `default` if that is given and there is none."""
        if default is not None and key not in self:
            return default
        return self._table.row(key)

    def get_vector(self, key: str | int, norm: bool = False) -> FloatArray:
        """Return the vector of a word ``(dim,)``, read-only; with `norm` at length 1."""
        table = self._table
        row = table.row(key)
        vector = table.vectors[row]
        if norm:
            vector = vector / table.norms[row]
        vector.flags.writeable = False
        return vector

    def get_vecattr(self, key: str | int, attr: str) -> int:
        """Return how often a word occurred (`attr` is ``"count"``)."""
        row = self._table.row(key)
        if attr != "count":
            raise KeyError(f"words have no attribute {attr!r}; there is only 'count'")
        if self._counts is None:
            raise KeyError("the counts of these words are not known; give WordVectors(counts=...)")
        return int(self._counts[row])

    # Neighbours

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the words nearest to the mean of the positive less the negative ones.

        Parameters
        ----------
        positive, negative : word, vector, or list of words, vectors or (key, weight) pairs
            What to look near to and away from. Words count with their unit vectors; the words
            given are left out of the answer.
        topn : int or None
            How many; None for the cosines of all words as an array.
        clip_start, clip_end : int
            Look only at these rows.
        restrict_vocab : int, optional
            Look only at the first so many words.

        Returns
        -------
        list of (str, float)
            Words and cosines, the nearest first.
        """
        if restrict_vocab:
            clip_start, clip_end = 0, restrict_vocab
        end = clip_end or None
        return neighbours.most_similar(self._table, positive, negative, topn, clip_start, end)

    def most_similar_batch(
        self, queries: Iterable[Any], topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbours]:
        """Return `most_similar` of each word or vector; many at once are far faster."""
        return neighbours.most_similar_batch(self._table, queries, topn, restrict_vocab)

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the nearest words by the product of cosines (3CosMul, Levy and Goldberg 2014)."""
        return neighbours.most_similar_cosmul(self._table, positive, negative, topn, restrict_vocab)

    def similar_by_word(
        self, word: str | int, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return the words nearest to one word."""
        return self.most_similar([word], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return the words nearest to a vector ``(dim,)``."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    # Similarity

    def similarity(self, w1: str | int, w2: str | int) -> float:
        """Return the cosine of two words."""
        return similarity.similarity(self._table, w1, w2)

    def distance(self, w1: str | int, w2: str | int) -> float:
        """Return 1 less the cosine of two words."""
        return 1 - similarity.similarity(self._table, w1, w2)

    def distances(self, word_or_vector: Any, other_words: Iterable[str | int] = ()) -> FloatArray:
        """Return 1 less the cosines of a word or vector with others (none given: with all)."""
        return similarity.distances(self._table, word_or_vector, other_words)

    def similarities(self, words: Iterable[str | int] | None = None) -> FloatArray:
        """Return the cosines of all pairs of `words` (None: all words), shape ``(n, n)``."""
        return similarity.similarities(self._table, words)

    def cosine_table(self, words: Iterable[str | int] | None = None, digits: int = 3) -> str:
        """Return the cosines of all pairs of `words` as a table to print."""
        return similarity.cosine_table(self._table, words, digits)

    def n_similarity(self, ws1: Sequence[str | int], ws2: Sequence[str | int]) -> float:
        """Return the cosine of the means of two sets of words."""
        return similarity.n_similarity(self._table, ws1, ws2)

    def rank(self, key1: str | int, key2: str | int) -> int:
        """Return the place of `key2` among the neighbours of `key1`, 1 for the nearest."""
        return similarity.rank(self._table, key1, key2)

    def doesnt_match(self, words: Iterable[str | int]) -> str:
        """Return the word that is farthest from the mean of all."""
        return similarity.doesnt_match(self._table, words)

    # Evaluation

    def evaluate_word_pairs(
        self,
        pairs: PathLike,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Correlation, Correlation, float]:
        """Return (Pearson, Spearman, per cent unknown); see `evaluation.evaluate_word_pairs`."""
        return evaluation.evaluate_word_pairs(
            self._table, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown
        )

    def evaluate_word_analogies(
        self,
        analogies: PathLike,
        restrict_vocab: int = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: Literal["most_similar", "most_similar_cosmul"] = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """Return (share right, sections); see `evaluation.evaluate_word_analogies`."""
        return evaluation.evaluate_word_analogies(
            self._table,
            analogies,
            restrict_vocab,
            case_insensitive,
            dummy4unknown,
            similarity_function,
        )

    def judge_word_pairs(
        self, pairs: PathLike, restrict_vocab: int = 300000
    ) -> list[evaluation.JudgedPair]:
        """Return each pair with judgement and cosine; see `evaluation.judge_word_pairs`."""
        return evaluation.judge_word_pairs(self._table, pairs, restrict_vocab=restrict_vocab)

    def answer_word_analogies(
        self,
        analogies: PathLike,
        restrict_vocab: int = 300000,
        similarity_function: evaluation.SimilarityFunction = "most_similar",
    ) -> list[evaluation.AnsweredAnalogy]:
        """Return each analogy and whether it was right; see `evaluation.answer_word_analogies`."""
        return evaluation.answer_word_analogies(
            self._table, analogies, restrict_vocab, similarity_function=similarity_function
        )

    # Files

    def save_word2vec_format(self, path: PathLike, binary: bool = False) -> None:
        """Write the words and vectors in word2vec's text or binary format, in their order.

        The format holds no counts, and no words with blanks: such a word raises an InputError.
        """
        table = self._table
        blocks = ((b.words, b.vectors) for b in blocks_of(table.words, table.vectors))
        write_word2vec_format(path, blocks, len(table.words), self.vector_size, binary)

    @classmethod
    def load_word2vec_format(
        cls,
        path: PathLike,
        binary: bool = False,
        limit: int | None = None,
        *,
        no_header: bool = False,
        unicode_errors: str = "strict",
        datatype: npt.DTypeLike = np.float32,
        duplicates: Literal["error", "first"] = "error",
    ) -> Self:
        """Read word2vec's text or binary format, or GloVe's text (``no_header=True``).

        Raises
        ------
        InputError
            With line and byte, if the file is malformed; see `read_word2vec_format`.
        """
        words, vectors = read_word2vec_format(
            path, binary, limit, no_header, unicode_errors, datatype, duplicates
        )
        return cls(words, vectors)

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
        self._counts = _clean_counts(counts, words)
        return self


def _clean_counts(
    counts: npt.ArrayLike | Mapping[str, int] | None, words: list[str]
) -> IntArray | None:
    if counts is None:
        return None
    if isinstance(counts, Mapping):
        missing = next((word for word in words if word not in counts), None)
        if missing is not None:
            raise InputError(f"counts has no count of the word {missing!r}")
        counts = [counts[word] for word in words]
    given: Any = np.asarray(counts)
    if given.shape != (len(words),):
        raise ShapeError(
            f"counts has shape {given.shape} for {len(words)} words; one each is needed"
        )
    if len(words) and given.dtype.kind not in "iu":
        raise InputError(f"counts holds {given.dtype}, not whole numbers")
    return np.asarray(given, dtype=np.int64)
