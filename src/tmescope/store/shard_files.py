"""Whether a file of an atlas is as it was written, or as a writer that was stopped left it."""

from __future__ import annotations

import zlib
from pathlib import Path

from tmescope.store.sharded_vectors import Shard, VectorReader, encode_last, encode_shard

__all__ = ["check_shard", "committed_shard", "measure_file"]


def check_shard(path: Path, shard: Shard) -> str:
    """Say what is wrong with a file of a vector; nothing where it is as it was written.

    Parameters
    ----------
    path : Path
        The file.
    shard : Shard
        As it was written.
    """
    try:
        found = measure_file(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if found.nbytes != shard.nbytes:
        return f"has {found.nbytes} bytes instead of {shard.nbytes}"
    return "" if found.crc32 == shard.crc32 else "holds other bytes than were written"


def measure_file(path: Path) -> Shard:
    """Return size and checksum of a file as it is.

    Parameters
    ----------
    path : Path
        The file.
    """
    crc, size = 0, 0
    with path.open("rb") as file:
        while part := file.read(1 << 22):
            crc, size = zlib.crc32(part, crc), size + len(part)
    return Shard(size, crc)


def committed_shard(vector: VectorReader) -> Shard:
    """Return the last file of a vector as it was when the vector had its length.

    A writer that is stopped before its commit leaves a file with more numbers, which may be larger, smaller or of the
    same size: from that file, this one is made again and measured.

    Parameters
    ----------
    vector : VectorReader
        As the root says that it is; one number at least.

    Returns
    -------
    Shard
        What the writer before must have noted, if nothing that counts has changed since.

    Raises
    ------
    StoreError
        If a chunk that counts is damaged.
    """
    form = vector.form
    number, last = divmod(vector.length - 1, form.shard)
    whole, part = divmod(last + 1, form.chunk)
    vector.read(number * form.shard, vector.length)  # for the checksums
    chunks = [vector.encoded(number, i) for i in range(whole)]
    if part:
        chunks.append(encode_last(vector.read(vector.length - part, vector.length), form))
    parts, crc = encode_shard(chunks, form), 0
    for each in parts:
        crc = zlib.crc32(each, crc)
    return Shard(sum(map(len, parts)), crc)
