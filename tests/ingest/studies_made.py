"""cBioPortal study folders made for tests: a sound one as a dictionary of files, to be changed one fault at a time."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.conftest import GENES

SAMPLES = ("S1", "S2", "S3", "S4")
STUDY = "cancer_study_identifier: brca_made\ntype_of_cancer: brca\nname: Made\ndescription: Made for tests\n"


def meta(**fields: str) -> str:
    return "".join(f"{key}: {value}\n" for key, value in {"cancer_study_identifier": "brca_made", **fields}.items())


def clinical(header: str, *rows: str) -> str:
    names = header.split("\t")
    above = ["\t".join(names), "\t".join(f"{n} told" for n in names), "\t".join(["STRING"] * len(names))]
    above.append("\t".join(["1"] * len(names)))
    return "".join(f"#{line}\n" for line in above) + "\n".join([header, *rows]) + "\n"


def expression(stable_id: str = "rna_seq_v2_mrna", datatype: str = "CONTINUOUS", data: str = "data_mrna.txt") -> str:
    return meta(
        genetic_alteration_type="MRNA_EXPRESSION",
        datatype=datatype,
        stable_id=stable_id,
        profile_name=f"Expression {stable_id}",
        data_filename=data,
    )


def matrix(columns: str = "Hugo_Symbol\tEntrez_Gene_Id") -> str:
    lines = [f"{columns}\t" + "\t".join(SAMPLES)]
    for i, gene in enumerate(GENES):
        names = {"Hugo_Symbol": gene, "Entrez_Gene_Id": str(1000 + i)}
        cells = [names[c] for c in columns.split("\t")] + [str(i * 3.5 + j) for j in range(len(SAMPLES))]
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def files() -> dict[str, str | bytes]:
    """Return a study of four samples of three patients, with a z-score profile and a table of mutations."""
    attributes = {"genetic_alteration_type": "CLINICAL"}
    return {
        "meta_study.txt": STUDY,
        "meta_mrna.txt": expression(),
        "data_mrna.txt": matrix(),
        "meta_mrna_z.txt": expression("rna_seq_v2_mrna_median_Zscores", "Z-SCORE", "data_mrna_z.txt"),
        "data_mrna_z.txt": matrix(),
        "meta_mutations.txt": meta(genetic_alteration_type="MUTATION_EXTENDED", data_filename="absent.txt"),
        "meta_clinical_patient.txt": meta(**attributes, datatype="PATIENT_ATTRIBUTES", data_filename="patients.txt"),
        "meta_clinical_sample.txt": meta(**attributes, datatype="SAMPLE_ATTRIBUTES", data_filename="samples.txt"),
        "patients.txt": clinical(
            "PATIENT_ID\tOS_STATUS\tOS_MONTHS\tSEX",
            "P1\t1:DECEASED\t3.5\tMale",
            "P2\t0:LIVING\t40\tFemale",
            "P3\t[Not Available]\t\tFemale",
        ),
        "samples.txt": clinical(
            "PATIENT_ID\tSAMPLE_ID\tSITE\tRESPONSE",
            "P1\tS1\tskin\tCR",
            "P2\tS2\t\tPD",
            "P3\tS3\tnode\tSD",
            "P3\tS4\tlung\tPR",
        ),
    }


def write(folder: Path, contents: dict[str, str | bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
