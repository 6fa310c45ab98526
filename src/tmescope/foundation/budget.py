"""How much memory work may hold beyond what its process holds anyway, and what follows for the size of its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tmescope.foundation.errors import InputError

__all__ = ["BASE", "DEFAULT_MEMORY", "Budget", "parse_memory"]

BASE = 1 << 29
"""What a process holds with all libraries and kernels of a pass loaded, before any data: 512 MiB is not reached."""

DEFAULT_MEMORY = 1 << 30

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?([KMGT]?)(I?B?)", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_LARGEST = 1 << 50


def parse_memory(text: str, *, where: str = "--memory") -> int:
    """Return the bytes that a size stands for.

    Parameters
    ----------
    text : str
        ``1G``, ``1.5G`` and ``800MiB`` are powers of 1024, ``800MB`` of 1000, a number alone is bytes.
    where : str
        Option or key, for the error.

    Raises
    ------
    InputError
        If it is no size, zero, or more than 2^50 bytes.
    """
    found = _SIZE.fullmatch(text.strip())
    size = 0
    if found:
        number, letter, unit = found.groups()
        decimal = unit.upper() == "B" and letter
        size = int(float(number) * (1000 if decimal else 1024) ** _POWERS[letter.upper()])
    if not 0 < size <= _LARGEST:
        raise InputError(
            f"{text[:40]!r} is no size of memory", where=where, expected="a size such as 800M, 1G or 1.5GiB"
        )
    return size


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Memory that work may hold beyond `BASE`, and how it is spent.

    Parameters
    ----------
    memory : int
        Bytes, all together.
    fixed : int
        Bytes that are held whatever the size of the parts: sums of each thread, tables that are returned.
    together : int
        Parts that are worked on at the same time in one process.
    item : int
        Bytes for each item (entry, gene, cell) of a part.
    part : int
        Bytes for each part beside its items.
    """

    memory: int
    fixed: int
    together: int
    item: int
    part: int = 0

    def minimum(self, least: int) -> int:
        """Return the memory that parts of so many items need.

        Parameters
        ----------
        least : int
            Items.
        """
        return self.fixed + self.together * (self.part + least * self.item)

    def items(self, *, least: int, most: int, where: str = "--memory", because: str = "") -> int:
        """Return how many items a part may have.

        Parameters
        ----------
        least : int
            Items that a part must be able to have.
        most : int
            Items beyond which nothing is gained.
        where : str
            Option or argument, for the error.
        because : str
            What the fixed part is, for the error.

        Raises
        ------
        InputError
            If the memory is not enough for parts of `least` items; the error says how much would be.
        """
        if (needed := self.minimum(least)) > self.memory:
            fixed = f", of which {_shown(self.fixed)} are for {because}" if because else ""
            raise InputError(
                f"{_shown(self.memory)} of memory are not enough: {_shown(needed)} are needed{fixed}",
                where=where,
                expected=f"{_upward(needed)} or more",
                next_step="give it more memory" + (", or fewer threads" if self.together > 1 else ""),
            )
        return min(most, (self.memory - self.minimum(0)) // (self.together * self.item))


def _shown(n_bytes: int) -> str:
    return f"{n_bytes / (1 << 20):,.1f} MiB"


def _upward(n_bytes: int) -> str:
    return f"{-(-n_bytes // (1 << 20))}M"
