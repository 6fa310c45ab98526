"""A lake of simulated papers and trials with known truth, and a study that asks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tmescope.simulate.literature import SimulatedLiterature, simulate_literature
from tmescope.simulate.literature_plan import LiteratureEffects, LiteraturePlan
from tmescope.simulate.literature_records import write_records
from tmescope.store.lake import create_lake
from tmescope.store.lake_schemas import LakeBatch, document_schema, mention_schema, trial_schema

PLAN = LiteraturePlan(
    n_entities=150,
    documents=150,
    median_rate=2.5,
    rate_sd=0.7,
    n_groups=40,
    effects=LiteratureEffects(n_emerging=12, n_fading=8, latest_onset=5, n_pairs=6, emerging_slope=(0.7, 1.0)),
)


def fill(path: Path, *, years: int = 5, tagged: bool = True) -> SimulatedLiterature:
    """Make a lake of one file a year, or add the years that are missing."""
    literature = simulate_literature(PLAN, rng=np.random.default_rng(6))
    made = create_lake(path)
    for first in range(0, 4 * years, 4):
        records = [write_records(literature, q) for q in literature.quarters(first, first + 4)]
        source = path.parent / f"year-{first}.txt"
        source.write_text(f"simulated year {first}")
        batch = LakeBatch(
            pa.Table.from_pylist([d for r in records for d in r.documents], schema=document_schema()),
            pa.Table.from_pylist([t for r in records for t in r.trials], schema=trial_schema()),
        )
        part = made.add(source, [batch], source="simulated").part
        if tagged:
            mentions = pa.Table.from_pylist([m for r in records for m in r.mentions], schema=mention_schema())
            made.add_mentions(part, "ab" * 8, mentions)
    made.close()
    return literature


def write_study(folder: Path, *, head: str = "", report: bool = False, **horizon: Any) -> Path:
    """Write a study of the lake ``horizon`` beside it, with a focus area of its own that every document belongs to."""
    (folder / "own.toml").write_text(
        'format = 1\nname = "all"\ntitle = "Everything"\nversion = "1"\nsummary = "All."\nlicence = "Own."\n'
        'reference_check = "Own."\nlimits = "None."\nwords = ["the*", "a", "of", "in"]\nroots = []\nentities = []\n'
        "headings = []\nwatch = []\n"
    )
    said = {"lake": "horizon", "focus": ["all"], "focus_files": ["own.toml"], "since": "2017", **horizon}
    lines = [f"{key} = {_toml(value)}" for key, value in said.items()]
    path = folder / "study.toml"
    path.write_text(
        f'format = 1\n[study]\nid = "radar"\ntitle = "What rises"\nkind = "horizon"\n{head}\n[horizon]\n'
        + "\n".join(lines)
        + f'\n[output]\nreport = {str(report).lower()}\nfigures = ["svg"]\n'
    )
    return path


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
