"""R without further packages: a table of an answer in one line, as the snippets of the pages have it."""

import shutil
import subprocess

import pytest

from .conftest import LABEL

pytestmark = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")


def test_an_answer_is_read_as_a_data_frame(endpoint):
    query = f"SELECT ?gene ?symbol WHERE {{ ?gene <{LABEL}> ?symbol }} ORDER BY ?symbol LIMIT 5"
    script = (
        f"query <- '{query}'\n"
        f"address <- paste0('{endpoint}?format=csv&query=', URLencode(query, reserved = TRUE))\n"
        "genes <- read.csv(address)\n"
        "cat(nrow(genes), colnames(genes))\n"
    )

    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, timeout=120, check=False)

    assert done.stdout == "5 gene symbol", done.stderr
