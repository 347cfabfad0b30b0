"""Environment steps: our cart against Gymnasium's."""

import gymnasium
import numpy as np

import agent_loop

from .harness import Row, Side

STEPS = 20_000  # of one cart
MANY = 500  # steps of all carts at once


def loop(policy):
    """Play whole episodes with the snippet's own loop."""

    def run(seed):
        rng, played = np.random.default_rng(seed), 0
        while played < STEPS:
            played += len(agent_loop.episode(policy, rng)[2])
        return played, None

    return run


def gymnasium_loop(policy):
    """The same loop, the same policy, the same record of the episode; the environment is Gymnasium's."""

    def run(seed):
        env, played = gymnasium.make("CartPole-v1"), 0
        s, _ = env.reset(seed=seed)
        while played < STEPS:
            states, actions, rewards, over = [s], [], [], False
            while not over:
                a = policy(s, None)
                s, r, terminated, truncated, _ = env.step(a)
                over = terminated or truncated
                states.append(s)
                actions.append(a)
                rewards.append(r)
            s, a, r = map(np.array, (states, actions, rewards))
            played += len(r)
            s, _ = env.reset()
        return played, None

    return run


def many(n):
    """n carts under random pushes; the fallen and the timed out start anew."""

    def run(seed):
        rng = np.random.default_rng(seed)
        actions = rng.integers(2, size=(MANY, n))
        s, age = agent_loop.reset(n, rng), np.zeros(n, int)
        for a in actions:
            s, fell = agent_loop.step(s, a)
            age += 1
            over = fell | (age == agent_loop.LIMIT)
            (anew,) = over.nonzero()
            if anew.size:
                age[anew] = 0
                for old, new in zip(s, agent_loop.reset(anew.size, rng), strict=True):
                    old[anew] = new
        return MANY * n, None

    return run


def gymnasium_many(n, mode):
    def run(seed):
        actions = np.random.default_rng(seed).integers(2, size=(MANY, n))
        env = gymnasium.make_vec("CartPole-v1", num_envs=n, vectorization_mode=mode)
        env.reset(seed=seed)
        for a in actions:
            env.step(a)
        return MANY * n, None

    return run


def row(work, ours, name, peer, count, target):
    us, them = Side("agent_loop.py", ours, count), Side(name, peer, count)
    return Row(work, us, them, target, "шагов", per_step=True)


VECTOR = "CartPoleVectorEnv"
SHORT, LONG = agent_loop.angle_policy, agent_loop.forecast_policy  # 42 steps an episode and 500
ROWS = [
    row("цикл, длинные эпизоды", loop(LONG), "gymnasium.make", gymnasium_loop(LONG), (30, 3), 9),
    row("цикл, короткие эпизоды", loop(SHORT), "gymnasium.make", gymnasium_loop(SHORT), (30, 3), 9),
    row("64 тележки", many(64), VECTOR, gymnasium_many(64, "vector_entry_point"), (30, 3), 2),
    row("64 тележки", many(64), "SyncVectorEnv", gymnasium_many(64, "sync"), (30, 3), 18),
    row("1024 тележки", many(1024), VECTOR, gymnasium_many(1024, "vector_entry_point"), (30, 3), 1.4),
]
