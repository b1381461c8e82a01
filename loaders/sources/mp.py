"""The OBO edition of the Mammalian Phenotype Ontology (MP), by Mouse Genome Informatics."""

from impckg.loaders.ontology_source import ontology_reader
from impckg.loaders.source import Source

SOURCE = Source(
    reader="mp",
    title="Mammalian Phenotype Ontology (MP)",
    publisher="Mouse Genome Informatics",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("PhenotypeTerm",),
    read=ontology_reader("MP", "PhenotypeTerm"),
)
