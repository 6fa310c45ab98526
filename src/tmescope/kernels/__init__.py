"""Compiled loops: the only room with numba. A kernel takes arrays, writes into `out`, raises nothing and is serial."""
