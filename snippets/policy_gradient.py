"""Градиент политики на задачах, где его можно сосчитать точно.

Коридор: Sutton R., Barto A. Reinforcement Learning: An Introduction,
2018, пример 13.1. Трюк с производной логарифма: Williams R. Simple
statistical gradient-following algorithms for connectionist
reinforcement learning // Machine Learning, 1992, 8, с. 229–256.
"""

import matplotlib.pyplot as plt
import numpy as np

# коридор: куда ведут «влево» и «вправо», 3 — выход; во второй клетке
# наоборот, а политика клеток не различает
NEXT = np.array([[0, 1], [2, 0], [1, 3]])  # (S, A)
CORRIDOR = np.eye(4)[NEXT][..., :3]  # p(s'|s, a), (S, A, S)
COST = -np.ones((3, 2))  # награда −1 за каждый шаг
START, RATE, STEPS = -2.0, 0.02, 60  # слева от p*, α, шагов подъёма
BEST = 2 - 2**0.5  # p*: корень dJ/dp = 0

THETA, TARGET = 0.5, 2.0  # один шаг: a ~ N(θ, 1), награда ждёт у 2
SIZES = 2 ** np.arange(3, 12)  # размеры выборок N
SAMPLES = 400  # выборок на размер: их разброс известен до 4 %

HORIZON = 4  # длина эпизода: все 1024 траектории можно перебрать
TASKS = 100  # случайных сред


def policy(theta):
    """π_θ(a|s) по логитам θ «вправо» в каждом состоянии, (S, 2)."""
    p = 1 / (1 + np.exp(-theta))
    return np.stack([1 - p, p], axis=-1)


def solve(P, r, pi, gamma=1.0):
    """V, Q и среднее число посещений d — из линейных систем."""
    A = np.eye(len(P)) - gamma * np.einsum("sa,sat->st", pi, P)
    V = np.linalg.solve(A, (pi * r).sum(axis=1))  # V = r + γPV
    d = np.linalg.solve(A.T, np.eye(len(P))[0])  # старт в s = 0
    return V, r + gamma * P @ V, d  # (S,), (S, A), (S,)


def objective(theta, gamma=1.0):
    """J(θ) в коридоре: V стартовой клетки."""
    pi = policy(np.full(3, theta))
    return solve(CORRIDOR, COST, pi, gamma)[0][0]


def gradient(theta, gamma=1.0, visits=None):
    """∇J(θ) = Σ d(s) Σ ∂π(a|s)/∂θ · Q(s, a)."""
    pi = policy(np.full(3, theta))
    _, Q, d = solve(CORRIDOR, COST, pi, gamma)
    if visits is not None:  # тот же d, но с другим γ: потерян γ^t
        d = solve(CORRIDOR, COST, pi, visits)[2]
    return d @ (pi[:, 0] * pi[:, 1] * (Q[:, 1] - Q[:, 0]))


def ascend(slope, steps=STEPS):
    """θ ← θ + α · slope(θ); все θ по порядку."""
    path = [START]
    for _ in range(steps):
        path.append(path[-1] + RATE * slope(path[-1]))
    return np.array(path)


def surrogate_weight(old):
    """Σ d_k(s) π_k(a|s) Q_k(s, a): всё, что заморожено на θ_k."""
    pi = policy(np.full(3, old))
    _, Q, d = solve(CORRIDOR, COST, pi)
    return (d[:, None] * pi * Q).sum(axis=0)  # (A,)


def surrogate(theta, old):
    """L(θ) = J(θ_k) + E_k Σ Q_k (log π_θ − log π_k)."""
    change = np.log(policy(theta)) - np.log(policy(old))  # (..., A)
    return objective(old) + change @ surrogate_weight(old)


def surrogate_slope(theta, old):
    """L'(θ): какую прибавку обещает суррогат."""
    p = policy(theta)[1]
    return surrogate_weight(old) @ np.array([-p, 1 - p])


def density(a, theta):
    """π_θ(a) = N(a; θ, 1)."""
    return np.exp(-((a - theta) ** 2) / 2) / np.sqrt(2 * np.pi)


def reward(a):
    return np.exp(-((a - TARGET) ** 2) / 2)


def score(a, theta):
    """∂ log π_θ(a) / ∂θ."""
    return a - theta


def density_slope(a, theta):
    """∂π_θ(a) / ∂θ, продифференцирована сама плотность."""
    return density(a, theta) * (a - theta)


def exact_gradient(theta):
    """Производная J(θ) = exp(−(θ − 2)²/4)/√2, взятая на бумаге."""
    return (TARGET - theta) / 2**1.5 * np.exp(-((theta - TARGET) ** 2) / 4)


def average(f):
    """E f(a) по a ~ π: численный интеграл, выборка не нужна."""
    a = np.linspace(THETA - 8, THETA + 8, 1001)
    return (density(a, THETA) * f(a)).sum() * (a[1] - a[0])


def spread(b=0.0):
    """σ одного слагаемого score · (R − b)."""
    square = average(lambda a: (score(a, THETA) * (reward(a) - b)) ** 2)
    return np.sqrt(square - exact_gradient(THETA) ** 2)


def monte_carlo(rng, n):
    """Оценки ∇J: среднее score · R по n действиям из π, (SAMPLES,)."""
    a = rng.normal(THETA, 1, (SAMPLES, n))
    return (score(a, THETA) * reward(a)).mean(axis=1)


def random_task(rng, states=4):
    """Случайная среда: переходы, награды около 5 и логиты θ."""
    P = rng.dirichlet(np.ones(states), (states, 2))
    return P, rng.normal(5, 1, (states, 2)), rng.normal(0, 1, states)


def all_trajectories(P, pi):
    """Все траектории длины T из s = 0: s, a (T, K) и p(τ) (K,)."""
    T, (S, A) = HORIZON, pi.shape
    index = np.indices((A,) * T + (S,) * (T - 1)).reshape(2 * T - 1, -1)
    a, s = index[:T], np.vstack([0 * index[:1], index[T:]])
    p = pi[s, a].prod(axis=0) * P[s[:-1], a[:-1], s[1:]].prod(axis=0)
    return s, a, p


def values(P, r, pi):
    """V_t(s) и Q_t(s, a): от последнего шага к первому."""
    Q = [r]
    for _ in range(HORIZON - 1):
        Q.insert(0, r + P @ (pi * Q[0]).sum(axis=1))
    return (pi * Q).sum(axis=2), np.array(Q)  # (T, S), (T, S, A)


def estimators(P, r, theta):
    """Для каждого веса при ∇ log π: среднее и след ковариации."""
    pi = policy(theta)
    s, a, p = all_trajectories(P, pi)
    V, Q = values(P, r, pi)
    G = r[s, a][::-1].cumsum(axis=0)[::-1]  # (T, K)
    t, one = np.arange(HORIZON)[:, None], np.ones_like(G)
    weights = {"R(τ)": G[0] * one, "G": G, "G − V": G - V[t, s],
               "G − Q": G - Q[t, s, a], "1": one,
               "среднее log π": G.mean(axis=0) * one,
               "стандартизация": (G - G.mean(axis=0)) / G.std(axis=0)}
    dlogp = np.eye(len(P))[s] * (a - pi[s, 1])[..., None]  # ∇ log π
    g = {name: np.einsum("tk,tks->ks", w, dlogp)
         for name, w in weights.items()}
    return {name: (p @ g, p @ (g**2).sum(axis=1) - np.sum((p @ g) ** 2))
            for name, g in g.items()}


def compare(rng):
    """Для каждого веса по TASKS средам: косинус, длина, след."""
    table = {}
    for _ in range(TASKS):
        result = estimators(*random_task(rng))
        exact = result["R(τ)"][0]
        for name, (mean, trace) in result.items():
            size = np.linalg.norm(mean), np.linalg.norm(exact)
            row = mean @ exact / np.prod(size), size[0] / size[1], trace
            table.setdefault(name, []).append(row)
    return {name: np.array(rows).T for name, rows in table.items()}


def ru(number, digits=2):
    return f"{number:.{digits}f}".replace(".", ",").replace("-", "−")


def draw_corridor(ax):
    """В каждой клетке: куда ведёт «вправо» и куда «влево»."""
    for s, row in enumerate(NEXT):
        for a, target in enumerate(row):
            way, y = np.sign(target - s) or -1, 0.2 if a else -0.2
            ax.annotate("", (s + 0.4 * way, y), (s - 0.3 * way, y),
                        arrowprops={"arrowstyle": "->", "lw": 1.5,
                                    "ls": "-" if a else "--",
                                    "color": f"C{1 - a}"})
    ax.vlines(np.arange(-0.5, 3), -0.4, 0.4, color="0.5", lw=1.5)
    ax.hlines([-0.4, 0.4], -0.5, 3.4, color="0.5", lw=1.5)
    for x, name in enumerate(["старт", "всё наоборот", "", "выход"]):
        ax.text(x, -0.5, name, ha="center", va="top")
    ax.text(-0.6, 0.2, "вправо", color="C0", ha="right", va="center")
    ax.text(-0.6, -0.2, "влево", color="C1", ha="right", va="center")
    ax.set(xlim=(-1.5, 3.5), ylim=(-0.8, 0.5))
    ax.axis("off")


def figure_ascent(path):
    """Шаги θ ← θ + α∇J поднимаются по точной кривой J(θ). Чем круче
    склон, тем длиннее шаг; у вершины шаги замирают сами.

    Сверху коридор: три клетки и выход справа, в каждой клетке две
    стрелки. Сплошная «вправо» ведёт вправо, штриховая «влево» влево,
    но во второй клетке обе повёрнуты наоборот. Ниже кривая J(θ):
    слева крутой подъём, плоская вершина чуть правее нуля, справа
    спуск. Круги, шаги подъёма, идут слева вверх: первые далеко друг
    от друга, последние слились под звездой на вершине. Верхняя шкала
    переводит θ в вероятность p.
    """
    figure, (top, ax) = plt.subplots(
        2, figsize=(5, 5), layout="constrained", height_ratios=[2, 7])
    draw_corridor(top)
    theta = np.linspace(-2.6, 3, 113)
    ax.plot(theta, [objective(t) for t in theta], color="black")
    ax.plot(path, [objective(t) for t in path], "o", color="C0", ms=6)
    best = np.log(BEST / (1 - BEST))
    ax.plot(best, objective(best), "*", color="C1", ms=15)
    for k in range(3):
        ax.annotate(f"θ{'₀₁₂'[k]}", (path[k], objective(path[k])),
                    (-8, 3), textcoords="offset points", ha="right")
    ax.annotate(f"p* = {ru(BEST, 3)}\nJ* = {ru(objective(best))}",
                (best, objective(best)), (0, -14), va="top",
                ha="center", textcoords="offset points")
    ax.set(xlabel="θ, логит действия «вправо»", xlim=(-2.7, 3.1),
           ylabel="J(θ) — минус среднее число шагов", ylim=(-50, -5))
    p = [0.1, 0.3, 0.5, 0.7, 0.9]
    twin = ax.secondary_xaxis("top")
    twin.set_xticks([np.log(q / (1 - q)) for q in p], [ru(q, 1) for q in p])
    twin.set_xlabel("p = π(вправо)")
    return figure


def lobes(ax, a, y, left, right):
    """Закрасить горбы под осью и над осью, подписать площади."""
    for part, color, place in ((np.minimum(y, 0), "C1", left),
                               (np.maximum(y, 0), "C0", right)):
        area = part.sum() * (a[1] - a[0])
        ax.fill_between(a, part, color=color, alpha=0.35, lw=0)
        ax.text(*place, ("+" if area > 0 else "") + ru(area, 3),
                color=color, ha="center")
    ax.plot(a, y, color="black", lw=1.2)
    ax.axhline(0, color="0.5", lw=0.8)
    ax.set_yticks([-0.2, 0, 0.2], ["−0,2", "0", "0,2"])


def figure_integral():
    """π — плотность, из неё можно брать действия. ∂π/∂θ уже нет:
    слева она отрицательна, и площади двух горбов в сумме дают ноль.
    Разыгрывать тут нечего, остаётся интеграл.

    Три графика над общей осью действий a. Верхний: синий колокол
    π(a) с центром в θ и штриховой рыжий колокол награды R(a), он
    правее. Средний: ∂π/∂θ, слева от θ горб вниз, справа такой же
    горб вверх. Нижний: ∂π/∂θ · R: горб вниз почти исчез, горб вверх
    остался, и сумма их площадей — градиент ∇J.
    """
    figure, axes = plt.subplots(
        3, figsize=(5, 6), layout="constrained", sharex=True)
    a = np.linspace(-3.5, 4.5, 101)
    slope = density_slope(a, THETA)
    axes[0].plot(a, density(a, THETA), color="C0")
    axes[0].plot(a, reward(a), "--", color="C1")
    axes[0].text(-0.6, 0.33, "π(a)", color="C0", ha="right")
    axes[0].text(2.9, 0.8, "R(a)", color="C1")
    axes[0].text(THETA - 0.1, 0.93, "θ", ha="right")
    axes[0].set(ylabel="π и R")
    axes[0].set_yticks([0, 0.5, 1], ["0", "0,5", "1"])
    lobes(axes[1], a, slope, (-2, -0.17), (3, 0.12))
    axes[1].set(ylabel="∂π/∂θ")
    axes[1].text(-3.4, 0.15, "площадь: 0")
    lobes(axes[2], a, slope * reward(a), (-1, -0.08), (3.2, 0.12))
    axes[2].set(ylabel="∂π/∂θ · R", xlabel="действие a", ylim=(-0.12, 0.27))
    axes[2].text(-3.4, 0.15, f"площадь: ∇J = {ru(exact_gradient(THETA), 3)}")
    for ax in axes:
        ax.axvline(THETA, color="0.5", ls=":", lw=1)
    return figure


def figure_log_derivative(estimates, rng):
    """Кривая та же, что на прошлом рисунке, но записана как плотность
    π, умноженная на число. Это снова матожидание, и его можно набрать
    выборкой: ошибка убывает как N в степени −1/2.

    Три графика. Верхний: широкая серая линия ∂π/∂θ · R и поверх неё
    синий пунктир π · ∂log π/∂θ · R, они совпали; внизу штрихи, три
    десятка действий, взятых из π. Средний: пять наборов оценок по
    мере роста N: сначала вразброс, потом прижимаются к пунктиру ∇J;
    почти все лежат в серой полосе 95 %, которая сужается. Нижний:
    ошибка против N, обе шкалы логарифмические, круги лежат на прямой
    с наклоном −1/2.
    """
    figure, axes = plt.subplots(3, figsize=(5, 7), layout="constrained")
    a, exact = np.linspace(-3.5, 4.5, 101), exact_gradient(THETA)
    axes[0].plot(a, density_slope(a, THETA) * reward(a), color="0.5",
                 lw=6, alpha=0.5, label="∂π/∂θ · R")
    axes[0].plot(a, density(a, THETA) * score(a, THETA) * reward(a),
                 "--", color="C0", label="π · ∂log π/∂θ · R")
    axes[0].plot(rng.normal(THETA, 1, 30), np.full(30, -0.1), "|",
                 color="black", ms=9, label="a из π")
    axes[0].legend(loc="upper left", handlelength=1.6)
    axes[0].set(xlabel="действие a", ylim=(-0.14, 0.42))
    sigma = spread() / SIZES**0.5
    band = 1.96 * sigma
    axes[1].fill_between(SIZES, exact - band, exact + band, color="0.5",
                         alpha=0.3, lw=0)
    axes[1].semilogx(SIZES, estimates[:, :5], ".-", color="C0", lw=0.8)
    axes[1].axhline(exact, color="black", ls="--", lw=1)
    axes[1].set(ylabel="оценка ∇J", ylim=(exact - 0.55, exact + 0.55))
    axes[2].loglog(SIZES, estimates.std(axis=1), "o", color="C0")
    axes[2].plot(SIZES, sigma, color="C1")
    axes[2].text(130, 0.055, "σ/√N: наклон −1/2", color="C1")
    axes[2].set(xlabel="размер выборки N", ylabel="ошибка оценки")
    axes[2].set_yticks([0.2, 0.1, 0.05, 0.02, 0.01],
                       ["0,2", "0,1", "0,05", "0,02", "0,01"])
    for ax in axes[:2]:
        ax.yaxis.set_major_formatter(lambda y, _: ru(y, 1))
    for ax in axes[1:]:
        ax.set_xticks([10, 100, 1000], ["10", "100", "1000"])
        ax.minorticks_off()
    return figure


def figure_surrogate(path, frozen):
    """Каждый суррогат касается J(θ) только в своей точке, а вдали от
    неё обещает что угодно. Снизу: второй шаг на старых данных ещё
    удачен, третий сбрасывает политику в пропасть.

    Верхний график: чёрная кривая J(θ) с вершиной и три цветные кривые
    разного пунктира. Каждая касается чёрной в отмеченной точке, A,
    B или C, и уходит от неё вверх по обе стороны. Нижний график: J
    по шагам подъёма. Синие круги, данные собраны заново на каждом
    шаге, поднимаются к вершине и остаются там. Рыжие квадраты, данные
    только с первого шага: сначала обгоняют синие, потом линия
    обрывается вниз за край рисунка.
    """
    figure, (top, bottom) = plt.subplots(
        2, figsize=(5, 6), layout="constrained", height_ratios=[3, 2])
    theta = np.linspace(-3, 3, 101)
    top.plot(theta, [objective(t) for t in theta], color="black", lw=2.4)
    style = zip((START, -0.8, 1.5), ("C0", "C1", "C2"), ("--", "-.", ":"))
    for name, (old, color, line) in zip("ABC", style):
        curve = surrogate(theta, old)
        top.plot(theta[curve < 0], curve[curve < 0], line, color=color)
        top.plot(old, objective(old), "o", color=color, ms=8)
        top.annotate(name, (old, objective(old)), ha="center",
                     xytext=(-12 * np.sign(old), -16),
                     textcoords="offset points")
    top.text(2.2, -34, "J(θ)", ha="right")
    top.set(xlabel="θ", ylabel="J(θ) и три суррогата", ylim=(-50, 0))
    bottom.plot([objective(t) for t in path[:9]], "o-", color="C0", ms=5)
    stale = np.array([objective(t) for t in frozen])
    bottom.plot(np.maximum(stale, -1000), "s--", color="C1")
    bottom.text(8, -18, "данные новые\nна каждом шаге", color="C0",
                ha="right", va="top")
    bottom.text(2.2, -36, "данные с шага 0:\nна шаге 3 "
                f"J = {ru(stale[3] / 1e6, 1)} млн", color="C1")
    bottom.set(xlabel="шаг", ylabel="J(θ)", ylim=(-40, -8))
    return figure


def main():
    rng = np.random.default_rng(0)
    path = ascend(gradient)
    print(f"p* = {BEST:.4f}")
    print(f"θ* = {np.log(BEST / (1 - BEST)):.4f}")
    print(f"J* = {objective(np.log(BEST / (1 - BEST))):.4f}")
    print(f"J(θ₀) = {objective(START):.2f}")
    print(f"∇J(θ₀) = {gradient(START):.2f}")
    print(f"шагов подъёма = {STEPS}")
    print(f"p после подъёма = {policy(path[-1])[1]:.4f}")
    print(f"J после подъёма = {objective(path[-1]):.4f}")
    figure_ascent(path).savefig("policy_gradient-ascent.svg")

    true, lost = gradient(START, 0.9), gradient(START, 0.9, 1.0)
    print(f"∇J(θ₀) при γ 0.9 = {true:.3f}")
    print(f"то же без γ^t = {lost:.3f}")
    print(f"без γ^t длиннее в = {lost / true:.2f}")
    past = np.log(0.65 / 0.35)
    print(f"∇J при γ 0.5 и p 0.65 = {gradient(past, 0.5):.4f}")
    print(f"без γ^t, γ 0.5 и p 0.65 = {gradient(past, 0.5, 1.0):.4f}")

    exact = exact_gradient(THETA)
    print(f"∇J одного шага = {exact:.4f}")
    figure_integral().savefig("policy_gradient-integral.svg")
    estimates = np.array([monte_carlo(rng, n) for n in SIZES])
    sigma = spread() / SIZES**0.5
    errors = estimates.std(axis=1)
    slope = np.polyfit(np.log(SIZES), np.log(errors), 1)[0]
    print(f"наклон ошибки = {slope:.3f}")
    print(f"ошибка при N {SIZES[0]} = {errors[0]:.4f}")
    print(f"ошибка при N {SIZES[-1]} = {errors[-1]:.4f}")
    best = average(lambda a: score(a, THETA) ** 2 * reward(a))
    for name, b in (("0", 0), ("J", average(reward)), ("b*", best)):
        print(f"бейзлайн {name} = {b:.3f}")
        print(f"дисперсия с бейзлайном {name} = {spread(b) ** 2:.4f}")
    inside = np.abs(estimates - exact) < 1.96 * sigma[:, None]
    print(f"доля оценок в полосе = {inside.mean():.1%}")
    figure_log_derivative(estimates, rng).savefig(
        "policy_gradient-log_derivative.svg")

    frozen = ascend(lambda theta: surrogate_slope(theta, START), 3)
    for k in (1, 2, 3):
        print(f"J заново, шаг {k} = {objective(path[k]):.2f}")
        print(f"J на старых данных, шаг {k} = {objective(frozen[k]):.4g}")
        print(f"суррогат обещал, шаг {k} = {surrogate(frozen[k], START):.3g}")
    figure_surrogate(path, frozen).savefig("policy_gradient-surrogate.svg")

    table = compare(rng)
    for name, (_, length, trace) in table.items():
        print(f"{name}: длина = {np.median(length):.3f}")
        print(f"{name}: след = {np.median(trace):.3g}")
    for name in ("среднее log π", "стандартизация"):
        cos = table[name][0]
        print(f"{name}: косинус = {np.median(cos):.3f}")
        print(f"{name}: худший косинус = {cos.min():.2f}")


if __name__ == "__main__":
    main()
