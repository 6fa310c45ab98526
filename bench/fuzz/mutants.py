"""Mutated files for parsers in C, tried in forked children that may crash or hang without harm to the rest."""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

from bench.fuzz.judging import Judge, Tally
from bench.fuzz.targets import TARGETS

__all__ = ["main", "mutate"]

_PER_CHILD = 1000
_SECONDS_PER_FILE = 20
_BYTES = 4 << 30
_WORDS = (b"\0", b"\xff", b"\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff" * 8, b"\0" * 8, b"\0\0\0\x80", b"\1\0\0\0")


def mutate(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Return a file with one to eight changes: bits, bytes, extreme words, spans cut, doubled or taken over."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 8))):
        at = rng.randrange(len(out) or 1)
        kind = rng.randrange(7)
        if kind == 0 and out:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and out:
            out[at] = rng.randrange(256)
        elif kind == 2:
            word = rng.choice(_WORDS)
            out[at : at + len(word)] = word
        elif kind == 3:
            del out[at : at + rng.choice((1, 2, 4, 8, 64, 512))]
        elif kind == 4:
            out[at:at] = out[at : at + rng.choice((1, 4, 8, 64))]
        elif kind == 5:
            other = rng.choice(others)
            start = rng.randrange(len(other))
            span = other[start : start + rng.choice((4, 16, 128))]
            out[at : at + len(span)] = span
        elif rng.random() < 0.1:
            del out[at:]
    return bytes(out)


def main(arguments: list[str]) -> None:
    """Try mutants of the seeds of this parser for so many seconds."""
    name, folder, seconds = arguments[0], Path(arguments[1]), int(arguments[2])
    target = next(t for t in TARGETS if t.name == name)
    findings, scratch = folder / "findings" / name, folder / "scratch" / name / target.file_name
    for place in (findings, scratch.parent):
        place.mkdir(parents=True, exist_ok=True)
    seeds = list(target.seeds())
    end, round_number = time.monotonic() + seconds, time.time_ns() % 10**12
    while time.monotonic() < end:
        round_number += 1
        before = Tally.of(name, folder).cpu_seconds
        child = os.fork()
        if not child:
            _try_some(target.name, seeds, (folder, findings, scratch), round_number)
            os._exit(0)
        _, status, used = os.wait4(child, 0)
        if status and target.apart and os.WIFSIGNALED(status):
            tally = Tally.of(name, folder)
            # what the killed child could not write down itself
            tally.cpu_seconds = before + used.ru_utime + used.ru_stime
            tally.contained += 1
            tally.executions += 1
            tally.save()
        elif status and scratch.is_file():
            how = f"signal-{os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit-{os.WEXITSTATUS(status)}"
            (findings / f"{how}-{round_number}.input").write_bytes(scratch.read_bytes())


def _try_some(name: str, seeds: list[bytes], places: tuple[Path, Path, Path], number: int) -> None:
    folder, findings, scratch = places
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    target = next(t for t in TARGETS if t.name == name)
    known = {p.stem for p in findings.glob("*.input")}
    judge = Judge(target.read, scratch, findings, Tally.of(name, folder), known)
    rng = random.Random(number)
    for _ in range(_PER_CHILD):
        signal.alarm(_SECONDS_PER_FILE)
        judge(mutate(rng.choice(seeds), seeds, rng))
        judge.tally.save()


if __name__ == "__main__":
    main(sys.argv[1:])
