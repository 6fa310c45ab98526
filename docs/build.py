"""Writes the reference pages under docs/reference/ from the code: ``make docs``. A test holds them against the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from tmescope.bulk.deconvolution import list_deconvolvers
from tmescope.bulk.scoring import list_methods
from tmescope.cli.events import EVENTS, VERSION
from tmescope.cli.lists import reference_fields
from tmescope.cli.main import app
from tmescope.foundation.method import Method
from tmescope.ingest.describe_table import NAMES_TRIED
from tmescope.ingest.options import COLUMNS, MISSING_WORDS
from tmescope.ingest.recist import RECIST_WORDS
from tmescope.store.tables import SCHEMAS
from tmescope.study.schema import Study

HERE = Path(__file__).parent / "reference"
NOTE = "<!-- written by `make docs`; change the code, not this page -->"


def pages() -> dict[str, str]:
    """Return file name to text of every reference page."""
    return {
        "commands.md": "\n".join(_commands()) + "\n",
        "study-file.md": "\n".join(_study_file()) + "\n",
        "tables.md": "\n".join(_tables()) + "\n",
        "methods.md": "\n".join(_methods()) + "\n",
        "words.md": "\n".join(_words()) + "\n",
        "events.md": "\n".join(_events()) + "\n",
    }


def _words() -> Iterator[str]:
    yield from ("# Words in sample tables", "", NOTE, "")
    yield "What is read without being declared word by word. All else must stand in the study file."
    yield from ("", "## RECIST", "", "A rule of kind `recist` takes these for the categories that it places.", "")
    yield from ("| category | also written |", "|---|---|")
    yield from (f"| {category} | {', '.join(words)} |" for category, words in RECIST_WORDS.items())
    yield from (
        "",
        "## Missing",
        "",
        f"Cells that count as missing: nothing, {', '.join(filter(None, MISSING_WORDS))}.",
    )
    yield from (
        "",
        "## Columns",
        "",
        "`tmescope run` takes a column for what is called exactly so, unless it is mapped:",
    )
    yield from ("", ", ".join(f"`{name}`" for name in COLUMNS) + ".", "")
    yield from ("`tmescope init` proposes columns with these words in their name, with what speaks for them:", "")
    yield from ("| meaning | words |", "|---|---|")
    yield from (f"| {meaning} | {', '.join(sorted(words))} |" for meaning, words in NAMES_TRIED.items())


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", NOTE, "")
    yield from (
        "Every command ends with exit code 0, or with 2 and a message that says what is wrong, where, and what to do. "
        "`tmescope diff` ends with 1 where the runs differ.",
        "",
    )
    root: Any = typer.main.get_command(app)
    for name, command in _walk("tmescope", root):
        yield from (f"## `{name}`", "", (command.help or "").strip(), "")
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        if arguments or options:
            yield from ("| argument or option | meaning | default |", "|---|---|---|")
        for p in arguments:
            yield f"| `{p.metavar or p.name.upper()}` | {_cell(p.help)} | |"
        for p in options:
            names = " ".join(f"`{n}`" for n in (*p.opts, *p.secondary_opts))
            default = "" if p.default in (None, False) or callable(p.default) else f"`{p.default}`"
            yield f"| {names} | {_cell(p.help)} | {default} |"
        yield ""


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for child, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {child}", inner)


def _study_file() -> Iterator[str]:
    yield from ("# The study file", "", NOTE, "")
    yield "TOML, version 1. `tmescope schema` prints the same as JSON Schema for editors; unknown keys are errors."
    yield ""
    schema = Study.model_json_schema()
    places = {"Study": "top level", "StudyHead": "[study]", "Cohort": "[[cohorts]]", "Columns": "[cohorts.columns]"}
    places |= {"DialectKeys": "[cohorts.dialect], [cohorts.samples_dialect] and dialect of [[cohorts.features]]"}
    places |= {"Selection": "[cohorts.select]", "FeatureTable": "[[cohorts.features]]"}
    places |= {
        "FeatureColumn": "a column of numeric or categorical",
        "ResponseEndpoint": "[endpoints.ID], kind response",
    }
    places |= {"ResponseRule": "[endpoints.ID.cohorts.COHORT] of a response", "Profile": "[profile]"}
    places |= {
        "TimeEndpoint": "[endpoints.ID], kind time_to_event",
        "TimeRule": "[endpoints.ID.cohorts.COHORT] of a time",
    }
    places |= {"Deconvolution": "[deconvolution]", "CountedShares": "[deconvolution.truth.COHORT]"}
    places |= {"Subtypes": "[subtypes]", "Answers": "[answers]", "HorizonPart": "[horizon]", "Output": "[output]"}
    models = {"Study": schema, **schema["$defs"]}
    for name, place in places.items():
        model = models[name]
        yield from (f"## `{place}`", "", model.get("description", "").split("\n")[0], "")
        yield from ("| key | meaning | default |", "|---|---|---|")
        required = model.get("required", [])
        for key, described in model["properties"].items():
            default = (
                "required" if key in required else f"`{described.get('default')}`" if "default" in described else ""
            )
            meaning = _cell(described.get("description", "see below")) + _choices(described)
            yield f"| `{key}` | {meaning} | {_cell(default)} |"
        yield ""


def _choices(described: dict[str, Any]) -> str:
    options = described.get("enum") or described.get("items", {}).get("enum")
    options = options or next((a["enum"] for a in described.get("anyOf", []) if "enum" in a), None)
    return f" ({', '.join(f'`{o}`' for o in options)})" if options else ""


def _tables() -> Iterator[str]:
    yield from ("# Tables of a run", "", NOTE, "")
    yield "Each is `tables/NAME.parquet`, and `tables/NAME.csv` in which no cell can start a formula."
    yield "All values may be missing."
    yield ""
    for name, schema in SCHEMAS.items():
        further = "; further columns may follow" if schema.open else ""
        yield from (f"## `{name}`", "", f"One row is {schema.summary}{further}.", "", "| column | type |", "|---|---|")
        yield from (f"| `{column}` | {kind} |" for column, kind in schema.columns.items())
        yield ""


PARITY_OF_SCORES = (
    ("zscore", "1.4e-14"),
    ("plage", "4.8e-14"),
    ("ssgsea", "2.0e-15"),
    ("ssgsea_raw", "4.7e-11"),
    ("singscore", "1.1e-16"),
    ("mcp_counter", "2.9e-11"),
    ("estimate", "1.6e-11"),
)
"""Method, the largest difference from the original's numbers on any data set."""

PARITY = (
    ("quanTIseq, least squares", "fractions", "2e-7", "1e-5"),
    ("quanTIseq, robust regression", "fractions", "7e-16", "1e-3"),
    ("ABIS", "percent", "5e-12", "1e-4"),
    ("xCell: raw, linear and final", "scores", "4e-12", "1e-6"),
    ("ConsensusTME, ssGSEA", "scores", "4e-14", "1e-6"),
    ("ConsensusTME, GSVA", "scores", "5e-14 (median)", "1e-9 (median)"),
)
"""Method, what is compared, the largest difference from the original's numbers on any data set, what is allowed."""


def _methods() -> Iterator[str]:
    yield from ("# Methods", "", NOTE, "")
    yield "Those of [scoring](#scoring) measure gene sets, those of [deconvolution](#deconvolution) cell types."
    yield from ("", "## Scoring", "", "`tmescope score`, or `profile.methods` of a study.", "")
    yield "How far scores are from the originals at most, on up to four data sets (`python -m bench parity` tells it;"
    yield from ("limit: 1e-6 of the value, or 1e-9):", "", "| method | largest difference |", "|---|---|")
    yield from (f"| `{name}` | {largest} |" for name, largest in PARITY_OF_SCORES)
    yield ""
    scoring = list_methods()[0]
    for method in scoring:
        yield from _method(method)
    yield from ("## Deconvolution", "", "`tmescope deconvolve`, or `deconvolution.methods` of a study.")
    both = [m.spec.name for m in list_deconvolvers() if m.spec.gene_sets]
    yield f"{', '.join(f'`{name}`' for name in both)} stand there too and are described above."
    yield from ("", "How far they are from the originals at most, on four data sets (`python -m bench parity` tells")
    yield from ("those of xCell and ConsensusTME, tests hold all limits):", "")
    yield from ("| method | output | largest difference | limit |", "|---|---|---|---|")
    yield from (f"| {' | '.join(row)} |" for row in PARITY)
    yield ""
    for method in list_deconvolvers():
        if method.spec.name not in both:
            yield from _method(method)


def _method(method: Method) -> Iterator[str]:
    spec = method.spec
    reference = f"[{spec.reference}](https://doi.org/{spec.reference})" if spec.reference else "none"
    yield from (f"### `{spec.name}`", "", spec.summary, "", "| | |", "|---|---|")
    yield f"| scope | {spec.scope} |"
    if method.fit is not None:
        yield "| can be frozen | yes: fitted on one cohort, applied to new patients |"
    yield f"| input | {', '.join(spec.units)}; as {'log2(x+1)' if spec.needs_log else 'linear values'} |"
    yield f"| output | {spec.unit}, {spec.low:g} to {spec.high:g} |"
    yield f"| larger | {spec.higher_means} |"
    yield f"| ties | {spec.ties} |"
    for key, text in reference_fields(spec) or [("gene sets", spec.gene_sets or "of your choice")]:
        yield f"| {key} | {_cell(text)} |"
    yield f"| reference | {reference} |"
    yield f"| licence of its reference data | {spec.licence or 'no reference data'} |"
    for p in spec.parameters:
        yield f"| parameter `{p.name}` = {p.default} | {p.summary} |"
    yield ""


def _events() -> Iterator[str]:
    yield from ("# Events", "", NOTE, "")
    yield f"With `--json` a command writes events to standard output: one JSON object a line, ASCII, version {VERSION}."
    yield from (
        "Nothing else goes there. Standard error stays for the message of an error, as a person reads it. Exit codes",
        "are the usual ones: 0; 2 for something that the user can put right; 130 after Ctrl-C.",
        "",
        "- The first event is `started`, the last one `finished`, `failed` or `stopped`. Wrong usage of the command",
        "  line ends before the first event, with exit code 2.",
        "- `progress` comes at most twice a second, and not at all with `--quiet`.",
        "- No event names a patient: values that messages quote from data are written as `'…'`. The message on",
        "  standard error quotes them.",
        "- `seconds_left` is null as long as nothing supports a number: steps that were kept say nothing about speed.",
        "- Readers ignore events and fields that they do not know; a change that breaks them makes the version larger.",
        "- Where the reader goes away, the command goes on.",
        "",
        "All events have `event` (its name) and `seconds` (since the command began).",
        "",
    )
    for name, fields in EVENTS.items():
        yield from (f"## `{name}`", "", "| field | meaning |", "|---|---|")
        yield from (f"| `{field}` | {_cell(meaning)} |" for field, meaning in fields.items())
        yield ""


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for file, text in pages().items():
        (HERE / file).write_text(text, encoding="utf-8")
        print(f"docs/reference/{file}")
