"""Small files of each reference that its parser takes; tests spoil them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tmescope.facts.references.anchors import load_anchors

TYPES = [f"type {i}" for i in range(4)]
# cell types by which the registry knows the files
REGISTERED = {
    "quantiseq": ["B.cells", "Macrophages.M1", "Macrophages.M2", "T.cells.CD8", "Tregs", "a", "b", "c", "d", "e"],
    "xcell": ["aDC", "B-cells"],
    "abis": ["Monocytes C", "NK", "T CD8 Memory", "T Naive", "T Memory", "B Naive"],
}


def write(folder: Path, name: str, lines: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def quantiseq(folder: Path, types: list[str] = TYPES) -> dict[str, Path]:
    head = "\t".join(["ID", *types])
    rows = [f"G{i}\t" + "\t".join(str(i + k + 0.5) for k in range(len(types))) for i in range(120)]
    return {
        "signature": write(folder, "TIL10_signature.txt", [head, *rows]),
        "rna_content": write(folder, "TIL10_mRNA_scaling.txt", [f"{t}\t{k + 1}" for k, t in enumerate(types[::-1])]),
        "aberrant_genes": write(folder, "TIL10_TCGA_aberrant_immune_genes.txt", [f"G{i}" for i in range(5)]),
        "removed_genes": write(folder, "TIL10_rmgenes.txt", [f"G{i}" for i in range(3, 9)]),
    }


def xcell(folder: Path, types: list[str] = TYPES) -> dict[str, Path]:
    sets = [f"{types[i % len(types)]}%SET%{i}.txt\tG{k}" for i in range(489) for k in range(3)]
    square = ["\t".join(["cell_type", *types])]
    square += ["\t".join([t, *("1" if i == k else "0.25" for k in range(len(types)))]) for i, t in enumerate(types)]
    return {
        "signatures": write(folder, "signatures_489.tsv", ["set\tgene_symbol", *sets]),
        "genes": write(folder, "genes_used.txt", [f"G{i}" for i in range(1200)]),
        "spill_k": write(folder, "spill_K.tsv", square),
        "spill_fv": write(folder, "spill_fv.tsv", ["cell_type\tV1\tV2\tV3", *(f"{t}\t1\t2\t0.3" for t in types)]),
    }


def xcell_with_arrays(folder: Path, types: list[str] = TYPES) -> dict[str, Path]:
    paths = xcell(folder, types)
    powers = ["cell_type\tV1\tV2\tV3", *(f"{t}\t1\t1.5\t0.4" for t in reversed(types))]
    return {
        **paths,
        "spill_array_k": write(folder, "spill.array_K.tsv", paths["spill_k"].read_text("utf-8").splitlines()),
        "spill_array_fv": write(folder, "spill.array_fv.tsv", powers),
    }


def consensustme(folder: Path) -> dict[str, Path]:
    rows = [f"C{c}\tS{s}\tG{g}" for c in range(10) for s in range(10) for g in range(12)]
    path = write(folder, "consensus_gene_sets.tsv", ["cancer\tset\tgene_symbol", *rows, "C0\tempty\t"])
    return {"gene_sets": path}


def abis(folder: Path, types: list[str] = TYPES) -> dict[str, Path]:
    head = "\t".join(f'"{t}"' for t in types)
    rows = [f'"G{i}"\t' + "\t".join(str(i + k) for k in range(len(types))) for i in range(600)]
    return {
        "rna_seq": write(folder, "sigmatrixRNAseq.txt", [head, *rows]),
        "microarray": write(folder, "sigmatrixMicro.txt", [head, *rows]),
        "target": write(folder, "target.txt", [str(i + 0.5) for i in range(600)]),
    }


def estimate(folder: Path) -> dict[str, Path]:
    rows = [f"{i}\tG{i}\t-\tgene {i}\tchr1" for i in range(5_000)]
    head = "EntrezID\tGeneSymbol\tSynonyms\tGeneName\tChromosome"
    return {"genes": write(folder, "common_genes.tsv", [head, *rows])}


def hpa_lines(*, newer: bool = False) -> list[str]:
    head = "Gene\tGene name\tTissue\t" + ("IHC tissue name\t" if newer else "") + "Cell type\tLevel\tReliability"
    rows = []
    for g in range(1000):
        for t in range(6):
            laboratory = f"tissue {t} 1\t" if newer else ""
            level = ("Not detected", "Low", "Medium", "High")[(g + t) % 4]
            rows.append(f"ENSG{g:011d}\tG{g}\ttissue {t}\t{laboratory}cells\t{level}\tApproved")
    return [head, *rows]


def hpa(folder: Path) -> dict[str, Path]:
    return {"normal_tissue": write(folder, "normal_tissue.tsv", hpa_lines())}


def surfaceome(folder: Path) -> dict[str, Path]:
    head = "uniprot_accession\tgene_symbol\tsurfy_surface_flag\tuniprot_surface_flag"
    rows = [f"P{i:05d}\tG{i}\t{i % 2}\t{int(i % 3 == 0)}" for i in range(2850)]
    return {"proteins": write(folder, "surfaceome.tsv", [head, *rows])}


def tissue_table(n_genes: int = 10_000) -> pd.DataFrame:
    """TPM of made genes in tissues of which the anchors know: each of their genes is highest in its own."""
    anchors = load_anchors()
    tissues = [*(a.tissue for a in anchors), "placenta", "uterus"]
    rng = np.random.default_rng(0)
    genes = {gene: k for k, a in enumerate(anchors) for gene in a.genes}
    symbols = [*genes, *(f"MADE{i}" for i in range(n_genes - len(genes)))]
    values = rng.gamma(0.5, 1.0, size=(n_genes, len(tissues)))
    for row, place in enumerate(genes.values()):
        values[row] *= 0.1
        values[row, place] = 50 + row
    values[len(genes) :] *= 9e5 / values.sum(axis=0)
    table = pd.DataFrame(values, index=[f"ENSG{i:011d}" for i in range(n_genes)], columns=tissues)
    table.insert(0, "symbol", symbols)
    return table


def gct_lines(table: pd.DataFrame) -> list[str]:
    tissues = list(table.columns[1:])
    lines = ["#1.2", f"{len(table)}\t{len(tissues)}", "\t".join(["Name", "Description", *tissues])]
    for name, symbol, *values in table.itertuples():
        lines.append("\t".join([f"{name}.1", symbol if isinstance(symbol, str) else "", *(f"{v:.4f}" for v in values)]))
    return lines


def doid(folder: Path) -> dict[str, Path]:
    lines = ["format-version: 1.2", "", "[Term]", "id: DOID:1", "name: a disease"]
    return {"terms": write(folder, "doid.obo", lines)}


def gtex(folder: Path) -> dict[str, Path]:
    return {"median_tpm": write(folder, "median_tpm.gct", gct_lines(tissue_table()))}


def hpa_rna(folder: Path) -> dict[str, Path]:
    path = folder / "tpm.parquet"
    tissue_table().to_parquet(path)
    return {"tpm": path}


def registered(name: str, folder: Path) -> dict[str, Path]:
    """Files as the registry expects them."""
    maker = globals()[name]
    return maker(folder, REGISTERED[name]) if name in REGISTERED else maker(folder)


def spoil(path: Path, old: str, new: str) -> None:
    """Replace the first place of a text; the text must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
