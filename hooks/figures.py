"""Figures: a drawing of a run, with its caption and its code."""

from functools import lru_cache
from html import escape

from listings import code_html
from runner import Run, caption_and_alt, figure_function, function_source
from svg import inline_svg


@lru_cache(maxsize=1024)
def figure_html(run: Run, figure: str, label: str = "", with_code: bool = False) -> str:
    """Return a figure with its caption.

    Parameters
    ----------
    run : the run that drew it
    figure : its name, `cem-elite`; the element's id
    label : `Рис. 4`, or nothing
    with_code : whether the code that draws it can be unfolded below it

    Raises
    ------
    KeyError : the run has no such figure
    runner.SnippetError : the function that draws it lacks a caption or an alt text
    """
    svg = run.figures[figure]
    caption, alt = caption_and_alt(run.source, figure)
    bold = f"<b>{escape(label.rstrip('.'))}.</b> " if label else ""
    html = (
        f'<figure id="{figure}" class="figure">{inline_svg(svg, figure, alt)}'
        f"<figcaption>{bold}{escape(caption, quote=False)}</figcaption></figure>"
    )
    return html + _code(run.source, figure) if with_code else html


def _code(source: str, figure: str) -> str:
    _, function = figure_function(figure)
    listing = code_html(function_source(source, function), "python")
    return f'<details class="code"><summary>Код рисунка</summary>{listing}</details>'
