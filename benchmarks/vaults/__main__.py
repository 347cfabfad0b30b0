"""Measure the engine on made-up vaults and on this site: `python -m benchmarks.vaults [--quick]`."""

import argparse
import datetime
import importlib.metadata
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..harness import machine
from . import builds, notes, page

SIZES = {100: 5, 300: 5, 1000: 5, 3000: 3}  # notes → how often each side builds them
QUICK = {30: 2, 100: 2}
EDITED, ADDRESS = "Policy gradient.md", "policy-gradient/"
PACKAGES = ["mkdocs", "mkdocs-material", "markdown-it-py", "math-core", "Markdown", "pymdown-extensions"]


def spread(values: list[float]) -> list[float]:
    """Return median, least and greatest."""
    return [statistics.median(values), min(values), max(values)]


def steps(folder: Path, sizes: dict[int, int], times: int) -> Iterator[tuple[str, int, object]]:
    """Do all of the measuring; yield what was measured, of how many notes, and the outcome."""
    sides = {}
    for size in sizes:
        notes.vault(size, folder / f"{size}-obsidian")
        nav = notes.vault(size, folder / f"{size}-markdown", plain=True)
        ours = builds.project(folder / f"{size}-ours", folder / f"{size}-obsidian")
        sides[size] = ours, builds.plain(folder / f"{size}-plain", folder / f"{size}-markdown", nav)
    for turn in range(max(sizes.values())):
        for size, often in sizes.items():
            if turn < often:
                for name, side in zip(("ours", "plain"), sides[size], strict=True):
                    yield name, size, builds.cold(side)
    middle = 1000 if 1000 in sizes else max(sizes)
    vault, site = sides[middle][0], builds.project(folder / "site", builds.ROOT / "docs")
    for _ in range(times):
        yield "convert", middle, builds.process("convert", vault, 1)
    yield "rebuild", middle, builds.process("rebuild", vault, times, "index.md")
    yield "rebuild", 0, builds.process("rebuild", site, times, EDITED)
    yield "served", 0, builds.served(site, 2 * times, EDITED, ADDRESS)


def summary(found: list[tuple[str, int, object]]) -> dict:
    """Return medians and extremes of what `steps` has yielded."""

    def of(name: str, size: int) -> list:
        return [outcome for what, notes, outcome in found if (what, notes) == (name, size)]

    rows = [
        {
            "notes": size,
            **{name: spread([run["seconds"] for run in of(name, size)]) for name in ("ours", "plain")},
            "memory": statistics.median(run["memory"] for run in of("ours", size)),
        }
        for size in dict.fromkeys(size for what, size, _ in found if what == "ours")
    ]
    middle = next(size for what, size, _ in found if what == "convert")
    converted = [seconds for runs in of("convert", middle) for seconds in runs]
    times = [{"key": "convert", "name": "перевод одной заметки в HTML", "seconds": spread(converted)}]
    for key, size, name in (
        ("rebuild", middle, f"пересборка после правки, {page.number(middle, 1)} заметок"),
        ("site", 0, "пересборка этого сайта после правки"),
    ):
        (runs,) = of("rebuild", size)
        share = statistics.median(run["ours"] / run["seconds"] for run in runs)
        seconds = spread([run["seconds"] for run in runs])
        times.append({"key": key, "name": name, "seconds": seconds, "share": share})
    (served,) = of("served", 0)
    name = "этот сайт, от сохранения до новой страницы"
    times.append({"key": "served", "name": name, "seconds": spread(served)})
    return {"builds": rows, "times": times}


def verdicts(results: dict) -> list[str]:
    """Say of each target whether it is met."""
    rows = {row["key"]: row for row in results["times"]}
    build = [row for row in results["builds"] if row["notes"] <= 1000][-1]
    checks = [
        ("перевод заметки, мс", 1000 * rows["convert"]["seconds"][0], 5),
        (f"сборка {build['notes']} заметок к Material", build["ours"][0] / build["plain"][0], 1.5),
        ("доля движка в пересборке, %", 100 * rows["rebuild"]["share"], 10),
        ("пересборка этого сайта, с", rows["site"]["seconds"][0], 1),
        ("от сохранения до страницы, с", rows["served"]["seconds"][0], 1),
    ]
    return [
        f"{what}: {value:.2f}, цель {most:g} {'взята' if value <= most else 'НЕ ВЗЯТА'}"
        for what, value, most in checks
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vaults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small vaults; the site's page stays as it is")
    quick = parser.parse_args().quick
    sizes, times = (QUICK, 2) if quick else (SIZES, 5)
    total = 2 * sum(sizes.values()) + times + 3
    found, start = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name, size, outcome in steps(Path(folder), sizes, times):
            found.append((name, size, outcome))
            minutes = (time.monotonic() - start) / 60
            print(f"\r\033[K{len(found)} из {total}, {minutes:.0f} мин: {name} {size}", end="", flush=True)
    print()
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        **summary(found),
    }
    print(*verdicts(results), *page.tables(results).values(), sep="\n")
    if not quick:
        page.write(results)


if __name__ == "__main__":
    main()
