"""What surrounds a note: links to it with their sentences, tags, the map, other names, what leads nowhere."""

from datetime import date
from itertools import combinations

import numpy as np
import pytest

import around
import markup
from vault import Vault, read_note


def read(**notes):
    """Return the links and tags of notes given as `name=text`."""
    vault = Vault({f"{name}.md": read_note(f"{name}.md", text.encode()) for name, text in notes.items()})
    parsed = {path: markup.parse(note.text) for path, note in vault.notes.items()}
    links = {path: around.links(tokens, vault.notes[path], vault) for path, tokens in parsed.items()}
    tags = {path: around.tags(tokens, vault.notes[path]) for path, tokens in parsed.items()}
    return vault, links, tags


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Раз. Два [[b]] три. Четыре.", "Два <b>b</b> три."),
        ("Два\nтри [[b|бэ]], *четыре*!", "Два три <b>бэ</b>, четыре!"),
        ("- пункт [бэ < *бэ*](b.md) $x<y$", r'пункт <b>бэ &lt; бэ</b> <span class="arithmatex">\(x&lt;y\)</span>'),
        ("до [[a]] и [[b#^x|бэ]] `код`", "до a и <b>бэ</b> код"),
        ("| x |\n|---|\n| [[b]] да |", "<b>b</b> да"),
        ("> [!note] Это [[b]]\n> текст", "Это <b>b</b>"),
        ('---\nвверх: "[[b]]"\n---\n', "вверх: <b>b</b>"),
        ('---\nобложка: "![[b]]"\n---\n', "обложка: <b>b</b>"),
        ("---\nу \"них\": '[[b|\"бэ\"]]'\n---\n", 'у "них": <b>"бэ"</b>'),
        ('---\nсм: [5, " [[b#x|<бэ>]] "]\n---\n', "см: <b>&lt;бэ&gt;</b>"),
        ('---\nтекст: "не ссылка [[b]]"\n---\n[[b]]', "<b>b</b>"),
        ('это "раз", "[[b|"два"]]" и "три"', 'это "раз", "<b>"два"</b>" и "три"'),
        ('[раз](http://a.b) ["два"](b.md) "три"', 'раз <b>"два"</b> "три"'),
        ('вызов `f("<")` и [[b]] `"x"`', 'вызов f("&lt;") и <b>b</b> "x"'),
        (f"[[b]] {'слово ' * 60}", f"<b>b</b> {'слово ' * 60}".strip()),
        (f"[[b]]{'я' * (around.LONGEST - 1)}[[c]]", f"<b>b</b>{'я' * (around.LONGEST - 1)}c"),
        (f"[[b]]{'я' * around.LONGEST}[[c]]", f"<b>b</b>{'я' * around.LONGEST}…"),
    ],
)
def test_a_backlink_comes_with_the_sentence_around_it(text, sentence):
    _, links, _ = read(a=text, b="")
    assert around.backlinks(links)["b.md"] == {"a.md": [sentence]}


def test_a_long_paragraph_without_a_full_stop_is_cut_on_both_sides():
    _, links, _ = read(a="слово *раз* " * 60 + "[[b]]" + " слово *два*" * 60, b="")
    (sentence,) = around.backlinks(links)["b.md"]["a.md"]
    assert sentence.startswith("…") and sentence.endswith("…") and "<b>b</b>" in sentence
    before, after = sentence[1:-1].split("<b>b</b>")
    assert all(around.LONGEST / 2 < len(side) < around.LONGEST for side in (before, after))


def test_backlinks_are_of_other_notes_embeds_too_each_sentence_once():
    _, links, _ = read(a="[[b]]. [[b]]. [[a]] `[[b]]`", c="![[b#x]]", b="# x\n[[#x]] https://a.b/b")
    assert around.backlinks(links) == {"b.md": {"a.md": ["<b>b</b>."], "c.md": ["<b>b › x</b>"]}}
    assert around.outgoing("a.md", links) == ["b.md"]


def test_pictures_are_links_too_and_no_words_of_a_sentence():
    _, links, _ = read(a="раз ![[нет.png]] [[b]] ![x](нет.png) ![](b.md) ![y](http://a.b/c.png)", b="")
    assert [(link.name, link.path) for link in links["a.md"]] == [
        ("нет.png", None), ("b", "b.md"), ("нет.png", None), ("b.md", "b.md")
    ]
    assert links["a.md"][1].context == "раз  <b>b</b>"


def test_a_link_to_no_other_note_needs_no_sentence():
    text = "раз [[a]] [[#b]] [два](нет.md) ![три](в.png) [[в.png]] <https://a.b> www.a.b"
    vault = Vault({"a.md": read_note("a.md", text.encode())}, frozenset(["в.png"]))
    links = around.links(markup.parse(text), vault.notes["a.md"], vault)
    assert [(link.path, link.context) for link in links] == [(path, "") for path in ("a.md", None, "в.png", "в.png")]


def test_what_leads_nowhere_is_listed_the_most_wanted_first():
    _, links, _ = read(a="---\nx: '[[Ещё]]'\n---\n\n[[Нет]] [[b]]\n", b="[[Ещё#раздел]] [x](http://a.b)")
    _, more, _ = read(a="[[Я]] [[ж]] [[А]] [[Я]]")
    assert list(around.unresolved(links).items()) == [("Ещё", [("a.md", 1), ("b.md", 1)]), ("Нет", [("a.md", 5)])]
    assert list(around.unresolved(more)) == ["Я", "А", "ж"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("---\ntags: [а, б/в]\n---\n#г #а", ["а", "б/в", "г"]),
        ("---\ntags: а, '#б' в\n---\n", ["а", "'#б'", "в"]),
        ("---\ntags: '#а #б'\n---\n", ["а", "б"]),
        ("---\ntags: 2024\n---\n", ["2024"]),
        ("---\ntag: а\n---\n", ["а"]),
        ("---\ntags: [' #а/ ', X]\n---\n", ["а", "X"]),
        ("---\ntags:\n  - null\n  - а\n---\n", ["а"]),
        ("---\ntags:\n---\n`#нет` [#нет](http://a.b) #да", ["да"]),
    ],
)
def test_tags_stand_in_the_properties_and_in_the_text(text, tags):
    assert read(a=text)[2]["a.md"] == tags


def test_a_day_is_said_in_words():
    assert around.in_words(date(2024, 5, 6)) == "6\u00a0мая 2024"
    assert around.in_words(date(2023, 12, 31)) == "31\u00a0декабря 2023"


def test_a_nested_tag_counts_for_those_above_it_whatever_its_capitals():
    _, _, tags = read(a="#Игра/шахматы #ИГРА/шашки", b="#игра #альфа #игра-х", c="#игра/го #игра/го/19")
    assert list(around.tagged(tags).items()) == [
        ("альфа", ["b.md"]),
        ("Игра", ["a.md", "b.md", "c.md"]),
        ("игра/го", ["c.md"]),
        ("игра/го/19", ["c.md"]),
        ("Игра/шахматы", ["a.md"]),
        ("ИГРА/шашки", ["a.md"]),
        ("игра-х", ["b.md"]),
    ]


def test_an_alias_has_an_address_of_its_own_and_one_owner():
    vault, _, _ = read(a="---\naliases: [Метод кросс-энтропии, b]\n---\n", c="---\naliases: b\n---\n")
    found, problems = around.redirects(vault.notes)
    assert found == {"metod-kross-entropii/index.html": "a.md", "b/index.html": "a.md"}
    assert [(p.note, p.line, "«b» уже есть у «a.md»" in p.text) for p in problems] == [("c.md", 1, True)]


def test_two_aliases_of_one_address_are_two_aliases():
    vault, _, _ = read(a="---\naliases: C++\n---\n", b="---\naliases: ['C#', C]\n---\n")
    assert around.redirects(vault.notes) == ({"c/index.html": "a.md"}, [])


@pytest.mark.parametrize("size", [1, 2, 5, 60])
def test_the_map_has_every_note_apart_from_the_others_and_within_its_bounds(size):
    ring = [(n, (n + 1) % size) for n in range(size)] if size > 1 else []
    places = around.layout(size, ring)
    assert places.shape == (size, 2) and places.min() >= 0 and places.max() <= 1
    assert (places == around.layout(size, ring)).all()
    assert all(np.abs(a - b).max() > 0.01 for a, b in combinations(places, 2))
    if size > 2:
        assert (places.min(axis=0) == 0).all() and (places.max(axis=0) == 1).all()  # the whole square is used


def test_linked_notes_are_nearer_on_the_map_than_others():
    cliques = [pair for start in (0, 6) for pair in combinations(range(start, start + 6), 2)]
    places = around.layout(12, [*cliques, (0, 6)])
    distance = {pair: np.linalg.norm(places[pair[0]] - places[pair[1]]) for pair in combinations(range(12), 2)}
    others = [d for pair, d in distance.items() if pair not in cliques]
    assert np.mean([distance[pair] for pair in cliques]) < 0.6 * np.mean(others)


def test_names_on_the_map_do_not_cover_each_other():
    _, links, _ = read(**{f"Довольно длинное имя {n}": "[[Довольно длинное имя 0]]" for n in range(40)})
    drawn = around.draw_map(links, {path: path for path in links})
    named = [dot for dot in drawn.dots if dot.named]
    assert drawn.dots[0].named and 10 < len(named) <= 40
    assert drawn.edges.count("M") == 39
    for a, b in combinations(named, 2):
        assert abs(a.name_y - b.name_y) > 12 or abs(a.x - b.x) > 6 * len(a.name)
    assert all(0 < dot.x < drawn.width and 0 < dot.y < drawn.height for dot in drawn.dots)


def test_a_dot_of_the_map_grows_with_its_links_and_its_name_stands_below_it_or_above():
    _, links, _ = read(b="", a="[[b]]", c="[[b]]", d="[[b]]", e="[[b]]")
    drawn = around.draw_map(links, {path: path for path in links})
    assert [(dot.path, dot.r) for dot in drawn.dots] == [("b.md", 5.0), *((f"{name}.md", 4.0) for name in "acde")]
    assert drawn.edges == "".join(f"M{drawn.dots[0].x} {drawn.dots[0].y}L{dot.x} {dot.y}" for dot in drawn.dots[1:])
    for dot in drawn.dots:
        assert dot.named and min(abs(dot.name_y - dot.y - off) for off in (dot.r + 12, -dot.r - 4)) < 0.11
        assert (dot.x, dot.y, dot.name_y) == tuple(round(value, 1) for value in (dot.x, dot.y, dot.name_y))
    right, down = (max(values) for values in zip(*((dot.x, dot.y) for dot in drawn.dots), strict=True))
    assert (drawn.width - right, drawn.height - down) == pytest.approx(around.MARGIN, abs=0.6)


def test_where_names_do_not_fit_the_most_linked_note_has_one():
    size = 150
    _, links, _ = read(**{f"{n} очень-очень длинное имя": f"[[{size - 1} очень-очень длинное имя]]" for n in range(size)})
    dots = around.draw_map(links, {path: path for path in links}).dots
    assert dots[-1].named and not all(dot.named for dot in dots)


@pytest.mark.parametrize(
    ("title", "shown"), [("a" * 26, "a" * 26), ("a" * 27, "a" * 25 + "…"), (" b" * 15, " b" * 12 + "…")]
)
def test_a_long_name_on_the_map_is_cut_to_26_signs(title, shown):
    _, links, _ = read(a="")
    assert around.draw_map(links, {"a.md": title}).dots[0].name == shown


def test_the_lines_of_a_local_graph_begin_beside_the_names_and_meet_in_the_middle():
    assert around.curves(1, 2) == "M0 1C50 1 50 1 50 1M100 0.5C50 0.5 50 1 50 1M100 1.5C50 1.5 50 1 50 1"
    assert around.curves(0, 0) == ""
