"""What stands on a page to the letter: the theme, the search and links from elsewhere count on it."""

import pytest
from bs4 import BeautifulSoup

import around
import obsidian
from markup import DEEPEST, tagged
from obsidian import convert
from runner import Run
from test_obsidian import html, make, page, soup
from vault import Figure, Vault, read_note


def test_a_footnote_named_twice_leads_back_to_both_places():
    text = html("раз[^a] два[^a] три[^b]\n\n[^a]: сноска\n[^b]: вторая\n")
    found = BeautifulSoup(text, "html.parser")
    references = [(sup["id"], sup.a["href"], sup.a["class"], sup.text) for sup in found.select("sup")]
    assert references == [
        ("fnref:1", "#fn:1", ["footnote-ref"], "1"),
        ("fnref:1:1", "#fn:1", ["footnote-ref"], "1"),
        ("fnref:2", "#fn:2", ["footnote-ref"], "2"),
    ]
    assert [a["href"] for a in found.select(".footnote-backref")] == ["#fnref:1", "#fnref:1:1", "#fnref:2"]
    assert '</p>\n<div class="footnote">\n<hr>\n<ol>\n<li id="fn:1"><p>сноска' in text
    assert text.endswith("</p>\n</li>\n</ol>\n</div>\n")


def test_footnotes_are_numbered_from_one_in_each_text_taken_in():
    other = "чужая[^1]\n\n[^1]: там\n"
    found = soup("![[Другая]]\n\n![[Третья]]\n\nсвоя[^1]\n\n[^1]: здесь\n", Другая=other, Третья=other)
    assert [item["id"] for item in found.select("li")] == ["fn:1-1", "fn:2-1", "fn:1"]
    assert [sup.text for sup in found.select("sup")] == ["1", "1", "1"]


def test_code_has_the_colours_of_its_language_and_its_title():
    found = soup('```python title="a b.py"\nif x: y\n```\n').div
    assert found["class"] == ["language-python", "highlight"]
    assert found.select_one(".filename").text == "a b.py"
    assert found.select_one(".k").text == "if" and found.code.text == "if x: y\n"
    plain = soup("```неведомый\nif x: y\n```\n").div
    assert plain.select_one(".filename, .k") is None and plain.code.text == "if x: y\n"


def test_a_diagram_is_left_to_the_theme():
    assert html("```mermaid\na --> b\n```\n") == '<pre class="mermaid"><code>a --&gt; b\n</code></pre>\n'


def test_a_task_says_aloud_whether_it_is_done():
    boxes = soup("- [ ] a\n- [x] b\n").select("input")
    assert [box.attrs for box in boxes] == [
        {"type": "checkbox", "disabled": "", "aria-label": "не сделано"},
        {"type": "checkbox", "disabled": "", "checked": "", "aria-label": "сделано"},
    ]


def test_a_list_with_a_task_is_one_of_tasks_and_a_box_stands_before_its_text():
    box = '<label class="task-list-control"><input type="checkbox" disabled aria-label="не сделано">'
    box += '<span class="task-list-indicator"></span></label>'
    assert html("- a\n  1. b\n- [ ] c\n") == (
        '<ul class="task-list">\n<li>a\n<ol>\n<li>b</li>\n</ol>\n</li>\n'
        f'<li class="task-list-item" data-task=" ">\n{box} c</li>\n</ul>\n'
    )
    assert html("1. a\n   - b\n2. [ ] c\n\n   d ^id\n3. [ ] e ^e\n") == (
        '<ol class="task-list">\n<li>\n<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n</li>\n'
        f'<li class="task-list-item" data-task=" ">\n{box} <p>c</p>\n<span id="^id"></span><p>d</p>\n</li>\n'
        f'<li class="task-list-item" data-task=" ">\n<span id="^e"></span>{box} <p>e</p>\n</li>\n</ol>\n'
    )


@pytest.mark.parametrize("text", ["[x] a", "[!note] a"])
def test_the_signs_of_a_task_or_of_a_callout_elsewhere_are_text(text):
    assert html(text) == f"<p>{text}</p>\n"
    assert html(f"раз\n\n{text}") == f"<p>раз</p>\n<p>{text}</p>\n"
    assert html(f"> раз\n>\n> {text}") == f"<blockquote>\n<p>раз</p>\n<p>{text}</p>\n</blockquote>\n"


def test_a_cell_of_a_table_has_no_id_of_its_own():
    assert [cell.text for cell in soup("| a ^b |\n|---|\n| c ^d |\n").select("th, td")] == ["a ^b", "c ^d"]


def test_a_heading_ends_in_a_link_to_itself():
    link = '<a class="headerlink" href="#a-b" title="Ссылка на этот раздел">#</a>'
    assert html('# A "b"\n') == f'<h1 id="a-b">A &quot;b&quot;{link}</h1>\n'


def test_quotes_in_words_of_a_link_or_of_the_contents_stay_quotes():
    vault = make(Заметка='# A "b" & c\n\n[[Другая|"d" & e]]\n', Другая="")
    converted = convert(vault.notes["Заметка.md"], vault)
    assert converted.contents[0].text == 'A "b" &amp; c'
    assert '<a href="../drugaia/">"d" &amp; e</a>' in converted.html


def test_a_markdown_link_that_leads_nowhere_is_marked_and_its_neighbours_are_not():
    text, _ = page("[c](Другая.md) [a *b*](Нет.md) [c](Другая.md)", Другая="")
    good = '<a href="../drugaia/">c</a>'
    assert text == f'<p>{good} <span class="problem">a <em>b</em></span> {good}</p>\n'


@pytest.mark.parametrize(
    ("embed", "shown"), [("![[Нет&.png]]", "Нет&amp;.png"), ("[[Нет&|a *b*]]", "a *b*"), ("![[Другая#A#Б]]", "Другая#A#Б"), ("![[cem.py#нет]]", "cem.py#нет"), ("![[Нет&]]", "Нет&amp;")]
)
def test_what_is_missing_is_marked_by_its_name(embed, shown):
    text, problems = page(embed, Другая="# A\n")
    assert f'<span class="problem">{shown}</span>' in text
    assert len(problems) == 1 and problems[0].line == 1


def test_a_missing_place_is_named_with_the_headings_above_it():
    _, problems = page("[[Другая#A#Б]]", Другая="# A\n")
    assert "нет заголовка «A#Б»" in problems[0].text


def test_a_tag_leads_to_its_place_on_the_page_of_tags():
    vault = Vault(
        {path: read_note(path, text.encode()) for path, text in {"a.md": "#Два/три\n", around.TAGS: ""}.items()},
        frozenset(),
        {},
        {},
    )
    link = BeautifulSoup(convert(vault.notes["a.md"], vault).html, "html.parser").a
    assert (link["class"], link.text) == (["tag"], "#Два/три")
    assert link["href"] == f"{vault.url(around.TAGS, 'a.md')}#{around.tag_id('Два/три')}"


def test_without_a_page_of_tags_a_tag_leads_nowhere():
    assert html("#тег") == '<p><span class="tag">#тег</span></p>\n'


def test_a_block_that_is_taken_in_beside_itself_is_named_once():
    found = soup("абзац ^a\n\n![[#^a]]\n")
    assert len(found.find_all(id="^a")) == 1
    assert found.find_all("p")[1].text == found.find_all("p")[0].text == "абзац"
    assert not soup("![[#^a]]\n\nабзац ^a\n").select(".transclusion [id]")


def test_an_empty_cell_heads_no_column():
    rows = soup("| | a |\n|---|---|\n| 1 | 2 |\n").select("tr")
    assert [[cell.name for cell in row.find_all(["td", "th"])] for row in rows] == [["td", "th"], ["td", "td"]]
    assert "<td></td>" in html("| | a |\n|---|---|\n| 1 | 2 |\n")


def test_a_callout_named_in_its_title_has_the_name_before_it():
    name = soup("a\n\nb\n\n> [!note] Т ^x\n> текст\n").find(id="^x")
    assert name.parent.name == "[document]" and name.find_previous_sibling().text == "b"
    assert "admonition" in name.find_next_sibling()["class"]


def test_an_id_in_html_is_taken_for_a_heading_of_an_embedded_note():
    found = soup('<a id="раздел"></a>\n\n![[Другая]]\n', Другая="# Раздел\n")
    assert found.find(["h1", "h2"])["id"] == "раздел_1"


def test_a_folded_callout_is_closed_and_its_title_opens_it():
    assert html("> [!tip]- Свёрнут\n> a\n") == (
        '<details class="tip">\n<summary>Свёрнут</summary>\n<p>a</p>\n</details>\n'
    )
    assert html("> [!tip]+ Раскрыт\n") == '<details class="tip" open>\n<summary>Раскрыт</summary>\n</details>\n'


def test_a_figure_in_the_title_of_a_callout_stands_in_the_title():
    figure = '<figure id="cem-elite"></figure>'
    assert html("> [!tip]- a ![[cem-elite.svg]]\n") == (
        f'<details class="tip">\n<summary>a {figure}</summary>\n</details>\n'
    )
    assert html("> [!note] a ![[cem-elite.svg]] b\n> c\n") == (
        f'<div class="admonition note">\n<div class="admonition-title">a {figure} b</div>\n<p>c</p>\n</div>\n'
    )


def test_a_block_among_lines_of_a_paragraph_leaves_no_empty_lines_behind():
    figure = '<figure id="cem-elite"></figure>\n'
    assert html("![[cem-elite.svg]]\nпосле") == f"{figure}<p>после</p>\n"
    assert html("![[cem-elite.svg]] ![[cem-elite.svg]]") == 2 * figure
    assert html("до\n![[cem-elite.svg]]") == f"<p>до</p>\n{figure}"
    assert html("до  \n ![[cem-elite.svg]] \n![[cem-elite.svg]]\n после") == f"<p>до</p>\n{figure}{figure}<p>после</p>\n"


def test_a_text_taken_in_ends_in_a_link_to_where_it_stands():
    assert html("![[Другая#A]]", Другая='---\ntitle: Её "имя" & всё\n---\n## A\nвнутри\n') == (
        '<div class="transclusion">\n<h2 id="a">A<a class="headerlink" href="#a" title="Ссылка на этот раздел">#</a></h2>\n'
        '<p>внутри</p>\n<p class="transclusion-source">'
        '<a href="../drugaia/#a">Из заметки «Её "имя" &amp; всё»</a></p>\n</div>\n'
    )


def test_a_note_may_take_in_its_own_section_but_not_from_within_it():
    assert "внутри" in soup("![[#A]]\n\n# A\nвнутри\n").select_one(".transclusion").text
    _, problems = page("# A\n![[#A]]\n")
    assert [problem.text for problem in problems] == ["«Заметка» вставляет сама себя; уберите одну из вставок"]


def test_two_sections_that_take_each_other_in_end_in_one_problem():
    text, problems = page("![[Другая#A]]", Другая="# A\n![[#B]]\n# B\n![[#A]]\n")
    assert len(problems) == 1 and text.count('<div class="transclusion">') == 2
    assert text.count('<span class="problem">Другая</span>') == 1


def test_texts_taken_in_are_cut_off_where_they_grow_without_end(monkeypatch):
    monkeypatch.setattr(obsidian, "MOST_TAKEN", 20)
    text, problems = page("![[A]]\n\n![[B]]\n\n![[C]]\n\n![[C]]\n", A="a" * 10, B="b" * 10, C="c")
    assert "a" * 10 in text and "b" * 10 in text and "c" not in BeautifulSoup(text, "html.parser").text
    assert [(p.line, p.text) for p in problems] == [
        (5, "вставленного больше 20 знаков, остальное пропущено; уберите лишние вставки")
    ]


def test_the_vault_s_files_are_found_in_html_too_and_all_other_addresses_stay():
    text = (
        '<img src="схема.png"> <a href="Другая.md">a</a> <a href=\'Другая.md#Б\'>b</a> <a href="#Б">c</a> '
        '<a href=Другая.md>d</a> <a href="https://схема.png">e</a> <a href="">f</a> <a href="/нет">g</a> <a href="нет/">h</a> '
        '<a href="А &amp; Б.md">i</a> <a href="Тайна.md">j</a><!-- <a href="Нет.md">k</a> --> <img src="100%25.png">'
    )
    secret = "---\npublish: false\n---\n"
    notes = {"Другая": "# Б\n", "А & Б": "", "Тайна": secret}
    found = soup(text, files={"img/схема.png", "100%.png"}, **notes)
    assert [tag.get("href", tag.get("src")) for tag in found.find_all(["img", "a"])] == [
        "../img/%D1%81%D1%85%D0%B5%D0%BC%D0%B0.png",
        "../drugaia/",
        "../drugaia/#б",
        "#Б",
        "../drugaia/",
        "https://схема.png",
        "",
        "/нет",
        "нет/",
        "../a-b/",
        None,
        "../100%25.png",
    ]


def test_an_address_in_html_that_leads_nowhere_stays_and_is_a_problem_of_its_line():
    written = '<div>\n<p\nclass="a">\n<img class="b"\nalt="" src="Нет.png"></p>\n<p>\n</p>\n</div>\n'
    text, problems = page(f"раз\n\n{written}\nдва\n")
    assert text == f"<p>раз</p>\n{written}<p>два</p>\n" and [p.line for p in problems] == [7]


def test_a_place_of_several_parts_is_looked_for_whole():
    text, problems = page("[x](#a#b)")
    assert text == '<p><a href="#a#b">x</a></p>\n'
    assert [p.text for p in problems] == ["на странице нет места «#a#b»; исправьте ссылку"]


def test_what_a_table_takes_in_wrongly_is_a_problem_of_its_line():
    assert [p.line for p in page("| a |\n|---|\n| ![[Другая#Нет]] |\n", Другая="")[1]] == [3]


def test_a_picture_is_loaded_when_it_is_scrolled_to():
    assert html("![[1.png]]", files={"1.png"}) == '<p><img src="../1.png" alt="1" loading="lazy"></p>\n'


@pytest.mark.parametrize("place", ['<a name="м"></a>', "<div>\n<a id='м'></a></div>\n", "<h2 class=x id=м>M</h2>\n"])
def test_a_link_may_lead_to_a_place_that_the_author_named_in_html(place):
    assert soup(f"{place}\n\n[a](#м)\n").find("a", href=True)["href"] == "#м"
    assert len(page(f"<!-- {place} -->\n\n[a](#м)\n")[1]) == 1


def test_words_of_a_picture_may_have_bars_and_a_video_elsewhere_its_own():
    assert soup("![[схема.png|a|b|30]]", files={"схема.png"}).img["alt"] == "a b"
    assert soup("![слова](https://youtu.be/1)").a.text == "слова"


def test_a_drawing_saved_as_pixels_is_shown_too():
    drawing = {"d__Схема.excalidraw": "%%\n{}\n%%\n"}
    image = soup("![[Схема.excalidraw]]", files={"d/Схема.excalidraw.png"}, **drawing).img
    assert image["src"].endswith(".png") and not image.has_attr("title")
    link = soup("![[Схема.excalidraw]]", **drawing).p.a
    assert link.text == "Схема.excalidraw" and link["href"] == soup("[[Схема.excalidraw]]", **drawing).p.a["href"]


def listed(text, **runs):
    """Convert a note beside snippets of which some have failed."""
    note = read_note("Заметка.md", text.encode())
    files = frozenset(f"snippets/{name}.py" for name in ("cem", "mle"))
    pasted = {"1.png": Figure("cem-elite", ""), "2.png": Figure("mle-x", "")}
    converted = convert(note, Vault({note.path: note}, files, runs, pasted))
    return converted.html, [(problem.line, problem.text) for problem in converted.problems]


def test_a_snippet_that_failed_is_a_problem_of_its_line():
    text, problems = listed("\n![[cem.py]]\n", cem=Run("cem", "x = 1 < 2\n", "", {}, "сломан & упал"))
    assert '<span class="filename">cem.py</span>' in text and 'class="mi"' in text
    assert '<p><span class="problem">сломан &amp; упал</span></p>' in text
    assert problems == [(2, "сломан & упал")]


def test_a_vault_s_own_folder_of_snippets_is_a_folder_as_any_other():
    found = soup("![[Моя]]\n\n![[a.png]] ![[b.py]]", files={"snippets/a.png", "snippets/b.py"}, snippets__Моя="внутри")
    assert found.select_one(".transclusion > p").text == "внутри"
    assert (found.img["src"], found.select("p")[-1].a["href"]) == ("../snippets/a.png", "../snippets/b.py")


def test_a_figure_that_was_not_drawn_is_a_problem_of_its_line():
    text, problems = listed("\n![[1.png]]\n\n![[2.png]]\n", cem=Run("cem", "", "", {}, "упал"))
    assert '<span class="problem">cem-elite</span>' in text and '<span class="problem">mle-x</span>' in text
    assert problems == [
        (2, "рисунка «cem-elite» нет: упал"),
        (4, "рисунка «mle-x» нет: нет файла snippets/mle.py; исправьте таблицу figures.yml"),
    ]


def test_a_snippet_is_followed_by_its_file_its_notebook_and_what_it_printed():
    text = html("![[cem.py]]")
    assert text.startswith(
        '<div id="cem.py" data-listing="cem"></div>\n<p><a href="../snippets/cem.py" download>Скачать cem.py</a> · '
        '<a href="../notebooks/cem.ipynb">Открыть как блокнот</a></p>\n<p>Так отвечает <code>python cem.py</code>:</p>\n'
        '<div class="language-text highlight">'
    )


def test_a_function_of_a_snippet_has_the_colours_of_python():
    assert soup("![[cem.py#refit]]").select_one(".language-python .k").text == "def"


def test_a_formula_of_its_own_line_is_a_block_and_one_within_a_line_is_not():
    assert html("$$x$$") == '<div class="arithmatex" data-search-exclude>\\[x\\]</div>\n'
    assert html("$x$") == '<p><span class="arithmatex" data-search-exclude>\\(x\\)</span></p>\n'


def test_a_formula_after_a_line_of_text_may_hold_what_elsewhere_begins_a_block():
    found = soup("слово\n$$\na\n- b\n\nc\n$$\nи\n")
    assert [(tag.name, tag.text) for tag in found.find_all(recursive=False)] == [
        ("p", "слово"),
        ("div", "\\[a\n- b\n\nc\\]"),
        ("p", "и"),
    ]


def test_a_formula_ends_at_its_dollars_whatever_follows_them():
    formula = '<div class="arithmatex" data-search-exclude>\\[x\\]</div>\n'
    assert html("$$x$$ $$x$$") == 2 * formula
    assert html("$$x$$ и слово") == f"{formula}<p>и слово</p>\n"


def test_dollars_that_nothing_closes_are_text_and_reach_into_no_other_block():
    assert html("$$\nx\n\nпосле") == "<p>$$<br>\nx</p>\n<p>после</p>\n"
    assert [item.text for item in soup("- $$x\n- b$$\n").select("li")] == ["$$x", "b$$"]
    found = soup("> $$\n> x\n$$\ny\n$$\n")
    assert found.blockquote.text.strip() == "$$\nx" and found.div.text == "\\[y\\]"


def test_a_note_may_name_any_number_of_formulas():
    found = soup("".join(f"$$x$$ ^a{n}\n\n" for n in range(DEEPEST + 1)))
    assert len(found.select("[id]")) == len(found.select(".arithmatex")) == DEEPEST + 1


def test_a_hash_in_code_is_no_tag_of_a_note():
    assert [tagged(text) for text in ("#да", "`#нет`", "нет", "# Нет")] == [True, False, False, False]


def test_a_formula_within_a_line_is_a_span():
    assert html("$x$") == '<p><span class="arithmatex" data-search-exclude>\\(x\\)</span></p>\n'


def test_a_formula_that_only_makes_a_command_is_not_seen():
    assert html(r"$$\newcommand{\E}{e}$$") == "\n" and html(r"a $\newcommand{\E}{e}$") == "<p>a </p>\n"


def test_what_is_not_taken_in_leaves_nothing_behind():
    secret, problems = page("раз\n\n![[Тайна]]", Тайна="---\npublish: false\n---\nдва")
    assert secret == "<p>раз</p>\n\n" and len(problems) == 1
    assert page("раз ![[Заметка]]")[0].count("раз") == 1
    assert page("![[Другая#Нет]]", Другая="")[1][0].text.startswith("в «Другая.md» нет заголовка «Нет»;")


def test_what_follows_a_section_does_not_lift_it():
    found = soup("![[Другая#Б]]", Другая="# A\n### Б\n#### В\n## Г\n")
    assert [(tag.name, tag["id"]) for tag in found.select("h1, h2, h3, h4")] == [("h2", "б"), ("h3", "в")]


def test_a_film_elsewhere_with_no_words_is_its_address_and_a_missing_picture_its_name():
    assert soup("![](https://youtu.be/1)").a.text == "https://youtu.be/1"
    assert page('![[a"b.png]]')[0] == '<p><span class="problem">a"b.png</span></p>\n'


def test_the_words_of_a_heading_are_without_its_markup():
    vault = make(Заметка="A #тег $$x$$ `c` [[Другая#Б]]\nвторая  \nтретья *и*\n===\n", Другая="# Б\n")
    assert convert(vault.notes["Заметка.md"], vault).contents[0].text == "A #тег x c Другая › Б вторая третья и"
    vault = make(Заметка="# A ![[1.png|20]] [b](https://c.d) ![e](1.png)\n")
    assert convert(vault.notes["Заметка.md"], vault).contents[0].text == "A  b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("==раз==", "<mark>раз</mark>"),
        ("раз ==два== три ==ч==", "раз <mark>два</mark> три <mark>ч</mark>"),
        ("==раз====два==", "<mark>раз</mark><mark>два</mark>"),
        ("== раз==", "== раз=="),
        ("==раз ==", "==раз =="),
        ("==раз", "==раз"),
        ("= =раз= =", "= =раз= ="),
        ("**==раз==**", "<strong><mark>раз</mark></strong>"),
        ("==a [[Другая|б==в]]", '==a <a href="../drugaia/">б==в</a>'),
        ("==a $x==y$ z==", '<mark>a <span class="arithmatex" data-search-exclude>\\(x==y\\)</span> z</mark>'),
        ("==a %%b==c%%", "==a "),
        ("==a *b== c*", "<mark>a *b</mark> c*"),
        ("==a #те==г", '<mark>a <span class="tag">#те</span></mark>г'),
    ],
)
def test_a_mark_begins_and_ends_at_words_and_nothing_crosses_its_end(text, shown):
    assert html(text, Другая="") == f"<p>{shown}</p>\n"


def test_a_comment_at_the_end_or_at_the_beginning_of_a_line_leaves_the_line():
    assert html("раз%%два%%\nтри") == "<p>раз<br>\nтри</p>\n"
    assert html("%%два%%\nтри") == "<p>три</p>\n"
    assert html("%%два%% три\nраз") == "<p> три<br>\nраз</p>\n"


def test_what_is_wrong_in_a_callout_is_on_its_own_line():
    assert [p.line for p in page("> [!note] [[Нет]]\n> [[Нет]]\n>\n> [[Нет]]\n")[1]] == [1, 2, 4]


def test_the_name_of_an_item_stands_in_the_item_and_a_name_of_nothing_harms_nothing():
    items = soup("текст\n\n- a\n- b ^id\n- c\n").select("li")
    assert [item.find(id="^id") is not None for item in items] == [False, True, False]
    assert "текст" in html("^id\n\nтекст\n")


def test_a_picture_of_one_of_several_namesakes_is_a_problem_of_its_line():
    _, problems = page("\n![[1.png]]", files={"а/1.png", "б/1.png"})
    assert [(p.line, p.text.startswith("имя «1.png» носят")) for p in problems] == [(2, True)]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<div>\n\nраз", "<div>\n<p>раз</p>\n</div>"),
        ("раз</div></article>", "<p>раз</p>\n"),
        ("> <DIV>\n> раз", "<blockquote>\n<DIV>\nраз</div></blockquote>\n"),
        ("раз <b>два <br> <i>три</b>", "<p>раз <b>два <br> <i>три</i></b></p>\n"),
        ("<div>\n<!-- раз\n", "<div>\n<!-- раз\n--></div>"),
        ("<!-- </div> --><img/>\n", "<!-- </div> --><img/>\n"),
        ("<script>\nраз", "\nраз"),
        ("<script>a</div></SCRIPT >\n", "<script>a</div></SCRIPT >\n"),
        ('<iframe src="//a" />\nраз', '<iframe src="//a" /></iframe>\nраз'),
        ("раз</iframe>", "<p>раз</p>\n"),
        ("<div a='</div>'>раз</div>\n", "<div a='</div>'>раз</div>\n"),
        ("<p><![раз", "<p>&lt;![раз</p>"),
        ("<div>a < b</div>\n", "<div>a < b</div>\n"),
        ("<div>\n<section>\n\nраз", "<div>\n<section>\n<p>раз</p>\n</section></div>"),
        ("<div>\n<!-- раз -->\n<!-- два\n", "<div>\n<!-- раз -->\n<!-- два\n--></div>"),
        ("<!-- раз --> <!-- два -->\n", "<!-- раз --> <!-- два -->\n"),
        ("<div/>\n\nраз", "<div/>\n<p>раз</p>\n</div>"),
        ("<div><svg><g/><path d='M0 0'/></svg><svg/></div>\n", "<div><svg><g/><path d='M0 0'/></svg><svg/></div>\n"),
    ],
)
def test_html_of_a_note_ends_where_it_stands(written, shown):
    assert html(written) == shown


def test_html_of_a_text_taken_in_ends_with_it():
    text = html("![[Другая]]\n\nпосле", Другая="<div>\n\nраз\n")
    assert "<div>\n<p>раз</p>\n</div><p class=" in text and text.endswith("</div>\n<p>после</p>\n")
