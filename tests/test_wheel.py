"""The wheel is complete: installed elsewhere, without the repository and a network, it runs the demo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "src")
NO_SOCKETS = '''"""Refuses connections and listening sockets of this process."""

import socket


class NetworkRefusedError(OSError):
    """Something tried to use the network."""


def refuse(*arguments, **options):
    raise NetworkRefusedError("the network is off in this test")


socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = socket.socket.sendto = refuse
socket.getaddrinfo = socket.create_connection = refuse
'''


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy, so that nothing is written into the repository."""
    tree, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.nb?"))
        else:
            shutil.copy(origin, tree / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(build, cwd=tree, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the unpacked wheel; its dependencies come from the tests' environment."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def run_installed(site: Path, tmp_path: Path):
    """Run Python with the unpacked wheel first on its path, in an empty folder, with no network."""
    (tmp_path / "off").mkdir()
    (tmp_path / "off" / "sitecustomize.py").write_text(NO_SOCKETS, encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()

    def run(arguments: Sequence[str], *, within_s: float = 60) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "TMESCOPE"))}
        path = os.pathsep.join([str(tmp_path / "off"), str(site)])
        return subprocess.run(
            [*_no_network(), sys.executable, "-P", *arguments],
            cwd=work,
            env={**inherited, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
            capture_output=True,
            text=True,
            timeout=within_s,
        )

    return run


def _no_network() -> list[str]:
    """Command that takes the network from compiled code too, where this machine permits it."""
    unshare = shutil.which("unshare")
    command = [unshare, "--map-root-user", "--net"] if unshare else []
    works = command and subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0
    return command if works else []


def test_wheel_holds_the_package_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tmescope"}
    assert "tmescope/py.typed" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".nbi", ".nbc", ".pyc"))]
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    assert [name for name in names if name.endswith(".dist-info/entry_points.txt")]


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = [p for p in (ROOT / "src" / "tmescope").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    missing = sorted({p.relative_to(ROOT / "src").as_posix() for p in files} - packed)
    assert not missing


def test_version_comes_from_the_wheel(site: Path, run_installed) -> None:
    done = run_installed(["-m", "tmescope", "--version"])
    assert done.returncode == 0, done.stderr
    (metadata,) = site.glob("tmescope-*.dist-info")
    assert done.stdout.split() == [
        "tmescope",
        metadata.name.removeprefix("tmescope-").removesuffix(".dist-info"),
    ]


def test_the_package_and_its_facts_are_the_installed_ones(site: Path, run_installed) -> None:
    code = (
        "import json, tmescope, tmescope.facts as facts\n"
        "signatures = facts.list_signatures()\n"
        "print(json.dumps([tmescope.__file__, len(signatures), len(facts.load_collection('mcp_counter'))]))"
    )
    done = run_installed(["-c", code])
    assert done.returncode == 0, done.stderr
    home, n_signatures, n_populations = json.loads(done.stdout)
    assert Path(home).is_relative_to(site)
    assert n_signatures >= 15
    assert n_populations >= 8


@pytest.mark.parametrize(
    "call", ["s.connect(('127.0.0.1', 9))", "s.bind(('127.0.0.1', 0))", "socket.getaddrinfo('a', 1)"]
)
def test_sockets_are_off(run_installed, call: str) -> None:
    done = run_installed(["-c", f"import socket\ns = socket.socket()\n{call}"])
    assert "NetworkRefusedError" in done.stderr


@pytest.mark.journey
def test_demo_runs_from_the_wheel_without_a_network(run_installed, tmp_path: Path) -> None:
    output = tmp_path / "work" / "shown"
    done = run_installed(["-m", "tmescope", "demo", "--output", str(output)], within_s=300)
    assert done.returncode == 0, done.stderr
    report = output / "report.html"
    assert report.stat().st_size > 10_000
    assert "<html" in report.read_text(encoding="utf-8")[:1000].casefold()
    assert {p.name for p in (tmp_path / "work").iterdir()} == {"shown"}, "the demo writes where it was told, only"
