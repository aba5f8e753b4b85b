"""Files taken apart, changed where it hurts, and put together again.

Most random changes of bytes end at the first checksum. Here a file is understood: a compressed one
is unpacked, an archive has members, an array a header, JSON values, a text lines and numbers. One
of these is changed, and what stands around it (lengths, checksums) is made to fit again, so that
the change is seen by the code that it is meant for.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import warnings
import zipfile
from typing import Any

import numpy as np

INTERESTING = [
    b"\x00", b"\n", b"\r\n", b" ", b"\t", b"  ", b"\xff", b"\xef\xbb\xbf", b"nan", b"-inf",
    b"1e999", b"1e-999", b"0x10", b"1_0", b"-", b".", b"e", b"+1", b"99999999999999999999",
    b"18446744073709551615", b"-1", b"9223372036854775807", b"2147483648", b"\\", b"\\ud800",
    b"\\u00", b"(", b"((((((((", b"{", b"}", b"[", b"'", b"\"", b"O", b"|O", b">f8", b"<f2",
    b"\x80\x04", b"\x1f\x8b", b"PK\x05\x06", b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f", b"True", b"False", b", ", b"\xe3\x80\x80", b"\x1b[2J",
]  # fmt: skip
WHOLE = [0, 1, -1, 2, 3, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1]
VALUES: list[Any] = [
    *WHOLE, 10**30, -(10**30), 1e308, float("nan"), float("inf"), -0.0, 0.5, True, None, "", "\x00",
    "fuzz_evil:run", "os:system", "\ud800", "\x1b[2J", "/etc/passwd", "../..", "a" * 5000, [], {},
    [None], [[]], {"": {}}, [1] * 50,
]  # fmt: skip
DTYPES = [
    "<f4", ">f4", "<f8", "<f2", "<i8", "<u8", "|u1", "|O", "<U4", "|S3", "|b1", "<c8", "<M8[s]",
    "|V4", "[('a', '<f4')]", "f4", "", "<f16", "|i1", "<i4",
]  # fmt: skip
LONG = [b"\n" * 200_000, b" " * 1_000_000, b"\0" * 1_000_000, b"a" * 1_000_000, b"1 " * 500_000]
FASTTEXT = (793712314).to_bytes(4, "little")
DAMAGE = (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, RecursionError)


def pick(rng: np.random.Generator, options: Any) -> Any:
    """Return one of some options."""
    return options[int(rng.integers(len(options)))]


def changed(data: bytes, rng: np.random.Generator, depth: int = 0) -> bytes:
    """Return a file with something in it changed, deep inside where there is a structure."""
    if depth < 4 and rng.random() < 0.85:
        for begins, change in (
            ((b"\x1f\x8b", b"BZh", b"\xfd7zXZ"), _compressed),
            ((b"PK\x03\x04",), _zip),
            ((b"\x93NUMPY",), _npy),
            ((b"{", b"["), _json),
            ((FASTTEXT,), _fasttext),
        ):
            if data.startswith(begins):
                try:
                    return change(data, rng, depth)
                except DAMAGE:  # of a case that is changed twice
                    break
        if _is_safetensors(data):
            return _safetensors(data, rng, depth)
        if rng.random() < 0.6:
            return _lines(data, rng)
    return mutated(data, rng)


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Return `data` with some bytes changed, removed, repeated, or put elsewhere."""
    result = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(0, len(result) + 1))
        until = min(len(result), at + int(rng.choice([1, 1, 2, 4, 8, 40])))
        kind = rng.integers(0, 9)
        if kind == 0:
            del result[at:until]
        elif kind == 1:
            result[at:until] = rng.integers(0, 256, until - at, dtype=np.uint8).tobytes()
        elif kind == 2:
            result[at:at] = pick(rng, INTERESTING)
        elif kind == 3:
            piece = pick(rng, INTERESTING)
            result[at : at + len(piece)] = piece
        elif kind == 4:
            result[at:at] = result[at:until] * int(rng.choice([1, 2, 50]))
        elif kind == 5 and at < len(result):
            result[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 6:
            digits = [i for i, byte in enumerate(result[:2000]) if 48 <= byte < 58]
            if digits:
                result[pick(rng, digits)] = int(rng.integers(48, 58))
        elif kind == 7 and at + 8 <= len(result):
            size, code = pick(rng, [(2, "<H"), (4, "<I"), (8, "<Q")])
            result[at : at + size] = struct.pack(code, pick(rng, WHOLE) % 256**size)
        elif rng.random() < 0.3:
            del result[at:]
    return bytes(result)


def spliced(one: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Return the beginning of one file and the end of another."""
    return one[: rng.integers(len(one) + 1)] + other[rng.integers(len(other) + 1) :]


# Structures, each by its first bytes


def _compressed(data: bytes, rng: np.random.Generator, depth: int) -> bytes:
    module: Any = gzip if data[:1] == b"\x1f" else bz2 if data[:1] == b"B" else lzma
    inside = module.decompress(data)
    kind = rng.integers(0, 6)
    if kind == 0:  # two streams, one behind the other
        return module.compress(inside) + module.compress(changed(inside, rng, depth + 1))
    if kind == 1:  # what unpacks to much
        return module.compress(inside + pick(rng, LONG))
    return module.compress(changed(inside, rng, depth + 1))


def _zip(data: bytes, rng: np.random.Generator, depth: int) -> bytes:
    if rng.random() < 0.3:
        return _zip_fields(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    at = int(rng.integers(len(members)))
    name, content = members[at]
    kind = rng.integers(0, 12)
    if kind == 0:
        del members[at]
    elif kind == 1:
        members.append((name, changed(content, rng, depth + 1)))  # the same name twice
    elif kind == 2:
        members[at] = (pick(rng, ["", "x.npy", "../x.npy", "/x.npy", "\ud7ff.npy"]), content)
    elif kind == 3:
        members[at] = (name, pick(rng, members)[1])
    elif kind == 4:
        members += [(f"more{k}.npy", content) for k in range(50)]
    else:
        members[at] = (name, changed(content, rng, depth + 1))
    packed = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if rng.random() < 0.2 else zipfile.ZIP_STORED
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", method) as archive:
        warnings.simplefilter("ignore")  # names that come twice are meant
        for name, content in members:
            info = zipfile.ZipInfo(name)
            # The numbers in ours begin at a multiple of 64; kept, so that they can be mapped.
            used = packed.tell() + 30 + len(name.encode()) + 20 + 4
            if content.startswith(b"\x93NUMPY\x02"):
                used += 12 + int.from_bytes(content[8:12], "little")
            info.extra = struct.pack("<HH", 0xD935, -used % 64) + bytes(-used % 64)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=True) as file:
                file.write(content)
    return packed.getvalue()


# Where numbers stand in a zip, after each signature: their places and sizes.
_FIELDS = {
    b"PK\x03\x04": [(4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)],
    b"PK\x01\x02": [(6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2),
                    (42, 4)],
    b"PK\x05\x06": [(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)],
}  # fmt: skip


def _zip_fields(data: bytes, rng: np.random.Generator) -> bytes:
    """Lie in one to three of an archive's own numbers."""
    result = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        signature = pick(rng, list(_FIELDS))
        places = [i for i in range(len(data)) if data.startswith(signature, i)]
        if places:
            place, size = pick(rng, _FIELDS[signature])
            at = pick(rng, places) + place
            old = int.from_bytes(result[at : at + size], "little")
            new = pick(rng, [*WHOLE, old + 1, old - 1, 2 * old, len(data)])
            result[at : at + size] = (new % 256**size).to_bytes(size, "little")
    return bytes(result)


def _npy(data: bytes, rng: np.random.Generator, depth: int) -> bytes:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else None
    shape, fortran, dtype = (read or np.lib.format.read_array_header_2_0)(stream)
    body = data[stream.tell() :]
    if dtype == np.uint8 and body.startswith(b"{") and rng.random() < 0.7:
        body = changed(body, rng, depth + 1)
        shape = (len(body),)
    descr: Any = repr(np.lib.format.dtype_to_descr(dtype))
    kind = rng.integers(0, 9)
    if kind == 0:
        at = int(rng.integers(len(shape) + 1))
        shape = (*shape[:at], pick(rng, [*WHOLE, 10**18]), *shape[at + 1 :])
    elif kind == 1:
        shape = pick(rng, [(), (0,), (1,) * 33, shape[::-1], (*shape, 1), (2**32, 2**32)])
    elif kind == 2:
        chosen = pick(rng, DTYPES)
        descr = chosen if chosen.startswith("[") else repr(chosen)
    elif kind == 3:
        fortran = not fortran
    elif kind == 4:
        body = mutated(body, rng)
    elif kind == 5:  # as many bytes as before, read as something else
        values = np.frombuffer(body[: len(body) // 8 * 8], "<i8").copy()
        if len(values):
            values[int(rng.integers(len(values)))] = np.int64(pick(rng, WHOLE[:13]))
            body = values.tobytes() + body[len(values) * 8 :]
    elif kind == 6:
        body = body[: rng.integers(len(body) + 1)]
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape!r}, }}"
    if rng.random() < 0.15:
        text = mutated(text.encode(), rng).decode("latin1")
    if rng.random() < 0.05:
        text = "(" * 2000 + text
    header = text.encode("latin1") + b"\n"
    if version == (1, 0):
        header = header[:65000]
    length = len(header) if rng.random() < 0.9 else pick(rng, WHOLE) % 65536
    if rng.random() < 0.1:
        version = pick(rng, [(1, 0), (2, 0), (3, 0), (0, 0), (255, 255)])
    code = "<H" if version == (1, 0) else "<I"
    return b"\x93NUMPY" + bytes(version) + struct.pack(code, length) + header + body


def _json(data: bytes, rng: np.random.Generator, depth: int) -> bytes:
    value = json.loads(data.decode("utf-8", "surrogatepass"))
    for _ in range(int(rng.integers(1, 3))):
        value = _json_value(value, rng)
    text = json.dumps(value)
    if rng.random() < 0.05:
        text = "[" * 50_000 + text
    if rng.random() < 0.05:
        text = text.replace("1", "9" * 5000, 1)
    return text.encode()


def _json_value(value: Any, rng: np.random.Generator) -> Any:
    """Change a value somewhere in the tree."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = pick(rng, list(value))
        kind = rng.integers(0, 10)
        if kind == 0:
            return {k: v for k, v in value.items() if k != key}
        if kind == 1:
            return value | {pick(rng, ["", "x", "corpus_file", "tokenizer", key + "x"]): value[key]}
        if kind == 2:
            return value | {key: value[pick(rng, list(value))]}
        return value | {key: _json_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = int(rng.integers(len(value)))
        if rng.random() < 0.3:
            return value[:at] + value[at + 1 :] * int(rng.integers(0, 3))
        return [*value[:at], _json_value(value[at], rng), *value[at + 1 :]]
    return pick(rng, VALUES)


# What a model of fastText begins with: version, settings, words and labels, tokens, pruned.
_MODEL = "<4x i 12i d 3i 2q"


def _fasttext(data: bytes, rng: np.random.Generator, depth: int) -> bytes:
    """Lie in one of a model's numbers, in a word, in a table, or in the sizes of one."""
    size = struct.calcsize(_MODEL)
    numbers: list[Any] = list(struct.unpack_from(_MODEL, data))
    at, ends = size, []
    for _ in range(numbers[14]):
        at = data.index(b"\0", at) + 1 + 9
        ends.append(at)
    kind = rng.integers(0, 6)
    if kind < 2:
        place = int(rng.integers(len(numbers)))
        old = numbers[place]
        bits = 64 if place > 16 else 32
        value = pick(rng, [*WHOLE, -2, -(2**31), old + 1, old - 1, 2 * old, int(rng.integers(99))])
        numbers[place] = (int(value) + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
        if place == 13:
            numbers[place] = pick(rng, [0.0, -1.0, 1e308, float("nan"), float("inf")])
        return data[:4] + struct.pack(_MODEL, *numbers)[4:] + data[size:]
    if kind == 2:  # a table's sizes
        return _lied(data, at + int(rng.choice([1, 9])), 8, rng)
    if kind == 3:  # a number of a table
        places = range(at + 17, len(data) - 4)
        place = places[int(rng.integers(len(places)))]
        bad = struct.pack("<f", pick(rng, [float("nan"), float("inf"), 3e38, -3e38, 0.0]))
        return data[:place] + bad + data[place + 4 :]
    entry = int(rng.integers(len(ends)))
    begin, end = [size, *ends][entry : entry + 2]
    if kind == 4:
        old = data[begin : end - 10]
        twice, half = data[size : ends[0] - 10], b"\xed\xa0\x80"
        words = [b"", b"\xff", half, old + b"\0", b"a" * 70_000, mutated(old, rng), twice]
        word = pick(rng, words)
        return data[:begin] + word + data[end - 10 :]
    return _lied(data, end - 9, int(rng.choice([8, 9])), rng)


def _lied(data: bytes, at: int, size: int, rng: np.random.Generator) -> bytes:
    """Put another number in place of one."""
    old = int.from_bytes(data[at : at + size], "little")
    new = pick(rng, [*WHOLE, old + 1, old - 1, 2 * old, 10**18]) % 256**size
    return data[:at] + new.to_bytes(size, "little") + data[at + size :]


def _is_safetensors(data: bytes) -> bool:
    return len(data) > 8 and data[8:9] == b"{" and int.from_bytes(data[:8], "little") < len(data)


def _safetensors(data: bytes, rng: np.random.Generator, depth: int) -> bytes:
    length = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + length].rstrip(), data[8 + length :]
    if rng.random() < 0.6:
        header = _json(header, rng, depth)
    elif rng.random() < 0.5:
        body = mutated(body, rng)
    else:
        length = pick(rng, [*WHOLE, length + 1, length - 1]) % 2**64
        return length.to_bytes(8, "little") + header + body
    header = header.ljust(length)
    return len(header).to_bytes(8, "little") + header + body


def _lines(data: bytes, rng: np.random.Generator) -> bytes:
    """Change the lines of a text, or one of the fields of a line."""
    lines = data.split(b"\n")
    at = int(rng.integers(len(lines)))
    kind = rng.integers(0, 10)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, pick(rng, lines))
    elif kind == 2:
        lines.insert(at, b"")
    elif kind == 3:
        lines[at] = b""
    elif kind == 4:
        lines = lines * int(rng.integers(2, 4))
    else:
        separator = b"\t" if b"\t" in lines[at] else b" "
        fields = lines[at].split(separator)
        place = 0 if rng.random() < 0.3 else int(rng.integers(len(fields)))
        value = pick(rng, [*INTERESTING, *(b"%d" % n for n in WHOLE), b"9" * 400, b"a" * 70_000])
        if kind < 8:
            fields[place] = value
        elif kind == 8:
            fields.insert(place, value)
        else:
            del fields[place]
        lines[at] = separator.join(fields)
    return b"\n".join(lines)
