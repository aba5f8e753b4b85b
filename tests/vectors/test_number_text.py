"""Numbers are written so that Python's float reads the same ones, in as few digits as said."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_w2v.vectors.number_text import number_lines


@settings(max_examples=400)
@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.floats(-10, 10),
        min_size=1,
        max_size=12,
    )
)
@example([0.0, -0.0, 0.1, -0.3, 1e-5, 9.999999999999999e-06, 1e15, 999999999999999.9])
@example([1.0, 10.0, 120.0, 1e14, 0.00012, 5e-324, 1.7976931348623157e308])
@example([0.9999999999999999, 9.999999999999998, 1.0000000000000002, 99999999999999.98])
def test_as_python_reads_them(numbers):
    x = np.array([numbers])
    (line,) = number_lines(x)
    read = np.array([[float(field) for field in line.split(b" ")]])
    np.testing.assert_array_equal(read.view(np.int64), x.view(np.int64))
    for field, number in zip(line.split(b" "), numbers, strict=True):
        digits = field.partition(b"e")[0].lstrip(b"-0.").replace(b".", b"").rstrip(b"0")
        assert len(digits) <= 17
        if float(f"{number:.15g}") == number and 1e-5 <= abs(number) < 1e15:
            assert field.decode() == (np.format_float_positional(number, trim="-") or "0")


def test_many_random_ones(rng):
    for scale in (1e-5, 0.3, 50.0, 1e6):
        x = rng.normal(scale=scale, size=(300, 100))
        lines = list(number_lines(x, b"\t"))
        read = [[float(field) for field in line.split(b"\t")] for line in lines]
        np.testing.assert_array_equal(read, x)


def test_beside_powers_of_ten():
    powers = [10.0**e for e in range(-7, 18)]
    near = [f(x, np.inf) for x in powers for f in (np.nextafter, lambda a, b: np.nextafter(a, -b))]
    x = np.array([powers + near])
    (line,) = number_lines(x)
    np.testing.assert_array_equal([[float(field) for field in line.split()]], x)


@pytest.mark.parametrize("shape", [(0, 3), (3, 1), (5, 40_000)])
def test_shapes(shape):
    x = np.random.default_rng(0).normal(size=shape)
    lines = list(number_lines(x))
    assert len(lines) == shape[0]
    np.testing.assert_array_equal([line.count(b" ") for line in lines], [shape[1] - 1] * shape[0])
