"""Commands for references that are not bundled: list, add from a file, verify, remove."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tmescope.cli.lists import print_fields, print_table

__all__ = ["facts_app"]

facts_app = typer.Typer(
    help="References that are not bundled: list them, add them from files, verify and remove them.",
    no_args_is_help=True,
)
_USE = {"yes": "yes", "ask": "ask your lawyers", "no": "no"}
Name = Annotated[str, typer.Argument(help="Name of the reference.", show_default=False)]


def _home() -> Path:
    from tmescope.facts.installed import facts_folder

    return facts_folder(os.environ)


@facts_app.command("list")
def list_facts() -> None:
    """List what can be installed, whether a company may use it, and which versions are installed."""
    from tmescope.facts.installed import list_installed
    from tmescope.facts.registry import list_references

    home = _home()
    have: dict[str, list[str]] = {}
    for one in list_installed(home):
        have.setdefault(one.name, []).append(one.version if one.known else f"{one.version} (not known)")
    rows = [(r.name, _USE[r.company_use], ", ".join(have.get(r.name, ["-"])), r.title) for r in list_references()]
    print_table(("name", "company use", "installed", "title"), rows)
    typer.echo(f"\ninstalled under {home}\nmore about one: tmescope facts show NAME")


@facts_app.command("show")
def show_fact(name: Name) -> None:
    """Show a reference: its terms, its files and where to get them."""
    from tmescope.facts.registry import find_reference

    reference = find_reference(name)
    accept = f"tmescope facts add {name} --from FOLDER"
    print_fields(
        reference.name,
        [
            ("title", reference.title),
            ("address", reference.url),
            ("paper", f"https://doi.org/{reference.doi}" if reference.doi else "not stated"),
            ("company use", _USE[reference.company_use]),
            ("licence", reference.licence),
            ("files", ", ".join("one file of any name" if f.name == "*" else f.name for f in reference.files)),
            ("versions", ", ".join(reference.versions)),
            ("to install", accept + (f" --accept-licence {name}" if reference.must_accept else "")),
        ],
    )


@facts_app.command("add")
def add(
    name: Name,
    source: Annotated[Path, typer.Option("--from", help="The file, or the folder with the files.", show_default=False)],
    accept_licence: Annotated[
        list[str] | None,
        typer.Option("--accept-licence", help="Name of the reference whose terms you accept.", show_default=False),
    ] = None,
) -> None:
    """Check the files of a reference and install them beside other versions."""
    from tmescope.facts.installed import install

    one = install(name, source, home=_home(), accepted=frozenset(accept_licence or ()))
    typer.echo(f"{one.name} {one.version} is installed: {one.folder}")
    if not one.known:
        typer.echo(
            "notice: its sha256 is of no version that tmescope knows. Header and size are as expected, the numbers are "
            "yours to vouch for.",
            err=True,
        )


@facts_app.command("verify")
def verify_facts() -> None:
    """Check the bundled facts by their hashes, and what is installed by those of its day; exit code 2 for a change."""
    from tmescope.facts.genes import load_genes
    from tmescope.facts.installed import list_installed, verify
    from tmescope.facts.signatures import list_collections, list_signatures, load_collection
    from tmescope.foundation.errors import FactsError, ManyProblems

    home = _home()
    populations = sum(len(load_collection(name)) for name in list_collections())
    counts = f"{len(list_signatures())} signatures, {populations} marker sets, {len(load_genes())} genes"
    typer.echo(f"bundled: {counts}: as committed")
    problems: list[FactsError] = []
    for one in list_installed(home):
        wrong = verify(one)
        typer.echo(f"{one.name} {one.version}: {'; '.join(wrong) or 'as installed'}")
        problems += [
            FactsError(text, where=one.folder, next_step=f"tmescope facts add {one.name} --from ...") for text in wrong
        ]
    if not list_installed(home):
        typer.echo(f"nothing is installed under {home}")
    if problems:
        raise ManyProblems(problems)


@facts_app.command("remove")
def remove_fact(
    name: Name, version: Annotated[str, typer.Argument(help="Version, as listed.", show_default=False)]
) -> None:
    """Remove one installed version."""
    from tmescope.facts.installed import remove

    remove(name, version, home=_home())
    typer.echo(f"{name} {version} is removed")
