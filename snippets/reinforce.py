"""REINFORCE: градиент политики по сыгранным эпизодам, на CartPole-v1.

Williams R. Simple statistical gradient-following algorithms for
connectionist reinforcement learning // Machine Learning, 1992, 8,
с. 229–256. Sutton R., Barto A. Reinforcement Learning, 2018: § 13.3
и 13.4. Тележка: Gymnasium 1.4, CartPole-v1, шаг Эйлера.
"""

import matplotlib.pyplot as plt
import numpy as np

CARTS = 64  # эпизодов на один шаг: хватает и для g, и для бейзлайна
UPDATES = 6  # шагов по градиенту, дальше учиться уже нечему
STEP = 4.0  # длина первого шага; дальше шаги линейно убывают до нуля
LIMIT = 500  # столько шагов длится эпизод, если тележка не упала
FALL = 12 * np.pi / 180  # рад: наклонился сильнее — упал
GRID = 2.0**28  # x + GRID − GRID: округлить x до 2⁻²⁴
SCALE = np.array([2.4, 2, 0.21, 2])  # размах x, v, угла и w
RUNS = 10  # обучений на кривой
HALFWAY = np.array([0.5, 1.5, 2.5, 3])  # политика на полпути: R около 250
BATCHES = 16  # батчей на дисперсию: её ошибка до 10 %


def reset(n, rng):
    """Начальные состояния n тележек, (4, n): равномерно из ±0,05."""
    return rng.uniform(-0.05, 0.05, (n, 4)).T


def step(s, a, m=np):
    """Шаг CartPole-v1: s = (x, v, угол, w), a из {0, 1} → (s', упал ли).

    Одна тележка — числа и m = math, n тележек — массивы (n,). Сила
    10 Н, вся масса M = 1,1 кг, у шеста ml = 0,05 кг·м, M / ml = 22.
    """
    x, v, angle, w = s  # м, м/с, рад, рад/с
    cos, sin = m.cos(angle) + GRID - GRID, m.sin(angle) + GRID - GRID
    temp = 20 / 1.1 * a - 10 / 1.1 + w * w * sin / 22  # м/с²
    acc = (9.8 * sin - cos * temp) / (2 / 3 - cos * cos / 22)
    dv = temp - acc * cos / 22
    x, v = x + 0.02 * v, v + 0.02 * dv
    angle, w = angle + 0.02 * w, w + 0.02 * acc
    done = (abs(x) > 2.4) | (abs(angle) > FALL)
    return (x, v, angle, w), done


def policy(theta, phi):
    """π_θ(a = 1|s): сигмоида от θ·φ, признаки φ — это s / SCALE."""
    logit = (theta * phi).sum(axis=0)  # (4, N) → (N,)
    return 0.5 + 0.5 * np.tanh(logit / 2)  # сигмоида без переполнения


def rollout(theta, rng):
    """По CARTS = n эпизодов на каждую из B политик θ (B, 4).

    Признаки φ (T, B, n, 4), отклонения a − π и награды (T, B, n).
    """
    w = np.repeat(theta, CARTS, axis=0).T  # (4, N), N = B · CARTS
    s, r, steps = reset(w.shape[1], rng), np.ones(w.shape[1]), []
    while r.any() and len(steps) < LIMIT:
        phi = np.array(s) / SCALE[:, None]
        p = policy(w, phi)
        a = rng.random(len(p)) < p
        steps.append((phi, a - p, r))
        s, done = step(s, a)
        r = r * ~done  # упавшей тележке наград больше нет
    phi, e, r = map(np.array, zip(*steps))
    shape = len(steps), len(theta), CARTS
    phi = phi.swapaxes(1, 2)  # (T, N, 4)
    return phi.reshape(*shape, 4), e.reshape(shape), r.reshape(shape)


def reward_to_go(r):
    """G_t = r_t + r_{t+1} + … до конца эпизода."""
    return r[::-1].cumsum(axis=0)[::-1]


def baseline(G, r):
    """b_t: среднее G_t по тележкам, которые на шаге t ещё едут."""
    live = np.maximum(r.sum(axis=-1, keepdims=True), 1)
    return G.sum(axis=-1, keepdims=True) / live  # (T, B, 1)


def gradient(phi, e, weight):
    """Σ_t ∇ log π_θ(a_t|s_t) · weight_t, где ∇ log π = (a − π) φ."""
    return np.einsum("tbn,tbnd->bnd", e * weight, phi)  # (B, n, 4)


def loss(e, weight):
    """−Σ_t log π_θ(a_t|s_t) · weight_t, (B,)."""
    # вероятность сделанного хода — 1 − |a − π|
    return -(np.log(1 - abs(e)) * weight).sum(axis=0).mean(axis=-1)


def train(rng, runs=1):
    """Обучения с нуля: θ и по шагам средняя награда и потери."""
    theta, history = np.zeros((runs, 4)), []  # (B, 4)
    for k in range(UPDATES):
        phi, e, r = rollout(theta, rng)
        G = reward_to_go(r)
        g = gradient(phi, e, r * (G - baseline(G, r))).mean(axis=1)
        length = np.linalg.norm(g, axis=1, keepdims=True) + 1e-9
        theta = theta + STEP * (1 - k / UPDATES) * g / length
        history.append((r.sum(axis=0).mean(axis=-1), loss(e, r * G)))
    return theta, np.array(history)  # (B, 4), (UPDATES, 2, B)


def estimates(rng):
    """∇J на полпути по одному эпизоду, три веса, (BATCHES · n, 4)."""
    phi, e, r = rollout(np.tile(HALFWAY, (BATCHES, 1)), rng)
    G = reward_to_go(r)
    weights = {"R(τ)": G[0], "G": G, "G − b": G - baseline(G, r)}
    return {name: gradient(phi, e, r * weight).reshape(-1, 4)
            for name, weight in weights.items()}


def project(g, samples):
    """Проекции оценок на направление ∇J и его длина."""
    mean = samples["G − b"].mean(axis=0)  # разброс тут наименьший
    size = np.linalg.norm(mean)
    return g @ mean / size, size


def trace(g):
    return np.trace(np.cov(g.T))


def ru(number, digits=0):
    return f"{number:.{digits}f}".replace(".", ",").replace("-", "−")


def figure_learning(history, final):
    """Сверху средняя награда растёт до потолка за шесть шагов. Снизу
    потери −Σ log π · G тех же обучений: политика становится лучше, а
    они растут. Смотреть на них незачем.

    Два графика над общей осью: сколько эпизодов сыграно до шага.
    Верхний: медиана средней награды десяти обучений и полоса от
    десятого до девяностого процентиля; кривая круто поднимается
    примерно с двадцати и упирается в пунктир 500. Нижний, в
    логарифмической шкале: медиана и полоса потерь, они поднимаются
    на два порядка вместе с наградой и остаются наверху.
    """
    figure, axes = plt.subplots(2, figsize=(5, 5), sharex=True)
    figure.subplots_adjust(0.17, 0.095, 0.985, 0.985, hspace=0.08)
    played = CARTS * np.arange(UPDATES + 1)
    returns = np.vstack([history[:, 0], final])
    for ax, y, style in ((axes[0], returns, "o-C0"),
                         (axes[1], history[:, 1], "s--C1")):
        low, middle, high = np.percentile(y, [10, 50, 90], axis=1)
        k = played[: len(y)]
        ax.fill_between(k, low, high, color=style[-2:], alpha=0.25, lw=0)
        ax.plot(k, middle, style[:-2], color=style[-2:], ms=6)
    axes[0].axhline(LIMIT, color="0.5", ls="--", lw=1)
    axes[0].set(ylabel="средняя награда R(τ)", ylim=(0, 540))
    axes[1].set(ylabel="потери −Σ log π · G", yscale="log",
                xlabel="сыграно эпизодов", xticks=played)
    axes[1].set_yticks([100, 1000, 10_000], ["100", "1000", "10 000"])
    axes[1].minorticks_off()
    return figure


def figure_variance(samples):
    """Одна и та же политика, одни и те же эпизоды, три оценки ∇J.
    Среднее у всех одно, пунктир, а разброс разный: прошлые награды
    только шумят, а бейзлайн вычитает то, что досталось всем.

    Три гистограммы друг под другом с общей осью: проекция оценки по
    одному эпизоду на направление градиента. Верхняя, вес R(τ), самая
    широкая: высокий горб левее нуля и длинный хвост вправо. Средняя,
    вес G, вдвое уже, её горб стоит на нуле. Нижняя, вес G − b, узкая
    и стоит вокруг пунктира. Чёрным обведена часть левее нуля: такие
    оценки зовут прочь от вершины. Сверху вниз их всё меньше.
    """
    figure, axes = plt.subplots(3, figsize=(5, 5.6), sharex=True)
    figure.subplots_adjust(0.12, 0.085, 0.985, 0.985, hspace=0.1)
    names = ("полная награда R(τ)", "награда до конца G",
             "с бейзлайном: G − b")
    for k, (ax, g) in enumerate(zip(axes, samples.values())):
        along, size = project(g, samples)
        bins = np.arange(-3000, 5800, 200)
        ax.hist(along, bins, histtype="stepfilled", color=f"C{k}", alpha=0.8)
        ax.hist(along[along < 0], bins, histtype="step", color="black")
        ax.axvline(size, color="black", ls="--", lw=1)
        ax.text(0.98, 0.95, f"{names[k]}\n"
                f"след ковариации {ru(trace(g) / 1e6, 2)} млн\n"
                f"не туда: {ru(100 * np.mean(along < 0))}\u00a0%",
                ha="right", va="top", transform=ax.transAxes)
        ax.set(ylabel="эпизодов")
    axes[2].set(xlabel="проекция оценки на ∇J", xlim=(-3000, 5600),
                xticks=range(-2000, 6000, 2000))
    return figure


def main():
    rng = np.random.default_rng(0)
    samples = estimates(rng)
    print(f"эпизодов на дисперсию = {CARTS * BATCHES}")
    for name, g in samples.items():
        along = project(g, samples)[0]
        error = along.std() / len(along) ** 0.5
        print(f"{name}: след ковариации, млн = {trace(g) / 1e6:.2f}")
        print(f"{name}: среднее = {along.mean():.0f}")
        print(f"{name}: стандартная ошибка = {error:.0f}")
        print(f"{name}: не туда = {np.mean(along < 0):.0%}")
    times = trace(samples["R(τ)"]) / trace(samples["G − b"])
    print(f"R(τ) шумит сильнее, чем G − b, в = {times:.1f}")
    figure_variance(samples).savefig("reinforce-variance.svg")

    theta, history = train(rng, RUNS)
    final = rollout(theta, rng)[2].sum(axis=0).mean(axis=-1)
    median = np.median(history, axis=-1)
    print(f"эпизодов на обучение = {UPDATES * CARTS}")
    print(f"награда до обучения = {median[0, 0]:.1f}")
    print(f"награда после обучения = {np.median(final):.1f}")
    print(f"худшее из {RUNS} обучений = {final.min():.1f}")
    print(f"потери до обучения = {median[0, 1]:.0f}")
    print(f"потери на последнем шаге = {median[-1, 1]:.0f}")
    figure_learning(history, final).savefig("reinforce-learning.svg")


if __name__ == "__main__":
    main()
