"""What is shown of a compiled window: every instruction once, in the loop that computes it."""

import re
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("numba")

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v.compiler.inspect.picture import draw, homes_of
from tinygrad_w2v.compiler.ir.ops import GIVEN
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

WINDOW = Batch(
    np.array(3),
    np.array([1, 2, 4, 2]),
    np.array([-2, -1, 1, 2]),
    np.array([3, 0, 5]),
    np.array([1, 0, 0], np.float32),
)
AXES = {"contexts": (("C", 10),), "offsets": (("C", 10),)}


class Several(tw.Module):
    """Many instructions at once: parts, places, ragged rows, a vector, a constant array."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.table = tw.Parameter(rng.normal(size=(9, 4)))
        self.bias = tw.Parameter(rng.normal(size=4))
        self.fixed = np.arange(4.0) + 1

    def loss(self, batch):
        rows = self.table[batch["parts"]]
        words = F.segment_sum(rows, batch["starts"])
        tilted = np.concatenate([words[..., 1:], words[..., :1] * 2], axis=-1)
        far = F.take(tilted, [2, 0], axis=-1).sum(axis=-1)
        return F.sum(F.exp(-far)) + F.sum(F.tanh(tilted @ (self.bias * self.fixed))) / 3


def _built(model, window, axes, optimizer=None):
    if optimizer is not None:
        optimizer.bind(model.parameters())
    traced = trace(model, window, fields_of(window, axes), optimizer, dtype=np.float64)
    return build(traced.program, np.float64, "A kernel.")


def _cases():
    for kind in (tw.SkipGram, tw.CBOW):
        for objective in ("negative_sampling", "softmax", "hierarchical_softmax"):
            yield (
                f"{kind.__name__} {objective}",
                lambda k=kind, o=objective: _built(k(20, 16, o), WINDOW, AXES),
            )
        yield (
            f"{kind.__name__} Adam",
            lambda k=kind: _built(k(20, 16), WINDOW, AXES, tw.optim.Adam()),
        )
    window = {"parts": np.array([1, 2, 3, 1, 5]), "starts": np.array([0, 2, 2])}
    yield "several", lambda: _built(Several(), window, {"parts": ("P",), "starts": ("S",)})


CASES = dict(_cases())


@pytest.fixture(params=CASES)
def built(request):
    return CASES[request.param]()


@pytest.fixture(scope="module")
def skipgram():
    return _built(tw.SkipGram(1000, 16), WINDOW, AXES)


def test_the_listing_is_that_of_a_graph(skipgram):
    lines = str(skipgram.program).splitlines()
    assert lines[0] == "forward"
    assert "backward and update" in lines
    found = [re.sub(" +", " ", line.strip()) for line in lines]
    for line in (
        "w_in (1000, 16) parameter",
        "contexts (C,) int input",
        "lr () input",
        "w_in_rows (C, 16) = w_in[contexts]",
        "dot (C, 3) = einsum(w_in_rows, w_out_rows, 'ik,jk->ij')",
        "multiply (3,) = multiply(2, labels)",
        "negative (C, 3) = negative(multiply_2)",
        "w_out (1000, 16) = add_rows(w_out, targets, dot_3)",
    ):
        assert line in found


def test_every_instruction_is_listed_once(built):
    lines = str(built.program).splitlines()
    computed = [step for step in built.program if step.op not in GIVEN]
    assert sum(" = " in line for line in lines) == len(computed)
    assert not any("CompileError" in line or "function=" in line for line in lines)


def test_parameters_are_written_as_in_numpy():
    text = str(CASES["several"]().program)
    for part in (
        "= segment_sum[:, 1:]",
        "= segment_sum[:, :1]",
        "= concatenate(slice, multiply, axis=1)",
        "= segment_sum(table_rows, starts)",
        "= segment_repeat(add_3, starts)",
        "= sum(take, axis=1)",
        "= sum(tanh)",
        "= scatter_index(slice_3, [:, 1:])",
        "= subtract_from(bias, ",
        "constant  # [1, 2, 3, 4]",
    ):
        assert part in text, text


def test_every_instruction_has_one_place_and_follows_its_inputs(built):
    program, picture = built.program, draw(built)
    steps = picture._program.forward
    names = [step.name for step in program]
    order = [names[step.outputs[0]] for step in steps]
    assert sorted(order) == sorted(step.name for step in program if step.op not in GIVEN)
    position = {name: i for i, name in enumerate(order)}
    for step in program:
        for read in step.inputs:
            if step.name in position and read in position:
                assert position[read] < position[step.name]


def test_boxes_are_the_outermost_loops(built):
    text = draw(built).text
    headings = re.findall(r"^  (\d+)\. for \w+ in .+:$", text, re.M)
    numbers = [int(number) for number in headings]
    assert numbers == list(range(1, len(numbers) + 1)), "a loop's instructions stand together"


def test_what_shares_a_loop_stands_in_one_box(skipgram):
    homes = homes_of(skipgram)
    assert homes["w_in_rows"] < homes["dot"] < homes["write_w_out"]
    # The gradient of the rows is written in the loop that computes it.
    assert homes["dot_2"] == homes["dot_3"] == homes["write_w_in"]
    # Seen through, and so where it is read.
    assert homes["multiply"] == homes["subtract"] == homes["multiply_2"]


def test_the_picture(skipgram):
    picture = draw(skipgram)
    dot = picture.dot
    assert dot.count("subgraph cluster_forward_") == len(set(homes_of(skipgram).values()))
    for title in ("1. for c in C", "2. for i in 3", "add_rows", "w_out_rows"):
        assert title in dot
    kinds = {node.kind for node in picture._diagram.nodes}
    assert kinds == {"input", "parameter", "number", "op", "intermediate"} | {
        "rule",
        "derived",
        "written",
        "result",
    }
    assert "17 instructions for one example, in " in picture.svg()
    assert picture.png().startswith(b"\x89PNG")
    page = picture.html()
    assert "op of backward or of the update" in page and "written" in page
    assert repr(picture).startswith("<Drawing of total: 17 ops")


def test_saved_by_suffix(skipgram, tmp_path):
    picture = draw(skipgram)
    for suffix in ("txt", "dot", "svg", "png", "html"):
        picture.save(tmp_path / f"window.{suffix}")
    assert (tmp_path / "window.txt").read_text(encoding="utf-8") == picture.text + "\n"


def test_directions(skipgram):
    assert "rankdir=LR" in draw(skipgram, direction="LR").dot.replace('"', "")


def test_tables_that_are_written_twice():
    class Tied(tw.Module):
        def __init__(self):
            self.w = tw.Parameter(np.random.default_rng(0).normal(size=(9, 16)))

        def loss(self, batch):
            return F.sum(F.softplus(-(self.w[batch["a"]] @ self.w[batch["b"]].T)))

    window = {"a": np.array([1, 2]), "b": np.array([3, 4, 5])}
    built = _built(Tied(), window, {"a": ("A",), "b": ("B",)})
    drawn = draw(built)._program
    written = [value for value in drawn.values.values() if value.kind == "written"]
    assert [value.name for value in written] == ["w"] * len(written)
    homes = homes_of(built)
    assert all(step.name in homes for step in built.program if step.op not in GIVEN)


def test_compiled_shows_its_instructions():
    compiled = tw.compile(tw.SkipGram(20, 16), WINDOW, AXES)
    assert str(compiled.instructions).startswith("forward\n")
    steps = compiled.graph()._program.forward
    scopes = [step.scope for step in steps]
    assert any(a != b for a, b in pairwise(scopes))
