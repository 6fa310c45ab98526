"""Whether a parser behaved: what it raised, and each new kind of misbehaviour kept as a file, once."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.fuzz.kept import read_tally
from tmescope.foundation.errors import TmescopeError

__all__ = ["Judge", "Tally"]

SLOW_SECONDS = 5.0


def _spent() -> float:
    """Return the processor time of this process and of the readers that it waited for."""
    # os.times() counts in hundredths: a child that lives for a few of them would lose a third of its time
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


@dataclass
class Tally:
    """What was spent so far; survives restarts in a file."""

    path: Path
    executions: int = 0
    accepted: int = 0
    cpu_seconds: float = 0.0
    contained: int = 0
    started: float = field(default_factory=_spent)

    @classmethod
    def of(cls, name: str, folder: Path) -> Tally:
        """Go on from an earlier process, or from what was kept of an earlier campaign."""
        path = folder / f"{name}.json"
        told = json.loads(path.read_text()) if path.is_file() else read_tally(name)
        return cls(path, **told)

    def save(self) -> None:
        """Write the numbers down."""
        spent = self.cpu_seconds + _spent() - self.started
        told = {"executions": self.executions, "accepted": self.accepted, "cpu_seconds": round(spent, 6)}
        if self.contained:
            told["contained"] = self.contained
        # a run that is stopped meanwhile keeps the numbers of before
        written = self.path.with_suffix(f".{os.getpid()}.part")
        written.write_text(json.dumps(told))
        written.replace(self.path)


@dataclass
class Judge:
    """Runs a parser on bytes and keeps what it should not have done."""

    read: Callable[[Path], object]
    scratch: Path
    findings: Path
    tally: Tally
    seen: set[str] = field(default_factory=set)

    def __call__(self, data: bytes) -> None:
        """Try one input."""
        self.scratch.write_bytes(data)
        begun = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                self.read(self.scratch)
            self.tally.accepted += 1
        except TmescopeError as error:
            str(error)
        except Exception as error:
            self._keep(data, _place(error), "".join(traceback.format_exception(error)))
        spent = time.process_time() - begun
        if spent > SLOW_SECONDS:
            self._keep(data, "slow", f"{spent:.1f} s of CPU\n")
        self.tally.executions += 1
        if self.tally.executions % 200 == 0:
            self.tally.save()

    def _keep(self, data: bytes, kind: str, told: str) -> None:
        name = f"{kind}-{hashlib.sha256(kind.encode()).hexdigest()[:6]}"
        if name in self.seen:
            return
        self.seen.add(name)
        self.findings.mkdir(parents=True, exist_ok=True)
        (self.findings / f"{name}.input").write_bytes(data)
        (self.findings / f"{name}.txt").write_text(told)


def _place(error: Exception) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "tmescope" in f.filename]
    last = frames[-1] if frames else None
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.name}" if last else type(error).__name__
