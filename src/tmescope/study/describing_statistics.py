"""Sentences about the statistics that a run computed, read off the column method of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.describing_screens import genes_asked
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe_software", "describe_statistics"]

_EFFECTS = {
    "auc": "the area under the ROC curve, above 0.5 where responders have more of the feature",
    "odds_ratio_per_sd": "the odds ratio of response for one standard deviation of the feature",
    "odds_ratio": "the odds ratio of response of those in a group against those outside it",
    "hazard_ratio_high_vs_low": "the hazard ratio of the highest against the lowest tertile",
    "hazard_ratio_per_sd": "the hazard ratio for one standard deviation of the feature",
    "hazard_ratio": "the hazard ratio of those in a group against those outside it",
    "interaction_ratio_per_sd": "how many times larger the hazard ratio per standard deviation is in the treated",
    "interaction_ratio": "how many times larger the hazard ratio of the group is in the treated",
    "hazard_ratio_per_sd_in_control": "the hazard ratio for one standard deviation in the control arm",
    "hazard_ratio_per_sd_in_treated": "the hazard ratio for one standard deviation in the treated arm",
    "change_per_sd": "the change from before to on treatment, in standard deviations of the samples before",
    "change_per_sd_in_non_responders": "that change in non-responders",
    "change_per_sd_in_responders": "that change in responders",
    "change_difference_per_sd": "how much more the feature rises in responders than in non-responders",
    "hazard_ratio_at_frozen_cut": "the hazard ratio above against below a cut-off that another cohort chose",
    "odds_ratio_at_frozen_cut": "the odds ratio above against below a cut-off that another cohort chose",
    "spearman": "the rank correlation of the feature with the axis",
    "log_rank_chi_square": "the log-rank statistic over the tertiles",
    "cumulative_odds_ratio_per_sd": "the odds ratio of a better level for one standard deviation of the feature",
    "cumulative_odds_ratio": "the odds ratio of a better level of those in a group against those outside it",
    "restricted_mean_difference": "how many months longer the upper half, or the group, is without the event",
    "restricted_mean_ratio": "the ratio of the months without the event of the upper half, or the group, to the rest",
    "gray_chi_square": "Gray's statistic over the tertiles, or of the group and the rest",
    "cause_specific_hazard_ratio_per_sd": "the hazard ratio of the event itself for one standard deviation",
    "cause_specific_hazard_ratio": "the hazard ratio of the event itself of those in a group",
    "competing_hazard_ratio_per_sd": "the hazard ratio of the competing events for one standard deviation",
    "competing_hazard_ratio": "the hazard ratio of the competing events of those in a group",
    "subdistribution_hazard_ratio_per_sd": "the subdistribution hazard ratio for one standard deviation",
    "subdistribution_hazard_ratio": "the subdistribution hazard ratio of those in a group",
}
_PAPERS = (
    ("DeLong interval", ("10.2307/2531595", "10.1109/LSP.2014.2337313")),
    ("exact bound from disjoint pairs", ("10.1093/biomet/26.4.404",)),
    ("Mann-Whitney", ("10.1214/aoms/1177730491",)),
    ("(separation)", ("10.1093/biomet/71.1.1",)),
    ("Woolf interval", ("10.1111/j.1469-1809.1955.tb01348.x",)),
    ("Haldane-Anscombe", ("10.1111/j.1469-1809.1955.tb01285.x", "10.1093/biomet/43.3-4.461")),
    ("Cox model", ("10.1111/j.2517-6161.1972.tb00899.x",)),
    ("Efron ties", ("10.1080/01621459.1977.10480613",)),
    ("log-rank test", ("10.2307/2344317",)),
    ("; robust standard error", ("10.1080/01621459.1989.10478874",)),
    ("Fine-Gray", ("10.1080/01621459.1999.10474144",)),
    ("Gray's test", ("10.1214/aos/1176350951",)),
    ("restricted mean survival time", ("10.1200/JCO.2014.55.2208", "10.1186/1471-2288-13-152")),
    ("landmark", ("10.1200/JCO.1983.1.11.710",)),
    ("proportional-odds", ("10.1111/j.2517-6161.1980.tb01109.x", "10.2307/2532457")),
)
_KAPLAN_MEIER = "10.1080/01621459.1958.10501452"
_BENJAMINI_HOCHBERG = "10.1111/j.2517-6161.1995.tb02031.x"
_SHORT = 12


def describe_statistics(material: Material) -> Iterator[str]:
    """Yield paragraphs about effects, curves and families; one sentence where nothing was tested.

    Parameters
    ----------
    material : Material
        With the tables answers and curves.
    """
    answers, curves = material.tables["answers"], material.tables["curves"]
    if not len(answers):
        if not genes_asked(material):
            yield "No feature was tested against an endpoint."
        return
    yield " ".join(_tested(answers))
    for name, rows in answers.groupby("effect_name", sort=False):
        yield " ".join(_effect(material, str(name), rows))
    if len(curves):
        yield (
            "Curves of time to event are Kaplan-Meier estimates by tertile of each numeric feature, with pointwise 95% "
            f"limits on the log(-log) scale{material.citations.cite(_KAPLAN_MEIER)}. Tertiles are those of the samples "
            "of a cohort with a known outcome; no cut-point was sought."
        )
    incidence = material.tables.get("incidence")
    if incidence is not None and len(incidence):
        yield (
            "Curves of cumulative incidence are Aalen-Johansen estimates with pointwise 95% limits on the log(-log) "
            "scale, by tertile of each numeric feature and for groups against the rest; each cause has its own, and "
            "no other cause counts as censored in them."
        )
    yield from _families(material, answers)


def _tested(answers: pd.DataFrame) -> Iterator[str]:
    scored = answers[answers["source"] != "table"]
    extra = answers[answers["source"] == "table"]
    parts = []
    if len(scored):
        n = len(scored[["feature", "source"]].drop_duplicates())
        parts.append(f"{plural(n, 'score')} by {listed(dict.fromkeys(scored['source']))}")
    if len(extra):
        names = list(dict.fromkeys(extra["feature"]))
        parts.append(f"{plural(len(names), 'further feature')} ({listed(names, most=12)})")
    endpoints = listed(e for e in dict.fromkeys(answers["endpoint"]) if isinstance(e, str) and e)
    against = f" against {endpoints}" if endpoints else ""
    yield f"Tested were {' and '.join(parts)}{against}, in each cohort apart."
    yield "Samples without a value of the feature or of the endpoint were left out of that estimate."


def _effect(material: Material, name: str, rows: pd.DataFrame) -> Iterator[str]:
    what = _EFFECTS.get(name, f"the effect {said(name)}")
    yield f"{plural(len(rows), 'estimate is', 'estimates are')} {what}:"
    counts = rows["method"].value_counts(sort=False)
    found = []
    for method, n in counts.items():
        of_them = f" ({n:,} of them)" if len(counts) > 1 else ""
        found.append(f"{said(method)}{material.citations.cite(*_papers(str(method)))}{of_them}")
    yield "; ".join(found) + "."
    if rows["ci_low"].notna().any():
        yield "Intervals are at 95%, for one estimate at a time."
    lost = int(rows["effect"].isna().sum())
    if lost:
        yield f"{lost:,} could not be estimated."


def _papers(method: str) -> list[str]:
    return [doi for words, dois in _PAPERS if words in method for doi in dois]


def _families(material: Material, answers: pd.DataFrame) -> Iterator[str]:
    families = answers[answers["q_value"].notna()].groupby("family", sort=False)["family_size"].first()
    if not len(families):
        return
    low, high = int(families.min()), int(families.max())
    size = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    cited = material.citations.cite(_BENJAMINI_HOCHBERG)
    yield (
        f"Q-values are those of Benjamini and Hochberg{cited} within {plural(len(families), 'family', 'families')} of "
        f"{size} p-values each; a family is all features asked of one endpoint in one cohort with one kind "
        "of effect and one adjustment."
    )


def describe_software(material: Material) -> Iterator[str]:
    """Yield paragraphs about versions, seed and the hashes of the inputs.

    Parameters
    ----------
    material : Material
        With the provenance of the run.
    """
    provenance = material.provenance
    others = {n: v for n, v in provenance["versions"].items() if n != "tmescope" and v != "not installed"}
    named = listed(f"{n} {v}" for n, v in others.items())
    release = said(provenance["versions"]["tmescope"])
    yield f"The analysis ran with tmescope {release} on {named}; the seed was {provenance['seed']}."
    hashes = [f"{said(name)} {sha[:_SHORT]}" for name, sha in provenance["inputs"].items()]
    if hashes:
        yield f"Input files, with the beginning of their sha256: {'; '.join(hashes)}."
    yield "All hashes, parameters and gene sets stand in ro-crate-metadata.json and in the tables of the results."
