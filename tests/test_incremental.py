"""Under `mkdocs serve` a note is converted again when its page can have changed, and only then."""

import random
from dataclasses import replace

import pytest

import incremental
import obsidian
from runner import Run
from vault import Figure, Vault

NAMES = ["А.md", "Б.md", "В.md", "п/А.md", "п/Г.md", "п/Д.md", "Теги.md", "к/Е.md", "м/Е.md", "о/Е.md"]
TARGETS = ["А", "Б", "В", "Г", "Д", "п/А", "Е", "../В", "Имя", "Другое", "1.png", "demo.py", "demo-line.svg", "Нет", ""]
ANCHORS = ["", "", "#Один", "#Два", "#Один#Два", "#^а", "#^б", "#line"]
PIECES = [
    *("раз\nдва\n\n", "# Один\n\n", "## Два\n\n", "# Два\n\n", "текст ^а\n\n", "- пункт ^б\n\n", "#тег/вложенный\n\n", "сноска[^1]\n\n[^1]: a\n\n"),
    *("2%%demo: точек%%\n\n", "%%комментарий%%\n\n", "> [!note] Имя\n> текст\n\n", "$x^2$ $$\\frac{1}$$\n\n", "<img src='1.png'>\n\n"),
    *("[x](Б.md#два)\n\n", "[x](#нет)\n\n", "```python\n1\n```\n\n"),
]
PROPERTIES = ["aliases: [Имя]", "aliases: [Другое]", "publish: false", "title: Иначе", "slug: adres", "cssclasses: узкая", "tags: [a]", "x: [", "x: &a [*a]"]
RUNS = [
    {},
    {"demo": Run("demo", "def line():\n    pass\n", "точек = 2\n", {"demo-line": "<svg/>"})},
    {"demo": Run("demo", "def line():\n    return 1\n", "точек = 3\n", {})},
    {"demo": Run("demo", "1 / 0\n", "", {}, "snippets/demo.py, строка 1: …")},
]


def piece(rng):
    link = f"{rng.choice(['', '!'])}[[{rng.choice(TARGETS)}{rng.choice(ANCHORS)}{rng.choice(['', '|слово'])}]]\n\n"
    return rng.choice([link, rng.choice(PIECES)])


def written(rng):
    properties = rng.sample(PROPERTIES, rng.choice([0, 0, 1, 2]))
    front = "".join(f"{line}\n" for line in properties)
    return (f"---\n{front}---\n" if front else "") + "".join(piece(rng) for _ in range(rng.randint(0, 6)))


def edit(state, rng):
    """Do to a vault what an author does."""
    files = state["files"]
    path = rng.choice(NAMES)
    match rng.choice(["write", "write", "append", "append", "delete", "rename", "files", "runs", "pasted", "breaks"]):
        case "write":
            files[path] = written(rng)
        case "append" if path in files:
            files[path] += piece(rng)
        case "delete":
            files.pop(path, None)
        case "rename" if path in files:
            files[rng.choice(NAMES)] = files.pop(path)
        case "files":
            state["others"] = frozenset(rng.sample(["1.png", "п/1.png", "snippets/demo.py", "notebooks/demo.ipynb"], rng.randint(0, 4)))
        case "runs":
            state["runs"] = rng.choice(RUNS)
        case "breaks":
            state["breaks"] = rng.choice([True, False])
        case "pasted":
            state["pasted"] = rng.choice([{}, {"1.png": Figure("demo-line")}, {"1.png": Figure("demo-line", "Рис. 1")}])


def read(state, last):
    """Read the vault's files as the build does."""
    return {path: incremental.read(path, text.encode(), last.get(path)) for path, text in state["files"].items()}


def vault_of(readings, state):
    # a run comes from disk anew at every build
    runs = {name: replace(run) for name, run in state["runs"].items()}
    return Vault({path: reading.note for path, reading in readings.items()}, state["others"], runs, state["pasted"], breaks=state["breaks"])


def converted(convert, vault):
    pages = {}
    for path, note in vault.notes.items():
        if path in vault.urls:
            try:
                pages[path] = convert(note)
            except Exception as error:
                pages[path] = repr(error)
    return pages


@pytest.mark.parametrize("seed", range(15))
def test_whatever_an_author_does_the_pages_are_those_of_a_conversion_from_scratch(seed):
    rng = random.Random(seed)
    state = {"files": {path: written(rng) for path in NAMES[:8]}, "others": frozenset(), "runs": RUNS[1], "pasted": {}, "breaks": True}
    readings, last = {}, {}
    reused = 0
    for _ in range(40):
        readings = read(state, readings)
        vault = vault_of(readings, state)
        now = converted(lambda note: incremental.convert(note, vault, last.get(note.path)), vault)
        fresh = vault_of(read(state, {}), state)
        expected = converted(lambda note: obsidian.convert(note, fresh), fresh)
        assert {path: getattr(c, "page", c) for path, c in now.items()} == expected
        reused += sum(last.get(path) is conversion for path, conversion in now.items())
        last |= {path: c for path, c in now.items() if not isinstance(c, str)}
        edit(state, rng)
    assert reused > 40  # of some 150


def counted(monkeypatch, before, after):
    """Return which notes are converted when a vault has become another."""
    log = []
    convert = obsidian.convert
    monkeypatch.setattr(obsidian, "convert", lambda note, vault: log.append(note.name) or convert(note, vault))
    readings, last = {}, {}
    for texts in (before, after):
        log.clear()
        readings = {f"{n}.md": incremental.read(f"{n}.md", text.encode(), readings.get(f"{n}.md")) for n, text in texts.items()}
        vault = Vault({path: reading.note for path, reading in readings.items()})
        last = {path: incremental.convert(note, vault, last.get(path)) for path, note in vault.notes.items() if note.published}
    return sorted(log)


VAULT = {
    "А": "# Раздел\n\nтекст ^б\n",
    "ссылка": "[[А]]",
    "ссылка на раздел": "[[А#Раздел]]",
    "вставка": "![[А#Раздел]]",
    "вставка вставки": "![[вставка]]",
    "никуда": "[[Б]]",
    "сама по себе": "слово",
}


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({}, []),
        ({"А": "# Раздел\n\nдругой текст ^б\n"}, ["А", "вставка", "вставка вставки", "ссылка на раздел"]),
        ({"сама по себе": "другое"}, ["сама по себе"]),
        ({"Б": ""}, ["Б", "никуда"]),
        ({"Б": "---\naliases: [никакая]\n---\n"}, ["Б", "никуда"]),
        ({"сама по себе": "---\naliases: [Б]\n---\nслово"}, ["никуда", "сама по себе"]),
        ({"А": "---\npublish: false\n---\n"}, ["вставка", "вставка вставки", "ссылка", "ссылка на раздел"]),
    ],
)
def test_only_the_notes_that_a_change_concerns_are_converted_again(monkeypatch, change, again):
    assert counted(monkeypatch, VAULT, VAULT | change) == again
