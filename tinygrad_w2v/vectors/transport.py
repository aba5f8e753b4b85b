"""The cheapest way to move one distribution to another: a linear program, which SciPy solves."""

import numpy as np

from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v._base.types import FloatArray


def cheapest_transport(a: FloatArray, b: FloatArray, costs: FloatArray) -> float:
    """Return ``min_T sum_ij T_ij costs_ij`` with row sums `a` and column sums `b` of ``T >= 0``.

    Parameters
    ----------
    a, b : array ``(n,)``, ``(m,)``
        Each sums to 1.
    costs : array ``(n, m)``
        What it takes to move 1 from i to j.

    Raises
    ------
    MissingDependencyError
        When SciPy is not installed.

    Examples
    --------
    >>> cheapest_transport(np.array([0.5, 0.5]), np.array([1.0]), np.array([[1.0], [3.0]]))
    2.0
    """
    try:
        from scipy.optimize import linprog
        from scipy.sparse import eye_array, kron, vstack
    except ImportError as error:
        raise MissingDependencyError(
            "the word mover's distance needs SciPy: pip install 'tinygrad_w2v[count]'"
        ) from error
    rows = kron(eye_array(len(a)), np.ones((1, len(b))))
    columns = kron(np.ones((1, len(a))), eye_array(len(b)))
    # One of these equations follows from the others; without it rounding contradicts none.
    sums = vstack([rows, columns]).tocsr()[:-1]
    solved = linprog(costs.ravel(), A_eq=sums, b_eq=np.concatenate([a, b])[:-1])
    return float(solved.fun)
