"""Cut the demo world of `impckg simulate` out of the real files that it stands for.

    python benchmarks/slice_world.py DATA [WORLD]

DATA is a folder with the public files named in `SOURCES` below; WORLD is the folder that is written to, by
default `loaders/simulate/world`. Same input, same bytes. The four tables of WORLD that hold what was made up
or chosen by hand (`centres.tsv`, `controls.tsv`, `effects.tsv`, `stories.tsv`) are not written here;
`controls.tsv` decides which measurements the world has. `definitions.ofn` is cut by slice_definitions.py, afterwards.

Only facts are taken over: identifiers, names, synonyms, hierarchies, links. Definition texts are left out.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
HPO_LICENCE = "https://hpo.jax.org/app/license"

SOURCES = {
    "mp": "ontology/mp/mp-2025-08-27.obo.gz",
    "hp": "ontology/hp/hp-2025-01-16.obo.gz",
    "mondo": "ontology/mondo/mondo-2026-05-05-reconstructed.obo.gz",
    "hpoa": "ontology/hp/phenotype-2025-01-16.hpoa.gz",
    "genes_to_disease": "ontology/hp/genes_to_disease-2025-03-02.txt.gz",
    "orthologs": "ontology/orthologs/HMD_HumanPhenotype-2026-05-13.rpt.gz",
    "hgnc": "ontology/orthologs/hgnc_complete_set-2025-06.selected-columns.tsv.gz",
    "mappings": "ontology/mappings/mh_mapping_initiative/mp_hp_mgi_all.sssom.tsv.gz",
    "genes": "impc/production/genes_production_status_2025-04.jsonl.gz",
    "chromosomes": "impc/production/gene_chromosome.csv.gz",
    "viability": "impc/viability/viability_gene_outcomes_2025-03.csv.gz",
    "called_terms": "impc/impress/parameter_mp_terms_observed_DR21.1.csv.gz",
    "pipelines": "impc/impress/pipeline_procedure_parameter_observed.csv.gz",
    "parameters": "impc/impress/impress_parameters_2020-07-09.csv.gz",
    "form_terms": "impc/impress/impress_2014_forms_mp_terms.csv.gz",
    "form_units": "impc/impress/impress_2014_forms_parameters.csv.gz",
    "categories": "impc/impress/parameter_categories.csv.gz",
    "remapping": "impc/impress/category_remapping_normal_abnormal.tsv.gz",
    "keys": "impc/impress/stable_id_to_key.tsv.gz",
}

# The genes that the questions of the demo are about, most wanted first.
WELL_KNOWN = (
    "Pax3", "Trip12", "Tslp", "Nxn", "Fbn1", "Fbn2", "Myo6", "Pparg", "Ndufs4", "Bbs5", "Dmd", "Kcnq1",
    "Mybpc3", "Tnnt2", "Myh6", "Lmna", "Aire", "Fgf10", "Sftpb", "Sftpc", "Abca3", "Phox2b", "Chd7", "Otof",
    "Col4a5", "Pkd1", "Prkdc", "Wrn", "Tg", "Slc26a4", "Cftr", "Mitf", "Sox10", "Ednrb", "Edn3", "Wnt5a",
    "Ror2", "Dvl3", "Fzd2", "Tgfbr2", "Des", "Pln", "Tnni3", "Bag3", "Myo7a", "Tmc1", "Gjb2", "Cib2",
    "Arid1b", "Mecp2", "Ehmt1", "Foxp1", "Col4a3", "Umod", "Pkd2", "Hbb-bs", "Hbb-bt", "Gsn", "Aadacl4",
    "A4galt", "Aadacl4fm1", "Syt4", "Atg14",
)  # fmt: skip
DISEASE_GENES = 250
GENES = 2000

# Terms that questions name and that no parameter calls, and diseases that group others.
QUESTION_MP = ("MP:0003631", "MP:0013466", "MP:0001953", "MP:0005388", "MP:0000913")
QUESTION_HP = ("HP:0001097", "HP:0002878", "HP:0000707", "HP:0001638", "HP:0000365")
QUESTION_MONDO = ("MONDO:0004994", "MONDO:0018094", "MONDO:0019978", "MONDO:0007947")

PIPELINE_NAMES = {
    "JAX_001": "JAX Pipeline",
    "JAXLA_001": "JAX late adult",
    "HRWL_001": "Harwell",
    "HRWLLA_001": "Harwell late adult",
    "UCD_001": "UCD Pipeline",
    "TCP_001": "TCP Pipeline",
    "CCP_001": "CCP-IMG Pipeline",
    "IMPC_001": "IMPC Pipeline",
}
# IMPReSS's forms of 2014 by the code that their parameters bear today.
FORMS = {
    "ABR": ("ABR",),
    "IPGTT": ("IPG",),
    "acousticstartle": ("ACS",),
    "bodycomposition": ("DXA",),
    "bodyweight": ("BWT",),
    "calorimetry": ("CAL",),
    "clinicalchemistry": ("CBC",),
    "ecgecho": ("ECG", "ECH"),
    "gripstrength": ("GRS",),
    "heartweight": ("HWT",),
    "hematology": ("HEM",),
    "insulin": ("INS",),
    "OpenField_new": ("OFD",),
    "xray": ("XRY",),
}


def main(data: Path, world: Path) -> None:
    """Write every cut file of the world."""
    real = {name: data / path for name, path in SOURCES.items()}
    mp, hp, mondo = (read_obo(real[name]) for name in ("mp", "hp", "mondo"))
    measurements = read_tsv(world / "controls.tsv")
    parameters, pipelines = cut_parameters(real, measurements, mp)
    callable_mp = {
        term
        for row in parameters
        for cell in ("increased_mp", "decreased_mp", "abnormal_mp")
        if (term := row[cell])
    }
    mappings = [row for row in read_sssom(real["mappings"]) if row["subject_id"] in mp.terms]
    genes, diseases = choose_genes(real, mappings, callable_mp, mp)
    annotations = cut_annotations(real["hpoa"], diseases, mappings)
    names = {row["database_id"]: row["disease_name"] for row in annotations}

    mp_slice = mp.closed(
        {term.id for term in mp.terms.values() if "subset: IMPC" in term.lines}
        | set(read_column(real["called_terms"], "mp_term_id"))
        | callable_mp
        | set(QUESTION_MP)
    )
    annotated = {row["hpo_id"] for row in annotations} | set(QUESTION_HP)
    hp_slice = hp.closed(annotated | mapped_hp(mappings, mp_slice, hp))
    mondo_slice = mondo.closed(set(QUESTION_MONDO) | mondo.by_xref(diseases))

    write_obo(world / "mp.obo", mp, mp_slice, CC_BY, OBO_LINES["mp"])
    write_obo(world / "hp.obo", hp, hp_slice, HPO_LICENCE, OBO_LINES["hp"])
    write_obo(world / "mondo.obo", mondo, mondo_slice, CC_BY, OBO_LINES["mondo"])
    write_sssom(world / "mappings.sssom.tsv", real["mappings"], mp_slice, hp_slice)
    write_tsv(
        world / "annotations.tsv",
        [{column: row[column] for column in row if column not in NOT_KEPT} for row in annotations],
        ANNOTATION_REMARK,
    )
    write_tsv(
        world / "diseases.tsv",
        [{"database_id": disease, "disease_name": name} for disease, name in sorted(names.items())],
        ANNOTATION_REMARK,
    )
    write_tsv(
        world / "genes_to_disease.tsv", cut_links(real["genes_to_disease"], genes, diseases), LINK_REMARK
    )
    write_tsv(world / "genes.tsv", genes, GENE_REMARK)
    write_tsv(world / "parameters.tsv", parameters, PARAMETER_REMARK)
    write_tsv(world / "pipelines.tsv", pipelines, PIPELINE_REMARK)


@dataclass
class Term:
    """One [Term] of an OBO file: its lines after `id`, its parents."""

    id: str
    lines: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The label."""
        return next(line[6:] for line in self.lines if line.startswith("name: "))


@dataclass
class Ontology:
    """The live terms of an OBO file and its version."""

    version: str
    terms: dict[str, Term]

    def closed(self, wanted: Iterable[str]) -> set[str]:
        """The wanted terms that are live, and all above them."""
        found: set[str] = set()
        waiting = [term for term in wanted if term in self.terms]
        while waiting:
            term = waiting.pop()
            if term not in found:
                found.add(term)
                waiting += self.terms[term].parents
        return found

    def by_xref(self, diseases: Iterable[str]) -> set[str]:
        """The terms that are equivalent to OMIM and Orphanet diseases."""
        wanted = {
            f'xref: {disease.replace("ORPHA:", "Orphanet:")} {{source="MONDO:equivalentTo"}}'
            for disease in diseases
        }
        return {term.id for term in self.terms.values() if wanted.intersection(term.lines)}


def read_obo(path: Path) -> Ontology:
    """The live terms of an OBO file."""
    head, *stanzas = read_text(path).split("\n[")
    version = next(line.split(": ", 1)[1] for line in head.splitlines() if line.startswith("data-version"))
    terms = {}
    for stanza in stanzas:
        kind, identifier, *lines = stanza.rstrip("\n").split("\n")
        if kind == "Term]" and "is_obsolete: true" not in lines:
            term = Term(identifier.removeprefix("id: "), lines)
            term.parents = [line.split()[1] for line in lines if line.startswith("is_a: ")]
            terms[term.id] = term
    return Ontology(version, terms)


# Definitions, comments, creators and dates stay behind. Of MONDO's xrefs only those that questions go
# through.
OBO_LINES = {
    "mp": re.compile(r"name: |alt_id: |subset: IMPC$|synonym: |is_a: "),
    "hp": re.compile(r'name: |synonym: "[^"]*" EXACT|is_a: '),
    "mondo": re.compile(
        r'name: |synonym: |is_a: |xref: (?:OMIM|OMIMPS|Orphanet):\S+ \{source="MONDO:equivalentTo"\}'
    ),
}


def write_obo(path: Path, ontology: Ontology, chosen: set[str], licence: str, lines: re.Pattern[str]) -> None:
    """The chosen terms of an ontology as an OBO file of its own."""
    text = io.StringIO()
    text.write(
        "format-version: 1.2\n"
        f"data-version: {ontology.version}\n"
        + ('subsetdef: IMPC "Terms in use by IMPC"\n' if path.stem == "mp" else "")
        + f"remark: a slice for demonstrations: {len(chosen)} of {len(ontology.terms)} live terms of the "
        "release named in data-version, with labels, hierarchy and at most two synonyms, without "
        "definitions. Not an official file.\n"
        f"ontology: {path.stem}\n"
        f"property_value: http://purl.org/dc/terms/license {licence}\n"
    )
    for identifier in sorted(chosen):
        term = ontology.terms[identifier]
        text.write(f"\n[Term]\nid: {identifier}\n")
        kept = [line for line in term.lines if lines.match(line)]
        text.writelines(f"{shorter(line)}\n" for line in without_repeats(kept, term.name))
    path.write_text(text.getvalue(), encoding="utf-8")


def shorter(line: str) -> str:
    """A line without what only its origin would say: who proposed a synonym."""
    if line.startswith("synonym: "):
        return re.sub(r" \[[^]]*\]$", " []", line)
    if line.startswith("is_a: "):
        return re.sub(r" [{!].*", "", line)
    return line


def without_repeats(lines: Iterable[str], name: str, limit: int = 2) -> Iterator[str]:
    """The lines, less the synonyms that say the name again, and at most two of the others."""
    seen = {name.lower()}
    for line in lines:
        if line.startswith("synonym: "):
            words = line.split('"')[1].lower()
            if words in seen or len(seen) > limit:
                continue
            seen.add(words)
        yield line


def measurement(stable_id: str) -> str:
    """What a parameter measures, whichever the version or pipeline: `IMPC_ECH_005_001` -> `ECH_005`.

    >>> measurement("HRWLLA_ECH_005_001")
    'ECH_005'
    """
    return "_".join(stable_id.split("_")[1:3])


def cut_parameters(
    real: dict[str, Path], measurements: Sequence[dict[str, str]], mp: Ontology
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The parameters of the wanted measurements, and the pipelines with their procedures."""
    kinds = {row["measurement"]: row["kind"] for row in measurements}
    late = {row["measurement"] for row in measurements if "late" in row["stages"].split("|")}
    observed = [
        row
        for row in sorted(read_csv(real["pipelines"]), key=lambda row: row["parameter_stable_id"])
        if is_wanted_version(row)
        and (code := measurement(row["parameter_stable_id"])) in kinds
        and (code in late or "LA_" not in row["parameter_stable_id"])
    ]
    newest = newest_procedures(observed)
    crawled = {row["parameterKey"]: row for row in read_csv(real["parameters"])}
    units = unit_names(real["form_units"], crawled.values())
    terms = called_terms(real, measurements, mp)
    labels = category_labels(real)

    found: dict[str, dict[str, str]] = {}
    for row in observed:
        parameter, procedure = row["parameter_stable_id"], row["procedure_stable_id"]
        if procedure not in newest.values():
            continue
        if parameter in found:
            if procedure not in found[parameter]["procedures"].split("|"):
                found[parameter]["procedures"] += f"|{procedure}"
            continue
        crawl, code = crawled.get(parameter, {}), measurement(parameter)
        normal, abnormal = categories_of(parameter, kinds[code], labels)
        found[parameter] = {
            "parameter_stable_id": parameter,
            "parameter_name": row["parameter_name"],
            "measurement": code,
            "procedures": procedure,
            "procedure_name": row["procedure_name"],
            "unit": units.get(crawl.get("unit", ""), ""),
            "value_type": crawl.get("valueType", ""),
            "required": crawl.get("isRequired", "").lower(),
            **terms[code],
            "normal_category": normal,
            "abnormal_category": abnormal,
        }
    return list(found.values()), pipeline_rows(real["keys"], newest)


def newest_procedures(observed: Iterable[dict[str, str]]) -> dict[tuple[str, str], str]:
    """By pipeline and procedure without its version, the newest version of the procedure."""
    newest: dict[tuple[str, str], str] = {}
    for row in observed:
        if row["pipeline_stable_id"] in PIPELINE_NAMES:
            key = row["pipeline_stable_id"], row["procedure_stable_id"].rsplit("_", 1)[0]
            newest[key] = max(newest.get(key, ""), row["procedure_stable_id"])
    return newest


def pipeline_rows(keys: Path, newest: dict[tuple[str, str], str]) -> list[dict[str, str]]:
    """The pipelines with their procedures."""
    numbers = {row["stable"]: row["key"] for row in read_csv(keys, "\t")}
    return [
        {
            "pipeline_stable_id": pipeline,
            "pipeline_name": name,
            "pipeline_stable_key": numbers.get(pipeline, ""),
            "procedures": "|".join(
                sorted(found for (owner, _), found in newest.items() if owner == pipeline)
            ),
        }
        for pipeline, name in PIPELINE_NAMES.items()
    ]


def categories_of(parameter: str, kind: str, labels: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """The normal and an abnormal label of a parameter; a late adult one has those of the early adult one."""
    if kind not in ("categorical", "embryo_morphology"):
        return "", ""
    by_code = {measurement(name): pair for name, pair in labels.items() if name.startswith("IMPC_")}
    return labels.get(parameter) or by_code.get(measurement(parameter)) or ("normal", "abnormal")


def is_wanted_version(row: dict[str, str]) -> bool:
    """Whether a procedure is one that centres share, a late adult one, or CCP-IMG's lung function."""
    procedure = row["procedure_stable_id"]
    return procedure.startswith(("IMPC_", "CCP_LFO_")) or "LA_" in procedure


def unit_names(forms: Path, crawled: Iterable[dict[str, str]]) -> dict[str, str]:
    """IMPReSS's unit numbers by name, as most parameters of the 2014 forms have them."""
    by_name = {
        (code, row["parameter_name"].lower()): row["unit"]
        for row in read_csv(forms)
        for code in FORMS.get(row["procedure"], ())
    }
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for row in crawled:
        parts = row["parameterKey"].split("_")
        unit = by_name.get((parts[1], row["name"].lower())) if len(parts) > 2 else None
        # One number means "no unit", so the empty answers vote too.
        if unit is not None:
            votes[row["unit"]][unit] += 1
    return {number: counts.most_common(1)[0][0] for number, counts in votes.items()}


def called_terms(
    real: dict[str, Path], measurements: Sequence[dict[str, str]], mp: Ontology
) -> dict[str, dict[str, str]]:
    """By measurement, the terms called for it in DR21.1: increased, decreased, abnormal.

    A term's direction is the sign that most of its calls have. Where no call shows the abnormal term, it is
    the one of the 2014 forms, else the nearest "abnormal ..." term above both directions.
    """
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for row in read_csv(real["called_terms"]):
        if row["mp_term_id"] in mp.terms and row["data_type"] and is_wanted_version(row):
            tally = counts[measurement(row["parameter_stable_id"])][row["mp_term_id"]]
            for place, column in enumerate(
                ("n_significant_results", "n_effect_positive", "n_effect_negative")
            ):
                tally[place] += int(row[column])
    stated = form_terms(real["form_terms"], real["pipelines"], mp)
    result = {}
    for row in measurements:
        code, tallies = row["measurement"], counts[row["measurement"]]
        ranked = sorted(tallies, key=lambda term: (-tallies[term][0], term))
        if row["kind"] not in ("continuous", "reference_range"):
            term = row["mp"] or (ranked[0] if ranked else "")
            result[code] = {"increased_mp": "", "decreased_mp": "", "abnormal_mp": term}
            continue
        vague = [
            t for t in ranked if mp.terms[t].name.startswith("abnormal") or "phenotype" in mp.terms[t].name
        ]
        up = [t for t in ranked if t not in vague and tallies[t][1] > tallies[t][2]]
        down = [t for t in ranked if t not in vague and tallies[t][1] < tallies[t][2]]
        sides = [side[0] for side in (up, down) if side]
        # The forms of 2014 name a direction as the abnormal outcome of one parameter.
        form = "" if stated.get(code) in (*up, *down) else stated.get(code)
        abnormal = form or (vague[0] if vague else common_abnormal(sides, mp))
        result[code] = {
            "increased_mp": up[0] if up else "",
            "decreased_mp": down[0] if down else "",
            "abnormal_mp": abnormal or "",
        }
    return result


def form_terms(forms: Path, observed: Path, mp: Ontology) -> dict[str, str]:
    """By measurement, the term that the 2014 forms state for an abnormal outcome."""
    stated = {
        (code, row["parameter_name"].lower()): row["mp_id"]
        for row in read_csv(forms)
        for code in FORMS.get(row["procedure"], ())
        if row["selection_outcome"] == "ABNORMAL" and row["mp_id"] in mp.terms and not row["sex"]
    }
    result = {}
    for row in filter(is_wanted_version, read_csv(observed)):
        code = measurement(row["parameter_stable_id"])
        term = stated.get((code.split("_")[0], row["parameter_name"].lower()))
        if term:
            result[code] = term
    return result


def common_abnormal(sides: Sequence[str], mp: Ontology) -> str | None:
    """The nearest term above all sides whose name starts with "abnormal"."""
    if not sides:
        return None
    shared = set.intersection(*(mp.closed([side]) for side in sides)) - set(sides)
    abnormal = [term for term in shared if mp.terms[term].name.startswith("abnormal")]
    return max(abnormal, key=lambda term: (len(mp.closed([term])), term), default=None)


def category_labels(real: dict[str, Path]) -> dict[str, tuple[str, str]]:
    """By parameter, one label that counts as normal and one that counts as abnormal."""
    labels: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"0": [], "1": []})
    for line in read_text(real["remapping"]).splitlines():
        parameter, label, abnormal, *_ = [*line.split("\t"), "", ""]
        if abnormal in ("0", "1") and "data" not in label and label not in ("imageOnly", "unobservable"):
            labels[parameter][abnormal].append(label)
    known = {
        row["parameter_stable_id"]: set(row["categories"].split(",")) for row in read_csv(real["categories"])
    }
    return {
        parameter: (sides["0"][0], sorted(sides["1"], key=len)[0])
        for parameter, sides in labels.items()
        if sides["0"] and sides["1"] and sides["0"][0] in known.get(parameter, sides["0"])
    }


# diseases


def choose_genes(
    real: dict[str, Path], mappings: Sequence[dict[str, str]], callable_mp: set[str], mp: Ontology
) -> tuple[list[dict[str, str]], dict[str, int]]:
    """The genes in order, and the diseases of those that have any with how many annotations to keep."""
    orthologs = [line.split("\t") for line in read_text(real["orthologs"]).splitlines()]
    listed = {
        row["mgiGeneAccessionId"]: row for row in map(json.loads, read_text(real["genes"]).splitlines())
    }
    hgnc = {row["symbol"]: row for row in read_csv(real["hgnc"], "\t")}
    links = defaultdict(list)
    for link in read_csv(real["genes_to_disease"], "\t"):
        links[link["gene_symbol"]].append(link)
    profiles = read_profiles(real["hpoa"])
    phenotyped = linked_terms(mappings, callable_mp, mp)

    usable = [
        row
        for row in one_to_one(orthologs)
        if row[3] in listed and hgnc.get(row[0], {}).get("ensembl_gene_id")
    ]
    # Of several human genes the first is taken: HBB, not HBD, for Hbb-bs.
    by_symbol = {row[2]: row for row in reversed(orthologs)}
    named = [by_symbol[symbol] for symbol in WELL_KNOWN]
    ranked = sorted(
        (row for row in usable if row[2] not in WELL_KNOWN and links[row[0]]),
        key=lambda row: (-disease_value(links[row[0]], profiles, phenotyped), row[3]),
    )
    # Genes with a disease that is not in the slice would look as if they had none, so none of them is taken.
    rest = sorted(
        (row for row in usable if row[2] not in WELL_KNOWN and not links[row[0]]),
        key=lambda row: hashlib.md5(row[3].encode()).hexdigest(),
    )
    chosen = [*named, *ranked[: DISEASE_GENES - len(named)], *rest][:GENES]
    diseases: dict[str, int] = {}
    for place, row in enumerate(chosen[:DISEASE_GENES]):
        known = place < len(named)
        for disease in chosen_diseases(links[row[0]], profiles, limit=5 if known else 1):
            diseases[disease] = max(diseases.get(disease, 0), 16 if known else 10)
    chromosomes = {row["mgi_accession_id"]: row["chromosome"] for row in read_csv(real["chromosomes"])}
    outcomes = viability_outcomes(real["viability"])
    rows = [
        {
            **gene_row(row, listed[row[3]], hgnc[row[0]], full=place < DISEASE_GENES),
            "chromosome": chromosomes[row[3]],
            "viability": outcomes.get(row[3], ""),
        }
        for place, row in enumerate(chosen)
    ]
    return rows, diseases


def one_to_one(orthologs: Iterable[list[str]]) -> list[list[str]]:
    """The pairs of which both genes occur once."""
    pairs = list(orthologs)
    human, mouse = Counter(row[0] for row in pairs), Counter(row[3] for row in pairs)
    return [row for row in pairs if human[row[0]] == 1 and mouse[row[3]] == 1]


def gene_row(
    ortholog: Sequence[str], listed: dict[str, object], hgnc: dict[str, str], *, full: bool
) -> dict[str, str]:
    """One gene of the world; `full` for the genes that questions are about."""
    mouse_name, human_name = str(listed["geneName"] or ""), hgnc["name"]
    synonyms = (
        [str(synonym) for synonym in listed["synonyms"]] if isinstance(listed["synonyms"], list) else []
    )
    return {
        "mgi_id": ortholog[3],
        "symbol": str(listed["geneSymbol"]),
        "name": mouse_name,
        "chromosome": "",
        "viability": "",
        "hgnc_id": hgnc["hgnc_id"],
        "human_symbol": hgnc["symbol"],
        "human_name": "=" if human_name.lower() == mouse_name.lower() else human_name,
        "ncbi_gene": hgnc["entrez_id"],
        "ensembl_gene": hgnc["ensembl_gene_id"],
        "location": hgnc["location"] if full else "",
        "uniprot": hgnc["uniprot_ids"] if full else "",
        "omim": hgnc["omim_id"] if full else "",
        "orphanet": hgnc["orphanet"] if full else "",
        "human_synonyms": hgnc["alias_symbol"] if full else "",
        "human_previous": hgnc["prev_symbol"] if full else "",
        "synonyms": "|".join(synonyms[:3]) if full else "",
        "high_level_mp": ortholog[4].replace(", ", "|") if full else "",
    }


def viability_outcomes(path: Path) -> dict[str, str]:
    """By gene, the real primary viability outcome; of two, the worse."""
    severity = ("Lethal", "Subviable", "Viable")
    found: dict[str, str] = {}
    for row in read_csv(path):
        if row["table"] == "primaryViabilityTable":
            accession = row["mgi_accession_id"]
            found[accession] = min(row["outcome"], found.get(accession, "Viable"), key=severity.index)
    return {accession: outcome.lower() for accession, outcome in found.items()}


def linked_terms(mappings: Iterable[dict[str, str]], callable_mp: set[str], mp: Ontology) -> set[str]:
    """The HP terms that are mapped to an MP term that a parameter calls, or to the term above one."""
    near = callable_mp | {parent for term in callable_mp for parent in mp.terms[term].parents}
    return {row["object_id"] for row in mappings if row["subject_id"] in near}


def read_profiles(path: Path) -> dict[str, list[dict[str, str]]]:
    """HPO annotations by disease, in the order of the file."""
    profiles: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in csv.DictReader(
        (line for line in read_text(path).splitlines() if not line.startswith("#")),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    ):
        profiles[row["database_id"]].append(row)
    return profiles


def disease_value(
    links: Iterable[dict[str, str]], profiles: dict[str, list[dict[str, str]]], phenotyped: set[str]
) -> float:
    """How much of a gene's Mendelian diseases the world would show: many mapped terms, few others."""
    best = 0.0
    for link in links:
        terms = {row["hpo_id"] for row in profiles.get(link["disease_id"], ())}
        if link["association_type"] == "MENDELIAN" and 6 <= len(terms) <= 25:
            hits = len(terms & phenotyped)
            best = max(best, hits * hits / len(terms))
    return best


def chosen_diseases(
    links: Sequence[dict[str, str]], profiles: dict[str, list[dict[str, str]]], limit: int
) -> set[str]:
    """The diseases kept for a gene: annotated ones, Mendelian ones first, at most one in three of ORPHA."""
    annotated = [link for link in links if profiles.get(link["disease_id"])]
    ranks = {"MENDELIAN": 0, "POLYGENIC": 1, "UNKNOWN": 2}
    annotated.sort(key=lambda link: (ranks[link["association_type"]], -len(profiles[link["disease_id"]])))
    omim = [link["disease_id"] for link in annotated if link["disease_id"].startswith("OMIM")]
    orpha = [link["disease_id"] for link in annotated if link["disease_id"].startswith("ORPHA")]
    some_orpha = orpha[: limit // 3] or orpha[: 0 if omim else 1]
    return set(omim[: limit - len(some_orpha)] + some_orpha)


def cut_annotations(
    path: Path, diseases: dict[str, int], mappings: Iterable[dict[str, str]]
) -> list[dict[str, str]]:
    """So many annotations of each disease: question terms, then mapped terms, then the rest."""
    mapped = {row["object_id"] for row in mappings}
    chosen = []
    for disease, rows in sorted(read_profiles(path).items()):
        if disease in diseases:
            ranked = sorted(
                enumerate(rows),
                key=lambda pair: (
                    pair[1]["hpo_id"] not in QUESTION_HP,
                    pair[1]["qualifier"] != "NOT",
                    pair[1]["aspect"] != "I",
                    pair[1]["hpo_id"] not in mapped,
                    pair[0],
                ),
            )
            chosen += [row for _, row in sorted(ranked[: diseases[disease]], key=lambda pair: pair[0])]
    return chosen


def cut_links(path: Path, genes: Iterable[dict[str, str]], diseases: dict[str, int]) -> list[dict[str, str]]:
    """The rows of genes_to_disease whose gene and disease are both in the world."""
    numbers = {f"NCBIGene:{gene['ncbi_gene']}" for gene in genes}
    return [
        row
        for row in read_csv(path, "\t")
        if row["ncbi_gene_id"] in numbers and row["disease_id"] in diseases
    ]


def read_sssom(path: Path) -> list[dict[str, str]]:
    """The rows of a mapping set."""
    lines = [line for line in read_text(path).splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def mapped_hp(mappings: Iterable[dict[str, str]], mp_slice: set[str], hp: Ontology) -> set[str]:
    """The HP terms that are mapped to a term of the MP slice."""
    return {
        row["object_id"] for row in mappings if row["subject_id"] in mp_slice and row["object_id"] in hp.terms
    }


def write_sssom(path: Path, source: Path, mp_slice: set[str], hp_slice: set[str]) -> None:
    """The mappings between the two slices, under the header of the real file; long remarks are dropped."""
    lines = read_text(source).splitlines()
    header = [line for line in lines if line.startswith("#")]
    columns = next(line for line in lines if not line.startswith("#")).split("\t")
    end = next(place for place, line in enumerate(header) if line.startswith("#mapping_set_description"))
    header[end] = (
        '#mapping_set_description: "A slice for demonstrations: the mappings of the set named in '
        "mapping_set_id (file of 2026-06-23) of which both terms are in the slices of MP and HP; their "
        'comments are left out."'
    )
    rows = [
        "\t".join("" if column in ("comment", "other") else row[column] or "" for column in columns)
        for row in read_sssom(source)
        if row["subject_id"] in mp_slice and row["object_id"] in hp_slice
    ]
    path.write_text("\n".join([*header, "\t".join(columns), *rows]) + "\n", encoding="utf-8")


GENE_REMARK = (
    "Real mouse genes with their human orthologs, question genes first, then genes of Mendelian diseases, "
    "then genes without a disease.",
    "mgi_id, symbol, name, synonyms: IMPC gene catalogue of 2025-04, " + CC_BY,
    "viability: IMPC primary viability screen of DR22.1 (2025-03); tells what becomes of the simulated line.",
    "orthology, high_level_mp: MGI HMD_HumanPhenotype of 2026-05-13, "
    + CC_BY
    + "; one human gene for each mouse gene.",
    "hgnc_id, human_*, ncbi_gene, ensembl_gene and location to orphanet: HGNC of 2025-06, " + CC0,
    "human_name '=' is the mouse name. Cells of several values are joined by '|'. Columns from location on "
    f"are filled for the first {DISEASE_GENES} genes.",
)
LINK_REMARK = (
    "Gene-disease links of the HPO project, genes_to_disease of 2025-03-02; licence: " + HPO_LICENCE,
)
NOT_KEPT = "disease_name", "biocuration"
ANNOTATION_REMARK = (
    "HPO annotations of 2025-01-16 (phenotype.hpoa), unaltered, at most 16 of a disease; who curated them is "
    "left out. Licence: " + HPO_LICENCE,
)
PARAMETER_REMARK = (
    "Real IMPReSS parameters with the MP terms that were called for them in IMPC data release 21.1, " + CC_BY,
    "ids, names, value types: IMPReSS crawl of 2020-07-09; units: IMPReSS forms of 2014, where known.",
    "increased_mp, decreased_mp: the term most called with that sign of effect; abnormal_mp: of the forms of "
    "2014, else called, else the nearest common ancestor named 'abnormal ...'.",
)
PIPELINE_REMARK = (
    "Real IMPReSS pipelines and the procedures seen in their results (IMPC data release 21.1), newest "
    "version of each, " + CC_BY,
    "Names of TCP_001, CCP_001 and JAXLA_001 are formed like those of the others.",
)


def write_tsv(path: Path, rows: Sequence[dict[str, str]], remark: Sequence[str]) -> None:
    """A table with `#` remarks above its header."""
    columns = list(rows[0])
    for row in rows:
        if any("\t" in cell or "\n" in cell for cell in row.values()):
            raise SystemExit(f"{path}: a tab or a line end in {row}")
    lines = [*(f"# {line}" for line in remark), "\t".join(columns)]
    lines += ["\t".join(row[column] for column in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_tsv(path: Path) -> list[dict[str, str]]:
    """A table written like `write_tsv` does."""
    lines = [line for line in read_text(path).splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_csv(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV file."""
    lines = io.StringIO(read_text(path))
    if delimiter == ",":
        return list(csv.DictReader(lines))
    return list(csv.DictReader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))


def read_column(path: Path, column: str) -> list[str]:
    """One column of a CSV file."""
    return [row[column] for row in read_csv(path)]


def read_text(path: Path) -> str:
    """A text file, gzip or not."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    default = Path(__file__).resolve().parent.parent / "loaders" / "simulate" / "world"
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else default)
