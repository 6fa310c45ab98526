from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from bench.ingest_speed import write_matrix
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import TmescopeError
from tmescope.ingest.delimited import read_delimited
from tmescope.ingest.text_rows import RowReader

NEVER = 1 << 40

cells = st.one_of(
    st.decimals(-1000, 1000, places=4).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["", "NA", "NaN", "nan", "<NA>", "NULL", "N/A", "null", "0", "-0", "1e5", "2.", ".5", "1e-320",
                     " 7", "7 ", '"8"', "12345678901234567890", "0.1e-30", "inf", "-Infinity"]),
)  # fmt: skip
faults = st.sampled_from(["low", "1,5", "0x10", "1e", "--1", "N", "NAN", "1\t2", '"', "é", "1\r2", '"a\nb"', "_"])
names = st.one_of(st.text("aBé1 ", max_size=4), st.sampled_from(['"q"', '"a\tb"', '"a""b"', "NA", "", "'"]))


@st.composite
def texts(draw: st.DrawFn) -> str:
    n = draw(st.integers(1, 3))
    some = st.lists(cells, min_size=n, max_size=n)
    rows = draw(st.lists(st.tuples(names, some), min_size=1, max_size=8))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = ["\t".join((name, *row)) for name, row in rows]
    if draw(st.booleans()):
        lines.insert(draw(st.integers(0, len(lines))), "")
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(lines) - 1))
        lines[at] = "\t".join(("x", *["1"] * (n - 1), draw(faults)))
    header = draw(st.sampled_from(["gene\t", ""])) + "\t".join(f"S{i}" for i in range(n))
    return header + end + end.join(lines) + draw(st.sampled_from([end, ""]))


def _outcome(path: Path, *, block: int | None, plain_from: int) -> object:
    try:
        raw = read_delimited(path, "tsv", block=block, plain_from=plain_from)
    except TmescopeError as error:
        return type(error), str(error)
    return raw.by_column.shape, raw.by_column.tobytes(), raw.rows, raw.columns


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=texts(), block=st.integers(1, 40), packed=st.booleans())
def test_the_size_of_blocks_and_the_reader_of_plain_rows_change_nothing(
    tmp_path: Path, text: str, block: int, packed: bool
) -> None:
    path = tmp_path / "m.tsv"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    whole = _outcome(path, block=None, plain_from=NEVER)
    assert _outcome(path, block=block, plain_from=NEVER) == whole
    assert _outcome(path, block=None, plain_from=0) == whole
    assert _outcome(path, block=block, plain_from=0) == whole


def test_a_line_break_inside_a_cell_is_a_fault_although_arrow_could_read_it() -> None:
    reader = RowReader(1, "\t")
    with pytest.raises(pa.ArrowInvalid, match="2 lines hold 1 rows"):
        reader.read(b'"a\nb"\t1\n', share=1.0, plain=True)


def test_plain_rows_and_others_stand_in_the_order_of_the_file() -> None:
    reader = RowReader(2, ",")
    reader.read(b"a,1,2\nb,0.1000000000000000055,NA\nc,3,4\n", share=0.5, plain=True)
    reader.read(b"d,5,6\n", share=1.0, plain=False)  # later blocks are tried too
    values, rows = reader.finish()
    assert rows == ("a", "b", "c", "d")
    np.testing.assert_array_equal(values, [[1, 0.1, 3, 5], [2, np.nan, 4, 6]])


def test_blocks_of_nothing_but_empty_lines_hold_no_rows() -> None:
    reader = RowReader(1, ",")
    reader.read(b"\n\r\n", share=0.1, plain=False)
    reader.read(b"a,1\n", share=1.0, plain=False)
    assert reader.finish()[1] == ("a",)


def test_a_share_that_misleads_costs_room_and_nothing_else() -> None:
    reader = RowReader(3, "\t")
    for i in range(50):
        reader.read(f"r{i}\t{i}\t{i}.5\t-{i}\n".encode(), share=0.0 if i % 2 else 1.0, plain=bool(i % 3))
    values, rows = reader.finish()
    assert rows == tuple(f"r{i}" for i in range(50))
    n = np.arange(50.0)
    np.testing.assert_array_equal(values, [n, n + 0.5, -n])
    assert values.flags.c_contiguous


MEMORY = """
import re, sys
from pathlib import Path
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.options import CohortOptions
def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
options = CohortOptions("c", "log2(tpm+1)")
read_cohort(Path(sys.argv[1]), options=options)
before = peak()
cohort = read_cohort(Path(sys.argv[2]), options=options)
print((peak() - before) / cohort.adata.X.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the system does not tell a process its peak")
def test_a_cohort_is_read_with_less_than_two_matrices_in_memory(tmp_path: Path) -> None:
    small, large = tmp_path / "small.tsv.gz", tmp_path / "large.tsv.gz"
    write_matrix(small, 600, 2_500)  # large enough to load all that reading needs, the plain reader too
    write_matrix(large, 2_000, 8_000)
    ended = subprocess.run(
        [sys.executable, "-c", MEMORY, small, large], check=True, capture_output=True, text=True, timeout=600
    )
    assert 0.5 < float(ended.stdout) < 1.7, ended.stdout
