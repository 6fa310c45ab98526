"""The plain twins: words one by one, ranks by SciPy over all cells."""

import numpy as np
from scipy import stats


def panel_words(
    ends, steps, counts, group, scale, table, lowest, bits, place, words, shown, sums, ratios, owners, positions, found
):  # fmt: skip
    large = beyond = 0
    for gene in range(len(place)):
        cell = 0
        for i in range(ends[gene], ends[gene + 1]):
            cell += int(steps[i])
            if cell >= len(group):
                beyond += 1
                continue
            g = int(group[cell])
            if g >= shown.shape[1]:
                continue
            words[place[gene]] = g
            if counts[i] > table.shape[1]:
                ratios[large] = np.float32(counts[i]) / scale[cell]
                owners[large], positions[large] = gene, place[gene]
                large += 1
            else:
                value = table[cell, counts[i] - 1]
                words[place[gene]] += (int(value.view(np.uint32)) - lowest) * 2**bits
                sums[gene, g] += float(value)
            place[gene] += 1
            shown[gene, g] += 1
    found[:] = large, beyond


def large_words(values, owners, positions, lowest, bits, words, sums):
    for value, gene, at in zip(values, owners, positions, strict=True):
        g = int(words[at])
        words[at] += (int(value.view(np.uint32)) - lowest) * 2**bits
        sums[gene, g] += float(value)


def rank_words(starts, stops, bits, range_bits, n_cells, words, spare, twice, ties):
    for gene, (a, b) in enumerate(zip(starts, stops, strict=True)):
        own = np.sort(words[a:b])
        words[a:b] = own
        keys, groups = own.astype(np.int64) >> bits, own.astype(np.int64) & (2**bits - 1)
        values = np.concatenate([np.full(n_cells - len(own), -1), keys])  # zeros are the lowest
        ranks = stats.rankdata(values)[n_cells - len(own) :]
        np.add.at(twice[gene], groups, np.rint(2 * ranks).astype(np.int64))
        sizes = np.unique(values, return_counts=True)[1].astype(float)
        ties[gene] = (sizes**3 - sizes).sum()
