"""A study small enough to run many times: two cohorts, three signatures, a planted effect."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tmescope.facts.signatures import load_signature

SIGNATURES = ("cyt", "ifng6", "pan_f_tbrs")


def genes() -> list[str]:
    named = sorted({g for name in SIGNATURES for g in load_signature(name).genes})
    return named + [f"BG{i:03d}" for i in range(120)]


def cohort_frames(seed: int, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return TPM (genes x samples) and the sample table."""
    rng = np.random.default_rng(seed)
    names = genes()
    ids = [f"S{seed}-{i:02d}" for i in range(n)]
    axis = rng.normal(size=n)
    values = rng.gamma(1.5, 20.0, size=(len(names), n))
    inflamed = [names.index(g) for g in (*load_signature("cyt").genes, *load_signature("ifng6").genes)]
    values[inflamed] *= np.exp(axis)
    responder = rng.random(n) < 1 / (1 + np.exp(-1.5 * axis))
    samples = pd.DataFrame(
        {
            "sample_id": ids,
            "patient_id": [f"P{seed}-{i:02d}" for i in range(n)],
            "timepoint": "pre",
            "recist": np.where(responder, np.where(axis > 0.5, "CR", "PR"), np.where(rng.random(n) < 0.5, "SD", "PD")),
            "os_days": (rng.exponential(400, n) + 1).round(1),
            "dead": rng.integers(0, 2, n),
            "tmb": rng.gamma(2, 3, n).round(2),
            "braf": rng.choice(["V600E", "WT"], n),
        }
    )
    return pd.DataFrame(values.round(4), index=pd.Index(names, name="gene"), columns=ids), samples


def study_dict() -> dict[str, Any]:
    cohort = {
        "scale": "tpm",
        "columns": {"patient_id": "patient_id", "timepoint": "timepoint"},
        "select": {"timepoint": ["pre"]},
        "features": [
            {"numeric": {"tmb": {"column": "tmb", "unit": "mutations/Mb"}}, "categorical": {"braf": {"column": "braf"}}}
        ],
        "cancer_type": "Melanoma",
        "treatment": "anti-PD-1",
        "licence": "simulated",
    }
    return {
        "format": 1,
        "study": {"id": "tiny", "title": "A tiny study"},
        "cohorts": [
            {"id": "a", "expression": "a.tsv", "samples": "a_samples.csv", **copy.deepcopy(cohort)},
            {"id": "b", "expression": "b.tsv.gz", "samples": "b_samples.csv", **copy.deepcopy(cohort)},
        ],
        "endpoints": {
            "response": {
                "kind": "response",
                "rule": "recist",
                "column": "recist",
                "responder": ["CR", "PR"],
                "non_responder": ["SD", "PD"],
            },
            "os": {
                "kind": "time_to_event",
                "time": "os_days",
                "unit": "days",
                "event": "dead",
                "event_values": ["1"],
                "censored_values": ["0"],
            },
        },
        "profile": {"methods": ["zscore", "ssgsea"], "signatures": list(SIGNATURES)},
        "answers": {"survival": "os"},
        "output": {"report": False},
    }


def write_files(folder: Path) -> None:
    for seed, (name, suffix, n) in enumerate((("a", ".tsv", 24), ("b", ".tsv.gz", 18)), start=1):
        expression, samples = cohort_frames(seed, n)
        expression.to_csv(folder / f"{name}{suffix}", sep="\t")
        samples.to_csv(folder / f"{name}_samples.csv", index=False)


def to_toml(data: dict[str, Any]) -> str:
    """Write nested tables as TOML; enough for study files."""
    lines: list[str] = []
    _table(data, "", lines)
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{k}" = {_value(v)}' for k, v in value.items()) + " }"
    return repr(value)


def _table(data: dict[str, Any], path: str, lines: list[str]) -> None:
    tables = {k: v for k, v in data.items() if isinstance(v, dict)}
    arrays = {k: v for k, v in data.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
    lines += [f"{k} = {_value(v)}" for k, v in data.items() if k not in tables and k not in arrays]
    for key, value in tables.items():
        lines += ["", f"[{path}{key}]"]
        _table(value, f"{path}{key}.", lines)
    for key, items in arrays.items():
        for item in items:
            lines += ["", f"[[{path}{key}]]"]
            _table(item, f"{path}{key}.", lines)


def write_study(folder: Path, data: dict[str, Any] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "study.toml"
    path.write_text(to_toml(data or study_dict()), encoding="utf-8")
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, to compare two states of it."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
