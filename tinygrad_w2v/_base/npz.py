"""What the members of an npz file may come to, looked at before one of them is read.

A zip of six megabytes can unpack to six gigabytes: by compression, or by members that share the
same bytes. Numbers that were learned hardly shrink, so that a file whose members are together
many times as large as the file itself was made to do harm.
"""

import zipfile

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.memory import in_bytes

LARGEST_RATIO = 20
"""How many times the file's size its members may have together."""
ALWAYS = 1 << 26
"""Members that have fewer bytes together are read in any case: tables of zeros shrink well."""


def check_members(archive: zipfile.ZipFile, size: int) -> int:
    """Return how many bytes the members of an archive have together, unpacked.

    Parameters
    ----------
    archive : ZipFile
        Of which only the directory is looked at.
    size : int
        Bytes of the file.

    Raises
    ------
    InputError
        When they are far more than the file has, or one has a size that cannot be.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> with zipfile.ZipFile(stream, "w") as archive:
    ...     archive.writestr("x.npy", bytes(100))
    >>> check_members(archive, len(stream.getvalue()))
    100
    """
    total = sum(member.file_size for member in archive.infolist())
    if total > max(ALWAYS, LARGEST_RATIO * size):
        raise InputError(
            f"unpacks to {in_bytes(total)} from {in_bytes(size)}, as no file of numbers does; if "
            "it is one, save it anew without compression (np.savez)"
        )
    return total
