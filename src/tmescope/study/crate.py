"""ro-crate-metadata.json: what the folder of results holds, made from what, by what (RO-Crate 1.1)."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tmescope.foundation.provenance import hash_file, versions
from tmescope.ingest.cbioportal_folder import hash_input
from tmescope.store.atomic import staged_file
from tmescope.study.gene_tables import hash_of_table
from tmescope.study.inputs import cohort_inputs
from tmescope.study.pins import pin_hashes, pin_terms
from tmescope.study.run_records import shown_path

if TYPE_CHECKING:
    from tmescope.study.context import Context

__all__ = ["input_hashes", "provenance_of", "write_crate"]

_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]
_PROFILE = "https://w3id.org/ro/crate/1.1"
_TOP_FILES = ("methods.md", "references.bib", "report.html", "study.json")
_TYPES = {
    ".bib": "text/x-bibtex",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".svg": "image/svg+xml",
}


def input_hashes(context: Context) -> dict[str, str]:
    """Return the sha256 of every file or folder that the study reads, by cohort and path as the study file has it."""
    found: dict[str, str] = {}
    for cohort in context.study.cohorts:
        for (name, part), path in cohort_inputs(context.study, cohort).items():
            found[f"{cohort.id}: {shown_path(name)}{f' {part}' if part else ''}"] = hash_input(path)
    named = [("signatures", path) for path in context.study.profile.signature_files]
    named += [("models", path) for path in (*context.study.profile.models, *context.study.deconvolution.models)]
    named += [("counted shares", asked.file) for asked in context.study.deconvolution.truth.values()]
    named += [("subtypes", path) for path in context.study.subtypes.models]
    named += [("cut-offs", path) for q in context.study.question if q.carry for path in q.carry.files]
    named += [("prediction", path) for path in context.study.predict]
    universe = context.study.profile.gene_universe
    named += [] if universe in {"common", "own"} else [("gene universe", universe)]
    further = {
        f"{owner}: {shown_path(path)}": hash_input(context.study.resolve(path)) for owner, path in dict.fromkeys(named)
    }
    return {**found, **further}


def provenance_of(context: Context, inputs: dict[str, str]) -> dict[str, Any]:
    """Return what the report and the crate say about where the run came from."""
    return {
        "versions": versions(),
        "inputs": inputs,
        "facts": {
            **_own_facts(context),
            **hash_of_table(context.study),
            **pin_hashes(context.installed),
        },
        "models": context.needs.models.records | context.needs.compositions.records,
        "terms": pin_terms(context.installed),
        "seed": context.study.study.seed,
        "parameters": _parameters(context),
    }


def _own_facts(context: Context) -> dict[str, str]:
    models = {f"subtypes {name}": sha256 for name, sha256 in context.needs.subtypes.hashes.items()}
    return {**context.needs.facts, **models}


def write_crate(context: Context, *, provenance: dict[str, Any], date: str) -> None:
    """Write the metadata of the results.

    Parameters
    ----------
    context : Context
        The run, all steps done.
    provenance : dict
        From `provenance_of`.
    date : str
        When the run ended, ISO 8601; the only thing that differs between two runs of the same study.
    """
    root = context.ledger.root
    files = _result_files(root)
    inputs = _input_entities(provenance["inputs"])
    software = {
        "@id": "#tmescope",
        "@type": "SoftwareApplication",
        "name": "tmescope",
        "softwareVersion": provenance["versions"]["tmescope"],
        "softwareRequirements": [f"{n} {v}" for n, v in sorted(provenance["versions"].items()) if n != "tmescope"],
        "license": "https://spdx.org/licenses/Apache-2.0",
    }
    parameters = [
        {"@id": f"#parameter-{quote(name)}", "@type": "PropertyValue", "name": name, "value": _text(value)}
        for name, value in {**provenance["parameters"], "seed": provenance["seed"]}.items()
    ]
    facts = [_fact(name, sha, provenance["terms"]) for name, sha in sorted(provenance["facts"].items())]
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"tmescope run {context.study.study.id}",
        "instrument": {"@id": "#tmescope"},
        "object": [{"@id": e["@id"]} for e in (*inputs, *parameters, *facts)],
        "result": [{"@id": e["@id"]} for e in files],
        "endTime": date,
    }
    dataset = {
        "@id": "./",
        "@type": "Dataset",
        "name": context.study.study.title,
        "description": context.study.study.question or context.study.study.title,
        "datePublished": date,
        "license": "; ".join(sorted({c.licence for c in context.study.cohorts if c.licence})) or "not stated",
        "hasPart": [{"@id": e["@id"]} for e in files],
        "mentions": {"@id": "#run"},
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": _PROFILE},
        "about": {"@id": "./"},
    }
    graph = [descriptor, dataset, action, software, *files, *inputs, *parameters, *facts]
    text = json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False, sort_keys=True)
    with staged_file(root / "ro-crate-metadata.json") as staged:
        staged.write_text(text + "\n", encoding="utf-8")


def _fact(name: str, sha: str, terms: Mapping[str, str]) -> dict[str, Any]:
    entity = {"@id": f"#fact-{quote(name)}", "@type": "CreativeWork", "name": name, "sha256": sha}
    licence = terms.get(name.partition(": ")[0])
    return {**entity, "license": licence} if licence else entity


def _parameters(context: Context) -> dict[str, Any]:
    dumped = context.study.model_dump(mode="json", exclude={"cohorts"}, exclude_defaults=False)
    dumped["cohorts"] = [
        c.model_dump(mode="json", exclude={"expression", "samples", "features"}) for c in context.study.cohorts
    ]
    universe = dumped["profile"]["gene_universe"]
    dumped["profile"]["gene_universe"] = shown_path(universe)
    for key in ("signature_files", "models"):
        dumped["profile"][key] = [shown_path(path) for path in dumped["profile"][key]]
    for counted in dumped["deconvolution"]["truth"].values():
        counted["file"] = shown_path(counted["file"])
    for carry in (q["carry"] for q in dumped["question"] if q["carry"]):
        carry["files"] = [shown_path(path) for path in carry["files"]]
    dumped["deconvolution"]["models"] = [shown_path(path) for path in dumped["deconvolution"]["models"]]
    dumped["subtypes"]["models"] = [shown_path(path) for path in dumped["subtypes"]["models"]]
    return dumped


def _result_files(root: Path) -> list[dict[str, Any]]:
    kinds = ("tables", "figures", "cutoffs", "models")
    paths = [p for folder in kinds for p in sorted((root / folder).glob("[!.]*"))]
    paths += [p for p in (root / name for name in _TOP_FILES) if p.is_file()]
    return [
        {
            "@id": quote(p.relative_to(root).as_posix()),
            "@type": "File",
            "name": p.name,
            "contentSize": str(p.stat().st_size),
            "encodingFormat": _TYPES.get(p.suffix) or mimetypes.guess_type(p.name)[0] or "application/octet-stream",
            "sha256": hash_file(p),
        }
        for p in paths
    ]


def _input_entities(hashes: dict[str, str]) -> list[dict[str, Any]]:
    """Return one entity a content: a file that two cohorts share is one input with both names."""
    names: dict[str, list[str]] = {}
    for name, sha in hashes.items():
        names.setdefault(sha, []).append(name)
    return [
        {"@id": f"#input-{sha[:16]}", "@type": "CreativeWork", "name": "; ".join(shared), "sha256": sha}
        for sha, shared in names.items()
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
