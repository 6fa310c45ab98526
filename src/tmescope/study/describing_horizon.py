"""The methods text of a study of a lake: what was counted, how rises are ranked, and what the numbers cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.facts.bibliography import to_bibtex
from tmescope.horizon.mention_index import COUNTED
from tmescope.report.methods_text import MethodsSection, MethodsText, said
from tmescope.store.tables import read_table
from tmescope.study.citing import Citations
from tmescope.study.describing import METHODS_FILES
from tmescope.study.horizon_tables import read_about
from tmescope.study.ledger import Step
from tmescope.study.material import listed, plural

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.study.context import Context

__all__ = ["describe_horizon", "horizon_methods_step"]

_SHORT = 12
_TRENDS = ("10.1093/nar/gks042", "10.1093/biostatistics/kxw041", "10.1111/j.2517-6161.1995.tb02031.x")
_PAIRS = ("10.1080/00031305.1999.10474456",)
_BURSTS = ("10.1023/A:1024940629314",)
_LEAD = ("10.1080/01621459.1958.10501452",)


def describe_horizon(context: Context, provenance: Mapping[str, Any], areas: Sequence[str]) -> MethodsText:
    """Return the methods text of a study of a lake whose tables are written.

    Parameters
    ----------
    context : Context
        The run, its tables done.
    provenance : mapping
        Versions, inputs and facts.
    areas : sequence of str
        Names of its focus areas.

    Returns
    -------
    MethodsText
        Made of what ran alone.
    """
    cited = Citations()
    folder = context.ledger.folder("tables", public=True)
    tables = {name: read_table(folder / f"{name}.parquet") for name in ("horizon_sources", "lead_times", "trend_pairs")}
    about = [read_about(context, f"area-{name}") for name in areas]
    subjects = [one["title"] for one in read_about(context, "landscapes")]
    written = {
        "Documents": tuple(_documents(context, tables["horizon_sources"], provenance)),
        "Focus areas and trends": tuple(_trends(about, cited, has_pairs=bool(len(tables["trend_pairs"])))),
        "Lead times": tuple(_lead(tables["lead_times"], cited)),
        "Landscapes": tuple(_landscapes(subjects)),
        "Limits": tuple(_limits()),
        "Software": tuple(_software(provenance)),
    }
    sections = tuple(MethodsSection(heading, text) for heading, text in written.items() if text)
    return MethodsText(sections, cited.references)


def horizon_methods_step(context: Context, provenance: Mapping[str, Any], areas: Sequence[str]) -> Step:
    """Return the step that writes the methods text and its references.

    Parameters
    ----------
    context : Context
        The run, its tables done.
    provenance : mapping
        Versions, inputs and facts.
    areas : sequence of str
        Names of its focus areas.
    """
    ingredients = {
        "step": "methods",
        "release": context.release,
        "tables": context.outcomes["tables"],
        "provenance": dict(provenance),
    }

    def make(folder: Path) -> None:
        text = describe_horizon(context, provenance, areas)
        (folder / METHODS_FILES[0]).write_text(text.to_markdown(), encoding="utf-8")
        (folder / METHODS_FILES[1]).write_text(to_bibtex(text.references), encoding="utf-8")

    return Step("methods", ingredients, make)


def _documents(context: Context, sources: pd.DataFrame, provenance: Mapping[str, Any]) -> Iterator[str]:
    columns = (sources["kind"], sources["source"], sources["n_documents"].astype(int).tolist())
    each = listed(f"{plural(n, said(kind))} ({said(source)})" for kind, source, n in zip(*columns, strict=True))
    horizon = context.study.horizon
    known = "all that the lake holds" if horizon is None or horizon.as_of is None else f"known by {horizon.as_of}"
    yield (
        f"The lake was made of {plural(len(provenance['inputs']), 'file')}. Counted were current versions, {known}: "
        f"{each or 'none'}. A document counts on the day on which its source entered it, not on the printed date."
    )
    for warning in read_table(context.ledger.folder("sources") / "warnings.parquet")["message"]:
        yield f"Of the lake {said(warning)}."
    aside = sources[~sources["kind"].isin(COUNTED)].groupby("kind")["n_documents"].sum()
    if len(aside):
        each = listed(f"{n:,} of the kind {said(kind)}" for kind, n in aside.items())
        yield f"Found by search and counted in no trend, since they are no papers and no trials: {each}."
    n, n_all = int(sources["n_mentioning"].sum()), int(sources["n_documents"].sum())
    yield (
        "Genes, drugs, diseases, kinds of therapy and concepts were looked up with a dictionary, and found in "
        f"{n:,} of {plural(n_all, 'document')}; names that mean several things count only where the text decides."
    )


def _trends(about: Sequence[Mapping[str, Any]], cited: Citations, *, has_pairs: bool) -> Iterator[str]:
    each = listed(f"{said(one['title'])} ({one['n_documents']:,} documents)" for one in about)
    yield f"A document belongs to a focus area by an entity, a MeSH heading or a word of the area: {each}."
    ranked = [one for one in about if one.get("n_ranked")]
    if not ranked:
        return
    spans = listed(f"{one['quarters'][0]} to {one['quarters'][-1]} in {said(one['title'])}" for one in ranked)
    yield (
        f"Distinct papers of each entity were counted by quarter ({spans}; incomplete quarters left out). The change "
        "of the logarithm of an entity's share in a year is the slope of a negative binomial model with the area's "
        "papers as offset and one dispersion for all entities; slopes are shrunk by a prior that is estimated from all "
        f"of them, and ranked by their lower 5% bound; false discovery rates stand beside{cited.cite(*_TRENDS)}. "
        f"Bursts are described by a model of two states{cited.cite(*_BURSTS)} and enter no ranking."
    )
    if has_pairs:
        yield (
            "Pairs were ranked by the 5% quantile of observed over expected papers under a gamma-Poisson model with "
            f"two components{cited.cite(*_PAIRS)}; a new pair is confirmed by three papers of two groups of authors."
        )


def _lead(times: pd.DataFrame, cited: Citations) -> Iterator[str]:
    counted = times[times["reason"].fillna("") == ""]
    if not len(counted):
        return
    n = int(counted["followed"].sum())
    yield (
        f"Of {plural(len(counted), 'entity', 'entities')} whose first paper the lake can date, trials followed {n}; "
        f"the others are censored on the last complete day of trials{cited.cite(*_LEAD)}."
    )


def _landscapes(subjects: Sequence[str]) -> Iterator[str]:
    if subjects:
        yield (
            f"Trials of {listed(said(s) for s in subjects)} were counted once each, by what their newest known version "
            "says. Combinations are drugs of one arm, not of one trial. What is missing is missing in this lake."
        )


def _limits() -> Iterator[str]:
    yield (
        "More papers do not make a better target: counts follow funding, fashion and the habits of registries. What a "
        "source enters late, withdraws or never holds is not seen, and a name that a dictionary lacks counts nowhere."
    )


def _software(provenance: Mapping[str, Any]) -> Iterator[str]:
    others = {n: v for n, v in provenance["versions"].items() if n != "tmescope" and v != "not installed"}
    yield (
        f"The analysis ran with tmescope {said(provenance['versions']['tmescope'])} on "
        f"{listed(f'{n} {v}' for n, v in others.items())}; nothing in it is random."
    )
    facts = [f"{said(name)} {sha[:_SHORT]}" for name, sha in provenance["facts"].items()]
    yield f"Facts used, with the beginning of their sha256: {'; '.join(facts)}."
    yield "All hashes and parameters stand in ro-crate-metadata.json."
