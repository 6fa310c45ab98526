"""What samples or patients tell is refused, nearly or exactly; cell types and clusters of one patient are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from typer.testing import CliRunner

from tmescope.cells.marker_groups import check_groups
from tmescope.cells.markers import find_markers
from tmescope.cli.main import app
from tmescope.foundation.errors import InputError
from tmescope.store.atlas_reading import open_atlas
from tmescope.store.atlas_results import read_result
from tmescope.store.atlas_turning import write_panels
from tmescope.store.atlas_writing import AtlasWriter, create_atlas

CELLS = 80


def make(path, lanes, *, column="patient_id"):
    """Lay out lanes of patients with 80 cells each."""
    rng = np.random.default_rng(5)
    create_atlas(path, pd.DataFrame(index=[f"GENE{i}" for i in range(30)]))
    writer = AtlasWriter(path)
    for number, patients in enumerate(lanes):
        counts = sparse.csr_matrix(rng.poisson(1.0, (CELLS * len(patients), 30)).astype(np.uint16))
        obs = pd.DataFrame({column: np.repeat(patients, CELLS)}) if column else pd.DataFrame(index=range(CELLS))
        writer.add_sample(f"L{number}", [(counts, obs)])
    writer.commit()
    write_panels(path)
    return open_atlas(path)


@pytest.fixture(scope="module")
def lanes(tmp_path_factory):
    """Two lanes of three patients each."""
    return make(tmp_path_factory.mktemp("atlas") / "a.zarr", [["P0", "P1", "P2"], ["P3", "P4", "P5"]])


@pytest.fixture(scope="module")
def patients(lanes):
    return lanes.cells(("patient_id",))["patient_id"].astype(str)


def response_of(patients):
    return patients.isin(["P0", "P2", "P4"]).map({True: "R", False: "N"}).rename("response")


def test_patients_that_share_lanes_and_their_response_are_refused(lanes, patients):
    for groups in (patients, response_of(patients), response_of(patients).where(np.arange(480) % 3 > 0)):
        with pytest.raises(InputError, match="one value in each of 6 patients"):
            find_markers(lanes, groups)


@pytest.mark.parametrize("n_wrong", [1, 10])
def test_a_few_wrong_labels_do_not_let_a_response_pass(lanes, patients, n_wrong):
    groups = response_of(patients)
    wrong = np.random.default_rng(0).choice(480, n_wrong, replace=False)
    groups.iloc[wrong] = groups.iloc[wrong].map({"R": "N", "N": "R"})
    with pytest.raises(InputError, match=r"practically one value.* in 6 of 6 patients"):
        find_markers(lanes, groups)


def test_a_visit_of_a_patient_is_refused_where_lanes_and_patients_only_tell_it_together(tmp_path):
    atlas = make(tmp_path / "a.zarr", [["P0", "P1"], ["P0", "P1"]], column="donor_id")
    with pytest.raises(InputError, match="4 cells of a patient in a sample"):
        find_markers(atlas, pd.Series(np.repeat(["before", "after", "after", "before"], CELLS)))


def test_samples_do_for_patients_where_these_are_not_known(tmp_path):
    atlas = make(tmp_path / "a.zarr", [["P"], ["P"], ["P"], ["P"]], column=None)
    groups = pd.Series(np.repeat(["N", "R", "N", "R"], CELLS), name="response")
    groups.iloc[5] = "R"
    with pytest.raises(InputError, match="in 4 of 4 samples"):
        find_markers(atlas, groups)
    private = pd.Series(np.tile(["T", "B"], 2 * CELLS)).where(np.arange(4 * CELLS) >= 40, "tumour")
    assert [w["code"] for w in find_markers(atlas, private).attrs["warnings"]] == ["markers.one_sample"]


def test_clusters_of_one_patient_beside_shared_ones_run_and_are_named(lanes, patients):
    shared = pd.Series(np.tile(["T", "B"], 240), name="cluster")
    own = shared.where(np.arange(480) % CELLS >= 60, "tumour " + patients)  # three in four cells are malignant
    (warning,) = find_markers(lanes, own).attrs["warnings"]
    assert (warning["code"], warning["count"]) == ("markers.one_patient", 6)
    assert "tumour P0" in warning["examples"]
    assert "that patient" in warning["message"]
    assert find_markers(lanes, shared).attrs["warnings"] == []


def test_what_is_kept_and_said_names_groups_of_one_patient(tmp_path):
    path = tmp_path / "a.zarr"
    groups = np.where(np.arange(CELLS) < 40, "tumour", "T")
    rng = np.random.default_rng(5)
    create_atlas(path, pd.DataFrame(index=[f"GENE{i}" for i in range(30)]))
    writer = AtlasWriter(path)
    for number, obs in enumerate((groups, np.repeat(["T", "B"], 40), np.repeat(["B", "T"], 40))):
        counts = sparse.csr_matrix(rng.poisson(1.0, (CELLS, 30)).astype(np.uint16))
        writer.add_sample(f"S{number}", [(counts, pd.DataFrame({"cluster": obs}))])
    writer.commit()
    write_panels(path)
    done = CliRunner().invoke(app, ["atlas", "markers", str(path), "--label", "cluster", "--quiet"])
    assert done.exit_code == 0, done.output
    assert "1 groups of 'cluster' have 95% of their cells or more in one sample ('tumour')" in done.output
    (warning,) = read_result(open_atlas(path), "markers").provenance["warnings"]
    assert warning["code"] == "markers.one_sample"


def test_a_type_of_which_every_sample_mostly_consists_runs(lanes):
    rare = pd.Series(np.where(np.arange(480) % CELLS < 2, "B", "T"))
    assert find_markers(lanes, rare)["n_group"].min() == 12


def test_one_sample_of_one_patient_runs(tmp_path):
    atlas = make(tmp_path / "a.zarr", [["P0"]])
    assert check_groups(atlas, np.arange(CELLS, dtype=np.uint16) % 2, ["a", "b"]) == []
