"""What must be measured so that a saved prediction model can be applied: the table ``[profile]`` of its study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tmescope.associate.features import TABLE
from tmescope.bulk.scoring import list_methods
from tmescope.facts.signatures import list_signatures, load_collection
from tmescope.foundation.errors import StudyFileError
from tmescope.study.question_material import GENE

if TYPE_CHECKING:
    from tmescope.associate.prediction_saved import SavedModel

__all__ = ["profile_of_model"]


def profile_of_model(saved: SavedModel) -> dict[str, Any]:
    """Return methods and gene sets of the scores that a model stands on.

    Parameters
    ----------
    saved : SavedModel
        The model.

    Returns
    -------
    dict
        ``methods``, ``signatures`` and ``own_signatures``: a bundled signature by its name where its genes are the
        model's, else the model's own genes.

    Raises
    ------
    StudyFileError
        If it stands on a method that is none of the scoring methods (a frozen model, a deconvolution), or on another
        definition of a bundled signature.
    """
    known = {m.spec.name: m.spec for m in list_methods()[0]}
    bundled = {s.name: s.sha256 for s in list_signatures()}
    methods: dict[str, None] = {}
    named: dict[str, None] = {}
    own: dict[str, list[str]] = {}
    where = f"model {saved.model_id}"
    for predictor in saved.fitted.preparation.predictors:
        if predictor.source in {TABLE, GENE}:
            continue
        spec = known.get(predictor.source)
        if spec is None:
            raise StudyFileError(
                f"the model stands on scores by {predictor.source}, which need more than the model's file",
                where=where,
                next_step="write a study with that method and predict = [FILE], and run it",
            )
        methods[spec.name] = None
        if spec.gene_sets is not None:
            own_sets = {s.name: s.sha256 for s in load_collection(spec.gene_sets)}
            _check(predictor.name, predictor.sha256, known=own_sets, where=where)
        elif predictor.name in bundled:
            _check(predictor.name, predictor.sha256, known=bundled, where=where)
            named[predictor.name] = None
        else:
            own[predictor.name] = list(predictor.genes)
    return {"methods": list(methods), "signatures": list(named), "own_signatures": own}


def _check(name: str, sha256: str, *, known: dict[str, str], where: str) -> None:
    if known.get(name) != sha256:
        raise StudyFileError(
            f"{name} has other genes in this release than where the model was learnt",
            where=where,
            expected=f"the sha256 {sha256[:12]}...",
            next_step="install the release that made the model: its file says which, under software",
        )
