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


def turn_entries(ends, genes, counts, number, first, last, place, rows, values):
    for cell, gene, count in _entries(ends, genes, counts):
        if first <= gene < last:
            rows[place[gene - first]] = number + cell
            values[place[gene - first]] = count
            place[gene - first] += 1


def steps_between(ends, rows):
    for a, b in itertools.pairwise(ends):
        rows[a:b] = np.diff(rows[a:b].astype(np.int64), prepend=0)


def place_run(ends, steps, counts, first, place, cells, values, largest):
    for gene, (a, b) in enumerate(itertools.pairwise(ends)):
        rows = np.cumsum(steps[a:b].astype(np.int64))
        to = slice(place[gene], place[gene] + b - a)
        cells[to], values[to] = first + rows, counts[a:b]
        place[gene] += b - a
        largest[0] = max(largest[0], rows.max(initial=0))
