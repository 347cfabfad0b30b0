"""Cross-entropy method on a policy: what the page says of CartPole, judged by Gymnasium itself."""

import gymnasium
import numpy as np

import cem_policy as cp

SOLVED = 475  # Gymnasium's own threshold for CartPole-v1
SEEDS = 30
EXAM = 100


def gymnasium_returns(theta):
    """Greedy returns of one policy in EXAM episodes of Gymnasium's own vector environment."""
    env = gymnasium.make_vec("CartPole-v1", num_envs=EXAM, vectorization_mode="vector_entry_point")
    s, _ = env.reset(seed=7)
    total, alive = np.zeros(EXAM), np.ones(EXAM, bool)
    while alive.any():
        s, r, terminated, truncated, _ = env.step(((s / cp.SCALE) @ theta > 0).astype(int))
        total += r * alive
        alive &= ~(terminated | truncated)
    return total


def test_the_greedy_policy_is_solved_in_gymnasium_on_at_least_29_of_30_seeds():
    means = [gymnasium_returns(cp.train(np.random.default_rng(seed))[0]).mean() for seed in range(SEEDS)]
    assert sum(mean >= SOLVED for mean in means) >= 29


def test_returns_are_those_of_one_cart_after_another():
    rng = np.random.default_rng(1)
    theta = rng.standard_normal((12, 4))
    together = cp.returns(theta, np.random.default_rng(2))
    starts = cp.reset(12, np.random.default_rng(2))
    for w, s, expected in zip(theta, starts.T, together, strict=True):
        steps, done = 0, False
        while not done and steps < cp.LIMIT:
            s, done = cp.step(s, int((np.array(s) / cp.SCALE) @ w > 0))
            steps += 1
        assert steps == expected


def test_returns_are_those_of_gymnasium_from_the_same_states():
    rng = np.random.default_rng(3)
    theta = rng.standard_normal((12, 4))
    starts = cp.reset(12, np.random.default_rng(4))
    expected = cp.returns(theta, np.random.default_rng(4))
    for w, s, total in zip(theta, starts.T, expected, strict=True):
        env = gymnasium.make("CartPole-v1")
        env.reset(seed=0)
        env.unwrapped.state = s
        steps, over = 0, False
        while not over:
            action = int((env.unwrapped.state / cp.SCALE) @ w > 0)
            _, _, terminated, truncated, _ = env.step(action)
            steps, over = steps + 1, terminated or truncated
        assert steps == total


def test_refit_is_the_mean_and_the_biased_covariance_of_the_elite():
    elite = np.random.default_rng(5).standard_normal((20, 4))
    mu, cov = cp.refit(elite)
    np.testing.assert_allclose(mu, elite.mean(axis=0))
    np.testing.assert_allclose(cov, np.cov(elite.T, ddof=0))


def test_elite_is_the_fifth_with_the_best_mean_over_the_episodes_and_whoever_ties(monkeypatch):
    returns, refit = cp.returns, cp.refit
    played, elites = [], []

    def watched_returns(theta, rng):
        played.append((theta, returns(theta, rng)))
        return played[-1][1]

    def watched_refit(elite):
        elites.append(elite)
        return refit(elite)

    monkeypatch.setattr(cp, "returns", watched_returns)
    monkeypatch.setattr(cp, "refit", watched_refit)
    mu, history = cp.train(np.random.default_rng(6))
    assert history.shape == (cp.GENERATIONS, 3)
    np.testing.assert_array_equal(mu, elites[-1].mean(axis=0))
    for (theta, R), elite, (best, gamma, mean) in zip(played, elites, history, strict=True):
        each = (R[0::2] + R[1::2]) / 2  # two episodes of a policy, one after another
        np.testing.assert_array_equal(theta[0::2], theta[1::2])
        assert (each > gamma).sum() < cp.RHO * cp.N <= (each >= gamma).sum()
        np.testing.assert_array_equal(elite, theta[0::2][each >= gamma])
        assert best == each.max() and np.isclose(mean, each.mean())
    assert len(elites[-1]) > cp.RHO * cp.N  # many reach 500 in the end


def test_among_a_hundred_random_policies_there_is_a_good_one_at_once():
    first = [cp.train(np.random.default_rng(seed))[1][0] for seed in range(5)]
    assert all(best >= SOLVED for best, _, _ in first)
    assert all(mean < 150 for _, _, mean in first)
