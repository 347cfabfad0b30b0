"""Exercises: the check of each accepts a right answer and says what is wrong with the others."""

import re

import pytest

import session
from conftest import ROOT

# in a callout: start code and, under the name «проверка …», what is run after it
FENCE = re.compile(r'^(?:> )+```python title="(проверка )?(\w+\.py)"\n(.*?)^(?:> )+```$', re.M | re.S)

# For each exercise: answers, and what the check says of them (nothing: they are right)
ANSWERS = {
    "returns.py": {
        """
def returns(r, gamma, after=0.0):
    G = np.zeros(len(r))
    for t in reversed(range(len(r))):
        after = G[t] = r[t] + gamma * after
    return G
""": None,
        """
def returns(r, gamma, after=0.0):
    G = list(r)
    G[-1] += gamma * after
    for t in range(len(r) - 2, -1, -1):
        G[t] += gamma * G[t + 1]
    return G
""": None,
        """
def returns(r, gamma, after=0.0):
    return [r[t] + gamma * sum(r[t + 1:]) for t in range(3)]
""": "При γ = 0,5 и after = 0 ждали G[0] = 1,5, получилось 2: похоже, γ не возведена в степень.",
        "def returns(r, gamma, after=0.0): return np.cumsum(r[::-1])[::-1]": "похоже, γ забыта",
        "def returns(r, gamma, after=0.0): return (r * gamma ** np.arange(3))[::-1].cumsum()[::-1]": "G[1] = 1, получилось 0,5: похоже, степень γ отсчитана от начала эпизода",
        "def returns(r, gamma, after=0.0): return sum(r * gamma ** np.arange(3))": "одно число на каждый шаг",
        """
def returns(r, gamma, after=0.0):
    for t in range(len(r) - 2, -1, -1):
        r[t] += gamma * r[t + 1]
    return r
""": "r менять нельзя",
        """
def returns(r, gamma, after=0.0):
    G = np.append(r, 0.0)
    for t in range(len(r) - 1, -1, -1):
        G[t] += gamma * G[t + 1]
    return G[:-1]
""": "after = 8 ждали G[0] = 2,5, получилось 1,5: похоже, after забыт",
        """
def returns(r, gamma, after=0.0):
    G = np.append(r[:-1], r[-1] + after)
    for t in range(len(r) - 2, -1, -1):
        G[t] += gamma * G[t + 1]
    return G
""": "похоже, перед after не хватает γ",
    },
    "elite.py": {
        """
def generation(x, y, k):
    elite = x[np.argsort(y)[-k:]]
    return elite.mean(axis=0), np.cov(elite, rowvar=False, bias=True)
""": None,
        """
def generation(x, y, k):
    elite = x[y >= np.sort(y)[-k]]
    z = elite - elite.mean(axis=0)
    return elite.mean(axis=0), z.T @ z / k
""": None,
        """
def generation(x, y, k):
    elite = x[np.argsort(y)[-k:]]
    return elite.mean(axis=0), np.cov(elite.T)
""": "похоже, поделено на k − 1",
        """
def generation(x, y, k):
    elite = x[np.argsort(y)[-k:]]
    return elite.mean(axis=0), np.diag(elite.var(axis=0))
""": "Σ[0, 1]: ждали −1,33, получилось 0: похоже, ковариация координат потеряна",
        """
def generation(x, y, k):
    z = x[np.argsort(y)[-k:]]
    mu = z.mean(axis=0)
    return mu, (z - mu).T @ (z - mu)
""": "похоже, сумма не поделена на k",
        """
def generation(x, y, k):
    z = x[np.argsort(y)[-k:]]
    return z.mean(axis=0), (z - x.mean(axis=0)).T @ (z - x.mean(axis=0)) / k
""": "Σ[1, 1]: ждали 0,889",
        "def generation(x, y, k): return x[np.argsort(y)[:k]].mean(axis=0), np.eye(2)": "получилось 1,33; вторая: ждали 1,33, получилось 3,33. Похоже, взяты худшие",
        "def generation(x, y, k): return x[:k].mean(axis=0), np.eye(2)": "надо упорядочить по y",
        "def generation(x, y, k): return x[np.argmax(y)], np.eye(2)": "среднее берут по элите",
        "def generation(x, y, k): return x.mean(), np.eye(2)": "точка из двух чисел",
    },
    "reward_to_go.py": {
        """
def estimate(dlogp, r):
    return r[::-1].cumsum()[::-1] @ dlogp
""": None,
        """
def estimate(dlogp, r):
    return sum(dlogp[t] * r[t:].sum() for t in range(len(r)))
""": None,
        "def estimate(dlogp, r): return r.cumsum() @ dlogp": "похоже, сложены прошлые награды",
        "def estimate(dlogp, r): return r @ dlogp": "похоже, в весе только награда шага t",
        "def estimate(dlogp, r): return (r.sum() - r.cumsum()) @ dlogp": "похоже, потеряна награда самого шага t",
        "def estimate(dlogp, r): return (r[::-1].cumsum()[::-1, None] * dlogp).mean(axis=0)": "Координата 0: ждали 9, получилось 3: похоже, взято среднее",
        "def estimate(dlogp, r): return -r[::-1].cumsum()[::-1] @ dlogp": "знак обратный",
        "def estimate(dlogp, r): return r[::-1].cumsum()[::-1, None] * dlogp": "по числу на каждую координату",
    },
    "objective.py": {
        """
def objective(r, adv, eps=0.2):
    return np.minimum(r * adv, np.clip(r, 1 - eps, 1 + eps) * adv)
""": None,
        """
def objective(r, adv, eps=0.2):
    return np.where(adv > 0, np.minimum(r, 1 + eps), np.maximum(r, 1 - eps)) * adv
""": None,
        "def objective(r, adv, eps=0.2): return r * adv": "При r = 1,4, A = 1, ε = 0,2 ждали 1,2, получилось 1,4: похоже, обрезки нет",
        "def objective(r, adv, eps=0.2): return np.minimum(r, np.clip(r, 1 - eps, 1 + eps)) * adv": "min взят до умножения на A",
        "def objective(r, adv, eps=0.2): return np.maximum(r * adv, np.clip(r, 1 - eps, 1 + eps) * adv)": "вместо min стоит max",
        "def objective(r, adv, eps=0.2): return np.minimum(r * adv, np.clip(r, 0.8, 1.2) * adv)": "похоже, ε всегда 0,2",
        "def objective(r, adv, eps=0.2): return np.minimum(r * adv, np.clip(r, 1 - eps, 1 + eps) * adv).mean()": "одно число на каждый шаг",
    },
    "stable_loss.py": {
        """
def loss(z, y):
    z = z - z.max()
    return np.log(np.exp(z).sum()) - z[y]
""": None,
        "def loss(z, y): return np.logaddexp.reduce(z) - z[y]": None,
        """
def loss(z, y):
    p = np.exp(z - z.max())
    return -np.log(p[y] / p.sum())
""": "При z = (1000, 0), y = 1 ждали 1000, получилось inf: похоже, exp переполнилась или логарифм",
        "def loss(z, y): return z[y] - np.logaddexp.reduce(z)": "похоже, потерян минус",
        "def loss(z, y): return (np.logaddexp.reduce(z) - z[y]) / np.log(2)": "похоже, логарифм двоичный",
        "def loss(z, y): return np.exp(z[y] - np.logaddexp.reduce(z))": "вероятность без логарифма",
        "def loss(z, y): return np.logaddexp.reduce(z) - z": "одно число",
    },
}
# What the check says of the start code
START = {
    "returns.py": "γ забыта",
    "elite.py": "взяты все точки",
    "reward_to_go.py": "ещё и прошлые награды",
    "objective.py": "При r = 0,6, A = 1, ε = 0,2 ждали 0,6, получилось 0,8: похоже, забыт min",
    "stable_loss.py": "При z = (1000, 0), y = 0 ждали 0, получилось nan: похоже, exp переполнилась",
}


def exercises():
    found = {}
    for note in sorted((ROOT / "docs").glob("*.md")):
        for check, name, code in FENCE.findall(note.read_text(encoding="utf-8")):
            lines = [re.sub("^(> ?)+", "", line) for line in code.splitlines()]
            found.setdefault(name, {})["check" if check else "start"] = "\n".join(lines)
    return found


EXERCISES = exercises()


@pytest.fixture
def verdict(tmp_path, monkeypatch):
    """Run an answer to an exercise and its check; return whether it is right and what is said."""
    monkeypatch.setattr(session, "FOLDER", tmp_path / "snippet")
    monkeypatch.chdir(tmp_path)

    def verdict(name, code):
        said = []
        well = session.run(code, name, lambda *what: said.append(what), EXERCISES[name]["check"])
        assert well, said
        [(right, sentence)] = [what[1:] for what in said if what[0] == "verdict"]
        return right, sentence

    return verdict


def test_every_exercise_of_the_notes_has_its_answers_here():
    assert EXERCISES.keys() == ANSWERS.keys()
    assert all(parts.keys() == {"start", "check"} for parts in EXERCISES.values())


@pytest.mark.parametrize("name", EXERCISES)
def test_the_start_code_runs_and_is_not_yet_the_answer(name, verdict):
    right, sentence = verdict(name, EXERCISES[name]["start"])
    assert right is False and START[name] in sentence


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in ANSWERS for answer in ANSWERS[name]])
def test_the_check_takes_the_right_answers_and_says_what_is_wrong_with_the_others(name, answer, verdict):
    said = ANSWERS[name][answer]
    right, sentence = verdict(name, f"import numpy as np\n{answer}")
    assert right is (said is None), sentence
    assert said is None or said in sentence


def test_an_answer_that_fails_is_an_error_of_the_readers_line_and_not_of_the_checks(verdict):
    with pytest.raises(AssertionError) as told:
        verdict("returns.py", "def returns(r, gamma, after):\n    assert gamma > 2, 'мало'")
    assert "('error'," in str(told.value) and 'File "returns.py", line 2' in str(told.value)
    assert session.CHECK not in str(told.value)
