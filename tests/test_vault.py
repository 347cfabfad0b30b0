"""The vault knows its notes, their addresses and their headings."""

from posixpath import dirname, relpath

import pytest

from runner import Run
from vault import Figure, Vault, addresses, headings, latin, read_note, relative


def vault(*paths, files=()):
    return Vault({path: read_note(path, b"") for path in paths}, frozenset(files))


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("Cross-entropy method.md", "cross-entropy-method/index.html"),
        ("папка/Мысль №1.md", "papka/mysl-no1/index.html"),
        ("index.md", "index.html"),
        ("папка/index.md", "papka/index.html"),
        ("🙂.md", "note-f09f9982/index.html"),
    ],
)
def test_an_address_is_lower_case_latin(path, address):
    assert addresses(vault(path).notes) == ({path: address}, [])


@pytest.mark.parametrize("name", ["щ" * 100, "щит и меч " * 25, "\U0001f331" * 60])
def test_no_address_is_longer_than_a_name_on_a_disk_may_be(name):
    assert 190 < len(latin(name)) <= 200


def test_two_notes_of_one_address_get_two_and_it_is_said():
    found, problems = addresses(vault("a b.md", "a-b.md").notes)
    assert found == {"a b.md": "a-b/index.html", "a-b.md": "a-b-2/index.html"}
    assert [(p.note, p.line, "«a b.md»" in p.text) for p in problems] == [("a-b.md", 1, True)]


def test_a_secret_note_does_not_cost_the_next_its_address():
    notes = [read_note("a.md", b"---\npublish: false\n---\n"), read_note("b.md", b"")]
    assert addresses({note.path: note for note in notes}) == ({"b.md": "b/index.html"}, [])


@pytest.mark.parametrize(
    ("target", "source", "path"),
    [
        ("Мысль", "x.md", "Мысль.md"),
        ("мысль.md", "x.md", "Мысль.md"),
        ("цель", "б/x.md", "б/Цель.md"),
        ("цель", "x.md", "а/Цель.md"),
        ("б/цель", "x.md", "б/Цель.md"),
        ("../Мысль", "а/x.md", "Мысль.md"),
        ("Цель", "б/в/x.md", "б/Цель.md"),
        ("/Мысль", "а/x.md", "Мысль.md"),
        ("/а/Цель.md", "б/x.md", "а/Цель.md"),
        ("схема.png", "x.md", "а/Схема.png"),
        ("../x", "x.md", None),
        ("../../etc/passwd", "x.md", None),
        ("нет", "x.md", None),
    ],
)
def test_a_link_means_what_obsidian_means(target, source, path):
    found = vault("Мысль.md", "а/Цель.md", "б/Цель.md", files=["а/Схема.png"])
    assert found.find(target, source) == path


def test_a_slash_before_a_path_is_the_root_of_the_vault():
    found = vault("Цель.md", "а/Цель.md", "а/а/Цель.md")
    assert [found.find(target, "а/x.md") for target in ("Цель", "/Цель", "а/Цель", "/а/Цель.md")] == [
        "а/Цель.md", "Цель.md", "а/а/Цель.md", "а/Цель.md",
    ]  # fmt: skip


def test_a_section_ends_at_the_next_heading_that_is_not_below_it():
    found = headings("# A\n\n## B\nx\n### C\n\n## B\n# D\n")
    assert [(h.text, h.slug, h.line, h.end) for h in found] == [
        ("A", "a", 0, 7),
        ("B", "b", 2, 6),
        ("C", "c", 4, 6),
        ("B", "b_1", 6, 7),
        ("D", "d", 7, 9),
    ]


def test_a_non_breaking_space_parts_words_of_an_address():
    assert headings("# С\u00a0чем сравнить\n")[0].slug == "с-чем-сравнить"


@pytest.mark.parametrize(
    ("source", "text", "slug"),
    [
        ("a_b и _c_", "a_b и c", "a_b-и-c"),
        ("[a](https://b.c) ![[d.png|20]]", "a", "a"),
        ("[[a#b|c]] ==d== ~~e~~ `f*`", "c d e f*", "c-d-e-f"),
        ("A &amp; \\* <b>b</b>[^1] %%c%%", "A & * b", "a---b"),
        ("a\nb\n===", "a b", "a-b"),
        ("!!!", "!!!", "section"),
    ],
)
def test_a_heading_is_called_by_what_a_reader_sees(source, text, slug):
    (heading,) = headings(source if "===" in source else f"# {source}")
    assert (heading.text, heading.slug) == (text, slug)


def test_headings_in_code_are_no_headings():
    assert headings("```\n# A\n```\n") == ()


def test_a_note_that_is_not_utf8_is_kept_and_reported():
    note = read_note("a.md", "раз\nдва".encode("cp1251"))
    assert note.problem.line == 1 and "UTF-8" in note.problem.text
    assert read_note("a.md", b"one\n\n\xff").problem.line == 3
    assert "\n" in note.text


@pytest.mark.parametrize(
    ("properties", "address"),
    [
        ("permalink: /my/page/", "my/page/index.html"),
        ("permalink: X", "X/index.html"),
        ("permalink: ../../x", "papka/a/index.html"),
        ("slug: Short Name", "papka/short-name/index.html"),
        ("slug:", "papka/a/index.html"),
    ],
)
def test_a_note_may_name_its_address(properties, address):
    note = read_note("папка/a.md", f"---\n{properties}\n---\n".encode())
    assert addresses({note.path: note})[0] == {note.path: address}


@pytest.mark.parametrize("properties", ["publish: false", "publish: 'False'", "draft: true"])
def test_a_note_that_is_not_to_be_published_has_no_address(properties):
    note = read_note("a.md", f"---\n{properties}\n---\n".encode())
    assert addresses({note.path: note}) == ({}, [])


@pytest.mark.parametrize(
    ("properties", "aliases", "title"),
    [
        ("aliases: Имя", ["Имя"], "a"),
        ("aliases: Имя, Другое имя", ["Имя", "Другое имя"], "a"),
        ("aliases: ['', ' ', Имя]", ["Имя"], "a"),
        ("aliases: [Имя, 5, null]\ntitle: 7", ["Имя", "5"], "7"),
        ("aliases:\ntitle:", [], "a"),
        ("title: 'О [[папка/Имя|слове]] и [[Другая]] <b> *c*'", [], "О слове и Другая <b> *c*"),
        ("alias:\n  - Имя\ntitle: [x]", ["Имя"], "a"),
        ("aliases: Имя\ndate: 2023-13-45", ["Имя"], "a"),
    ],
)
def test_properties_of_any_shape_are_read(properties, aliases, title):
    note = read_note("a.md", f"---\n{properties}\n---\n".encode())
    assert (note.aliases, note.title, note.problem) == (aliases, title, None)


@pytest.mark.parametrize(
    ("path", "text", "title"),
    [
        ("index.md", "## A\n# Б *в*\n# Г", "Б в"),
        ("папка/index.md", "", "папка"),
        ("Index.md", "", "Начало"),
        ("index.md", "---\ntitle: Г\n---\n# Б", "Г"),
        ("a.md", "# Б", "a"),
    ],
)
def test_a_home_page_without_a_title_is_called_by_its_heading_or_its_folder(path, text, title):
    assert read_note(path, text.encode()).title == title


@pytest.mark.parametrize(
    ("properties", "day"),
    [
        ("date: 2024-05-06", "2024-05-06"),
        ("created: 2024-05-06T10:11:12", "2024-05-06"),
        ("date: завтра\ncreated: 2024-05-06", "2024-05-06"),
        ("date: 2023-13-45", None),
        ("date:", None),
    ],
)
def test_the_day_of_a_note_is_the_one_its_properties_name(properties, day):
    found = read_note("a.md", f"---\n{properties}\n---\n".encode()).date
    assert (found and found.isoformat()) == day


def test_a_name_of_the_mac_is_the_name_that_is_typed():
    decomposed = "Мои\u0306.md"
    assert vault(decomposed).find("Мой", "x.md") == decomposed


def test_of_names_that_differ_in_capitals_the_one_that_is_written_is_meant():
    assert [vault("А.md", "а.md").find(name, "x.md") for name in ("А", "а", "а.md")] == ["А.md", "а.md", "а.md"]


def test_of_several_namesakes_the_nearest_comes_first():
    found = vault("а/Цель.md", "г/д/Цель.md", "г/Цель.md")
    assert found.candidates("Цель", "г/д/е/x.md") == ["г/д/Цель.md", "г/Цель.md", "а/Цель.md"]


def test_a_notebook_is_found_without_its_suffix_unless_a_note_has_the_name():
    assert vault(files=["м/опыт.ipynb"]).find("опыт", "x.md") == "м/опыт.ipynb"
    assert vault("опыт.md", files=["м/опыт.ipynb"]).find("опыт", "x.md") == "опыт.md"


def test_the_name_of_a_note_comes_before_an_alias():
    notes = {"a.md": read_note("a.md", b"---\naliases: b\n---\n"), "п/b.md": read_note("п/b.md", b"")}
    assert Vault(notes).candidates("b", "a.md") == ["п/b.md"]


@pytest.mark.parametrize(
    ("anchor", "line"),
    [
        (["a"], 0),
        (["A", "Б"], 1),
        (["Б"], 1),
        (["В", "Б"], 5),
        (["слово и курсив"], 2),
        (["слово-и-курсив"], 2),  # as the address says
        (["другая"], None),
        (["A", "слово-и-курсив"], None),
        (["слово-и-курсив", "нет"], None),
        (["слово и *курсив*"], 2),
        (["[[другая|слово]] и курсив"], 2),
        (["а   б"], 4),
        (["другая слово и курсив"], 2),  # as Obsidian writes it
        (["вопрос", "тег"], 7),
        (["вопрос #тег"], 7),
        (["Б", "слово и курсив"], None),
        (["A", "В"], None),
        (["Б", "A"], None),
        (["Конец"], 6),
        (["а б"], 4),
    ],
)
def test_a_heading_is_found_by_its_words_below_those_named_before_it(anchor, line):
    note = read_note("a.md", "# A\n## Б\n# [[другая|слово]] и *курсив*\n# В\n## а: б\n## Б\n# Конец\n# Вопрос #тег".encode())
    place = note.place(anchor)
    assert (place and place.line) == line


@pytest.mark.parametrize(
    ("text", "anchor", "part"),
    [
        ("[^1]: x\n# A\na[^1]", "A", "# A\na[^1]\n\n[^1]: x"),
        ("a[^1] ^b\n[^1]: x", "^b", "a[^1] ^b\n\n[^1]: x"),
        ("# A\na[^1]\n\n[^1]: x", "A", "# A\na[^1]\n\n[^1]: x"),
    ],
)
def test_a_part_has_each_definition_that_it_names_once_though_it_stands_next_to_it(text, anchor, part):
    note = read_note("a.md", text.encode())
    assert note.part(note.place([anchor]))[0] == part


def test_a_drawing_is_found_by_the_name_of_its_snippet():
    vault = Vault({}, runs={"cem": Run("cem", "", "", {"cem-elite-b": ""}, None)})
    assert vault.figure("cem-elite-b.svg") == Figure("cem-elite-b")
    assert vault.figure("cem-elite-b") is None and vault.figure("cem-other.svg") is None


def test_a_note_from_windows_reads_as_any_other():
    note = read_note("a.md", "\ufeff---\r\ntitle: Б\r\n---\r\nраз\r\nдва\0".encode())
    assert (note.meta, note.text, note.offset, note.problem) == ({"title": "Б"}, "раз\nдва\ufffd", 3, None)
    assert read_note("a.md", b"---\rtitle: a\r---\rb\rc").text == "b\nc"


def test_properties_may_be_empty():
    note = read_note("a.md", b"---\n---\ntext")
    assert (note.meta, note.text, note.offset, note.problem) == ({}, "text", 2, None)


BYTES = "здесь не UTF-8; сохраните заметку в этой кодировке"
PROPERTIES = "свойства заметки (между строками ---) не разобрать как YAML; исправьте или удалите их"


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"---\ntitle: a\n---\n\xff", 4, BYTES),
        (b"\n\xff", 2, BYTES),
        (b"---\na: [\n---\n", 3, PROPERTIES),
        (b"---\n- a\n- b\n---\n", 2, PROPERTIES),
        (b"---\n\na: " + b"[" * 1000 + b"\n---\n", 2, PROPERTIES),  # too deep: nobody says where
    ],
)
def test_what_is_wrong_with_a_note_s_bytes_or_properties_is_said_with_its_place(content, line, what):
    assert str(read_note("d/a.md", content).problem) == f"d/a.md, строка {line}: {what}"


def test_what_can_be_read_of_a_broken_note_is_kept_in_its_place():
    note = read_note("a.md", b"\xef\xbb\xbf---\ntitle: a\n---\n\xff")
    assert (note.title, note.text, note.offset) == ("a", "\ufffd", 3)
    note = read_note("a.md", "---\na: [\n---\nраз".encode())
    assert (note.meta, note.text, note.offset) == ({}, "раз", 3)


@pytest.mark.parametrize("url", ["", "./", "a/", "a/b/", "b/", "a/b/c.png", "c.png", "404.html", "a/c/b/"])
@pytest.mark.parametrize("base", ["", "./", "a/", "a/b/", "a/b/c/", "b/a/", "404.html", "a/b/c.png"])
def test_an_address_as_seen_from_another_is_that_of_the_file_system(url, base):
    found = relative(url, base)
    assert found.removesuffix("/") == relpath(url or ".", dirname(base) or ".")
    assert found.endswith("/") == (url.endswith("/") or not url)
