"""The site in Chromium: on a desk and on a phone, light and dark, by mouse, by keys and by screen reader."""

import gzip
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT

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
WEIGHED = {"document", "stylesheet", "script", "font", "image", "xhr", "fetch"}
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
# words that leave their picture; above and below a letter its line has room
CUT = """() => [...document.querySelectorAll('figure svg text')].filter(text => {
    const svg = text.closest('svg').getBoundingClientRect(), box = text.getBoundingClientRect()
    return box.left < svg.left || box.right > svg.right || box.top < svg.top - 2 || box.bottom > svg.bottom + 2
}).map(text => text.textContent)"""
# what a mouse or a finger scrolls sideways, a keyboard must reach
UNREACHED = """async () => {
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame) // the page sees its new width
    return [...document.querySelectorAll('article *')]
        .filter(e => e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX))
        .filter(e => e.tabIndex < 0 && !e.querySelector('a, button, [tabindex="0"]'))
        .map(e => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)
}"""
# axe takes its time over every token of code; one of a kind is enough. MathML it reads as nothing
THIN = """() => {
    for (const math of document.querySelectorAll('math'))
        math.replaceWith(math.querySelector('mi, mn, mo')?.textContent ?? '')
    for (const shape of document.querySelectorAll('figure svg > :not(title)')) shape.remove()
    const seen = new Set()
    for (const token of document.querySelectorAll('pre span[class]')) {
        const path = []
        for (let e = token; e.tagName !== 'PRE'; e = e.parentElement) path.push(e.className)
        const kind = path.join('<')
        if (seen.has(kind)) token.replaceWith(...token.childNodes)
        else seen.add(kind)
    }
}"""
# started here and awaited later: two tabs work side by side
START_AXE = """rules => {
    const only = rules.length ? { runOnly: { type: 'rule', values: rules } } : {}
    window.verdict = new Promise(done => setTimeout(() => done(axe.run({ resultTypes: ['violations'], ...only }))))
}"""
VERDICT = """async () => (await window.verdict).violations
    .flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}`))"""
BY_COLOUR = ["color-contrast", "link-in-text-block"]  # the other rules say the same in every scheme


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
def axe():
    return AXE_SCRIPT


@pytest.fixture(scope="module")
def visits(open_page, site, axe):
    """What is seen of every page in each scheme: {(address, scheme): facts}."""
    tabs = {scheme: open_page("", scheme) for scheme in ("light", "dark")}
    events = {scheme: listen(page) for scheme, page in tabs.items()}
    found = {}
    for folder in sorted(page.parent for page in site.rglob("index.html")):
        address = folder.relative_to(site).as_posix()
        for scheme, page in tabs.items():
            events[scheme].clear()
            open_page("" if address == "." else f"{address}/", scheme)
            page.evaluate(UNFOLD)
            facts = found[address, scheme] = {
                "scheme": page.locator("body").get_attribute("data-md-color-scheme")
            }
            if scheme == "light":
                facts["text"] = page.evaluate(PROSE)
                page.set_viewport_size(PHONE)
                facts["widths"] = page.evaluate(WIDTHS)
                facts["unreached"] = page.evaluate(UNREACHED)
                facts["cut"] = page.evaluate(CUT)
                page.set_viewport_size(DESK)
            page.evaluate(THIN)
            page.evaluate(axe)
            page.evaluate(START_AXE, [] if scheme == "light" else BY_COLOUR)
        for scheme, page in tabs.items():
            facts = found[address, scheme]
            facts["axe"] = page.evaluate(VERDICT)
            if scheme == "light":  # the last, for names of figures cost the page a tree of them
                facts["figures"] = page.evaluate(FIGURES)
            facts["events"] = list(events[scheme])
    return found


def listen(page):
    """Return the list to which everything that befalls the page is added."""
    events = []
    page.on("console", lambda m: m.type in ("error", "warning") and events.append(("console", m.text)))
    page.on("pageerror", lambda e: events.append(("console", str(e))))
    page.on("requestfailed", lambda r: events.append(("failed", f"{r.url}: {r.failure}")))
    page.on("response", lambda r: r.status >= 400 and events.append(("failed", f"{r.url}: {r.status}")))
    page.on("request", lambda r: events.append(("request", (r.resource_type, r.url))))
    return events


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
    widths = {address: facts["widths"] for (address, scheme), facts in visits.items() if scheme == "light"}
    assert {address: wide for address, wide in widths.items() if wide[0] > wide[1]} == {}


def test_what_scrolls_on_a_phone_is_reached_from_the_keyboard(visits):
    assert {where: e for where, facts in visits.items() if (e := facts.get("unreached"))} == {}


def test_no_markup_is_left_in_the_text(visits):
    assert {where: e for where, facts in visits.items() if (e := RAW.findall(facts.get("text", "")))} == {}


def test_every_figure_is_seen_and_named(visits):
    figures = [(where, figure) for where, facts in visits.items() for figure in facts.get("figures", [])]
    assert len(figures) > len(CONCEPTS)
    for where, figure in figures:
        assert figure["visible"] and min(figure["width"], figure["height"]) > 100, (where, figure)
        assert figure["role"] in ("img", "image") and len(figure["name"]) > 20, (where, figure)


def test_no_word_of_a_figure_is_cut_at_its_edge(visits):
    assert {where: e for where, facts in visits.items() if (e := facts.get("cut"))} == {}


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
    listings = page.locator("article > .highlight:has(.filename)")  # an exercise is in a callout
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
