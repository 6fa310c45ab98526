"""Every input that fuzzing found worth keeping is read again: it gives a table or an error of ours."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from bench.fuzz import main
from bench.fuzz.judging import Tally
from bench.fuzz.kept import keep, read_inputs
from bench.fuzz.targets import TARGETS, Target

from tmescope.foundation.errors import TmescopeError


@pytest.mark.parametrize("target", [t for t in TARGETS if not t.apart], ids=lambda t: t.name)
def test_kept_inputs_are_read_or_refused(tmp_path: Path, target: Target) -> None:
    path = tmp_path / target.file_name
    for data in [*target.seeds(), *read_inputs(target.name)]:
        path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                target.read(path)
            except TmescopeError as error:
                assert str(error), data


def test_what_is_kept_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    corpus = tmp_path / "run" / "corpus" / "gct"
    corpus.mkdir(parents=True)
    for name, data in (("b", b"two"), ("a", b"one"), ("again", b"one")):
        (corpus / name).write_bytes(data)
    (tmp_path / "run" / "gct.json").write_text(json.dumps({"executions": 5, "accepted": 1, "cpu_seconds": 2.5}))
    assert keep("gct", tmp_path / "run", tmp_path / "first") == 2
    (corpus / "a").rename(corpus / "z")
    assert keep("gct", tmp_path / "run", tmp_path / "second") == 2
    first, second = tmp_path / "first", tmp_path / "second"
    assert sorted(read_inputs("gct", first)) == [b"one", b"two"]
    for part in ("corpus/gct.zip", "tallies.json"):
        assert (first / part).read_bytes() == (second / part).read_bytes()
    assert json.loads((first / "tallies.json").read_text())["gct"]["executions"] == 5


def test_a_run_goes_on_from_the_kept_tally(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Tally.of("gct", tmp_path)
    assert kept.executions > 0
    kept.executions += 1
    kept.save()
    assert Tally.of("gct", tmp_path).executions == kept.executions
    assert main(["--parser", "gct", "--seconds", "0", "--folder", str(tmp_path)]) == 0
    assert f'"executions": {kept.executions}' in capsys.readouterr().out
