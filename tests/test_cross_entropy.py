"""What the page on cross-entropy says, against definitions, differences and many samples."""

import warnings

import numpy as np
import pytest

import cross_entropy as ce
import mle

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-12  # sums of a few float64 terms
H = 1e-5  # step of central differences: truncation ~ 1e-10, rounding ~ 1e-11


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def differences(function, z):
    """The gradient of a function of a matrix, by central differences."""
    result = np.zeros_like(z)
    for index in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[index] = H
        result[index] = (function(z + step) - function(z - step)) / 2 / H
    return result


def near_mean(sample, expected):
    """The mean of a sample agrees with a number within its standard error."""
    error = np.std(sample, ddof=1) / np.sqrt(len(sample))
    return abs(np.mean(sample) - expected) < STANDARD_ERRORS * error


def softmax(z):
    """As the textbook writes it; good for moderate logits."""
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


# the decomposition


def test_cross_entropy_is_entropy_plus_divergence(rng):
    for size in (2, 5, 40):
        p, q = rng.dirichlet(np.ones(size), 2)
        assert ce.cross_entropy(p, q) == pytest.approx(-sum(p * np.log(q)), rel=EXACT)
        assert ce.entropy(p) == pytest.approx(-sum(p * np.log(p)), rel=EXACT)
        assert ce.kl(p, q) == pytest.approx(sum(p * np.log(p / q)), rel=EXACT)
        assert ce.cross_entropy(p, q) == pytest.approx(ce.entropy(p) + ce.kl(p, q), rel=EXACT)


def test_divergence_is_positive_and_zero_only_at_the_same_distribution(rng):
    for p, q in rng.dirichlet(np.ones(4) / 2, (3000, 2)):
        assert ce.kl(p, q) > 0
        assert ce.kl(p, p) == pytest.approx(0, abs=EXACT)


def test_logarithm_lies_under_its_tangent():
    t = np.geomspace(1e-6, 1e3, 1001)
    assert np.all(np.log(t) <= t - 1)
    assert np.log(1) == 1 - 1


def test_cross_entropy_is_least_at_the_true_distribution(rng):
    best = ce.cross_entropy(ce.P, ce.P)
    for scale in (1e-3, 0.1, 2):
        for _ in range(500):
            q = softmax(np.log(ce.P) + scale * rng.standard_normal(4))
            assert ce.cross_entropy(ce.P, q) > best


def test_impossible_outcome_costs_nothing_and_forbidden_one_costs_infinity():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        p, q = np.array([0.0, 1.0]), np.array([0.5, 0.5])
        assert ce.cross_entropy(p, q) == pytest.approx(np.log(2), rel=EXACT)
        assert ce.cross_entropy(q, p) == np.inf == ce.kl(q, p)
        assert ce.entropy(p) == 0 and ce.kl(p, p) == 0


def test_divergence_and_cross_entropy_are_not_symmetric():
    assert ce.kl(ce.P, ce.Q) != ce.kl(ce.Q, ce.P)
    assert ce.cross_entropy(ce.P, ce.Q) != ce.cross_entropy(ce.Q, ce.P)


def test_bits_are_the_lengths_of_the_code_words_of_the_table():
    words = {"p": [1, 2, 3, 3], "q": [3, 1, 2, 3]}
    np.testing.assert_array_equal(-np.log2(ce.P), words["p"])
    np.testing.assert_array_equal(-np.log2(ce.Q), words["q"])
    assert ce.cross_entropy(ce.P, ce.Q) / np.log(2) == pytest.approx(ce.P @ words["q"], rel=EXACT)
    assert round(np.log(2), 3) == 0.693


def test_entropy_of_a_density_may_be_negative():
    t = np.linspace(-1, 1, 20_001)
    log_density = mle.log_density(t, 0, 0.05)
    assert -np.trapezoid(np.exp(log_density) * log_density, t) < 0


# the log-likelihood


def test_mean_surprise_of_a_sample_tends_to_cross_entropy(rng):
    surprise = -np.log(ce.Q[rng.choice(4, (400, 500), p=ce.P)])
    assert near_mean(surprise.mean(axis=1), ce.cross_entropy(ce.P, ce.Q))


def test_mean_surprise_of_a_sample_is_the_cross_entropy_of_its_shares(rng):
    outcomes = rng.choice(4, 50, p=ce.P)
    shares = np.bincount(outcomes, minlength=4) / 50
    assert -np.log(ce.Q[outcomes]).mean() == pytest.approx(ce.cross_entropy(shares, ce.Q), rel=EXACT)


def test_squared_error_is_the_cross_entropy_with_a_gaussian_of_constant_sigma(rng):
    x = rng.standard_normal(30)

    def both(m):
        return -mle.log_likelihood(x, m, 0.7) / 30, np.mean((x - m) ** 2)

    (a, square_a), (b, square_b) = both(0.3), both(-1.2)
    assert a - b == pytest.approx((square_a - square_b) / 2 / 0.7**2, rel=1e-9)


def test_loss_is_minus_the_mean_log_probability_of_the_labels(rng):
    z, y = rng.standard_normal((9, 4)), rng.integers(4, size=9)
    product = np.prod([softmax(row)[label] for row, label in zip(z, y, strict=True)])
    assert ce.loss(z, y) == pytest.approx(-np.log(product) / 9, rel=1e-10)


def test_loss_on_a_label_is_its_cross_entropy_and_its_divergence(rng):
    z = rng.standard_normal((1, 4))
    label = np.array([0.0, 0, 1, 0])
    value = ce.loss(z, np.array([2]))
    assert value == pytest.approx(ce.cross_entropy(label, softmax(z[0])), rel=EXACT)
    assert value == pytest.approx(ce.kl(label, softmax(z[0])), rel=EXACT)


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("z", [-3.0, 0.2, 5.0])
def test_two_classes_give_the_log_loss(y, z):
    p = ce.sigmoid(z)
    log_loss = -y * np.log(p) - (1 - y) * np.log(1 - p)
    assert ce.loss(np.array([[0, z]]), np.array([y])) == pytest.approx(log_loss, rel=1e-9)


def test_loss_takes_many_data_sets_at_once(rng):
    z, y = rng.standard_normal((3, 7, 4)), rng.integers(4, size=(3, 7))
    np.testing.assert_allclose(ce.loss(z, y), [ce.loss(a, b) for a, b in zip(z, y, strict=True)])
    np.testing.assert_allclose(ce.gradient(z, y), [ce.gradient(a, b) for a, b in zip(z, y, strict=True)])


# the gradient


def test_gradient_is_prediction_minus_answer(rng):
    z, y = np.array([[2.0, 1, -1]]), np.array([1])
    np.testing.assert_allclose(ce.gradient(z, y), softmax(z) - [[0, 1, 0]], atol=EXACT)
    np.testing.assert_allclose(ce.gradient(z, y), differences(lambda z: ce.loss(z, y), z), atol=1e-10)
    z, y = 3 * rng.standard_normal((6, 5)), rng.integers(5, size=6)
    np.testing.assert_allclose(ce.gradient(z, y), differences(lambda z: ce.loss(z, y), z), atol=1e-9)


def test_gradient_sums_to_zero_and_softmax_does_not_see_a_shift(rng):
    z, y = rng.standard_normal((6, 5)), rng.integers(5, size=6)
    np.testing.assert_allclose(ce.gradient(z, y).sum(axis=-1), 0, atol=EXACT)
    np.testing.assert_allclose(ce.log_softmax(z + 17), ce.log_softmax(z), atol=EXACT * 100)


def test_gradient_is_the_same_for_a_soft_answer(rng):
    z, y = rng.standard_normal(4), rng.dirichlet(np.ones(4))
    slope = differences(lambda z: ce.cross_entropy(y, np.exp(ce.log_softmax(z))), z)
    np.testing.assert_allclose(slope, softmax(z) - y, atol=1e-9)


# numbers that do not fit


def test_naive_formulas_break_where_stable_ones_do_not():
    z = np.array([1000.0, 0.0])
    with np.errstate(all="ignore"):
        assert np.isnan(softmax(z)[0])
        assert np.isinf(np.log(np.exp(z).sum()))
        assert np.log(np.exp(ce.log_softmax(z)))[1] == -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(ce.log_softmax(z), [0, -1000])
        np.testing.assert_array_equal(ce.log_sum_exp(-z), [0])


def test_exponent_overflows_after_the_printed_number():
    edge = np.log(np.finfo(float).max)
    with np.errstate(over="ignore"):
        assert np.isfinite(np.exp(edge - 1e-10)) and np.isinf(np.exp(edge + 1e-10))


def test_stable_sum_is_the_naive_one_where_both_exist(rng):
    z = 20 * rng.standard_normal((50, 6))
    np.testing.assert_allclose(ce.log_sum_exp(z)[..., 0], np.log(np.exp(z).sum(axis=-1)), rtol=EXACT)
    np.testing.assert_allclose(np.exp(ce.log_softmax(z)), softmax(z), rtol=1e-10, atol=1e-300)


def test_epsilon_under_the_logarithm_kills_the_gradient():
    def slope(z, epsilon):
        return -ce.sigmoid(z) * (1 - ce.sigmoid(z)) / (ce.sigmoid(z) + epsilon)

    def by_differences(z, epsilon):
        up, down = (-np.log(ce.sigmoid(z + s) + epsilon) for s in (H, -H))
        return (up - down) / 2 / H

    for z in (-25.0, -20.0, 0.5):
        assert slope(z, 1e-9) == pytest.approx(by_differences(z, 1e-9), abs=1e-8)
    assert abs(slope(-40.0, 1e-9)) < 1e-8 < 0.99 < abs(slope(-40.0, 0))


# against the squared error


@pytest.mark.parametrize("z", [-8.0, -1.0, 2.5])
def test_slopes_of_both_losses_agree_with_differences(z):
    p = ce.sigmoid(z)
    by_log = differences(lambda z: -np.log(ce.sigmoid(z)), np.array(z))
    by_square = differences(lambda z: (1 - ce.sigmoid(z)) ** 2, np.array(z))
    assert ce.log_loss_slope(p) == pytest.approx(by_log, abs=1e-9)
    assert ce.squared_slope(p) == pytest.approx(by_square, abs=1e-9)
    assert ce.squared_slope(p) == pytest.approx(2 * p * (1 - p) * ce.log_loss_slope(p), rel=EXACT)


def test_squared_error_needs_hundreds_of_times_more_steps():
    steps = [np.argmax(ce.escape(s, 3000) > 0.5) for s in (ce.log_loss_slope, ce.squared_slope)]
    z, counted = ce.WRONG, 0
    while z <= 0:  # p̂ > 1/2 is z > 0
        z, counted = z + 1 / (1 + np.exp(z)), counted + 1
    assert steps[0] == counted
    # dz/dt = 2p(1 − p)² ≈ 2eᶻ/(1 + eᶻ)³, so t = ∫ (1 + eᶻ)³ / 2eᶻ dz from −8 to 0
    z = np.linspace(ce.WRONG, 0, 100_001)
    time = np.trapezoid((1 + np.exp(z)) ** 3 / 2 / np.exp(z), z)
    assert steps[1] == pytest.approx(time, rel=0.01)  # steps of length 1 against a flow
    assert steps[1] > 100 * steps[0]


def test_square_is_bounded_by_one_and_cross_entropy_is_not():
    p = np.array([1e-300, 0.5, 1 - 1e-12])
    assert np.all((1 - p) ** 2 <= 1)
    assert -np.log(p[0]) > 600


# where the loss starts and where it ends


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_ignorance_costs_the_logarithm_of_the_number_of_classes(classes):
    y = np.arange(classes)
    assert ce.loss(np.zeros((classes, classes)), y) == pytest.approx(np.log(classes), rel=EXACT)


def test_labels_come_with_the_probabilities_of_the_true_classifier(rng):
    x, y = ce.sample(rng, 40_000)
    p = softmax(x @ ce.W)
    for k in range(3):
        assert near_mean((y == k) - p[:, k], 0)
        assert near_mean(((y == k) - p[:, k]) * x[:, 0], 0)


def test_fitted_classifier_beats_the_true_one_on_its_points_and_loses_on_new_ones(rng):
    n, trainings = 200, 150
    x, y = ce.sample(rng, trainings, n)
    x_new, y_new = ce.sample(rng, trainings, n)
    seen, new = ce.train(x, y, x_new, y_new)[-1]
    gain = ce.loss(x @ ce.W, y) - seen
    excess = new - ce.loss(x_new @ ce.W, y_new)
    assert np.all(gain > 0)
    # four free parameters, each worth 1/2n: the classic asymptotic, exact to O(n⁻²)
    slack = 0.1 * 4 / 2 / n
    for difference in (gain, excess):
        error = STANDARD_ERRORS * difference.std() / np.sqrt(trainings)
        assert abs(difference.mean() - 4 / 2 / n) < error + slack
    assert excess.mean() > STANDARD_ERRORS * excess.std() / np.sqrt(trainings)


def test_page_states_the_constants_of_the_snippet():
    assert (ce.N, ce.TRAININGS) == (60, 100)
    assert round(4 / (2 * ce.N), 3) == 0.033
    free = ce.W.size - len(ce.W)  # softmax does not see a shift of the columns
    assert free == 4


def test_softmax_twice_has_a_floor(rng):
    for classes, floor in ((3, 0.551), (4, 0.744)):
        bound = np.log(1 + (classes - 1) / np.e)
        assert round(bound, 3) == floor
        perfect = ce.loss(np.eye(classes), np.arange(classes))
        assert perfect == pytest.approx(bound, rel=EXACT)
        probabilities = rng.dirichlet(np.ones(classes) / 5, 2000)
        assert min(ce.loss(row[None], np.array([0])) for row in probabilities) >= bound - EXACT


def test_accuracy_does_not_see_the_scale_of_logits(rng):
    x, y = ce.sample(rng, 500)
    z = x @ ce.W
    np.testing.assert_array_equal(np.argmax(z, axis=1), np.argmax(10 * z, axis=1))
    assert abs(ce.loss(10 * z, y) - ce.loss(z, y)) > 0.1


# the same H(p, q) in reinforcement learning


def test_refit_on_the_elite_minimises_its_cross_entropy(rng):
    points = rng.standard_normal(100)
    elite = points[np.argsort(np.abs(points - 2))[:10]]

    def h(mu, sigma):
        return -np.mean(mle.log_density(elite, mu, sigma))

    mu, sigma = elite.mean(), elite.std()
    for a in (0.999, 1, 1.001, 2):
        for b in (0.999, 1, 1.001, 2):
            assert (a == b == 1) or h(mu * a, sigma * b) > h(mu, sigma)
    assert h(0, 1) > h(mu, sigma)


def test_policy_gradient_is_the_same_gradient_times_the_return(rng):
    z, actions, returns = rng.standard_normal((5, 3)), rng.integers(3, size=5), rng.standard_normal(5)

    def surrogate(z):
        return -np.sum(returns * np.log(softmax(z)[np.arange(5), actions]))

    expected = returns[:, None] * (softmax(z) - np.eye(3)[actions])
    np.testing.assert_allclose(differences(surrogate, z), expected, atol=1e-9)


def test_weight_of_one_on_the_elite_makes_it_cross_entropy(rng):
    z, actions = rng.standard_normal((6, 3)), rng.integers(3, size=6)
    elite = np.array([1, 0, 1, 0, 0, 1], bool)
    weighted = -np.sum(elite * ce.log_softmax(z)[np.arange(6), actions])
    assert weighted / elite.sum() == pytest.approx(ce.loss(z[elite], actions[elite]), rel=EXACT)


def test_negative_weight_leaves_the_loss_without_a_floor():
    log_pi = ce.log_softmax(np.array([[0, 10.0], [0, 100], [0, 1000]]))[:, 0]
    weight = -1
    loss = -weight * log_pi
    assert np.all(np.diff(loss) < -50) and loss[-1] < -999
