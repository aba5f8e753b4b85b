"""A curve as small as a word, for the representation of what was trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WIDTH, HEIGHT, MARGIN, MOST = 240, 48, 3, 240


def small_curve(losses: Sequence[float]) -> str:
    """Draw losses as SVG without axes, from the first to the last; nothing where there is no line.

    Parameters
    ----------
    losses : sequence of float
        One number an interval; what is not finite is left out, and of very many some are.

    Returns
    -------
    str
        An ``svg`` element, or an empty text for fewer than two numbers.

    Examples
    --------
    >>> small_curve([2.0, 1.0])[:4], small_curve([2.0])
    ('<svg', '')
    """
    numbers = np.asarray(losses, dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if numbers.size < 2:
        return ""
    label = f"loss from {numbers[0]:.4g} to {numbers[-1]:.4g}"
    kept = np.linspace(0, numbers.size - 1, min(numbers.size, MOST)).round().astype(int)
    numbers = numbers[kept]
    x = MARGIN + np.arange(numbers.size) * (WIDTH - 2 * MARGIN) / (numbers.size - 1)
    height = float(np.ptp(numbers)) or 1.0
    y = MARGIN + (numbers.max() - numbers) / height * (HEIGHT - 2 * MARGIN)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{label}"><polyline points="{points}" fill="none" stroke="#3d78b4" '
        'stroke-width="1.5"/></svg>'
    )
