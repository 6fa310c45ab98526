"""Sentences about scores: which methods ran with which parameters, on which gene sets, and the rule of coverage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tmescope.foundation.scale import Scale
from tmescope.report.methods_text import said
from tmescope.study.cell_scales import taken_scale
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    from tmescope.foundation.method import MethodSpec

__all__ = ["describe_scores", "describe_signatures"]

_BESIDE = {"threads"}


def describe_scores(material: Material) -> Iterator[str]:
    """Yield paragraphs about methods and the rule of coverage.

    Parameters
    ----------
    material : Material
        With the tables methods, scores and cohorts.
    """
    specs = material.needs.specs
    if not specs:
        return
    release = material.provenance["versions"]["tmescope"]
    yield (
        f"Scores of every sample were computed with tmescope {said(release)} by "
        f"{plural(len(specs), 'method')}: {listed(s.name for s in specs)}."
    )
    stated = {str(r["name"]): json.loads(r["parameters"]) for r in material.tables["methods"].to_dict("records")}
    for spec in specs:
        yield " ".join(_method(material, spec, stated.get(spec.name, {})))
    yield " ".join(_universe(material))
    yield _coverage(material)


def _method(material: Material, spec: MethodSpec, parameters: dict[str, Any]) -> Iterator[str]:
    cited = material.citations.cite(spec.reference)
    summary = said(spec.summary).rstrip(".")
    yield f"{spec.name}: {summary}{cited}."
    scales = list(dict.fromkeys(str(s) for s in material.tables["cohorts"]["scale"]))
    taken = list(dict.fromkeys(str(taken_scale(spec, Scale.parse(s))) for s in scales))
    alone = "from that sample alone" if spec.scope == "sample" else "beside the other samples of its cohort"
    yield f"It took values in {listed(taken)} and scored each sample {alone}."
    defaults = {p.name: p.default for p in spec.parameters if p.name not in _BESIDE}
    changed = {k: v for k, v in parameters.items() if k in defaults and v != defaults[k]}
    if changed:
        yield f"Changed: {listed(f'{k} = {v} instead of {defaults[k]}' for k, v in changed.items())}."
    elif defaults:
        yield f"Parameters were the defaults ({listed(f'{k} = {v}' for k, v in defaults.items())})."


def _universe(material: Material) -> Iterator[str]:
    ranking = [s.name for s in material.needs.specs if s.ranks_all_genes]
    if not ranking:
        return
    chosen = material.study.profile.gene_universe
    who = f"Methods that rank all genes ({listed(ranking)})"
    if material.n_universe is None:
        yield f"{who} saw all genes of each cohort."
    elif chosen == "common":
        yield f"{who} saw the {plural(material.n_universe, 'gene')} that all cohorts have."
    else:
        genes = plural(material.n_universe, "gene")
        yield f"{who} saw those of the {genes} of the study's gene universe that a cohort has."


def _coverage(material: Material) -> str:
    scores = material.tables["scores"]
    limit = material.study.profile.min_coverage
    missing = scores["value"].isna()
    few = int((missing & (scores["coverage"] < limit)).sum())
    counted = (
        f"{int(missing.sum()):,} of {plural(len(scores), 'score')} {'is' if missing.sum() == 1 else 'are'} missing"
    )
    return (
        f"A score was missing where fewer than {limit:.0%} of a set's genes (or of their weight) were measured; genes "
        f"that were not measured were left out of the others. {counted}, {few:,} of them by this rule."
    )


def describe_signatures(material: Material) -> Iterator[str]:
    """Yield a paragraph about the gene sets, by the paper that they come from.

    Parameters
    ----------
    material : Material
        With the table signatures.
    """
    table = material.tables["signatures"]
    if not len(table):
        return
    groups: dict[tuple[str, str], list[str]] = {}
    for row in table.fillna({"reference": "", "citation": ""}).to_dict("records"):
        source = (str(row["reference"]), str(row["citation"]))
        groups.setdefault(source, []).append(f"{said(row['name'])} ({plural(int(row['n_genes']), 'gene')})")
    sentences = []
    for (reference, citation), names in groups.items():
        cited = material.citations.cite_stated(reference, citation)
        stated = "" if cited else f" ({said(citation or reference or 'no source stated').rstrip('.')})"
        sentences.append(f"{listed(names)}{cited}{stated}.")
    yield f"{plural(len(table), 'gene set was', 'gene sets were')} scored. {' '.join(sentences)}"
