"""The vault knows its notes, their addresses and their headings."""

import pytest

from vault import Vault, addresses, headings, read_note


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


def test_two_notes_of_one_address_get_two_and_it_is_said():
    found, problems = addresses(vault("a b.md", "a-b.md").notes)
    assert found == {"a b.md": "a-b/index.html", "a-b.md": "a-b-2/index.html"}
    assert [(p.note, "«a b.md»" in p.text) for p in problems] == [("a-b.md", True)]


@pytest.mark.parametrize(
    ("target", "source", "path"),
    [
        ("Мысль", "x.md", "Мысль.md"),
        ("мысль.md", "x.md", "Мысль.md"),
        ("цель", "б/x.md", "б/Цель.md"),
        ("цель", "x.md", "а/Цель.md"),
        ("б/цель", "x.md", "б/Цель.md"),
        ("../Мысль", "а/x.md", "Мысль.md"),
        ("схема.png", "x.md", "а/Схема.png"),
        ("../x", "x.md", None),
        ("../../etc/passwd", "x.md", None),
        ("нет", "x.md", None),
    ],
)
def test_a_link_means_what_obsidian_means(target, source, path):
    found = vault("Мысль.md", "а/Цель.md", "б/Цель.md", files=["а/Схема.png"])
    assert found.find(target, source) == path


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


def test_headings_in_code_are_no_headings():
    assert headings("```\n# A\n```\n") == ()


def test_a_note_that_is_not_utf8_is_kept_and_reported():
    note = read_note("a.md", "раз\nдва".encode("cp1251"))
    assert note.problem.line == 1 and "UTF-8" in note.problem.text
    assert "\n" in note.text
