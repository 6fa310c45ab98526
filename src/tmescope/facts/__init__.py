"""Gene lists, markers and gene identifiers, each with its source, version, licence and limits."""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "Gene": "genes",
    "GeneTable": "genes",
    "Resolution": "genes",
    "load_genes": "genes",
    "load_reference": "loading",
    "Signature": "signatures",
    "SignatureFile": "own_sets",
    "genes_sha256": "signatures",
    "list_collections": "signatures",
    "list_signatures": "signatures",
    "load_collection": "signatures",
    "load_signature": "signatures",
    "read_signature_file": "own_sets",
    "read_signatures": "own_sets",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the stub lists the names one by one


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"tmescope.facts.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(_HOMES)
