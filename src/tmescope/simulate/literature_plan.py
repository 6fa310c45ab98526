"""What a simulated literature holds: entities, how often they are written about, and which of them emerge."""

from __future__ import annotations

from dataclasses import dataclass, field

from tmescope.foundation.errors import InputError

__all__ = ["LiteratureEffects", "LiteraturePlan"]


@dataclass(frozen=True, kw_only=True)
class LiteratureEffects:
    """What is planted in a literature.

    Parameters
    ----------
    n_emerging, n_fading : int
        Entities whose share of the literature rises from a quarter on, and falls throughout.
    emerging_slope, fading_slope : tuple of float
        Least and most yearly change of the natural logarithm of their share; drawn evenly.
    latest_onset : int
        Last quarter from which an entity may emerge, counted from zero; drawn evenly from zero.
    new_share : float
        Share of the emerging entities that nobody writes about before their onset.
    new_rate : float
        Documents a quarter of such an entity at its onset.
    n_pairs : int
        Pairs of entities that are written about together; the second half of them from a later quarter on only.
    pair_share : float
        Share of the documents of the rarer one that name both.
    followed : float
        Share of all entities that a trial follows.
    lead_years, lead_sd : float
        Median of the time from the first document to the first trial, and the standard deviation of its logarithm.
    """

    n_emerging: int = 200
    n_fading: int = 200
    emerging_slope: tuple[float, float] = (0.35, 0.80)
    fading_slope: tuple[float, float] = (-0.50, -0.15)
    latest_onset: int = 12
    new_share: float = 0.25
    new_rate: float = 1.5
    n_pairs: int = 40
    pair_share: float = 0.25
    followed: float = 0.3
    lead_years: float = 2.0
    lead_sd: float = 0.5


@dataclass(frozen=True, kw_only=True)
class LiteraturePlan:
    """Sizes of a simulated literature.

    Parameters
    ----------
    n_entities, n_quarters : int
        Things that are written about, and quarters of a year.
    first_year : int
        Year whose January is the begin.
    documents : int
        Documents of the first quarter.
    growth : float
        Growth of the literature from quarter to quarter.
    season_sd : float
        Standard deviation of the logarithm of its size around that.
    median_rate, rate_sd : float
        Documents a quarter that name an entity at the begin: median, and standard deviation of the logarithm.
    dispersion, dispersion_sd : float
        Negative binomial dispersion of an entity's documents: median, and standard deviation of the logarithm.
    preprints, reviews : float
        Share of documents that are preprints; of the other ones that are reviews.
    ahead : float
        Share of documents that print a date a quarter or more after they were entered.
    n_groups : int
        Groups of authors.
    effects : LiteratureEffects
        What is planted.

    Raises
    ------
    InputError
        If a size is below one, or more is planted than there is.
    """

    n_entities: int = 4000
    n_quarters: int = 20
    first_year: int = 2017
    documents: int = 10_000
    growth: float = 0.02
    season_sd: float = 0.04
    median_rate: float = 2.0
    rate_sd: float = 1.5
    dispersion: float = 0.1
    dispersion_sd: float = 0.3
    preprints: float = 0.08
    reviews: float = 0.12
    ahead: float = 0.16
    n_groups: int = 3000
    effects: LiteratureEffects = field(default_factory=LiteratureEffects)

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        sizes = {n: getattr(self, n) for n in ("n_entities", "n_quarters", "documents", "n_groups")}
        bad = [f"{name} {value}" for name, value in sizes.items() if value < 1]
        planted = self.effects
        if planted.n_emerging + planted.n_fading > self.n_entities:
            bad.append(f"n_emerging + n_fading {planted.n_emerging + planted.n_fading}")
        if planted.latest_onset >= self.n_quarters:
            bad.append(f"latest_onset {planted.latest_onset}")
        if 4 * planted.n_pairs > self.n_entities:
            bad.append(f"n_pairs {planted.n_pairs}")
        if bad:
            raise InputError(
                f"no literature can be drawn: {'; '.join(bad)}",
                where="LiteraturePlan",
                expected="at least one of each, no more planted than there are entities, onsets within the quarters",
            )
