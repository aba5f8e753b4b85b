"""Every op and every model against finite differences: the table of ``tinygrad-w2v check``."""

from __future__ import annotations

import itertools
import json as json_format
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TextIO

import numpy as np

from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import GradientError
from tinygrad_w2v._base.terminal import aligned
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import Case
from tinygrad_w2v.checking.cases import CASES
from tinygrad_w2v.checking.gradient_report import GradientReport
from tinygrad_w2v.checking.gradients import check_grads
from tinygrad_w2v.models import CBOW, EmbeddingModel, SkipGram

ORDERS = 2
_WORDS, _DIM, _WINDOWS, _CONTEXTS, _NEGATIVE = 7, 3, 3, 2, 2


@dataclass(frozen=True)
class Result:
    """The outcome for one op or one model.

    Attributes
    ----------
    family, op : str
        Where it belongs, and its name.
    variants : int
        How many cases were checked.
    first_order, second_order : float
        The worst relative errors; NaN where the check did not get that far.
    failures : list of str
        A report for each case that failed.
    """

    family: str
    op: str
    variants: int
    first_order: float
    second_order: float
    failures: list[str]

    @property
    def passed(self) -> bool:
        """Whether all variants agree with finite differences."""
        return not self.failures


# ---------------------------------------------------------------------- running
@dataclass(frozen=True)
class _Outcome:
    errors: tuple[float, ...]  # the worst relative error of each order
    failure: str | None


def _check(name: str, function: Any, args: Sequence[Any]) -> _Outcome:
    """Check one function to second order; any error it raises is a failure."""
    try:
        return _Outcome(_worst_of(check_grads(function, *args, order=ORDERS)), None)
    except GradientError as error:
        return _Outcome(_worst_of(error.report), f"{name}: {error}")
    except Exception as error:
        return _Outcome((math.nan,) * ORDERS, f"{name}: {type(error).__name__}: {error}")


def _worst_of(report: GradientReport) -> tuple[float, ...]:
    """The worst relative error of each order; NaN where the check did not get that far."""
    worst = [report.worst_of(order) for order in range(1, ORDERS + 1)]
    return tuple([math.nan if c is None else c.relative_error for c in worst])


def run_checks(
    cases: Iterable[Case] = CASES,
    models: bool = True,
    progress: Callable[[str], None] | None = None,
) -> list[Result]:
    """Check cases and models to second order.

    Parameters
    ----------
    cases : iterable of Case
    models : bool
        Whether to check CBOW and skip-gram with every objective, too.
    progress : callable, optional
        Is told the name of what is checked next.

    Returns
    -------
    list of Result
        One for each op that the cases cover, by family; then the models.

    Examples
    --------
    >>> from tinygrad_w2v.checking.cases import CASES
    >>> (result,) = run_checks([case for case in CASES if case.name == "exp"], models=False)
    >>> result.op, result.variants, result.passed
    ('exp', 1, True)
    """
    tell = progress or (lambda name: None)
    by_op: dict[type[Function], list[_Outcome]] = {}
    for case in cases:
        tell(case.name)
        outcome = _check(case.name, case.function, case.draw(np.random.default_rng(0)))
        for op in case.covers:
            by_op.setdefault(op, []).append(outcome)
    results = [
        _result(op.__module__.rpartition(".")[2], _label(op), outcomes)
        for op, outcomes in by_op.items()
    ]
    results.sort(key=lambda result: result.family)  # stable: ops keep the order of the table
    for name, model, batch in model_cases() if models else ():
        tell(name)
        results.append(_result("models", name, [_check(name, model, (batch,))]))
    return results


def _label(op: type[Function]) -> str:
    return op.__new__(op).label


def _result(family: str, op: str, outcomes: list[_Outcome]) -> Result:
    worst = []
    for order in range(ORDERS):
        known = [o.errors[order] for o in outcomes if not math.isnan(o.errors[order])]
        worst.append(max(known, default=math.nan))
    failures = [o.failure for o in outcomes if o.failure is not None]
    return Result(family, op, len(outcomes), worst[0], worst[1], failures)


def model_cases() -> Iterator[tuple[str, EmbeddingModel, Batch]]:
    """Every model with every objective, with a tiny batch; both tables are filled."""
    rng = np.random.default_rng(0)
    objectives = ("softmax", "negative_sampling", "hierarchical_softmax")
    kinds: list[tuple[str, type[EmbeddingModel], dict[str, Any]]] = [
        ("CBOW", CBOW, {}),
        ("SkipGram of contexts", SkipGram, {"predict": "contexts"}),
        ("SkipGram of the center", SkipGram, {"predict": "center"}),
    ]
    for (name, kind, options), objective in itertools.product(kinds, objectives):
        if options.get("predict") == "contexts" and objective == "hierarchical_softmax":
            continue  # the batch holds the centre's path alone
        model = kind(_WORDS, _DIM, objective, rng=np.random.default_rng(0), **options)
        model.w_in.data = rng.normal(size=(_WORDS, _DIM)).astype(np.float32)
        model.w_out.data = rng.normal(size=(_WORDS, _DIM)).astype(np.float32)
        yield f"{name}, {objective.replace('_', ' ')}", model, _batch(objective, rng)


def _batch(objective: str, rng: np.random.Generator) -> Batch:
    """Windows of random words, which repeat; with a random path where there is a tree."""
    targets = rng.integers(_WORDS, size=(_WINDOWS, 1 + _NEGATIVE))
    contexts = rng.integers(_WORDS, size=(_WINDOWS, _CONTEXTS))
    labels = np.zeros(targets.shape, np.float32)
    labels[:, 0] = 1
    if objective == "hierarchical_softmax":
        labels = rng.integers(2, size=targets.shape).astype(np.float32)
    return Batch(targets[:, 0], contexts, np.zeros_like(contexts), targets, labels)


# ---------------------------------------------------------------------- showing
def main_table(stream: TextIO, json: bool = False) -> bool:
    """Check everything, write the table (or JSON) to `stream`, return whether all is right."""
    results = run_checks()
    stream.write(as_json(results) if json else as_table(results))
    return all(result.passed for result in results)


def as_table(results: Sequence[Result]) -> str:
    """The results as lines for a person, the reports of failures below."""
    heading = ("family", "op or model", "variants", "1st order", "2nd order", "status")
    rows = [
        (
            result.family,
            result.op,
            str(result.variants),
            _error(result.first_order),
            _error(result.second_order),
            "ok" if result.passed else f"{len(result.failures)} WRONG",
        )
        for result in results
    ]
    lines = aligned([heading, *rows], (0, 1, 5))
    # A case that covers several ops fails for each of them, and is told once.
    failures = list(dict.fromkeys(f for result in results for f in result.failures))
    lines += ["", *itertools.chain.from_iterable((failure, "") for failure in failures)]
    return "\n".join([*lines, _summary(results, len(failures)), ""])


def _error(error: float) -> str:
    return "-" if math.isnan(error) else f"{error:.1e}"


def _summary(results: Sequence[Result], failures: int) -> str:
    models = sum(result.family == "models" for result in results)
    what = f"{len(results) - models} ops and {models} models"
    if failures:
        return f"{what}: {failures} case(s) differ from finite differences, see above"
    errors = [e for r in results for e in (r.first_order, r.second_order) if not math.isnan(e)]
    return (
        f"{what}: first and second derivatives agree with finite differences "
        f"(worst relative error {max(errors, default=0.0):.1e})"
    )


def as_json(results: Sequence[Result]) -> str:
    """The results as one JSON document; an error that is not a finite number is null."""
    rows = []
    for result in results:
        row = asdict(result)
        for key in ("first_order", "second_order"):
            row[key] = row[key] if math.isfinite(row[key]) else None
        rows.append({**row, "passed": result.passed})
    document = {"passed": all(result.passed for result in results), "results": rows}
    return json_format.dumps(document, indent=2, ensure_ascii=False) + "\n"
