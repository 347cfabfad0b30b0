"""What the page on agent and environment says, against Gymnasium, definitions and closed forms."""

import inspect

import gymnasium
import numpy as np
import pytest

import agent_loop
from test_cartpole import SEVENTH

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-9  # sums of a few thousand float64 terms
POLICIES = [agent_loop.random_policy, agent_loop.angle_policy, agent_loop.forecast_policy]
GAMMA, LIMIT = agent_loop.GAMMA, agent_loop.LIMIT


@pytest.fixture(scope="module")
def long():
    """The rewards of the page's episode without the limit."""
    return agent_loop.episode(agent_loop.forecast_policy, np.random.default_rng(1), agent_loop.LONG)[2]


# the loop


@pytest.mark.parametrize("policy", POLICIES)
def test_episode_is_the_loop_that_gymnasium_runs(policy):
    for seed in range(5):
        states, actions, rewards, fell = agent_loop.episode(policy, np.random.default_rng(seed))
        env = gymnasium.make("CartPole-v1")
        env.reset(seed=0)
        for t, a in enumerate(actions):
            env.unwrapped.state = states[t]  # or the rounding of the sine would grow
            assert policy is agent_loop.random_policy or policy(states[t], None) == a
            _, reward, terminated, truncated, _ = env.step(int(a))
            assert abs(states[t + 1] - env.unwrapped.state).max() < SEVENTH
            assert rewards[t] == reward
            assert (terminated or truncated) == (t == len(actions) - 1)
        assert terminated == fell


def test_there_is_one_state_more_than_actions():
    s, a, r, _ = agent_loop.episode(agent_loop.angle_policy, np.random.default_rng(0))
    assert len(s) == len(a) + 1 == len(r) + 1


def test_the_last_state_is_fallen_and_the_others_are_not():
    for seed in range(20):
        s, a, _, fell = agent_loop.episode(agent_loop.random_policy, np.random.default_rng(seed))
        assert fell
        assert not agent_loop.step(s[:-2].T, a[:-1])[1].any()
        assert agent_loop.step(s[-2], a[-1])[1]


def test_many_carts_fall_when_each_falls_alone():
    starts = agent_loop.reset(30, np.random.default_rng(2))
    for policy in POLICIES[1:]:  # the third needs no chance
        together = agent_loop.lengths(policy, 30, np.random.default_rng(2))
        for start, n in zip(starts.T, together, strict=True):
            s, t, done = start, 0, False
            while not done and t < LIMIT:
                s, done = agent_loop.step(s, policy(s, None))
                t += 1
            assert t == n


def test_random_play_lasts_as_long_as_gymnasiums():
    ours = agent_loop.lengths(agent_loop.random_policy, 2000, np.random.default_rng(3))
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    rng, theirs = np.random.default_rng(4), []
    for _ in range(1000):
        env.reset()
        t, terminated = 0, False
        while not terminated:
            terminated = env.step(int(rng.integers(2)))[2]
            t += 1
        theirs.append(t)
    error = np.sqrt(ours.var() / len(ours) + np.var(theirs) / len(theirs))
    assert abs(ours.mean() - np.mean(theirs)) < STANDARD_ERRORS * error


# the policies


def test_angle_policy_pushes_right_exactly_where_the_angle_is_positive():
    s, a, _, _ = agent_loop.episode(agent_loop.angle_policy, np.random.default_rng(0))
    assert set(a) == {0, 1}
    assert (a == (s[:-1, 2] > 0)).all()


def test_random_policy_does_not_look_and_is_fair():
    s = agent_loop.reset(20_000, np.random.default_rng(0))
    a = agent_loop.random_policy(s, np.random.default_rng(1))
    for part in (a, a[s[2] > 0]):
        assert abs(part.mean() - 0.5) < STANDARD_ERRORS * 0.5 / len(part) ** 0.5


def test_forecast_is_the_angle_if_the_speed_stayed():
    s = agent_loop.reset(1000, np.random.default_rng(0))
    later = s[2] + agent_loop.AHEAD * s[3]
    assert (agent_loop.forecast_policy(s, None) == (later > 0)).all()


def test_every_swing_is_wider_than_the_one_before():
    for seed in range(100):
        s, _, _, fell = agent_loop.episode(agent_loop.angle_policy, np.random.default_rng(seed))
        angle = s[:, 2]
        swings = np.split(angle, np.flatnonzero(np.diff(np.sign(angle))) + 1)
        width = [abs(swing).max() for swing in swings[1:]]  # the first begins halfway
        assert (np.diff(width) > 0).all()
        assert fell


def test_the_push_turns_the_pole_back_with_constant_acceleration():
    """φ'' ≈ 15.8 φ − 14.6 for a push towards a small angle, as the page derives."""
    assert (round(10 / 1.1, 2), round(2 / 3 - 1 / 22, 3)) == (9.09, 0.621)
    angle = np.linspace(0.001, 0.2, 50)
    s = np.stack([np.zeros(50), np.zeros(50), angle, np.zeros(50)])
    acceleration = (agent_loop.step(s, np.ones(50))[0][3]) / 0.02
    assert acceleration == pytest.approx(15.8 * angle - 14.6, abs=0.45)
    still = agent_loop.step(np.zeros(4), np.array(1))[0][3] / 0.02
    assert still == pytest.approx(-14.6, abs=0.05)
    slope = (acceleration[1] - acceleration[0]) / (angle[1] - angle[0])
    assert slope == pytest.approx(15.8, abs=0.05)


def test_a_switch_one_step_late_adds_speed():
    """The page's reason for the swings: the push lags behind the sign of the angle."""
    s, a, _, _ = agent_loop.episode(agent_loop.angle_policy, np.random.default_rng(0))
    crossings = np.flatnonzero(np.diff(np.sign(s[:-1, 2])))
    assert (a[crossings] != a[crossings + 1]).all()  # it switches only after the crossing
    along = np.sign(s[crossings, 3]) * (s[crossings + 1, 3] - s[crossings, 3])
    assert (along > 0).all()  # and during that step the push still drives the pole on


def test_without_steps_of_time_the_swings_would_not_grow():
    """The same push law in (almost) continuous time keeps the width: discreteness feeds the swings."""
    angle, speed, dt, peaks = 0.05, 0.0, 2e-5, []
    while len(peaks) < 5:
        before = speed
        speed += dt * (15.8 * angle - 14.6 * np.sign(angle))
        angle += dt * speed
        if before * speed < 0:
            peaks.append(abs(angle))
    assert peaks == pytest.approx([0.05] * 5, rel=0.01)  # dt is finite


def test_with_forecast_the_pole_stands_and_the_cart_leaves_the_track():
    rng = np.random.default_rng(5)
    s, alive = agent_loop.reset(40, rng), np.ones(40, bool)
    ends = np.full((4, 40), np.nan)
    for _ in range(agent_loop.LONG):
        s, done = agent_loop.step(s, agent_loop.forecast_policy(s, rng))
        ends[:, done & alive] = np.array(s)[:, done & alive]
        alive &= ~done
    ended = ends.T[~alive]
    assert len(ended) > 10
    assert (abs(ended[:, 0]) > 2.4).all()
    assert np.degrees(abs(ended[:, 2])).max() < 1


def test_no_episode_with_forecast_falls_before_the_limit():
    n = agent_loop.lengths(agent_loop.forecast_policy, 2000, np.random.default_rng(6))
    assert (n == LIMIT).all()


# return and discount


def test_reward_to_go_is_its_definition():
    r = np.random.default_rng(0).normal(size=30)
    expected = [sum(GAMMA ** (k - t) * r[k] for k in range(t, 30)) for t in range(30)]
    assert agent_loop.reward_to_go(r, GAMMA) == pytest.approx(expected, rel=EXACT)


def test_at_gamma_one_the_first_reward_to_go_is_the_return():
    r = agent_loop.episode(agent_loop.angle_policy, np.random.default_rng(0))[2]
    assert agent_loop.reward_to_go(r, 1)[0] == r.sum() == len(r)


def test_reward_to_go_of_ones_is_the_geometric_sum():
    for n in (1, 41, 500):
        expected = (1 - GAMMA**n) / (1 - GAMMA)
        assert agent_loop.reward_to_go(np.ones(n), GAMMA)[0] == pytest.approx(expected, rel=EXACT)


def test_discount_is_the_chance_to_go_on():
    """Stop after each step with chance 1 − γ: the plain sum has the discounted sum for its mean."""
    rng, r = np.random.default_rng(1), np.array([1.0, 0, 3, -2, 5])
    steps = rng.geometric(1 - 0.8, 100_000)  # how many rewards are got
    sums = np.concatenate([[0], r.cumsum()])[np.minimum(steps, len(r))]
    error = sums.std() / len(sums) ** 0.5
    assert abs(sums.mean() - agent_loop.reward_to_go(r, 0.8)[0]) < STANDARD_ERRORS * error


def test_weight_of_a_reward_69_steps_ahead_is_one_half():
    assert pytest.approx(1 / 2, abs=0.001) == GAMMA**69
    assert pytest.approx(0.37, abs=0.005) == GAMMA**100


# truncation


def test_taken_for_a_fall_the_limit_lowers_every_value(long):
    true, cut = agent_loop.reward_to_go(long, GAMMA)[:LIMIT], agent_loop.reward_to_go(long[:LIMIT], GAMMA)
    left = LIMIT - np.arange(LIMIT)
    assert cut == pytest.approx((1 - GAMMA**left) / (1 - GAMMA), rel=EXACT)
    assert true - cut == pytest.approx(GAMMA**left * agent_loop.reward_to_go(long, GAMMA)[LIMIT], rel=EXACT)


def test_the_mean_loss_of_an_endless_episode_is_the_closed_form(long):
    """With V = 1/(1 − γ) everywhere the mean of γ^(500−t) V is γ(1 − γ^500) / (500 (1 − γ)²)."""
    expected = GAMMA * (1 - GAMMA**LIMIT) / LIMIT / (1 - GAMMA) ** 2
    true, cut = agent_loop.reward_to_go(long, GAMMA)[:LIMIT], agent_loop.reward_to_go(long[:LIMIT], GAMMA)
    assert expected == pytest.approx(19.67, abs=0.005)
    assert np.mean(true - cut) == pytest.approx(expected, rel=1e-6)


def test_the_value_of_the_last_state_mends_it(long):
    true = agent_loop.reward_to_go(long, GAMMA)
    mended = agent_loop.reward_to_go(long[:LIMIT], GAMMA, true[LIMIT])
    assert mended == pytest.approx(true[:LIMIT], rel=EXACT)


def test_one_value_for_all_learned_with_the_wrong_flag_is_too_low():
    """V ← mean(1 + γ V (1 − flag)) with one flag in 500: the page's 83.5 instead of 100."""
    values = []
    for flagged in (1, 0):
        v = 0.0
        for _ in range(5000):
            v = np.mean(1 + GAMMA * v * (np.arange(LIMIT) >= flagged))
        values.append(v)
    assert values == pytest.approx([1 / (1 - GAMMA * (1 - 1 / LIMIT)), 1 / (1 - GAMMA)], rel=EXACT)
    assert values == pytest.approx([83.5, 100], abs=0.05)


# what the page quotes


def test_page_states_the_constants_of_the_snippet():
    assert (LIMIT, GAMMA, agent_loop.AHEAD) == (500, 0.99, 0.25)
    assert (agent_loop.EPISODES, agent_loop.LONG) == (1000, 5000)


def test_same_seed_same_start_for_the_three_policies_of_the_figure():
    starts = [agent_loop.episode(p, np.random.default_rng(0))[0][0] for p in POLICIES]
    assert all((start == starts[0]).all() for start in starts)


def test_no_state_knows_its_time():
    """The state of the cart is four numbers and the step needs nothing else but sine and cosine."""
    assert list(inspect.signature(agent_loop.step).parameters) == ["s", "a", "m"]
