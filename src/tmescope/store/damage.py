"""A damaged file of an atlas is named, whatever the libraries that read it raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tmescope.foundation.errors import StoreError, TmescopeError

__all__ = ["checked_codecs", "damaged", "damaged_shard", "explain_damage"]


def checked_codecs() -> dict[str, Any]:
    """Return how arrays of text and of results are compressed: with a checksum of each chunk, which any reader checks.

    Returns
    -------
    dict of str to object
        Arguments of ``zarr.create_array``.
    """
    from zarr.codecs import Crc32cCodec, ZstdCodec

    return {"compressors": (ZstdCodec(level=0, checksum=False), Crc32cCodec())}


@contextmanager
def explain_damage(path: Path, place: str) -> Iterator[None]:
    """Turn what reading a part of an atlas raises into an error that names it.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    place : str
        What is read, such as ``obs/_index``.

    Raises
    ------
    StoreError
        If anything is raised inside; errors of tmescope stay as they are.
    """
    try:
        yield
    except TmescopeError:
        raise
    except Exception as error:  # a damaged file makes the libraries raise nearly anything
        said = " ".join(str(error).split())[:200]
        raise damaged(path, place, f"cannot be read ({type(error).__name__}: {said})") from error


def damaged(path: Path, place: str, how: str) -> StoreError:
    """Return the error of a part of an atlas that is not as it was written.

    Parameters
    ----------
    path : Path
        Folder of the atlas.
    place : str
        The part.
    how : str
        What is wrong with it, as the rest of a sentence.
    """
    return StoreError(
        f"{place} {how}",
        where=str(path / place),
        expected="the file as tmescope wrote it",
        next_step="tmescope atlas verify names every damaged file; put these back from a copy, or make the atlas anew",
    )


def damaged_shard(path: Path, how: str) -> StoreError:
    """Return the error of a file of a vector that is not as it was written.

    Parameters
    ----------
    path : Path
        The file.
    how : str
        What is wrong with it, as the rest of a sentence.
    """
    return StoreError(
        f"a shard {how}",
        where=str(path),
        expected="the file as it was written",
        next_step="see which shards are damaged with tmescope atlas verify; copy these files again, or ingest again",
    )
