"""The last full run as the site shows it: tables and a plot, written by the command, never by hand."""

import datetime
import re
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from . import ROOT

RESULTS = Path(__file__).parent / "results.json"
NOTE = ROOT / "docs" / "Benchmarks.md"
PLOT = ROOT / "docs" / "Benchmarks.svg"
REGION = re.compile(r"(?<=%%)(замеры: (\w+)%%\n).*?(?=%%конец замеров%%)", re.S)


def number(value: float, digits: int = 3) -> str:
    """Write a number with that many significant digits, as a Russian reader has it: 1 234, 12,3."""
    whole = len(f"{value:.0f}") if value >= 1 else 0
    text = f"{value:,.{max(digits - whole, 0)}f}" if whole else f"{value:.{digits}g}"
    return text.replace(",", "\u00a0").replace(".", ",")


def duration(median: float, low: float, high: float) -> str:
    """Write the median and the extremes of times in seconds, all in the median's unit."""
    unit, size = next((u for u in (("с", 1), ("мс", 1e-3), ("мкс", 1e-6)) if median >= u[1]), ("нс", 1e-9))
    return f"{number(median / size)}\u00a0{unit} ({number(low / size)}–{number(high / size)})"


def table(group: list[dict]) -> str:
    """Return the Markdown table of a group of rows: two lines each, so that it fits a phone."""
    judged = group[0]["ours"]["solved"] is not None
    last = "дошли" if judged else "зёрен"
    lines = [f"| кто | время | {group[0]['unit']} | {last} |", "|---|--:|--:|--:|"]
    for row in group:
        names = f"**{row['work']}:** {row['ours']['name']}", row["peer"]["name"]
        ratios = "", f" **×{number(row['ratio'], 2)}**"
        for name, ratio, side in zip(names, ratios, (row["ours"], row["peer"]), strict=True):
            runs = f"{side['solved']}\u00a0из\u00a0{side['runs']}" if judged else side["runs"]
            cells = name, duration(*side["seconds"]) + ratio, number(side["work"]), runs
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def about(results: dict) -> str:
    """Return the sentence on when, where and with what it was measured."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    date = datetime.date.fromisoformat(results["date"]).strftime("%d.%m.%Y")
    return f"Измерено {date}. {results['machine']}. {versions}."


def tables(results: dict) -> dict[str, str]:
    """Return what stands in the note's regions."""
    return {**{name: table(rows) for name, rows in results["groups"].items()}, "about": about(results)}


def render(text: str, tables: dict[str, str]) -> str:
    """Put the tables into the note's regions of their names; the other regions stay."""
    return REGION.sub(lambda m: f"{m[1]}\n{tables[m[2]]}\n\n" if m[2] in tables else m[0], text)


def plot(results: dict) -> Figure:
    """Draw how many times sooner we are done, row by row, on a logarithmic scale."""
    rows = [row for rows in results["groups"].values() for row in rows]
    figure = Figure(figsize=(5, 0.34 * len(rows) + 0.6), layout="constrained")
    ax = figure.subplots()
    for y, row in enumerate(rows):
        ax.barh(y, row["ratio"] - 1, left=1, height=0.36, color="C0")
        ax.text(1, y - 0.28, f" {row['work']} ↔ {row['peer']['name']}", fontsize=9)
        ax.text(max(row["ratio"], 1), y, f" {number(row['ratio'], 2)}", va="center", fontsize=9)
    ax.set(xscale="log", xlim=(1, 4000), xlabel="во сколько раз быстрее", ylim=(len(rows) - 0.5, -0.9))
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.set_yticks([])
    ax.spines["left"].set_color("0.5")
    return figure


def write(results: dict) -> None:
    """Bring the note and its plot up to the results."""
    NOTE.write_text(render(NOTE.read_text(encoding="utf-8"), tables(results)), encoding="utf-8")
    with matplotlib.rc_context(fname=ROOT / "snippets" / "matplotlibrc"):
        plot(results).savefig(PLOT, metadata={"Date": None})
