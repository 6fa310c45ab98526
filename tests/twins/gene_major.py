"""The plain twins: entries as tuples in lists, sorted by gene."""

import itertools

import numpy as np


def _entries(ends, genes, counts):
    return [
        (cell, int(genes[i]), int(counts[i])) for cell in range(len(ends) - 1) for i in range(*ends[cell : cell + 2])
    ]


def tally_entries(ends, genes, counts, totals, tally):
    totals[:] = 0
    for cell, gene, count in _entries(ends, genes, counts):
        totals[cell] += count
        tally[gene] += 1


def pack_entries(ends, genes, counts, number, first, place, words):
    for cell, gene, count in _entries(ends, genes, counts):
        if first <= gene < first + len(place):
            words[place[gene - first]] = (number + cell) * 2 ** (4 * words.itemsize) + count
            place[gene - first] += 1


def unpack_steps(begins, words, steps, counts):
    size, to = 2 ** (4 * words.itemsize), 0
    for pair in zip(begins[:, :-1].T, begins[:, 1:].T, strict=True):
        found = [divmod(int(word), size) for a, b in zip(*pair, strict=True) for word in words[a:b]]
        some = slice(to, to + len(found))
        steps[some] = np.diff([cell for cell, _ in found], prepend=0)
        counts[some] = [count for _, count in found]
        to += len(found)


def place_run(ends, steps, counts, first, place, cells, values, largest):
    for gene, (a, b) in enumerate(itertools.pairwise(ends)):
        rows = np.cumsum(steps[a:b].astype(np.int64))
        to = slice(place[gene], place[gene] + b - a)
        cells[to], values[to] = first + rows, counts[a:b]
        place[gene] += b - a
        largest[0] = max(largest[0], rows.max(initial=0))
