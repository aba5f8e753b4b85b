"""Words as points of a plane, so that near ones are near.

PCA is there at once: the plane in which the vectors differ most. UMAP and PaCMAP keep more of who
is near to whom; each is a library of its own, asked for by name.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v._base.types import AnyArray, FloatArray

# The library of each, by the name that is imported and the one that is installed.
LIBRARIES = {"umap": ("umap", "umap-learn"), "pacmap": ("pacmap", "pacmap")}
NAMES = {"pca": "PCA", "umap": "UMAP", "pacmap": "PaCMAP"}
LAYOUTS = ("pca", *LIBRARIES)
SEED = 1


def check_layout(layout: str) -> None:
    """Refuse a layout that there is not, or whose library is not installed.

    Raises
    ------
    InputError, MissingDependencyError
        The latter says what to install.

    Examples
    --------
    >>> check_layout("tsne")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: layout must be 'pca', 'umap' or 'pacmap', not 'tsne'
    """
    if layout not in LAYOUTS:
        raise InputError(f"must be 'pca', 'umap' or 'pacmap', not {layout!r}", setting="layout")
    if layout in LIBRARIES and importlib.util.find_spec(LIBRARIES[layout][0]) is None:
        raise MissingDependencyError(
            f"the layout {layout!r} needs {LIBRARIES[layout][1]}: "
            "pip install 'tinygrad_w2v[maps]', or take 'pca'"
        )


def plane_of(vectors: FloatArray, layout: str = "pca") -> FloatArray:
    """Return a point of the square ``[-1, 1]^2`` for each row.

    Parameters
    ----------
    vectors
        ``(n, dim)``; rows of length 1, or 0.
    layout : {"pca", "umap", "pacmap"}

    Examples
    --------
    >>> plane_of(np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])).round(3).tolist()
    [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    """
    check_layout(layout)
    if len(vectors) < 3:
        return np.array([[0.0, 0.0], [1.0, 0.0]])[: len(vectors)]
    if layout == "pca" or len(vectors) < 20:  # too few for a neighbourhood
        points = principal_plane(vectors)
    else:
        points = _by_library(np.ascontiguousarray(vectors, np.float32), layout)
    points = points - np.median(points, axis=0)
    # Of a few words far out the others would be a dot: the edge is where nearly all are within.
    edge = np.quantile(np.abs(points), 0.999) or 1.0
    return np.clip(points / edge, -1.0, 1.0)


def principal_plane(vectors: AnyArray) -> FloatArray:
    """Return the coordinates in the plane in which the rows differ most, ``(n, 2)``."""
    centred = np.asarray(vectors, np.float64) - vectors.mean(axis=0)
    if len(vectors) < vectors.shape[1]:  # then the axes lie in the space of the rows
        axes = np.linalg.qr(centred.T)[0]
        return principal_plane(centred @ axes)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    # An axis has no direction of its own: its largest number is to be positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])
    points = centred @ axes
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def _by_library(vectors: AnyArray, layout: str) -> FloatArray:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of theirs: that a seed allows one thread only
        if layout == "umap":
            import umap

            reducer: Any = umap.UMAP(metric="cosine", random_state=SEED)
        else:
            import pacmap

            reducer = pacmap.PaCMAP(n_components=2, random_state=SEED)
        return np.asarray(reducer.fit_transform(vectors), np.float64)
