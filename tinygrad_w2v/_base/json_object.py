"""Objects in JSON, from files that anybody may have changed."""

import json
from typing import Any


def json_object(text: bytes) -> dict[str, Any]:
    """Return the object that a JSON text holds; a byte order mark before it is left out.

    Raises
    ------
    ValueError
        For anything else, brackets without end among it.

    Examples
    --------
    >>> json_object(b'{"words": 3}')
    {'words': 3}
    >>> json_object(b"[3]")
    Traceback (most recent call last):
    ValueError: it holds no object
    """
    try:
        value = json.loads(text.decode("utf-8", "surrogatepass").removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it holds no object")
    return value
