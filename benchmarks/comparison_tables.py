"""The tables of ``counting_beside_inference.py``: what runs found, and how sure it is.

All systems are scored on the pairs and questions that all of them know. It is read, not run.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from bootstrap import bootstrap_intervals
from tinygrad_w2v.vectors.correlation import ranks


def report(
    rows: list[dict[str, Any]],
    systems: list[str],
    files: list[str],
    rng: np.random.Generator,
    resamples: int,
) -> None:
    """Print the tables of all runs: `systems` in order, `files` of word pairs, and analogies."""
    runs = [row for row in rows if row["job"] == "vectors"]
    by_system = {
        system: found
        for system in systems
        if (found := [row for row in runs if row["system"] == system])
    }
    if by_system:
        report_costs(by_system)
        tests = {name: of_pairs(by_system, name) for name in files}
        tests["analogies"] = of_analogies(by_system)
        report_scores(list(by_system), tests, rng, resamples)
        report_neighbors(by_system)
    added = [row for row in rows if row["job"] == "new word"]
    if added:
        report_new_word(added)


class Test(NamedTuple):
    """What systems are asked."""

    scores: Callable[[Any], list[list[float]]]  # of some items: one a run, for each system
    groups: Any  # of each item, to be drawn together
    coverage: str


def report_costs(by_system: dict[str, list[dict[str, Any]]]) -> None:
    """Print seconds and memory."""
    print("| | runs | engine | seconds, reading included | peak memory |\n|---|---|---|---|---|")
    for system, rows in by_system.items():
        for engine in sorted({row["engine"] for row in rows}):
            group = [row for row in rows if row["engine"] == engine]
            seconds = [row["seconds"] for row in group]
            memory = max(row["peak bytes"] for row in group) / 1e9
            spread = f" ({min(seconds):.1f} to {max(seconds):.1f})" if len(group) > 1 else ""
            cells = (system, len(group), engine, f"{np.median(seconds):.1f}{spread}")
            print("| " + " | ".join(map(str, cells)) + f" | {memory:.2f} GB |")


def of_pairs(by_system: dict[str, list[dict[str, Any]]], name: str) -> Test:
    """Return how a file of word pairs is scored."""
    table = {
        system: np.array([[cosine for _, cosine in row["pairs"][name]] for row in rows], float)
        for system, rows in by_system.items()
    }
    known = ~np.any([np.isnan(cosines).any(axis=0) for cosines in table.values()], axis=0)
    cosines = [cosines[:, known] for cosines in table.values()]
    first = next(iter(by_system.values()))[0]
    gold = np.array([judgement for judgement, _ in first["pairs"][name]])[known]

    def scores(items: Any) -> list[list[float]]:
        judged = ranks(gold[items])
        return [
            [np.corrcoef(judged, ranks(run[items]))[0, 1] for run in system] for system in cosines
        ]

    return Test(scores, np.arange(len(gold)), f"{len(gold)} of {len(known)} pairs")


def of_analogies(by_system: dict[str, list[dict[str, Any]]]) -> Test:
    """Return how analogies are scored, which are drawn by the pair that they begin with."""
    table = [
        np.array([list("".join(row["analogies"])) for row in rows]) for rows in by_system.values()
    ]
    known = ~np.any([(letters == "?").any(axis=0) for letters in table], axis=0)
    right = [(letters[:, known] == "r") for letters in table]
    sizes = [len(group) for group in next(iter(by_system.values()))[0]["analogies"]]
    groups = np.repeat(np.arange(len(sizes)), sizes)[known]

    def scores(items: Any) -> list[list[float]]:
        return [system[:, items].mean(axis=1).tolist() for system in right]

    coverage = f"{known.sum()} of {len(known)} questions, in {len(set(groups))} groups"
    return Test(scores, groups, coverage)


def report_scores(
    systems: list[str], tests: dict[str, Test], rng: np.random.Generator, resamples: int
) -> None:
    """Print the scores of each system and the differences of each two, a column for each test."""
    two = list(itertools.combinations(range(len(systems)), 2))
    names = [*systems, *(f"{systems[i]} - {systems[j]}" for i, j in two)]
    columns = [scored(test, len(systems), two, rng, resamples) for test in tests.values()]
    rows = [
        f"| {name} | " + " | ".join(cells) + " |"
        for name, *cells in zip(names, *columns, strict=True)
    ]
    head = " | ".join(f"{name}: {test.coverage}" for name, test in tests.items())
    rule = "|---" * (len(tests) + 1) + "|"
    print(f"\n| score ± standard error (95% interval) | {head} |\n{rule}")
    print("\n".join(rows[: len(systems)]))
    print("\nin bold: the interval does not hold 0\n")
    print(f"| difference | {' | '.join(tests)} |\n{rule}")
    print("\n".join(rows[len(systems) :]))


def scored(
    test: Test,
    systems: int,
    two: list[tuple[int, int]],
    rng: np.random.Generator,
    resamples: int,
) -> list[str]:
    """Return the cells of a column: of each system, then of each difference."""
    if len(set(test.groups)) < 3:
        return ["too few known"] * (systems + len(two))
    runs = test.scores(np.arange(len(test.groups)))

    def means_and_differences(items: Any) -> list[float]:
        means = [float(np.mean(one)) for one in test.scores(items)]
        return means + [means[i] - means[j] for i, j in two]

    with np.errstate(invalid="ignore"):  # a sample of one pair many times has no correlation
        found = bootstrap_intervals(means_and_differences, test.groups, rng, resamples)
    errors = [standard_error(one) for one in runs]
    cells = [
        f"{mean:.3f}{error_text(error)} ({low:.3f} to {high:.3f})"
        for mean, low, high, error in zip(*found, errors, strict=False)
    ]
    errors = [float(np.hypot(errors[i], errors[j])) for i, j in two]
    differences = zip(*(part[len(runs) :] for part in found), errors, strict=True)
    for mean, low, high, error in differences:
        cell = f"{mean:+.3f}{error_text(error)} ({low:+.3f} to {high:+.3f})"
        cells.append(cell if low <= 0 <= high else f"**{cell}**")
    return cells


def standard_error(scores: list[float]) -> float:
    """Return that of the mean of some runs; NaN of a single one."""
    return float(np.std(scores, ddof=1) / len(scores) ** 0.5) if len(scores) > 1 else float("nan")


def error_text(error: float) -> str:
    """Return `` ± error``, nothing where it is not known."""
    return "" if np.isnan(error) else f" ± {error:.3f}"


def report_neighbors(by_system: dict[str, list[dict[str, Any]]]) -> None:
    """Print the neighbours of the first seed, a column for each system."""
    first = [rows[0]["neighbors"] for rows in by_system.values()]
    if first[0]:
        print("\n| | " + " | ".join(by_system) + " |\n" + "|---" * (len(by_system) + 1) + "|")
        for word in first[0]:
            print(f"| *{word}* | " + " | ".join(", ".join(near[word]) for near in first) + " |")


def report_new_word(rows: list[dict[str, Any]]) -> None:
    """Print what a new word cost."""
    old, new = rows[0]["sentences"]
    word = rows[0]["word"]
    print(f"\nadding *{word}*: {new:,} sentences that hold it, after {old:,} that do not\n")
    print(
        "(of ten neighbours; beside it, how many two seeds have in common that both begin anew)\n"
    )
    print("| | add | anew | neighbours as if begun anew | neighbours that old words keep |")
    print("|---|---|---|---|---|")
    for row in rows:
        anew = set(row["anew"])
        shared, usual = (len(anew & set(row[name])) for name in ("updated", "other seed"))
        kept, usually = (10 * row[name] for name in ("old neighbours kept", "kept by another seed"))
        print(
            f"| {row['system']} | {row['update seconds']:.1f} s | {row['anew seconds']:.1f} s "
            f"| {shared} ({usual}) | {kept:.1f} ({usually:.1f}) |"
        )
    print(f"\n| neighbours of *{word}* | when added | anew |\n|---|---|---|")
    for row in rows:
        updated, anew = (", ".join(row[name][:5]) for name in ("updated", "anew"))
        print(f"| {row['system']} | {updated} | {anew} |")
