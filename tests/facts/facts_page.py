"""The tables of docs/facts.md and the ledger of hashes; ``python -m tests.facts.facts_page`` writes both."""

from __future__ import annotations

import re
from pathlib import Path

from tmescope.facts.genes import load_genes
from tmescope.facts.signatures import (
    UNVERIFIED,
    Signature,
    list_collections,
    list_signatures,
    load_collection,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "facts.md"
LEDGER = Path(__file__).with_name("hashes.tsv")
_BLOCK = re.compile(r"(<!-- (?P<name>[a-z]+): written by .*? -->\n).*?(<!-- end of (?P=name) -->)", re.DOTALL)


def signature_table() -> str:
    rows = [
        f"| `{s.name}` | {s.title} | {len(s.genes)} | {_reference(s)} | {_source(s)} | {len(s.corrections)} |"
        for s in list_signatures()
    ]
    head = (
        "| name | title | genes | reference | checked against | corrections |\n"
        "| --- | --- | ---: | --- | --- | ---: |\n"
    )
    return head + "\n".join(rows) + "\n"


def collection_table() -> str:
    rows = [
        f"| `{name}` | {s.name} | {len(s.genes)} | {_reference(s)} | {'; '.join(s.corrections)} |"
        for name in list_collections()
        for s in load_collection(name)
    ]
    head = "| collection | population | genes | reference | corrections |\n| --- | --- | ---: | --- | --- |\n"
    return head + "\n".join(rows) + "\n"


def ledger() -> str:
    """Return name, version and both hashes of every fact: a change shows in another file than the fact."""
    facts = [*list_signatures(), *(s for name in list_collections() for s in load_collection(name))]
    rows = [f"{s.name}\t{s.version}\t{s.sha256}\t{s.source_sha256}" for s in facts]
    rows.append(f"genes.tsv\t\t{load_genes().sha256}\t")
    return "name\tversion\tsha256\tsource_sha256\n" + "\n".join(rows) + "\n"


def fill(text: str) -> str:
    """Return the page with its generated blocks written anew."""
    tables = {"signatures": signature_table(), "collections": collection_table()}
    return _BLOCK.sub(lambda m: f"{m[1]}{tables[m['name']]}{m[3]}", text)


def _reference(signature: Signature) -> str:
    first = signature.reference.split("; ")[0]
    return first if first == UNVERIFIED else f"[{first}](https://doi.org/{first.removeprefix('doi:')})"


def _source(signature: Signature) -> str:
    folder = signature.source_table.removeprefix("targets/").split("/")[0]
    match = re.search(r'"(.+)"', signature.source_rows)
    return f"{folder}: {match[1] if match else signature.source_rows}"


if __name__ == "__main__":
    LEDGER.write_text(ledger(), encoding="utf-8")
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
