"""Listings: code as the HTML that the theme styles and gives a copy button."""

import re
from functools import lru_cache
from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

PLAIN = re.compile(r'<span class="[nopw]">([^<]*)</span>')  # names and signs, two elements of three


@lru_cache(maxsize=8192)
def code_html(source: str, language: str = "", title: str = "") -> str:
    """Return code, highlighted if Pygments knows its language, under a title if there is one."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    name = f'<span class="filename">{escape(title)}</span>' if title else ""
    code = PLAIN.sub(r"\1", highlight(source, lexer, HtmlFormatter(nowrap=True)))
    kind = f"language-{escape(language)} highlight" if language else "highlight"
    return f'<div class="{kind}">{name}<pre><span></span><code>{code}</code></pre></div>'
