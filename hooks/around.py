"""What surrounds a note: the links to it, its tags, the map of the vault, its other names."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from html import escape
from typing import NamedTuple

import numpy as np
from markdown_it.token import Token

import markup
from vault import Note, Problem, Vault, latin

TAGS, MAP = "Теги.md", "Карта заметок.md"  # the pages that the site adds to the vault
SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+")
MONTHS = ["января", "февраля", "марта", "апреля", "мая", "июня"]
MONTHS += ["июля", "августа", "сентября", "октября", "ноября", "декабря"]
STEP = (160, 90)  # pixels that a note has on the map, in width and height
PAIRS = 250_000  # of notes whose distances are in memory at once, a few megabytes
MARGIN = (90, 24)  # pixels round the map, for the names of the notes at its edge
LONGEST_NAME = 26  # signs of a name on the map
LONGEST = 160  # signs of a sentence on each side of a link


class Link(NamedTuple):
    """A link of a note: line, name, where it leads (None: nowhere), the sentence around it as HTML."""

    line: int
    name: str
    path: str | None
    context: str


Links = dict[str, list[Link]]
"""The links of every published note, by the note's path."""


def links(tokens: list[Token], note: Note, vault: Vault) -> list[Link]:
    """List the links and embeds of a note that lead, or should lead, to notes and files of the vault."""
    found = _in_properties(note, vault)
    for token in tokens:
        for i, child in enumerate(token.children or ()):
            target = markup.target(child)
            if target and (name := target[0]):
                line = note.offset + child.meta["line"] + 1
                path = vault.find(name, note.path)
                if path or not vault.figure(name):
                    linked = path in vault.notes and path != note.path
                    found.append(Link(line, name, path, _sentence(token.children, i) if linked else ""))
    return found


def _in_properties(note: Note, vault: Vault) -> list[Link]:
    """List the properties that are links, `up: "[[note]]"`: many a vault hangs together by these alone."""
    found = []
    for key, value in note.meta.items():
        for one in value if isinstance(value, list) else [value]:
            match = markup.WIKILINK.fullmatch(one.strip()) if isinstance(one, str) else None
            name = match and markup.parts(match[2])[0]
            if name:
                path, shown = vault.find(name, note.path), escape(markup.plain(one.strip()), quote=False)
                found.append(Link(1, name, path, f"{escape(str(key), quote=False)}: <b>{shown}</b>"))
    return found


def _sentence(tokens: list[Token], i: int) -> str:
    """Return the sentence around the link at `i` as HTML, the link in bold."""
    end = i
    if tokens[i].type == "link_open":
        end = next(n for n in range(i, len(tokens)) if tokens[n].type == "link_close")
    before = _side((tokens[n] for n in range(i - 1, -1, -1)), lambda sentences: sentences[-1])
    after = _side((tokens[n] for n in range(end + 1, len(tokens))), lambda sentences: sentences[0])
    target = [tokens[i].copy(type="wikilink")] if tokens[i].type == "embed" else tokens[i : end + 1]
    shown = escape(markup.words(target), quote=False)
    return f"{''.join(reversed(before))}<b>{shown}</b>{''.join(after)}".strip()


def _side(tokens: Iterable[Token], nearest: Callable[[list[str]], str]) -> list[str]:
    """Collect what stands on one side of a link, to the end of the sentence."""
    pieces, length = [], 0
    for token in tokens:
        if length > LONGEST:
            pieces.append("…")
            break
        if token.type == "text":
            sentences = SENTENCE_ENDS.split(token.content)
            pieces.append(escape(nearest(sentences), quote=False))
            if len(sentences) > 1:
                break
        elif token.type.startswith("math"):
            pieces.append(rf'<span class="arithmatex">\({escape(token.content)}\)</span>')
        elif token.type == "softbreak":
            pieces.append(" ")
        else:
            pieces.append(escape(markup.words([token]), quote=False))
        length += 1 + len(token.content)
    return pieces


def tags(tokens: list[Token], note: Note) -> list[str]:
    """List the tags of a note: those of its properties and those in its text."""
    listed = note.meta.get("tags") or note.meta.get("tag") or []
    listed = listed if isinstance(listed, list) else re.split(r"[,\s]+", str(listed))
    written = (child.content for token in tokens for child in token.children or () if child.type == "tag")
    names = [str(name).strip().strip("#/") for name in listed if name is not None]
    return list(dict.fromkeys([*filter(None, names), *written]))


def in_words(day: date) -> str:
    """Return a day as one says it, «6 мая 2024»."""
    return f"{day.day}\u00a0{MONTHS[day.month - 1]} {day.year}"


def tag_id(tag: str) -> str:
    """Return where on the page of tags a tag stands."""
    return f"тег/{tag.casefold()}"


def tagged(tags_of: dict[str, list[str]]) -> dict[str, list[str]]:
    """Turn the notes' tags round: tag → the notes that have it or one below it, in order of the alphabet.

    `a/b` counts for `a` as well. Of tags that differ in their capitals the first spelling stands.
    """
    spelled: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for path, its in tags_of.items():
        for tag in its:
            parts = tag.split("/")
            for n in range(1, len(parts) + 1):
                name = spelled.setdefault("/".join(parts[:n]).casefold(), "/".join(parts[:n]))
                notes = found.setdefault(name, [])
                if notes[-1:] != [path]:
                    notes.append(path)
    return dict(sorted(found.items(), key=lambda item: item[0].casefold().split("/")))


def backlinks(links: Links) -> dict[str, dict[str, list[str]]]:
    """Turn the notes' links round: path → {note that links there: the sentences it does so in}."""
    found: dict[str, dict[str, list[str]]] = {}
    for source, its in links.items():
        for link in its:
            if link.path and link.path != source:
                sentences = found.setdefault(link.path, {}).setdefault(source, [])
                if link.context not in sentences:
                    sentences.append(link.context)
    return found


def outgoing(path: str, links: Links) -> list[str]:
    """Return the notes that a note links to, each once."""
    return list(dict.fromkeys(link.path for link in links[path] if link.path in links and link.path != path))


def unresolved(links: Links) -> dict[str, list[tuple[str, int]]]:
    """Return the names that lead nowhere, the most wanted first: name → [(note, line), …]."""
    found: dict[str, list[tuple[str, int]]] = {}
    for source, its in links.items():
        for link in its:
            if link.path is None:
                found.setdefault(link.name, []).append((source, link.line))
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0].casefold())))


def redirects(notes: dict[str, Note]) -> tuple[dict[str, str], list[Problem]]:
    """Give every alias an address: `a-b/index.html` → the note's path; of two claimants the first has it."""
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    problems = []
    for path, note in notes.items():
        for alias in note.aliases:
            found.setdefault(f"{latin(alias)}/index.html", path)  # «C++» and «C#» have one address
            first = owners.setdefault(alias.casefold(), path)
            if first != path:
                what = f"псевдоним «{alias}» уже есть у «{first}»; оставьте его одной из двух заметок"
                problems.append(Problem(path, 1, what))
    return found, problems


@lru_cache(maxsize=4096)  # two small numbers: most notes of a vault have the same
def curves(incoming: int, outgoing: int) -> str:
    """Return the lines of a local graph as an SVG path: those from the left and those from the right.

    They meet in the middle. The picture is 100 wide and as high as the longer side has rows.
    """
    rows = max(incoming, outgoing)
    lines = []
    for x, number in ((0, incoming), (100, outgoing)):
        for n in range(number):
            y = (n + 0.5) * rows / number
            lines.append(f"M{x} {y:g}C50 {y:g} 50 {rows / 2:g} 50 {rows / 2:g}")
    return "".join(lines)


def graph(links: Links, order: list[str]) -> list[tuple[int, int]]:
    """Return the links between notes as pairs of places in `order`, each pair once."""
    place = {path: n for n, path in enumerate(order)}
    pairs = ((place[a], place[b]) for a in order for b in outgoing(a, links) if b in place)
    return list(dict.fromkeys((min(pair), max(pair)) for pair in pairs))


def layout(size: int, edges: Iterable[tuple[int, int]]) -> np.ndarray:
    """Place `size` notes, the linked ones near each other; shape (size, 2), within the unit square.

    Fruchterman and Reingold, "Graph drawing by force-directed placement" (1991), from a fixed start:
    the same vault is drawn the same each time. A large vault gets fewer steps, for each costs size².
    """
    n = np.arange(size)
    p = np.sqrt(n / size) * np.exp(2.399963j * n)  # a sunflower: even, and no two points in one place
    k = 1 / np.sqrt(size)
    a, b = np.array(list(edges), int).reshape(-1, 2).T
    steps = int(np.clip(5e7 / size**2, 5, 200))
    for t in np.linspace(0.1, 0, steps, endpoint=False):
        apart = np.concatenate([_apart(some, p) for some in np.array_split(p, size**2 // PAIRS + 1)])
        force = k**2 * apart - k * p  # and to the middle
        pull = (p[b] - p[a]) * np.abs(p[b] - p[a]) / k
        np.add.at(force, a, pull)
        np.add.at(force, b, -pull)
        p = p + force * np.minimum(1, t / np.maximum(np.abs(force), 1e-9))
    place = np.column_stack([p.real, p.imag])
    return (place - place.min(axis=0)) / np.maximum(np.ptp(place, axis=0), 1e-9)


def _apart(some: np.ndarray, p: np.ndarray) -> np.ndarray:
    apart = some[:, None] - p
    return (apart / np.maximum(np.abs(apart) ** 2, 1e-9)).sum(axis=1)


class Dot(NamedTuple):
    """A note on the map, in pixels: path, place, radius, name, and where the name stands if it has room."""

    path: str
    x: float
    y: float
    r: float
    name: str
    name_y: float
    named: bool


class Map(NamedTuple):
    """The map of the vault, in pixels; `edges` is an SVG path."""

    width: int
    height: int
    edges: str
    dots: list[Dot]


def draw_map(links: Links, titles: dict[str, str]) -> Map:
    """Draw the notes of a vault and the links between them; `titles` gives the notes and their order."""
    return _drawn(tuple(titles.items()), tuple(graph(links, list(titles))))


@lru_cache(maxsize=1)  # most rebuilds change no link
def _drawn(notes: tuple[tuple[str, str], ...], edges: tuple[tuple[int, int], ...]) -> Map:
    order, titles = [path for path, _ in notes], dict(notes)
    degree = Counter(n for edge in edges for n in edge)
    inner = np.round(np.array(STEP) * math.sqrt(len(order)))
    places = MARGIN + layout(len(order), edges) * inner
    stand: list[tuple[float, float, float]] = []  # middle, line and half the width of the names that stand
    dots = {}
    for n in sorted(range(len(order)), key=lambda n: -degree[n]):  # the most linked get a name first
        (x, y), r, name = places[n], 3 + math.sqrt(degree[n]), _short(titles[order[n]])
        half = 3.3 * len(name)
        below, above = y + r + 12, y - r - 4
        line = next((at for at in (below, above) if _is_free(x, at, half, stand)), None)
        if line:
            stand.append((x, line, half))
        dots[n] = Dot(order[n], *(round(v, 1) for v in (x, y, r)), name, round(line or below, 1), bool(line))
    lines = "".join(f"M{dots[a].x} {dots[a].y}L{dots[b].x} {dots[b].y}" for a, b in edges)
    width, height = (inner + 2 * np.array(MARGIN)).astype(int).tolist()
    return Map(width, height, lines, [dots[n] for n in range(len(order))])


def _is_free(x: float, line: float, half: float, names: list[tuple[float, float, float]]) -> bool:
    return all(abs(x - x2) > half + half2 or abs(line - line2) > 13 for x2, line2, half2 in names)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_NAME else f"{title[: LONGEST_NAME - 1].rstrip()}…"
