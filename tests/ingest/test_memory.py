from __future__ import annotations

import signal
import subprocess
import sys

_HEAD = "from tmescope.ingest.memory import allow_memory, limit_process\n"


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _HEAD + code], capture_output=True, text=True, check=False)


def test_memory_beyond_what_is_allowed_is_an_error_and_can_be_allowed_later() -> None:
    code = """
limit_process(cpu_seconds=60)
allow_memory(64 << 20)
try:
    bytearray(256 << 20)
except MemoryError:
    print("refused")
allow_memory(512 << 20)
print(len(bytearray(256 << 20)))
"""
    assert _run(code).stdout.split() == ["refused", str(256 << 20)]


def test_a_process_ends_after_its_processor_time() -> None:
    done = _run("limit_process(cpu_seconds=1)\nwhile True: pass")
    assert -done.returncode in (signal.SIGXCPU, signal.SIGKILL)


def test_a_process_that_took_no_limits_gets_none() -> None:
    code = "allow_memory(1 << 20)\nprint(len(bytearray(256 << 20)))"
    assert _run(code).stdout.split() == [str(256 << 20)]
