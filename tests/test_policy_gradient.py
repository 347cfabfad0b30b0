"""The exact pictures of the policy gradient against closed forms, differences, integrals and a played corridor."""

import numpy as np
import pytest

import policy_gradient as pg

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-9  # sums of at most a few thousand float64 terms
H = 1e-5  # step of central differences
DIFFERENCE = 1e-6  # what central differences with H lose, relative to values of the order of 100
QUADRATURE = 1e-9  # the trapezoid rule on analytic functions that vanish at both ends

THETAS = np.linspace(-3, 3, 13)


def difference(function, x):
    return (function(x + H) - function(x - H)) / (2 * H)


def integral(function):
    a = np.linspace(-12, 12, 4001)
    return np.trapezoid(function(a), a)


def near_mean(sample, expected):
    return abs(np.mean(sample) - expected) < STANDARD_ERRORS * np.std(sample, ddof=1) / len(sample) ** 0.5


# The corridor


def play(p, rng):
    """One episode of Sutton and Barto's Example 13.1, told in its own words, not in matrices."""
    cell, steps = 1, 0
    while cell < 4:
        right = rng.random() < p
        if cell == 2:  # the second cell has its actions reversed
            right = not right
        cell = cell + 1 if right else max(cell - 1, 1)
        steps += 1
    return -steps


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_corridor_is_the_one_of_the_book(p):
    rng = np.random.default_rng(1)
    returns = [play(p, rng) for _ in range(3000)]
    assert near_mean(returns, pg.objective(np.log(p / (1 - p))))


def test_objective_equals_the_closed_form():
    p = pg.policy(THETAS)[:, 1]
    closed = (2 * p - 4) / (p * (1 - p))
    assert np.allclose([pg.objective(t) for t in THETAS], closed, rtol=EXACT)


@pytest.mark.parametrize("gamma", [1.0, 0.9, 0.5])
def test_gradient_is_the_derivative_of_the_objective(gamma):
    for t in THETAS:
        slope = difference(lambda x: pg.objective(x, gamma), t)
        assert pg.gradient(t, gamma) == pytest.approx(slope, rel=DIFFERENCE, abs=DIFFERENCE)


def test_best_policy_is_two_minus_root_two_and_random():
    p = np.linspace(0.5, 0.7, 1001)
    values = [pg.objective(np.log(q / (1 - q))) for q in p]
    assert p[np.argmax(values)] == pytest.approx(2 - 2**0.5, abs=1e-4)  # half a step of the grid
    assert pg.gradient(np.log(pg.BEST / (1 - pg.BEST))) == pytest.approx(0, abs=EXACT)
    assert max(values) == pytest.approx(-6 - 4 * 2**0.5, abs=1e-5)


@pytest.mark.parametrize("p, value", [(0.95, -44.2), (0.05, -82.1)])
def test_epsilon_greedy_policies_walk_far_longer(p, value):
    assert pg.objective(np.log(p / (1 - p))) == pytest.approx(value, abs=0.05)


def test_ascent_climbs_all_the_way_and_its_steps_shrink():
    path = pg.ascend(pg.gradient)
    assert np.all(np.diff([pg.objective(t) for t in path]) > 0)
    assert np.all(np.diff(np.diff(path)) < 0)
    assert len(path) == pg.STEPS + 1


def test_values_and_visits_are_sums_over_time():
    """On a lopsided environment: the corridor's matrix is symmetric and would hide a transposition."""
    P, r, theta = pg.random_task(np.random.default_rng(4))
    gamma, pi = 0.9, pg.policy(theta)
    V, Q, d = pg.solve(P, r, pi, gamma)
    M, mean = np.einsum("sa,sat->st", pi, P), (pi * r).sum(axis=1)
    powers = [np.linalg.matrix_power(gamma * M, t) for t in range(400)]  # 0.9^400 ~ 1e-18
    assert np.allclose(V, sum(power @ mean for power in powers), rtol=EXACT)
    assert np.allclose(d, sum(power[0] for power in powers), rtol=EXACT)
    assert np.allclose((pi * Q).sum(axis=1), V, rtol=EXACT)


# The integral and the trick


def test_slope_of_the_density_has_no_area_and_is_negative_somewhere():
    assert integral(lambda a: pg.density_slope(a, pg.THETA)) == pytest.approx(0, abs=QUADRATURE)
    assert pg.density_slope(pg.THETA - 1, pg.THETA) < 0
    lobe = integral(lambda a: np.maximum(pg.density_slope(a, pg.THETA), 0))
    assert lobe == pytest.approx(1 / np.sqrt(2 * np.pi), abs=1e-6)  # a kink at θ
    assert f"{lobe:.3f}" == "0.399"


def test_slope_of_the_density_and_score_are_derivatives():
    a = np.linspace(-4, 5, 31)
    slope = difference(lambda t: pg.density(a, t), pg.THETA)
    score = difference(lambda t: np.log(pg.density(a, t)), pg.THETA)
    assert np.allclose(pg.density_slope(a, pg.THETA), slope, atol=DIFFERENCE)
    assert np.allclose(pg.score(a, pg.THETA), score, atol=DIFFERENCE)


def test_log_derivative_rewrites_the_same_curve_and_integral():
    a = np.linspace(-4, 5, 101)
    trick = pg.density(a, pg.THETA) * pg.score(a, pg.THETA)
    assert np.allclose(trick, pg.density_slope(a, pg.THETA), atol=EXACT)
    area = integral(lambda a: pg.density_slope(a, pg.THETA) * pg.reward(a))
    assert area == pytest.approx(pg.exact_gradient(pg.THETA), abs=QUADRATURE)


def test_gradient_on_paper_is_the_derivative_of_the_mean_reward():
    def mean_reward(theta):
        return integral(lambda a: pg.density(a, theta) * pg.reward(a))

    for theta in (-1.0, 0.5, 3.0):
        assert pg.exact_gradient(theta) == pytest.approx(difference(mean_reward, theta), abs=DIFFERENCE)


def test_average_is_the_mean_over_actions_of_the_policy():
    assert pg.average(lambda a: a**2) == pytest.approx(1 + pg.THETA**2, abs=QUADRATURE)


def test_estimate_is_unbiased_and_its_error_falls_as_the_root_of_n():
    rng = np.random.default_rng(2)
    for n in (10, 100, 1000):
        estimates = pg.monte_carlo(rng, n)
        assert near_mean(estimates, pg.exact_gradient(pg.THETA))
        relative = STANDARD_ERRORS * (0.5 / pg.SAMPLES) ** 0.5 * 1.2  # heavier tails than normal
        assert estimates.std() == pytest.approx(pg.spread() / n**0.5, rel=relative)


def test_best_constant_baseline_weighs_rewards_by_the_squared_score():
    best = pg.average(lambda a: pg.score(a, pg.THETA) ** 2 * pg.reward(a))
    grid = np.linspace(0, 1, 2001)
    assert grid[np.argmin([pg.spread(b) for b in grid])] == pytest.approx(best, abs=5e-4)


# The surrogate


@pytest.mark.parametrize("old", [pg.START, -0.8, 1.5])
def test_surrogate_touches_the_objective_at_its_point_and_nowhere_else(old):
    assert pg.surrogate(old, old) == pytest.approx(pg.objective(old), abs=EXACT)
    assert pg.surrogate_slope(old, old) == pytest.approx(pg.gradient(old), abs=EXACT)
    away = np.concatenate([old - np.linspace(0.1, 2, 20), old + np.linspace(0.1, 2, 20)])
    gap = np.array([pg.surrogate(t, old) - pg.objective(t) for t in away])
    assert np.all(gap > 0)
    assert np.all(np.diff(gap[:20]) > 0) and np.all(np.diff(gap[20:]) > 0)
    assert all(abs(pg.surrogate_slope(t, old) - pg.gradient(t)) > 0.1 for t in away)


def test_slope_of_the_surrogate_is_its_derivative():
    for t in THETAS:
        assert pg.surrogate_slope(t, -1.0) == pytest.approx(
            difference(lambda x: pg.surrogate(x, -1.0), t), rel=DIFFERENCE
        )


def with_ratio(theta, old):
    """J(θ_k) + E_k Σ r(θ) A_k, the surrogate of PPO before the clip."""
    pi = pg.policy(np.full(3, old))
    V, Q, d = pg.solve(pg.CORRIDOR, pg.COST, pi)
    return pg.objective(old) + d @ (pi * pg.policy(theta) / pi * (Q - V[:, None])).sum(axis=1)


def test_surrogate_with_the_ratio_has_the_same_slope_at_its_point():
    for old in THETAS:
        assert difference(lambda t: with_ratio(t, old), old) == pytest.approx(pg.gradient(old), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("old", [pg.START, -0.8, 1.5])
def test_surrogate_with_the_ratio_too_touches_the_objective_at_its_point_only(old):
    assert with_ratio(old, old) == pytest.approx(pg.objective(old), abs=EXACT)
    for side in (-1, 1):
        away = old + side * np.linspace(0.2, 2, 10)
        gap = np.array([with_ratio(t, old) - pg.objective(t) for t in away])
        slopes = [difference(lambda x: with_ratio(x, old), t) - pg.gradient(t) for t in away]
        assert np.all(gap > 0) and np.all(np.diff(gap) > 0)
        assert np.all(np.abs(slopes) > 0.1)


def test_surrogate_of_the_advantage_is_the_tangent_line():
    old = -0.8
    pi = pg.policy(np.full(3, old))
    V, Q, d = pg.solve(pg.CORRIDOR, pg.COST, pi)
    weight = (d[:, None] * pi * (Q - V[:, None])).sum(axis=0)
    surrogate = (np.log(pg.policy(THETAS)) - np.log(pi[0])) @ weight
    assert np.allclose(surrogate, pg.gradient(old) * (THETAS - old), atol=EXACT)


def test_old_data_help_twice_and_then_throw_the_policy_away():
    fresh = [pg.objective(t) for t in pg.ascend(pg.gradient, 3)]
    stale = [pg.objective(t) for t in pg.ascend(lambda t: pg.surrogate_slope(t, pg.START), 3)]
    assert stale[1] == pytest.approx(fresh[1], abs=EXACT)
    assert stale[2] > fresh[2]
    assert stale[3] < -1e6 < fresh[3]


# γ^t


def over_time(theta, gamma, steps=3000):
    """∇J_γ and what is left without γ^t, written as sums over time: Σ_t γ^t Pr(s_t = s)."""
    pi = pg.policy(np.full(3, theta))
    P = np.einsum("sa,sat->st", pi, pg.CORRIDOR)
    _, Q, _ = pg.solve(pg.CORRIDOR, pg.COST, pi, gamma)
    effect = pi.prod(axis=1) * (Q[:, 1] - Q[:, 0])
    at, kept, lost = np.array([1.0, 0, 0]), 0.0, 0.0
    for t in range(steps):
        kept, lost, at = kept + gamma**t * at @ effect, lost + at @ effect, at @ P
    return kept, lost


def test_without_gamma_to_the_t_it_is_another_vector():
    kept, lost = over_time(pg.START, 0.9)
    assert pg.gradient(pg.START, 0.9) == pytest.approx(kept, rel=1e-6)
    assert pg.gradient(pg.START, 0.9, 1.0) == pytest.approx(lost, rel=1e-6)
    assert f"{kept:.3f} {lost:.3f} {lost / kept:.2f}" == "1.312 6.360 4.85"


def test_without_gamma_to_the_t_the_step_may_go_the_other_way():
    kept, lost = over_time(np.log(0.65 / 0.35), 0.5)
    assert f"{kept:.4f} {lost:.4f}" == "-0.0026 0.0714"


# Every weight under ∇ log π, exactly


@pytest.fixture(params=range(3))
def task(request):
    return pg.random_task(np.random.default_rng(request.param))


def walk(P, r, theta, weights, s=0, t=0):
    """E Σ weights_t r_t by recursion over the tree of an episode: no list of trajectories."""
    if t == pg.HORIZON:
        return 0.0
    pi = pg.policy(theta)
    return sum(
        pi[s, a]
        * (
            weights[t] * r[s, a]
            + (sum(P[s, a, n] * walk(P, r, theta, weights, n, t + 1) for n in range(len(P))))
        )
        for a in range(2)
    )


def slopes(P, r, theta, weights):
    directions = H * np.eye(len(theta))
    return np.array(
        [(walk(P, r, theta + h, weights) - walk(P, r, theta - h, weights)) / (2 * H) for h in directions]
    )


def test_all_trajectories_have_probability_one(task):
    P, _, theta = task
    s, a, p = pg.all_trajectories(P, pg.policy(theta))
    assert p.sum() == pytest.approx(1, abs=EXACT)
    assert len(np.unique(np.vstack([s, a]), axis=1).T) == len(p) == 1024
    assert s.shape == a.shape == (pg.HORIZON, len(p))


@pytest.mark.parametrize("weight", ["R(τ)", "G", "G − V"])
def test_total_return_reward_to_go_and_baseline_are_unbiased(task, weight):
    exact = slopes(*task, np.ones(pg.HORIZON))
    assert np.allclose(pg.estimators(*task)[weight][0], exact, atol=DIFFERENCE)


def test_score_has_mean_zero_and_a_baseline_of_the_action_kills_the_gradient(task):
    result = pg.estimators(*task)
    assert np.allclose(result["1"][0], 0, atol=EXACT)
    assert np.allclose(result["G − Q"][0], 0, atol=EXACT)


def test_mean_log_probability_follows_another_objective(task):
    """E[mean log π · ΣG] is the gradient of Σ (t + 1)/T · r_t: late rewards count, early ones hardly."""
    weights = np.arange(1, pg.HORIZON + 1) / pg.HORIZON
    assert np.allclose(pg.estimators(*task)["среднее log π"][0], slopes(*task, weights), atol=DIFFERENCE)


def test_biased_weights_are_biased(task):
    result = pg.estimators(*task)
    exact = result["R(τ)"][0]
    for name in ("среднее log π", "стандартизация"):
        assert np.linalg.norm(result[name][0] - exact) > 0.1 * np.linalg.norm(exact)


def test_standardising_the_returns_inside_one_episode_is_biased(task):
    """Played, not listed: the mean of the estimate is not the gradient, it is what the page says."""
    P, r, theta = task
    n, rng, pi = 20_000, np.random.default_rng(8), pg.policy(theta)
    s, rewards, scores = np.zeros(n, int), [], []
    for _ in range(pg.HORIZON):
        a = (rng.random(n) < pi[s, 1]).astype(int)
        rewards.append(r[s, a])
        scores.append(np.eye(len(P))[s] * (a - pi[s, 1])[:, None])
        s = (rng.random((n, 1)) > P[s, a].cumsum(axis=1)).sum(axis=1)
    G = np.array([sum(rewards[t:]) for t in range(pg.HORIZON)])
    weights = (G - G.mean(axis=0)) / G.std(axis=0)
    samples = sum(weight[:, None] * score for weight, score in zip(weights, scores))
    error = samples.std(axis=0) / n**0.5
    assert np.all(abs(samples.mean(axis=0) - pg.estimators(*task)["стандартизация"][0]) < STANDARD_ERRORS * error)
    assert np.any(abs(samples.mean(axis=0) - slopes(*task, np.ones(pg.HORIZON))) > 2 * STANDARD_ERRORS * error)


def test_standardised_inside_one_episode_the_first_action_is_always_praised_and_the_last_blamed(task):
    P, r, theta = task
    s, a, _ = pg.all_trajectories(P, pg.policy(theta))
    assert np.all(r > 0)
    G = r[s, a][::-1].cumsum(axis=0)[::-1]
    weight = G - G.mean(axis=0)
    assert np.all(weight[0] > 0) and np.all(weight[-1] < 0)


def test_standardised_inside_one_episode_a_single_reward_at_its_end_teaches_nothing():
    G = np.array([0, 0, 0, 1.0])[::-1].cumsum()[::-1]
    assert np.all(G - G.mean() == 0)


def test_values_are_the_mean_reward_to_go(task):
    P, r, theta = task
    V, _ = pg.values(P, r, pg.policy(theta))
    for t in range(pg.HORIZON):
        weights = np.arange(pg.HORIZON) >= t
        for s in range(len(P)):
            assert V[t, s] == pytest.approx(walk(P, r, theta, weights, s, t), abs=EXACT)


def test_trace_is_the_variance_of_one_sampled_episode():
    rng = np.random.default_rng(5)
    P, r, theta = pg.random_task(rng)
    pi = pg.policy(theta)
    V, _ = pg.values(P, r, pi)
    s, a, p = pg.all_trajectories(P, pi)
    drawn = rng.choice(len(p), 40_000, p=p)
    g = np.zeros((len(drawn), len(P)))
    G = np.cumsum(r[s, a][::-1], axis=0)[::-1]
    for t in range(pg.HORIZON):
        state, action = s[t, drawn], a[t, drawn]
        g[np.arange(len(drawn)), state] += (action - pi[state, 1]) * (G[t, drawn] - V[t, state])
    trace = pg.estimators(P, r, theta)["G − V"][1]
    assert near_mean(((g - g.mean(axis=0)) ** 2).sum(axis=1), trace)


def test_variance_falls_with_every_step_in_every_task():
    table = pg.compare(np.random.default_rng(3))
    total, to_go, baseline = (table[name][2] for name in ("R(τ)", "G", "G − V"))
    assert np.all(total > 1.5 * to_go)
    assert np.all(to_go > 10 * baseline)
    assert np.median(total / baseline) > 10**2
