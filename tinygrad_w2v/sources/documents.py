"""Windows of documents, each with the document that it is of: paragraph vectors.

Le, Mikolov 2014, "Distributed representations of sentences and documents".
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.checks import shown
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.sources import native_windows
from tinygrad_w2v.sources.around_windows import AroundWindows, Text, beside
from tinygrad_w2v.sources.arrays import copy_rows
from tinygrad_w2v.sources.columns import Ragged
from tinygrad_w2v.sources.source import Drawn
from tinygrad_w2v.sources.window_settings import WindowSettings
from tinygrad_w2v.text.corpus import Corpus


class DocumentWindow(NamedTuple):
    """A window, as in `Batch`, and the id of its document, ``(...,)``."""

    center: AnyArray
    contexts: AnyArray
    offsets: AnyArray
    targets: AnyArray
    labels: AnyArray
    document: AnyArray


class TaggedWindow(NamedTuple):
    """A window, as in `Batch`, and the ids of its document's tags, ``(..., D)``."""

    center: AnyArray
    contexts: AnyArray
    offsets: AnyArray
    targets: AnyArray
    labels: AnyArray
    documents: AnyArray


class DocumentWord(NamedTuple):
    """A word with its targets and labels, as in `Batch`, and the id of its document, ``(...,)``."""

    center: AnyArray
    targets: AnyArray
    labels: AnyArray
    document: AnyArray


class TaggedWord(NamedTuple):
    """A word with its targets and labels, and the ids of its document's tags, ``(..., D)``."""

    center: AnyArray
    targets: AnyArray
    labels: AnyArray
    documents: AnyArray


class Tags(NamedTuple):
    """The tags of documents by number.

    Attributes
    ----------
    names : sequence
        The name of each tag.
    of : Ragged
        The ids of each document's tags.
    """

    names: Sequence[Any]
    of: Ragged


class Documents(AroundWindows):
    """Windows of documents with the number of their document; a unit is a word.

    Parameters
    ----------
    documents : iterable of lists of words, or (vocabulary, corpus)
        A document is what a sentence is to `WindowSource`: no window reaches over its end. A pair
        is what `build_corpus` has made of them.
    tags : sequence, optional
        What each document is called: a str or int, or a list of them. With lists an example has
        the ids of all its document's tags, ``documents (D,)``, else one id, ``document ()``.
        Without tags the id is the number of the document. `Tags` are taken as they are.
    settings : WindowSettings, optional
        How windows are drawn.
    min_count : int
        Words that occur less often are left out.
    contexts : {"window", "places", None}
        ``"window"``: the words of a window. ``"places"``: always 2 n of them, as many as a window
        has places, from left to right; one beyond the document's end holds the id V, padding.
        None: an example has no contexts, for a document that alone predicts its words.
    alone : bool
        With ``"window"``: draw a word that has no context, too, with an empty row of contexts.
        Else it is drawn in any case.
    numbers : array of uint64, optional
        What each document is drawn by, as in `WindowSource`.

    Attributes
    ----------
    tags : sequence
        The names by id.
    vocabulary : Vocabulary
        The words by id.

    Raises
    ------
    InputError
        When a document has too few known words for a window (two, or one where a word alone is
        drawn, too), when it has no tag, or one twice; its number is told. With `Tags` a document
        may be without words: it is never drawn.

    Examples
    --------
    A document's vector and those of the contexts predict the word between them (PV-DM):

    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> from tinygrad_w2v.training.engines.compiled import CompiledRun
    >>> class PVDM(tw.Module):
    ...     def __init__(self, documents, words, dim):
    ...         rng = np.random.default_rng(0)
    ...         self.w_doc = tw.Parameter(rng.normal(size=(documents, dim)) / dim)
    ...         self.w_in = tw.Parameter(rng.normal(size=(words, dim)) / dim)
    ...         self.w_out = tw.Parameter(np.zeros((words, dim)))
    ...     def loss(self, window):
    ...         own = self.w_doc[window.document[..., None]]  # (..., 1, dim)
    ...         around = self.w_in[window.contexts]  # (..., C, dim)
    ...         h = (own + around.sum(axis=-2, keepdims=True)) / (1 + around.shape[-2])
    ...         scores = (h * self.w_out[window.targets]).sum(axis=-1)  # (..., 1 + K)
    ...         return F.softplus((1 - 2 * window.labels) * scores).sum()
    >>> texts = [["you", "say", "goodbye"] * 20, ["i", "say", "hello"] * 20]
    >>> source = Documents(texts, tags=["beatles", "you"], min_count=1)
    >>> model = PVDM(2, len(source.vocabulary), 4)
    >>> run = CompiledRun(model, source)
    >>> losses = [run.step(part, lr=0.1) for part, words in run.batches(epoch=0)]
    >>> losses[-1] / 56 < losses[0] / 64  # 120 words in two stretches
    True

    In PV-DBOW the document alone predicts them: leave out `around`, and draw ``contexts=None``.
    """

    def __init__(
        self,
        documents: Text,
        tags: Sequence[Any] | Tags | None = None,
        settings: WindowSettings | None = None,
        *,
        min_count: int = 5,
        contexts: str | None = "window",
        alone: bool = False,
        numbers: AnyArray | None = None,
    ) -> None:
        if contexts not in ("window", "places", None):
            raise InputError(f"contexts must be 'window', 'places' or None, not {shown(contexts)}")
        self.contexts, alone = contexts, alone or contexts != "window"
        self._fewest = 0 if isinstance(tags, Tags) else 1 if alone else 2
        settings = settings or WindowSettings()
        if contexts != "window":  # each word is predicted once
            window = settings.window if contexts else 1  # what is not read costs least
            settings = dataclasses.replace(
                settings, window=window, shrink_windows=False, shared_negatives=True
            )
        super().__init__(documents, settings, min_count, alone=alone, numbers=numbers)
        number = self.windows.corpus.sentences
        if isinstance(tags, Tags):
            self.tags, self._of = tags
        elif tags is None:
            self.tags = range(number)
            self._of = Ragged(np.arange(number), np.arange(number + 1), 1)
        else:
            self.tags, self._of = _numbered(tags, number)
        self._several = tags is not None and any(isinstance(tag, list | tuple) for tag in tags)
        if isinstance(tags, Tags):
            self._several = self._of.longest > 1
        self._equal = bool((np.diff(self._of.offsets) == self._of.longest).all())

    def over(self, corpus: Corpus, of: Ragged, numbers: AnyArray) -> Documents:
        """Return the same draws over other documents, of the same words and tags.

        Parameters
        ----------
        corpus
            The documents.
        of
            The ids of each one's tags, as many as these have at most.
        numbers
            What each is drawn by.
        """
        other = copy.copy(self)
        other.windows, other._of = copy.copy(self.windows), of
        other.windows.corpus, other.windows.numbers = corpus, numbers
        return other

    def __repr__(self) -> str:
        number = self.windows.corpus.sentences
        return f"Documents({number:,} documents, {len(self.tags):,} tags, {self.windows})"

    def _check(self, corpus: Corpus) -> None:
        few = np.flatnonzero(np.diff(corpus.offsets) < self._fewest)
        if len(few):
            more = f" (and {len(few) - 1:,} more)" if len(few) > 1 else ""
            words = len(corpus.sentence(int(few[0])))
            has = "no word" if words == 0 else "one word"
            raise InputError(
                f"document {few[0]}{more} has {has} of the vocabulary, so there is no window in it",
                remedy=("leave it out, or use a smaller ", Setting("min_count")),
            )

    def example(self) -> Any:
        """Return a window with as many contexts, targets and tags as one may have."""
        window: Any = self.windows.example()
        ids = np.arange(self._of.longest) % len(self.tags)
        if self.contexts is None:
            word = window.center, window.targets, window.labels
            return TaggedWord(*word, ids) if self._several else DocumentWord(*word, np.array(0))
        fields = window._asdict()
        if self._several:
            return TaggedWindow(**fields, documents=ids)
        return DocumentWindow(**fields, document=np.array(0))

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Return that windows differ in their contexts C, and documents in their tags D.

        Where all have as many, that is no axis which changes.
        """
        axes = self.windows.axes()
        if self.contexts != "window":
            axes = {name: axis for name, axis in axes.items() if name in ("targets", "labels")}
        if self._several and not self._equal:
            axes |= {"documents": (("D", self._of.longest),)}
        return axes

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Return between which numbers ids are."""
        ranges = self.windows.ranges()
        if self.contexts == "places":
            ranges["contexts"] = 0, len(self.vocabulary)
        elif self.contexts is None:
            del ranges["contexts"], ranges["offsets"]
        field = "documents" if self._several else "document"
        return ranges | {field: (0, len(self.tags) - 1)}

    def digest(self) -> str:
        """Return the SHA-256 of the text, its tags and the settings."""
        kind = "" if self.contexts == "window" and not self.windows.alone else f"{self.contexts} "
        digest = hashlib.sha256(f"{kind}{self._several} {self.windows.digest()}".encode())
        for numbers in (*self._of[:2], self.windows.numbers):
            digest.update(np.ascontiguousarray(numbers).data)
        return digest.hexdigest()

    def new_room(self, units: int) -> Any:
        """Return arrays for the windows around so many words."""
        rows = units * self.per_unit
        own = np.zeros((rows, self._of.longest), np.int64), np.zeros(rows, np.int64)
        return self.windows.new_room(units), own

    def _beside(self, drawn: Drawn, windows: native_windows.Windows, room: Any) -> Drawn:
        ids, lengths = room
        copy_rows(self._of, windows.sentence[: drawn.count], ids, lengths)
        own = {"documents": ids} if self._several else {"document": ids[:, 0]}
        sizes = {"D": lengths} if self._several and not self._equal else {}
        if self.contexts == "window":
            return beside(drawn, own, sizes)
        if self.windows.tree is not None:
            sizes = sizes | {"T": windows.T}
        arrays = {name: drawn.arrays[name] for name in ("center", "targets", "labels")}
        if self.contexts == "places":
            arrays |= self._in_places(windows, drawn.count)
        return dataclasses.replace(drawn, arrays=arrays | own, sizes=sizes)

    def _in_places(self, windows: native_windows.Windows, count: int) -> dict[str, AnyArray]:
        """The contexts of windows at their places, with padding between."""
        n, padding = self.windows.settings.window, len(self.vocabulary)
        contexts, before = windows.contexts[:count], windows.before[:count, None]
        after = windows.C[:count, None] - before
        steps: IntArray = np.concatenate([np.arange(-n, 0), np.arange(n)])
        found = np.take_along_axis(contexts, np.maximum(before + steps, 0), axis=1)
        there = np.where(np.arange(2 * n) < n, before >= -steps, after > steps)
        offsets = np.broadcast_to(steps + (steps >= 0), found.shape)
        return {"contexts": np.where(there, found, padding), "offsets": offsets}


def _numbered(tags: Iterable[Any], number: int) -> tuple[list[Any], Ragged]:
    """The names of all tags in the order that they are met in, and the ids of each document's."""
    each = [tag if isinstance(tag, list | tuple) else [tag] for tag in tags]
    if len(each) != number:
        raise InputError(
            f"are of {len(each):,} documents, but there are {number:,}", setting="tags"
        )
    ids: dict[Any, int] = {}
    flat: list[int] = []
    for document, names in enumerate(each):
        if not names:
            raise InputError(f"document {document} has none; give it one or more", setting="tags")
        for name in names:
            if not isinstance(name, str | int | np.integer) or name == "":
                raise InputError(
                    f"document {document} has {shown(name)}; a tag is a str or a whole number",
                    setting="tags",
                )
            flat.append(ids.setdefault(name, len(ids)))
        if len(set(names)) < len(names):
            twice = next(name for at, name in enumerate(names) if name in names[:at])
            raise InputError(f"document {document} has {twice!r} twice", setting="tags")
    lengths: IntArray = np.array([len(names) for names in each])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return list(ids), Ragged(np.array(flat, np.int64), offsets, int(lengths.max()))
