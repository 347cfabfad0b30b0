"""Метод максимального правдоподобия: по точкам найти гауссиану.

Bishop C. Pattern Recognition and Machine Learning, 2006: § 1.2.4,
формулы (1.54)–(1.58), и § 2.3.4, формулы (2.118)–(2.124).
"""

import matplotlib.pyplot as plt
import numpy as np

MU, SIGMA = 2.0, 1.5  # истина, которую оценка не знает
N = 20  # точек мало: промах оценки виден на рисунке
SIZES = np.array([2, 3, 5, 10, 20, 50, 100])  # размеры выборок
SAMPLES = 5000  # выборок на размер: среднее σ̂² точно до 1 %
ELITE, GENERATIONS, RUNS = 10, 50, 1000  # как элита в CEM, без отбора


def log_density(x, mu, sigma):
    """log N(x; μ, σ²)."""
    z = (x - mu) / sigma
    return -0.5 * np.log(2 * np.pi) - np.log(sigma) - 0.5 * z**2


def log_likelihood(x, mu, sigma):
    """ℓ(μ, σ) = Σ log N(xᵢ; μ, σ²)."""
    return log_density(x, mu, sigma).sum(axis=-1)


def fit(x):
    """μ̂ и σ̂: среднее и корень из среднего квадрата отклонения."""
    mu = x.mean(axis=-1, keepdims=True)  # (..., 1)
    sigma = np.sqrt(((x - mu) ** 2).mean(axis=-1))  # делим на n
    return mu[..., 0], sigma


def log_likelihood_nd(x, mu, cov):
    """ℓ(μ, Σ) в d измерениях."""
    n, d = x.shape
    z = x - mu  # (n, d)
    quadratic = np.sum(z * np.linalg.solve(cov, z.T).T)
    logdet = np.linalg.slogdet(cov).logabsdet
    return -0.5 * (n * d * np.log(2 * np.pi) + n * logdet + quadratic)


def fit_nd(x):
    """μ̂ (d,) и Σ̂ (d, d): то же среднее и те же «квадраты»."""
    mu = x.mean(axis=0)
    z = x - mu  # (n, d)
    return mu, z.T @ z / len(x)


def first_lost(x, mu, sigma):
    """При каком n произведение плотностей — уже 0 или inf."""
    with np.errstate(over="ignore"):
        product = np.cumprod(np.exp(log_density(x, mu, sigma)))
    lost = (product == 0) | np.isinf(product)
    return int(lost.argmax()) + 1


def errors(rng, sizes, samples):
    """Для каждого n: среднее σ̂²/σ² и ошибки μ̂ и σ̂ в долях σ."""
    table = []
    for n in sizes:
        x = rng.normal(MU, SIGMA, (samples, n))  # (B, n)
        mu, sigma = fit(x)  # (B,), (B,)
        rms = [np.sqrt(np.mean(e**2)) / SIGMA
               for e in (mu - MU, sigma - SIGMA)]
        table.append([np.mean(sigma**2) / SIGMA**2, *rms])
    return np.array(table).T  # (3, len(sizes))


def refit_own_samples(rng, ddof):
    """σ по поколениям, если подгонять гауссиану к её же точкам."""
    mu, sigma = np.zeros(RUNS), np.ones(RUNS)
    history = [sigma]
    for _ in range(GENERATIONS):
        noise = rng.standard_normal((RUNS, ELITE))
        mu, sigma = fit(mu[:, None] + sigma[:, None] * noise)
        sigma = sigma * np.sqrt(ELITE / (ELITE - ddof))
        history.append(sigma)
    return np.array(history)  # (K + 1, B)


def ru(number, digits=1):
    text = f"{number:.{digits}f}".replace(".", ",")
    return text.replace("-", "−")


def contours(ax, x):
    """Линии уровня ℓ(μ, σ), подписи — насколько ниже вершины."""
    m, s = np.meshgrid(np.linspace(0, 4, 49), np.linspace(0.7, 3.6, 49))
    drop = (log_likelihood(x, m[..., None], s[..., None])
            - log_likelihood(x, *fit(x)))
    lines = ax.contour(m, s, drop, [-20, -12, -7, -4, -2, -0.5],
                       colors="0.5", linewidths=1, linestyles="-")
    ax.clabel(lines, [-20, -12, -7, -4], fontsize=8,
              fmt=lambda level: ru(level, 0))


def figure_likelihood(x):
    """Сверху — двадцать точек и три гауссианы-кандидата. Снизу —
    лог-правдоподобие ℓ(μ, σ) тех же точек, считая от вершины: каждая
    гауссиана здесь одна точка карты, и вершина ровно одна.

    Два графика друг под другом. На верхнем двадцать вертикальных
    штрихов на оси и три колокола: синий лёг на точки, рыжий сдвинут
    влево и слишком узок, зелёный слишком широк. На нижнем линии
    уровня ℓ по осям μ и σ: замкнутые кривые вокруг звёздочки, внизу,
    при малых σ, они сгущаются. Кандидаты отмечены теми же цветами:
    синяя звезда на вершине, рыжий круг и зелёный квадрат на склонах.
    Чёрный крест, истинные μ и σ, рядом с вершиной, но не на ней.
    """
    candidates = [(*fit(x), "C0", "-", "*"), (0.9, 0.9, "C1", "--", "o"),
                  (2.6, 2.8, "C2", ":", "s")]
    figure, (top, bottom) = plt.subplots(
        2, figsize=(5, 6.4), layout="constrained")
    grid = np.linspace(-4, 8, 121)
    top.plot(x, np.zeros(N), "|", color="black", ms=16, mew=1.2)
    for mu, sigma, color, line, marker in candidates:
        label = f"ℓ = {ru(log_likelihood(x, mu, sigma))}"
        top.plot(grid, np.exp(log_density(grid, mu, sigma)), line,
                 color=color, label=label)
        bottom.plot(mu, sigma, marker, color=color, zorder=3,
                    ms=14 if marker == "*" else 8)
    top.set(xlabel="x", ylabel="плотность", ylim=(-0.03, 0.5))
    top.set_yticks([0, 0.2, 0.4], ["0", "0,2", "0,4"])
    top.legend(handlelength=2.6)
    contours(bottom, x)
    bottom.plot(MU, SIGMA, "x", color="black", ms=9, mew=2)
    bottom.annotate("истина", (MU, SIGMA), (7, 3), fontsize=9,
                    textcoords="offset points")
    bottom.set(xlabel="μ", ylabel="σ",
               xticks=range(5), yticks=[1, 2, 3])
    return figure


def figure_bias(sizes, ratio):
    """Средняя оценка дисперсии лежит ниже истинной ровно на долю 1/n:
    точки — расчёт, кривая — (n − 1)/n.

    По горизонтали размер выборки n от двух до ста, шкала
    логарифмическая. По вертикали среднее σ̂²/σ². Синие точки
    поднимаются от одной второй при n = 2 почти до единицы при
    n = 100 и лежат на кривой (n − 1)/n; пунктир — единица.
    """
    figure, ax = plt.subplots(figsize=(5, 2.9), layout="constrained")
    n = np.geomspace(sizes[0], sizes[-1], 60)
    ax.semilogx(n, (n - 1) / n, color="C1", label="(n − 1)/n")
    ax.plot(sizes, ratio, "o", color="C0", label="среднее σ̂²/σ²")
    ax.axhline(1, color="0.5", ls="--", lw=1)
    ax.set(xlabel="размер выборки n", ylabel="σ̂²/σ²", ylim=(0.4, 1.06))
    ax.set_xticks(sizes, sizes)
    ax.set_yticks([0.5, 0.75, 1], ["0,5", "0,75", "1"])
    ax.minorticks_off()
    ax.legend(loc="lower right")
    return figure


def figure_consistency(sizes, error_mu, error_sigma):
    """Чтобы ошибиться вдесятеро меньше, точек нужно в сто раз больше:
    в логарифмических осях ошибка падает по прямой с наклоном −1/2.

    По горизонтали размер выборки n, по вертикали корень из среднего
    квадрата ошибки в долях σ, обе шкалы логарифмические. Синие круги,
    ошибка μ̂, лежат на прямой σ/√n. Рыжие квадраты, ошибка σ̂, с
    ростом n ложатся на параллельную ей прямую σ/√(2n), она ниже.
    """
    figure, ax = plt.subplots(figsize=(5, 3.1), layout="constrained")
    ax.loglog(sizes, error_mu, "o", color="C0", label="ошибка μ̂")
    ax.loglog(sizes, error_sigma, "s", color="C1", label="ошибка σ̂")
    ax.plot(sizes, sizes**-0.5, "-", color="C0", label="σ/√n")
    ax.plot(sizes, (2 * sizes) ** -0.5, "--", color="C1",
            label="σ/√(2n)")
    ax.set(xlabel="размер выборки n", ylabel="ошибка, в долях σ")
    ax.set_xticks(sizes, sizes)
    ax.set_yticks([0.1, 0.2, 0.5], ["0,1", "0,2", "0,5"])
    ax.minorticks_off()
    ax.legend(ncols=2)
    return figure


def figure_collapse(biased, unbiased):
    """Гауссиану подгоняют к десяти её собственным точкам, и так
    поколение за поколением. Отбора нет, а σ всё равно падает:
    поправка n − 1 замедляет спад, но не отменяет его.

    По горизонтали номер поколения от 0 до 50, по вертикали σ в
    логарифмической шкале. Синяя линия, медиана при делении на n,
    почти прямая и уходит вниз круче; полоса вокруг неё вмещает
    запуски от десятого до девяностого процентиля. Рыжая штриховая
    линия, медиана при делении на n − 1, тоже идёт вниз, но положе.
    """
    figure, ax = plt.subplots(figsize=(5, 3.1), layout="constrained")
    k = np.arange(GENERATIONS + 1)
    low, high = np.percentile(biased, [10, 90], axis=1)
    ax.fill_between(k, low, high, color="C0", alpha=0.2, lw=0)
    ax.semilogy(k, np.median(biased, axis=1), color="C0")
    ax.semilogy(k, np.median(unbiased, axis=1), "--", color="C1")
    ax.text(21, 0.006, "делим на n", color="C0", ha="right")
    ax.text(27, 0.35, "делим на n − 1", color="C1")
    ax.set(xlabel="поколение", ylabel="σ (сначала 1)")
    ax.set_yticks([1, 0.1, 0.01, 0.001], ["1", "0,1", "0,01", "0,001"])
    ax.minorticks_off()
    return figure


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x = rng.normal(MU, SIGMA, N)
    mu, sigma = fit(x)
    print(f"μ̂ = {mu:.4f}")
    print(f"σ̂ = {sigma:.4f}")
    print(f"ℓ в максимуме = {log_likelihood(x, mu, sigma):.4f}")
    print(f"ℓ у истинных μ и σ = {log_likelihood(x, MU, SIGMA):.4f}")
    figure_likelihood(x).savefig("mle-likelihood.svg")

    many = rng.normal(MU, SIGMA, 1000)
    lost = first_lost(many, MU, SIGMA)
    print(f"произведение стало нулём при n = {lost}")
    print(f"ℓ тысячи точек = {log_likelihood(many, MU, SIGMA):.1f}")
    lost = first_lost(rng.normal(MU, 0.01, 1000), MU, 0.01)
    print(f"произведение стало inf при n = {lost}")
    for s in (1, 0.1, 0.01, 0.001):
        ell = log_likelihood(x[:1], x[0], s)
        print(f"ℓ одной точки при σ {s} = {ell:.3f}")

    ratio, error_mu, error_sigma = errors(rng, SIZES, SAMPLES)
    for n, r in zip(SIZES, ratio):
        print(f"среднее σ̂²/σ² при n {n} = {r:.4f}")
    figure_bias(SIZES, ratio).savefig("mle-bias.svg")
    tail = SIZES >= 10  # у σ̂ при малых n мешает смещение
    for name, e in (("μ̂", error_mu), ("σ̂", error_sigma)):
        slope = np.polyfit(np.log(SIZES[tail]), np.log(e[tail]), 1)[0]
        print(f"наклон ошибки {name} = {slope:.3f}")
    figure_consistency(SIZES, error_mu, error_sigma).savefig(
        "mle-consistency.svg")

    biased, unbiased = (refit_own_samples(rng, ddof) for ddof in (0, 1))
    for name, history in (("n", biased), ("n − 1", unbiased)):
        last = history[-1]
        print(f"медиана σ, делим на {name} = {np.median(last):.5f}")
        less = np.mean(last < 1)
        print(f"σ стала меньше 1, делим на {name} = {less:.1%}")
    figure_collapse(biased, unbiased).savefig("mle-collapse.svg")

    pair = rng.multivariate_normal([0, 0], [[2, 1], [1, 1]], N)
    center, cov = fit_nd(pair)
    for name, c in (("Σ̂", cov), ("np.cov", np.cov(pair.T)),
                    ("только диагональ Σ̂", np.diag(np.diag(cov)))):
        print(f"ℓ на плоскости, {name} = "
              f"{log_likelihood_nd(pair, center, c):.4f}")
