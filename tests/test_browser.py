"""The site in Chromium: on a desk and on a phone, light and dark, by mouse, by keys and by screen reader."""

import gzip
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
CONCEPTS = [
    "agent-and-environment",
    "why-reinforcement",
    "cross-entropy-method",
    "policy-gradient",
    "policy-gradients-trick",
    "machine-learning",
    "maximum-likelihood-estimation",
    "cross-entropy-loss",
]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
WEIGHT = 200_000  # bytes of a page's first load, compressed
WEIGHED = {"document", "stylesheet", "script", "font"}
# what a converter leaves behind when it misses something; TeX commands, Obsidian's marks
RAW = re.compile(r"\[\[|\]\]|%%|\$|\*\*|==|\\[A-Za-z]+")

UNFOLD = "() => document.querySelectorAll('details').forEach(e => e.open = true)"
WIDTHS = "() => [document.scrollingElement.scrollWidth, innerWidth]"
PROSE = """() => {
    const style = document.createElement('style')
    style.textContent = 'pre, code { display: none !important }'
    document.head.append(style)
    const text = document.body.innerText
    style.remove()
    return text
}"""
FIGURES = """() => [...document.querySelectorAll('figure svg')].map(svg => {
    const { width, height } = svg.getBoundingClientRect()
    return { id: svg.closest('figure').id, width, height, visible: svg.checkVisibility(),
             role: svg.computedRole, name: svg.computedName }
})"""
# axe measures the contrast of every token of code; one token of a kind is enough
THIN = """() => document.querySelectorAll('pre').forEach(pre => {
    const seen = new Set()
    for (const token of pre.querySelectorAll('span[class]')) {
        const path = []
        for (let e = token; e !== pre; e = e.parentElement) path.push(e.className)
        const kind = path.join('<')
        if (seen.has(kind)) token.replaceWith(...token.childNodes)
        else seen.add(kind)
    }
})"""
AXE = """async rules => {
    const runOnly = rules && { type: 'rule', values: rules }
    const { violations } = await axe.run({ resultTypes: ['violations'], ...(rules && { runOnly }) })
    return violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}`))
}"""
BY_COLOUR = ["color-contrast", "link-in-text-block"]  # the other rules say the same in every scheme
BY_WIDTH = ["scrollable-region-focusable", "target-size"]


@pytest.fixture(scope="module")
def open_page(browser, server):
    """Opens an address in the light or the dark scheme; one context each."""

    @cache
    def tab(scheme):
        context = browser.new_context(
            color_scheme=scheme, reduced_motion="reduce", viewport=DESK, base_url=server
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        return context.new_page()

    def open_(address, scheme="light", viewport=DESK):
        page = tab(scheme)
        page.set_viewport_size(viewport)
        page.goto(f"/{address}")
        return page

    return open_


@pytest.fixture(scope="module")
def visits(open_page, site, server):
    """What is seen of every page in each scheme: {(address, scheme): facts}."""
    axe = pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT
    addresses = sorted(p.parent.relative_to(site).as_posix() for p in site.rglob("index.html"))
    found = {}
    for scheme in ("light", "dark"):
        events = []
        page = open_page("", scheme)
        page.on(
            "console", lambda m, to=events: m.type in ("error", "warning") and to.append(("console", m.text))
        )
        page.on("pageerror", lambda e, to=events: to.append(("console", str(e))))
        page.on("requestfailed", lambda r, to=events: to.append(("failed", f"{r.url}: {r.failure}")))
        page.on("response", lambda r, to=events: r.status >= 400 and to.append(("failed", r.url)))
        page.on("request", lambda r, to=events: to.append(("request", (r.resource_type, r.url))))
        for address in addresses:
            events.clear()
            open_page("" if address == "." else f"{address}/", scheme)
            facts = {"scheme": page.locator("body").get_attribute("data-md-color-scheme")}
            page.evaluate(UNFOLD)
            facts["figures"] = page.evaluate(FIGURES)
            facts["text"] = page.evaluate(PROSE)
            page.evaluate(THIN)
            page.evaluate(axe)
            facts["axe"] = page.evaluate(AXE, None if scheme == "light" else BY_COLOUR)
            page.set_viewport_size(PHONE)
            facts["widths"] = page.evaluate(WIDTHS)
            if scheme == "light":
                facts["axe"] += page.evaluate(AXE, BY_WIDTH)
            facts["events"] = list(events)
            found[address, scheme] = facts
    return found


def logged(facts, kind):
    left_too_early = "net::ERR_ABORTED"  # by the browser itself, on its way to the next page
    return [what for name, what in facts["events"] if name == kind and left_too_early not in what]


def test_each_scheme_is_the_one_that_the_reader_prefers(visits):
    assert {(scheme, facts["scheme"]) for (_, scheme), facts in visits.items()} == {
        ("light", "default"),
        ("dark", "slate"),
    }


def test_no_page_writes_an_error_to_the_console(visits):
    assert {where: e for where, facts in visits.items() if (e := logged(facts, "console"))} == {}


def test_no_request_fails(visits):
    assert {where: e for where, facts in visits.items() if (e := logged(facts, "failed"))} == {}


def test_no_page_asks_another_host(visits, server):
    hosts = {urlsplit(url).netloc for facts in visits.values() for _, url in logged(facts, "request")}
    assert hosts - {""} == {urlsplit(server).netloc}  # data: and blob: have no host


def test_no_page_is_wider_than_a_phone(visits):
    wide = {
        where: facts["widths"] for where, facts in visits.items() if facts["widths"][0] > facts["widths"][1]
    }
    assert wide == {}


def test_no_markup_is_left_in_the_text(visits):
    left = {where: found for where, facts in visits.items() if (found := RAW.findall(facts["text"]))}
    assert left == {}


def test_every_figure_is_seen_and_named(visits):
    figures = [(where, figure) for where, facts in visits.items() for figure in facts["figures"]]
    assert len(figures) > 2 * len(CONCEPTS)
    for where, figure in figures:
        assert figure["visible"] and min(figure["width"], figure["height"]) > 100, (where, figure)
        assert figure["role"] in ("img", "image") and len(figure["name"]) > 20, (where, figure)


def test_axe_finds_no_barrier(visits):
    assert {where: facts["axe"] for where, facts in visits.items() if facts["axe"]} == {}


@pytest.mark.parametrize("address", CONCEPTS)
def test_a_concept_page_is_light(visits, site, address):
    requests = {url: kind for kind, url in logged(visits[address, "light"], "request")}
    sizes = {}
    for url, kind in requests.items():
        if kind in WEIGHED:
            path = site / urlsplit(url).path.lstrip("/")
            body = (path / "index.html" if path.is_dir() else path).read_bytes()
            sizes[path.name or path.parent.name] = len(gzip.compress(body, 6))
    assert sum(sizes.values()) <= WEIGHT, sizes


@pytest.mark.parametrize("address", CONCEPTS)
def test_the_copy_button_gives_the_snippets_file_letter_for_letter(open_page, address):
    page = open_page(f"{address}/")
    listings = page.locator(".highlight:has(.filename)")
    assert listings.count() > 0
    for listing in listings.all():
        source = (ROOT / "snippets" / listing.locator(".filename").inner_text()).read_text(encoding="utf-8")
        listing.locator("button[data-md-type=copy]").click()
        page.locator(".md-dialog--active").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == source.rstrip()


def test_the_first_tab_stop_leads_past_the_menu_to_the_text(open_page):
    page = open_page(f"{CONCEPTS[-1]}/")
    page.keyboard.press("Tab")
    assert page.locator(".md-skip").evaluate("e => e === document.activeElement && e.checkVisibility()")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('article') !== null")


@pytest.mark.parametrize("key", ["/", "s"])
def test_a_key_opens_the_search_and_escape_closes_it(open_page, key):
    page = open_page("")
    box = page.locator("[data-md-component=search-query]")
    page.keyboard.press(key)
    assert box.evaluate("e => e === document.activeElement") and box.input_value() == ""
    page.keyboard.press("Escape")
    assert not box.evaluate("e => e === document.activeElement")
