"""What the page on machine learning says, against differences, exact sums and integrals."""

import numpy as np
import pytest

import machine_learning as ml

STANDARD_ERRORS = 4.5  # a true claim fails once in 150 000 tries
EXACT = 1e-12  # a few float64 operations on numbers of order one
H = 1e-5  # step of central differences: error of the order H² ~ 1e-10
DIFFERENCE = 1e-8
K = ml.K


@pytest.fixture(scope="module")
def trained():
    """Accuracy on new points and final weights, by answers and by reward, with another seed."""
    rng = np.random.default_rng(1)
    x, y = ml.sample(rng, ml.MODELS, ml.N)
    x_new, y_new = ml.sample(rng, 4000)
    found = {}
    for signal in (ml.from_label, ml.from_reward):
        w = ml.train(signal, x, y, rng)
        found[signal] = np.array([ml.accuracy(each, x_new, y_new) for each in w]), w[-1]
    return found, x, y, x_new, y_new


def slope(function, z):
    """The gradient by central differences."""
    return np.array([(function(z + e) - function(z - e)) / 2 / H for e in H * np.eye(len(z))])


def reward_updates(pi, y):
    """Every action's update and its probability, by enumeration."""
    for a in range(K):
        yield pi[a], (a == y) * (np.eye(K)[a] - pi)


@pytest.fixture
def z():
    return np.random.default_rng(0).normal(size=K)


# the two signals


def test_softmax_of_each_row_forgets_its_own_shift_and_does_not_overflow(z):
    alone = np.exp(z) / np.exp(z).sum()
    assert ml.softmax(np.array([z, z + 1000, z - 1000])) == pytest.approx(np.tile(alone, (3, 1)), abs=1e-9)


def test_label_signal_is_minus_the_gradient_of_cross_entropy(z):
    for y in range(K):
        loss = slope(lambda z, y=y: -np.log(ml.softmax(z)[y]), z)
        assert ml.from_label(ml.softmax(z), np.array(y), None) == pytest.approx(-loss, abs=DIFFERENCE)


def test_mean_reward_signal_is_the_gradient_of_the_mean_reward(z):
    pi = ml.softmax(z)
    for y in range(K):
        mean = sum(p * g for p, g in reward_updates(pi, y))
        assert mean == pytest.approx(slope(lambda z, y=y: ml.softmax(z)[y], z), abs=DIFFERENCE)


def test_mean_reward_signal_is_pi_times_the_label_signal(z):
    """The page's formula: E[g_reward] = π(y) g_label, in direction and in length."""
    pi = ml.softmax(z)
    for y in range(K):
        mean = sum(p * g for p, g in reward_updates(pi, y))
        assert mean == pytest.approx(pi[y] * ml.from_label(pi, np.array(y), None), abs=EXACT)


def test_reward_update_is_the_label_update_or_nothing():
    rng = np.random.default_rng(0)
    pi, y = ml.softmax(rng.normal(size=(5000, K))), rng.integers(K, size=5000)
    reward, label = ml.from_reward(pi, y, rng), ml.from_label(pi, y, rng)
    guessed = reward.any(axis=1)
    assert reward[guessed] == pytest.approx(label[guessed], abs=EXACT)
    hits, p = guessed.sum(), pi[np.arange(5000), y]
    assert abs(hits - p.sum()) < STANDARD_ERRORS * np.sqrt((p * (1 - p)).sum())


def test_noise_of_the_reward_signal_is_the_formula_of_the_page(z):
    """Trace of the covariance: π(y)(1 − π(y)) |g|²."""
    pi, y = ml.softmax(z), 1
    mean = sum(p * g for p, g in reward_updates(pi, y))
    variance = sum(p * ((g - mean) ** 2).sum() for p, g in reward_updates(pi, y))
    g = ml.from_label(pi, np.array(y), None)
    assert variance == pytest.approx(pi[y] * (1 - pi[y]) * (g**2).sum(), abs=EXACT)


def test_means_of_the_figure_lie_on_their_curves():
    p, label, reward, error = ml.mean_signals(np.random.default_rng(2))
    assert label == pytest.approx(1 - p, abs=EXACT)
    assert (abs(reward - p * (1 - p)) < STANDARD_ERRORS * error).all()


def test_sampling_with_replacement_of_guesses_is_by_pi():
    pi = np.tile([0.1, 0.2, 0.7], (50_000, 1))
    for y, p in enumerate(pi[0]):
        guessed = ml.from_reward(pi, np.full(len(pi), y), np.random.default_rng(y)).any(axis=1)
        assert abs(guessed.mean() - p) < STANDARD_ERRORS * np.sqrt(p * (1 - p) / len(pi))


# what they lead to


def test_by_reward_learning_is_slower_but_arrives(trained):
    found = trained[0]
    label, reward = found[ml.from_label][0], found[ml.from_reward][0]
    early, late = np.flatnonzero(ml.SHOWN == 10)[0], np.flatnonzero(ml.SHOWN == 100)[0]
    assert np.median(label[early]) - np.median(reward[early]) > 0.1
    assert abs(np.median(label[late]) - np.median(reward[late])) < 0.01
    spread = [np.subtract(*np.percentile(c[early], [90, 10])) for c in (label, reward)]
    assert spread[1] > 2 * spread[0]


def test_by_reward_the_mean_reward_ends_higher(trained):
    """It is what is maximised: paired over the models, on new points."""
    found, _, _, x_new, y_new = trained
    mean = [
        ml.softmax(x_new @ found[s][1])[:, np.arange(len(y_new)), y_new].mean(axis=1)
        for s in (ml.from_reward, ml.from_label)
    ]
    gain = mean[0] - mean[1]
    assert gain.mean() > STANDARD_ERRORS * gain.std() / len(gain) ** 0.5


def test_nobody_beats_the_true_centres_on_average(trained):
    found, _, _, x_new, y_new = trained
    best = np.mean(ml.nearest_center(x_new, ml.CENTERS) == y_new)
    for curve, _ in found.values():
        assert curve.mean(axis=1).max() < best


def test_the_ceiling_is_the_integral():
    """P(right) of the best rule: the mass of a Gaussian in its own third of the plane."""
    grid = np.linspace(-7, 9, 801)
    u, v = np.meshgrid(grid, grid)
    points = np.stack([u.ravel(), v.ravel()], axis=1)
    density = np.exp(-((points - ml.CENTERS[0]) ** 2).sum(axis=1) / 2) / 2 / np.pi
    exact = density[ml.nearest_center(points, ml.CENTERS) == 0].sum() * (grid[1] - grid[0]) ** 2
    assert exact == pytest.approx(0.926, abs=0.001)
    x, y = ml.sample(np.random.default_rng(0), 100_000)
    share = np.mean(ml.nearest_center(x, ml.CENTERS) == y)
    assert abs(share - exact) < STANDARD_ERRORS * np.sqrt(exact * (1 - exact) / len(y)) + 0.001  # and the grid's error


def test_centres_are_two_away_and_classes_equally_frequent():
    assert np.linalg.norm(ml.CENTERS, axis=1) == pytest.approx(2, abs=EXACT)
    _, y = ml.sample(np.random.default_rng(0), 30_000)
    assert (abs(np.bincount(y) / len(y) - 1 / K) < STANDARD_ERRORS * np.sqrt(2 / 9 / len(y))).all()


def test_both_learners_see_the_same_points_in_the_same_order(monkeypatch):
    seen = []

    def spy(pi, y, rng):
        seen.append(y.copy())
        return np.zeros_like(pi)

    x, y = ml.sample(np.random.default_rng(0), ml.MODELS, ml.N)
    monkeypatch.setattr(ml, "STEPS", 50)
    for seed in (1, 2):
        ml.train(spy, x, y, np.random.default_rng(seed))
    assert (np.array(seen[:50]) == seen[50:]).all()


def test_one_step_moves_the_weights_along_x_times_signal(monkeypatch):
    x, y = ml.sample(np.random.default_rng(0), ml.MODELS, ml.N)
    monkeypatch.setattr(ml, "STEPS", 1)
    w = ml.train(ml.from_label, x, y, None)[0]
    i = np.random.default_rng(0).integers(ml.N, size=(1, ml.MODELS))[0]
    for b in range(5):
        loss = slope(lambda v, b=b: -np.log(ml.softmax(x[b, i[b]] @ v.reshape(3, K))[y[b, i[b]]]), np.zeros(3 * K))
        assert w[b].ravel() == pytest.approx(-ml.ALPHA * loss, abs=DIFFERENCE)


# objectives that differ


def test_for_a_noisy_answer_label_learns_the_share_and_reward_the_majority():
    """The right answer is the first one in 70 % of cases: minimum of the loss at 0.7, of −reward at 1."""
    p = np.linspace(0.001, 0.999, 999)
    cross_entropy = -0.7 * np.log(p) - 0.3 * np.log(1 - p)
    reward = 0.7 * p + 0.3 * (1 - p)
    assert p[cross_entropy.argmin()] == pytest.approx(0.7, abs=0.001)
    assert p[reward.argmax()] == p[-1]
    assert pytest.approx(0.58, abs=EXACT) == 0.7 * 0.7 + 0.3 * 0.3


# memory and clusters


def test_the_nearest_neighbour_remembers_every_training_point(trained):
    _, x, y, x_new, y_new = trained
    gaps = []
    for b in range(20):
        assert (ml.nearest(x[b], y[b], x[b]) == y[b]).all()
        gaps.append(1 - np.mean(ml.nearest(x[b], y[b], x_new) == y_new))
    assert np.mean(gaps) > 0.09
    linear = trained[0][ml.from_label][0][-1]
    assert 1 - np.mean(gaps) < np.median(linear)


def test_neighbour_is_the_nearest():
    rng = np.random.default_rng(0)
    x, y = ml.sample(rng, 30)
    x_new, _ = ml.sample(rng, 50)
    for point, found in zip(x_new, ml.nearest(x, y, x_new), strict=True):
        assert found == y[np.argmin([np.hypot(*(point - other)[:2]) for other in x])]


def test_a_centre_is_the_mean_of_its_points():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, _ = ml.sample(rng, ml.N)
        c = ml.clusters(x, rng)
        k = ml.nearest_center(x, c)
        assert c == pytest.approx(np.array([x[k == j, :2].mean(axis=0) for j in range(K)]), abs=EXACT)


def test_names_of_clusters_do_not_matter():
    y = np.random.default_rng(0).integers(K, size=100)
    for shift in range(K):
        assert ml.renamed((y + shift) % K, y) == 1
    assert ml.renamed(np.zeros(100, int), y) == np.bincount(y).max() / 100


def test_k_means_sometimes_gets_stuck():
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x, y = ml.sample(rng, ml.N)
        found.append(ml.renamed(ml.nearest_center(x, ml.clusters(x, rng)), y))
    assert np.median(found) > 0.9
    assert min(found) < 0.7


def test_page_states_the_constants_of_the_snippet():
    assert (K, ml.N, ml.NEW, ml.MODELS, ml.RUNS, ml.STEPS, ml.ALPHA) == (3, 60, 1000, 100, 50, 1000, 0.1)
