"""PPO: the clip's slopes, GAE, truncation, and the policy that comes out, judged by Gymnasium itself."""

import functools
import itertools

import gymnasium
import numpy as np
import pytest

import policy_gradient as pg
import ppo
import reinforce as R

SOLVED = 475  # Gymnasium's own threshold for CartPole-v1
SEEDS = 30
EXAM = 100
STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries


def batch(seed=0, size=400):
    """Return θ, x, π_old and Â of a batch made up for the test."""
    rng = np.random.default_rng(seed)
    theta, x = rng.standard_normal(4), rng.standard_normal((4, size))
    return theta, x, ppo.sigma(theta @ x), rng.standard_normal(size)


def objective(theta, x, old, adv, eps):
    return ppo.clipped(ppo.sigma(theta @ x) / old, adv, eps).mean()


@pytest.mark.parametrize(
    ("r", "A", "slope"), [(0.6, 1, 1), (1, 1, 1), (1.4, 1, 0), (0.6, -1, 0), (1, -1, -1), (1.4, -1, -1)]
)
def test_the_slope_of_the_clipped_term_is_that_of_the_table(r, A, slope):
    h = 1e-6
    assert (ppo.clipped(r + h, A) - ppo.clipped(r - h, A)) / (2 * h) == pytest.approx(slope, abs=1e-8)
    assert ppo.slope(r, A) == pytest.approx(slope, abs=1e-8)


def test_clipping_without_the_minimum_would_leave_a_good_action_that_became_rare():
    h = 1e-6
    assert (np.clip(0.6 + h, 0.8, 1.2) - np.clip(0.6 - h, 0.8, 1.2)) == 0
    assert ppo.clipped(0.6 + h, 1) > ppo.clipped(0.6 - h, 1)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("eps", [0.2, np.inf])
def test_the_gradient_is_that_of_the_clipped_objective(shift, eps):
    theta, x, old, adv = batch()
    theta = theta + shift
    h = 1e-6
    numeric = [
        (objective(theta + h * e, x, old, adv, eps) - objective(theta - h * e, x, old, adv, eps)) / (2 * h)
        for e in np.eye(4)
    ]
    # a term may cross its corner within h: one of 400 terms of slope ~1
    np.testing.assert_allclose(ppo.gradient(theta, x, old, adv, eps), numeric, atol=5e-3 if shift else 1e-7)


def test_on_the_first_epoch_the_ratio_is_one_and_the_gradient_is_the_policy_gradient():
    theta, x, old, adv = batch(1)
    h = 1e-6
    log_pi = [
        (np.log(ppo.sigma((theta + h * e) @ x)) - np.log(ppo.sigma((theta - h * e) @ x))) / (2 * h) for e in np.eye(4)
    ]
    assert (ppo.sigma(theta @ x) / old == 1).all()
    expected = (np.array(log_pi) * adv).mean(axis=1)
    assert np.linalg.norm(expected) > 0.01
    np.testing.assert_allclose(ppo.gradient(theta, x, old, adv), expected, atol=1e-8)


def episode(seed, T=9, N=5):
    """Return V(s), V(s'), falls and ends of N carts over T steps; a cart falls, or its time is up."""
    rng = np.random.default_rng(seed)
    v, v1 = rng.standard_normal((2, T, N))
    over = rng.random((T, N)) < 0.2
    fell = over & (rng.random((T, N)) < 0.5)
    return v, v1, fell, over


def brute_force(v, v1, fell, over, gamma, lam):
    """GAE as a weighted mean of n-step advantages, the last weight taking what is left of the sum."""
    T, N = v.shape
    result = np.zeros((T, N))
    for c in range(N):
        for t in range(T):
            end = next((k for k in range(t, T) if over[k, c]), T - 1)
            n_max = end - t + 1
            for n in range(1, n_max + 1):
                last = t + n - 1
                future = gamma**n * v1[last, c] * (not fell[last, c])
                # within an episode V(s') of a step is V(s) of the next one
                advantage = sum(gamma**i for i in range(n)) + future - v[t, c]
                weight = (1 - lam) * lam ** (n - 1) if n < n_max else lam ** (n - 1)
                result[t, c] += weight * advantage
    return result


def consistent(seed):
    """Within an episode V(s') is V(s) of the next step."""
    v, v1, fell, over = episode(seed)
    v1[:-1] = np.where(over[:-1], v1[:-1], v[1:])
    return v, v1, fell, over


@pytest.mark.parametrize("lam", [0.0, 0.5, 0.95, 1.0])
def test_gae_is_the_weighted_mean_of_n_step_advantages(lam):
    v, v1, fell, over = consistent(2)
    expected = brute_force(v, v1, fell, over, 0.9, lam)
    np.testing.assert_allclose(ppo.gae(1, v, v1, fell, over, 0.9, lam), expected, atol=1e-12)


def test_with_lambda_0_gae_is_the_one_step_error():
    v, v1, fell, over = episode(3)
    np.testing.assert_allclose(ppo.gae(1, v, v1, fell, over, 0.9, 0), 1 + 0.9 * v1 * ~fell - v)


def test_with_lambda_1_gae_is_reward_to_go_minus_the_value():
    T = 6
    v, v1, fell, over = np.zeros((T, 1)), np.zeros((T, 1)), np.zeros((T, 1), bool), np.zeros((T, 1), bool)
    v[:] = np.arange(T)[:, None]
    v1[:-1] = v[1:]
    fell[-1] = over[-1] = True
    reward_to_go = np.array([sum(0.9**i for i in range(T - t)) for t in range(T)])
    np.testing.assert_allclose(ppo.gae(1, v, v1, fell, over, 0.9, 1)[:, 0], reward_to_go - np.arange(T))


def test_gae_ends_with_power_t_minus_1_minus_t():
    T, gamma, lam = 7, 0.9, 0.8
    v, over = np.zeros((T, 1)), np.zeros((T, 1), bool)
    reward = np.zeros((T, 1))
    reward[-1] = 1.0  # the only error is the last one, δ_{T−1} = 1
    advantage = ppo.gae(reward, v, v, over, over, gamma, lam)[:, 0]
    np.testing.assert_allclose(advantage, [(gamma * lam) ** (T - 1 - t) for t in range(T)])
    assert advantage[-1] == 1


def test_truncation_keeps_the_value_of_what_would_follow_and_termination_does_not():
    v, over = np.zeros((1, 2)), np.array([[True, True]])
    fell = np.array([[True, False]])
    assert ppo.gae(1, v, np.full((1, 2), 10.0), fell, over, 0.9, 0.95).tolist() == [[1.0, 10.0]]


# GAE and the clipped surrogate where J and ∇J are known: from linear solves, without a single sampled number


def corridor():
    """Sutton and Barto's corridor: one logit for all cells."""
    return pg.CORRIDOR, pg.COST, np.full(3, -0.85), np.ones((3, 1))


def random_world():
    """Four states, a logit for each; wherever one is, the episode may end."""
    rng = np.random.default_rng(11)
    P = rng.dirichlet(np.ones(5), (4, 2))[..., :4]
    return P, rng.normal(1, 2, (4, 2)), rng.standard_normal(4), np.eye(4)


@pytest.fixture(scope="module", params=[corridor, random_world], ids=lambda world: world.__name__)
def world(request):
    """P, r, logits, features φ(s); V, Q and visits d; ∇J = Σ d(s) Σ ∇π(a|s) Q(s, a)."""
    P, r, theta, phi = request.param()
    pi = pg.policy(theta)
    V, Q, d = pg.solve(P, r, pi)
    return P, r, pi, phi, V, Q, d, (d * pi.prod(axis=1) * (Q[:, 1] - Q[:, 0])) @ phi


def test_gradient_of_the_linear_solve_is_the_slope_of_the_mean_return(world):
    P, r, pi, phi, *_, exact = world
    logits = np.log(pi[:, 1] / pi[:, 0])
    steps = 1e-5 * phi.T
    J = [[pg.solve(P, r, pg.policy(logits + sign * h))[0][0] for sign in (1, -1)] for h in steps]
    np.testing.assert_allclose(np.diff(J, axis=1)[:, 0] / -2e-5, exact, rtol=1e-6)


@pytest.fixture(scope="module")
def played(world):
    """10,000 episodes: s, a, s', fell and whether the episode goes on, (T, N) each; the exit is state −1."""
    P, _, pi, *_ = world
    rng, s, rows = np.random.default_rng(12), np.zeros(10_000, int), []
    chances = P.cumsum(axis=2)
    while (s >= 0).any():
        live = s >= 0
        a = (rng.random(len(s)) < pi[s, 1]).astype(int)
        s1 = (rng.random((len(s), 1)) > chances[s, a]).sum(axis=1)
        s1 = np.where(live & (s1 < len(P)), s1, -1)
        rows.append((s, a, s1, s1 < 0, live))
        s = s1
    return [np.array(row) for row in zip(*rows, strict=True)]


def estimates(world, played, critic, lam):
    """One estimate of ∇J per episode: Σ Â_t ∇ log π(a_t|s_t) with the advantages of ppo.gae."""
    _, r, pi, phi, *_ = world
    s, a, s1, fell, live = played
    adv = ppo.gae(r[s, a] * live, critic[s] * live, critic[s1] * live, fell, fell, 1.0, lam)
    return np.einsum("tn,tnk->nk", adv * live * (a - pi[s, 1]), phi[s])


def errors(sample, exact):
    """How many standard errors each coordinate of the mean is away."""
    return abs(sample.mean(axis=0) - exact) / sample.std(axis=0) * len(sample) ** 0.5


def by_reinforce(world, played):
    """One estimate of ∇J per episode for each weight of the other page, by its own functions."""
    _, r, pi, phi, V, *_ = world
    s, a, _, _, live = played
    G = R.reward_to_go(r[s, a] * live)
    weights = {"R(τ)": G[0] * live, "G": G * live, "G − V": (G - V[s]) * live}
    x, e = phi[s][:, None], (a - pi[s, 1])[:, None]
    return {name: R.gradient(x, e, weight[:, None])[0] for name, weight in weights.items()}


def test_total_return_reward_to_go_and_baseline_are_unbiased_and_each_varies_less(world, played):
    samples, exact = by_reinforce(world, played), world[-1]
    for sample in samples.values():
        assert np.all(errors(sample, exact) < STANDARD_ERRORS)
    total, to_go, baseline = (sample.var(axis=0).sum() for sample in samples.values())
    assert total > 1.1 * to_go > 1.1**2 * baseline
    half = samples["R(τ)"] / 2  # what is wrong is seen at this many episodes
    assert errors(half, exact).max() > 2 * STANDARD_ERRORS


def test_with_lambda_1_gae_is_unbiased_whatever_the_critic(world, played):
    V, exact = world[4], world[-1]
    for critic in (V, np.zeros_like(V), V + [5, -3, 2, 4][: len(V)]):
        assert np.all(errors(estimates(world, played, critic, 1.0), exact) < STANDARD_ERRORS)


def test_with_the_exact_critic_gae_is_unbiased_at_any_lambda_and_with_a_wrong_one_only_at_1(world, played):
    V, exact = world[4], world[-1]
    for lam in (0.0, 0.5):
        assert np.all(errors(estimates(world, played, V, lam), exact) < STANDARD_ERRORS)
        wrong = estimates(world, played, V + [5, -3, 2, 4][: len(V)], lam)
        assert errors(wrong, exact).max() > 2 * STANDARD_ERRORS


def test_the_further_gae_looks_the_more_it_varies_and_without_a_critic_most_of_all(world, played):
    V = world[4]
    traces = [estimates(world, played, V, lam).var(axis=0).sum() for lam in (0.0, 0.5, 0.9, 1.0)]
    traces.append(estimates(world, played, 0 * V, 1.0).var(axis=0).sum())
    assert all(b > 1.1 * a for a, b in zip(traces, traces[1:], strict=False))


def test_on_the_first_epoch_the_gradient_of_ppo_is_the_gradient_of_j(world):
    """Every (s, a) once, weighed as often as the old policy comes there: no sampling, the exact ∇J."""
    *_, pi, phi, V, Q, d, exact = world
    x = np.concatenate([-phi, phi]).T  # left, right
    old, often = pi.T.ravel(), (d[:, None] * pi).T.ravel()
    theta = np.linalg.lstsq(phi, np.log(pi[:, 1] / pi[:, 0]), rcond=None)[0]
    adv = (Q - V[:, None]).T.ravel() * often * len(old)
    np.testing.assert_allclose(ppo.gradient(theta, x, old, adv), exact, rtol=1e-9)


def test_an_episode_ends_with_a_fall_or_after_500_steps_of_its_own():
    rng, n = np.random.default_rng(15), 50
    theta = np.tile([0.5, 1.5, 2.5, 3.0], (n, 1))  # falls after some 250 steps
    s, age, own, ends = ppo.reset(n, rng), np.zeros(n, int), np.zeros(n, int), []
    for _ in range(20):
        (_, _, _, fell, over), s, age = ppo.rollout(theta, s, age, rng)
        for f, o in zip(fell, over, strict=True):
            own += 1
            assert np.array_equal(o, f | (own == 500))
            ends.append((o & ~f).sum())
            own[o] = 0
    assert sum(ends[500:]) > 0 < sum(ends[:500])


def test_an_action_is_taken_as_often_as_the_policy_says():
    rng, n = np.random.default_rng(13), 2000
    theta = np.tile([0.5, 1.5, 3.0, 3.0], (n, 1))
    (S, a, *_), _, _ = ppo.rollout(theta, ppo.reset(n, rng), np.zeros(n, int), rng)
    p = ppo.sigma(np.einsum("k,tkn->tn", theta[0] / ppo.SCALE, S))
    for part in (p < 0.2, (p > 0.4) & (p < 0.6), p > 0.8):
        assert part.sum() > 1000
        assert abs((a - p)[part].sum()) < STANDARD_ERRORS * np.sqrt((p * (1 - p))[part].sum())


def test_the_mirrored_cart_is_worth_the_same():
    """It moves as a mirror shows, the policy pushes as often the other way, so V may do with even features."""
    rng = np.random.default_rng(14)
    s, a = rng.uniform(-0.22, 0.22, (4, 50)), rng.random(50) < 0.5
    (s1, fell), (mirrored, fell_too) = ppo.step(s, a), ppo.step(-s, ~a)
    np.testing.assert_allclose(mirrored, -np.array(s1), atol=1e-7)  # sines are rounded
    assert np.array_equal(fell, fell_too) and 0 < fell.sum() < 50
    np.testing.assert_allclose(ppo.sigma(-s[0]), 1 - ppo.sigma(s[0]))
    assert np.array_equal(ppo.features(-s[None]), ppo.features(s[None]))


def gymnasium_returns(theta, rng):
    """Returns of the sampled policy in EXAM episodes of Gymnasium's own vector environment."""
    env = gymnasium.make_vec("CartPole-v1", num_envs=EXAM, vectorization_mode="vector_entry_point")
    s, _ = env.reset(seed=7)
    total, alive = np.zeros(EXAM), np.ones(EXAM, bool)
    while alive.any():
        s, r, terminated, truncated, _ = env.step((rng.random(EXAM) < ppo.sigma((s / ppo.SCALE) @ theta)).astype(int))
        total += r * alive
        alive &= ~(terminated | truncated)
    return total


def test_the_sampled_policy_is_solved_in_gymnasium_on_at_least_29_of_30_seeds():
    path, _ = ppo.train(np.random.default_rng(0), SEEDS)
    rng = np.random.default_rng(1)
    means = [gymnasium_returns(theta, rng).mean() for theta in path[-1]]
    assert sum(mean >= SOLVED for mean in means) >= 29


def test_without_the_clip_many_epochs_on_one_batch_ruin_the_policy_and_with_it_they_do_not():
    rng = np.random.default_rng(5)
    path, history = ppo.train(rng, SEEDS)
    kept, ruined = (
        [ppo.linger(theta, data, eps)[-1] for theta, data in zip(path[ppo.GOOD], history[ppo.GOOD], strict=True)]
        for eps in (ppo.EPS, np.inf)
    )
    score = [np.median(ppo.returns(np.array(theta), 20, rng).mean(axis=1)) for theta in (kept, ruined)]
    assert score[0] > 400 and score[1] < 200
    far = [
        np.median([ppo.measure(theta[None], data)[1] for theta, data in zip(end, history[ppo.GOOD], strict=True)])
        for end in (kept, ruined)
    ]
    assert ppo.EPS < far[0] < far[1]  # the clip does not bound the ratio, it takes away the reason to go on


def test_the_advantages_spread_is_never_blown_up():
    _, history = ppo.train(np.random.default_rng(3))
    assert all(adv.std() <= 1 + 1e-9 for batches in history for _, _, adv in batches)
    _, history = ppo.train(np.random.default_rng(0), 10)
    assert 1 / np.median([adv.std() for _, _, adv in history[-1]]) > 200  # so often it would be blown up


def test_importance_sampling_moves_the_mean_to_another_policy():
    old, new, A = np.array([0.7, 0.3]), np.array([0.4, 0.6]), np.array([2.0, -5.0])
    assert (old * (new / old) * A).sum() == pytest.approx((new * A).sum())
    assert (old * A).sum() != pytest.approx((new * A).sum())


def test_variance_of_a_product_of_ratios():
    factors = np.array([0.9, 1.1])
    exact = [np.var([np.prod(p) for p in itertools.product(factors, repeat=n)]) for n in (1, 5, 10)]
    np.testing.assert_allclose(exact, [1.01**n - 1 for n in (1, 5, 10)])
    assert round(1.01**500 - 1) == 144  # the page's number


def values(pi, P, reward, T):
    """V_t(s), t = 0…T, by going backwards; pi (S, A), P (S, A, S), reward (S, A)."""
    V = [np.zeros(len(P))]
    for _ in range(T):
        V.append((pi * (reward + P @ V[-1])).sum(axis=1))
    return V[::-1]


def test_sum_of_advantages_is_the_gain_of_the_new_policy():
    rng, T = np.random.default_rng(0), 5
    P = rng.dirichlet(np.ones(4), (4, 2))
    reward, (old, new) = rng.standard_normal((4, 2)), rng.dirichlet(np.ones(2), (2, 4))
    V, state, gain = values(old, P, reward, T), np.full(4, 0.25), 0.0
    start = state
    for t in range(T):
        A = reward + P @ V[t + 1] - V[t][:, None]
        gain += (state[:, None] * new * A).sum()
        state = np.einsum("s,sa,sax->x", state, new, P)
    assert gain == pytest.approx(start @ (values(new, P, reward, T)[0] - V[0]))
    assert abs(gain) > 0.01


def test_without_the_factor_A_bad_actions_are_encouraged():
    theta, x, old, _ = batch(4, 1)
    g = ppo.gradient(theta, x, old, np.array([-1.0]))
    assert ppo.sigma((theta + 1e-3 * g) @ x) < old < ppo.sigma((theta - 1e-3 * g) @ x)  # −g = ∇r, the factor lost


def test_the_exponents_printed_in_the_paper_give_another_number():
    rng, T, c = np.random.default_rng(6), 6, 0.9 * 0.8
    delta, no = rng.standard_normal((T, 1)), np.zeros((T, 1), bool)
    advantage = ppo.gae(delta, 0 * delta, 0 * delta, no, no, 0.9, 0.8)[:, 0]
    for t in range(T):
        inner = sum(c ** (k - t) * delta[k, 0] for k in range(t, T - 1))
        assert advantage[t] == pytest.approx(inner + c ** (T - 1 - t) * delta[-1, 0])
        assert advantage[t] != pytest.approx(inner + c ** (T - t + 1) * delta[-1, 0])
    assert round((ppo.GAMMA * ppo.LAMBDA) ** 2, 2) == 0.92  # what the last error would be left with


def test_recomputed_old_probabilities_switch_the_clip_off():
    path, history = ppo.train(np.random.default_rng(8), 6)
    far = []
    for theta, (x, old, adv) in zip(path[ppo.GOOD], history[ppo.GOOD], strict=True):
        actor = ppo.Actor(theta)
        for _ in range(10):
            now = ppo.sigma(actor.theta @ x)
            np.testing.assert_array_equal(
                ppo.gradient(actor.theta, x, now, adv), ppo.gradient(actor.theta, x, now, adv, np.inf)
            )
            actor.ascend(ppo.gradient(actor.theta, x, now, adv), ppo.RATE)
        far.append(abs(ppo.sigma(actor.theta @ x) / old - 1).max())
    assert np.median(far) > 2  # with the stored ones it is about a half


def test_a_cut_episode_is_not_a_fall():
    rng = np.random.default_rng(9)
    theta = np.repeat(ppo.train(rng)[0][-1], ppo.CARTS, axis=0)
    s, age, w = ppo.reset(ppo.CARTS, rng), np.zeros(ppo.CARTS, int), np.zeros(11)
    for _ in range(-(-ppo.LIMIT // ppo.STEPS)):  # up to the limit of time
        (S, _, S1, fell, over), s, age = ppo.rollout(theta, s, age, rng)
        w, _ = ppo.evaluate(w, S, S1, fell, over)
    cut = over & ~fell
    assert cut.sum() > ppo.CARTS / 2
    v, v1 = ((w @ ppo.features(y))[cut] for y in (S, S1))
    assert np.median(1 + ppo.GAMMA * v1 - v) == pytest.approx(0.1, abs=0.5)
    assert np.median(1 - v) == pytest.approx(-45, abs=5)


def successes(rng, **options):
    """How many of 30 trainings end at 475 or more."""
    theta = ppo.train(rng, SEEDS, **options)[0][-1]
    return (ppo.returns(theta, 50, rng).mean(axis=1) >= SOLVED).sum()


def test_training_without_the_clip_takes_another_path():
    clipped, free = (ppo.train(np.random.default_rng(2), eps=eps)[0] for eps in (ppo.EPS, np.inf))
    assert np.array_equal(clipped[0], free[0]) and not np.allclose(clipped[1], free[1])


# the counts on the page, within 3 σ of a binomial: another processor may round another way
@pytest.mark.filterwarnings("ignore:overflow encountered in exp")  # σ(−710) is 0 all the same
def test_without_the_clip_fewer_runs_succeed():
    n = successes(np.random.default_rng(1), eps=np.inf)
    assert abs(n - 26) <= 7 and n < 30


def test_with_the_clip_the_step_need_not_shrink(monkeypatch):
    ascend = ppo.Actor.ascend
    monkeypatch.setattr(ppo.Actor, "ascend", lambda self, g, alpha: ascend(self, g, ppo.RATE))
    assert abs(successes(np.random.default_rng(1)) - 30) <= 1


def test_td_error_alone_is_not_enough(monkeypatch):
    monkeypatch.setattr(ppo, "gae", functools.partial(ppo.gae, lam=0))
    assert abs(successes(np.random.default_rng(1)) - 9) <= 8


def test_four_carts_are_not_enough(monkeypatch):
    monkeypatch.setattr(ppo, "CARTS", 4)
    n = successes(np.random.default_rng(1))
    assert abs(n - 25) <= 7 and n < 30
