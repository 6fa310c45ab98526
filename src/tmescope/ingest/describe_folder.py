"""What the folder of a cBioPortal study holds for somebody who has not decided yet: profiles and names of genes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmescope.ingest.cbioportal import choose_profile, read_gene_columns, read_study_matrix, usable_profiles
from tmescope.ingest.cbioportal_folder import open_study_folder
from tmescope.ingest.decompress import DEFAULT_LIMITS
from tmescope.ingest.describe_table import Candidate
from tmescope.ingest.matrix import RawMatrix

__all__ = ["FolderDescription", "describe_folder"]


@dataclass(frozen=True)
class FolderDescription:
    """What can be chosen in a study folder.

    Parameters
    ----------
    profiles : tuple of Candidate
        Expression profiles that are not z-scores, by stable_id, with what the study says of their numbers. The first
        is the one that was looked at.
    gene_columns : tuple of str
        Columns that name the genes; the first is the one that was looked at.
    has_samples : bool
        Whether there is a clinical table of samples.
    """

    profiles: tuple[Candidate, ...]
    gene_columns: tuple[str, ...]
    has_samples: bool


def describe_folder(path: Path) -> tuple[FolderDescription, RawMatrix]:
    """Look into the folder of a study.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    FolderDescription
    RawMatrix
        The first profile.

    Raises
    ------
    MissingFileError, FileFormatError, ExpressionError, ScaleError
        See `tmescope.ingest.cbioportal.read_study_matrix`.
    """
    folder = open_study_folder(path)
    usable = usable_profiles(folder)
    meta = choose_profile(folder, usable[0].require("stable_id") if usable else None)
    columns = tuple(read_gene_columns(meta.data_file(), limits=DEFAULT_LIMITS))
    profiles = tuple(
        Candidate(m.get("stable_id"), f"{m.get('datatype')}: {m.get('profile_name')}. {m.get('profile_description')}")
        for m in usable
    )
    raw = read_study_matrix(path, meta.get("stable_id"), gene_column=columns[0])
    return FolderDescription(profiles, columns, folder.samples is not None), raw
