"""REINFORCE against an exact gradient, differences of its loss, and Gymnasium's own CartPole."""

import gymnasium
import numpy as np
import pytest

import policy_gradient as pg
import reinforce as R
from test_cartpole import SEVENTH

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-9  # float64 sums of at most a few thousand terms, relative
H = 1e-6  # step of central differences
DIFFERENCE = 1e-5  # what they lose, relative to values of the order of 1000
SOLVED = 475  # Gymnasium's own threshold for CartPole-v1
RUNS = 30


def near_mean(sample, expected):
    return abs(np.mean(sample) - expected) < STANDARD_ERRORS * np.std(sample, ddof=1) / len(sample) ** 0.5


# The estimates, on the corridor whose gradient a linear solve gives


@pytest.fixture(scope="module")
def corridor():
    """Episodes of the corridor in the arrays of REINFORCE: x, e, r of (T, B, n), states, θ."""
    rng, theta = np.random.default_rng(1), -0.85
    s = np.zeros((400, R.CARTS), int)
    x, e, r, states = [], [], [], []
    p = pg.policy(theta)[1]
    while (s < 3).any():
        live = s < 3
        a = rng.random(s.shape) < p
        x.append(np.ones((*s.shape, 1)))
        e.append((a - p) * live)
        r.append(-1.0 * live)
        states.append(s)
        s = np.where(live, pg.NEXT[np.minimum(s, 2), a.astype(int)], s)
    return *map(np.array, (x, e, r, states)), theta


def weigh(corridor):
    """One estimate of ∇J per episode for each weight."""
    x, e, r, s, theta = corridor
    V = pg.solve(pg.CORRIDOR, pg.COST, pg.policy(np.full(3, theta)))[0]
    G = R.reward_to_go(r)
    live = -r
    n = live.sum(axis=-1, keepdims=True)
    b = (G.sum(axis=-1, keepdims=True) - G) / np.maximum(n - 1, 1)  # without the cart itself
    weights = {
        "total": G[0],
        "to go": G,
        "value": G - np.append(V, 0)[s],
        "own": live * (G - R.baseline(G, live)),
        "others": live * (G - b) * (n > 1),
        "mean log π": G.sum(axis=0) / live.sum(axis=0),
    }
    return {name: R.gradient(x, e, w).ravel() for name, w in weights.items()}


@pytest.mark.parametrize("weight", ["total", "to go", "value", "others"])
def test_each_estimate_is_unbiased(corridor, weight):
    assert near_mean(weigh(corridor)[weight], pg.gradient(corridor[-1]))


def test_variance_falls_with_each_trick(corridor):
    samples = weigh(corridor)
    assert samples["total"].var() > 1.5 * samples["to go"].var()
    assert samples["to go"].var() > 1.5 * samples["value"].var()
    assert samples["value"].var() < samples["others"].var() < samples["to go"].var()


def test_own_reward_in_the_mean_shrinks_the_weight_by_one_over_n(corridor):
    _, _, r, _, _ = corridor
    G, live = R.reward_to_go(r), -r
    n = live.sum(axis=-1, keepdims=True) * np.ones_like(r)
    several = (live > 0) & (n > 1)
    others = (G.sum(axis=-1, keepdims=True) - G)[several] / (n[several] - 1)
    own = (G - R.baseline(G, live))[several]
    assert np.allclose(own, (1 - 1 / n[several]) * (G[several] - others), rtol=EXACT, atol=EXACT)
    assert pytest.approx(1.5, abs=0.1) == 100 / R.CARTS  # per cent


def test_with_one_reward_a_step_mean_log_probability_is_half_of_the_total_return(corridor):
    samples = weigh(corridor)
    assert near_mean(samples["mean log π"], pg.gradient(corridor[-1]) / 2)
    ratio = samples["mean log π"].std() / samples["total"].std()
    assert ratio == pytest.approx(0.5, rel=0.05)  # half the length, all of the noise


# The parts of the algorithm


@pytest.fixture(scope="module")
def rolled():
    return R.rollout(np.array([[0.0, 0, 0, 0], [0.5, 1.5, 2.5, 3]]), np.random.default_rng(2))


def test_rollout_has_the_shapes_of_the_page(rolled):
    x, e, r = rolled
    assert x.shape == (len(r), 2, R.CARTS, 4) and e.shape == r.shape == (len(r), 2, R.CARTS)
    assert len(r) <= R.LIMIT


def test_fallen_carts_get_nothing_more(rolled):
    r = rolled[2]
    assert set(np.unique(r)) <= {0.0, 1.0}
    assert np.all(r[0] == 1) and np.all(np.diff(r, axis=0) <= 0)


def test_random_carts_fall_as_soon_as_gymnasiums():
    env = gymnasium.make_vec("CartPole-v1", num_envs=2000, vectorization_mode="vector_entry_point")
    env.reset(seed=3)
    rng, alive, lengths = np.random.default_rng(3), np.ones(2000, bool), np.zeros(2000)
    while alive.any():
        _, _, terminated, truncated, _ = env.step(rng.integers(0, 2, 2000))
        lengths += alive
        alive &= ~(terminated | truncated)
    ours = R.rollout(np.zeros((16, 4)), rng)[2].sum(axis=0).ravel()
    error = (lengths.var() / len(lengths) + ours.var() / len(ours)) ** 0.5
    assert abs(lengths.mean() - ours.mean()) < STANDARD_ERRORS * error


def test_a_cart_takes_the_step_of_gymnasium_to_seven_digits():
    rng = np.random.default_rng(4)
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=4)
    for _ in range(20):
        s, a = R.reset(1, rng)[:, 0] * 10, rng.integers(0, 2)
        env.state = tuple(s)
        env.step(int(a))
        ours, _ = R.step(s, a)
        assert abs(np.array(ours) - env.state).max() < SEVENTH
        env.steps_beyond_terminated = None


def test_reward_to_go_is_the_sum_of_what_is_left():
    r = np.random.default_rng(5).normal(size=(7, 3))
    assert np.allclose(R.reward_to_go(r), [[r[t:, i].sum() for i in range(3)] for t in range(7)])


def test_gradient_is_minus_the_slope_of_the_loss(rolled):
    """The loss as an autograd library would see it: θ moves, data and weights stay."""
    x, e, r = (part[:, 1] for part in rolled)  # (T, n, 4), (T, n), (T, n)
    theta, G = np.array([0.5, 1.5, 2.5, 3]), R.reward_to_go(r)
    action = e > 0  # a − π is positive when a = 1

    def loss(theta):
        logit = x @ theta
        logp = -np.logaddexp(0, np.where(action, -logit, logit))
        return -(logp * G).sum() / R.CARTS

    assert R.loss(e, G) == pytest.approx(loss(theta), rel=EXACT)
    slopes = [(loss(theta + h) - loss(theta - h)) / (2 * H) for h in H * np.eye(4)]
    ours = R.gradient(x[:, None], e[:, None], G[:, None]).mean(axis=(0, 1))
    assert np.allclose(ours, -np.array(slopes), rtol=DIFFERENCE, atol=DIFFERENCE * abs(ours).max())


def test_nothing_is_learned_when_no_cart_falls():
    """All carts live to the end: b = G, the weights are exactly zero, and the policy stays."""
    r = np.ones((R.LIMIT, 1, R.CARTS))
    G = R.reward_to_go(r)
    assert np.all(G - R.baseline(G, r) == 0)


def test_the_weight_of_the_whole_return_counts_the_first_reward_too():
    phi, e, r = R.rollout(np.tile(R.HALFWAY, (R.BATCHES, 1)), np.random.default_rng(3))
    whole = R.gradient(phi, e, r * r.sum(axis=0)).reshape(-1, 4)  # a fallen cart has no steps
    np.testing.assert_allclose(R.estimates(np.random.default_rng(3))["R(τ)"], whole)


def test_estimates_agree_with_each_other_and_with_differences_of_the_mean_return():
    rng = np.random.default_rng(6)
    samples = R.estimates(rng)
    for name in ("R(τ)", "G"):
        for i in range(4):
            assert near_mean((samples[name] - samples["G − b"])[:, i], 0)
    along, size = R.project(samples["G − b"], samples)
    step = 0.15 * samples["G − b"].mean(axis=0) / size
    up, down = (R.rollout(np.tile(R.HALFWAY + h, (16, 1)), rng)[2].sum(axis=0).ravel() for h in (step, -step))
    slope, error = (up.mean() - down.mean()) / 0.3, ((up.var() + down.var()) / len(up)) ** 0.5 / 0.3
    assert abs(slope - size) < STANDARD_ERRORS * (error**2 + along.var() / len(along)) ** 0.5


def test_variance_on_the_cart_falls_as_the_figure_says():
    samples = R.estimates(np.random.default_rng(7))
    total, to_go, baseline = (R.trace(g) for g in samples.values())
    assert total > 2.5 * to_go and to_go > 2.5 * baseline  # 3.8 and 3.6 in the figure, each within 15 %


# Training


def judge(thetas, seed, episodes=100):
    """Mean sampled return of each policy over its episodes in Gymnasium's vector environment."""
    n = len(thetas) * episodes
    env = gymnasium.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")
    s, _ = env.reset(seed=seed)
    w, rng = np.repeat(thetas, episodes, axis=0), np.random.default_rng(seed)
    alive, returns = np.ones(n, bool), np.zeros(n)
    while alive.any():
        a = (rng.random(n) < R.policy(w.T, (s / R.SCALE).T)).astype(int)
        s, reward, terminated, truncated, _ = env.step(a)
        returns += reward * alive
        alive &= ~(terminated | truncated)
    return returns.reshape(-1, episodes).mean(axis=1)


def train_and_judge(seed):
    theta, _ = R.train(np.random.default_rng(seed), RUNS)
    return judge(theta, seed)


def test_training_solves_cartpole_in_gymnasium():
    returns = train_and_judge(8)
    assert 29 <= (returns >= SOLVED).sum() <= 30


def test_the_loss_grows_a_hundredfold_while_the_policy_gets_better():
    _, history = R.train(np.random.default_rng(10), RUNS)
    reward, loss = np.median(history, axis=-1).T
    assert reward[-1] > 20 * reward[0] and loss[-1] > 100 * loss[0]


def test_training_alone_is_the_training_of_many():
    theta, history = R.train(np.random.default_rng(9))
    assert theta.shape == (1, 4) and history.shape == (R.UPDATES, 2, 1)
    assert judge(theta, 9)[0] >= SOLVED


# the counts on the page, within 2.5 σ of a binomial: another processor may round another way
def solved_without(monkeypatch, **changes):
    for name, value in changes.items():
        monkeypatch.setattr(R, name, value)
    theta, _ = R.train(np.random.default_rng(0), RUNS)
    returns = R.rollout(theta, np.random.default_rng(1))[2].sum(axis=0).mean(axis=-1)
    return (returns >= SOLVED).sum()


def no_baseline(G, r):
    return 0.0


def total_return(r):
    return np.broadcast_to(r.sum(axis=0), r.shape)


def test_without_scaled_features_six_steps_are_not_enough(monkeypatch):
    assert solved_without(monkeypatch, SCALE=np.ones(4)) == 0


def test_without_baseline_fewer_runs_succeed(monkeypatch):
    assert abs(solved_without(monkeypatch, baseline=no_baseline) - 25) <= 5


def test_with_the_total_return_half_of_the_runs_succeed(monkeypatch):
    solved = solved_without(monkeypatch, baseline=no_baseline, reward_to_go=total_return)
    assert abs(solved - 15) <= 7


def test_with_eight_carts_fewer_runs_succeed(monkeypatch):
    assert abs(solved_without(monkeypatch, CARTS=8) - 24) <= 6
