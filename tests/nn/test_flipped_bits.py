"""One bit of a file is another one: what is read is what was written, or the file is refused.

A table is larger than what a zip reads at a time, so that no checksum has been compared yet when
its header is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.npz import read_arrays, write_arrays
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.history import RunState
from tinygrad_w2v.word2vec.file import read_model, write_model

ROWS = 1500
TABLE = np.arange(2 * ROWS, dtype=np.float32).reshape(ROWS, 2)
WORDS = [f"w{i}" for i in range(ROWS)]


class Layer(tw.Module):
    def __init__(self) -> None:
        self.weight = tw.Parameter(np.zeros_like(TABLE))


def module(path: Path) -> Any:
    layer = Layer()
    layer.load(path)
    return layer.weight.data


def write_module(path: Path) -> None:
    layer = Layer()
    layer.weight.data = TABLE.copy()
    layer.save(path)


def vectors(path: Path, mmap: bool = False) -> Any:
    found = tw.WordVectors.load(path, mmap=mmap)
    assert found.index_to_key == WORDS
    return found.vectors


def model(path: Path) -> Any:
    found = read_model(path)
    assert found.vocabulary.words == WORDS
    np.testing.assert_array_equal(found.tables["w_out"], TABLE)
    return found.tables["w_in"]


def write_a_model(path: Path) -> None:
    write_model(path, Vocabulary(WORDS, [1] * ROWS), {"w_in": TABLE, "w_out": TABLE}, {"a": 1})


def arrays(path: Path) -> Any:
    found = read_arrays(path)
    assert list(found) == ["w"]
    return found["w"]


KINDS: dict[str, tuple[Callable[[Path], None], Callable[[Path], Any]]] = {
    "arrays": (lambda path: write_arrays(path, {"w": TABLE}), arrays),
    "module": (write_module, module),
    "vectors": (tw.WordVectors(WORDS, TABLE).save, vectors),
    "mapped vectors": (tw.WordVectors(WORDS, TABLE).save, lambda path: vectors(path, mmap=True)),
    "model": (write_a_model, model),
}


def flips(data: bytes, header: int, every: bool) -> Iterator[bytes]:
    """Yield the file with a bit of its headers changed, which are at its beginning and its end."""
    places = [*range(header), *range(len(data) - header, len(data))]
    for number, place in enumerate(places):
        first = every and number < header
        for bit in range(8) if first else {number % 8, (number // 8) % 8}:
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            yield bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_read_or_refused(kind, tmp_path) -> None:
    write, read = KINDS[kind]
    path, refused = tmp_path / "file.npz", 0
    write(path)
    np.testing.assert_array_equal(read(path), TABLE)
    data = path.read_bytes()
    # Of numbers that are mapped no checksum is taken.
    header = min(330, data.index(TABLE[1:].tobytes()) - TABLE[0].nbytes)
    for changed in flips(data, header if "mapped" in kind else 330, every=False):
        path.write_bytes(changed)
        try:
            found = read(path)
        except InputError as error:
            refused += 1
            assert str(path) in str(error)
        else:
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, TABLE)
    assert refused > 100


def test_a_checkpoint_is_read_or_the_one_before_it(tmp_path) -> None:
    checkpoints = Checkpoints(tmp_path, lambda: {"w": TABLE}, {"seed": 1}, say=pytest.fail)
    checkpoints.write(RunState(batch=1))
    path, taken = checkpoints.write(RunState(batch=2)), [0, 0, 0]
    said: list[str] = []
    for changed in flips(path.read_bytes(), header=190, every=True):
        path.write_bytes(changed)
        found = newest_checkpoint(tmp_path, said.append)
        taken[found.state.batch] += 1
        assert list(found.tables) == ["w"]
        assert found.tables["w"].dtype == np.float32
        np.testing.assert_array_equal(found.tables["w"], TABLE)
        assert found.about == {"seed": 1}
    assert taken[1] == len(said) > 800
    assert "taking the checkpoint before it" in said[0]
