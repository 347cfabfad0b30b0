"""A whole process, from the command to the printed answer, against the import of Stable-Baselines3 alone."""

import subprocess
import sys

import ppo

from . import ROOT
from .harness import Row, Side

TRAIN = "import numpy, ppo; print(ppo.train(numpy.random.default_rng({seed}))[0][-1])"


def process(code):
    def run(seed):
        command = [sys.executable, "-c", code.format(seed=seed)]
        subprocess.run(command, check=True, cwd=ROOT / "snippets", stdout=subprocess.DEVNULL)
        return ppo.CARTS * ppo.STEPS * ppo.ROUNDS if code is TRAIN else 0, None

    return run


ROWS = [
    Row(
        "процесс целиком",
        Side("ppo.py", process(TRAIN), (10, 2)),
        Side("import stable_baselines3", process("import stable_baselines3"), (10, 2)),
        6,
        "шагов",
    )
]
