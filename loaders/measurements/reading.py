"""From a table of animals to measurements: one row for each animal and parameter.

A table is long, with a column for the parameter and one for its value, as the IMPC's `experiment` core; or wide, with a
column for each parameter. What cannot be believed is put aside with its row, its column and the rule it breaks.

Of long tables, what centres judged themselves (judged.py) is kept apart: it may say nothing of sex, date or specimen.
"""

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from impckg.graph.errors import BadParameter, DamagedFile
from impckg.loaders.measurements.columns import ROLES, find_columns, may_be_measured, plain
from impckg.loaders.measurements.impress import is_judged
from impckg.loaders.table import LINE, REJECTS_SCHEMA, SHOWN, open_bytes, read_delimited

MISSING = ("", "NA", "N/A", "NaN", "nan", "-", ".", "null", "NULL")
"""Cells that say that there is nothing."""

# A category in IMPReSS ("Startle response": Present, None); among numbers it is what Python writes for nothing.
NOTHING_OR_CATEGORY = "None"

CONTROLS = ("+/+", "wt", "wild type", "wildtype", "wild-type", "control", "ctrl")
"""Genotypes, in lower case, of controls."""

SEXES = {"female": ("female", "f"), "male": ("male", "m")}

DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%b-%Y")
"""As dates are written; what comes after a date, as a time of day, is left out."""

UNDATED = "undated"
"""The batch of all animals of a table without dates."""

STRATUM = ("centre", "pipeline", "strain", "metadata_group")
"""Columns of long tables that controls share with the mutants they are held against."""

# A column of a wide table is one of numbers where so many of its cells are, and one of categories where they are so few.
SHARE_OF_NUMBERS = 0.8
# Of a table with a row for each measurement, at least so many rows have a value.
LEAST_SHARE_OF_VALUES = 0.2
MOST_CATEGORIES = 12

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Reading:
    """How a table is to be read, where it does not say it itself.

    columns: role (columns.ROLES) to the name of the column. parameters: of a wide table, the columns to be measured; none
    takes all that look like it. controls, female, male: what the table writes for them, beside the usual.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    parameters: Sequence[str] = ()
    controls: Sequence[str] = ()
    female: Sequence[str] = ()
    male: Sequence[str] = ()


@dataclass(frozen=True)
class Measurements:
    """What a table of animals says.

    rows: one for each animal and parameter; columns row (of the file), specimen, line (null for controls), is_mutant,
        is_male, date, weight, parameter, text (the value as written), is_numeric (of the parameter), and all of DESCRIBED.
    judged: the same of what was judged, where is_male and date may be null.
    rejects: columns line, rule, column, value; what was put aside.
    notes: what was assumed, and what was left out, in sentences.
    animals: rows of the file.
    """

    rows: pl.DataFrame
    judged: pl.DataFrame
    rejects: pl.DataFrame
    notes: tuple[str, ...]
    animals: int


DESCRIBED = (
    "zygosity", "gene", "gene_symbol", "allele_symbol", "procedure", "parameter_name", *STRATUM,
)  # fmt: skip
"""Columns of text that are kept where a table has them, and null where not."""


def read_measurements(path: Path, reading: Reading) -> Measurements:
    """The measurements of a table: CSV, with tabs or semicolons as well, gzipped or not.

    Raises MissingColumn, DamagedFile and BadParameter, each with what was found and what was expected.
    """
    table = _read_text(path)
    names = [name for name in table.columns if name != LINE]
    columns = find_columns(names, reading.columns, path.name)
    notes: list[str] = []
    rejects = [pl.DataFrame(schema=REJECTS_SCHEMA)]
    asked = {plain(name) for name in reading.parameters} & {plain(name) for name in names}
    is_long = _is_long(table, columns) and not asked
    of_animals = columns if is_long else {role: name for role, name in columns.items() if role != "parameter"}
    animals = _animals(table, of_animals, reading, notes, rejects)
    if is_long:
        rows = _long(animals, table, columns, reading, path.name)
    else:
        rows = _wide(animals, table, columns, reading, notes, path.name)
    rows = _unambiguous(_believable(rows, columns, rejects), rejects, notes)
    rows = _with_lines(rows, notes)
    return Measurements(
        rows.filter(~pl.col("is_judged")).drop("is_judged"),
        rows.filter("is_judged").drop("is_judged"),
        pl.concat(rejects).unique().sort("line", "column"),
        tuple(notes),
        table.height,
    )


def _read_text(path: Path) -> pl.DataFrame:
    """All cells as text, without blanks around them, null where they say that there is nothing."""
    names, separator = _header(path)
    blocks = list(read_delimited(path, separator, [], names=names, quoted=True, short_rows=True))
    for rows in blocks:
        for reject in rows.rejects.iter_rows(named=True):
            raise DamagedFile(
                f"{path.name}:{reject['line']}: {reject['rule'].replace('_', ' ')}: {reject['value']!r}; "
                f"expected {len(names)} cells"
            )
    table = pl.concat([rows.kept for rows in blocks])[1:]
    if table.is_empty():
        raise DamagedFile(f"{path.name}: no row below the header; expected one for each animal")
    text = pl.exclude(LINE).str.strip_chars().replace(list(MISSING), [None] * len(MISSING))
    return table.with_columns(text)


def _header(path: Path) -> tuple[list[str], str]:
    """The names of the columns, each once, and what stands between them."""
    try:
        with open_bytes(path) as file:
            line = file.readline().decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DamagedFile(f"{path.name}:1: the header is not UTF-8: {error}") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise DamagedFile(f"{path.name}: cut off: {error}") from error
    separator = max(",\t;", key=line.count)
    names: list[str] = []
    for place, name in enumerate(next(csv.reader([line], delimiter=separator), [])):
        shown = name.strip() or f"column {place + 1}"
        names.append(shown if shown not in names else f"{shown} ({place + 1})")
    if len(names) < 3:
        raise DamagedFile(
            f"{path.name}:1: {line[:SHOWN]!r} is no header of a table; expected names of columns"
        )
    return names, separator


def _animals(
    table: pl.DataFrame,
    columns: Mapping[str, str],
    reading: Reading,
    notes: list[str],
    rejects: list[pl.DataFrame],
) -> pl.DataFrame:
    """What each row says of its animal, for the rows of which it is known whether and of which sex."""
    cells = {role: _cell(columns, role) for role in ROLES}
    date, told = _dates(table, columns)
    notes += told
    sexes = _words(SEXES, {"female": reading.female, "male": reading.male})
    controls = [*CONTROLS, *(word.casefold() for word in reading.controls)]
    genotype = cells["genotype"].str.to_lowercase()
    if "group" in columns and not reading.controls:
        group = cells["group"].str.to_lowercase()
        is_mutant = group.replace_strict(
            {"control": False, "experimental": True}, default=None, return_dtype=pl.Boolean
        )
        where = columns["group"]
    else:
        is_mutant, where = ~genotype.is_in(controls), columns.get("genotype", "")
        if not where:
            raise BadParameter("--control names a genotype, and the table has no column for it")
    known = table.select(
        pl.col(LINE).alias("row"),
        pl.coalesce(cells["specimen"], _unnamed(columns, cells["parameter"])).alias("specimen"),
        cells["colony"].alias("colony"),
        cells["genotype"].alias("genotype"),
        is_mutant.alias("is_mutant"),
        (cells["sex"].str.to_lowercase().replace_strict(sexes, default=None) == "male").alias("is_male"),
        is_judged(cells["parameter"]).alias("is_judged"),
        date.alias("date"),
        cells["weight"].alias("weight_text"),
        *(cells[name].alias(name) for name in DESCRIBED),
        cells["sex"].alias("sex_text"),
        (cells["group"] if "group" in columns else cells["genotype"]).alias("group_text"),
        (cells["date"]).alias("date_text"),
    )
    if "specimen" not in columns:
        notes.append("no column names the animals; each row is taken for one")
    tested = ~pl.col("is_judged")
    no_sex = tested & pl.col("is_male").is_null()
    known = _aside(known, no_sex, "unknown_sex", columns["sex"], "sex_text", rejects)
    known = _aside(known, pl.col("is_mutant").is_null(), "unknown_group", where, "group_text", rejects)
    if "date" in columns:
        no_date = tested & pl.col("date").is_null()
        known = _aside(known, no_date, "not_a_date", columns["date"], "date_text", rejects)
    weight = _is_finite(pl.col("weight_text"))
    _aside(
        known,
        pl.col("weight_text").is_not_null() & ~weight,
        "not_a_number",
        columns.get("weight", ""),
        "weight_text",
        rejects,
    )
    is_gene = pl.col("gene").str.contains(r"^MGI:\d+$")
    _aside(known, ~is_gene, "not_an_mgi_accession", columns.get("gene", ""), "gene", rejects)
    known = known.with_columns(pl.when(is_gene).then("gene").alias("gene"))
    number = pl.when(weight).then(pl.col("weight_text")).cast(pl.Float64, strict=False)
    return known.with_columns(number.alias("weight")).drop(
        "weight_text", "sex_text", "group_text", "date_text"
    )


def _dates(table: pl.DataFrame, columns: Mapping[str, str]) -> tuple[pl.Expr, list[str]]:
    """The date of each row in ISO's form, by the one way of writing dates that most rows follow."""
    if "date" not in columns:
        return pl.lit(UNDATED), [
            "no column has the date of the measurement; all animals are taken for one batch"
        ]
    text = pl.col(columns["date"]).str.extract(r"^(\d{4}-\d{2}-\d{2}|[^T\s]+)", 1)
    read = [text.str.to_date(form, strict=False) for form in DATE_FORMATS]
    counted = table.select(date.is_not_null().sum().alias(str(place)) for place, date in enumerate(read)).row(
        0
    )
    best = max(range(len(read)), key=lambda place: (counted[place], -place))
    told = []
    if DATE_FORMATS[best] == "%d/%m/%Y" and counted[DATE_FORMATS.index("%m/%d/%Y")] == counted[best]:
        told.append(f"dates in {columns['date']!r} are read with the day first")
    return read[best].dt.to_string("%Y-%m-%d"), told


def _is_long(table: pl.DataFrame, columns: Mapping[str, str]) -> bool:
    """Whether each row is one measurement: it has a parameter, and most have a value of it.

    Of exports that were made wide a parameter for each row is left, and a column of categories that is all but empty.
    """
    if "parameter" not in columns:
        return False
    value = _value(columns)
    return bool(table.select(value.is_not_null().mean() >= LEAST_SHARE_OF_VALUES).item())


def _value(columns: Mapping[str, str]) -> pl.Expr:
    """The value of a row of a long table. Free text is one of a judgement only; of all else it is a remark."""
    judgement = pl.when(is_judged(_cell(columns, "parameter"))).then(_cell(columns, "text"))
    return pl.coalesce(_cell(columns, "number"), _cell(columns, "category"), judgement)


def _unnamed(columns: Mapping[str, str], parameter: pl.Expr) -> pl.Expr:
    """What an animal without a name is called: by its row, where no column has names, or a whole line was judged."""
    row = pl.format("row {}", LINE)
    return row if "specimen" not in columns else pl.when(is_judged(parameter)).then(row)


def _long(
    animals: pl.DataFrame, table: pl.DataFrame, columns: Mapping[str, str], reading: Reading, file: str
) -> pl.DataFrame:
    values = table.select(
        pl.col(LINE).alias("row"),
        _cell(columns, "parameter").alias("parameter"),
        _value(columns).alias("text"),
    )
    rows = animals.join(values, on="row", how="inner", maintain_order="left").drop_nulls("parameter")
    if reading.parameters:
        known = rows["parameter"].unique(maintain_order=True).to_list()
        rows = rows.filter(pl.col("parameter").is_in(_wanted(known, reading.parameters, file)))
    return _with_kind(rows)


def _wide(
    animals: pl.DataFrame,
    table: pl.DataFrame,
    columns: Mapping[str, str],
    reading: Reading,
    notes: list[str],
    file: str,
) -> pl.DataFrame:
    names = [name for name in table.columns if name != LINE]
    wanted = _wanted(names, reading.parameters, file)
    if not wanted:
        # Body weight is a measurement, too, besides being a covariate.
        used = {name for role, name in columns.items() if role not in ("weight", "number", "category")}
        wanted = [name for name in names if name not in used and may_be_measured(name)]
    values = table.select(pl.col(LINE).alias("row"), *wanted).unpivot(
        index="row", variable_name="parameter", value_name="text"
    )
    # Of a table without any column to measure, Polars knows no type.
    values = values.cast({"parameter": pl.String, "text": pl.String})
    rows = _with_kind(animals.join(values, on="row", how="inner").drop_nulls("text"))
    seen = set(rows["parameter"].unique())
    if absent := [name for name in wanted if name not in seen]:
        notes.append(f"left out, since they are empty: {', '.join(map(repr, absent))}")
    if reading.parameters:
        return rows
    distinct = rows.group_by("parameter").agg(
        pl.col("is_numeric").first(), pl.col("text").n_unique().alias("values")
    )
    many = distinct.filter(~pl.col("is_numeric") & (pl.col("values") > MOST_CATEGORIES))["parameter"]
    one = distinct.filter(~pl.col("is_numeric") & (pl.col("values") < 2))["parameter"]
    for left_out, why in (
        (many, f"more than {MOST_CATEGORIES} different texts"),
        (one, "the same text in all rows"),
    ):
        if len(left_out):
            shown = ", ".join(repr(name) for name in names if name in set(left_out))
            notes.append(f"left out, since they have {why}: {shown}; --parameter asks for a column")
    return rows.filter(~pl.col("parameter").is_in(pl.concat([many, one]).implode()))


def _wanted(names: Sequence[str], asked: Sequence[str], file: str) -> list[str]:
    by_plain = {plain(name): name for name in reversed(names)}
    found = []
    for name in asked:
        if name not in names and plain(name) not in by_plain:
            raise BadParameter(f"{file}: no parameter {name!r}; it has {', '.join(map(repr, names))}")
        found.append(name if name in names else by_plain[plain(name)])
    return list(dict.fromkeys(found))


def _with_kind(rows: pl.DataFrame) -> pl.DataFrame:
    """Whether parameters are of numbers, which most of their values then are."""
    is_number = pl.col("text").str.contains(NUMBER) | pl.col("text").str.to_lowercase().is_in(["inf", "-inf"])
    is_value = pl.col("text") != NOTHING_OR_CATEGORY
    share = is_number.filter(is_value).mean().over("parameter")
    rows = rows.with_columns((share.fill_null(0.0) >= SHARE_OF_NUMBERS).alias("is_numeric"))
    return rows.with_columns(pl.when(is_value | ~pl.col("is_numeric")).then("text").alias("text"))


def _believable(rows: pl.DataFrame, columns: Mapping[str, str], rejects: list[pl.DataFrame]) -> pl.DataFrame:
    """The measurements of numbers that are numbers, and all others."""
    broken = pl.col("is_numeric") & pl.col("text").is_not_null() & ~_is_finite(pl.col("text"))
    return _aside(rows, broken, "not_a_number", columns.get("number") or pl.col("parameter"), "text", rejects)


def _is_finite(text: pl.Expr) -> pl.Expr:
    """Whether a text is a number that a double can hold; null is none."""
    number = pl.when(text.str.contains(NUMBER)).then(text).cast(pl.Float64, strict=False)
    return number.is_finite().fill_null(False)


def _unambiguous(rows: pl.DataFrame, rejects: list[pl.DataFrame], notes: list[str]) -> pl.DataFrame:
    """The first measurement of each animal for each parameter, within its stratum."""
    rows = rows.drop_nulls("text")
    key = ["specimen", "parameter", *STRATUM]
    again = pl.struct(key).is_first_distinct().not_()
    repeated = rows.filter(again).height
    if repeated:
        notes.append(
            f"{repeated} measurements of animals that have one already were put aside (duplicate_animal)"
        )
    return _aside(rows, again, "duplicate_animal", pl.col("parameter"), "specimen", rejects)


def _with_lines(rows: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """The line of each mutant: its colony, with its genotype or zygosity where there are several."""
    kind = pl.coalesce("zygosity", "genotype")
    mutants = rows.filter("is_mutant")
    named = mutants.drop_nulls("colony").select("colony", kind.alias("kind")).unique(maintain_order=True)
    if mutants["colony"].null_count() and named.height == 1:
        colony = named["colony"][0]
        strays = mutants.filter(pl.col("colony").is_null())["specimen"].n_unique()
        notes.append(
            f"{strays} mutants without a colony are counted to {colony}, the only one that the table names"
        )
        line = pl.lit(colony)
    else:
        several = named.group_by("colony").len().filter(pl.col("len") > 1)["colony"]
        qualified = pl.col("colony").is_in(several.implode()) & kind.is_not_null()
        line = (
            pl.when(qualified)
            .then(pl.format("{} {}", "colony", kind))
            .otherwise(pl.coalesce("colony", "genotype"))
        )
    return rows.with_columns(
        pl.when("is_mutant").then(line.fill_null("mutants")).alias("line"),
        *_of_whole_line(line),
    )


def _of_whole_line(line: pl.Expr) -> list[pl.Expr]:
    """What the mutants of a line have in common: the first that any of them says."""
    return [
        pl.when("is_mutant")
        .then(pl.col(name).drop_nulls().first().over(line.fill_null("mutants")))
        .alias(name)
        for name in ("gene", "gene_symbol", "allele_symbol")
    ]


def _cell(columns: Mapping[str, str], role: str) -> pl.Expr:
    if role not in columns:
        return pl.lit(None, pl.String)
    cell = pl.col(columns[role])
    return cell if role == "category" else cell.replace([NOTHING_OR_CATEGORY], [None])


def _words(usual: Mapping[str, Sequence[str]], more: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {word.casefold(): key for key in usual for word in (*usual[key], *more[key])}


def _aside(
    frame: pl.DataFrame,
    broken: pl.Expr,
    rule: str,
    column: str | pl.Expr,
    shown: str,
    rejects: list[pl.DataFrame],
) -> pl.DataFrame:
    """The rows that do not break a rule; those that do go to the rejects."""
    marked = frame.with_columns(broken.fill_null(False).alias("_broken"))
    rejects.append(
        marked.filter("_broken").select(
            pl.col("row").cast(pl.Int64).alias("line"),
            pl.lit(rule).alias("rule"),
            (pl.lit(column) if isinstance(column, str) else column).alias("column"),
            pl.col(shown).cast(pl.String).str.slice(0, SHOWN).alias("value"),
        )
    )
    return marked.filter(~pl.col("_broken")).drop("_broken")
