"""A biomarker that is fixed before the data that shall test it are opened: signature, cut-off, endpoint, plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tmescope.foundation.errors import InputError

__all__ = ["AnalysisPlan", "LockedBiomarker"]


@dataclass(frozen=True, kw_only=True)
class AnalysisPlan:
    """What will be calculated on the new cohort, and what counts as success.

    Parameters
    ----------
    endpoint : str
        Name of the endpoint, such as ``response`` or ``os``.
    kind : str
        ``response`` (odds ratio) or ``time_to_event`` (hazard ratio).
    rule : mapping
        How the endpoint is defined: for a response its kind and which words count as what.
    direction : str
        ``higher``: high scores go with response, or with the event; ``lower``: with the opposite.
    alpha : float
        Two-sided level of the test; success is p below it in the stated direction.
    test : str
        ``wald``, ``score`` or ``likelihood_ratio``.
    adjusted_for : tuple of str
        Numeric columns beside the score.
    n_planned, n_events_planned : int, optional
        Patients and events (responders) planned in the new cohort.
    expected_effect : float, optional
        Odds or hazard ratio that the power is for.
    power : float, optional
        Stated, or by `power_of_plan`.
    """

    endpoint: str
    kind: Literal["response", "time_to_event"]
    rule: Mapping[str, Any]
    direction: Literal["higher", "lower"] = "higher"
    alpha: float = 0.05
    test: Literal["wald", "score", "likelihood_ratio"] = "wald"
    adjusted_for: tuple[str, ...] = ()
    n_planned: int | None = None
    n_events_planned: int | None = None
    expected_effect: float | None = None
    power: float | None = None

    def __post_init__(self) -> None:
        """Refuse plans that say nothing."""
        allowed = {
            "kind": ("response", "time_to_event"),
            "direction": ("higher", "lower"),
            "test": ("wald", "score", "likelihood_ratio"),
        }
        for name, words in allowed.items():
            if getattr(self, name) not in words:
                raise InputError(f"{name} is {getattr(self, name)!r}", where="plan", expected=", ".join(words))
        if not 0.0 < self.alpha < 1.0:
            raise InputError(f"alpha is {self.alpha!r}", where="plan", expected="between 0 and 1, such as 0.05")
        if self.expected_effect is not None and not self.expected_effect > 0.0:
            raise InputError(f"the expected ratio is {self.expected_effect!r}", where="plan", expected="above 0")


@dataclass(frozen=True, kw_only=True)
class LockedBiomarker:
    """Everything that decides a validation.

    Parameters
    ----------
    name : str
        Of the signature.
    genes : tuple of str
        Of the signature, in order.
    weights : mapping of str to float, optional
        By gene; None where all count alike.
    method : str
        Scoring method.
    parameters : mapping
        Of the method, as resolved.
    state : mapping of str to list of float
        What a method that looks at a cohort learned from the training cohort, by gene; empty where it looks at one
        sample only.
    scale : str
        What values the method takes.
    max_missing_genes : float
        Largest share of genes that a new cohort may lack.
    mean, sd : float
        Of the training scores: effects of a continuous score are per this standard deviation, whatever the new cohort.
    cut_off : float, optional
        Score from which on (above, not at) a patient counts as high; None where the score stays continuous.
    cut_off_chosen : str
        How it was chosen.
    plan : AnalysisPlan
        What will be calculated.
    training : mapping
        Cohort, n, n_events, effect with interval, hash of the scores, and what samples are known again by.
    versions : mapping of str to str
        Of the programs that made it.
    """

    name: str
    genes: tuple[str, ...]
    weights: Mapping[str, float] | None
    method: str
    parameters: Mapping[str, Any]
    state: Mapping[str, Sequence[float]]
    scale: str
    max_missing_genes: float
    mean: float
    sd: float
    cut_off: float | None
    cut_off_chosen: str
    plan: AnalysisPlan
    training: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        found = asdict(self)
        found["genes"] = list(self.genes)
        found["plan"]["adjusted_for"] = list(self.plan.adjusted_for)
        return found

    @property
    def unit(self) -> str:
        """What the effect is about."""
        return "per training SD" if self.cut_off is None else f"score above {self.cut_off:.6g} against the rest"
