"""Random programs in every engine of the compiler, as many as one likes: the long proof.

    python benchmarks/random_programs.py --plain 10000 --native 200

A seed is a model, its windows and an optimizer (tests/compiler/random_models.py). What the graph
computes in double precision is compared with the instructions, with the kernel's source run as
Python, every place that it touches checked, and, of some, with the native kernel. What differs is
printed with its seed; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "compiler"))

from random_models import prove


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare random programs in every engine.")
    parser.add_argument("--plain", type=int, default=10_000, help="programs run as Python source")
    parser.add_argument("--native", type=int, default=200, help="programs compiled to kernels")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    arguments = parser.parse_args()
    warnings.simplefilter("error")
    wrong, begun = 0, time.monotonic()
    seeds = range(arguments.first, arguments.first + arguments.plain)
    kernels = range(7_000_000 + arguments.first, 7_000_000 + arguments.first + arguments.native)
    for number, (seed, native) in enumerate(
        [*((s, False) for s in seeds), *((s, True) for s in kernels)], 1
    ):
        try:
            prove(seed, native)
        except Exception as error:
            wrong += 1
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
        if number % 100 == 0:
            print(f"{number} programs, {wrong} wrong, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{arguments.plain} as Python source, {arguments.native} native: {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
