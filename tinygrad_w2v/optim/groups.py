"""Several rules in one training: each for parameters of its own, all by one rate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.optim.arguments import checked_parameters
from tinygrad_w2v.optim.optimizer import Optimizer, Rate


class Groups(Optimizer):
    """Several optimizers as one: each changes the parameters that it was given with.

    There is one rate, `lr`, that of the first optimizer. The others keep the ratio to it with which
    they were made: where the first is made with 0.1 and the second with 0.001, a run whose rate
    falls from 0.05 to 0 trains the parameters of the second from 0.0005 to 0.

    Parameters
    ----------
    groups : list of (parameters, Optimizer)
        The optimizers without parameters of their own. A parameter comes in one group; one that
        comes in none is frozen.
    lr : float or function, optional
        The rate of the first, or a schedule for it; by default as it was made.

    Attributes
    ----------
    lr : float
        May be assigned; those of the optimizers follow it.

    Raises
    ------
    InputError
        If a parameter comes twice, or an optimizer has parameters or a schedule of its own.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> table, bias = tw.Parameter([1.0]), tw.Parameter(1.0)
    >>> optimizer = tw.optim.Groups([
    ...     ([table], tw.optim.SGD(lr=0.5)),
    ...     ([bias], tw.optim.SGD(lr=0.125)),
    ... ])
    >>> optimizer
    Groups(SGD(lr=0.5) of 1, SGD(lr=0.125) of 1 parameter(s))
    >>> optimizer.lr = 0.25  # the half
    >>> (table.sum() + bias).backward()
    >>> optimizer.step()
    >>> table.data, float(bias)
    (array([0.75]), 0.9375)
    >>> optimizer.numbers()
    {'groups.0.ratio': 1.0, 'groups.1.ratio': 0.25}
    >>> optimizer.bind([table])
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: ...
    """

    @knowing(learning_rate="lr", rate="lr", alpha="lr", optimizers="groups", params="groups")
    def __init__(
        self, groups: Iterable[tuple[Iterable[Variable], Optimizer]], lr: Rate | None = None
    ) -> None:
        pairs = _checked_pairs(groups)
        self._rules = [rule for _, rule in pairs]
        rates = [rule._lr for rule in self._rules]
        self._ratios = [rate / rates[0] for rate in rates]
        self._rates = rates  # as they were set here
        super().__init__(lr=rates[0] if lr is None else lr)
        listed = [checked_parameters(f"Groups, group {k}", own) for k, (own, _) in enumerate(pairs)]
        self._group = [k for k, own in enumerate(listed) for _ in own]
        self.parameters = checked_parameters("Groups", [p for own in listed for p in own])
        self._begin_state()

    def bind(self, parameters: Iterable[Variable]) -> None:
        """Refuse it: each group has its parameters from the beginning."""
        raise InputError("Groups has the parameters that it was made with: make another one")

    def rules(self) -> list[tuple[Optimizer, float]]:
        """Return the optimizers, each with its rate as a multiple of `lr`."""
        return list(zip(self._rules, self._ratios, strict=True))

    def rule_of(self, place: int) -> tuple[Optimizer, float]:
        """Return the one of `rules` that parameter number `place` is changed by."""
        group = self._group[place]
        return self._rules[group], self._ratios[group]

    def begin_step(self) -> None:
        """Let each optimizer have its rate, and begin its step."""
        self._check_rates()
        self._rates = [self._lr * ratio for ratio in self._ratios]
        for rule, rate in zip(self._rules, self._rates, strict=True):
            rule._lr, rule.steps = rate, self.steps
            rule.begin_step()

    def _check_rates(self) -> None:
        own = super().numbers()
        if own:
            raise InputError(
                f"Groups has no {next(iter(own))} of its own: give it to its optimizers"
            )
        for k, (rule, rate) in enumerate(zip(self._rules, self._rates, strict=True)):
            if rule._lr != rate or rule.schedule is not None or rule.parameters:
                raise InputError(
                    f"Groups: the rate or the parameters of {type(rule).__name__}, group {k}, were "
                    "changed behind it: assign `lr` of Groups, or make it anew"
                )

    # ------------------------------------------------------------------ its numbers
    def numbers(self) -> dict[str, Any]:
        """Return the numbers of the optimizers, and the ratios of their rates."""
        self._check_rates()
        return {
            f"groups.{k}.{name}": number
            for k, (rule, ratio) in enumerate(self.rules())
            for name, number in ({"ratio": ratio} | rule.numbers()).items()
        }

    def names_of_numbers(self, given: Collection[str]) -> list[str]:
        """Return the names that `numbers` must have had, where these were given."""
        return [
            f"groups.{k}.{name}"
            for k, rule in enumerate(self._rules)
            for name in ("ratio", *rule.names_of_numbers(_within(dict.fromkeys(given), k)))
        ]

    def take_numbers(self, numbers: Mapping[str, float]) -> None:
        """Take over what `numbers` returned."""
        parts = [_within(numbers, k) for k in range(len(self._rules))]
        ratios = [self._checked_rate(part.pop("ratio")) for part in parts]
        for rule, part in zip(self._rules, parts, strict=True):
            rule.take_numbers(part)
        self._ratios = ratios

    def __repr__(self) -> str:
        """``Groups(SGD(lr=0.1) of 2, Adam(lr=0.001, ...) of 1 parameter(s))``."""
        texts = []
        for k, (rule, ratio) in enumerate(self.rules()):
            numbers = {"lr": self.lr * ratio} | rule.numbers()
            settings = ", ".join(f"{name}={value:g}" for name, value in numbers.items())
            texts.append(f"{type(rule).__name__}({settings}) of {self._group.count(k)}")
        return f"Groups({', '.join(texts)} parameter(s))"


def _checked_pairs(groups: Any) -> list[tuple[Any, Optimizer]]:
    pairs = list(groups) if isinstance(groups, list | tuple) else []
    if not pairs:
        raise InputError(
            "Groups takes a list of pairs, `[(model.tables(), tw.optim.SGD(0.05)), ...]`, not "
            f"{groups!r:.60}"
        )
    for k, pair in enumerate(pairs):
        fits = isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[1], Optimizer)
        fault = "" if fits else f"is {pair!r:.60}; give (parameters, optimizer)"
        rule = pair[1] if fits else None
        if isinstance(rule, Groups):
            fault = "is Groups itself; give its pairs"
        elif rule is not None and rule.parameters:
            fault = (
                f"has a {type(rule).__name__} with parameters of its own: make it without, "
                f"`({type(rule).__name__.lower()}.parameters, {type(rule).__name__}(lr=...))`"
            )
        elif rule is not None and rule.schedule is not None:
            fault = "has a schedule of its own: give it to all, `Groups(..., lr=schedule)`"
        if fault:
            raise InputError(f"Groups: group {k} {fault}")
    return [(own, rule) for own, rule in pairs]


def _within(numbers: Mapping[str, Any], group: int) -> dict[str, Any]:
    """The numbers of one group, by their own names."""
    prefix = f"groups.{group}."
    return {n.removeprefix(prefix): v for n, v in numbers.items() if n.startswith(prefix)}
