"""Одни и те же точки: учим с ответами, по одной награде и без всего.

Softmax-классификатор и градиент кросс-энтропии: Bishop C. Pattern
Recognition and Machine Learning, 2006, § 4.3.4.
Обучение по награде: Williams R., 1992, алгоритм REINFORCE.
"""

from itertools import permutations

import matplotlib.pyplot as plt
import numpy as np

K = 3  # классов
TURN = 2 * np.pi * np.arange(K) / K + np.pi / 2
CENTERS = 2 * np.stack([np.cos(TURN), np.sin(TURN)], axis=1)  # (K, 2)
N, NEW = 60, 1000  # обучающих точек мало, новых хватает для точности
MODELS = 100  # независимых обучений: медиана и полоса
RUNS = 50  # наборов точек для ближайшего соседа и k средних
STEPS, ALPHA = 1000, 0.1  # шаг виден на кривой, но не трясёт её
SHOWN = np.unique(np.geomspace(1, STEPS, 19).astype(int))


def sample(rng, *shape):
    """Класс y поровну, точка x — его центр плюс шум с σ = 1."""
    y = rng.integers(K, size=shape)
    x = CENTERS[y] + rng.standard_normal((*shape, 2))
    return np.concatenate([x, np.ones((*shape, 1))], axis=-1), y


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def from_label(pi, y, rng):
    """−∇ кросс-энтропии по логитам: учитель назвал ответ y."""
    return np.eye(K)[y] - pi


def from_reward(pi, y, rng):
    """r·∇log π(a): модель назвала a, в ответ слышит только r."""
    u = rng.random((*y.shape, 1))
    a = (u < pi.cumsum(axis=-1)).argmax(axis=-1)
    r = 1.0 * (a == y)  # ответ y знает среда, не модель
    return r[..., None] * (np.eye(K)[a] - pi)


def train(signal, x, y, rng):
    """W (B, 3, K) на шагах SHOWN; у каждой модели свои x (B, N, 3)."""
    w, model = np.zeros((MODELS, 3, K)), np.arange(MODELS)
    order = np.random.default_rng(0).integers(N, size=(STEPS, MODELS))
    history = []
    for t, i in enumerate(order, start=1):  # порядок точек один на всех
        xi, yi = x[model, i], y[model, i]  # (B, 3), (B,)
        pi = softmax(np.einsum("bd,bdk->bk", xi, w))
        g = signal(pi, yi, rng)  # (B, K)
        w += ALPHA * xi[:, :, None] * g[:, None, :]
        if t in SHOWN:
            history.append(w.copy())
    return np.array(history)  # (len(SHOWN), B, 3, K)


def accuracy(w, x, y):
    """Доля точек, где самый большой логит у верного класса."""
    return ((x @ w).argmax(axis=-1) == y).mean(axis=-1)


def nearest(x, y, x_new):
    """Запомнить всё: ответ ближайшей обучающей точки."""
    distance = ((x_new[:, None] - x) ** 2).sum(axis=-1)  # (M, N)
    return y[distance.argmin(axis=1)]


def clusters(x, rng):
    """Без ответов: k средних. Центр (K, 2) — среднее своих точек."""
    x = x[:, :2]
    c = x[rng.choice(len(x), K, replace=False)]
    for _ in range(20):
        k = ((x[:, None] - c) ** 2).sum(axis=-1).argmin(axis=1)
        c = np.array([x[k == j].mean(axis=0) for j in range(K)])
    return c


def renamed(k, y):
    """Сколько меток кучек k совпало с y при лучшем переименовании."""
    names = map(np.array, permutations(range(K)))
    return max((name[k] == y).mean() for name in names)


def nearest_center(x, c):
    return ((x[:, None, :2] - c) ** 2).sum(axis=-1).argmin(axis=1)


def plot_classes(ax, x, k, right):
    """Точки со значком класса k; неугаданные серые и пустые."""
    for j, (color, marker) in enumerate(zip(("C0", "C1", "C2"), "os^")):
        ax.plot(*x[(k == j) & right, :2].T, marker, color=color, ms=5)
        ax.plot(*x[(k == j) & ~right, :2].T, marker, color="0.5",
                mfc="none", ms=5, mew=0.8)


def plot_boundary(ax, w, color, line):
    """Где два самых больших логита равны."""
    grid = np.linspace(-4.5, 4.5, 37)
    u, v = np.meshgrid(grid, grid)
    z = np.stack([u, v, np.ones_like(u)], axis=-1) @ w  # (M, M, K)
    for j in range(K):
        a, b, third = (np.roll(z, j, axis=-1)[..., i] for i in range(K))
        gap = np.where(third < np.maximum(a, b), a - b, np.nan)
        ax.contour(u, v, gap, [0], colors=color, linestyles=line,
                   linewidths=1.8)


def figure_kinds(x, y, guess, centers, w_label, w_reward):
    """Одни и те же точки: с ответами, с наградой за догадку и без
    ничего. Закрашены точки, чей класс модель узнала. Последний график —
    чему она научилась: границы с ответами и по награде почти совпали.

    Четыре графика на одной плоскости с тремя перекрывающимися кучками
    точек. Слева вверху, с учителем: у каждой точки цвет и значок её
    класса. Справа вверху, с подкреплением: значок — догадка модели,
    закрашены только угаданные, остальные серые и пустые. Слева внизу,
    без учителя: все точки серые, три креста стоят в серединах кучек.
    Справа внизу точки с ответами и границы классов, три луча из
    середины: чёрные сплошные, с ответами, и лиловые штриховые, по
    награде.
    """
    figure, axes = plt.subplots(2, 2, figsize=(5, 5.4), sharex=True,
                                sharey=True, layout="constrained")
    labels, reward, nothing, result = axes.flat
    plot_classes(labels, x, y, y == y)
    plot_classes(reward, x, guess, guess == y)
    nothing.plot(*x[:, :2].T, "o", color="0.5", ms=4)
    nothing.plot(*centers.T, "x", color="black", ms=10, mew=2.5)
    plot_classes(result, x, y, y == y)
    plot_boundary(result, w_label, "black", "-")
    plot_boundary(result, w_reward, "C3", "--")
    for ax, title in zip(axes.flat, (
            "с учителем", "с подкреплением", "без учителя", "итог")):
        ax.set_title(title)
        ax.set(aspect="equal", xlim=(-4.5, 4.5), ylim=(-4.5, 4.5),
               xticks=(-3, 0, 3), yticks=(-3, 0, 3))
        ax.set_xticklabels(["−3", "0", "3"])
        ax.set_yticklabels(["−3", "0", "3"])
    figure.supxlabel("признак x₁", fontsize=10)
    figure.supylabel("признак x₂", fontsize=10)
    return figure


def figure_accuracy(label, reward, ceiling):
    """По награде модель учится медленнее и неровнее, но приходит туда
    же. Выше пунктира в среднем не прыгнет никто: кучки перекрываются.

    По горизонтали шаг обучения от 1 до 1000, шкала логарифмическая. По
    вертикали доля верных ответов на новых точках. Синяя сплошная линия,
    обучение с ответами, растёт первой; рыжая штриховая, обучение по
    награде, отстаёт и догоняет её к сотому шагу. У рыжей полоса между
    десятым и девяностым процентилем сначала шире. Серый пунктир —
    лучший возможный классификатор.
    """
    figure, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
    for history, color, line, name in (
            (label, "C0", "-", "с ответами"),
            (reward, "C1", "--", "по награде")):
        low, median, high = np.percentile(history, [10, 50, 90], axis=1)
        ax.fill_between(SHOWN, low, high, color=color, alpha=0.2, lw=0)
        ax.semilogx(SHOWN, median, line, color=color, label=name)
    ax.axhline(ceiling, color="0.5", ls=(0, (4, 4)), lw=1)
    ax.text(1, ceiling + 0.01, "лучше нельзя", va="bottom")
    ax.set(xlabel="шаг обучения", ylabel="доля верных ответов",
           ylim=(0.3, 1))
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.set_yticks([0.4, 0.6, 0.8, 1], ["0,4", "0,6", "0,8", "1"])
    ax.minorticks_off()
    ax.legend(loc="lower right")
    return figure


def mean_signals(rng, draws=10000):
    """Средний сдвиг логита верного класса при разных π(y)."""
    p = np.linspace(0.05, 0.95, 10)
    pi = np.stack([p, (1 - p) / 2, (1 - p) / 2], axis=1)  # (10, K)
    y = np.zeros((draws, len(p)), dtype=int)
    reward = from_reward(pi, y, rng)[..., 0]  # (draws, 10)
    error = reward.std(axis=0) / draws**0.5
    label = from_label(pi, y[0], rng)[:, 0]
    return p, label, reward.mean(axis=0), error


def figure_signal(p, label, reward):
    """Чем меньше модель верит в правильный ответ, тем громче поправляет
    учитель и тем тише награда: за случайную догадку её почти не бывает.

    По горизонтали вероятность π(y), которую модель даёт верному классу,
    от 0 до 1. По вертикали средний сдвиг его логита. Синяя прямая,
    1 − π(y), падает от единицы до нуля. Рыжая штриховая дуга,
    π(y)(1 − π(y)), выходит из нуля, поднимается до одной четверти в
    середине и возвращается в ноль. Синие круги и рыжие квадраты,
    посчитанные по выборкам, лежат на своих линиях.
    """
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    q = np.linspace(0, 1, 60)
    ax.plot(q, 1 - q, color="C0")
    ax.plot(q, q * (1 - q), "--", color="C1")
    ax.plot(p, label, "o", color="C0", ms=5)
    ax.plot(p, reward, "s", color="C1", ms=5)
    ax.text(0.4, 0.66, "ответ: 1 − π(y)", color="C0")
    ax.text(0.5, 0.12, "награда: π(y)(1 − π(y))", color="C1",
            ha="center")
    ax.set(xlabel="π(y): насколько модель верит в верный ответ",
           ylabel="сдвиг логита y")
    ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    ax.set_yticks([0, 0.25, 0.5, 1], ["0", "¼", "½", "1"])
    return figure


def main():
    rng = np.random.default_rng(0)
    x, y = sample(rng, MODELS, N)  # (B, N, 3), (B, N)
    x_new, y_new = sample(rng, NEW)
    ceiling = np.mean(nearest_center(x_new, CENTERS) == y_new)
    print(f"лучше нельзя = {ceiling:.3f}")
    curves, final = [], []
    for name, signal in (("ответы", from_label),
                         ("награда", from_reward)):
        w = train(signal, x, y, rng)
        curve = np.array([accuracy(each, x_new, y_new) for each in w])
        for t in (10, 100, 1000):
            at = curve[t == SHOWN]
            low, median, high = np.percentile(at, [10, 50, 90])
            print(f"{name}, шаг {t}: медиана = {median:.3f}")
            print(f"{name}, шаг {t}: 10-й процентиль = {low:.3f}")
            print(f"{name}, шаг {t}: 90-й процентиль = {high:.3f}")
        pi = softmax(x_new @ w[-1])[:, np.arange(NEW), y_new]  # (B, M)
        print(f"{name}: средняя награда в конце = {pi.mean():.3f}")
        curves.append(curve)
        final.append(w[-1, 0])
    figure_accuracy(*curves, ceiling).savefig(
        "machine_learning-accuracy.svg")

    p, label, reward, error = mean_signals(rng)
    worst = np.abs((reward - p * label) / error).max()
    print(f"наибольшее отклонение, в стандартных ошибках = {worst:.1f}")
    figure_signal(p, label, reward).savefig(
        "machine_learning-signal.svg")

    memory = [nearest(x[b], y[b], x_new) == y_new for b in range(RUNS)]
    own = [nearest(x[b], y[b], x[b]) == y[b] for b in range(RUNS)]
    print(f"ближайший сосед: обучающие точки = {np.mean(own):.3f}")
    print(f"ближайший сосед: новые точки = {np.mean(memory):.3f}")

    centers = [clusters(each, rng) for each in x[:RUNS]]
    found = [renamed(nearest_center(x_new, c), y_new) for c in centers]
    print(f"k средних: медиана = {np.median(found):.3f}")
    print(f"k средних: наихудший запуск = {min(found):.3f}")
    guess = rng.integers(K, size=N)
    print(f"угадано наугад = {np.mean(guess == y[0]):.0%}")
    figure_kinds(x[0], y[0], guess, centers[0], *final).savefig(
        "machine_learning-kinds.svg")


if __name__ == "__main__":
    main()
