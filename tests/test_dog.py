"""What the page on reinforcement says, against differences, exact sums, an ODE and many dogs."""

import numpy as np
import pytest

import dog

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-12  # a few float64 operations on numbers of order one
H = 1e-5  # step of central differences: error of the order H² ~ 1e-10
DIFFERENCE = 1e-8
K, SIT, ALPHA = dog.K, dog.SIT, dog.ALPHA


@pytest.fixture
def theta():
    return np.random.default_rng(0).normal(size=K)


@pytest.fixture
def treats():
    return np.random.default_rng(1).normal(size=K)


@pytest.fixture(scope="module")
def history():
    return dog.train(dog.TREATS, np.random.default_rng(1))


def slope(function, theta):
    """The gradient by central differences."""
    return np.array([(function(theta + e) - function(theta - e)) / 2 / H for e in H * np.eye(len(theta))])


def scores(theta):
    """Row a is ∇ log π(a), by differences."""
    return np.array([slope(lambda t, a=a: np.log(dog.softmax(t)[a]), theta) for a in range(K)])


def near_mean(sample, expected):
    error = np.std(sample, ddof=1) / np.sqrt(len(sample))
    return abs(np.mean(sample) - expected) < STANDARD_ERRORS * error


# the policy


def test_softmax_is_a_distribution_and_forgets_a_shift(theta):
    pi = dog.softmax(theta)
    assert (pi > 0).all()
    assert pi.sum() == pytest.approx(1, abs=EXACT)
    apart = np.stack([theta, theta + 1000, theta - 1000])  # each row its own; θ + 1000 loses three digits
    assert dog.softmax(apart) == pytest.approx(np.tile(pi, (3, 1)), rel=1e-9)


def test_score_is_one_hot_minus_pi(theta):
    assert np.eye(K) - dog.softmax(theta) == pytest.approx(scores(theta), abs=DIFFERENCE)


def test_derivative_of_a_probability(theta):
    """∂π_a/∂θ_k = π_a (1{a = k} − π_k)."""
    pi = dog.softmax(theta)
    jacobian = np.array([slope(lambda t, a=a: dog.softmax(t)[a], theta) for a in range(K)])
    assert pi[:, None] * (np.eye(K) - pi) == pytest.approx(jacobian, abs=DIFFERENCE)


def test_poses_are_drawn_as_often_as_pi_says(theta):
    pi = dog.softmax(theta)
    a = dog.draw(np.tile(pi, (50_000, 1)), np.random.default_rng(0))
    share = np.bincount(a, minlength=K) / len(a)
    assert (abs(share - pi) < STANDARD_ERRORS * np.sqrt(pi * (1 - pi) / len(a))).all()


# the gradient and its estimate


def test_gradient_is_the_slope_of_the_mean_treat(theta, treats):
    numeric = slope(lambda t: dog.softmax(t) @ treats, theta)
    assert dog.gradient(theta, treats) == pytest.approx(numeric, abs=DIFFERENCE)


@pytest.mark.parametrize("b", [0, 0.25, -3, 100])
def test_update_is_the_gradient_on_average_for_any_baseline(theta, treats, b):
    pi = dog.softmax(theta)
    mean = pi @ ((treats - b)[:, None] * (np.eye(K) - pi))
    assert mean == pytest.approx(dog.gradient(theta, treats), abs=1e-10)  # b = 100 loses two digits


def test_mean_score_is_zero(theta):
    pi = dog.softmax(theta)
    assert pi @ (np.eye(K) - pi) == pytest.approx(np.zeros(K), abs=EXACT)


def test_variance_is_that_of_samples(theta, treats):
    rng = np.random.default_rng(0)
    pi = dog.softmax(theta)
    a = rng.choice(K, 200_000, p=pi)
    g = (treats[a] - 0.3)[:, None] * (np.eye(K)[a] - pi)
    squares = ((g - g.mean(axis=0)) ** 2).sum(axis=1)
    assert near_mean(squares, dog.variance(theta, treats, 0.3))


def test_at_the_start_the_mean_treat_is_the_best_baseline():
    for treats in (dog.TREATS[0], dog.KIND[0]):
        grid = np.linspace(-1, 6, 7001)
        variances = [dog.variance(np.zeros(K), treats, b) for b in grid]
        assert grid[np.argmin(variances)] == pytest.approx(treats.mean(), abs=0.001)  # the grid's step


def test_variances_at_the_start_are_the_fractions_of_the_page():
    start = np.zeros(K)
    assert dog.variance(start, dog.TREATS[0], 0) == pytest.approx(9 / 64, abs=EXACT)
    assert dog.variance(start, dog.TREATS[0], 0.25) == pytest.approx(3 / 32, abs=EXACT)
    assert dog.variance(start, dog.KIND[0], 4.25) == pytest.approx(3 / 32, abs=EXACT)
    ratio = dog.variance(start, dog.KIND[0], 0) / dog.variance(start, dog.KIND[0], 4.25)
    assert ratio == pytest.approx(145.5, abs=0.05)


def test_baseline_with_the_present_treat_only_shortens_the_step():
    r = np.random.default_rng(0).random(20)
    for t in range(2, 21):
        past, present = r[: t - 1].mean(), r[:t].mean()
        assert r[t - 1] - present == pytest.approx((1 - 1 / t) * (r[t - 1] - past), abs=EXACT)


# the expected curve


@pytest.mark.parametrize("poses", [2, 4, 10])
def test_trials_until_solves_the_gradient_flow(poses):
    """Runge and Kutta on all K preferences, not the one equation of the page."""
    treats = np.eye(poses)[0]
    theta, t, dt = np.zeros(poses), 0.0, 0.5
    while dog.softmax(theta)[0] < 0.9:
        k1 = dog.gradient(theta, treats)
        k2 = dog.gradient(theta + ALPHA * dt / 2 * k1, treats)
        k3 = dog.gradient(theta + ALPHA * dt / 2 * k2, treats)
        k4 = dog.gradient(theta + ALPHA * dt * k3, treats)
        theta = theta + ALPHA * dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6
        t += dt
        assert theta[1:] == pytest.approx(theta[1], abs=1e-9)  # the wrong poses stay equal
    assert dog.trials_until(dog.softmax(theta)[0], poses) == pytest.approx(t, rel=1e-6)


def test_speed_of_the_probability_is_the_one_of_the_page():
    """dp/dt = α K/(K − 1) p² (1 − p)²."""
    for p in (0.3, 0.5, 0.8, 0.95):
        dt_dp = (dog.trials_until(p + H) - dog.trials_until(p - H)) / 2 / H
        assert 1 / dt_dp == pytest.approx(ALPHA * K / (K - 1) * p**2 * (1 - p) ** 2, rel=1e-6)


def test_learning_starts_at_no_cost_from_chance():
    for poses in (2, 4, 10, 100):
        assert dog.trials_until(1 / poses, poses) == pytest.approx(0, abs=EXACT)


def test_speed_is_greatest_at_one_half():
    p = np.linspace(0.26, 0.99, 1000)
    speed = 1 / np.gradient(dog.trials_until(p), p)
    assert p[speed.argmax()] == pytest.approx(0.5, abs=0.002)


def test_many_poses_cost_one_over_alpha_each():
    cost = dog.trials_until(0.9, 10_001) - dog.trials_until(0.9, 10_000)
    assert cost == pytest.approx(1 / ALPHA, rel=0.001)
    assert cost == pytest.approx(10, abs=0.05)


def test_dogs_learn_along_the_exact_gradient_on_average(history):
    """The step is finite: what the ODE drops is of the order α² a trial, α in all."""
    p = np.linspace(0.25, 0.99, 2000)
    exact = np.interp(np.arange(dog.TRIALS + 1), dog.trials_until(p), p)
    assert abs(history.mean(axis=1) - exact).max() < ALPHA / 4


def test_the_first_update_is_exact(history):
    """The first trial is its own baseline: nothing moves. The second moves p by α|∇J|² on average."""
    assert (history[:2] == 0.25).all()
    plain = dog.train(dog.TREATS, np.random.default_rng(2), baseline=False)
    theta = ALPHA * dog.TREATS[0][:, None] * (np.eye(K) - 0.25)
    expected = np.mean(dog.softmax(theta)[:, SIT])
    assert near_mean(plain[1], expected)
    assert expected - 0.25 == pytest.approx(ALPHA * (dog.gradient(np.zeros(K), dog.TREATS[0]) ** 2).sum(), rel=0.05)


# what the dog is told


def test_without_baseline_nothing_is_learned_before_the_first_treat():
    """Until then the policy is uniform to the bit, for (3/4)^t of the dogs."""
    plain = dog.train(dog.TREATS, np.random.default_rng(3), baseline=False)
    for t in (1, 3, 6):
        untouched = np.mean(plain[t] == 0.25)
        expected = 0.75**t
        error = np.sqrt(expected * (1 - expected) / dog.DOGS)
        assert abs(untouched - expected) < STANDARD_ERRORS * error


def test_which_pose_is_wanted_makes_no_difference(history):
    """The rule has no place for what a pose is: ask for another, the curve is the same."""
    other = dog.train(np.roll(dog.TREATS, 1, axis=1), np.random.default_rng(4))
    error = np.sqrt(history.var(axis=1) / dog.DOGS + other.var(axis=1) / dog.DOGS)
    for t in (50, 100, 200, 300):
        assert abs(other[t].mean() - history[t].mean()) < STANDARD_ERRORS * error[t]


def test_generosity_changes_nothing_with_a_baseline():
    usual, kind = (dog.train(t, np.random.default_rng(5)) for t in (dog.TREATS, dog.KIND))
    assert kind == pytest.approx(usual, abs=1e-12)  # sums of 300 treats


def test_generosity_without_a_baseline_locks_dogs_on_a_wrong_pose():
    with_b, without = (dog.train(dog.KIND, np.random.default_rng(6), b)[-1] for b in (True, False))
    assert not (with_b < 0.9).any()
    share = np.mean(without < 0.5)
    error = np.sqrt(share * (1 - share) / dog.DOGS)
    assert share + STANDARD_ERRORS * error > 0.2  # about a quarter, as the page says
    assert share - STANDARD_ERRORS * error < 0.3
    assert share - STANDARD_ERRORS * error > 0  # and it is no accident


def test_a_dog_that_does_not_tell_commands_apart_never_passes_one_half():
    deaf = dog.train(dog.TWO, np.random.default_rng(7), heard=(0, 0))
    assert deaf.max() <= 0.5 + EXACT
    hears = dog.train(dog.TWO, np.random.default_rng(7), heard=(0, 1))
    assert hears[-1].min() > 0.8


def test_what_a_command_sounds_like_does_not_matter():
    """Commands that are swapped always in the same way are learned as well."""
    usual, swapped = (dog.train(dog.TWO, np.random.default_rng(9), heard=h)[-1] for h in ((0, 1), (1, 0)))
    error = np.sqrt((usual.var() + swapped.var()) / dog.DOGS)
    assert abs(usual.mean() - swapped.mean()) < STANDARD_ERRORS * error


def test_for_one_command_heard_is_the_bandit():
    one = dog.train(dog.TREATS, np.random.default_rng(8), heard=(0, 1))
    same = dog.train(dog.TREATS, np.random.default_rng(8), heard=(0,))
    assert (one == same).all()


def test_page_states_the_constants_of_the_snippet():
    assert (dog.K, dog.ALPHA, dog.TRIALS, dog.DOGS) == (4, 0.1, 300, 300)
    assert dog.TREATS.tolist() == [[0, 0, 0, 1]]
    assert dog.KIND.tolist() == [[4, 4, 4, 5]]
    assert dog.POSES[SIT] == "сидит"


def test_the_last_percents_are_dear():
    assert dog.trials_until(0.99) == pytest.approx(848, abs=0.5)


def test_twenty_muscles_take_ten_million_commands():
    assert dog.trials_until(0.9, 2**20) / 1e6 == pytest.approx(10.5, abs=0.05)
