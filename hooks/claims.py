"""A number in a note is held by the run that gave it: `за 14%%cem: поколений%% поколений`.

The comment is invisible in Obsidian and on the site. It names a printed line of a snippet, or a constant
in capitals at its top: a number that has moved is a problem of the note. `%%test: test_name%%` says which
test holds the number, `%%задано%%` that it was chosen, not measured. `unheld` finds the numbers that have
no such comment.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache

from markdown_it.token import Token

import markup
import runner

BINDING = re.compile(r"\s*(\w+)\s*:\s*(.+?)\s*", re.S)
CHOSEN = "задано"
NUMBER = re.compile(
    r"(?P<sign>[-−+]?)(?P<whole>\d+(?:[\u00a0\u202f]\d{3})*)(?:(?:[.,]|\{,\})(?P<part>\d+))?"
    r"(?:\u00a0?·\u00a0?10(?P<power>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?"
)
TAIL = r"[\u00a0\u202f ]?[%°$*_]*\Z"
AT_THE_END = re.compile(r"(?<![_^\d])" + NUMBER.pattern + TAIL)
ONE = r"[-−]?\d[\d\u00a0]*(?:,\d+)?"
LISTED = re.compile(rf"{ONE}(?:(?:,\s|–|\s(?:и|до|или)\s){ONE})*{TAIL}")  # 10–90; 2, 1 и −1
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
ROUNDING = 1e-9  # a printed 0.125 may stand as 0,12 or as 0,13

SOURCES = "Источники"
NAMES = re.compile(  # digits that name something and count nothing
    r"\((?:\d\d?|(?:19|20)\d\d)\)"  # a formula, a year
    r"|^(?:\w+ )?\d+\.(?=\s|$)"  # a numbered paragraph
    r"|(?:рис\.|§|(?:раздел|глав|формул|пункт|теорем|алгоритм)\w*)\s\d+(?:\.\d+)*"
    r"|[^\W\d_][\w-]*\d[\w.]*|\d+-?[^\W\d_]\w*",  # CartPole-v1, 90-го
    re.I,
)
APPROXIMATE = re.compile(r"\\approx\s*([-−]?\d+\{,\}\d+)\s*\Z")


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
    number = AT_THE_END.search(text)
    return (number[0].strip("$*_ "), *_value(number)) if number else None


def same(real: float, value: float, unit: float) -> bool:
    """Is `value` what `real` is when rounded to `unit`?"""
    return abs(real - value) <= unit * (0.5 + ROUNDING)


def unheld(text: str) -> list[tuple[int, str]]:
    """Return every number of a note's prose that no comment holds, with its line counted from 0.

    Prose is what stands in paragraphs, lists and tables, but for headings, the first row and column of
    a table, links, code, and the section of sources. A formula is a derivation or a definition; only a
    decimal after `≈` at its end is a measurement. Digits in a word, a reference or the number of a
    paragraph count nothing.
    """
    found = []
    for inline in _prose(markup.parse(text)):
        children, links = inline.children, 0
        for i, token in enumerate(children):
            links += (token.type == "link_open") - (token.type == "link_close")
            after = next((t for t in children[i + 1 :] if t.content), None)
            holder = after.content.strip() if after and after.type == "comment" else ""
            if token.type == "text" and not links:
                numbers = _numbers(token.content, i == 0 or children[i - 1].type == "strong_open", holder)
            elif token.type == "math_inline" and not holder:
                numbers = APPROXIMATE.findall(token.content)
            else:
                continue
            found += [(token.meta["line"], number) for number in numbers]
    return found


def _prose(tokens: list[Token]) -> Iterator[Token]:
    """Yield the inline tokens whose numbers are claims."""
    sources = 0  # level of the heading «Источники», inside its section
    for i, token in enumerate(tokens):
        if token.type != "inline":
            continue
        opening = tokens[i - 1]
        if opening.type == "heading_open":
            level = int(opening.tag[1])
            if token.content.strip() == SOURCES:
                sources = level
            elif level <= sources:
                sources = 0
        elif not sources and opening.type != "th_open" and tokens[i - 2].type != "tr_open":
            yield token


def _numbers(text: str, begins: bool, holder: str) -> list[str]:
    """Return the numbers of a run of text that are claims, without the last if the comment holds it."""
    end = len(text)
    if holder == CHOSEN and (listed := LISTED.search(text)):
        end = listed.start()
    elif BINDING.fullmatch(holder) and (number := AT_THE_END.search(text)):
        end = number.start()
    names = NAMES.sub(lambda m: " " * len(m[0]), text if begins else f"\0{text}")
    names = names if begins else names[1:]
    return [m[0] for m in NUMBER.finditer(names[:end])]


@cache
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
    whole = re.sub(r"\D", "", number["whole"])
    part = number["part"] or ""
    power = int((number["power"] or "0").translate(SUPERSCRIPTS))
    sign = "-" if number["sign"] in ("-", "−") else ""
    return float(f"{sign}{whole}.{part or 0}e{power}"), 10.0 ** (power - len(part))
