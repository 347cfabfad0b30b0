"""Метод кросс-энтропии: гауссиана ищет вершину функции без градиентов.

De Boer P.-T. и др. A Tutorial on the Cross-Entropy Method, 2005: § 5,
алгоритм для непрерывной оптимизации.
"""

import matplotlib.pyplot as plt
import numpy as np

N = 100  # точек в поколении
RHO = 0.2  # доля элиты: лучшая пятая часть
ETA = 0.7  # сглаживание разброса: треть старого остаётся
GENERATIONS = 60
TINY = 1e-6  # σ, при которой поиск уже ничего не меняет
SEEDS = 100  # прогонов на каждое утверждение о случайном
TOP, SIDE = np.array([1.5, 1.0]), np.array([-1.5, -1.0])  # вершины двух холмов


def hills(x):
    """Два холма: высота 1 в TOP, пониже — в SIDE; x (..., 2) → (...)."""
    to_top = ((x - TOP) ** 2).sum(-1)
    to_side = ((x - SIDE) ** 2).sum(-1)
    return 1 / (1 + to_top * (to_side + 0.2) / 5)


def refit(elite, mu, cov):
    """Максимум правдоподобия по элите: среднее и разброс вокруг него."""
    mu = elite.mean(axis=0)
    z = elite - mu  # (M, d)
    return mu, z.T @ z / len(elite)


def refit_wide(elite, mu, cov):
    """То же среднее, но разброс вокруг старого: в нём остаётся и шаг."""
    z = elite - mu  # (M, d)
    return elite.mean(axis=0), (1 - ETA) * cov + ETA * z.T @ z / len(elite)


def cem(y, mu, cov, rng, refit=refit, generations=GENERATIONS):
    """Максимизирует y; возвращает μ и поколения (μ, Σ, точки, γ)."""
    history = []
    for _ in range(generations):
        root = np.linalg.cholesky(cov)  # cov = root @ root.T
        if root.diagonal().min() < TINY:
            break
        x = mu + rng.standard_normal((N, len(mu))) @ root.T  # (N, d)
        value = y(x)
        gamma = np.sort(value)[-int(RHO * N)]  # уровень: худший из элиты
        history.append((mu, cov, x, gamma))
        mu, cov = refit(x[value >= gamma], mu, cov)
    return mu, history


def negative_log_likelihood(x, mu, cov):
    """−log правдоподобия гауссианы в среднем на точку."""
    z = x - mu
    quadratic = (z * np.linalg.solve(cov, z.T).T).sum(-1)
    logdet = np.linalg.slogdet(2 * np.pi * cov).logabsdet
    return 0.5 * (quadratic.mean() + logdet)


def rosenbrock(x):
    return -(100 * (x[:, 1] - x[:, 0] ** 2) ** 2 + (1 - x[:, 0]) ** 2)


def himmelblau(x):
    u, v = x.T
    return -((u**2 + v - 11) ** 2 + (u + v**2 - 7) ** 2)


def rastrigin(x):
    return -(20 + (x**2 - 10 * np.cos(2 * np.pi * x)).sum(-1))


def bowl(x):
    return -(x**2).sum(-1)


def diagonal(elite, mu, cov):
    """refit_wide, которому запретили наклонять эллипс."""
    mu, cov = refit_wide(elite, mu, cov)
    return mu, np.diag(np.diag(cov))


def runs(y, mu, sigma, refit, seeds=SEEDS):
    """Концы прогонов с разными зёрнами, (seeds, 2), и числа поколений."""
    ends = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        ends.append(cem(y, np.array(mu), sigma**2 * np.eye(2), rng, refit))
    return np.array([mu for mu, _ in ends]), [len(h) for _, h in ends]


def landscape(ax, numbers=True, star=13, cells=60):
    """Линии уровня двух холмов и звёздочка на вершине."""
    axis = np.linspace(-3.4, 3.4, cells), np.linspace(-2.9, 2.9, cells)
    u, v = np.meshgrid(*axis)
    levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8]
    height = hills(np.stack([u, v], -1))
    lines = ax.contour(u, v, height, levels, colors="0.5", linewidths=0.8)
    if numbers:
        ax.clabel(lines, [0.2, 0.4, 0.6], fontsize=8, fmt=comma)
    ax.plot(*TOP, "*", color="C1", markersize=star, zorder=5)
    ax.set(xlim=(-3.4, 3.4), ylim=(-2.9, 2.9), aspect="equal")
    return u, v


def comma(number):
    return f"{number:.1f}".replace(".", ",")


def ellipse(ax, mu, cov, k=1, **style):
    """Линия k сигм гауссианы."""
    angle = np.linspace(0, 2 * np.pi, 61)
    circle = np.stack([np.cos(angle), np.sin(angle)])  # (2, 61)
    ax.plot(*(mu[:, None] + k * np.linalg.cholesky(cov) @ circle), **style)


def panel(height=4.4):
    fig, ax = plt.subplots(figsize=(5, height), layout="constrained")
    ax.set(xlabel="x₀", ylabel="x₁")
    return fig, ax


def figure_function():
    """Функция y(x₀, x₁) в линиях уровня: два холма, и звёздочка стоит на том, который выше.

    Карта двух холмов. Правый верхний выше, его вершина отмечена звёздочкой,
    высота подписана. Левый нижний ниже. Числа на линиях — высота y.
    """
    fig, ax = panel()
    landscape(ax)
    ax.annotate(f"оптимум: y({TOP[0]:g}; {TOP[1]:g}) = 1".replace(".", ","), TOP, (0.2, 2.4),
                arrowprops={"arrowstyle": "-", "color": "C1"}, color="C1")
    side = f"холм пониже: {hills(SIDE):.2f}".replace(".", ",")
    ax.annotate(side, SIDE, (-3.2, -2.6), color="0.5")
    return fig


def figure_initial(history):
    """Начальная гауссиана: мы ещё ничего не знаем и накрываем ею оба холма с запасом.

    Та же карта. Поверх неё крест в центре гауссианы и два её эллипса: сплошной
    в одну сигму и штриховой в две. Центр стоит между холмами.
    """
    fig, ax = panel()
    landscape(ax)
    mu, cov, _, _ = history[0]
    ax.plot(*mu, "P", color="C0", markersize=8)
    for k, line in (1, "-"), (2, "--"):
        ellipse(ax, mu, cov, k, color="C0", linestyle=line)
        top = mu + [0, k * cov[1, 1] ** 0.5 - 0.35]
        ax.annotate(f"{k}σ", top, color="C0", ha="center")
    return fig


def figure_generation(history):
    """Поколение 0: точки, случайно взятые из начальной гауссианы.

    Та же карта и та же гауссиана. Вокруг её центра рассыпаны сто точек, гуще
    внутри первой сигмы. На высокий холм попало немного.
    """
    fig, ax = panel()
    landscape(ax, numbers=False)
    mu, cov, x, _ = history[0]
    ax.plot(*x.T, ".", color="C0", markersize=4)
    ellipse(ax, mu, cov, color="C0", linewidth=1)
    ellipse(ax, mu, cov, 2, color="C0", linewidth=1, linestyle="--")
    return fig


def draw_elite(ax, x, gamma):
    u, v = landscape(ax, numbers=False)
    elite = x[hills(x) >= gamma]
    ax.plot(*x.T, ".", color="0.5", markersize=3)
    ax.contour(u, v, hills(np.stack([u, v], -1)), [gamma], colors="C2", linewidths=1.8)
    ax.plot(*elite.T, "o", color="C2", markersize=5)
    return elite


def figure_elite(history):
    """Элитные точки — те, что не ниже уровня γ₀. Все они лежат внутри его линии.

    Та же карта. Толстая линия — уровень γ₀, который отсекает пятую часть
    поколения. Внутри неё крупные точки элиты, снаружи мелкие серые — остальные.
    """
    fig, ax = panel()
    _, _, x, gamma = history[0]
    draw_elite(ax, x, gamma)
    ax.annotate(f"γ₀ = {gamma:.2f}".replace(".", ","), (2.2, -0.35), color="C2")
    return fig


def figure_refit(history):
    """Новая гауссиана (сплошная) подогнана к элите: центр переехал, эллипс сжался, а элита стала для неё обычным делом.

    Та же карта. Штриховой эллипс — старая гауссиана, сплошной — новая, по
    элите. Стрелка ведёт из старого центра в новый. В углу подписано, сколько
    было и сколько стало −log правдоподобия элиты.
    """
    fig, ax = panel()
    (mu, cov, x, gamma), (new, new_cov, _, _) = history[:2]
    elite = draw_elite(ax, x, gamma)
    ellipse(ax, mu, cov, color="C0", linestyle="--")
    ellipse(ax, new, new_cov, color="C0")
    ax.annotate("", new, mu, arrowprops={"arrowstyle": "->", "color": "C0", "lw": 2})
    ax.annotate("μ₀", mu - [0.45, 0.1], color="C0")
    ax.annotate("μ₁", new + [0.1, -0.45], color="C0")
    before = negative_log_likelihood(elite, mu, cov)
    after = negative_log_likelihood(elite, new, new_cov)
    ax.set_title(f"−log правдоподобия элиты: {before:.2f} → {after:.2f}".replace(".", ","))
    return fig


def figure_convergence(history):
    """Шесть поколений подряд: облако находит холм и стягивается на вершину. Внизу растут лучшее, среднее и уровень и падает σ.

    Шесть маленьких карт с точками поколений 0–5 и эллипсом гауссианы, который
    становится всё меньше и сдвигается на звёздочку. Под ними две кривые по
    поколениям: лучшее, среднее y и уровень γ поднимаются к единице, а σ в
    логарифмической шкале падает по прямой.
    """
    fig = plt.figure(figsize=(5, 9), layout="constrained")
    axes = fig.subplots(5, 2, height_ratios=[1, 1, 1, 1.1, 1.1])
    for k, ax in enumerate(axes[:3].flat):
        mu, cov, x, _ = history[k]
        landscape(ax, numbers=False, star=6, cells=30)
        ax.plot(*x[::2].T, ".", color="C0", markersize=2)
        ellipse(ax, mu, cov, 2, color="C0", linewidth=1.2)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"поколение {k}", fontsize=9)
    for ax in axes[3:].flat:
        ax.remove()
    curves, spread = fig.add_subplot(axes[3, 0].get_gridspec()[3, :]), fig.add_subplot(
        axes[3, 0].get_gridspec()[4, :])
    k = np.arange(len(history))
    values = np.array([hills(x) for _, _, x, _ in history])  # (K, N)
    curves.plot(k, values.max(1), "-", label="лучшее")
    curves.plot(k, [gamma for *_, gamma in history], "--", label="γₖ")
    curves.plot(k, values.mean(1), ":", label="среднее")
    curves.yaxis.set_major_formatter(lambda y, _: comma(y))
    curves.set(ylabel="y", xticklabels=[])
    curves.legend(loc="lower right")
    spread.semilogy(k, [np.linalg.eigvalsh(cov)[-1] ** 0.5 for _, cov, _, _ in history], color="C3")
    spread.set(xlabel="поколение k", ylabel="наибольшая σ")
    return fig


def main():
    start = np.array([-0.5, 0.5]), 1.2**2 * np.eye(2)
    mu, history = cem(hills, *start, np.random.default_rng(0))
    print(f"поколений = {len(history)}")
    print(f"расстояние до вершины = {np.linalg.norm(mu - TOP):.1e}")
    print(f"холм пониже = {hills(SIDE):.4f}")
    (mu0, cov0, x, gamma), (mu1, cov1, _, _) = history[:2]
    elite = x[hills(x) >= gamma]
    print(f"γ₀ = {gamma:.4f}")
    print(f"−log правдоподобия до = {negative_log_likelihood(elite, mu0, cov0):.4f}")
    print(f"−log правдоподобия после = {negative_log_likelihood(elite, mu1, cov1):.4f}")

    ends, _ = runs(hills, start[0], 1.2, refit)
    print(f"нашёл высокий холм, из {SEEDS} = {(hills(ends) > 0.9).sum()}")
    ends, _ = runs(hills, SIDE, 1.0, refit)
    print(f"нашёл высокий холм, начав на низком = {(hills(ends) > 0.9).sum()}")
    for label, wide in ("по элите", refit), ("широкий", refit_wide):
        ends, _ = runs(bowl, (10.0, 0.0), 1.0, wide)
        print(f"застрял по дороге, {label} = {(bowl(ends) < -1).sum()}")
    for y, mu, sigma in (rosenbrock, (-1.2, 1.0), 1.0), (himmelblau, (0.0, 0.0), 2.0), (rastrigin, (2.0, 2.0), 3.0):
        ends, count = runs(y, mu, sigma, refit_wide)
        print(f"{y.__name__}: дошёл до 1e-6 = {(y(ends) > -1e-6).sum()}")
        print(f"{y.__name__}: поколений, медиана = {np.median(count):.0f}")
    ends, _ = runs(rosenbrock, (-1.2, 1.0), 1.0, diagonal)
    print(f"диагональный: дошёл до 1e-6 = {(rosenbrock(ends) > -1e-6).sum()}")

    figure_function().savefig("cem-function.svg")
    figure_initial(history).savefig("cem-initial.svg")
    figure_generation(history).savefig("cem-generation.svg")
    figure_elite(history).savefig("cem-elite.svg")
    figure_refit(history).savefig("cem-refit.svg")
    figure_convergence(history).savefig("cem-convergence.svg")


if __name__ == "__main__":
    main()
