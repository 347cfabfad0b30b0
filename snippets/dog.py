"""Собака учится садиться по одному лакомству: градиентный бандит.

Sutton R., Barto A. Reinforcement Learning: An Introduction, 2018:
§ 2.8, формула (2.12).
"""

import matplotlib.pyplot as plt
import numpy as np

POSES = ("стоит", "лежит", "кружится", "сидит")
SIT, K = 3, len(POSES)  # какую позу просим; сколько всего поз
ALPHA = 0.1  # скорость обучения, как в § 2.8
TRIALS, DOGS = 300, 300  # команд на собаку; собак — на медиану и полосу
SOME = 6  # столько отдельных собак ещё видно на рисунке
TREATS = np.array([[0.0, 0.0, 0.0, 1.0]])  # (S, K): команда × поза
KIND = TREATS + 4  # добрый хозяин угощает всегда, за «сидит» больше
TWO = np.array([[0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]])


def softmax(theta):
    e = np.exp(theta - theta.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def draw(pi, rng):
    """По одной позе на собаку: a ~ π."""
    u = rng.random((len(pi), 1))
    return (u < pi.cumsum(axis=1)).argmax(axis=1)  # (B,)


def train(treats, rng, baseline=True, heard=(0, 1)):
    """P(верная поза) на каждом шаге, (T + 1, B).

    treats[s, a] — лакомство за позу a при команде s, heard[s] — какой
    её слышит собака.
    """
    heard, dogs = np.array(heard)[:len(treats)], np.arange(DOGS)
    theta = np.zeros((DOGS, *treats.shape))  # (B, S, K)
    right, history, mean = treats.argmax(axis=1), [], 0.0
    for t in range(TRIALS + 1):
        pi = softmax(theta)
        history.append(pi[:, heard, right].mean(axis=1))
        said = rng.integers(len(treats), size=DOGS)
        s = heard[said]  # (B,)
        a = draw(pi[dogs, s], rng)
        r = treats[said, a]
        score = np.eye(K)[a] - pi[dogs, s]  # ∇ log π(a|s)
        b = (mean if t else r) if baseline else 0  # среднее прошлых r
        theta[dogs, s] += ALPHA * (r - b)[:, None] * score
        mean += (r - mean) / (t + 1)
    return np.array(history)


def gradient(theta, treats):
    """∇J для одной команды: ∂J/∂θₖ = πₖ(r(k) − J)."""
    pi = softmax(theta)
    return pi * (treats - pi @ treats)


def variance(theta, treats, b):
    """След ковариации оценки (r − b)∇log π(a) по a ~ π."""
    pi = softmax(theta)
    g = (treats - b)[:, None] * (np.eye(len(pi)) - pi)  # (K, K)
    mean = gradient(theta, treats)  # (K,)
    return pi @ (g**2).sum(axis=1) - (mean**2).sum()


def trials_until(p, poses=K):
    """За сколько команд P(«сесть») дойдёт до p по точному градиенту."""
    def antiderivative(p):
        return 2 * np.log(p / (1 - p)) - 1 / p + 1 / (1 - p)
    scale = (poses - 1) / (poses * ALPHA)
    return scale * (antiderivative(p) - antiderivative(1 / poses))


def draw_dog(ax):
    """Силуэт сидящей собаки, носом вправо."""
    shape = np.array([
        (0.00, 0.10), (-0.16, 0.22), (-0.12, 0.30), (0.03, 0.22),
        (0.10, 0.42), (0.26, 0.62), (0.30, 0.80), (0.24, 0.62),
        (0.20, 0.90), (0.30, 0.98), (0.48, 0.98), (0.56, 0.88),
        (0.74, 0.82), (0.74, 0.72), (0.54, 0.70), (0.52, 0.45),
        (0.50, 0.08), (0.60, 0.05), (0.60, 0.00), (0.40, 0.00),
        (0.38, 0.30), (0.30, 0.10), (0.34, 0.05), (0.34, 0.00),
        (0.06, 0.00)])
    ax.set(aspect="equal", xlim=(-0.2, 0.8), ylim=(-0.02, 1.02))
    ax.axis("off")
    ax.fill(*shape.T, color="C0", lw=1)
    ear = np.array([
        (0.36, 0.92), (0.30, 0.74), (0.38, 0.68), (0.42, 0.88)])
    ax.plot(*ear.T, color="white", lw=1.2)


def figure_learning(history):
    """Слово под словом: что у собаки, то и у агента. Ниже — как растёт
    P(«сесть»), когда собаке известна одна только награда.

    Сверху пять пар слов: собака — агент, хозяин — среда, команда —
    наблюдение, поза — действие, лакомство — награда. Внизу по
    горизонтали номер команды, по вертикали вероятность сесть от 0 до 1.
    Синяя линия, медиана по собакам, начинается с одной четверти и
    поднимается почти до единицы; полоса вокруг неё вмещает собак от
    десятого до девяностого процентиля. Чёрный пунктир, расчёт по
    точному градиенту, идёт вдоль медианы.
    """
    figure = plt.figure(figsize=(5, 4.8), layout="constrained")
    upper, lower = figure.subfigures(2, height_ratios=(1, 2.5))
    top, ax = upper.subplots(), lower.subplots()
    top.set(xlim=(0, 360), ylim=(0, 1))
    top.axis("off")
    for x, dog, agent, color in (
            (30, "собака", "агент", "C0"),
            (96, "хозяин", "среда", "C1"),
            (171, "команда", "наблюдение", "C1"),
            (249, "поза", "действие", "C0"),
            (323, "лакомство", "награда", "C2")):
        look = {"ha": "center", "va": "center", "color": color,
                "fontsize": 9}
        frame = {"boxstyle": "round,pad=0.4", "fc": "white", "ec": color}
        top.text(x, 0.76, dog, bbox=frame, **look)
        top.text(x, 0.5, "‖", **look)
        top.text(x, 0.24, agent, bbox=frame, **look)
    t = np.arange(len(history))
    low, median, high = np.percentile(history, [10, 50, 90], axis=1)
    p = np.linspace(1 / K, median[-1], 60)
    ax.fill_between(t, low, high, color="C0", alpha=0.2, lw=0)
    ax.plot(t, median, color="C0",
            label="медиана и полоса 10–90 % собак")
    ax.plot(trials_until(p), p, "--", color="black", lw=1.4,
            label="точный градиент")
    ax.set(xlabel="сколько раз скомандовали", ylabel="P(«сесть»)",
           ylim=(0, 1))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.03))
    draw_dog(ax.inset_axes((0.7, 0.28, 0.24, 0.38)))
    return figure


def figure_baseline(with_b, without_b):
    """Хозяин угощает за любую позу, а за «сидит» чуть больше. С
    бейзлайном собакам это не мешает. Без него их бросает из стороны в
    сторону, и часть застревает на позе, что подвернулась первой.

    По горизонтали номер команды, по вертикали вероятность сесть. Синяя
    сплошная линия с узкой полосой, обучение с бейзлайном, плавно
    поднимается от одной четверти почти до единицы. Рыжие штриховые
    линии — собаки без бейзлайна, каждая отдельно. Они мечутся: одни
    быстро уходят к единице, другие падают почти до нуля и там остаются.
    """
    figure, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
    t = np.arange(len(with_b))
    low, median, high = np.percentile(with_b, [10, 50, 90], axis=1)
    some = without_b[::3, :SOME]
    lines = ax.plot(t[::3], some, "--", color="C1", lw=1.1)
    lines[0].set_label("шесть без бейзлайна")
    ax.fill_between(t, low, high, color="C0", alpha=0.3, lw=0)
    ax.plot(t, median, color="C0", label="с бейзлайном")
    ax.set(xlabel="сколько раз скомандовали", ylabel="P(«сесть»)",
           ylim=(0, 1.2))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    ax.legend(ncols=2, loc="upper center", columnspacing=1)
    return figure


def main():
    history = train(TREATS, np.random.default_rng(0))
    low, median, high = np.percentile(history[-1], [10, 50, 90])
    print(f"P(«сесть») в начале = {np.median(history[0]):.2f}")
    print(f"P(«сесть») в конце, медиана = {median:.3f}")
    print(f"P(«сесть») в конце, 10-й процентиль = {low:.3f}")
    print(f"P(«сесть») в конце, 90-й процентиль = {high:.3f}")
    learned = (history > 0.9).argmax(axis=0)  # (B,)
    low, median, high = np.percentile(learned, [10, 50, 90])
    print(f"команд до P = 0.9, медиана = {median:.0f}")
    print(f"команд до P = 0.9, 10-й процентиль = {low:.0f}")
    print(f"команд до P = 0.9, 90-й процентиль = {high:.0f}")
    for poses in (2, 4, 10, 100):
        n = trials_until(0.9, poses)
        print(f"поз {poses}: команд до P = 0.9 = {n:.0f}")
    p = np.linspace(0.25, 0.99, 1000)
    exact = np.interp(np.arange(TRIALS + 1), trials_until(p), p)
    gap = np.abs(history.mean(axis=1) - exact).max()
    print(f"среднее и точный градиент расходятся на = {gap:.3f}")
    figure_learning(history).savefig("dog-learning.svg")

    start = np.zeros(K)
    for name, treats in (("0 и 1", TREATS[0]), ("4 и 5", KIND[0])):
        for b in (0.0, treats.mean()):
            print(f"дисперсия, лакомства {name}, b = {b:g} = "
                  f"{variance(start, treats, b):.4f}")
    kind = train(KIND, np.random.default_rng(0))
    same = np.abs(kind - history).max()
    print(f"добрый хозяин, с b: разница = {same:.0e}")
    locked = train(KIND, np.random.default_rng(0), baseline=False)
    for name, end in (("с b", kind[-1]), ("без b", locked[-1])):
        print(f"добрый хозяин, {name}: P < ½ = {np.mean(end < 0.5):.0%}")
        print(f"добрый хозяин, {name}: P < 0.05 = "
              f"{np.mean(end < 0.05):.0%}")
    figure_baseline(kind, locked).savefig("dog-baseline.svg")

    for name, heard in (("слышит", (0, 1)), ("не различает", (0, 0))):
        two = train(TWO, np.random.default_rng(0), heard=heard)[-1]
        print(f"две команды, {name}: медиана = {np.median(two):.2f}")


if __name__ == "__main__":
    main()
