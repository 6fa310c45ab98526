"""The plain twin of the permuted maxima: each order is made as a list, each partial sum on its own."""

from __future__ import annotations


def permuted_maxima(scores, weights, uniforms, out):
    for row, draws in enumerate(uniforms):
        left = list(scores)
        order = []
        for u in draws:
            j = int(u * len(left))
            order.append(left[j])
            left[j] = left[0]  # the place of the one that was drawn is taken by the first of those left
            left.pop(0)
        sums = [abs(sum(order[: i + 1])) * w for i, w in enumerate(weights)]
        out[row] = max(sums, default=0.0)
