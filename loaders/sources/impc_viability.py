"""IMPC's viability by line, `viability.csv.gz` of a release, with the numbers of pups.

CSV with quotes; 27 columns since release 24, before that without Zygosity. "No information available" stands for a
missing count. The outcome is of homozygotes, or of hemizygotes for genes of the X chromosome: Zygosity says which, or
before release 24 the first word of Supporting Data ("Hemizygous - Viable"). The comment "Conflicting data" marks lines of
one gene that disagree.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.graph.schema import schema
from impckg.loaders import mentions, rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows, read_delimited

_COLUMNS = {
    "Gene Symbol": "symbol",
    "Gene Accession Id": "gene",
    "Allele Symbol": "allele_symbol",
    "Allele Accession Id": "allele_accession",
    "Background Strain Name": "strain_name",
    "Background Strain Accession Id": "strain_accession",
    "Phenotyping Center": "centre",
    "Colony Id": "colony",
    "Breeding Strategy": "breeding",
    "Total # Pups": "pups",
    "Total # Hom Males": "hom_males",
    "Total # Hom Females": "hom_females",
    "Total # Hem Males": "hem_males",
    "Total # WT Males": "wt_males",
    "Total # WT Females": "wt_females",
    "Total # Het Males": "het_males",
    "Total # Het Females": "het_females",
    "Supporting Data": "supporting",
    "Viability Phenotype HOMs/HEMIs": "outcome",
    "Viability Call Method": "method",
    "Comment": "comment",
}
_COUNTS = (
    "pups",
    "hom_males",
    "hom_females",
    "hem_males",
    "wt_males",
    "wt_females",
    "het_males",
    "het_females",
)
_NO_COUNT = "No information available"
_ZYGOSITY = "Zygosity"


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Viability and Line, and the things that they mention."""
    seen = rules.Seen()
    for block in read_delimited(path, ",", list(_COLUMNS), quoted=True, limit=context.limit):
        stated = pl.col(_ZYGOSITY) if _ZYGOSITY in block.kept.columns else pl.lit(None, pl.String)
        rows = block.with_kept(block.kept.with_columns(stated.alias(_ZYGOSITY)))
        rows = rules.rename(rows, _COLUMNS | {_ZYGOSITY: "zygosity"})
        rows = rules.present(rows, "gene", "colony", "outcome")
        rows = rules.curies(rows, "gene", "MGI")
        rows = rules.change(rows, **{name: pl.col(name).replace(_NO_COUNT, None) for name in _COUNTS})
        rows = rules.counts(rows, *_COUNTS)
        rows = rules.values(rows, "outcome", schema().enumerations["ViabilityOutcome"])
        rows = rules.values(rows, "zygosity", mentions.ZYGOSITY)
        is_hemizygous = pl.col("supporting").str.starts_with("Hemizygous").fill_null(False)
        guessed = pl.when(is_hemizygous).then(pl.lit("hemizygote")).otherwise(pl.lit("homozygote"))
        rows = rules.change(rows, zygosity=pl.col("zygosity").fill_null(guessed))
        rows = seen.first_only(rows, ["colony", "zygosity", "method", "outcome"])
        yield Batch(rows, _tables(rows))


def _tables(rows: Rows) -> dict[str, pl.DataFrame]:
    frame = rows.kept
    gene, allele, strain = pl.col("gene"), pl.col("allele_accession"), pl.col("strain_accession")
    line, centre = mint_column("line", pl.col("colony")), mint_column("centre", pl.col("centre"))
    viability = things(
        frame,
        "Viability",
        id=mint_column(
            "viability",
            gene,
            pl.col("colony"),
            pl.col("zygosity"),
            pl.col("method").fill_null("unstated"),
            pl.col("outcome"),
        ),
        gene=gene,
        allele=mentions.allele_id(allele),
        line=line,
        centre=centre,
        strain=mentions.strain_id(strain),
        zygosity=pl.col("zygosity"),
        viability_outcome=pl.col("outcome"),
        pups=pl.col("pups"),
        homozygous_pups=_total("hom_males", "hom_females"),
        heterozygous_pups=_total("het_males", "het_females"),
        wild_type_pups=_total("wt_males", "wt_females"),
        hemizygous_pups=pl.col("hem_males"),
        breeding_strategy=pl.col("breeding"),
        call_method=pl.col("method"),
        conflicting=pl.col("comment").fill_null("") == "Conflicting data",
    )
    return {
        "Viability": viability,
        "Gene": mentions.genes(frame, "gene", "symbol"),
        "Allele": mentions.alleles(frame, "allele_accession", "allele_symbol", "gene"),
        "Line": mentions.lines(
            frame,
            "colony",
            "gene",
            allele="allele_accession",
            strain="strain_accession",
            phenotyping_centre="centre",
        ),
        "Strain": mentions.strains(frame, "strain_accession", "strain_name"),
        "Centre": mentions.centres(frame, "centre"),
    }


def _total(males: str, females: str) -> pl.Expr:
    """Pups of both sexes; null only where neither count is known."""
    return pl.when(pl.col(males).is_not_null() | pl.col(females).is_not_null()).then(
        pl.col(males).fill_null(0) + pl.col(females).fill_null(0)
    )


SOURCE = Source(
    reader="impc_viability",
    title="IMPC's viability by line (viability.csv.gz)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Viability", "Gene", "Allele", "Line", "Strain", "Centre"),
    read=read,
)
