"""The command ``tmescope``: its groups, its version, and how errors end it."""

from __future__ import annotations

import atexit
import gc
import sys
from importlib import metadata
from typing import Annotated, NoReturn

import typer

from tmescope.cli import (
    atlas,
    atlas_graph,
    atlas_passes,
    biomarker,
    convert,
    deconvolve,
    demo,
    diff,
    export,
    facts,
    horizon,
    horizon_entities,
    horizon_fetch,
    horizon_landscape,
    horizon_trends,
    lists,
    model,
    power,
    reference,
    score,
    study,
    subtype,
)
from tmescope.cli.progress import wants_colour
from tmescope.foundation.errors import TmescopeError

__all__ = ["app", "main"]

BAD_INPUT = 2
"""Exit code for anything that the user can put right."""

_YOUNG = 50_000
"""New objects between two looks for garbage; at Python's own 700, importing libraries is a look after the other."""

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

app = typer.Typer(
    name="tmescope",
    help="Tumour-microenvironment studies: from expression matrices and clinical tables to answers and one report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tmescope {metadata.version('tmescope')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Tumour-microenvironment studies: from expression matrices and clinical tables to answers and one report."""


app.command("init")(study.init)
app.command("check")(study.check)
app.command("run")(study.run)
app.add_typer(score.score_app, name="score")
app.add_typer(deconvolve.deconvolve_app, name="deconvolve")
app.add_typer(subtype.subtype_app, name="subtype")
app.add_typer(biomarker.biomarker_app, name="biomarker")
app.add_typer(power.power_app, name="power")
app.add_typer(model.model_app, name="model")
atlas.atlas_app.add_typer(atlas_passes.passes_app)
atlas.atlas_app.add_typer(atlas_graph.graph_app)
app.add_typer(atlas.atlas_app, name="atlas")
horizon.horizon_app.add_typer(horizon_fetch.fetch_app)
horizon.horizon_app.add_typer(horizon_entities.entities_app)
horizon.horizon_app.add_typer(horizon_landscape.landscape_app)
horizon.horizon_app.add_typer(horizon_trends.trends_app)
app.add_typer(horizon.horizon_app, name="horizon")
app.command("convert")(convert.convert)
app.command("schema")(study.schema)
app.command("demo")(demo.demo)
app.command("diff")(diff.diff)
app.add_typer(lists.signatures_app, name="signatures")
app.add_typer(lists.methods_app, name="methods")
app.add_typer(facts.facts_app, name="facts")
app.add_typer(reference.reference_app, name="reference")
app.add_typer(export.export_app, name="export")


def main() -> None:
    """Run the command line; errors of ours end it with exit code 2 and a message without a traceback."""
    gc.set_threshold(_YOUNG)
    atexit.register(gc.freeze)  # at its end Python looks through all objects for garbage, which goes with the process
    try:
        app()
    except TmescopeError as error:
        _end(str(error))
    except SystemExit as end:
        if end.code == STOPPED:  # typer ends so, and silently, when somebody presses Ctrl-C
            typer.echo("stopped; what was finished is kept, and the next run goes on from there", err=True)
        raise
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:  # a full disk, a folder that may not be read: nothing that tmescope could check before
        _end(f"{error.strerror or error}\n  where:    {error.filename or 'input or output'}")


def as_plain(message: str) -> str:
    """Return a message with everything escaped that a terminal would obey: a file's name may hold anything."""
    return "".join(c if c == "\n" or c.isprintable() else repr(c)[1:-1] for c in message)


def _end(message: str) -> NoReturn:
    typer.secho("error: ", fg=typer.colors.RED if wants_colour() else None, bold=wants_colour(), nl=False, err=True)
    typer.echo(as_plain(message), err=True)
    sys.exit(BAD_INPUT)
