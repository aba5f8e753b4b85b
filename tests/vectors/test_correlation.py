"""Correlations: scipy's numbers."""

import math

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors.correlation import incomplete_beta, pearson, ranks, spearman


@pytest.mark.parametrize("n", [2, 3, 4, 10, 353, 5000])
@pytest.mark.parametrize("noise", [0.0, 0.3, 3.0, 100.0])
def test_as_scipy(n, noise, rng_seed=0):
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng([n, int(noise * 10), rng_seed])
    x = rng.normal(size=n)
    y = np.round(x + noise * rng.normal(size=n), 1)  # rounded: ties
    if (y == y[0]).all():
        y[0] += 1
    for ours, theirs in (
        (pearson(x, y), stats.pearsonr(x, y)),
        (spearman(x, y), stats.spearmanr(x, y)),
    ):
        assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-12)
        if n > 2:  # scipy's Spearman of two pairs has no p-value
            assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-30)
        else:
            assert ours.pvalue == 1.0


def test_incomplete_beta_as_scipy():
    special = pytest.importorskip("scipy.special")
    for a in (0.5, 1.0, 3.5, 175.5, 5000.0):
        for x in (0.0, 1e-12, 0.01, 0.3, 0.5, 0.9, 0.999999, 1.0):
            assert incomplete_beta(a, 0.5, x) == pytest.approx(
                special.betainc(a, 0.5, x), rel=1e-9, abs=1e-290
            )


def test_ranks_as_scipy():
    stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(0).integers(0, 20, 100)
    np.testing.assert_array_equal(ranks(x), stats.rankdata(x))


@pytest.mark.parametrize("scale", [2.0**1000, 2.0**-1000])
def test_numbers_of_any_size(scale):
    x, y = np.array([1.0, 5.0, 2.0, 8.0]), np.array([2.0, 3.0, 2.5, 9.0])
    assert pearson(x * scale, y) == pearson(x, y)
    assert pearson(x * scale, y / scale) == pearson(x, y)
    huge = pearson([1.7e308, -1.7e308, 1.7e308], [1, 2, 1])
    assert huge.statistic == pytest.approx(-1)


def test_nothing_to_correlate():
    assert all(map(math.isnan, pearson([1, 1, 1], [1, 2, 3])))
    with pytest.raises(InputError):
        pearson([1], [1])
    with pytest.raises(InputError):
        pearson([1, 2], [1, 2, 3])
