"""Commands for references that are not bundled: list, show, fetch, add from files, verify, remove."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tmescope.cli.lists import print_fields, print_table
from tmescope.cli.progress import Json, Quiet, listening
from tmescope.foundation.errors import FactsError, ManyProblems, TmescopeError

if TYPE_CHECKING:
    from tmescope.facts.installed import Installed
    from tmescope.facts.registry import Reference

__all__ = ["facts_app", "facts_home"]

facts_app = typer.Typer(
    help="References that are not bundled: list them, fetch them or add them from files, verify and remove them.",
    no_args_is_help=True,
)
_USE = {"yes": "yes", "ask": "ask your lawyers", "no": "no"}
Name = Annotated[str, typer.Argument(help="Name of the reference.", show_default=False)]


Accepted = Annotated[
    list[str] | None,
    typer.Option("--accept-licence", help="Name of the reference whose terms you accept.", show_default=False),
]
Version = Annotated[
    str | None,
    typer.Option("--version", help="Which version; recognised by its hash, or the newest, if omitted."),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        help="Certificates (PEM) to trust; the usual ones if omitted. SSL_CERT_FILE does the same.",
        show_default=False,
    ),
]
Sha256 = Annotated[
    list[str] | None,
    typer.Option(
        "--sha256",
        help="Hash that the file must have; ROLE=HASH where there are several files.",
        metavar="[ROLE=]HASH",
        show_default=False,
    ),
]


def facts_home() -> Path:
    """Return the folder of installed references, as the environment says."""
    from tmescope.facts.installed import facts_folder

    return facts_folder(os.environ)


def _hashes(reference: Reference, given: list[str] | None) -> dict[str, str]:
    found = {}
    for text in given or []:
        role, equals, sha256 = text.rpartition("=")
        if not equals and len(reference.files) > 1:
            raise FactsError(
                f"{reference.name} has several files: whose hash is {text[:12]}…?",
                where="--sha256",
                expected=", ".join(f"{file.role}=HASH" for file in reference.files),
            )
        found[role if equals else reference.files[0].role] = sha256
    return found


def _say(one: Installed) -> None:
    typer.echo(f"{one.name} {one.version} is installed: {one.folder}")
    if one.trust != "first use":
        return
    for role, sha256 in one.sha256.items():
        typer.echo(f"sha256 of {role}: {sha256}")
    typer.echo(
        "notice: its sha256 is of no version that tmescope knows. Header, size and every value are as expected; that "
        "the numbers are the authors' is yours to vouch for. The sha256 is recorded: the same version with another is "
        "refused.",
        err=True,
    )


@facts_app.command("list")
def list_facts() -> None:
    """List what can be installed, whether a company may use it, and which versions are installed."""
    from tmescope.facts.installed import list_installed
    from tmescope.facts.registry import list_references

    home = facts_home()
    have: dict[str, list[str]] = {}
    for one in list_installed(home):
        have.setdefault(one.name, []).append(one.version if one.trust != "first use" else f"{one.version} (first use)")
    rows = [(r.name, _USE[r.company_use], ", ".join(have.get(r.name, ["-"])), r.title) for r in list_references()]
    print_table(("name", "company use", "installed", "title"), rows)
    typer.echo(f"\ninstalled under {home}\nmore about one: tmescope facts show NAME")


@facts_app.command("show")
def show_fact(name: Name) -> None:
    """Show a reference: its terms, its files and where to get them."""
    from tmescope.facts.loading import how_to_install
    from tmescope.facts.registry import find_reference

    reference = find_reference(name)
    print_fields(
        reference.name,
        [
            ("title", reference.title),
            ("address", reference.url),
            ("paper", f"https://doi.org/{reference.doi}" if reference.doi else "not stated"),
            ("company use", _USE[reference.company_use]),
            ("licence", reference.licence),
            ("files", ", ".join("one file of any name" if f.name == "*" else f.name for f in reference.files)),
            ("parser", f"{reference.parser}, format {reference.format_version}"),
            *((f"version {version}", _describe(reference, version)) for version in reference.versions),
            *([("other versions", others.named)] if (others := reference.other_versions) else []),
            ("to install", how_to_install(reference)),
        ],
    )
    for version, addresses in reference.addresses.items():
        typer.echo(f"\nversion {version} is fetched from")
        for role, address in addresses.items():
            typer.echo(f"  {role}: {address}")


def _describe(reference: Reference, version: str) -> str:
    known = ", ".join(f"{role} {sha256[:12]}…" for role, sha256 in reference.versions[version].items())
    parts = [
        "can be fetched" if version in reference.addresses else "from files only (--from): no stable address is known",
        f"sha256 {known}" if known else "its sha256 is not known in advance and is recorded at the first use",
        reference.notes.get(version, "").rstrip("."),
    ]
    return "; ".join(part for part in parts if part)


@facts_app.command("fetch")
def fetch(
    name: Name,
    version: Version = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="The file, or the folder with the files: nothing is fetched.", show_default=False),
    ] = None,
    accept_licence: Accepted = None,
    sha256: Sha256 = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="A mirror (https): of the file, or of the folder with the files by their names.",
            show_default=False,
        ),
    ] = None,
    ca_file: CaFile = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Fetch a reference over HTTPS, check it and install it beside other versions; HTTPS_PROXY is respected."""
    from tmescope.facts.installed import install
    from tmescope.facts.registry import find_reference
    from tmescope.facts.trust import Origin
    from tmescope.ingest.connection import connection_settings
    from tmescope.ingest.references import Wish, fetch_reference

    if source is not None and url is not None:
        raise FactsError("--from and --url are given", where="facts fetch", expected="one of them")
    hashes, accepted = _hashes(find_reference(name), sha256), frozenset(accept_licence or ())
    with listening("facts fetch", quiet=quiet, json=json) as progress:
        if source is not None:
            one = install(name, source, home=facts_home(), accepted=accepted, origin=Origin(version, hashes))
        else:
            connection = connection_settings(os.environ, ca_file=ca_file)
            wish = Wish(version=version, url=url, sha256=hashes, accepted=accepted, connection=connection)
            one = fetch_reference(name, home=facts_home(), wish=wish, progress=progress)
    if not json:
        _say(one)


@facts_app.command("add")
def add(
    name: Name,
    source: Annotated[Path, typer.Option("--from", help="The file, or the folder with the files.", show_default=False)],
    accept_licence: Accepted = None,
    version: Version = None,
    sha256: Sha256 = None,
) -> None:
    """Check the files of a reference and install them beside other versions."""
    from tmescope.facts.installed import install
    from tmescope.facts.registry import find_reference
    from tmescope.facts.trust import Origin

    origin = Origin(version, _hashes(find_reference(name), sha256))
    _say(install(name, source, home=facts_home(), accepted=frozenset(accept_licence or ()), origin=origin))


@facts_app.command("verify")
def verify_facts() -> None:
    """Check the bundled facts by their hashes, and what is installed by hashes and parsers; exit code 2 for a fault."""
    from tmescope.facts.genes import load_genes
    from tmescope.facts.installed import list_installed
    from tmescope.facts.loading import read_installed
    from tmescope.facts.signatures import list_collections, list_signatures, load_collection

    home = facts_home()
    populations = sum(len(load_collection(name)) for name in list_collections())
    counts = f"{len(list_signatures())} signatures, {populations} marker sets, {len(load_genes())} genes"
    typer.echo(f"bundled: {counts}: as committed")
    problems: list[TmescopeError] = []
    for one in list_installed(home):
        try:
            read_installed(one)
            typer.echo(f"{one.name} {one.version}: as installed")
        except TmescopeError as error:
            typer.echo(f"{one.name} {one.version}: {error.what}")
            problems.append(error)
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

    remove(name, version, home=facts_home())
    typer.echo(f"{name} {version} is removed")
