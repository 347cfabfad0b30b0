"""Кросс-энтропия: H(p, q) = H(p) + KL(p‖q), она же функция потерь.

Goodfellow I., Bengio Y., Courville A. Deep Learning, 2016: § 5.5,
(5.59)–(5.61), и § 6.2.2.3. Bishop C. Pattern Recognition and Machine
Learning, 2006: § 4.3.4, (4.104)–(4.109).
"""

import matplotlib.pyplot as plt
import numpy as np

P = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 8])  # степени 1/2: биты целые
Q = np.array([1 / 8, 1 / 2, 1 / 4, 1 / 8])
W = np.array([[1.5, 0, 0], [0, 1.5, 0]])  # истинные веса, (d, K)
N, TRAININGS = 60, 100  # точек мало: видно переобучение
WRONG = -8.0  # логит уверенной ошибки: p̂ правильного ответа 0,0003


def cross_entropy(p, q):
    """H(p, q) = −Σ p log q; слагаемые с p = 0 не считаются."""
    with np.errstate(divide="ignore"):  # q = 0 при p > 0 даёт ∞
        return -np.sum(p * np.log(np.where(p > 0, q, 1.0)))


def entropy(p):
    return cross_entropy(p, p)


def kl(p, q):
    """KL(p‖q) = Σ p log(p/q)."""
    with np.errstate(divide="ignore"):
        ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return np.sum(p * np.log(ratio))


def log_sum_exp(z):
    """log Σ exp z: максимум вынесен, переполняться нечему."""
    top = z.max(axis=-1, keepdims=True)
    return top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True))


def log_softmax(z):
    return z - log_sum_exp(z)


def loss(z, y):
    """Минус средний логарифм вероятности верного класса."""
    right = np.take_along_axis(log_softmax(z), y[..., None], axis=-1)
    return -right[..., 0].mean(axis=-1)


def gradient(z, y):
    """dL/dz = (p̂ − y)/n, где y — строки из нулей и одной единицы."""
    onehot = np.eye(z.shape[-1])[y]  # (..., n, K)
    return (np.exp(log_softmax(z)) - onehot) / y.shape[-1]


def sample(rng, *shape):
    """Точки и метки, вероятности которых — softmax(x W)."""
    x = rng.normal(0, 1.5, (*shape, len(W)))  # (..., n, d)
    gumbel = rng.gumbel(size=(*shape, W.shape[1]))  # (..., n, K)
    return x, np.argmax(x @ W + gumbel, axis=-1)  # метка ~ softmax


def train(x, y, x_new, y_new, steps=60, rate=1.0):
    """Градиентный спуск с нулевых весов; потери по шагам."""
    w, history = np.zeros((len(x), *W.shape)), []  # (B, d, K)
    for _ in range(steps):
        history.append((loss(x @ w, y), loss(x_new @ w, y_new)))
        w = w - rate * x.transpose(0, 2, 1) @ gradient(x @ w, y)
    return np.array(history)  # (steps, 2, B)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def escape(slope, steps):
    """Спуск по одному логиту из уверенной ошибки; p̂ по шагам."""
    z, history = WRONG, []
    for _ in range(steps):
        history.append(sigmoid(z))
        z = z - slope(sigmoid(z))
    return np.array(history)


def log_loss_slope(p):
    """d(−log p̂)/dz = p̂ − 1."""
    return p - 1


def squared_slope(p):
    """d(1 − p̂)²/dz: тот же (p̂ − 1), но ещё на 2p̂(1 − p̂)."""
    return 2 * (p - 1) * p * (1 - p)


def coin(ax):
    """H(p, q) монеты с p = 0,3 при всех q."""
    q = np.linspace(0.01, 0.99, 99)
    p = np.array([0.3, 0.7])
    curve = [cross_entropy(p, np.array([t, 1 - t])) for t in q]
    ax.fill_between(q, entropy(p), curve, color="C1", alpha=0.3, lw=0)
    ax.plot(q, curve, color="C0")
    ax.axhline(entropy(p), color="0.5", ls="--")
    ax.plot(0.3, entropy(p), "o", color="C0")
    ax.text(0.2, 1.3, "H(p, q)", color="C0")
    ax.text(0.82, 0.85, "KL(p‖q)", color="C1", ha="center")
    ax.text(0.5, 0.5, "H(p)", va="center", ha="center")
    ax.set(xlabel="q(орёл); p(орёл) = 0,3", ylabel="нат",
           ylim=(0.4, 2.2), yticks=[1, 2])
    ax.set_xticks([0, 0.3, 0.5, 1], ["0", "0,3", "0,5", "1"])


def figure_decomposition():
    """Сверху три разных q: серая часть столбца — энтропия H(p), у всех
    одинаковая, заштрихованная — KL(p‖q). Снизу то же для монеты:
    кросс-энтропия касается уровня H(p) в единственной точке q = p.

    Верхний график: три горизонтальных столбца, q = p, q равномерное
    и q другое. Серая часть у всех одинаковая, рыжая добавка у первого
    отсутствует, у второго короткая, у третьего длиннее. Нижний
    график: по горизонтали q от 0 до 1, синяя чаша H(p, q) с дном
    при q = p = 0,3 стоит на сером пунктире H(p); зазор между чашей
    и пунктиром закрашен рыжим и подписан KL. У краёв чаша уходит
    в бесконечность.
    """
    figure, (top, bottom) = plt.subplots(
        2, figsize=(5, 5), layout="constrained", height_ratios=[2, 3])
    names = ["q = ⅛, ½, ¼, ⅛", "q = ¼, ¼, ¼, ¼", "q = p"]
    floor = entropy(P) / np.log(2)
    extra = [kl(P, q) / np.log(2) for q in (Q, np.full(4, 0.25), P)]
    top.barh(names, [floor] * 3, color="0.5", alpha=0.5)
    top.barh(names, extra, left=floor, color="C1", hatch="//",
             edgecolor="white", lw=0)
    for row, bits in enumerate(extra):
        text = f"{floor:.2f} + {bits:.3f}".replace(".", ",")
        top.text(0.05, row, text, va="center")
    top.set(xlabel="H(p) + KL(p‖q), бит", xticks=[0, 1, 2])
    coin(bottom)
    return figure


def figure_loss(by_log, by_square):
    """Потери на одном примере и их наклон. При уверенной ошибке,
    слева, −log p̂ спускается с постоянным наклоном, а квадрат ошибки
    почти плоский. Поэтому снизу второму спуску нужно в сотни раз
    больше шагов.

    Верхний график: по горизонтали логит z верного класса, слева
    уверенная ошибка, справа уверенный верный ответ. Синяя линия
    −log p̂ слева прямая с наклоном −1, справа ложится на ноль. Рыжая
    штриховая (1 − p̂)² слева лежит на полке высотой 1 и падает лишь
    около нуля. Нижний график: вероятность верного класса p̂ по шагам
    спуска, шкала шагов логарифмическая. Синяя кривая поднимается к
    единице за десяток шагов, рыжая штриховая — после тысячи.
    """
    figure, (top, bottom) = plt.subplots(
        2, figsize=(5, 5.4), layout="constrained")
    z = np.linspace(WRONG, 4, 97)
    top.plot(z, -np.log(sigmoid(z)), color="C0")
    top.plot(z, (1 - sigmoid(z)) ** 2, "--", color="C1")
    top.text(-5.2, 5.6, "−log p̂: наклон почти −1", color="C0")
    top.text(-7.9, 1.3, "(1 − p̂)²: наклон почти 0", color="C1")
    top.set(xlabel="логит z верного класса", ylabel="потери",
            xticks=range(-8, 5, 2), yticks=range(0, 9, 2))
    step = np.arange(1, len(by_log) + 1)
    bottom.semilogx(step, by_log, color="C0")
    bottom.semilogx(step, by_square, "--", color="C1")
    bottom.text(14, 0.55, "−log p̂", color="C0")
    bottom.text(900, 0.55, "(1 − p̂)²", color="C1", ha="right")
    bottom.set(xlabel="шаг спуска", ylabel="p̂ верного класса")
    bottom.set_yticks([0, 0.5, 1], ["0", "0,5", "1"])
    bottom.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    bottom.minorticks_off()
    return figure


def figure_training(history, floor):
    """Потери падают от log 3, когда модель не знает ничего, но не до
    нуля. На новых точках модель не лучше истинного классификатора, а
    на обучающих будто бы лучше: зазор между кривыми — переобучение.

    По горизонтали шаг градиентного спуска в логарифмической шкале, по
    вертикали кросс-энтропия в натах, среднее по многим обучениям. Обе
    кривые начинаются у серой точечной линии log 3 и вместе падают.
    Потом они расходятся: синяя сплошная, обучающие точки, уходит ниже
    серого пунктира, то есть потерь истинного классификатора; рыжая
    штриховая, новые точки, остаётся выше него.
    """
    figure, ax = plt.subplots(figsize=(5, 3.1), layout="constrained")
    step = np.arange(len(history)) + 1
    seen, new = history.mean(axis=-1).T  # (steps,), (steps,)
    ax.semilogx(step, new, "--", color="C1", label="новые точки")
    ax.semilogx(step, seen, color="C0", label="обучающие точки")
    ax.axhline(np.log(3), color="0.5", ls=":")
    ax.axhline(floor, color="0.5", ls="--", lw=1)
    ax.text(60, np.log(3) - 0.02, "log 3: модель не знает ничего",
            va="top", ha="right")
    ax.text(1, floor - 0.012, "истинный\nклассификатор", va="top")
    ax.set(xlabel="шаг спуска", ylabel="кросс-энтропия, нат",
           ylim=(0.55, 1.15))
    ax.set_yticks([0.6, 0.8, 1], ["0,6", "0,8", "1"])
    ax.set_xticks([1, 10, 60], ["1", "10", "60"])
    ax.minorticks_off()
    ax.legend(loc="center right")
    return figure


if __name__ == "__main__":
    for name, p, q in (("p, q", P, Q), ("q, p", Q, P),
                       ("p, p", P, P)):
        print(f"H({name}), бит = {cross_entropy(p, q) / np.log(2):.3f}")
        left, right = name.split(", ")
        print(f"KL({left}‖{right}), бит = {kl(p, q) / np.log(2):.3f}")
    print(f"H(p, q), нат = {cross_entropy(P, Q):.4f}")
    rng = np.random.default_rng(0)
    surprise = -np.log(Q[rng.choice(4, 100_000, p=P)])
    mean, error = surprise.mean(), surprise.std() / 100_000**0.5
    print(f"исходов в выборке = {len(surprise)}")
    print(f"минус средний log q по выборке из p = {mean:.4f}")
    print(f"его стандартная ошибка = {error:.4f}")
    figure_decomposition().savefig("cross_entropy-decomposition.svg")

    z, y = np.array([[2.0, 1.0, -1.0]]), np.array([1])
    for k in range(3):
        print(f"p̂ класса {k + 1} = {np.exp(log_softmax(z))[0, k]:.4f}")
        slope = gradient(z, y)[0, k]
        print(f"градиент по логиту {k + 1} = {slope:.4f}")
    numeric = [(loss(z + e, y) - loss(z - e, y)) / 2e-5
               for e in 1e-5 * np.eye(3)]
    worst = np.abs(numeric - gradient(z, y)).max()
    print(f"расхождение с разностной производной = {worst:.0e}")

    big = np.array([1000.0, 0.0])
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        print("наивный softmax =", np.exp(big) / np.exp(big).sum())
        print("наивный log Σ exp =", np.log(np.exp(big).sum()))
        print("log от softmax =", np.log(np.exp(log_softmax(big)))[1])
    print("устойчивый log-softmax =", log_softmax(big)[1])
    edge = np.log(np.finfo(float).max)
    print(f"exp переполняется после = {edge:.2f}")

    p = sigmoid(WRONG)
    print(f"p̂ при уверенной ошибке = {p:.6f}")
    print(f"наклон −log p̂ = {log_loss_slope(p):.4f}")
    print(f"наклон квадрата = {squared_slope(p):.6f}")
    paths = [escape(s, 3000) for s in (log_loss_slope, squared_slope)]
    for name, path in zip(("−log p̂", "квадрат"), paths):
        print(f"шагов до p̂ > ½, {name} = {np.argmax(path > 0.5)}")
    figure_loss(*paths).savefig("cross_entropy-loss.svg")

    x, y = sample(rng, TRAININGS, N)  # (B, n, d), (B, n)
    x_new, y_new = sample(rng, TRAININGS, N)
    history = train(x, y, x_new, y_new)
    floor = loss(x_new @ W, y_new).mean()
    print(f"потери в начале = {history[0, 0].mean():.4f}")
    for i, name in enumerate(("обучающие", "новые")):
        mean = history[-1, i].mean()
        print(f"потери в конце, {name} точки = {mean:.4f}")
    print(f"потери истинного классификатора = {floor:.4f}")
    worse = np.mean(history[-1, 1] > loss(x_new @ W, y_new))
    print(f"хуже истинного на новых точках = {worse:.0%}")
    better = np.mean(history[-1, 0] < loss(x @ W, y))
    print(f"лучше истинного на обучающих точках = {better:.0%}")
    twice = loss(np.eye(3), np.arange(3))
    print(f"предел потерь при двойном softmax = {twice:.4f}")
    figure_training(history, floor).savefig(
        "cross_entropy-training.svg")

    points = rng.standard_normal(100)
    elite = points[np.argsort(np.abs(points - 2))[:10]]  # ближе к 2
    for name, m, s in (("старой", 0, 1),
                       ("новой", elite.mean(), elite.std())):
        h = np.mean(np.log(s * np.sqrt(2 * np.pi))
                    + (elite - m) ** 2 / (2 * s**2))
        print(f"H элиты и {name} гауссианы = {h:.4f}")
