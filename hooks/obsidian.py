"""A note in Obsidian's Markdown becomes Markdown that Python-Markdown reads the same way.

`convert` is a function of the note's text and the vault. mdformat parses and writes (it settles
CommonMark's lists against Python-Markdown's four spaces); here are only the tokens that Obsidian
adds, wiki-links, embeds and comments, and what they mean.
"""

import logging
import re
from dataclasses import dataclass, field, replace
from functools import cache
from html import escape
from pathlib import PurePosixPath
from posixpath import dirname, relpath
from types import SimpleNamespace
from urllib.parse import quote, unquote

import mdformat.plugins
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdformat.renderer import DEFAULT_RENDERERS, MDRenderer

import claims
import runner
import tex
from vault import BLOCK_ID, Figure, Note, Problem, Vault, unique

WIKILINK = re.compile(r"(!?)\[\[([^\[\]\n]+?)\]\]")
COMMENT = re.compile(r"%%(.*?)%%", re.S)
WEB = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)
SIZE = re.compile(r"(\d+)(?:x(\d+))?")
TASK = re.compile(r"\[[^\s\]]\](?=\s)")
IMAGES = {".apng", ".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}
AUDIO = {".3gp", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"}
VIDEO = {".mkv", ".mov", ".mp4", ".ogv", ".webm"}


# our renderer of formulas comes first and stands; mdformat's is told so at every note
logging.getLogger("mdformat.renderer").setLevel(logging.ERROR)


@dataclass
class Page:
    """The page under conversion; a transcluded note is converted into the same page."""

    vault: Vault
    home: Note
    source: Note  # the note whose text is being read: `home`, or one that it takes in
    offset: int  # lines of the source's file before that text
    problems: list[Problem] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    anchors: list[tuple[int, str]] = field(default_factory=list)  # links to ids of this page
    footnotes: list[str] = field(default_factory=list)  # the inline ones, Markdown
    inside: tuple[tuple[str, str], ...] = ()  # the transclusions around this text
    raised: int = 0  # levels by which its headings rise: a section taken in begins at the second
    raised: int = 0  # levels by which the text's headings go up, to come after the page's title

    def problem(self, line: int, text: str) -> None:
        self.problems.append(Problem(self.source.path, line, text))


def convert(note: Note, vault: Vault) -> tuple[str, list[Problem]]:
    """Return the note as Markdown for Python-Markdown, and what is wrong in it.

    Parameters
    ----------
    note
        The note to convert.
    vault
        What its links can mean.
    """
    page = Page(vault, note, note, note.offset)
    page.ids.update(heading.slug for heading in note.headings)
    if note.problem:
        page.problems.append(note.problem)
    text = _parser().render(note.text, {"page": page})
    for n, footnote in enumerate(page.footnotes, 1):
        text += f"\n[^inline-{n}]: {footnote}\n"
    for line, anchor in page.anchors:
        if anchor not in page.ids:
            page.problem(line, f"на странице нет места «#{anchor}»; исправьте ссылку")
    return text, sorted(page.problems, key=lambda problem: (problem.note, problem.line))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt(renderer_cls=MDRenderer)
    parser.options["mdformat"] = {}
    parser.options["store_labels"] = True
    parser.options["codeformatters"] = {}
    parser.options["parser_extension"] = [SimpleNamespace(RENDERERS=_RENDERERS)]
    for name in ("gfm", "footnote", "mkdocs"):
        plugin = mdformat.plugins.PARSER_EXTENSIONS[name]
        parser.options["parser_extension"].append(plugin)
        plugin.update_mdit(parser)
    parser.inline.ruler.before("link", "wikilink", _parse_wikilink)
    parser.inline.ruler.before("link", "comment", _parse_comment)
    parser.inline.ruler.before("link", "inline_footnote", _parse_inline_footnote)
    parser.block.ruler.before("paragraph", "comment", _parse_comment_block)
    parser.core.ruler.before("github-tasklists", "any_task", _tick_tasks)
    parser.core.ruler.push("obsidian", _place)
    parser.block.ruler.before(
        "fence", "formula", _formula_ends_paragraph, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    return parser


# Text → tokens


def _parse_wikilink(state, silent: bool) -> bool:
    match = WIKILINK.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.push("embed" if match[1] else "wikilink", "", 0).content = match[2]
    state.pos = match.end()
    return True


def _parse_comment(state, silent: bool) -> bool:
    match = COMMENT.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        token = state.push("comment", "", 0)
        token.content = match[1]
        token.meta["before"] = state.src[: state.pos]
    state.pos = match.end()
    return True


def _parse_inline_footnote(state, silent: bool) -> bool:
    if not state.src.startswith("^[", state.pos):
        return False
    end = state.md.helpers.parseLinkLabel(state, state.pos + 1)
    if end < 0:
        return False
    if not silent:
        token = state.push("inline_footnote", "", 0)
        token.children = []
        state.md.inline.parse(state.src[state.pos + 2 : end], state.md, state.env, token.children)
    state.pos = end + 1
    return True


def _tick_tasks(state) -> None:
    """Take `[/]`, `[-]` and the like for done, as Obsidian does where no theme knows better."""
    for item, _, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type == "list_item_open" and TASK.match(inline.content) and inline.children[0].type == "text":
            for token in (inline, inline.children[0]):
                token.content = TASK.sub("[x]", token.content, count=1)


def _line(state, n: int) -> str:
    return state.src[state.bMarks[n] + state.tShift[n] : state.eMarks[n]]


def _formula_ends_paragraph(state, line: int, end: int, silent: bool) -> bool:
    """Let a formula follow a line of text with no blank line between; it is parsed elsewhere."""
    return silent and _line(state, line).startswith("$$") and "$$" in state.src[state.bMarks[line + 1] :]


def _parse_comment_block(state, line: int, end: int, silent: bool) -> bool:
    """Drop a comment that begins on one line and ends on a later one."""
    if state.is_code_block(line) or not _line(state, line).startswith("%%") or "%%" in _line(state, line)[2:]:
        return False
    last = next((n for n in range(line + 1, end) if "%%" in _line(state, n)), None)
    if last is None:
        return False
    if not silent:
        state.line = last + 1
    return True


def _place(state) -> None:
    """Give every token its line in the file and lift embedded blocks out of their paragraphs."""
    page = state.env["page"]
    placed: list[Token] = []
    line = 0
    for token in state.tokens:
        line = token.map[0] if token.map else line
        token.meta["line"] = page.offset + line + 1
        placed.append(token)
        if token.type == "inline":
            _mark_block_id(token)
            _number(token.children, token.meta["line"])
    state.tokens = []
    for token in placed:
        state.tokens.append(token)
        *_, inline, closing = [None, *state.tokens[-2:]]
        if closing.type == "paragraph_close" and any(_is_block(c, page) for c in inline.children or ()):
            paragraph = state.tokens[-3:]
            state.tokens[-3:] = _split(paragraph, page)


def _number(tokens: list[Token], line: int) -> None:
    for token in tokens:
        token.meta["line"] = line
        _number(token.children or [], line)
        line += token.type in ("softbreak", "hardbreak") or token.content.count("\n")


def _mark_block_id(inline: Token) -> None:
    last = inline.children[-1] if inline.children else None
    match = BLOCK_ID.search(last.content) if last and last.type == "text" else None
    if match:
        last.content = last.content[: match.start()].rstrip()
        inline.children.append(Token("block_id", "", 0, content=f"^{match[1].casefold()}"))


def _split(paragraph: list[Token], page: Page) -> list[Token]:
    """Cut a paragraph at its embedded blocks: text, block, text."""
    opening, inline, closing = paragraph
    tokens: list[Token] = []
    text: list[Token] = []

    def flush() -> None:
        while text and _is_space(text[0]):
            text.pop(0)
        while text and _is_space(text[-1]):
            text.pop()
        if text:
            text[0] = text[0].copy(content=text[0].content.lstrip())
            # a paragraph beside a block needs blank lines, in a list too: not hidden
            tokens.extend([
                opening.copy(hidden=False),
                inline.copy(children=list(text)),
                closing.copy(hidden=False),
            ])
        text.clear()

    for child in inline.children:
        if _is_block(child, page):
            flush()
            tokens.append(child.copy(type="embed_block", block=True, map=inline.map))
        else:
            text.append(child)
    flush()
    return tokens


def _is_space(token: Token) -> bool:
    return token.type == "softbreak" or (token.type == "text" and not token.content.strip())


def _is_block(token: Token, page: Page) -> bool:
    if token.type != "embed":
        return False
    name, _, _ = _parts(token.content)
    path = page.vault.find(name, page.source.path) if name else page.source.path
    if path is None:
        return page.vault.figure(name) is not None
    return path in page.vault.notes or path.endswith(".py")


def _parts(content: str) -> tuple[str, list[str], str]:
    """Take `note#heading#subheading|text` apart."""
    target, _, text = content.partition("|")
    name, *anchor = target.split("#")
    if "^" in name:
        name, _, block = name.partition("^")
        anchor = [f"^{block}"]
    return name.strip(), [part.strip() for part in anchor if part.strip()], text.strip()


# Tokens → Markdown


def _wikilink(node, context) -> str:
    name, anchor, text = _parts(node.content)
    shown = text or " › ".join([*([name] if name else []), *anchor])
    return _link(context.env["page"], node.meta["line"], name, anchor, _plain(shown))


def _markdown_link(node, context) -> str:
    href = node.attrs["href"]
    if node.info == "auto" or node.meta.get("label") or WEB.match(href):
        return DEFAULT_RENDERERS["link"](node, context)
    text = "".join(child.render(context) for child in node.children)
    name, _, anchor = unquote(href).partition("#")
    page, line = context.env["page"], node.meta["line"]
    if not name and anchor not in {heading.text for heading in page.source.headings}:
        page.anchors.append((line, anchor))
        return f"[{text}](#{anchor})"
    return _link(page, line, name, [anchor] if anchor else [], text)


def _link(page: Page, line: int, name: str, anchor: list[str], shown: str) -> str:
    """Write a link to a note, to a heading in it, or to a file; `shown` is Markdown."""
    path = page.vault.find(name, page.source.path) if name else page.source.path
    if path is None:
        page.problem(line, f"ссылка ведёт к «{name}», а такой заметки нет; создайте её или исправьте имя")
        return _broken(shown)
    href = quote(relpath(path, dirname(page.home.path) or "."))
    if anchor:
        note = page.vault.notes.get(path)
        place = note and note.place(anchor)
        if place is None:
            page.problem(line, _no_place(path, anchor))
            return _broken(shown)
        href = f"#{place.id}" if path == page.home.path else f"{href}#{place.id}"
    return f"[{shown}]({href})"


def _no_place(path: str, anchor: list[str]) -> str:
    what = "блока" if anchor[-1].startswith("^") else "заголовка"
    return f"в «{path}» нет {what} «{'#'.join(anchor)}»; исправьте ссылку или добавьте его"


def _broken(shown: str) -> str:
    return f'<span class="problem">{shown}</span>'


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", text)


def _image(node, context) -> str:
    src = node.attrs["src"]
    if WEB.match(src) or node.meta.get("label"):
        return DEFAULT_RENDERERS["image"](node, context)
    return _picture(context.env["page"], node.meta["line"], unquote(src), node.content)


def _embed(node, context) -> str:
    name, anchor, text = _parts(node.content)
    return _picture(context.env["page"], node.meta["line"], name, text, "#".join(anchor))


def _picture(page: Page, line: int, name: str, text: str, anchor: str = "") -> str:
    """Write an image, a sound, a video or a PDF of the vault; any other file as a link.

    `text` is Obsidian's `alt|300x200`, each part optional, `anchor` is its `t=10` or `page=3`.
    """
    path = page.vault.find(name, page.source.path)
    if path is None:
        page.problem(line, f"нет картинки «{name}»: ни в хранилище, ни в таблице figures.yml; добавьте её")
        return _broken(_plain(name))
    href = quote(relpath(path, dirname(page.home.path) or "."))
    alt, size = [], ""
    for part in filter(None, text.split("|")):
        if match := SIZE.fullmatch(part.strip()):
            size = f' width="{match[1]}"' + (f' height="{match[2]}"' if match[2] else "")
        else:
            alt.append(part.strip())
    suffix, title = PurePosixPath(path).suffix.lower(), " ".join(alt) or PurePosixPath(path).stem
    if suffix in IMAGES:
        return f"![{_plain(title)}]({href}){{{size.strip()} loading=lazy }}"
    fragment = f"#{anchor}" if anchor else ""
    # raw HTML is not Markdown's: its address is counted from the page, not from the note
    address = quote(relpath(path, dirname(page.vault.addresses[page.home.path]) or ".")) + fragment
    tag = "audio" if suffix in AUDIO else "video" if suffix in VIDEO else "iframe" if suffix == ".pdf" else ""
    if not tag:
        return f"[{_plain(title)}]({href})"
    controls = " controls" if tag != "iframe" else ""
    return f'<{tag}{controls}{size} src="{address}" title="{escape(title)}"></{tag}>'


def _embed_block(node, context) -> str:
    page, line = context.env["page"], node.meta["line"]
    name, anchor, _ = _parts(node.content)
    path = page.vault.find(name, page.source.path) if name else page.source.path
    if path is None:
        return _figure(page, line, page.vault.figure(name))
    if path.endswith(".py"):
        return _code(page, line, PurePosixPath(path), anchor)
    return _transclusion(page, line, page.vault.notes[path], anchor)


def _transclusion(page: Page, line: int, note: Note, anchor: list[str]) -> str:
    where = (note.path, "#".join(anchor))
    place = note.place(anchor) if anchor else None
    if anchor and place is None:
        page.problem(line, _no_place(note.path, anchor))
        return _broken(_plain("#".join([note.name, *anchor])))
    if where in page.inside or (note is page.home and not page.inside and not anchor):
        page.problem(line, f"«{note.name}» вставляет сама себя; уберите одну из вставок")
        return _broken(_plain(note.name))
    text, start = (note.part(place), place.line) if place else (note.text, 0)
    end = place.end if place else len(note.text)
    top = min((heading.level for heading in note.headings if start <= heading.line < end), default=2)
    inner = replace(
        page, source=note, offset=note.offset + start, inside=(*page.inside, where), raised=max(0, top - 2)
    )
    body = _parser().render(text, {"page": inner}).rstrip("\n")
    source = _link(page, line, note.path, anchor, f"Из заметки «{_plain(note.title)}»")
    return "\n\n".join([
        '<hr data-transclusion="begin">',
        body,
        source + "{ .transclusion-source }",
        '<hr data-transclusion="end">',
    ])


def _figure(page: Page, line: int, figure: Figure) -> str:
    snippet, _ = runner.figure_function(figure.name)
    run = page.vault.runs.get(snippet)
    if run is None or figure.name not in run.figures:
        reason = run.error if run else f"нет файла snippets/{snippet}.py; исправьте таблицу figures.yml"
        page.problem(line, f"рисунка «{figure.name}» нет: {reason}")
        return _broken(_plain(figure.name))
    page.ids.add(figure.name)
    label = f' data-label="{escape(figure.label)}"' if figure.label else ""
    return f'<figure id="{figure.name}"{label}></figure>'


def _code(page: Page, line: int, path: PurePosixPath, function: list[str]) -> str:
    """Show a snippet whole, with what it prints, or one function of it."""
    run = page.vault.runs.get(path.stem)
    if run is None:
        page.problem(line, f"нет файла snippets/{path.name}; исправьте имя")
        return _broken(_plain(path.name))
    if function:
        try:
            return _fence(runner.function_source(run.source, function[0]))
        except KeyError:
            page.problem(line, f"в snippets/{path.name} нет функции «{function[0]}»; исправьте вставку")
            return _broken(_plain(f"{path.name}#{function[0]}"))
    if run.error:
        page.problem(line, run.error)
        return _fence(run.source, path.name) + "\n\n" + _broken(_plain(run.error))
    folder = dirname(page.home.path) or "."
    downloads = [
        f"[Скачать {path.name}]({quote(relpath(path, folder))}){{ download }}",
        f"[Открыть как блокнот]({quote(relpath(f'notebooks/{path.stem}.ipynb', folder))})",
    ]
    return "\n\n".join([
        f'<div id="{path.name}" data-listing="{path.stem}"></div>',
        " · ".join(downloads),
        f"Так отвечает `python {path.name}`:",
        _fence(run.stdout, language="text"),
    ])


def _fence(text: str, title: str = "", language: str = "python") -> str:
    title = f' title="{title}"' if title else ""
    return f"```{language}{title}\n{text.rstrip()}\n```"


def _comment(node, context) -> str:
    page = context.env["page"]
    if problem := claims.check(node.meta["before"], node.content, page.vault.runs):
        page.problem(node.meta["line"], problem)
    return ""


def _inline_footnote(node, context) -> str:
    footnotes = context.env["page"].footnotes
    footnotes.append("".join(child.render(context) for child in node.children))
    return f"[^inline-{len(footnotes)}]"


def _block_id(node, context) -> str:
    ids = context.env["page"].ids
    if node.content in ids:  # the block stands on the page twice: once its own, once taken in
        return ""
    ids.add(node.content)
    return f'<span id="{node.content}"></span>'


def _heading(node, context) -> str:
    page = context.env["page"]
    line = node.map[0] + page.offset - page.source.offset
    slug = next(heading.slug for heading in page.source.headings if heading.line == line)
    if page.inside:
        slug = unique(slug, page.ids)
    return f"{DEFAULT_RENDERERS['heading'](node, context)[page.raised :]} {{ #{slug} }}"


def _math(node, context) -> str:
    page = context.env["page"]
    display = node.type != "math_inline"
    try:
        tex.mathml(node.content.strip(), display)
    except tex.TexError as error:
        page.problem(node.meta["line"], str(error))
    if display:
        return f"$$\n{node.content.strip()}\n$$"
    return f"${node.content}$"


_RENDERERS = {
    "wikilink": _wikilink,
    "link": _markdown_link,
    "embed": _embed,
    "embed_block": _embed_block,
    "image": _image,
    "comment": _comment,
    "block_id": _block_id,
    "inline_footnote": _inline_footnote,
    "heading": _heading,
    "math_inline": _math,
    "math_block": _math,
}
