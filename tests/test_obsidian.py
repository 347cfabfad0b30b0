"""A note in Obsidian's Markdown becomes the Markdown that the site needs, and what is wrong is said."""

from textwrap import dedent

import markdown
import pytest

from obsidian import convert
from runner import Run
from vault import Figure, Vault, read_note

SNIPPET = '''\
"""Пример."""


def refit(x):
    return x.mean()


def figure_elite(x):
    """Подпись.

    Описание.
    """
'''


def make(files=(), **notes):
    """Return a vault of notes given as `name=text`; `__` in a name stands for a slash."""
    paths = {name.replace("__", "/").replace("_", " ") + ".md": text for name, text in notes.items()}
    runs = {"cem": Run("cem", SNIPPET, "шагов = 14\np* = 0.5858\n", {"cem-elite": "<svg/>"}, None)}
    pasted = {"Pasted image 1.png": Figure("cem-elite", "Рис. 4")}
    return Vault(
        {path: read_note(path, dedent(text).encode()) for path, text in paths.items()},
        frozenset(files) | {"snippets/cem.py", "notebooks/cem.ipynb"},
        runs,
        pasted,
    )


def page(text, name="Заметка", files=(), **others):
    vault = make(files, **{name: text}, **others)
    return convert(vault.notes[name.replace("__", "/").replace("_", " ") + ".md"], vault)


def html(text, **others):
    converted, problems = page(text, **others)
    assert problems == []
    extensions = ["attr_list", "tables", "nl2br", "sane_lists", "pymdownx.superfences", "pymdownx.mark"]
    return markdown.markdown(converted, extensions=extensions)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[[Другая]]", "[Другая](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md)"),
        ("[[другая|текст]]", "[текст](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md)"),
        ("[[Псевдоним]]", "[Псевдоним](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md)"),
        ("[[Другая#Глава|к главе]]", "[к главе](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md#глава)"),
        ("[[Другая#Глава#Раздел]]", "[Другая › Глава › Раздел](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md#раздел)"),
        ("[[#Здесь|сюда]]", "[сюда](#здесь)"),
        ("[[Другая#^abc|к блоку]]", "[к блоку](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md#^abc)"),
        ("[[cem.py]]", "[cem.py](snippets/cem.py)"),
        ("[текст](Другая.md)", "[текст](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md)"),
        ("[текст](https://example.org/a_b)", "[текст](https://example.org/a_b)"),
        ("[рис. 4](#здесь)", "[рис. 4](#здесь)"),
        ("[[Другая|a*b]]", r"[a\*b](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md)"),
    ],
)
def test_a_link_leads_to_its_note_heading_or_file(link, expected):
    other = "---\naliases: Псевдоним\n---\n# Глава\n## Раздел\nтекст ^abc\n"
    text, problems = page(f"{link}\n\n# Здесь\n", Другая=other)
    assert text.startswith(expected + "\n")
    assert problems == []


def test_a_link_is_relative_to_the_folder_of_its_page():
    text, _ = page("[[Другая]]", name="папка__Заметка", Другая="")
    assert text.startswith("[Другая](../%D0%94")


def test_of_two_notes_of_a_name_the_one_in_the_same_folder_is_meant():
    others = {"а__Цель": "", "б__Цель": ""}
    assert "](%D0%A6" in page("[[Цель]]", name="б__Заметка", **others)[0]


def test_links_in_code_stay_as_they_are():
    text = "`[[Нет]]` и\n\n```\n[[Нет]] %%тоже%%\n```\n"
    assert page(text) == (text, [])


def test_a_piped_link_in_a_table_stays_in_its_cell():
    result = html("| a | b |\n|---|---|\n| [[Другая\\|текст]] | 1 |\n", Другая="")
    assert result.count("<td>") == 2
    assert ">текст</a></td>" in result


def test_a_list_straight_after_a_paragraph_nested_by_tabs_keeps_its_levels():
    result = html("Текст\n- один\n\t- два\n\t\t- три\n- четыре\n")
    assert result.startswith("<p>Текст</p>\n<ul>")
    assert result.count("<ul>") == 3
    assert result.count("<li>") == 4


def test_a_line_break_stays_a_line_break():
    assert "<br />" in html("раз\nдва")


def test_glued_screenshots_become_their_figures():
    text, problems = page("до ![[Pasted image 1.png]]![[cem-elite.svg]] после")
    assert problems == []
    assert text.startswith('до\n\n<figure id="cem-elite" data-label="Рис. 4"></figure>\n')
    assert '\n<figure id="cem-elite"></figure>\n' in text
    assert text.endswith("\n\nпосле\n")


def test_a_figure_in_a_list_item_stays_in_it():
    text, _ = page("- a\n  ![[Pasted image 1.png]]\n- b\n")
    assert '\n    <figure id="cem-elite"' in text


def test_an_image_of_the_vault_wins_over_the_table_and_takes_its_size_and_alt():
    text, problems = page("![[Pasted image 1.png|схема|300]]", files={"img/Pasted image 1.png"})
    assert text.startswith("![схема](img/Pasted%20image%201.png){width=\"300\"")
    assert problems == []


@pytest.mark.parametrize(
    ("embed", "expected"),
    [
        ("![[звук.mp3]]", '<audio controls src="../m/'),
        ("![[кино.mp4#t=10|400]]", '<video controls width="400" src="../m/'),
        ("![[кино.mp4#t=10|400]]", '.mp4#t=10" title="кино"></video>'),
        ("![[книга.pdf#page=3]]", '.pdf#page=3" title="книга"></iframe>'),
        ("![[доска.canvas]]", "[доска](m/"),
    ],
)
def test_sounds_videos_and_pdfs_are_played_in_place_any_other_file_is_linked(embed, expected):
    text, problems = page(embed, files={"m/звук.mp3", "m/кино.mp4", "m/книга.pdf", "m/доска.canvas"})
    assert expected in text
    assert problems == []


def test_an_inline_footnote_becomes_a_footnote():
    text, _ = page("раз^[два *три*] и^[[[Другая]]]\n", Другая="")
    assert text.startswith("раз[^inline-1] и[^inline-2]\n\n[^inline-1]: два *три*\n\n[^inline-2]: [Другая](")


@pytest.mark.parametrize("mark", "xX/->?!")
def test_a_task_with_any_sign_is_done(mark):
    assert page(f"- [{mark}] дело\n- [ ] другое\n")[0] == "- [x] дело\n- [ ] другое\n"


def test_a_snippet_is_shown_whole_with_its_output_and_downloads():
    text, problems = page("![[cem.py]]")
    assert problems == []
    assert '<div id="cem.py" data-listing="cem"></div>' in text
    assert "шагов = 14" in text
    assert "(snippets/cem.py){ download }" in text
    assert "(notebooks/cem.ipynb)" in text


def test_one_function_of_a_snippet_is_shown_alone():
    assert page("![[cem.py#refit]]")[0] == "```python\ndef refit(x):\n    return x.mean()\n```\n"


def test_a_transcluded_section_ends_where_the_next_of_its_level_begins():
    other = "## A\nвнутри\n### A1\nглубже\n## B\nснаружи\n"
    text, problems = page("![[Другая#A]]", Другая=other)
    assert problems == []
    assert "внутри" in text and "глубже" in text and "снаружи" not in text


@pytest.mark.parametrize(
    ("block", "inside", "outside"),
    [
        ("два\nстроки ^id", "два\nстроки", "снаружи"),
        ("- a\n- b ^id\n  - c\n- d", "- b", "- d"),
        ("| a |\n|---|\n| b |\n\n^id", "| b ", "снаружи"),
    ],
)
def test_a_transcluded_block_is_the_paragraph_the_item_or_what_stands_before_the_id(block, inside, outside):
    text, problems = page("![[Другая#^id]]", Другая=f"снаружи\n\n{block}\n\nснаружи\n")
    assert problems == []
    assert inside in text and outside not in text


def test_links_of_a_transcluded_text_lead_where_they_led_in_its_note():
    other = "# A\n[[#B|к B]] [[Заметка]]\n# B\n"
    text, problems = page("![[Другая#A]]", Другая=other)
    assert "[к B](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F.md#b)" in text
    assert problems == []


def test_ids_of_headings_are_unique_and_the_pages_own_keep_theirs():
    text, _ = page("![[Другая]]\n\n# A\n\n# A\n", Другая="# A\n")
    assert [line for line in text.split("\n") if line.startswith("# ")] == [
        "# A { #a_2 }",
        "# A { #a }",
        "# A { #a_1 }",
    ]


def test_a_section_taken_in_from_below_comes_right_after_the_title():
    other = "# A\n\n### B\n\nтекст\n\n#### C\n"
    headings = [line for line in page("![[Другая#B]]", Другая=other)[0].split("\n") if line.startswith("#")]
    assert headings == ["## B { #b }", "### C { #c }"]
    assert "\n# A { #a }\n\n### B { #b }" in page("![[Другая]]", Другая=other)[0]


def test_a_section_taken_in_begins_at_the_second_level():
    text, _ = page("![[Другая#B]]", Другая="# A\n### B\n#### C\n")
    assert "## B { #b }" in text.split("\n")
    assert "### C { #c }" in text.split("\n")


def test_comments_vanish_inline_and_as_blocks():
    assert page("раз%%два%% три\n\n%%\nчетыре\n\n# пять\n%%\nшесть\n")[0] == "раз три\n\nшесть\n"


def test_formulas_pass_untouched_and_may_follow_a_line_of_text():
    formula = "a_1 * b_2 \\\\ \\|c\\|"
    text, problems = page(f"слово\n$$\n{formula}\n$$\nи ${formula}$, 5$ и 6$\n")
    assert text == f"слово\n\n$$\n{formula}\n$$\n\nи ${formula}$, 5$ и 6$\n"
    assert problems == []


@pytest.mark.parametrize("first", ["Слово: текст", "https://example.org", "---", "key: value"])
def test_the_first_line_is_never_taken_for_metadata(first):
    note = read_note("a.md", f"{first}\nдальше".encode())
    assert note.meta == {}
    assert note.text == f"{first}\nдальше"


def test_a_frontmatter_of_empty_properties_is_read():
    note = read_note("a.md", "---\ntags: \nlinks:\n---\nтекст".encode())
    assert note.meta == {"tags": None, "links": None}
    assert (note.text, note.offset) == ("текст", 4)


WRONG = [
    ("[[Нет]]", "ссылка ведёт к «Нет»"),
    ("[[#Нет]]", "нет заголовка «Нет»"),
    ("[[Другая#^нет]]", "нет блока «^нет»"),
    ("[x](Нет.md)", "ссылка ведёт к «Нет.md»"),
    ("[x](#nowhere)", "нет места «#nowhere»"),
    ("![[Нет.png]]", "нет картинки «Нет.png»"),
    ("![[../../secret]]", "нет картинки «../../secret»"),
    ("![[Другая#Нет]]", "нет заголовка «Нет»"),
    ("![[cem.py#нет]]", "нет функции «нет»"),
    ("![[Заметка]]", "вставляет сама себя"),
    ("![[Кольцо]]", "вставляет сама себя"),
    (r"$\frac{1$", "формул"),
    ("15%%cem: шагов%%", "число 15 разошлось с кодом"),
    ("14%%cem: нет%%", "не печатает строки «нет = …»"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_what_is_wrong_is_said_in_one_line_with_note_and_line(text, sentence):
    source = f"---\ntitle: a\n---\nстрока 4\n- пункт\n  {text}\n"
    _, problems = page(source, Другая="# Да\n", Кольцо="![[Кольцо]]")
    assert len(problems) == 1, problems
    assert sentence in problems[0].text
    assert "\n" not in str(problems[0])
    if "Кольцо" not in text:
        assert str(problems[0]).startswith("Заметка.md, строка 6: ")


def test_what_is_wrong_in_a_transcluded_text_names_its_own_note_and_line():
    _, problems = page("\n\n![[Другая#B]]", Другая="---\na: 1\n---\n# A\n\n# B\n\n[[Нет]]\n")
    assert [(p.note, p.line) for p in problems] == [("Другая.md", 8)]


def test_a_frontmatter_that_is_not_yaml_is_reported_and_the_note_is_kept():
    text, problems = page("---\na: [\n---\nтекст\n")
    assert text == "текст\n"
    assert [p.line for p in problems] == [3]
