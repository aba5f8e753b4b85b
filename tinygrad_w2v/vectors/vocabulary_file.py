"""Words and counts as word2vec.c keeps them with ``-save-vocab``: a line ``word count`` each.

gensim reads and writes the same file as `fvocab`, beside vectors whose format holds no counts.
"""

from collections.abc import Sequence
from typing import IO

from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.vectors.blocks import shown
from tinygrad_w2v.vectors.source import BOM, malformed, marked, open_source
from tinygrad_w2v.vectors.word2vec_header import MAX_WORD, encode_word

_MOST = 2**63 - 1
_LONGEST = MAX_WORD + 64  # bytes of a line


def write_vocabulary(stream: IO[bytes], words: Sequence[str], counts: IntArray) -> None:
    r"""Write words with their counts, in their order.

    Raises
    ------
    InputError
        If a word holds a blank.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> stream = io.BytesIO()
    >>> write_vocabulary(stream, ["say", "you"], np.array([2, 1]))
    >>> stream.getvalue()
    b'say 2\nyou 1\n'
    """
    for row, (word, count) in enumerate(zip(words, counts.tolist(), strict=True)):
        line = b"%b %d\n" % (encode_word(word, row), count)
        stream.write(line if row else marked(line))


def read_vocabulary_file(path: PathLike, unicode_errors: str = "strict") -> dict[str, int]:
    """Return the count of each word; of a word that comes twice, the first.

    Raises
    ------
    InputError
        If a line is not a word and its count, with line and byte.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "vocab.txt")
    ...     _ = path.write_text("say two", encoding="utf-8")
    ...     read_vocabulary_file(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: ...vocab.txt, line 1, byte 0: 'say two' is not a word ...
    """
    counts: dict[str, int] = {}
    with open_source(path) as source:
        line, byte = 1, 0
        while raw := source.stream.readline(_LONGEST):
            fields = (raw.removeprefix(BOM) if byte == 0 else raw).split()
            if len(fields) == 2 and fields[1].isdigit() and len(fields[1]) < 20:
                count = int(fields[1])
                if count <= _MOST:
                    try:
                        word = fields[0].decode("utf-8", unicode_errors)
                    except UnicodeDecodeError as error:
                        malformed(path, f"the word is not UTF-8: {error}", line=line, byte=byte)
                    counts.setdefault(word, count)
                    line, byte = line + 1, byte + len(raw)
                    continue
            problem = f"{shown(raw.decode('utf-8', 'replace').strip())} is not a word and its count"
            malformed(path, problem, line=line, byte=byte)
    return counts
