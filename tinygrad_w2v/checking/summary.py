"""All that a gradient check measured, and a summary of it in a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tinygrad_w2v._base.language import Language
from tinygrad_w2v.checking.findings import heading
from tinygrad_w2v.checking.measurement import Comparison, place_of, shown
from tinygrad_w2v.checking.words import ordinal, say


class Summary:
    """The comparisons of a check, order by order, and what came of it."""

    def __init__(
        self, function: str, order: int, atol: float | None = None, lang: Language = "en"
    ) -> None:
        self.function, self.order, self.atol, self.lang = function, order, atol, lang
        self.comparisons: list[Comparison] = []
        self.failure = ""

    @property
    def passed(self) -> bool:
        """Whether everything was measured and agrees."""
        return not self.failure

    @property
    def worst(self) -> Comparison | None:
        """The comparison with the largest relative error; of those that disagree, if any does."""
        return _worst(self.comparisons)

    def of_order(self, order: int) -> list[Comparison]:
        """The comparisons of one order."""
        return [c for c in self.comparisons if c.order == order]

    def worst_of(self, order: int) -> Comparison | None:
        """The worst comparison of one order; None where the check did not get that far."""
        return _worst(self.of_order(order))

    # ------------------------------------------------------------------ text
    def outcome(self, lang: Language = "en", written: Callable[[str], str] = str) -> str:
        """What came of it, in one line; `written` writes the names in it."""
        worst = self.worst
        if worst is not None and worst.wrong:
            return heading(worst, lang, written)
        key = "right" if self.passed else "unfinished"
        return say(key, lang, function=written(shown(self.function)))

    @property
    def text(self) -> str:
        """A summary of a few lines: what was measured of each order, and what was allowed."""
        return "\n".join([f"check_grads: {self.outcome()}", *self._lines()])

    def _lines(self) -> Iterator[str]:
        for order in range(1, self.order + 1):
            compared = self.of_order(order)
            worst = _worst(compared)
            if worst is None:
                yield f"  {ordinal(order)} order: not measured"
                continue
            at = f" at {place_of(worst, worst.worst)}" if worst.worst is not None else ""
            yield (
                f"  {ordinal(order)} order: {_counted(compared)}, "
                f"worst relative error {worst.relative_error:.1e}{at}"
            )

        # Where f turns out to compute in float32, more is allowed than before.
        yield from dict.fromkeys(f"  {self.allowed(c)}" for c in self.comparisons)

    def allowed(self, comparison: Comparison, lang: Language = "en") -> str:
        """How far rule and finite difference may be apart."""
        key = "rounding" if self.atol is None else "atol"
        atol = say(key, lang, atol=self.atol)
        return say("allowed", lang, rtol=comparison.allowed, atol=atol, step=comparison.step)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        worst = self.worst
        error = f", worst relative error {worst.relative_error:.1e}" if worst is not None else ""
        return f"<{type(self).__name__}: {self.outcome()}; {_counted(self.comparisons)}{error}>"


def _worst(compared: list[Comparison]) -> Comparison | None:
    wrong = [c for c in compared if c.wrong]
    return max(wrong or compared, key=lambda c: c.relative_error, default=None)


def _counted(compared: list[Comparison]) -> str:
    """How many arrays, entries and directions were measured."""
    entries = sum(len(c.entries) for c in compared)
    directions = sum(c.directions for c in compared)
    size = sum(c.size for c in compared)
    of = "" if all(c.whole for c in compared) else f" of {size:,}"
    counted = [_noun(len({(c.name, c.output) for c in compared}), "array")]
    counted.append(f"{entries:,}{of} {'entry' if size == 1 else 'entries'}")
    if directions:
        counted.append(_noun(directions, "direction"))
    return ", ".join(counted)


def _noun(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
