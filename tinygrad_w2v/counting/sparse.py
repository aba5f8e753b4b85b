"""SciPy's sparse matrices, imported when something is first counted."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, MissingDependencyError, ShapeError

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def scipy_sparse() -> Any:
    """Return the module ``scipy.sparse`` with its ``linalg``.

    Raises
    ------
    MissingDependencyError
        When SciPy is not installed.

    Examples
    --------
    >>> scipy_sparse().__name__
    'scipy.sparse'
    """
    try:
        import scipy.sparse
        import scipy.sparse.linalg
    except ImportError as error:
        raise MissingDependencyError(
            "count-based vectors need SciPy: pip install 'tinygrad_w2v[count]'"
        ) from error
    return scipy.sparse


def as_csr(matrix: Any, name: str) -> "csr_array":
    """Return a dense or sparse matrix as CSR: a row's entries sorted, each once, none zero.

    A matrix that already is so is not copied, and none is written into.

    Parameters
    ----------
    matrix
        Dense or of any sparse format, shape (words, contexts).
    name
        What to call it in an error.

    Raises
    ------
    ShapeError
        When it has not two axes.
    InputError
        When an entry is NaN, infinite or no number.

    Examples
    --------
    >>> as_csr([[0, 2], [1, 0]], "counts").data
    array([2, 1])
    """
    sparse = scipy_sparse()
    if not sparse.issparse(matrix):
        matrix = np.asarray(matrix)
    if matrix.ndim != 2:
        raise ShapeError(f"{name} must have shape (words, contexts), but has {matrix.shape}")
    if matrix.dtype.kind not in "biuf":
        raise InputError(f"{name} must hold numbers, not {matrix.dtype}")
    if matrix.dtype == np.float16:  # which SciPy's sparse matrices do not know
        matrix = matrix.astype(np.float32)
    csr = sparse.csr_array(matrix)
    if not csr.has_canonical_format or not csr.data.all():
        csr = csr.copy()
        csr.sum_duplicates()
        csr.eliminate_zeros()
    if csr.dtype.kind == "f" and not np.isfinite(csr.data).all():
        raise InputError(f"{name} holds NaN or infinity")
    return csr
