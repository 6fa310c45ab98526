"""Groups of samples that stay together under resampling, and whether a cloud without groups would look as stable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClusterSearch", "Clusters", "centres_from", "consensus_matrix", "find_clusters", "nearest_centres"]

_AMBIGUOUS = (0.1, 0.9)
_FLOOR = 0.01
_ITERATIONS = 30
_STARTS = 3
_FEWEST = 10
_NULL_NEEDED = 19
_EVEN = 0.5
_LEAST_SKEWNESS = 0.01


@dataclass(frozen=True)
class ClusterSearch:
    """How groups are looked for.

    Parameters
    ----------
    most : int
        Largest number of groups that is tried.
    n_resamples : int
        How often samples and features are drawn.
    share : float
        Of the samples, and of the features, in each draw (0 to 1).
    n_null : int
        Clouds without groups that the data are compared with.
    alpha : float
        Largest p-value at which there are groups.
    smallest : float
        Least share of the samples in a group.
    """

    most: int = 6
    n_resamples: int = 50
    share: float = 0.8
    n_null: int = 99
    alpha: float = 0.01
    smallest: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        InputError
            If a number is out of its range.
        """
        sound = {
            "most": self.most >= 2,
            "n_resamples": self.n_resamples >= 10,
            "share": 0 < self.share < 1,
            "n_null": self.n_null >= _NULL_NEEDED and 1 / (self.n_null + 1) <= self.alpha,
            "alpha": 0 < self.alpha < 1,
            "smallest": 0 <= self.smallest < _EVEN,
        }
        if wrong := [name for name, is_sound in sound.items() if not is_sound]:
            raise InputError(
                f"{wrong[0]} = {getattr(self, wrong[0])!r} cannot be",
                where="search",
                expected=f"most of at least 2, n_resamples of at least 10, share and alpha between 0 and 1, n_null of "
                f"at least {_NULL_NEEDED} and of at least 1 / alpha - 1, smallest below {_EVEN}",
            )


@dataclass(frozen=True)
class Clusters:
    """What was found.

    Parameters
    ----------
    k : int
        Number of groups; 1 means that there are none.
    labels : array of int64, shape (n_samples,)
        Group of each sample, 0 the largest; all 0 where there are none.
    centres : array of float64, shape (k, n_features)
        Mean of each group.
    tried : tuple of int
        Numbers of groups that were tried.
    ambiguity : array of float64, shape (n_tried,)
        Share of pairs of samples that are together in more than 10% and less than 90% of the draws with both.
    null_ambiguity : array of float64, shape (n_tried,)
        The same of clouds without groups, on average.
    gain : array of float64, shape (n_tried,)
        Logarithm (natural) of the one over the other.
    p_value : float
        Share of clouds, the data counted as one, whose largest gain is as large as that of the data.
    """

    k: int
    labels: NDArray[np.int64]
    centres: NDArray[np.float64]
    tried: tuple[int, ...]
    ambiguity: NDArray[np.float64]
    null_ambiguity: NDArray[np.float64]
    gain: NDArray[np.float64]
    p_value: float


@dataclass(frozen=True)
class _Draws:
    """Which samples (n_draws x n_samples) and features (n_draws x n_features, 1 or 0) take part in each draw."""

    samples: NDArray[np.bool_]
    features: NDArray[np.float64]


def find_clusters(
    values: NDArray[np.float64], *, rng: np.random.Generator, search: ClusterSearch | None = None
) -> Clusters:
    """Group samples by consensus of resampled k-means, or say that there are no groups.

    Answers "are there kinds of samples, or one cloud?". It does not answer whether kinds mean anything.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_features)
        Standardised features without NaN; at least 10 samples and 2 features.
    rng : numpy.random.Generator
        Source of all draws.
    search : ClusterSearch, optional
        Numbers of groups and draws.

    Returns
    -------
    Clusters

    Raises
    ------
    InputError
        If values are missing, or too few.

    Notes
    -----
    For each k the samples and features are drawn without replacement and grouped by k-means (k-means++, the best of
    three starts). The consensus of a pair is how often it is together among the draws with both; the ambiguity is the
    share of pairs between 0.1 and 0.9 (10.1038/srep06207). Both fall for an elongated cloud too, so the same is done
    with clouds that have the principal axes and variances of the data and no groups (the reference of
    10.1038/s41598-020-58766-1), here also the skewness along each axis: gamma variates, which have one mode, instead
    of Gaussian ones. The gain of k is log((mean ambiguity of the clouds + 0.01) / (ambiguity + 0.01)); the p-value
    ranks the largest gain over all k among those of the clouds, so that trying several k costs nothing. A k whose
    smallest group would hold less than `ClusterSearch.smallest` of the samples has no gain, in data and clouds alike.
    Clouds that are bent can be taken for groups. Cost: (n_null + 1) x (most - 1) groupings of n_resamples draws.
    """
    search = search or ClusterSearch()
    if values.ndim != 2 or len(values) < _FEWEST or values.shape[1] < 2 or not np.isfinite(values).all():
        raise InputError(
            f"values of shape {values.shape} cannot be grouped",
            where="values",
            expected=f"at least {_FEWEST} samples and 2 features, without missing values",
        )
    tried = tuple(range(2, min(search.most, len(values) // 4) + 1))
    places, axes = _components(values)
    found, sizes = _ambiguities(values, tried, rng=rng, search=search)
    clouds = (_cloud(places, rng) @ axes for _ in range(search.n_null))
    nulls = [_ambiguities(cloud, tried, rng=rng, search=search) for cloud in clouds]
    null = np.array([a for a, _ in nulls])
    middle = null.mean(axis=0)
    gains = [_gain(a, s, middle, search=search) for a, s in [(found, sizes), *nulls]]
    highest = np.array([g.max() for g in gains])
    p_value = float(np.mean(highest >= highest[0] - 1e-12))
    k = tried[int(np.argmax(gains[0]))] if p_value <= search.alpha and np.isfinite(highest[0]) else 1
    labels = _label(values, k, rng=rng, search=search)
    centres = np.array([values[labels == g].mean(axis=0) for g in range(k)])
    return Clusters(k, labels, centres, tried, found, middle, gains[0], p_value)


def _gain(
    found: NDArray[np.float64], sizes: NDArray[np.float64], middle: NDArray[np.float64], *, search: ClusterSearch
) -> NDArray[np.float64]:
    gain = np.log((middle + _FLOOR) / (found + _FLOOR))
    return np.where(sizes >= search.smallest, gain, -np.inf)


def _components(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where samples stand on their principal axes, and the axes (n_axes x n_features)."""
    left, sizes, axes = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    return left * sizes, axes


def _cloud(places: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return as many places without groups: independent along each axis, with its variance and skewness, one mode."""
    spread = places.std(axis=0, ddof=1)
    scaled = np.divide(places, spread, out=np.zeros_like(places), where=spread > 0)
    skewness = np.mean(scaled**3, axis=0)
    shape = 4 / np.maximum(skewness**2, _LEAST_SKEWNESS**2)
    drawn = (rng.standard_gamma(shape, places.shape) - shape) / np.sqrt(shape)
    cloud: NDArray[np.float64] = np.where(skewness < 0, -drawn, drawn) * spread
    return cloud


def _ambiguities(
    values: NDArray[np.float64], tried: tuple[int, ...], *, rng: np.random.Generator, search: ClusterSearch
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ambiguity of each k, and the share of samples in the smallest group of its consensus."""
    found = np.empty(len(tried))
    smallest = np.empty(len(tried))
    above = np.triu_indices(len(values), 1)
    for i, k in enumerate(tried):
        consensus, shares = consensus_matrix(values, k, rng=rng, search=search)
        pairs = consensus[above]
        found[i] = np.mean((pairs > _AMBIGUOUS[0]) & (pairs < _AMBIGUOUS[1]))
        smallest[i] = shares
    return found, smallest


def consensus_matrix(
    values: NDArray[np.float64], k: int, *, rng: np.random.Generator, search: ClusterSearch
) -> tuple[NDArray[np.float64], float]:
    """Return how often each two samples are together among the draws with both, and how small the smallest group is.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_features)
        Without NaN.
    k : int
        Number of groups.
    rng : numpy.random.Generator
        Source of the draws.
    search : ClusterSearch
        How many draws, of which share.

    Returns
    -------
    consensus : array of float64, shape (n_samples, n_samples)
        0 to 1; a pair that was never drawn together has 0.
    smallest : float
        Median over the draws of the smallest group's share of the drawn samples.
    """
    n, f = values.shape
    draws = search.n_resamples
    drawn_samples = _drawn(draws, n, share=search.share, rng=rng)
    drawn_features = _drawn(draws, f, share=search.share, rng=rng).astype(np.float64)
    chosen = _Draws(drawn_samples, drawn_features)
    labels = _grouped(values, chosen, k, rng=rng)
    samples = chosen.samples
    member = (labels[:, :, None] == np.arange(k)) & samples[:, :, None]
    flat = member.transpose(1, 0, 2).reshape(n, draws * k).astype(np.float32)
    drawn = samples.T.astype(np.float32)
    both = drawn @ drawn.T
    together = np.divide(flat @ flat.T, both, out=np.zeros_like(both), where=both > 0)
    return together.astype(np.float64), float(np.median(member.sum(axis=1).min(axis=1) / samples.sum(axis=1)))


def _drawn(draws: int, size: int, *, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    order = np.argsort(rng.random((draws, size)), axis=1)
    drawn: NDArray[np.bool_] = order < max(2, round(share * size))
    return drawn


def _grouped(
    values: NDArray[np.float64],
    drawn: _Draws,
    k: int,
    *,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the group of every sample in every draw, n_draws x n_samples: k-means, the best of several starts."""
    best = np.full(len(drawn.samples), np.inf)
    labels = np.zeros(drawn.samples.shape, dtype=np.int64)
    for _ in range(_STARTS):
        centres = _spread_out(values, drawn, k, rng=rng)
        found, cost = _settle(values, drawn, centres)
        better = cost < best
        labels[better], best[better] = found[better], cost[better]
    return labels


def _squared(
    values: NDArray[np.float64], features: NDArray[np.float64], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return squared distances over each draw's features: n_draws x n_samples x n_centres."""
    draws, k, f = centres.shape
    masked = centres * features[:, None, :]
    cross = values @ masked.reshape(draws * k, f).T
    own = (values**2) @ features.T
    size = np.sum(masked * centres, axis=2)
    found: NDArray[np.float64] = (
        own.T[:, :, None] - 2 * cross.reshape(len(values), draws, k).transpose(1, 0, 2) + size[:, None, :]
    )
    return found


def _spread_out(
    values: NDArray[np.float64],
    drawn: _Draws,
    k: int,
    *,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return first centres: samples, each drawn by its squared distance from those before (k-means++)."""
    samples, features = drawn.samples, drawn.features
    draws = len(samples)
    weights = samples.astype(np.float64)
    nearest: NDArray[np.float64] | None = None
    centres = np.empty((draws, k, values.shape[1]))
    for i in range(k):
        total = np.cumsum(weights, axis=1)
        chosen = np.argmax(total > rng.random(draws)[:, None] * total[:, -1:], axis=1)
        centres[:, i] = values[chosen]
        distance = np.maximum(_squared(values, features, centres[:, i : i + 1])[:, :, 0], 0.0)
        nearest = distance if nearest is None else np.minimum(nearest, distance)
        weights = np.where(samples, nearest + 1e-12, 0.0)
    return centres


def _settle(
    values: NDArray[np.float64],
    drawn: _Draws,
    centres: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    samples, features = drawn.samples, drawn.features
    k = centres.shape[1]
    labels = np.full(samples.shape, -1)
    for _ in range(_ITERATIONS):
        distance = _squared(values, features, centres)
        now = np.argmin(distance, axis=2)
        if np.array_equal(now, labels):
            break
        labels = now
        member = ((labels[:, :, None] == np.arange(k)) & samples[:, :, None]).astype(np.float64)
        count = member.sum(axis=1)[:, :, None]
        means = np.matmul(member.transpose(0, 2, 1), values)
        centres = np.divide(means, count, out=centres.copy(), where=count > 0)
    cost = np.where(samples, distance.min(axis=2), 0.0).sum(axis=1)
    return labels, cost


def _label(
    values: NDArray[np.float64], k: int, *, rng: np.random.Generator, search: ClusterSearch
) -> NDArray[np.int64]:
    """Return groups of the consensus: average linkage of 1 - consensus, cut at k, the largest group first."""
    if k == 1:
        return np.zeros(len(values), dtype=np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    consensus, _ = consensus_matrix(values, k, rng=rng, search=search)
    distance = 1 - (consensus + consensus.T) / 2
    np.fill_diagonal(distance, 0.0)
    cut = fcluster(linkage(squareform(distance, checks=False), "average"), k, "maxclust") - 1
    counts = np.bincount(cut, minlength=k)
    first = np.array([np.argmax(cut == g) if counts[g] else len(cut) for g in range(k)])
    order = np.lexsort((first, -counts))
    place = np.empty(k, dtype=np.int64)
    place[order] = np.arange(k)
    labels: NDArray[np.int64] = place[cut]
    return labels


def nearest_centres(values: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nearest centre of each sample; NaN in a sample gives -1.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_features)
        As the centres are.
    centres : array of float64, shape (k, n_features)
        Means of groups.
    """
    distance = np.sum((values[:, None, :] - centres[None]) ** 2, axis=2)
    known = np.isfinite(distance).all(axis=1)
    return np.where(known, np.argmin(np.where(known[:, None], distance, 0.0), axis=1), -1)


def centres_from(values: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where centres come to rest by k-means over other samples: each keeps its place in the order.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_features)
        Without NaN.
    centres : array of float64, shape (k, n_features)
        Where they start.
    """
    for _ in range(_ITERATIONS):
        labels = nearest_centres(values, centres)
        moved = np.array(
            [values[labels == g].mean(axis=0) if np.any(labels == g) else c for g, c in enumerate(centres)]
        )
        if np.allclose(moved, centres, rtol=0, atol=1e-12):
            break
        centres = moved
    return centres
