"""The vault: which notes and files there are, and what a link in one of them means."""

import re
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import attrgetter
from pathlib import PurePosixPath
from posixpath import dirname, relpath
from textwrap import dedent
from typing import ClassVar, NamedTuple
from unicodedata import normalize
from urllib.parse import quote

import yaml
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from pymdownx.slugs import slugify as heading_slugify
from slugify import slugify

import markup

FRONTMATTER = re.compile(r"\A---[ \t]*\n(.*?\n)??---[ \t]*(?:\n|\Z)", re.S)
IGNORED_IN_HEADING_LINKS = re.compile(r"""[!"#$%&()*+,.:;<=>?@^`{|}~/\[\]\\\s]+""")
PERMALINK = re.compile(r"/*([\w-]+(?:/[\w-]+)*)/*")
LONGEST = 200  # signs of a part of an address: a name of 100 letters «щ» would be one of 400

_heading_slug = heading_slugify(case="lower")


class _Properties(yaml.SafeLoader):
    """Obsidian's properties: a date stays as it is written, for 2023-13-45 is no date."""

    yaml_implicit_resolvers: ClassVar = {
        sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Problem:
    """What is wrong in a note: one sentence for its author, with the cure in it."""

    note: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.note}, строка {self.line}: {self.text}"


@dataclass(frozen=True)
class Heading:
    """A heading of a note: `line` and `end` bound its section, counted from 0 in the body.

    `text` is what it says, `source` what the author wrote: Obsidian makes its links of that.
    """

    level: int
    text: str
    slug: str
    line: int
    end: int
    source: str


class Place(NamedTuple):
    """Where a link leads within a note: the id on the page, the lines in the body."""

    id: str
    line: int
    end: int


@dataclass(frozen=True, eq=False)  # two readings are two notes
class Note:
    """A Markdown file of the vault, its frontmatter taken off."""

    path: str
    meta: dict
    text: str
    offset: int
    """Lines of the file before the body's first line."""
    problem: Problem | None = None

    @cached_property
    def name(self) -> str:
        return PurePosixPath(self.path).stem

    @cached_property
    def title(self) -> str:
        title = self.meta.get("title")
        if title and isinstance(title, str | int | float):
            return markup.plain(str(title))
        if self.name.casefold() != "index":
            return self.name
        heading = next((heading.text for heading in self.headings if heading.level == 1), "")
        return heading or PurePosixPath(self.path).parent.name or "Начало"

    @property
    def date(self) -> date | None:
        """The day that the properties name."""
        for name in ("date", "created"):
            with suppress(ValueError):
                return date.fromisoformat(str(self.meta.get(name))[:10])
        return None

    @property
    def published(self) -> bool:
        """Whether the note has a page: not with `publish: false` or `draft: true`."""
        flags = str(self.meta.get("publish")).casefold(), str(self.meta.get("draft")).casefold()
        return flags[0] != "false" and flags[1] != "true"

    @property
    def aliases(self) -> list[str]:
        found = self.meta.get("aliases") or self.meta.get("alias") or []
        listed = found if isinstance(found, list) else str(found).split(",")  # as in vaults older than lists
        return [*filter(None, (str(alias).strip() for alias in listed if alias is not None))]

    @cached_property
    def address(self) -> str:
        """Where on the site the note would be, `a/b-c`, if no other note were there."""
        permalink = PERMALINK.fullmatch(str(self.meta.get("permalink") or ""))
        if permalink:
            return permalink[1]
        *folders, name = PurePosixPath(self.path).with_suffix("").parts
        slug = str(self.meta.get("slug") or "")
        page = [] if name.casefold() == "index" and not slug else [latin(slug or name)]
        return "/".join([*map(latin, folders), *page])

    @cached_property
    def tagged(self) -> bool:
        """Whether the note has a tag."""
        return bool(self.meta.get("tags")) or markup.tagged(self.text)

    @cached_property
    def _begun(self) -> StateCore:
        return markup.begin(self.text)

    def tokens(self) -> list[Token]:
        """Parse the body; if its headings were looked for, half of that is done."""
        return markup.finish(self.__dict__.pop("_begun", None) or markup.begin(self.text))

    @cached_property
    def _outline(self) -> tuple[tuple[Heading, ...], dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
        tokens = self._begun.tokens
        blocks = {token.content[1:]: tuple(token.map) for token in tokens if token.type == "block_id"}
        return headings(self.text, tokens), blocks, markup.definitions(self._begun)

    @property
    def headings(self) -> tuple[Heading, ...]:
        return self._outline[0]

    @property
    def blocks(self) -> dict[str, tuple[int, int]]:
        """The block ids, in lower case, and the lines of their blocks."""
        return self._outline[1]

    @cached_property
    def heading_at(self) -> dict[int, Heading]:
        """The headings by their lines, counted from 0 in the body."""
        return {heading.line: heading for heading in self.headings}

    @cached_property
    def _named(self) -> dict[str, list[Heading]]:
        named: dict[str, list[Heading]] = {}
        for heading in self.headings:
            for name in {_comparable(heading.text), _comparable(heading.source)}:
                named.setdefault(name, []).append(heading)
        return named

    @cached_property
    def _slugs(self) -> dict[str, Heading]:
        return {heading.slug: heading for heading in self.headings}

    def place(self, anchor: list[str]) -> Place | None:
        """Find what `#A#B` (heading B somewhere below A) or `#^id` (a block) stands for."""
        if anchor[-1].startswith("^"):
            span = self.blocks.get(anchor[-1][1:].casefold())
            return span and Place(anchor[-1].casefold(), *span)
        heading = self._heading(anchor) or self._heading([" ".join(anchor)])  # a # of its own words
        heading = heading or (self._slugs.get(anchor[0]) if len(anchor) == 1 else None)
        return heading and Place(heading.slug, heading.line, heading.end)

    def _heading(self, names: list[str]) -> Heading | None:
        line, end, found = 0, len(self.text) + 1, None
        for name in map(_comparable, names):
            named = self._named.get(name, [])
            first = bisect_left(named, line, key=attrgetter("line"))
            if first == len(named) or named[first].line >= end:
                return None
            found = named[first]
            line, end = found.line + 1, found.end
        return found

    def part(self, place: Place) -> tuple[str, list[int]]:
        """Return the text at a place, a section with its heading or a block, and which lines those are.

        The definitions of footnotes and addresses that it names follow it, wherever the note has them.
        """
        lines, spans, texts = self.text.split("\n"), [(place.line, place.end)], []
        elsewhere = dict(self._outline[2])
        for start, end in spans:
            texts.append(dedent("\n".join(lines[start:end])))
            for name in markup.labels(texts[-1]):
                there = elsewhere.pop(name, None)
                if there and (there[1] <= place.line or there[0] >= place.end):
                    spans.append(there)
        return "\n\n".join(texts), [line for start, end in spans for line in range(start, end + 1)]


def read_note(path: str, content: bytes) -> Note:
    """Split a note into frontmatter and body.

    A frontmatter that is not YAML is dropped and reported, as are bytes that are not UTF-8; the rest is kept.
    """
    try:
        source, problem = content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problem = Problem(path, line, "здесь не UTF-8; сохраните заметку в этой кодировке")
        source = content.decode("utf-8-sig", errors="replace")
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    match = FRONTMATTER.match(source)
    if not match:
        return Note(path, {}, source, 0, problem)
    text, offset = source[match.end() :], match[0].count("\n")
    try:
        meta = yaml.load(match[1] or "", _Properties) or {}
        if isinstance(meta, dict):
            return Note(path, meta, text, offset, problem)
        line = 2
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 2
    what = "свойства заметки (между строками ---) не разобрать как YAML; исправьте или удалите их"
    return Note(path, {}, text, offset, Problem(path, line, what))


def headings(text: str, tokens: list[Token] | None = None) -> tuple[Heading, ...]:
    """List a note's headings; their slugs are unique within the note. `tokens` are those of its blocks."""
    tokens = markup.begin(text).tokens if tokens is None else tokens
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            found.append((int(opening.tag[1]), inline.content, opening.map[0]))
    texts = [markup.heading(source) for _, source, _ in found]
    seen: dict[str, int] = {}
    slugs = [unique(_heading_slug(text.replace("\u00a0", " "), "-") or "section", seen) for text in texts]
    ends = [text.count("\n") + 1] * 7  # by level: where the next heading of that level or above begins
    result = []
    for (level, source, line), text, slug in reversed([*zip(found, texts, slugs, strict=True)]):
        result.append(Heading(level, text, slug, line, ends[level], source))
        ends[level:] = [line] * (7 - level)
    return tuple(reversed(result))


def unique(slug: str, seen: dict[str, int]) -> str:
    """Return `slug`, numbered if `seen` has it, and remember it there with the last number given out."""
    candidate, n = slug, seen.get(slug, 0)
    while candidate in seen:
        n += 1
        candidate = f"{slug}_{n}"
    seen[candidate] = 0
    seen[slug] = n
    return candidate


def _comparable(heading: str) -> str:
    # as Obsidian does: these signs count for nothing when it looks for a heading
    return _key(IGNORED_IN_HEADING_LINKS.sub(" ", heading).strip())


def addresses(notes: dict[str, Note]) -> tuple[dict[str, str], list[Problem]]:
    """Give every published note the address of its page, `a/b-c/index.html`: lower-case Latin words.

    The property `permalink` is the whole address, `slug` its last part.

    Of two notes with one address the second gets a number, and that is reported.
    """
    seen: dict[str, str] = {}
    problems = []
    for path, note in notes.items():
        if not note.published:
            continue
        wanted = address = note.address
        n = 1
        while address in seen:
            n += 1
            address = f"{wanted}-{n}"
        if address != wanted:
            what = f"у «{seen[wanted]}» тот же адрес «{wanted}/»; переименуйте одну из двух заметок"
            problems.append(Problem(path, 1, what))
        seen[address] = path
    return {path: f"{address}/index.html".lstrip("/") for address, path in seen.items()}, problems


@lru_cache(maxsize=65536)  # most links of a vault are the same at the next rebuild
def relative(url: str, base: str) -> str:
    """Return an address of the site as seen from another; a folder's ends with a slash."""
    there, here = _parts(url), _folders(base)
    same = 0
    for a, b in zip(there, here):  # noqa: B905  of different lengths
        if a != b:
            break
        same += 1
    found = "/".join([".."] * (len(here) - same) + there[same:]) or "."
    return f"{found}/" if url.endswith("/") or not url else found


@lru_cache(maxsize=65536)  # a page has dozens of links, and each begins where the page is
def _parts(url: str) -> list[str]:
    return [part for part in url.split("/") if part not in ("", ".")]


@lru_cache(maxsize=1024)
def _folders(base: str) -> list[str]:
    return [part for part in base.split("/")[:-1] if part != "."]


@lru_cache(maxsize=65536)  # a vault asks for each name several times
def latin(name: str) -> str:
    """Return a name in lower-case Latin words and hyphens, which no file system finds too long."""
    return slugify(name, max_length=LONGEST, word_boundary=True) or f"note-{name.encode().hex()}"[:LONGEST]


@dataclass(frozen=True)
class Figure:
    """What stands in the place of a lost screenshot."""

    name: str
    label: str = ""


@dataclass
class Vault:
    """All that a note can link to.

    `files` are the paths of everything else in the vault, `runs` the snippets' results by name,
    `pasted` the table of lost screenshots.
    """

    notes: dict[str, Note]
    files: frozenset[str] = frozenset()
    runs: dict = field(default_factory=dict)
    pasted: dict[str, Figure] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    """Where on the site each published note and file is, as MkDocs says; without it, folders for pages."""
    breaks: bool = True
    """Whether the end of a line is seen on the page: not with Obsidian's strict line breaks."""

    def __post_init__(self):
        if not self.urls:
            self.urls = {path: quote(path) for path in self.files}
            for path, address in addresses(self.notes)[0].items():
                self.urls[path] = address.removesuffix("index.html")

    def url(self, path: str, source: str) -> str:
        """Return the address of a note or file, counted from the page of `source`."""
        return relative(self.urls[path], self.urls[source])

    @cached_property
    def _paths(self) -> dict[str, str]:
        paths = (*self.files, *self.notes)
        return {_key(path): path for path in paths} | {path: path for path in paths}

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """Every path and its tails, of a note without the suffix too; the nearest to the root first."""
        index: dict[str, list[str]] = {}
        for path in sorted([*self.notes, *self.files], key=lambda p: (p.count("/"), p)):
            parts = PurePosixPath(path).parts
            for i in range(len(parts)):
                tail = _key("/".join(parts[i:]))
                index.setdefault(tail, []).append(path)
                if path in self.notes:
                    index.setdefault(tail.removesuffix(".md"), []).append(path)
        return index

    @cached_property
    def _other_names(self) -> dict[str, list[str]]:
        """The aliases, and the notebooks without their suffix: what no note or file is called."""
        index: dict[str, list[str]] = {}
        for path, note in self.notes.items():
            for alias in note.aliases:
                index.setdefault(_key(alias), []).append(path)
        for path in sorted(self.files):
            if path.endswith(".ipynb"):
                index.setdefault(_key(PurePosixPath(path).stem), []).append(path)
        return index

    def find(self, target: str, source: str) -> str | None:
        """Return the path that a link from the note `source` means, None if there is none."""
        return next(iter(self.candidates(target, source)), None)

    def candidates(self, target: str, source: str) -> list[str]:
        """Return the paths that a link from the note `source` can mean, as Obsidian resolves it.

        A relative path first (with a slash before it, one from the vault's root), then a name or the
        end of a path, then an alias; of several the one with the fewest folders between, and then the
        one nearest to the vault's root.
        """
        return list(self._candidates(target, dirname(source)))

    @cached_property
    def _candidates(self) -> Callable[[str, str], list[str]]:
        return lru_cache(maxsize=65536)(self._look_up)  # notes of a folder ask for the same, and twice each

    def _look_up(self, target: str, folder: str) -> list[str]:
        target = target.strip()
        relative = _normal(target if target.startswith("/") else f"{folder}/{target}")
        for key in (relative, f"{relative}.md", _key(relative), _key(f"{relative}.md")):
            if key in self._paths:
                return [self._paths[key]]
        key = _key(_normal(target))
        found = self._names.get(key) or self._other_names.get(key) or []
        if len(found) > 1:
            return sorted(found, key=lambda path: relpath(path, folder or ".").count("/"))
        return found

    def figure(self, name: str) -> Figure | None:
        """Return the figure that `![[name]]` stands for: a lost screenshot or `cem-elite.svg`."""
        if name in self.pasted:
            return self.pasted[name]
        stem = name.removesuffix(".svg")
        snippet = self.runs.get(stem.partition("-")[0])
        if stem != name and snippet and stem in snippet.figures:
            return Figure(stem)
        return None


def _key(name: str) -> str:
    # a Mac writes «й» of a file's name as two signs
    return normalize("NFC", name).casefold()


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return ""  # outside the vault: nothing is there
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
