"""PPO с обрезкой и GAE учит линейную политику держать шест CartPole-v1.

Schulman и др., 2017, arXiv 1707.06347: обрезка — формула (7), цикл —
алгоритм 1. GAE: Schulman и др., 2015, arXiv 1506.02438, формула (16).
Тележка: Gymnasium 1.4, CartPole-v1, шаг Эйлера.
"""

import numpy as np

SCALE = np.array([2.4, 2, 0.21, 2])  # размах x, v, угла и w
LIMIT = 500  # на этом шаге эпизод обрывает сама среда
FALL = 12 * np.pi / 180  # рад: наклонился сильнее — упал
GRID = 2.0**28  # x + GRID − GRID: округлить x до 2⁻²⁴
CARTS, STEPS = 32, 80  # тележек и шагов: за сбор 2560 примеров
ROUNDS, EPOCHS = 20, 20  # сборов и шагов по θ на данных каждого
EPS = 0.2  # ε, полуширина обрезки, как в статье
GAMMA = 0.98  # горизонт 1/(1 − γ) = 50 шагов: секунда
LAMBDA = 0.98  # λ в GAE: 0 — смещение, 1 — дисперсия
RATE = 0.5  # α: весов всего четыре, шаг крупный; к концу убывает до 0
PAIRS = [(i, j) for i in range(4) for j in range(i + 1)]  # для критика
RUNS = 10  # обучений на рисунках
GOOD = 10  # к этому сбору политика уже хороша: есть что испортить
LONG = np.array([0, 2, 5, 10, 20, 40])  # эпохи на его данных


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


def sigma(z):
    """σ(z) = 1/(1 + exp(−z))."""
    return 1 / (1 + np.exp(-z))


def rollout(theta, s, age, rng):
    """STEPS шагов всех тележек, у каждой своя θ, (C, 4).

    Возвращает s и s', (T, 4, C), a, упал ли, конец ли эпизода, (T, C).
    """
    w, rows = (theta / SCALE).T, []  # w и s (4, C)
    for u in rng.logistic(size=(STEPS, len(theta))):
        a = u < (w * s).sum(axis=0)  # с вероятностью σ(w·s)
        (s1, fell), age = step(s, a), age + 1
        s1, over = np.array(s1), fell | (age == LIMIT)
        rows.append((s, a, s1, fell, over))
        s = s1
        if over.any():
            s, age = np.where(over, reset(len(theta), rng), s), age * ~over
    return [np.array(row) for row in zip(*rows)], s, age


def features(s):
    """ψ(s) критика: 1 и произведения координат по PAIRS, (T, 11, N)."""
    z = s / SCALE[:, None]  # (T, 4, N)
    psi = np.ones((len(z), 1 + len(PAIRS), z.shape[-1]))
    for k, (i, j) in enumerate(PAIRS):
        psi[:, 1 + k] = z[:, i] * z[:, j]
    return psi


def gae(r, v, v1, fell, over, gamma=GAMMA, lam=LAMBDA):
    """Â_t = δ_t + γλ·Â_{t+1}; v1 = V(s'), все массивы (T, N).

    После падения V(s') = 0, за конец эпизода сумма не идёт.
    """
    adv, keep = r + gamma * v1 * ~fell - v, gamma * lam * ~over
    for t in reversed(range(len(adv) - 1)):
        adv[t] += keep[t] * adv[t + 1]
    return adv


def evaluate(w, s, s1, fell, over):
    """Подгоняет критика V(s) = w·ψ(s), потом считает им Â, (T, N).

    С добавкой 1e-3 на диагонали система решается всегда.
    """
    psi, psi1 = features(s), features(s1)
    target = w @ psi + gae(1, w @ psi, w @ psi1, fell, over)
    gram = (psi @ psi.swapaxes(1, 2)).sum(0) + 1e-3 * np.eye(len(w))
    w = np.linalg.solve(gram, np.einsum("tkn,tn->k", psi, target))
    return w, gae(1, w @ psi, w @ psi1, fell, over)


def clipped(r, adv, eps=EPS):
    """min(r·A, clip(r, 1 − ε, 1 + ε)·A)."""
    return np.minimum(r * adv, np.clip(r, 1 - eps, 1 + eps) * adv)


def gradient(theta, x, old, adv, eps=EPS):
    """Градиент среднего clipped по θ, (4,); old — константы."""
    p = sigma(theta @ x)  # π_θ(a|s), (B,)
    r = p / old
    live = np.where(adv > 0, r < 1 + eps, r > 1 - eps)
    return x @ (live * r * adv * (1 - p)) / len(p)  # ∇ log π = (1 − p)x


class Actor:
    """θ и то, что помнит Адам: средние градиента и его квадрата."""

    def __init__(self, theta):
        self.theta, self.t, self.m, self.q = theta, 0, 0, 0

    def ascend(self, g, alpha):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.q = 0.99 * self.q + 0.01 * g**2
        m, q = self.m / (1 - 0.9**self.t), self.q / (1 - 0.99**self.t)
        self.theta = self.theta + alpha * m / (np.sqrt(q) + 1e-8)


def collect(actors, critics, s, age, rng):
    """Данные одного сбора для каждого актёра: x (4, B), π_old и Â (B,).

    x — это ±s / SCALE, плюс у толчка вправо: π_θ(a|s) = σ(θ·x).
    """
    theta = np.repeat([actor.theta for actor in actors], CARTS, axis=0)
    data, s, age = rollout(theta, s, age, rng)
    data = [np.split(y, len(actors), axis=-1) for y in data]
    batches = []
    for i, (S, a, S1, fell, over) in enumerate(zip(*data)):
        critics[i], adv = evaluate(critics[i], S, S1, fell, over)
        x = np.where(a, 1, -1)[:, None] * S / SCALE[:, None]
        x = x.swapaxes(0, 1).reshape(4, -1)  # (4, B)
        adv = (adv - adv.mean()).ravel() / max(adv.std(), 1)
        batches.append((x, sigma(actors[i].theta @ x), adv))
    return batches, s, age


def train(rng, runs=1, eps=EPS):
    """Учит runs актёров; возвращает θ по сборам и данные сборов."""
    actors = [Actor(np.zeros(4)) for _ in range(runs)]
    critics = np.zeros((runs, 1 + len(PAIRS)))
    s, age = reset(runs * CARTS, rng), np.zeros(runs * CARTS, int)
    path, history = [np.zeros((runs, 4))], []
    for k in range(ROUNDS):
        batches, s, age = collect(actors, critics, s, age, rng)
        for actor, batch in zip(actors, batches):
            for e in range(EPOCHS):
                alpha = RATE * (1 - (k + e / EPOCHS) / ROUNDS)
                actor.ascend(gradient(actor.theta, *batch, eps), alpha)
        path.append(np.array([actor.theta for actor in actors]))
        history.append(batches)
    return np.array(path), history  # (ROUNDS + 1, runs, 4)


def returns(theta, n, rng):
    """R в n эпизодах каждой из m политик, (m, n)."""
    theta = np.repeat(theta, n, axis=0)  # (mn, 4)
    s, total, alive = reset(len(theta), rng), 0, True
    w = (theta / SCALE).T  # (4, mn)
    for u in rng.logistic(size=(LIMIT, len(theta))):
        s, fell = step(s, u < (w * s).sum(axis=0))
        total, alive = total + alive, alive & ~fell
    return total.reshape(-1, n)


def linger(theta, batch, eps):
    """θ после LONG эпох на одних и тех же данных: α не убывает."""
    actor, path = Actor(theta), [theta]
    for _ in range(LONG[-1]):
        actor.ascend(gradient(actor.theta, *batch, eps), RATE)
        path.append(actor.theta)
    return np.array(path)[LONG]  # (E, 4)


def measure(path, batch):
    """Для θ из path: среднее r·Â, наибольшее |r − 1|, доля за ε."""
    x, old, adv = batch
    r = sigma(path @ x) / old  # (E, B)
    far = abs(r - 1)
    return (r * adv).mean(1), far.max(1), (far > EPS).mean(1)


def slope(r, A, h=1e-6):
    """Наклон clipped по r: центральная разность."""
    return (clipped(r + h, A) - clipped(r - h, A)) / (2 * h)


def band(ax, x, y, line):
    """Медиана по запускам и полоса от 10 до 90 %, y (runs, x)."""
    low, middle, high = np.percentile(y, [10, 50, 90], axis=0)
    ax.fill_between(x, low, high, color=line[-2:], alpha=0.2, lw=0)
    ax.plot(x, middle, line[:-2], color=line[-2:], ms=4)


def draw_clip(ax, A):
    """Одно слагаемое min(rA, clip(r)A) и где оно никуда не тянет."""
    r = np.array([0, 1 - EPS, 1 + EPS, 2])
    flat = r[2:] if A > 0 else r[:2]
    ax.axvspan(*flat, color="0.5", alpha=0.2, lw=0)
    ax.plot(r, r * A, "--", color="0.5", lw=1.2)
    ax.plot(r, clipped(r, A), color="C0", lw=2.4)
    ax.plot(1, A, "o", color="C1")
    ax.text(flat.mean(), A, "наклон 0", ha="center", va="center")
    ax.set(xlabel="r", xlim=(0, 2), xticks=r, yticks=[0, A])
    ax.set_xticklabels(["0", "0,8", "1,2", "2"])
    ax.set_yticklabels(["0", "A"])


def figure_clip():
    """Одно слагаемое суррогата: точка — начало, r = 1; на сером
    слагаемое ровное и никуда не тянет.

    Два графика min(rA, clip(r)A) от отношения r от 0 до 2. При A > 0
    прямая идёт вверх через точку r = 1 и с r = 1,2 становится
    горизонтальной, при A < 0 она горизонтальна до r = 0,8, потом идёт
    вниз. Пунктир — то же без обрезки.
    """
    import matplotlib.pyplot as plt  # не сверху: учить можно и без него

    figure, axes = plt.subplots(1, 2, figsize=(5, 2.4))
    figure.subplots_adjust(0.13, 0.2, 0.985, 0.9, wspace=0.24)
    draw_clip(axes[0], 1)
    draw_clip(axes[1], -1)
    axes[0].set(title="A > 0", ylabel="min(rA, clip(r)A)")
    axes[1].set(title="A < 0")
    axes[0].text(1.55, 1.65, "rA", ha="right")
    axes[1].text(0.45, -0.35, "rA")
    return figure


def figure_epochs(L, J):
    """Сорок эпох на одних и тех же данных: без обрезки суррогат растёт,
    а многие политики разучиваются. Внизу каждая линия — одна из десяти.

    Два графика от числа эпох на одних данных, для десяти обучений. На
    верхнем среднее r·Â, медиана и полоса средних восьми: без обрезки
    растёт, с обрезкой остаётся около нуля. На нижнем J(θ) каждой
    политики: с обрезкой все лежат у 500, без обрезки к двадцатой эпохе
    большинство падает почти до нуля, и некоторые потом возвращаются.
    """
    import matplotlib.pyplot as plt  # не сверху: учить можно и без него

    figure, axes = plt.subplots(2, figsize=(5, 4.6), sharex=True)
    figure.subplots_adjust(0.13, 0.105, 0.985, 0.985, hspace=0.1)
    for i, line in ((1, "s--C1"), (0, "o-C0")):
        band(axes[0], LONG, L[i], line)
        axes[1].plot(LONG, J[i].T, line, lw=1, ms=4)
    axes[0].text(1, 0.05, "без обрезки", color="C1")
    axes[0].text(39, -0.012, "с обрезкой", color="C0", ha="right")
    axes[0].set(ylabel="среднее r·Â", ylim=(-0.018, None))
    axes[0].set_yticks([0, 0.02, 0.04, 0.06], ["0", "0,02", "0,04", "0,06"])
    axes[1].set(ylabel="J(θ), шагов", ylim=(0, 520),
                xlabel="эпох на одних данных")
    return figure


def figure_learning(J):
    """Средняя длина эпизода по ходу десяти обучений: медиана и полоса
    средних восьми из них. Порог 475 проходят все, но не сразу.

    График J(θ) от числа сделанных шагов среды в тысячах. Медиана
    начинается у самого низа, круто растёт и выходит на потолок 500.
    Нижний край полосы отстаёт от неё, к концу он тоже выше пунктира.
    """
    import matplotlib.pyplot as plt  # не сверху: учить можно и без него

    figure, ax = plt.subplots(figsize=(5, 3))
    figure.subplots_adjust(0.12, 0.155, 0.985, 0.98)
    played = CARTS * STEPS / 1000 * np.arange(0, ROUNDS + 1, 2)
    band(ax, played, J, "o-C0")
    ax.axhline(475, color="0.5", ls="--", lw=1)
    ax.text(played[-1], 425, "порог 475", ha="right")
    ax.set(xlabel="сделано шагов среды, тысяч", ylabel="J(θ), шагов",
           ylim=(0, 520))
    return figure


if __name__ == "__main__":
    for A in (1, -1):
        for r in (0.6, 1, 1.4):
            print(f"наклон при A {A:+d} и r {r} = {slope(r, A):.2f}")
    figure_clip().savefig("ppo-clip.svg")

    rng = np.random.default_rng(1)
    path, history = train(rng, RUNS)
    x, old, adv = history[0][0]
    g = gradient(path[0, 0], x, old, adv)
    r = sigma(path[0, 0] @ x) / old
    print(f"первая эпоха, |r − 1| = {abs(r - 1).max():.2f}")
    print(f"первая эпоха, ‖∇L‖ = {np.linalg.norm(g):.4f}")
    g = g - x @ (adv * (1 - old)) / len(old)  # минус Â ∇ log π
    print(f"первая эпоха, ‖∇L − ĝ‖ = {np.linalg.norm(g):.4f}")

    J = returns(path[::2].reshape(-1, 4), 10, rng).mean(axis=1)
    J = J.reshape(-1, RUNS).T  # через сбор: и так видно
    figure_learning(J).savefig("ppo-learning.svg")
    print(f"примеров за сбор = {CARTS * STEPS}")
    print(f"шагов среды за обучение = {CARTS * STEPS * ROUNDS}")
    ends = np.concatenate([path[0, :1], path[-1]])
    before, *after = returns(ends, 50, rng).mean(axis=1)
    print(f"J до обучения = {before:.1f}")
    print(f"J после обучения, медиана = {np.median(after):.1f}")
    print(f"J после обучения, худшее = {min(after):.1f}")
    for name, w in zip(("x", "v", "угла", "w"), path[-1, 0]):
        print(f"вес {name} = {w:.1f}")
    noise = np.median([adv.std() for _, _, adv in history[-1]])
    print(f"std(Â) на последнем сборе = {noise:.3f}")

    long = np.array([[linger(theta, batch, eps) for theta, batch
                      in zip(path[GOOD], history[GOOD])]
                     for eps in (EPS, np.inf)])  # (2, RUNS, E, 4)
    J = returns(long.reshape(-1, 4), 10, rng).mean(axis=1)
    J = J.reshape(2, RUNS, -1)
    L, far, out = np.moveaxis(
        [[measure(*pair) for pair in zip(some, history[GOOD])]
         for some in long], 2, 0)  # (2, RUNS, E)
    figure_epochs(L, J).savefig("ppo-epochs.svg")
    for i, name in enumerate(("с обрезкой", "без обрезки")):
        start = f"{name}, эпоха {LONG[4]},"
        print(f"{start} среднее rÂ = {np.median(L[i, :, 4]):.4f}")
        print(f"{start} |r − 1| = {np.median(far[i, :, 4]):.2f}")
        print(f"{start} доля за ε = {np.median(out[i, :, 4]):.2f}")
        for e in (4, 5):
            fallen = (J[i, :, e] < 250).sum()
            print(f"{name}, эпоха {LONG[e]}, J < 250 = {fallen}")
