"""The samples, one a row: where samples are chosen by name or by keyboard, and where the chosen ones are listed."""

from __future__ import annotations

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import plain
from tmescope.report.tables import HtmlTable, number, words

__all__ = ["samples_table"]

_COLUMNS = (("treatment", "Treatment"), ("timepoint", "Time point"), ("sex", "Sex"))


def samples_table(contents: ReportContents) -> HtmlTable | None:
    """Return every selected sample with its cohort, response and what else is known; None where there is no table.

    The cohort and the sample come in the first two columns: the page finds the row of a sample by them.
    """
    samples = contents.table("samples")
    if not len(samples):
        return None
    endpoint = contents.primary_endpoint if contents.primary_endpoint in samples.columns else None
    shown = [(c, t) for c, t in _COLUMNS if samples[c].notna().any()]
    columns = [("Cohort", False), ("Sample", False), *([("Response", False)] if endpoint else [])]
    columns += [(t, False) for _, t in shown]
    with_age = bool(samples["age_years"].notna().any())
    columns += [("Age (years)", True)] if with_age else []
    rows = []
    for r in samples.drop_duplicates(["cohort_id", "sample_id"]).to_dict(orient="records"):
        row = [words(r["cohort_id"]), words(r["sample_id"])]
        row += [words(r[endpoint])] if endpoint else []
        row += [words(r[c]) for c, _ in shown]
        rows.append([*row, *([number(r["age_years"])] if with_age else [])])
    cohorts = [plain(c) for c in contents.cohort_ids()]
    note = "Samples that are chosen here are marked in the figures, and the other way round."
    return HtmlTable(
        "samples-table", "Samples", columns, rows, sortable=True, filters=[("Cohort", 0, cohorts)], note=note
    )
