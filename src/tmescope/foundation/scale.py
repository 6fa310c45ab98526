"""Which unit and transformation an expression matrix is in, declared in words such as ``log2(tpm+1)``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmescope.foundation.errors import ScaleError, examples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FLOOR_TOLERANCE", "UNITS", "Scale", "convert"]

UNITS = ("counts", "tpm", "fpkm", "cpm", "array")
"""Units that a matrix can be in; ``array`` is microarray fluorescence intensity."""

_BASES = {"log2": 2.0, "log10": 10.0, "ln": math.e}
_PATTERN = re.compile(r"(log2|log10|ln)\(\s*([a-z]+)\s*(?:\+\s*([0-9.]+(?:e-?[0-9]+)?))?\s*\)")

FLOOR_TOLERANCE = 1e-4
"""How far below log(offset) a stored value may lie, in log units, and still count as zero.

Published files round; ICB collections stored as log2(TPM+0.001) have a floor of -9.9658 where the exact value is
-9.96578."""


@dataclass(frozen=True)
class Scale:
    """Unit and transformation of a matrix.

    Parameters
    ----------
    unit : str
        One of `UNITS`.
    log_base : float, optional
        None for linear values, else the base of the logarithm.
    offset : float
        What was added before the logarithm (0 where nothing was).
    """

    unit: str
    log_base: float | None = None
    offset: float = 0.0

    @classmethod
    def parse(cls, text: str, *, where: str | None = None) -> Scale:
        """Read a declared scale.

        Parameters
        ----------
        text : str
            ``counts``, ``tpm``, ``fpkm``, ``cpm``, ``array``, ``log2_array``, or ``log2(UNIT+c)``, ``log10(UNIT+c)``,
            ``ln(UNIT+c)``.
        where : str, optional
            File and key, for the message.

        Raises
        ------
        ScaleError
            If the text is none of these.
        """
        folded = text.strip().casefold()
        if folded in UNITS:
            return cls(folded)
        if folded == "log2_array":
            return cls("array", 2.0, 0.0)
        match = _PATTERN.fullmatch(folded)
        if match and match[2] in UNITS:
            return cls(match[2], _BASES[match[1]], float(match[3] or 0.0))
        raise ScaleError(
            f"the scale {text!r} is not known",
            where=where,
            expected="counts, tpm, fpkm, cpm, array, log2_array, or a logarithm with its offset such as log2(tpm+1)",
            next_step="declare the scale that the file's documentation states; tmescope does not guess it",
        )

    def __str__(self) -> str:
        if self.log_base is None:
            return self.unit
        if self == Scale("array", 2.0, 0.0):
            return "log2_array"
        name = next(k for k, v in _BASES.items() if v == self.log_base)
        return f"{name}({self.unit}+{self.offset:g})"

    @property
    def is_log(self) -> bool:
        """Whether values are logarithms."""
        return self.log_base is not None

    @property
    def floor(self) -> float:
        """Smallest value that the scale can hold: 0 for linear values, log(offset) for logarithms."""
        if self.log_base is None:
            return 0.0
        return math.log(self.offset, self.log_base) if self.offset > 0 else -math.inf


def convert(values: NDArray[np.float64], source: Scale, target: Scale) -> tuple[NDArray[np.float64], int]:
    """Convert a matrix from one scale to another of the same unit, exactly.

    Parameters
    ----------
    values : array of float64, any shape
        In the scale `source`; NaN stays NaN. Not changed.
    source, target : Scale
        Must share the unit: counts are not turned into TPM without gene lengths.

    Returns
    -------
    converted : array of float64
        A new array in the scale `target` (a copy even where the scales are equal).
    n_clipped : int
        Values that lay below the floor of `source` by no more than `FLOOR_TOLERANCE` log units (rounding of the file)
        and were set to exactly zero expression.

    Raises
    ------
    ScaleError
        If the units differ, or values lie below the floor by more than the tolerance.

    Notes
    -----
    ``x = base ** y - offset`` and ``y = log(x + offset)``; the cost is one pass over the matrix.
    """
    import numpy as np

    if source.unit != target.unit:
        raise ScaleError(
            f"values in {source} cannot be converted to {target}",
            expected=f"a matrix whose unit is {target.unit}",
            next_step="supply the matrix in that unit; a cohort's gene_lengths turn counts into TPM, its to_tpm FPKM",
        )
    if source == target:
        return np.array(values, dtype=np.float64), 0
    linear, n_clipped = _to_linear(np.asarray(values, dtype=np.float64), source)
    if target.log_base is None:
        return linear, n_clipped
    linear += target.offset
    with np.errstate(divide="ignore"):
        logged = np.log2(linear, out=linear)
    if target.log_base != 2.0:
        logged /= math.log2(target.log_base)
    return logged, n_clipped


def _to_linear(values: NDArray[np.float64], source: Scale) -> tuple[NDArray[np.float64], int]:
    import numpy as np

    below = values < source.floor
    n_below = int(np.count_nonzero(below))
    tolerance = FLOOR_TOLERANCE if source.is_log else 0.0
    too_low = values < source.floor - tolerance
    if np.any(too_low):
        raise ScaleError(
            f"{np.count_nonzero(too_low)} values lie below the floor of {source}, for example "
            f"{examples(float(v) for v in values[too_low][:4])}",
            expected=f"no value below {source.floor:.6g}",
            next_step="declare the scale that the file is really in",
        )
    if source.log_base is None:
        return values.copy(), 0
    linear = np.exp2(values) if source.log_base == 2.0 else np.power(source.log_base, values)
    if source.offset:
        linear -= source.offset
        linear[below] = 0.0
    # base ** log(offset) - offset is not exactly zero in floating point
    np.maximum(linear, 0.0, out=linear)
    return linear, n_below
