"""The gene table: derived from its sources, and a mapping that loses, doubles and guesses nothing."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.facts.source_tables import GENE_COLUMNS, Names, derive_genes

from tmescope.facts.genes import COLUMNS, Gene, GeneTable, Kind, Resolution, load_genes, read_genes
from tmescope.facts.records import DATA
from tmescope.foundation.errors import FactsError, UnknownNameError

GENES = load_genes()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def one(inputs: list[str], position: int = 0, kind: Kind = "symbol") -> tuple[str, str]:
    resolution = GENES.resolve(inputs, kind)[position]
    return resolution.gene_symbol, resolution.reason


# ---- the table ----------------------------------------------------------------------------------------


def test_the_committed_table_is_what_the_sources_give(source_names: Names) -> None:
    committed = rows_of(DATA / "genes.tsv")
    derived = derive_genes(source_names, [row["gene_symbol"] for row in committed])
    assert COLUMNS == GENE_COLUMNS
    assert committed == derived


def test_no_usable_name_is_another_genes_approved_symbol(source_names: Names) -> None:
    usable = [(n, g.hgnc_id) for g in GENES for n in (*g.previous_symbols, *g.aliases)]
    assert [(n, own) for n, own in usable if n in source_names.approved] == []


def test_an_alias_has_one_owner_in_the_whole_genome(source_names: Names) -> None:
    assert [n for g in GENES for n in g.aliases if source_names.owners(n) != {g.hgnc_id}] == []


def test_known_ids() -> None:
    gene = GENES.get("CCN2")
    assert (gene.hgnc_id, gene.entrez_id, gene.ensembl_id) == ("HGNC:2500", "1490", "ENSG00000118523")
    assert gene.previous_symbols == ("CTGF",)
    assert GENES.get("EIF1AY").chromosome == "Y"
    assert "CCN2" in GENES
    assert "CTGF" not in GENES
    assert len(GENES) == len(GENES.genes) == len(list(GENES))


def test_an_unknown_gene_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="no gene") as caught:
        GENES.get("CCNN2")
    assert caught.value.next_step is not None
    assert caught.value.next_step.startswith("did you mean")


def copy_table(folder: Path) -> Path:
    for name in ("genes.tsv", "genes.toml"):
        shutil.copy(DATA / name, folder / name)
    return folder / "genes.tsv"


def test_a_changed_table_is_refused(tmp_path: Path) -> None:
    path = copy_table(tmp_path)
    assert len(read_genes(path)) == len(GENES)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\tCTGF\t", "\tCTFG\t"), encoding="utf-8")
    with pytest.raises(FactsError, match="the table changed"):
        read_genes(path)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda text: text.replace("aliases", "alias", 1), "columns are"),
        (lambda text: text + "A\tB\n", "rows"),
        (lambda text: text[: text.rstrip("\n").rindex("\n") + 1], "rows"),
    ],
)
def test_a_malformed_table_is_refused_even_with_a_right_hash(tmp_path: Path, edit: object, says: str) -> None:
    path = copy_table(tmp_path)
    text = edit(path.read_text(encoding="utf-8"))  # type: ignore[operator]
    path.write_text(text, encoding="utf-8")
    meta = path.with_suffix(".toml")
    new = hashlib.sha256(text.encode()).hexdigest()
    meta.write_text(meta.read_text(encoding="utf-8").replace(GENES.sha256, new), encoding="utf-8")
    with pytest.raises(FactsError, match=says):
        read_genes(path)


def gene(symbol: str, number: int, **names: tuple[str, ...]) -> Gene:
    empty: dict[str, tuple[str, ...]] = dict.fromkeys(
        ("other_ensembl_ids", "previous_symbols", "aliases", "ambiguous_names"), ()
    )
    return Gene(
        gene_symbol=symbol,
        hgnc_id=f"HGNC:{number}",
        entrez_id=str(number),
        ensembl_id=f"ENSG{number:011d}",
        chromosome="1",
        **{**empty, **names},
    )


def test_two_genes_may_not_share_a_name() -> None:
    with pytest.raises(FactsError, match="aliases belong to two genes: 'X'"):
        GeneTable([gene("A", 1, aliases=("X",)), gene("B", 2, aliases=("X",))])
    with pytest.raises(FactsError, match="symbols belong to two genes"):
        GeneTable([gene("A", 1), gene("A", 2)])


# ---- symbols ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "symbol", "reason"),
    [
        ("CD8A", "CD8A", "approved"),
        ("CTGF", "CCN2", "previous symbol"),
        ("SDPR", "CAVIN2", "previous symbol"),
        ("C10orf54", "VSIR", "previous symbol"),
        ("C10ORF54", "VSIR", "previous symbol"),
        ("VEGF-A", "VEGFA", "alias"),
        ("ALK1", "ALK1", "ambiguous"),  # ACVRL1, and more
        ("C2orf48", "C2orf48", "ambiguous"),  # a locus of its own in 2017, merged into RRM2 since
        ("PDK-1", "PDK-1", "unchanged"),
        ("cd8a", "cd8a", "unchanged"),
        ("ctgf", "ctgf", "unchanged"),
        ("HLA-H", "HLA-H", "unchanged"),  # an approved symbol; also an old name of HFE
        ("OR4F5", "OR4F5", "unchanged"),
        ("", "", "unchanged"),
    ],
)
def test_symbols(name: str, symbol: str, reason: str) -> None:
    assert one([name]) == (symbol, reason)


def test_only_certain_results_carry_an_id() -> None:
    for name in ("CD8A", "CTGF", "VEGF-A", "ALK1", "OR4F5"):
        (resolution,) = GENES.resolve([name])
        assert (resolution.hgnc_id is None) == (resolution.reason in {"unchanged", "ambiguous"})
        assert resolution.input_id == name


def test_an_old_name_does_not_displace_the_approved_one() -> None:
    for order in (["CTGF", "CCN2"], ["CCN2", "CTGF"]):
        assert one(order, order.index("CCN2")) == ("CCN2", "approved")
        assert one(order, order.index("CTGF")) == ("CTGF", "ambiguous")


def test_stronger_evidence_wins_and_a_draw_has_no_winner() -> None:
    table = GeneTable([gene("A", 1, previous_symbols=("P1", "P2"), aliases=("X",))])
    assert [r.gene_symbol for r in table.resolve(["X", "P1"])] == ["X", "A"]
    assert [r.reason for r in table.resolve(["P1", "P2"])] == ["ambiguous", "ambiguous"]
    assert [r.gene_symbol for r in table.resolve(["P1", "P2"])] == ["P1", "P2"]
    assert [r.reason for r in table.resolve(["P1", "P1"])] == ["ambiguous", "ambiguous"]
    assert [r.reason for r in table.resolve(["A", "A"])] == ["approved", "approved"]


def test_upper_case_orf_counts_as_another_spelling() -> None:
    table = GeneTable([gene("C1orf112", 1), gene("B", 2, previous_symbols=("CXorf36",))])
    assert table.resolve(["C1ORF112"])[0] == Resolution("C1ORF112", "C1orf112", "HGNC:1", "alias")
    assert table.resolve(["CXORF36"])[0].reason == "previous symbol"
    both = table.resolve(["C1ORF112", "C1orf112"])
    assert [r.gene_symbol for r in both] == ["C1ORF112", "C1orf112"]
    assert table.resolve(["C1ORF113"])[0].reason == "unchanged"
    assert table.resolve(["C1oRF112"])[0].reason == "unchanged"


# ---- ids ----------------------------------------------------------------------------------------------


def test_ensembl_ids() -> None:
    assert one(["ENSG00000118523"], kind="ensembl") == ("CCN2", "ensembl")
    assert one(["ENSG00000118523.6"], kind="ensembl") == ("CCN2", "ensembl")
    assert one(["ENSG00000118523_PAR_Y"], kind="ensembl") == ("ENSG00000118523_PAR_Y", "Y copy")
    assert one(["ENSG00000118523.6_PAR_Y"], kind="ensembl")[1] == "Y copy"
    assert one(["ENSG00000118523.6_PAR_Y"], kind="symbol") == ("ENSG00000118523.6_PAR_Y", "Y copy")
    assert one(["ENSG00000999999"], kind="ensembl")[1] == "unchanged"
    assert one(["CCN2"], kind="ensembl")[1] == "unchanged"


def test_an_x_copy_maps_and_its_y_copy_does_not_double_it() -> None:
    pair = ["ENSG00000118523.6", "ENSG00000118523.6_PAR_Y"]
    assert [r.gene_symbol for r in GENES.resolve(pair, "ensembl")] == ["CCN2", pair[1]]


def test_the_primary_ensembl_id_wins_over_a_haplotype() -> None:
    gene_ = GENES.get("KIR3DS1")
    (other,) = gene_.other_ensembl_ids
    assert one([other], kind="ensembl") == ("KIR3DS1", "ensembl")
    assert one([other, gene_.ensembl_id], 0, "ensembl") == (other, "ambiguous")
    assert one([other, gene_.ensembl_id], 1, "ensembl") == ("KIR3DS1", "ensembl")


def test_two_versions_of_one_id_are_ambiguous() -> None:
    pair = ["ENSG00000118523.6", "ENSG00000118523.7"]
    assert [r.gene_symbol for r in GENES.resolve(pair, "ensembl")] == pair


def test_a_symbol_among_ids_is_not_doubled() -> None:
    assert one(["ENSG00000118523", "CCN2"], 0, "ensembl") == ("ENSG00000118523", "ambiguous")


def test_entrez_ids() -> None:
    assert one(["1490"], kind="entrez") == ("CCN2", "entrez")
    assert one(["1490", "0"], 1, "entrez") == ("0", "unchanged")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="identifier type"):
        GENES.resolve(["CD8A"], "hgnc")  # type: ignore[arg-type]


# ---- properties ---------------------------------------------------------------------------------------

_POOL = sorted(
    {
        name
        for g in GENES.genes[::40]
        for name in (
            g.gene_symbol,
            *g.previous_symbols,
            *g.aliases,
            *g.ambiguous_names,
            g.ensembl_id,
            g.entrez_id,
        )
    }
    | {"GAPDH", "C10ORF54", "C10orf54", "VSIR", "NOTAGENE", "ENSG00000118523.6", "ENSG00000118523.7"}
)
NAMES = st.lists(st.sampled_from(_POOL) | st.text(max_size=4), unique=True, max_size=40)
KINDS = st.sampled_from(["symbol", "ensembl", "entrez", "uniprot"])


@given(NAMES, KINDS)
def test_nothing_is_lost_or_doubled(names: list[str], kind: Kind) -> None:
    resolved = GENES.resolve(names, kind)
    assert [r.input_id for r in resolved] == names
    assert len({r.gene_symbol for r in resolved}) == len(names)
    for r in resolved:
        if r.hgnc_id is None:
            assert r.gene_symbol == r.input_id
            assert r.reason in {"unchanged", "ambiguous", "Y copy"}
        else:
            assert GENES.get(r.gene_symbol).hgnc_id == r.hgnc_id
            assert (r.reason == "approved") == (r.gene_symbol == r.input_id)


@given(NAMES, KINDS, st.randoms())
def test_the_order_of_the_inputs_does_not_matter(names: list[str], kind: Kind, random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert set(GENES.resolve(shuffled, kind)) == set(GENES.resolve(names, kind))


@given(NAMES)
def test_approved_symbols_stay_and_resolving_again_changes_no_name(names: list[str]) -> None:
    first = GENES.resolve(names)
    assert all(r.gene_symbol == r.input_id for r in first if r.input_id in GENES)
    again = GENES.resolve([r.gene_symbol for r in first])
    assert [r.gene_symbol for r in again] == [r.gene_symbol for r in first]
