"""Tables about patients who are in two cohorts, and measurements that are in one cohort twice."""

from __future__ import annotations

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import endpoint_name, plain
from tmescope.report.tables import HtmlTable, number, words

__all__ = ["overlap_pairs", "overlaps"]

_EVIDENCE = (
    ("Same measurement", "expression same"),
    ("Similar expression", "expression similar"),
    ("Identifier alone", "id"),
)


def overlap_pairs(contents: ReportContents) -> HtmlTable | None:
    """Return, for each two cohorts that share patients, how many, by which evidence, and what both were asked."""
    table = contents.table("overlaps")
    rows = []
    for (a, b), part in table.groupby(["cohort_a", "cohort_b"], sort=False):
        evidence = part["evidence"].astype(str)
        counts = [int((evidence.str.removeprefix("id, ") == kind).sum()) for _, kind in _EVIDENCE]
        within = a == b
        where = f"{plain(a)}, twice within" if within else f"{plain(a)} and {plain(b)}"
        people = len(part) if within else part["patient_a"].nunique()
        concerned = _asked(contents, str(a), str(b))
        rows.append([words(where), number(people), *(number(n) for n in counts), words(concerned or "no answer yet")])
    columns = [
        ("Where", False), ("Shared", True), *((title, True) for title, _ in _EVIDENCE), ("Answers concerned", False),
    ]  # fmt: skip
    note = (
        "Shared: patients in both cohorts, or pairs of samples within one. Answers of single cohorts stand. Whoever "
        "pools the answers concerned over both cohorts counts these patients twice; a measurement that is in one "
        "cohort twice counts twice in its own answers. Nothing was left out: select.exclude of a cohort does that. "
        "Similar expression: each is the other's best match by far, as after another pipeline."
    )
    return HtmlTable("overlap-pairs", "Patients who are counted twice", columns, rows, note=note) if rows else None


def overlaps(contents: ReportContents) -> HtmlTable | None:
    """Return each two samples of one patient, with the evidence."""
    table = contents.table("overlaps")
    rows = [
        [
            words(r["cohort_a"]),
            words(_named(r["sample_a"], r["patient_a"])),
            words(r["cohort_b"]),
            words(_named(r["sample_b"], r["patient_b"])),
            words(r["evidence"]),
            number(r["correlation"], 3),
            number(r["n_genes"]),
        ]
        for r in table.to_dict(orient="records")
    ]
    columns = [
        ("Cohort", False), ("Sample", False), ("Cohort", False), ("Sample", False), ("Evidence", False),
        ("Correlation", True), ("Genes", True),
    ]  # fmt: skip
    caption = "Samples that are counted twice, with the evidence"
    return HtmlTable("overlaps", caption, columns, rows, sortable=True) if rows else None


def _named(sample: object, patient: object) -> str:
    shown, person = plain(sample), plain(patient)
    return shown if person in {"", shown} else f"{shown} (patient {person})"


def _asked(contents: ReportContents, a: str, b: str) -> str:
    answers = contents.table("answers")
    both: list[str] = []
    for endpoint in pd.unique(answers["endpoint"]) if len(answers) else []:
        cohorts = set(answers.loc[answers["endpoint"] == endpoint, "cohort_id"])
        both += [endpoint_name(endpoint)] if {a, b} <= cohorts else []
    return ", ".join(both)
