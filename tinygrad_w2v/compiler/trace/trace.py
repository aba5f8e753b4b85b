"""From a model to instructions: its loss runs on symbols, and so do the rules of backward.

Nothing here knows a derivative or a model. The expression is run for one example whose arrays are
symbols; the engine walks the graph that it left, with the same rules as always; and the optimizer's
own update is run on the gradients. What remains are instructions that read rows, compute, and
write rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.autograd.backward import gradients
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.modes import debug, enable_grad
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.compiler.ir.instructions import Names, identifier
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import Shape, Size, SymbolicSize, sizes_in, symbolic
from tinygrad_w2v.compiler.trace import counting, elementwise, indexing, scan, shapes, sums
from tinygrad_w2v.compiler.trace.arguments import check_leaves, defined_at, dynamic_axes
from tinygrad_w2v.compiler.trace.symbol import KINDS, Symbol, Trace
from tinygrad_w2v.compiler.trace.updates import Updates, check_rule, is_plain, learned_of, masks_of
from tinygrad_w2v.nn import Module, Parameter
from tinygrad_w2v.nn.module import Place, places_of
from tinygrad_w2v.nn.parameter import frozen_of
from tinygrad_w2v.nn.reads import Held, Reads, noting_reads
from tinygrad_w2v.optim.optimizer import Optimizer

HANDLERS = (counting, elementwise, indexing, scan, shapes, sums)  # they answer for symbols
LEARNING_RATE = "lr"

Axes = Mapping[str, Any]


class Field(NamedTuple):
    """An array of an example: its name in the batch, shape, kind, name in the kernel, and dtype."""

    name: str
    shape: Shape
    kind: str
    identifier: str
    dtype: np.dtype[Any]


class Traced(NamedTuple):
    """What a trace leaves.

    Attributes
    ----------
    program : Program
    fields : tuple of Field
        The arrays of an example, those included that the loss does not read.
    arrays : dict
        What the program's parameters are: a name to a function that returns the array.
    parameters : dict
        Which of them are the model's Parameters.
    predictions : SymbolicSize or int
        How many predictions the loss of an example is a sum of.
    gradients : dict
        Where only gradients are computed: a parameter's name to that of the table they go to.
    places : tuple of Place
        Where the model held its Parameters.
    frozen : tuple of (name, Parameter, mask)
        What of them was frozen.
    reads : dict, optional
        Which attributes of modules the loss has read.
    held : Held, optional
        What stood there, which the program holds as constants.
    """

    program: Program
    fields: tuple[Field, ...]
    arrays: Mapping[str, Callable[[], Any]]
    parameters: Mapping[str, Parameter]
    predictions: Any
    gradients: Mapping[str, str]
    places: tuple[Place, ...] = ()
    frozen: tuple[tuple[str, Any, Any], ...] = ()
    reads: Reads | None = None
    held: Held | None = None


def fields_of(example: Any, axes: Axes | None) -> tuple[Field, ...]:
    """Return the arrays of an example, with the dynamic axes that the user named.

    Parameters
    ----------
    example : NamedTuple or dict of arrays
        One example.
    axes : dict
        For a field a tuple with one entry an axis: its length, a name (a dynamic axis), or a
        name with a bound, ``("C", 10)``.

    Raises
    ------
    InputError
        When an entry does not fit the example.
    """
    arrays = example_arrays(example)
    parts, bounds = dynamic_axes(arrays, {} if axes is None else axes)
    for name in bounds:
        if identifier(name) != name:
            raise InputError(
                f"axes calls a size {name!r}, which a kernel cannot: give it another name, a word "
                "such as 'C'"
            )
    sizes = {name: symbolic(Size(name, bound)) for name, bound in bounds.items()}
    names = Names(sizes)
    return tuple(
        Field(
            name,
            tuple(sizes[n] if isinstance(n, str) else n for n in parts[name]),
            KINDS[array.dtype.kind],
            names.fresh(identifier(name)),
            array.dtype,
        )
        for name, array in arrays.items()
    )


def example_arrays(example: Any) -> dict[str, Any]:
    """Return the arrays of an example by name; what is None is left out."""
    items = example if isinstance(example, Mapping) else getattr(example, "_asdict", dict)()
    if not items:
        raise InputError(
            "an example is a dict of arrays or a NamedTuple of arrays, such as a Batch without "
            f"leading axes, not {type(example).__name__}"
        )
    return {name: _array(name, value) for name, value in items.items() if value is not None}


def _array(name: Any, value: Any) -> Any:
    if not isinstance(name, str):
        raise InputError(f"an example has an array under {name!r}: name it by a word, such as 'x'")
    if isinstance(value, Node):
        raise InputError(f"{name} of an example is a Variable: give its array, `{name}.data`")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(
            f"{name} of an example is no array of numbers ({error}): give ragged rows flat, with "
            "where each begins (`F.segment_sum`)"
        ) from error
    if array.dtype.kind not in KINDS:
        raise InputError(f"{name} of an example holds {array.dtype}, not numbers")
    return array


def trace(
    model: Module,
    example: Any,
    fields: tuple[Field, ...],
    optimizer: Optimizer | None = None,
    dtype: Any = np.float32,
    only_gradients: bool = False,
) -> Traced:
    """Run a model's loss, its backward and the update on symbols.

    Parameters
    ----------
    model : Module
        With ``loss(batch)``, written over trailing axes.
    example
        One example: its type says what `loss` is given.
    fields
        Of `fields_of`.
    optimizer : Optimizer, optional
        Whose rule is applied, to the parameters that it holds; plain gradient descent of all by
        default.
    dtype
        The kernel's float type.
    only_gradients : bool
        Add the gradients to tables of their own and leave the parameters as they are.

    Raises
    ------
    CompileError
        Where an op has no instruction, with the line where it was applied.
    """
    notes = Trace(dtype, [size.name for field in fields for size in sizes_in(field.shape)])
    symbols = {
        f.name: notes.given("input", f.identifier, f.shape, f.kind, exact=f.dtype) for f in fields
    }
    check_rule(optimizer)
    learned = learned_of(model, optimizer)
    masks = {} if only_gradients else masks_of(model, learned, optimizer)
    frozen = tuple((name, p, frozen_of(p)) for name, p in model.named_parameters())
    arrays: dict[str, Callable[[], Any]] = {}
    written: dict[str, str] = {}
    batch = _like(example, symbols)
    with _symbolic(notes, model, arrays) as tables, enable_grad(), debug():
        with noting_reads() as reads:
            loss = _followed(notes, model, batch)
        _check_untouched(model, tables)
        value = _checked_loss(model, loss)
        check_leaves(model, loss, optimizer)
        lr = notes.given("input", LEARNING_RATE, (), "float")
        plain = is_plain(optimizer) and not only_gradients
        parts = gradients(loss, lr if plain else notes.symbol(1.0))
        of_name = {name: parts.get(p) for name, p in model.named_parameters()}
        present = {name: g for name, g in of_name.items() if g is not None}
        updates = Updates(notes, tables, present, arrays, masks)
        if only_gradients:
            written = updates.add_gradients()
        elif plain or optimizer is None:
            updates.descend(learned, optimizer)
        else:
            updates.by_rule(learned, lr, optimizer)
        with noting_reads() as counted:
            predictions = _predictions(model, batch)
    places = tuple(places_of(model))
    parameters = {tables[name].name: parameter for name, parameter in model.named_parameters()}
    program = notes.program(value)
    reads |= counted
    return Traced(program, fields, arrays, parameters, predictions, written, places, frozen, reads)


def _followed(notes: Trace, model: Any, batch: Any) -> Any:
    """Run the loss; where NumPy caught what was refused, that is still what is said."""
    try:
        with notes.following():
            return model.loss(batch)
    except CompileError:
        raise
    except (TypeError, ValueError) as error:
        if notes.refused is None:
            raise
        raise notes.refused from error


def _like(example: Any, symbols: dict[str, Symbol]) -> Any:
    if isinstance(example, Mapping):
        return _Fields({name: symbols.get(name) for name in example})
    return type(example)(**{name: symbols.get(name) for name in example._fields})


class _Fields(dict[str, Any]):
    """An example's arrays; what it lacks is named with the line."""

    def __missing__(self, name: Any) -> Any:
        raise CompileError(f"the example has no field {name!r}; it has {[*self]}{user_line()}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise CompileError(f"this example is a dict: write `batch[{name!r}]`{user_line()}")


def _check_untouched(model: Module, tables: Mapping[str, Symbol]) -> None:
    """A kernel computes the loss and changes tables by the update alone."""
    for name, parameter in model.named_parameters():
        if parameter._data is not tables[name]:
            what = f"assigns to {name}.data"
        elif parameter.grad is not None:
            what = "calls `backward`"
        else:
            continue
        raise CompileError(
            f"{type(model).__name__}.loss {what}, which a kernel would leave out: return the loss "
            f"alone; the gradient is taken, and the tables are changed, by the compiler"
            f"{defined_at(type(model).loss)}"  # type: ignore[attr-defined]
        )


@contextmanager
def _symbolic(
    notes: Trace, model: Module, arrays: dict[str, Callable[[], Any]]
) -> Iterator[dict[str, Symbol]]:
    """Give every Parameter a symbol for its data until the block ends."""
    named = list(model.named_parameters())
    kept = [(parameter._data, parameter.grad) for _, parameter in named]
    tables: dict[str, Symbol] = {}
    try:
        for name, parameter in named:
            # Whether its own dtype is another than the kernel's.
            wide = bool(parameter._data.dtype != notes.float)
            shape = tuple(parameter.shape)
            table = notes.given("parameter", identifier(name), shape, "float", wide=wide)
            arrays[table.name] = partial(getattr, parameter, "_data")
            tables[name] = parameter._data = table
            parameter.grad = None
        yield tables
    finally:
        for (_, parameter), (data, grad) in zip(named, kept, strict=True):
            parameter._data, parameter.grad = data, grad


def _checked_loss(model: Module, loss: Any) -> Symbol:
    what, where = f"{type(model).__name__}.loss", defined_at(type(model).loss)  # type: ignore[attr-defined]
    if loss is None:
        raise CompileError(f"{what} returned None: end it with `return`, and the loss{where}")
    if not isinstance(loss, Node):
        kind = "an array" if isinstance(loss, Symbol) else f"a {type(loss).__name__}"
        raise CompileError(
            f"{what} returned {kind}, not a Variable: return one number that is computed of the "
            f"Parameters themselves (not of their `.data`), such as `losses.sum()`{where}"
        )
    value = loss._data
    if not isinstance(value, Symbol) or loss.creator is None:
        raise CompileError(f"{what} does not depend on the example and the parameters{where}")
    if value.shape != ():
        raise CompileError(
            f"{what} has the shape {value.shape}; it must be one number, the sum over the batch: "
            f"end it with `.sum()`{where}"
        )
    return value


def _predictions(model: Any, batch: Any) -> Any:
    count = getattr(model, "predictions", None)
    predictions = 1 if count is None else count(batch)
    if not isinstance(predictions, int | SymbolicSize):
        raise CompileError(
            f"{type(model).__name__}.predictions is neither a number nor a size: return for "
            "example `batch.contexts.size`"
        )
    return predictions
