"""PPO: ours against Stable-Baselines3, its network in numpy, and our own formulation in torch."""

from functools import partial

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import ppo

from .policies import row, sampled

# RL Zoo's for CartPole-v1
ENVS, STEPS, EPOCHS, TOTAL = 8, 32, 20, 100_000
GAMMA, LAMBDA, RATE, CLIP = 0.98, 0.8, 0.001, 0.2
HIDDEN = 64


def ours(seed):
    path, _ = ppo.train(np.random.default_rng(seed))
    return ppo.CARTS * ppo.STEPS * ppo.ROUNDS, sampled(path[-1, 0])


def sb3(seed):
    model = PPO(
        "MlpPolicy",
        make_vec_env("CartPole-v1", ENVS, seed=seed),
        n_steps=STEPS,
        batch_size=ENVS * STEPS,
        n_epochs=EPOCHS,
        gamma=GAMMA,
        gae_lambda=LAMBDA,
        learning_rate=lambda left: RATE * left,
        clip_range=lambda left: CLIP * left,
        seed=seed,
        device="cpu",
    ).learn(TOTAL)
    return model.num_timesteps, lambda s, rng: model.predict(s)[0]


# SB3's network and loss by hand


def orthogonal(rows, columns, gain, rng):
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return gain * (q if rows >= columns else q.T)


def network(out, gain, rng):
    """Weights and biases of 4 → 64 → 64 → out."""
    sizes = [(4, HIDDEN, 2**0.5), (HIDDEN, HIDDEN, 2**0.5), (HIDDEN, out, gain)]
    return [p for i, o, g in sizes for p in (orthogonal(i, o, g, rng), np.zeros(o))]


def tanh(z):
    """1 − 2/(1 + exp(2z)), in place: in float32 it is done sooner than np.tanh."""
    z *= 2
    np.exp(z, out=z)
    z += 1
    np.divide(-2, z, out=z)
    z += 1
    return z


def forward(parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    h1 = tanh(x @ w1 + b1)
    h2 = tanh(h1 @ w2 + b2)
    return h1, h2, h2 @ w3 + b3


def backward(parameters, x, h1, h2, d):
    """Gradients of all six, given that of the output d (B, out)."""
    _, _, w2, _, w3, _ = parameters
    d2 = d @ w3.T * (1 - h2 * h2)
    d1 = d2 @ w2.T * (1 - h1 * h1)
    ones = np.ones(len(x), np.float32)  # a product with them sums sooner than .sum(0)
    return [x.T @ d1, ones @ d1, h1.T @ d2, ones @ d2, h2.T @ d, ones @ d]


def right(z):
    """π(a = 1): the softmax of two logits, z (B, 2), is σ of their difference."""
    return ppo.sigma(z[:, 1] - z[:, 0])


def gradients(actor, critic, x, a, old, adv, target, clip):
    """Of −L_clip + ½ (V − target)², as SB3 has them; `adv` is standardised."""
    h1, h2, z = forward(actor, x)
    p = right(z)
    r = np.where(a, p, 1 - p) / old
    live = np.where(adv > 0, r < 1 + clip, r > 1 - clip)
    d = live * r * adv * (p - a) / len(x)  # minus the gradient by the second logit
    g = backward(actor, x, h1, h2, np.stack([-d, d], axis=1))
    h1, h2, v = forward(critic, x)
    return g + backward(critic, x, h1, h2, (v - target[:, None]) / len(x))


def sb3_in_numpy(seed):
    """64–64 tanh networks, Adam, clipped gradient norm, float32 as in SB3; the carts are our numpy carts."""
    rng = np.random.default_rng(seed)
    parameters = network(2, 0.01, rng) + network(1, 1.0, rng)
    theta = np.concatenate([p.ravel() for p in parameters]).astype(np.float32)
    ends = np.cumsum([p.size for p in parameters])[:-1]
    parameters = [y.reshape(p.shape) for y, p in zip(np.split(theta, ends), parameters, strict=True)]  # views
    actor, critic = parameters[:6], parameters[6:]
    m, q = np.zeros_like(theta), np.zeros_like(theta)
    s, age, t = ppo.reset(ENVS, rng), np.zeros(ENVS, int), 0
    rounds = -(-TOTAL // (ENVS * STEPS))
    for k in range(rounds):
        left, rows = 1 - k / rounds, []
        for u in rng.logistic(size=(STEPS, ENVS)):
            x = np.array(s, np.float32).T
            z = forward(actor, x)[2]
            a = u < z[:, 1] - z[:, 0]  # as often as `right(z)` says
            s1, fell = ppo.step(s, a)
            age = age + 1
            over = fell | (age == ppo.LIMIT)
            rows.append((x, a, np.array(s1, np.float32).T, fell, over))
            s = s1
            if over.any():
                s, age = np.where(over, ppo.reset(ENVS, rng), s1), age * ~over
        x, a, x1, fell, over = (np.array(row) for row in zip(*rows, strict=True))
        p = right(forward(actor, x.reshape(-1, 4))[2])
        old = np.where(a.ravel(), p, 1 - p)
        v, v1 = forward(critic, x)[2][..., 0], forward(critic, x1)[2][..., 0]
        adv = ppo.gae(1, v, v1, fell, over, GAMMA, LAMBDA)
        target = (v + adv).astype(np.float32).ravel()
        adv = ((adv - adv.mean()) / (adv.std(ddof=1) + 1e-8)).astype(np.float32).ravel()
        # one batch is all the data, so that its advantages are standardised once for all epochs
        batch = x.reshape(-1, 4), a.astype(np.float32).ravel(), old, adv, target
        for _ in range(EPOCHS):
            g = np.concatenate([part.ravel() for part in gradients(actor, critic, *batch, CLIP * left)])
            g *= min(1, 0.5 / (float(g @ g) ** 0.5 + 1e-6))
            t += 1
            m = 0.9 * m + 0.1 * g
            q = 0.999 * q + 0.001 * g * g
            theta -= RATE * left / (1 - 0.9**t) * m / (np.sqrt(q / (1 - 0.999**t)) + 1e-5)

    def policy(s, rng):
        return rng.random(len(s)) < right(forward(actor, s)[2])

    return rounds * ENVS * STEPS, policy


# our formulation in torch

DOUBLE = torch.float64
SCALE = torch.tensor(ppo.SCALE, dtype=DOUBLE)
PAIRS = torch.tril_indices(4, 4)


def reset(n, generator):
    return 0.1 * torch.rand(4, n, generator=generator, dtype=DOUBLE) - 0.05


def step(s, a):
    _, v, angle, w = s
    cos, sin = angle.cos(), angle.sin()
    temp = 20 / 1.1 * a - 10 / 1.1 + w * w * sin / 22
    acc = (9.8 * sin - cos * temp) / (2 / 3 - cos * cos / 22)
    dv = temp - acc * cos / 22
    s = torch.stack([v, dv, w, acc]).mul_(0.02).add_(s)
    return s, (s[0].abs() > 2.4) | (s[2].abs() > 12 * np.pi / 180)


def features(s):
    z = s / SCALE[:, None, None]
    return torch.cat([torch.ones_like(z[:1]), z[PAIRS[0]] * z[PAIRS[1]]])  # (11, T, N)


def gae(v, v1, fell, over):
    adv = 1 + ppo.GAMMA * v1 * ~fell - v
    keep = ppo.GAMMA * ppo.LAMBDA * ~over
    for t in reversed(range(len(adv) - 1)):
        adv[t].addcmul_(keep[t], adv[t + 1])
    return adv


def gradient(theta, x, old, adv):
    """By autograd, which is what torch is for."""
    theta = theta.detach().requires_grad_()
    r = torch.sigmoid(x @ theta) / old
    loss = torch.minimum(r * adv, r.clamp(1 - ppo.EPS, 1 + ppo.EPS) * adv).mean()
    return torch.autograd.grad(loss, theta)[0]


def by_hand(theta, x, old, adv):
    """The same without autograd, as ppo.py has it."""
    p = torch.sigmoid(x @ theta)
    r = p / old
    live = torch.where(adv > 0, r < 1 + ppo.EPS, r > 1 - ppo.EPS)
    return (live * r * adv * (1 - p)) @ x / len(x)


def in_torch(seed, gradient=gradient):
    """Same carts, batch, network, critic and steps; float64, no autograd outside the loss."""
    generator = torch.Generator().manual_seed(seed)
    theta, critic = torch.zeros(4, dtype=DOUBLE), torch.zeros(1 + len(PAIRS[0]), dtype=DOUBLE)
    m, q, t = torch.zeros_like(theta), torch.zeros_like(theta), 0
    s, age = reset(ppo.CARTS, generator), torch.zeros(ppo.CARTS)
    for k in range(ppo.ROUNDS):
        with torch.no_grad():
            rows, w = [], theta / SCALE
            noise = torch.rand(ppo.STEPS, ppo.CARTS, generator=generator, dtype=DOUBLE).logit()
            for u in noise:
                a = u < w @ s
                s1, fell = step(s, a)
                age = age + 1
                over = fell | (age == ppo.LIMIT)
                rows.append((s, a, s1, fell, over))
                s = s1
                if over.any():
                    s, age = torch.where(over, reset(ppo.CARTS, generator), s1), age * ~over
            S, a, S1, fell, over = map(torch.stack, zip(*rows, strict=True))
            phi, phi1 = (features(y.transpose(0, 1)) for y in (S, S1))  # of (4, T, N)
            v, v1 = (torch.tensordot(critic, y, 1) for y in (phi, phi1))
            target = v + gae(v, v1, fell, over)
            flat = phi.flatten(1)
            gram = flat @ flat.T + 1e-3 * torch.eye(len(critic), dtype=DOUBLE)
            critic = torch.linalg.solve(gram, flat @ target.ravel())
            v, v1 = (torch.tensordot(critic, y, 1) for y in (phi, phi1))
            adv = gae(v, v1, fell, over)
            adv = (adv - adv.mean()).ravel() / adv.std(correction=0).clamp(min=1)
            x = ((2.0 * a - 1)[..., None] * S.transpose(1, 2) / SCALE).reshape(-1, 4)
            old = torch.sigmoid(x @ theta)
        for e in range(ppo.EPOCHS):
            g = gradient(theta, x, old, adv)
            t += 1
            m, q = 0.9 * m + 0.1 * g, 0.99 * q + 0.01 * g**2
            alpha = ppo.RATE * (1 - (k + e / ppo.EPOCHS) / ppo.ROUNDS)
            theta = theta + alpha * m / (1 - 0.9**t) / ((q / (1 - 0.99**t)).sqrt() + 1e-8)
    return ppo.CARTS * ppo.STEPS * ppo.ROUNDS, sampled(theta.numpy())


US = ("ppo.py", ours)
THEIRS = ("сеть и параметры SB3 на numpy", sb3_in_numpy)
ROWS = [
    row("PPO", US, "Stable-Baselines3", sb3, ((30, 3), (5, 1)), 170),
    row("PPO", US, *THEIRS, ((30, 3), (5, 1)), 7),
    row("PPO с сетью SB3", THEIRS, "Stable-Baselines3", sb3, ((5, 1), (3, 1)), 7),
    row("PPO", US, "то же самое на torch", in_torch, ((30, 3), (30, 3)), 3.5),
    row("PPO", US, "то же без autograd", partial(in_torch, gradient=by_hand), ((30, 3), (30, 3)), 2.5),
]
