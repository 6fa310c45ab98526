from __future__ import annotations

import pytest

from tmescope.facts.identifier_forms import Accession, EnsemblGene, is_transcript, read_accession, read_ensembl


@pytest.mark.parametrize(
    ("name", "gene"),
    [
        ("ENSG00000002586", EnsemblGene("ENSG00000002586", on_y=False)),
        ("ENSG00000002586.20", EnsemblGene("ENSG00000002586", on_y=False)),
        ("ENSG00000002586.20_PAR_Y", EnsemblGene("ENSG00000002586", on_y=True)),
        ("ENSG00000002586_PAR_Y", EnsemblGene("ENSG00000002586", on_y=True)),
        ("ENSGR0000002586", EnsemblGene("ENSG00000002586", on_y=True)),
        ("ENSGR0000002586.12", EnsemblGene("ENSG00000002586", on_y=True)),
        ("ENSGR0000002586.12_PAR_Y", None),
        ("ENSG0000002586", None),
        ("ENSGR00000002586", None),
        ("ENST00000381192", None),
        ("ENSMUSG00000053977", None),
        ("CD99", None),
        ("", None),
    ],
)
def test_ensembl_genes(name: str, gene: EnsemblGene | None) -> None:
    assert read_ensembl(name) == gene


def test_transcripts() -> None:
    assert all(map(is_transcript, ("ENST00000381192", "ENST00000381192.10", "ENSTR0000381192.3", "ENSMUST00000000001")))
    assert not any(map(is_transcript, ("ENSG00000002586", "ENST", "CD99", "ENSP00000370588")))


@pytest.mark.parametrize(
    ("name", "accession"),
    [
        ("P01730", Accession("P01730", is_isoform=False)),
        ("P01730-2", Accession("P01730", is_isoform=True)),
        ("sp|P01730|CD4_HUMAN", Accession("P01730", is_isoform=False)),
        ("sp|P01730-2|CD4_HUMAN", Accession("P01730", is_isoform=True)),
        ("tr|A0A024R161|A0A024R161_HUMAN", Accession("A0A024R161", is_isoform=False)),
        ("A0A024R161", Accession("A0A024R161", is_isoform=False)),
        ("sp|P01730", None),
        ("P01730|CD4_HUMAN", None),
        ("P01730-0", None),
        ("p01730", None),
        ("CD4", None),
        ("CD4_HUMAN", None),
        ("925", None),
    ],
)
def test_accessions(name: str, accession: Accession | None) -> None:
    assert read_accession(name) == accession
