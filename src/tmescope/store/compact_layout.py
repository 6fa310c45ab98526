"""What a compact atlas says of itself: the atlas that it was made of, its tables, and its blocks of cells."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import FileFormatError, FormatVersionError, MissingFileError, StoreError
from tmescope.store.atlas_layout import PANELS, AtlasLayout, parse_layout
from tmescope.store.atomic import staged_file
from tmescope.store.shard_files import check_shard
from tmescope.store.sharded_vectors import Shard

if TYPE_CHECKING:
    from tmescope.store.atlas_reading import Atlas

__all__ = [
    "BLOCKS",
    "BLOCK_ENTRIES",
    "CELLS",
    "FORMAT",
    "GENES",
    "HEADER",
    "VERSION",
    "BlockForm",
    "CompactBlock",
    "CompactLayout",
    "cut_blocks",
    "damaged_part",
    "read_compact",
    "write_compact",
]

FORMAT = "tmescope-compact-atlas"
VERSION = 1
HEADER = "atlas.json"
BLOCKS = "blocks.bin"
CELLS = "obs.parquet"
GENES = "var.parquet"
BLOCK_ENTRIES = 1 << 20
"""Counts of a block, unless one cell alone has more; it does not depend on the memory, so that the bytes do not."""
_BLOCK_CELLS = 1 << 16
_LARGEST_HEADER = 1 << 28


@dataclass(frozen=True)
class BlockForm:
    """What all blocks of an atlas have in common.

    Parameters
    ----------
    n_genes : int
        Of the atlas.
    count_dtype : str
        uint16 or uint32.
    """

    n_genes: int
    count_dtype: str

    @property
    def gap_dtype(self) -> str:
        """Return the type of the steps from gene to gene: uint16, or uint32 where there are more than 65,536 genes."""
        return "uint16" if self.n_genes <= 1 << 16 else "uint32"


@dataclass(frozen=True)
class CompactBlock:
    """A run of cells of one sample, as it was written.

    Parameters
    ----------
    n_cells, n_entries : int
        Its cells, and their counts above zero.
    file : Shard
        Its bytes, and their checksum.
    """

    n_cells: int
    n_entries: int
    file: Shard


@dataclass(frozen=True)
class CompactLayout:
    """What is in a compact atlas.

    Parameters
    ----------
    atlas : AtlasLayout
        The atlas that it was made of, without gene-major copies and results.
    tables : mapping of str to Shard
        The tables of cells and genes, by the names of their files.
    blocks : tuple of CompactBlock
        In the order of their cells, which is also that of their bytes.
    """

    atlas: AtlasLayout
    tables: Mapping[str, Shard]
    blocks: tuple[CompactBlock, ...]

    @property
    def form(self) -> BlockForm:
        """Return what all blocks have in common."""
        return BlockForm(self.atlas.n_genes, self.atlas.count_dtype)

    def by_sample(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield the name of each sample with the numbers of its blocks."""
        number = 0
        for sample in self.atlas.samples:
            left, begin = sample.n_cells, number
            while left > 0:
                left -= self.blocks[number].n_cells
                number += 1
            yield sample.sample_id, tuple(range(begin, number))

    def where(self, number: int) -> str:
        """Return how a block is called: its number, its cells in the atlas, and the bytes it has in the file.

        Parameters
        ----------
        number : int
            Of the block.
        """
        before = self.blocks[:number]
        cell, at = sum(b.n_cells for b in before), sum(b.file.nbytes for b in before)
        block = self.blocks[number]
        return (
            f"block {number} (cells {cell} to {cell + block.n_cells - 1}, "
            f"bytes {at} to {at + block.file.nbytes - 1} of {BLOCKS})"
        )


def cut_blocks(atlas: Atlas) -> Iterator[tuple[int, int]]:
    """Yield the first cell of each block of a compact atlas, and the one after its last; each is of one sample.

    Parameters
    ----------
    atlas : Atlas
        What is written.
    """
    first = 0
    for sample in atlas.layout.samples:
        last = first + sample.n_cells
        if sample.n_cells:
            yield from atlas.bounds(BLOCK_ENTRIES, first=first, last=last, cells=_BLOCK_CELLS)
        first = last


def write_compact(path: Path, layout: CompactLayout) -> None:
    """Write the header of a compact atlas.

    Parameters
    ----------
    path : Path
        Its folder.
    layout : CompactLayout
        What is in it; gene-major copies and results of its atlas are left out.
    """
    atlas = asdict(replace(layout.atlas, panels=(), results={}))
    shards = {k: v for k, v in layout.atlas.shards.items() if not k.startswith(f"{PANELS}/")}
    atlas["shards"] = {k: [[s.nbytes, s.crc32] for s in v] for k, v in shards.items()}
    said = {
        "format": FORMAT,
        "version": VERSION,
        "atlas": atlas,
        "gap_dtype": layout.form.gap_dtype,
        "tables": {name: [s.nbytes, s.crc32] for name, s in layout.tables.items()},
        "blocks": [[b.n_cells, b.n_entries, b.file.nbytes, b.file.crc32] for b in layout.blocks],
    }
    with staged_file(path / HEADER) as staged:
        staged.write_text(json.dumps(said), encoding="utf-8")


def read_compact(path: Path) -> CompactLayout:
    """Read what a compact atlas says of itself, and compare it with the files that are there.

    Parameters
    ----------
    path : Path
        Its folder.

    Raises
    ------
    MissingFileError
        If there is none.
    FileFormatError
        If it is no compact atlas, or its header says what cannot be.
    FormatVersionError
        If a newer version wrote it.
    StoreError
        If a file is missing, or not as it was written; blocks are looked at when they are read.
    """
    said = _read_header(path)
    version = said.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise _no_compact(path, f"its version is {version!r}")
    if version > VERSION:
        raise FormatVersionError(
            f"the compact atlas has the format version {version}",
            where=str(path),
            expected=f"at most {VERSION}",
            next_step="restore it with the tmescope that wrote it, or a newer one",
        )
    try:
        layout = _parse(said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_compact(path, f"its header is damaged ({type(error).__name__}: {error})") from error
    for name, table in layout.tables.items():
        if wrong := check_shard(path / name, table):
            raise damaged_part(path / name, wrong)
    size = sum(b.file.nbytes for b in layout.blocks)
    found = (path / BLOCKS).stat().st_size if (path / BLOCKS).is_file() else 0
    if found != size:
        raise damaged_part(path / BLOCKS, f"has {found} bytes instead of {size}")
    return layout


def _read_header(path: Path) -> Mapping[str, Any]:
    try:
        with (path / HEADER).open("rb") as file:
            said = json.loads(file.read(_LARGEST_HEADER))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(
            "there is no compact atlas here", where=str(path), expected="a folder made by tmescope atlas export"
        ) from error
    except (ValueError, RecursionError) as error:
        raise _no_compact(path, f"{HEADER} is no JSON") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise _no_compact(path, f"{HEADER} says nothing of one")
    return said


def _parse(said: Mapping[str, Any]) -> CompactLayout:
    layout = CompactLayout(
        atlas=parse_layout(said["atlas"]),
        tables={name: _file(said["tables"][name]) for name in (CELLS, GENES)},
        blocks=tuple(CompactBlock(_size(b[0]), _size(b[1]), _file(b[2:])) for b in said["blocks"]),
    )
    if said["gap_dtype"] != layout.form.gap_dtype:
        message = f"steps of {said['gap_dtype']!r} between {layout.atlas.n_genes} genes"
        raise ValueError(message)
    _check_blocks(layout)
    return layout


def _check_blocks(layout: CompactLayout) -> None:
    """Let each block be of one sample, and all together hold what the samples do."""
    n_genes = layout.atlas.n_genes
    for number, block in enumerate(layout.blocks):
        if not block.n_cells or block.n_entries > block.n_cells * n_genes:
            message = f"block {number} has {block.n_cells} cells with {block.n_entries} entries of {n_genes} genes"
            raise ValueError(message)
    ends = [0, *itertools.accumulate(b.n_cells for b in layout.blocks)]
    entries = dict(zip(ends, [0, *itertools.accumulate(b.n_entries for b in layout.blocks)], strict=True))
    cell = entry = 0
    for sample in layout.atlas.samples:
        cell, entry = cell + sample.n_cells, entry + sample.n_entries
        if entries.get(cell) != entry:
            message = f"no block ends with the sample {sample.sample_id[:60]!r}"
            raise ValueError(message)
    if ends[-1] != cell:
        message = f"blocks of {ends[-1]} cells, samples of {cell}"
        raise ValueError(message)


def _file(said: Any) -> Shard:
    nbytes, crc = said
    return Shard(_size(nbytes), _size(crc))


def _size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        message = f"{value!r} is no size"
        raise ValueError(message)
    return value


def damaged_part(where: Path | str, how: str) -> StoreError:
    """Return the error of a part of a compact atlas that is not as it was written.

    Parameters
    ----------
    where : Path or str
        The part.
    how : str
        What is wrong with it, as the rest of a sentence.
    """
    return StoreError(
        f"a part of the compact atlas {how}",
        where=str(where),
        expected="the file as tmescope atlas export wrote it",
        next_step="copy it again from where it came from, or export the atlas again",
    )


def _no_compact(path: Path, why: str) -> FileFormatError:
    return FileFormatError(
        f"this is no compact atlas: {why}",
        where=str(path),
        expected="a folder made by tmescope atlas export --to compact",
        next_step="export the atlas again, or copy the folder again",
    )
