"""Combinations: which drugs a trial gives together, from its arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tmescope.horizon.interventions import find_given

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["combination_schema", "find_combinations"]


def combination_schema() -> pa.Schema:
    """Return the columns of combinations: one row an arm that gives several drugs.

    Returns
    -------
    pyarrow.Schema
        ``combination_id`` is ``drug:a+drug:b``, the drugs sorted; ``arm`` its label, missing where the record has no
        arms and one intervention names them together.
    """
    text = pa.string()
    return pa.schema(
        [
            pa.field("doc_id", text, nullable=False),
            pa.field("combination_id", text, nullable=False),
            ("drugs", pa.list_(text)),
            ("n_drugs", pa.int32()),
            ("arm", text),
            ("arm_type", text),
        ]
    )


def find_combinations(trials: pa.Table, *, pairs: bool = False, as_of: dt.date | None = None) -> pa.Table:
    """Return the combinations of drugs that arms of trials give.

    Parameters
    ----------
    trials : pyarrow.Table
        By `tmescope.store.lake_schemas.trial_schema`.
    pairs : bool
        Give every two drugs of an arm instead of all together.
    as_of : date, optional
        Other names and stems that were made later are not used.

    Returns
    -------
    pyarrow.Table
        By `combination_schema`, each combination once a trial, in the order of the arms.

    Notes
    -----
    An arm gives the drugs of all interventions that it lists; alternatives within one intervention (``cisplatin or
    carboplatin``) cannot be told from combinations and are counted as such. Placebos are no drugs.
    """
    rows: list[dict[str, object]] = []
    for trial in trials.to_pylist():
        seen: set[str] = set()
        for drugs, arm in _arms(trial, as_of):
            for together in combinations(drugs, 2) if pairs else [drugs]:
                name = "+".join(together)
                if len(together) > 1 and name not in seen:
                    seen.add(name)
                    label, kind = arm.get("label"), arm.get("type")
                    what = {"combination_id": name, "drugs": list(together), "n_drugs": len(together)}
                    rows.append({"doc_id": trial["doc_id"], **what, "arm": label, "arm_type": kind})
    return pa.Table.from_pylist(rows, schema=combination_schema())


def _arms(trial: Mapping[str, Any], as_of: dt.date | None) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the drugs of each arm, sorted; of each intervention where the record has no arms."""
    interventions = trial.get("interventions") or []
    names = [one["name"] or "" for one in interventions]
    found = find_given(interventions, named_only=True, as_of=as_of)
    drugs = {name: tuple(one.drug for one in given) for name, given in zip(names, found, strict=True)}
    arms = trial.get("arms") or []
    for arm in arms:
        given = {drug for name in arm["interventions"] or [] for drug in drugs.get(_bare(name, drugs), ())}
        yield tuple(sorted(given)), arm
    if not arms:
        for name in names:
            yield tuple(sorted(drugs[name])), {}


def _bare(name: str, known: Mapping[str, object]) -> str:
    """Return the name of an intervention as an arm lists it, without its type (``Drug: Docetaxel``)."""
    if name in known:
        return name
    return name.partition(": ")[2]
