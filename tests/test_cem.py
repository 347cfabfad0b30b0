"""What the page on the cross-entropy method says, against grids, differences, integrals and many runs."""

import numpy as np
import pytest

import cem

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-12  # sums of a hundred float64 terms
H = 1e-4  # step of central differences: error of the order H² ~ 1e-8
DIFFERENCE = 1e-6  # what central differences with H lose
STEP = 0.001  # of the grid that integrates the density: a level set is 40 steps wide at least


@pytest.fixture
def elite():
    return np.random.default_rng(1).standard_normal((20, 3)) @ [[2, 0.5, 0], [0, 1, -1], [0, 0, 0.3]]


@pytest.fixture(scope="module")
def history():
    return cem.cem(cem.hills, cem.BETWEEN, 1.2**2 * np.eye(2), np.random.default_rng(0))[1]


def gradient(f, x):
    steps = H * np.eye(len(x))
    return np.array([(f(x + h) - f(x - h)) / (2 * H) for h in steps])


def hessian(f, x):
    return np.array([gradient(lambda z: gradient(f, z)[i], x) for i in range(len(x))])


def climb(f, x, rate=0.02, steps=400):
    """A local maximum by gradient ascent on differences: no part of the method."""
    for _ in range(steps):
        x = x + rate * gradient(f, x)
    return x


def ends(y, mu, sigma, refit, seeds, generations=cem.GENERATIONS):
    start = np.array(mu, float), sigma**2 * np.eye(2)
    return np.array([cem.cem(y, *start, np.random.default_rng(s), refit, generations)[0] for s in seeds])


def square_distance(x, point):
    return ((x - point) ** 2).sum(-1)


FRESH = range(1000, 1100)  # seeds the snippet has not seen


def normal_pdf(t):
    return np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)


@pytest.fixture(scope="module")
def slope():
    """c, m, s of the best fifth of a standard normal, by summing its density on a fine grid."""
    t = np.linspace(-12, 12, 480_001)
    mass = normal_pdf(t) * (t[1] - t[0])
    tail = mass[::-1].cumsum()[::-1]
    chosen = tail <= cem.RHO
    share = mass[chosen] / mass[chosen].sum()
    m = share @ t[chosen]
    return t[chosen][0], m, np.sqrt(share @ (t[chosen] - m) ** 2)


# the two hills


def test_star_stands_on_the_highest_point():
    assert cem.hills(cem.TOP) == 1
    np.testing.assert_allclose(gradient(cem.hills, cem.TOP), 0, atol=DIFFERENCE)
    assert np.all(np.linalg.eigvalsh(hessian(cem.hills, cem.TOP)) < 0)
    u, v = np.meshgrid(np.linspace(-9, 9, 361), np.linspace(-9, 9, 361))
    assert cem.hills(np.stack([u, v], -1)).max() <= 1


def test_lower_hill_is_a_maximum_near_side():
    """SIDE itself is no stationary point: the top of the lower hill is 0.06 away."""
    assert np.linalg.norm(gradient(cem.hills, cem.SIDE)) > 0.1
    top = climb(cem.hills, cem.SIDE)
    np.testing.assert_allclose(gradient(cem.hills, top), 0, atol=DIFFERENCE)
    assert np.all(np.linalg.eigvalsh(hessian(cem.hills, top)) < 0)
    assert round(np.linalg.norm(top - cem.SIDE), 2) == 0.06
    assert f"{cem.hills(top):.2f}" == f"{cem.hills(cem.SIDE):.2f}" == "0.66"


def test_levels_near_the_top_are_rare_events():
    axis = np.arange(-0.5, 0.5, STEP) + STEP / 2  # both level sets lie inside
    u, v = np.meshgrid(axis, axis)
    x = cem.TOP + np.stack([u, v], -1)
    z = (x - cem.BETWEEN) / 1.2
    density = normal_pdf(z[..., 0]) * normal_pdf(z[..., 1]) / 1.2**2
    height = cem.hills(x)
    assert max(height[0].max(), height[-1].max(), height[:, 0].max(), height[:, -1].max()) < 0.9
    share = {level: density[height >= level].sum() * STEP**2 for level in (0.9, 0.999)}
    assert f"{share[0.9]:.4f}" == "0.0034"
    assert f"{share[0.999]:.5f}" == "0.00003"
    assert round(1 / share[0.999], -3) == 33_000


def test_importance_sampling_agrees_with_plain_sampling_and_varies_less(history):
    """The weights p/q make the estimate unbiased; the refitted gaussian makes it precise."""
    rng = np.random.default_rng(2)
    (p_mu, p_cov), (q_mu, q_cov) = history[0][:2], history[3][:2]

    def density(x, mu, cov):
        z = np.linalg.solve(np.linalg.cholesky(cov), (x - mu).T)
        return np.exp(-(z**2).sum(0) / 2) / (2 * np.pi * np.sqrt(np.linalg.det(cov)))

    n = 200_000
    x = q_mu + rng.standard_normal((n, 2)) @ np.linalg.cholesky(q_cov).T
    weighted = density(x, p_mu, p_cov) / density(x, q_mu, q_cov) * (cem.hills(x) >= 0.9)
    error = weighted.std() / np.sqrt(n)
    assert abs(weighted.mean() - 0.0034205) < STANDARD_ERRORS * error  # the integral above
    assert weighted.var() < 0.0034 * (1 - 0.0034) / 10


def test_ideal_density_needs_one_point():
    """Under q* ∝ p·1[y ≥ γ] every weight is the probability itself; p uniform gives q* uniform."""
    p = np.random.default_rng(3).dirichlet(np.ones(50))
    above = np.arange(50) >= 44
    best = p * above / p[above].sum()
    np.testing.assert_allclose(p[above] / best[above], p[above].sum(), rtol=EXACT)
    flat = np.full(50, 1 / 50) * above / (6 / 50)
    np.testing.assert_allclose(flat[above], 1 / 6, rtol=EXACT)


# refit


def test_elite_is_the_best_fifth_and_lies_above_the_level(history):
    for _, _, x, gamma in history:
        value = cem.hills(x)
        best = np.sort(value)[::-1][: round(cem.RHO * cem.N)]
        assert len(best) == 20 == (value >= gamma).sum()
        assert gamma == best[-1]


def test_next_gaussian_is_the_refit_of_the_elite(history):
    for (mu, cov, x, gamma), (new, new_cov, _, _) in zip(history, history[1:]):
        chosen = x[cem.hills(x) >= gamma]
        np.testing.assert_allclose(new, np.mean(chosen, 0), rtol=EXACT)
        np.testing.assert_allclose(new_cov, np.cov(chosen.T, ddof=0), rtol=1e-9, atol=1e-18)


def test_points_have_the_mean_and_covariance_of_their_gaussian():
    cov = np.array([[2.0, 1.2], [1.2, 1.0]])
    seen = []
    for seed in range(300):
        _, h = cem.cem(cem.bowl, np.array([3.0, -1.0]), cov, np.random.default_rng(seed), generations=1)
        seen.append(h[0][2])
    x = np.concatenate(seen) - [3, -1]
    products = x[:, :, None] * x[:, None, :]
    error = products.std(0) / np.sqrt(len(x))
    assert np.all(abs(products.mean(0) - cov) < STANDARD_ERRORS * error)
    assert np.all(abs(x.mean(0)) < STANDARD_ERRORS * x.std(0) / np.sqrt(len(x)))


def test_cross_entropy_is_minus_the_mean_log_density(elite):
    mu, cov = np.array([0.5, 0, -0.2]), np.diag([4.0, 2.0, 1.0])
    z = (elite - mu) / [2, np.sqrt(2), 1]
    log_q = (np.log(normal_pdf(z)) - np.log([2, np.sqrt(2), 1])).sum(1)
    assert cem.cross_entropy(elite, mu, cov) == pytest.approx(-log_q.mean(), rel=EXACT)
    root = np.array([[1.5, 0, 0], [0.7, 1, 0], [-0.3, 0.4, 0.8]])  # tilted, by a change of variables
    whitened = np.linalg.solve(root, (elite - mu).T)
    log_q = np.log(normal_pdf(whitened)).sum(0) - np.log(1.5 * 1 * 0.8)
    assert cem.cross_entropy(elite, mu, root @ root.T) == pytest.approx(-log_q.mean(), rel=EXACT)


def test_refit_is_the_maximum_likelihood_estimate(elite):
    """Zero slope in every direction, and every neighbour and far rival is worse."""
    mu, cov = cem.refit(elite, None, None)
    best = cem.cross_entropy(elite, mu, cov)
    np.testing.assert_allclose(gradient(lambda m: cem.cross_entropy(elite, m, cov), mu), 0, atol=DIFFERENCE)
    rng = np.random.default_rng(4)
    for _ in range(300):
        d = rng.standard_normal((3, 3)) * 0.02
        shift = d + d.T
        ahead, behind = (cem.cross_entropy(elite, mu, cov + t * H * shift) for t in (1, -1))
        assert abs(ahead - behind) / (2 * H) < 1e-5
        root = np.linalg.cholesky(cov) @ (np.eye(3) + rng.standard_normal((3, 3)) * rng.choice([0.03, 0.5]))
        assert cem.cross_entropy(elite, mu + 0.01 * rng.standard_normal(3), root @ root.T) > best
    assert f"{100 * (20 / 19 - 1):.1f}" == "5.3"  # what np.cov adds to the variance
    assert cem.cross_entropy(elite, mu, np.cov(elite.T)) > best


def test_newtons_method_on_the_likelihood_arrives_at_the_refit():
    """In Λ = Σ⁻¹ and Λμ the cross-entropy is convex: from anywhere it goes down to the one minimum."""
    elite = np.random.default_rng(6).standard_normal((20, 2)) @ [[2, 0.5], [0, 1]] + [3, -1]

    def parameters(z):
        cov = np.linalg.inv(np.array([[z[0], z[1]], [z[1], z[2]]]))
        return cov @ z[3:], cov

    def cross_entropy(z):
        return cem.cross_entropy(elite, *parameters(z)) if z[0] > 0 and z[0] * z[2] > z[1] ** 2 else np.inf

    z = np.array([1.0, 0, 1, 0, 0])
    for _ in range(30):
        step = np.linalg.solve(hessian(cross_entropy, z), gradient(cross_entropy, z))
        z = min((z - t * step for t in 0.5 ** np.arange(12)), key=cross_entropy)
    for found, refitted in zip(parameters(z), cem.refit(elite, None, None), strict=True):
        np.testing.assert_allclose(found, refitted, rtol=10 * DIFFERENCE)


def test_refit_never_raises_the_cross_entropy_of_its_elite(history):
    for (mu, cov, x, gamma), (new, new_cov, _, _) in zip(history, history[1:]):
        chosen = x[cem.hills(x) >= gamma]
        assert cem.cross_entropy(chosen, new, new_cov) < cem.cross_entropy(chosen, mu, cov)


def test_refit_is_the_minimum_of_kl_up_to_the_entropy_of_the_elite():
    """On a grid of gaussians, H(p, q) and KL(p‖q) differ by a constant: the same minimum."""
    p = np.random.default_rng(5).dirichlet(np.ones(200))
    t = np.linspace(-3, 4, 200)
    pairs = [(m, s) for m in np.linspace(-1, 2, 13) for s in np.linspace(0.5, 3, 11)]
    logs = [np.log(normal_pdf((t - m) / s) / s) for m, s in pairs]
    cross = np.array([-p @ log_q for log_q in logs])
    kl = np.array([p @ (np.log(p) - log_q) for log_q in logs])
    np.testing.assert_allclose(kl - cross, p @ np.log(p), rtol=1e-9)


def test_derivative_of_log_det_is_the_inverse(elite):
    cov = np.cov(elite.T)
    shift = np.array([[1, 0.3, 0], [0.3, -1, 0.2], [0, 0.2, 0.5]])
    ahead, behind = (np.linalg.slogdet(cov + t * H * shift).logabsdet for t in (1, -1))
    slope = np.trace(np.linalg.inv(cov) @ shift)
    assert (ahead - behind) / (2 * H) == pytest.approx(slope, rel=DIFFERENCE)


def test_too_small_an_elite_gives_a_flat_ellipse():
    points = np.random.default_rng(6).standard_normal((3, 3))
    assert np.linalg.matrix_rank(cem.refit(points, None, None)[1]) == 2
    more = np.random.default_rng(6).standard_normal((4, 3))
    assert np.linalg.matrix_rank(cem.refit(more, None, None)[1]) == 3


def test_only_the_order_of_the_points_matters():
    start = cem.BETWEEN, np.eye(2)
    runs = [
        cem.cem(lambda x: f(cem.hills(x)), *start, np.random.default_rng(7), generations=8)
        for f in (lambda y: y, np.log, lambda y: y**3)
    ]
    for mu, h in runs[1:]:
        np.testing.assert_array_equal(mu, runs[0][0])
        np.testing.assert_array_equal([x for _, _, x, _ in h], [x for _, _, x, _ in runs[0][1]])


def test_ties_make_the_elite_larger():
    sizes = []

    def spy(elite, mu, cov):
        sizes.append(len(elite))
        return cem.refit(elite, mu, cov)

    for y in (lambda x: np.floor(x[:, 0]), lambda x: np.zeros(len(x))):
        cem.cem(y, np.zeros(2), np.eye(2), np.random.default_rng(8), spy, 1)
    assert sizes[0] > cem.RHO * cem.N
    assert sizes[1] == cem.N


# where it ends


def test_from_between_the_hills_it_mostly_finds_the_higher_one():
    y = cem.hills(ends(cem.hills, cem.BETWEEN, 1.2, cem.refit, FRESH))
    assert 88 <= (y > 0.8).sum() <= 99  # over 300 seeds: 0.977, standard error 0.015 of a hundred
    on_the_top = y > 1 - 1e-6
    assert 78 <= on_the_top.sum() < (y > 0.8).sum()  # some stop on the slope
    stopped = (y > 0.8) & ~on_the_top
    assert np.all(y[stopped] < 1 - 1e-5)


def test_mean_of_an_elite_on_two_hills_lies_below_the_level(history):
    (_, _, x, gamma), (mu, _, _, raised) = history[:2]
    chosen = x[cem.hills(x) >= gamma]
    lower = square_distance(chosen, cem.SIDE) < square_distance(chosen, cem.TOP)
    assert 5 < lower.sum() < 15  # some of the twenty on either hill
    assert cem.hills(mu) < gamma < raised


def test_level_may_fall_from_one_generation_to_the_next():
    fallen = 0
    for seed in FRESH:
        _, h = cem.cem(cem.hills, cem.BETWEEN, 1.2**2 * np.eye(2), np.random.default_rng(seed))
        fallen += np.any(np.diff([gamma for *_, gamma in h]) < 0)
    assert 10 <= fallen <= 24  # over 300 seeds: 0.16, standard error 0.037 of a hundred


def test_runs_on_the_slope_have_stopped_by_themselves():
    for seed in FRESH:
        mu, h = cem.cem(cem.hills, cem.BETWEEN, 1.2**2 * np.eye(2), np.random.default_rng(seed))
        assert len(h) < cem.GENERATIONS
        if 0.8 < cem.hills(mu) < 1 - 1e-5:
            assert np.linalg.norm(gradient(cem.hills, mu)) > 1e-3


def test_even_the_wide_refit_may_miss_the_higher_hill():
    y = cem.hills(ends(cem.hills, cem.BETWEEN, 1.2, cem.refit_wide, FRESH))
    assert 0 < (y < 0.8).sum() <= 7  # over 300 seeds: 0.017, standard error 0.013 of a hundred
    assert np.all((y > 1 - 1e-6) | (y < 0.67))  # on a top, higher or lower, never on a slope


def test_from_the_lower_hill_a_narrow_gaussian_never_leaves():
    top = climb(cem.hills, cem.SIDE)
    end = ends(cem.hills, cem.SIDE, 1.0, cem.refit, FRESH)
    np.testing.assert_allclose(end, np.broadcast_to(top, end.shape), atol=1e-4)


def test_from_the_lower_hill_a_wide_gaussian_often_leaves():
    y = cem.hills(ends(cem.hills, cem.SIDE, 3.0, cem.refit, FRESH))
    assert 74 <= (y > 0.9).sum() <= 99  # 20 of 25 on the page, 4 standard errors down


# the collapse


def test_plain_refit_can_travel_only_so_far(slope):
    c, m, s = slope
    assert [f"{v:.3f}" for v in (c, s)] == ["0.842", "0.468"] and f"{m:.2f}" == "1.40"
    assert m == pytest.approx(normal_pdf(c) / cem.RHO, abs=1e-4)  # the step of the grid
    assert s**2 == pytest.approx(1 + c * m - m**2, abs=1e-4)
    assert f"{m / (1 - s):.2f}" == "2.63"


def sloped(refit, generations, runs=40):
    """Mean way along a straight slope, in σ₀, and its standard error."""
    way = [
        cem.cem(lambda x: x[:, 0], np.zeros(2), np.eye(2), np.random.default_rng(s), refit, generations)[0][0]
        for s in range(runs)
    ]
    return np.mean(way), np.std(way) / np.sqrt(runs)


def test_plain_refit_stops_on_a_straight_slope_where_the_series_says(slope, monkeypatch):
    monkeypatch.setattr(cem, "N", 2000)  # near the infinite generation of the formula
    _, m, s = slope
    way, error = sloped(cem.refit, 12)
    assert abs(way - m * (1 - s**12) / (1 - s)) < STANDARD_ERRORS * error + 0.01  # finite N


def test_smoothing_alone_only_postpones_the_collapse(slope, monkeypatch):
    _, m, s = slope
    factor = np.sqrt(1 - cem.ETA + cem.ETA * s**2)
    assert f"{factor:.3f}" == "0.673" and f"{m / (1 - factor):.2f}" == "4.28"
    monkeypatch.setattr(cem, "N", 2000)
    way, error = sloped(cem.refit_smooth, 16)
    assert abs(way - m * (1 - factor**16) / (1 - factor)) < STANDARD_ERRORS * error + 0.01


def test_collapse_far_from_the_top_looks_like_convergence():
    """Every fresh run has stopped by itself, σ < TINY, and most of them beyond seven σ."""
    away = []
    for seed in FRESH:
        mu, h = cem.cem(cem.bowl, cem.FAR, np.eye(2), np.random.default_rng(seed))
        assert len(h) < cem.GENERATIONS
        away.append(np.hypot(*mu))
    assert min(away) > 5 and np.median(away) > 7
    smooth = np.hypot(*ends(cem.bowl, cem.FAR, 1.0, cem.refit_smooth, FRESH).T)
    assert np.all(smooth > 1) and np.median(smooth) < np.median(away)


def test_initial_sigma_must_match_the_distance(slope):
    _, m, s = slope
    assert f"{10 / (m / (1 - s)):.1f}" == "3.8"
    arrived = {
        sigma: (cem.bowl(ends(cem.bowl, cem.FAR, sigma, cem.refit, range(1000, 1060))) > -1e-6).mean()
        for sigma in (3.0, 6.0)
    }
    assert arrived[3.0] < 0.1 and arrived[6.0] > 0.85


def test_wide_refit_never_stops_on_the_way():
    assert np.all(cem.bowl(ends(cem.bowl, cem.FAR, 1.0, cem.refit_wide, FRESH)) > -1e-9)


def test_scatter_round_the_old_mean_is_the_scatter_and_the_step(elite):
    old, cov = np.array([1.0, -2.0, 0.5]), np.diag([1.0, 2.0, 3.0])
    mu, wide = cem.refit_wide(elite, old, cov)
    assert np.array_equal(mu, elite.mean(0))
    step = np.outer(mu - old, mu - old)
    expected = (1 - cem.ETA) * cov + cem.ETA * (np.cov(elite.T, ddof=0) + step)
    np.testing.assert_allclose(wide, expected, rtol=1e-12, atol=1e-14)
    _, smooth = cem.refit_smooth(elite, old, cov)
    np.testing.assert_allclose(wide - smooth, cem.ETA * step, rtol=1e-10, atol=1e-13)


def test_wide_refit_grows_on_a_slope(slope):
    _, m, s = slope
    growth = 1 - cem.ETA + cem.ETA * (s**2 + m**2)
    assert f"{growth:.2f}" == "1.82"
    x = np.random.default_rng(9).standard_normal((400_000, 2))
    elite = x[np.argsort(x[:, 0])[-80_000:]]
    _, cov = cem.refit_wide(elite, np.zeros(2), np.eye(2))
    assert cov[0, 0] == pytest.approx(growth, abs=0.02)  # 4 standard errors of the sample


def test_floor_arrives_but_does_not_settle():
    def floor(elite, mu, cov):
        mu, cov = cem.refit(elite, mu, cov)
        return mu, cov + 0.01 * np.eye(2)

    runs = [cem.cem(cem.bowl, cem.FAR, np.eye(2), np.random.default_rng(s), floor) for s in range(100)]
    away = np.array([np.hypot(*mu) for mu, _ in runs])
    assert all(len(h) == cem.GENERATIONS for _, h in runs)
    assert away.max() < 0.1 and f"{np.median(away):.2f}" == "0.01"
    assert all(np.linalg.eigvalsh(h[-1][1])[0] >= 0.01 for _, h in runs)


# other functions


@pytest.mark.parametrize(
    ("y", "tops"),
    [
        (cem.rosenbrock, [(1, 1)]),
        (cem.rastrigin, [(0, 0)]),
        (cem.himmelblau, [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)]),
    ],
)
def test_maximum_of_each_function_is_zero_at_its_tops(y, tops):
    np.testing.assert_allclose(y(np.array(tops, float)), 0, atol=1e-9)
    assert np.all(y(np.random.default_rng(10).uniform(-5, 5, (2000, 2))) < 0)


def test_rosenbrock_has_its_known_value_at_the_start():
    assert cem.rosenbrock(np.array([[-1.2, 1.0]]))[0] == pytest.approx(-24.2, rel=EXACT)


def test_wide_refit_finds_the_end_of_the_valley_and_one_of_four_tops():
    for y, start, sigma in (cem.rosenbrock, (-1.2, 1), 1), (cem.himmelblau, (0, 0), 2):
        assert len(FRESH) == 100
        assert np.all(y(ends(y, start, sigma, cem.refit_wide, FRESH)) > -1e-6)


def test_himmelblau_ends_on_one_of_four_equal_tops():
    end = ends(cem.himmelblau, (0, 0), 2.0, cem.refit_wide, range(1000, 1040))
    at = np.linalg.norm(end - [3, 2], axis=1) < 1e-3
    assert at.mean() > 0.75
    elsewhere = end[~at]
    assert np.all(cem.himmelblau(elsewhere) > -1e-6)


def test_rastrigin_failures_sit_in_a_neighbouring_trap():
    end = ends(cem.rastrigin, (2, 2), 3.0, cem.refit_wide, range(1000, 1060))
    away = np.linalg.norm(end, axis=1)
    lost = away > 1e-3
    assert 0.02 < lost.mean() < 0.32  # 4 of 25 on the page
    np.testing.assert_allclose(np.abs(end[lost]).max(1), 0.995, atol=0.001)
    traps = np.array([climb(lambda x: cem.rastrigin(x[None])[0], x, rate=0.002) for x in end[lost]])
    np.testing.assert_allclose(end[lost], traps, atol=1e-4)
    assert np.median(away[lost]) == pytest.approx(0.995, abs=0.001)


def test_plain_refit_collapses_in_the_valley():
    for seed in range(1000, 1020):
        mu, h = cem.cem(cem.rosenbrock, np.array([-1.2, 1]), np.eye(2), np.random.default_rng(seed))
        assert len(h) < cem.GENERATIONS and cem.rosenbrock(mu[None])[0] < -1e-3


def test_diagonal_is_slow_rather_than_stuck():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        mu, h = cem.cem(cem.rosenbrock, np.array([-1.2, 1]), np.eye(2), rng, cem.refit_diagonal, 1000)
        heights = [cem.rosenbrock(h[k][0][None])[0] for k in (100, 300)] + [cem.rosenbrock(mu[None])[0]]
        assert len(h) == 1000 and np.all(np.diff(heights) > 0) and heights[-1] < -1e-6


def test_diagonal_refit_never_tilts(elite):
    _, full = cem.refit_wide(elite, np.zeros(3), np.eye(3))
    _, flat = cem.refit_diagonal(elite, np.zeros(3), np.eye(3))
    np.testing.assert_array_equal(flat, full * np.eye(3))
    assert abs(full[0, 1]) > 0.1


# the snippet


def test_page_states_the_constants_of_the_snippet():
    assert (cem.N, cem.RHO, cem.ETA, cem.SEEDS, cem.GENERATIONS, cem.TINY) == (100, 0.2, 0.7, 25, 100, 1e-6)
    np.testing.assert_array_equal(cem.FAR, [10, 0])


def test_figures_are_light(history, tmp_path):
    figures = [cem.figure_function(), cem.figure_travel()]
    for name in "initial", "generation", "elite", "refit", "convergence":
        figures.append(getattr(cem, f"figure_{name}")(history))
    cem.plt.close("all")
    assert [f.get_figwidth() for f in figures] == [5] * 7
