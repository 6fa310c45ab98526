"""Rising entities of a simulated literature: false discoveries, precision of the top, and the raw growth ratio beside.

Everything below was written down before the method was run once, and is not changed to suit it:

* 4,000 entities in 20 quarters; 10,000 documents in the first quarter, 2% more each quarter (sd of the logarithm 0.04).
* Documents of an entity in the first quarter: log-normal, median 2, sd of the logarithm 1.5.
* Overdispersion: negative binomial, dispersion log-normal around 0.1 with sd of the logarithm 0.3.
* 200 emerging: yearly slope of the logarithm of the share even in 0.35-0.80, from a quarter even in 0-12; a quarter of
  them new (nobody writes before; 1.5 documents a quarter at the onset). 200 fading: slope even in -0.50 to -0.15.
* A false discovery is an entity that does not emerge with slope > 0 and q < 0.05. Precision at 50: emerging among the
  first 50 by the lower bound. Raw growth ratio: documents of the last four quarters over those of the four before,
  infinite over zero, ties in the order of more documents.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from tmescope.horizon.mention_index import KINDS, index_mentions
from tmescope.horizon.trend_counts import count_quarters
from tmescope.horizon.trends import rank_trends
from tmescope.simulate.literature import SimulatedLiterature, simulate_literature
from tmescope.simulate.literature_plan import LiteratureEffects, LiteraturePlan

SUMMARY = "rising entities of a simulated literature: false discoveries and precision, beside the raw growth ratio"

SEEDS = (1, 2, 3, 4, 5)
PLAN = LiteraturePlan(
    n_entities=4000,
    n_quarters=20,
    documents=10_000,
    growth=0.02,
    season_sd=0.04,
    median_rate=2.0,
    rate_sd=1.5,
    dispersion=0.1,
    dispersion_sd=0.3,
    effects=LiteratureEffects(
        n_emerging=200,
        n_fading=200,
        emerging_slope=(0.35, 0.80),
        fading_slope=(-0.50, -0.15),
        latest_onset=12,
        new_share=0.25,
        new_rate=1.5,
    ),
)


def growth_ratio(counts: np.ndarray) -> np.ndarray:
    """Return the raw growth ratio of each entity: the last year over the year before."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return counts[:, -4:].sum(axis=1) / counts[:, -8:-4].sum(axis=1)


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Rank the entities of each seed's literature through the whole path: documents, DuckDB, counts, ranking."""
    parser = argparse.ArgumentParser(prog="python -m bench horizon_simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    asked = parser.parse_args(list(arguments))
    rows = [measure(PLAN, seed) for seed in asked.seeds]
    names = [name for name in rows[0] if name != "seed"]
    return [*rows, {"seed": "mean", **{name: float(np.mean([float(row[name]) for row in rows])) for name in names}}]


def measure(plan: LiteraturePlan, seed: int, *, k: int = 50) -> dict[str, object]:
    """Return what the first k of each ranking hold, and the share of false discoveries."""
    literature = simulate_literature(plan, rng=np.random.default_rng(seed))
    index = index_mentions(lake_of(literature), updated_on=dict.fromkeys(KINDS, date(9999, 1, 1)), delay_days=0)
    counted = count_quarters(index, since=date(plan.first_year, 1, 1), until=end_of_plan(literature))
    started = time.process_time()
    found = rank_trends(counted)
    cpu = time.process_time() - started
    truth = literature.entities["slope"] > 0.0
    table = found.table.assign(is_true=truth.reindex(found.table["entity_id"]).to_numpy())
    said = table[(table["q_value"] < 0.05) & (table["slope"] > 0.0)]
    top = table.head(k)
    counts = counted.counts[:, :, KINDS.index("paper")]
    is_true = truth.reindex(counted.entities["entity_id"]).to_numpy()
    total = counts.sum(axis=1)
    ratio = np.nan_to_num(growth_ratio(counts), nan=-1.0, posinf=np.inf)
    added = (counts[:, -4:].sum(axis=1) + 1.0) / (counts[:, -8:-4].sum(axis=1) + 1.0)
    return {
        "seed": seed,
        "discoveries": len(said),
        "false discoveries": float((~said["is_true"]).mean()),
        "power": float(said["is_true"].sum() / truth.sum()),
        f"P@{k}": float(top["is_true"].mean()),
        "raw ratio": float(is_true[np.lexsort((-total, -ratio))[:k]].mean()),
        "raw ratio, one added": float(is_true[np.lexsort((-total, -added))[:k]].mean()),
        "slope, unshrunk": float(table.sort_values("slope", ascending=False)["is_true"].head(k).mean()),
        "fewest papers": int(top["n_documents"].min()),
        "few, not flagged": int(((top["n_documents"] < 10) & ~top["flags"].str.contains("few")).sum()),
        "cpu_s": cpu,
    }


def end_of_plan(literature: SimulatedLiterature) -> date:
    """Return the last day of a literature."""
    return (literature.begin_of(literature.plan.n_quarters) - pd.Timedelta(days=1)).date()


def lake_of(literature: SimulatedLiterature) -> duckdb.DuckDBPyConnection:
    """Return the views of a lake in memory, filled quarter by quarter."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        "CREATE TABLE documents (doc_id VARCHAR, kind VARCHAR, entered_on DATE, published_on DATE, "
        "published_precision VARCHAR, is_review BOOLEAN, is_retracted BOOLEAN, group_key VARCHAR, title VARCHAR); "
        "CREATE TABLE mentions (doc_id VARCHAR, entity_id VARCHAR, entity_type VARCHAR, part VARCHAR, text VARCHAR)"
    )
    for quarter in literature.quarters():
        connection.register("given_documents", quarter.documents)
        connection.register("given_mentions", quarter.mentions)
        connection.execute(
            "INSERT INTO documents SELECT doc_id, kind, entered_on, published_on, 'day', is_review, false, group_key, "
            "NULL FROM given_documents; "
            "INSERT INTO mentions SELECT doc_id, entity_id, entity_type, 'title', NULL FROM given_mentions"
        )
    return connection
