"""Search in the browser: a page is found by any form of its words."""

import pytest

SHOWN = 3  # results that a phone shows without scrolling

# what is typed → the page that is about it
QUERIES = {
    "политика": "policy-gradient",
    "политики": "policy-gradient",
    "политику": "policy-gradient",
    "политикой": "policy-gradient",
    "градиентом политик": "policy-gradient",
    "дисперсии": "policy-gradient",
    "бейзлайна": "policy-gradient",
    "траектории": "policy-gradient",
    "обрезкой": "policy-gradients-trick",
    "элитных": "cross-entropy-method",
    "элиту": "cross-entropy-method",
    "методом кросс-энтропии": "cross-entropy-method",
    "кросс-энтропией": "cross-entropy-loss",
    "функцией потерь": "cross-entropy-loss",
    '"функциями потерь"': "cross-entropy-loss",
    "правдоподобию": "maximum-likelihood-estimation",
    "ПРАВДОПОДОБИЕМ": "maximum-likelihood-estimation",
    "состоятельности": "maximum-likelihood-estimation",
    "монетками": "maximum-likelihood-estimation",
    "собаку": "why-reinforcement",
    "лакомством": "why-reinforcement",
    "подкрепления": "why-reinforcement",
    "агентом": "agent-and-environment",
    "среде": "agent-and-environment",
    "награду": "agent-and-environment",
    "машинным обучением": "machine-learning",
    "политик": "policy-gradient",
    "правдоп": "maximum-likelihood-estimation",
    "softmax": "cross-entropy-loss",
}

ADDRESSES = """() => [...document.querySelectorAll('.md-search-result__item')]
    .map(item => new URL(item.querySelector('a').href).pathname.split('/').at(-2))"""


@pytest.fixture(scope="module")
def search(browser, server):
    page = browser.new_page()
    page.goto(server)
    box = page.locator("[data-md-component=search-query]")
    status = page.locator(".md-search-result__meta")
    box.click()  # the index comes when the search is opened
    status.filter(has_text="Начните").wait_for(state="attached")

    def search(query):
        box.fill("")
        box.press("Shift")  # Material listens to keyup
        status.filter(has_text="Начните").wait_for(state="attached")
        box.fill(query)
        box.press("Shift")
        status.filter(has_text="овпаден").wait_for(state="attached")
        return page.evaluate(ADDRESSES)

    yield search
    page.close()


@pytest.mark.parametrize("query", QUERIES)
def test_a_page_is_found_by_any_form_of_its_words(search, query):
    assert QUERIES[query] in search(query)[:SHOWN]


@pytest.mark.parametrize(
    ("typed", "written"), [("еще", "ещё"), ("подъемом", "подъёмом"), ("звездочкой", "звёздочкой")]
)
def test_yo_is_found_by_ye(search, typed, written):
    assert search(typed) == search(written) != []


def test_a_word_that_is_nowhere_is_not_found(search):
    assert search("синхрофазотрон") == []


def test_pasted_words_are_searched(browser, server):
    page = browser.new_page()
    page.goto(server)
    page.keyboard.press("/")
    page.wait_for_function("/Начните/.test(document.querySelector('.md-search-result__meta').textContent)")
    page.wait_for_timeout(100)  # Material reads the box once more after it is opened
    page.keyboard.insert_text("элитных")  # no key goes down or up
    page.wait_for_function("/овпаден/.test(document.querySelector('.md-search-result__meta').textContent)")
    assert "cross-entropy-method" in page.evaluate(ADDRESSES)
    page.close()


@pytest.mark.parametrize("query", ["элитных", "softmax"])
def test_the_first_words_typed_wait_for_the_index_which_waits_for_the_search_to_open(browser, server, query):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: "search_index" in request.url and asked.append(request.url))
    page.route("**/search_index.json", lambda route: (page.wait_for_timeout(500), route.continue_()))
    page.goto(server, wait_until="networkidle")
    assert asked == []
    page.keyboard.press("/")
    page.keyboard.insert_text(query)
    page.wait_for_function("/овпаден/.test(document.querySelector('.md-search-result__meta').textContent)")
    assert QUERIES[query] in page.evaluate(ADDRESSES)
    assert len(asked) == 1
    page.close()
