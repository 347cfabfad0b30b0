"""Метод кросс-энтропии: гауссиана ищет вершину функции без градиентов.

De Boer P.-T., Kroese D. P., Mannor S., Rubinstein R. Y. A Tutorial
on the Cross-Entropy Method, 2005: поколение, элита, сглаживание.
"""

import matplotlib.pyplot as plt
import numpy as np

N = 100  # точек в поколении
RHO = 0.2  # доля элиты: лучшая пятая часть
ETA = 0.7  # сглаживание разброса: почти треть старого остаётся
GENERATIONS = 100  # с запасом: обычно хватает и половины
TINY = 1e-6  # σ, при которой поиск уже ничего не меняет
SEEDS = 25  # прогонов на каждое утверждение о случайном
TOP = np.array([1.5, 1.0])  # вершина высокого холма
SIDE = np.array([-1.5, -1.0])  # середина низкого; вершина рядом с ней
BETWEEN = np.array([-0.5, 0.5])  # старт между холмами
FAR = np.array([10.0, 0.0])  # старт за десять σ от вершины чаши


def square(z):
    """Квадрат длины; z (..., 2) → (...)."""
    return z[..., 0] ** 2 + z[..., 1] ** 2


def hills(x):
    """Два холма: высота 1 в TOP, пониже — у SIDE; x (..., 2) → (...)."""
    to_top, to_side = square(x - TOP), square(x - SIDE)
    return 1 / (1 + to_top * (to_side + 0.2) / 5)


def refit(elite, mu, cov):
    """Максимум правдоподобия по элите: среднее и разброс вокруг него."""
    mu = elite.mean(axis=0)
    z = elite - mu  # (M, d)
    return mu, z.T @ z / len(elite)


def refit_smooth(elite, mu, cov):
    """То же, но от старого разброса кое-что остаётся."""
    mu, new = refit(elite, mu, cov)
    return mu, (1 - ETA) * cov + ETA * new


def refit_wide(elite, mu, cov):
    """То же, но разброс вокруг старого среднего: в нём есть и шаг."""
    z = elite - mu  # (M, d)
    new = z.T @ z / len(elite)
    return elite.mean(axis=0), (1 - ETA) * cov + ETA * new


def refit_diagonal(elite, mu, cov):
    """refit_wide, которому запретили наклонять эллипс."""
    mu, cov = refit_wide(elite, mu, cov)
    return mu, np.diag(np.diag(cov))


def cem(y, mu, cov, rng, refit=refit, generations=GENERATIONS):
    """Максимизирует y; возвращает μ и поколения (μ, Σ, точки, γ)."""
    history = []
    for _ in range(generations):
        root = np.linalg.cholesky(cov)  # cov = root @ root.T
        if root.diagonal().min() < TINY:
            break
        x = mu + rng.standard_normal((N, len(mu))) @ root.T  # (N, d)
        value = y(x)  # (N,)
        gamma = np.sort(value)[-int(RHO * N)]  # уровень: худший из элиты
        history.append((mu, cov, x, gamma))
        mu, cov = refit(x[value >= gamma], mu, cov)
    return mu, history


def cross_entropy(x, mu, cov):
    """H(p_elite, q): минус логарифм плотности в среднем на точку."""
    z = x - mu  # (M, d)
    quadratic = (z * np.linalg.solve(cov, z.T).T).sum(-1)  # (M,)
    logdet = np.linalg.slogdet(2 * np.pi * cov).logabsdet
    return 0.5 * (quadratic.mean() + logdet)


def rosenbrock(x):
    return -(100 * (x[:, 1] - x[:, 0] ** 2) ** 2 + (1 - x[:, 0]) ** 2)


def himmelblau(x):
    u, v = x.T
    return -((u**2 + v - 11) ** 2 + (u + v**2 - 7) ** 2)


def rastrigin(x):
    u, v = x.T
    waves = np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v)
    return -(20 + square(x) - 10 * waves)


def bowl(x):
    return -square(x)


def runs(y, mu, sigma, refit):
    """Концы прогонов с разными зёрнами, (SEEDS, 2), и числа поколений."""
    ends, counts = [], []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        start = np.array(mu, float), sigma**2 * np.eye(2)
        end, history = cem(y, *start, rng, refit)
        ends.append(end)
        counts.append(len(history))
    return np.array(ends), counts


def comma(number, digits=1):
    return f"{number:.{digits}f}".replace(".", ",")


def landscape(ax, numbers=True, star=13, cells=45, step=1):
    """Линии уровня двух холмов и звёздочка на вершине."""
    axis = np.linspace(-3.4, 3.4, cells), np.linspace(-2.9, 2.9, cells)
    u, v = np.meshgrid(*axis)
    height = hills(np.stack([u, v], -1))
    levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8][::step]
    lines = ax.contour(u, v, height, levels, colors="0.5", linewidths=0.8)
    if numbers:
        ax.clabel(lines, [0.2, 0.4, 0.6], fontsize=8, fmt=comma)
    ax.plot(*TOP, "*", color="C1", markersize=star, zorder=5)
    ax.set(xlim=(-3.4, 3.4), ylim=(-2.9, 2.9), aspect="equal")
    return u, v, height


def ellipse(ax, mu, cov, k=1, **style):
    """Линия k сигм гауссианы."""
    angle = np.linspace(0, 2 * np.pi, 41)
    circle = np.stack([np.cos(angle), np.sin(angle)])  # (2, 41)
    line = mu[:, None] + k * np.linalg.cholesky(cov) @ circle
    ax.plot(*line, **style)


def panel(height=4.4):
    fig, ax = plt.subplots(figsize=(5, height))
    fig.subplots_adjust(0.11, 0.105, 0.985, 0.945)
    ax.set(xlabel="x₀", ylabel="x₁")
    return fig, ax


def figure_function():
    """Функция y(x₀, x₁) в линиях уровня: два холма,
    и звёздочка стоит на том, который выше.

    Карта двух холмов. Правый верхний выше, его вершина отмечена звёздочкой,
    высота подписана. Левый нижний ниже. Числа на линиях — высота y.
    """
    fig, ax = panel()
    landscape(ax)
    best = f"оптимум: y({comma(TOP[0])}; {TOP[1]:g}) = {hills(TOP):g}"
    line = {"arrowstyle": "-", "color": "C1"}
    ax.annotate(best, TOP, (0.2, 2.6), arrowprops=line, color="C1")
    side = f"холм пониже: y = {comma(hills(SIDE), 2)}"
    line = {"arrowstyle": "-", "color": "0.5"}
    ax.annotate(side, SIDE, (0.1, -2.7), arrowprops=line)
    return fig


def figure_initial(history):
    """Начальная гауссиана: мы ещё ничего не знаем,
    и две её сигмы накрывают обе вершины.

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
    u, v, height = landscape(ax, numbers=False)
    elite = x[hills(x) >= gamma]
    ax.plot(*x.T, ".", color="0.5", markersize=3)
    ax.contour(u, v, height, [gamma], colors="C2", linewidths=1.8)
    ax.plot(*elite.T, "o", color="C2", markersize=5)
    return elite


def figure_elite(history):
    """Элитные точки — те, что не ниже уровня γ₀.
    Все они лежат внутри его линии.

    Та же карта. Толстая линия — уровень γ₀, который отсекает пятую часть
    поколения. Внутри неё крупные точки элиты, снаружи мелкие серые — остальные.
    """
    fig, ax = panel()
    _, _, x, gamma = history[0]
    draw_elite(ax, x, gamma)
    ax.annotate(f"γ₀ = {comma(gamma, 2)}", (1.8, -1.9), color="C2")
    return fig


def figure_refit(history):
    """Новая гауссиана (сплошная) подогнана к элите: центр переехал,
    эллипс лёг вдоль неё, а кросс-энтропия упала.

    Та же карта. Штриховой эллипс — старая гауссиана, сплошной — новая, по
    элите, он узкий и тянется от холма к холму. Стрелка ведёт из старого центра
    в новый. Сверху подписано, сколько было и сколько стало −log правдоподобия
    на элитную точку.
    """
    fig, ax = panel()
    (mu, cov, x, gamma), (new, new_cov, _, _) = history[:2]
    elite = draw_elite(ax, x, gamma)
    ellipse(ax, mu, cov, color="C0", linestyle="--")
    ellipse(ax, new, new_cov, color="C0")
    arrow = {"arrowstyle": "->", "color": "C0", "lw": 2}
    ax.annotate("", new, mu, arrowprops=arrow)
    ax.annotate("μ₀", mu - [0.45, 0.1], color="C0")
    line = {"arrowstyle": "-", "color": "C0"}
    ax.annotate("μ₁", new, (1, -1.3), arrowprops=line, color="C0")
    before = comma(cross_entropy(elite, mu, cov), 2)
    after = comma(cross_entropy(elite, new, new_cov), 2)
    ax.set_title(f"−log правдоподобия на точку элиты: {before} → {after}")
    return fig


def draw_curves(ax, below, history):
    """Высоты и разброс по поколениям, один график под другим."""
    values = np.array([hills(x) for _, _, x, _ in history])  # (K, N)
    ax.plot(values.max(1), "-", label="лучшее")
    ax.plot([gamma for *_, gamma in history], "--", label="γₖ")
    ax.plot(values.mean(1), ":", label="среднее")
    ax.yaxis.set_major_formatter(lambda y, _: comma(y))
    ax.set(ylabel="y", xticklabels=[])
    ax.legend(loc="lower right")
    below.semilogy([widest(cov) for _, cov, _, _ in history], color="C3")
    below.set(xlabel="поколение k", ylabel="наибольшая σ")
    below.set_yticks([1, 1e-2, 1e-4, 1e-6], ["1", "10⁻²", "10⁻⁴", "10⁻⁶"])
    below.minorticks_off()


def widest(cov):
    """σ вдоль длинной оси эллипса."""
    return np.linalg.eigvalsh(cov)[-1] ** 0.5


def figure_convergence(history):
    """Поколения 0–5: облако находит холм и стягивается на вершину.
    Внизу растут лучшее, среднее и уровень γₖ, а σ падает.

    Шесть маленьких карт с точками поколений 0–5 и эллипсом в две сигмы. Сначала
    он вытягивается к высокому холму, потом стягивается на звёздочку. Под картами
    два графика по поколениям: лучшее, уровень и среднее y поднимаются к единице,
    а σ в логарифмической шкале сперва чуть растёт, потом падает почти по прямой.
    """
    fig = plt.figure(figsize=(5, 9))
    rows = ["01", "23", "45", "yy", "ss"]
    axes = fig.subplot_mosaic([list(row) for row in rows])
    fig.subplots_adjust(0.13, 0.055, 0.985, 0.975, hspace=0.16)
    for k in range(6):
        ax, (mu, cov, x, _) = axes[str(k)], history[k]
        landscape(ax, numbers=False, star=6, cells=20, step=3)
        ax.plot(*x[::5].T, ".", color="C0", markersize=2)
        ellipse(ax, mu, cov, 2, color="C0", linewidth=1.2)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"поколение {k}", fontsize=9)
    draw_curves(axes["y"], axes["s"], history)
    return fig


def figure_travel():
    """Путь до вершины за десять σ: по элите гауссиана сжимается и встаёт,
    сглаживание даёт отсрочку, разброс вокруг старого среднего доводит.

    По горизонтали поколение, по вертикали расстояние от центра гауссианы до
    вершины чаши, которая в начале в десяти σ. Три семейства линий по пять
    прогонов. Сплошные (по элите) выходят на полку раньше всех и выше всех,
    пунктирные (со сглаживанием) — ниже, штриховые (широкие) падают до нуля.
    """
    fig, ax = plt.subplots(figsize=(5, 3.2))
    fig.subplots_adjust(0.1, 0.145, 0.985, 0.98)
    styles = (refit, "C1-"), (refit_smooth, "C4:"), (refit_wide, "C0--")
    for refit_one, style in styles:
        for seed in range(5):
            start = FAR, np.eye(2), np.random.default_rng(seed)
            _, history = cem(bowl, *start, refit_one, generations=21)
            mu = np.array([mu for mu, _, _, _ in history])  # (K, 2)
            ax.plot(np.hypot(*mu.T), style, linewidth=1)
    for text, y, color in ("по элите", 8, "C1"), ("сглаженный", 4.2, "C4"):
        ax.annotate(text, (20, y), color=color, ha="right", va="bottom")
    ax.annotate("широкий", (8, 0.5), color="C0")
    ax.set(xlabel="поколение k", ylabel="расстояние до вершины, σ₀", ylim=0)
    ax.xaxis.set_major_locator(plt.MultipleLocator(5))
    return fig


def print_two_hills(mu, history):
    print(f"поколений = {len(history)}")
    print(f"вычислений y = {len(history) * N}")
    print(f"расстояние до вершины = {np.linalg.norm(mu - TOP):.1e}")
    (mu0, cov0, x, gamma), (mu1, cov1, _, _) = history[:2]
    elite = x[hills(x) >= gamma]
    print(f"γ₀ = {gamma:.4f}")
    print(f"γ₅ = {history[5][3]:.4f}")
    print(f"H элиты до = {cross_entropy(elite, mu0, cov0):.4f}")
    print(f"H элиты после = {cross_entropy(elite, mu1, cov1):.4f}")
    for k in 0, 2, 5:
        print(f"наибольшая σ поколения {k} = {widest(history[k][1]):.4f}")


def print_global():
    for name, start, sigma, refit_one in (
        ("между холмами", BETWEEN, 1.2, refit),
        ("на низком", SIDE, 1.0, refit),
        ("на низком, σ = 3", SIDE, 3.0, refit),
        ("на низком, σ = 3, широкий", SIDE, 3.0, refit_wide),
    ):
        ends, _ = runs(hills, start, sigma, refit_one)
        y = hills(ends)
        print(f"высокий холм, начав {name} = {(y > 0.8).sum()}")
        print(f"сама вершина, начав {name} = {(y > 1 - 1e-6).sum()}")


def print_far():
    for name, refit_one in (
        ("по элите", refit),
        ("сглаженный", refit_smooth),
        ("широкий", refit_wide),
    ):
        ends, _ = runs(bowl, FAR, 1.0, refit_one)
        travel = FAR[0] - ends[:, 0]
        print(f"застрял по дороге, {name} = {(bowl(ends) < -1).sum()}")
        print(f"прошёл, медиана, {name} = {np.median(travel):.2f}")
        print(f"прошёл, σ по прогонам, {name} = {travel.std():.2f}")


def print_classics():
    for name, y, start, sigma, refit_one in (
        ("Розенброк", rosenbrock, (-1.2, 1.0), 1.0, refit_wide),
        ("Химмельблау", himmelblau, (0.0, 0.0), 2.0, refit_wide),
        ("Растригин", rastrigin, (2.0, 2.0), 3.0, refit_wide),
        ("Розенброк по элите", rosenbrock, (-1.2, 1.0), 1.0, refit),
        ("Розенброк без наклона", rosenbrock, (-1.2, 1.0), 1.0, refit_diagonal),
    ):
        ends, counts = runs(y, start, sigma, refit_one)
        print(f"{name}: дошёл = {(y(ends) > -1e-6).sum()}")
        print(f"{name}: поколений = {np.median(counts):.0f}")
        print(f"{name}: медиана y в конце = {np.median(y(ends)):.1e}")


def main():
    start = BETWEEN, 1.2**2 * np.eye(2)
    mu, history = cem(hills, *start, np.random.default_rng(0))
    print_two_hills(mu, history)
    figure_function().savefig("cem-function.svg")
    figure_initial(history).savefig("cem-initial.svg")
    figure_generation(history).savefig("cem-generation.svg")
    figure_elite(history).savefig("cem-elite.svg")
    figure_refit(history).savefig("cem-refit.svg")
    figure_convergence(history).savefig("cem-convergence.svg")
    figure_travel().savefig("cem-travel.svg")
    print_global()
    print_far()
    print_classics()


if __name__ == "__main__":
    main()
