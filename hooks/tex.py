"""Formulas: TeX becomes MathML at build, so a page needs no script to show them.

math-core knows most of what MathJax shows in Obsidian; MACROS and SPELLINGS say the rest in its words.
"""

import re
from functools import lru_cache
from html import unescape

from math_core import LatexError, LatexToMathML

MACROS = {
    "substack": r"\begin{matrix}#1\end{matrix}",
    "widetilde": r"\tilde{#1}",
    "mbox": r"\text{#1}",
    "hbox": r"\text{#1}",
    "pmb": r"\boldsymbol{#1}",
    "smash": r"{#1}",
    "mathclap": r"{#1}",
    "mathllap": r"{#1}",
    "mathrlap": r"{#1}",
    "llap": r"{#1}",
    "rlap": r"{#1}",
    "strut": r"{}",
    "colorbox": r"{#2}",
    "href": r"{#2}",
    "class": r"{#2}",
    "style": r"{#2}",
    "cr": r"\\",
    "dotsb": r"\cdots",
    "dotsc": r"\ldots",
    "dotso": r"\ldots",
    "smallsetminus": r"\setminus",
    "varlimsup": r"\overline{\lim}",
    "varliminf": r"\underline{\lim}",
}
BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"
SPELLINGS = (
    # a package to load, a size, a colour in numbers, a box: the formula is the same without
    (re.compile(r"\\require\s*\{[^{}]*\}|\\bbox\s*(?:\[[^\]]*\])?"), ""),
    (re.compile(r"\\(?:[Tt]iny|scriptsize|small|normalsize|large|Large|LARGE|huge|Huge)(?![A-Za-z])"), ""),
    (re.compile(r"\\(?:text)?color\s*(?:\{#[0-9A-Fa-f]*\}|\[\w*\]\s*\{[^{}]*\})"), ""),
    (re.compile(r"\\begin\{(align|aligned)at(\*?)\}\s*\{\d+\}"), r"\\begin{\1\2}"),
    (re.compile(r"\\end\{(align|aligned)at(\*?)\}"), r"\\end{\1\2}"),
    (re.compile(r"\\begin\{eqnarray\*?\}"), r"\\begin{array}{rcl}"),
    (re.compile(r"\\end\{eqnarray\*?\}"), r"\\end{array}"),
    (re.compile(r"\\(begin|end)\{split\}"), r"\\\1{aligned}"),
    (re.compile(r"\\(begin|end)\{smallmatrix\}"), r"\\\1{matrix}"),
    (
        re.compile(rf"\\DeclareMathOperator(\*?)\s*\{{(\\[A-Za-z]+)\}}\s*({BRACES})"),
        r"\\newcommand{\2}{\\operatorname\1\3}",
    ),
)
NEW = re.compile(r"\\(?:re)?newcommand\*?\s*\{?(?P<name>\\[A-Za-z]+)\}?\s*(?:\[(?P<arguments>\d)\])?")
MIXED = re.compile(rf"\\(?P<command>text[a-z]*|[mh]box)\s*(?P<text>{BRACES})")
TEXT = re.compile(r"\\(?:text[a-z]*|[mh]box)\s*\{[^{}$\\]*\}")
NUMBERED = re.compile(r"\\begin\{(?:align|equation|gather|multline|alignat)\}")
TAG = re.compile(r"\\tag(?P<bare>\*?)\{(?P<text>[^{}]*)\}|\\label\{[^{}]*\}|\\(?:notag|nonumber)\b")
COMMAND = re.compile(r"\\([A-Za-z]+)")
NESTING = re.compile(r"\\(?P<open>left|begin)\b|\\(?P<close>right|end)\b|\\.|(?P<brace>[{}])", re.S)
CHAIN = re.compile(r"(?:\\[A-Za-z]+\s*){200}")  # commands with nothing between: one in another, perhaps
DEEPEST = 200  # levels; deeper, math-core would overflow the stack and end the process
DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand\*?|def|DeclareMathOperator\*?)\s*"
    rf"\{{?\\(?P<name>[A-Za-z]+)\}}?(?P<body>(?:\[\d\]|[#\d])*\s*{BRACES})"
)
# the TeX stays in the MathML as an annotation: copying a formula gives its source
_CONVERTER = LatexToMathML(annotation=True, fancy_error=False, macros=MACROS)
ARITHMATEX = re.compile(
    r'<(?P<tag>span|div) class="arithmatex"[^>]*>\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>'
    r"(?P<after>[.,:;!?)»…-]*(?:[\w-]+|\u00a0—)?)",
    re.S,
)
POSITION = re.compile(r"^\d+: ")
LOW_LINE, OVERLINE = "\u0332</mo></mover>", "\u203e</mo></mover>"  # math-core draws \overline by the first


class TexError(ValueError):
    """A sentence for the note's author: the formula and what is wrong in it."""


@lru_cache(maxsize=65536)
def mathml(tex: str, display: bool) -> str:
    """Return a formula as a `<math>` element.

    Parameters
    ----------
    tex : LaTeX without the dollars
    display : a formula of its own line, not one within the text

    Raises
    ------
    TexError : math-core does not understand it
    """
    if _depth(tex) > DEEPEST or CHAIN.search(tex):
        raise TexError(f"формула «{_short(tex)}» вложена глубже {DEEPEST} уровней; упростите её")
    try:
        formula = _CONVERTER.convert_with_local_state(_spelled(tex), displaystyle=display)
        return formula.replace(LOW_LINE, OVERLINE)
    except LatexError as error:
        what = POSITION.sub("", str(error)).rstrip(".")
        raise TexError(f"формулу «{_short(tex)}» не разобрать: {what}; исправьте TeX") from error


def _short(tex: str) -> str:
    short = " ".join(tex.split())
    return short if len(short) <= 60 else f"{short[:60]}…"


def _depth(tex: str) -> int:
    depth = deepest = 0
    for match in NESTING.finditer(tex):
        if match["open"] or match["brace"] == "{":
            depth += 1
            deepest = max(depth, deepest)
        elif match["close"] or match["brace"]:
            depth -= 1
    return deepest


def _spelled(tex: str) -> str:
    """Return the formula in math-core's words."""
    for pattern, spelling in SPELLINGS:
        tex = pattern.sub(spelling, tex)
    tex = NEW.sub(_def, tex)
    if not NUMBERED.search(tex):
        tex = TAG.sub(_tag, tex)
    tex = MIXED.sub(_mixed, tex)
    return TEXT.sub(lambda match: match[0].replace("_", r"\_"), tex)  # of text, not of an index


def _def(match: re.Match) -> str:
    """Make a command that may be math-core's own, `\\R` or `\\vec`: only `\\def` takes any name."""
    arguments = range(1, int(match["arguments"] or 0) + 1)
    return rf"\def{match['name']}" + "".join(f"#{n}" for n in arguments)


def _mixed(match: re.Match) -> str:
    """Take a text apart at the formulas in it, `\\text{если $x$}`: math-core wants them side by side."""
    text, *rest = match["text"][1:-1].split("$")
    if not rest or len(rest) % 2:
        return match[0]
    pieces = [rf"\{match['command']}{{{text}}}"]
    for formula, words in zip(rest[::2], rest[1::2], strict=True):
        pieces += f"{{{formula}}}", rf"\{match['command']}{{{words}}}"
    return f"{{{''.join(pieces)}}}"


def _tag(match: re.Match) -> str:
    if not match["text"]:
        return ""
    shown = match["text"] if match["bare"] else f"({match['text']})"
    return rf"\qquad\text{{{shown}}}"


def define(tex: str, definitions: dict[str, re.Match]) -> str:
    """Return a formula with the definitions of its note that it needs; empty if it only makes some.

    As in Obsidian, a `\\newcommand` holds from its formula to the end of the note.
    """
    for match in DEFINITION.finditer(tex):
        definitions[match["name"]] = match
    tex = DEFINITION.sub("", tex).strip()
    needed, used = [], set(COMMAND.findall(tex))
    for name in reversed(definitions):  # the later may use the earlier
        if name in used:
            needed.append(definitions[name][0])
            used.update(COMMAND.findall(definitions[name]["body"]))
    return "".join(reversed(needed)) + tex


def replace_math(html: str) -> str:
    """Put MathML where pymdownx.arithmatex left TeX; a bad formula stays as TeX in a marked place."""
    if "arithmatex" not in html:
        return html
    pieces, done = [], 0
    for match in ARITHMATEX.finditer(html):
        start = match.start()
        # not in the pattern: one that begins with `<` is found twenty times as fast
        before = html[start - 1] if start > done and html[start - 1] in "(«" else ""
        pieces += html[done : start - len(before)], _formula(match, before)
        done = match.end()
    return "".join([*pieces, html[done:]])


def _formula(match: re.Match, before: str) -> str:
    tex, display = unescape(match["tex"]).strip(), match["tag"] == "div"
    try:
        formula = mathml(tex, display)
    except TexError:
        formula = f'<span class="problem">{match["tex"]}</span>'
    if display:
        return f'{before}<div class="formula">{formula}</div>{match["after"]}'
    if before or match["after"]:  # a line would break between a formula and its comma
        return f'<span class="unbroken">{before}{formula}{match["after"]}</span>'
    return formula
