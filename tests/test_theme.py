"""The site's dress: what is read before a page is opened, the font of the formulas, paper, a wrong address."""

import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont

ASSETS = Path(__file__).parent.parent / "overrides" / "assets"
FONT, LETTERS = (ASSETS / "fonts" / name for name in ("math.woff2", "math-letters.woff2"))
LINE = 1.25  # em: a line of text is 1.65, and a formula in it must not make it higher
UNSEEN = {0x2061, 0x2062, 0x2063, 0x2064, 0xFE00}  # invisible operators, the choice of a script letter

LUMINANCE = """selector => {
    const [r, g, b] = getComputedStyle(document.querySelector(selector)).color.match(/[\\d.]+/g).map(Number)
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255
}"""


@cache
def soup(page):
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def pages(site):
    return {page.parent.relative_to(site).as_posix(): soup(page) for page in site.rglob("index.html")}


def test_every_page_is_in_russian_and_has_its_own_title(pages):
    assert {page.html["lang"] for page in pages.values()} == {"ru"}
    titles = [page.title.get_text() for name, page in pages.items() if "notebooks" not in name]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith("Обучение с подкреплением") for title in titles)


def test_rarer_letters_are_asked_for_where_there_are_any():
    css = (ASSETS / "site.css").read_text(encoding="utf-8")
    spans = re.findall(r"([0-9A-F]{4,})(?:-([0-9A-F]+))?", css.partition("unicode-range:")[2].partition(";")[0])
    asked = {code for a, b in spans for code in range(int(a, 16), int(b or a, 16) + 1)}
    letters, common = (set(TTFont(font).getBestCmap()) for font in (LETTERS, FONT))
    assert letters <= asked and not asked & common
    assert {code for code in asked - letters if unicodedata.name(chr(code), None)} == set()


def test_a_preview_of_a_page_says_what_its_description_says(pages):
    said = {}
    for name, page in pages.items():
        description = page.find("meta", {"name": "description"})["content"]
        assert page.find("meta", property="og:description")["content"] == description
        said.setdefault(description, []).append(name)
    shared = {name for names in said.values() if len(names) > 1 for name in names}
    # the note stays as its author wrote it, without a description
    assert {name for name in shared if "notebooks" not in name} <= {"reinforcement-learning"}


def test_a_wrong_address_is_answered_in_russian(site):
    page = soup(site / "404.html")
    assert page.h1.get_text() == "Такой страницы нет"
    assert not re.search(r"not found", page.get_text(), re.I)


def test_every_character_of_the_formulas_is_in_their_font(pages):
    known = {*TTFont(FONT).getBestCmap(), *TTFont(LETTERS).getBestCmap()}
    used = set()
    for page in pages.values():
        for formula in page.find_all("math"):
            for annotation in formula.find_all("annotation"):
                annotation.decompose()
            used |= set(map(ord, formula.get_text())) - set(map(ord, " \n\u2003\u2002\u2009"))
    assert len(used) > 100
    assert {f"U+{code:04X} {chr(code)}" for code in used - known - UNSEEN} == set()


def test_a_formula_does_not_make_its_line_higher():
    font = TTFont(FONT)
    em = font["head"].unitsPerEm
    for ascent, descent in (
        (font["hhea"].ascent, -font["hhea"].descent),
        (font["OS/2"].usWinAscent, font["OS/2"].usWinDescent),
        (font["OS/2"].sTypoAscender, -font["OS/2"].sTypoDescender),
    ):
        assert ascent + descent <= LINE * em


def test_a_dark_page_is_printed_dark_on_light(browser, server):
    page = browser.new_page(color_scheme="dark")
    page.goto(f"{server}/policy-gradient/")
    text = [".md-typeset > p", ".md-typeset h1", "pre code", "figure text", "math"]
    assert min(page.evaluate(LUMINANCE, selector) for selector in text) > 0.5
    page.emulate_media(media="print", color_scheme="dark")
    assert max(page.evaluate(LUMINANCE, selector) for selector in text) < 0.3
    page.close()
