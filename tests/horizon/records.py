"""A few genes and diseases, as HGNC and the Disease Ontology write them."""

from __future__ import annotations

import datetime as dt

from tmescope.facts.hgnc import HgncRecord
from tmescope.facts.references.doid import Disease
from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.entities import build_dictionary


def gene(symbol: str, hgnc_id: str, *, aliases=(), previous=(), names=(), since: dt.date | None = None) -> HgncRecord:
    return HgncRecord(symbol, hgnc_id, "", "", (), tuple(previous), tuple(aliases), "Approved", "", tuple(names), since)


GENES = (
    gene("CD40LG", "HGNC:11935", aliases=("IGM", "CD40L"), names=("CD40 ligand",)),
    gene("BTG3", "HGNC:1132", aliases=("ANA",), names=("BTG anti-proliferation factor 3",)),
    gene("DNASE1L3", "HGNC:2959", aliases=("LSD",), names=("deoxyribonuclease 1L3",)),
    gene("CSRP1", "HGNC:2469", previous=("CSRP",), aliases=("CSR",), names=("cysteine and glycine rich protein 1",)),
    gene("AGS1", "HGNC:9999", previous=("AGS",), names=("a gene of a syndrome",)),
    gene("CAT", "HGNC:1516", names=("catalase",)),
    gene("IMPACT", "HGNC:20387", names=("impact RWD domain protein",)),
    gene("MET", "HGNC:7029", names=("MET proto-oncogene, receptor tyrosine kinase",), aliases=("HGFR",)),
    gene("KIT", "HGNC:6342", names=("KIT proto-oncogene, receptor tyrosine kinase",), aliases=("CD117",)),
    gene("REST", "HGNC:9966", names=("RE1 silencing transcription factor",)),
    gene("SET", "HGNC:10760", names=("SET nuclear proto-oncogene",)),
    gene("ACE", "HGNC:2707", names=("angiotensin I converting enzyme",)),
    gene("PDCD1", "HGNC:8760", aliases=("PD-1", "PD1", "CD279"), names=("programmed cell death 1",)),
    gene("EGFR", "HGNC:3236", names=("epidermal growth factor receptor",)),
    gene("CD274", "HGNC:17635", aliases=("PD-L1", "B7-H1"), names=("CD274 molecule",)),
    gene("ERBB2", "HGNC:3430", aliases=("HER2", "HER-2"), names=("erb-b2 receptor tyrosine kinase 2",)),
    gene("CTLA4", "HGNC:2505", aliases=("CTLA-4",), names=("cytotoxic T-lymphocyte associated protein 4",)),
    gene("HAVCR2", "HGNC:18437", aliases=("TIM3",), names=("hepatitis A virus cellular receptor 2",)),
    gene("ALK", "HGNC:427", names=("ALK receptor tyrosine kinase",)),
    gene("IL6", "HGNC:6018", aliases=("IL-6",), names=("interleukin 6",)),
    gene("IL6R", "HGNC:6019", names=("interleukin 6 receptor",)),
    gene("NEWSYM1", "HGNC:8888", previous=("OLDSYM1",), since=dt.date(2023, 5, 1)),
)
MELANOMA = Disease("DOID:1909", "melanoma", (), (), (), ("MESH:D008545",))
NSCLC = Disease(
    "DOID:3908", "lung non-small cell carcinoma", ("NSCLC", "non-small cell lung cancer"), ("NSCLC",), (),
    ("MESH:D002289",),
)  # fmt: skip
YOUNG = Disease("DOID:0090000", "newly named lymphoma", (), (), (), (), dt.date(2024, 1, 1))


def small_dictionary(as_of: dt.date | None = None) -> Dictionary:
    return build_dictionary(GENES, (MELANOMA, NSCLC, YOUNG), as_of=as_of)
