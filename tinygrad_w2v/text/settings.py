"""How a text is split into words, and which of them are learned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.text.numbering import Chunk, sentence_chunks
from tinygrad_w2v.text.reading import read_chunks, read_lines
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.tokenizing import Tokenizer, refuse_text_without_blanks, tokenize

if TYPE_CHECKING:
    from tinygrad_w2v.text.phrase_rounds import PhraseRounds

# Of the ids that are made of a text: another version does not reuse their files.
VERSION = 2


@dataclass(frozen=True)
class TextSettings:
    """How text becomes ids.

    Attributes
    ----------
    tokenizer, lower : str or callable, bool
        As in :func:`~tinygrad_w2v.text.tokenizing.tokenize`; by default text is split at white
        space, words stay as they are written, and a line is a sentence of any length.
    errors : {"strict", "replace"}
        As in :func:`~tinygrad_w2v.text.reading.read_lines`.
    rules : VocabularyRules
        Which words are learned.
    phrases : PhraseRounds, optional
        Phrases that are joined before words are counted.

    Examples
    --------
    >>> TextSettings(lower=True).tokenizer
    'whitespace'
    """

    tokenizer: str | Tokenizer = "whitespace"
    lower: bool = False
    errors: Literal["strict", "replace"] = "strict"
    rules: VocabularyRules = field(default_factory=VocabularyRules)
    phrases: PhraseRounds | None = None

    def chunks(
        self,
        sources: PathLike | Sequence[PathLike],
        digests: list[bytes] | None = None,
        begins: bool = True,
    ) -> Iterator[Chunk]:
        r"""Read sources and split them into words.

        Parameters
        ----------
        sources, digests
            As in :func:`~tinygrad_w2v.text.reading.read_lines`.
        begins
            As in :func:`~tinygrad_w2v.text.tokenizing.tokenize`.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "say.txt")
        ...     _ = path.write_text("You say\n", encoding="utf-8")
        ...     list(TextSettings(lower=True).chunks(path))
        ['you say\n']
        """
        if self.phrases is not None:
            plain = replace(self, phrases=None)
            return self.phrases.chunks(plain.chunks(sources, digests, begins))
        if self.tokenizer == "whitespace":
            pieces = read_chunks(sources, self.errors, digests)
            if begins:
                pieces = refuse_text_without_blanks(pieces, "whitespace")
            return map(str.lower, pieces) if self.lower else pieces
        lines = read_lines(sources, self.errors, digests)
        return sentence_chunks(tokenize(lines, self.tokenizer, self.lower, begins))

    def name(self) -> str | None:
        """Return a text that is equal for equal settings; None if a function is among them.

        Examples
        --------
        >>> TextSettings(tokenizer=str.split).name() is None
        True
        """
        if callable(self.tokenizer) or ":" in self.tokenizer or self.rules.trim_rule is not None:
            return None
        phrases = None if self.phrases is None else self.phrases.digest()
        how = asdict(replace(self, phrases=None)) | {"phrases": phrases}
        return json.dumps([VERSION, how], sort_keys=True)
