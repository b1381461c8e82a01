"""Which framework a parameter takes, against the map of the IMPC's pipeline."""

import gzip

import numpy as np
import polars as pl

from impckg.loaders.statistics.gates import Framework
from impckg.loaders.statistics.routing import framework_of, plain_categories

# Lines of the map that are notes, not parameters.
NOTES = ("22_1_2021_", "Is_this_file_", "parameter_stable_id")


def keys_of_the_map(shared_data):
    text = gzip.decompress(
        (shared_data / "impc/impress/parameters_forced_to_reference_range.csv.gz").read_bytes()
    ).decode()
    return {line.split(",")[0] for line in text.splitlines() if line and not line.startswith(NOTES)}


def test_all_parameters_of_the_map_take_a_reference_range(shared_data):
    keys = keys_of_the_map(shared_data)

    others = [key for key in keys if framework_of(key, True) is not Framework.REFERENCE_RANGE]

    assert len(keys) > 24_000
    assert others == []


def test_no_other_parameter_of_impress_does(shared_data):
    keys = keys_of_the_map(shared_data)
    impress = pl.read_csv(
        shared_data / "impc/impress/impress_parameters_2020-07-09.csv.gz", columns=["parameterKey"]
    )["parameterKey"].unique()
    # The pipeline looks for keys anywhere in the parameter; here only what may stand before one is cut off.
    in_map = {name for name in impress if any(name[start:] in keys for start in range(10))}

    ours = {name for name in impress if framework_of(name, True) is Framework.REFERENCE_RANGE}

    assert len(impress) > 18_000
    assert ours == in_map


def test_categories_are_for_fisher_whatever_the_parameter():
    assert framework_of("IMPC_ABR_006_001", False) is Framework.FISHER


def test_labels_that_say_nothing_are_missing_and_one_eye_stands_for_two():
    labels = np.array(
        ["no data", "No data", "unobservable", "", "no data right eye, left eye dilated", "normal"]
    )

    assert plain_categories(labels).tolist() == ["", "", "", "", "left eye dilated", "normal"]


def test_labels_are_those_of_the_pipelines_map(shared_data):
    text = (shared_data / "impc/impress/category_map.txt").read_text()
    pairs = [
        line.rsplit(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("Is_this")
    ]

    found = plain_categories(np.array([label for label, _ in pairs])).tolist()

    assert found == ["" if meant == "NA" else meant for _, meant in pairs]
    assert len(pairs) == 16
