"""How well vectors agree with people: similarity of word pairs, and analogies.

The files, the words that count as known and the tuples returned are gensim's, so that numbers
can be compared with those that others published.
"""

import itertools
import logging
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.vectors.correlation import Correlation, pearson, spearman
from tinygrad_w2v.vectors.neighbours import cosines_of_batch, top_rows
from tinygrad_w2v.vectors.similarity import SimilarityQueries
from tinygrad_w2v.vectors.source import open_source, text_lines
from tinygrad_w2v.vectors.table import Table, unit

Section = dict[str, Any]
Quadruple = tuple[str, str, str, str]

SimilarityFunction = Literal["most_similar", "most_similar_cosmul"]

_LOGGER = logging.getLogger(__name__)
_TOPN = 5  # answers looked at for an analogy: the first that is no word of the question counts
_BATCH = 256


class JudgedPair(NamedTuple):
    """A pair of words, people's judgement of it, and the cosine; None where a word is unknown."""

    words: tuple[str, str]
    judgement: float
    cosine: float | None


class AnsweredAnalogy(NamedTuple):
    """An analogy and whether it was answered rightly; None where a word is unknown."""

    section: str
    words: Quadruple
    right: bool | None


class EvaluationQueries(SimilarityQueries):
    """Base of `WordVectors`: scores against files of word pairs and of analogies."""

    def evaluate_word_pairs(
        self,
        pairs: PathLike,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Correlation, Correlation, float]:
        r"""Correlate the cosines of word pairs with people's judgements.

        Parameters
        ----------
        pairs : path
            Lines ``word, word, judgement`` separated by `delimiter`; lines with ``#`` first, and
            lines that do not have that form, are left out.
        delimiter, encoding : str
            Of the file.
        restrict_vocab : int
            Only the first so many words count as known.
        case_insensitive : bool
            Compare words in upper case; of several spellings the first word counts.
        dummy4unknown : bool
            Pairs with an unknown word count with similarity 0; else they are left out.

        Returns
        -------
        pearson, spearman : Correlation
            Coefficient and p-value.
        oov_ratio : float
            Per cent of the pairs with an unknown word.

        Raises
        ------
        InputError
            If fewer than two pairs can be compared.
        """
        judged = self.judge_word_pairs(
            pairs,
            restrict_vocab,
            delimiter=delimiter,
            encoding=encoding,
            case_insensitive=case_insensitive,
        )
        unknown = sum(pair.cosine is None for pair in judged)
        compared = judged if dummy4unknown else [pair for pair in judged if pair.cosine is not None]
        gold = [pair.judgement for pair in compared]
        cosines = [pair.cosine or 0.0 for pair in compared]
        if len(gold) < 2:
            raise InputError(
                f"{pairs}: {len(gold)} pairs can be compared, {unknown} have a word without a "
                f"vector; lines are word{delimiter!r}word{delimiter!r}number: is the delimiter "
                "right?"
            )
        return pearson(gold, cosines), spearman(gold, cosines), unknown / len(judged) * 100

    def judge_word_pairs(
        self,
        pairs: PathLike,
        restrict_vocab: int = 300000,
        delimiter: str = "\t",
        encoding: str = "utf8",
        case_insensitive: bool = True,
    ) -> list[JudgedPair]:
        """Return each pair of a file with people's judgement and the cosine, in the file's order.

        It is what `evaluate_word_pairs` correlates, with the same parameters.
        """
        table = self._table
        known = _known_words(table, restrict_vocab, case_insensitive)
        judged: list[JudgedPair] = []
        with open_source(pairs) as source:
            for number, _, _, line in text_lines(source, encoding):
                if line.startswith("#"):
                    continue
                fields = (line.upper() if case_insensitive else line).split(delimiter)
                try:
                    a, b, text = fields
                    judgement = float(text)
                    if not np.isfinite(judgement):
                        raise ValueError
                except ValueError:
                    _LOGGER.info(
                        "%s, line %d: not a pair of words and a number, left out", pairs, number
                    )
                    continue
                both = a in known and b in known
                cosine = float(table.unit(known[a]) @ table.unit(known[b])) if both else None
                judged.append(JudgedPair((a, b), judgement, cosine))
        return judged

    def evaluate_word_analogies(
        self,
        analogies: PathLike,
        restrict_vocab: int = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: SimilarityFunction = "most_similar",
    ) -> tuple[float, list[Section]]:
        r"""Answer "a is to b as c is to ?" for every line of a file, and count.

        Parameters
        ----------
        analogies : path
            Lines ``a b c d`` in sections that begin with ``: name``, as Google's
            questions-words.txt.
        restrict_vocab : int
            Only the first so many words count as known and as answers.
        case_insensitive : bool
            Compare words in upper case; of several spellings the first word counts.
        dummy4unknown : bool
            Lines with an unknown word count as wrong; else they are left out.
        similarity_function : {"most_similar", "most_similar_cosmul"}
            3CosAdd or 3CosMul.

        Returns
        -------
        score : float
            Share of right answers over all sections.
        sections : list of dict
            ``section`` (name), ``correct`` and ``incorrect`` (tuples of words); the last one, named
            ``Total accuracy``, holds all.

        Raises
        ------
        InputError
            If the file has no analogies, or lines before its first section.
        """
        sections, questions, right = self._answers(
            analogies, restrict_vocab, case_insensitive, similarity_function
        )
        for (section, words), answered in zip(questions, right, strict=True):
            if answered is not None or dummy4unknown:
                sections[section]["correct" if answered else "incorrect"].append(words)
        total: Section = {"section": "Total accuracy"}
        for key in ("correct", "incorrect"):
            total[key] = list(itertools.chain.from_iterable(section[key] for section in sections))
        judged = len(total["correct"]) + len(total["incorrect"])
        return (len(total["correct"]) / judged if judged else 0.0), [*sections, total]

    def answer_word_analogies(
        self,
        analogies: PathLike,
        restrict_vocab: int = 300000,
        similarity_function: SimilarityFunction = "most_similar",
        most: int | None = None,
    ) -> list[AnsweredAnalogy]:
        """Return each analogy of a file and whether it was answered rightly, in the file's order.

        It is what `evaluate_word_analogies` counts, with the same parameters; of more than `most`
        with known words so many are asked, spread evenly over them.
        """
        sections, questions, right = self._answers(
            analogies, restrict_vocab, True, similarity_function, most
        )
        return [
            AnsweredAnalogy(sections[section]["section"], words, answered)
            for (section, words), answered in zip(questions, right, strict=True)
        ]

    def _answers(
        self,
        analogies: PathLike,
        restrict_vocab: int,
        case_insensitive: bool,
        similarity_function: SimilarityFunction,
        most: int | None = None,
    ) -> tuple[list[Section], list[tuple[int, Quadruple]], list[bool | None]]:
        """Return the empty sections, each line's section and words, and whether it was right."""
        if similarity_function not in ("most_similar", "most_similar_cosmul"):
            raise InputError(
                f"similarity_function is {similarity_function!r}; "
                "use most_similar or most_similar_cosmul"
            )
        table = self._table
        known = _known_words(table, restrict_vocab, case_insensitive)
        sections, questions = _read_analogies(analogies, case_insensitive)
        is_asked = [all(word in known for word in words) for _, words in questions]
        known_ones = np.flatnonzero(is_asked)
        if most is not None and len(known_ones) > most:
            is_asked = [False] * len(questions)
            for place in known_ones[np.arange(most) * len(known_ones) // most].tolist():
                is_asked[place] = True
        asked = [words for (_, words), flag in zip(questions, is_asked, strict=True) if flag]
        rows = [[known[word] for word in words[:3]] for words in asked]
        if similarity_function == "most_similar":
            answers = _nearest(table, rows, restrict_vocab)
        else:
            answers = (
                [word for word, _ in self.most_similar_cosmul([b, c], [a], _TOPN, restrict_vocab)]
                for a, b, c in rows
            )
        verdicts = (
            _is_right(words, best, known, case_insensitive)
            for words, best in zip(asked, answers, strict=True)
        )
        right = [next(verdicts) if flag else None for flag in is_asked]
        _LOGGER.info(
            "%s: %.1f%% of the analogies have a word without a vector",
            analogies,
            100 * (1 - len(asked) / len(questions)),
        )
        return sections, questions, right


def _read_analogies(
    path: PathLike, case_insensitive: bool
) -> tuple[list[Section], list[tuple[int, Quadruple]]]:
    """Return the empty sections and each line's section and words."""
    sections: list[Section] = []
    questions: list[tuple[int, Quadruple]] = []
    with open_source(path) as source:
        for number, _, _, line in text_lines(source, "utf-8"):
            if line.startswith(": "):
                name = line.lstrip(": ").strip()
                sections.append({"section": name, "correct": [], "incorrect": []})
                continue
            if not sections:
                raise InputError(
                    f"{path}, line {number}: a line ': name' of a section must come first"
                )
            words = (line.upper() if case_insensitive else line).split()
            if len(words) == 4:
                questions.append((len(sections) - 1, (words[0], words[1], words[2], words[3])))
            else:
                _LOGGER.info("%s, line %d: not four words, left out", path, number)
    if not questions:
        raise InputError(f"{path}: holds no analogies, lines of four words after a line ': name'")
    return sections, questions


def _nearest(table: Table, questions: list[list[int]], restrict_vocab: int) -> Iterator[list[str]]:
    """Yield the nearest words to ``b - a + c`` of unit vectors, the question's own left out."""
    for start in range(0, len(questions), _BATCH):
        batch = questions[start : start + _BATCH]
        a, b, c = (
            np.array([unit(vector) for vector in table.vectors[list(rows)]])
            for rows in zip(*batch, strict=True)
        )
        queries = np.array([unit(query) for query in b + c - a], dtype=table.vectors.dtype)
        for rows, cosines in zip(
            batch, cosines_of_batch(table, queries, restrict_vocab), strict=True
        ):
            own = {row for row in rows if row < len(cosines)}
            cosines[list(own)] = -np.inf
            best = top_rows(cosines, min(_TOPN, len(cosines) - len(own)))
            yield [table.words[row] for row in best.tolist()]


def _is_right(
    words: Quadruple, best: list[str], known: dict[str, int], case_insensitive: bool
) -> bool:
    """Say whether the first answer that is known and no word of the question is the fourth."""
    answer = None
    for word in best:
        answer = word.upper() if case_insensitive else word
        if answer in known and answer not in words[:3]:
            break
    return answer == words[3]


def _known_words(table: Table, restrict_vocab: int | None, fold: bool) -> dict[str, int]:
    rows = range(len(table.words))[:restrict_vocab]
    return {table.words[row].upper() if fold else table.words[row]: row for row in reversed(rows)}
