import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.subsampling import keep_probability


def test_formula_of_word2vec():
    counts = np.array([50_000, 3_000, 900, 100, 1])
    total, sample = counts.sum(), 1e-3
    # word2vec.c, TrainModelThread
    ran = (np.sqrt(counts / (sample * total)) + 1) * (sample * total) / counts
    np.testing.assert_allclose(keep_probability(counts, sample), np.minimum(ran, 1), rtol=1e-12)


def test_off_and_as_a_count():
    counts = np.array([100, 10, 0])
    np.testing.assert_array_equal(keep_probability(counts, 0), 1)
    np.testing.assert_allclose(keep_probability(counts, 4.0), [0.24, 1, 1])


@pytest.mark.parametrize("sample", [-1e-3, float("nan")])
def test_wrong_sample(sample):
    with pytest.raises(InputError, match="sample must be 0 or more"):
        keep_probability(np.array([1, 2]), sample)
