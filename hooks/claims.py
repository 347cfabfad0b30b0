"""A number in a note is held by the run that gave it: `за 14%%cem: поколений%% поколений`.

The comment is invisible in Obsidian and on the site. It says which printed line of which snippet the
number before it stands for; a number that has moved is a problem of the note.
"""

import re

import runner

BINDING = re.compile(r"\s*(\w+)\s*:\s*(.+?)\s*", re.S)
NUMBER = re.compile(
    r"(?P<sign>[-−+]?)(?P<whole>\d+(?:[\u00a0\u202f]\d{3})*)(?:(?:[.,]|\{,\})(?P<part>\d+))?"
    r"(?:\u00a0?·\u00a0?10(?P<power>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?"
)
AT_THE_END = re.compile(NUMBER.pattern + r"[\u00a0\u202f ]?[%$*_]*\Z")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
ROUNDING = 1e-9  # a printed 0.125 may stand as 0,12 or as 0,13


def check(before: str, comment: str, runs: dict) -> str | None:
    """Return what is wrong with the number that ends `before`, or None.

    A comment that names no snippet is a comment and nothing else.
    """
    binding = BINDING.fullmatch(comment)
    if not binding or binding[1] not in runs:
        return None
    snippet, label = binding[1], binding[2]
    number = AT_THE_END.search(before)
    if not number:
        return f"перед %%{snippet}: {label}%% нет числа; поставьте комментарий сразу за числом"
    if runs[snippet].error:
        return None  # said where the snippet is embedded
    printed = runner.printed(runs[snippet].stdout).get(label)
    if printed is None:
        return f"snippets/{snippet}.py не печатает строки «{label} = …»; исправьте подпись"
    value, unit = _value(number)
    actual = NUMBER.match(printed)
    exponent = re.match(r"[-+]?\d+(?:\.\d+)?e([-+]?\d+)", printed)
    real = float(exponent[0]) if exponent else _value(actual)[0] if actual else None
    if real is None or abs(real - value) > unit * (0.5 + ROUNDING):
        return (
            f"число {number[0].strip('$*_ ')} разошлось с кодом: "
            f"snippets/{snippet}.py печатает «{label} = {printed}»; исправьте число"
        )
    return None


def _value(number: re.Match) -> tuple[float, float]:
    """Return the number and the unit of its last digit."""
    whole = re.sub(r"\D", "", number["whole"])
    part = number["part"] or ""
    power = int((number["power"] or "0").translate(SUPERSCRIPTS))
    sign = "-" if number["sign"] in ("-", "−") else ""
    return float(f"{sign}{whole}.{part or 0}e{power}"), 10.0 ** (power - len(part))
