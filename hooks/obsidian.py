"""A note becomes the HTML of its page: `convert` is a function of the note's text and the vault.

`markup` parses; here the links and embeds get their meaning, and the tokens become the elements
that the theme knows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape
from itertools import islice
from pathlib import PurePosixPath
from posixpath import dirname
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

import around
import claims
import listings
import markup
import runner
import tex
from vault import Figure, Note, Problem, Vault, unique

PLAYER = re.compile(r"https?://(?:[a-z]+\.)?(?:youtube\.com|youtu\.be|vimeo\.com|twitter\.com|x\.com)/", re.I)
MOST_TAKEN = 2_000_000  # signs on a page: notes that take each other in twice grow to 2ⁿ
SIZE = re.compile(r"(\d+)(?:x(\d+))?")
ADDRESS = re.compile(r"""(\s(?:src|href|poster)=)(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
TAG = re.compile(
    r"<!--.*?-->|<(script|style|textarea|title|iframe|noembed|noframes|xmp)\b.*?</\1\s*>"
    r"""|<(?P<end>/?)(?P<name>[a-z][\w-]*)(?:"[^"]*"|'[^']*'|[^"'<>])*>"""
    r"|<(?=[!?/a-z])",
    re.I | re.S,
)
ID = re.compile(r"""\s(?:id|name)=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
HALF = re.compile(rf"{markup.CODE}|\\.|(?P<half>!?\[\[[^\]]+\Z)", re.S)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TEXT = {"script", "style", "textarea", "title", "iframe", "noembed", "noframes", "plaintext", "xmp"}
FOREIGN = {"svg", "math"}  # only in these does `<g/>` end what it begins
HEIGHT = re.compile(r"\bheight=(\d+)")
TITLE = re.compile(r'title="([^"]*)"')
SNIPPETS = "snippets/"
BLOCKS = {"embed", "image", "math_inline_double"}  # inline tokens that can turn out to be a block
IMAGES = {".apng", ".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}
AUDIO = {".3gp", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"}
VIDEO = {".mkv", ".mov", ".mp4", ".ogv", ".webm"}
# Obsidian's kind of callout → the theme's, and the title of one that has none
CALLOUTS = {
    kind: (look, title)
    for look, title, kinds in (
        ("note", "Заметка", "note"),
        ("abstract", "Кратко", "abstract summary tldr"),
        ("info", "К сведению", "info"),
        ("info", "Сделать", "todo"),
        ("tip", "Совет", "tip hint"),
        ("tip", "Важно", "important"),
        ("success", "Готово", "success check done"),
        ("question", "Вопрос", "question help faq"),
        ("warning", "Внимание", "warning caution attention"),
        ("failure", "Неудача", "failure fail missing"),
        ("danger", "Опасно", "danger"),
        ("danger", "Ошибка", "error"),
        ("bug", "Ошибка", "bug"),
        ("example", "Пример", "example"),
        ("quote", "Цитата", "quote cite"),
    )
    for kind in kinds.split()
}


class Heading(NamedTuple):
    """An entry of the page's contents; `text` is HTML without elements."""

    level: int
    id: str
    text: str


@dataclass
class Page:
    """The page under conversion; a transcluded note is converted into the same page."""

    vault: Vault
    home: Note
    source: Note  # the note whose text is being read: `home`, or one that it takes in
    lines: Sequence[int]  # of the source's body, that the lines of the text are
    problems: list[Problem] = field(default_factory=list)
    contents: list[Heading] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)  # as `vault.unique` keeps them
    anchors: list[tuple[int, str]] = field(default_factory=list)  # links to ids of this page
    inside: tuple[tuple[str, str], ...] = ()  # the transclusions around this text
    taken: list[int] = field(default_factory=lambda: [0])  # signs taken in, after each transclusion
    part: str = ""  # what tells the footnotes of this text from those of others
    definitions: dict[str, re.Match] = field(default_factory=dict)  # TeX commands that the note has made
    html: list[Token] = field(default_factory=list)  # the author's own, which need not be sound
    raised: int = 0  # levels by which the text's headings go up or down, to come right after the page's title

    def problem(self, line: int, text: str) -> None:
        self.problems.append(Problem(self.source.path, self.source.offset + self.lines[line] + 1, text))

    def url(self, path: str) -> str:
        """Return the address of a note or file, counted from this page."""
        return self.vault.url(path, self.home.path)


class Converted(NamedTuple):
    """A note's page: HTML, its headings, what is wrong in the note, its links and tags."""

    html: str
    contents: list[Heading]
    problems: list[Problem]
    links: list[around.Link]
    tags: list[str]


def convert(note: Note, vault: Vault) -> Converted:
    """Return the page of a note.

    Formulas, figures and listings are left as empty or TeX-filled places for `main` to fill when
    the search has read the page.
    """
    page = Page(vault, note, note, _all_lines(note))
    page.ids.update((heading.slug, 0) for heading in note.headings)
    if note.problem:
        page.problems.append(note.problem)
    tokens = note.tokens()
    links, tags = around.links(tokens, note, vault), around.tags(tokens, note)
    html = _html(tokens, page)
    if classes := _classes(note):
        html = f'<div class="{escape(" ".join(classes))}">\n{html}</div>\n'
    for line, anchor in page.anchors:
        if anchor not in page.ids:
            page.problem(line, f"на странице нет места «#{anchor}»; исправьте ссылку")
    problems = sorted(dict.fromkeys(page.problems), key=lambda problem: (problem.note, problem.line))
    return Converted(html, page.contents, problems, links, tags)


def _all_lines(note: Note) -> range:
    return range(note.text.count("\n") + 1)


def _classes(note: Note) -> list[str]:
    """Return what the property `cssclasses` names."""
    found = note.meta.get("cssclasses") or note.meta.get("cssclass") or []
    return [str(name) for name in (found if isinstance(found, list) else str(found).split()) if name]


def _html(tokens: list[Token], page: Page) -> str:
    options = OptionsDict({"breaks": page.vault.breaks, "xhtmlOut": False})
    html = _RENDERER.render(_lift(tokens, page), options, {"page": page})
    return _sound(html) if page.html else html


def _lift(tokens: list[Token], page: Page) -> list[Token]:
    """Lift embedded blocks and formulas out of their paragraphs."""
    lifted: list[Token] = []
    begin = 0  # of the paragraph
    for token in tokens:
        if token.type in ("paragraph_open", "callout_title_open"):
            begin = len(lifted)
        lifted.append(token)
        if token.type not in ("paragraph_close", "callout_title_close"):
            continue
        opening, inline, *_ = lifted[begin:]
        title = token.type == "callout_title_close"
        blocks = [child for child in inline.children or () if child.type in BLOCKS]
        staying = (child.copy(level=0) for child in blocks if child.level or title)
        if token.tag == "p" and any(_is_block(child, page) for child in staying):
            opening.tag = token.tag = "div"  # before a block a browser would end the paragraph
        if not title and any(_is_block(child, page) for child in blocks):
            lifted[begin:] = _split(lifted[begin:], page)
    return lifted


def _split(paragraph: list[Token], page: Page) -> list[Token]:
    """Cut a paragraph at its embedded blocks: text, block, text; the last one of a footnote leads back."""
    opening, inline, *anchors, closing = paragraph
    tokens: list[Token] = []
    text: list[Token] = []

    def flush() -> None:
        while text and _is_space(text[0]):
            text.pop(0)
        while text and _is_space(text[-1]):
            text.pop()
        if text:
            text[0] = text[0].copy(content=text[0].content.lstrip())
            text[-1] = text[-1].copy(content=text[-1].content.rstrip())
            tokens.extend([opening, inline.copy(children=list(text)), closing])
        text.clear()

    for child in inline.children:
        if _is_block(child, page):
            flush()
            kind = "math_block" if child.type == "math_inline_double" else "embed_block"
            meta = child.meta | {"target": markup.target(child)}
            tokens.append(child.copy(type=kind, meta=meta))
        else:
            text.append(child)
    flush()
    at = len(tokens) - (tokens[-1] is closing)
    return [*tokens[:at], *anchors, *tokens[at:]]


def _is_space(token: Token) -> bool:
    return token.type in ("softbreak", "hardbreak") or (token.type == "text" and not token.content.strip())


def _is_block(token: Token, page: Page) -> bool:
    if token.type not in ("embed", "image") or token.level:  # a block within emphasis stays there
        return token.type == "math_inline_double" and not token.level
    target = markup.target(token)
    if target is None:  # a picture of another host
        return False
    name = target[0]
    path = page.vault.find(name, page.source.path) if name else page.source.path
    if path is None:
        return page.vault.figure(name) is not None
    return path in page.vault.notes or _is_snippet(path, page)


def _is_snippet(path: str, page: Page) -> bool:
    """Whether a path is a snippet's, and not one of a vault that has a folder of that name itself."""
    return path.startswith(SNIPPETS) and path[len(SNIPPETS) :].removesuffix(".py") in page.vault.runs


# Tokens → HTML


class _Html(RendererHTML):
    """The elements that the theme knows; a method is named by its token's type."""

    def heading_open(self, tokens, i, options, env):
        page, token = env["page"], tokens[i]
        slug = page.source.heading_at[page.lines[token.map[0]]].slug
        if page.inside:
            slug = unique(slug, page.ids)
        level = min(6, int(token.tag[1]) - page.raised)
        heading = Heading(level, slug, escape(markup.words(tokens[i + 1].children), quote=False))
        page.contents.append(heading)
        tokens[i + 2].meta["heading"] = heading
        return f'<h{level} id="{escape(slug)}">'

    def heading_close(self, tokens, i, options, env):
        heading = tokens[i].meta["heading"]
        link = f'<a class="headerlink" href="#{escape(heading.id)}" title="Ссылка на этот раздел">#</a>'
        return f"{link}</h{heading.level}>\n"

    def wikilink(self, tokens, i, options, env):
        name, anchor, text = markup.parts(tokens[i].content)
        shown = text or " › ".join(filter(None, [name, *anchor])) or tokens[i].content
        return _link(env["page"], tokens[i].meta["line"], name, anchor, escape(shown, quote=False))

    def link_open(self, tokens, i, options, env):
        token, page = tokens[i], env["page"]
        target = markup.target(token)
        local = _is_local(page, token.meta["line"], str(token.attrs["href"]))
        if target or local:
            found = _address(page, token.meta["line"], *target[:2]) if target else None
            if found:
                token.attrs["href"] = found
            else:
                rest = islice(tokens, i, None)
                closing = next(t for t in rest if t.type == "link_close" and t.level == token.level)
                token.tag = closing.tag = "span"
                token.attrs = {"class": "problem"} if found is None else {}
        return self.renderToken(tokens, i, options, env)

    def embed(self, tokens, i, options, env):
        page, token = env["page"], tokens[i]
        if _is_block(token.copy(level=0), page):  # in a table, in a heading, within emphasis
            return _embed_block(page, token.meta["line"], *markup.target(token))
        name, anchor, text = markup.target(token) or (str(token.attrs["src"]), [], token.content)
        caption = str(token.attrs.get("title", ""))
        return _picture(page, token.meta["line"], name, text, "#".join(anchor), caption)

    image = embed

    def embed_block(self, tokens, i, options, env):
        return _embed_block(env["page"], tokens[i].meta["line"], *tokens[i].meta["target"]) + "\n"

    def html_block(self, tokens, i, options, env):
        html, page = _local_addresses(tokens[i], env["page"]), env["page"]
        page.html.append(tokens[i])
        for tag in TAG.finditer(tokens[i].content):
            for name in ID.finditer(tag[0] if tag["name"] else ""):
                page.ids.setdefault(name[1] or name[2] or name[3], 0)
        return html + "-->" if html.rfind("<!--") > html.rfind("-->") else html

    html_inline = html_block

    def comment(self, tokens, i, options, env):
        page, token = env["page"], tokens[i]
        if token.content == markup.UNCLOSED:
            what = "комментарий %% не закрыт и скрыл всё, что после него; закройте его"
            page.problem(token.meta["line"], what)
        if problem := claims.check(token.meta["before"], token.content, page.vault.runs):
            page.problem(token.meta["line"], problem)
        return ""

    def tag(self, tokens, i, options, env):
        page, name = env["page"], tokens[i].content
        if around.TAGS not in page.vault.urls:
            return f'<span class="tag">#{escape(name)}</span>'
        href = f"{page.url(around.TAGS)}#{around.tag_id(name)}"
        return f'<a class="tag" href="{escape(href)}">#{escape(name)}</a>'

    def block_id(self, tokens, i, options, env):
        page, name = env["page"], tokens[i].content
        ids, others = page.ids, page.home.blocks if page.inside else ()
        if name in ids or name[1:] in others:  # the page's own block has the name, not one taken in
            return ""
        ids[name] = 0
        return f'<span id="{name}"></span>'

    def task(self, tokens, i, options, env):
        # any sign but a space is done, as in Obsidian where no theme knows better
        sign = tokens[i].content
        checked, state = ("", "не сделано") if sign == " " else (" checked", "сделано")
        shown = ""
        if sign not in " xX":
            shown, state = f' data-sign="{escape(sign)}"', f"отмечено «{escape(sign)}»"
        box = f'<input type="checkbox" disabled{checked} aria-label="{state}">'
        box += f'<span class="task-list-indicator"{shown}></span>'
        return f'<label class="task-list-control">{box}</label> '

    def callout_open(self, tokens, i, options, env):
        token = tokens[i]
        look, _ = CALLOUTS.get(token.meta["kind"].casefold(), ("note", ""))
        if token.tag == "div":
            return f'<div class="admonition {look}">\n'
        return f'<details class="{look}"{"" if token.meta["folded"] else " open"}>\n'

    def callout_title_open(self, tokens, i, options, env):
        token, kind = tokens[i], tokens[i].meta["kind"]
        _, default = CALLOUTS.get(kind.casefold(), ("", kind[:1].upper() + kind[1:]))
        opening = "<summary>" if token.tag == "summary" else f'<{token.tag} class="admonition-title">'
        return opening + ("" if tokens[i + 1].children else escape(default))

    def fence(self, tokens, i, options, env):
        token = tokens[i]
        language, _, rest = token.info.strip().partition(" ")
        if language == "mermaid":  # drawn by the theme
            return f'<pre class="mermaid"><code>{escape(token.content)}</code></pre>\n'
        title = TITLE.search(rest)
        return listings.code_html(token.content, language, title[1] if title else "") + "\n"

    code_block = fence

    def math_inline(self, tokens, i, options, env):
        return _math(tokens[i], env["page"], "span", r"\({}\)")

    def math_block(self, tokens, i, options, env):
        return _math(tokens[i], env["page"], "div", r"\[{}\]") + "\n"

    math_inline_double = math_inline  # where it could not be lifted: in a heading, in a table

    def td_open(self, tokens, i, options, env):
        if half := next(filter(None, (m["half"] for m in HALF.finditer(tokens[i + 1].content))), ""):
            what = f"черта делит ссылку «{half}» между ячейками; напишите в ней \\| вместо |"
            env["page"].problem(tokens[i + 1].meta["line"], what)
        return self.renderToken(tokens, i, options, env)

    def th_open(self, tokens, i, options, env):
        if not tokens[i + 1].children:  # a corner of a table heads nothing
            tokens[i].tag = tokens[i + 2].tag = "td"
        return self.td_open(tokens, i, options, env)

    def footnote_ref(self, tokens, i, options, env):
        page, meta = env["page"], tokens[i].meta
        link = f'<a class="footnote-ref" href="#fn:{_footnote(page, meta["id"])}">{meta["id"] + 1}</a>'
        return f'<sup id="{_reference(page, meta)}">{link}</sup>'

    def footnote_block_open(self, tokens, i, options, env):
        return '<div class="footnote">\n<hr>\n<ol>\n'

    def footnote_block_close(self, tokens, i, options, env):
        return "</ol>\n</div>\n"

    def footnote_open(self, tokens, i, options, env):
        return f'<li id="fn:{_footnote(env["page"], tokens[i].meta["id"])}">'

    def footnote_close(self, tokens, i, options, env):
        return "</li>\n"

    def footnote_anchor(self, tokens, i, options, env):
        back = _reference(env["page"], tokens[i].meta)
        return f'\u00a0<a class="footnote-backref" href="#{back}" title="Назад к тексту">↩</a>'


_RENDERER = _Html()


def _footnote(page: Page, n: int) -> str:
    return f"{page.part}{n + 1}"


def _reference(page: Page, meta: dict) -> str:
    """Return the id of a place that names a footnote; others than the first are counted."""
    again = f":{meta['subId']}" if meta.get("subId") else ""
    return f"fnref:{_footnote(page, meta['id'])}{again}"


def _math(token: Token, page: Page, tag: str, frame: str) -> str:
    content = tex.define(token.content.strip(), page.definitions)
    if not content:
        return ""
    try:
        tex.mathml(content, tag == "div")
    except tex.TexError as error:
        page.problem(token.meta["line"], str(error))
    return f'<{tag} class="arithmatex" data-search-exclude>{frame.format(escape(content))}</{tag}>'


def _link(page: Page, line: int, name: str, anchor: list[str], shown: str) -> str:
    """Write a link to a note, to a heading in it, or to a file; `shown` is HTML."""
    href = _place(page, line, name, anchor)
    if href is None:
        return _broken(shown)
    return f'<a href="{escape(href)}">{shown}</a>' if href else shown


def _place(page: Page, line: int, name: str, anchor: list[str]) -> str | None:
    """Return where a link leads, counted from the page.

    An empty string if the note is not published; None, and a problem, if there is no such place.
    """
    path = _find(page, line, name)
    if path is None:
        page.problem(line, f"ссылка ведёт к «{name}», а такой заметки нет; создайте её или исправьте имя")
        return None
    if path not in page.vault.urls:
        return ""
    if not anchor:
        return page.url(path)
    note = page.vault.notes.get(path)
    if note is None:  # a page of a PDF, a second of a film
        return f"{page.url(path)}#{'#'.join(anchor)}"
    place = note.place(anchor)
    if place is None:
        page.problem(line, _no_place(path, anchor))
        return None
    return f"#{place.id}" if path == page.home.path else f"{page.url(path)}#{place.id}"


def _find(page: Page, line: int, name: str) -> str | None:
    """Return the path that a name means; of several, far from the note, the nearest, and a problem."""
    if not name:
        return page.source.path
    found = page.vault.candidates(name, page.source.path)
    if len(found) > 1 and dirname(found[0]) != dirname(page.source.path):
        several = ", ".join(f"«{path}»" for path in found[:3])
        page.problem(line, f"имя «{name}» носят {several}; взято первое, напишите в ссылке путь")
    return next(iter(found), None)


def _address(page: Page, line: int, name: str, anchor: list[str]) -> str | None:
    """Return where a Markdown link leads, as `_place` does; the id may be one of the author's HTML."""
    if not name and anchor and not page.source.place(anchor):
        page.anchors.append((line, "#".join(anchor)))
        return f"#{'#'.join(anchor)}"
    return _place(page, line, name, anchor)


def _is_local(page: Page, line: int, address: str) -> bool:
    """Whether an address is of the author's computer; that is a problem."""
    local = bool(markup.LOCAL.match(address))
    if local:
        page.problem(line, f"«{unquote(address)}» есть только на вашем компьютере; положите файл в хранилище")
    return local


def _no_place(path: str, anchor: list[str]) -> str:
    what = "блока" if anchor[-1].startswith("^") else "заголовка"
    return f"в «{path}» нет {what} «{'#'.join(anchor)}»; исправьте ссылку или добавьте его"


def _no_file(name: str) -> str:
    if PurePosixPath(name).suffix.lower() in IMAGES:
        return f"нет картинки «{name}» ни в хранилище, ни в таблице figures.yml; добавьте её"
    return f"вставлять нечего: в хранилище нет «{name}»; создайте этот файл или исправьте имя"


def _broken(shown: str) -> str:
    return f'<span class="problem">{shown}</span>'


def _local_addresses(token: Token, page: Page) -> str:
    """Let `<img src="схема.png">` lead to the vault's file; other HTML is the author's as it is."""

    def local(match: re.Match, at: int) -> str:
        written = unescape(match[2] or match[3] or match[4] or "")
        name, anchor = markup.address(written)
        line = token.meta["line"] + token.content[: at + match.start()].count("\n")
        if _is_local(page, line, written):
            return ""
        # a folder or `/` at the beginning: an address of the site, not a name of the vault
        if not name or markup.WEB.match(written) or name.startswith("/") or name.endswith("/"):
            return match[0]
        href = _place(page, line, name, anchor)
        return match[0] if href is None else f'{match[1]}"{escape(href)}"' if href else ""

    def in_tag(tag: re.Match) -> str:
        return ADDRESS.sub(lambda match: local(match, tag.start()), tag[0]) if tag["name"] else tag[0]

    return TAG.sub(in_tag, token.content)


def _sound(html: str) -> str:
    """Close the elements that the author's HTML leaves open, drop the ends of those it has not begun.

    They would take the rest of the page in, or end what the page stands in.
    """
    opened: list[str] = []

    def sound(tag: re.Match) -> str:
        name = (tag["name"] or "").lower()
        if tag[0] == "<":
            return "&lt;"
        if name in TEXT:  # nothing ends it: its text would be the rest of the page
            return f"{tag[0]}</{name}>" if name == "iframe" and not tag["end"] else ""
        if not name or name in VOID or (tag[0].endswith("/>") and FOREIGN.intersection([*opened, name])):
            return tag[0]
        if not tag["end"]:
            opened.append(name)
            return tag[0]
        if name not in opened:
            return ""
        last = len(opened) - opened[::-1].index(name)
        ended, opened[last - 1 :] = opened[last - 1 :], []
        return "".join(f"</{one}>" for one in reversed(ended))

    html = TAG.sub(sound, html)
    return html + "".join(f"</{name}>" for name in reversed(opened))


def _picture(page: Page, line: int, name: str, text: str, anchor: str = "", caption: str = "") -> str:
    """Write an image, a sound, a video or a PDF; any other file as a link.

    `text` is Obsidian's `alt|300x200`, each part optional, `anchor` is its `t=10` or `page=3`,
    `caption` what Markdown has in quotes after the address.
    """
    address = name
    if _is_local(page, line, name):
        return _broken(escape(unquote(name), quote=False))
    if not markup.WEB.match(name):
        path = _find(page, line, name)
        if path is None:
            page.problem(line, _no_file(name))
            return _broken(escape(name, quote=False))
        if path not in page.vault.urls:
            page.problem(line, f"«{path}» не публикуется, вставка пропущена; уберите её")
            return ""
        address = page.url(path)
    alt, size, shape = [], "", ""
    for part in filter(None, text.split("|")):
        if match := SIZE.fullmatch(part.strip()):
            size = f' width="{match[1]}"'
            if match[2]:  # the theme lets a picture keep its own proportions
                size += f' height="{match[2]}"'
                shape = f' style="aspect-ratio:{match[1]}/{match[2]}"'
        else:
            alt.append(part.strip())
    if not size and (height := HEIGHT.search(anchor)):
        size = f' height="{height[1]}"'
    file = PurePosixPath(name)
    suffix, title = file.suffix.lower(), escape(" ".join(alt) or file.stem)
    address = escape(address + (f"#{anchor}" if anchor else ""))
    if PLAYER.match(name):  # Obsidian plays it; the site asks nothing of other hosts
        return f'<a href="{address}">{title if alt else address}</a>'
    if suffix in AUDIO:
        return f'<audio controls src="{address}" title="{title}"></audio>'
    if suffix in VIDEO:
        return f'<video controls{size} src="{address}" title="{title}"></video>'
    if suffix == ".pdf":
        return f'<iframe{size} src="{address}" title="{title}"></iframe>'
    if suffix in IMAGES or markup.WEB.match(name):
        caption = caption and f' title="{escape(caption)}"'
        return f'<img src="{address}" alt="{title}"{caption}{size}{shape} loading="lazy">'
    return f'<a href="{address}">{title}</a>'


def _embed_block(page: Page, line: int, name: str, anchor: list[str], text: str) -> str:
    path = _find(page, line, name)
    if path is None:
        return _figure(page, line, page.vault.figure(name))
    if _is_snippet(path, page):
        return _code(page, line, PurePosixPath(path), anchor)
    if path.endswith(".excalidraw.md"):
        return _drawing(page, line, path, text)
    return _transclusion(page, line, page.vault.notes[path], anchor)


def _drawing(page: Page, line: int, path: str, text: str) -> str:
    """Show the picture that Excalidraw has saved beside its note, or lead to the note."""
    for suffix in (".svg", ".png"):
        picture = path.removesuffix(".md") + suffix
        if picture in page.vault.files:
            return f"<p>{_picture(page, line, f'/{picture}', text)}</p>"
    words = " ".join(part for part in text.split("|") if not SIZE.fullmatch(part))
    return f"<p>{_link(page, line, path, [], escape(words or PurePosixPath(path).stem))}</p>"


def _transclusion(page: Page, line: int, note: Note, anchor: list[str]) -> str:
    where = (note.path, "#".join(anchor))
    if not note.published:
        page.problem(line, f"«{note.name}» не публикуется, вставка пропущена; уберите её")
        return ""
    place = note.place(anchor) if anchor else None
    if anchor and place is None:
        page.problem(line, _no_place(note.path, anchor))
        return _broken(escape("#".join([note.name, *anchor])))
    if where in page.inside or (note is page.home and not page.inside and not anchor):
        page.problem(line, f"«{note.name}» вставляет сама себя; уберите одну из вставок")
        return _broken(escape(note.name))
    text, lines = note.part(place) if place else (note.text, _all_lines(note))
    inner_headings = (h for h in note.headings if not place or place.line <= h.line < place.end)
    top = min((heading.level for heading in inner_headings), default=2)
    page.taken.append(page.taken[-1] + len(text))
    if page.taken[-1] > MOST_TAKEN:
        if page.taken[-2] <= MOST_TAKEN:
            what = f"вставленного больше {MOST_TAKEN} знаков, остальное пропущено; уберите лишние вставки"
            page.problem(line, what)
        return ""
    inner = replace(
        page,
        source=note,
        lines=lines,
        inside=(*page.inside, where),
        html=[],
        raised=top - 2,
        part=f"{len(page.taken) - 1}-",
    )
    source = _link(page, line, note.path, anchor, f"Из заметки «{escape(note.title, quote=False)}»")
    source = f'<p class="transclusion-source">{source}</p>'
    return f'<div class="transclusion">\n{_html(markup.parse(text), inner)}{source}\n</div>'


def _figure(page: Page, line: int, figure: Figure) -> str:
    snippet, _ = runner.figure_function(figure.name)
    run = page.vault.runs.get(snippet)
    if run is None or figure.name not in run.figures:
        reason = run.error if run else f"нет файла snippets/{snippet}.py; исправьте таблицу figures.yml"
        page.problem(line, f"рисунка «{figure.name}» нет: {reason}")
        return _broken(escape(figure.name))
    page.ids[figure.name] = 0
    label = f' data-label="{escape(figure.label)}"' if figure.label else ""
    return f'<figure id="{figure.name}"{label}></figure>'


def _code(page: Page, line: int, path: PurePosixPath, function: list[str]) -> str:
    """Show a snippet whole, with what it prints, or one function of it."""
    run = page.vault.runs[path.stem]
    if function:
        try:
            return listings.code_html(runner.function_source(run.source, function[0]), "python")
        except KeyError:
            page.problem(line, f"в snippets/{path.name} нет функции «{function[0]}»; исправьте вставку")
            return _broken(escape(f"{path.name}#{function[0]}"))
    if run.error:
        page.problem(line, run.error)
        return listings.code_html(run.source, "python", path.name) + f"\n<p>{_broken(escape(run.error))}</p>"
    script = f'<a href="{page.url(str(path))}" download>Скачать {path.name}</a>'
    notebook = f'<a href="{page.url(f"notebooks/{path.stem}.ipynb")}">Открыть как блокнот</a>'
    return "\n".join([
        f'<div id="{path.name}" data-listing="{path.stem}"></div>',
        f"<p>{script} · {notebook}</p>",
        f"<p>Так отвечает <code>python {path.name}</code>:</p>",
        listings.code_html(run.stdout, "text"),
    ])
