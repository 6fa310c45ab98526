"""A traffic light for each cohort, with the evidence behind each light: words and shapes, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import plain
from tmescope.report.quality_rules import COLOURS, CORE, RULES, Judgement, LightRule, rows_of
from tmescope.report.tables import Cell, HtmlTable, words

__all__ = ["CohortLight", "cohort_lights", "judge", "light_evidence", "light_rules", "light_table"]

WORDS = {"green": "in order", "amber": "look at it", "red": "mend first", "grey": "not checked"}
"""What each colour says in words."""

_COUNTED = {**WORDS, "amber": "to look at", "red": "to mend first"}
_COLOUR_OF = {"ok": "green", "notice": "amber", "problem": "red", "unchecked": "grey"}


@dataclass(frozen=True)
class CohortLight:
    """The light of a whole cohort.

    Parameters
    ----------
    cohort : str
        Identifier.
    colour : str
        The worst of its lights; grey where a rule of `tmescope.report.quality_rules.CORE` was not checked.
    word : str
        The same in words.
    told : str
        How many lights of each colour, and the titles of those that are red or amber.
    """

    cohort: str
    colour: str
    word: str
    told: str


def judge(rule: LightRule, contents: ReportContents, cohort: str) -> Judgement:
    """Return the light of one rule for one cohort.

    Parameters
    ----------
    rule : LightRule
        One of `tmescope.report.quality_rules.RULES`.
    contents : ReportContents
        Tables of the run.
    cohort : str
        Identifier of the cohort.

    Notes
    -----
    Without a check that ran the light is grey: an absent row of the table ``quality``, an empty table, or the status
    ``unchecked`` never become green.
    """
    if rule.decide is not None:
        return rule.decide(contents, cohort)
    if rule.measure is not None:
        share, evidence = rule.measure(contents, cohort)
        if share is None:
            return Judgement("grey", rule.grey)
        return Judgement(
            "red" if share > rule.red_above else "amber" if share > rule.amber_above else "green", evidence
        )
    rows = rows_of(contents, cohort, rule.check)
    if not len(rows):
        return Judgement("grey", rule.grey)
    colours = [_COLOUR_OF.get(str(s), "grey") for s in rows["status"]]
    worst = min(colours, key=COLOURS.index)
    evidence = " ".join(plain(e) for e, c in zip(rows["evidence"], colours, strict=True) if c == worst)
    return Judgement(worst, evidence)


def _judged(contents: ReportContents) -> dict[str, dict[str, Judgement]]:
    return {c: {rule.id: judge(rule, contents, c) for rule in RULES} for c in contents.cohort_ids()}


def cohort_lights(contents: ReportContents) -> list[CohortLight]:
    """Return one light for each cohort of the run."""
    lights = []
    for cohort, found in _judged(contents).items():
        colours = [j.colour for j in found.values()]
        seen = [c for c in colours if c != "grey"]
        colour = min(seen, key=COLOURS.index) if seen else "grey"
        if colour == "green" and any(found[name].colour == "grey" for name in CORE):
            colour = "grey"
        counts = ", ".join(f"{n} {_COUNTED[c]}" for c in COLOURS if (n := colours.count(c)))
        worst = [r.title.lower() for c in ("red", "amber") for r in RULES if found[r.id].colour == c]
        told = f"{counts}. Namely: {', '.join(worst)}." if worst else f"{counts}."
        lights.append(CohortLight(plain(cohort), colour, WORDS[colour], told))
    return lights


def light_table(contents: ReportContents) -> HtmlTable | None:
    """Return the lights: one row for each rule, one column for each cohort; None where there is no cohort."""
    judged = _judged(contents)
    if not judged:
        return None
    rows = [
        [
            Cell(rule.title),
            *(Cell(WORDS[found[rule.id].colour], kind=f"light-{found[rule.id].colour}") for found in judged.values()),
        ]
        for rule in RULES
    ]
    columns = [("Looked at", False), *((plain(c), False) for c in judged)]
    return HtmlTable("lights", "What was looked at, by cohort", columns, rows)


def light_evidence(contents: ReportContents) -> HtmlTable | None:
    """Return the evidence behind every light, the worst first."""
    entries = [(c, rule, found[rule.id]) for c, found in _judged(contents).items() for rule in RULES]
    entries.sort(key=lambda e: COLOURS.index(e[2].colour))
    rows = [
        [
            words(cohort),
            Cell(rule.title),
            Cell(WORDS[j.colour], sort=float(COLOURS.index(j.colour)), kind=f"light-{j.colour}"),
            words(j.evidence),
        ]
        for cohort, rule, j in entries
    ]
    columns = [("Cohort", False), ("Looked at", False), ("Light", False), ("Evidence", False)]
    caption = "The evidence behind each light, the worst first"
    return HtmlTable("light-evidence", caption, columns, rows, sortable=True) if rows else None


def light_rules() -> HtmlTable:
    """Return the rules themselves."""
    rows = [
        [Cell(r.title), words(r.green), words(r.amber or None), words(r.red or None), words(r.grey or None)]
        for r in RULES
    ]
    columns = [
        ("Looked at", False),
        *((f"{c.capitalize()}: {WORDS[c]}", False) for c in ("green", "amber", "red", "grey")),
    ]
    note = (
        "A cohort has the worst of its lights. It is green only where no light is red or amber, and the scale, the "
        "genes and the coverage were checked."
    )
    return HtmlTable("light-rules", "The rules of the lights", columns, rows, note=note)
