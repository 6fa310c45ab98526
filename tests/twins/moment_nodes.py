"""The plain twin: a node's weight is the sum of its Lagrange polynomial over the values."""

import numpy as np


def moment_nodes(z, first, reach, nodes, weights):
    m = len(nodes)
    points = np.cos((2 * np.arange(m) + 1) * np.pi / (2 * m))
    for j, largest in enumerate(reach):
        x = z[:, first + j] / largest
        nodes[:, j] = points * largest
        for q in range(m):
            others = np.delete(points, q)
            weights[q, j] = (np.prod(x[:, None] - others, axis=1) / np.prod(points[q] - others)).sum()
