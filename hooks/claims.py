"""A number in a note is held by the run that gave it: `за 14%%cem: поколений%% поколений`.

The comment is invisible in Obsidian and on the site. It names a printed line of a snippet, or a constant
in capitals at its top: a number that has moved is a problem of the note. `%%test: test_name%%` says which
test holds the number, `%%задано%%` that it was chosen, not measured. `unheld` finds the numbers that have
no such comment, «в три раза» among them: `в три%%test: test_name%% раза`.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from markdown_it.token import Token

import markup
import runner

BINDING = re.compile(r"\s*(\w+)\s*:\s*(.+?)\s*", re.S)
CHOSEN = "задано"
NUMBER = re.compile(
    r"(?P<sign>[-−+]?)(?:10(?P<alone>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<whole>\d+(?:[\u00a0\u202f]\d{3})*)(?:(?:[.,]|\{,\})(?P<part>\d+))?"
    r"(?:\u00a0?·\u00a0?10(?P<power>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?)"
)
TAIL = r"[\u00a0\u202f ]?[%°$*_]*\Z"
AT_THE_END = re.compile(r"(?<![_^\d])" + NUMBER.pattern + TAIL)
ONE = r"[-−]?\d[\d\u00a0]*(?:,\d+)?"
LISTED = re.compile(rf"{ONE}(?:(?:,\s|–|\s(?:и|до|или)\s){ONE})*{TAIL}")  # 10–90; 2, 1 и −1
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
ROUNDING = 1e-9  # a printed 0.125 may stand as 0,12 or as 0,13

SOURCES = "Источники"
NAMES = re.compile(  # digits that name something and count nothing
    r"\w+://\S+|\((?:19|20)\d\d\)"  # an address, a year
    r"|^(?:Шаг )?\d+\.(?=\s|$)"  # a numbered paragraph
    r"|(?:рис\.|§|(?:раздел|глав|пункт|теорем|алгоритм)\w*)\s\d+(?:\.\d+)*|формул\w*\s\(?\d+\)?|#\d+"
    r"|[^\W\d_][\w-]*\d[\w.]*"  # CartPole-v1
    r"|\d+(?:-[а-яё]{1,3}\b|(?!x\b)[a-z]\w*)",  # 90-го, 3D
    re.I,
)
EQUATION = re.compile(r"quad\((\d+)\)")
MEASURED = re.compile(r"(?:\\approx\s*|\A\s*)([-−]?\d+\{,\}\d+)\s*\Z")
WORDS = {"полтора": 1.5, "два": 2, "две": 2, "двух": 2, "три": 3, "трёх": 3, "четыре": 4, "пять": 5}
WORDS |= {"шесть": 6, "семь": 7, "восемь": 8, "девять": 9, "десять": 10, "двенадцать": 12, "пятнадцать": 15}
WORDS |= {"двадцать": 20, "тридцать": 30, "сорок": 40, "пятьдесят": 50, "сто": 100, "тысячу": 1000}
TIMES = {"вдвое": 2, "втрое": 3, "вчетверо": 4, "впятеро": 5, "вдесятеро": 10}
SPELLED = re.compile(rf"\b(?:{'|'.join(WORDS | TIMES)})\Z", re.I)
FACTOR = re.compile(  # a number in words that compares
    rf"(?<=\bв\s)(?:{'|'.join(WORDS)})(?=(?:\s[а-яё]+){{0,2}}\sраза?\b)"
    rf"|(?<=\bна\s)(?:{'|'.join(WORDS)})(?=\sпоряд)|\b(?:{'|'.join(WORDS)})(?=\sпроцент)"
    rf"|\b(?:{'|'.join(TIMES)})\b",
    re.I,
)


def check(before: str, comment: str, runs: dict) -> str | None:
    """Return what is wrong with the number that ends `before`, or None.

    A comment that names no snippet is a comment and nothing else.
    """
    binding = BINDING.fullmatch(comment)
    if not binding or binding[1] not in runs:
        return None
    snippet, label = binding[1], binding[2]
    found = number_before(before)
    if not found:
        return f"перед %%{snippet}: {label}%% нет числа; поставьте комментарий сразу за числом"
    run = runs[snippet]
    if run.error:
        return None  # said where the snippet is embedded
    printed = runner.printed(run.stdout).get(label) or constants(run.source).get(label)
    if printed is None:
        return f"snippets/{snippet}.py не печатает строки «{label} = …»; исправьте подпись"
    shown, value, unit = found
    actual = NUMBER.match(printed)
    exponent = re.match(r"[-+]?\d+(?:\.\d+)?e([-+]?\d+)", printed)
    real = float(exponent[0]) if exponent else _value(actual)[0] if actual else None
    if real is None or not same(real, value, unit):
        return (
            f"число {shown} разошлось с кодом: "
            f"snippets/{snippet}.py печатает «{label} = {printed}»; исправьте число"
        )
    return None


def number_before(text: str) -> tuple[str, float, float] | None:
    """Return the number that ends the text as it stands there, its value and the unit of its last digit."""
    if spelled := SPELLED.search(text):
        return spelled[0], float((WORDS | TIMES)[spelled[0].lower()]), 1.0
    number = AT_THE_END.search(text)
    return (number[0].strip("$*_ "), *_value(number)) if number else None


def same(real: float, value: float, unit: float) -> bool:
    """Is `value` what `real` is when rounded to `unit`?"""
    return abs(real - value) <= unit * (0.5 + ROUNDING)


def unheld(text: str) -> list[tuple[int, str]]:
    """Return every number of a note's prose that no comment holds, with its line counted from 0.

    Prose is what a reader sees, but for code and the section of sources. A formula is a derivation or a
    definition; only a decimal after `≈` at its end, or one that stands alone, is a measurement. A number
    alone in the first column of a table says what the row is about. Digits in a word, a reference or the
    number of a paragraph count nothing.
    """
    found, equations = [], set(EQUATION.findall(text))
    for token, label in _prose(markup.parse(text)):
        if label and NUMBER.fullmatch(token.content.strip("$")):
            continue
        children = token.children or [token]
        for i, child in enumerate(children):
            after = next((t for t in children[i + 1 :] if t.content), None)
            holder = after.content.strip() if after and after.type == "comment" else ""
            begins = i == 0 or children[i - 1].type == "strong_open"
            if child.type == "math_inline":
                numbers = [] if holder else MEASURED.findall(child.content)
            else:
                numbers = _numbers(_shown(child), begins, holder, equations)
            found += [(child.meta["line"], number) for number in numbers]
    return found


def _shown(token: Token) -> str:
    """Return the words of a token that a reader sees."""
    if token.type in ("wikilink", "embed"):
        return markup.parts(token.content)[2]
    return re.sub("<[^>]*>", "", token.content) if token.type in ("text", "image", "html_block") else ""


def _prose(tokens: list[Token]) -> Iterator[tuple[Token, bool]]:
    """Yield what has numbers that are claims, and whether it is in a table's first column."""
    sources = 0  # level of the heading «Источники», inside its section
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1])
            if tokens[i + 1].content.strip() == SOURCES:
                sources = level
            elif level <= sources:
                sources = 0
        elif token.type in ("inline", "html_block") and not sources:
            yield token, tokens[max(i - 2, 0)].type == "tr_open"


def _numbers(text: str, begins: bool, holder: str, equations: set[str]) -> list[str]:
    """Return the numbers of a run of text that are claims, without the last if the comment holds it."""
    end = len(text)
    if holder == CHOSEN or BINDING.fullmatch(holder):
        listed = LISTED.search(text) if holder == CHOSEN else None
        if held := listed or SPELLED.search(text) or AT_THE_END.search(text):
            end = held.start()
    plain = text if begins else f"\0{text}"
    for names in (NAMES, *(re.compile(rf"\({n}\)") for n in equations)):
        plain = names.sub(lambda m: " " * len(m[0]), plain)
    plain = (plain if begins else plain[1:])[:end]
    found = [*NUMBER.finditer(plain), *FACTOR.finditer(text[:end])]
    return [m[0] for m in sorted(found, key=lambda m: m.start())]


@lru_cache(maxsize=1024)
def constants(source: str) -> dict[str, str]:
    """Return the numbers that a snippet gives names in capitals."""
    found = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        pairs = zip(target.elts, value.elts, strict=True) if several else [(target, value)]
        for name, constant in pairs:
            if isinstance(name, ast.Name) and name.id.isupper() and isinstance(constant, ast.Constant):
                found[name.id] = str(constant.value)
    return found


def _value(number: re.Match) -> tuple[float, float]:
    """Return the number and the unit of its last digit."""
    whole = re.sub(r"\D", "", number["whole"] or "1")  # 10⁻⁶ is 1·10⁻⁶
    part = number["part"] or ""
    power = int((number["power"] or number["alone"] or "0").translate(SUPERSCRIPTS))
    sign = "-" if number["sign"] in ("-", "−") else ""
    return float(f"{sign}{whole}.{part or 0}e{power}"), 10.0 ** (power - len(part))
