"""The snippets against the libraries that a reader would otherwise install: `python -m benchmarks`."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "snippets"))
for library in ("OMP", "OPENBLAS", "MKL"):  # one thread on either side; read when numpy and torch load
    os.environ[f"{library}_NUM_THREADS"] = "1"
