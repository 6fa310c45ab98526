"""The results of a finished run, opened for export: only as the run left them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import StoreError
from tmescope.foundation.provenance import hash_file
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import read_table
from tmescope.study.ledger import Ledger
from tmescope.study.schema_parts import checked_id

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

__all__ = ["FinishedRun", "RunRecord", "check_output_folder", "open_results"]

_CRATE = "ro-crate-metadata.json"
_LARGEST = 64 << 20
_AGAIN = "run the study again: it makes anew what changed"


@dataclass(frozen=True)
class RunRecord:
    """What the metadata of the results say about where they came from.

    Parameters
    ----------
    study : mapping
        ``id``, ``title``, ``question``, ``seed`` of the study file.
    versions, inputs, facts : mapping of str to str
        Of software; sha256 of what was read; sha256 of gene sets and other facts.
    parameters : mapping
        What the study file decides, by its section.
    """

    study: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FinishedRun:
    """A folder of results, and what is done in it.

    Parameters
    ----------
    root : pathlib.Path
        The folder.
    ledger : Ledger
        Its steps.
    """

    root: Path
    ledger: Ledger

    def table_hashes(self) -> dict[str, str]:
        """Return the sha256 of every file of ``tables/`` that the run wrote.

        Raises
        ------
        StoreError
            If the run did not get that far.
        """
        return self.ledger.outcome("tables", public=True)

    def read_tables(self, names: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Read tables of the run.

        Parameters
        ----------
        names : sequence of str
            Such as ``scores``.

        Raises
        ------
        StoreError
            If a file of ``tables/`` is not as the run left it.
        """
        self._verify("tables", [f"{name}.parquet" for name in names], public=True)
        return {name: read_table(self.root / "tables" / f"{name}.parquet") for name in names}

    def read_measured(self, names: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Read tables of the run, the rows of ``fractions`` behind those of ``scores``, which have the same columns.

        Parameters
        ----------
        names : sequence of str
            ``scores`` and others.

        Raises
        ------
        StoreError
            As from `read_tables`.
        """
        import pandas as pd

        there = (self.root / "tables" / "fractions.parquet").is_file()  # runs of older releases have none
        tables = self.read_tables([*names, *(["fractions"] if there else [])])
        filled = [t for t in (tables["scores"], tables.pop("fractions", None)) if t is not None and len(t)]
        if filled:
            tables["scores"] = pd.concat(filled, ignore_index=True)
        return tables

    def cohort_ids(self, cohorts: pd.DataFrame) -> list[str]:
        """Return the names in the table ``cohorts``, which become names of files.

        Raises
        ------
        StoreError
            If one cannot.
        """
        try:
            return [checked_id(cohort_id) for cohort_id in cohorts["cohort_id"]]
        except ValueError as error:
            raise StoreError(str(error), where=str(self.root), next_step="run the study again") from error

    def read_cohort(self, cohort_id: str) -> AnnData:
        """Read the matrix of a cohort with its samples and genes.

        Raises
        ------
        StoreError
            If it is not as the run left it.
        """
        self._verify(f"cohort-{cohort_id}", [])
        return read_cohort_folder(self.ledger.folder(f"cohort-{cohort_id}"))

    def record(self) -> RunRecord:
        """Read where the results came from, from their RO-Crate.

        Raises
        ------
        StoreError
            If the file is absent, damaged, or speaks of other tables than those that are here.
        """
        path = self.root / _CRATE
        try:
            if path.stat().st_size > _LARGEST:
                raise _changed(f"the metadata of the results have more than {_LARGEST:,} bytes", path)
            return _read_record(json.loads(path.read_text(encoding="utf-8")), self.table_hashes(), path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, StoreError):
                raise
            raise _changed(f"the metadata of the results cannot be read ({type(error).__name__})", path) from error

    def _verify(self, step: str, wanted: Sequence[str], *, public: bool = False) -> None:
        folder = self.ledger.folder(step, public=public)
        files = self.ledger.outcome(step, public=public)
        changed = [n for n, sha in files.items() if not (folder / n).is_file() or hash_file(folder / n) != sha]
        bad = [*changed, *(name for name in wanted if name not in files)]
        if bad:
            raise _changed(f"{len(bad)} files are not as the run left them: {', '.join(bad[:3])}", folder)


def open_results(results: Path | str) -> FinishedRun:
    """Open the results of a run.

    Parameters
    ----------
    results : path or str
        Folder of results of `tmescope.study.run`.

    Raises
    ------
    StoreError
        If it is no such folder.
    """
    root = Path(results)
    if not (root / ".tmescope").is_dir():
        raise StoreError(
            "there are no results of a run",
            where=str(root),
            expected="the folder that tmescope run wrote, with its working files in .tmescope",
            next_step="run the study, then export its folder of results",
        )
    return FinishedRun(root, Ledger(root, [], []))


def check_output_folder(final: Path) -> None:
    """Check that a folder to write to is new or empty.

    Raises
    ------
    StoreError
        If it is not.
    """
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise StoreError(
            "the output is a file" if final.is_file() else "the output folder holds something already",
            where=str(final),
            expected="a new or empty folder",
            next_step="give another folder with --output, or remove this one",
        )


def _changed(what: str, where: Path) -> StoreError:
    return StoreError(what, where=str(where), expected="the results of a finished run", next_step=_AGAIN)


def _read_record(crate: dict[str, Any], tables: Mapping[str, str], path: Path) -> RunRecord:
    entities: dict[str, dict[str, Any]] = {e["@id"]: e for e in crate["@graph"]}
    listed = {i.removeprefix("tables/"): e["sha256"] for i, e in entities.items() if i.startswith("tables/")}
    if listed != dict(tables):
        raise _changed("the metadata speak of other tables than those that are here", path)
    software = entities["#tmescope"]
    packages = dict(text.rsplit(" ", 1) for text in software["softwareRequirements"] if " " in text)
    parameters = {e["name"]: _parsed(e["value"]) for i, e in entities.items() if i.startswith("#parameter-")}
    study = parameters.pop("study")
    if not isinstance(study, dict):
        raise _changed("the metadata do not say which study it was", path)
    return RunRecord(
        study,
        {"tmescope": software["softwareVersion"], **packages},
        _hashes(entities, "#input-"),
        _hashes(entities, "#fact-"),
        parameters,
    )


def _hashes(entities: Mapping[str, dict[str, Any]], prefix: str) -> dict[str, str]:
    return {str(e["name"]): str(e["sha256"]) for i, e in entities.items() if i.startswith(prefix)}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
