from __future__ import annotations

from tests.study.contexts import opened

from tmescope.foundation.provenance import hash_file
from tmescope.study.ledger import Step


class Told:
    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def plan(self, steps) -> None:
        pass

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        self.lines.append(("start", task))

    def advance(self, task: str, parts: int = 1) -> None:
        self.lines.append(("advance", task))

    def finish(self, task: str, note: str = "") -> None:
        self.lines.append(("finish", task, note))


def test_a_step_is_remembered_with_the_hashes_of_its_files_and_told(tmp_path):
    with opened(tmp_path) as context:
        context.progress = told = Told()
        for value in ("1", "1", "2"):
            context.do(Step("one", {"value": value}, lambda folder, v=value: (folder / "x").write_text(v) and None))
        path = context.ledger.folder("one") / "x"
        assert path.read_text() == "2"
        assert context.outcomes == {"one": {"x": hash_file(path)}}
    assert [line[1:] for line in told.lines if line[0] == "finish"] == [
        ("one", "done"),
        ("one", "unchanged"),
        ("one", "done"),
    ]
    assert told.lines[0] == ("start", "one")
