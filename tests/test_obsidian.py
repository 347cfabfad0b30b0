"""A note in Obsidian's Markdown becomes the page that Obsidian shows, and what is wrong is said."""

import re
from dataclasses import replace
from textwrap import dedent

import pytest
from bs4 import BeautifulSoup

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
    """Convert `text` as a note among others; return the HTML and the problems."""
    vault = make(files, **{name: text}, **others)
    converted = convert(vault.notes[name.replace("__", "/").replace("_", " ") + ".md"], vault)
    return converted.html, converted.problems


def html(text, **others):
    """Return the HTML of a note that has no fault."""
    converted, problems = page(text, **others)
    assert problems == []
    return converted


def soup(text, **others):
    return BeautifulSoup(html(text, **others), "html.parser")


@pytest.mark.parametrize(
    ("link", "href", "shown"),
    [
        ("[[Другая]]", "../drugaia/", "Другая"),
        ("[[другая|текст]]", "../drugaia/", "текст"),
        ("[[/Другая|от корня]]", "../drugaia/", "от корня"),
        ("[[./Другая|рядом]]", "../drugaia/", "рядом"),
        ("[[Псевдоним]]", "../drugaia/", "Псевдоним"),
        ("[[Другая#Глава|к главе]]", "../drugaia/#глава", "к главе"),
        ("[[Другая#Глава#Раздел]]", "../drugaia/#раздел", "Другая › Глава › Раздел"),
        ("[[#Здесь|сюда]]", "#здесь", "сюда"),
        ("[[Другая#^abc|к блоку]]", "../drugaia/#^abc", "к блоку"),
        ("[[Другая^abc|к блоку]]", "../drugaia/#^abc", "к блоку"),
        ("[[cem.py]]", "../snippets/cem.py", "cem.py"),
        ("[[cem.ipynb|блокнот]]", "../notebooks/cem.ipynb", "блокнот"),
        ("[текст](Другая.md)", "../drugaia/", "текст"),
        ("[*текст*](Другая.md#Глава)", "../drugaia/#глава", "текст"),
        ("[текст](<Другая.md>)", "../drugaia/", "текст"),
        ("[текст](%D0%94%D1%80%D1%83%D0%B3%D0%B0%D1%8F)", "../drugaia/", "текст"),
        ("[текст](https://example.org/a_b)", "https://example.org/a_b", "текст"),
        ("https://example.org/a_b", "https://example.org/a_b", "https://example.org/a_b"),
        ("[рис. 4](#здесь)", "#здесь", "рис. 4"),
        ("[рис. 4](#Здесь)", "#здесь", "рис. 4"),
        ("[[Другая|a*b*]]", "../drugaia/", "a*b*"),
        ("[[Другая\\|как в таблице]]", "../drugaia/", "как в таблице"),
        ("[текст](C%23.md#%D0%A2)", "../c/#т", "текст"),
        ("[текст](Другая.md#Глава#Раздел)", "../drugaia/#раздел", "текст"),
    ],
)
def test_a_link_leads_to_its_note_heading_or_file(link, href, shown):
    other = "---\naliases: Псевдоним\n---\n# Глава\n## Раздел\nтекст ^abc\n"
    found = soup(f"{link}\n\n# Здесь\n", Другая=other, **{"C#": "# Т\n"}).p.a
    assert (found["href"], found.text) == (href, shown)


def test_a_link_is_counted_from_the_address_of_its_page():
    assert soup("[[Другая]]", name="папка__Заметка", Другая="").a["href"] == "../../drugaia/"
    assert soup("[[папка/Другая]]", name="index", папка__Другая="").a["href"] == "papka/drugaia/"
    assert soup("[[index]]", name="папка__Другая", index="").a["href"] == "../../"


def test_of_two_notes_of_a_name_the_one_in_the_same_folder_is_meant():
    others = {"а__Цель": "", "б__Цель": ""}
    assert soup("[[Цель]]", name="б__Заметка", **others).a["href"] == "../tsel/"


def test_links_in_code_stay_as_they_are():
    found = soup("`[[Нет]]` и\n\n```\n[[Нет]] %%тоже%% #тег $x$\n```\n")
    assert [code.text.strip() for code in found.select("code")] == ["[[Нет]]", "[[Нет]] %%тоже%% #тег $x$"]


def test_a_piped_link_in_a_table_stays_in_its_cell():
    cells = soup("| a | b |\n|---|---|\n| [[Другая\\|текст]] | 1 |\n", Другая="").select("td")
    assert [cell.text for cell in cells] == ["текст", "1"]
    assert cells[0].a["href"] == "../drugaia/"


def test_a_list_straight_after_a_paragraph_nested_by_tabs_keeps_its_levels():
    found = soup("Текст\n- один\n\t- два\n\t\t- три\n- четыре\n")
    assert found.p.text == "Текст"
    assert [len(item.find_parents("ul")) for item in found.select("li")] == [1, 2, 3, 1]


def test_what_stands_in_a_list_item_with_no_blank_line_stays_in_it():
    item = soup("- a\n  > цитата\n\n  | x |\n  |---|\n  | 1 |\n  $$\n  y\n  $$\n  ![[cem-elite.svg]]\n- b\n").li
    assert [tag.name for tag in item.find_all(["blockquote", "table", "div", "figure"])] == [
        "blockquote",
        "table",
        "div",
        "figure",
    ]


def test_a_line_break_stays_a_line_break():
    assert html("раз\nдва") == "<p>раз<br>\nдва</p>\n"


def test_with_strict_line_breaks_only_two_spaces_break_a_line():
    vault = replace(make(Заметка="раз\nдва  \nтри\n"), breaks=False)
    assert convert(vault.notes["Заметка.md"], vault).html == "<p>раз\nдва<br>\nтри</p>\n"


def test_glued_screenshots_become_their_figures():
    assert html("до ![[Pasted image 1.png]]![[cem-elite.svg]] после") == (
        '<p>до</p>\n<figure id="cem-elite" data-label="Рис. 4"></figure>\n'
        '<figure id="cem-elite"></figure>\n<p>после</p>\n'
    )


def test_an_image_of_the_vault_wins_over_the_table_and_takes_its_size_and_alt():
    image = soup("![[Pasted image 1.png|схема|300]]", files={"img/Pasted image 1.png"}).img
    assert (image["src"], image["alt"], image["width"]) == ("../img/Pasted%20image%201.png", "схема", "300")


@pytest.mark.parametrize(
    ("embed", "src", "alt", "size"),
    [
        ("![[схема.png]]", "../img/", "схема", (None, None)),
        ("![[схема.png|300x200]]", "../img/", "схема", ("300", "200")),
        ("![подпись|100](схема.png)", "../img/", "подпись", ("100", None)),
        ("![a](../img/схема.png)", "../img/", "a", (None, None)),
        ("![a|50](https://example.org/x.php?y)", "https://example.org/x.php?y", "a", ("50", None)),
        ('<img src="схема.png" alt="a">', "../img/", "a", (None, None)),
    ],
)
def test_an_image_is_found_wherever_it_lies(embed, src, alt, size):
    image = soup(embed, name="папка__Заметка", files={"img/схема.png"}).img
    assert image["src"].startswith(src if src.startswith("http") else f"../{src}%D1")
    assert (image["alt"], (image.get("width"), image.get("height"))) == (alt, size)


@pytest.mark.parametrize(
    ("embed", "expected"),
    [
        ("![[звук.mp3]]", '<audio controls src="../m/'),
        ("![[кино.mp4#t=10|400]]", '<video controls width="400" src="../m/'),
        ("![[кино.mp4#t=10|400]]", '.mp4#t=10" title="кино"></video>'),
        ("![[книга.pdf#page=3]]", '.pdf#page=3" title="книга"></iframe>'),
        ("![[книга.pdf#height=400]]", '<iframe height="400" src='),
        ("![[книга.pdf#page=3&height=400|300x200]]", '<iframe width="300" height="200" src='),
        ("![слово](книга.pdf#page=3)", '.pdf#page=3" title="слово"></iframe>'),
        ("![[опыт.py]]", '<a href="../m/%D0%BE%D0%BF%D1%8B%D1%82.py">опыт</a>'),
        ("![[доска.canvas]]", ">доска</a>"),
        ("[[книга.pdf#page=3|с. 3]]", '.pdf#page=3">с. 3</a>'),
        ("![[книга.pdf#page=3#a]]", '.pdf#page=3#a" title="книга"></iframe>'),
        ("[[книга.pdf#page=3#a|с. 3]]", '.pdf#page=3#a">с. 3</a>'),
    ],
)
def test_sounds_videos_and_pdfs_are_played_in_place_any_other_file_is_linked(embed, expected):
    files = {"m/звук.mp3", "m/кино.mp4", "m/книга.pdf", "m/доска.canvas", "m/опыт.py"}
    assert expected in html(embed, files=files)


def test_footnotes_stand_at_the_end_of_their_text_and_lead_back():
    found = soup("раз^[два *три*] и[^1] и^[[[Другая]]]\n\n[^1]: сноска\n", Другая="")
    notes = [item.text.partition("\u00a0")[0].strip() for item in found.select(".footnote li")]
    assert notes == ["два три", "сноска", "Другая"]
    for link in found.select(".footnote-ref, .footnote-backref"):
        assert found.find(id=link["href"][1:])


def test_footnotes_of_a_text_taken_in_do_not_mix_with_the_pages_own():
    found = soup("![[Другая]]\n\nсвоя[^1]\n\n[^1]: здесь\n", Другая="чужая[^1]\n\n[^1]: там\n")
    ids = [item["id"] for item in found.select("[id]")]
    assert len(ids) == len(set(ids)) == 4


def test_a_footnote_named_twice_does_not_mix_with_one_taken_in():
    found = soup("a[^1] b[^1]\n\n![[Другая]]\n\n[^1]: здесь\n", Другая="чужая[^1]\n\n[^1]: там\n")
    ids = [item["id"] for item in found.select("[id]")]
    assert len(ids) == len(set(ids)) == 5


@pytest.mark.parametrize("anchor", ["#A", "#^id"])
def test_a_part_taken_in_brings_the_footnotes_and_addresses_that_its_note_defines_elsewhere(anchor):
    other = " [Р]: https://a.b\n\n- раз\n\n# A\n\n  текст[^1], [слово][р] ^id\n\n# B\n\n[^1]: там[^2], [[Нет]]\n[^2]: и [р]\n"
    text, problems = page(f"![[Другая{anchor}]]", Другая=other)
    found = BeautifulSoup(text, "html.parser")
    assert [note.text.partition("\u00a0")[0].strip() for note in found.select(".footnote li")] == ["там2, Нет", "и р"]
    assert [a["href"] for a in found.select("a[href^=http]")] == ["https://a.b", "https://a.b"]
    assert [p.line for p in problems] == [11]
    assert "раз" not in found.text and "B" not in found.text and "[" not in found.text


@pytest.mark.parametrize("mark", "xX/->?!")
def test_a_task_with_any_sign_is_done(mark):
    boxes = soup(f"1. [{mark}] дело\n2. [ ] другое\n   - [{mark}] третье\n3. [x]не дело\n").select("input")
    assert [box.has_attr("checked") for box in boxes] == [True, False, True]


def test_a_task_with_a_sign_of_its_own_shows_and_says_it():
    found = soup("- [ ] a\n- [x] b\n- [X] c\n- [\"] d\n")
    assert [item["data-task"] for item in found.select("li")] == [" ", "x", "X", '"']
    assert [span.get("data-sign") for span in found.select("span")] == [None, None, None, '"']
    assert found.select("input")[3]["aria-label"] == 'отмечено «"»'


def test_a_picture_of_two_sizes_has_their_proportions():
    assert soup("![[1.png|300x200]]", files={"1.png"}).img["style"] == "aspect-ratio:300/200"
    assert not soup("![[1.png|300]]", files={"1.png"}).img.has_attr("style")


def test_a_picture_keeps_the_title_that_markdown_gives_it():
    image = soup("![a|30](1.png \"раз \\\"два\\\"\") ![b](1.png)", files={"1.png"}).select("img")
    assert (image[0]["alt"], image[0]["title"], image[0]["width"]) == ("a", 'раз "два"', "30")
    assert not image[1].has_attr("title")


def test_a_tag_is_a_word_after_a_hash_and_no_number():
    found = soup("#тег и #тег/вложенный, #a-b_1! #123 C# a#b `#c` [#d](https://a.b) #e\n\n# Глава #f\n")
    assert [tag.text for tag in found.select(".tag")] == ["#тег", "#тег/вложенный", "#a-b_1", "#e", "#f"]


def test_what_is_marked_struck_or_bold_may_hold_the_other():
    assert html("==раз **два**== ~~три~~ ==четыре") == (
        "<p><mark>раз <strong>два</strong></mark> <s>три</s> ==четыре</p>\n"
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a==b, `c==d`", "<p>a==b, <code>c==d</code></p>\n"),
        ("==a `b==` c==", "<p><mark>a <code>b==</code> c</mark></p>\n"),
        ("a==b, [c==d](https://e.f/?g==h)", '<p>a==b, <a href="https://e.f/?g==h">c==d</a></p>\n'),
        ("a==b, [[#H|c==d]]\n# H", '<p>a==b, <a href="#h">c==d</a></p>\n'),
        (r"a==b, \==c", "<p>a==b, ==c</p>\n"),
        ("a==b, $c==d$", '<p>a==b, <span class="arithmatex" data-search-exclude>\\(c==d\\)</span></p>\n'),
    ],
)
def test_a_mark_does_not_end_within_code_a_formula_or_a_link(source, text):
    assert html(source).partition("<h1")[0] == text


@pytest.mark.parametrize(
    ("source", "tag", "look", "title"),
    [
        ("> [!note] Своё\n> текст", "div", "note", "Своё"),
        ("> [!NOTE]\n> текст", "div", "note", "Заметка"),
        (">[!faq]\n> текст", "div", "question", "Вопрос"),
        ("> [!tip]- Свёрнут\n> текст", "details", "tip", "Свёрнут"),
        ("> [!warning]+\n> текст", "details", "warning", "Внимание"),
        ("> [!мой вид] **Жирный**\n> текст", "div", "note", "Жирный"),
        ("> [!мой вид]\n> текст", "div", "note", "Мой вид"),
        ("> [!quote|right]\n> - текст", "div", "quote", "Цитата"),
        ("- a\n  > [!bug]\n  > текст", "div", "bug", "Ошибка"),
        ("> [!todo]\n> > [!example]\n> > текст", "div", "info", "Сделать"),
        ("> [!note]\n> ```\n> текст\n> ```", "div", "note", "Заметка"),
        ("> [!note] [[Другая]]\n> текст", "div", "note", "Другая"),
    ],
)
def test_a_callout_has_its_look_its_title_and_its_text(source, tag, look, title):
    found = soup(source, Другая="").find(["div", "details"])
    assert found.name == tag and found["class"][-1] == look
    assert found.find(["p", "summary"]).text == title
    assert "текст" in found.text and "[!" not in found.text
    assert found.has_attr("open") == ("]+" in source)


def test_a_callout_may_be_a_title_alone():
    assert html("> [!note] Одно\n") == '<div class="admonition note">\n<p class="admonition-title">Одно</p>\n</div>\n'


def test_a_snippet_is_shown_whole_with_its_output_and_downloads():
    text = html("![[cem.py]]")
    assert '<div id="cem.py" data-listing="cem"></div>' in text
    assert "шагов = 14" in text
    assert '<a href="../snippets/cem.py" download>' in text
    assert '<a href="../notebooks/cem.ipynb">' in text


def test_one_function_of_a_snippet_is_shown_alone():
    assert soup("![[cem.py#refit]]").text.strip() == "def refit(x):\n    return x.mean()"


def test_a_transcluded_section_ends_where_the_next_of_its_level_begins():
    other = "## A\nвнутри\n### A1\nглубже\n## B\nснаружи\n"
    text = html("![[Другая#A]]", Другая=other)
    assert "внутри" in text and "глубже" in text and "снаружи" not in text


@pytest.mark.parametrize(
    ("block", "inside", "outside"),
    [
        ("два\nстроки ^id", "строки", "снаружи"),
        ("- a\n- b ^id\n  - c\n- d", ">c</li>", ">d"),
        ("| a |\n|---|\n| b |\n\n^id", "<td>b</td>", "снаружи"),
        ("> [!note] a\n> b\n\n^id", "admonition", "снаружи"),
        ("> [!note] a\n>\n> ^id", "admonition", "снаружи"),
        ("$$\nx\n$$ ^id", "\\[x\\]", "снаружи"),
        ("$$\nx\n$$\n^id", "\\[x\\]", "снаружи"),
        ("- a\n- b\n\n^id", ">a</li>", "снаружи"),
        ("| a |\n|---|\n| b |\n^id", "<td>b</td>", "снаружи"),
        ("> a\n>\n> b\n^id", "<p>a</p>", "снаружи"),
        ("> [!note] a ^id\n> b", "<p>b</p>", "снаружи"),
        ("> [!note]- a ^id", "<summary>a</summary>", "снаружи"),
    ],
)
def test_a_transcluded_block_is_the_paragraph_the_item_or_what_stands_before_the_id(block, inside, outside):
    text = html("![[Другая#^id]]", Другая=f"снаружи\n\n{block}\n\nснаружи\n")
    assert inside in text and outside not in text and "^id<" not in text


def test_a_link_to_a_block_leads_to_its_beginning():
    for block, name in (("- a\n- b\n", "ul"), ("| a |\n|---|\n", "table"), ("> [!tip]- Одно\n>", "details")):
        found = soup(f"{block}\n{'> ' * (name == 'details')}^id\n\n[[#^id]]\n")
        assert found.find(id="^id").find_next_sibling().name == name


def test_a_note_taken_in_by_a_markdown_image_is_taken_in():
    assert soup("![](Другая.md#A)", Другая="внутри\n# A\nраздел\n").select_one(".transclusion > p").text == "раздел"


def test_a_heading_may_have_a_block_id():
    found = soup("# Глава ^id\n\n[[#^id]] [[#Глава]]\n")
    assert found.h1.find(string=True) == "Глава" and found.find(id="^id").find_next_sibling() == found.h1
    assert [a["href"] for a in found.p.select("a")] == ["#^id", "#глава"]


def test_links_of_a_transcluded_text_lead_where_they_led_in_its_note():
    other = "# A\n[[#B|к B]] [[Заметка]]\n# B\n"
    links = soup("![[Другая#A]]", Другая=other).select(".transclusion > p > a")
    assert [(a["href"], a.text) for a in links][:2] == [("../drugaia/#b", "к B"), ("./", "Заметка")]


def headings(text, **others):
    return [(tag.name, tag.get("id")) for tag in soup(text, **others).find_all(re.compile("h[1-6]"))]


def test_ids_of_headings_are_unique_and_the_pages_own_keep_theirs():
    found = headings("![[Другая]]\n\n# A\n\n# A\n", Другая="# A\n")
    assert found == [("h2", "a_2"), ("h1", "a"), ("h1", "a_1")]


def test_a_text_taken_in_comes_right_after_the_title_of_the_page():
    other = "# A\n\n### B\n\nтекст\n\n#### C\n"
    assert headings("![[Другая#B]]", Другая=other) == [("h2", "b"), ("h3", "c")]
    assert headings("![[Другая]]", Другая=other) == [("h2", "a"), ("h4", "b"), ("h5", "c")]
    assert headings("![[Другая]]", Другая="# A\n###### B\n") == [("h2", "a"), ("h6", "b")]


def test_the_contents_of_a_page_are_its_headings_in_words():
    vault = make(Заметка="# A $x$ *b* [[Другая|c]] & d\n\n![[Другая]]\n", Другая="## E\n")
    found = convert(vault.notes["Заметка.md"], vault).contents
    assert [(h.level, h.id, h.text) for h in found] == [(1, "a-x-b-c--d", "A x b c &amp; d"), (2, "e", "E")]


def test_comments_vanish_inline_and_as_blocks():
    assert html("раз%%два%% три\n\n%%\nчетыре\n\n# пять\n%%\nшесть\n") == "<p>раз три</p>\n<p>шесть</p>\n"


def test_a_comment_may_begin_and_end_in_mid_line_and_hold_anything():
    found = soup("раз %%два\n\n```\nтри\n```\n\n# пять\n\nшесть%% семь\n\n`%%` и `%%`\n\n```\n%%\nкод\n%%\n```\n")
    assert "".join(found.text.split()) == "раз" "семь" "%%и%%" "%%код%%"
    callout = soup("> [!note] a\n> %%\n> b\n> %%\n> c\n")
    assert len(callout.select(".admonition")) == 1 and "b" not in callout.text and "c" in callout.text


@pytest.mark.parametrize("item", ["- ", "1. ", "> * ", "- - "])
def test_what_looks_like_a_comment_in_the_code_of_a_list_item_is_code(item):
    margin = re.sub(r"[^>]", " ", item)
    code = soup(f"{item}```python\n{margin}# %% раз\n{margin}\n{margin}# %% два\n{margin}```\n").code
    assert code.text == "# %% раз\n\n# %% два\n"
    assert "тайна" not in html(f"{item}```код``` %%тайна%%\n\n``` %%\nтайна%%\n")


def test_a_comment_that_nothing_closes_hides_what_follows_and_is_reported():
    text, problems = page("раз\n\n%% два\n\n# три\n")
    assert text == "<p>раз</p>\n<p></p>\n" and [(p.line, p.text.partition(";")[0]) for p in problems] == [
        (3, "комментарий %% не закрыт и скрыл всё, что после него")
    ]
    assert "дальше" in html("на 100%% верно\n\nдальше\n")


def test_a_comment_alone_on_its_line_takes_the_line_with_it():
    assert html("раз\n%%два%%\nтри") == "<p>раз<br>\nтри</p>\n"


def test_lines_are_counted_as_in_the_file_whatever_is_taken_out():
    _, problems = page("раз %%два\n\nтри%%\n%%четыре%%\n\n> [!note]\n> a\n> - b\n>   [[Нет]]\n")
    assert [problem.line for problem in problems] == [9]
    _, problems = page("раз  \nдва\\\n[[Нет]] $a\nb$ [[Нет]]\n")
    assert [problem.line for problem in problems] == [3, 4]


def test_a_note_that_is_not_published_is_named_but_not_linked():
    assert html("[[Тайна|x]] [y](Тайна.md)", Тайна="---\npublish: false\n---\n") == "<p>x <span>y</span></p>\n"


def test_a_file_that_is_not_published_is_named_but_not_shown():
    vault = make(files={"схема.png"}, Заметка="[[схема.png]]\n![[схема.png]]")
    del vault.urls["схема.png"]
    converted = convert(vault.notes["Заметка.md"], vault)
    assert converted.html == "<p>схема.png<br>\n</p>\n"
    assert [(p.line, p.text) for p in converted.problems] == [
        (2, "«схема.png» не публикуется, вставка пропущена; уберите её")
    ]


def test_cssclasses_are_classes_of_the_page():
    for properties in ("cssclasses: [wide, dark]", "cssclass: wide dark", "cssclasses: [wide, null, dark]"):
        assert soup(f"---\n{properties}\n---\nтекст").div["class"] == ["wide", "dark"]


def test_a_drawing_is_shown_as_the_picture_saved_beside_it_or_linked():
    drawing = {"d__Схема.excalidraw": "# Text Elements\n%%\n```json\n{}\n```\n%%\n"}
    assert soup("![[Схема.excalidraw|a|90]]", **drawing).a.text == "a"
    assert soup("![[Схема.excalidraw|90x30]]", **drawing).a.text == "Схема.excalidraw"
    assert soup("![[Схема.excalidraw|a|b]]", **drawing).a.text == "a b"
    image = soup("![[Схема.excalidraw|a|90]]", files={"d/Схема.excalidraw.svg"}, **drawing).img
    assert (image["alt"], image["width"]) == ("a", "90")


def test_a_note_embedded_in_a_table_stands_in_its_cell():
    assert soup("| a |\n|---|\n| ![[Другая]] |\n", Другая="внутри").td.p.text == "внутри"


@pytest.mark.parametrize(
    "source", ["**![[Другая]]**", "*a ![[Другая]]* ![[Другая]]", "[![[Другая]]](https://a.b)", "> [!note] ![[Другая]]\n> a", "a[^1]\n\n[^1]: ![[Другая]]"]
)
def test_a_paragraph_holds_no_block(source):
    found = soup(source, Другая="внутри")
    assert "внутри" in found.text and not found.select("p div")


def test_a_block_in_a_footnote_stands_apart_and_the_footnote_still_leads_back():
    found = soup("a[^1] b[^2]\n\n[^1]: слово $$x$$\n[^2]: $$y$$ слово\n").select(".footnote li")
    assert [[tag.name for tag in item.find_all(recursive=False)] for item in found] == [["p", "div", "a"], ["div", "p"]]
    assert [len(item.select(".footnote-backref")) for item in found] == [1, 1]


def test_formulas_pass_untouched_and_may_follow_a_line_of_text():
    formula = "a_1 * b_2 \\\\ \\|c\\|"
    found = soup(f"слово\n$$\n{formula}\n$$\nи ${formula}$, 5$ и 6$, $20 и $30\n")
    assert found.div.text == f"\\[{formula}\\]"
    assert found.span.text == f"\\({formula}\\)"
    assert found.select("p")[1].text.endswith(", 5$ и 6$, $20 и $30")


def test_a_command_defined_in_a_formula_holds_to_the_end_of_the_note():
    found = soup("$$\\newcommand{\\E}{\\mathbb{E}}\\newcommand{\\M}[1]{\\E[#1]}$$\n\n$\\M{x}$ и $x$\n")
    assert [span.text for span in found.select(".arithmatex")] == [
        r"\(\newcommand{\E}{\mathbb{E}}\newcommand{\M}[1]{\E[#1]}\M{x}\)",
        r"\(x\)",
    ]
    assert page("$\\E$ и $\\newcommand{\\E}{e}$")[1]


def test_a_video_of_another_host_is_a_link():
    assert soup("![](https://www.youtube.com/watch?v=1)").a["href"] == "https://www.youtube.com/watch?v=1"


def test_a_formula_of_two_dollars_within_a_line_stands_apart():
    assert [tag.name for tag in soup("раз $$x$$ два").find_all(recursive=False)] == ["p", "div", "p"]


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
    ("[[#Нет]]", "в «Заметка.md» нет заголовка «Нет»"),
    ("![[Цель]]", "имя «Цель» носят «а/Цель.md», «б/Цель.md»; взято первое"),
    ("[[Другая#^нет]]", "нет блока «^нет»"),
    ("[x](<file:///C:/a b.txt>)", "«file:///C:/a b.txt» есть только на вашем компьютере"),
    ("![x](file:///C:/a.png)", "«file:///C:/a.png» есть только на вашем компьютере"),
    (r"![x](<C:\a b.png>)", r"«C:\a b.png» есть только на вашем компьютере"),
    ("[x](d:/a.txt)", "«d:/a.txt» есть только на вашем компьютере"),
    (r'<img src="C:\a b.png">', r"«C:\a b.png» есть только на вашем компьютере"),
    ("<file:///C:/a.txt>", "«file:///C:/a.txt» есть только на вашем компьютере"),
    ("[x](Нет.md)", "ссылка ведёт к «Нет.md»"),
    ("[x](#nowhere)", "нет места «#nowhere»"),
    ("![[Нет.png]]", "нет картинки «Нет.png»"),
    ("![x](Нет.png)", "нет картинки «Нет.png»"),
    ("![[../../secret]]", "в хранилище нет «../../secret»"),
    ("![x](../../secret.pdf#page=2)", "в хранилище нет «../../secret.pdf»"),
    ('<img src="Нет.png">', "ссылка ведёт к «Нет.png»"),
    ("<b>x</b>\n  <a href=Другая.md#Нет>", "нет заголовка «Нет»"),
    ("![[Другая#Нет]]", "нет заголовка «Нет»"),
    ("![[cem.py#нет]]", "нет функции «нет»"),
    ("![[Заметка]]", "вставляет сама себя"),
    ("![[Кольцо]]", "вставляет сама себя"),
    (r"$\frac{1$", "формул"),
    ("15%%cem: шагов%%", "число 15 разошлось с кодом"),
    ("14%%cem: нет%%", "не печатает строки «нет = …»"),
    ("[[Цель]]", "имя «Цель» носят «а/Цель.md», «б/Цель.md»; взято первое"),
    ("| a | b |\n  |---|---|\n  | [[Другая|слово]] | b |", "черта делит ссылку «[[Другая» между ячейками"),
    ("| a | b |\n  |---|---|\n  | `[[` \\[[ | ![[a.png|30]] |", "черта делит ссылку «![[a.png» между ячейками"),
    ("![[Тайна]]", "«Тайна» не публикуется"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_what_is_wrong_is_said_in_one_line_with_note_and_line(text, sentence):
    source = f"---\ntitle: a\n---\nстрока 4\n- пункт\n  {text}\n"
    others = {"а__Цель": "", "б__Цель": "", "Тайна": "---\npublish: false\n---\n"}
    _, problems = page(source, Другая="# Да\n", Кольцо="![[Кольцо]]", **others)
    assert len(problems) == 1, problems
    assert sentence in problems[0].text
    assert "\n" not in str(problems[0])
    if "Кольцо" not in text:
        line = 6 + text.count("\n")
        assert str(problems[0]).startswith(f"Заметка.md, строка {line}: ")


def test_an_address_of_the_author_s_computer_is_marked_and_leads_nowhere():
    text, _ = page("[слово](file:///a.txt) ![x](file:///б.png)")
    assert text == '<p><span class="problem">слово</span> <span class="problem">file:///б.png</span></p>\n'
    assert page('<img src="file:///a.png">')[0] == "<img>"
    assert page("[x](javascript:a) [y](data:text/html,a)") == ("<p>[x](javascript:a) [y](data:text/html,a)</p>\n", [])


def test_what_is_wrong_in_a_transcluded_text_names_its_own_note_and_line():
    _, problems = page("\n\n![[Другая#B]]", Другая="---\na: 1\n---\n# A\n\n# B\n\n[[Нет]]\n")
    assert [(p.note, p.line) for p in problems] == [("Другая.md", 8)]


def test_a_frontmatter_that_is_not_yaml_is_reported_and_the_note_is_kept():
    text, problems = page("---\na: [\n---\nтекст\n")
    assert text == "<p>текст</p>\n"
    assert [p.line for p in problems] == [3]
