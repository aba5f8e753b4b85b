"""Which optional steps make a kernel, and how far each goes: all thresholds of the compiler."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler.passes import PASSES

PASS_NAMES = tuple(dict.fromkeys(run_pass.__name__ for run_pass in PASSES))


@dataclass(frozen=True)
class Schedule:
    """Which optional steps make a kernel, and how far each goes.

    No setting changes an answer by more than rounding. The defaults are what the measurements of
    ``docs/benchmarks.md`` are made with.

    Parameters
    ----------
    skipped_passes : frozenset of str
        Passes over the instructions that are left out, such as ``"simplify"``.
    inline : bool
        Compute views, look-ups and cheap functions where they are read, rather than store them.
    inline_functions : int
        How many scalar functions a value may take that is computed anew for each reader.
    linear_search : int
        The most ids among which repeated ones are found by comparing all; above it by hashing.
    unroll : bool
        Write a short axis out beside a long inner loop.
    short_axis, long_loop : int
        The longest axis that is written out, and the shortest inner loop that it is worth.
    collapse : bool
        Run costly functions of whole arrays in one loop over all elements.
    in_place : bool
        Read rows in their table, not from a copy, where nobody writes it before their last reader;
        with `noalias` only.
    fuse : bool
        Let statements that run over the same axis share a loop.
    contract : bool
        Drop the axes of arrays that are written and read in the same iteration.
    jam : bool
        Run two iterations of an outer loop at once (unroll and jam).
    jam_shared : int
        The fewest elements that both iterations touch for that.
    jam_statements : int
        The most statements of a kernel for that.
    hoist : bool
        Read what does not change in an innermost loop before it (loop-invariant code motion).
    noalias : bool
        Let native code know that no two arrays overlap, so that it need not look.
    prefetch : bool
        Fetch the rows of examples to come while one is computed.
    prefetch_short : int
        Where an example runs fewer statements, rows are fetched two examples ahead, else one.
    prefetch_rows : int
        Lists that may be longer are not fetched.
    private_rows : bool
        Let threads that share tables have copies of the most read rows.
    padded_rows : bool
        Let the rows of tables begin at cache lines and fill them.

    Examples
    --------
    >>> Schedule().without("jam", "simplify").skipped_passes
    frozenset({'simplify'})
    >>> print(Schedule(unroll=False, jam_shared=3))
    inline            yes  inline_functions 2, linear_search 32
    unroll            no   short_axis 8, long_loop 12
    collapse          yes
    in_place          yes
    fuse              yes
    contract          yes
    jam               yes  jam_shared 3, jam_statements 90
    hoist             yes
    noalias           yes
    prefetch          yes  prefetch_short 4000, prefetch_rows 64
    private_rows      yes
    padded_rows       yes
    """

    skipped_passes: frozenset[str] = frozenset()
    inline: bool = True
    inline_functions: int = 2
    linear_search: int = 32
    unroll: bool = True
    short_axis: int = 8
    long_loop: int = 12
    collapse: bool = True
    in_place: bool = True
    fuse: bool = True
    contract: bool = True
    jam: bool = True
    jam_shared: int = 2
    jam_statements: int = 90
    hoist: bool = True
    noalias: bool = True
    prefetch: bool = True
    prefetch_short: int = 4000
    prefetch_rows: int = 64
    private_rows: bool = True
    padded_rows: bool = True

    def __post_init__(self) -> None:
        for field in fields(self)[1:]:
            value: Any = getattr(self, field.name)
            default: Any = field.default
            if type(value) is not type(default) or value < 0:
                kind = "True or False" if default is True else "a number from 0 on"
                raise InputError(f"{field.name} of a schedule is {kind}, not {value!r}")
        if unknown := sorted(self.skipped_passes - set(PASS_NAMES)):
            raise InputError(
                f"a schedule has no step {unknown[0]!r}: there are {', '.join(OPTIONAL)}"
            )

    def without(self, *steps: str) -> Schedule:
        """Return the schedule without some of its steps and passes."""
        off = {step: False for step in steps if step in STEPS}
        skipped = self.skipped_passes.union(step for step in steps if step not in STEPS)
        return replace(self, skipped_passes=skipped, **off)

    def __str__(self) -> str:
        """The steps one a line, each with its thresholds."""
        lines: list[str] = []
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if field.name in STEPS:
                lines.append(f"{field.name:17} {'yes' if value else 'no':4}")
            else:
                lines[-1] += f"{',' if lines[-1][-1].isdigit() else ''} {field.name} {value}"
        lines += [f"{name:17} no" for name in sorted(self.skipped_passes)]
        return "\n".join(line.rstrip() for line in lines)


STEPS = tuple(field.name for field in fields(Schedule) if field.default is True)
OPTIONAL = (*PASS_NAMES, *STEPS)  # all that can be left out
