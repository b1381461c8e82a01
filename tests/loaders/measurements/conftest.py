"""Tables of animals, as people have them."""

import numpy as np
import pytest

GENOTYPES = {False: "+/+", True: "Abc1/Abc1"}


@pytest.fixture
def write_table(tmp_path):
    """Writes lines of text as a table, and returns its path."""

    def write(*lines, name="animals.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def knockout(write_table):
    """Writes a wide table of 80 controls and 16 mutants on 8 dates, whose grip is weaker and whose eyes are often cloudy."""

    def write(name="animals.csv", **more):
        generator = np.random.default_rng(4)
        lines = [
            "Mouse,Genotype,Sex,Assay Date,Weight,Colony,Gene Id,Grip,Length,Eye"
            + "".join(f",{key}" for key in more)
        ]
        for number in range(96):
            is_mutant = number % 6 == 0
            cells = [
                f"M{number}", GENOTYPES[is_mutant], "Female" if number // 6 % 2 else "Male",
                f"2024-03-{number // 12 + 1:02}", f"{generator.normal(25, 2):.1f}", "ABCD" if is_mutant else "",
                "MGI:98373" if is_mutant else "", f"{generator.normal(100 - 40 * is_mutant, 8):.2f}",
                f"{generator.normal(9, 0.3):.2f}", "cloudy" if is_mutant and number % 4 else "clear",
                *(values[number] for values in more.values()),
            ]  # fmt: skip
            lines.append(",".join(cells))
        return write_table(*lines, name=name)

    return write
