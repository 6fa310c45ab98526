"""The report on a lake of papers and trials as one HTML file that asks no other host for anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tmescope.report.embedding import safe_json
from tmescope.report.figure import Figure
from tmescope.report.horizon_bumps import draw_bumps
from tmescope.report.horizon_contents import HorizonContents
from tmescope.report.horizon_landscapes import draw_maps, draw_matrices, slug
from tmescope.report.horizon_lead import draw_lead_times
from tmescope.report.horizon_pairs import draw_pairs
from tmescope.report.horizon_rising import draw_rising
from tmescope.report.horizon_tables import changes_table, documents_table, subject_tables
from tmescope.report.numbers import count, plain, plural
from tmescope.report.page_parts import Drawn, asset, draw_for_page, environment, policy, runtime, style
from tmescope.report.palette import DARK, LIGHT
from tmescope.report.result_tables import hashes
from tmescope.report.tables import HtmlTable

__all__ = ["draw_horizon", "render_horizon"]

_FAMILIES = (draw_rising, draw_bumps, draw_pairs, draw_matrices, draw_maps, draw_lead_times)


@dataclass(frozen=True)
class Part:
    """One section on an area or on a subject.

    Parameters
    ----------
    id, title, note : str
        Of the section; the note may be empty.
    figures : tuple of Drawn
        In their order.
    tables : tuple of HtmlTable
        Below the figures.
    absent : str
        What has no figure, and why; may be empty.
    """

    id: str
    title: str
    note: str
    figures: tuple[Drawn, ...]
    tables: tuple[HtmlTable, ...] = ()
    absent: str = ""


def draw_horizon(contents: HorizonContents) -> list[Figure]:
    """Return the figures of a report on a lake; what has no rows gives none.

    Parameters
    ----------
    contents : HorizonContents
        Tables of a run.

    Returns
    -------
    list of Figure
        Rising entities, ranks and pairs of each area, sponsors by phase and maps of each subject, lead times;
        identifiers are unique.
    """
    figures: list[Figure] = []
    taken: set[str] = set()
    for figure in (f for draw in _FAMILIES for f in draw(contents)):
        name, again = figure.id, 2  # two subjects may lose their difference on the way to a file name
        while name in taken:
            name, again = f"{figure.id}-{again}", again + 1
        taken.add(name)
        figures.append(figure if name == figure.id else replace(figure, id=name))
    return figures


def render_horizon(contents: HorizonContents, figures: Sequence[Figure]) -> str:
    """Return a report on a lake as HTML text: one file, no request to any host, a strict content-security policy.

    Parameters
    ----------
    contents : HorizonContents
        Tables and choices of a run.
    figures : sequence of Figure
        As `draw_horizon` returns them for the same contents.

    Returns
    -------
    str
        HTML, the same text for the same contents, figures and versions.

    Notes
    -----
    As in `tmescope.report.page.render_report`, titles of papers and names of sponsors are escaped by the template, and
    nothing else than the scripts and the style sheet of the page could run if an escape were missed.
    """
    sheet, scripts = style("report.css"), [runtime(), asset("report.js")]
    drawn = draw_for_page(figures)
    page = (
        environment()
        .get_template("horizon.html.j2")
        .render(
            policy=policy(sheet, scripts),
            style=sheet,
            scripts=scripts,
            themes=safe_json({"light": dict(LIGHT), "dark": dict(DARK)}),
            contents=contents,
            facts=_facts(contents),
            lead=_lead(contents),
            areas=_areas(contents, drawn),
            subjects=_subjects(contents, drawn),
            pairs=_of(drawn, "pairs"),
            lead_times=_of(drawn, "lead"),
            changes=changes_table(contents),
            drawn=drawn,
            notes=[plain(note) for note in contents.notes],
            inputs=hashes(contents.provenance.get("inputs"), name="inputs", caption="Input files"),
            facts_used=hashes(contents.provenance.get("facts"), name="facts", caption="Facts used"),
            versions=[(plain(k), plain(v)) for k, v in (contents.provenance.get("versions") or {}).items()],
            parameters=_parameters(contents),
        )
    )
    return page.replace("\r\n", "\n")


def _of(drawn: Sequence[Drawn], section: str) -> tuple[Drawn, ...]:
    return tuple(item for item in drawn if item.figure.section == section)


def _facts(contents: HorizonContents) -> list[tuple[str, str]]:
    kinds = [(count(n), f"{kind}s" if n != 1 else kind) for kind, n in contents.n_documents.items()]
    trials = contents.table("landscape_trials")
    subjects = [(count(trials["doc_id"].nunique()), "trials of the subjects")] if len(trials) else []
    changes = contents.table("horizon_changes")
    return [*kinds, *subjects, *([(count(len(changes)), "changes")] if len(changes) else [])]


def _lead(contents: HorizonContents) -> str:
    """Return what was found, in one paragraph."""
    told = []
    for area, title in contents.areas.items():
        rows = contents.of_area("trends", area)
        rising = rows[rows["lower_bound"].astype(float) > 0] if len(rows) else rows
        names = ", ".join(plain(name) for name in rising["name"].head(3))
        many = plural(len(rising), "entity surely rises", "entities surely rise")
        told.append(f"{title}: {f'{many}, first {names}' if names else 'no entity surely rises'}.")
    day = f" What was known on {contents.as_of}." if contents.as_of else ""
    return " ".join(told) + day


def _areas(contents: HorizonContents, drawn: Sequence[Drawn]) -> list[Part]:
    return [
        Part(
            f"area-{area}",
            title,
            plain(contents.limits.get(area, "")),
            _of(drawn, f"area-{area}"),
            tuple(table for table in (documents_table(contents, area),) if table),
            _without_pairs(contents, area),
        )
        for area, title in contents.areas.items()
    ]


def _without_pairs(contents: HorizonContents, area: str) -> str:
    pairs = contents.table("trend_pairs")
    if "focus" not in pairs.columns:
        return ""
    own = pairs[pairs["focus"].astype(str) == area]
    if not len(own) or (own["ratio_low"].astype(float) > 1).any():
        return ""
    many = plural(len(own), "pair that met often enough is", "pairs that met often enough are")
    return (
        "No pair is named together surely more often than by chance: the lower 5% bound of observed over expected "
        f"papers is above 1 for none. The {many} in the table trend_pairs."
    )


def _subjects(contents: HorizonContents, drawn: Sequence[Drawn]) -> list[Part]:
    parts = []
    for subject, title in contents.subjects.items():
        n = contents.of_subject("landscape_trials", subject)["doc_id"].nunique()
        note = f"{plural(n, 'distinct trial')} of this lake." if n else "No trial of this lake names it."
        section = f"subject-{slug(subject)}"
        tables = tuple(subject_tables(contents, subject))
        parts.append(Part(section, plain(title), note, _of(drawn, section), tables))
    return parts


def _parameters(contents: HorizonContents) -> str:
    given = contents.provenance.get("parameters")
    text = json.dumps(given, indent=2, sort_keys=True, ensure_ascii=False, default=str) if given else ""
    return "\n".join(plain(line) for line in text.split("\n"))
