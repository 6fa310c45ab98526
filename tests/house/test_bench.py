"""The benchmarks can be found, named and read; what they measure is not tested here."""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from bench import __main__ as bench
from bench import fuzz, ingest_speed, startup
from bench.fuzz.judging import Judge, Tally
from bench.fuzz.targets import TARGETS
from tests.house.sources import ROOT


def test_every_benchmark_is_found_and_says_what_it_measures() -> None:
    found = bench.find()
    assert "startup" in found
    assert all(module.SUMMARY and callable(module.run) for module in found.values())


def test_the_readme_tells_of_every_benchmark() -> None:
    told = (ROOT / "bench/README.md").read_text(encoding="utf-8")
    assert [name for name in bench.find() | bench.find_tools() if f"| `{name}` |" not in told] == []


def test_listing_runs_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "run", lambda: pytest.fail("ran"))
    assert bench.main(["--list"]) == 0
    assert "tmescope --help" in capsys.readouterr().out


def test_named_benchmarks_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "run", lambda: [{"command": "a", "wall_s": 0.25}])
    assert bench.main(["startup"]) == 0
    assert "0.250" in capsys.readouterr().out


def test_an_unknown_name_ends_with_the_names_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main(["startpu"])
    assert "startup" in capsys.readouterr().err


def test_rows_are_laid_out_in_columns() -> None:
    rows = [{"command": "a", "wall_s": 1.5, "n": 3}, {"command": "longer", "wall_s": 10.0, "n": 12}]
    assert bench.as_text(rows).splitlines() == [
        "  command  wall_s   n",
        "  a         1.500   3",
        "  longer   10.000  12",
    ]
    assert bench.as_text([]) == "  (no rows)"


def test_a_process_costs_time_and_a_failing_one_is_an_error() -> None:
    spin = "import time\nend = time.process_time() + 0.05\nwhile time.process_time() < end: pass"
    cost = startup.measure([sys.executable, "-c", spin])
    assert cost.cpu_s >= 0.05
    assert cost.wall_s >= 0.05
    with pytest.raises(startup.subprocess.CalledProcessError):
        startup.measure([sys.executable, "-c", "raise SystemExit(3)"])


def test_options_go_to_the_one_benchmark_that_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(startup, "run", lambda arguments=(): [{"asked": " ".join(arguments)}])
    assert bench.main(["startup", "--runs", "3"]) == 0
    assert "--runs 3" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        bench.main(["startup", "parity", "--runs", "3"])


def test_the_speed_of_reading_is_measured_in_processes(tmp_path: Path) -> None:
    ingest_speed.write_matrix(tmp_path / "m.tsv.gz", 3, 700)
    lines = gzip.decompress((tmp_path / "m.tsv.gz").read_bytes()).decode().splitlines()
    assert lines[0].split("\t") == ["gene", "S00000", "S00001", "S00002"]
    assert len(lines) == 701
    assert {len(line.split("\t")) for line in lines} == {4}
    cost = ingest_speed.measure([sys.executable, "-c", "b = bytearray(b'x') * 100_000_000"])
    assert 0.1 < cost.peak_gb < 1
    with pytest.raises(RuntimeError, match="ended with 3"):
        ingest_speed.measure([sys.executable, "-c", "raise SystemExit(3)"])
    names = [*ingest_speed.PEERS, *ingest_speed.OURS]
    assert list(ingest_speed.commands(Path("m"), Path("o"))) == names


def test_tools_with_options_of_their_own_are_listed_and_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--list"]) == 0
    assert "--parser NAME" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        bench.main(["fuzz", "--parser", "gtc"])
    assert "'gct'" in capsys.readouterr().err


def test_the_fuzzer_says_what_it_lacks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz.importlib.util, "find_spec", lambda name: None)
    assert bench.main(["fuzz", "--parser", "gct"]) == 2
    assert "atheris is not installed" in capsys.readouterr().err


def test_every_parser_starts_from_a_file_that_it_reads(tmp_path: Path) -> None:
    for target in TARGETS:
        path = tmp_path / target.name / target.file_name
        path.parent.mkdir()
        path.write_bytes(target.seeds()[0])
        target.read(path)


def test_a_parser_that_misbehaves_is_found_once(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        raise KeyError(path.read_bytes())

    judge = Judge(read, tmp_path / "m.tsv", tmp_path / "found", Tally(tmp_path / "tally.json"))
    for data in (b"first", b"second"):
        judge(data)
    (found,) = (tmp_path / "found").glob("*.input")
    assert found.read_bytes() == b"first"
    judge.tally.save()
    assert Tally.of("tally", tmp_path).executions == 2


def test_the_time_of_many_short_children_is_counted_whole(tmp_path: Path) -> None:
    spent = 0.0
    for _ in range(20):
        tally, begun = Tally.of("short", tmp_path), time.process_time()
        while (passed := time.process_time() - begun) < 0.004:
            pass
        tally.save()
        spent += passed
    assert Tally.of("short", tmp_path).cpu_seconds >= 0.95 * spent


def test_a_large_atlas_needs_the_space_first(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"GB are missing; name another disk"):
        bench.main(["atlas_scale", "--cells", "100", "--free-gb", "1e9", "--folder", str(tmp_path)])
    assert not list(tmp_path.iterdir())
