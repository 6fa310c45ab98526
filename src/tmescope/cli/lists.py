"""Commands that list what is bundled: signatures and methods."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tmescope.foundation.method import MethodSpec

__all__ = ["methods_app", "print_fields", "print_table", "reference_fields", "signatures_app"]

signatures_app = typer.Typer(
    help="List the bundled signatures, show one, or check a file of your own.", invoke_without_command=True
)
methods_app = typer.Typer(
    help="List the methods of scoring and deconvolution, or show one.", invoke_without_command=True
)

_WIDTH = 100
_MOST_SETS = 200


@signatures_app.callback()
def signatures(
    context: typer.Context,
    category: Annotated[
        str | None,
        typer.Option("--category", "-c", help="Only this category; a part of its name will do.", show_default=False),
    ] = None,
    tier: Annotated[
        str | None,
        typer.Option("--tier", help="Only core (scored by default) or extended.", show_default=False),
    ] = None,
) -> None:
    """List the bundled signatures by category; ``signatures show NAME`` tells all about one."""
    if context.invoked_subcommand is not None:
        return
    from tmescope.facts.signatures import CATEGORIES, list_signatures

    found = sorted(list_signatures(tier, category=category), key=lambda s: CATEGORIES.index(s.category))
    rows = [(s.name, s.category, s.tier, str(len(s.genes)), s.title) for s in found]
    print_table(("name", "category", "tier", "genes", "title"), rows)
    typer.echo(f"\n{len(found)} signatures; a study scores the core ones unless it names others")
    typer.echo("more about one: tmescope signatures show NAME")


@signatures_app.command("show")
def show_signature(name: Annotated[str, typer.Argument(help="Name of the signature.", show_default=False)]) -> None:
    """Show a signature: genes, source, corrections, licence and limits."""
    from tmescope.facts.signatures import load_signature

    s = load_signature(name)
    weights = s.weights or {}
    genes = [f"{g} ({weights[g]:g})" if g in weights else g for g in s.genes]
    print_fields(
        s.name,
        [
            ("title", s.title),
            ("reads", s.summary),
            ("category", s.category),
            ("tier", s.tier),
            ("genes", f"{len(s.genes)}: {', '.join(genes)}"),
            ("species", s.species),
            ("version", s.version),
            ("reference", f"{s.citation} {s.reference}".strip()),
            ("source", f"{s.source_table}; {s.source_rows}"),
            *(("corrected", c) for c in s.corrections),
            ("licence", s.licence),
            ("limits", s.limits),
            ("sha256", s.sha256),
        ],
    )


@signatures_app.command("check")
def check_signatures(
    file: Annotated[Path, typer.Argument(help="File with gene sets: .gmt, .csv, .tsv or .toml.", show_default=False)],
) -> None:
    """Read a file of gene sets and say what is in it: sets, sizes, repeated, renamed and unknown genes."""
    from tmescope.facts.genes import load_genes
    from tmescope.facts.own_sets import read_signature_file
    from tmescope.facts.signatures import list_signatures

    found = read_signature_file(file)
    table = load_genes()
    unknown = {s.name: sum(1 for g in s.genes if g not in table) for s in found.signatures}
    rows = [
        (s.name, str(len(s.genes)), "yes" if s.weights else "-", str(unknown[s.name]), found.places[s.name])
        for s in found.signatures[:_MOST_SETS]
    ]
    print_table(("name", "genes", "weights", "unknown", "place"), rows)
    if len(found.signatures) > _MOST_SETS:
        typer.echo(f"and {len(found.signatures) - _MOST_SETS} more")
    sizes = sorted(len(s.genes) for s in found.signatures)
    span = f"{sizes[0]} to {sizes[-1]} genes each, median {sizes[len(sizes) // 2]}"
    typer.echo(f"\n{len(sizes)} sets, {span}, {len(found.genes)} genes in all")
    strange = sorted(g for g in found.genes if g not in table)
    if strange:
        typer.echo(
            f"unknown: {len(strange)} genes are not in the table of the {len(table)} genes that bundled signatures "
            f"name, such as {', '.join(strange[:3])}; they are kept as written"
        )
    for note in found.notes:
        typer.echo(f"notice: {note.message}: {', '.join(note.examples)} [{note.code}]")
    taken = sorted({s.name for s in list_signatures()}.intersection(s.name for s in found.signatures))
    if taken:
        typer.echo(f"notice: bundled signatures have the same names: {', '.join(taken[:3])}; a study needs other ones")


@methods_app.callback()
def methods(context: typer.Context) -> None:
    """List the methods of scoring and of deconvolution; ``methods show NAME`` tells all about one."""
    if context.invoked_subcommand is not None:
        return
    from tmescope.bulk.deconvolution import list_deconvolvers
    from tmescope.bulk.scoring import list_methods

    found, warnings = list_methods()
    head = ("name", "scope", "unit", "summary")
    print_table(head, [(m.spec.name, m.spec.scope, m.spec.unit, m.spec.summary) for m in found])
    typer.echo("\nthese score gene sets: tmescope score, or profile.methods of a study\n")
    specs = [m.spec for m in list_deconvolvers()]
    rows = [(s.name, s.scope, s.unit, _use(s), _stands_on(s), s.summary) for s in specs]
    print_table(("name", "scope", "unit", "company use", "stands on", "summary"), rows)
    for warning in warnings:
        typer.echo(f"warning: {warning.message}", err=True)
    typer.echo("\nthese estimate cell types: tmescope deconvolve, or deconvolution.methods of a study")
    typer.echo("more about one: tmescope methods show NAME")


@methods_app.command("show")
def show_method(name: Annotated[str, typer.Argument(help="Name of the method.", show_default=False)]) -> None:
    """Show a method: what it needs, what it returns, how to read it and its parameters."""
    from tmescope.bulk.deconvolution import list_deconvolvers
    from tmescope.bulk.scoring import list_methods
    from tmescope.foundation.method import find_method

    known = {m.spec.name: m for m in (*list_methods()[0], *list_deconvolvers())}
    chosen = find_method(name, list(known.values()))
    spec = chosen.spec
    scope = {
        "sample": "each sample alone",
        "cohort": "depends on the cohort around it; do not compare values between cohorts",
    }[spec.scope]
    group = "deconvolve" if spec.name in {m.spec.name for m in list_deconvolvers()} else "score"
    frozen = f"tmescope {group} fit fixes it on one cohort for new patients" if chosen.fit is not None else ""
    print_fields(
        spec.name,
        [
            ("answers", spec.summary),
            ("scope", scope),
            ("frozen", frozen),
            ("input", f"{', '.join(spec.units)}; used as {'log2(x+1)' if spec.needs_log else 'linear values'}"),
            ("output", f"{spec.unit}, {spec.low:g} to {spec.high:g}"),
            ("larger", spec.higher_means),
            ("ties", spec.ties),
            *(reference_fields(spec) or [("gene sets", spec.gene_sets or "signatures of your choice")]),
            ("reference", f"https://doi.org/{spec.reference}" if spec.reference else "none: plain average"),
            ("licence", spec.licence or "no reference data"),
            *((f"{p.name} = {p.default}", p.summary) for p in spec.parameters),
        ],
    )


def reference_fields(spec: MethodSpec) -> list[tuple[str, str]]:
    """Return what a deconvolution method stands on, whether a company may use that, and how it is installed.

    Parameters
    ----------
    spec : MethodSpec
        Nothing is returned for methods without a reference.
    """
    if spec.own_reference:
        built = "tmescope reference build cells.h5ad --labels COLUMN -o REF"
        return [("stands on", "profiles of cell types of your own"), ("to build it", built)]
    if not spec.installed:
        return []
    from tmescope.facts.loading import how_to_install
    from tmescope.facts.registry import find_reference

    reference = find_reference(spec.installed)
    use = {"yes": "yes", "ask": "ask your lawyers", "no": "no"}[reference.company_use]
    return [
        ("stands on", f"{reference.name}: {reference.title}"),
        ("company use", f"{use}; {reference.licence}"),
        ("to install it", how_to_install(reference)),
    ]


def _use(spec: MethodSpec) -> str:
    return "yes" if spec.commercial_use else "ask your lawyers"


def _stands_on(spec: MethodSpec) -> str:
    if spec.own_reference:
        return "yours"
    return f"{spec.installed}, installed" if spec.installed else f"{spec.gene_sets}, bundled"


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under a head, in columns as wide as their longest cell; the last column is free.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        As many cells each.
    """
    rows = list(rows)
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head) - 1)]
    typer.secho("  ".join(h.ljust(w) for h, w in zip(head, [*widths, 0], strict=True)), bold=True)
    for row in rows:
        typer.echo("  ".join(c.ljust(w) for c, w in zip(row, [*widths, 0], strict=True)).rstrip())


def print_fields(name: str, fields: Iterable[tuple[str, str]]) -> None:
    """Print one thing as a list of names and wrapped texts; empty texts are left out.

    Parameters
    ----------
    name : str
        The thing.
    fields : iterable of (str, str)
        Names and texts.
    """
    fields = [(k, v) for k, v in fields if v]
    width = max(len(k) for k, _ in fields)
    typer.secho(name, bold=True)
    for key, value in fields:
        lines = textwrap.wrap(value, _WIDTH - width - 4, break_on_hyphens=False) or [""]
        typer.echo(f"  {key.ljust(width)}  {lines[0]}")
        for line in lines[1:]:
            typer.echo(" " * (width + 4) + line)
