"""Tags and words with the model that belongs to them: read, enlarged, seen as vectors, kept."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.numbers import cast
from tinygrad_w2v._base.types import AnyArray, BoolArray, FloatArray, IntArray
from tinygrad_w2v.sources.columns import Ragged
from tinygrad_w2v.sources.documents import Tags
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.text.corpus import Corpus, encode_corpus
from tinygrad_w2v.text.documents import TaggedLineDocument, TaggedText, TagRows, check_documents
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.columns import ColumnReader, Rows, packed_words
from tinygrad_w2v.vectors.tag_vectors import TagVectors
from tinygrad_w2v.word2vec.document_settings import DocumentSettings
from tinygrad_w2v.word2vec.keywords import Keywords
from tinygrad_w2v.word2vec.learned_words import digest_of
from tinygrad_w2v.word2vec.text import folder_of_ids
from tinygrad_w2v.word2vec.word2vec import Word2Vec

logger = logging.getLogger("tinygrad_w2v.word2vec")


class LearnedDocuments(Word2Vec):
    """Base of `Doc2Vec`: tags beside the words, and nothing of new documents.

    Attributes
    ----------
    dm_concat, dm_tag_count, dbow_words
        As `Doc2Vec` was given them.
    """

    dm_concat: int
    dm_tag_count: int
    dbow_words: int

    SETTINGS: ClassVar[type[DocumentSettings]] = DocumentSettings
    KEPT: ClassVar[tuple[str, ...]] = (
        *(name for name in Keywords.KEPT if name not in ("sg", "shared_negatives")),
        *("dm", "dm_concat", "dm_tag_count", "dbow_words"),
    )
    IN_FILE: ClassVar[tuple[str, ...]] = (
        *("_tags", "_tag_counts"),
        *("_reading", "_of", "_dv", "_inference"),  # what is not kept
    )

    def __init__(self, **keywords: Any) -> None:
        self._tags, self._tag_counts = TagRows(), np.zeros(0, np.int64)
        self._reading: TaggedText | None = None
        self._of: Ragged | None = None
        self._dv: TagVectors | None = None
        self._kept_tags: BoolArray | None = None  # what `dv.vectors_lockf` says, beyond its life
        super().__init__(**keywords)

    # What it holds

    @property
    def dm(self) -> int:
        """1 for PV-DM, 0 for PV-DBOW."""
        return 1 - self.sg

    @property
    def dbow(self) -> int:
        """1 for PV-DBOW, 0 for PV-DM."""
        return self.sg

    @property
    def dv(self) -> TagVectors:
        """The tags and their vectors; they share the model's memory."""
        if self.vocabulary is None:
            return TagVectors(range(0), np.zeros((0, self.vector_size), np.float32))
        if self._dv is None:
            keys, rows = self._tags.index_to_key(), self.model.w_doc.data
            self._dv = TagVectors.sharing(keys, rows, self._tag_counts)
            if self._kept_tags is not None:
                self._dv.vectors_lockf = (~self._kept_tags).astype(np.float32)
            self._follow_model()
        return self._dv

    @property
    def docvecs(self) -> TagVectors:
        """The same as `dv`, by gensim's older name."""
        return self.dv

    def settings(self) -> DocumentSettings:
        """Return the settings that the keywords make up, checked."""
        settings: Any = super().settings()
        found: DocumentSettings = settings
        return found

    def __getitem__(self, key: Any) -> NoReturn:
        raise TypeError(
            f"vectors of documents are in `dv`, those of words in `wv`: write `model.dv[{key!r}]` "
            f"or `model.wv[{key!r}]`"
        )

    def __str__(self) -> str:
        words = self.dbow_words or self.dm
        told = [
            self.settings().name,
            f"d{self.vector_size}",
            *([f"n{self.negative}"] if self.negative else []),
            *(["hs"] if self.hs else []),
            *([f"w{self.window}"] if words else []),
            *([f"mc{self.min_count}"] if self.min_count > 1 else []),
            *([f"s{self.sample:g}"] if self.sample else []),
            f"t{self.workers}",
        ]
        return f"{type(self).__name__}<{', '.join(told)}>"

    def _word_rows(self) -> FloatArray:
        rows: FloatArray = self.model.w_in.data[: len(self._vocabulary())]
        return rows

    def _follow_model(self) -> None:
        super()._follow_model()
        if self._dv is not None:
            self._dv.share(self.model.w_doc.data, self._moving)

    @contextmanager
    def _vectors_let_go(self) -> Iterator[None]:
        if self._dv is not None:
            self._dv.share(self.model.w_doc.data.copy())
        with super()._vectors_let_go():
            yield

    def _adopt_vectors(self) -> None:
        super()._adopt_vectors()
        if self._dv is not None and not self._dv.shares(self.model.w_doc.data):
            table = self.model.w_doc
            table.data[...] = cast(self._dv.vectors, table.dtype, "dv.vectors")
            self._follow_model()

    def _check_tables(self) -> None:
        super()._check_tables()
        if (found := self.model.w_out.shape[1]) != (width := self.settings().width):
            raise InputError(
                f"w_out has {found} numbers a row, and the keywords of this model say {width} now: "
                "those that tables are made by cannot change after build_vocab"
            )

    def _lock_rows(self) -> None:
        super()._lock_rows()
        self.model.w_doc.frozen = False if self._kept_tags is None else self._kept_tags

    def _kept_words(self) -> BoolArray | None:
        if self._dv is not None:
            self._kept_tags = self._dv.locked()
        return super()._kept_words()

    def _locked_rows(self, kept: BoolArray) -> BoolArray:
        padding = len(self.model.w_in.data) - len(kept)
        return np.append(kept, np.zeros(padding, bool))

    # Texts

    def _text(self, sentences: Any, corpus_file: Any, other: Any = None) -> TaggedText | None:
        given = [each for each in (sentences, corpus_file, other) if each is not None]
        if len(given) > 1:
            raise InputError("give the documents once: as documents or as corpus_file, not both")
        if not given:
            return None
        if corpus_file is None:
            check_documents(given[0])
        return TaggedText(given[0] if corpus_file is None else TaggedLineDocument(corpus_file))

    def _count(self, source: Any, trim_rule: Any, update: bool = False) -> Corpus:
        text = TaggedText(source.documents, self._tags if update else None)
        before = self._tags, self._tag_counts
        self._tags = text.tags
        self._reading = text  # its tags are known once the words are
        try:
            return super()._count(text, trim_rule, update)
        except BaseException:
            self._tags, self._tag_counts = before
            raise
        finally:
            self._reading = None

    def _take(self, vocabulary: Vocabulary, update: bool) -> None:
        text = self._reading
        counts: Any = self._tag_counts if update else np.zeros(0, np.int64)
        if text is None:
            self._tags = self._tags if update else TagRows()
        else:
            self._of = self.settings().rows_of(*text.rows_of_documents())
            if told := text.check_holes():
                logger.warning("%s", told)
            self._tags, counts = text.tags, text.counts()
            if update:
                counts[: len(self._tag_counts)] += self._tag_counts
        super()._take(vocabulary, update)
        kept = self._kept_tags  # as noted where the tables grow
        self._tag_counts, self._dv, self._kept_tags = counts, None, None
        if update and kept is not None:  # new tags are trained
            self._kept_tags = np.append(kept, np.zeros(self._tags.rows - len(kept), bool))
        logger.info("tags: %s, of %s documents", f"{self._tags.rows:,}", f"{self.corpus_count:,}")

    def _encode(self, text: Any) -> Corpus:
        text = TaggedText(text.documents, self._tags, grow=False)
        corpus = encode_corpus(text, self._vocabulary(), folder=folder_of_ids(text))
        self._of = self.settings().rows_of(*text.rows_of_documents())
        return corpus

    def _check_corpus(self, corpus: Corpus) -> None:
        if not corpus.words:
            raise InputError(
                "no document has a word of the vocabulary: use a smaller min_count or more text"
            )
        if empty := corpus.sentences_of(0):
            logger.warning(
                "%d of %d documents have no word of the vocabulary: they teach nothing, and a tag "
                "of none but such keeps the vector that it begins with",
                empty,
                corpus.sentences,
            )

    # Training

    def _new_model(self, words: int) -> Any:
        return self.settings().new_model(words, self._tags.rows)

    def _enlarged_model(
        self, tables: Mapping[str, FloatArray], old_ids: IntArray, words: int
    ) -> Any:
        return self.settings().enlarged_model(tables, old_ids, words, self._tags.rows)

    def _more_rows(self, words: int) -> int:
        return self.settings().more_rows(words, self._tags.rows)

    def _source(self, corpus: Corpus) -> Source:
        assert self._of is not None
        tags = Tags(range(self._tags.rows), self._of)
        return self.settings().documents(corpus, self._vocabulary(), tags)

    def _about(self) -> dict[str, Any]:
        assert self._of is not None
        names = "\0".join(map(str, self._tags.index_to_key()))
        digest = hashlib.sha256(names.encode("utf-8", "surrogatepass"))
        for numbers in self._of[:2]:
            digest.update(np.ascontiguousarray(numbers).data)
        locks = {"dv.vectors_lockf": digest_of(self._kept_tags)}
        return super()._about() | locks | {"tags_sha256": digest.hexdigest()}

    def _parts(self, ids: IntArray) -> tuple[FloatArray, IntArray]:
        """Refuse where words alone predict none: untrained, or a part of a concatenation."""
        settings = self.settings()
        if settings.contexts != "window":
            raise InputError(f"in {settings.name} words alone do not predict a word")
        return super()._parts(ids)

    # Files

    def save_word2vec_format(
        self,
        fname: PathLike,
        doctag_vec: bool = False,
        word_vec: bool = True,
        prefix: str = "*dt_",
        fvocab: PathLike | None = None,
        binary: bool = False,
    ) -> None:
        """Write the vectors of words, of tags (each after a prefix), or both, in word2vec's format.

        Parameters
        ----------
        fname, binary, fvocab
            As in `WordVectors.save_word2vec_format`.
        doctag_vec, word_vec : bool
            What to write.
        prefix : str
            Tells tags from words.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from tinygrad_w2v import Doc2Vec, TaggedDocument, WordVectors
        >>> text = [TaggedDocument(["you", "say", "hello"], [n]) for n in range(9)]
        >>> model = Doc2Vec(text, dm=0, vector_size=4, min_count=1, engine="numpy")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "tags.txt")
        ...     model.save_word2vec_format(path, doctag_vec=True, word_vec=False)
        ...     WordVectors.load_word2vec_format(path).index_to_key[:2]
        ['*dt_0', '*dt_1']
        """
        chosen = [self.wv] if word_vec else []
        chosen += [self.dv.as_words(prefix)] if doctag_vec else []
        if not chosen:
            raise InputError("neither words nor tags are to be written: give word_vec=True")
        words = [word for each in chosen for word in each.index_to_key]
        counts = np.concatenate([each.counts for each in chosen if each.counts is not None])
        both = WordVectors(words, np.concatenate([each.vectors for each in chosen]), counts)
        both.save_word2vec_format(fname, binary, fvocab=fvocab)

    def _own_vectors(self) -> FloatArray | None:
        return self._word_rows() if self.settings().concatenated else None

    def _beside(self) -> dict[str, AnyArray]:
        beside: dict[str, AnyArray] = {"tag_counts": self._tag_counts}
        keys = self._tags.index_to_key()
        if not isinstance(keys, range):
            words = packed_words(list(keys))
            beside |= {"tag_words": words["words"], "tag_offsets": words["offsets"]}
        return beside

    def _take_beside(self, arrays: Mapping[str, AnyArray]) -> None:
        counts = arrays["tag_counts"]
        keys: Sequence[str] | range = range(len(counts))
        if "tag_words" in arrays:
            rows = Rows(Path("tags"), (len(counts), 1), np.dtype(np.float32), np.zeros)
            words = {"words": arrays["tag_words"], "offsets": arrays["tag_offsets"]}
            keys = ColumnReader(rows, words).words(0, len(counts))
        self._tags, self._tag_counts = TagRows(keys), counts.astype(np.int64)
        if self._tags.rows != len(counts) or counts.ndim != 1:
            raise InputError("its tags are not each another")
