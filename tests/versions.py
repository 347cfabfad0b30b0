"""Do the pages' numbers come out under other versions? `python tests/versions.py numpy==1.26.0 matplotlib==3.8.0`

Makes a virtual environment with what the arguments name (the oldest supported versions if there are
none; `numpy matplotlib` asks for the newest), runs every snippet in it as a reader would, figures and
all, and checks every number of the pages that is bound to a printed line. It takes minutes, so it is no
part of the suite.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from ledger import ROOT, moved
from runner import Run

# numpy 1.24 has no names for what slogdet returns; matplotlib 3.6.0 is the first with wheels for Python 3.11
OLDEST = ["numpy==1.25.0", "matplotlib==3.6.0"]


def install(folder: Path, wanted: list[str]) -> Path:
    """Make a virtual environment; return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary", ":all:", *wanted], check=True)
    return python


def run(python: Path, snippet: Path, folder: Path) -> Run:
    """Run a snippet in an empty folder; a failed one has an `error`."""
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [python, snippet], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    error = done.stderr.strip().rpartition("\n")[2] if done.returncode else None
    return Run(snippet.stem, snippet.read_text(encoding="utf-8"), done.stdout, {}, error)


def main(wanted: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        python = install(Path(folder, "venv"), wanted)
        print(subprocess.check_output([python, "-m", "pip", "list", "--format=freeze"], text=True))
        work = Path(folder, "work")
        work.mkdir()
        runs = {path.stem: run(python, path, work) for path in sorted((ROOT / "snippets").glob("*.py"))}
    failed = [f"{name}: {run.error}" for name, run in runs.items() if run.error]
    bound, problems = moved(runs)
    print(*failed, *problems, sep="\n", end="\n" if failed or problems else "")
    print(f"{len(runs)} snippets, {len(failed)} failed; {bound} numbers of the pages, {len(problems)} moved")
    return 1 if failed or problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or OLDEST))
