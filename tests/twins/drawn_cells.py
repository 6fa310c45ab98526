"""The plain twin of drawn cells: Python's integers, one draw after the other; tables are filled from lists."""

from __future__ import annotations

STEP, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
MASK = (1 << 64) - 1


def _mix(x):
    x = ((x ^ (x >> 30)) * FIRST) & MASK
    x = ((x ^ (x >> 27)) * SECOND) & MASK
    return x ^ (x >> 31)


def probabilities(accept, alias):
    """What a table draws: each gene's own part and what others give it."""
    n = len(accept)
    found = [a / n for a in accept]
    for j, other in enumerate(alias):
        found[other] += (1 - accept[j]) / n
    return found


def drawn_cells(
    keys, totals, profiles, ambients, ambient_share, accept, alias, weights, dropout, genes, counts, ends
):  # fmt: skip
    n, at = len(dropout), 0
    for cell, key in enumerate(int(k) for k in keys):
        found, state, left = {}, key, int(totals[cell])
        for _ in range(64 * int(totals[cell])):
            if not left:
                break
            state = (state + STEP) & MASK
            bits = _mix(state)
            state = (state + STEP) & MASK
            more = _mix(state)
            row = ambients[cell] if (more >> 32) / 2**32 < ambient_share else profiles[cell]
            gene = ((bits >> 32) * n) >> 32
            if (bits & 0xFFFFFFFF) / 2**32 >= accept[row][gene]:
                gene = int(alias[row][gene])
            own = _mix((key + (gene + 1) * SECOND) & MASK)
            if (more & 0xFFFFFFFF) / 2**32 < weights[own >> 52] and (own & 0xFFFFFFFF) / 2**32 >= dropout[gene]:
                found[gene] = found.get(gene, 0) + 1
                left -= 1
        for gene in sorted(found):
            genes[at], counts[at] = gene, found[gene]
            at += 1
        ends[cell] = at
