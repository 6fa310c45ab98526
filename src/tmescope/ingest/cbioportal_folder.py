"""cBioPortal study folders: what their meta files say is there, and where it lies; nothing outside is touched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tmescope.foundation.errors import FileFormatError, MissingFileError, TmescopeError, examples
from tmescope.foundation.provenance import hash_file, hash_json
from tmescope.ingest.blocks import each_line
from tmescope.ingest.decompress import Limits, open_bytes
from tmescope.ingest.findings import raise_all
from tmescope.ingest.formats import META_STUDY, is_study_folder

__all__ = ["Meta", "StudyFolder", "hash_input", "open_study_folder"]

_META = re.compile(r"(meta[_.-].*|.*[_.-]meta)\.txt", re.IGNORECASE)
_MOST_META = 1000
_META_LIMITS = Limits(max_bytes=1 << 20)
_LFS = b"version https://git-lfs"
_SHOWN_LINE = 60


@dataclass(frozen=True)
class Meta:
    """One meta file.

    Parameters
    ----------
    path : Path
        The file.
    root : Path
        The study's folder, which its data file must not leave.
    fields : mapping of str to str
        Its ``key: value`` lines.
    lines : mapping of str to int
        The line of each key.
    """

    path: Path
    root: Path
    fields: Mapping[str, str]
    lines: Mapping[str, int]

    def where(self, key: str = "") -> str:
        """Return the place of a key for messages."""
        return f"{self.path}, line {self.lines[key]}" if key in self.lines else str(self.path)

    def get(self, key: str) -> str:
        """Return a value; the empty text where there is none."""
        return self.fields.get(key, "")

    def require(self, key: str) -> str:
        """Return a value that must be there.

        Raises
        ------
        FileFormatError
            If the key is absent or empty.
        """
        if not self.get(key):
            raise FileFormatError(
                f"the meta file does not say its {key}",
                where=self.where(key),
                expected=f"a line such as {key}: ...",
                next_step="complete the meta file, or download the study again",
            )
        return self.fields[key]

    def data_file(self) -> Path:
        """Return the file that ``data_filename`` names.

        Raises
        ------
        FileFormatError
            No ``data_filename``; one that leaves the folder (absolute, ``..``, a link); a folder; nothing but a pointer
            of Git LFS; an empty file.
        MissingFileError
            If there is no such file.
        """
        name = self.require("data_filename")
        if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            raise self._leaves(name)
        path = self.root / name
        try:
            is_inside = path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):  # a loop of links
            is_inside = False
        if not is_inside:
            raise self._leaves(name)
        if not path.exists():
            raise MissingFileError(
                f"there is no file {name!r}",
                where=self.where("data_filename"),
                expected="the data file in the study's folder",
                next_step="download the study again, or correct data_filename",
            )
        if not path.is_file():
            raise FileFormatError(
                f"{name!r} is no file",
                where=self.where("data_filename"),
                expected="a text file",
                next_step="correct data_filename, or download the study again",
            )
        _check_content(path)
        return path

    def _leaves(self, name: str) -> FileFormatError:
        return FileFormatError(
            f"data_filename {name[:_SHOWN_LINE]!r} leads out of the study's folder",
            where=self.where("data_filename"),
            expected="the name of a file in the folder",
            next_step="copy the file into the folder and name it there",
        )


@dataclass(frozen=True)
class StudyFolder:
    """A study as its meta files describe it; no data file was opened.

    Parameters
    ----------
    path : Path
        The folder.
    study : Meta
        ``meta_study.txt``.
    expression : tuple of Meta
        Those of the type MRNA_EXPRESSION, by the name of their file.
    patients, samples : Meta, optional
        Of the clinical tables.
    """

    path: Path
    study: Meta
    expression: tuple[Meta, ...]
    patients: Meta | None
    samples: Meta | None

    @property
    def used(self) -> Iterator[Path]:
        """The files that tmescope can read from the folder, for hashes; data files that are absent are left out."""
        for meta in (self.study, *self.expression, *(m for m in (self.patients, self.samples) if m)):
            yield meta.path
            try:
                if meta is not self.study:
                    yield meta.data_file()
            except TmescopeError:  # whoever reads it says what is wrong
                continue


def open_study_folder(path: Path) -> StudyFolder:
    """Read the meta files of a study.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    StudyFolder

    Raises
    ------
    MissingFileError
        No such folder, or no ``meta_study.txt`` in it.
    FileFormatError
        Lines that are not ``key: value``, keys that repeat, files of other studies, two tables of one kind.
    ManyProblems
        Several of these.

    Notes
    -----
    A meta file of another kind (mutations, copy number) is not looked at further than its ``genetic_alteration_type``.
    """
    if not is_study_folder(path):
        raise MissingFileError(
            f"there is no {META_STUDY} in {path.name!r}" if path.is_dir() else f"{path.name!r} is not a folder",
            where=str(path),
            expected="the folder of a cBioPortal study, with its meta files",
            next_step="name the folder that holds meta_study.txt",
        )
    problems: list[TmescopeError] = []
    study = _read_meta(path / META_STUDY, path, problems)
    metas = [m for p in _meta_paths(path) if (m := _read_meta(p, path, problems)) is not None]
    if study is not None:
        problems += _strangers(study, metas)
    clinical = [m for m in metas if m.get("genetic_alteration_type") == "CLINICAL"]
    tables: dict[str, Meta | None] = {}
    for kind in ("PATIENT_ATTRIBUTES", "SAMPLE_ATTRIBUTES"):
        of_kind = [m for m in clinical if m.get("datatype") == kind]
        problems += _several(of_kind, kind)
        tables[kind] = of_kind[0] if of_kind else None
    raise_all(problems)
    if study is None:
        raise FileFormatError("the study's meta file could not be read", where=str(path))  # never: it is a problem
    expression = tuple(m for m in metas if m.get("genetic_alteration_type") == "MRNA_EXPRESSION")
    return StudyFolder(path, study, expression, tables["PATIENT_ATTRIBUTES"], tables["SAMPLE_ATTRIBUTES"])


def hash_input(path: Path) -> str:
    """Return the sha256 of a file; of a study folder that of the names and contents of what can be read from it.

    Parameters
    ----------
    path : Path
        A file or the folder of a study.

    Raises
    ------
    OSError
        If the file cannot be read.
    MissingFileError, FileFormatError
        If the folder is no study.
    """
    if not is_study_folder(path):
        return hash_file(path)
    used = sorted(set(open_study_folder(path).used))
    return hash_json({p.relative_to(path).as_posix(): hash_file(p) for p in used})


def _meta_paths(folder: Path) -> list[Path]:
    found = [p for p in folder.iterdir() if _META.fullmatch(p.name) and p.name != META_STUDY]
    if len(found) > _MOST_META:
        raise FileFormatError(
            f"there are {len(found):,} meta files", where=str(folder), expected=f"at most {_MOST_META:,}"
        )
    return sorted(found)


def _read_meta(path: Path, root: Path, problems: list[TmescopeError]) -> Meta | None:
    """Return a meta file, or None where it has a problem or is of no use here."""
    fields: dict[str, str] = {}
    lines: dict[str, int] = {}
    faults: list[TmescopeError] = []
    try:
        _check_link(path, root)
        _check_content(path)
        with open_bytes(path, limits=_META_LIMITS) as handle:
            for number, text in each_line(handle, str(path)):
                _take(text, number, (fields, lines), faults=faults, where=str(path))
    except TmescopeError as error:
        faults.append(error)
    except OSError as error:
        faults.append(MissingFileError(f"the meta file cannot be read ({error.strerror})", where=str(path)))
    kind = fields.get("genetic_alteration_type")
    if path.name == META_STUDY:
        meta = Meta(path, root, fields, lines)
        faults += _absent(meta, faults)
    elif kind is not None and kind not in ("MRNA_EXPRESSION", "CLINICAL"):
        return None
    else:
        meta = Meta(path, root, fields, lines)
    problems += faults
    return None if faults else meta


def _absent(meta: Meta, faults: Sequence[TmescopeError]) -> list[TmescopeError]:
    if faults:
        return []
    try:
        meta.require("cancer_study_identifier")
    except FileFormatError as error:
        return [error]
    return []


def _take(
    text: str,
    number: int,
    into: tuple[dict[str, str], dict[str, int]],
    *,
    faults: list[TmescopeError],
    where: str,
) -> None:
    fields, lines = into
    if not text.strip():
        return
    key, colon, value = text.partition(":")
    key = key.strip()
    if not colon or not key:
        what = f"the line {text.strip()[:_SHOWN_LINE]!r} is no 'key: value'"
    elif key in fields:
        what = f"the key {key[:_SHOWN_LINE]!r} stands there twice, first in line {lines[key]}"
    else:
        fields[key], lines[key] = value.strip(), number
        return
    faults.append(
        FileFormatError(
            what,
            where=f"{where}, line {number}",
            expected="one 'key: value' a line, each key once",
            next_step="correct the meta file, or download the study again",
        )
    )


def _check_link(path: Path, root: Path) -> None:
    try:
        is_inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        is_inside = False
    if not is_inside:
        raise FileFormatError(
            "the meta file is a link that leads out of the study's folder",
            where=str(path),
            expected="files in the folder",
            next_step="copy the file into the folder",
        )
    if not path.is_file():  # a folder, or a pipe that would never end
        raise FileFormatError(
            f"{path.name!r} is no file",
            where=str(path),
            expected="a text file",
            next_step="remove it from the folder, or rename it",
        )


def _check_content(path: Path) -> None:
    with path.open("rb") as handle:
        head = handle.read(len(_LFS))
    if not head:
        raise FileFormatError(
            "the file is empty (0 bytes)",
            where=str(path),
            expected="text",
            next_step="download the file again",
        )
    if head == _LFS:
        raise FileFormatError(
            "the file is a pointer of Git LFS, not the data",
            where=str(path),
            expected="the data file itself",
            next_step="fetch the data with: git lfs pull",
        )


def _strangers(study: Meta, metas: Sequence[Meta]) -> Iterator[TmescopeError]:
    own = study.get("cancer_study_identifier")
    for meta in metas:
        other = meta.get("cancer_study_identifier")
        if meta.get("genetic_alteration_type") and other != own:
            yield FileFormatError(
                f"the meta file is of the study {other[:_SHOWN_LINE]!r}; {META_STUDY} says {own[:_SHOWN_LINE]!r}",
                where=meta.where("cancer_study_identifier"),
                expected="one study in one folder",
                next_step="move the files of the other study out of the folder",
            )


def _several(metas: Sequence[Meta], kind: str) -> list[TmescopeError]:
    if len(metas) < 2:
        return []
    return [
        FileFormatError(
            f"{len(metas)} meta files are of the kind {kind}: {examples(m.path.name for m in metas)}",
            where=str(metas[1].path),
            expected="one",
            next_step="remove all but one of them",
        )
    ]
