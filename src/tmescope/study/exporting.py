"""The results of a run as study folders of a cBioPortal: clinical tables, expression, scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmescope.facts.genes import load_genes
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.scale import Scale
from tmescope.ingest.cbioportal_writing import (
    Attribute,
    check_gene_names,
    check_ids,
    write_case_list,
    write_clinical,
    write_matrix,
    write_meta,
)
from tmescope.store.atomic import staged_folder
from tmescope.study.export_attributes import ClinicalAttributes, list_attributes
from tmescope.study.export_scores import write_scores
from tmescope.study.finished_runs import check_output_folder, open_results

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

__all__ = ["ExportOptions", "ExportOutcome", "export_cbioportal"]

_TABLES = ("cohorts", "samples", "features", "scores", "methods", "signatures")
_TASK = "export: cbioportal"
_ALL_CASES = ("all_cases_in_study", "All samples")
_RNA = ("rna_seq_mrna", ("all_cases_with_mrna_rnaseq_data", "Samples with RNA-seq expression"))
_ARRAY = ("mrna", ("all_cases_with_mrna_array_data", "Samples with microarray expression"))


@dataclass(frozen=True)
class ExportOptions:
    """What is decided about an export.

    Parameters
    ----------
    type_of_cancer : str
        Abbreviation that the portal knows; ``mixed`` is known to every portal.
    replace_in_ids : bool
        Whether characters that the portal does not take in identifiers become ``_``; else they are an error.
    allow_identifying : tuple of str
        Columns and features to write although they look like they identify persons.
    """

    type_of_cancer: str = "mixed"
    replace_in_ids: bool = False
    allow_identifying: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExportOutcome:
    """What was written.

    Parameters
    ----------
    folder : Path
        Holds one study folder a cohort.
    studies : tuple of str
        Their names.
    notes : tuple of str
        What was left out, moved or replaced, one sentence each.
    """

    folder: Path
    studies: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Target:
    """A study folder to fill, with identifiers as the portal takes them, one a sample."""

    folder: Path
    name: str
    samples: list[str]
    patients: list[str]

    def meta(self, kind: str, fields: dict[str, str]) -> None:
        """Write a meta file of the study."""
        write_meta(self.folder / f"meta_{kind}.txt", {"cancer_study_identifier": self.name, **fields})


def export_cbioportal(
    results: Path | str, output: Path | str, *, options: ExportOptions | None = None, progress: Progress = SILENT
) -> ExportOutcome:
    """Write one cBioPortal study folder for each cohort of a run.

    Cohorts do not share a folder: a study of the portal has one expression profile of a kind, and cohorts differ in
    scale.

    Parameters
    ----------
    results : path or str
        Folder of results of `tmescope.study.run`.
    output : path or str
        Folder to make: it gets one folder a cohort. All of it appears at once or not at all.
    options : ExportOptions, optional
        See there.
    progress : Progress
        Told of each cohort.

    Returns
    -------
    ExportOutcome

    Raises
    ------
    StoreError
        `results` is no finished run or was changed since; `output` holds something already; names that clash.
    SampleError
        Identifiers that the portal does not take, or that look like they identify persons.
    IdentifierError
        Genes whose names the format cannot hold.

    Notes
    -----
    Numbers read back bit for bit. The format has no field for the scale of expression: it stands in the profile's
    name and description. The datatype is always CONTINUOUS, the only one of values that the portal's validator takes
    for expression. The same results give the same bytes.
    """
    final = Path(output)
    chosen = options or ExportOptions()
    check_output_folder(final)
    run = open_results(results)
    tables = run.read_measured(_TABLES)
    notes: list[str] = []
    studies: list[str] = []
    with staged_folder(final) as staged:
        names = run.cohort_ids(tables["cohorts"])
        progress.start(_TASK, len(names), unit="cohorts")
        for name in names:
            adata = run.read_cohort(name)
            own = {k: t[t["cohort_id"] == name] if "cohort_id" in t else t for k, t in tables.items()}
            (staged / name).mkdir()
            notes += [f"{name}: {note}" for note in _write_study(staged / name, own, adata, options=chosen)]
            studies.append(name)
            progress.advance(_TASK)
        progress.finish(_TASK, "done")
    return ExportOutcome(final, tuple(studies), tuple(notes))


def _write_study(
    folder: Path, own: dict[str, pd.DataFrame], adata: AnnData, *, options: ExportOptions
) -> Sequence[str]:
    name = folder.name
    where = f"cohort {name}"
    samples = own["samples"].reset_index(drop=True)
    attributes = list_attributes(samples, own["features"], allow_identifying=options.allow_identifying, where=where)
    sample_ids, patient_ids = samples["sample_id"].tolist(), samples["patient_id"].tolist()
    target = _Target(
        folder,
        name,
        check_ids(sample_ids, "sample", where=where, replace=options.replace_in_ids),
        check_ids(patient_ids, "patient", where=where, replace=options.replace_in_ids),
    )
    notes = list(attributes.notes)
    for kind, old, new in (("sample", sample_ids, target.samples), ("patient", patient_ids, target.patients)):
        replaced = sum(a != b for a, b in zip(old, new, strict=True))
        if replaced:
            notes.append(f"characters that cBioPortal does not take became _ in {replaced} {kind} identifiers")
    _write_head(
        target, {str(k): v for k, v in own["cohorts"].iloc[0].dropna().items()}, type_of_cancer=options.type_of_cancer
    )
    _write_clinical(target, attributes)
    _write_expression(target, adata[adata.obs_names.get_indexer(sample_ids)])
    write_scores(folder, name, own, order=(sample_ids, target.samples))
    return notes


def _write_head(target: _Target, cohort: dict[str, object], *, type_of_cancer: str) -> None:
    about = [str(cohort[c]) for c in ("cancer_type", "treatment") if cohort.get(c)]
    licence = f". Licence: {cohort['licence']}" if cohort.get("licence") else ""
    fields = {
        "type_of_cancer": type_of_cancer,
        "name": f"{target.name} ({', '.join(about)})" if about else target.name,
        "description": f"{len(target.samples)} samples of {len(set(target.patients))} patients{licence}",
    }
    target.meta("study", fields)


def _write_clinical(target: _Target, attributes: ClinicalAttributes) -> None:
    first = {patient: i for i, patient in reversed(list(enumerate(target.patients)))}
    rows = sorted(first.values())
    patient = Attribute("PATIENT_ID", "Patient", "Identifier of the patient", "STRING", tuple(target.patients))
    sample = Attribute("SAMPLE_ID", "Sample", "Identifier of the sample", "STRING", tuple(target.samples))
    of_patients = [replace(a, cells=tuple(a.cells[i] for i in rows)) for a in (patient, *attributes.of_patients)]
    for kind, columns in (("patient", of_patients), ("sample", [patient, sample, *attributes.of_samples])):
        fields = {
            "genetic_alteration_type": "CLINICAL",
            "datatype": f"{kind.upper()}_ATTRIBUTES",
            "data_filename": f"data_clinical_{kind}.txt",
        }
        target.meta(f"clinical_{kind}", fields)
        write_clinical(target.folder / f"data_clinical_{kind}.txt", columns)
    lists = target.folder / "case_lists"
    lists.mkdir()
    write_case_list(lists / "cases_all.txt", target.name, "all", about=_ALL_CASES, ids=target.samples)


def _write_expression(target: _Target, adata: AnnData) -> None:
    scale = Scale.parse(adata.uns["tmescope"]["scale"])
    stable_id, about = _ARRAY if scale.unit == "array" else _RNA
    hugo, entrez = _gene_names(adata)
    check_gene_names([h or e for h, e in zip(hugo, entrez, strict=True)], where=f"cohort {target.name}")
    fields = {
        "genetic_alteration_type": "MRNA_EXPRESSION",
        "datatype": "CONTINUOUS",
        "stable_id": stable_id,
        "show_profile_in_analysis_tab": "false",
        "profile_name": f"mRNA expression, {scale}",
        "profile_description": f"Expression of {adata.n_vars} genes; the scale of the numbers is {scale}",
        "data_filename": "data_expression.txt",
    }
    target.meta("expression", fields)
    texts = {"Hugo_Symbol": hugo, "Entrez_Gene_Id": entrez}
    values = np.ascontiguousarray(np.asarray(adata.X, dtype=np.float64).T)
    write_matrix(target.folder / "data_expression.txt", texts, samples=target.samples, values=values)
    path = target.folder / "case_lists" / f"cases_{stable_id}.txt"
    write_case_list(path, target.name, stable_id, about=about, ids=target.samples)


def _gene_names(adata: AnnData) -> tuple[list[str], list[str]]:
    """Return symbols and Entrez ids; a number that stands for a gene nobody named is an Entrez id, not a symbol."""
    genes = load_genes()
    by_number = adata.uns["tmescope"]["identifiers"] == "entrez"
    hugo, entrez = [], []
    for symbol, given in zip(adata.var_names, adata.var["input_id"], strict=True):
        is_number = by_number and symbol.isdecimal()
        hugo.append("" if is_number else symbol)
        known = genes.get(symbol).entrez_id if symbol in genes else ""
        entrez.append(given if by_number else known)
    return hugo, entrez
