"""No homeless modules, no assert or print in the package, nothing that executes what it reads."""

from __future__ import annotations

import pytest
from tests.house import bans, exemptions
from tests.house.sources import ROOT, SRC, Source, repository_files, rooms, src_files


def test_modules_have_homes() -> None:
    paths = [p.relative_to(ROOT).as_posix() for p in repository_files() if p.suffix in {".py", ".pyi"}]
    exemptions.demand((v for path in paths for v in bans.name_violations(path)), "banned-name")


def test_source_has_nothing_banned() -> None:
    found = [v for source in src_files() for v in bans.code_violations(source)]
    exemptions.demand(found, "banned-call", "banned-import")


def test_no_module_has_the_name_of_its_room() -> None:
    twice = [p.as_posix() for room in rooms() for p in (SRC / room).rglob(f"{room}.py")]
    assert not twice, f"a module may not repeat its room's name: {twice}"


@pytest.mark.parametrize(
    "path",
    [
        "src/tmescope/utils.py",
        "src/tmescope/core/scoring.py",
        "src/tmescope/bulk/_helpers.py",
        "tests/common/test_a.py",
    ],
)
def test_homeless_names_are_found(path: str) -> None:
    assert [v.rule for v in bans.name_violations(path)] == ["banned-name"]


def test_a_name_that_only_contains_a_banned_word_is_fine() -> None:
    assert not list(bans.name_violations("src/tmescope/stats/scoring.py"))
    assert not list(bans.name_violations("src/tmescope/foundation/common_universe.py"))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("assert 1", "banned-call"),
        ("print('x')", "banned-call"),
        ("eval('1')", "banned-call"),
        ("exec('1')", "banned-call"),
        ("yaml.load(f)", "banned-call"),
        ("subprocess.run('ls', shell=True)", "banned-call"),
        ("subprocess.run('ls', shell=flag)", "banned-call"),
        ("os.system('ls')", "banned-call"),
        ("np.load(f, allow_pickle=True)", "banned-call"),
        ("pd.read_pickle(f)", "banned-call"),
        ("df.to_pickle(f)", "banned-call"),
        ("warnings.warn('x')", "banned-call"),
        ("import pickle", "banned-import"),
        ("from pickle import loads", "banned-import"),
        ("import xml.etree.ElementTree as ET", "banned-import"),
        ("from xml.dom import minidom", "banned-import"),
        ("from lxml import etree", "banned-import"),
        ("def f():\n    import socket", "banned-import"),
        ("from urllib import request", "banned-import"),
    ],
)
def test_samples_fail(text: str, rule: str) -> None:
    assert [v.rule for v in bans.code_violations(Source.of("src/tmescope/bulk/sample.py", text))] == [rule]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/tmescope/cli/main.py", "print('x')"),
        ("src/tmescope/ingest/fetch.py", "import socket"),
        ("src/tmescope/bulk/a.py", "re.compile('x')\nyaml.safe_load(f)\nsubprocess.run(['ls'], shell=False)"),
        (
            "src/tmescope/bulk/a.py",
            "from xml.sax.saxutils import escape\nimport urllib.parse\nimport xmltodict",
        ),
        ("src/tmescope/bulk/a.py", "np.load(f, allow_pickle=False)"),
    ],
)
def test_samples_pass(path: str, text: str) -> None:
    assert not list(bans.code_violations(Source.of(path, text)))
