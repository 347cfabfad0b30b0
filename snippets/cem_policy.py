"""CEM ищет политику: четыре числа, которые держат шест в CartPole-v1.

Szita I., Lőrincz A. Learning Tetris Using the Noisy Cross-Entropy
Method // Neural Computation, 2006, 18(12): та же мысль, веса политики
вместо точки. Тележка: Gymnasium 1.4, CartPole-v1, шаг Эйлера.
"""

import matplotlib.pyplot as plt
import numpy as np

N = 100  # политик в поколении
RHO = 0.2  # доля элиты: лучшая пятая часть
GENERATIONS = 3  # больше не нужно: центр уже на потолке
EPISODES = 2  # на политику: с одним удача путает отбор
LIMIT = 500  # столько шагов длится эпизод, если тележка не упала
FALL = 12 * np.pi / 180  # рад: наклонился сильнее — упал
GRID = 2.0**28  # x + GRID − GRID: округлить x до 2⁻²⁴
SCALE = np.array([2.4, 2, 0.21, 2])  # размах x, v, угла и w
RUNS = 6  # обучений на рисунке и в числах
EXAM = 100  # эпизодов, которыми проверяют найденную политику


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


def returns(theta, rng):
    """Награда за эпизод каждой из политик θ (n, 4) → (n,)."""
    weights = (theta / SCALE).T  # (4, n)
    s, alive = reset(len(theta), rng), True
    R = np.zeros(len(theta))
    for _ in range(LIMIT):
        R += alive
        a = (weights * s).sum(axis=0) > 0  # жадно, без случая
        s, done = step(s, a)
        alive = alive & ~done
    return R


def refit(elite):
    """Максимум правдоподобия: среднее и разброс элиты вокруг него."""
    mu = elite.mean(axis=0)
    z = elite - mu  # (M, 4)
    return mu, z.T @ z / len(elite)


def train(rng):
    """Четыре веса и по поколениям (лучшая, γ, средняя награда)."""
    mu, cov, history = np.zeros(4), np.eye(4), []
    for _ in range(GENERATIONS):
        theta = rng.multivariate_normal(mu, cov, N, method="cholesky")
        R = returns(np.repeat(theta, EPISODES, axis=0), rng)
        R = R.reshape(N, EPISODES).mean(axis=1)
        gamma = np.sort(R)[-int(RHO * N)]  # уровень: худшая из элиты
        history.append((R.max(), gamma, R.mean()))
        mu, cov = refit(theta[R >= gamma])
    return mu, np.array(history)  # (4,), (GENERATIONS, 3)


def figure_learning(history):
    """За три поколения средняя награда подбирается к лучшей. Лучшая
    упирается в потолок сразу: среди ста случайных политик хорошая уже есть.

    Три линии по поколениям 0–2: медианы шести обучений и полосы от десятого
    до девяностого процентиля. Лучшая награда поколения с самого начала на
    пунктире 500, уровень γ приходит туда в поколении 1, средняя подходит
    к нему последней.
    """
    figure, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
    k = np.arange(history.shape[1])
    bands = np.percentile(history, [10, 50, 90], axis=0)  # (3, K, 3)
    names, styles = ("лучшая", "уровень γₖ", "средняя"), ("o-C0", "s--C1", "^:C2")
    for i in range(3):
        low, middle, high = bands[:, :, i]
        ax.fill_between(k, low, high, color=f"C{i}", alpha=0.2, lw=0)
        ax.plot(k, middle, styles[i], ms=5, label=names[i])
    ax.axhline(LIMIT, color="0.5", ls="--", lw=1)
    ax.set(xlabel="поколение k", ylabel="награда R за эпизод", xticks=k, ylim=(0, 530))
    ax.legend(loc="lower right")
    return figure


def main():
    found = [train(np.random.default_rng(seed)) for seed in range(RUNS)]
    theta, history = map(np.array, zip(*found))  # (RUNS, 4), (RUNS, K, 3)
    exam = returns(np.repeat(theta, EXAM, axis=0), np.random.default_rng(RUNS))
    exam = exam.reshape(RUNS, EXAM).mean(axis=1)
    print(f"эпизодов на обучение = {GENERATIONS * N * EPISODES}")
    print(f"обучений = {RUNS}")
    print(f"награда не ниже 475, обучений = {(exam >= 475).sum()}")
    print(f"награда, медиана = {np.median(exam):.1f}")
    print(f"награда, худшее обучение = {exam.min():.1f}")
    print(f"лучшая в поколении 0, медиана = {np.median(history[:, 0, 0]):.1f}")
    print(f"средняя в поколении 0, медиана = {np.median(history[:, 0, 2]):.1f}")
    print(f"средняя в последнем, медиана = {np.median(history[:, -1, 2]):.1f}")
    first = theta[0] / np.linalg.norm(theta[0])
    for name, weight in zip(("x", "v", "φ", "ω"), first):
        print(f"вес при {name} = {weight:.2f}")
    figure_learning(history).savefig("cem_policy-learning.svg")


if __name__ == "__main__":
    main()
