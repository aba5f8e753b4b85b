"""Windows of a text whose words come in parts: fastText's n-grams, hashed into buckets."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.sources import native_windows
from tinygrad_w2v.sources.around_windows import AroundWindows, Text, beside
from tinygrad_w2v.sources.arrays import copy_rows
from tinygrad_w2v.sources.columns import Ragged
from tinygrad_w2v.sources.native_pieces import copier
from tinygrad_w2v.sources.source import Drawn
from tinygrad_w2v.sources.window_settings import WindowSettings
from tinygrad_w2v.text.ngrams import bucket_of, ngrams_of


class CenterPieces(NamedTuple):
    """A window, as in `Batch`, and the ids of its centre's parts, ``(..., S)``."""

    center: AnyArray
    contexts: AnyArray
    offsets: AnyArray
    targets: AnyArray
    labels: AnyArray
    pieces: AnyArray


class ContextPieces(NamedTuple):
    """A window, as in `Batch`, and the ids of all parts of its contexts, ``(..., S)``.

    `owner`, of the same shape, is the place of a part's word in `contexts`.
    """

    center: AnyArray
    contexts: AnyArray
    offsets: AnyArray
    targets: AnyArray
    labels: AnyArray
    pieces: AnyArray
    owner: AnyArray


class Subwords(AroundWindows):
    """Windows whose words have their parts beside them; a unit is a word.

    The parts of a word are the word itself and its n-grams of characters between ``<`` and ``>``,
    hashed into buckets by fastText's hash: part ``V + bucket`` is a row of one table with the
    words' own, `rows` in all.

    Parameters
    ----------
    text : iterable of lists of words, or (vocabulary, corpus)
        A pair is what `build_corpus` has made of it.
    settings : WindowSettings, optional
        How windows are drawn.
    of : {"contexts", "center"}
        Whose parts an example has: those of all contexts, one after the other, as ``pieces (S,)``
        with the place of their word as ``owner (S,)``, or those of the centre as ``pieces (S,)``.
    min_n, max_n : int
        The characters of an n-gram, marks included; ``max_n=0`` is none.
    buckets : int
        How many rows n-grams share.
    min_count : int
        Words that occur less often are left out.

    Attributes
    ----------
    rows : int
        Of the table of parts: words and buckets.
    vocabulary : Vocabulary
        The words by id.

    Notes
    -----
    fastText's CBOW is the mean over all `pieces`. Its skip-gram tells for each pair a word from
    negatives by the parts of the other: with ``WindowSettings(shared_negatives=False)`` a window is
    such a pair, `pieces` are those of its one context, and negatives are never the true word. With
    ``of="center"`` the parts of the centre predict the contexts; the negatives of a window, which
    are none of its centre, may then be one of them.

    Raises
    ------
    InputError
        When a number is out of its range.

    Examples
    --------
    fastText's CBOW:

    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> from tinygrad_w2v.training.engines.compiled import CompiledRun
    >>> class FastText(tw.Module):
    ...     def __init__(self, rows, words, dim):
    ...         rng = np.random.default_rng(0)
    ...         self.w_in = tw.Parameter(rng.uniform(-1 / dim, 1 / dim, (rows, dim)))
    ...         self.w_out = tw.Parameter(np.zeros((words, dim)))
    ...     def loss(self, window):
    ...         h = self.w_in[window.pieces].mean(axis=-2, keepdims=True)  # (..., 1, dim)
    ...         scores = (h * self.w_out[window.targets]).sum(axis=-1)  # (..., 1 + K)
    ...         return F.softplus((1 - 2 * window.labels) * scores).sum()
    >>> source = Subwords([["you", "say", "yes"], ["i", "say", "no"]] * 90, buckets=1000)
    >>> model = FastText(source.rows, len(source.vocabulary), 8)
    >>> run = CompiledRun(model, source)
    >>> losses = [run.step(part, lr=0.2) for epoch in range(5) for part, _ in run.batches(epoch)]
    >>> losses[-2] < losses[0]
    True

    The vector of a word that was never seen is that of its n-grams:

    >>> model.w_in.data[source.pieces_of("yesno")].mean(axis=0).shape
    (8,)
    """

    NODES_FIRST = True  # as in fastText, so that its output rows are those of the same nodes

    def __init__(
        self,
        text: Text,
        settings: WindowSettings | None = None,
        *,
        of: str = "contexts",
        min_n: int = 3,
        max_n: int = 6,
        buckets: int = 2_000_000,
        min_count: int = 5,
    ) -> None:
        if of not in ("contexts", "center"):
            raise InputError(f"must be 'contexts' or 'center', not {shown(of)}", setting="of")
        for name, value, least in (("min_n", min_n, 1), ("max_n", max_n, 0)):
            require_number(name, value, whole=True)
            require_range(name, value, least, 64)
        if 0 < max_n < min_n:
            raise InputError(
                (f"is {max_n}, below ", Setting("min_n", min_n)),
                setting="max_n",
                remedy=("use ", Setting("max_n", 0), " for no n-grams"),
            )
        require_number("buckets", buckets, whole=True)
        require_range("buckets", buckets, min(max_n, 1), 2**31 - 1)
        super().__init__(text, settings, min_count)
        self.of, self.min_n, self.max_n, self.buckets = of, min_n, max_n, buckets
        self._pieces = pieces_of(self.vocabulary.words, min_n, max_n, buckets)
        contexts = self.windows.settings.window * 2
        if not self.windows.settings.shared_negatives or of == "center":
            contexts = 1
        self._longest = self._pieces.longest * contexts

    def __repr__(self) -> str:
        return (
            f"Subwords({self.rows:,} parts of words of {self.min_n} to {self.max_n} characters, "
            f"{self.windows})"
        )

    @property
    def rows(self) -> int:
        """How many rows a table of parts has."""
        return len(self.vocabulary.words) + self.buckets

    def pieces_of(self, word: str) -> IntArray:
        """Return the ids of a word's parts, known or not; an unknown one has no row of its own.

        Examples
        --------
        >>> source = Subwords([["you", "say"]] * 9, min_n=3, max_n=3, buckets=100)
        >>> source.pieces_of("you").tolist(), source.pieces_of("yo").tolist()
        ([0, 17, 10, 99], [17, 3])
        """
        number = len(self.vocabulary.words)
        parts: IntArray = number + bucket_of(word, self.min_n, self.max_n, self.buckets)
        return np.concatenate([self.vocabulary.encode([word]), parts])

    def example(self) -> CenterPieces | ContextPieces:
        """Return a window with as many contexts, targets and parts as one may have."""
        window, pieces = self.windows.example(), np.arange(self._longest) % self.rows
        if self.of == "center":
            return CenterPieces(*window, pieces)
        return ContextPieces(*window, pieces, np.arange(self._longest) % len(window.contexts))

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Return that windows differ in their contexts C, and words in their parts S."""
        fields = ("pieces",) if self.of == "center" else ("pieces", "owner")
        return self.windows.axes() | dict.fromkeys(fields, (("S", self._longest),))

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Return between which numbers ids are."""
        ranges = self.windows.ranges() | {"pieces": (0, self.rows - 1)}
        if self.of == "contexts":
            ranges["owner"] = (0, 2 * self.windows.settings.window - 1)
        return ranges

    def digest(self) -> str:
        """Return the SHA-256 of the text, its words' parts and the settings."""
        digest = hashlib.sha256(f"{self.of} {self.rows} {self.windows.digest()}".encode())
        for numbers in (self._pieces.flat, self._pieces.offsets):
            digest.update(np.ascontiguousarray(numbers).data)
        return digest.hexdigest()

    def split(self, share: float, seed: int = 1) -> tuple[Self, Self]:
        """Return the windows of most sentences, and of a share of them that is drawn by `seed`.

        Examples
        --------
        >>> source = Subwords([["you", "say", "hello"]] * 50, buckets=100)
        >>> [part.units for part in source.split(0.1)]
        [135, 15]
        """
        rest, other = copy.copy(self), copy.copy(self)
        rest.windows, other.windows = self.windows.split(share, seed)
        return rest, other

    def new_room(self, units: int) -> Any:
        """Return arrays for the windows around so many words."""
        rows = units * self.per_unit
        pieces = np.zeros((rows, self._longest), np.int64)
        owner = np.zeros((0 if self.of == "center" else rows, self._longest), np.int64)
        return self.windows.new_room(units), (pieces, owner, np.zeros(rows, np.int64))

    def _beside(self, drawn: Drawn, windows: native_windows.Windows, room: Any) -> Drawn:
        pieces, owner, sizes = room
        if self.of == "center":
            copy_rows(self._pieces, windows.center[: drawn.count], pieces, sizes)
            return beside(drawn, {"pieces": pieces}, {"S": sizes})
        flat, offsets, _ = self._pieces
        copier()(flat, offsets, windows.contexts, windows.C, drawn.count, pieces, owner, sizes)
        return beside(drawn, {"pieces": pieces, "owner": owner}, {"S": sizes})


def pieces_of(words: Sequence[str], min_n: int, max_n: int, buckets: int) -> Ragged:
    """Return the ids of each word's parts: its own, and ``words + hash % buckets`` of its n-grams.

    Examples
    --------
    >>> pieces = pieces_of(["you", "say"], min_n=3, max_n=3, buckets=100)
    >>> pieces.offsets.tolist(), pieces.flat.tolist()  # <yo you ou>
    ([0, 4, 8], [0, 17, 10, 99, 1, 101, 78, 29])
    """
    number, flat, counts = len(words), [], []
    for hashes, each in ngrams_of(words, min_n, max_n):
        flat.append(number + (hashes % np.uint32(buckets)).astype(np.int64))
        counts.append(each)
    lengths = np.concatenate(counts)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    # A word's own id stands before its n-grams.
    pieces = np.insert(np.concatenate(flat), offsets[:-1], np.arange(number))
    return Ragged(pieces, offsets + np.arange(number + 1), int(lengths.max()) + 1)
