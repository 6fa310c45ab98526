"""What is fuzzed: one line for each parser, with the seeds that it starts from."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.ingest import citations_made as cited
from tests.ingest import workbooks_made as books
from tests.ingest.matrices_made import WRITERS, Made
from tests.ingest.records_made import ENTRY, RESULT, STUDY
from tests.study import tiny

from tmescope.facts.own_sets import read_signature_file
from tmescope.foundation.scale import Scale
from tmescope.ingest.cbioportal_clinical import read_clinical_file
from tmescope.ingest.clinicaltrials import read_clinicaltrials
from tmescope.ingest.decompress import Limits
from tmescope.ingest.europepmc import read_europepmc
from tmescope.ingest.expression import read_expression
from tmescope.ingest.h5ad_content import read_content
from tmescope.ingest.nbib import read_nbib
from tmescope.ingest.options import FileFormat
from tmescope.ingest.preprints import read_preprints
from tmescope.ingest.pubmed import read_pubmed
from tmescope.ingest.quantifications import read_quantification
from tmescope.ingest.ris import read_ris
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.workbook_parts import (
    Meanings,
    parse_rels,
    parse_sheet,
    parse_strings,
    parse_styles,
    parse_workbook,
)
from tmescope.study.loading import load_study

__all__ = ["TARGETS", "Target"]

LIMITS = Limits(max_bytes=16 << 20, max_ratio=200.0, ratio_from=1 << 16)


@dataclass(frozen=True)
class Target:
    """A parser.

    ``read`` gets a file; anything that it raises but a `TmescopeError` is a finding, and so is a warning. ``in_c``
    means that a library in C does the parsing: such files are tried in children, since it may crash, and without
    coverage. ``apart`` means that tmescope reads such files in a process of their own too: a crash or a hang is then
    counted, since it becomes an error, and is no finding.
    """

    name: str
    file_name: str
    read: Callable[[Path], object]
    seeds: Callable[[], Sequence[bytes]]
    in_c: bool = False
    apart: bool = False


def _matrix(form: str | None = None, gene_column: str | None = None) -> Callable[[Path], object]:
    declared = cast("FileFormat | None", form)
    return lambda path: read_expression(path, declared, gene_column=gene_column, limits=LIMITS)


def _h5ad(path: Path) -> object:
    """Read as the process does that tmescope starts for such a file; what crashes or hangs it, tmescope survives."""
    return read_content(path, limits=LIMITS, layer=None)


def _samples(form: str) -> Callable[[Path], object]:
    return lambda path: read_sample_table(path, cast("FileFormat", form), limits=LIMITS)


MADE = (
    Made(("CD8A", "GZMB", "NA"), ("S1", "S2", "S3"), ((1.5, 0.1, float("nan")), (0.0, 1e300, 5e-324), (1, 2, 3))),
    Made(("A",), ("B",), ((0.25,),)),
)


def _written(*names: str) -> Callable[[], list[bytes]]:
    return lambda: [w.write(made) for w in WRITERS for made in MADE if w.name in names]


def _tables() -> list[bytes]:
    plain = tiny.cohort_frames(1, 4)[1].to_csv(index=False).encode()
    others = (b'id,note\nS1,"a, ""b""\nc"\n', b"\xef\xbb\xbfid;age;x\r\nS1;61;0,5\r\n", b"# made\nid\tx\nS1\t1 234,5\n")
    return [plain, plain.replace(b",", b"\t"), "id\tx\nä\t1.000.000,5\n".encode("utf-16"), *others]


def _dialects() -> list[bytes]:
    return [
        b"g;A;B\nx;0,5;1\n",
        b"# c\ng\tA\nx\t1'234.5\n",
        "g\tA\nx\t1\n".encode("utf-16"),
        b"g|A|B\nx|1.5|2,000,000\n",
    ]


def _sheets() -> list[bytes]:
    first = books.sheet(
        books.cell("A1", "id") + books.cell("B1", "day"), books.cell("A2", "S1") + books.cell("B2", 45000, 1)
    )
    parts = books.workbook({"samples": first, "other": books.sheet()}, hidden=("other",))
    strings = '<sst><si><t>a_x000A_b</t></si><si><r><t>c</t></r><rPh sb="0" eb="1"><t>d</t></rPh></si></sst>'
    chosen = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml")
    cells = '<c r="A1" t="s"><v>0</v></c><c r="B1" t="b"><v>1</v></c><c r="C1" t="e"><v>#N/A</v></c>'
    merged = books.sheet(cells, merged="A1:B1")
    return [parts[name].encode() for name in chosen] + [strings.encode(), merged.encode()]


def _books() -> list[bytes]:
    first = books.sheet(
        books.cell("A1", "id") + books.cell("B1", "day"), books.cell("A2", "S1") + books.cell("B2", 45000, 1)
    )
    return [books.packed(books.workbook({"samples": first})), books.packed(books.workbook({"a": first, "b": first}))]


def _read_parts(path: Path) -> None:
    """Parse the bytes as every part of a workbook."""
    data = path.read_bytes()
    problems = []
    for parse in (parse_workbook, parse_rels, parse_strings, parse_styles, _parse_sheet):
        try:
            parse(data, "part")
        except ValueError as error:  # the next part shall be tried too
            problems.append(error)
    unexpected = [p for p in problems if not hasattr(p, "next_step")]
    if unexpected:
        raise unexpected[0]


def _parse_sheet(data: bytes, where: str) -> object:
    return parse_sheet(data, Meanings(("one", "two"), frozenset({1, 2})), where)


def _packed() -> list[bytes]:
    plain = _written("tsv")()[0]
    return [
        gzip.compress(plain),
        gzip.compress(plain[:20]) + gzip.compress(plain[20:]),
        gzip.compress(b"0" * (1 << 20)),
    ]


def _mtx(path: Path) -> object:
    folder = path.parent
    (folder / "features.tsv").write_text("ENSG1\tCD8A\tGene Expression\nENSG2\tGZMB\tGene Expression\n")
    (folder / "barcodes.tsv").write_text("AAAC-1\nAAAG-1\nAAAT-1\n")
    return read_expression(folder, "10x_mtx", gene_column="gene_name", limits=LIMITS)


def _quantification(path: Path) -> object:
    return read_quantification(path, Scale("counts"), limits=LIMITS)


def _clinical(path: Path) -> object:
    return read_clinical_file(path, required=("PATIENT_ID", "SAMPLE_ID"), limits=LIMITS)


def _citations() -> list[bytes]:
    old = cited.article(2).replace("PubmedArticle>", "MedlineCitation>", 1)
    deletion = "<DeleteCitation><PMID>6</PMID></DeleteCitation>"
    texts = [cited.citations(cited.FULL, deletion), cited.citations(old, root="MedlineCitationSet", head="")]
    return [*(t.encode() for t in texts), gzip.compress(texts[0].encode()), texts[0].encode("utf-16")]


_NBIB = """PMID- 1
DP  - 2019 Dec
TI  - A long
      title
LID - 10.1000/a [doi]
FAU - M\u00fc, Ana
AU  - M\u00fc A
AD  - Here
CN  - Group
SI  - GEO/GSE1
RN  - EC 1.1 (Enzyme)
RIN - B. PMID: 9
MH  - Lung/*pathology
CRDT- 2019/11/30 06:00

"""
_RIS = """TY  - JOUR
AU  - M\u00fc, A.
TI  - T
AB  - a
b
DA  - 2020/03/09/
DO  - 10.1000/a
UR  - https://x.org/1
ER  -
"""
_HEADS = "#Patient\tSample\tAge\n#p\ts\ta\n#STRING\tSTRING\tNUMBER\n#1\t1\t1\n"
_QUANTIFIED = (
    b"gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM\nG1\tT1\t10\t9.5\t2\t1\t1\n",
    b"# Program:featureCounts\nGeneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\nG1\tchr1\t1\t9\t+\t9\t3\n",
    b"N_unmapped\t1\t1\t1\nN_multimapping\t0\t0\t0\nN_noFeature\t0\t1\t1\nN_ambiguous\t0\t0\t0\nG1\t3\t0\t3\n",
    b"gene\tcount\nG1\t3\nG2\t4\n",
)
_SETS = b'format = 1\nname = "a"\ngenes = ["CD8A", "GZMB"]\nweights = { CD8A = 1.0, GZMB = -2.0 }\n'


def _answers(record: object, *, around: str) -> Callable[[], list[bytes]]:
    """Return answers of an API with a record, plain and indented, and the record alone."""
    inner: object = [record, record]
    for name in reversed(around.split(".")):
        inner = {"total": "2", name: inner}
    plain = json.dumps(inner, ensure_ascii=False).encode()
    return lambda: [plain, json.dumps([record], indent=1).encode(), b'[{"a": [NaN, 1E400, "\\ud800"]}]']


def _batches(read: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda path: list(cast("Iterator[object]", read(path)))


def _studies() -> list[bytes]:
    written = tiny.to_toml(tiny.study_dict()).encode()
    tomllib.loads(written.decode())
    return [written, b'format = 1\n[study]\nid = "a"\n']


TARGETS = (
    Target("tsv", "m.tsv", _matrix(), _written("tsv")),
    Target("csv", "m.csv", _matrix(), _written("csv", "csv of R", "csv with CRLF")),
    Target("dialects", "m.txt", _matrix(), _dialects),
    Target("samples_csv", "s.csv", _samples("csv"), _tables),
    Target("samples_tsv", "s.tsv", _samples("tsv"), _tables),
    Target("gct", "m.gct", _matrix(), _written("gct 1.2", "gct 1.3")),
    Target("geo", "m_series_matrix.txt", _matrix(), _written("geo_series_matrix")),
    Target("geo_samples", "m_series_matrix.txt", _samples("geo_series_matrix"), _written("geo_series_matrix")),
    Target("nfcore", "m.tsv", _matrix("nfcore_rnaseq", "gene_name"), _written("nfcore_rnaseq")),
    Target("xlsx", "s.xlsx", _samples("xlsx"), _books),
    Target("xlsx_parts", "part.xml", _read_parts, _sheets),
    Target("gzip", "m.tsv.gz", _matrix(), _packed),
    Target("study", "study.toml", load_study, _studies),
    Target("parquet", "m.parquet", _matrix(), _written("parquet"), in_c=True),
    Target("samples_parquet", "s.parquet", _samples("parquet"), _written("parquet"), in_c=True),
    Target(
        "mtx", "matrix.mtx", _mtx, lambda: [b"%%MatrixMarket matrix coordinate integer general\n2 3 2\n1 1 5\n2 3 1\n"]
    ),
    Target("quantification", "s.txt", _quantification, lambda: _QUANTIFIED),
    Target(
        "clinical", "data_clinical.txt", _clinical, lambda: [f"{_HEADS}PATIENT_ID\tSAMPLE_ID\tAGE\nP\tS\t6\n".encode()]
    ),
    Target("gmt", "s.gmt", read_signature_file, lambda: [b"one\tnote\tCD8A\tGZMB\ntwo\t\tCTGF\n"]),
    Target("sets_csv", "s.csv", read_signature_file, lambda: [b"set,gene_symbol,weight,direction\na,CD8A,1.5,up\n"]),
    Target("sets_toml", "s.toml", read_signature_file, lambda: [_SETS]),
    Target("trials", "t.json", _batches(read_clinicaltrials), _answers(STUDY, around="studies")),
    Target("europepmc", "e.json", _batches(read_europepmc), _answers(RESULT, around="resultList.result")),
    Target("preprints", "b.json", _batches(read_preprints), _answers(ENTRY, around="collection")),
    Target("pubmed", "p.xml", _batches(read_pubmed), _citations),
    Target("nbib", "p.nbib", _batches(read_nbib), lambda: [_NBIB.encode(), _NBIB.replace("\n", "\r\n").encode() * 2]),
    Target("ris", "p.ris", _batches(read_ris), lambda: [_RIS.encode(), _RIS.encode() * 2]),
    Target("h5ad", "m.h5ad", _h5ad, _written("h5ad", "h5ad csr", "h5ad csc"), in_c=True, apart=True),
)
"""A new parser is one line here."""
