"""References fetched from a real HTTPS server, checked, and installed or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.facts.references import made
from tests.ingest import https_server as web
from tests.ingest.https_server import Site

from tmescope.facts.installed import Installed, list_installed, verify
from tmescope.facts.loading import load_reference
from tmescope.facts.records import DATA
from tmescope.facts.registry import Reference, read_registry
from tmescope.foundation.errors import FactsError, FetchError, FileFormatError, FolderInUseError, UnknownNameError
from tmescope.ingest.connection import Connection, Limits
from tmescope.ingest.references import Wish, fetch_reference

ROLES = ("signature", "rna_content", "aberrant_genes", "removed_genes")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with web.serving(tmp_path_factory.mktemp("https")) as site:
        yield site


class Company:
    """A server with quanTIseq's four made files, and a registry that leads there."""

    def __init__(self, site: Site, folder: Path) -> None:
        site.pages.clear()
        site.asked.clear()
        self.site = site
        self.home = folder / "home"
        source = folder / "source"
        source.mkdir()
        self.paths = made.registered("quantiseq", source)
        for path in self.paths.values():
            site.pages[f"/q/{path.name}"] = web.whole(path.read_bytes(), ETag='"1"')
        self.registry_file = folder / "registry.toml"

    def registry(self, *, hashes: bool = True, change: tuple[str, str] = ("", "")) -> tuple[Reference, ...]:
        """The bundled registry, with addresses (and hashes) of the files here."""
        text = (DATA / "registry.toml").read_text(encoding="utf-8")
        start = text.index('version = "TIL10"')
        end = text.index("[[references]]", start)
        addresses = "\n".join(f'{r} = "{self.site.address("/q/" + p.name)}"' for r, p in self.paths.items())
        own = f'version = "TIL10"\n\n[references.versions.addresses]\n{addresses}\n'
        if hashes:
            known = "\n".join(f'{r} = "{sha(p)}"' for r, p in self.paths.items())
            own += f"\n[references.versions.sha256]\n{known}\n"
        text = text[:start] + own + "\n" + text[end:]
        if change[0]:
            assert change[0] in text
            text = text.replace(*change)
        self.registry_file.write_text(text, encoding="utf-8")
        return read_registry(self.registry_file)

    def fetch(self, registry: tuple[Reference, ...] | None = None, **wish: object) -> Installed:
        quick = Limits(tries=2, first_wait_seconds=0.01, total_seconds=20)
        asked = Wish(connection=Connection(ca_file=self.site.ca_file), limits=quick, **wish)  # type: ignore[arg-type]
        return fetch_reference("quantiseq", home=self.home, wish=asked, registry=registry or self.registry())

    def left(self) -> list[str]:
        """What a failed call keeps for the next, without the lock."""
        folder = self.home / ".fetch" / "quantiseq"
        return sorted(p.name for p in folder.iterdir() if p.name != "lock") if folder.is_dir() else []


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def company(server: Site, tmp_path: Path) -> Company:
    return Company(server, tmp_path)


def test_all_files_are_fetched_checked_and_installed(company: Company) -> None:
    one = company.fetch()
    assert (one.version, one.trust, one.known) == ("TIL10", "registry", True)
    assert dict(one.sha256) == {role: sha(path) for role, path in company.paths.items()}
    assert one.addresses["signature"] == company.site.address("/q/TIL10_signature.txt")
    assert verify(one) == ()
    assert list_installed(company.home) == (one,)
    assert company.left() == []
    assert len(load_reference("quantiseq", home=company.home).signature.rows) == 120


def test_what_is_there_and_known_is_not_fetched_again(company: Company) -> None:
    one = company.fetch()
    assert company.fetch() == one
    assert len(company.site.asked) == 4
    (Path(one.folder) / "signature.txt").write_text("x", encoding="utf-8")
    assert verify(company.fetch()) == ()
    assert len(company.site.asked) == 8


def test_a_file_that_broke_off_is_resumed_by_the_next_call(company: Company) -> None:
    path = company.paths["signature"]
    body = path.read_bytes()
    company.site.pages[f"/q/{path.name}"] = web.cut(body, 500, ETag='"1"')
    with pytest.raises(FetchError, match="broke off") as caught:
        company.fetch()
    assert "tmescope facts add quantiseq --from FOLDER" in str(caught.value)
    assert company.left() == ["signature.txt.part", "signature.txt.part.json"]
    assert list_installed(company.home) == ()
    company.site.pages[f"/q/{path.name}"] = web.ranged(body, '"1"')
    assert company.fetch().trust == "registry"
    assert company.site.asked[-4][1]["Range"] == "bytes=500-"


def test_a_changed_file_is_refused_by_the_registrys_hash_and_nothing_is_installed(company: Company) -> None:
    registry = company.registry()
    path = company.paths["removed_genes"]
    company.site.pages[f"/q/{path.name}"] = web.whole(b"G1\nG2\n")
    with pytest.raises(FetchError, match="the file has the sha256") as caught:
        company.fetch(registry)
    assert caught.value.expected == sha(path)
    assert list_installed(company.home) == ()


def test_without_a_known_hash_the_first_use_is_recorded_and_another_content_refused(company: Company) -> None:
    registry = company.registry(hashes=False)
    one = company.fetch(registry)
    assert (one.version, one.trust) == ("TIL10", "first use")
    assert company.fetch(registry) == one
    company.site.pages["/q/TIL10_rmgenes.txt"] = web.whole(b"".join(b"G%d\n" % i for i in range(9)))
    with pytest.raises(FactsError, match="installed with another content: 'removed_genes'"):
        company.fetch(registry)
    assert list_installed(company.home) == (one,)
    assert company.left() == []


def test_the_users_hashes_are_checked_before_anything_is_installed(company: Company) -> None:
    registry = company.registry(hashes=False)
    given = {role: sha(path) for role, path in company.paths.items()}
    assert company.fetch(registry, sha256=given).trust == "given"
    with pytest.raises(FetchError, match="the file has the sha256"):
        company.fetch(
            registry, sha256={**given, "signature": "0" * 64}, version="other", url=company.site.address("/q")
        )
    with pytest.raises(FactsError, match="no sha256"):
        company.fetch(registry, sha256={"signature": "x"})


def test_a_hash_of_the_user_holds_for_what_is_there_already_too(company: Company) -> None:
    one = company.fetch()
    assert company.fetch(sha256={"signature": one.sha256["signature"].upper()}) == one
    with pytest.raises(FactsError, match="the file for 'signature' has the sha256") as caught:
        company.fetch(sha256={"signature": "0" * 64})
    assert caught.value.where == "quantiseq TIL10, which is installed"
    assert len(company.site.asked) == 4


def test_what_the_parser_refuses_is_not_installed_and_not_kept(company: Company) -> None:
    registry = company.registry(hashes=False)
    body = company.paths["signature"].read_bytes().replace(b"G7\t7.5", b"G7\t-7.5")
    company.site.pages["/q/TIL10_signature.txt"] = web.whole(body)
    with pytest.raises(FileFormatError, match=r"-7\.5"):
        company.fetch(registry)
    assert list_installed(company.home) == ()
    assert company.left() == []


def test_a_mirror_is_the_folder_of_all_files_and_the_hashes_say_which_version(company: Company) -> None:
    for path in company.paths.values():
        company.site.pages[f"/mirror/{path.name}"] = web.whole(path.read_bytes())
    one = company.fetch(url=company.site.address("/mirror/"))
    assert (one.version, one.trust) == ("TIL10", "registry")
    assert {path for path, _ in company.site.asked} == {f"/mirror/{p.name}" for p in company.paths.values()}
    with pytest.raises(FetchError, match="not https"):
        company.fetch(company.registry(hashes=False), url="http://localhost/mirror")


def test_a_file_beyond_the_registrys_size_is_stopped(company: Company) -> None:
    company.site.pages["/q/TIL10_signature.txt"] = web.whole(b"x" * (2**20 + 1))
    registry = company.registry(hashes=False, change=("max_mb = 16", "max_mb = 1"))
    with pytest.raises(FetchError, match="more than 1,048,576 bytes"):
        company.fetch(registry)


def test_terms_and_addresses_come_before_the_network(company: Company) -> None:
    with pytest.raises(FactsError, match="licence of xcell is not accepted"):
        fetch_reference("xcell", home=company.home)
    with pytest.raises(FactsError, match="no address is known from which xcell could be fetched"):
        fetch_reference("xcell", home=company.home, wish=Wish(accepted=frozenset({"xcell"})))
    with pytest.raises(FactsError, match="no address is known from which quantiseq TIL9") as caught:
        company.fetch(version="TIL9")
    assert caught.value.expected == "a version that can be fetched: TIL10"
    with pytest.raises(FactsError, match="cannot name a folder"):
        company.fetch(version="../x", url=company.site.address("/q"))
    with pytest.raises(UnknownNameError):
        fetch_reference("quantisec", home=company.home)
    assert company.site.asked == []
    assert not company.home.exists()


def test_two_at_once(company: Company) -> None:
    reached, go = threading.Event(), threading.Event()
    body = company.paths["signature"].read_bytes()

    def slow(handler: web.Handler, _: Site) -> None:
        reached.set()
        go.wait(10)
        web.send(handler, 200, body)

    company.site.pages["/q/TIL10_signature.txt"] = slow
    registry = company.registry()
    done: list[Installed] = []
    first = threading.Thread(target=lambda: done.append(company.fetch(registry)))
    first.start()
    assert reached.wait(10)
    try:
        with pytest.raises(FolderInUseError):
            company.fetch(registry)
    finally:
        go.set()
        first.join(20)
    assert done[0].version == "TIL10"


@pytest.mark.parametrize("suffix", [".txt", ".txt.gz", ".zip"])
def test_the_real_hgnc_table_comes_packed_or_not(suffix: str, server: Site, tmp_path: Path, shared_data: Path) -> None:
    import gzip
    import io
    import zipfile

    packed = (shared_data / "references/quantiseq/HGNC_genenames_20170418.txt.gz").read_bytes()
    body = packed if suffix == ".txt.gz" else gzip.decompress(packed)
    if suffix == ".zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as handle:
            handle.writestr("hgnc.txt", body)
        body = archive.getvalue()
    server.pages[f"/hgnc{suffix}"] = web.whole(body)
    wish = Wish(url=server.address(f"/hgnc{suffix}"), connection=Connection(ca_file=server.ca_file))
    one = fetch_reference("hgnc", home=tmp_path, wish=wish)
    assert one.trust == ("registry" if suffix == ".txt.gz" else "first use")
    assert one.files["genes"].endswith(suffix[-4:] if suffix != ".txt.gz" else ".gz")
    assert len(load_reference("hgnc", home=tmp_path)) == 42_097
