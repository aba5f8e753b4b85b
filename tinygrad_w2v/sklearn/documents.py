"""Documents as pipelines hand them on become sentences of words.

A document is a text, which is cut here, or a list of words (or of sentences) that somebody has cut.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from typing import Any, TypeAlias

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.user_code import calling
from tinygrad_w2v.text.tokenizing import get_tokenizer, refuse_text_without_blanks

Sentences: TypeAlias = list[list[str]]


def sentences_of_each(X: Any, tokenizer: Any = "words", lowercase: bool = True) -> list[Sentences]:
    """Return the sentences of each document.

    Parameters
    ----------
    X : iterable of str, of lists of str, or of lists of such lists
        The documents: a list, a Series, an array; it is read once.
    tokenizer : str or callable
        How a text is cut; a name is one of `text.tokenize`'s. A function is given a text and
        returns its words, as in scikit-learn, or its sentences.
    lowercase : bool
        Lower-case texts first. Words that are given are left as they are.

    Raises
    ------
    InputError
        When `X` is one text or a table, when a document is neither text nor words, or when a text
        has no blanks and the tokenizer needs them.

    Examples
    --------
    >>> sentences_of_each(["You say. I say.", ["as", "It", "is"]])
    [[['you', 'say'], ['i', 'say']], [['as', 'It', 'is']]]
    """
    cut = _cutting(tokenizer) if callable(tokenizer) else get_tokenizer(tokenizer, lower=False)
    documents = list(_iterable(X))
    if isinstance(tokenizer, str) and tokenizer in ("words", "whitespace"):
        texts = (document for document in documents if isinstance(document, str))
        next(refuse_text_without_blanks(texts, tokenizer), None)
    found = []
    for number, document in enumerate(documents):
        if isinstance(document, str):
            sentences = cut(document.lower() if lowercase else document)
        else:
            sentences = _given(document)
        if sentences is None:
            raise InputError(
                f"document {number} is the {type(document).__name__} {document!r:.40}; give a text "
                "(str) or its words (a list of str)"
            )
        found.append([sentence for sentence in sentences if sentence])
    return found


def _iterable(X: Any) -> Iterable[Any]:
    if isinstance(X, str | bytes | os.PathLike) or not isinstance(X, Iterable):
        raise InputError(
            f"X must be an iterable of documents, not the {type(X).__name__} {X!r:.40}; give a list"
        )
    shape = getattr(X, "shape", ())
    if len(shape) > 1:
        raise InputError(
            f"X is a table of shape {tuple(shape)}; give the column that holds the texts, such as "
            "X['text'], or in a ColumnTransformer its name without a list around it"
        )
    return X


def _given(document: Any) -> Sentences | None:
    """Return the sentences of a document that is cut, None if it is none."""
    parts = _list(document)
    if parts is None or _are_words(parts):
        return None if parts is None else [parts]
    sentences = [part for part in map(_list, parts) if part is not None and _are_words(part)]
    return sentences if len(sentences) == len(parts) else None


def _list(given: Any) -> list[Any] | None:
    # Neither a set nor a dict has an order that windows could be drawn from.
    if isinstance(given, (str, bytes, Mapping, Set)) or not isinstance(given, Iterable):
        return None
    return list(given)


def _are_words(parts: list[Any]) -> bool:
    return all(isinstance(part, str) for part in parts)


def _cutting(tokenizer: Any) -> Any:
    """Wrap a function of the user's from a text to its words."""

    def cut(text: str) -> Sentences:
        with calling("tokenizer", tokenizer):
            words = tokenizer(text)
            sentences = _given(words)
        if sentences is None:
            raise InputError(f"the tokenizer must return a list of words, not {words!r:.60}")
        return sentences

    return cut
