import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v.text.markup import prose

NUMPY = """
Return the sum of `a` along an axis.

Parameters
----------
a : array_like
    Elements to sum, which may be
    of any shape.
axis : int, optional
    Axis along which a sum is performed.

.. versionadded:: 1.7.0
    The keyword is new.

Notes
-----
The sum of an **empty** array is *zero*, see :func:`~numpy.add` and
`the page <https://example.org/sum>`_::

    literal = block

.. math:: y = x

Examples
--------
>>> np.sum([1, 2])
3

It ends here.
"""


def test_a_numpy_docstring():
    assert list(prose(NUMPY)) == [
        "Return the sum of a along an axis.",
        "a : array_like",
        "Elements to sum, which may be of any shape.",
        "axis : int, optional",
        "Axis along which a sum is performed.",
        "The keyword is new.",
        "The sum of an empty array is zero, see numpy.add and the page:",
        "It ends here.",
    ]


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ("* first item\n  goes on\n* second item", ["first item goes on", "second item"]),
        ("1. one thing\n2. other thing", ["one thing", "other thing"]),
        ("if x:\n    return y = 3\nThis is said.", ["This is said."]),
        ("+---+---+\n| 1 | 2 |\n+---+---+", []),
        ("Title\n=====\n", []),
        ("Mail me@example.org or see http://example.org/x now", ["Mail or see now"]),
        ("The ``**kwargs`` and *args of f", ["The **kwargs and *args of f"]),
        (">>> f()\n1\n2\n\nAfter the doctest.", ["After the doctest."]),
        ("", []),
    ],
)
def test_small_cases(document, lines):
    assert list(prose(document)) == lines


@given(st.text(st.sampled_from(" \n\t:.*`->_ab1|=\\"), max_size=80))
def test_any_text_gives_clean_lines(document):
    for line in prose(document):
        assert line == " ".join(line.split()) and " " in line
