"""``compare``: runs side by side in one page."""

from __future__ import annotations

import argparse
from pathlib import Path

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.console import note, say_json, say_lines
from tinygrad_w2v._cli.parsing import Parser, path_name
from tinygrad_w2v._cli.stored_run import StoredRun, read_run
from tinygrad_w2v.reports.comparison import ComparedRun, Comparison, compare
from tinygrad_w2v.reports.comparison_page import comparison_page
from tinygrad_w2v.reports.markup import write_page
from tinygrad_w2v.vectors.scores import installed_test_sets, scores_of

PAGE = "compare.html"


def add_options(parser: Parser) -> None:
    """Declare the options of ``compare``."""
    parser.add_argument("runs", nargs="+", type=path_name, metavar="RUN", help="a run's folder")
    parser.add_argument(
        "--output", type=path_name, metavar="FILE", help=f"the page (default: {PAGE})"
    )
    parser.add_argument(
        "--words",
        metavar="WORD,WORD",
        help="words whose neighbours are shown; by default some that all runs have",
    )
    parser.add_argument("--lang", choices=["en", "ja"], default="en", help="of the page")
    parser.add_argument(
        "--json", action="store_true", help="print for a program; a page only with --output"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare the runs; write the page, or print."""
    if len(arguments.runs) < 2:
        raise InputError("compare needs two runs or more: tinygrad-w2v compare RUN RUN ...")
    if len({Path(folder).resolve() for folder in arguments.runs}) < len(arguments.runs):
        raise InputError("a run is named twice; name each once")
    words = [word.strip() for word in (arguments.words or "").split(",") if word.strip()]
    found = compare([_compared(read_run(folder)) for folder in arguments.runs], words)
    missing = [w for w, near in found.neighbours.items() if all(each is None for each in near)]
    if missing:
        raise InputError(f"{missing[0]!r} is in the vocabulary of no run", setting="words")
    if arguments.json:
        say_json(found.as_json())
    else:
        say_lines("\n".join(_lines(found)))
    if arguments.output or not arguments.json:
        place = arguments.output or PAGE
        write_page(place, comparison_page(found, arguments.lang))
        note(f"wrote {place}")
    return 0


def _compared(stored: StoredRun) -> ComparedRun:
    description = stored.description
    flat = stored.request.flat()
    settings = {name: value for name, value in flat.items() if name not in ("sources", "update")}
    resolved = description.get("settings") or {}
    settings |= {name: resolved[name] for name in ("alpha", "batch") if name in resolved}
    engine = description.get("engine") or {}
    settings |= {"engine": engine.get("name"), "threads": description.get("workers")}
    settings |= {"deterministic": (description.get("run") or {}).get("deterministic")}
    settings |= {"finished": description.get("finished")}
    # What was learned on from decides as much as the text does.
    settings |= {
        "update": ((description.get("update") or {}).get("model_sha256") or "")[:12] or None
    }
    digest = (description.get("text") or {}).get("corpus_sha256", "")
    return ComparedRun(
        name=str(stored.folder),
        settings=settings,
        text=str(digest)[:12],
        losses=stored.losses,
        vectors=stored.vectors,
        scores=scores_of(stored.vectors, installed_test_sets()),
        words_per_second=description.get("words_per_second") or 0,
    )


def _lines(found: Comparison) -> list[str]:
    """What a person reads at once."""
    names = {"loss": "last loss", "heldout": "last held-out loss"}
    lines = []
    for each in found.estimates:
        first = found.runs[found.groups.index(each.group)].name
        error = "" if each.error is None else f" ± {each.error:.4f} ({each.runs} runs)"
        lines.append(f"{names.get(each.name, each.name)}, {first}: {each.value:.4f}{error}")
    for drifted in found.drifts:
        if drifted.drift is not None:
            most = ", ".join(
                f"{word} {distance:.2f}"
                for word, distance in list(zip(*drifted.drift, strict=True))[:6]
            )
            how = "drifted by chance alone" if drifted.same_group else "drifted"
            lines.append(f"{how} from {drifted.first} to {drifted.second}: {most}")
    return lines
