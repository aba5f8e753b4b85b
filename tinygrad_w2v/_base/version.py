"""The version, in the one place from which packaging and settings files read it."""

from __future__ import annotations

import platform
import sys

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Return what the numbers of a run may depend on.

    Examples
    --------
    >>> sorted(versions())
    ['numpy', 'platform', 'python', 'tinygrad_w2v']
    """
    import numpy as np  # packaging reads this file where there is none

    return {
        "tinygrad_w2v": __version__,
        "python": sys.version.partition(" ")[0],
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
