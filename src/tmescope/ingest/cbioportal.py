"""Expression profiles of a cBioPortal study folder: the caller says which, and which column names the genes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tmescope.foundation.errors import (
    ExpressionError,
    FileFormatError,
    MissingFileError,
    ScaleError,
    UnknownNameError,
    examples,
)
from tmescope.ingest.blocks import Block, choose_names, read_block, read_line, split_line, unsaid_names
from tmescope.ingest.cbioportal_folder import Meta, StudyFolder, open_study_folder
from tmescope.ingest.decompress import DEFAULT_LIMITS, Limits, open_bytes
from tmescope.ingest.matrix import Note, RawMatrix

__all__ = ["GENE_COLUMNS", "choose_profile", "read_gene_columns", "read_study_matrix", "usable_profiles"]

GENE_COLUMNS = ("Hugo_Symbol", "Entrez_Gene_Id")
"""Columns that name the genes; a data file has one of them or both."""

_IGNORED = ("Cytoband",)
_SCORES = ("CONTINUOUS", "LOG2-VALUE")
"""Datatypes whose numbers are on a scale that somebody can declare."""

_LOOKS_LIKE = ("data_mrna", "data_expression", "data_rna")


def read_study_matrix(
    path: Path, profile: str | None = None, *, gene_column: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> RawMatrix:
    """Read one expression profile of a study.

    Parameters
    ----------
    path : Path
        The folder of the study.
    profile : str, optional
        The ``stable_id`` of the profile, such as ``rna_seq_v2_mrna``. Needed where several profiles could be meant;
        z-scores never are.
    gene_column : {'Hugo_Symbol', 'Entrez_Gene_Id'}, optional
        Which column names the genes. Needed where the file has both. A row with nothing there keeps the other name.
    limits : Limits
        On the decompressed size.

    Returns
    -------
    RawMatrix
        Genes in rows; cells with NA are NaN.

    Raises
    ------
    MissingFileError
        No study there, no expression profile, or no data file.
    FileFormatError
        Broken meta files; another header, no samples, rows of unequal length.
    ExpressionError
        Nothing says which profile or which column counts; cells that are not numbers.
    ScaleError
        The profile holds z-scores.
    UnknownNameError
        No profile or column of that name.
    """
    folder = open_study_folder(path)
    meta = choose_profile(folder, profile)
    data = meta.data_file()
    where = str(data)
    header, n_text = _read_header(data, limits)
    named = [name for name in header[:n_text] if name in GENE_COLUMNS]
    if gene_column is None and len(named) > 1:
        step = 'Hugo_Symbol goes with identifiers = "symbol", Entrez_Gene_Id with identifiers = "entrez"'
        raise unsaid_names(where, columns=GENE_COLUMNS, step=step)
    texts, values = read_block(Block(data, 2, tuple(header), n_text), limits=limits)
    columns = {name: texts[header.index(name)] for name in named}
    chosen = gene_column or named[0]
    other = next((name for name in named if name != chosen), chosen)
    names, notes = choose_names(columns, chosen, fallback=other, where=where)
    return RawMatrix(values, names, tuple(header[n_text:]), notes=(_told(folder, meta), *notes))


def usable_profiles(folder: StudyFolder) -> list[Meta]:
    """Return the expression profiles whose numbers are on a scale: those that are not z-scores or classes."""
    return [meta for meta in folder.expression if meta.get("datatype") in _SCORES]


def choose_profile(folder: StudyFolder, profile: str | None = None) -> Meta:
    """Return the profile of that name, or the only one that could be meant.

    Parameters
    ----------
    folder : StudyFolder
        The study.
    profile : str, optional
        A ``stable_id``.

    Raises
    ------
    MissingFileError
        The study has no expression profile.
    FileFormatError
        A profile without ``stable_id`` or ``datatype``, or two of one name.
    ExpressionError
        Several could be meant and `profile` is None.
    ScaleError
        The profile holds z-scores, or the study has nothing else.
    UnknownNameError
        There is none of that name.
    """
    if not folder.expression:
        raise _without_profiles(folder)
    by_id = _by_id(folder.expression)
    if profile is not None:
        if profile not in by_id:
            raise UnknownNameError.of("molecular profile", profile, by_id, where=f"{folder.path}, molecular_profile")
        if by_id[profile] not in usable_profiles(folder):
            raise _no_scale(folder, [by_id[profile]])
        return by_id[profile]
    usable = usable_profiles(folder)
    if not usable:
        raise _no_scale(folder, folder.expression)
    if len(usable) > 1:
        raise ExpressionError(
            f"the study has {len(usable)} expression profiles, and nothing says which one is meant: "
            f"{examples(_described(m) for m in usable)}",
            where=f"{folder.path}, molecular_profile",
            expected="the stable_id of one of them",
            next_step=f"set molecular_profile = {usable[0].get('stable_id')!r}, or another of them",
        )
    return usable[0]


def read_gene_columns(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> list[str]:
    """Return which of `GENE_COLUMNS` a data file has.

    Parameters
    ----------
    path : Path
        The data file of an expression profile.
    limits : Limits
        On the decompressed size.

    Raises
    ------
    FileFormatError
        If it has none, or no samples.
    """
    header, n_text = _read_header(path, limits)
    return [name for name in header[:n_text] if name in GENE_COLUMNS]


def _by_id(metas: Sequence[Meta]) -> dict[str, Meta]:
    found: dict[str, Meta] = {}
    for meta in metas:
        name = meta.require("stable_id")
        meta.require("datatype")
        if name in found:
            raise FileFormatError(
                f"two expression profiles have the stable_id {name[:60]!r}: {found[name].path.name}, {meta.path.name}",
                where=meta.where("stable_id"),
                expected="each stable_id once",
                next_step="remove or rename one of them",
            )
        found[name] = meta
    return found


def _described(meta: Meta) -> str:
    return f"{meta.get('stable_id')} ({meta.get('datatype')}: {meta.get('profile_name') or meta.path.name})"


def _no_scale(folder: StudyFolder, metas: Sequence[Meta]) -> ScaleError:
    others = [m.get("stable_id") for m in usable_profiles(folder)]
    shown = examples(_described(m) for m in metas)
    return ScaleError(
        f"z-scores and classes are on no scale that scores can be computed of: {shown}",
        where=metas[0].where("datatype"),
        expected=f"a profile with the datatype {' or '.join(_SCORES)}"
        + (f": {examples(others)}" if others else "; the study has none"),
        next_step=f"set molecular_profile = {others[0]!r}"
        if others
        else "download the study with its expression values: a z-score says how a sample differs from the others, "
        "not how much of a gene there is",
    )


def _without_profiles(folder: StudyFolder) -> MissingFileError:
    likely = sorted(p.name for p in folder.path.iterdir() if p.name.lower().startswith(_LOOKS_LIKE))
    found = f"; without a meta file there are {examples(likely)}" if likely else ""
    name = likely[0] if likely else "data_mrna_seq_v2_rsem.txt"
    return MissingFileError(
        f"no meta file of the study is of the type MRNA_EXPRESSION{found}",
        where=str(folder.path),
        expected="a meta file that says what the numbers are",
        next_step="write meta_expression.txt with the lines cancer_study_identifier: "
        f"{folder.study.get('cancer_study_identifier')}, genetic_alteration_type: MRNA_EXPRESSION, "
        f"datatype: CONTINUOUS, stable_id: rna_seq_v2_mrna, data_filename: {name}",
    )


def _read_header(path: Path, limits: Limits) -> tuple[list[str], int]:
    with open_bytes(path, limits=limits) as handle:
        header = split_line(read_line(handle, str(path), line=1))
    n_text = next((i for i, name in enumerate(header) if name not in (*GENE_COLUMNS, *_IGNORED)), len(header))
    texts = header[:n_text]
    if not set(texts) & set(GENE_COLUMNS) or len(set(texts)) < n_text or n_text == len(header):
        raise FileFormatError(
            f"the header has {len(header)} cells and begins {examples(header)}",
            where=f"{path}, line 1",
            expected=f"{' and/or '.join(GENE_COLUMNS)}, then at least one sample, separated by tabs",
            next_step="download the file again, or correct its header",
        )
    return header, n_text


def _told(folder: StudyFolder, meta: Meta) -> Note:
    others = [_described(m) for m in folder.expression if m is not meta]
    rest = f"; also there and not used: {', '.join(others)}" if others else ""
    study = folder.study.get("cancer_study_identifier")
    evidence = f"cBioPortal study {study}: expression is the profile {_described(meta)}{rest}"
    return Note("cbioportal.profile", "molecular profile", meta.get("stable_id"), evidence)
