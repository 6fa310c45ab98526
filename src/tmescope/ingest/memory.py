"""How much memory and time this process may take: for processes that read what could be hostile."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["allow_memory", "limit_process"]

_MEASURE = Path("/proc/self/statm")
_LIMITED: set[int] = set()
"""This process, where it took limits: the readers of a limited process may also be called where nothing is limited."""


def limit_process(*, cpu_seconds: int) -> None:
    """Let this process end after some processor time, and leave no image of its memory when it crashes.

    Parameters
    ----------
    cpu_seconds : int
        Further processor time from now on; the kernel ends the process then.

    Notes
    -----
    Without effect where the system has no such limits.
    """
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime) + cpu_seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (end, end + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIMITED.add(os.getpid())


def allow_memory(n_bytes: int) -> None:
    """Limit the address space of a process under `limit_process` to what it has now and some bytes more; no other.

    Parameters
    ----------
    n_bytes : int
        Called again when sizes are known and found to be right. Beyond it an allocation fails with `MemoryError`.

    Notes
    -----
    Without effect where the system does not say how much a process has.
    """
    if sys.platform == "win32" or os.getpid() not in _LIMITED or not _MEASURE.is_file():
        return
    import resource

    pages = int(_MEASURE.read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * os.sysconf("SC_PAGE_SIZE") + n_bytes
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))
