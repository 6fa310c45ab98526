"""Parsed references that were read last: a study of many cohorts reads each once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

__all__ = ["Remembered"]


class Remembered:
    """Keeps what was made last, up to a number of things and of bytes that they were made from.

    Parameters
    ----------
    most : int
        Things.
    most_bytes : int
        Of the files that all of them were made from. What was made from more is not kept.

    Notes
    -----
    Things are shared by those who ask for them: only what nobody changes may be kept. Safe to be used by threads; two
    that ask for the same thing at the same time may both make it.
    """

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], object], *, n_bytes: int) -> object:
        """Return what is kept under a key, or make it and keep it.

        Parameters
        ----------
        key : hashable
            Says what it was made from: equal keys, equal things.
        make : callable
            Makes it; what it raises is passed on, and nothing is kept.
        n_bytes : int
            Of the files that it is made from.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()
        if n_bytes <= self._most_bytes:
            with self._lock:
                self._kept[key] = made, n_bytes
                self._kept.move_to_end(key)
                while len(self._kept) > self._most or sum(n for _, n in self._kept.values()) > self._most_bytes:
                    self._kept.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
