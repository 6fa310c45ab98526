"""One cohort of a study as a biomarker sees it: its matrix, one endpoint and the numeric features beside it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tmescope.foundation.errors import ManyProblems, StudyFileError, UnknownNameError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import read_table
from tmescope.study.checking import cross_problems
from tmescope.study.ingesting import ingest_into
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.pins import find_pins
from tmescope.study.schema_endpoints import OrdinalRule, ResponseRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anndata import AnnData

    from tmescope.study.schema import Study

__all__ = ["BiomarkerCohort", "read_biomarker_cohort"]


@dataclass(frozen=True)
class BiomarkerCohort:
    """What a biomarker is locked on or validated in.

    Parameters
    ----------
    adata : anndata.AnnData
        One sample per patient as the study selects them.
    outcome : pandas.DataFrame
        Index sample_id; response, or time_months and event; and the numeric features.
    kind : str
        ``response`` or ``time_to_event``.
    rule : mapping
        How the endpoint is defined: for a response its kind and its words; a time to event is defined by its name, its
        units and codes are translated.
    signatures : mapping of str to genes or weights by gene
        Those of the study.
    """

    adata: AnnData
    outcome: pd.DataFrame
    kind: str
    rule: Mapping[str, Any]
    signatures: Mapping[str, Sequence[str] | Mapping[str, float]]


def read_biomarker_cohort(
    study: Study, *, cohort: str | None, endpoint: str, facts_home: Path | None = None, progress: Progress = SILENT
) -> BiomarkerCohort:
    """Read one cohort of a study with every check that a run makes.

    Parameters
    ----------
    study : Study
        From `tmescope.study.loading.load_study`.
    cohort : str, optional
        Which; may be left out where there is one.
    endpoint : str
        Which of the study's endpoints.
    facts_home : Path, optional
        Folder of installed references.
    progress : Progress
        Listener.

    Returns
    -------
    BiomarkerCohort

    Raises
    ------
    UnknownNameError
        If the study has no such cohort or endpoint.
    StudyFileError
        If the cohort does not record the endpoint.
    ManyProblems
        Everything that is wrong with the cohort.
    """
    loaded = study.with_facts(facts_home)
    chosen = _choose(loaded, cohort)
    if endpoint not in loaded.endpoints:
        known = examples(sorted(loaded.endpoints))
        raise UnknownNameError(
            f"the study has no endpoint {endpoint!r}", where="--endpoint", expected=f"one of: {known}"
        )
    rule = loaded.endpoints[endpoint].rule_for(chosen.id)
    if rule is None:
        raise StudyFileError(f"{chosen.id} does not record {endpoint}", where=f"endpoints.{endpoint}.not_in")
    if isinstance(rule, OrdinalRule):
        raise StudyFileError(
            f"{endpoint!r} is an ordered endpoint",
            where=f"endpoints.{endpoint}.kind",
            expected="response or time_to_event",
            next_step="declare which levels count as response in an endpoint of kind response",
        )
    one = loaded.model_copy(update={"cohorts": [chosen]})
    one._folder, one._facts_home = loaded._folder, loaded._facts_home
    if problems := [*name_problems(one), *find_pins(one, facts_home)[1]]:
        raise ManyProblems(problems)
    needs = gather_needs(one)
    with tempfile.TemporaryDirectory(prefix="tmescope-biomarker-") as scratch:
        folder = Path(scratch)
        progress.start(f"cohort-{chosen.id}")
        ingest_into(folder, one, chosen, needs=needs, progress=progress)
        if found := cross_problems(one, needs, {chosen.id: folder}):
            raise ManyProblems(found)
        progress.finish(f"cohort-{chosen.id}", "read")
        adata = read_cohort_folder(folder)
        features = read_table(folder / "features.parquet")
    is_response = isinstance(rule, ResponseRule)
    outcome = _outcome(adata.obs, endpoint, is_response=is_response).join(_numeric(features))
    definition: dict[str, Any] = {}
    if isinstance(rule, ResponseRule):
        words = {"responder": rule.responder, "non_responder": rule.non_responder, "missing": rule.missing}
        definition = {"rule": rule.rule, **{name: sorted(group) for name, group in words.items()}}
    kind = "response" if is_response else "time_to_event"
    return BiomarkerCohort(adata, outcome, kind, definition, needs.weighted_sets())


def _choose(study: Study, cohort: str | None) -> Any:
    names = [c.id for c in study.cohorts]
    if cohort is None and len(names) == 1:
        return study.cohorts[0]
    for one in study.cohorts:
        if one.id == cohort:
            return one
    told = "which cohort is not said" if cohort is None else f"the study has no cohort {cohort!r}"
    raise UnknownNameError(told, where="--cohort", expected=f"one of: {examples(names)}")


def _outcome(obs: pd.DataFrame, endpoint: str, *, is_response: bool) -> pd.DataFrame:
    if is_response:
        return pd.DataFrame({"response": obs[endpoint]}, index=obs.index)
    return pd.DataFrame(
        {"time_months": obs[f"{endpoint}_time_months"], "event": obs[f"{endpoint}_event"]}, index=obs.index
    )


def _numeric(features: pd.DataFrame) -> pd.DataFrame:
    rows = features[features["kind"] == "numeric"]
    return rows.pivot(index="sample_id", columns="feature", values="value") if len(rows) else pd.DataFrame()
