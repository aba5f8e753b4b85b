"""Numbers parsed many at a time are those of Python's float, to the last bit."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_w2v.vectors.number_lines import parse_together


def parse_numbers(text, separator=b" "):
    """One line of numbers; None where it is left to the strict code."""
    dim = text.count(separator) + 1
    parsed = parse_together([text], dim, np.dtype(np.float64), separator.decode(), words=False)
    return None if parsed is None else parsed[1][0]


written = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-10, 10).map(repr),
    st.floats(-10, 10).map("{:.9g}".format),
    st.from_regex(r"-?[0-9]{0,9}\.[0-9]{1,24}", fullmatch=True),
    st.from_regex(r"-?0\.0{0,6}[0-9]{1,18}", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{1,20}\.?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
)


def expected(texts):
    return np.array([float(text) for text in texts])


@settings(max_examples=400)
@given(st.lists(written, min_size=1, max_size=20), st.sampled_from([" ", "\t"]))
@example(["9007199254740993.0", "0.5", "9007199254740991.5"], " ")
@example(["-0.0", ".5", "5.", "-.5"], " ")
@example(["1.1", "22.75", "333.5"], " ")
@example(["1.5", "-0.9223372036854775807"], " ")  # 2^63 - 1, found by the fuzzer
def test_as_python_reads_them(texts, separator):
    with np.errstate(all="raise"):
        parsed = parse_numbers(separator.join(texts).encode(), separator.encode())
    if not np.isfinite(expected(texts)).all():  # which the strict code refuses
        assert parsed is None
        return
    np.testing.assert_array_equal(parsed.view(np.int64), expected(texts).view(np.int64))


def test_the_middle_between_two_floats():
    """Decimals of up to eighteen digits that lie on, or right beside, a middle."""
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(3000):
        exponent = int(rng.integers(1, 12))
        odd = (1 << 53) + 1 + 2 * int(rng.integers(0, 1 << 40))
        digits = odd * 5**exponent  # odd / 2^exponent, in decimal
        for delta in (-1, 0, 1):
            text = str(digits + delta).rjust(exponent + 1, "0")
            texts.append(f"{text[:-exponent]}.{text[-exponent:]}")
    parsed = parse_numbers(" ".join(texts).encode())
    np.testing.assert_array_equal(parsed, expected(texts))


def test_many_random_ones(rng):
    for scale in (1e-5, 0.3, 50.0, 1e6):
        texts = [repr(x) for x in rng.normal(scale=scale, size=40_000).tolist()]
        np.testing.assert_array_equal(parse_numbers(" ".join(texts).encode()), expected(texts))


@pytest.mark.parametrize(
    "text",
    ["1.5 x", "1.5 1.x", "1.5 -", "1.5 .", "1.5 -.", "1.5 1_0.5", "1.5 1.0_5", "1..5", "1.5 1-2.5",
     "1.5 1.5.5", "1.5 0x1.8", "1.5 1:5", "1.5 1.:", "1.5 1/.5", "1.5 1.5e", "1.5  2.5"],
)  # fmt: skip
def test_no_number(text):
    assert parse_numbers(text.encode()) is None
