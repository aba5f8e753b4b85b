"""Windows of sentences as they are: the vocabulary is made on the way."""

from __future__ import annotations

from tinygrad_w2v.sources.around_windows import Text
from tinygrad_w2v.sources.window_settings import WindowSettings
from tinygrad_w2v.sources.windows import WindowSource
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary


class Windows(WindowSource):
    """Windows of a text, with their negative words, as `Word2Vec` trains on; a unit is a word.

    Parameters
    ----------
    text : iterable of lists of words, or (Vocabulary, Corpus)
        Sentences, or what `build_corpus` has made of them.
    settings : WindowSettings, optional
        How windows are drawn.
    min_count : int
        Of sentences: words that occur less often are left out.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words by id.

    Raises
    ------
    InputError
        When no sentence has two words that are left.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> windows = Windows([["you", "say", "hello"]] * 50)
    >>> model = tw.SkipGram(len(windows.vocabulary), 4)
    >>> history = tw.fit(model, windows, epochs=2, engine="numpy", progress=False)
    >>> history.examples, len(history.losses)
    (300, 2)
    >>> _ = [*windows.batches(epoch=0)]
    >>> 0 < windows.kept_words < 150  # the others were thinned out
    True
    """

    def __init__(
        self, text: Text, settings: WindowSettings | None = None, min_count: int = 5
    ) -> None:
        if isinstance(text, tuple) and len(text) == 2 and isinstance(text[0], Vocabulary):
            self.vocabulary, corpus = text
        else:
            self.vocabulary, corpus = build_corpus(text, min_count)
        super().__init__(corpus, self.vocabulary.counts, settings)
