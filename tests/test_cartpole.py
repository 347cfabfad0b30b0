"""The cart that snippets carry is Gymnasium's CartPole-v1, and every snippet carries the same one."""

import importlib
import math
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import agent_loop
import runner

SNIPPETS = Path(__file__).parent.parent / "snippets"
EPISODES = 300
SEVENTH = 5e-8  # a sine is rounded to 2⁻²⁵: a speed differs by at most 0.02 · 19 · 2⁻²⁵ / 0.62
ULP = 1e-14  # the formula's operations stand in another order
TERMINATED = 12 * 2 * np.pi / 360  # as Gymnasium writes its angle


def carriers():
    """The snippets that have the cart, by their text."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in SNIPPETS.glob("*.py")}
    return {name: text for name, text in texts.items() if "Шаг CartPole-v1" in text}


CARTS = [importlib.import_module(name) for name in sorted(carriers())]
every_cart = pytest.mark.parametrize("cart", CARTS, ids=lambda cart: cart.__name__)


def gymnasium_step(env, s, a):
    """Step Gymnasium's environment from any state; its float64 state, reward and flag."""
    env.state, env.steps_beyond_terminated = np.array(s), None
    _, reward, terminated, _, _ = env.step(int(a))
    return np.array(env.state), reward, terminated


@pytest.fixture(scope="module")
def env():
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    return env


@pytest.fixture(scope="module")
def transitions(env):
    """Steps of random episodes to their end: states, actions, next states, flags."""
    rng, steps = np.random.default_rng(0), []
    for seed in range(EPISODES):
        env.reset(seed=seed)
        s, terminated = np.array(env.state), False
        while not terminated:
            a = rng.integers(2)
            following, reward, terminated = gymnasium_step(env, s, a)
            assert reward == 1
            steps.append((s, a, following, terminated))
            s = following
    return [np.array(column) for column in zip(*steps, strict=True)]


def rounded(function):
    """A sine as the snippets take it: to the 24th binary digit."""
    return lambda x: function(x) + agent_loop.GRID - agent_loop.GRID


@every_cart
def test_step_is_gymnasiums_to_seven_digits(cart, transitions):
    s, a, expected, terminated = transitions
    following, done = cart.step(s.T, a)
    assert len(s) > 15 * EPISODES  # a random episode takes 22 steps on average
    assert abs(np.transpose(following) - expected).max() < SEVENTH
    assert (done == terminated).all()
    assert done.sum() == EPISODES


@every_cart
def test_but_for_the_rounded_sine_step_is_gymnasiums_to_the_last_digits(cart, transitions, env, monkeypatch):
    s, a, _, _ = transitions
    following, _ = cart.step(s.T, a)
    for name in "sin", "cos":
        monkeypatch.setattr(np, name, rounded(getattr(np, name)))
    expected = [gymnasium_step(env, *pair)[0] for pair in zip(s, a, strict=True)]
    assert np.transpose(following) == pytest.approx(np.array(expected), rel=0, abs=ULP)


@every_cart
@pytest.mark.parametrize("side", [-np.inf, np.inf])
def test_step_is_the_same_where_the_last_bit_of_a_sine_is_another(cart, transitions, monkeypatch, side):
    """Processors and libraries differ there, and the pole, which is unstable, makes the difference grow."""
    s, a, _, _ = transitions
    here = cart.step(s.T, a)[0]
    for name in "sin", "cos":
        function = getattr(np, name)
        monkeypatch.setattr(np, name, lambda x, function=function: np.nextafter(function(x), side))
    assert (np.array(cart.step(s.T, a)[0]) == here).all()


def test_step_of_one_cart_is_the_step_of_many(transitions):
    s, a, _, terminated = transitions
    of_many, _ = agent_loop.step(s.T, a)
    for i in range(200):
        for m in (np, math):
            following, done = agent_loop.step(s[i].tolist(), int(a[i]), m)
            assert following == tuple(each[i] for each in of_many)
            assert done == terminated[i]


@every_cart
def test_step_is_gymnasiums_far_from_the_start(cart, env):
    """Random play never reaches the edge of the track; states put there do."""
    rng = np.random.default_rng(1)
    s = rng.uniform(-1, 1, (2000, 4)) * [2.6, 4, 0.25, 4]
    a = rng.integers(2, size=len(s))
    expected = [gymnasium_step(env, *pair) for pair in zip(s, a, strict=True)]
    following, done = cart.step(s.T, a)
    following = np.transpose(following)
    assert abs(following - [e[0] for e in expected]).max() < SEVENTH
    assert (done == [e[2] for e in expected]).all()
    off_track = (abs(following[:, 0]) > 2.4) & (abs(following[:, 2]) < TERMINATED)
    assert off_track.any()
    assert done[off_track].all()


@every_cart
def test_the_edges_themselves_are_still_inside(cart):
    s = np.array([[2.4, 0, 0, 0], [-2.4, 0, 0, 0], [0, 0, TERMINATED, 0], [0, 0, -TERMINATED, 0]])
    assert not cart.step(s.T, np.zeros(4))[1].any()
    assert cart.step(np.nextafter(s, 3 * np.sign(s)).T, np.zeros(4))[1].all()


@every_cart
def test_start_is_drawn_as_gymnasium_draws_it(cart):
    """The same generator gives the same start; seeds make the comparison exact."""
    env = gymnasium.make("CartPole-v1")
    for seed in range(20):
        env.reset(seed=seed)
        rng = gymnasium.utils.seeding.np_random(seed)[0]
        assert (cart.reset(1, rng)[:, 0] == env.unwrapped.state).all()


def test_gymnasium_pays_one_per_step_and_cuts_at_500():
    env = gymnasium.make("CartPole-v1")
    for seed in range(3):
        env.reset(seed=seed)
        rewards, terminated, truncated = [], False, False
        while not (terminated or truncated):
            a = agent_loop.forecast_policy(np.array(env.unwrapped.state), None)
            _, reward, terminated, truncated, _ = env.step(int(a))
            rewards.append(reward)
        assert (len(rewards), terminated, truncated) == (agent_loop.LIMIT, False, True)
        assert set(rewards) == {1}


@pytest.mark.parametrize("function", ["reset", "step"])
def test_every_snippet_carries_the_same_cart(function):
    texts = {runner.function_source(text, function) for text in carriers().values()}
    assert "agent_loop" in carriers()
    assert len(texts) == 1


def test_whoever_moves_a_cart_moves_this_one():
    """A snippet with CartPole's numbers but other words would slip past the test above."""
    paths = SNIPPETS.glob("*.py")
    assert {path.stem for path in paths if "9.8" in path.read_text(encoding="utf-8")} == set(carriers())


def test_gymnasium_is_as_described(env):
    assert (env.tau, env.force_mag, env.x_threshold) == (0.02, 10, 2.4)
    assert np.degrees(env.theta_threshold_radians) == pytest.approx(12)
    assert env.theta_threshold_radians == pytest.approx(0.21, abs=0.001)
    assert env.action_space.n == 2
    assert gymnasium.spec("CartPole-v1").reward_threshold == 475
