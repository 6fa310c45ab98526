"""Contents for the tests of the pages of patients: one patient with three samples, flags, lost genes, other units."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.report.contents_maker import make_contents

from tmescope.report.contents import ReportContents

COHORT = "melanoma_pd1_a"
SAMPLES = ("MEL-001", "MEL-002", "MEL-003")
PATIENT = "MEL_P001"


def make_patient_contents(primary: str = "ssgsea") -> ReportContents:
    """Return contents in which the first patient has three samples, four flags and signatures that lack genes."""
    contents = make_contents()
    samples = contents.table("samples").copy()
    samples.loc[0:2, "patient_id"] = PATIENT
    samples.loc[0:2, "timepoint"] = ["pre", "on", "post"]
    samples.loc[3, "age_years"] = 93.0
    flags = pd.DataFrame(
        [
            (COHORT, SAMPLES[0], "sex", "problem", "recorded as female, but expresses genes of chromosome Y"),
            (COHORT, SAMPLES[1], "scale of each sample", "notice", "stands out from its cohort: sum 12 times"),
            (COHORT, SAMPLES[1], "timepoint", "notice", "column 'visit' says 'pre', the timepoint is 'on'"),
        ],
        columns=["cohort_id", "sample_id", "check", "status", "evidence"],
    )
    twin = samples[samples["cohort_id"] == "bladder_pdl1"].iloc[0]
    overlaps = pd.DataFrame(
        [(COHORT, SAMPLES[0], PATIENT, "bladder_pdl1", twin["sample_id"], twin["patient_id"], "expression same")],
        columns=["cohort_a", "sample_a", "patient_a", "cohort_b", "sample_b", "patient_b", "evidence"],
    )
    mapping = contents.table("gene_mapping")
    lost = mapping[mapping["reason"].isin(["missing", "ambiguous"]) & (mapping["cohort_id"] == COHORT)]["gene_symbol"]
    genes = {"cyt": sorted(lost)[:2], "tgfb": ["GENE0"]}
    scales = ["log2(tpm+1)", "tpm", "log2_array"]
    tables = {
        **contents.tables,
        "samples": samples,
        "sample_flags": flags,
        "overlaps": overlaps,
        "cohorts": contents.table("cohorts").assign(scale=scales),
    }
    return replace(contents, tables=tables, signature_genes=genes, primary_method=primary)
