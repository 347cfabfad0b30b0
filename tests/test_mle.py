"""What the page on maximum likelihood says, against grids, differences, integrals and many samples."""

import numpy as np
import pytest

import mle

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-9  # sums of a few hundred float64 terms
H = 1e-4  # step of central differences: error of the order H² ~ 1e-8 relative
DIFFERENCE = 1e-5  # what second differences with H lose to rounding, relative


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(-3, 0.7, 15)


def shrinking_grid(function, low, high, rounds=40, points=9):
    """The argmax of a function of two numbers, by grids that close in on the best node."""
    low, high = np.array(low, float), np.array(high, float)
    for _ in range(rounds):
        a, b = (np.linspace(low[i], high[i], points) for i in range(2))
        values = np.array([[function(u, v) for v in b] for u in a])
        i, j = np.unravel_index(values.argmax(), values.shape)
        best, quarter = np.array([a[i], b[j]]), (high - low) / 4
        low, high = np.maximum(best - quarter, low), np.minimum(best + quarter, high)
    return best


def near_mean(sample, expected):
    """The mean of a sample agrees with a number within its standard error."""
    error = np.std(sample, ddof=1) / np.sqrt(len(sample))
    return abs(np.mean(sample) - expected) < STANDARD_ERRORS * error


def gaussian_kl(mu0, s0, mu1, s1):
    """KL by the trapezoid rule, not by the formula of the page."""
    t = np.linspace(mu0 - 12 * s0, mu0 + 12 * s0, 20_001)
    log_p, log_q = (-0.5 * ((t - m) / s) ** 2 - np.log(s) for m, s in ((mu0, s0), (mu1, s1)))
    p = np.exp(log_p) / np.sqrt(2 * np.pi)
    return np.trapezoid(p * (log_p - log_q), t)


# the likelihood and its logarithm


def test_density_integrates_to_one():
    t = np.linspace(-20, 24, 100_001)
    assert np.trapezoid(np.exp(mle.log_density(t, 2, 1.5)), t) == pytest.approx(1, abs=EXACT)


def test_log_likelihood_is_the_logarithm_of_the_product(x):
    product = np.prod(np.exp(-((x + 2) ** 2) / 8) / np.sqrt(2 * np.pi) / 2)
    assert mle.log_likelihood(x, -2, 2) == pytest.approx(np.log(product), rel=EXACT)


def test_log_likelihood_written_out_is_the_same(x):
    n, mu, sigma = len(x), -2.5, 0.9
    written = -n / 2 * np.log(2 * np.pi) - n * np.log(sigma) - np.sum((x - mu) ** 2) / 2 / sigma**2
    assert mle.log_likelihood(x, mu, sigma) == pytest.approx(written, rel=EXACT)


def test_product_underflows_where_the_mean_log_density_says():
    per_point = 0.5 * np.log(2 * np.pi * np.e * mle.SIGMA**2)
    assert round(-per_point, 2) == -1.82
    assert np.exp(-745.1) > 0 == np.exp(-745.2)
    assert round(745.1 / per_point) == 408
    rng = np.random.default_rng(2)
    lost = [mle.first_lost(rng.normal(2, 1.5, 1000), 2, 1.5) for _ in range(300)]
    # the walk stops one step or less after it has crossed the line
    assert near_mean(np.array(lost) - 1, 745.1 / per_point)


def test_narrow_gaussian_overflows_and_the_logarithm_does_not():
    narrow = np.random.default_rng(3).normal(0, 0.01, 1000)
    n = mle.first_lost(narrow, 0, 0.01)
    densities = np.exp(mle.log_density(narrow, 0, 0.01))
    with np.errstate(over="ignore"):
        assert np.isinf(np.prod(densities[:n]))
    assert np.isfinite(np.prod(densities[: n - 1]))
    assert np.isfinite(mle.log_likelihood(narrow, 0, 0.01))


def test_page_states_the_constants_of_the_snippet():
    assert (mle.SAMPLES, mle.N, mle.ELITE, mle.GENERATIONS) == (5000, 20, 10, 50)
    assert (mle.MU, mle.SIGMA) == (2, 1.5)


# the maximum


def test_fit_is_where_a_grid_search_finds_the_maximum(x):
    found = shrinking_grid(lambda m, s: mle.log_likelihood(x, m, s), [-6, 0.1], [0, 3])
    np.testing.assert_allclose(mle.fit(x), found, atol=1e-6)  # ℓ is flat to 1e-12 there


def test_fit_works_on_many_samples_at_once(x):
    many = np.stack([x, x[::-1] * 2, x + 5])
    np.testing.assert_allclose(mle.fit(many), np.transpose([mle.fit(row) for row in many]))


@pytest.mark.parametrize(("mu", "sigma"), [(-3.0, 0.7), (0.0, 2.0), (-5.0, 0.5)])
def test_first_derivatives_of_the_page_agree_with_differences(x, mu, sigma):
    def ell(m, s):
        return mle.log_likelihood(x, m, s)

    by_mu = (ell(mu + H, sigma) - ell(mu - H, sigma)) / 2 / H
    by_sigma = (ell(mu, sigma + H) - ell(mu, sigma - H)) / 2 / H
    assert by_mu == pytest.approx(np.sum(x - mu) / sigma**2, rel=DIFFERENCE)
    assert by_sigma == pytest.approx(-len(x) / sigma + np.sum((x - mu) ** 2) / sigma**3, rel=DIFFERENCE)


def test_second_derivatives_at_the_top_are_those_of_the_page(x):
    mu, sigma = mle.fit(x)

    def ell(m, s):
        return mle.log_likelihood(x, mu + m, sigma + s)

    n = len(x)
    mu_mu = (ell(H, 0) - 2 * ell(0, 0) + ell(-H, 0)) / H**2
    sigma_sigma = (ell(0, H) - 2 * ell(0, 0) + ell(0, -H)) / H**2
    mixed = (ell(H, H) - ell(H, -H) - ell(-H, H) + ell(-H, -H)) / 4 / H**2
    assert mu_mu == pytest.approx(-n / sigma**2, rel=DIFFERENCE)
    assert sigma_sigma == pytest.approx(-2 * n / sigma**2, rel=DIFFERENCE)
    assert mixed == pytest.approx(0, abs=DIFFERENCE * n)


def test_likelihood_is_not_concave_beyond_root_three(x):
    mu, sigma = mle.fit(x)

    def bend(s):
        values = mle.log_likelihood(x, mu, np.array([[s - 1e-3], [s], [s + 1e-3]]))
        return values[0] - 2 * values[1] + values[2]

    assert bend(1.7 * sigma) < 0 < bend(1.76 * sigma)  # √3 = 1.732


def test_likelihood_rises_to_the_fitted_sigma_and_falls_after(x):
    mu, sigma = mle.fit(x)
    grid = sigma * np.geomspace(0.05, 50, 401)  # its middle value is below, none equals sigma
    steps = np.diff(mle.log_likelihood(x, mu, grid[:, None]))
    assert np.all(steps[grid[1:] <= sigma] > 0)
    assert np.all(steps[grid[:-1] >= sigma] < 0)


def test_squares_split_round_the_mean(x):
    mu, sigma = mle.fit(x)
    left = np.sum((x + 1) ** 2)
    assert left == pytest.approx(len(x) * (sigma**2 + (mu + 1) ** 2), rel=EXACT)


def test_value_at_the_top(x):
    mu, sigma = mle.fit(x)
    top = -len(x) / 2 * np.log(2 * np.pi * np.e * sigma**2)
    assert mle.log_likelihood(x, mu, sigma) == pytest.approx(top, rel=EXACT)


@pytest.mark.parametrize(("mu", "sigma"), [(-2.0, 0.5), (1.0, 3.0)])
def test_descent_from_the_top_is_n_times_the_divergence_of_two_gaussians(x, mu, sigma):
    best = mle.fit(x)
    gap = mle.log_likelihood(x, *best) - mle.log_likelihood(x, mu, sigma)
    assert gap / len(x) == pytest.approx(gaussian_kl(*best, mu, sigma), rel=1e-7)


def test_truth_is_never_likelier_than_the_estimate():
    x = np.random.default_rng(4).normal(2, 1.5, (2000, 20))
    mu, sigma = mle.fit(x)
    assert np.all(mle.log_likelihood(x, mu[:, None], sigma[:, None]) >= mle.log_likelihood(x, 2, 1.5))


# bias and consistency


@pytest.mark.parametrize("n", [2, 3, 10, 50])
@pytest.mark.parametrize("draw", ["normal", "exponential", "uniform"])
def test_variance_is_biased_by_one_nth_whatever_the_distribution(n, draw):
    sample = getattr(np.random.default_rng(5), draw)(size=(20_000, n))
    variance = {"normal": 1, "exponential": 1, "uniform": 1 / 12}[draw]
    assert near_mean(mle.fit(sample)[1] ** 2, (n - 1) / n * variance)


def test_the_table_of_bias_is_within_its_errors():
    sizes, shares = np.array([2, 5, 10, 100]), [0.5, 0.8, 0.9, 0.99]
    ratio, _, _ = mle.errors(np.random.default_rng(6), sizes, 4000)
    spread = np.sqrt(2 * (sizes - 1)) / sizes / np.sqrt(4000)  # σ̂²n/σ² is χ² with n − 1 degrees
    assert np.all(np.abs(ratio - shares) < STANDARD_ERRORS * spread)
    np.testing.assert_allclose((sizes - 1) / sizes, shares, rtol=EXACT)


def test_mean_is_unbiased():
    assert near_mean(mle.fit(np.random.default_rng(7).normal(2, 1.5, (20_000, 5)))[0], 2)


def test_root_of_the_unbiased_variance_is_biased():
    sample = np.random.default_rng(8).standard_normal((40_000, 5))
    root = mle.fit(sample)[1] * np.sqrt(5 / 4)
    assert near_mean(root**2, 1)
    assert near_mean(root, 0.9400)  # c₄(5) = √(2/4) Γ(5/2) / Γ(2)


def test_errors_fall_as_one_over_the_root_of_n():
    sizes, samples = np.array([10, 100, 1000]), 2000
    _, error_mu, error_sigma = mle.errors(np.random.default_rng(9), sizes, samples)
    relative = STANDARD_ERRORS / np.sqrt(2 * samples)  # of a root mean square
    np.testing.assert_allclose(error_mu, sizes**-0.5, rtol=relative)
    np.testing.assert_allclose(error_sigma[1:], (2 * sizes[1:]) ** -0.5, rtol=relative + 0.01)


def test_chebyshev_bounds_the_share_of_large_errors():
    mu, _ = mle.fit(np.random.default_rng(10).normal(0, 1.5, (5000, 30)))
    for epsilon in (0.3, 0.5, 1):
        assert np.mean(np.abs(mu) > epsilon) <= 1.5**2 / 30 / epsilon**2


# several dimensions


@pytest.fixture
def cloud():
    rng = np.random.default_rng(11)
    return rng.standard_normal((25, 3)) @ rng.standard_normal((3, 3)) + [1, -2, 3]


def test_density_in_d_dimensions_is_the_textbook_one(cloud):
    cov = np.array([[2, 0.5, 0], [0.5, 1, 0.3], [0, 0.3, 4]])
    z = cloud - [0, 0, 1]
    quadratic = np.einsum("ni,ij,nj->n", z, np.linalg.inv(cov), z)
    density = np.exp(-quadratic / 2) / np.sqrt((2 * np.pi) ** 3 * np.linalg.det(cov))
    expected = np.log(density).sum()
    assert mle.log_likelihood_nd(cloud, [0, 0, 1], cov) == pytest.approx(expected, rel=EXACT)


def test_one_dimension_is_a_special_case(x):
    mu, cov = mle.fit_nd(x[:, None])
    np.testing.assert_allclose([mu[0], cov[0, 0]], [mle.fit(x)[0], mle.fit(x)[1] ** 2])
    value = mle.log_likelihood_nd(x[:, None], mu, cov)
    assert value == pytest.approx(mle.log_likelihood(x, *mle.fit(x)), rel=EXACT)


def test_trace_trick(cloud):
    a = np.linalg.inv(np.cov(cloud.T))
    z = cloud - cloud.mean(axis=0)
    s = z.T @ z / len(z)
    forms = sum(row @ a @ row for row in z)
    assert forms == pytest.approx(len(z) * np.trace(a @ s), rel=EXACT)


def test_log_likelihood_through_the_trace(cloud):
    (n, d), mu = cloud.shape, np.array([0.5, -1, 2])
    cov = np.diag([3, 2, 5]) + 0.4
    best, s = mle.fit_nd(cloud)
    a, shift = np.linalg.inv(cov), best - mu
    inside = d * np.log(2 * np.pi) + np.log(np.linalg.det(cov)) + np.trace(a @ s) + shift @ a @ shift
    assert mle.log_likelihood_nd(cloud, mu, cov) == pytest.approx(-n / 2 * inside, rel=EXACT)


def test_covariance_is_the_global_maximum(cloud):
    mu, cov = mle.fit_nd(cloud)
    top = mle.log_likelihood_nd(cloud, mu, cov)
    n, d = cloud.shape
    bound = -n / 2 * (d * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + d)
    assert top == pytest.approx(bound, rel=EXACT)
    rng = np.random.default_rng(12)
    for scale in (0.01, 0.3, 3):
        for _ in range(200):
            root = np.linalg.cholesky(cov) + scale * rng.standard_normal((d, d))
            assert mle.log_likelihood_nd(cloud, mu, root @ root.T) < top
            assert mle.log_likelihood_nd(cloud, mu + scale * rng.standard_normal(d), cov) < top


def test_diagonal_model_takes_the_diagonal_of_the_same_matrix(cloud):
    mu, cov = mle.fit_nd(cloud)
    best = mle.log_likelihood_nd(cloud, mu, np.diag(np.diag(cov)))
    assert best < mle.log_likelihood_nd(cloud, mu, cov)
    for axis in range(3):
        for factor in (0.9, 0.99, 1.01, 1.1):
            other = np.diag(cov).copy()
            other[axis] *= factor
            assert mle.log_likelihood_nd(cloud, mu, np.diag(other)) < best


def test_covariance_is_biased_by_one_nth():
    rng, true = np.random.default_rng(13), np.array([[2, 1], [1, 1]])
    fitted = [mle.fit_nd(rng.multivariate_normal([0, 0], true, 4))[1] for _ in range(10_000)]
    for i, j in ((0, 0), (0, 1), (1, 1)):
        assert near_mean([c[i, j] for c in fitted], 3 / 4 * true[i, j])


def test_numpy_divides_the_covariance_by_n_less_one_and_the_variance_by_n(cloud):
    n = len(cloud)
    mu, cov = mle.fit_nd(cloud)
    np.testing.assert_allclose(np.cov(cloud.T), cov * n / (n - 1))
    np.testing.assert_allclose(np.cov(cloud.T, ddof=0), cov)
    np.testing.assert_allclose(np.var(cloud, axis=0), np.diag(cov))
    assert mle.log_likelihood_nd(cloud, mu, np.cov(cloud.T)) < mle.log_likelihood_nd(cloud, mu, cov)


# coin and die


@pytest.mark.parametrize(("k", "n"), [(3, 10), (1, 7), (6, 9)])
def test_probability_of_heads_is_their_share(k, n):
    theta = np.linspace(0.001, 0.999, 99_801)
    ell = k * np.log(theta) + (n - k) * np.log(1 - theta)
    assert theta[ell.argmax()] == pytest.approx(k / n, abs=2e-5)  # the step of the grid
    assert np.all(-k / theta**2 - (n - k) / (1 - theta) ** 2 < 0)


def test_probabilities_of_a_die_are_the_frequencies():
    counts = np.array([5, 1, 9, 3])
    best = np.sum(counts * np.log(counts / counts.sum()))
    others = np.random.default_rng(14).dirichlet(counts, 20_000)
    assert np.all(np.sum(counts * np.log(others), axis=1) < best)


# where it breaks


def test_one_point_gains_log_ten_with_every_tenth_of_sigma():
    values = mle.log_likelihood(np.array([7.0]), 7.0, np.array([[1], [0.1], [0.01], [1e-9]]))
    np.testing.assert_allclose(np.diff(values) / np.log(10), [1, 1, 7], rtol=EXACT)
    assert np.round(np.log(10), 2) == 2.30
    assert values[-1] > 0  # minus the log-likelihood is a negative loss


def test_two_points_do_not_let_sigma_vanish():
    values = mle.log_likelihood(np.array([0.0, 1.0]), 0.0, np.array([[0.1], [0.01], [0.001]]))
    assert np.all(np.diff(values) < 0)


@pytest.mark.parametrize("n", [2, 3])
def test_as_many_points_as_dimensions_give_a_flat_cloud(n):
    points = np.random.default_rng(15).standard_normal((n, 3))
    mu, cov = mle.fit_nd(points)
    assert np.linalg.matrix_rank(cov) == n - 1
    flat = [mle.log_likelihood_nd(points, mu, cov + t * np.eye(3)) for t in (1e-2, 1e-4, 1e-6)]
    assert np.all(np.diff(flat) > 0)


def test_one_more_point_than_dimensions_is_enough():
    cov = mle.fit_nd(np.random.default_rng(16).standard_normal((4, 3)))[1]
    assert np.linalg.matrix_rank(cov) == 3


def test_a_component_of_a_mixture_can_fall_into_one_point(x):
    def mixture(s):
        wide = np.exp(mle.log_density(x, x.mean(), 1))
        with np.errstate(under="ignore"):
            spike = np.exp(mle.log_density(x, x[0], s))
        return np.log(wide / 2 + spike / 2).sum()

    assert np.all(np.diff([mixture(s) for s in (1e-4, 1e-8, 1e-16)]) > 0)


def drift(ddof, n=mle.ELITE):
    """E log(σ̂²/σ²) of one generation, by integrating the χ² density with n − 1 degrees."""
    t = np.linspace(-25, 6, 200_001)  # t = log χ²
    log_density = (n - 1) / 2 * t - np.exp(t) / 2
    density = np.exp(log_density - log_density.max())
    return np.sum(density * t) / np.sum(density) - np.log(n - ddof)


@pytest.mark.parametrize("ddof", [0, 1])
def test_sigma_collapses_at_the_rate_of_the_mean_logarithm(ddof):
    assert drift(ddof) < np.log((mle.ELITE - 1) / (mle.ELITE - ddof)) <= 0  # Jensen
    history = mle.refit_own_samples(np.random.default_rng(17), ddof)
    assert near_mean(2 * np.log(history[-1]) / mle.GENERATIONS, drift(ddof))
    assert near_mean(history[1] ** 2, (mle.ELITE - 1) / (mle.ELITE - ddof))


@pytest.mark.parametrize("ddof", [0, 1])
def test_collapse_is_not_the_luck_of_a_seed(ddof):
    median = [np.median(mle.refit_own_samples(np.random.default_rng(s), ddof)[-1]) for s in range(8)]
    low, high = {0: (0.0030, 0.0052), 1: (0.043, 0.073)}[ddof]  # seen over 100 seeds, widened
    assert low < min(median) and max(median) < high


def test_elite_spreads_less_than_its_generation():
    points = np.random.default_rng(18).standard_normal((500, 100))
    elite = np.sort(points, axis=1)[:, -10:]  # y(x) = x
    assert np.mean(mle.fit(elite)[1]) < 0.5 < np.mean(mle.fit(points)[1])
