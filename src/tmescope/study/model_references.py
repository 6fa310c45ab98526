"""Which names a study's models use that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.foundation.errors import StudyFileError, TmescopeError, UnknownNameError, examples
from tmescope.study.schema_endpoints import ResponseEndpoint

if TYPE_CHECKING:
    from tmescope.study.schema import Study

__all__ = ["model_references"]


def model_references(study: Study, where: str) -> Iterator[TmescopeError]:
    """Yield one error for each name in ``[[model]]`` that the study does not know.

    Parameters
    ----------
    study : Study
        The study.
    where : str
        Its file.
    """
    ids = [m.id for m in study.model]
    if repeated := sorted({i for i in ids if ids.count(i) > 1}):
        yield StudyFileError(
            f"ids of models are not unique: {examples(repeated)}", where=f"{where}: model", expected="each id once"
        )
    methods = [*study.profile.methods, *study.deconvolution.methods]
    frozen = bool(study.profile.models or study.deconvolution.models)
    for model in study.model:
        place = f"{where}: model[{model.id}]"
        endpoint = study.endpoints.get(model.endpoint)
        if endpoint is None:
            yield UnknownNameError.of("endpoint", model.endpoint, study.endpoints, where=f"{place}.endpoint")
        elif isinstance(endpoint, ResponseEndpoint) != (model.horizon_months is None):
            told = "response has no horizon" if model.horizon_months else "a time to event needs horizon_months"
            yield StudyFileError(told, where=f"{place}.horizon_months")
        cohorts = [c.id for c in study.cohorts]
        for name in model.cohorts or []:
            if name not in cohorts:
                yield UnknownNameError.of("cohort", name, cohorts, where=f"{place}.cohorts")
        for name in model.methods or []:
            if name not in methods and not frozen:
                yield UnknownNameError.of("method", name, methods, where=f"{place}.methods")
        chosen = model.cohorts or cohorts
        if endpoint is not None and not any(endpoint.rule_for(c) is not None for c in chosen if c in cohorts):
            yield StudyFileError(f"none of its cohorts records {model.endpoint}", where=f"{place}.cohorts")
