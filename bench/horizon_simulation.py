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

from collections.abc import Sequence

import numpy as np

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
    """Rank the entities of each seed's literature."""
    raise SystemExit(f"no method yet: {arguments}")
