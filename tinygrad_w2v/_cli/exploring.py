"""``explore``: the report of a run and live questions to it, for a browser on this machine."""

from __future__ import annotations

import argparse
import importlib.util
import threading
import webbrowser
from collections.abc import Mapping
from typing import Any

from tinygrad_w2v._base.checks import require_range
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.language import Language
from tinygrad_w2v._cli.console import note, say
from tinygrad_w2v._cli.options import DEFAULT_FOLDER
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v._cli.reporting import report_of
from tinygrad_w2v._cli.stored_run import StoredRun, read_run, stored_model
from tinygrad_w2v.drawing import graph
from tinygrad_w2v.reports.explore_page import explore_page
from tinygrad_w2v.reports.page import page_of
from tinygrad_w2v.reports.server import LookServer
from tinygrad_w2v.text.tokenizing import get_tokenizer
from tinygrad_w2v.word2vec.reporting import graph_page
from tinygrad_w2v.word2vec.sentence_windows import SentenceWindow, sentence_windows

MOST_WORDS = 100  # of a sentence
Query = Mapping[str, str]


def add_options(parser: Parser) -> None:
    """Declare the options of ``explore``."""
    parser.add_argument(
        "run_folder",
        nargs="?",
        type=path_name,
        metavar="RUN",
        default=DEFAULT_FOLDER,
        help="a run's folder (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="to listen on; by default a free one"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    parser.add_argument("--lang", choices=["en", "ja"], default="en", help="of the page")


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    require_range("port", arguments.port, 0, 65535)
    look = Look(read_run(arguments.run_folder), arguments.lang)
    server = LookServer(look.pages(), look.answers(), arguments.port)
    say(server.url)
    note("this machine alone can open it, with this address; Ctrl-C ends it")
    if not arguments.no_browser:
        # A browser that runs in the terminal returns when it is left, and needs answers till then.
        threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
    server.serve()
    note("ended")
    return 0


class Look:
    """What can be asked of a run.

    Parameters
    ----------
    stored
        The run; of its folder nothing is changed.
    lang
        Of the pages.
    """

    def __init__(self, stored: StoredRun, lang: Language) -> None:
        self.stored, self.lang = stored, lang
        self.model, self.settings, self.vocabulary = stored_model(stored.folder)

    def pages(self) -> dict[str, Any]:
        """Return what makes each page."""
        title = str(self.stored.folder)
        return {
            "": lambda query: explore_page(title, self.lang),
            "report": self.report,
            "step": self.step,
        }

    def answers(self) -> dict[str, Any]:
        """Return what answers each question."""
        return {
            "neighbours": self.neighbours,
            "analogy": self.analogy,
            "odd": self.odd,
            "sentence": self.sentence,
        }

    def report(self, query: Query) -> str:
        """The report that the run has left; of one that left none, what its files tell."""
        path = self.stored.folder / "report.html"
        if path.is_file():
            return path.read_text(encoding="utf-8")
        words = list(self.vocabulary.words)
        report = report_of(
            self.stored.description,
            self.stored.records,
            self.stored.vectors,
            self.stored.request,
            output=str(self.stored.folder),
            graph=lambda lang: graph_page(self.model, self.settings, words, lang),
        )
        return page_of(report, self.lang)

    def neighbours(self, query: Query) -> dict[str, Any]:
        """The nearest words."""
        return {"near": self.stored.vectors.most_similar(_given(query, "word"), topn=12)}

    def analogy(self, query: Query) -> dict[str, Any]:
        """The words that are to C as B is to A."""
        a, b, c = (_given(query, name) for name in "abc")
        near = self.stored.vectors.most_similar(positive=[b, c], negative=[a], topn=12)
        return {"words": [a, b, c], "near": near}

    def odd(self, query: Query) -> dict[str, Any]:
        """The word that does not go with the others, and how near each is to their mean."""
        words = list(dict.fromkeys(_given(query, "words").replace(",", " ").split()))
        if len(words) < 3:
            raise InputError("give three words or more, with blanks between them")
        ranked = self.stored.vectors.rank_by_centrality(words)
        return {
            "odd": ranked[-1][1],
            "closeness": [(word, float(cosine)) for cosine, word in ranked],
        }

    def sentence(self, query: Query) -> dict[str, Any]:
        """The windows of a sentence, each with its loss."""
        words = self._words(query)
        return {
            "left_out": [word for word in words if word not in self.vocabulary],
            "windows": [
                {name: value for name, value in each._asdict().items() if name != "batch"}
                for each in self._windows(words)
            ],
        }

    def step(self, query: Query) -> str:
        """The graph of one window's loss, to be stepped through."""
        windows = self._windows(self._words(query))
        at = query.get("at", "")
        if at not in map(str, range(len(windows))):
            raise InputError("there is no such window")
        loss = self.model.loss(windows[int(at)].batch)
        loss.name = "loss"
        words = list(self.vocabulary.words)
        labels = {
            name: words
            for name, parameter in self.model.named_parameters()
            if parameter.shape[0] == len(words)
        }
        return graph(loss, labels=labels, lang=self.lang).html()

    def _windows(self, words: list[str]) -> list[SentenceWindow]:
        return sentence_windows(self.model, self.settings, self.vocabulary, words)

    def _words(self, query: Query) -> list[str]:
        """A sentence, cut as the run's text was; a function that a file names is not run."""
        request = self.stored.request
        named = "whitespace" if ":" in request.tokenizer else request.tokenizer
        if named == "ja" and importlib.util.find_spec("janome") is None:
            named = "whitespace"
        sentences = get_tokenizer(named, request.lower)(_given(query, "text"))
        return [word for sentence in sentences for word in sentence][:MOST_WORDS]


def _given(query: Query, name: str) -> str:
    text = query.get(name, "").strip()
    if not text:
        raise InputError(f"{name} is empty")
    return text
