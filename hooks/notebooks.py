"""Notebooks: a snippet and its results as an executed `.ipynb`, and a light page of it."""

import ast
import base64
import io
import json
import re
import zipfile
from contextlib import suppress
from functools import lru_cache
from html import escape
from textwrap import dedent

from markdown.extensions.toc import slugify, unique

from figures import figure_html
from runner import Run, caption_and_alt
from svg import inline_svg

TITLE_END = re.compile(r":\s+|\.\s+(?=[A-ZА-ЯЁ])")
MARKDOWN_SIGNS = re.compile(r"[\\*`<$]")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}

# what is worth keeping of mkdocs-jupyter's page: text, code, outputs
PART = re.compile(
    r'<div class="[^"]*\b(jp-MarkdownOutput|highlight-ipynb|jp-OutputArea-output)\b[^"]*"[^>]*>'
)
DIV = re.compile(r"<(/?)div\b")
PRE = re.compile(r"\s*<pre>(.*?)\n*</pre>\s*", re.S)
HEADING = re.compile(r'<h([1-6])\b[^>]*>(.*?)(?:<a class="anchor-link".*?</a>)?</h\1>', re.S)
SVG = re.compile(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]*)"[^>]*>')
TAG = re.compile(r"<[^>]*>")
NO_ALT = "No description has been provided for this image"


@lru_cache(maxsize=1024)
def notebook(run: Run) -> str:
    """Return a run as the text of an executed notebook (nbformat 4.5).

    Parameters
    ----------
    run : a run without error

    Returns
    -------
    JSON: the module's docstring as the title, then the code, a cell for each function; the last
    cell is what `if __name__ == "__main__":` holds and has the outputs of the run. The same run
    gives the same text.
    """
    docstring, *pieces = _pieces(run.source)
    cells = [_cell(run.name, 0, "markdown", _title(docstring or run.name))]
    for n, piece in enumerate(pieces or [""], 1):
        cells.append(_cell(run.name, n, "code", piece) | {"execution_count": n, "outputs": []})
    cells[-1]["outputs"] = _outputs(run)
    book = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


@lru_cache(maxsize=1)
def archive(runs: tuple[Run, ...]) -> bytes:
    """Return a ZIP of all snippets and notebooks; the same runs give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        for run in sorted(runs, key=lambda run: run.name):
            for name, text in ((f"{run.name}.py", run.source), (f"{run.name}.ipynb", notebook(run))):
                entry = zipfile.ZipInfo(name)  # of 1 January 1980, whenever it is made
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                entry.create_system = 3  # Unix, or Windows would write another number
                files.writestr(entry, text)
    return packed.getvalue()


@lru_cache(maxsize=64)  # the plugin's page stays the same from one rebuild to the next
def trim(html: str, run: Run | None = None, downloads: tuple[tuple[str, str], ...] = ()) -> str:
    """Return mkdocs-jupyter's page of a notebook in the site's own dress.

    Parameters
    ----------
    html : what the plugin made: 575 KB of styles, scripts that ask other hosts, and a frame of a
        dozen elements round every cell
    run : the run that the notebook was made of, if it was: its figures get their captions
    downloads : what to offer below the title: addresses of files, each with its words

    Returns
    -------
    Text, code and outputs, marked up as on any page; SVG figures are inlined and follow the scheme.
    """
    figures = iter(_figures(run) if run else ())
    ids: set[str] = set()
    parts = []
    for part in PART.finditer(html):
        inside = _inside(html, part.end())
        if part[1] == "jp-MarkdownOutput":
            inside = HEADING.sub(lambda m: _heading(m, ids), inside)
        elif pre := PRE.fullmatch(inside):
            language = "python" if part[1] == "highlight-ipynb" else "text"
            inside = _code(pre[1], language)
        else:
            inside = SVG.sub(lambda m: _figure(m[1], run, next(figures, None), ids), inside)
        parts.append(inside.strip().replace(NO_ALT, "Рисунок"))
    links = (f'<a href="{escape(a)}" download>{escape(words)}</a>' for a, words in downloads)
    if row := " · ".join(links):
        parts.insert(1, f"<p>{row}</p>")
    return "\n".join(parts)


def _pieces(source: str) -> list[str]:
    """Return the docstring's text, then the code in pieces that are read one at a time.

    A piece is what comes before the first function, or a function with the comments above it, or
    the body of `if __name__ == "__main__":`. Every other statement of the source is in one of them.
    """
    module = ast.parse(source)
    lines = source.splitlines()
    docstring = ast.get_docstring(module)
    nodes = module.body[1:] if docstring else module.body
    at = module.body[0].end_lineno if docstring else 0
    pieces, joined = [docstring or ""], False
    for node in nodes:
        piece = lines[at : node.end_lineno]
        body = dedent("\n".join(lines[node.lineno : node.end_lineno]))
        if _is_main(node) and _says(body, node.body):
            piece = [*lines[at : node.lineno - 1], body]
        at = node.end_lineno
        alone = isinstance(node, ast.FunctionDef | ast.ClassDef) or _is_main(node)
        if joined and not alone:
            pieces[-1] = "\n".join([pieces[-1], *piece])
        else:
            pieces.append("\n".join(piece).strip("\n"))
        joined = not alone
    return pieces


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def _says(text: str, body: list[ast.stmt]) -> bool:
    """Whether a text is these statements: a string of several lines may not move to the left.

    Where it is not, as with an `else` or all on one line, the `if` stays, and runs in a notebook as it is.
    """
    with suppress(SyntaxError):
        return ast.dump(ast.parse(text)) == ast.dump(ast.Module(body, []))
    return False


def _title(docstring: str) -> str:
    """Return the docstring as Markdown: its first words, up to a colon, are the heading."""
    first, *rest = MARKDOWN_SIGNS.sub(r"\\\g<0>", docstring).split("\n\n")
    heading, *tail = TITLE_END.split(" ".join(first.split()), maxsplit=1)
    detail = [t[:1].upper() + t[1:] for t in tail]
    return "\n\n".join([f"# {heading.rstrip('.')}", *detail, *rest])


def _cell(name: str, n: int, kind: str, source: str) -> dict:
    return {
        "cell_type": kind,
        "id": f"{name}-{n}",
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }


def _outputs(run: Run) -> list[dict]:
    """Return what was printed, then the figures in the order in which the source saves them."""
    outputs: list[dict] = []
    if run.stdout:
        text = run.stdout.splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": text})
    for name in _figures(run):
        _, alt = caption_and_alt(run.source, name)
        data = {"image/svg+xml": run.figures[name], "text/plain": alt}
        outputs.append({"data": data, "metadata": {}, "output_type": "display_data"})
    return outputs


def _figures(run: Run) -> list[str]:
    """Name a run's figures in the order in which its source saves them."""
    return sorted(run.figures, key=lambda name: run.source.rfind(f"{name}.svg"))


def _inside(html: str, start: int) -> str:
    """Return what is between the end of a `<div …>` and its `</div>`."""
    depth = 1
    for tag in DIV.finditer(html, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return html[start : tag.start()]
    return html[start:]


def _heading(match: re.Match, ids: set[str]) -> str:
    """Give a heading the id that the plugin's table of contents links to."""
    level, text = match.groups()
    name = unique(slugify(TAG.sub("", text), "-"), ids)
    return f'<h{level} id="{name}">{text}</h{level}>'


def _code(text: str, language: str) -> str:
    return f'<div class="language-{language} highlight"><pre><code>{text}\n</code></pre></div>'


def _figure(data: str, run: Run | None, name: str | None, ids: set[str]) -> str:
    if run and name:
        return figure_html(run, name)
    name = unique("figure", ids)
    svg = inline_svg(base64.b64decode(data).decode(), name, "Рисунок")
    return f'<figure id="{name}" class="figure">{svg}</figure>'
