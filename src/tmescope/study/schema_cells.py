"""What a study file says about a cohort of single cells: an atlas in place of a matrix."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from tmescope.study.schema_parts import Table

__all__ = ["CellsRules"]

_OF_MATRICES = ("orientation", "gene_lengths", "layer", "dialect", "gene_column", "value_column", "molecular_profile")
_OF_CELLS = ("atlas", "labels", "min_cells")


class CellsRules(Table):
    """Keys that go together: an atlas says itself what a matrix must be told of."""

    @model_validator(mode="before")
    @classmethod
    def _cells(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if data.get("kind", "bulk") != "cells":
            _refuse(data, _OF_CELLS, "kind = bulk")
            return data
        if "atlas" not in data:
            message = 'kind = "cells" needs atlas: the folder that tmescope atlas ingest made'
            raise ValueError(message)
        _refuse(data, _OF_MATRICES, "kind = cells")
        given = {"expression": data["atlas"], "scale": "counts"}
        for key, value in given.items():
            if data.get(key, value) != value:
                message = f"{key} = {data[key]!r} stands beside atlas: an atlas holds counts, and needs no {key}"
                raise ValueError(message)
        return {**data, **given}


def _refuse(data: dict[str, Any], keys: tuple[str, ...], kind: str) -> None:
    strange = [key for key in keys if data.get(key) is not None]
    if strange:
        message = f"{', '.join(strange)} does not belong to {kind}"
        raise ValueError(message)
