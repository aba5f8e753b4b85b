"""The three text functions of the book's chapter 3: words to ids, ids to contexts, ids to one-hot.

After K. Saitoh, *Deep Learning from Scratch 2*, chapters 2 and 3; the functions keep the book's
names, arguments and results.
"""

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.checks import require_number
from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.types import FloatArray, IntArray


def preprocess(text: str) -> tuple[IntArray, dict[str, int], dict[int, str]]:
    """Turn a text into word ids, numbered in the order of first appearance.

    The text is lower-cased, every full stop becomes a word of its own, and the text is split at
    single spaces.

    Parameters
    ----------
    text
        A short text.

    Returns
    -------
    corpus : IntArray
        The ids of the words, shape (number of words,).
    word_to_id : dict
        The id of each word.
    id_to_word : dict
        The word of each id.

    Raises
    ------
    InputError
        When `text` is not a string.

    Examples
    --------
    >>> corpus, word_to_id, id_to_word = preprocess("You say goodbye and I say hello.")
    >>> corpus
    array([0, 1, 2, 3, 4, 1, 5, 6])
    >>> word_to_id["hello"], id_to_word[6]
    (5, '.')
    """
    if not isinstance(text, str):
        raise InputError(
            f"preprocess takes one string, not {type(text).__name__}; join the parts first"
        )
    words = text.lower().replace(".", " .").split(" ")
    word_to_id: dict[str, int] = {}
    for word in words:
        word_to_id.setdefault(word, len(word_to_id))
    corpus = np.array([word_to_id[word] for word in words])
    return corpus, word_to_id, {id_: word for word, id_ in word_to_id.items()}


def create_contexts_target(
    corpus: npt.ArrayLike, window_size: int = 1
) -> tuple[IntArray, IntArray]:
    """Divide a corpus into targets and the words around them.

    Only words with `window_size` neighbours on both sides become targets.

    Parameters
    ----------
    corpus
        Word ids, shape (number of words,).
    window_size
        The number of context words on each side.

    Returns
    -------
    contexts : IntArray
        Shape (number of words - 2 window_size, 2 window_size).
    target : IntArray
        Shape (number of words - 2 window_size,).

    Raises
    ------
    ShapeError
        When `corpus` is not one row of ids.
    InputError
        When the window is not positive, or wider than the corpus.

    Examples
    --------
    >>> contexts, target = create_contexts_target([0, 1, 2, 3, 4, 1, 5, 6], window_size=1)
    >>> contexts[:2]
    array([[0, 2],
           [1, 3]])
    >>> target
    array([1, 2, 3, 4, 1, 5])
    """
    ids = _as_ids(corpus, "corpus")
    if ids.ndim != 1:
        raise ShapeError(f"corpus must be one row of word ids, but has shape {ids.shape}")
    require_number("window_size", window_size, whole=True)
    if window_size < 1:
        raise InputError(f"window_size must be 1 or more, not {window_size}")
    width = 2 * window_size + 1
    if len(ids) < width:
        raise InputError(
            f"window_size={window_size} needs a corpus of at least {width} words, "
            f"but it has {len(ids)}; use a smaller window or a longer text"
        )
    windows = np.lib.stride_tricks.sliding_window_view(ids, width)
    return np.delete(windows, window_size, axis=1), windows[:, window_size].copy()


def convert_one_hot(ids: npt.ArrayLike, vocab_size: int) -> FloatArray:
    """Write each word id as a row that is 1 at the id and 0 elsewhere.

    Parameters
    ----------
    ids
        Word ids, shape (batch,) for targets or (batch, contexts) for contexts.
    vocab_size
        The number of words V.

    Returns
    -------
    FloatArray
        float32, shape (batch, V) or (batch, contexts, V).

    Raises
    ------
    ShapeError
        When `ids` has neither one nor two axes.
    InputError
        When an id is not in 0 ... V - 1.

    Examples
    --------
    >>> convert_one_hot([1, 0], vocab_size=3)
    array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    >>> convert_one_hot([[0, 2], [1, 3]], vocab_size=7).shape
    (2, 2, 7)
    """
    require_number("vocab_size", vocab_size, whole=True)
    rows = _as_ids(ids, "ids")
    if rows.ndim not in (1, 2):
        raise ShapeError(
            f"ids must have shape (batch,) or (batch, contexts), but has shape {rows.shape}"
        )
    if rows.size and not (0 <= rows.min() and rows.max() < vocab_size):
        wrong = rows[(rows < 0) | (rows >= vocab_size)][0]
        raise InputError(f"id {wrong} is not in 0 ... {vocab_size - 1}: vocab_size is {vocab_size}")
    one_hot = np.zeros((*rows.shape, vocab_size), dtype=np.float32)
    np.put_along_axis(one_hot, rows[..., None], 1, axis=-1)
    return one_hot


def _as_ids(values: npt.ArrayLike, name: str) -> IntArray:
    if isinstance(values, tuple) and any(isinstance(part, dict) for part in values):
        raise InputError(
            f"{name} is all that `preprocess` returns; take it apart first: "
            "`corpus, word_to_id, id_to_word = preprocess(text)`"
        )
    ids = np.asarray(values)
    if ids.size == 0:
        return ids.astype(np.int64)
    if not np.issubdtype(ids.dtype, np.integer):
        raise InputError(f"{name} must hold integer word ids, not {ids.dtype}; preprocess the text")
    return ids
