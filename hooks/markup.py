"""Obsidian's Markdown as tokens: CommonMark by markdown-it, and the signs that Obsidian adds.

Nothing here knows what a link means; that is the vault's, and the page's, business.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, lru_cache
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import validateLink
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

WEB = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)
LOCAL = re.compile(r"file:|[a-z]:(?:[/\\]|%5C)", re.I)  # an address that only the author's computer knows
WIKILINK = re.compile(r"(!?)\[\[([^\[\]\n]+?)\]\]")
COMMENT = re.compile(r"%%(.*?)%%")
CODE = r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`)"
CODE_OR_COMMENT = re.compile(
    r"^(?:[ \t>]|[-*+][ \t]|\d+[.)][ \t])*(?P<fence>`{3,}(?=[^`\n]*\n)|~{3,})[^\n]*\n"
    r"(?:.*?\n)??[ \t>]*(?P=fence)"
    rf"|{CODE}"
    r"|%%(?P<comment>.*?)%%"
    r"|^%%(?P<rest>.*)\Z",
    re.S | re.M,
)
UNCLOSED = "\0"  # the comment in place of one that nothing closes
MARGIN = re.compile(r"[ \t>]*")
MATH = re.compile(
    r"\$\$(?P<display>(?:\\.|[^\\])+?)\$\$|\$(?=[^\s$])(?P<inline>(?:\\.|[^\\$])+?)(?<=\S)\$(?!\d)", re.S
)
MARK_END = re.compile(  # and what binds closer than a mark: code, formulas, links, comments
    rf"{CODE}|{MATH.pattern}|{WIKILINK.pattern}|{COMMENT.pattern}|\[[^\[\]]*\]\([^()\s]*\)|\\."
    r"|(?P<end>(?<=\S)(?===))",
    re.S,
)
EMOJI = "\u2600-\u27bf\U0001f300-\U0001faff"
TAG = re.compile(rf"#(?=[\w/-]*(?:[^\W\d]|[{EMOJI}]))[\w{EMOJI}-]+(?:/[\w{EMOJI}-]+)*")
MARKUP = re.compile(r"[\n\\`*_\[<&$=~%]")
LABEL = re.compile(r"\[([^\[\]]+)\]")
FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
TAGGED = re.compile(rf"(?<![^\W_])(?<![(#]){TAG.pattern}")  # parsing takes its time
BEFORE = 100  # signs before a comment that it may speak of
BEFORE_TAG = " \t\n\u00a0*_=~"
CALLOUT = re.compile(r"\[!([^\]\n|]+)(?:\|[^\]\n]*)?\]([+-]?)[ \t]*([^\n]*)(?:\n|\Z)")
TASK = re.compile(r"\[(.)\](?:[ \t]+|\Z)")
BLOCK_ID = re.compile(r"(?:^|(?<=\s))\^([A-Za-z0-9-]+)\s*\Z")
DEEPEST = 100  # levels of nesting; markdown-it takes what is below for text


def parse(text: str) -> list[Token]:
    """Return the tokens of a note's body, inline ones included.

    Besides markdown-it's own there are `wikilink`, `embed`, `comment`, `tag`, `mark_open`,
    `mark_close`, `math_inline`, `math_inline_double`, `math_block`; `callout_open`, `callout_title`,
    `callout_close`; `task` before the text of a task; `block_id` before the block that it names.
    Every token has in `meta["line"]` the line of the text where it begins, counted from 0.
    """
    return finish(begin(text))


def begin(text: str) -> StateCore:
    """Parse the blocks of a text, a third of the work; `.tokens` are the same without the inline ones."""
    state = StateCore(text, _parser(), {})
    for rule in _rules()[0]:
        rule(state)
    return state


def finish(state: StateCore) -> list[Token]:
    """Parse what is in the blocks, once; return all tokens, as `parse` does."""
    for rule in _rules()[1]:
        rule(state)
    return state.tokens


def definitions(state: StateCore) -> dict[str, tuple[int, int]]:
    """Return the lines of the definitions `[^label]: …` and `[label]: address` in a begun text, by `label`.

    Those in a quote stay there: its lines begin with other signs.
    """
    references = state.env.get("references", {})
    found = {name: reference["map"] for name, reference in references.items()}
    for token in state.tokens:
        if token.type == "footnote_reference_open":
            found[normalizeReference(f"^{token.meta['label']}")] = token.map
    begins = state.src.split("\n") if found else []
    return {name: tuple(span) for name, span in found.items() if begins[span[0]].lstrip().startswith("[")}


def labels(text: str) -> Iterator[str]:
    """Yield all that may be a label of a definition, as `definitions` spells it."""
    return (normalizeReference(match[1]) for match in LABEL.finditer(text))


def parts(content: str) -> tuple[str, list[str], str]:
    """Take `note#heading#subheading|text` apart."""
    target, bar, text = content.partition("|")
    if bar:
        target = target.removesuffix("\\")  # written as in a table
    name, *anchor = target.split("#")
    if "^" in name:
        name, _, block = name.partition("^")
        anchor = [f"^{block}"]
    return name.strip(), [part.strip() for part in anchor if part.strip()], text.strip()


def target(token: Token) -> tuple[str, list[str], str] | None:
    """Return name, headings and words of a link or an embed; None if it is neither or leads out."""
    if token.type in ("wikilink", "embed"):
        return parts(token.content)
    if token.type not in ("link_open", "image"):
        return None
    href = str(token.attrs["href" if token.type == "link_open" else "src"])
    return None if WEB.match(href) else (*address(href), token.content)


def address(href: str) -> tuple[str, list[str]]:
    """Take the address `a%20b.md#heading` apart; a `%23` is a sign of the name."""
    name, *anchor = href.split("#")
    return unquote(name), [unquote(part) for part in anchor if part]


def tagged(text: str) -> bool:
    """Whether a note's text has a tag."""
    tokens = parse(text) if TAGGED.search(text) else []
    return any(child.type == "tag" for token in tokens for child in token.children or ())


def heading(content: str) -> str:
    """Return what a heading says, without markup, pictures and footnotes."""
    if not MARKUP.search(content):
        return content
    return words(_parser().parseInline(FOOTNOTE.sub("", content), {})[0].children)


def plain(property: str) -> str:
    """Return what a property says: of Obsidian's signs only links are signs there."""
    return WIKILINK.sub(lambda link: _words(Token("wikilink", "", 0, content=link[2])), property)


def words(tokens: list[Token] | None) -> str:
    """Return what inline tokens say, without markup."""
    return "".join(map(_words, tokens or [])).strip()


def _words(token: Token) -> str:
    if token.type == "wikilink":
        name, anchor, text = parts(token.content)
        return text or " › ".join(filter(None, [name, *anchor]))
    if token.type == "tag":
        return f"#{token.content}"
    if token.type in ("text", "code_inline", "math_inline", "math_inline_double"):
        return token.content
    return " " if token.type in ("softbreak", "hardbreak") else ""


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    _add_blocks(parser)
    gfm_autolink_plugin(parser)
    for rule in (_wikilink, _comment, _mark, _tag, _math):
        parser.inline.ruler.before("link", rule.__name__.strip("_"), rule)
    parser.core.ruler.push("lines", _lines)
    parser.validateLink = lambda url: bool(LOCAL.match(url)) or validateLink(url)
    return parser


@cache
def _rules() -> tuple[list, list]:
    rules = _parser().core.ruler.getRules("")
    blocks = rules.index(_obsidian) + 1
    return rules[:blocks], rules[blocks:]


def _add_blocks(parser: MarkdownIt) -> None:
    footnote_plugin(parser)
    ends = ["paragraph", "reference", "blockquote"]  # with no blank line between
    parser.block.ruler.before("fence", "math_block", _math_block, {"alt": ends})
    parser.block.ruler.before("paragraph", "block_id", _block_id, {"alt": ["blockquote"]})
    parser.core.ruler.after("normalize", "comments", _drop_comments)
    parser.core.ruler.after("block", "obsidian", _obsidian)


# Inline


def _wikilink(state, silent: bool) -> bool:
    match = WIKILINK.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.push("embed" if match[1] else "wikilink", "", 0).content = match[2]
    state.pos = match.end()
    return True


def _comment(state, silent: bool) -> bool:
    match = COMMENT.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    end = match.end()
    # alone on its line it takes the line with it
    alone = (not state.pos or state.src[state.pos - 1] == "\n") and state.src[end : end + 1] == "\n"
    if not silent:
        token = state.push("comment", "", 0)
        token.content = match[1] + "\n" * alone
        token.meta["before"] = state.src[max(0, state.pos - BEFORE) : state.pos]
    state.pos = end + alone
    return True


def _mark(state, silent: bool) -> bool:
    start = state.pos + 2
    if not state.src.startswith("==", state.pos) or state.src[start : start + 1].isspace():
        return False
    ends = _mark_ends(state.src)
    n = bisect_right(ends, start)
    if n == len(ends) or ends[n] + 2 > state.posMax:
        return False
    if not silent:
        posMax = state.posMax
        state.push("mark_open", "mark", 1)
        state.pos, state.posMax = start, ends[n]
        state.md.inline.tokenize(state)
        state.push("mark_close", "mark", -1)
        state.posMax = posMax
    state.pos = ends[n] + 2
    return True


@lru_cache(maxsize=1)  # looked for from every `==` on, they would cost its square
def _mark_ends(text: str) -> list[int]:
    return [match.start() for match in MARK_END.finditer(text) if match["end"] is not None]


def _tag(state, silent: bool) -> bool:
    """Take `#тег/вложенный` for a tag: at the beginning of a word, and not of digits alone."""
    match = TAG.match(state.src, state.pos, state.posMax)
    if not match or state.linkLevel or (state.pos and state.src[state.pos - 1] not in BEFORE_TAG):
        return False
    if not silent:
        state.push("tag", "", 0).content = match[0][1:]
    state.pos = match.end()
    return True


def _math(state, silent: bool) -> bool:
    match = MATH.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        name = "math_inline_double" if match["display"] else "math_inline"
        state.push(name, "", 0).content = match["display"] or match["inline"]
    state.pos = match.end()
    return True


def _lines(state) -> None:
    """Give every token the line of the text that it stands on."""
    line = 0
    for token in state.tokens:
        line = token.map[0] if token.map else line
        token.meta["line"] = line
        if token.type == "inline":
            _number(token.children, line)


def _number(tokens: list[Token], line: int) -> None:
    for token in tokens:
        token.meta["line"] = line
        if token.children:  # of a picture
            _number(token.children, line)
        line += token.type in ("softbreak", "hardbreak") or token.content.count("\n")


# Blocks


def _line(state, n: int) -> str:
    return state.src[state.bMarks[n] + state.tShift[n] : state.eMarks[n]]


def _drop_comments(state) -> None:
    """Take comments of several lines out of the text, whatever is between; the lines stay in their number.

    One that nothing closes hides all that follows, as in Obsidian: it was not meant for readers.
    """
    if "%%" in state.src:
        state.src = CODE_OR_COMMENT.sub(_without_comment, state.src)


def _without_comment(match: re.Match) -> str:
    if match["rest"] is not None:
        return f"%%{UNCLOSED}%%"
    _, *others = (match["comment"] or "").split("\n")
    if not others:
        return match[0]
    return "\n".join(["", *(MARGIN.match(line)[0] for line in others)])


def _math_block(state, line: int, end: int, silent: bool) -> bool:
    """Take `$$…$$` that begins and ends its lines; it may follow a line of text, and have a block id."""
    start = state.bMarks[line] + state.tShift[line]
    if state.is_code_block(line) or not state.src.startswith("$$", start, state.eMarks[line]):
        return False
    lines = [_line(state, line)[2:]]
    while "$$" not in lines[-1]:
        n = line + len(lines)
        if n >= end or (state.sCount[n] < state.blkIndent and not state.isEmpty(n)):
            return False
        lines.append(_line(state, n))
    last, _, tail = lines[-1].partition("$$")
    if tail.strip() and not BLOCK_ID.fullmatch(tail.strip()):
        return False
    if not silent:
        state.line = line + len(lines)
        if tail.strip():
            state.push("block_id", "", 0).content = tail.strip().casefold()
            state.tokens[-1].map = [line, state.line]
        token = state.push("math_block", "", 0)
        token.content = "\n".join([*lines[:-1], last]).strip()
        token.map = [line, state.line]
    return True


def _block_id(state, line: int, end: int, silent: bool) -> bool:
    """Let `^id` on its own line end a table or a quote: it names them, and is no row of theirs."""
    return silent and not state.is_code_block(line) and bool(BLOCK_ID.fullmatch(_line(state, line)))


def _obsidian(state) -> None:
    """Find callouts, tasks and block ids among the blocks."""
    tokens, found = state.tokens, []
    quotes: list[Token | None] = []  # the callouts among the quotes around this place
    lists: list[Token] = []
    dropped = False
    for i, token in enumerate(tokens):
        if token.type == "inline" and tokens[i - 1].type == "paragraph_open":
            if _start_callout(token, found):
                quotes[-1] = found[-5]
            _name_block(token, found)
            _start_task(token, lists, found)
            if not token.content.strip():  # nothing is left of the paragraph
                found.pop()
                dropped = True
                continue
        elif token.type == "inline" and tokens[i - 1].type == "heading_open":
            _name_block(token, found)
        elif token.type == "blockquote_open":
            quotes.append(None)
        elif token.type == "blockquote_close" and (opening := quotes.pop()):
            token.type, token.tag = "callout_close", opening.tag
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(token)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        if not dropped:
            found.append(token)
        dropped = False
    state.tokens = found


def _start_callout(inline: Token, found: list[Token]) -> bool:
    match = CALLOUT.match(inline.content)
    if not match or len(found) < 2 or found[-2].type != "blockquote_open":
        return False
    quote, paragraph = found[-2:]
    quote.type, quote.tag = "callout_open", "details" if match[2] else "div"
    quote.meta.update(kind=match[1].strip(), folded=match[2] == "-")
    tag, title = "summary" if match[2] else "p", match[3].strip()
    if name := BLOCK_ID.search(title):
        title = title[: name.start()].rstrip()
        found.insert(-2, _id_of(quote, name))
    level = paragraph.level
    found[-1:] = [
        Token("callout_title_open", tag, 1, level=level, block=True, meta={"kind": quote.meta["kind"]}),
        inline.copy(content=title, children=[], meta={}),
        Token("callout_title_close", tag, -1, level=level, block=True),
        paragraph,
    ]
    inline.content = inline.content[match.end() :]
    inline.map = [inline.map[0] + 1, inline.map[1]]
    return True


def _name_block(inline: Token, found: list[Token]) -> None:
    """Take `^id` off the end of a block and put it before the block; alone, it names the block above."""
    match = BLOCK_ID.search(inline.content) if "^" in inline.content else None
    if not match:
        return
    at = len(found) - 1
    if match.start() == 0:
        level = found[at].level
        above = (n for n in range(at - 1, -1, -1) if found[n].level == level and found[n].nesting != -1)
        at = next(above, at)
        if found[at].type == "callout_title_open":  # the callout is no more than its title
            at -= 1
    elif at and found[at - 1].type == "list_item_open":
        at -= 1
    inline.content = inline.content[: match.start()].rstrip()
    block = found[at]
    # between a list and its item no element may stand: there the id goes into the item
    found.insert(at + (block.type == "list_item_open"), _id_of(block, match))


def _id_of(block: Token, match: re.Match) -> Token:
    return Token("block_id", "", 0, level=block.level, content=f"^{match[1].casefold()}", map=block.map)


def _start_task(inline: Token, lists: list[Token], found: list[Token]) -> None:
    match = TASK.match(inline.content)
    if not match:
        return
    item = next((t for t in found[:-4:-1] if t.type not in ("paragraph_open", "block_id")), None)
    if item is None or item.type != "list_item_open":
        return
    inline.content = inline.content[match.end() :]
    item.attrSet("class", "task-list-item")
    item.attrSet("data-task", match[1])  # as Obsidian tells its themes
    lists[-1].attrSet("class", "task-list")
    found.insert(len(found) - 1, Token("task", "", 0, level=item.level + 1, content=match[1]))
