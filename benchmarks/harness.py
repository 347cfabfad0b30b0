"""How a row is measured: both sides by turns, every run on disk at once, so that a run can go on later."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Side:
    """One of the two. `run(seed)` does the work and returns how much it took and what came out.

    `count` is the number of seeds: in a full run, in a quick one.
    """

    name: str
    run: Callable[[int], tuple[int, object]]
    count: tuple[int, int]


@dataclass(frozen=True)
class Row:
    """The same work done by us and by a peer.

    `judge(result, seed)` says, off the clock, whether a run reached the goal; None where there is no goal.
    `target` is how many times sooner we mean to be done; `per_step` compares seconds per step of work.
    """

    work: str
    ours: Side
    peer: Side
    target: float
    unit: str
    judge: Callable[[object, int], bool] | None = None
    per_step: bool = False

    @property
    def name(self) -> str:
        return f"{self.work} ↔ {self.peer.name}"


def turns(ours: int, peer: int) -> list[tuple[str, int]]:
    """Spread the runs of the rarer side evenly among those of the other: (side, seed) in order."""
    counts = {"ours": ours, "peer": peer}
    runs = [((seed + 0.5) / n, side, seed) for side, n in counts.items() for seed in range(n)]
    return [(side, seed) for _, side, seed in sorted(runs)]


def load(path: Path, header: dict) -> list[dict]:
    """Return what an interrupted run has measured; nothing if it ran other code or elsewhere."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]  # the last one may have been cut off
    first, *rest = map(json.loads, lines) if lines else [None]
    return rest if first == header else []


def measure(rows: list[Row], path: Path, header: dict, quick: bool = False) -> Iterator[tuple[Row, dict]]:
    """Run what is left of the rows; yield each row and its new measurement, which is on disk by then.

    A measurement is {row, side, seed, seconds, work, solved}.
    """
    found = load(path, header)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in [header, *found]), encoding="utf-8")
    done = {(m["row"], m["side"], m["seed"]) for m in found}
    for row in rows:
        for name, seed in turns(row.ours.count[quick], row.peer.count[quick]):
            if (row.name, name, seed) in done:
                continue
            side = getattr(row, name)
            start = time.perf_counter()
            work, result = side.run(seed)
            seconds = time.perf_counter() - start
            solved = row.judge(result, seed) if row.judge else None
            new = {"row": row.name, "side": name, "seed": seed}
            new |= {"seconds": seconds, "work": work, "solved": solved}
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(new) + "\n")
            yield row, new


def summary(row: Row, found: list[dict]) -> dict:
    """Median, extremes, work and successes of each side of a row, and how many times sooner we are done."""
    sides = {}
    for name in ("ours", "peer"):
        runs = [m for m in found if (m["row"], m["side"]) == (row.name, name)]
        seconds = [m["seconds"] / m["work"] if row.per_step else m["seconds"] for m in runs]
        sides[name] = {
            "name": getattr(row, name).name,
            "seconds": [statistics.median(seconds), min(seconds), max(seconds)],
            "work": statistics.median(m["work"] for m in runs),
            "solved": row.judge and sum(m["solved"] for m in runs),
            "runs": len(runs),
        }
    ratio = sides["peer"]["seconds"][0] / sides["ours"]["seconds"][0]
    return {"work": row.work, "unit": row.unit, "target": row.target, "ratio": ratio, **sides}


def machine() -> str:
    """Name the processor, the number of its cores and the system."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    python = platform.python_version()
    return f"{model}, ядер {os.cpu_count()}, один поток, {platform.system()}, Python {python}"
