"""A literature with known truth: who is written about when, drawn quarter by quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.simulate.literature_plan import LiteraturePlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LiteratureQuarter", "SimulatedLiterature", "simulate_literature"]

_TYPES = ("gene", "drug", "disease", "modality", "concept")
_DAYS = 91
_COMMON = (4.0, 40.0)
"""Documents a quarter of the entities from which pairs are made."""


@dataclass(frozen=True)
class LiteratureQuarter:
    """Documents of one quarter, and what they name.

    Parameters
    ----------
    number : int
        Quarter, from zero.
    documents : pandas.DataFrame
        doc_id, kind (paper, preprint, trial), entered_on, published_on, is_review, group_key; in the order of doc_id.
    mentions : pandas.DataFrame
        doc_id, entity_id, entity_type; each pair once.
    """

    number: int
    documents: pd.DataFrame
    mentions: pd.DataFrame


@dataclass(frozen=True)
class SimulatedLiterature:
    """A literature that can be drawn.

    Parameters
    ----------
    plan : LiteraturePlan
    entities : pandas.DataFrame
        Index entity_id; entity_type, name, rate (documents a quarter at the begin), slope (yearly change of the
        logarithm of its share from `onset` on; zero for most), onset (quarter, -1 without one), dispersion, lead_years
        (from the first document to the first trial; missing where none follows).
    pairs : pandas.DataFrame
        entity_a, entity_b, onset (quarter before which no document names both).
    corpus : array of int, shape (n_quarters,)
        Papers and preprints of each quarter.
    """

    plan: LiteraturePlan
    entities: pd.DataFrame
    pairs: pd.DataFrame
    corpus: NDArray[np.int64]
    _seed: int

    def expected(self) -> NDArray[np.float64]:
        """Return the expected documents of each entity in each quarter."""
        table, quarters = self.entities, np.arange(self.plan.n_quarters)
        onset = np.maximum(table["onset"].to_numpy(), 0)[:, None]
        years = np.maximum(quarters[None, :] - onset, 0) / 4.0
        growth = np.exp(table["slope"].to_numpy()[:, None] * years)
        is_there = (quarters[None, :] >= onset) | ~table["is_new"].to_numpy()[:, None]
        relative = self.corpus / self.plan.documents
        return np.asarray(table["rate"].to_numpy()[:, None] * growth * is_there * relative[None, :])

    def counts(self) -> NDArray[np.int64]:
        """Draw how many documents name each entity in each quarter; the documents of `quarters` follow them.

        Returns
        -------
        array of int64, shape (n_entities, n_quarters)

        Notes
        -----
        Negative binomial: a Poisson count whose mean is `expected` times a gamma variate of mean one and variance
        ``dispersion``, new for each quarter.
        """
        rng = np.random.default_rng([self._seed, 1])
        alpha = self.entities["dispersion"].to_numpy()[:, None]
        expected = self.expected()
        lifted = expected * rng.gamma(1.0 / alpha, alpha, expected.shape)
        return np.minimum(rng.poisson(lifted), self.corpus[None, :])

    def quarters(self, first: int = 0, last: int | None = None) -> Iterator[LiteratureQuarter]:
        """Draw the documents, quarter by quarter; a quarter does not depend on which others are drawn.

        Parameters
        ----------
        first, last : int
            From this quarter up to before that one; to the end if omitted.

        Yields
        ------
        LiteratureQuarter
        """
        counts, trials = self.counts(), self._trials()
        for number in range(first, self.plan.n_quarters if last is None else last):
            yield self._quarter(number, counts[:, number], trials)

    def begin_of(self, quarter: int) -> pd.Timestamp:
        """Return the first day of a quarter."""
        return pd.Timestamp(self.plan.first_year + quarter // 4, 3 * (quarter % 4) + 1, 1)

    def _quarter(self, number: int, counts: NDArray[np.int64], trials: pd.DataFrame) -> LiteratureQuarter:
        rng = np.random.default_rng([self._seed, 2, number])
        n = int(self.corpus[number])
        documents = self._documents(number, n, rng)
        entity = np.repeat(np.arange(len(counts)), counts)
        place = rng.integers(0, n, len(entity))
        place = self._joined(number, entity, place, rng=rng)
        # a document that was drawn twice for an entity names it once
        keys = np.unique(entity.astype(np.int64) * n + place)
        keys = keys[~self._apart(number, keys, n)]
        ids = documents["doc_id"].to_numpy()
        mentions = self._mentions(ids[keys % n], keys // n)
        own = trials[trials["quarter"] == number]
        started = self._started(own)
        return LiteratureQuarter(
            number,
            pd.concat([documents, started], ignore_index=True),
            pd.concat(
                [mentions, self._mentions(own["doc_id"].to_numpy(), own["entity"].to_numpy())], ignore_index=True
            ),
        )

    def _documents(self, number: int, n: int, rng: np.random.Generator) -> pd.DataFrame:
        plan, begin = self.plan, self.begin_of(number)
        length = (self.begin_of(number + 1) - begin).days
        entered = begin + pd.to_timedelta(np.sort(rng.integers(0, length, n)), unit="D")
        ahead = rng.random(n) < plan.ahead
        shift = np.where(ahead, rng.integers(_DAYS, 2 * _DAYS, n), rng.integers(-40, 60, n))
        is_preprint = rng.random(n) < plan.preprints
        weights = 1.0 / np.arange(1, plan.n_groups + 1) ** 0.5
        groups = rng.choice(plan.n_groups, n, p=weights / weights.sum())
        return pd.DataFrame(
            {
                "doc_id": [f"pmid:{(number + 1) * 10_000_000 + i}" for i in range(n)],
                "kind": np.where(is_preprint, "preprint", "paper"),
                "entered_on": entered,
                "published_on": entered + pd.to_timedelta(shift, unit="D"),
                "is_review": ~is_preprint & (rng.random(n) < plan.reviews),
                "group_key": [f"group {g + 1:05d}" for g in groups],
            }
        )

    def _joined(
        self, number: int, entity: NDArray[np.int64], place: NDArray[np.int64], *, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Move some documents of one of each pair to documents of the other."""
        bounds = np.searchsorted(entity, np.arange(len(self.entities) + 1))
        codes = {name: code for code, name in enumerate(self.entities.index)}
        for a, b, onset in self.pairs.itertuples(index=False):
            first, second = (slice(*bounds[codes[x] : codes[x] + 2]) for x in (a, b))
            fewer = min(first.stop - first.start, second.stop - second.start)
            together = int(rng.binomial(fewer, self.plan.effects.pair_share))
            if number >= onset and together:
                chosen = rng.choice(place[first], together, replace=False)
                place[second.start : second.start + together] = chosen
        return place

    def _apart(self, number: int, keys: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
        """Say which mentions would join a pair before its time."""
        out = np.zeros(keys.size, dtype=bool)
        codes = {name: code for code, name in enumerate(self.entities.index)}
        for a, b, onset in self.pairs.itertuples(index=False):
            if number < onset:
                first, second = (slice(*np.searchsorted(keys, [codes[x] * n, (codes[x] + 1) * n])) for x in (a, b))
                out[second] |= np.isin(keys[second] % n, keys[first] % n)
        return out

    def _trials(self) -> pd.DataFrame:
        """Lay out the trials: one entity each, the first after its lead time, then one every other year on average."""
        rng = np.random.default_rng([self._seed, 3])
        known = np.cumsum(self.counts(), axis=1) > 0
        begun = np.where(known.any(axis=1), known.argmax(axis=1), self.plan.n_quarters)
        lead = self.entities["lead_years"].to_numpy()
        rows = []
        for code in np.flatnonzero(~np.isnan(lead)):
            quarter = begun[code] + 1 + int(4 * lead[code])
            while quarter < self.plan.n_quarters:
                rows.append((quarter, int(code)))
                quarter += 1 + int(rng.exponential(8.0))
        table = pd.DataFrame(rows, columns=["quarter", "entity"]).sort_values(["quarter", "entity"], ignore_index=True)
        table["doc_id"] = [f"nct:NCT{90_000_001 + i}" for i in range(len(table))]
        table["day"] = rng.integers(0, 90, len(table))
        return table

    def _started(self, trials: pd.DataFrame) -> pd.DataFrame:
        days = [self.begin_of(q) + pd.Timedelta(days=d) for q, d in zip(trials["quarter"], trials["day"], strict=True)]
        return pd.DataFrame(
            {
                "doc_id": trials["doc_id"].to_numpy(),
                "kind": "trial",
                "entered_on": pd.to_datetime(days),
                "published_on": pd.NaT,
                "is_review": False,
                "group_key": None,
            }
        )

    def _mentions(self, doc_ids: NDArray[np.object_], codes: NDArray[np.int64]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "doc_id": doc_ids,
                "entity_id": self.entities.index.to_numpy()[codes.astype(np.int64)],
                "entity_type": self.entities["entity_type"].to_numpy()[codes.astype(np.int64)],
            }
        )


def simulate_literature(plan: LiteraturePlan, *, rng: np.random.Generator) -> SimulatedLiterature:
    """Lay out a literature: its size, its entities and what is planted; documents are drawn by its ``quarters``.

    Parameters
    ----------
    plan : LiteraturePlan
        Sizes and effects.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SimulatedLiterature

    Notes
    -----
    Rates of entities are log-normal, so that most are rare. An entity's share of the literature is constant unless it
    emerges (``exp(slope * years since the onset)``) or fades (the same with a negative slope from the begin).
    """
    seed = int(rng.integers(0, 2**62))
    entities = _draw_entities(plan, np.random.default_rng([seed, 4]))
    pairs = _draw_pairs(plan, entities, np.random.default_rng([seed, 5]))
    size = np.random.default_rng([seed, 6]).normal(0.0, plan.season_sd, plan.n_quarters)
    trend = plan.documents * (1.0 + plan.growth) ** np.arange(plan.n_quarters)
    corpus = np.maximum((trend * np.exp(size)).round().astype(np.int64), 1)
    return SimulatedLiterature(plan, entities, pairs, corpus, seed)


def _draw_entities(plan: LiteraturePlan, rng: np.random.Generator) -> pd.DataFrame:
    n, planted = plan.n_entities, plan.effects
    order = rng.permutation(n)
    emerging = order[: planted.n_emerging]
    fading = order[planted.n_emerging : planted.n_emerging + planted.n_fading]
    is_new = np.zeros(n, dtype=bool)
    is_new[emerging[: round(planted.new_share * planted.n_emerging)]] = True
    slope, onset = np.zeros(n), np.full(n, -1)
    slope[emerging] = rng.uniform(*planted.emerging_slope, len(emerging))
    slope[fading] = rng.uniform(*planted.fading_slope, len(fading))
    onset[emerging] = rng.integers(0, planted.latest_onset + 1, len(emerging))
    rate = plan.median_rate * rng.lognormal(0.0, plan.rate_sd, n)
    rate[is_new] = planted.new_rate
    lead = planted.lead_years * rng.lognormal(0.0, planted.lead_sd, n)
    lead[rng.random(n) >= planted.followed] = np.nan
    kinds = np.array(_TYPES, dtype=object)[np.arange(n) % len(_TYPES)]
    return pd.DataFrame(
        {
            "entity_type": kinds,
            "name": [f"Sim{kind}-{i + 1:04d}" for i, kind in enumerate(kinds)],
            "rate": rate,
            "slope": slope,
            "onset": onset,
            "is_new": is_new,
            "dispersion": plan.dispersion * rng.lognormal(0.0, plan.dispersion_sd, n),
            "lead_years": lead,
        },
        index=pd.Index([f"{kind}:sim-{i + 1:04d}" for i, kind in enumerate(kinds)], name="entity_id"),
    )


def _draw_pairs(plan: LiteraturePlan, entities: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    is_common = entities["rate"].between(*_COMMON) & (entities["slope"] == 0.0)
    chosen = rng.permutation(np.flatnonzero(is_common))
    n = min(plan.effects.n_pairs, len(chosen) // 2)
    a, b = np.sort(chosen[: 2 * n].reshape(n, 2), axis=1).T
    late = rng.integers(plan.n_quarters // 2, max(plan.n_quarters - 4, plan.n_quarters // 2 + 1), n)
    onset = np.where(np.arange(n) < n // 2, 0, late)
    names = entities.index.to_numpy()
    return pd.DataFrame({"entity_a": names[a], "entity_b": names[b], "onset": onset})
