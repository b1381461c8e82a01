"""Production in the demo world: for which genes lines are made, where, and whether their mutants live.

All of it is made up. A line (colony) is one gene, one allele and one centre; its colony and its allele get
names that no real one has. Genes that questions are about have their fate told by `world/stories.tsv`;
everything else is drawn.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from impckg.loaders.simulate.world import Centre, World

# Shares of the genes whose fate is drawn.
FATES = {"phenotyped": 0.72, "produced": 0.09, "planned": 0.09, "none": 0.10}
VIABILITIES = {"viable": 0.70, "subviable": 0.09, "lethal": 0.21}
DEATHS = {"early": 0.45, "middle": 0.15, "late": 0.40}
SECOND_CENTRE = 0.12
LATE_ADULTS = 0.45

# Below half of the share expected of a cross the outcome is subviable (IMPC_VIA_002): 12.5 % of all pups of a
# cross of heterozygotes, a quarter of the males of an X-linked one.
SUBVIABLE_OF_ALL = 0.125
SUBVIABLE_OF_MALES = 0.25


@dataclass(frozen=True)
class Pups:
    """The pups of a line at weaning, by genotype and sex; mutant is homozygous, or hemizygous if X-linked."""

    wild_type_males: int
    wild_type_females: int
    heterozygous_males: int
    heterozygous_females: int
    mutant_males: int
    mutant_females: int

    @property
    def males(self) -> int:
        """All males."""
        return self.wild_type_males + self.heterozygous_males + self.mutant_males

    @property
    def females(self) -> int:
        """All females."""
        return self.wild_type_females + self.heterozygous_females + self.mutant_females


@dataclass(frozen=True)
class Line:
    """A colony.

    gene: row of `World.genes`. phenotyped: False for a line that was made and never looked at.
    x_linked: then the mutants are hemizygous males. outcome: lethal, subviable or viable, as the pups show.
    dies: when the mutants of a lethal line die, see `world/stories.tsv`.
    late_adults: whether the line is also phenotyped at old age.
    """

    colony: str
    gene: int
    centre: Centre
    allele_symbol: str
    allele_name: str
    allele_accession: str
    phenotyped: bool
    x_linked: bool
    pups: Pups
    outcome: str
    dies: str
    late_adults: bool

    @property
    def mutant_zygosity(self) -> str:
        """What the mutants are that viability is about."""
        return "hemizygote" if self.x_linked else "homozygote"

    @property
    def adult_zygosities(self) -> tuple[str, ...]:
        """The mutants that are there to be phenotyped as adults."""
        lethal = self.outcome == "lethal"
        if self.x_linked:
            return ("heterozygote",) if lethal else ("hemizygote", "heterozygote")
        return ("heterozygote",) if lethal else ("homozygote",)


def draw_fates(world: World, generator: np.random.Generator) -> list[str]:
    """What becomes of each gene: phenotyped, produced, planned or none."""
    drawn = generator.choice(list(FATES), size=world.genes.height, p=list(FATES.values()))
    symbols = world.genes["symbol"]
    return [
        world.stories[symbol]["fate"] if symbol in world.stories else str(fate)
        for symbol, fate in zip(symbols, drawn, strict=True)
    ]


def planned_centres(world: World, fates: Sequence[str]) -> dict[int, Centre]:
    """Where the planned genes are planned."""
    return {
        gene: world.centres[(gene * 5 + 2) % len(world.centres)]
        for gene, fate in enumerate(fates)
        if fate == "planned"
    }


def first_lines(world: World, fates: Sequence[str], seed: int, generator: np.random.Generator) -> list[Line]:
    """The lines of all genes that are phenotyped or produced, one or two a gene, in order of gene."""
    maker = _Maker(world, seed, generator)
    return [
        maker.line(gene, centre, phenotyped=fate == "phenotyped")
        for gene, fate in enumerate(fates)
        if fate in ("phenotyped", "produced")
        for centre in _draw_centres(world, gene, generator)
    ]


def more_lines(
    world: World, first: Sequence[Line], seed: int, generator: np.random.Generator
) -> Iterator[Line]:
    """More and more lines of the phenotyped genes, without end; the first gene of the world always is one."""
    maker = _Maker(world, seed, generator)
    for line in first:
        maker.number(line.gene, line.centre)
    genes = sorted({line.gene for line in first if line.phenotyped})
    while True:
        for gene in genes:
            centre = world.centres[int(generator.integers(len(world.centres)))]
            yield maker.line(gene, centre, phenotyped=True)


class _Maker:
    """Makes lines, and counts the colonies of each centre and the alleles of each gene."""

    def __init__(self, world: World, seed: int, generator: np.random.Generator) -> None:
        self._world = world
        self._seed = seed
        self._generator = generator
        self._colonies = dict.fromkeys((centre.name for centre in world.centres), 0)
        self._alleles = [0] * world.genes.height

    def number(self, gene: int, centre: Centre) -> tuple[int, int]:
        """The number of a new colony, and of its allele."""
        self._colonies[centre.name] += 1
        self._alleles[gene] += 1
        return self._colonies[centre.name], self._alleles[gene]

    def line(self, gene: int, centre: Centre, *, phenotyped: bool) -> Line:
        """A new line of a gene at a centre."""
        colony, allele = self.number(gene, centre)
        row = self._world.genes.row(gene, named=True)
        story = self._world.stories.get(row["symbol"], {})
        tendency = story.get("viability") or row["viability"] or _draw(self._generator, VIABILITIES)
        dies = story.get("dies") or _draw(self._generator, DEATHS)
        x_linked = row["chromosome"] == "X"
        pups = _draw_pups(tendency, x_linked, self._generator)
        # Drawn in any case, so that a story does not shift what is drawn after it.
        is_kept_long = self._generator.random() < LATE_ADULTS or bool(story)
        symbol = f"{row['symbol']}<em{allele}(SIM){centre.allele_code}>"
        # IMPC publishes alleles without an MGI accession under such an id.
        accession = f"NOT-RELEASED-{hashlib.md5(f'{self._seed} {symbol}'.encode()).hexdigest()[:10]}"
        return Line(
            colony=f"SIM-{centre.colony_code}-{colony}",
            gene=gene,
            centre=centre,
            allele_symbol=symbol,
            allele_name=f"simulated mutation {allele}, {centre.name}",
            allele_accession=accession,
            phenotyped=phenotyped,
            x_linked=x_linked,
            pups=pups,
            outcome=_outcome(pups, x_linked),
            dies=dies,
            late_adults=phenotyped and centre.late_pipeline is not None and is_kept_long,
        )


def _draw_centres(world: World, gene: int, generator: np.random.Generator) -> list[Centre]:
    story = world.stories.get(world.genes["symbol"][gene])
    if story and story["centres"]:
        wanted = story["centres"].split("|")
        return [centre for centre in world.centres if centre.name in wanted]
    count = 2 if generator.random() < SECOND_CENTRE else 1
    return [world.centres[int(i)] for i in generator.choice(len(world.centres), size=count, replace=False)]


def _draw(generator: np.random.Generator, shares: dict[str, float]) -> str:
    return str(generator.choice(list(shares), p=list(shares.values())))


def _draw_pups(tendency: str, x_linked: bool, generator: np.random.Generator) -> Pups:
    total = 40 + int(generator.poisson(60))
    survival = {"viable": 1.0, "subviable": generator.uniform(0.15, 0.35), "lethal": 0.0}[tendency]
    if x_linked:
        males = int(generator.binomial(total, 0.5))
        mutants = int(generator.binomial(males, survival / (1 + survival)))
        heterozygotes = int(generator.binomial(total - males, 0.5))
        return Pups(males - mutants, total - males - heterozygotes, 0, heterozygotes, mutants, 0)
    shares = np.array([1.0, 2.0, survival])
    wild_types, heterozygotes, mutants = (int(n) for n in generator.multinomial(total, shares / shares.sum()))
    wild_type_males, heterozygous_males, mutant_males = (
        int(generator.binomial(n, 0.5)) for n in (wild_types, heterozygotes, mutants)
    )
    return Pups(
        wild_type_males,
        wild_types - wild_type_males,
        heterozygous_males,
        heterozygotes - heterozygous_males,
        mutant_males,
        mutants - mutant_males,
    )


def _outcome(pups: Pups, x_linked: bool) -> str:
    mutants = pups.mutant_males + pups.mutant_females
    of, limit = (
        (pups.males, SUBVIABLE_OF_MALES) if x_linked else (pups.males + pups.females, SUBVIABLE_OF_ALL)
    )
    if mutants == 0:
        return "lethal"
    return "subviable" if mutants < limit * of else "viable"
