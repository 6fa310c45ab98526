"""The plain twins: cells as dense matrices."""

import numpy as np
from tests.twins.gene_moments import dense_rows


def chosen_values(ends, genes, counts, scales, place, limits, kept_ends, columns, values):
    logs = np.log1p(dense_rows(ends, genes, counts, len(place)) * scales[:, None])
    kept = 0
    kept_ends[0] = 0
    for cell in range(len(scales)):
        for i in range(ends[cell], ends[cell + 1]):
            if place[genes[i]] >= 0:
                columns[kept] = place[genes[i]]
                values[kept] = min(logs[cell, genes[i]], limits[place[genes[i]]])
                kept += 1
        kept_ends[cell + 1] = kept


def turn_cells(ends, columns, values, starts, after, stops, turned):
    part = slice(ends[0], ends[-1])
    order = np.argsort(columns[part], kind="stable")
    starts[:] = np.searchsorted(columns[part][order], np.arange(len(starts)))
    after[:] = order + ends[0]
    stops[:] = np.repeat(ends[1:], np.diff(ends))[order]
    turned[:] = values[part][order]


def add_products(starts, after, stops, turned, columns, values, products, sums):
    for column in range(len(starts) - 1):
        for at in range(starts[column], starts[column + 1]):
            sums[column] += turned[at]
            for i in range(after[at], stops[at]):
                products[column, columns[i]] += float(turned[at]) * float(values[i])


def place_cells(ends, columns, values, loadings, centre, scores):
    for cell in range(len(scores)):
        part = slice(ends[cell], ends[cell + 1])
        scores[cell] = values[part].astype(float) @ loadings[columns[part]] - centre
