"""No op without a case, no name of the contract without a function."""

import ast
import importlib
import inspect
import pkgutil
import sys

import numpy as np
import pytest

import tinygrad_w2v.autograd
import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.dispatch import RULES
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.cases import CASES, FAMILIES

NAMES = """
    add subtract multiply divide power negative abs sign square sqrt exp expm1 log log1p log2 sin
    cos tan tanh sinh cosh arctan maximum minimum clip where logaddexp sigmoid log_sigmoid softplus
    relu leaky_relu sum mean var std max min prod cumsum logsumexp softmax log_softmax matmul dot
    outer inner einsum tensordot reshape transpose swapaxes moveaxis expand_dims squeeze
    broadcast_to concatenate stack split flip repeat take take_along_axis embedding to_dense
    cross_entropy sigmoid_cross_entropy dropout cosine_similarity stop_gradient
""".split()


def _concrete_ops():
    """Every Function class of the two packages that no other of them builds on."""
    for package in (tinygrad_w2v.autograd, F):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    ours, waiting = set(), [Function]
    while waiting:
        for op in waiting.pop().__subclasses__():
            if op.__module__.startswith(("tinygrad_w2v.autograd.", "tinygrad_w2v.functions.")):
                ours.add(op)
                waiting.append(op)
    return {op for op in ours if not any(base in ours for base in _built_on(op, ours))}


def _built_on(op, ours):
    return [other for other in op.__subclasses__() if other in ours]


def test_every_op_has_a_case():
    covered = {op for case in CASES for op in case.covers}
    missing = _concrete_ops() - covered
    assert not missing, f"write a row in tinygrad_w2v/checking/cases for {missing}"


def test_every_op_has_a_case_that_would_find_it_wrong():
    seen = {op for case in CASES if not case.toothless for op in case.covers}
    unseen = {op.__name__ for op in _concrete_ops() - seen}
    assert unseen == {"FloorDivide", "Round", "Sign", "StopGradient"}  # whose gradient is none


def test_cases_cover_ops_that_they_use():
    for case in CASES:
        used = set()
        waiting = [case.function(*_variables(case))]
        while waiting:
            creator = waiting.pop().creator
            if creator is not None and type(creator) not in used:
                used.add(type(creator))
            waiting += [x for x in creator.inputs if hasattr(x, "creator")] if creator else []
        assert set(case.covers) <= used, case.name


def _variables(case):
    return [tinygrad_w2v.autograd.Variable(a) for a in case.draw(np.random.default_rng(0))]


def _families():
    """The modules of `functions` that offer something, by name."""
    modules = [
        importlib.import_module(f"{F.__name__}.{name}")
        for _, name, _ in pkgutil.iter_modules(F.__path__)
    ]
    return {m.__name__.rpartition(".")[2]: m for m in modules if hasattr(m, "__all__")}


def test_cases_have_the_families_of_the_functions():
    assert set(FAMILIES) == set(_families())


def test_a_family_offers_the_functions_that_it_defines():
    for family in _families().values():
        defined = {
            name
            for name, value in vars(family).items()
            if inspect.isfunction(value) and value.__module__ == family.__name__
        }
        assert set(family.__all__) <= defined, family
        assert all(getattr(F, name) is getattr(family, name) for name in family.__all__)


def test_a_function_stands_under_its_class():
    """Nothing but classes stands between the two: other ops that the function chooses from."""
    for family in _families().values():
        body = ast.parse(inspect.getsource(family)).body
        ops = [node.name for node in body if isinstance(node, ast.ClassDef)]
        names = [getattr(node, "name", "") for node in body]
        for name in family.__all__:
            op = name.title().replace("_", "")
            if op in ops:
                between = names[names.index(op) : names.index(name)]
                assert set(between) <= set(ops), (name, between)


@pytest.mark.parametrize("family", FAMILIES)
def test_cases_are_of_their_family(family):
    """A case covers an op of its family, or calls a function of it that is made of other ops."""
    module = _families()[family]
    functions = {getattr(module, name).__code__ for name in module.__all__}
    called = set()

    def note(frame, event, argument):
        if event == "call" and frame.f_code in functions:
            called.add(frame.f_code)

    for case in importlib.import_module(f"tinygrad_w2v.checking.cases.{family}").CASES:
        called.clear()
        variables = _variables(case)
        sys.setprofile(note)
        try:
            case.function(*variables)
        finally:
            sys.setprofile(None)
        assert called or {op.__module__ for op in case.covers} & {module.__name__}, case.name


def test_case_names_are_unique():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


def test_every_name_of_the_contract_exists():
    assert set(NAMES) <= set(F.__all__)
    for name in F.__all__:
        function = getattr(F, name)
        assert inspect.isfunction(function)
        assert ">>> " in (function.__doc__ or ""), f"{name} shows no example"
        assert "return" in function.__annotations__


def test_numpys_functions_are_the_same_ops():
    for name in NAMES:
        if hasattr(np, name) and name != "sign":
            assert RULES[getattr(np, name)] is getattr(F, name)


def test_formulas_stand_in_the_class():
    for op in _concrete_ops():
        assert "=" in (op.__doc__ or "") or op.__name__ == "StopGradient", op
