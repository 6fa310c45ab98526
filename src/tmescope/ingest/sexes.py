"""Whether what a sample expresses agrees with the sex that is recorded for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import examples
from tmescope.foundation.scale import Scale
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import MISSING_WORDS

__all__ = ["FEMALE_MOST", "MALE_LEAST", "Y_GENES", "SexEvidence", "check_sexes", "express_sexes", "read_sex"]

Y_GENES = ("DDX3Y", "EIF1AY", "KDM5D", "RPS4Y1", "USP9Y", "UTY", "ZFY")
"""Genes on Y outside the pseudo-autosomal regions that most tissues express."""

FEMALE_MOST = 1.0
"""Largest mean log2(TPM+1) of the Y genes that counts as none.

Of 584 tumours of 8 published cohorts with a recorded sex, 167 of 170 women lie below it (highest 1.49) and 405 of 414
men above 1.7; those between are left unclear, since tumours lose Y and their samples hold other cells."""

MALE_LEAST = 1.7
"""Smallest mean log2(TPM+1) of the Y genes that counts as expressed, see `FEMALE_MOST`."""

_XIST = "XIST"
_XIST_EXPRESSED = 2.0
_FEWEST_GENES = 2
_WORDS = {
    **dict.fromkeys(("f", "female", "woman", "w", "weiblich", "femme"), "female"),
    **dict.fromkeys(("m", "male", "man", "männlich", "homme"), "male"),
}


@dataclass(frozen=True)
class SexEvidence:
    """What the samples express.

    Parameters
    ----------
    y_mean : array of float64, shape (n_samples,)
        Mean log2(TPM+1) of the Y genes that were measured in the sample; NaN where fewer than two were.
    xist : array of float64, shape (n_samples,)
        log2(TPM+1) of XIST; NaN where it was not measured.
    genes : tuple of str
        The Y genes that were measured in any sample.
    """

    y_mean: NDArray[np.float64]
    xist: NDArray[np.float64]
    genes: tuple[str, ...]

    def sexes(self) -> list[str]:
        """Return ``female``, ``male`` or ``unclear`` for each sample.

        A tumour without Y is female only where XIST does not speak against it: men's tumours lose Y. Y together with
        XIST is unclear: two samples mixed, or a sex chromosome more. So is a sample of too few measured genes.
        """
        out = []
        for y, xist in zip(self.y_mean, self.xist, strict=True):
            known = not np.isnan(xist)
            if y >= MALE_LEAST:
                out.append("unclear" if known and xist >= _XIST_EXPRESSED else "male")
            elif y <= FEMALE_MOST:
                out.append("unclear" if known and xist < _XIST_EXPRESSED else "female")
            else:
                out.append("unclear")
        return out


def read_sex(word: object) -> str | None:
    """Return ``female`` or ``male`` for the usual words and letters, None for anything else."""
    return _WORDS.get(str(word).strip().casefold())


def express_sexes(values: NDArray[np.float64], genes: Sequence[str], scale: Scale) -> SexEvidence | None:
    """Measure the genes that tell the sex.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In the declared scale.
    genes : sequence of str
        Approved symbols of the columns.
    scale : Scale
        TPM, with or without logarithm; the rule is absolute and holds for no other unit.

    Returns
    -------
    SexEvidence or None
        None where the scale is another, or no sample has values of two of `Y_GENES`.
    """
    position = {gene: j for j, gene in enumerate(genes)}
    there = tuple(g for g in Y_GENES if g in position)
    if scale.unit != "tpm" or len(there) < _FEWEST_GENES:
        return None
    wanted = [position[g] for g in (*there, *([_XIST] if _XIST in position else []))]
    tpm = values[:, wanted]
    if scale.log_base is not None:
        tpm = np.power(scale.log_base, np.minimum(tpm, 60.0)) - scale.offset
    log_tpm = np.log2(np.maximum(tpm, 0.0) + 1.0)
    y_genes = log_tpm[:, : len(there)]
    measured = ~np.isnan(y_genes)
    n_measured = measured.sum(axis=1)
    enough = n_measured >= _FEWEST_GENES
    if not enough.any():
        return None
    y_mean = np.where(enough, np.nansum(y_genes, axis=1) / np.maximum(n_measured, 1), np.nan)
    xist = log_tpm[:, -1] if _XIST in position else np.full(len(values), np.nan)
    return SexEvidence(y_mean, xist, tuple(there[int(j)] for j in np.flatnonzero(measured.any(axis=0))))


def check_sexes(
    evidence: SexEvidence | None, sample_ids: Sequence[str], recorded: Sequence[object], *, findings: Findings
) -> None:
    """Compare what is expressed with what is recorded.

    Parameters
    ----------
    evidence : SexEvidence, optional
        From `express_sexes`.
    sample_ids : sequence of str
        Of the samples.
    recorded : sequence
        Recorded sex of each, as in the table; missing ones are left out, other words are told.
    findings : Findings
        Receives the quality row ``sex`` (``unchecked`` where no word for it could be read), a flag for each sample
        that disagrees, and the warnings ``sex.disagrees`` (Y expressed in a woman, or XIST without Y in a man: samples
        are mixed up) and ``sex.no_y`` (no Y and no word from XIST in a man: mixed up, or the tumour lost Y). Nothing
        where no sex is recorded.

    Notes
    -----
    The rule is absolute, so it holds in a cohort of one sex alone.
    """
    sexes = [read_sex(word) for word in recorded]
    n_known = sum(s is not None for s in sexes)
    unread = _say_unread(recorded)
    if not n_known:
        if unread:
            findings.note(
                "sex", "cannot be read", f"{unread} Expected are F and M, or female and male.", status="unchecked"
            )
        return
    if evidence is None:
        text = f"Recorded for {n_known} samples; cannot be checked without TPM of two of {', '.join(Y_GENES)}."
        findings.note("sex", "cannot be checked", f"{text} {unread}".strip(), status="unchecked")
        return
    found = list(zip(sample_ids, sexes, evidence.sexes(), evidence.xist, strict=True))
    women = [i for i, stated, seen, _ in found if stated == "female" and seen == "male"]
    men = [i for i, stated, seen, xist in found if stated == "male" and seen == "female" and not np.isnan(xist)]
    without_y = [i for i, stated, seen, xist in found if stated == "male" and seen == "female" and np.isnan(xist)]
    unclear = [i for i, stated, seen, _ in found if stated is not None and seen == "unclear"]
    if women or men:
        message = (
            f"the expressed sex of {len(women) + len(men)} of {n_known} samples is not the recorded one "
            f"({len(women)} women with Y genes, {len(men)} men with XIST and without Y): are samples mixed up?"
        )
        findings.warn("sex.disagrees", message, items=[*women, *men])
    if without_y:
        message = f"{len(without_y)} of {n_known} samples, recorded as male, express no Y gene: mixed up, or Y was lost"
        findings.warn("sex.no_y", message, items=without_y)
    odd = [*women, *men, *without_y]
    _flag(findings, women=women, men=men, without_y=without_y)
    text = f"{len(evidence.genes)} Y genes{'' if np.isnan(evidence.xist).all() else ' and XIST'} against the table: "
    text += f"{n_known - len(odd) - len(unclear)} of {n_known} samples agree, {len(unclear)} are unclear, "
    text += f"{len(odd)} disagree" + (f": {', '.join(odd)}." if odd else ".")
    findings.note(
        "sex", len(odd), f"{text} {unread}".strip(), status="problem" if women or men else "notice" if odd else "ok"
    )


def _say_unread(recorded: Sequence[object]) -> str:
    """Return what stands where a sex is expected and is no word for one, as a sentence; nothing where all is read."""
    words = Counter(str(w).strip() for w in recorded if w is not None and read_sex(w) is None)
    other = {w: n for w, n in words.most_common() if w not in MISSING_WORDS}
    if not other:
        return ""
    listed = examples(f"{w} ({n}x)" for w, n in other.items())
    return f"{sum(other.values())} of {len(recorded)} samples have another word for their sex: {listed}."


def _flag(findings: Findings, *, women: Sequence[str], men: Sequence[str], without_y: Sequence[str]) -> None:
    for sample in women:
        findings.flag(sample, "sex", "recorded as female, but expresses genes of chromosome Y", status="problem")
    for sample in men:
        findings.flag(sample, "sex", "recorded as male, but expresses XIST and no gene of Y", status="problem")
    for sample in without_y:
        findings.flag(sample, "sex", "recorded as male, but expresses no gene of Y: mixed up, or Y was lost")
