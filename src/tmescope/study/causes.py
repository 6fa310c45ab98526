"""What differs between what two runs were asked and made from, and which tables each difference can reach."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tmescope.study.table_changes import KEYS

if TYPE_CHECKING:
    from tmescope.study.run_records import RunRecord

__all__ = ["Cause", "find_causes", "flatten"]

_ALL = frozenset(KEYS)
_MODELLED = frozenset({"predictions", "model_performance", "model_curves", "model_coefficients", "tripod"})
_SCORED = frozenset({"scores", "answers", "curves", "warnings", "remark"}) | _MODELLED
_PROFILED = _ALL - {"samples", "features", "overlaps"}
_ASKED = frozenset({"answers", "curves", "warnings", "remark"}) | _MODELLED
_RULED = _ASKED | {"samples", "quality"}
_REACH: tuple[tuple[str, frozenset[str]], ...] = (
    (r"study\.(id|title)|output\..*", frozenset()),
    (r"study\.question", frozenset({"remark"})),
    (r"answers\..*|profile\.primary", _ASKED),
    (r"profile\.min_coverage", _SCORED),
    (r"profile\.parameters\..*", _SCORED | {"methods"}),
    (r"profile\.(methods|signatures|own_signatures(\..*)?)", _PROFILED),
    (r"cohorts\..+\.licence", frozenset({"cohorts", "warnings"})),
)
_DRAWN = ("altair", "vl-convert-python")
_SHORT = 12


@dataclass(frozen=True)
class Cause:
    """One difference.

    Parameters
    ----------
    kind : {"input", "study", "model", "fact", "version"}
        A file that was read; a key of the study file; a frozen model; a gene set or another fact; a release.
    name : str
        Key of the study, name of the fact or package.
    change : {"added", "removed", "changed", "renamed"}
        Seen from the first run to the second; ``renamed``: another file name, the same content.
    before, after : str
        Values as text; empty where there is none.
    reach : frozenset of str
        Tables that it can change; all where nothing narrower is certain.
    method : str
        The only method whose scores it can change; empty where it is not one.
    """

    kind: str
    name: str
    change: str
    before: str
    after: str
    reach: frozenset[str] = _ALL
    method: str = ""

    def reaches(self, table: str, method: str) -> bool:
        """Return whether it can change rows of a table.

        Parameters
        ----------
        table : str
            Its name.
        method : str
            That all of the rows belong to; empty where they do not.
        """
        return table in self.reach and not (table == "scores" and self.method and method not in {"", self.method})


def find_causes(first: RunRecord, second: RunRecord) -> tuple[Cause, ...]:
    """Return every difference of inputs, study, models, facts and versions.

    Parameters
    ----------
    first, second : RunRecord
        The runs.

    Returns
    -------
    tuple of Cause
        Inputs, then keys of the study, then frozen models, then facts, then versions, each in the order of their
        names. A model is one cause, though its file, the study's list of files and its content changed.
    """
    if _tells_models(first) and _tells_models(second):
        first, second = _without_models(first), _without_models(second)
        models = list(_model_causes(first, second))
    else:
        models = []
    return tuple(
        [
            *_input_causes(first, second),
            *_study_causes(first, second),
            *models,
            *_plain_causes("fact", first.facts, second.facts),
            *_plain_causes("version", first.versions, second.versions),
        ]
    )


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted path and value of every leaf; tables in a list go by their ``id``, else by their place.

    Parameters
    ----------
    value : object
        Nested tables, lists and values, as of JSON.
    path : str
        What stands before the first name.
    """
    inner: list[tuple[str, Any]]
    if isinstance(value, dict):
        inner = [(str(k), v) for k, v in value.items()]
    elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        inner = [(str(v.get("id", i)), v) for i, v in enumerate(value)]
    else:
        yield path, value
        return
    for name, one in inner:
        yield from flatten(one, f"{path}.{name}" if path else name)


def _files(record: RunRecord) -> dict[str, tuple[str, str]]:
    """Return key of the study to the file that it names, and its sha256; other inputs by their own name."""
    found: dict[str, tuple[str, str]] = {}
    used = set()
    for key, value in flatten(dict(record.study)):
        for path in value if isinstance(value, list) else [value]:
            owner = _owner(key)
            name = f"{owner}: {path}"
            if owner and isinstance(path, str) and name in record.inputs:
                found[f"{key}.{path}" if isinstance(value, list) else key] = (path, record.inputs[name])
                used.add(name)
    return found | {name: (name, sha) for name, sha in record.inputs.items() if name not in used}


def _owner(key: str) -> str:
    if match := re.fullmatch(r"cohorts\.(.+)\.(expression|samples|gene_lengths|features\.[^.]+\.file)", key):
        return match.group(1)
    return {"profile.signature_files": "signatures", "profile.gene_universe": "gene universe"}.get(key, "")


def _input_causes(first: RunRecord, second: RunRecord) -> Iterator[Cause]:
    before, after = _files(first), _files(second)
    for key in sorted(before.keys() | after.keys()):
        a, b = before.get(key), after.get(key)
        if a == b:
            continue
        change = _change(a, b)
        if a and b and a[1] == b[1]:
            change = "renamed"
        before_text, after_text = (f"{f[0]} (sha256 {f[1][:_SHORT]})" if f else "" for f in (a, b))
        yield Cause("input", key, change, before_text, after_text)


_WITH_MODELS = ("profile", "deconvolution")
"""Tables of a study that name frozen models."""


def _tells_models(record: RunRecord) -> bool:
    tables = [record.study.get(name) for name in _WITH_MODELS]
    return bool(record.models) or not any(isinstance(table, dict) and table.get("models") for table in tables)


def _without_models(record: RunRecord) -> RunRecord:
    """Return the record with its models standing under ``models`` alone."""
    study = dict(record.study)
    for name in _WITH_MODELS:
        if isinstance(study.get(name), dict):
            study[name] = {k: v for k, v in study[name].items() if k != "models"}
    inputs = {k: v for k, v in record.inputs.items() if not k.startswith("models: ")}
    facts = {k: v for k, v in record.facts.items() if k.removeprefix("model ") not in record.models}
    return replace(record, study=study, inputs=inputs, facts=facts)


def _model_causes(first: RunRecord, second: RunRecord) -> Iterator[Cause]:
    before, after = first.models, second.models
    for name in sorted(before.keys() | after.keys()):
        a, b = before.get(name), after.get(name)
        if a == b:
            continue
        change = _change(a, b)
        content = [{k: v for k, v in (side or {}).items() if k != "file"} for side in (a, b)]
        renamed = content[0] == content[1]
        # other methods score the genes of other sets, whose spelling in the matrix may depend on what is needed
        same_sets = bool(a and b) and content[0].get("sets") == content[1].get("sets")
        reach = frozenset[str]() if renamed else _PROFILED
        shown = [_shown_model(side) for side in (a, b)]
        yield Cause(
            "model", name, "renamed" if renamed else change, shown[0], shown[1], reach, name if same_sets else ""
        )


def _shown_model(model: Mapping[str, str] | None) -> str:
    if model is None:
        return ""
    told = {k: model.get(k, "?") for k in ("file", "sha256", "cohort", "n_samples", "n_genes", "scale", "values")}
    return (
        f"{told['file']} (sha256 {told['sha256'][:_SHORT]}), fitted on {told['n_samples']} samples of "
        f"{told['cohort']}, {told['n_genes']} genes, {told['scale']}, values {told['values'][:_SHORT] or 'not told'}"
    )


def _endpoint_causes(first: RunRecord, second: RunRecord) -> Iterator[Cause]:
    """Yield one cause for each endpoint that changed: to move a word is one decision, though two keys say it."""
    rules = [r.study.get("endpoints") for r in (first, second)]
    before, after = (r if isinstance(r, dict) else {} for r in rules)
    for name in sorted(before.keys() | after.keys()):
        a, b = (dict(flatten(side[name])) if name in side else {} for side in (before, after))
        keys = [k for k in sorted(a.keys() | b.keys()) if _text(a.get(k)) != _text(b.get(k))]
        if keys or (name in before) != (name in after):
            shown = ["; ".join(f"{k} = {_text(side[k])}" for k in keys if k in side) for side in (a, b)]
            change = _change(name in before or None, name in after or None)
            yield Cause("study", f"endpoints.{name}", change, shown[0], shown[1], _RULED)


def _study_causes(first: RunRecord, second: RunRecord) -> Iterator[Cause]:
    yield from _endpoint_causes(first, second)
    files = _files(first).keys() | _files(second).keys()
    before, after = (
        {k: v for k, v in flatten(_without_endpoints(r)) if k not in files and k != "profile.signature_files"}
        for r in (first, second)
    )
    for key in sorted(before.keys() | after.keys()):
        if key in before and key in after and _text(before[key]) == _text(after[key]):
            continue
        a, b = (_text(side[key]) if key in side else "" for side in (before, after))
        change = _change(key in before or None, key in after or None)
        method = key.split(".")[2] if key.startswith("profile.parameters.") and key.count(".") > 1 else ""
        yield Cause("study", key, change, a, b, _reach(key), method)


def _without_endpoints(record: RunRecord) -> dict[str, Any]:
    return {k: v for k, v in record.study.items() if k != "endpoints"}


def _plain_causes(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Cause]:
    for name in sorted(before.keys() | after.keys()):
        a, b = before.get(name), after.get(name)
        if a == b:
            continue
        reach = frozenset[str]() if kind == "version" and name in _DRAWN else _ALL
        shown = [v if kind == "version" or not v else f"sha256 {v[:_SHORT]}" for v in (a or "", b or "")]
        yield Cause(kind, name, _change(a, b), shown[0], shown[1], reach)


def _change(before: object, after: object) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _reach(key: str) -> frozenset[str]:
    for pattern, reach in _REACH:
        if re.fullmatch(pattern, key):
            return reach
    return _ALL


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
