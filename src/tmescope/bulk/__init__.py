"""What one bulk tumour looks like: signature scores and cell-population estimates."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmescope.bulk.cell_expression import divide_expression
    from tmescope.bulk.cluster_files import read_clusters, write_clusters
    from tmescope.bulk.cluster_models import ClusterModel, ClusterOptions
    from tmescope.bulk.cluster_subtypes import apply_clusters, fit_clusters
    from tmescope.bulk.deconvolution import DeconvolveOptions, deconvolve, list_deconvolvers
    from tmescope.bulk.frozen import FrozenScore, apply_scores, fit_scores
    from tmescope.bulk.frozen_deconvolution import FrozenDeconvolution, apply_deconvolution, fit_deconvolution
    from tmescope.bulk.frozen_deconvolution_files import read_deconvolution, write_deconvolution
    from tmescope.bulk.frozen_files import read_model, write_model
    from tmescope.bulk.leading import leading_edge
    from tmescope.bulk.reference_accuracy import BuiltReference, build_reference
    from tmescope.bulk.reference_building import BuildOptions
    from tmescope.bulk.reference_files import read_reference, read_reference_table, write_reference
    from tmescope.bulk.reference_folders import load_reference
    from tmescope.bulk.reference_markers import MarkerRule
    from tmescope.bulk.references import SignatureReference, check_reference
    from tmescope.bulk.scoring import ScoreOptions, list_methods, score
    from tmescope.bulk.streamed_deconvolution import DeconvolveStream, deconvolve_store
    from tmescope.bulk.streaming import StoredScores, StreamOptions, score_store
    from tmescope.bulk.subtype_files import read_subtypes, write_subtypes
    from tmescope.bulk.subtype_models import SubtypeModel, SubtypeOptions
    from tmescope.bulk.subtypes import apply_subtypes, fit_subtypes

__all__ = [
    "BuildOptions",
    "BuiltReference",
    "ClusterModel",
    "ClusterOptions",
    "DeconvolveOptions",
    "DeconvolveStream",
    "FrozenDeconvolution",
    "FrozenScore",
    "MarkerRule",
    "ScoreOptions",
    "SignatureReference",
    "StoredScores",
    "StreamOptions",
    "SubtypeModel",
    "SubtypeOptions",
    "apply_clusters",
    "apply_deconvolution",
    "apply_scores",
    "apply_subtypes",
    "build_reference",
    "check_reference",
    "deconvolve",
    "deconvolve_store",
    "divide_expression",
    "fit_clusters",
    "fit_deconvolution",
    "fit_scores",
    "fit_subtypes",
    "leading_edge",
    "list_deconvolvers",
    "list_methods",
    "load_reference",
    "read_clusters",
    "read_deconvolution",
    "read_model",
    "read_reference",
    "read_reference_table",
    "read_subtypes",
    "score",
    "score_store",
    "write_clusters",
    "write_deconvolution",
    "write_model",
    "write_reference",
    "write_subtypes",
]

_HOMES = {
    "divide_expression": "cell_expression",
    "BuiltReference": "reference_accuracy",
    "build_reference": "reference_accuracy",
    "BuildOptions": "reference_building",
    "read_reference": "reference_files",
    "read_reference_table": "reference_files",
    "write_reference": "reference_files",
    "load_reference": "reference_folders",
    "MarkerRule": "reference_markers",
    "SignatureReference": "references",
    "check_reference": "references",
    "DeconvolveOptions": "deconvolution",
    "deconvolve": "deconvolution",
    "list_deconvolvers": "deconvolution",
    "FrozenDeconvolution": "frozen_deconvolution",
    "apply_deconvolution": "frozen_deconvolution",
    "fit_deconvolution": "frozen_deconvolution",
    "read_deconvolution": "frozen_deconvolution_files",
    "write_deconvolution": "frozen_deconvolution_files",
    "ClusterModel": "cluster_models",
    "ClusterOptions": "cluster_models",
    "apply_clusters": "cluster_subtypes",
    "fit_clusters": "cluster_subtypes",
    "read_clusters": "cluster_files",
    "write_clusters": "cluster_files",
    "SubtypeModel": "subtype_models",
    "SubtypeOptions": "subtype_models",
    "apply_subtypes": "subtypes",
    "fit_subtypes": "subtypes",
    "read_subtypes": "subtype_files",
    "write_subtypes": "subtype_files",
    "DeconvolveStream": "streamed_deconvolution",
    "deconvolve_store": "streamed_deconvolution",
    "StoredScores": "streaming",
    "StreamOptions": "streaming",
    "score_store": "streaming",
    "FrozenScore": "frozen",
    "apply_scores": "frozen",
    "fit_scores": "frozen",
    "leading_edge": "leading",
    "read_model": "frozen_files",
    "write_model": "frozen_files",
}


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module(f"tmescope.bulk.{_HOMES.get(name, 'scoring')}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
