"""What is to be simulated: cohorts, planted effects and gene sets, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.foundation.scale import Scale

__all__ = ["CANONICAL_COLUMNS", "CohortPlan", "Effects", "StudyPlan", "demo_plan"]

CANONICAL_COLUMNS = (
    "sample_id",
    "patient_id",
    "timepoint",
    "sex",
    "age_years",
    "response",
    "os_time",
    "os_event",
    "tmb",
    "pdl1_cps",
    "mutation",
)
"""Columns of a simulated sample table, by the names under which plan and truth know them."""


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Planted truth, in terms of the latent values (each standard normal) before treatment.

    Parameters
    ----------
    odds_ratio_inflamed, odds_ratio_tgfb, odds_ratio_tmb : float
        Odds ratio of response per standard deviation of the latent inflamed axis, of the latent TGF-beta
        stroma, and of log TMB, each with the others held constant.
    hazard_ratio_inflamed : float
        Hazard ratio of death per standard deviation of the inflamed axis.
    cps_slope : float
        Rise of log PD-L1 CPS per standard deviation of the inflamed axis.
    on_treatment_rise : float
        How much the inflamed axis of responders rises under treatment, in standard deviations.

    Notes
    -----
    Hypoxia, proliferation, sex, age and the mutation have no effect on anything. Scores measure
    the latent values with error and are adjusted for nothing, so the odds ratios found for them lie nearer to
    1.
    """

    odds_ratio_inflamed: float = 2.8
    odds_ratio_tgfb: float = 0.5
    odds_ratio_tmb: float = 1.3
    hazard_ratio_inflamed: float = 0.6
    cps_slope: float = 0.6
    on_treatment_rise: float = 0.9

    def __post_init__(self) -> None:
        for name in ("odds_ratio_inflamed", "odds_ratio_tgfb", "odds_ratio_tmb", "hazard_ratio_inflamed"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise InputError(
                    f"{name} is {getattr(self, name)!r}", where=f"Effects.{name}", expected="a ratio above 0"
                )


@dataclass(frozen=True, kw_only=True)
class CohortPlan:
    """One cohort: its size, what its files look like, and what is odd about them.

    Parameters
    ----------
    cohort_id : str
        Name in the study.
    prefix : str
        Start of its sample and patient ids, for example ``SIM-A``.
    n_patients : int
        Each has one sample before treatment; at least 10.
    n_on_treatment : int
        How many of them have a second sample under treatment.
    scale : str
        Scale of the expression file: ``tpm`` or a logarithm of it.
    cancer_type, treatment : str
        As the study file says.
    response_rate : float
        Expected share of responders.
    response_words : {"recist", "source-defined"}
        Whether the table has CR, PR, SD, PD and NE, or R and NR.
    time_unit : {"days", "months"}
        Unit of the overall-survival column.
    event_words : tuple of str
        How the table codes a patient alive at the last contact and a death.
    median_months : float
        Median overall survival where the inflamed axis is at its mean.
    mutated_gene : str
        Gene of the mutation column.
    mutation_rate : float
        Share of patients with the mutation.
    timepoint_words : tuple of str
        Words for before and under treatment.
    columns : mapping of str to str
        Names in the table of canonical columns (see `CANONICAL_COLUMNS`) that are not called so.
    n_previous_symbols : int
        Genes of the signatures that the file calls by a previous symbol.
    n_absent_genes : int
        Genes of the signatures that the file does not have.
    n_only_in_table, n_only_in_matrix : int
        Samples before treatment that have no expression, and such as have no row in the table.

    Raises
    ------
    InputError
        If a number is out of its range, or the scale is not TPM.
    UnknownNameError
        If `columns` names a column that there is not.
    """

    cohort_id: str
    prefix: str
    n_patients: int
    n_on_treatment: int = 0
    scale: str = "log2(tpm+1)"
    cancer_type: str = ""
    treatment: str = ""
    response_rate: float = 0.35
    response_words: Literal["recist", "source-defined"] = "recist"
    time_unit: Literal["days", "months"] = "months"
    event_words: tuple[str, str] = ("0", "1")
    median_months: float = 18.0
    mutated_gene: str = "KRAS"
    mutation_rate: float = 0.35
    timepoint_words: tuple[str, str] = ("pre", "on")
    columns: Mapping[str, str] = field(default_factory=dict)
    n_previous_symbols: int = 0
    n_absent_genes: int = 0
    n_only_in_table: int = 0
    n_only_in_matrix: int = 0

    def __post_init__(self) -> None:
        where = f"cohort {self.cohort_id}"
        if Scale.parse(self.scale, where=where).unit != "tpm":
            raise InputError(f"the scale is {self.scale}", where=where, expected="tpm or a logarithm of it")
        for name in self.columns:
            if name not in CANONICAL_COLUMNS:
                raise UnknownNameError.of("column", name, CANONICAL_COLUMNS, where=where)
        lost = self.n_only_in_table + self.n_only_in_matrix
        ranges = {
            "n_patients": self.n_patients >= 10,
            "n_on_treatment": 0 <= self.n_on_treatment <= self.n_patients,
            "n_only_in_table": self.n_only_in_table >= 0 and lost < self.n_patients,
            "n_only_in_matrix": self.n_only_in_matrix >= 0,
            "n_previous_symbols": self.n_previous_symbols >= 0,
            "n_absent_genes": self.n_absent_genes >= 0,
            "response_rate": 0.0 < self.response_rate < 1.0,
            "mutation_rate": 0.0 <= self.mutation_rate <= 1.0,
            "median_months": self.median_months > 0.0,
        }
        for name, fits in ranges.items():
            if not fits:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}",
                    where=where,
                    expected="see the parameters of CohortPlan",
                )

    def column(self, canonical: str) -> str:
        """Return the name that the cohort's table has for a column.

        Parameters
        ----------
        canonical : str
            One of `CANONICAL_COLUMNS`.
        """
        return self.columns.get(canonical, canonical)


@dataclass(frozen=True, kw_only=True)
class StudyPlan:
    """Cohorts that share genes and planted effects.

    Parameters
    ----------
    cohorts : tuple of CohortPlan
        With different ids and prefixes.
    effects : Effects
        The same in each cohort.
    n_background_genes : int
        Genes with invented names (``BG00001`` ...) that belong to no programme; at least 100, so that a
        change in a programme does not visibly push down all other genes of a sample.
    purity_effect : float
        How strongly genes of the microenvironment follow the non-tumour share of a sample (1 in proportion, 0
        not).

    Raises
    ------
    InputError
        If there is no cohort, ids or prefixes repeat, or a number is out of its range.
    """

    cohorts: tuple[CohortPlan, ...]
    effects: Effects = field(default_factory=Effects)
    n_background_genes: int = 3000
    purity_effect: float = 0.3

    def __post_init__(self) -> None:
        for name in ("cohort_id", "prefix"):
            values = [getattr(cohort, name) for cohort in self.cohorts]
            if not values or len(set(values)) < len(values):
                raise InputError(
                    f"the cohorts have the {name}s {values}",
                    where="StudyPlan.cohorts",
                    expected="one or more, all different",
                )
        if self.n_background_genes < 100 or not 0.0 <= self.purity_effect <= 1.0:
            raise InputError(
                f"n_background_genes is {self.n_background_genes} and purity_effect {self.purity_effect}",
                where="StudyPlan",
                expected="100 genes or more, and an effect from 0 to 1",
            )


_MELANOMA = CohortPlan(
    cohort_id="sim_melanoma",
    prefix="SIM-A",
    n_patients=60,
    n_on_treatment=14,
    scale="log2(tpm+1)",
    cancer_type="melanoma (simulated)",
    treatment="anti-PD-1 (simulated)",
    response_rate=0.42,
    median_months=24.0,
    mutated_gene="BRAF",
    mutation_rate=0.45,
    columns={"response": "best_response", "os_time": "os_months", "mutation": "braf"},
)
_UROTHELIAL = CohortPlan(
    cohort_id="sim_urothelial",
    prefix="SIM-B",
    n_patients=45,
    scale="tpm",
    cancer_type="urothelial carcinoma (simulated)",
    treatment="anti-PD-L1 (simulated)",
    response_rate=0.33,
    time_unit="days",
    event_words=("1", "2"),
    median_months=11.0,
    mutated_gene="FGFR3",
    mutation_rate=0.2,
    columns={
        "sample_id": "Sample",
        "patient_id": "Patient",
        "timepoint": "Biopsy",
        "sex": "Sex",
        "age_years": "Age",
        "response": "RECIST",
        "os_time": "OS_days",
        "os_event": "OS_status",
        "tmb": "TMB_mut_per_Mb",
        "pdl1_cps": "CPS",
        "mutation": "FGFR3",
    },
    n_previous_symbols=12,
    n_absent_genes=25,
    n_only_in_table=2,
    n_only_in_matrix=1,
)
_LUNG = CohortPlan(
    cohort_id="sim_lung",
    prefix="SIM-C",
    n_patients=80,
    n_on_treatment=10,
    scale="log2(tpm+0.001)",
    cancer_type="non-small-cell lung cancer (simulated)",
    treatment="anti-PD-1 with chemotherapy (simulated)",
    response_rate=0.38,
    response_words="source-defined",
    event_words=("alive", "dead"),
    median_months=16.0,
    mutated_gene="KRAS",
    mutation_rate=0.3,
    columns={
        "response": "responder",
        "os_time": "survival_months",
        "os_event": "status",
        "mutation": "kras",
    },
)


def demo_plan() -> StudyPlan:
    """Return the plan of the demo: three cohorts whose files differ as published ones do.

    Melanoma in log2(tpm+1) with months and events coded 0/1; urothelial cancer in TPM with days, events coded
    1/2, some previous symbols, absent genes and samples that do not join; lung cancer in log2(tpm+0.001) with
    a response that the source defined and events in words.
    """
    return StudyPlan(cohorts=(_MELANOMA, _UROTHELIAL, _LUNG))
