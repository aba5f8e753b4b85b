"""Which languages there are."""

from __future__ import annotations

import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.language import words_in


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"lang must be 'en' or 'ja', not 'fr'"):
        words_in("fr", {})  # type: ignore[arg-type]
