"""Modules: what is found and how it is named, state, spans, the tree."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, NonDifferentiableError
from tinygrad_w2v.autograd.backward import consumers_first
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.nn.spans import Span


class Block(tw.Module):
    def __init__(self, n: int) -> None:
        self.scale = tw.Parameter(np.full(n, 2.0))

    def forward(self, x: Any) -> Any:
        return x * self.scale


class Nested(tw.Module):
    def __init__(self) -> None:
        self.first = Block(2)
        self.blocks = [Block(2), Block(2)]
        self.by_word = {"you": Block(2), "deep": ({"say": tw.Parameter([1.0, 2.0])},)}
        self.vocabulary = {"you": 0, "say": 1}
        self.size = 3

    def forward(self, x: Any) -> Any:
        for block in (self.first, *self.blocks, self.by_word["you"]):
            x = block(x)  # type: ignore[operator]
        return (x * self.by_word["deep"][0]["say"]).sum()  # type: ignore[index]


NAMES = ["first.scale", "blocks.0.scale", "blocks.1.scale", "by_word.you.scale"]
NAMES += ["by_word.deep.0.say"]


def test_parameters_are_found_through_modules_lists_and_dicts() -> None:
    model = Nested()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert model.parameters() == [p for _, p in model.named_parameters()]
    model.blocks.append(Block(2))
    assert "blocks.2.scale" in dict(model.named_parameters()), "lists may grow"


def test_names_come_from_the_attributes() -> None:
    model = Nested()
    assert model.first.scale.name == "scale"
    assert model.by_word["deep"][0]["say"].name == "by_word.deep.0.say"  # type: ignore[index]
    weight = tw.Parameter(1.0, name="mine")
    block = Block(1)
    block.scale = weight
    assert weight.name == "mine"
    model.extra = []  # type: ignore[attr-defined]
    model.extra.append(tw.Parameter(1.0))  # type: ignore[attr-defined]
    assert model.parameters()[-1].name == "extra.0"


def test_shared_parameters_and_modules_are_counted_once() -> None:
    class Tied(tw.Module):
        def __init__(self) -> None:
            self.a = Block(2)
            self.b = self.a
            self.w = self.a.scale
            self.again = [self.a, self.a.scale]

    model = Tied()
    assert [name for name, _ in model.named_parameters()] == ["a.scale"]
    assert list(model.state_dict()) == ["a.scale"]
    assert repr(model).count("the same as a.scale") == 2


def test_modules_that_refer_to_each_other_end() -> None:
    model = Nested()
    model.first.parent = model  # type: ignore[attr-defined]
    loop: list[Any] = [model]
    loop.append(loop)
    model.loop = loop  # type: ignore[attr-defined]
    assert len(model.parameters()) == 5
    assert "the same as itself" in repr(model)


def test_a_parameter_is_not_silently_replaced() -> None:
    block = Block(2)
    for wrong in (np.zeros(2), 3.0, block.scale - 1.0):
        with pytest.raises(TypeError, match=r"model\.scale\.data = "):
            block.scale = wrong  # type: ignore[assignment]
    with pytest.raises(TypeError, match="the result of an op"):
        block.scale -= 0.5  # type: ignore[assignment]
    block.scale.data -= 0.5
    block.scale = tw.Parameter(np.zeros(2))
    block.scale = None  # type: ignore[assignment]
    assert block.parameters() == []


def test_a_parameter_holds_floating_point_numbers() -> None:
    with pytest.raises(NonDifferentiableError, match="astype"):
        tw.Parameter(np.arange(3))
    assert tw.Parameter([1, 2]).dtype == np.float64
    read_only = np.broadcast_to(np.float32(1.0), (3,))
    parameter = tw.Parameter(read_only)
    parameter.data -= 1.0
    assert parameter.dtype == np.float32
    assert read_only[0] == 1.0


def test_state_goes_round_and_is_a_copy() -> None:
    model, other = Nested(), Nested()
    model.first.scale.data[:] = [5.0, 6.0]
    state = model.state_dict()
    other.load_state_dict(state)
    np.testing.assert_array_equal(other.first.scale.data, [5.0, 6.0])
    state["first.scale"][:] = 0.0
    other.first.scale.data[:] = 1.0
    np.testing.assert_array_equal(model.first.scale.data, [5.0, 6.0])


def test_loading_keeps_the_dtype() -> None:
    layer = tw.nn.Linear(2, 1)
    layer.load_state_dict({"weight": [[1.0], [2.0]], "bias": np.array([3], np.int64)})
    assert layer.weight.dtype == np.float32
    assert layer.bias is not None
    assert layer.bias.dtype == np.float32
    assert layer.bias.data[0] == 3.0


def test_a_state_that_does_not_fit_changes_nothing_and_names_all_faults() -> None:
    model = Nested()
    before = model.state_dict()
    state = {k: v + 1.0 for k, v in before.items()}
    del state["blocks.1.scale"]
    state["blocks.1.scala"] = np.zeros(2)
    state["by_word.you.scale"] = np.zeros((2, 1))
    with pytest.raises(InputError) as caught:
        model.load_state_dict(state)
    message = str(caught.value)
    assert "missing: blocks.1.scale" in message
    assert "unknown: blocks.1.scala" in message
    assert "by_word.you.scale has shape (2, 1), not (2,)" in message
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    with pytest.raises(InputError, match="not numbers"):
        model.load_state_dict(before | {"first.scale": np.array(["a", "b"])})


def test_names_that_collide_are_refused() -> None:
    model = tw.Module()
    model.parts = {"a.b": tw.Parameter(1.0), "a": {"b": tw.Parameter(2.0)}}  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"'parts\.a\.b'"):
        model.state_dict()


def test_cleargrads_train_eval() -> None:
    model = Nested()
    model(np.ones(2)).backward()
    assert all(p.grad is not None for p in model.parameters())
    model.cleargrads()
    assert all(p.grad is None for p in model.parameters())
    assert model.training
    assert model.eval() is model
    assert not model.blocks[1].training
    model.train()
    assert model.blocks[1].training
    assert model.by_word["you"].training  # type: ignore[union-attr]


def test_a_copy_is_another_model() -> None:
    model = Nested()
    other = copy.deepcopy(model)
    other.first.scale.data[:] = 9.0
    assert model.first.scale.data[0] == 2.0
    assert [name for name, _ in other.named_parameters()] == NAMES


def test_forward_missing() -> None:
    with pytest.raises(NotImplementedError, match="def forward"):
        tw.Module()(1.0)


def test_the_tree() -> None:
    assert repr(Nested()).splitlines()[:6] == [
        "Nested",
        "  first: Block",
        "    scale: Parameter (2,) float64",
        "  blocks.0: Block",
        "    scale: Parameter (2,) float64",
        "  blocks.1: Block",
    ]


# ---------------------------------------------------------------------- spans
def spans(result: Any) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for function in consumers_first([result.creator]):
        for span in function.spans:
            found.setdefault(span.name, []).append(span)
    return found


def ops_in(span: Span, result: Any) -> list[str]:
    ops: list[Function] = consumers_first([result.creator])
    return [f.label for f in reversed(ops) if span.start < f.order < span.end]


def test_a_call_leaves_its_span_with_the_op_of_its_result() -> None:
    model = Nested()
    x = tw.Variable([1.0, 2.0])
    result = model(x * 3.0) + 1.0
    found = spans(result)
    assert sorted(found) == ["Nested", "blocks.0", "blocks.1", "by_word.you", "first"]
    assert ops_in(found["first"][0], result) == ["multiply"]
    assert ops_in(found["Nested"][0], result) == ["multiply"] * 5 + ["sum"]


def test_loss_is_noted_too_and_a_module_inside_itself_once() -> None:
    class Model(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter([1.0, 2.0])

        def loss(self, x: Any) -> Any:
            """Say what it is."""
            return (self.w * x).sum()

        def forward(self, x: Any) -> Any:
            return self.loss(x) / len(x)

    class Child(Model):
        def loss(self, x: Any) -> Any:
            return super().loss(x) * 2.0

    assert Model.loss.__doc__ == "Say what it is."
    result = Child().loss(np.ones(2))
    (span,) = spans(result)["Child"]
    assert ops_in(span, result) == ["multiply", "sum", "multiply"]
    result = Child()(np.ones(2))
    (span,) = spans(result)["Child"]
    assert ops_in(span, result) == ["multiply", "sum", "multiply", "divide"]


def test_results_of_every_form_are_noted() -> None:
    class Several(tw.Module):
        def forward(self, x: Any) -> Any:
            return {"a": [x * 2.0], "b": (x + 1.0, None, "text")}

    result = Several()(tw.Variable(1.0))
    assert list(spans(result["a"][0])) == ["Several"]
    assert list(spans(result["b"][0])) == ["Several"]


def test_what_is_passed_through_is_not_claimed() -> None:
    class Identity(tw.Module):
        def forward(self, x: Any) -> Any:
            return x

    result = Identity()(tw.Variable(1.0) * 2.0)
    assert result.creator.spans == ()


def test_an_error_inside_leaves_no_module_running() -> None:
    class Failing(tw.Module):
        def forward(self, x: Any) -> Any:
            raise RuntimeError("inside")

    model = Failing()
    with pytest.raises(RuntimeError, match="inside"):
        model(1.0)
    model.forward = lambda x: x * 2.0  # type: ignore[method-assign]
    assert list(spans(model(tw.Variable(1.0)))) == ["Failing"]


def test_a_forward_may_name_its_parameters_as_it_likes() -> None:
    class Chosen(tw.Module):
        def forward(self, x: Any, module: float, method: float) -> Any:
            return x * module + method

    assert Chosen()(2.0, module=3.0, method=1.0) == 7.0


def test_calls_without_a_graph() -> None:
    model = Nested()
    with tw.no_grad():
        assert model(np.ones(2)).creator is None


def test_spans_are_drawn_as_groups() -> None:
    model = tw.nn.Sequential(tw.nn.Linear(2, 3), F.tanh)
    text = tw.graph(model(np.ones((1, 2), np.float32)).sum()).text
    assert "layers.0" in text
    assert "weight" in text
