"""The answer to a name that is not there: the line to write, where the name is from elsewhere.

Readers bring the names of the book, users those of gensim 3 and of PyTorch. A name that is near
to one of ours is taken for a slip. All of this is imported when an error is about to be raised.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NoReturn

from tinygrad_w2v._base.book_names import answer

_PACKAGE = {
    "F": "write `import tinygrad_w2v.functions as F`",
    "Tensor": "write `tw.Variable(data)`",
    "tensor": "write `tw.Variable(data)`",
    "array": "write `tw.Variable(data)`",
    "zeros": "write `tw.Variable(np.zeros(shape))`",
    "ones": "write `tw.Variable(np.ones(shape))`",
    "mse_loss": "write `((y - t) ** 2).mean()`",
    "mean_squared_error": "write `((y - t) ** 2).mean()`",
    "linear": "write `x @ W + b`, or use `tw.nn.Linear`",
    "nll_loss": "write `F.cross_entropy(scores, t)`",
    "binary_cross_entropy": "write `F.sigmoid_cross_entropy(scores, labels)`",
    "numerical_gradient": "write `tw.check_grads(f, x)`, which compares it with the rules",
}
_GENSIM_3 = {
    "vocab": "write `key_to_index`, and `get_vecattr(word, 'count')` for its count",
    "index2word": "write `index_to_key`",
    "index2entity": "write `index_to_key`",
    "syn0": "write `vectors`",
    "syn0norm": "write `get_vector(word, norm=True)`",
    "vectors_norm": "write `get_vector(word, norm=True)`",
    "word_vec": "write `get_vector(word)`",
    "init_sims": "nothing is to be prepared; write `get_vector(word, norm=True)`",
    "words_closer_than": "write `closer_than(word, other)`",
    "sort_by_descending_frequency": "nothing is to be prepared",
    "norms": "write `np.linalg.norm(wv.vectors, axis=1)`",
    "wv": "these are the vectors themselves: leave out `.wv`",
}
_OF_MODELS = {
    "init_sims": _GENSIM_3["init_sims"],
    "layer1_size": "write `vector_size`",
    "prepare_vocab": "write `build_vocab`",
    "estimate_memory": "what does not fit into memory is refused before it is trained",
    "reset_from": "write `build_vocab`, and `model.wv[word] = vector` for what is known",
    "running_training_loss": "write `get_latest_training_loss()`, or `losses`",
    "lifecycle_events": "what was done is in the log, at INFO",
}
_ELSEWHERE = {"": _PACKAGE, "WordVectors": _GENSIM_3, "Word2Vec": _OF_MODELS}


def told(name: str, on: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: what to write, or a name that is near.

    Parameters
    ----------
    name : str
    on : str
        The class whose attribute was asked for; empty for the package's own names.
    known : iterable of str
        What there is.

    Examples
    --------
    >>> told("wordvectors", "", ["WordVectors", "Trainer"])
    '; did you mean `WordVectors`?'
    """
    if text := answer(name, on):
        return text
    if text := _ELSEWHERE.get(on, {}).get(name, ""):
        return f": {text}"
    by_lower = {word.lower(): word for word in known if not word.startswith("_")}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.75)
    return f"; did you mean `{by_lower[near[0]]}`?" if near else ""


def refuse_name(module: str, name: str, known: Iterable[str]) -> NoReturn:
    """Raise for a name that a module does not have; called by its ``__getattr__``.

    Raises
    ------
    ImportError
        In ``from tinygrad_w2v import ...``, which would replace the text of the other.
    AttributeError
        Elsewhere.
    """
    text = f"module {module!r} has no attribute {name!r}"
    if not name.startswith("__"):
        text += told(name, "", known)
        frame = sys._getframe(2)
        if frame.f_code.co_code[frame.f_lasti] == dis.opmap["IMPORT_FROM"]:
            raise ImportError(text, name=name)
    raise AttributeError(text)


def attribute_of(owner: Any, name: str, on: str, **parts: type) -> Any:
    """Raise for an attribute that an object does not have; called by its ``__getattr__``.

    Of a property that failed with an AttributeError, it is that error which is raised.

    Parameters
    ----------
    owner : object
    name : str
    on : str
        The class by which the tables know it.
    **parts : type
        Attributes of `owner`, with their classes, one of which may have what is asked for.
    """
    kind = type(owner)
    if hasattr(kind, name):
        return object.__getattribute__(owner, name)
    text = f"{kind.__name__!r} object has no attribute {name!r}"
    if not name.startswith("_"):
        part = next((part for part, other in parts.items() if hasattr(other, name)), None)
        text += f": write `model.{part}.{name}`" if part else told(name, on, dir(kind))
    raise AttributeError(text)
