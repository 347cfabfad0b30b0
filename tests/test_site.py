"""The built site: its links lead somewhere, its figures stand where the screenshots were."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
NOTE = "reinforcement-learning"
PASTED = yaml.safe_load((DOCS / "figures.yml").read_text(encoding="utf-8"))
SECTIONS = {  # the concept page and the section of the note that it takes in
    "agent-and-environment": "Abstract",
    "why-reinforcement": "Почему с подкреплением",
    "cross-entropy-method": "Cross-entropy method",
    "policy-gradient": "Policy gradient",
    "policy-gradients-trick": "Policy gradients trick",
}
LINKED = ["machine-learning", "maximum-likelihood-estimation", "cross-entropy-loss"]


@cache
def soup(page):
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def pages(site):
    return {page.relative_to(site).as_posix(): soup(page) for page in sorted(site.rglob("*.html"))}


def article(site, address):
    return soup(site / address / "index.html").select_one("article")


def test_every_internal_link_and_anchor_leads_somewhere(site):
    broken = []
    for address, page in pages(site).items():
        if address == "404.html":  # its links are made for the server's root
            continue
        for tag, key in (("a", "href"), ("link", "href"), ("script", "src"), ("img", "src")):
            for element in page.find_all(tag, {key: True}):
                url = urlsplit(urljoin(f"http://site/{address}", element[key]))
                if url.netloc != "site" or url.scheme not in ("http", "https"):
                    continue
                target = site / unquote(url.path.lstrip("/"))
                target = target / "index.html" if target.is_dir() else target
                lost = not target.is_file()
                if not lost and url.fragment and target.suffix == ".html":
                    lost = not soup(target).find(id=unquote(url.fragment))
                if lost:
                    broken.append((address, element[key]))
    assert broken == []


def test_ids_are_unique_on_every_page(site):
    for address, page in pages(site).items():
        counts = Counter(element["id"] for element in page.find_all(id=True))
        assert [name for name, n in counts.items() if n > 1] == [], address


@pytest.mark.parametrize("pasted", PASTED)
def test_a_figure_stands_where_the_lost_screenshot_was(site, pasted):
    name, label = PASTED[pasted]["figure"], PASTED[pasted]["label"]
    note = (DOCS / "Reinforcement learning.md").read_text(encoding="utf-8")
    assert f"![[{pasted}]]" in note
    figure = article(site, NOTE).select_one(f"figure#{name}")
    assert figure.select_one("svg title").text
    assert figure.figcaption.text.startswith(f"{label}. ")


def test_every_screenshot_of_the_note_is_in_the_table_once_and_in_order():
    note = (DOCS / "Reinforcement learning.md").read_text(encoding="utf-8")
    assert re.findall(r"!\[\[(.+?)\]\]", note) == list(PASTED)
    assert len(PASTED) == len({row["figure"] for row in PASTED.values()}) == 13


@pytest.mark.parametrize(("address", "heading"), SECTIONS.items())
def test_a_concept_page_takes_in_its_section_and_goes_on(site, address, heading):
    page = article(site, address)
    frame = page.select_one(".transclusion")
    assert frame.find(re.compile("h[1-6]")).text.rstrip("#¶") == heading
    assert frame.select_one(".transclusion-source a")["href"].startswith("../reinforcement-learning/#")
    own = page.text.replace(frame.text, "")
    assert len(own) > 5 * len(frame.text.split("Код рисунка")[0])
    assert page.find("math")


@pytest.mark.parametrize("address", LINKED)
def test_a_linked_note_is_a_real_page_with_formulas_code_and_a_figure(site, address):
    page = article(site, address)
    assert page.find("math") and page.find("figure") and page.select(".filename")


def test_the_reading_order_is_that_of_the_home_page(site):
    links = [a["href"] for a in soup(site / "index.html").select(".md-nav--primary .md-nav__link[href]")]
    order = [link.strip("/") for link in links if "#" not in link and "notebooks" not in link]
    assert order[:7] == [".", NOTE, *SECTIONS]


def _tests():
    for path in (ROOT / "tests").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield node.name


def test_every_test_that_a_number_is_bound_to_exists():
    known = set(_tests())
    for path in DOCS.glob("*.md"):
        for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for name in re.findall(r"%%\s*test:\s*(\w+)\s*%%", line):
                assert name in known, f"{path.name}, строка {n}: нет теста {name}"


def test_every_snippet_that_a_number_is_bound_to_exists():
    known = {path.stem for path in (ROOT / "snippets").glob("*.py")} | {"test"}
    for path in DOCS.glob("*.md"):
        for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for name in re.findall(r"[\d%$*]%%\s*(\w+)\s*:", line):
                assert name in known, f"{path.name}, строка {n}: нет ни snippets/{name}.py, ни теста"
