from __future__ import annotations

from tmescope.foundation.progress import SILENT


def test_silence_takes_everything_and_prints_nothing(capsys):
    SILENT.start("a", 3)
    SILENT.advance("a")
    SILENT.finish("a", "done")
    assert capsys.readouterr() == ("", "")
