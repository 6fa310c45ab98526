"""A run of cells in few bytes: steps between genes, and counts as bytes, compressed apart; back number for number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.kernels.compact_rows import decode_gaps, encode_gaps, join_counts, split_counts
from tmescope.store.compact_layout import BlockForm

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Rows", "decode_block", "encode_block"]

_LARGEST_BYTE = 255
_HEADER = 16
_LEVEL = 1
_SIZES = np.dtype("<u8")
_N_PARTS = 5


@dataclass(frozen=True)
class Rows:
    """Cells as rows of a sparse matrix.

    Parameters
    ----------
    ends : array of int64, shape (n_cells + 1,)
        Where each begins and ends in the two others; the first is zero.
    genes : array of int32, shape (n_entries,)
    counts : array of uint16 or uint32, shape (n_entries,)
    """

    ends: NDArray[np.int64]
    genes: NDArray[np.int32]
    counts: NDArray[Any]


def encode_block(rows: Rows, form: BlockForm) -> bytes:
    """Return cells as they lie in a compact atlas.

    Parameters
    ----------
    rows : Rows
        The cells.
    form : BlockForm
        Of the atlas.

    Raises
    ------
    ValueError
        If genes of a cell are not sorted or stand twice, or a count is zero: no atlas of tmescope has that, and it
        would not come back bit for bit.

    Notes
    -----
    Six whole numbers of 64 bits: how many counts are beyond 255, then the bytes of five parts, which follow. They are
    the number of entries of each cell (uint32), the steps between genes (`BlockForm.gap_dtype`), the counts (uint8,
    zero for those beyond 255), the positions of those, and their values (uint32). Each part is a frame of Blosc with
    Zstandard, its bytes shuffled; a part without numbers has no bytes. All numbers are little-endian.
    """
    n = rows.counts.size
    if n and not rows.counts.all():
        message = "a count is stored as zero"
        raise ValueError(message)
    wrong = np.zeros(1, dtype=np.int64)
    gaps = np.empty(n, dtype=form.gap_dtype)
    encode_gaps(rows.ends, rows.genes, gaps, wrong)
    if wrong[0]:
        message = f"{wrong[0]} genes are not in ascending order within their cell"
        raise ValueError(message)
    n_large = int(np.count_nonzero(rows.counts > _LARGEST_BYTE))
    small = np.empty(n, dtype=np.uint8)
    positions, values = (np.empty(n_large, dtype=np.uint32) for _ in range(2))
    split_counts(rows.counts, small, positions, values)
    parts = [_pack(part) for part in (np.diff(rows.ends).astype(np.uint32), gaps, small, positions, values)]
    return b"".join((np.array([n_large, *map(len, parts)], dtype=_SIZES).tobytes(), *parts))


def decode_block(body: bytes, form: BlockForm, *, n_cells: int, n_entries: int) -> Rows:
    """Return the cells of a block.

    Parameters
    ----------
    body : bytes
        As from `encode_block`.
    form : BlockForm
        Of the atlas.
    n_cells, n_entries : int
        That it must hold.

    Raises
    ------
    ValueError
        If it holds anything else, or numbers that cannot be.

    Notes
    -----
    Nothing is unpacked before its size is known to be the one that is expected.
    """
    n_large, *lengths = np.frombuffer(body[: (_N_PARTS + 1) * _SIZES.itemsize], dtype=_SIZES).tolist() or [0]
    if len(lengths) != _N_PARTS or sum(lengths) + (_N_PARTS + 1) * _SIZES.itemsize != len(body):
        message = "its parts have other sizes than it has"
        raise ValueError(message)
    if n_large > n_entries:
        message = f"{n_large} of {n_entries} counts are beyond 255"
        raise ValueError(message)
    wanted = (
        (n_cells, "uint32"),
        (n_entries, form.gap_dtype),
        (n_entries, "uint8"),
        (n_large, "uint32"),
        (n_large, "uint32"),
    )
    found, at = [], (_N_PARTS + 1) * _SIZES.itemsize
    for length, (n, dtype) in zip(lengths, wanted, strict=True):
        found.append(_unpack(body[at : at + length], n, dtype))
        at += length
    return _join(found, form)


def _join(parts: list[NDArray[Any]], form: BlockForm) -> Rows:
    sizes, gaps, small, positions, values = parts
    ends = np.append(0, np.cumsum(sizes, dtype=np.int64))
    if ends[-1] != gaps.size:
        message = f"its cells have {ends[-1]} entries instead of {gaps.size}"
        raise ValueError(message)
    genes, counts = np.empty(gaps.size, dtype=np.int32), np.empty(gaps.size, dtype=form.count_dtype)
    wrong = np.zeros(1, dtype=np.int64)
    decode_gaps(ends, gaps, form.n_genes, genes, wrong)
    if wrong[0]:
        message = f"{wrong[0]} genes stand twice or are beyond the {form.n_genes} there are"
        raise ValueError(message)
    join_counts(small, positions, values, counts, wrong)
    if wrong[0]:
        message = f"{wrong[0]} counts beyond 255 are lacking or cannot be"
        raise ValueError(message)
    return Rows(ends, genes, counts)


def _pack(values: NDArray[Any]) -> bytes:
    if not values.size:
        return b""
    blosc = _blosc()
    return bytes(blosc.compress(values, b"zstd", _LEVEL, blosc.SHUFFLE, 0))


def _unpack(frame: bytes, n: int, dtype: str) -> NDArray[Any]:
    out = np.empty(n, dtype=dtype)
    if not n and not frame:
        return out
    # bytes 4 to 7 of a header say how much it unpacks to, bytes 12 to 15 how long it is itself
    sizes = [int.from_bytes(frame[at : at + 4], "little") for at in (4, 12)]
    if len(frame) < _HEADER or not n or sizes != [out.nbytes, len(frame)]:
        message = "a part has another size than declared"
        raise ValueError(message)
    try:
        _blosc().decompress(frame, out)
    except RuntimeError as error:
        message = f"a part cannot be unpacked ({error})"
        raise ValueError(message) from error
    return out


def _blosc() -> Any:
    from numcodecs import blosc

    blosc.use_threads = False  # the store owns the threads
    return blosc
