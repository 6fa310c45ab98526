"""Runs a study many times, each in a process of its own that ends itself with SIGKILL at the n-th atomic commit.

Started as ``python killing.py STUDY OUTPUTS [BASE]``: imports once, then forks for each case (a process that is
killed must not be the one that runs the tests). OUTPUTS gets a folder ``before-1``, ``after-1`` ... per case, each a
copy of BASE where that is given. The last line printed is the number of commits of a run that nobody kills (``whole``).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from tmescope.store import atomic
from tmescope.study.running import run

BASE = Path(sys.argv[3]) if len(sys.argv) > 3 else None


def run_killed(study: Path, output: Path, *, n: int, when: str) -> int:
    """Run in a fork; kill it before or after its n-th commit (never where n is 0). Return the number of commits."""
    if BASE is not None:
        shutil.copytree(BASE, output)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        real, seen = atomic.commit, 0

        def commit(staged: Path, final: Path, **how: bool) -> None:
            nonlocal seen
            seen += 1
            if seen == n and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            real(staged, final, **how)
            if seen == n and when == "after":
                os.kill(os.getpid(), signal.SIGKILL)

        atomic.commit = commit
        run(study, output)
        os.write(writer, str(seen).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if killed != (n > 0):
        sys.exit(f"case {when}-{n} ended with status {status}")
    with os.fdopen(reader) as pipe:
        return int(pipe.read() or 0)


if __name__ == "__main__":
    study, outputs = Path(sys.argv[1]), Path(sys.argv[2])
    commits = run_killed(study, outputs / "whole", n=0, when="never")
    for number in range(1, commits + 1):
        # before a commit is after the one before it, but for what is staged: drawing is too slow for both
        for moment in ("before", "after") if BASE is None or number == 1 else ("after",):
            run_killed(study, outputs / f"{moment}-{number}", n=number, when=moment)
    print(commits)
