"""Policies for CartPole: our CEM and REINFORCE against the libraries and the textbook formulations."""

import cma
import gymnasium
import numpy as np
import torch
from sb3_contrib import ARS
from torch import nn
from torch.distributions import Bernoulli, Categorical

import cem_policy
import reinforce

from .harness import Row, Side

SOLVED = 475  # Gymnasium's own threshold for CartPole-v1
EXAM = 100  # episodes

torch.set_num_threads(1)


def judge(policy, seed):
    """Play Gymnasium's environment with policy(s, rng) → a, both (EXAM, …); is the mean return ≥ SOLVED?"""
    env = gymnasium.make_vec("CartPole-v1", num_envs=EXAM, vectorization_mode="vector_entry_point")
    s, _ = env.reset(seed=10_000 + seed)
    rng, alive, total = np.random.default_rng(seed), np.ones(EXAM, bool), np.zeros(EXAM)
    while alive.any():
        s, reward, terminated, truncated, _ = env.step(policy(s, rng).astype(int))
        total += reward * alive
        alive &= ~(terminated | truncated)
    return bool(total.mean() >= SOLVED)


def greedy(theta):
    return lambda s, rng: s / cem_policy.SCALE @ theta > 0


def sampled(theta):
    return lambda s, rng: rng.random(len(s)) < 1 / (1 + np.exp(-(s / cem_policy.SCALE) @ theta))


# CEM


class Count:
    """How many environment steps cem_policy.returns has paid for."""

    def __init__(self):
        self.steps = 0

    def __call__(self, theta, rng):
        R = RETURNS(theta, rng)
        self.steps += R.sum()
        return R


RETURNS = cem_policy.returns


def our_cem(seed):
    cem_policy.returns = count = Count()
    theta, _ = cem_policy.train(np.random.default_rng(seed))
    return int(count.steps), greedy(theta)


def pycma(size, generations):
    """The same weights, carts and episodes per policy.

    The generations are the fewest after which 100 of 100 trainings had reached the goal.
    """

    def run(seed):
        count, rng = Count(), np.random.default_rng(seed)
        options = {"seed": seed + 1, "verbose": -9, "popsize": size}
        search = cma.CMAEvolutionStrategy(np.zeros(4), 1.0, options)
        for _ in range(generations):
            theta = search.ask()
            R = count(np.repeat(theta, cem_policy.EPISODES, axis=0), rng)
            search.tell(theta, -R.reshape(size, cem_policy.EPISODES).mean(axis=1))
        return int(count.steps), greedy(search.mean)

    return run


def ars(seed):
    """sb3-contrib with the settings of RL Zoo for this environment."""
    model = ARS("LinearPolicy", "CartPole-v1", n_delta=2, seed=seed, device="cpu").learn(50_000)
    return model.num_timesteps, lambda s, rng: model.predict(s, deterministic=True)[0]


# REINFORCE


def our_reinforce(seed):
    played = []
    roll = reinforce.rollout

    def counted(theta, rng):
        phi, e, r = roll(theta, rng)
        played.append(r.sum())
        return phi, e, r

    reinforce.rollout = counted
    try:
        theta, _ = reinforce.train(np.random.default_rng(seed))
    finally:
        reinforce.rollout = roll
    return int(sum(played)), sampled(theta[0])


def pytorch_example(seed):
    """REINFORCE of the PyTorch examples: its network, step, normalised returns and stopping rule."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(4, 128), nn.Dropout(0.6), nn.ReLU(), nn.Linear(128, 2), nn.Softmax(-1))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    env = gymnasium.make("CartPole-v1")
    s, _ = env.reset(seed=seed)
    running, work = 10.0, 0
    for _ in range(5000):
        logp, rewards, over = [], [], False
        while not over:
            choice = Categorical(network(torch.from_numpy(s).float()))
            a = choice.sample()
            logp.append(choice.log_prob(a))
            s, reward, terminated, truncated, _ = env.step(a.item())
            rewards.append(reward)
            over = terminated or truncated
        returns = []
        for r in reversed(rewards):
            returns.append(r + 0.99 * (returns[-1] if returns else 0))
        G = torch.tensor(returns[::-1])
        G = (G - G.mean()) / (G.std() + np.finfo(np.float32).eps)
        optimizer.zero_grad()
        (-(torch.stack(logp) * G).sum()).backward()
        optimizer.step()
        work += len(rewards)
        running = 0.05 * len(rewards) + 0.95 * running
        if running > SOLVED:
            break
        s, _ = env.reset()
    network.eval()

    def policy(s, rng):
        with torch.no_grad():
            p = network(torch.from_numpy(s).float()).numpy()
        return rng.random(len(s)) < p[:, 1]

    return work, policy


def spinning_up(seed):
    """Spinning Up's loop: act one step, remember, then one loss for the batch.

    Network, batch, weights and step are ours: a linear actor on scaled features, 64 episodes, reward-to-go
    less its mean over the carts, a step of given length.
    """
    torch.manual_seed(seed)
    theta = torch.zeros(4, requires_grad=True)
    scale = torch.tensor(reinforce.SCALE, dtype=torch.float32)
    env, work = gymnasium.make("CartPole-v1"), 0
    s, _ = env.reset(seed=seed)
    for k in range(reinforce.UPDATES):
        states, actions = [], []
        lengths = []
        for _ in range(reinforce.CARTS):
            over, start = False, len(states)
            while not over:
                x = torch.as_tensor(s) / scale
                with torch.no_grad():
                    a = Bernoulli(logits=x @ theta).sample()
                states.append(x)
                actions.append(a)
                s, _, terminated, truncated, _ = env.step(int(a.item()))
                over = terminated or truncated
            lengths.append(len(states) - start)
            s, _ = env.reset()
        work += len(states)
        n, T = np.array(lengths), max(lengths)
        live = np.arange(T) < n[:, None]  # (CARTS, T)
        G = live * (n[:, None] - np.arange(T))
        weight = (G - G.sum(axis=0) / live.sum(axis=0))[live]
        logp = Bernoulli(logits=torch.stack(states) @ theta).log_prob(torch.stack(actions))
        loss = -(logp * torch.as_tensor(weight, dtype=torch.float32)).sum() / reinforce.CARTS
        (g,) = torch.autograd.grad(loss, theta)
        with torch.no_grad():
            theta -= reinforce.STEP * (1 - k / reinforce.UPDATES) * g / (g.norm() + 1e-9)
    return work, sampled(theta.detach().numpy())


def row(work, ours, name, peer, counts, target):
    return Row(work, Side(*ours, counts[0]), Side(name, peer, counts[1]), target, "шагов", judge)


CEM, REINFORCE = ("cem_policy.py", our_cem), ("reinforce.py", our_reinforce)
ROWS = [
    row("CEM на весах политики", CEM, "cma, поколение 8", pycma(8, 16), ((100, 5), (100, 5)), 4),
    row("CEM на весах политики", CEM, "cma, поколение 32", pycma(32, 6), ((100, 5), (100, 5)), 4),
    row("CEM на весах политики", CEM, "ARS из sb3-contrib", ars, ((30, 3), (10, 1)), 100),
    row("REINFORCE", REINFORCE, "пример PyTorch", pytorch_example, ((30, 3), (4, 1)), 150),
    row("REINFORCE", REINFORCE, "Spinning Up, та же сеть", spinning_up, ((30, 3), (5, 1)), 60),
]
