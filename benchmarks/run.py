"""The claims about speed and memory, measured: `make bench`, or `make bench ARGS="real stream"`.

real     the build of benchmarks/real-data.toml, against what the engine's bulk loader alone needs for the same statements
quads    a table of results to N-Quads, statements a second on one core
stream   builds of more and more simulated results: peak memory by step must not grow with their number
servers  production servers for Python, and what the service needs of one (benchmarks/servers.py)
service  the SPARQL service on the real-data release, against the engine's own server (benchmarks/service.py). The release
         is built first, unless IMPCKG_REAL_STORE says where it is; Virtuoso takes part where IMPCKG_VIRTUOSO names a folder
reasoning  classification of MP and HP with definitions, explanations, class expressions (benchmarks/reasoning.py), against
         ELK and whelk where IMPCKG_REASONERS names a folder with their jars (benchmarks/reasoners/pom.xml)
calibration  how often null lines are significant, and the power of the mixed model (benchmarks/calibration.py)
permutation  the same on real animals, with permutation within batch as the judge (benchmarks/permutation.py)
openstats  how often the statistical step finds what OpenStats would, with nlme for its fits (benchmarks/openstats.py); left
         out where there is no Rscript
mixed_models  mixed models a second beside statsmodels, time and memory of a release (benchmarks/mixed_models.py)

Each prints a table and writes it to benchmarks/results/<name>.md with the machine, the versions and the command.
Machines are shared and noisy: ratios count, not seconds.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

import polars as pl

from impckg.graph.schema import kind
from impckg.graph.triples import batches, write_table
from impckg.loaders.build import build
from impckg.loaders.recipe import read_recipe
from impckg.loaders.report import Report
from impckg.loaders.simulate import simulate_release
from impckg.loaders.steps import SilentWatcher, peak_mib

HERE = Path(__file__).parent
RESULTS = HERE / "results"
# What keeps Polars and the libraries under NumPy to so many threads.
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
STREAM_SIZES = (50_000, 150_000, 500_000)

# The engine alone: the same files, one process, nothing else.
LOAD_ALONE = """
import sys, time
import pyoxigraph as ox
from impckg.loaders.steps import peak_mib
started = time.perf_counter()
store = ox.Store(sys.argv[1])
for file in sys.argv[2:]:
    format_ = ox.RdfFormat.N_QUADS if file.endswith(".nq") else ox.RdfFormat.N_TRIPLES
    store.bulk_load(path=file, format=format_, lenient=True)
print(time.perf_counter() - started, peak_mib())
"""


class KeepTriples(SilentWatcher):
    """Keeps the files that a build loads, which it would drop, by a second link to each."""

    def __init__(self, work: Path, keep: Path) -> None:
        self._work, self._keep = work, keep

    def step_finished(self, step: str, seconds: float, skipped: bool) -> None:
        """Link the files when the last of them is written."""
        if step == "describe":
            self._keep.mkdir()
            for file in (self._work / "triples").iterdir():
                os.link(file, self._keep / file.name)


def real(folder: Path) -> list[str]:
    """The real-data build and the bulk loader alone, one after the other."""
    recipe = read_recipe(HERE / "real-data.toml")
    started = time.perf_counter()
    report = build(recipe, folder / "out", watcher=KeepTriples(folder / "out" / "work", folder / "triples"))
    whole = time.perf_counter() - started
    alone, alone_mib = _load_alone(folder, sorted((folder / "triples").iterdir()))
    statements = sum(report.statements.values())
    rows = sum(source["read"] for source in report.sources.values())
    return [
        f"{statements:,} statements from {rows:,} rows of {len(report.sources)} files",
        "",
        "| what | wall s | peak MiB |",
        "| --- | --- | --- |",
        f"| whole build | {whole:.1f} | {report.peak_mib:,} |",
        f"| pyoxigraph bulk_load alone, same statements | {alone:.1f} | {alone_mib:,} |",
        f"| ratio | {whole / alone:.2f} | |",
        "",
        *_steps(report),
    ]


def quads(folder: Path) -> list[str]:
    """A table of results to N-Quads, on one core."""
    recipe = simulate_release(folder / "files", genes=60, seed=1, results=100_000)
    build(read_recipe(recipe), folder / "out", watcher=SilentWatcher())
    table = folder / "out" / "tables" / "result.parquet"
    rows = list(batches(pl.scan_parquet(table)))
    started, cpu = time.perf_counter(), time.process_time()
    with (folder / "result.nq").open("wb") as output:
        statements = sum(
            write_table(batch, kind("Result"), output, "https://w3id.org/impckg/graph/x") for batch in rows
        )
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    return [
        f"{sum(batch.height for batch in rows):,} results, {statements:,} statements",
        "",
        "| per | statements a second |",
        "| --- | --- |",
        f"| wall second | {statements / seconds:,.0f} |",
        f"| CPU second (all threads) | {statements / cpu_seconds:,.0f} |",
    ]


def stream(folder: Path) -> list[str]:
    """Builds of growing numbers of results, each in a process of its own, and the peak memory of each step."""
    lines = [
        "| results | statements | build s | " + " | ".join(f"{step} MiB" for step in _STREAM_STEPS) + " |"
    ]
    lines.append("| --- " * (len(_STREAM_STEPS) + 3) + "|")
    for size in STREAM_SIZES:
        report = _build_apart(folder / str(size), size)
        peaks = {step["step"]: step["peak_mib"] for step in report.steps}
        cells = [f"{size:,}", f"{sum(report.statements.values()):,}", f"{report.seconds:.0f}"]
        lines.append("| " + " | ".join([*cells, *(f"{peaks[step]:,}" for step in _STREAM_STEPS)]) + " |")
    return lines


def servers(folder: Path) -> list[str]:
    """The production servers, compared."""
    return _script("servers.py", str(folder))


def service(folder: Path) -> list[str]:
    """The service, with all but the soak, which takes an hour: `python benchmarks/service.py soak --store DIR`."""
    store = os.environ.get("IMPCKG_REAL_STORE")
    if store is None:
        build(read_recipe(HERE / "real-data.toml"), folder / "out", watcher=SilentWatcher())
        store = str(folder / "out")
    virtuoso = os.environ.get("IMPCKG_VIRTUOSO")
    peers = ["--virtuoso", virtuoso] if virtuoso else []
    return _script("service.py", "small", "large", "million", "questions", "mixed", "--store", store, *peers)


def reasoning(folder: Path) -> list[str]:
    """Classification, explanations and class expressions, beside reasoners of the JVM."""
    jars = os.environ.get("IMPCKG_REASONERS")
    data = HERE.parents[1] / "shared" / "data" / "ontology"
    return _script("reasoning.py", str(data), str(folder), *([jars] if jars else []))


def calibration(folder: Path) -> list[str]:
    """What p-values of the mixed model are worth, by simulation."""
    del folder
    return _script("calibration.py")


def permutation(folder: Path) -> list[str]:
    """What p-values of the mixed model are worth, on real animals."""
    del folder
    return _script("permutation.py", str(HERE.parents[1] / "shared" / "data"))


def openstats(folder: Path) -> list[str]:
    """How often the statistical step finds what OpenStats would."""
    return _script("openstats.py", str(folder))


def mixed_models(folder: Path) -> list[str]:
    """Mixed models a second, on one thread."""
    return _script("mixed_models.py", str(folder), environment=dict.fromkeys(THREADS, "1"))


def _script(name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> list[str]:
    command = [sys.executable, str(HERE / name), *arguments]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | (environment or {})
    )
    return done.stdout.splitlines()


_STREAM_STEPS = ("read impc_statistical_results", "merge", "reason", "triples", "load", "check")


def _build_apart(folder: Path, results: int) -> Report:
    recipe = simulate_release(folder / "files", genes=60, seed=1, results=results)
    command = [sys.executable, "-m", "impckg", "build", str(recipe), "--out", str(folder / "out")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    from impckg.loaders.report import finished_report  # noqa: PLC0415

    report = finished_report(folder / "out" / "current")
    assert report is not None
    return report


def _load_alone(folder: Path, files: list[Path]) -> tuple[float, int]:
    command = [sys.executable, "-c", LOAD_ALONE, str(folder / "alone"), *map(str, files)]
    seconds, mib = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), int(mib)


def _have_real_files() -> bool:
    return "IMPCKG_REAL_STORE" in os.environ or (HERE.parents[1] / "shared" / "data").is_dir()


def _steps(report: Report) -> list[str]:
    rows = [f"| {step['step']} | {step['seconds']:.1f} | {step['peak_mib']:,} |" for step in report.steps]
    return ["| step | wall s | peak MiB so far |", "| --- | --- | --- |", *rows]


def _machine() -> str:
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("pyoxigraph", "polars", "fastobo", "numba", "impckg")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return (
        f"{os.cpu_count()} cores, {memory} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}"
    )


BENCHMARKS: dict[str, Callable[[Path], list[str]]] = {
    "real": real,
    "quads": quads,
    "stream": stream,
    "servers": servers,
    "service": service,
    "reasoning": reasoning,
    "calibration": calibration,
    "permutation": permutation,
    "openstats": openstats,
    "mixed_models": mixed_models,
}
NEED_REAL_FILES = ("real", "service", "reasoning", "permutation")
NEED_R = ("openstats",)


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    for name in sys.argv[1:] or BENCHMARKS:
        if name in NEED_REAL_FILES and not _have_real_files():
            print(f"{name}: left out, the real files are not on this machine")
            continue
        if name in NEED_R and shutil.which("Rscript") is None:
            print(f"{name}: left out, there is no Rscript")
            continue
        with tempfile.TemporaryDirectory() as folder:
            lines = BENCHMARKS[name](Path(folder))
        load = os.getloadavg()[0]
        text = [
            f"# {name}",
            "",
            f"`make bench ARGS={name}` on {_machine()}; load average {load:.1f} at the end.",
            "",
            *lines,
        ]
        print("\n".join(text), end="\n\n")
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    print(
        f"peak of this process: {peak_mib():,} MiB",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
