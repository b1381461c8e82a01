"""Real published files, read whole; skipped where they are not on this machine.

Without MP, HP and MONDO: what becomes of retired terms changes with them, how many rows a file has does not. Of an ontology
that is read for the reasoner, a row is an axiom, a declaration or an annotation.
"""

import tomllib
from pathlib import Path

from impckg.loaders.context import context
from impckg.loaders.reading import read_source
from impckg.loaders.sources import find_source

RECIPE = Path(__file__).resolve().parents[3] / "benchmarks" / "real-data.toml"
ONTOLOGIES = ("mp", "hp", "mondo")

# By source: rows read, rejected by rule, items taken out by rule.
COUNTS = {
    "hpoa": (271_702, {"duplicated": 45}, {}),
    "genes_to_disease": (15_573, {}, {}),
    "hmd_human_phenotype": (28_880, {}, {}),
    # The mgd_id of one gene is an identifier of HGNC.
    "hgnc": (44_117, {}, {"unexpected_prefix": 1}),
    "mp_hp_mgi_manual": (1_564, {"duplicated": 42}, {}),
    "mp_hp_mgi_lexical": (3_557, {"duplicated": 949}, {}),
    "mp_hp_upheno": (1_791, {"duplicated": 121}, {}),
    "mondo_omim": (10_045, {}, {}),
    "mondo_orphanet": (9_785, {}, {}),
    "impc_significant_results": (105_241, {"repeats_a_result": 60_895}, {}),
    # All of its 36,201 hits, since no labels are known here.
    "impc_hits_per_gene": (8_425, {"duplicated": 9}, {"unknown_label": 36_201}),
    "impc_genes": (26_765, {}, {}),
    "impc_genotype_phenotype": (6, {}, {}),
    "impc_viability_outcomes": (18_453, {}, {}),
    "impress_crawl": (57_776, {"deleted_in_impress": 20, "repeats_a_parameter": 39_589}, {}),
    "mp_definitions": (18_600, {}, {}),
    "hp_definitions": (11_118, {}, {}),
    "uberon": (122_522, {}, {}),
    "cl": (22_208, {}, {}),
    "pato": (22_750, {}, {}),
    "ro_import": (1_625, {}, {}),
    "nbo_import": (1_018, {}, {}),
    "mpath_import": (987, {}, {}),
    "pr_import": (1_795, {}, {}),
    "chebi_import": (18_097, {}, {}),
}


def test_real_files_have_the_rows_that_we_know_of(shared_data, tmp_path):
    # given
    recipe = tomllib.loads(RECIPE.read_text(encoding="utf-8"))
    found = {}

    # when
    for entry in recipe["source"]:
        if entry["name"] in ONTOLOGIES:
            continue
        account = read_source(
            find_source(entry.get("reader", entry["name"])),
            shared_data / entry["path"].partition("shared/data/")[2],
            context(entry["name"], entry["version"], []),
            tmp_path / entry["name"],
            lambda rows: None,
        )
        found[account.source] = (account.read, account.rejected, account.items)

    # then
    assert found == COUNTS
