"""Whatever stands in a note, it becomes a sound page, and nothing of it is lost in silence."""

from html.parser import HTMLParser

from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st

from obsidian import convert
from vault import Vault, read_note

OTHERS = {
    "Другая.md": "---\naliases: [Имя]\n---\n# Глава\n## Раздел\nтекст ^abc\n\n- a[^1]\n- b ^два\n\n[^1]: сноска\n",
    "п/Кольцо.md": "# A\n![[Кольцо]]\n[[Заметка]] [[#A]] [[#Нет]]\n",
    "Тайна.md": "---\npublish: false\n---\nсекрет\n",
}
FILES = frozenset({"img/схема.png", "м/звук.mp3", "книга.pdf"})
TARGETS = ["Другая", "Имя", "Нет", "Кольцо", "Тайна", "Заметка", "схема.png", "книга.pdf", ""]
ANCHORS = ["", "#Глава", "#Глава#Раздел", "#^abc", "#^два", "#Нет", "#^нет", "#A", "^abc"]
SIGNS = [
    *("\n", "\n\n", " ", "  ", "\t", "    ", "слово", "Word: ", "ё", "7"),
    *("- ", "* ", "1. ", "1) ", "- [ ] ", "- [/] ", "> ", "> [!note] ", "> [!мой вид]- ", "# ", "### ", "---\n"),
    *("*", "**", "_", "`", "```\n", "~~~", "~~", "==", "%%", "$", "$$", "\\", "|", "|---|---|\n", "[^1]", "[^1]: "),
    *("^[", "]", "[", "(", ")", "!", "[[", "]]", "![[", "#тег", "#", "^abc", "^", "{", "}", "&", "\x00", "\u00a0", "🙂"),
    *("<div>", "</div>", "<b>", "</b>", "<br>", "<!--", "-->", "<img src=схема.png>", '<a href="Другая.md#Глава">', "</a>"),
    *("<details>\n", "<summary>", "<", ">", "<p>", "</p>\n", "</blockquote>", "<script>", "<li>", "\n</table>", "<DIV a='>'>"),
    *("https://example.org/a_b", "[x](Другая.md)", "[x](#глава)", "![a|30](схема.png)", r"\frac{1}{2}", r"\nope"),
]
links = st.builds(
    "{}[[{}{}{}]]".format, st.sampled_from(["", "!"]), st.sampled_from(TARGETS), st.sampled_from(ANCHORS), st.sampled_from(["", "|x", "|30"])
)
notes = st.lists(st.sampled_from(SIGNS) | links, max_size=30).map("".join)


def page(text):
    vault = Vault({path: read_note(path, note.encode()) for path, note in {"Заметка.md": text, **OTHERS}.items()}, FILES)
    return vault, convert(vault.notes["Заметка.md"], vault)


class Balance(HTMLParser):
    """Holds the elements that are open."""

    VOID = frozenset({"br", "hr", "img", "input"})

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"


@given(notes)
@example("# ![[Другая]]")
@example("*a ![[Другая]] b*")
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_note_becomes_a_sound_page_with_ids_that_differ(text):
    _, converted = page(text)
    assert Balance(converted.html).open == []
    ids = [tag["id"] for tag in BeautifulSoup(converted.html, "html.parser").select("[id]")]
    assert len(ids) == len(set(ids))
    assert "секрет" not in converted.html
    assert page(text)[1] == converted
    for problem in converted.problems:
        assert "\n" not in str(problem)
        note = {"Заметка.md": text, **OTHERS}[problem.note]
        assert 1 <= problem.line <= note.count("\n") + 1


@given(notes)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_link_leads_to_a_page_a_file_or_a_place_on_the_page_or_is_reported(text):
    vault, converted = page(text)
    soup = BeautifulSoup(converted.html, "html.parser")
    places = {tag["id"] for tag in soup.select("[id]")}
    addresses = {f"../{url}" for url in vault.urls.values()} | {"./"}
    for link in soup.select("a[href]"):
        address, _, anchor = link["href"].partition("#")
        if not address and anchor not in places:
            assert any(f"«#{anchor}»" in problem.text for problem in converted.problems)
        assert not address or address in addresses or address.startswith("http"), link
    if soup.select(".problem"):
        assert converted.problems


@given(st.text(st.characters(exclude_characters="`\r\x00", exclude_categories=["Cs"]), max_size=60), notes)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_code_comes_through_to_the_letter(code, before):
    _, converted = page(f"```text\n{code}\n```\n\n{before}")
    assert BeautifulSoup(converted.html, "html.parser").code.text == f"{code}\n"
