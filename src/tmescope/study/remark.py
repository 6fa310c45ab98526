"""The table ``remark``: which items of the REMARK checklist a run can fill, and what only the user can state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.facts.checklists import load_remark
from tmescope.report.methods_text import said
from tmescope.study.describing_cohorts import count_outcomes, describe_rule
from tmescope.study.describing_screens import genes_asked
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    from tmescope.study.schema import Study

__all__ = ["FILLED", "NOT_APPLICABLE", "PARTLY", "USER", "remark_decisions", "remark_table"]

FILLED = "filled by the run"
PARTLY = "partly filled by the run"
USER = "user must state"
NOT_APPLICABLE = "not applicable"
_MOST = 40

Told = tuple[str, str]


def remark_decisions(study: Study) -> dict[str, object]:
    """Return what the table depends on beside other tables; JSON-able.

    Parameters
    ----------
    study : Study
        The study.
    """
    return {
        "question": study.study.question,
        "endpoints": {name: e.model_dump(mode="json") for name, e in study.endpoints.items()},
        "select": [c.select.model_dump(mode="json") for c in study.cohorts],
    }


def remark_table(material: Material) -> pd.DataFrame:
    """Return one row per item of REMARK (McShane et al. 2005, doi:10.1038/sj.bjc.6602678).

    Parameters
    ----------
    material : Material
        With the tables cohorts, samples, scores, answers and curves; pooled, cuts and incidence where they are.

    Returns
    -------
    pandas.DataFrame
        Columns item (1 to 20), topic, status and text. A status says no more than the tables hold: an item that needs
        anything that a run cannot know is at most partly filled.
    """
    topics = load_remark().items
    rows = []
    for item, topic in enumerate(topics, start=1):
        status, text = _TELLERS[item](material)
        rows.append({"item": item, "topic": topic, "status": status, "text": text})
    return pd.DataFrame(rows)


def _marker(material: Material) -> Told:
    question = said(material.study.study.question)
    asked = f"The study file asks: {question} " if question else "The study file states no question. "
    n = len(material.tables["scores"]["feature"].drop_duplicates())
    return USER, f"{asked}{plural(n, 'feature was', 'features were')} scored. State which hypotheses were made before."


def _patients(material: Material) -> Told:
    cohorts = material.tables["cohorts"]
    told = [
        f"{r['cohort_id']}: {plural(int(r['n_patients']), 'patient')}"
        f"{', ' + said(r['cancer_type']) if isinstance(r['cancer_type'], str) and r['cancer_type'] else ''}"
        for r in cohorts.to_dict("records")
    ]
    return USER, f"{'; '.join(told)}. State stage, comorbidities, source, and criteria of inclusion and exclusion."


def _treatments(material: Material) -> Told:
    found = sorted({said(t) for t in material.tables["samples"]["treatment"].dropna() if str(t).strip()})
    told = f"Recorded: {listed(found, most=_MOST)}." if found else "No treatment is recorded."
    return USER, f"{told} State how treatment was chosen."


def _specimens(material: Material) -> Told:
    found = sorted({said(t) for t in material.tables["samples"]["timepoint"].dropna() if str(t).strip()})
    told = f"Recorded time points: {listed(found, most=_MOST)}." if found else "No time point is recorded."
    return USER, f"{told} State material, preservation and storage."


def _assay(material: Material) -> Told:
    scales = listed(dict.fromkeys(material.tables["cohorts"]["scale"]))
    return USER, f"Expression was read as {scales}; scoring stands in the methods text. State protocol and blinding."


def _design(_: Material) -> Told:
    return (
        USER,
        "A run knows neither how cases were selected nor when follow-up ended; it computes no median follow-up.",
    )


def _endpoints(material: Material) -> Told:
    if not material.study.endpoints:
        return NOT_APPLICABLE, "The study names no endpoint."
    rules = []
    for name, endpoint in material.study.endpoints.items():
        told = {
            describe_rule(r, endpoint) for c in material.study.cohorts if (r := endpoint.rule_for(c.id)) is not None
        }
        rules += [f"{name}: {text}" for text in sorted(told)]
    return PARTLY, f"{' '.join(rules)} State the version of the criteria, who assessed, and when follow-up began."


def _candidates(material: Material) -> Told:
    answers, n_genes = material.tables["answers"], genes_asked(material)
    told = []
    if len(answers):
        names = list(dict.fromkeys(answers["feature"]))
        told.append(
            f"This run tested {plural(len(names), 'feature')}: {listed(names, most=_MOST)}. All are in the table "
            "answers."
        )
    if n_genes:
        told.append(f"{plural(n_genes, 'gene was', 'genes were')} asked one by one (tables screens and expression).")
    if not told:
        return NOT_APPLICABLE, "The run tested no feature."
    return PARTLY, f"{' '.join(told)} State whether others were examined before."


def _size(_: Material) -> Told:
    return USER, "A run knows no rationale for the number of patients."


def _statistics(material: Material) -> Told:
    if not len(material.tables["answers"]) and not genes_asked(material):
        return NOT_APPLICABLE, "The run tested no feature."
    checked = _checked(material)
    told = (
        f"Assumptions were checked for {plural(len(checked), 'answer')} (column checks of the table answers), not for "
        "the others."
        if len(checked)
        else "Assumptions of the models, such as proportional hazards, were not checked by the run."
    )
    return PARTLY, (
        "Tests, intervals, families and the handling of missing values stand in the methods text. No variables were "
        f"selected. {told}"
    )


def _values(material: Material) -> Told:
    if not len(material.tables["answers"]) and not genes_asked(material):
        return NOT_APPLICABLE, "The run tested no feature."
    text = "Numeric features entered as they are"
    if len(material.tables["curves"]):
        text += "; for time to event as tertiles of the samples of each cohort with a known outcome, not optimised"
    text += "".join(_splits(material))
    cuts = material.tables.get("cuts")
    if cuts is not None and len(cuts):
        text += (
            f"; {plural(len(cuts), 'cut-point was', 'cut-points were')} optimised, each with a p-value that pays for "
            "the search and the effect in patients that did not choose it (table cuts)"
        )
    return FILLED, f"{text}."


def _splits(material: Material) -> Iterator[str]:
    """Yield how questions split numeric features at places that were not optimised."""
    answers, incidence = material.tables["answers"], material.tables.get("incidence")
    names = answers["effect_name"].astype(str)
    if answers.loc[names.str.startswith("restricted_mean"), "checks"].astype(str).str.contains("median").any():
        yield "; for months gained as halves at the median of each cohort, not optimised"
    if incidence is not None and incidence["group"].isin(["low", "middle", "high"]).any():
        yield "; for the incidence of competing events, and Gray's test, as tertiles of each cohort, not optimised"
    frozen = answers[names.str.endswith("_at_frozen_cut")]
    if len(frozen):
        n = len(frozen[["question_id", "feature", "source"]].drop_duplicates())
        yield (
            f"; {plural(n, 'feature')} above and below a cut-off that was frozen beforehand in other patients (answers "
            "of which the kind of effect ends in at_frozen_cut)"
        )


def _flow(material: Material) -> Told:
    rows = []
    lost = 0
    for r in material.tables["cohorts"].to_dict("records"):
        held, table, joined, kept = (int(r[f"n_{n}"]) for n in ("expression", "table", "joined", "selected"))
        lost += max(held, table) - joined
        told = (
            f"{r['cohort_id']}: {held:,} in the matrix, {table:,} in the table, {joined:,} in both, {kept:,} analysed"
        )
        rows.append("; ".join([told, *_outcomes(material, str(r["cohort_id"]))]))
    text = f"{'. '.join(rows)}."
    if lost:
        return PARTLY, f"{text} State why samples stand in one of matrix and table alone."
    return FILLED, text


def _outcomes(material: Material, cohort_id: str) -> Iterator[str]:
    for name, endpoint in material.study.endpoints.items():
        if endpoint.rule_for(cohort_id) is None:
            continue
        yield f"{name}: {count_outcomes(material, name, cohort_id)}"


def _distributions(material: Material) -> Told:
    samples = material.tables["samples"]
    known = {n: int(samples[c].notna().sum()) for n, c in (("age", "age_years"), ("sex", "sex"))}
    there = [f"{name} of {n:,}" for name, n in known.items() if n]
    if not there:
        return USER, "Neither age nor sex is recorded; figures show the scores. State them, and prognostic variables."
    missing = ", ".join(f"{len(samples) - n:,} without {name}" for name, n in known.items())
    return PARTLY, (
        f"Known: {listed(there)} of {len(samples):,} samples ({missing}); the report shows them and the scores. State "
        "standard prognostic variables."
    )


def _relation(_: Material) -> Told:
    return USER, "The run relates no score to prognostic variables."


def _univariable(material: Material) -> Told:
    answers = material.tables["answers"]
    if not len(answers):
        if n_genes := genes_asked(material):
            return (
                FILLED,
                f"{plural(n_genes, 'gene')} with interval, p and q each, in the tables screens and expression.",
            )
        return NOT_APPLICABLE, "The run tested no feature."
    n = int(answers["effect"].notna().sum())
    curves = " and the table curves" if len(material.tables["curves"]) else ""
    return FILLED, (
        f"{plural(n, 'estimate')} with intervals where the kind of effect has one, p and q, in the table answers"
        f"{curves}; {len(answers) - n:,} could not be estimated."
    )


def _adjusted(material: Material) -> pd.DataFrame:
    answers = material.tables["answers"]
    return answers[(answers["adjusted_for"].fillna("") != "") & answers["effect"].notna()]


def _multivariable(material: Material) -> Told:
    adjusted = _adjusted(material)
    if not len(adjusted):
        return USER, "The run fits no multivariable model."
    sets = listed(dict.fromkeys(said(a) for a in adjusted["adjusted_for"]), most=_MOST)
    return PARTLY, (
        f"{plural(len(adjusted), 'estimate')} with intervals adjusted for {sets}, beside unadjusted ones of the same "
        "patients, in the table answers. Report the effects of the other variables of the final model."
    )


def _standard(material: Material) -> Told:
    adjusted = _adjusted(material)
    if not len(adjusted):
        return USER, "The run fits no multivariable model."
    names = dict.fromkeys(said(n) for a in adjusted["adjusted_for"] for n in str(a).split(", "))
    return PARTLY, (
        f"Adjusted for, whether significant or not: {listed(names, most=_MOST)}. State which of these are the standard "
        "prognostic variables of this disease, and which are lacking."
    )


def _checked(material: Material) -> pd.DataFrame:
    answers = material.tables["answers"]
    checks = answers["checks"].fillna("").astype(str)
    return answers[checks.str.contains("proportional") & ~checks.str.contains("not tested")]


def _further(material: Material) -> Told:
    told = [f"assumptions of {plural(len(checked), 'answer')}"] if len(checked := _checked(material)) else []
    pooled = material.tables.get("pooled")
    if pooled is not None and len(pooled):
        told.append(f"{plural(len(pooled), 'effect')} pooled over cohorts, with leave-one-out")
    if not told:
        return USER, "The run made no such investigation; if others did, report them."
    return PARTLY, f"The run looked at {' and '.join(told)}. Report sensitivity analyses and validation beyond these."


def _discussion(_: Material) -> Told:
    return USER, "A run does not interpret its numbers."


_TELLERS: dict[int, Callable[[Material], Told]] = dict(
    enumerate(
        (
            _marker,
            _patients,
            _treatments,
            _specimens,
            _assay,
            _design,
            _endpoints,
            _candidates,
            _size,
            _statistics,
            _values,
            _flow,
            _distributions,
            _relation,
            _univariable,
            _multivariable,
            _standard,
            _further,
            _discussion,
            _discussion,
        ),
        start=1,
    )
)
