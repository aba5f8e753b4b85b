"""The report of a run of ``train``: at its end, and while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import TinygradError
from tinygrad_w2v._base.terminal import option, pasted
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.options import DEFAULT_FOLDER, OPTIONS, OTHER_NAMES, Option, usual
from tinygrad_w2v._cli.request import FASTTEXT, Request
from tinygrad_w2v.reports.contents import Kernel, Losses, RecordLike, Report, ending, numbers
from tinygrad_w2v.reports.page import write_report
from tinygrad_w2v.training.history import History, RunState
from tinygrad_w2v.training.hooks import RunHooks
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.sample_words import sample_words
from tinygrad_w2v.vectors.scores import installed_test_sets, scores_of

# Words that a programmer has an opinion on; the built-in corpus has them all.
FAMILIAR = ("list", "class", "exception", "integer", "string", "file", "array", "true")


def words_to_show(vectors: WordVectors, sources: list[str]) -> list[str]:
    """Return a few words whose neighbours a person can judge; of the built-in corpus always these.

    Examples
    --------
    >>> words_to_show(WordVectors(["the", "whale", "ship"], [[1.0], [2.0], [3.0]]), ["novel.txt"])
    ['whale', 'ship', 'the']
    """
    if not sources and all(word in vectors for word in FAMILIAR):
        return list(FAMILIAR)
    return sample_words(vectors)


def report_of(
    description: Mapping[str, Any],
    records: list[RecordLike],
    vectors: WordVectors,
    request: Request,
    *,
    output: str,
    graph: Callable[[Any], str] | None = None,
    compiled: Any = None,
    refresh: float | None = None,
) -> Report:
    """Return the contents of a run's report.

    Parameters
    ----------
    description
        What ``settings.json`` says.
    records
        What ``history.jsonl`` says.
    vectors, request
        Of the run.
    output
        Its folder, as it was named.
    graph, compiled
        The page of the model's graph; the kernel.
    refresh
        The run goes on, and the report is made anew after so many seconds.
    """
    text, heldout, engine = (description[name] for name in ("text", "heldout", "engine"))
    settings = dict(description["settings"])
    others = ("tokenizer", "lower", "errors", "max_vocab_size", "trim_rule", "early_stopping")
    settings |= {name: value for name, value in request.flat().items() if name in others}
    facts: dict[str, dict[str, Any]] = {
        "settings": settings | ({"heldout": heldout["share"]} if heldout else {}),
        "text": {
            "sources": text["sources"],
            "words": text["words"],
            "known words": text["known_words"],
            "sentences": text["sentences"],
            "vocabulary": description["vocabulary"],
            "sha256": (text["sha256"] or text["corpus_sha256"])[:16],
        }
        | ({"held-out words": heldout["words"]} if heldout else {})
        | ({"learned on from": description["update"]["folder"]} if description["update"] else {}),
        "engine": {
            "engine": engine["name"],
            "why": engine["why"],
            "threads": description["workers"],
            "same bytes again": engine["reproducible"],
            "words per second": description["words_per_second"],
            "processor": description["cpu"]["name"],
            "blas": description["cpu"]["blas"],
        },
        "versions": description["versions"],
    }
    names = [Path(source).name or source for source in text["sources"]]
    return Report(
        title=f"{settings['model']}, {', '.join(names)}",
        facts=facts,
        losses=Losses(
            records=records,
            epochs=numbers(description["losses"]),
            heldout=numbers(heldout["losses"]) if heldout else (),
            unigram=heldout["unigram_loss"] if heldout else None,
        ),
        vectors=vectors,
        samples=words_to_show(vectors, request.sources),
        scores=[] if refresh else scores_of(vectors, installed_test_sets()),
        graph=graph,
        kernel=Kernel.of(compiled),
        repeat=repeat_lines(request, output, engine["name"], description.get("run")),
        seconds=description["seconds"],
        refresh=refresh,
        ended=ending(
            description.get("finished") is False and refresh is None,
            bool(description.get("stopped_early")),
        ),
    )


def repeat_lines(
    request: Request, output: str, engine: str = "auto", run: Mapping[str, Any] | None = None
) -> str:
    """Return the commands that do a run again: from its file, and by its options.

    A run that learned on from another has the former alone: what its options do depends on that.

    Parameters
    ----------
    request, output
        What was asked, and the run's folder.
    engine, run
        What computed it, and how; another engine gives other bytes.

    Examples
    --------
    >>> print(repeat_lines(Request(["novel.txt"]), "novel"))
    tinygrad-w2v train --settings novel/settings.json --output again
    <BLANKLINE>
    tinygrad-w2v train novel.txt --output again
    """
    named = [option(_flag(setting), name) for setting, name in request.functions().items()]
    file = option("--settings", str(Path(output, "settings.json")))
    again = " ".join(["tinygrad-w2v train", file, *named, "--output again"])
    if request.update:
        return again
    given = request.flat() | {
        "engine": engine,
        "deterministic": (run or {}).get("deterministic", False),
        "shards": (run or {}).get("shards"),
    }
    if given["model"] != FASTTEXT:  # else the model says how words are predicted
        del given["architecture"]
    words = ["tinygrad-w2v train", *(pasted(_no_option(name)) for name in request.sources)]
    for each in OPTIONS:
        value = given.get(each.setting)
        if each.flags[0] in OTHER_NAMES or value is None or value == usual(each.setting):
            continue
        words.append(_said(each, value))
    return f"{again}\n\n{' '.join(words)} --output again"


def _said(each: Option, value: Any) -> str:
    """An option as it is given."""
    flag = each.flags[0]
    if flag == "--sg":
        return option(flag, str(int(value == "skipgram")))
    return flag if not each.value or value is True else option(flag, str(value))


def _no_option(name: str) -> str:
    """The name of a file, which is not to be read as an option."""
    return f"./{name}" if name.startswith("-") and name != "-" else name


def _flag(setting: str) -> str:
    return next(each.flags[0] for each in OPTIONS if each.setting == setting)


def where_it_stands(folder: str) -> str:
    """Return how a later command names a run's folder, or "" where it need not.

    Examples
    --------
    >>> where_it_stands("w2v-out"), where_it_stands("my run")
    ('', " --vectors 'my run'")
    """
    return "" if folder == DEFAULT_FOLDER else f" {option('--vectors', folder)}"


class LiveReport(RunHooks):
    """Writes the report anew every so many seconds, between two batches.

    A report that cannot be written is told of once; the run goes on.

    Parameters
    ----------
    path
        The file.
    seconds
        Between two.
    made
        Returns the report of what was seen so far.
    lang, layout
        As in `write_report`.
    """

    def __init__(
        self,
        path: Path,
        seconds: float,
        made: Callable[[History], Report],
        lang: Any = "en",
        layout: str = "pca",
    ) -> None:
        self._path, self._seconds, self._made = path, seconds, made
        self._lang, self._layout = lang, layout
        self._due = time.monotonic() + seconds
        self._told = False

    def wants_rest(self, state: RunState) -> bool:
        """Whether it is time."""
        return time.monotonic() >= self._due and bool(state.history.records)

    def at_rest(self, state: RunState) -> None:
        """Write it when it is time."""
        if not self.wants_rest(state):
            return
        try:
            write_report(self._made(state.history), self._path, self._lang, self._layout)
        except (TinygradError, OSError) as error:
            if not self._told:
                note(f"note: the report of the run so far was not written: {error}")
            self._told = True
        # What it takes is not to be most of the run.
        self._due = time.monotonic() + self._seconds
