"""Made-up vaults: the same notes once as Obsidian writes them and once as plain MkDocs reads them.

A note has what notes have: headings, links to other notes and to headings in them, an embedded section,
a callout, formulas, code, a table, lists, tasks, tags, an alias. The plain twin says the same in the words
of Python-Markdown's extensions; the section that Obsidian would take in stands there in full.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

WORDS = re.findall(r"\w+", """
    агент среда награда политика состояние действие эпизод шаг градиент выборка оценка среднее дисперсия
    ошибка модель данные признак вес функция вершина поколение элита распределение вероятность ожидание
    сеть слой обучение проверка пример график число ряд предел мера порядок связь причина следствие
    быстро медленно часто редко всегда иногда почти точно сначала потом здесь там поэтому например
    считает ищет находит меняет растёт падает сходится показывает сравнивает повторяет хранит забывает
""")
FORMULAS = (
    r"\nabla J(\theta)=\mathbb E[R\,\nabla\log\pi_\theta(a\mid s)]",
    r"\hat\mu=\frac1n\sum_{i=1}^n x_i",
    r"H(p,q)=-\sum_x p(x)\log q(x)",
    r"\sigma^2=\frac{1}{n-1}\sum_{i=1}^n(x_i-\bar x)^2",
    r"V(s)=\max_a\bigl(r(s,a)+\gamma V(s')\bigr)",
)
SYMBOLS = (r"\theta", "x_i", r"\alpha", r"p(x)", r"\gamma^t", r"\pi_\theta")
CODE = '''\
import numpy as np


def step{n}(theta, rng):
    """One step up the noisy slope."""
    noise = rng.normal(size=theta.shape)
    return theta + 0.1 * (noise - theta / {n})
'''
FOLDERS = ("", "Методы/", "Теория/", "Дневник/", "Проекты/")
CALLOUTS = ("note", "tip", "warning", "example", "quote")
TAGS = ("метод", "теория", "идея", "прочесть", "метод/градиент")


@dataclass(frozen=True)
class Note:
    """A note's path without the suffix, its name and its headings, the last of which others take in."""

    path: str
    name: str
    headings: tuple[str, ...]


def vault(count: int, folder: Path, plain: bool = False, seed: int = 0) -> list[str]:
    """Write a vault of `count` notes into a folder, Obsidian's or its plain twin; return its reading order.

    The same `count` and `seed` give the same notes, and the twins say the same. The home page links to the
    first twenty, and those are the reading order.
    """
    rng = random.Random(seed)
    write = _Plain if plain else _Obsidian
    notes = [_note(n, rng) for n in range(count - 1)]
    home = write(Note("index", "index", ()), notes, rng)
    texts = {"index": "".join(f"- {home.link(note)}\n" for note in notes[:20])}
    for note in notes:
        texts[note.path] = write(note, notes, random.Random(note.path)).text()
    for path, text in texts.items():
        file = folder / f"{path}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [f"{path}.md" for path in ("index", *(note.path for note in notes[:20]))]


def _note(n: int, rng: random.Random) -> Note:
    name = f"{rng.choice(WORDS)} {rng.choice(WORDS)} {n}".capitalize()
    headings = [f"{rng.choice(WORDS)} {rng.choice(WORDS)} {k}".capitalize() for k in range(rng.randint(2, 4))]
    return Note(rng.choice(FOLDERS) + name, name, tuple(headings))


class _Writer:
    """The order and the words of a note; how each is spelled is the subclass's."""

    def __init__(self, note: Note, notes: list[Note], rng: random.Random):
        self.note, self.notes, self.rng = note, notes, rng

    def sentence(self) -> str:
        words = [self.rng.choice(WORDS) for _ in range(self.rng.randint(6, 14))]
        if self.rng.random() < 0.3:
            words.insert(self.rng.randrange(len(words)), f"**{self.rng.choice(WORDS)}**")
        if self.rng.random() < 0.3:
            words.insert(self.rng.randrange(len(words)), f"${self.rng.choice(SYMBOLS)}$")
        if self.rng.random() < 0.35:
            note = self.rng.choice(self.notes)
            heading = self.rng.choice(note.headings) if self.rng.random() < 0.3 else ""
            words.insert(self.rng.randrange(len(words)), self.link(note, heading, self.rng.choice(WORDS)))
        return " ".join([words[0].title(), *words[1:]]) if words[0].isalpha() else " ".join(words)

    def paragraph(self) -> str:
        return ". ".join(self.sentence() for _ in range(self.rng.randint(2, 5))) + ".\n\n"

    def section(self) -> str:
        """The last section of the note, which others take in: two paragraphs."""
        return self.paragraph() + self.paragraph()

    def text(self) -> str:
        parts = [self.start(self.note.name, self.rng.choice(TAGS)), self.paragraph()]
        *first, last = self.note.headings
        extras = [self.callout, self.formula, self.code, self.table, self.list, self.tasks, self.embed]
        self.rng.shuffle(extras)
        for k, heading in enumerate(first):
            parts += [f"## {heading}\n\n", self.paragraph()]
            parts += [part() for part in extras[k :: len(first)]]
            parts.append(self.paragraph())
        self.rng = random.Random(self.note.name)  # the same words wherever the section stands
        return "".join([*parts, f"## {last}\n\n", self.section()])

    def formula(self) -> str:
        return f"$$\n{self.rng.choice(FORMULAS)}\n$$\n\n"

    def code(self) -> str:
        return f"```python\n{CODE.format(n=self.rng.randint(2, 99))}```\n\n"

    def table(self) -> str:
        rows = [f"| {self.rng.choice(WORDS)} | {self.rng.random():.3f} |\n" for _ in range(4)]
        return "".join(["| что | сколько |\n|---|--:|\n", *rows, "\n"])

    def list(self) -> str:
        rows = [f"- {self.sentence()}\n{self.inner}- {self.rng.choice(WORDS)}\n" for _ in range(3)]
        return "".join([*rows, "\n"])

    def tasks(self) -> str:
        return f"- [ ] {self.rng.choice(WORDS)}\n- [x] {self.rng.choice(WORDS)}\n\n"


class _Obsidian(_Writer):
    inner = "  "

    def start(self, name: str, tag: str) -> str:
        return f"---\ntags: [{tag}]\naliases: [Ещё {name}]\n---\n"

    def link(self, note: Note, heading: str = "", text: str = "") -> str:
        return f"[[{note.name}{f'#{heading}' if heading else ''}{f'|{text}' if text else ''}]]"

    def callout(self) -> str:
        kind = self.rng.choice(CALLOUTS)
        return f"> [!{kind}] {self.rng.choice(WORDS)}\n> {self.sentence()}.\n\n"

    def embed(self) -> str:
        note = self.rng.choice(self.notes)
        return f"![[{note.name}#{note.headings[-1]}]]\n\n"


class _Plain(_Writer):
    inner = "    "  # Python-Markdown's lists

    def start(self, name: str, tag: str) -> str:
        return f"---\ntitle: {name}\ntags: [{tag}]\n---\n"

    def link(self, note: Note, heading: str = "", text: str = "") -> str:
        up = "../" if "/" in self.note.path else ""
        anchor = f"#{heading.lower().replace(' ', '-')}" if heading else ""
        return f"[{text or note.name}](<{up}{note.path}.md{anchor}>)"

    def callout(self) -> str:
        kind = self.rng.choice(CALLOUTS)
        return f'!!! {kind} "{self.rng.choice(WORDS)}"\n    {self.sentence()}.\n\n'

    def embed(self) -> str:
        note = self.rng.choice(self.notes)
        taken = _Plain(self.note, self.notes, random.Random(note.name))
        return f"### {note.headings[-1]}\n\n{taken.section()}{self.link(note, note.headings[-1])}\n\n"
