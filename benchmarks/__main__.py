"""Measure all rows, or go on where the last run was cut off: `python -m benchmarks [--quick]`."""

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import time
from pathlib import Path

from . import ROOT, carts, harness, page, policies, process, proximal, search

GROUPS = {  # under these names the note shows them
    "carts": carts.ROWS,
    "search": search.ROWS,
    "policies": policies.ROWS,
    "ppo": proximal.ROWS,
    "process": process.ROWS,
}
PACKAGES = ["numpy", "torch", "gymnasium", "stable-baselines3", "sb3-contrib", "cma", "cmaes", "scipy"]


def code() -> str:
    """Return the fingerprint of what is measured: runs of other code are not mixed."""
    measured = [file for file in Path(__file__).parent.glob("*.py") if file != Path(page.__file__)]
    paths = sorted([*(ROOT / "snippets").glob("*.py"), *measured])
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few seeds; the site's page stays as it is")
    quick = parser.parse_args().quick
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    header = {"machine": harness.machine(), "versions": versions, "code": code(), "quick": quick}
    rows = [row for group in GROUPS.values() for row in group]
    path = ROOT / ".cache" / f"benchmarks{'-quick' * quick}.jsonl"
    found = harness.load(path, header)
    total = sum(row.ours.count[quick] + row.peer.count[quick] for row in rows)
    if found:
        print(f"продолжаем: измерено {len(found)} из {total}")
    start = time.monotonic()
    for row, measured in harness.measure(rows, path, header, quick):
        found.append(measured)
        minutes = (time.monotonic() - start) / 60
        print(f"\r\033[K{len(found)} из {total}, {minutes:.0f} мин: {row.name}", end="", flush=True)
    print()
    groups = {name: [harness.summary(row, found) for row in group] for name, group in GROUPS.items()}
    for row in (row for group in groups.values() for row in group):
        verdict = "взята" if row["ratio"] >= row["target"] else "НЕ ВЗЯТА"
        name = f"{row['work']} ↔ {row['peer']['name']}"
        print(f"{name}: в {row['ratio']:.1f}, цель {row['target']:g} {verdict}")
    if not quick:
        today = datetime.date.today().isoformat()
        results = {"date": today, "machine": harness.machine(), "versions": versions, "groups": groups}
        page.RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        page.write(results)
    path.unlink()  # the next run begins anew


if __name__ == "__main__":
    main()
