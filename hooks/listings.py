"""Listings: code as HTML, marked up as pymdownx.highlight marks up a fence of a note."""

import re
from functools import cache
from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

PLAIN = re.compile(r'<span class="[nopw]">([^<]*)</span>')  # names and signs, two elements of three


@cache
def listing_html(source: str, title: str = "") -> str:
    """Return Python code, highlighted, under a title if there is one."""
    name = f'<span class="filename">{escape(title)}</span>' if title else ""
    code = PLAIN.sub(r"\1", highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))
    return f'<div class="language-python highlight">{name}<pre><span></span><code>{code}</code></pre></div>'
