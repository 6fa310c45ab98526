"""A first study file: what the files show is filled in with its evidence, what only the user knows is marked DECIDE."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tmescope.foundation.errors import StudyFileError
from tmescope.ingest.describe import CohortDescription, describe_cohort
from tmescope.ingest.describe_folder import FolderDescription
from tmescope.ingest.describe_table import Candidate, SamplesDescription
from tmescope.ingest.formats import is_study_folder
from tmescope.study.draft_endpoints import draft_endpoints
from tmescope.study.schema import UNDECIDED
from tmescope.study.toml_text import as_toml

__all__ = ["Draft", "draft_study", "pair_files"]

_PLAIN_NAMES = {"expression", "expr", "matrix", "counts", "tpm", "data"}
_FEATURES_SHOWN = 8
_WORDS_OF_COHORT = ("cancer_type", "treatment")
_USUAL_FEATURE = re.compile(r"tmb|burden|pd.?l1|cps|clonality|ctdna|neoantigen|purity", re.IGNORECASE)
_WIDTH = 116

_HEAD = """\
# A study of {n} cohort(s). Lines with {undecided} wait for your decision; then run: tmescope check {name}
# Every key is described by: tmescope schema
format = 1

[study]
id = {id}
title = {title}
question = ""  # one sentence, shown at the top of the report
seed = 0
"""

_TAIL = """\
[profile]
methods = ["zscore", "ssgsea", "mcp_counter"]  # tmescope methods
signatures = "core"  # or "all", or names from: tmescope signatures
gene_universe = "common"  # rank-based scores see the genes that all cohorts share; or "own", or a file
max_unmapped = 0.2  # refuse a cohort that lacks more of the needed genes
"""


@dataclass(frozen=True)
class Draft:
    """A study file as text.

    Parameters
    ----------
    text : str
        TOML with comments.
    n_cohorts : int
        Cohorts in it.
    n_undecided : int
        Places that are marked DECIDE.
    """

    text: str
    n_cohorts: int
    n_undecided: int


def pair_files(files: Sequence[Path]) -> list[tuple[Path, Path | None]]:
    """Return matrix and sample table of each cohort; the folder of a cBioPortal study stands for both.

    Parameters
    ----------
    files : sequence of Path
        In turn. A study folder may be given once or twice.

    Raises
    ------
    StudyFileError
        If a matrix is left without its sample table.
    """
    pairs: list[tuple[Path, Path | None]] = []
    rest = list(files)
    while rest:
        expression = rest.pop(0)
        if is_study_folder(expression):
            pairs.append((expression, None))
            if rest and rest[0] == expression:
                rest.pop(0)
        elif rest:
            pairs.append((expression, rest.pop(0)))
        else:
            raise StudyFileError(
                f"{len(files)} files were given",
                where="init",
                expected="an even number: the expression matrix and the sample table of each cohort, in turn",
                next_step="add the sample table; only the folder of a cBioPortal study stands for both",
            )
    return pairs


def draft_study(files: Sequence[tuple[Path, Path | None]], *, folder: Path, name: str = "study.toml") -> Draft:
    """Look at the files of each cohort and draft a study file.

    Parameters
    ----------
    files : sequence of (expression, samples)
        One pair a cohort; without samples for the folder of a cBioPortal study, which holds both.
    folder : pathlib.Path
        Where the study file will lie; paths in it start there.
    name : str
        Name of the study file, for its first comment.

    Returns
    -------
    Draft

    Raises
    ------
    MissingFileError, FileFormatError, ExpressionError, SampleError
        If a file cannot be read at all.
    """
    ids = _cohort_ids([expression for expression, _ in files])
    described = [describe_cohort(expression, samples) for expression, samples in files]
    head = _HEAD.format(
        n=len(files), undecided=UNDECIDED, name=name, id=as_toml("-".join(ids)[:60]), title=as_toml("TME study")
    )
    blocks = [head]
    for cohort_id, pair, description in zip(ids, files, described, strict=True):
        blocks.append("\n".join(_cohort(cohort_id, pair, description, folder=folder)))
    blocks += [draft_endpoints(dict(zip(ids, described, strict=True))), _TAIL]
    text = "\n".join(blocks)
    return Draft(text, len(files), text.count(f'"{UNDECIDED}"'))


def _cohort_ids(paths: Sequence[Path]) -> list[str]:
    ids: list[str] = []
    for path in paths:
        stem = path.name.split(".")[0]
        if stem.lower() in _PLAIN_NAMES or stem.lower().startswith("expression"):
            stem = path.resolve().parent.name
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", stem).strip("_.-")[:48] or "cohort"
        unique = plain
        number = 2
        while unique in ids:
            unique, number = f"{plain}_{number}", number + 1
        ids.append(unique)
    return ids


def _cohort(
    cohort_id: str, files: tuple[Path, Path | None], described: CohortDescription, *, folder: Path
) -> Iterator[str]:
    expression = as_toml(_relative(files[0], folder))
    matrix = described.expression
    yield "[[cohorts]]"
    yield f"id = {as_toml(cohort_id)}"
    yield f"expression = {expression}"
    rows, columns = ", ".join(matrix.rows), ", ".join(matrix.columns)
    yield from _comment(f"{matrix.n_rows} rows ({rows} ...) x {matrix.n_columns} columns ({columns} ...)")
    yield f"format = {as_toml(matrix.format)}"
    if described.folder is None:
        yield from _best("orientation", matrix.orientation)
    else:
        yield from _folder(described.folder)
    yield from _comment(
        f"numbers from {matrix.minimum:.6g} to {matrix.maximum:.6g}, {matrix.integer_share:.0%} of the non-zero ones "
        f"whole, {matrix.n_missing} missing. The scale is in the file's documentation; these fit the numbers:"
    )
    for candidate in matrix.scales:
        yield from _comment(f"  {candidate.value}: {candidate.evidence}")
    yield f"scale = {as_toml(UNDECIDED)}"
    yield from _best("identifiers", matrix.identifiers)
    if files[1] is not None and files[1] != files[0]:
        yield f"samples = {as_toml(_relative(files[1], folder))}"
    for key in _WORDS_OF_COHORT:
        mapped = described.samples is not None and getattr(described.samples, key)
        yield f'{key} = ""' + ("  # of samples where the column below says nothing" if mapped else "")
    yield 'licence = ""  # licence or consent note of these data; kept in the provenance'
    yield from _columns(described)
    yield ""


def _folder(folder: FolderDescription) -> Iterator[str]:
    for profile in folder.profiles:
        yield from _comment(f"profile {profile.value}: {profile.evidence}")
    several = len(folder.profiles) > 1
    yield f"molecular_profile = {as_toml(UNDECIDED if several else folder.profiles[0].value)}"
    if len(folder.gene_columns) > 1:
        yield f"gene_column = {as_toml(folder.gene_columns[0])}  # or {folder.gene_columns[1]}"
    yield from _comment("the sample table is that of the folder" if folder.has_samples else "there is no sample table")


def _best(key: str, candidates: Sequence[Candidate]) -> Iterator[str]:
    for number, candidate in enumerate(candidates):
        yield from _comment(f"{'' if number == 0 else 'or '}{candidate.value}: {candidate.evidence}")
    yield f"{key} = {as_toml(candidates[0].value if candidates else UNDECIDED)}"


def _columns(described: CohortDescription) -> Iterator[str]:
    table = described.samples
    if table is None:
        return
    yield "[cohorts.columns]"
    yield from _best("sample_id", table.sample_id[:2])
    for key in ("patient_id", "cancer_type", "treatment", "timepoint", "sex", "age_years"):
        found = getattr(table, key)
        if found:
            yield f"{key} = {as_toml(found[0].value)}  # {_harmless(found[0].evidence)}"
        if key in _WORDS_OF_COHORT:
            for other in found[1:]:
                yield from _comment(f"or {key} = {as_toml(other.value)}: {other.evidence}")
    yield "[cohorts.select]"
    times = next((c for c in table.columns if table.timepoint and c.name == table.timepoint[0].value), None)
    if times is not None and times.n_distinct > 1:
        shown = ", ".join(f"{value} ({count}x)" for value, count in times.values)
        yield from _comment(f"which of these samples take part: {shown}")
        yield f"timepoint = [{as_toml(UNDECIDED)}]"
    yield 'one_per_patient = "refuse"  # or "first"; patients are the unit of inference'
    yield from _features(table)


def _features(table: SamplesDescription) -> Iterator[str]:
    used = {t.time for t in table.times} | {c.value for c in (*table.age_years, *table.sample_id)}
    numeric = [c.name for c in table.columns if c.numeric and c.n_distinct > 5 and c.name not in used]
    if not numeric:
        return
    numeric.sort(key=lambda name: _USUAL_FEATURE.search(name) is None)
    shown = ", ".join(numeric[:_FEATURES_SHOWN]) + (" ..." if len(numeric) > _FEATURES_SHOWN else "")
    yield from _comment(f"{len(numeric)} numeric columns could be features: {shown}; for example")
    example = {re.sub(r"\W+", "_", numeric[0]).strip("_").lower() or "feature": {"column": numeric[0], "unit": ""}}
    yield "# [[cohorts.features]]"
    yield from _comment(f"numeric = {as_toml(example)}")


def _comment(text: str) -> Iterator[str]:
    """Break a comment into lines; what comes from a file must not end it."""
    line = "#"
    for word in _harmless(text).split(" "):
        if len(line) + len(word) > _WIDTH:
            yield line
            line = "#  "
        line += f" {word}"
    yield line


def _harmless(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", "?", text)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()
