"""Study files that say what cannot be, and places where results cannot go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.faults import STUDY, Fault, content, redraft, study, text, together

from tmescope.foundation.errors import (
    FileFormatError,
    FolderInUseError,
    IdentifierError,
    MethodError,
    MissingFileError,
    StoreError,
    StudyFileError,
    UnknownNameError,
)
from tmescope.store.lock import folder_lock

COHORT = ("cohorts", 0)


@contextmanager
def _another_run(folder: Path) -> Iterator[None]:
    with folder_lock(folder / "results" / ".tmescope" / "lock", folder=folder / "results"):
        yield


def _somebody_elses(folder: Path) -> None:
    (folder / "thesis").mkdir()
    (folder / "thesis" / "chapter.txt").write_text("mine")


STUDIES = (
    Fault("unknown key", study("profile", "signature", value=["cyt"]), StudyFileError, (STUDY, "profile.signature"),
          ("unknown key 'signature'",), hint="did you mean 'signatures'?"),
    Fault("no TOML", text(STUDY, lambda t: t.replace('id = "tiny"', "id = tiny")), StudyFileError,
          (STUDY, "line 4: id = tiny"),
          ("not TOML", "at line 4"), hint="text stands in quotes"),
    Fault("study id with a slash", study("study", "id", value="trials/2024"), StudyFileError, (STUDY, "study.id"),
          ("'trials/2024' cannot become a file name",)),
    Fault("cohort id that leaves the folder", study(*COHORT, "id", value="../a"), StudyFileError,
          (STUDY, "cohorts[1].id"), ("'../a' cannot become a file name",)),
    Fault("cohort twice", study("cohorts", 1, "id", value="a"), StudyFileError, (STUDY, "cohorts"),
          ("cohort ids are not unique: 'a'",)),
    Fault("number in quotes", study("study", "seed", value="3"), StudyFileError, (STUDY, "study.seed"),
          ("a whole number (it says '3')",)),
    Fault("key without value", redraft(lambda d: d["endpoints"]["os"].pop("unit")), StudyFileError,
          (STUDY, "endpoints.os.unit"), ("'unit' is missing",), hint="tmescope schema"),
    Fault("left to decide", study(*COHORT, "scale", value="DECIDE"), StudyFileError, (STUDY, "cohorts[a].scale"),
          ("still to be decided",), hint="in place of DECIDE"),
    Fault("unknown scale", study(*COHORT, "scale", value="log2 tpm"), StudyFileError, (STUDY, "cohorts[1].scale"),
          ("the scale 'log2 tpm' is not known", "log2(tpm+1)")),
    Fault("another format", study("format", value=2), StudyFileError, (STUDY, "format"),
          ("this should be 1 (it says 2)",)),
    Fault("unknown signature", study("profile", "signatures", value=["cyt", "inf6"]), UnknownNameError,
          ("profile.signatures",), ("no signature is named 'inf6'",), hint="did you mean 'ifng6'?"),
    Fault("unknown method", study("profile", "methods", value=["zscor"]), UnknownNameError, ("profile.methods",),
          ("no method is named 'zscor'",), hint="did you mean 'zscore'?"),
    Fault("method twice", study("profile", "methods", value=["zscore", "zscore"]), StudyFileError,
          (STUDY, "profile.methods"), ("'zscore' stands here more than once",)),
    Fault("no signature for a method", study("profile", "signatures", value=[]), StudyFileError,
          ("profile.signatures",), ("no signature is named", "zscore, ssgsea")),
    Fault("parameter out of range", study("profile", "parameters", value={"ssgsea": {"alpha": -1.5}}), MethodError,
          ("profile.parameters.ssgsea",), ("alpha = -1.5 is out of range",), hint="0 to 10"),
    Fault("own signature named like a bundled one", study("profile", "own_signatures", value={"cyt": ["CD8A"]}),
          StudyFileError, ("profile.own_signatures.cyt",), ("'cyt' is the name of a bundled signature",)),
    Fault("signature file that is missing", study("profile", "signature_files", value=["none.gmt"]), MissingFileError,
          ("profile.signature_files",), ("the file 'none.gmt'", "No such file")),
    Fault("signature file that is ragged",
          together(content("mine.gmt", b"A\tx\tGZMA\nB\tx\n"), study("profile", "signature_files", value=["mine.gmt"])),
          FileFormatError, ("profile.signature_files", "mine.gmt, line 2"), ("2 cells between tabs",), hint=".csv"),
    Fault("set of a file named like a bundled one",
          together(content("mine.gmt", b"cyt\tx\tGZMA\n"), study("profile", "signature_files", value=["mine.gmt"])),
          StudyFileError, ("profile.signature_files",), ("the bundled signatures and mine.gmt, line 1",),
          hint="rename the set"),
    Fault("gene universe that is missing", study("profile", "gene_universe", value="genes.txt"), MissingFileError,
          ("profile.gene_universe", "genes.txt"), ("the file 'genes.txt'", "No such file")),
    Fault("gene universe that is not text", study("profile", "gene_universe", value="b.tsv.gz"), FileFormatError,
          ("profile.gene_universe",), ("'b.tsv.gz' is not text",)),
    Fault("gene universe of other genes",
          together(content("genes.txt", b"# mouse\nGzma\n"), study("profile", "gene_universe", value="genes.txt")),
          IdentifierError, ("cohort a", "genes.txt"), ("none of the 1 genes of the universe", "'Gzma'"), n_problems=2),
    Fault("endpoint that takes a column", redraft(lambda d: d["endpoints"].update(sex=d["endpoints"].pop("response"))),
          StudyFileError, (STUDY, "endpoints"), ("the endpoint 'sex' needs the column 'sex'",)),
    Fault("question about an unknown endpoint", study("answers", "survival", value="pfs"), UnknownNameError,
          (STUDY, "answers.survival"), ("no time-to-event endpoint is named 'pfs'",), hint="os"),
    Fault("path too long", study(*COHORT, "expression", value="x" * 5000 + ".tsv"), MissingFileError, (".tsv",),
          ("File name too long",)),
    Fault("no path", study(*COHORT, "samples", value=""), StudyFileError, (STUDY, "cohorts[1].samples"),
          ("'' is not the path of a file",)),
    Fault("missing study file", lambda folder: (folder / STUDY).unlink(), MissingFileError, (STUDY,),
          ("there is no study file 'study.toml'",), hint="tmescope init"),
    Fault("output folder with other files", _somebody_elses, StoreError, ("thesis",),
          ("holds files that tmescope did not write",), hint="give another folder", output="thesis"),
    Fault("output that is a file", lambda folder: None, StoreError, ("a.tsv",), ("a file, not a folder",),
          output="a.tsv"),
    Fault("output below a file", lambda folder: None, StoreError, ("a.tsv/results",),
          ("the output folder cannot be made: Not a directory",), output="a.tsv/results"),
    Fault("output folder in use", lambda folder: (folder / "results" / ".tmescope").mkdir(parents=True),
          FolderInUseError, ("results",), ("another run (process",), hint="wait until it ends", meanwhile=_another_run),
)  # fmt: skip
