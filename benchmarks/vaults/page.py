"""The last full run as the page «Замеры» shows it."""

import datetime
import json
from pathlib import Path

import numpy as np

from ..page import NOTE, duration, number, render

RESULTS = Path(__file__).parent / "results.json"
MEGABYTE = 1e6


def builds(results: dict) -> str:
    """Return the table of cold builds."""
    rows = ["| заметок | наш движок | Material без нас | во сколько раз дольше |", "|--:|--:|--:|--:|"]
    for row in results["builds"]:
        ratio = number(row["ours"][0] / row["plain"][0], 2)
        cells = number(row["notes"], 1), duration(*row["ours"]), duration(*row["plain"]), f"×{ratio}"
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def edits(results: dict) -> str:
    """Return the table of what follows an edit, and of the conversion alone."""
    rows = ["| что | время | доля движка |", "|---|--:|--:|"]
    for row in results["times"]:
        share = f"{number(100 * row['share'], 2)}\u00a0%" if "share" in row else ""
        rows.append(f"| {row['name']} | {duration(*row['seconds'])} | {share} |")
    return "\n".join(rows)


def fit(results: dict) -> tuple[float, float, float]:
    """Fit peak memory by a line: bytes at no notes, bytes per note, the largest deviation as a share."""
    notes = np.array([row["notes"] for row in results["builds"]])
    memory = np.array([row["memory"] for row in results["builds"]])
    each, base = np.polyfit(notes, memory, 1)
    return base, each, np.abs(memory / (base + each * notes) - 1).max()


def memory(results: dict) -> str:
    """Return the table of peak memory and the line through it."""
    rows = ["| заметок | память, МБ |", "|--:|--:|"]
    for row in results["builds"]:
        rows.append(f"| {number(row['notes'], 1)} | {number(row['memory'] / MEGABYTE)} |")
    base, each, off = fit(results)
    line = (
        f"Прямая: {number(base / MEGABYTE)}\u00a0МБ и ещё {number(each / 1e3, 2)}\u00a0КБ на заметку; "
        f"дальше всего от неё {number(100 * off, 2)}\u00a0%."
    )
    return "\n".join([*rows, "", line])


def about(results: dict) -> str:
    """Return the sentence on when, where and with what it was measured."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    date = datetime.date.fromisoformat(results["date"]).strftime("%d.%m.%Y")
    return f"Измерено {date}. {results['machine']}. {versions}."


def tables(results: dict) -> dict[str, str]:
    """Return what stands in the note's regions."""
    named = {"builds": builds, "edits": edits, "memory": memory, "about": about}
    return {f"vaults_{name}": table(results) for name, table in named.items()}


def write(results: dict) -> None:
    """Keep the results and bring the note up to them."""
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    NOTE.write_text(render(NOTE.read_text(encoding="utf-8"), tables(results)), encoding="utf-8")


