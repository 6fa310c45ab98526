from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tmescope.foundation.errors import FolderInUseError
from tmescope.store.lock import folder_lock

HOLD = """
import sys, pathlib
from tmescope.store.lock import folder_lock
with folder_lock(pathlib.Path(sys.argv[1]), folder=pathlib.Path('results')):
    print('held', flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_the_folder(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(FolderInUseError, match=f"process {holder.pid}") as caught,
            folder_lock(path, folder=tmp_path),
        ):
            pytest.fail("entered")
        assert "--output" in str(caught.value)
        holder.kill()
    with folder_lock(path, folder=tmp_path):
        assert path.read_text().strip() == str(os.getpid())
