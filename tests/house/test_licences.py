"""All that the core installs is BSD, MIT, Apache, ISC, PSF or MPL-2.0; parts are excepted one by one.

The table below is explained in docs/licences.md.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import metadata

import pytest
from packaging.version import Version
from tests.house import licences
from tests.house.sources import ROOT

CC0_NUMPY = "public-domain dedication of the generator SPLITMIX64 compiled into numpy; asks for nothing"
ZERO_BSD_NUMPY = "pythoncapi-compat, a header compiled into numpy: BSD without the attribution clause; asks for nothing"
ZLIB_NUMPY = "libdivide, a header that numpy takes under Zlib; asks only that altered sources are marked as such"
OPEN_MPI = "LAPACK's modified BSD licence, inside OpenBLAS; BSD-3-Clause with one more disclaimer"
GCC_RUNTIME = "Fortran runtime beside OpenBLAS in the wheel; the exception permits use by programs of any licence"
QUADMATH = "separate shared library beside OpenBLAS in the wheel, loaded dynamically, replaceable, not altered by us"


@dataclass(frozen=True)
class Part:
    """A licence inside a distribution that is not on the list, why it is admitted, before which version."""

    licence: str
    reason: str
    before: str = ""


PARTS = {
    "numpy": (
        Part("0BSD", ZERO_BSD_NUMPY),
        Part("CC0-1.0", CC0_NUMPY),
        Part("Zlib", ZLIB_NUMPY),
        Part("BSD-3-Clause-Open-MPI", OPEN_MPI),
        Part("GPL-3.0-or-later WITH GCC-exception-3.1", GCC_RUNTIME),
        Part("LGPL-2.1-or-later", QUADMATH, before="2.5"),
    ),
    "scipy": (
        Part("BSD-3-Clause-Open-MPI", OPEN_MPI),
        Part("GPL-3.0-or-later WITH GCC-exception-3.1", GCC_RUNTIME),
        Part("LGPL-2.1-or-later", QUADMATH),
    ),
}
"""Admitted in that distribution only; docs/licences.md shows the same table."""


_FONT = "fonts beside matplotlib, which draws nothing here; copies must carry the notice of their licence"
EXTRA_PARTS = {
    "matplotlib": (
        Part("OFL-1.1", _FONT),
        Part("BaKoMa Fonts Licence", _FONT),
        Part("Bitstream-Charter", _FONT),
        Part("FTL", "FreeType compiled into matplotlib; BSD-like, asks to be named in documentation"),
        Part("MIT-Modern-Variant", "HarfBuzz compiled into matplotlib; MIT in other words"),
        Part("Qhull", "Qhull compiled into matplotlib; permissive, asks that altered sources are marked"),
        Part("CC0-1.0", "dedicated to the public domain; asks for nothing"),
    ),
    "pillow": (Part("MIT-CMU", "MIT in the words of Carnegie Mellon University"),),
    "cffi": (Part("MIT-0", "MIT without the duty to name its authors"),),
}
"""Admitted in that distribution only, where an extra brings it; docs/licences.md shows the same table."""


@functools.cache
def _installed() -> dict[str, metadata.Distribution]:
    return licences.closure("tmescope")


def _stated(name: str) -> list[str]:
    """Licences that a distribution states: its own, and those of the parts that its licence files list."""
    distribution = _installed()[name]
    parts = [part for text in licences.licence_texts(distribution) for part in licences.bundled_parts(text)]
    return [*licences.stated_by(distribution), *(licence for _, licence in parts)]


def _admitted_parts(name: str) -> frozenset[str]:
    """Licences of parts that the table admits in the installed version of a distribution."""
    version = Version(_installed()[name].version)
    return frozenset(p.licence for p in PARTS.get(name, ()) if not p.before or version < Version(p.before))


def test_the_closure_is_the_core() -> None:
    direct = {
        "numpy",
        "scipy",
        "pandas",
        "numba",
        "anndata",
        "pydantic",
        "typer",
        "altair",
        "vl-convert-python",
        "httpx",
        "duckdb",
    }
    assert direct <= set(_installed())
    assert {"llvmlite", "h5py", "zarr", "certifi"} <= set(_installed()), "what the dependencies bring belongs to it"
    assert not {"pytest", "hypothesis", "scikit-learn", "statsmodels", "trustme", "cryptography"} & set(_installed()), (
        "tools of the developers do not"
    )


def test_everything_that_the_core_installs_is_admitted() -> None:
    refused = {}
    for name in sorted(_installed()):
        own = licences.ADMITTED | _admitted_parts(name)
        if found := licences.refused_licences(_stated(name), own):
            refused[name] = sorted(found)
    assert not refused, f"not admitted (docs/licences.md says what to do): {refused}"


@pytest.mark.parametrize(
    ("asked", "brought"),
    [
        (("pydeseq2",), {"pydeseq2", "matplotlib", "formulaic"}),
        (("pynndescent", "umap-learn", "graspologic-native"), {"umap-learn", "pynndescent", "tqdm", "joblib"}),
    ],
    ids=["deseq2", "cells"],
)
def test_everything_that_an_extra_installs_is_admitted(asked: tuple[str, ...], brought: set[str]) -> None:
    found = {name: d for extra in asked for name, d in licences.closure(extra).items()}
    refused = {}
    for name in sorted(found.keys() - _installed().keys()):
        texts = licences.licence_texts(found[name])
        parts = [licence for text in texts for _, licence in licences.bundled_parts(text)]
        own = {
            p.licence for p in EXTRA_PARTS.get(name, ())
        }  # not all of them are SPDX, so that they are taken off after
        stated = [*licences.stated_by(found[name]), *parts]
        if wrong := licences.refused_licences(stated, licences.ADMITTED | own) - own:
            refused[name] = sorted(wrong)
    assert brought <= set(found)
    assert not refused, f"not admitted (docs/licences.md says what to do): {refused}"
    assert not brought & set(_installed()), "the core brings none of it"


def test_scikit_misc_of_the_extra_cells_is_admitted_and_not_in_the_core() -> None:
    brought = licences.closure("scikit-misc")
    stated = licences.stated_by(brought["scikit-misc"])
    assert stated
    assert not licences.refused_licences(stated, licences.ADMITTED)
    assert brought.keys() - _installed().keys() == {"scikit-misc"}


def test_everything_that_the_extra_cluster_installs_is_admitted() -> None:
    brought = licences.closure("dask") | licences.closure("distributed") | licences.closure("cryptography")
    refused = {}
    for name in sorted(brought.keys() - _installed().keys()):
        texts = licences.licence_texts(brought[name])
        parts = [licence for text in texts for _, licence in licences.bundled_parts(text)]
        own = {p.licence for p in EXTRA_PARTS.get(name, ())}
        if found := licences.refused_licences([*licences.stated_by(brought[name]), *parts], licences.ADMITTED | own):
            refused[name] = sorted(found)
    assert {"tornado", "msgpack", "cffi"} <= brought.keys()
    assert not refused, f"not admitted (docs/licences.md says what to do): {refused}"
    assert not {"dask", "distributed", "tornado"} & set(_installed()), "the core brings none of it"


@pytest.mark.parametrize("name", PARTS)
def test_no_entry_of_the_table_is_stale(name: str) -> None:
    needed = licences.refused_licences(_stated(name), licences.ADMITTED)
    assert _admitted_parts(name) == needed, "remove the entries that the distribution no longer needs"


def test_every_entry_of_the_table_is_documented() -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    missing = [
        (name, part.licence)
        for name, parts in (*PARTS.items(), *EXTRA_PARTS.items())
        for part in parts
        if not any(f"`{name}`" in row and f"| {part.licence} |" in row for row in rows)
    ]
    assert not missing


@pytest.mark.parametrize(
    ("expression", "refused"),
    [
        ("MIT", set()),
        ("Apache-2.0 OR BSD-2-Clause", set()),
        ("GPL-3.0-only OR MIT", set()),
        ("MIT OR (GPL-2.0-only AND CC-BY-4.0)", set()),
        ("BSD-2-Clause AND Apache-2.0 WITH LLVM-exception", set()),
        ("GPL-3.0-or-later", {"GPL-3.0-or-later"}),
        ("MIT AND GPL-3.0-only", {"GPL-3.0-only"}),
        ("MIT AND (GPL-3.0-only OR LGPL-2.1-only)", {"GPL-3.0-only"}),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"GPL-2.0-only WITH Classpath-exception-2.0"}),
        ("BSD-3-Clause AND 0BSD AND Zlib", {"0BSD", "Zlib"}),
        ("CC-BY-NC-4.0", {"CC-BY-NC-4.0"}),
        ("LicenseRef-Proprietary", {"LicenseRef-Proprietary"}),
    ],
)
def test_expressions(expression: str, refused: set[str]) -> None:
    assert licences.refused(expression) == refused


@pytest.mark.parametrize("text", ["", "MIT AND", "(MIT", "MIT)", "AND MIT", "MIT BSD-2-Clause", "MIT, BSD"])
def test_text_that_is_no_expression_is_an_error(text: str) -> None:
    with pytest.raises(licences.LicenceSyntaxError):
        licences.refused(text)


@pytest.mark.parametrize(
    ("expression", "classifiers", "field", "is_admitted"),
    [
        (None, ["License :: OSI Approved :: BSD License"], "Copyright (c) 2015, Somebody", True),
        (None, [], "BSD 3-Clause License\n\nCopyright (c) 2026", True),
        (None, [], "Apache-2.0", True),
        (None, [], "2-clause BSD", True),
        (None, [], "MPL-2.0 AND MIT", True),
        (None, [], "MPL-2.0 AND GPL-3.0-only", False),
        (None, [], "MIT AND something", False),
        (
            "MIT",
            ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"],
            None,
            True,
        ),  # PEP 639: it wins
        (None, ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"], None, False),
        (None, ["License :: OSI Approved :: MIT License"], "GPLv3", False),
        (
            None,
            ["License :: OSI Approved :: MIT License", "License :: Other/Proprietary License"],
            None,
            False,
        ),
        (None, ["License :: OSI Approved"], None, False),
        (None, ["Programming Language :: Python"], "", False),
        (None, [], "see the file LICENSE", False),
        (None, [], "GNU Lesser General Public License", False),
        (None, [], "Free for non-commercial use", False),
        ("Not a licence at all!", [], None, False),
    ],
)
def test_metadata(expression: str | None, classifiers: list[str], field: str | None, is_admitted: bool) -> None:
    stated = licences.stated_licences(expression=expression, classifiers=classifiers, field=field)
    assert (not licences.refused_licences(stated, licences.ADMITTED)) == is_admitted


def test_bundled_parts_are_read_from_licence_files() -> None:
    text = "Words.\n\nName: A part\nFiles: a.so\nLicense: GPL-3.0-only\n  text\nName: B\nLicense: MIT\n"
    assert list(licences.bundled_parts(text)) == [("A part", "GPL-3.0-only"), ("B", "MIT")]


def test_a_part_is_admitted_only_where_the_table_names_it() -> None:
    own = licences.ADMITTED | {"GPL-3.0-or-later WITH GCC-exception-3.1"}
    assert not licences.refused("GPL-3.0-or-later WITH GCC-exception-3.1", own)
    assert licences.refused("GPL-3.0-or-later", own)
    assert licences.refused("GPL-3.0-or-later WITH GCC-exception-3.1")
