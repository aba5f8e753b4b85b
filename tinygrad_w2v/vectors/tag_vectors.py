"""Vectors of documents, by their tags: names as words are, or whole numbers, which are rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self, cast

import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.keys import MissingWordError, clean_counts, nearest_spellings
from tinygrad_w2v.vectors.table import Table, clean_vectors
from tinygrad_w2v.vectors.word_vectors import WordVectors


class MissingTagError(MissingWordError):
    """A tag that no document has.

    Examples
    --------
    >>> print(MissingTagError(7, range(3)))
    no document has the tag 7; the tags are the numbers 0 to 2
    >>> print(MissingTagError("beatle", ["beatles"]))
    no document has the tag 'beatle'; nearest spellings: 'beatles'
    """

    def __str__(self) -> str:
        text = f"no document has the tag {self.word!r:.60}"
        words: Any = self.words
        if isinstance(words, range):
            return f"{text}; the tags are the numbers 0 to {len(self.words) - 1}"
        if not isinstance(self.word, str):
            return f"{text}; a key is a tag, or a row from 0 to {len(self.words) - 1}"
        near = nearest_spellings(self.word, self.words)
        return text + (f"; nearest spellings: {', '.join(map(repr, near))}" if near else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.word, self.words)


class _TagTable(Table):
    """A table that speaks of tags; whole numbers are a range, and no name leads to their rows."""

    __slots__ = ()

    def row(self, key: object) -> int:
        """Return the row of a tag."""
        try:
            return super().row(key)
        except MissingWordError:
            raise MissingTagError(key, self.words) from None


class TagVectors(WordVectors):
    """The vectors of tags, and the questions that one asks of them; gensim's `model.dv`.

    A key is a tag. Where the tags are whole numbers, so are the keys in all answers; where they are
    names, a whole number is a row, as of words.

    Parameters
    ----------
    tags : list of str, or range
        The tag of each row; ``range(n)`` for whole numbers.
    vectors : array ``(n, dim)``
    counts : array ``(n,)``, optional
        How many documents have each tag, for ``get_vecattr(tag, "doc_count")``.

    Examples
    --------
    >>> dv = TagVectors(range(3), [[1, 0], [1, 1], [0, 1]])
    >>> dv, dv.most_similar(0, topn=1)[0][0], dv.index_to_key
    (TagVectors(3 tags, 2 dimensions, float32), 1, [0, 1, 2])
    >>> TagVectors(["cbow", "glove"], [[1, 0], [1, 1]])["glove"]
    array([1., 1.], dtype=float32)
    """

    def __init__(
        self,
        tags: Sequence[str] | range,
        vectors: npt.ArrayLike,
        counts: npt.ArrayLike | None = None,
    ) -> None:
        names = [str(tag) for tag in tags] if isinstance(tags, range) else tags
        super().__init__(names, vectors, counts)
        self._table = _table_of(tags, self._table.vectors)

    @property
    def index_to_key(self) -> list[Any]:
        """The tag of each row."""
        return list(self._table.words)

    def __repr__(self) -> str:
        return super().__repr__().replace(" words, ", " tags, ")

    def get_vecattr(self, key: str | int, attr: str) -> int:
        """Return how many documents have a tag (`attr` is ``"doc_count"`` or ``"count"``)."""
        return super().get_vecattr(key, "count" if attr == "doc_count" else attr)

    def add_vectors(self, *args: Any, **keywords: Any) -> None:
        """Refuse: a tag's vector is learned, or inferred."""
        raise InputError(
            "tags get vectors by training: build_vocab(documents, update=True) adds tags; to ask "
            "about others, make WordVectors of your own"
        )

    def vectors_for_all(self, keys: Iterable[str], *args: Any, **keywords: Any) -> WordVectors:
        """Return the vectors of some tags, where these are names; see `WordVectors`."""
        tags: Any = self._table.words
        if isinstance(tags, range):
            raise InputError(
                "these tags are whole numbers, and a table of one's own has words: use "
                "dv.as_words().vectors_for_all(['0', '1'])"
            )
        return super().vectors_for_all(keys, *args, **keywords)

    @classmethod
    def from_mapped(
        cls, words: Any, vectors: FloatArray, counts: npt.ArrayLike | None = None
    ) -> Self:
        """Return tags with a table as it is, without looking it through."""
        self = cls.__new__(cls)
        self._table = _table_of(words, vectors)
        self._counts = clean_counts(counts, self._table.words)
        return self

    @classmethod
    def sharing(cls, words: Any, vectors: FloatArray, counts: npt.ArrayLike | None = None) -> Self:
        """Return tags with a table that a model goes on writing into."""
        return cls.from_mapped(words, clean_vectors(vectors, len(words)), counts)

    def as_words(self, prefix: str = "") -> WordVectors:
        """Return the same vectors under words: the tags, each after a prefix.

        Examples
        --------
        >>> TagVectors(range(2), [[1, 0], [1, 1]]).as_words("*dt_").index_to_key
        ['*dt_0', '*dt_1']
        """
        words = [f"{prefix}{tag}" for tag in self._table.words]
        return WordVectors.sharing(words, self._table.vectors, self._counts)

    def save(self, path: PathLike) -> None:
        """Write the tags as words, with their vectors, for `WordVectors.load`."""
        self.as_words().save(path)

    def save_word2vec_format(self, path: PathLike, *args: Any, **keywords: Any) -> None:
        """Write the tags as words; see `WordVectors.save_word2vec_format`."""
        self.as_words().save_word2vec_format(path, *args, **keywords)


def _table_of(tags: Any, vectors: FloatArray) -> _TagTable:
    if isinstance(tags, range):
        return _TagTable(cast(Any, tags), {}, vectors)
    return _TagTable(list(tags), {tag: row for row, tag in enumerate(tags)}, vectors)
