"""One parser under atheris, guided by coverage, in a process of its own: ``python -m bench.fuzz.guided NAME ...``."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

__all__ = ["main"]

_INSTRUMENTED = ["tmescope.ingest", "tmescope.study.loading", "tmescope.study.schema", "tomllib", "zipfile"]
_SECONDS_PER_INPUT = 20
_MEGABYTES = 3000
_LONGEST = 1 << 14


def main(arguments: list[str]) -> None:
    """Fuzz the parser of this name for so many seconds; ends the process."""
    name, folder, seconds = arguments[0], Path(arguments[1]), int(arguments[2])
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from bench.fuzz.judging import Judge, Tally
        from bench.fuzz.kept import read_inputs
        from bench.fuzz.targets import TARGETS
    import pyarrow as pa

    pa.set_cpu_count(1)
    target = next(t for t in TARGETS if t.name == name)
    corpus, findings = folder / "corpus" / name, folder / "findings" / name
    scratch = folder / "scratch" / name / target.file_name
    for place in (corpus, findings, scratch.parent):
        place.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate([*target.seeds(), *read_inputs(name)]):
        (corpus / f"seed-{i}").write_bytes(seed)
    known = {p.stem for p in findings.glob("*.input")}
    judge = Judge(target.read, scratch, findings, Tally.of(name, folder), known)
    options = [f"-max_total_time={seconds}", f"-timeout={_SECONDS_PER_INPUT}", f"-rss_limit_mb={_MEGABYTES}"]
    options += [f"-max_len={_LONGEST}", f"-artifact_prefix={findings}/", "-print_final_stats=1", "-verbosity=1"]
    atheris.Setup(["fuzz", *options, str(corpus)], judge)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
