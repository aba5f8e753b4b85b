"""Whatever a JSON file holds, what is returned is an object, or a ValueError says why not."""

from __future__ import annotations

import pytest

from tinygrad_w2v._base.json_object import json_object


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_objects_are_read(mark) -> None:
    text = mark + '{"word": "猫 \\ud800", "n": [1, 2.5, null]}'.encode()
    assert json_object(text) == {"word": "猫 \ud800", "n": [1, 2.5, None]}
    assert json_object(mark + b'{"raw": "\xed\xa0\x80"}') == {"raw": "\ud800"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"[1]", "it holds no object"),
        (b"3", "it holds no object"),
        (b"[" * 99_999, "it is nested too deeply"),
        (b'{"a": "\xff"}', "invalid start byte"),
    ],
    ids=ascii,
)
def test_anything_else_is_a_value_error(text, message) -> None:
    with pytest.raises(ValueError, match=message):
        json_object(text)
