"""Repeated structures as one box: ten look-ups of one table, and the chain that adds them.

Steps are alike if they do the same with alike values and if what they make is used alike, from
there to the end of the program. So whatever reads one of their results reads them all, and they
are equally far from the end: a picture in which they are one box has no cycle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush

from tinygrad_w2v.drawing.reading.program import (
    COPY,
    Program,
    Scope,
    Step,
    Value,
    common_scope,
    made_by,
    producers,
)

ALIKE = 4  # so many are one box
# Ops whose parameters say which elements: look-ups of different rows are alike.
_SELECTIONS = {"rows", "scatter_rows", "get_item", "scatter_index", "take"}
# Ops in which it does not matter in which place a value stands.
_UNORDERED = {"add", "multiply", "maximum", "minimum", "stack", "concatenate"}


def grouped(program: Program) -> Program:
    """Draw steps that are alike as one box; what they make is one value, named ``h1 … h10``.

    Parameters
    ----------
    program : Program
        What to make smaller; the boxes hold its steps.
    """
    values = program.values
    wanted = {program.result, *(g for _, g in program.gradients)}
    uses = Counter(key for step in program.steps for key in step.inputs)

    def merged(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        for groups, place in ((_chains(steps, values, uses, wanted), max), (_copies(steps), min)):
            steps = _merged(steps, groups, place, values, uses, wanted)
        return steps

    parts = merged(program.forward), merged(program.backward)
    program = replace(program, forward=parts[0], backward=parts[1])
    return _Families(program, wanted).drawn()


# ---------------------------------------------------------------------- one step after another
def _chains(
    steps: Sequence[Step], values: Mapping[int, Value], uses: Counter[int], wanted: set[int]
) -> list[list[Step]]:
    """``add(add(add(a, b), c), d)``, where nothing else reads what is between."""
    made_in, chains, absorbed = producers(steps), [], set[int]()

    def like(step: Step) -> Hashable:
        types = tuple(values[key].type for key in made_by([step]))
        return step.label, step.parameters, step.scope, types

    for last in reversed(steps):
        if id(last) in absorbed or last.label == COPY or last.whole != "op":
            continue
        kind, chain = like(last), [last]
        for member in chain:  # grows as it goes
            for key in member.inputs:
                before = made_in.get(key)
                if before and uses[key] == 1 and key not in wanted and like(before) == kind:
                    chain.append(before)
                    absorbed.add(id(before))
        chains.append(chain)
    return chains


def _copies(steps: Sequence[Step]) -> list[list[Step]]:
    """The copies of one value, and the copies of these."""
    trees: dict[int, list[Step]] = {}  # by what is copied
    for step in steps:
        if step.label == COPY:
            tree = trees.setdefault(step.inputs[0], [])
            tree.append(step)
            trees.update(dict.fromkeys(made_by([step]), tree))
    return list({id(tree): tree for tree in trees.values()}.values())


def _merged(
    steps: tuple[Step, ...],
    groups: Iterable[list[Step]],
    place: Callable[[Iterable[int]], int],
    values: Mapping[int, Value],
    uses: Counter[int],
    wanted: set[int],
) -> tuple[Step, ...]:
    """Put each group in a box, at the place of its first or last member."""
    places = {id(step): number for number, step in enumerate(steps)}
    boxes: dict[int, Step] = {}
    gone: set[int] = set()
    for group in groups:
        if len(group) < ALIKE:
            continue
        numbers = sorted(places[id(step)] for step in group)
        members = [steps[number] for number in numbers]
        inside = Counter(key for step in members for key in step.inputs)
        made = made_by(members)
        outputs = [key for key in made if key in wanted or uses[key] > inside[key]]
        inputs = [key for step in members for key in step.inputs if key not in made]
        boxes[place(numbers)] = _box(members, _read_once(inputs, values), outputs)
        gone.update(numbers)
    return tuple(
        boxes.get(number, step)
        for number, step in enumerate(steps)
        if number in boxes or number not in gone
    )


def _read_once(keys: Iterable[int], values: Mapping[int, Value]) -> Iterator[int]:
    """What a box reads; of equal numbers one."""
    numbers = set()
    for key in dict.fromkeys(keys):
        value = values[key]
        if value.kind == "number" and value.name in numbers:
            continue
        numbers.add(value.name)
        yield key


def _box(members: Sequence[Step], inputs: Iterable[int], outputs: Iterable[int]) -> Step:
    first = members[0]
    label = f"({first.label})" if " " in first.label else first.label
    parameters = {step.parameters for step in members}
    return Step(
        label=f"{label} × {len(members)}",
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        parameters=first.parameters if len(parameters) == 1 and not first.formula else (),
        scope=_scope_of(members),
        tooltip=first.tooltip,
        whole="run",
        inside=tuple(members),
    )


def _scope_of(members: Sequence[Step]) -> tuple[Scope, ...]:
    """The frame of a box: below the modules that hold all of it, calls that are alike as one."""
    scope = common_scope(members)
    for depth in range(len(scope), len(members[0].scope)):
        calls = {step.scope[depth] for step in members if len(step.scope) > depth}
        if {call.name for call in calls} != {members[0].scope[depth].name}:
            break
        name, number = members[0].scope[depth]
        scope = (*scope, Scope(f"{name} × {len(calls)}", -1 - number))
    return scope


# ---------------------------------------------------------------------- steps beside each other
class _Families:
    """Classes of steps: at first those that do the same, divided until all in one are used alike.

    A class is as small as it must be so that its members read from, and are read by, the same
    classes in the same places. One with few members is no family, which divides others in turn.
    """

    def __init__(self, program: Program, wanted: set[int]) -> None:
        self.program, self.wanted = program, wanted
        self.values = dict(program.values)
        self.steps = program.steps
        self.made_in = {k: i for i, step in enumerate(self.steps) for k in made_by([step])}
        self.read_in: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, step in enumerate(self.steps):
            ordered = step.label.split(" ")[0] not in _UNORDERED
            for position, key in enumerate(step.inputs):
                self.read_in[key].append((number, position if ordered else 0))
        self.classes = self.interned(map(self.kind, self.steps))
        self.divide()

    def interned(self, kinds: Iterable[Hashable]) -> list[int]:
        """The same number for equals."""
        known: dict[Hashable, int] = {}
        return [known.setdefault(kind, len(known)) for kind in kinds]

    def kind(self, step: Step) -> Hashable:
        """What steps of one class have in common from the start."""
        label = step.label
        named = step.formula or step.whole == "module"
        parameters = () if named or label in _SELECTIONS else step.parameters
        scope = tuple(part.name for part in step.scope)
        made = tuple(key and (self.values[key].type, key in self.wanted) for key in step.outputs)
        backward = bool(made_by([step])) and self.values[made_by([step])[0]].backward
        return backward, label, step.whole, parameters, scope, made

    def divide(self) -> None:
        """Divide the classes until nothing divides them further."""
        count = 0
        while count < len(set(self.classes)):
            count = len(set(self.classes))
            self.by_inputs()
            self.by_readers()
            if count == len(set(self.classes)):
                sizes = Counter(self.classes)
                self.classes = self.interned(
                    (of, number if sizes[of] < ALIKE else -1)
                    for number, of in enumerate(self.classes)
                )

    def by_inputs(self) -> None:
        known: dict[Hashable, int] = {}
        for number, step in enumerate(self.steps):
            read = [self.source(key) for key in step.inputs]
            if step.label.split(" ")[0] in _UNORDERED:
                read.sort(key=repr)
            kind = self.classes[number], tuple(read)
            self.classes[number] = known.setdefault(kind, len(known))

    def source(self, key: int) -> Hashable:
        """Where a value comes from: a class, or what is given."""
        if key in self.made_in:
            return self.classes[self.made_in[key]]
        value = self.values[key]
        named = value.kind in ("parameter", "variable") or key == self.program.seed
        return f"{key}" if named else (value.kind, value.type)

    def by_readers(self) -> None:
        known: dict[Hashable, int] = {}
        for number in reversed(range(len(self.steps))):
            uses = tuple(self.uses(key) for key in self.steps[number].outputs)
            kind = self.classes[number], uses
            self.classes[number] = known.setdefault(kind, len(known))

    def uses(self, key: int | None) -> Hashable:
        if key is None:
            return None
        return tuple(sorted((self.classes[of], place) for of, place in self.read_in[key]))

    # ------------------------------------------------------------------ what is drawn
    def drawn(self) -> Program:
        """The program with a box for each family and a value for what is used alike."""
        families: dict[int, list[int]] = defaultdict(list)
        for number, of in enumerate(self.classes):
            families[of].append(number)
        drawn_as = self.bundles(families.values())
        boxes = []
        for numbers in families.values():
            members = [self.steps[number] for number in numbers]
            read = [drawn_as.get(key, key) for step in members for key in step.inputs]
            made = dict.fromkeys(drawn_as.get(key, key) for key in made_by(members))
            step = members[0]
            if len(members) > 1:
                step = _box(members, _read_once(read, self.values), made)
            elif drawn_as.keys() & {*step.inputs, *step.outputs}:
                step = replace(step, inputs=tuple(dict.fromkeys(read)), outputs=tuple(made))
            boxes.append((numbers[-1], step))
        steps = _in_order(boxes)
        first_backward = len(self.program.forward)
        forward = {id(step) for last, step in boxes if last < first_backward}
        return replace(
            self.program,
            values=self.values,
            forward=tuple(step for step in steps if id(step) in forward),
            backward=tuple(step for step in steps if id(step) not in forward),
        )

    def bundles(self, families: Iterable[list[int]]) -> dict[int, int]:
        """The values that are drawn as one with others, and as which."""
        drawn_as: dict[int, int] = {}
        for numbers in families:
            alike: dict[Hashable, list[int]] = defaultdict(list)
            for key in made_by(self.steps[number] for number in numbers):
                if key not in self.wanted and self.read_in[key]:
                    alike[self.values[key].type, self.uses(key)].append(key)
            for keys in alike.values():
                if len(keys) >= ALIKE:
                    bundle = max(self.values) + 1
                    first, last = self.values[keys[0]], self.values[keys[-1]]
                    name, type_ = f"{first.name} … {last.name}", f"{len(keys)} × {first.type}"
                    self.values[bundle] = Value(name, "bundle", type_, backward=first.backward)
                    drawn_as.update(dict.fromkeys(keys, bundle))
        return drawn_as


def _in_order(boxes: Iterable[tuple[int, Step]]) -> list[Step]:
    """Every step after those that it reads from, else by the numbers."""
    by_number = dict(boxes)
    made_in = {key: number for number, step in by_number.items() for key in made_by([step])}
    before = {
        number: {made_in[key] for key in step.inputs if key in made_in}
        for number, step in by_number.items()
    }
    after: dict[int, list[int]] = defaultdict(list)
    for number, sources in before.items():
        for source in sources:
            after[source].append(number)
    ready = [number for number, sources in before.items() if not sources]
    heapify(ready)
    steps = []
    while ready:
        number = heappop(ready)
        steps.append(by_number[number])
        for reader in after[number]:
            before[reader].discard(number)
            if not before[reader]:
                heappush(ready, reader)
    return steps
