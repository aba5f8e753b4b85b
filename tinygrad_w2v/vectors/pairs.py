"""Two files that belong together take their names together, though a system renames one at a time.

A process that is killed between two renames would leave new words beside old vectors. So both are
written beside their targets, then a third file is, ``NAME.pair.json``: from then on the new pair
stands, wherever its files are. They take their names, and the third one goes. Where it is still
there, a kill was faster: a reader takes the files that it knows by what is in them, and no others.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tinygrad_w2v._base.compressed import compressed
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import Draft, PathLike, safe_write
from tinygrad_w2v._base.json_object import json_object

FORMAT = "tinygrad_w2v pair 1"


def manifest_path(first: PathLike) -> Path:
    """Return the path of the file that knows a pair while it takes its names.

    Examples
    --------
    >>> manifest_path("v.npy").name
    'v.npy.pair.json'
    """
    return Path(first).with_name(Path(first).name + ".pair.json")


@contextmanager
def open_pair(first: PathLike, second: PathLike) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open two files to write that will be read together; both appear, or none.

    Parameters
    ----------
    first, second : path
        The files; each is compressed if its name says so.

    Raises
    ------
    InputError, WriteError
        As `safe_write`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table, words = Path(folder, "v.npy"), Path(folder, "v.words.tsv")
    ...     with open_pair(table, words) as (one, other):
    ...         _ = one.write(b"1 2"), other.write(b"you")
    ...     table.read_bytes(), found_pair(table, words) == (table, words)
    (b'1 2', True)
    """
    manifest = manifest_path(first)
    with Draft(first) as one, Draft(second) as other:
        with ExitStack() as stack:
            files = [
                stack.enter_context(compressed(draft.file, draft.path)) for draft in (one, other)
            ]
            yield files[0], files[1]
        drafts = {"first": one, "second": other}
        for draft in drafts.values():
            draft.finish()
        before = _read(manifest)
        known = {"format": FORMAT} | {
            which: {
                "name": Path(draft.path).name,
                "written_as": draft.temporary.name,
                "sha256": _digest(draft.temporary),
            }
            for which, draft in drafts.items()
        }
        one.kept = other.kept = True
        try:
            with safe_write(manifest) as file:
                file.write(json.dumps(known, indent=2) + "\n")
        finally:
            # It may stand even where an error came after it.
            one.kept = other.kept = _read(manifest) == known
        other.publish()
        one.publish()
        manifest.unlink()
        for which, draft in drafts.items():  # what a process left that was killed
            with suppress(OSError, KeyError, TypeError, InputError):
                _beside(draft.target, before[which]["written_as"]).unlink()


def found_pair(first: PathLike, second: PathLike) -> tuple[Path, Path]:
    """Return where the files of a pair are to be read: under their names, unless a kill was faster.

    Parameters
    ----------
    first, second : path
        The names.

    Raises
    ------
    InputError
        If a file that a killed process was writing is not there any more.

    Examples
    --------
    >>> found_pair("v.npy", "v.words.tsv")[1].name
    'v.words.tsv'
    """
    manifest = manifest_path(first)
    names = {"first": Path(first), "second": Path(second)}
    if not manifest.exists():
        return names["first"], names["second"]
    known = _read(manifest)
    try:
        if known["format"] != FORMAT:
            raise InputError(f"{manifest}: was written by another version of this library")
        if known["second"]["name"] != names["second"].name:
            return names["first"], names["second"]  # it speaks of another one
        places = [_place(path, **known[which]) for which, path in names.items()]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{manifest}: is damaged; write the files again") from error
    for path, place in zip(names.values(), places, strict=True):
        if place is None:
            raise InputError(
                f"{path}: is not the file that {manifest.name} knows, which a process that was "
                "ended while it wrote left there; write both files again, or, if they belong "
                "together as they are, remove that one"
            )
    return places[0] or names["first"], places[1] or names["second"]


def _place(path: Path, name: str, written_as: str, sha256: str) -> Path | None:
    """The file with these contents: under its name, or still under that of its making."""
    for place in (path, _beside(path.resolve(), written_as)):
        with suppress(FileNotFoundError):
            if _digest(place) == sha256:
                return place
    return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(path: Path, name: str) -> Path:
    if Path(name).name != name:
        raise InputError(f"{path}: {name!r:.80} is no name of a file beside it")
    return path.with_name(name)


def _read(manifest: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        return json_object(manifest.read_bytes())
    return {}
