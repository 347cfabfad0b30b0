"""Formulas: TeX becomes MathML at build, so a page needs no script to show them.

math-core 0.9.0 knows all that the pages ask of it: `aligned`, `cases`, `bmatrix`, `\\underbrace`,
`\\operatorname*`, `\\xrightarrow`, Cyrillic in and out of `\\text`. Unknown are `\\substack`,
`\\widetilde`, and `\\tag` outside `align` and `equation`.
"""

import re
from functools import cache
from html import unescape

from math_core import LatexError, LatexToMathML

# the TeX stays in the MathML as an annotation: copying a formula gives its source
_CONVERTER = LatexToMathML(annotation=True, fancy_error=False)
ARITHMATEX = re.compile(
    r'(?P<before>[(«]?)<(?P<tag>span|div) class="arithmatex"[^>]*>\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>'
    r"(?P<after>[.,:;!?)»…-]*(?:[\w-]+|\u00a0—)?)",
    re.S,
)
POSITION = re.compile(r"^\d+: ")
LOW_LINE, OVERLINE = "\u0332</mo></mover>", "\u203e</mo></mover>"  # math-core draws \overline by the first


class TexError(ValueError):
    """A sentence for the note's author: the formula and what is wrong in it."""


@cache
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
    try:
        formula = _CONVERTER.convert_with_local_state(tex, displaystyle=display)
        return formula.replace(LOW_LINE, OVERLINE)
    except LatexError as error:
        what = POSITION.sub("", str(error)).rstrip(".")
        short = " ".join(tex.split())
        short = short if len(short) <= 60 else f"{short[:60]}…"
        raise TexError(f"формулу «{short}» не разобрать: {what}; исправьте TeX") from error


def replace_math(html: str) -> str:
    """Put MathML where pymdownx.arithmatex left TeX; a bad formula stays as TeX in a marked place."""
    return ARITHMATEX.sub(_replace, html)


def _replace(match: re.Match) -> str:
    tex, display = unescape(match["tex"]).strip(), match["tag"] == "div"
    try:
        formula = mathml(tex, display)
    except TexError:
        formula = f'<span class="problem">{match["tex"]}</span>'
    if display:
        return f'{match["before"]}<div class="formula">{formula}</div>{match["after"]}'
    if match["before"] or match["after"]:  # a line would break between a formula and its comma
        return f'<span class="unbroken">{match["before"]}{formula}{match["after"]}</span>'
    return formula
