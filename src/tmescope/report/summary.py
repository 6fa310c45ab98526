"""The study in one paragraph, computed from its tables, and the finding worded no stronger than it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.forests import EFFECTS, FEW_EVENTS
from tmescope.report.numbers import count, endpoint_name, full_p, interval, isolate, plain, plural

__all__ = ["Finding", "Summary", "summarise"]

_LEVEL = 0.05


@dataclass(frozen=True)
class Finding:
    """One answer in words.

    Parameters
    ----------
    kind : {"association", "none", "absent"}
        Whether something passes the level, nothing does, or nothing was asked.
    headline : str
        One line.
    sentences : tuple of str
        The numbers, what the other cohorts say, and how far to trust it.
    """

    kind: str
    headline: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """Opening of a report.

    Parameters
    ----------
    facts : tuple of (str, str)
        Key numbers and what they count.
    paragraph : str
        The study in a few sentences.
    findings : tuple of Finding
        On response and on survival.
    """

    facts: tuple[tuple[str, str], ...]
    paragraph: str
    findings: tuple[Finding, ...]


def summarise(contents: ReportContents) -> Summary:
    """Return the opening of a report, computed from its tables alone."""
    findings = [_finding(contents, "auc", contents.primary_endpoint)]
    if contents.survival_endpoint:
        findings.append(_finding(contents, "hazard_ratio_high_vs_low", contents.survival_endpoint))
    return Summary(_facts(contents), _paragraph(contents), tuple(findings))


def _responders(contents: ReportContents) -> tuple[int, int]:
    """Return responders and evaluable patients at the primary endpoint."""
    samples, endpoint = contents.table("samples"), contents.primary_endpoint
    if endpoint is None or endpoint not in samples.columns:
        return 0, 0
    known = samples[endpoint].dropna()
    return int((known == "responder").sum()), len(known)


def _events(contents: ReportContents) -> tuple[int, int]:
    samples, endpoint = contents.table("samples"), contents.survival_endpoint
    if endpoint is None or f"{endpoint}_event" not in samples.columns:
        return 0, 0
    known = samples[f"{endpoint}_event"].dropna()
    return int(known.astype(bool).sum()), len(known)


def _named(endpoint: str | None) -> str:
    return isolate(endpoint_name(endpoint))


def _in_brackets(endpoint: str | None) -> str:
    """Return the endpoint's name after the word response, where it says more than that word."""
    return "" if endpoint == "response" else f" ({_named(endpoint)})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(contents: ReportContents) -> tuple[tuple[str, str], ...]:
    samples = contents.table("samples")
    facts = [(count(len(contents.cohort_ids())), "cohorts"), (count(len(samples)), "samples")]
    if samples["patient_id"].notna().any():
        facts.append((count(samples.groupby("cohort_id")["patient_id"].nunique().sum()), "patients"))
    facts.append((count(contents.primary_scores()["feature"].nunique()), "features scored"))
    responders, evaluable = _responders(contents)
    if evaluable:
        facts.append((f"{count(responders)} / {count(evaluable)}", "responders / evaluable"))
    events, followed = _events(contents)
    if followed:
        facts.append(
            (
                f"{count(events)} / {count(followed)}",
                f"{_named(contents.survival_endpoint)}: events / followed",
            )
        )
    return tuple(facts)


def _listed(names: list[str], most: int = 4) -> str:
    shown = [isolate(n) for n in names[:most]]
    rest = len(names) - most
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _paragraph(contents: ReportContents) -> str:
    samples, cohorts = contents.table("samples"), contents.cohort_ids()
    if not cohorts:
        return "This run wrote no cohorts, samples or scores; there is nothing to summarise."
    sentences = [f"{plural(len(samples), 'sample')} from {plural(len(cohorts), 'cohort')} ({_listed(cohorts, 6)})"]
    for column, word in (("cancer_type", "with"), ("treatment", "treated with")):
        names = [str(v) for v in samples[column].dropna().value_counts().index]
        if names:
            sentences[0] += f" {word} {_listed(names)}" if word == "with" else f", {word} {_listed(names)}"
    sentences[0] += "."
    scores = contents.primary_scores()
    if len(scores):
        missing = scores["value"].isna().mean()
        gap = f"; {100 * missing:.1f}% of the scores are missing" if missing else ""
        sentences.append(
            f"Each was scored for {plural(scores['feature'].nunique(), 'feature')} of the tumour microenvironment by "
            f"{isolate(contents.primary_method)}{_others_beside(contents)}{gap}."
        )
    responders, evaluable = _responders(contents)
    if evaluable:
        sentences.append(
            f"Response{_in_brackets(contents.primary_endpoint)} is known for {count(evaluable)} of "
            f"{count(len(samples))}: {count(responders)} responders ({100 * responders / evaluable:.0f}%)."
        )
    events, followed = _events(contents)
    if followed:
        time = samples[f"{contents.survival_endpoint}_time_months"].dropna()
        sentences.append(
            f"{_capital(_named(contents.survival_endpoint))} is known for {count(followed)}, with "
            f"{plural(events, 'event')}; the median time to event or censoring is {time.median():.1f} months."
        )
    sentences.append(_quality_sentence(contents))
    return " ".join(s for s in sentences if s)


def _others_beside(contents: ReportContents) -> str:
    others = [str(m) for m in pd.unique(contents.measured()["method"]) if m != contents.primary_method]
    return f", which figures of one method show, and besides by {_listed(others, 6)}" if others else ""


def _quality_sentence(contents: ReportContents) -> str:
    if not contents.has("quality"):
        return "No data-quality checks were recorded."
    table = contents.table("quality")
    problems = table[table["status"] == "problem"]
    notices = int((table["status"] == "notice").sum())
    if not len(problems):
        return f"No data-quality check reports a problem ({plural(notices, 'notice')})."
    cohorts = [str(c) for c in pd.unique(problems["cohort_id"])]
    verb = "reports" if len(problems) == 1 else "report"
    return f"{plural(len(problems), 'data-quality check')} {verb} a problem, in {_listed(cohorts)}."


def _finding(contents: ReportContents, name: str, endpoint: str | None) -> Finding:
    answers = contents.standing_answers()  # by all methods: the families were adjusted over all
    rows = answers[(answers["effect_name"] == name) & (answers["endpoint"] == endpoint)]
    rows = rows[rows["effect"].notna() & rows["q_value"].notna()]
    what = _named(endpoint) if endpoint else "response"
    if not len(rows):
        return Finding("absent", f"No answer on {what}", (f"The run holds no estimate for {what}.",))
    rows = rows.astype({"q_value": float, "p_value": float}).sort_values(["q_value", "p_value"], kind="stable")
    best = rows.iloc[0].to_dict()
    by = "" if best["source"] in {contents.primary_method, "table"} else f" by {plain(best['source'])}"
    feature = isolate(contents.feature_labels(str(best["source"])).get(str(best["feature"]), best["feature"])) + by
    cohort = isolate(best["cohort_id"])
    numbers = _numbers(best, name, feature=feature, cohort=cohort)
    passing = int((rows["q_value"] < _LEVEL).sum())
    tests = f"{count(len(rows))} tests (feature by cohort)"
    if best["q_value"] >= _LEVEL:
        return Finding(
            "none",
            f"No feature is associated with {what} at q < {_LEVEL} in any cohort",
            (
                f"The smallest q among {tests}: {numbers}.",
                "That is what one may see without any association; it does not show that there is none.",
            ),
        )
    sentences = [
        f"{numbers}.",
        _others(rows[rows["source"] == best["source"]], best, name),
        f"{count(passing)} of {tests} have q < {_LEVEL}. The strongest of many estimates tends to be too large, and "
        "an association found here is not yet a biomarker: confirm it in cohorts that were not used to find it.",
    ]
    if float(best["n_events"]) < FEW_EVENTS:
        sentences.append(f"It rests on fewer than {FEW_EVENTS} {EFFECTS[name].events}; read it as a hint.")
    return Finding("association", _headline(best, name, feature=feature, what=what), tuple(s for s in sentences if s))


def _headline(best: dict[Any, Any], name: str, *, feature: str, what: str) -> str:
    above = float(best["effect"]) > EFFECTS[name].reference
    cohort = isolate(best["cohort_id"])
    if name == "auc":
        return f"{feature}: {'higher' if above else 'lower'} in responders of {cohort}"
    return f"{feature}: high values go with {'more' if above else 'fewer'} events ({what}) in {cohort}"


def _numbers(row: dict[Any, Any], name: str, *, feature: str, cohort: str) -> str:
    effect = EFFECTS[name]
    family = f"family “{isolate(row['family'])}”" if isinstance(row["family"], str) else "family not named"
    size = "" if pd.isna(row["family_size"]) else f" of {plural(row['family_size'], 'test')}"
    return (
        f"{feature} in {cohort}: {effect.short} {interval(row, name)} (95% CI), {full_p(row['p_value'])}, "
        f"{full_p(row['q_value'], symbol='q')} ({family}{size}); n = {count(row['n'])}, "
        f"{count(row['n_events'])} {effect.events}"
    )


def _others(rows: pd.DataFrame, best: dict[Any, Any], name: str) -> str:
    same = rows[(rows["feature"] == best["feature"]) & (rows["source"] == best["source"])]
    others = same[same["cohort_id"] != best["cohort_id"]].to_dict(orient="records")
    if not others:
        return "No other cohort has an estimate for it."
    short = EFFECTS[name].short
    listed = "; ".join(f"{isolate(o['cohort_id'])} {short} {interval(o, name)}, n = {count(o['n'])}" for o in others)
    reference = EFFECTS[name].reference
    side = float(best["effect"]) > reference
    agree = sum((float(o["effect"]) > reference) == side for o in others)
    return f"In the other cohorts: {listed} – {count(agree)} of {count(len(others))} in the same direction."
