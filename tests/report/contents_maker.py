"""Simulated, seeded contents for the tests of the report: cohorts, scores and answers with a planted truth."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from tests.report.answers_maker import make_answers, make_curves

from tmescope.report.contents import ReportContents
from tmescope.report.sample_matrix import SampleMatrix

HOSTILE = "</script><img src=x onerror=alert(1)>"
FORMULA = "=cmd()|' /C calc'!A0"
RIGHT_TO_LEFT = "\u202etxt.exe דגימה"

SCALES = ("log2(tpm+1)", "tpm", "log2_array")

NAMES = (
    ("cyt", "Cytolytic activity", "T and NK cells"),
    ("ifng6", "IFN-γ response (6 genes)", "T and NK cells"),
    ("tis18", "T-cell-inflamed profile (18 genes)", "T and NK cells"),
    ("teff", "T-effector", "T and NK cells"),
    ("checkpoint", "Immune checkpoints", "T and NK cells"),
    ("nk", "NK cells", "T and NK cells"),
    ("tls", "Tertiary lymphoid structures", "B cells and antigen presentation"),
    ("b_lineage", "B lineage", "B cells and antigen presentation"),
    ("mhc1", "MHC class I", "B cells and antigen presentation"),
    ("mhc2", "MHC class II", "B cells and antigen presentation"),
    ("apm", "Antigen processing machinery", "B cells and antigen presentation"),
    ("m1", "Macrophages, inflammatory", "Myeloid"),
    ("m2", "Macrophages, alternatively activated", "Myeloid"),
    ("mdsc", "Myeloid-derived suppressor cells", "Myeloid"),
    ("neutrophils", "Neutrophils", "Myeloid"),
    ("tgfb", "Pan-fibroblast TGF-β response", "Stroma"),
    ("emt", "Epithelial-mesenchymal transition", "Stroma"),
    ("fibroblasts", "Fibroblasts", "Stroma"),
    ("angiogenesis", "Angiogenesis", "Stroma"),
    ("hypoxia", "Hypoxia", "Tumour cell"),
    ("proliferation", "Proliferation", "Tumour cell"),
)


@dataclass(frozen=True)
class Shape:
    """Size of a simulated study."""

    cohorts: tuple[tuple[str, int, str, str], ...]
    n_signatures: int
    seed: int = 7


SMALL = Shape(
    (
        ("melanoma_pd1_a", 98, "melanoma", "anti-PD-1"),
        ("bladder_pdl1", 62, "urothelial carcinoma", "anti-PD-L1"),
        ("melanoma_ctla4_pilot", 25, "melanoma", "anti-CTLA-4"),
    ),
    21,
)
TINY = Shape((("lung_a", 16, "NSCLC", "anti-PD-1"), ("lung_b", 14, "NSCLC", "anti-PD-1")), 6)
LARGE = Shape(
    (
        ("melanoma_pd1_a", 180, "melanoma", "anti-PD-1"),
        ("bladder_pdl1", 160, "urothelial carcinoma", "anti-PD-L1"),
        ("lung_pd1", 110, "NSCLC", "anti-PD-1"),
        ("kidney_combo", 80, "renal cell carcinoma", "anti-PD-1 + anti-CTLA-4"),
        ("melanoma_ctla4", 45, "melanoma", "anti-CTLA-4"),
        ("gastric_pilot", 25, "gastric cancer", "anti-PD-1"),
    ),
    60,
)

HUGE = Shape(
    (
        ("melanoma_pd1_a", 600, "melanoma", "anti-PD-1"),
        ("bladder_pdl1", 520, "urothelial carcinoma", "anti-PD-L1"),
        ("lung_pd1", 380, "NSCLC", "anti-PD-1"),
        ("kidney_combo", 280, "renal cell carcinoma", "anti-PD-1 + anti-CTLA-4"),
        ("melanoma_ctla4", 145, "melanoma", "anti-CTLA-4"),
        ("gastric_pilot", 75, "gastric cancer", "anti-PD-1"),
    ),
    200,
)


def make_contents(shape: Shape = SMALL, *, signal: float = 0.9, hostile: bool = False) -> ReportContents:
    """Return contents; `signal` is the shift of T-cell scores in responders of the first two cohorts, in SD."""
    rng = np.random.default_rng(shape.seed)
    signatures = _signatures(shape.n_signatures)
    samples = _samples(shape, rng, hostile=hostile)
    wide = _wide_scores(samples, signatures, signal=signal, rng=rng)
    samples = _outcomes(samples, wide["cyt"].to_numpy(), rng)
    scores = _long_scores(samples, wide, rng)
    features = _features(samples, rng)
    answers = make_answers(samples, scores, features)
    tables = {
        "cohorts": _cohorts(shape, samples),
        "samples": samples,
        "scores": scores,
        "features": features,
        "answers": answers,
        "curves": make_curves(samples, scores, [f for f in ("cyt", "tgfb", "proliferation") if f in wide.columns]),
        "quality": _quality(shape),
        "gene_mapping": _gene_mapping(shape, rng),
        "warnings": _warnings(hostile=hostile),
        "methods": _methods(),
        "signatures": signatures,
    }
    return ReportContents(
        study_id="simulated",
        title="T-cell inflammation and response to checkpoint blockade",
        question="Which features of the tumour microenvironment go with response, and in which cohorts?",
        tables=tables,
        primary_method="zscore",
        primary_endpoint="response",
        survival_endpoint="os",
        provenance=_provenance(),
        generated="2026-01-15",
        expression=simulate_expression(samples, seed=shape.seed),
    )


def simulate_expression(samples: pd.DataFrame, *, seed: int, n_genes: int = 80, shift: float = 1.5) -> SampleMatrix:
    """Return expression with two programmes; every cohort's genes are shifted at random by `shift` SD."""
    rng = np.random.default_rng(seed + 1)
    values = rng.normal(size=(len(samples), 2)) @ rng.normal(size=(2, n_genes)) + rng.normal(
        size=(len(samples), n_genes)
    )
    for cohort in samples["cohort_id"].unique():
        values[(samples["cohort_id"] == cohort).to_numpy()] += shift * rng.normal(size=n_genes)
    index = pd.MultiIndex.from_frame(samples[["cohort_id", "sample_id"]].astype(str))
    genes = [f"GENE{i}" for i in range(n_genes)]
    return SampleMatrix(pd.DataFrame(values, index=index, columns=genes), 5 * n_genes, "log2(tpm + 1)")


POPULATIONS = ("T cells", "B lineage", "Monocytic lineage", "Endothelial cells", "Fibroblasts")


def with_populations(
    contents: ReportContents, *, unit: str = "mean linear expression of the markers"
) -> ReportContents:
    """Return the contents with scores of populations; in the unit 'fraction' they sum to less than 1 in each sample."""
    rng = np.random.default_rng(11)
    keys = contents.table("samples")[["cohort_id", "sample_id"]]
    values = rng.gamma(2.0, size=(len(keys), len(POPULATIONS)))
    if unit == "fraction":
        values = 0.9 * values / values.sum(axis=1, keepdims=True)
    method = "fractions" if unit == "fraction" else "mcp_counter"
    parts = [
        keys.assign(method=method, feature=name, value=values[:, i], coverage=1.0, unit=unit)
        for i, name in enumerate(POPULATIONS)
    ]
    signatures = contents.table("signatures")
    rows = pd.DataFrame({"name": POPULATIONS, "title": POPULATIONS, "category": "cell populations", "n_genes": 5})
    tables = {
        **contents.tables,
        "scores": pd.concat([contents.table("scores"), *parts], ignore_index=True),
        "signatures": pd.concat([signatures, rows], ignore_index=True),
    }
    return replace(contents, tables=tables)


def without(contents: ReportContents, *names: str) -> ReportContents:
    """Return the contents without some tables."""
    return replace(contents, tables={k: v for k, v in contents.tables.items() if k not in names})


def _signatures(number: int) -> pd.DataFrame:
    rows = list(NAMES[:number])
    rows += [(f"module_{i:02d}", f"Transcriptional module {i}", "Modules") for i in range(1, number - len(rows) + 1)]
    table = pd.DataFrame(rows, columns=["name", "title", "category"])
    table["n_genes"] = [2 + (7 * i) % 40 for i in range(len(table))]
    table["reference"] = [f"10.1000/simulated.{i}" for i in range(len(table))]
    table["citation"] = [f"Simulated et al. {2010 + i % 12}" for i in range(len(table))]
    table["licence"] = "facts as published"
    limits = ("Low purity lowers it.", "", "Derived in melanoma; not tuned for other cancers.")
    table["limits"] = [limits[i % 3] for i in range(len(table))]
    table["version"] = "1"
    table["sha256"] = [hashlib.sha256(n.encode()).hexdigest() for n in table["name"]]
    return table


def _samples(shape: Shape, rng: np.random.Generator, *, hostile: bool) -> pd.DataFrame:
    parts = []
    for cohort, n, cancer, treatment in shape.cohorts:
        part = pd.DataFrame({"sample_id": [f"{cohort[:3].upper()}-{i:03d}" for i in range(1, n + 1)]})
        part.insert(0, "cohort_id", cohort)
        part["patient_id"] = part["sample_id"].str.replace("-", "_P")
        part["cancer_type"] = cancer
        part["treatment"] = treatment
        part["timepoint"] = np.where(rng.random(n) < 0.85, "pre-treatment", "on-treatment")
        part["sex"] = pd.array(np.where(rng.random(n) < 0.58, "male", "female"), dtype="str")
        part.loc[rng.random(n) < 0.05, "sex"] = pd.NA
        part["age_years"] = np.round(rng.normal(62, 11, n)).clip(24, 90)
        parts.append(part)
    samples = pd.concat(parts, ignore_index=True)
    if hostile:
        samples.loc[0:2, "sample_id"] = [HOSTILE, FORMULA, RIGHT_TO_LEFT]
        samples["treatment"] = samples["treatment"].replace({"anti-PD-1": HOSTILE})
    rate = np.where(samples["cohort_id"].str.contains("pilot"), 0.24, 0.38)
    responder = rng.random(len(samples)) < rate
    samples["response"] = pd.array(np.where(responder, "responder", "non_responder"), dtype="str")
    samples.loc[rng.random(len(samples)) < 0.06, "response"] = pd.NA
    return samples


def _wide_scores(
    samples: pd.DataFrame, signatures: pd.DataFrame, *, signal: float, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(samples)
    axes = {c: rng.normal(size=n) for c in signatures["category"].unique()}
    responder = (samples["response"] == "responder").to_numpy()
    helped = responder & ~samples["cohort_id"].str.contains("pilot|gastric").to_numpy()
    axes["T and NK cells"] = axes["T and NK cells"] + signal * helped
    shared = axes["T and NK cells"]
    wide = {}
    for name, category in zip(signatures["name"], signatures["category"], strict=True):
        pull = 0.55 if category in {"B cells and antigen presentation", "Myeloid"} else 0.0
        wide[name] = 0.8 * axes[category] + pull * shared + 0.55 * rng.normal(size=n)
    frame = pd.DataFrame(wide)
    shift = samples["cohort_id"].map({c: i * 0.4 for i, c in enumerate(samples["cohort_id"].unique())})
    return frame.add(shift.to_numpy(), axis=0)


def _outcomes(samples: pd.DataFrame, cyt: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    centred = cyt - pd.Series(cyt).groupby(samples["cohort_id"].to_numpy()).transform("mean").to_numpy()
    time = rng.exponential(14 * np.exp(0.45 * centred))
    censor = rng.uniform(4, 48, len(samples))
    return samples.assign(
        os_time_months=np.round(np.minimum(time, censor), 2),
        os_event=pd.array(time <= censor, dtype="boolean"),
    )


def _long_scores(samples: pd.DataFrame, wide: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    keys = samples[["cohort_id", "sample_id"]]
    parts = []
    for method, unit, scale in (
        ("zscore", "combined z-score (SD)", 1.0),
        ("ssgsea", "enrichment score", 900.0),
    ):
        for feature in wide.columns:
            value = scale * wide[feature].to_numpy()
            if feature == "tls":
                value = np.where(samples["cohort_id"] == samples["cohort_id"].iloc[-1], np.nan, value)
            part = keys.assign(method=method, feature=feature, value=value, unit=unit)
            part["coverage"] = np.where(np.isnan(value), 0.3, 1.0 if feature == "cyt" else 0.92)
            parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table.loc[rng.choice(len(table), 30, replace=False), "value"] = np.nan
    return table[["cohort_id", "sample_id", "method", "feature", "value", "coverage", "unit"]]


def _features(samples: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    base = samples[["cohort_id", "sample_id"]]
    tmb = np.round(rng.lognormal(1.8 + 0.3 * (samples["response"] == "responder").to_numpy(), 0.8), 1)
    numeric = base.assign(feature="TMB", kind="numeric", value=tmb, category=None, unit="mutations/Mb")
    level = rng.choice(["IC0", "IC1", "IC2+"], len(samples))
    category = base.assign(feature="PD-L1 level", kind="categorical", value=np.nan, category=level, unit="")
    return pd.concat([numeric, category], ignore_index=True)


def _cohorts(shape: Shape, samples: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for i, (cohort, n, cancer, treatment) in enumerate(shape.cohorts):
        row = {"cohort_id": cohort, "cancer_type": cancer, "treatment": treatment}
        row |= {"scale": SCALES[i % 3], "n_genes": 18_000 - 900 * i}
        row |= {"n_expression": n + 9 + i, "n_table": n + 14, "n_joined": n + 6, "n_selected": n}
        row |= {"n_patients": samples.loc[samples["cohort_id"] == cohort, "patient_id"].nunique()}
        rows.append(row | {"licence": "simulated, CC0"})
    return pd.DataFrame(rows)


def _quality(shape: Shape) -> pd.DataFrame:
    rows = []
    for i, (cohort, n, _, _) in enumerate(shape.cohorts):
        pilot = "pilot" in cohort
        lost = "Of 312 genes that the signatures need, 56 have no row in the matrix."
        few = "Fewer than 10 responders: intervals are wide and effects unstable."
        sums = "Median over samples; a full TPM table sums to 1 million, one over fewer genes to less."
        checks = [
            ("declared scale", "ok", SCALES[i % 3], "All values lie in the range of the declared scale: 0 to 15.2."),
            ("sum of 2^x - 1", "notice" if i == 1 else "ok", "0.41 million" if i == 1 else "0.98 million", sums),
            ("duplicate samples", "ok", "0", "No sample identifier occurs twice."),
            (
                "genes needed and found",
                *(("problem", "82%", lost) if pilot else ("ok", "99%", "309 of 312 were found.")),
            ),
            ("events", *(("problem", "6", few) if pilot else ("ok", str(n // 3), "Enough for one feature at a time."))),
            ("constant samples", "ok", "0", "No sample has the same value for every gene."),
        ]
        rows += [(cohort, *check) for check in checks]
    return pd.DataFrame(rows, columns=["cohort_id", "check", "status", "value", "evidence"])


def _gene_mapping(shape: Shape, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for i, (cohort, *_rest) in enumerate(shape.cohorts):
        weights = (
            [0.9, 0.03, 0.03, 0.0, 0.0, 0.02, 0.0, 0.02] if i < 2 else [0.7, 0.05, 0.05, 0.0, 0.0, 0.0, 0.02, 0.18]
        )
        reasons = [
            "approved",
            "previous symbol",
            "alias",
            "ensembl",
            "entrez",
            "unchanged",
            "ambiguous",
            "missing",
        ]
        part = pd.DataFrame({"input_id": [f"GENE{j}" for j in range(312)]})
        part.insert(0, "cohort_id", cohort)
        part["gene_symbol"] = part["input_id"]
        part["hgnc_id"] = [f"HGNC:{j}" for j in range(312)]
        part["reason"] = rng.choice(reasons, 312, p=weights)
        part["needed"] = True
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _warnings(*, hostile: bool) -> pd.DataFrame:
    columns = ["code", "message", "where", "count", "examples"]
    low = "Fewer than half of the signature's genes are in the matrix; the score is missing."
    unusual = "The median sample sums to 0.41 million instead of 1 million."
    rows = [
        ("scale.unusual_sum", unusual, "bladder_pdl1", 62, ["BLA-001", "BLA-002", "BLA-003"]),
        ("signature.low_coverage", low, "melanoma_ctla4_pilot", 1, ["tls"]),
        ("answers.few_events", "Fewer than 10 responders.", "melanoma_ctla4_pilot", 21, ["cyt", "ifng6", "tis18"]),
        ("answers.few_events", "Fewer than 10 events in one tertile.", "bladder_pdl1", 4, ["emt"]),
    ]
    if hostile:
        names = [HOSTILE, FORMULA, RIGHT_TO_LEFT]
        rows.append(("samples.unmatched", f"No expression for {HOSTILE}", HOSTILE, 3, names))
    return pd.DataFrame(rows, columns=columns)


def _methods() -> pd.DataFrame:
    zscore = {
        "name": "zscore",
        "summary": "Mean of the genes' z-scores within the cohort, times the square root of their number.",
        "unit": "SD",
        "scope": "cohort",
        "reference": "10.1371/journal.pcbi.1000217",
        "licence": "none needed",
        "commercial_use": True,
        "higher_means": "More expression of the signature than in the cohort's average sample.",
        "parameters": json.dumps({"ddof": 1}),
    }
    ssgsea = {
        "name": "ssgsea",
        "summary": "Rank-based enrichment of the signature's genes in one sample.",
        "unit": "enrichment score",
        "scope": "sample",
        "reference": "10.1038/nature08460",
        "higher_means": "The signature's genes rank higher within the sample.",
        "parameters": json.dumps({"alpha": 0.25, "normalise": False}),
    }
    return pd.DataFrame([ssgsea | {"licence": "none needed", "commercial_use": True}, zscore])[list(zscore)]


def _provenance() -> dict[str, object]:
    digest = hashlib.sha256(b"simulated").hexdigest()
    return {
        "versions": {"tmescope": "0.1.0", "python": "3.11.2", "numpy": "2.1.0", "pandas": "3.0.0"},
        "inputs": {"melanoma_pd1_a/expression.tsv.gz": digest, "melanoma_pd1_a/samples.tsv": digest[::-1]},
        "facts": {"cyt": digest, "ifng6": digest},
        "seed": 7,
        "parameters": {"profile": {"methods": ["zscore", "ssgsea"]}, "answers": {"cut": "tertiles"}},
    }
