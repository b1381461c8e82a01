"""The OBO edition of the Human Phenotype Ontology (HP)."""

from impckg.loaders.ontology_source import ontology_reader
from impckg.loaders.source import Source

SOURCE = Source(
    reader="hp",
    title="Human Phenotype Ontology (HP)",
    publisher="Human Phenotype Ontology",
    licence="https://hpo.jax.org/app/license",
    kinds=("PhenotypeTerm",),
    read=ontology_reader("HP", "PhenotypeTerm"),
)
