"""Tables of a report on a lake, made up from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tmescope.report.horizon_contents import HorizonContents

AREAS = {"oncology": "Oncology and the tumour microenvironment", "ageing": "Ageing"}
QUARTERS = [f"{year}Q{quarter}" for year in range(2019, 2025) for quarter in range(1, 5)]
NAMES = [
    *("TIGIT", "LAG3", "bispecific antibody", "CLDN18", "CAR-T cell", "DLL3", "tumour-associated macrophage", "GPRC5D"),
    *("TROP2 antibody-drug conjugate of a long name", "FAP", "B7-H3", "senolytic"),
]
TIGIT = "HGNC:26838"
COUNTRIES = ("United States", "China", "France", "Spain", "South Korea", "Japan", "Australia", "Atlantis")
PHASES = ("EARLY_PHASE1", "PHASE1", "PHASE1/PHASE2", "PHASE2", "PHASE3", "no phase given")
SPONSORS = (
    "Alpha Biologics",
    "Beta Oncology",
    "University of Gamma",
    "Delta Cooperative Group of a Long Name",
    "Epsilon",
)


def make_contents(**more: Any) -> HorizonContents:
    rng = np.random.default_rng(5)
    counts = _counts(rng)
    tables = {
        "trends": _trends(rng, counts),
        "trend_counts": counts,
        "trend_pairs": _pairs(rng),
        "lead_curve": _curve(),
        "lead_times": pd.DataFrame({"entity_id": ["e:0"], "months": [3.0], "followed": [True], "reason": [""]}),
        **_landscape(rng),
        "horizon_changes": _changes(),
        "horizon_documents": _documents(),
    }
    given: dict[str, Any] = {
        "study_id": "horizon",
        "title": "What rises, and who tests it",
        "question": "Which targets rise, and who tests them?",
        "tables": tables,
        "areas": AREAS,
        "limits": {"ageing": "The age of patients is no topic of ageing."},
        "subjects": {TIGIT: "TIGIT"},
        "names": {f"e:{i}": name for i, name in enumerate(NAMES)},
        "n_documents": {"paper": 120_000, "preprint": 4_000, "trial": 900},
        "changes_since": "2024-06-30",
        "provenance": {"versions": {"tmescope": "0.1.0"}, "inputs": {"lake": "0" * 64}},
        "notes": ("3 quarters are not complete and were left out",),
    }
    return HorizonContents(**{**given, **more})


def _counts(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    corpus = (5000 * 1.02 ** np.arange(len(QUARTERS))).astype(int)
    for area in AREAS:
        for i in range(len(NAMES)):
            rate = rng.uniform(2, 30) * np.exp(rng.normal(0.08, 0.05) * np.arange(len(QUARTERS)))
            for k, n in enumerate(rng.poisson(rate)):
                if n:
                    masked = k == len(QUARTERS) - 1
                    rows.append((f"e:{i}", QUARTERS[k], "paper", n, corpus[k], masked, area))
    return pd.DataFrame(rows, columns=["entity_id", "quarter", "kind", "n", "corpus", "masked", "focus"])


def _trends(rng: np.random.Generator, counts: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for area in AREAS:
        total = counts[counts["focus"] == area].groupby("entity_id")["n"].sum()
        slopes = np.sort(rng.normal(0.35, 0.2, len(NAMES)))[::-1]
        for rank, slope in enumerate(slopes, start=1):
            i = rank - 1
            error = rng.uniform(0.05, 0.2)
            low = slope * 0.9 - 1.4 * error
            few = "few" if rank == 5 else ""
            rows.append(
                {
                    "entity_id": f"e:{i}", "entity_type": "gene", "name": NAMES[i], "focus": area, "rank": rank,
                    "n_documents": int(total[f"e:{i}"]), "n_reviews": 3, "n_preprints": 5,
                    "n_trials": int(rng.integers(40)),
                    "n_last_year": int(total[f"e:{i}"] // 4), "slope": slope, "std_error": error,
                    "ci_low": slope - 1.96 * error, "ci_high": slope + 1.96 * error, "shrunk_slope": slope * 0.9,
                    "lower_bound": low, "p_value": 0.001, "q_value": 0.01,
                    "burst": "2023Q1 to 2024Q2" if rank == 1 else "",
                    "first_on": "2015-03-01", "flags": few,
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    return table.sort_values(["focus", "lower_bound"], ascending=[True, False], ignore_index=True)


def _pairs(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for area in AREAS:
        for i in range(8):
            ratio = float(np.exp(rng.uniform(0.5, 3)))
            rows.append((f"e:{i}", f"e:{i + 4}", int(rng.integers(4, 60)), 2.2, ratio, ratio / 2, ratio * 1.7,
                         "2020-01-02", "2023-04-05" if i % 3 == 0 else None, 4, area))  # fmt: skip
    columns = [
        "entity_a",
        "entity_b",
        "n",
        "expected",
        "shrunk_ratio",
        "ratio_low",
        "ratio_high",
        "first_on",
        "novel_on",
    ]
    table = pd.DataFrame(rows, columns=[*columns, "n_groups", "focus"])
    return table.sort_values(["focus", "ratio_low"], ascending=[True, False], ignore_index=True)


def _curve() -> pd.DataFrame:
    months = np.array([3.0, 9, 14, 20, 33, 47, 60])
    at_risk = np.array([80, 66, 50, 41, 20, 9, 4])
    share = np.cumprod(1 - 4 / np.array([80, 66, 50, 41, 20, 19, 30]))
    return pd.DataFrame(
        {"months": months, "at_risk": at_risk, "n_followed": 4, "share": share, "ci_low": share - 0.08,
         "ci_high": np.minimum(1, share + 0.08)}
    )  # fmt: skip


def _landscape(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    crossed = []
    for sponsor in SPONSORS:
        for phase in PHASES:
            if n := int(rng.integers(0, 5)):
                ids = ";".join(f"nct:NCT{i:08d}" for i in range(n))
                crossed.append((TIGIT, "phase", phase, "sponsor", sponsor, n, ids))
    ids = "nct:NCT00000001"
    counts = [(TIGIT, "country", c, int(rng.integers(1, 40)), ids) for c in COUNTRIES]
    counts += [(TIGIT, "status", "RECRUITING", 12, ids)]
    named = ["subject", "row_axis", "row", "column_axis", "column", "n_trials", "doc_ids"]
    return {
        "landscape_trials": pd.DataFrame(
            {"subject": TIGIT, "doc_id": [f"nct:NCT{i:08d}" for i in range(60)], "phase": "PHASE1",
             "status": "RECRUITING"}
        ),
        "landscape_crossed": pd.DataFrame(crossed, columns=named),
        "landscape_counts": pd.DataFrame(counts, columns=["subject", "axis", "value", "n_trials", "doc_ids"]),
        "landscape_first": pd.DataFrame(
            {"subject": [TIGIT], "doc_id": [ids], "title": ["A first trial"], "phase": ["PHASE1"],
             "sponsor": [SPONSORS[0]],
             "on": ["2016-05-01"], "precision": ["month"], "dated_by": ["start"], "certain": [True]}
        ),
        "landscape_partners": pd.DataFrame(
            {"subject": [TIGIT], "partner": ["drug:x"], "name": ["atezolizumab"], "known": [True], "n_trials": [9],
             "doc_ids": [ids]}
        ),
        "landscape_formats": pd.DataFrame(
            {"subject": [TIGIT], "modality": ["modality:antibody"], "name": ["monoclonal antibody"],
             "phase": ["PHASE1"],
             "n_trials": [7], "n_summary_only": [2], "doc_ids": [ids]}
        ),
        "landscape_actors": pd.DataFrame(
            {"subject": TIGIT, "sponsor": SPONSORS, "sponsor_class": "INDUSTRY", "n_trials": [9, 7, 5, 3, 1],
             "n_active": [4, 2, 1, 0, 0], "phases": "PHASE1;PHASE2", "countries": "China;France",
             "last_posted_on": "2024-02-01", "doc_ids": ids}
        ),
        "landscape_gaps": pd.DataFrame(
            {"subject": TIGIT, "kind": ["modality and phase", "condition", "condition"],
             "value": ["modality:adc", "MESH:D001943", "MESH:D003863"], "name": ["ADC", "Breast Neoplasms",
             "Depression"],
             "phase": ["PHASE3", None, None], "is_tumour": [None, True, False], "n_lake": [4, 31, 2], "doc_ids": ids}
        ),
    }  # fmt: skip


def _documents() -> pd.DataFrame:
    rows = [
        ("oncology", "e:0", None, "paper", 900, "pmid:11", "2024-06-01", "The newest paper on TIGIT"),
        *(("oncology", "e:0", None, "paper", 900, f"pmid:{i}", "2024-05-01", "Another paper") for i in range(20, 34)),
        ("oncology", "e:0", None, "trial", 1, "nct:NCT00000001", "2024-02-01", "A trial of TIGIT"),
        ("oncology", "e:0", "e:4", "paper", 7, "pmid:12", "2024-03-01", "Of two at once"),
    ]
    return pd.DataFrame(rows, columns=["focus", "entity_a", "entity_b", "kind", "n", "doc_id", "entered_on", "title"])


def _changes() -> pd.DataFrame:
    rows = [
        ("oncology", "retraction", "retracted", "pmid:1", "A paper", "2024-09-01", None, None, None, "pmid:2;pmid:3"),
        ("oncology", "new_trial", "new trial", "nct:NCT00000009", "A trial", "2024-08-01", None, None, "PHASE1", None),
        ("oncology", "phase_change", "phase changed", "nct:NCT00000008", "Another", "2024-08-01", None, "PHASE1",
         "PHASE1/PHASE2", None),
    ]  # fmt: skip
    columns = ["watch", "kind", "what", "doc_id", "title", "on", "entity", "before", "after", "related"]
    return pd.DataFrame(rows, columns=columns)
