"""A number in a note is the number that the code printed."""

import ast
import html
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

import markup
import runner
from claims import BINDING, check, constants, number_before, same, unheld
from runner import Run, caption_and_alt
from vault import read_note

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
THEIRS = "Reinforcement learning.md"  # the author's note as it was written

STDOUT = (
    "p* = 0.585786\nJ* = -11.656854\nошибка = 3.2e-07\nдопуск = 1e-06\n"
    "прогонов = 12000\nдоля = 97.5 %\nбыстрее = 3.2\nимя = слово\n"
)
RUNS = {"pg": Run("pg", "", STDOUT, {}, None)}


@pytest.mark.parametrize(
    ("before", "label"),
    [
        ("равно 0,59", "p*"),
        ("равно $p^* = 0{,}586$", "p*"),
        ("равно **0.5858**", "p*"),
        ("J = −11,66", "J*"),
        ("J = -11,7", "J*"),
        ("ошибка 3,2·10⁻⁷", "ошибка"),
        ("за 12\u00a0000", "прогонов"),
        ("в 98\u00a0%", "доля"),
        ("меньше 10⁻⁶", "допуск"),
        ("$10^{-6}$, это 1·10⁻⁶", "допуск"),
        ("в\u00a0три", "быстрее"),
        ("Втрое", "быстрее"),
    ],
)
def test_a_number_rounded_from_the_printed_one_holds(before, label):
    assert check(before, f"pg: {label}", RUNS) is None


@pytest.mark.parametrize(
    ("before", "label"),
    [
        ("равно 0,58", "p*"),
        ("равно 0,5859", "p*"),
        ("J = 11,66", "J*"),
        ("ошибка 3,2·10⁻⁶", "ошибка"),
        ("меньше 10⁻⁷", "допуск"),
        ("в\u00a0четыре", "быстрее"),
        ("5", "имя"),
        ("вдвое", "быстрее"),
        ("в 3,3", "быстрее"),
        ("за 1\u00a0200", "прогонов"),
        ("число потерялось", "p*"),
        ("равно 0,59", "нет такой"),
    ],
)
def test_a_number_that_moved_or_is_missing_is_a_problem(before, label):
    assert check(before, f"pg: {label}", RUNS)


@pytest.mark.parametrize("comment", ["просто комментарий", "test: test_name", "слово: дело"])
def test_any_other_comment_is_left_alone(comment):
    assert check("текст", comment, RUNS) is None


@pytest.mark.parametrize(("before", "label", "holds"), [("64", "CARTS", True), ("32", "STEPS", True), ("65", "CARTS", False)])
def test_a_constant_of_a_snippet_holds_a_number_too(before, label, holds):
    run = Run("ppo", "CARTS, STEPS = 64, 32\nrate = 1\n", "", {}, None)
    assert (check(before, f"ppo: {label}", {"ppo": run}) is None) is holds


# no number without a holder


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Метод сделал 14 шагов", ["14"]),
        ("вышло −1,5 и 12\u00a0000", ["−1,5", "12\u00a0000"]),
        ("- пункт: 3\n- **4**", ["3", "4"]),
        ("> [!note] Врезка\n> всего 7", ["7"]),
        ("| вес | след |\n|---|---|\n| 1 | 338 |", ["338"]),
        (r"равно $p^*=2-\sqrt2\approx0{,}586$", ["0{,}586"]),
        ("14%%просто комментарий%%", ["14"]),
        ("14 раз %%cem: поколений%%, а потом 15", ["14", "15"]),
        ("# Источники\n- 2017, с. 5\n# Итог\n8 раз", ["8"]),
        ("## 10 ошибок", ["10"]),
        ("> [!note] За 14 поколений\n> дошли", ["14"]),
        ("дошли[^1]\n\n[^1]: за 14 поколений", ["14"]),
        ("| до 500 | доля |\n|---|---|\n| за 7 | 8 |", ["500", "7", "8"]),
        ("<figure>\n<figcaption>в 14 раз</figcaption>\n</figure>", ["14"]),
        ("в <b>14</b> раз и ![в 15 раз](a.png)", ["14", "15"]),
        ("вышло ровно\n14. Вот", ["14"]),
        ("![[схема.png|в 14 раз]]", ["14"]),
        ("см. [в 14 раз](#a) и [[Заметка 7|в 15 раз]]", ["14", "15"]),
        ("3–5 шагов, 0,5\u00a0% и 10⁻⁶", ["3", "5", "0,5", "10⁻⁶"]),
        ("3–5%%cem: поколений%% шагов", ["3"]),
        ("в\u00a0три раза, в двадцать с\u00a0лишним раз, на два порядка, втрое", ["три", "двадцать", "два", "втрое"]),
        ("полтора процента", ["полтора"]),
        ("в 10-кратном запасе 3х быстрее", ["10", "3"]),
        ("Вышло 14. Потом (15)", ["14", "15"]),
        (r"выше $-11{,}66$ и $\approx0{,}5$", ["-11{,}66", "0{,}5"]),
        ("%%cem: поколений%% 14", ["14"]),
        ("от 10 до 100 и 5%%cem: поколений%%", ["10", "100"]),
    ],
)
def test_a_number_of_prose_that_nothing_holds_is_found(text, numbers):
    assert [number for _, number in unheld(text)] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "в\u00a0три%%cem: быстрее%% раза, вдвое%%задано%%, 10⁻⁶%%cem: допуск%%, $1{,}2$%%задано%%",
        "три поколения, в два шага",
        "14%%cem: поколений%% поколений, **0,5**%%test: test_half%% %, 12%%задано%%°",
        "от 10 до 100%%задано%%, логиты 2, 1 и\u00a0−1%%задано%%, полоса 10–90%%задано%% %",
        r"при $\varepsilon=0{,}2$ и $\cos x\approx1$",
        r"равно $p^*\approx0{,}586$%%pg: p*%%",
        "`x = 5`, [рис. 5](#a), [[Заметка 7]], https://a.b/2017",
        "в CartPole-v1 и float64, 90-й процентиль, рис. 3, § 13.2, глава 6, раздел 5.3",
        "по (1) и формуле (16), Уильямс (1992), задача #2\n\n$$\nx=1.\\quad(1)\n$$",
        "**1. Знак.** Мы максимизируем.\n\n**Шаг 2.** Дальше.\n\n3. пункт",
        "| шаг | $x=6$ |\n|---|---|\n| 7 | x |\n| $0{,}5$ | x |",
        '<div style="width: 300px">\n<b>слово</b>\n</div>',
        "```\n1 + 1\n```\n\n$$\n1 + 1 \\approx 2{,}1\n$$",
    ],
)
def test_a_held_number_a_definition_and_a_name_are_left_alone(text):
    assert unheld(text) == []


def test_the_line_of_an_unheld_number_is_its_own():
    assert unheld("раз\nдва 2\n\nтри\nчетыре 4\n") == [(1, "2"), (4, "4")]


# the notes and the figures of this site

NOTES = [read_note(path.name, path.read_bytes()) for path in sorted(DOCS.glob("*.md")) if path.name != THEIRS]


# test_benchmarks.py compares what stands between these marks with benchmarks/results.json
MEASURED = re.compile(r"%%замеры: \w+%%.*?%%конец замеров%%", re.S)


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.path)
def test_every_number_on_a_page_is_held(note):
    text = MEASURED.sub(lambda region: "\n" * region[0].count("\n"), note.text)
    problems = [
        f"{note.path}, строка {note.offset + line + 1}: число {number} ничто не держит; поставьте за ним "
        f"%%пример: подпись%%, %%test: имя_теста%% или, если оно выбрано, а не измерено, %%задано%%"
        for line, number in unheld(text)
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.path)
def test_what_holds_a_number_exists(note):
    """A comment that names no snippet is left alone by the build, so that of a number must name one."""
    snippets = {path.stem for path in (ROOT / "snippets").glob("*.py")}
    for comment in comments(markup.parse(note.text)):
        holder = BINDING.fullmatch(comment.content)
        if holder and number_before(comment.meta["before"]):
            line = note.offset + comment.meta["line"] + 1
            assert holder[1] in {*snippets, "test"}, f"{note.path}, строка {line}: нет примера {holder[1]}"


def comments(tokens):
    for token in tokens:
        if token.type == "comment":
            yield token
        yield from comments(token.children or [])


def literals(node, constants):
    """The numbers that a test states, itself or by the names of its module's constants."""
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
            found |= {-number for number in literals(part.operand, {})}
        elif isinstance(part, ast.Constant):
            with suppress(TypeError, ValueError):
                found.add(float(part.value))
        elif isinstance(part, ast.Name) and part.id in constants:
            found |= literals(constants[part.id], {})
    return found


@cache
def stated():
    """What every test states, by its name."""
    found = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assigned = [node for node in body if isinstance(node, ast.Assign)]
        constants = {name.id: node.value for node in assigned for name in node.targets if isinstance(name, ast.Name)}
        for node in body:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, set()).update(literals(node, constants))
    return found


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.path)
def test_a_number_held_by_a_test_stands_in_the_test(note):
    for comment in comments(markup.parse(note.text)):
        name, number = re.fullmatch(r"\s*test:\s*(\w+)\s*", comment.content), number_before(comment.meta["before"])
        if name:
            assert name[1] in stated(), f"{note.path}, строка {note.offset + comment.meta['line'] + 1}: нет теста {name[1]}"
        if name and number:
            shown, value, unit = number
            held = any(same(real, value, unit) for real in stated()[name[1]])
            assert held, f"{note.path}, строка {note.offset + comment.meta['line'] + 1}: в {name[1]} нет числа {shown}"


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.path)
def test_a_number_of_the_description_is_held_on_the_page(note):
    said = f"{note.meta.get('title', '')} {note.meta.get('description', '')}"
    for number in re.findall(r"\d[\d\u00a0,]*", said):
        assert f"{number}%%" in note.text, f"{note.path}: число {number} из описания"


@pytest.fixture(scope="module")
def runs():
    return runner.run_all(ROOT / "snippets", ROOT / ".cache" / "snippets")


def test_a_number_of_a_caption_is_printed_drawn_or_a_constant_of_the_snippet(runs):
    """What the caption and the text for the blind say is what the run has drawn."""
    for run in runs.values():
        printed = [number_before(value) for value in runner.printed(run.stdout).values()]
        known = [value for _, value, _ in filter(None, printed)]
        known += [float(value) for value in constants(run.source).values()]
        for figure, svg in run.figures.items():
            drawn = re.sub(r"<[^>]+>", " ", " ".join(re.findall(r"<text.*?</text>", svg, re.S)))
            drawn = [number for _, number in unheld(html.unescape(drawn).replace("\n", " "))]
            for _, number in unheld(" ".join(caption_and_alt(run.source, figure))):
                _, value, unit = number_before(number)
                assert number in drawn or any(same(real, value, unit) for real in known), f"{figure}: {number}"
