"""Цикл «агент — среда»: наблюдение, действие, награда, и так до конца.

Sutton R., Barto A. Reinforcement Learning: An Introduction, 2018:
§ 3.1–3.3. Среда — CartPole-v1 из Gymnasium: Barto A., Sutton R.,
Anderson C., 1983.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

LIMIT = 500  # на этом шаге CartPole-v1 обрывает эпизод
FALL = 12 * np.pi / 180  # рад: наклонился сильнее — упал
GRID = 2.0**28  # x + GRID − GRID: округлить x до 2⁻²⁴
GAMMA = 0.99  # коэффициент дисконтирования
AHEAD = 0.25  # с: на столько вперёд политика предсказывает угол
EPISODES = 1000  # на политику: медиана точна до шага
LONG = 5000  # эпизод без обрыва: хватает, чтобы увидеть медиану


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


def random_policy(s, rng):
    """Монетка: на наблюдение не смотрит."""
    return rng.integers(2, size=np.shape(s[0]))


def angle_policy(s, rng):
    """Толкаем туда, куда наклонён шест."""
    return 1 * (s[2] > 0)


def forecast_policy(s, rng):
    """Толкаем туда, куда шест наклонится через AHEAD секунд."""
    return 1 * (s[2] + AHEAD * s[3] > 0)


def episode(policy, rng, limit=LIMIT):
    """Один эпизод: s (T + 1, 4), a (T,), r (T,) и упал ли шест."""
    s, terminated = reset(1, rng)[:, 0].tolist(), False
    states, actions, rewards = [s], [], []
    while not terminated and len(rewards) < limit:
        a = policy(s, rng)  # агент смотрит и выбирает
        s, terminated = step(s, a, math)  # среда отвечает
        states.append(s)
        actions.append(a)
        rewards.append(1.0)  # в CartPole награда за шаг всегда 1
    path = map(np.array, (states, actions, rewards))
    return *path, terminated


def reward_to_go(r, gamma, v_last=0.0):
    """Gₜ = rₜ + γGₜ₊₁ с конца; v_last — цена того, что после конца."""
    G, following = np.empty(len(r)), v_last
    for t in reversed(range(len(r))):
        G[t] = following = r[t] + gamma * following
    return G


def lengths(policy, n, rng, limit=LIMIT):
    """Сколько шагов длились n эпизодов; все тележки едут сразу."""
    s, alive = reset(n, rng), np.ones(n, dtype=bool)  # (4, n), (n,)
    steps = np.zeros(n, dtype=int)
    while alive.any() and steps.max() < limit:
        steps += alive
        s, done = step(s, policy(s, rng))
        alive &= ~done
    return steps


def ru(number, digits=3):
    return f"{number:.{digits}f}".replace(".", ",").replace("-", "−")


def box(ax, x, y, w, h, color):
    ax.add_patch(FancyBboxPatch(
        (x + 0.15, y + 0.15), w - 0.3, h - 0.3, lw=1.6,
        fc="white", ec=color, boxstyle="round,pad=0.15"))


def arrow(ax, start, end, color):
    ax.add_patch(FancyArrowPatch(
        start, end, color=color, lw=2.2, mutation_scale=15,
        arrowstyle="-|>", shrinkA=0, shrinkB=0))


def draw_robot(ax, x, y):
    ax.plot([x, x], [y + 0.5, y + 0.85], color="C0")
    ax.add_patch(Circle((x, y + 0.95), 0.1, color="C0"))
    box(ax, x - 0.75, y - 0.5, 1.5, 1.0, "C0")
    for side in (-0.3, 0.3):
        ax.add_patch(Circle((x + side, y + 0.1), 0.13, color="C0"))
    ax.plot([x - 0.3, x + 0.3], [y - 0.25, y - 0.25], color="C0")


def draw_cart(ax, x, y, angle):
    ax.plot([x - 1.1, x + 1.1], [y - 0.55, y - 0.55], color="0.5", lw=1)
    box(ax, x - 0.6, y - 0.35, 1.2, 0.42, "C1")
    for side in (-0.35, 0.35):
        ax.add_patch(Circle((x + side, y - 0.43), 0.12, color="C1"))
    top = (x + 1.15 * np.sin(angle), y + 0.1 + 1.15 * np.cos(angle))
    ax.plot([x, top[0]], [y + 0.07, top[1]], color="C1", lw=4,
            solid_capstyle="round")


def draw_table(ax, top, rows):
    columns = (0.4, 2.2, 3.9, 5.6, 7.4, 8.6, 9.7)
    for i, row in enumerate(rows):
        for j, (x, cell) in enumerate(zip(columns, row)):
            ax.text(x, top - 0.7 * i, cell, ha="right", fontsize=9,
                    weight="normal" if i else "bold",
                    color="C1" if i and j == 3 else "black")
    ax.plot([0, 9.8], [top - 0.2, top - 0.2], color="0.5", lw=0.8)


def figure_loop(s, a, r):
    """Агент и среда обмениваются тремя величинами: туда идёт действие,
    обратно — награда и новое наблюдение. Под схемой настоящий эпизод:
    толчок вправо, a = 1, стоит там, где угол φ больше нуля, а в
    последней строке шест уже упал.

    Слева рамка «Агент» с роботом, справа рамка «Среда» с тележкой и
    наклонившимся шестом. Верхняя стрелка, от агента к среде: действие
    a₀. Две нижние, от среды к агенту: награда r₀ и наблюдение s₁. Ниже
    таблица: шесть первых шагов и последнее состояние. В её столбцах
    номер шага t, четыре числа состояния (положение x, скорость v, угол
    φ, угловая скорость ω), действие a и награда r.
    """
    figure, ax = plt.subplots(figsize=(5, 5.5), layout="constrained")
    ax.set(xlim=(-0.1, 10.1), ylim=(-0.6, 10.5), aspect="equal")
    ax.axis("off")
    box(ax, 0, 6.4, 3, 4, "C0")
    box(ax, 7, 6.4, 3, 4, "C1")
    ax.text(1.5, 9.75, "Агент", ha="center", weight="bold", color="C0")
    ax.text(8.5, 9.75, "Среда", ha="center", weight="bold", color="C1")
    ax.text(1.5, 6.75, "политика π", ha="center", fontsize=9)
    ax.text(8.5, 6.75, "состояние s", ha="center", fontsize=9)
    draw_robot(ax, 1.5, 8.1)
    draw_cart(ax, 8.5, 8.1, s[-1, 2])
    side = "вправо" if a[0] else "влево"
    for y, start, end, color, text in (
            (9.5, 3.1, 6.9, "C0", f"действие a₀ = {a[0]}, {side}"),
            (8.2, 6.9, 3.1, "C2", f"награда r₀ = {r[0]:.0f}"),
            (6.9, 6.9, 3.1, "C1", "наблюдение s₁")):
        arrow(ax, (start, y), (end, y), color)
        ax.text(5, y + 0.2, text, ha="center", fontsize=9)
    first = [[str(t), *map(ru, s[t]), str(a[t]), f"{r[t]:.0f}"]
             for t in range(6)]
    last = [str(len(r)), *map(ru, s[-1]), "—", "—"]
    names = ("t", "x, м", "v, м/с", "φ, рад", "ω, рад/с", "a", "r")
    draw_table(ax, 5.3, [names, *first, ["…"] * 7, last])
    return figure


def figure_angle(runs):
    """Монетка роняет шест случайно. Политика, которая смотрит только
    на угол, раскачивает его всё сильнее. Той, что учитывает ещё и
    скорость, хватает мелкой дрожи.

    По горизонтали время в секундах, по вертикали угол шеста в градусах.
    Серый пунктир на плюс и минус двенадцати градусах — падение. Серая
    точечная линия, случайная политика, уходит за пунктир; рыжая
    штриховая, политика по углу, колеблется с растущим размахом и тоже
    его пересекает; синяя сплошная, с прогнозом, держится около нуля до
    конца картинки.
    """
    figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
    looks = (("монетка", "0.5", ":"), ("по углу", "C1", "--"),
             ("с прогнозом", "C0", "-"))
    for s, (label, color, line) in zip(runs, looks):
        angle = np.degrees(s[:61, 2])
        ax.plot(0.02 * np.arange(len(angle)), angle, line, color=color,
                label=label)
        if len(s) < 61:
            ax.plot(0.02 * (len(s) - 1), angle[-1], "x", color=color,
                    ms=8, mew=2)
    for edge in (-12, 12):
        ax.axhline(edge, color="0.5", ls=(0, (4, 4)), lw=1)
    ax.set(xlabel="время, с", ylabel="угол шеста φ, °", ylim=(-16, 20))
    ax.set_yticks([-12, -6, 0, 6, 12], ["−12", "−6", "0", "6", "12"])
    ax.set_xticks([0, 0.4, 0.8, 1.2], ["0", "0,4", "0,8", "1,2"])
    ax.legend(ncols=3, loc="upper center", handlelength=2.4,
              columnspacing=1.2)
    return figure


def figure_truncation(true, cut, mended):
    """Обрыв по времени — не падение. Если принять одно за другое, цена
    последних шагов валится к единице, хотя шест стоит; если прибавить
    цену состояния, на котором оборвали, она остаётся верной.

    По горизонтали шаг t от 0 до 500, по вертикали награда до конца
    эпизода Gₜ с дисконтированием. Синяя линия, эпизод без обрыва, почти
    горизонтальна у ста. Чёрные точки, обрыв с добавленной ценой, лежат
    на ней. Рыжая штриховая, обрыв как падение, отходит вниз примерно за
    двести шагов до конца и падает до единицы.
    """
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    t = np.arange(len(cut))
    ax.plot(t, true, color="C0")
    ax.plot(t[::25], mended[::25], "o", color="black", ms=4)
    ax.plot(t, cut, "--", color="C1")
    ax.text(0, 107, "— без обрыва", color="C0")
    ax.text(160, 107, "● обрыв + γ⁵⁰⁰⁻ᵗ·V(s₅₀₀)")
    ax.text(385, 42, "обрыв\nкак падение", color="C1", ha="right")
    ax.set(xlabel="шаг t", ylabel="Gₜ", ylim=(0, 120))
    return figure


def main():
    rng = np.random.default_rng(0)
    s, a, r, terminated = episode(angle_policy, rng)
    for t in range(3):
        for name, value in zip(("x", "v", "φ", "ω"), s[t]):
            print(f"{name} на шаге {t} = {value:.3f}")
        print(f"a на шаге {t} = {a[t]}")
    print(f"первый толчок вправо на шаге = {a.argmax()}")
    print(f"длина эпизода T = {len(r)}")
    print(f"упал = {'да' if terminated else 'нет'}")
    print(f"угол в конце, градусов = {np.degrees(s[-1, 2]):.1f}")
    print(f"суммарная награда R(τ) = {r.sum():.0f}")
    print(f"G₀ при γ = 0.99 = {reward_to_go(r, GAMMA)[0]:.2f}")
    figure_loop(s, a, r).savefig("agent_loop-loop.svg")

    policies = (("монетка", random_policy), ("по углу", angle_policy),
                ("с прогнозом", forecast_policy))
    rng = np.random.default_rng(1)
    for name, policy in policies:
        n = lengths(policy, EPISODES, rng)
        low, median, high = np.percentile(n, [10, 50, 90])
        print(f"{name}: 10-й процентиль = {low:.0f}")
        print(f"{name}: медиана = {median:.0f}")
        print(f"{name}: 90-й процентиль = {high:.0f}")
        print(f"{name}: дожили до обрыва = {np.mean(n == LIMIT):.0%}")
    runs = [episode(policy, np.random.default_rng(0))[0]
            for _, policy in policies]
    figure_angle(runs).savefig("agent_loop-angle.svg")

    n = lengths(forecast_policy, 100, rng, LONG)
    print(f"с прогнозом, без обрыва: медиана = {np.median(n):.0f}")
    print(f"с прогнозом, без обрыва: самый короткий = {n.min()}")
    r = episode(forecast_policy, np.random.default_rng(1), LONG)[2]
    true = reward_to_go(r, GAMMA)
    cut = reward_to_go(r[:LIMIT], GAMMA)
    mended = reward_to_go(r[:LIMIT], GAMMA, true[LIMIT])
    print(f"тот же эпизод без обрыва: шагов = {len(r)}")
    print(f"G на шаге 499, без обрыва = {true[LIMIT - 1]:.2f}")
    print(f"G на шаге 499, обрыв как падение = {cut[-1]:.2f}")
    true = true[:LIMIT]
    print(f"G занижена в среднем на = {np.mean(true - cut):.1f}")
    print(f"с ценой V(s₅₀₀) ошибка = {abs(true - mended).max():.0e}")
    figure_truncation(true, cut, mended).savefig(
        "agent_loop-truncation.svg")


if __name__ == "__main__":
    main()
