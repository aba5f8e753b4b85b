"""The checks that scikit-learn has for estimators.

It makes numbers for them, and skips estimators of texts. So all of them are run on a vectorizer
whose documents are rows of numbers, each number a word.
"""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import (
    check_do_not_raise_errors_in_init_or_set_params,
    check_estimator_cloneable,
    check_estimator_repr,
    check_estimator_tags_renamed,
    check_get_params_invariance,
    check_mixin_order,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
    estimator_checks_generator,
)
from sklearn.utils.validation import validate_data

from tinygrad_w2v.sklearn import Word2VecVectorizer

OF_NO_DATA = (
    check_estimator_cloneable,
    check_estimator_repr,
    check_estimator_tags_renamed,
    check_do_not_raise_errors_in_init_or_set_params,
    check_get_params_invariance,
    check_mixin_order,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
)


class RowsOfNumbers(Word2VecVectorizer):
    """Rows of numbers as documents."""

    def fit(self, X: Any, y: Any = None) -> Any:
        return super().fit(self._words(X, reset=True))

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        return super().fit_transform(self._words(X, reset=True))

    def transform(self, X: Any) -> Any:
        return super().transform(self._words(X, reset=False))

    def _words(self, X: Any, reset: bool) -> Any:
        numbers = validate_data(self, X, reset=reset).astype(float)
        return [[f"{place}:{number:.0f}" for place, number in enumerate(row)] for row in numbers]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = False, True
        return tags


SMALL = RowsOfNumbers(
    vector_size=3, min_count=1, epochs=1, sample=0, engine="numpy", weighting="sif"
)
CHECKS = {
    check.func.__name__ + str(number): (estimator, check)
    for number, (estimator, check) in enumerate(estimator_checks_generator(SMALL))
    if "array_api" not in check.func.__name__  # arrays of other libraries, which no text is in
}


@pytest.mark.filterwarnings("ignore:.*hold no word")  # numbers that were not learned from
@pytest.mark.parametrize("name", CHECKS)
def test_scikit_learns_checks_hold(name: str) -> None:
    estimator, check = CHECKS[name]
    if name.startswith("check_fit2d_1feature"):
        with pytest.raises(AssertionError, match="no sentence has two words"):
            check(estimator)  # it is told in other words than those that are looked for
    else:
        check(estimator)


@pytest.mark.parametrize("check", OF_NO_DATA)
def test_scikit_learns_checks_that_need_no_data_hold_for_texts(check: Any) -> None:
    check("Word2VecVectorizer", Word2VecVectorizer())
