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
from tinygrad_w2v.vectors.neighbours import cosines_of_batch, most_similar_cosmul, top_rows
from tinygrad_w2v.vectors.source import malformed, open_source
from tinygrad_w2v.vectors.table import Table, unit

Section = dict[str, Any]
Quadruple = tuple[str, str, str, str]

SimilarityFunction = Literal["most_similar", "most_similar_cosmul"]

_LOGGER = logging.getLogger(__name__)
_TOPN = 5  # answers looked at for an analogy: the first that is no word of the question counts
_BATCH = 256
_LONGEST = 1 << 20  # bytes of a line


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


def evaluate_word_pairs(
    table: Table,
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
    table : Table
        Words and vectors.
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

    Examples
    --------
    >>> import pathlib, tempfile
    >>> words = ["a", "b", "c"]
    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    >>> table = Table(words, {w: i for i, w in enumerate(words)}, vectors)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "pairs.tsv")
    ...     _ = path.write_text("a\tb\t9\na\tc\t1\nb\tc\t2\na\tz\t5", encoding="utf-8")
    ...     _, rank_correlation, unknown = evaluate_word_pairs(table, path)
    >>> round(rank_correlation.statistic, 6), unknown
    (1.0, 25.0)
    """
    judged = judge_word_pairs(table, pairs, delimiter, encoding, restrict_vocab, case_insensitive)
    unknown = sum(pair.cosine is None for pair in judged)
    compared = judged if dummy4unknown else [pair for pair in judged if pair.cosine is not None]
    gold = [pair.judgement for pair in compared]
    cosines = [pair.cosine or 0.0 for pair in compared]
    if len(gold) < 2:
        raise InputError(
            f"{pairs}: {len(gold)} pairs can be compared, {unknown} have a word without a vector; "
            f"lines are word{delimiter!r}word{delimiter!r}number: is the delimiter right?"
        )
    return pearson(gold, cosines), spearman(gold, cosines), unknown / len(judged) * 100


def judge_word_pairs(
    table: Table,
    pairs: PathLike,
    delimiter: str = "\t",
    encoding: str = "utf8",
    restrict_vocab: int = 300000,
    case_insensitive: bool = True,
) -> list[JudgedPair]:
    r"""Return each pair of a file with people's judgement and the cosine, in the file's order.

    It is what :func:`evaluate_word_pairs` correlates, with the same parameters.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, np.array([[1.0, 0.0], [3.0, 4.0]]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "pairs.tsv")
    ...     _ = path.write_text("a\tb\t7\na\tz\t5", encoding="utf-8")
    ...     for pair in judge_word_pairs(table, path):
    ...         print(*pair)
    ('A', 'B') 7.0 0.6
    ('A', 'Z') 5.0 None
    """
    known = _known_words(table, restrict_vocab, case_insensitive)
    found: list[JudgedPair] = []
    for number, line in _lines(pairs, encoding):
        if line.startswith("#"):
            continue
        fields = (line.upper() if case_insensitive else line).split(delimiter)
        try:
            a, b, text = fields
            judgement = float(text)
            if not np.isfinite(judgement):
                raise ValueError
        except ValueError:
            _LOGGER.info("%s, line %d: not a pair of words and a number, left out", pairs, number)
            continue
        cosine = None
        if a in known and b in known:
            cosine = float(unit(table.vectors[known[a]]) @ unit(table.vectors[known[b]]))
        found.append(JudgedPair((a, b), judgement, cosine))
    return found


def evaluate_word_analogies(
    table: Table,
    analogies: PathLike,
    restrict_vocab: int = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: SimilarityFunction = "most_similar",
) -> tuple[float, list[Section]]:
    r"""Answer "a is to b as c is to ?" for every line of a file, and count.

    Parameters
    ----------
    table : Table
        Words and vectors.
    analogies : path
        Lines ``a b c d`` in sections that begin with ``: name``, as Google's questions-words.txt.
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

    Examples
    --------
    >>> import pathlib, tempfile
    >>> words = ["man", "king", "woman", "queen"]
    >>> vectors = np.array([[1.0, 0.0], [1.0, 1.0], [-1.0, 0.0], [-1.0, 1.0]])
    >>> table = Table(words, {w: i for i, w in enumerate(words)}, vectors)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "analogies.txt")
    ...     _ = path.write_text(": royal\nman king woman queen\n", encoding="utf-8")
    ...     score, sections = evaluate_word_analogies(table, path)
    >>> score, sections[0]["correct"]
    (1.0, [('MAN', 'KING', 'WOMAN', 'QUEEN')])
    """
    sections, questions, right = _answered(
        table, analogies, restrict_vocab, case_insensitive, similarity_function
    )
    for (section, words), answered in zip(questions, right, strict=True):
        if answered is not None:
            sections[section]["correct" if answered else "incorrect"].append(words)
        elif dummy4unknown:
            sections[section]["incorrect"].append(words)
    total: Section = {"section": "Total accuracy"}
    for key in ("correct", "incorrect"):
        total[key] = list(itertools.chain.from_iterable(section[key] for section in sections))
    sections.append(total)
    judged = len(total["correct"]) + len(total["incorrect"])
    return (len(total["correct"]) / judged if judged else 0.0), sections


def answer_word_analogies(
    table: Table,
    analogies: PathLike,
    restrict_vocab: int = 300000,
    case_insensitive: bool = True,
    similarity_function: SimilarityFunction = "most_similar",
) -> list[AnsweredAnalogy]:
    r"""Return each analogy of a file and whether it was answered rightly, in the file's order.

    It is what :func:`evaluate_word_analogies` counts, with the same parameters.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> words = ["man", "king", "woman", "queen"]
    >>> vectors = np.array([[1.0, 0.0], [1.0, 1.0], [-1.0, 0.0], [-1.0, 1.0]])
    >>> table = Table(words, {w: i for i, w in enumerate(words)}, vectors)
    >>> lines = ": royal\nman king woman queen\nman king boy prince\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "analogies.txt")
    ...     _ = path.write_text(lines, encoding="utf-8")
    ...     for analogy in answer_word_analogies(table, path):
    ...         print(*analogy)
    royal ('MAN', 'KING', 'WOMAN', 'QUEEN') True
    royal ('MAN', 'KING', 'BOY', 'PRINCE') None
    """
    sections, questions, right = _answered(
        table, analogies, restrict_vocab, case_insensitive, similarity_function
    )
    return [
        AnsweredAnalogy(sections[section]["section"], words, answered)
        for (section, words), answered in zip(questions, right, strict=True)
    ]


def _answered(
    table: Table,
    analogies: PathLike,
    restrict_vocab: int,
    case_insensitive: bool,
    similarity_function: SimilarityFunction,
) -> tuple[list[Section], list[tuple[int, Quadruple]], list[bool | None]]:
    """Return the empty sections, each line's section and words, and whether it was right."""
    if similarity_function not in ("most_similar", "most_similar_cosmul"):
        raise InputError(
            f"similarity_function is {similarity_function!r}; "
            "use most_similar or most_similar_cosmul"
        )
    known = _known_words(table, restrict_vocab, case_insensitive)
    sections, questions = _read_analogies(analogies, case_insensitive)
    is_asked = [all(word in known for word in words) for _, words in questions]
    asked = [words for (_, words), flag in zip(questions, is_asked, strict=True) if flag]
    by_addition = similarity_function == "most_similar"
    answers = (_add if by_addition else _multiply)(
        table, [tuple(known[word] for word in words[:3]) for words in asked], restrict_vocab
    )
    verdicts = (
        _is_right(table, words, best, known, case_insensitive)
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
    for number, line in _lines(path, "utf-8"):
        if line.startswith(": "):
            name = line.lstrip(": ").strip()
            sections.append({"section": name, "correct": [], "incorrect": []})
            continue
        if not sections:
            raise InputError(f"{path}, line {number}: a line ': name' of a section must come first")
        words = (line.upper() if case_insensitive else line).split()
        if len(words) != 4:
            _LOGGER.info("%s, line %d: not four words, left out", path, number)
            continue
        questions.append((len(sections) - 1, (words[0], words[1], words[2], words[3])))
    if not questions:
        raise InputError(f"{path}: holds no analogies, lines of four words after a line ': name'")
    return sections, questions


def _add(table: Table, questions: list[Any], restrict_vocab: int) -> Iterator[list[int]]:
    """Yield the nearest rows to ``b - a + c`` of unit vectors, the question's own left out."""
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
            yield top_rows(cosines, min(_TOPN, len(cosines) - len(own))).tolist()


def _multiply(table: Table, questions: list[Any], restrict_vocab: int) -> Iterator[list[int]]:
    for a, b, c in questions:
        found = most_similar_cosmul(table, [b, c], [a], _TOPN, restrict_vocab)
        yield [table.index[word] for word, _ in found]


def _is_right(
    table: Table, words: Quadruple, best: list[int], known: dict[str, int], case_insensitive: bool
) -> bool:
    """Say whether the first answer that is known and no word of the question is the fourth."""
    answer = None
    for row in best:
        answer = table.words[row].upper() if case_insensitive else table.words[row]
        if answer in known and answer not in words[:3]:
            break
    return answer == words[3]


def _known_words(table: Table, restrict_vocab: int | None, fold: bool) -> dict[str, int]:
    rows = range(len(table.words))[:restrict_vocab]
    return {table.words[row].upper() if fold else table.words[row]: row for row in reversed(rows)}


def _lines(path: PathLike, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each line."""
    with open_source(path) as source:
        byte = 0
        for number in itertools.count(1):
            line = source.stream.readline(_LONGEST)
            if not line:
                return
            if len(line) == _LONGEST:
                malformed(path, f"a line of more than {_LONGEST} bytes", line=number, byte=byte)
            try:
                yield number, line.decode(encoding).removeprefix("\ufeff" if number == 1 else "")
            except UnicodeDecodeError as error:
                malformed(path, f"is not {encoding}", line=number, byte=byte + error.start)
            byte += len(line)
