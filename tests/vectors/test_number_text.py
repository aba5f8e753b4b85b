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
        lines = list(number_lines(x, "\t"))
        read = [[float(field) for field in line.split(b"\t")] for line in lines]
        np.testing.assert_array_equal(read, x)


def test_beside_powers_of_ten():
    powers = [10.0**e for e in range(-7, 18)]
    near = [f(x, np.inf) for x in powers for f in (np.nextafter, lambda a, b: np.nextafter(a, -b))]
    x = np.array([powers + near])
    (line,) = number_lines(x)
    np.testing.assert_array_equal([[float(field) for field in line.split()]], x)
    single = np.array(powers, np.float32)
    beside = [np.nextafter(single, np.float32(side)) for side in (np.inf, -np.inf)]
    x = np.array([single, *beside])
    read = [[np.float32(field.decode()) for field in line.split()] for line in number_lines(x)]
    np.testing.assert_array_equal(read, x)


@settings(max_examples=300)
@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False, width=32) | st.floats(-10, 10, width=32),
        min_size=1,
        max_size=12,
    )
)
@example([0.0, -0.0, 0.5, -0.25, 1.0000000116860974e-07, 99999.0, 100000.0, 123456.0])
@example([float(np.float32(10.0**e)) for e in range(-6, 7)])
def test_float32_comes_back_in_few_digits(numbers):
    x = np.array([numbers], np.float32)
    (line,) = number_lines(x)
    fields = line.split(b" ")
    read = np.array([[float(field) for field in fields]]).astype(np.float32)
    np.testing.assert_array_equal(read.view(np.int32), x.view(np.int32))
    for field, number in zip(fields, numbers, strict=True):
        digits = field.partition(b"e")[0].lstrip(b"-0.").replace(b".", b"").rstrip(b"0")
        assert len(digits) <= 9
        if np.float32(f"{number:.6g}") == number and 1e-5 < abs(number) < 99999:
            assert float(field) == float(f"{number:.6g}")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tables_of_tiny_numbers(rng, dtype):
    x = (rng.normal(size=(20, 5)) * 1e-20).astype(dtype)
    x[3] = [0, 1, -0.5, 2.5, 1e3]
    lines = list(number_lines(x))
    read = np.array([[float(field) for field in line.split()] for line in lines]).astype(dtype)
    np.testing.assert_array_equal(read, x)
    assert b"e-2" in lines[0]


def test_float32_of_all_sizes(rng):
    x = (rng.normal(size=(400, 50)) * 10.0 ** rng.integers(-7, 8, (400, 50))).astype(np.float32)
    lines = list(number_lines(x))
    read = np.array([[float(field) for field in line.split()] for line in lines])
    np.testing.assert_array_equal(read.astype(np.float32), x)


@pytest.mark.parametrize("shape", [(0, 3), (3, 1), (5, 40_000)])
def test_shapes(shape):
    x = np.random.default_rng(0).normal(size=shape)
    lines = list(number_lines(x))
    assert len(lines) == shape[0]
    np.testing.assert_array_equal([line.count(b" ") for line in lines], [shape[1] - 1] * shape[0])
