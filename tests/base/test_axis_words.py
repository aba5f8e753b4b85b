"""Words for rows and columns: what may be given, and what is refused with the array's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_w2v._base.axis_words import AxisWords, axis_words
from tinygrad_w2v._base.errors import InputError

SHAPES: dict[str, tuple[int, ...]] = {"w": (2, 3), "b": (3,), "number": ()}
ROWS, COLUMNS = ("you", "say"), ("a", "b", "c")


@pytest.mark.parametrize(
    "given",
    [ROWS, list(ROWS), np.array(ROWS), {1: "say", 0: "you"}, {np.int64(0): "you", 1: "say"}],
)
def test_rows_are_a_sequence_or_id_to_word(given: Any) -> None:
    assert axis_words({"w": given}, SHAPES) == {"w": AxisWords(ROWS, None)}
    assert axis_words({"w": (given, None)}, SHAPES) == {"w": AxisWords(ROWS, None)}
    assert axis_words({"w": (given, COLUMNS)}, SHAPES) == {"w": AxisWords(ROWS, COLUMNS)}


def test_columns_alone_and_nothing() -> None:
    assert axis_words({"w": (None, COLUMNS)}, SHAPES) == {"w": AxisWords(None, COLUMNS)}
    assert axis_words(None, SHAPES) == axis_words({}, SHAPES) == {}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"W": ROWS}, "labels name 'W', but the arrays are 'w', 'b', 'number'"),
        ({"w": COLUMNS}, "labels give 3 words for the 2 rows of 'w'"),
        ({"w": (ROWS, ROWS)}, "labels give 2 words for the 3 columns of 'w'"),
        ({"b": (COLUMNS, COLUMNS)}, "words for the columns of 'b', which has none"),
        ({"number": ["one"]}, "words for the rows of 'number', which has none"),
        ({"w": "ab"}, "must be a sequence of words, not 'ab'"),
        ({"w": [1, 2]}, "must be a sequence of words"),
        ({"w": {0: "you", 2: "say"}}, "need a word for each id from 0 to 1"),
        (["you", "say"], "labels must be a dict"),
        ({"w": 3}, "must be a sequence of words, not 3"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(labels: Any, expected: str) -> None:
    with pytest.raises(InputError) as raised:
        axis_words(labels, SHAPES)
    assert expected in str(raised.value)
