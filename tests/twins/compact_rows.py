"""The plain twins: rows as lists."""

import itertools

import numpy as np


def encode_gaps(ends, genes, gaps, wrong):
    for a, b in itertools.pairwise(ends):
        own = [int(g) for g in genes[a:b]]
        steps = [y - x for x, y in itertools.pairwise(own)]
        gaps[a:b] = np.array([*own[:1], *steps], dtype=np.int64).astype(gaps.dtype)
        wrong[0] += sum(step <= 0 for step in steps)


def decode_gaps(ends, gaps, n_genes, genes, wrong):
    for a, b in itertools.pairwise(ends):
        steps = [int(g) for g in gaps[a:b]]
        own = list(itertools.accumulate(steps))
        genes[a:b] = np.array(own, dtype=np.int64).astype(np.int32)
        wrong[0] += sum(step == 0 for step in steps[1:]) + sum(last >= n_genes for last in own[-1:])


def split_counts(counts, small, positions, values):
    large = [(i, int(c)) for i, c in enumerate(counts) if c > 255]
    small[:] = [0 if c > 255 else c for c in counts]
    positions[:], values[:] = [i for i, _ in large], [c for _, c in large]


def join_counts(small, positions, values, counts, wrong):
    counts[:] = small
    left = {i for i, c in enumerate(small) if c == 0}
    for at, value in zip(positions.tolist(), values.tolist(), strict=True):
        if at in left and 255 < value <= np.iinfo(counts.dtype).max:
            counts[at] = value
            left.remove(at)
        else:
            wrong[0] += 1
    wrong[0] += len(left)
