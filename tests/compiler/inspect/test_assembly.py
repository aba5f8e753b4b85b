"""The assembly of a kernel is of the loops of its source, unrolled ones included."""

from __future__ import annotations

import platform
from collections import Counter
from typing import Any

import numba
import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.inspect.assembly import Assembly
from tinygrad_w2v.compiler.inspect.machine_code import blocks_of, function_of

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="instructions of x86 are counted"
)
EXAMPLE = {"ids": np.array([1, 2, 0]), "y": np.zeros(8, np.float32)}


class Sums(tw.Module):
    """Rows of a dynamic number, with a short axis and a long one."""

    def __init__(self) -> None:
        self.short = tw.Parameter(np.ones((5, 8), np.float32))
        self.long = tw.Parameter(np.ones((5, 500), np.float32))

    def loss(self, batch: Any) -> Any:
        rows = self.short[batch["ids"]] - batch["y"]
        return (rows**2).sum() + np.tanh(self.long[batch["ids"]]).sum()


@pytest.fixture(scope="module")
def compiled() -> Any:
    return tw.compile(Sums(), EXAMPLE, {"ids": (("n", 6),)})


@pytest.fixture(scope="module")
def assembly(compiled: Any) -> Assembly:
    found = compiled.inspect_asm()
    assert isinstance(found, Assembly)
    return found


def test_a_long_loop_is_a_loop_and_a_short_one_is_written_out(assembly: Assembly) -> None:
    forms: dict[str, set[str]] = {}
    for loop in assembly.loops:
        forms.setdefault(loop.source, set()).add(loop.form)
    assert "loop" in forms["for j in range(500)"]
    assert forms["for j in range(8)"] == {"written out"}


def test_what_a_loop_does_is_counted_where_it_stands(assembly: Assembly) -> None:
    lines = assembly.source.splitlines()
    of_short = [loop for loop in assembly.loops if "short" in loop.writes]
    assert of_short
    assert all(lines[loop.line - 1].strip() == f"{loop.source}:" for loop in assembly.loops)
    counts = [loop.counts for loop in of_short]
    assert sum(c.loads for c in counts) > 0
    assert sum(c.stores for c in counts) > 0
    assert sum(c.fmas + c.arithmetic for c in counts) > 0
    wide = [loop for loop in assembly.loops if "(500)" in loop.source and loop.form == "loop"]
    assert max(loop.bits for loop in wide) >= 128


def test_all_of_it_is_counted_once(assembly: Assembly) -> None:
    instructions = sum(len(block.instructions) for block in blocks_of(assembly.listing))
    assert assembly.total.instructions == instructions > 100
    *rows, left = (line.split() for line in str(assembly).splitlines()[1:])
    assert len(rows) == len(assembly.loops)
    of_loops = sum(loop.counts.instructions for loop in assembly.loops)
    assert int(left[3]) == instructions - of_loops >= 0


def test_instructions_stand_under_their_lines(assembly: Assembly) -> None:
    heads = [line.strip() for line in assembly.text.splitlines() if line.startswith("    # ")]
    lines = assembly.source.splitlines()
    for head in heads:
        number, _, text = head.removeprefix("# ").partition(": ")
        assert lines[int(number) - 1].strip() == text
    assert any("short[" in head for head in heads)
    assert "ret" in assembly.text


def test_the_table_of_lines_changes_no_vector_instruction(
    compiled: Any, assembly: Assembly
) -> None:
    run = compiled.kernel._run
    text = compiled.source.replace("cache=True", "cache=False")
    plain = kernel_cache._executed(text, "plain", "<plain>").run
    arguments = (
        0,
        0,
        *compiled.kernel.built.source.arguments(
            compiled._one.packed, compiled.kernel.arrays(), np.zeros(1), 1
        ),
    )
    plain.compile(tuple(numba.typeof(argument) for argument in arguments))
    (made,) = plain.overloads.values()
    listing = function_of(made.library.get_asm_str(), made.fndesc.llvm_func_name)
    assert vectors(listing) == vectors(assembly.listing) != Counter()
    assert not run.targetoptions.get("debug"), "the kernel that runs has no such table"


def vectors(listing: str) -> Counter[str]:
    """The vector instructions of `run`."""
    names = (line.split()[0] for line in listing.splitlines() if "mm" in line.partition("#")[0])
    return Counter(name for name in names if name.startswith("v") and name.endswith(("ps", "pd")))


def test_nothing_is_kept_of_it(compiled: Any, assembly: Assembly) -> None:
    folder = kernel_cache.kernels_folder()
    assert folder is not None
    assert not [path for path in folder.iterdir() if "lines" in path.name]
    assert compiled.step(EXAMPLE, 0.1) > 0


def test_other_processors_have_text_alone(assembly: Assembly) -> None:
    other = Assembly(assembly.source, assembly.listing, "aarch64-unknown-linux-gnu")
    with pytest.raises(InputError, match=r"aarch64.* read `text`"):
        _ = other.loops
    with pytest.raises(InputError, match="aarch64"):
        _ = other.total
    assert other.text == assembly.text
