"""No op without a case, no name of the contract without a function."""

import importlib
import inspect
import pkgutil

import numpy as np

import tinygrad_w2v.autograd
import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.dispatch import RULES
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.cases import CASES

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
