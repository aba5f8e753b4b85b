"""`Module`: a class whose Parameters are found among its attributes.

Nothing is registered: what a module holds is read off its attributes whenever it is asked for,
through lists, tuples and dicts too. So there is no ``super().__init__()`` to forget.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.npz import read_arrays, write_arrays
from tinygrad_w2v._base.numbers import cast
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.nn.parameter import Parameter
from tinygrad_w2v.nn.spans import noting_its_span


class Module:
    """Base of models and layers: write `forward` (or `loss`), and Parameters as attributes.

    Attributes
    ----------
    training : bool
        Whether layers such as dropout behave as in training; set by `train` and `eval`.

    Notes
    -----
    `copy.deepcopy` and pickles hold the Parameters with their gradients, a shared one once, and no
    graph: results that a module keeps among its attributes become leaves.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(2.0)
    ...         self.offset = tw.Parameter(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> model = Line()
    >>> model(np.array([0.0, 1.0])).data
    array([1., 3.])
    >>> [name for name, _ in model.named_parameters()]
    ['slope', 'offset']
    >>> model(2.0).backward()
    >>> [float(parameter.grad) for parameter in model.parameters()]
    [2.0, 1.0]
    >>> model.cleargrads()
    >>> model.eval().training, model.train().training
    (False, True)
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/line.npz")
    ...     model.slope.data = 0.0
    ...     model.load(f"{folder}/line.npz")
    >>> float(model.slope)
    2.0
    """

    training: bool = True
    _name_in_parent: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        loss = cls.__dict__.get("loss")
        if inspect.isfunction(loss):
            cls.loss = noting_its_span(loss)  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        old = self.__dict__.get(name)
        if isinstance(old, Parameter) and not isinstance(value, Parameter) and value is not None:
            self._check_replacement(name, value)
        object.__setattr__(self, name, value)
        for place, member in _direct_members(name, value):
            if isinstance(member, Module):
                if member._name_in_parent is None:
                    object.__setattr__(member, "_name_in_parent", place)
            elif member.name is None:
                member.name = place

    def _check_replacement(self, name: str, value: Any) -> None:
        """A Parameter is not silently replaced by something that would no longer be learned."""
        if not isinstance(value, Node) or value.creator is not None:
            what = "the result of an op" if isinstance(value, Node) else type(value).__name__
            raise TypeError(
                f"{type(self).__name__}.{name} is a Parameter and would be replaced by {what}, "
                f"which is not learned: change its values with `model.{name}.data = ...` (or "
                f"`-=`), or assign a new Parameter"
            )

    if not TYPE_CHECKING:  # a checker reports unknown attributes itself

        def __getattr__(self, name: str) -> Any:
            from tinygrad_w2v._base.unknown_names import attribute_of

            return attribute_of(self, name, "Module")

    # ------------------------------------------------------------------ running
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`."""
        return _spanned_forward(self, *args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result; a subclass writes it."""
        name = type(self).__name__
        raise NotImplementedError(f"{name} has no forward: write `def forward(self, x)` in {name}")

    def train(self) -> Self:
        """Switch this module and all below it to training; returns itself."""
        return self._set_training(True)

    def eval(self) -> Self:
        """Switch this module and all below it to use: dropout lets everything through."""
        return self._set_training(False)

    def _set_training(self, training: bool) -> Self:
        for _, member in _members(self):
            if isinstance(member, Module):
                member.training = training
        return self

    # ------------------------------------------------------------------ what it holds
    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Dotted names and Parameters, in the order of assignment; a shared one comes once.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> model = tw.nn.Sequential(tw.nn.Linear(2, 3), tw.nn.Linear(3, 1, bias=False))
        >>> [name for name, _ in model.named_parameters()]
        ['layers.0.weight', 'layers.0.bias', 'layers.1.weight']
        """
        for name, member in _members(self):
            if isinstance(member, Parameter):
                if member.name is None:  # it came into a list after the list was assigned
                    member.name = name
                yield name, member

    def parameters(self) -> list[Parameter]:
        """All Parameters, each once, in the order of `named_parameters`."""
        return [parameter for _, parameter in self.named_parameters()]

    def cleargrads(self) -> None:
        """Forget the gradients of all Parameters."""
        for parameter in self.parameters():
            parameter.cleargrad()

    # ------------------------------------------------------------------ keeping it
    def state_dict(self) -> dict[str, AnyArray]:
        """Copies of all Parameters' arrays by dotted name.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> layer = tw.nn.Linear(2, 1)
        >>> {name: array.shape for name, array in layer.state_dict().items()}
        {'weight': (2, 1), 'bias': (1,)}
        """
        state: dict[str, AnyArray] = {}
        for name, parameter in self.named_parameters():
            if name in state:
                raise InputError(
                    f"two Parameters of {type(self).__name__} are called {name!r}: give the "
                    "entries of its dicts names without dots, and different as text"
                )
            state[name] = np.array(parameter.data)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Copy arrays into the Parameters of the same names; their dtypes stay.

        Parameters
        ----------
        state : mapping of str to array
            As from `state_dict`: an array for each Parameter and no others.

        Raises
        ------
        InputError
            If names are missing or unknown, shapes differ, or a dtype cannot hold a number; nothing
            is changed then.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> layer = tw.nn.Linear(2, 1)
        >>> layer.load_state_dict({"weight": [[1.0], [2.0]]})
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: this state does not fit Linear: missing: bias
        """
        parameters = dict(self.named_parameters())
        arrays = {name: np.asarray(value) for name, value in state.items()}
        check_fit(type(self).__name__, {k: p.shape for k, p in parameters.items()}, arrays)
        cast_arrays = {k: cast(arrays[k], p.dtype, k) for k, p in parameters.items()}
        for name, parameter in parameters.items():
            parameter.data = cast_arrays[name].copy()

    def save(self, path: PathLike) -> None:
        """Write the Parameters into an npz file (no pickle), whole or not at all.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import tinygrad_w2v as tw
        >>> layer, other = tw.nn.Linear(2, 1), tw.nn.Linear(2, 1)
        >>> layer.bias.data[:] = 7.0
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     layer.save(pathlib.Path(folder, "layer.npz"))
        ...     other.load(pathlib.Path(folder, "layer.npz"))
        >>> other.bias.data
        array([7.], dtype=float32)
        """
        write_arrays(path, self.state_dict())

    def load(self, path: PathLike) -> None:
        """Read the Parameters from a file that `save` wrote.

        Raises
        ------
        InputError
            If the file is missing, damaged, or of another model; nothing is changed then.
        """
        arrays = read_arrays(path)
        try:
            self.load_state_dict(arrays)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def __repr__(self) -> str:
        """Write the tree of modules and Parameters, one line each."""
        lines = [type(self).__name__]
        first_names: dict[int, str] = {id(self): "itself"}
        _describe(self, "", 1, lines, first_names)
        return "\n".join(lines)


def check_fit(
    owner: str, shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, AnyArray]
) -> None:
    """Raise an error that names all entries of a state that are missing, unknown or misshapen.

    Parameters
    ----------
    owner : str
        What the state is for, in the message.
    shapes : mapping
        The wanted names and shapes.
    arrays : mapping
        The given names and arrays.
    """
    missing = ", ".join(name for name in shapes if name not in arrays)
    unknown = ", ".join(name for name in arrays if name not in shapes)
    faults = [f"missing: {missing}"] * bool(missing) + [f"unknown: {unknown}"] * bool(unknown)
    for name, shape in shapes.items():
        if name not in arrays:
            continue
        if arrays[name].shape != tuple(shape):
            faults.append(f"{name} has shape {arrays[name].shape}, not {tuple(shape)}")
        elif arrays[name].dtype.kind not in "fiub":
            faults.append(f"{name} is {arrays[name].dtype}, not numbers")
    if faults:
        raise InputError(f"this state does not fit {owner}: {'; '.join(faults)}")


# ---------------------------------------------------------------------- the attributes' tree
class Place(NamedTuple):
    """Where something is held: in a module, a list, a tuple or a dict, that may be held itself."""

    name: str
    held: Any
    container: Any = None  # the attributes of a module, or a list, tuple or dict
    key: Any = None
    parent: Place | None = None

    def is_left(self) -> bool:
        """Whether something else stands there now."""
        try:
            return self.container[self.key] is not self.held
        except (LookupError, TypeError):
            return True


def _places(name: str, value: Any, into_modules: bool = True) -> Iterator[Place]:
    """The place of `value`, and all places below it in their order; what is shared is entered once.

    Below a module are its attributes, which may be passed over with `into_modules`.
    """
    seen: set[int] = set()
    waiting = [Place(name, value)]
    while waiting:
        place = waiting.pop()
        yield place
        held = place.held
        is_module = isinstance(held, Module)
        enters = into_modules if is_module else isinstance(held, list | tuple | dict)
        if not enters or id(held) in seen:
            continue
        seen.add(id(held))
        container = vars(held) if is_module else held
        items = container.items() if isinstance(container, dict) else enumerate(container)
        prefix = f"{place.name}." if place.name else ""
        below = [Place(f"{prefix}{key}", part, container, key, place) for key, part in items]
        waiting += reversed(below)


def _members(root: Module) -> list[tuple[str, Any]]:
    """`root`, and all modules and Parameters below it with their dotted names, each once."""
    places: dict[int, Place] = {}
    for place in _places("", root):
        if isinstance(place.held, Module | Parameter):
            places.setdefault(id(place.held), place)
    return [(place.name, place.held) for place in places.values()]


def places_of(root: Module) -> list[Place]:
    """Return where the Parameters of a module are, to learn later whether they still are there.

    With them come the places on the way to one.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> model = tw.nn.Linear(2, 3)
    >>> places = places_of(model)
    >>> model.bias = tw.Parameter([1.0, 2.0, 3.0])
    >>> [place.name for place in places if place.is_left()]
    ['bias']
    """
    kept: dict[int, Place] = {}
    for place in _places("", root):
        if isinstance(place.held, Parameter):
            way = [place]
            while way[0].parent is not None:
                way.insert(0, way[0].parent)
            kept |= {id(step): step for step in way[1:]}
    return list(kept.values())


def name_in(root: Module, wanted: Any) -> str | None:
    """Return the dotted name under which a module holds something; None where it does not.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> model = tw.nn.Linear(2, 3)
    >>> name_in(model, model.bias), name_in(model, "something")
    ('bias', None)
    """
    return next((place.name for place in _places("", root) if place.held is wanted), None)


def _direct_members(name: str, value: Any) -> list[tuple[str, Any]]:
    """The modules and Parameters in a value that is assigned, not those of its modules."""
    if not isinstance(value, Module | Parameter | list | tuple | dict):
        return []
    places = _places(name, value, into_modules=False)
    return [(p.name, p.held) for p in places if isinstance(p.held, Module | Parameter)]


def _describe(
    module: Module, path: str, depth: int, lines: list[str], first_names: dict[int, str]
) -> None:
    for key, attribute in vars(module).items():
        for place, member in _direct_members(key, attribute):
            whole = f"{path}{place}"
            line = "  " * depth + place + ": "
            known = first_names.setdefault(id(member), whole)
            if known != whole:
                lines.append(line + f"the same as {known}")
            elif isinstance(member, Parameter):
                frozen = ", frozen in part" if isinstance(member.frozen, np.ndarray) else ""
                frozen = ", frozen" if member.frozen is True else frozen
                lines.append(
                    line + f"{type(member).__name__} {member.shape} {member.dtype}{frozen}"
                )
            else:
                lines.append(line + type(member).__name__)
                _describe(member, f"{whole}.", depth + 1, lines, first_names)


@noting_its_span
def _spanned_forward(module: Module, /, *args: Any, **kwargs: Any) -> Any:
    return module.forward(*args, **kwargs)
