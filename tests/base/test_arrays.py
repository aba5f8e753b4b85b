"""Files of named arrays, and modules kept in them."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.npz import read_arrays, write_arrays


def test_arrays_go_round(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays: dict[str, Any] = {
        "file": rng.normal(size=(3, 2)).astype(np.float32),
        "layers.0.重み": np.array(3),
        "empty": np.zeros((0, 4)),
        "columns": np.asfortranarray(rng.normal(size=(2, 3))),
    }
    path = tmp_path / "any name"
    write_arrays(path, arrays)
    found = read_arrays(path)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    with np.load(path) as archive:
        assert set(archive.files) == set(arrays)
    first = path.read_bytes()
    write_arrays(path, arrays)
    assert path.read_bytes() == first


def test_a_module_goes_round(tmp_path: Path, rng: np.random.Generator) -> None:
    model = tw.nn.Sequential(tw.nn.Linear(2, 3, rng=rng), tw.nn.Linear(3, 1, rng=rng))
    model.save(tmp_path / "model.npz")
    other = tw.nn.Sequential(tw.nn.Linear(2, 3), tw.nn.Linear(3, 1))
    other.load(tmp_path / "model.npz")
    x = np.ones((1, 2), np.float32)
    assert float(model(x)) == float(other(x))
    with pytest.raises(InputError, match=r"model\.npz: .*does not fit Linear: missing: weight"):
        tw.nn.Linear(2, 3).load(tmp_path / "model.npz")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(InputError, match="no such file"):
        read_arrays(path)
    path.write_bytes(pickle.dumps([1]))
    with pytest.raises(InputError, match="not an npz file"):
        read_arrays(path)
    np.savez(path, objects=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="pickle"):
        read_arrays(path)
    write_arrays(path, {"a": np.zeros(100)})
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match="cannot be read"):
        read_arrays(path)
    with pytest.raises(InputError, match="does not exist"):
        write_arrays(tmp_path / "missing" / "x.npz", {})


def test_damage_in_the_middle_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, {"a": np.zeros(100)})
    content = bytearray(path.read_bytes())
    content[400] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="cannot be read"):
        read_arrays(path)


@pytest.mark.parametrize(
    ("at", "value"),
    [(6, 1), (6, 0x20), (8, 99), (4, 99)],
    ids=["encrypted", "patched", "compression", "version"],
)
def test_kinds_of_zip_that_cannot_be_read(at, value, tmp_path: Path) -> None:
    """What a flipped bit makes of a file, found by the fuzzer."""
    path = tmp_path / "x.npz"
    write_arrays(path, {"a": np.zeros(3)})
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[at] = value
    content[entry + at + 2] = value
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"x\.npz: cannot be read as an npz file"):
        read_arrays(path)


def test_an_array_that_promises_too_much(tmp_path: Path) -> None:
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**9)}
    for write in (np.lib.format.write_array_header_1_0, np.lib.format.write_array_header_2_0):
        header.seek(0)
        write(header, shape)
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("a.npy", header.getvalue() + bytes(80))
        with pytest.raises(InputError, match="'a' has another size than its header says"):
            read_arrays(tmp_path / "x.npz")
