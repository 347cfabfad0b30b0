"""The top of a function: our CEM against pycma, cmaes and SciPy's differential evolution."""

from contextlib import suppress

import cma
import numpy as np
from cmaes import CMA
from scipy.optimize import differential_evolution

import cem

from .harness import Row, Side

GOAL = 1e-6  # f − f*
TRIES = 9  # a search that has stopped short of it begins anew, whoever is searching
FUNCTIONS = {  # start μ, σ, and the box, which only differential evolution needs
    "Розенброк": (cem.rosenbrock, (-1.2, 1.0), 1.0, 2.048),
    "Химмельблау": (cem.himmelblau, (0.0, 0.0), 2.0, 5.0),
    "Растригин": (cem.rastrigin, (2.0, 2.0), 3.0, 5.12),
}


class Reached(Exception):
    """A point within GOAL of the top has been seen."""


class Target:
    """y that counts its points and stops the search at the first good one, whoever is searching."""

    def __init__(self, y):
        self.y, self.points, self.best = y, 0, -np.inf

    def __call__(self, x):  # (n, 2) → (n,), maximised
        value = self.y(x)
        self.points += len(x)
        self.best = max(self.best, value.max())
        if self.best > -GOAL:
            raise Reached
        return value

    def cost(self, x):
        return -self(x)


def until_reached(search):
    """Side.run of a search(name, target, seed)."""

    def of(name):
        def run(seed):
            target = Target(FUNCTIONS[name][0])
            with suppress(Reached):
                search(name, target, seed)
            return target.points, target.best

        return run

    return of


@until_reached
def ours(name, y, seed):
    _, mu, sigma, _ = FUNCTIONS[name]
    rng = np.random.default_rng(seed)
    for _ in range(TRIES):
        cem.cem(y, np.array(mu), sigma**2 * np.eye(2), rng, cem.refit_wide)


@until_reached
def pycma(name, y, seed):
    """Each try with twice the points, as the method's authors advise."""
    _, mu, sigma, _ = FUNCTIONS[name]
    for restart in range(TRIES):
        options = {"seed": 10 * seed + restart + 1, "verbose": -9, "popsize": 6 * 2**restart}
        search = cma.CMAEvolutionStrategy(mu, sigma, options)
        while not search.stop():
            x = search.ask()
            search.tell(x, y.cost(np.array(x)))


@until_reached
def cmaes(name, y, seed):
    _, mu, sigma, _ = FUNCTIONS[name]
    for restart in range(TRIES):
        size = 6 * 2**restart
        search = CMA(np.array(mu), sigma, seed=10 * seed + restart, population_size=size)
        while not search.should_stop():
            x = np.array([search.ask() for _ in range(size)])
            search.tell(list(zip(x, y.cost(x), strict=True)))


@until_reached
def scipy(name, y, seed):
    bounds = 2 * [(-FUNCTIONS[name][3], FUNCTIONS[name][3])]
    options = {"vectorized": True, "updating": "deferred", "polish": False, "tol": 0}
    rng = np.random.default_rng(seed)
    for _ in range(TRIES):
        differential_evolution(lambda x: y.cost(x.T), bounds, rng=rng, **options)


def judge(best, seed):
    return bool(best > -GOAL)


def row(name, peer, run, target):
    count = (100, 5)
    us = Side("cem.py", ours(name), count)
    return Row(f"CEM, {name}", us, Side(peer, run(name), count), target, "точек", judge)


PEERS = [("cma", pycma, 14), ("cmaes", cmaes, 8), ("DE из SciPy", scipy, 4)]
ROWS = [row(name, *peer) for name in FUNCTIONS for peer in PEERS]
