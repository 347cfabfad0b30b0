"""«Запустить»: the reader's browser executes the snippets. No host but this machine is there."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup

import runner
import session
import vendor
from conftest import ROOT
from test_exercises import EXERCISES

SNIPPETS = sorted(path.stem for path in (ROOT / "snippets").glob("*.py"))
ENDED = re.compile("^(Готово|Верно|Пока не|Ошибка|Остановлено|Python (не|ост))")
ASSETS = ROOT / "overrides" / "assets"


def carried():
    """Return the folder of a whole Pyodide; it is fetched once."""
    folder = ROOT / ".cache" / "pyodide"
    wanted = ROOT / "tests" / "pyodide.txt"
    mark = folder / hashlib.sha256(wanted.read_bytes()).hexdigest()
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
        subprocess.run([*command, "-r", str(wanted), "-d", str(folder)], check=True)
        [wheel] = folder.glob("*.whl")
        with ZipFile(wheel) as packed:
            for name in packed.namelist():
                if "/assets/pyodide/" in name and not name.endswith("/"):
                    (folder / Path(name).name).write_bytes(packed.read(name))
        wheel.unlink()
        mark.touch()
    return folder


@pytest.fixture(scope="session")
def pyodide():
    """The folder of a whole Pyodide."""
    return carried()


class Handler(SimpleHTTPRequestHandler):
    """The site, with Pyodide beside it; `/everything/` has the listings of all pages."""

    def __init__(self, *args, site, pyodide, state, **kwargs):
        self.site, self.pyodide, self.state = site, pyodide, state
        super().__init__(*args, directory=str(site), **kwargs)

    def log_message(self, *args):
        pass

    def translate_path(self, path):
        name = unquote(urlsplit(path).path)
        if name.startswith("/pyodide/"):
            return str(self.pyodide / Path(name).name)
        return super().translate_path(path)

    def do_GET(self):
        name = urlsplit(self.path).path
        self.state["asked"].append(name)
        if name.startswith("/pyodide/") and self.state["broken"]:
            self.send_error(503)
        elif name == "/everything/":
            self.answer(everything(self.site))
        elif name.endswith("/") and (page := self.site / name.strip("/") / "index.html").exists():
            self.answer(page.read_text(encoding="utf-8"))
        else:
            super().do_GET()

    def answer(self, html):
        """Send a page that takes Python from here."""
        body = re.sub(r'data-pyodide="[^"]*"', 'data-pyodide="/pyodide/"', html).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@cache
def everything(site):
    """A page with every listing of the site, what the page says it prints, and every figure."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(site.glob("*/index.html"))]
    pages = [BeautifulSoup(text, "html.parser") for text in texts if 'class="filename"' in text]
    [page] = [p for p in pages if p.select_one(".language-python > .filename:-soup-contains('cem.py')")]
    article = page.select_one("article")
    parts = []
    for other in pages:
        for title in other.select(".language-python > .filename"):
            listing = title.parent
            parts += [listing, *listing.find_next_siblings(limit=3)]
    figures = {figure["id"]: figure for other in pages for figure in other.select("figure.figure[id]")}
    article.clear()
    for part in [*parts, *figures.values()]:
        article.append(part)
    return str(page)


@pytest.fixture(scope="module")
def state():
    return {"asked": [], "broken": False}


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a worker that is stopped drops its connections


@contextmanager
def serving(site, pyodide, state):
    """Serve the site and Pyodide; give the address."""
    with Server(("127.0.0.1", 0), partial(Handler, site=site, pyodide=pyodide, state=state)) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture(scope="module")
def address(site, pyodide, state):
    with serving(site, pyodide, state) as address:
        yield address


@pytest.fixture(scope="module")
def page(browser, address):
    """The page of all listings, in one tab; Python is loaded once."""
    context = browser.new_context(base_url=address)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto("/everything/")
    return page


class Cell:
    """A listing with its buttons and its output."""

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.listing = page.locator(f".language-python:has(> .filename:text-is('{name}'))")
        self.status = self.listing.locator(".run-status")
        self.output = page.locator(f"[id='run-{name}']")

    def press(self, act):
        self.listing.locator(f"[data-act={act}]").click()

    def run(self):
        self.press("run")
        self.wait()

    def wait(self):
        self.status.filter(has_text=ENDED).wait_for()

    def write(self, text):
        """Put a text into the editor as a reader pastes it."""
        if self.listing.locator("[data-act=edit]").is_visible():
            self.press("edit")
        code = self.listing.locator(".cm-content")
        code.wait_for()
        code.focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def answers(self, text):
        self.write(text)
        self.run()
        return self.text()

    def text(self):
        printed = self.output.locator("> pre")
        return printed.inner_text().rstrip() if printed.count() else ""


@pytest.fixture
def cell(page):
    """A listing that a test may edit."""
    cell = Cell(page, "dog.py")
    yield cell
    if cell.listing.locator("[data-act=stop]").count():
        cell.press("stop")
    if cell.listing.locator("[data-act=reset]").is_visible():
        cell.press("reset")


def saved(name):
    return json.loads((ROOT / ".cache" / "snippets" / f"{name}.json").read_text(encoding="utf-8"))["run"]


def test_nothing_of_python_is_asked_for_before_the_click(page, state):
    Cell(page, "cem.py").listing.locator("[data-act=run]").wait_for()
    assert [path for path in state["asked"] if "/run/" in path or "pyodide" in path] == []
    assert "/assets/run.js" in state["asked"]


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_draws_its_figures_and_prints_the_numbers_of_the_page(page, name):
    cell, run = Cell(page, f"{name}.py"), saved(name)
    cell.run()
    figures = cell.output.locator("figure").evaluate_all("all => all.map(f => f.dataset.name)")
    assert sorted(figures) == sorted(run["figures"])
    assert cell.text().strip() == run["stdout"].strip()
    assert "Числа и рисунки те же, что на странице." in cell.status.inner_text()


def test_figures_take_the_pages_colours(page):
    cell = Cell(page, "cem.py")
    assert "var(--c0)" in cell.output.locator("figure svg").nth(1).inner_html()


def test_an_edited_line_is_told_apart_from_the_pages(cell):
    source = (ROOT / "snippets" / cell.name).read_text(encoding="utf-8")
    cell.write(source.replace("ALPHA = 0.1", "ALPHA = 0.2"))
    cell.run()
    rows = [row.split("\t") for row in cell.output.locator("tbody tr").all_inner_texts()]
    page_s = runner.printed(saved("dog")["stdout"])
    assert rows and all(there == page_s[label] != here for label, there, here in rows)
    assert "Числа и рисунки не те, что на странице." in cell.status.inner_text()
    assert re.search(r"Не так, как на странице, выгляд.*\bdog-learning\.svg", cell.output.inner_text())
    cell.press("reset")
    assert cell.listing.locator("[data-act=reset]").is_hidden()


LIKE = """async change => {
    const { alike } = await import('/assets/run/compare.js')
    const svg = curve => {
        const place = document.createElement('div')
        place.style = 'color: #fff; --md-default-bg-color: #000'
        place.innerHTML = `<svg viewBox="0 0 360 240" fill="none" stroke-width="1.8"><path d="M40 200L300 200M40 20L40 200"
            stroke="currentColor"/><path d="M40 180L170 60L300 100" stroke="var(--c0)"/>${curve}</svg>`
        document.body.append(place)
        return place.firstChild
    }
    const page_s = svg(''), ours = svg('')
    const curve = ours.querySelector('path + path')
    if (change.d) curve.setAttribute('d', change.d)
    if (change.stroke) curve.setAttribute('stroke', change.stroke)
    if (change.viewBox) ours.setAttribute('viewBox', change.viewBox)
    if (change.more) ours.append(...svg(change.more).children)
    return [await alike(ours, page_s), await alike(page_s, ours)]
}"""


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"d": "M43 180L173 63L303 103"}, True),
        ({"d": "M40 180L105 120L170 60L300 100"}, True),
        ({"d": "M40 180L170 68L300 100"}, False),
        ({"d": "M40 180L170 60"}, False),
        ({"stroke": "var(--c1)"}, False),
        ({"viewBox": "0 0 360 241"}, False),
        ({"more": '<text x="200" y="160" fill="currentColor" stroke="none">475</text>'}, False),
    ],
)
def test_figures_are_the_same_when_nothing_is_far_from_its_like(page, change, same):
    assert page.evaluate(LIKE, change) == [same, same]


def test_a_flood_of_prints_is_cut(cell):
    text = cell.answers("for i in range(100_000): print(i)")
    assert text.startswith("0\n1\n2\n") and text.endswith("вывод слишком длинный")
    assert session.LIMIT < len(text) < session.LIMIT + 100


def test_an_error_shows_the_readers_line_and_nothing_of_the_worker(cell):
    cell.write("import numpy as np\n\ndef add(a, b):\n    return a + b\n\nadd(np.ones(3), np.ones(4))")
    cell.run()
    told = cell.output.locator(".run-error").inner_text()
    assert "строке 6" not in told and "К строке 4" in told and ".shape" in told
    assert re.findall(r'File "(.*?)", line (\d+)', told) == [("dog.py", "6"), ("dog.py", "4")]
    assert cell.listing.locator(".run-mistake").inner_text().strip() == "return a + b"


def test_a_program_finds_nothing_of_the_one_before(cell):
    first = """
import builtins, math, os, random, sys, numpy as np, matplotlib.pyplot as plt
left = builtins.left = math.left = 1
math.pi, np.e = 3, 2
np.random.seed(0); random.seed(0); np.set_printoptions(precision=1); np.seterr(all="raise")
plt.rcParams["lines.linewidth"] = 9; plt.figure(); open("left.txt", "w").close()
open("helper.py", "w").write("x = 1"); import helper
sys.argv = ["left"]; os.environ["LEFT"] = "1"
"""
    second = """
import builtins, math, os, random, sys, numpy as np, matplotlib.pyplot as plt
print("left" in globals(), hasattr(builtins, "left"), hasattr(math, "left"), math.pi > 3, np.e > 2,
      random.random() == 0.8444218515250481, np.random.rand() == 0.5488135039273248,
      np.array([1 / 3]), np.geterr()["under"], plt.rcParams["lines.linewidth"], plt.get_fignums(),
      os.listdir(), "helper" in sys.modules, sys.argv == ["left"], "LEFT" in os.environ)
"""
    assert cell.answers(first) == ""
    clean = "False False False True True False False [0.33333333] ignore 1.8 [] [] False False False"
    assert cell.answers(second) == clean


def test_two_listings_take_turns(page, cell):
    other = Cell(page, "mle.py")
    cell.write("import time; time.sleep(0.5); print('первый')")
    cell.press("run")
    other.press("run")
    cell.wait()
    other.wait()
    assert cell.text() == "первый" and other.text().strip() == saved("mle")["stdout"].strip()


def test_an_edit_outlives_a_reload_and_travels_in_a_link(browser, page, address, cell):
    mine = "print('моя правка')"
    cell.write(mine)
    cell.press("share")
    cell.status.get_by_text("Ссылка скопирована").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    another_device = browser.new_context()
    for tab, where in (page.context.new_page(), "/everything/"), (another_device.new_page(), link):
        tab.goto(address + where if where[0] == "/" else where)
        editor = Cell(tab, cell.name).listing.locator(".cm-content")
        editor.wait_for()
        assert editor.inner_text() == mine
        tab.close()
    another_device.close()


def test_the_editor_is_used_and_left_by_keys_alone(page, cell):
    cell.write("if True:")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("print('да')")
    page.keyboard.press("Control+Enter")
    cell.wait()
    assert cell.text() == "да"
    page.keyboard.press("Control+z")
    assert "да" not in cell.listing.locator(".cm-content").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.cm-content')")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.cm-editor') === null")


def test_the_copy_button_gives_the_edited_code(page, cell):
    cell.write("print('правка')")
    cell.listing.locator("button[data-md-type=copy]").click()
    page.locator(".md-dialog--active").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "print('правка')"


def test_an_exercise_says_what_is_wrong_and_then_that_it_is_right(page):
    cell = Cell(page, "returns.py")
    cell.run()
    wrong = cell.output.locator(".run-wrong").inner_text()
    assert "похоже, γ забыта" in wrong and cell.status.inner_text() == wrong
    lines = "G = r.copy()", "for t in (2, 1, 0): G[t] += gamma * (G[t + 1] if t < 2 else after)", "return G"
    cell.write("import numpy as np\ndef returns(r, gamma, after=0.0):\n    " + "\n    ".join(lines))
    cell.run()
    assert cell.output.locator(".run-right").inner_text() == cell.status.inner_text() == "Верно!"
    checks = page.get_by_text("проверка ", exact=False).and_(page.locator(".filename"))
    assert checks.count() == len(EXERCISES)
    assert page.locator(".run-bar").count() == len(SNIPPETS) + len(EXERCISES), "a check has no button"


def test_axe_finds_no_barrier_in_a_cell_that_is_edited_and_has_failed(page, cell):
    from axe_playwright_python.sync_playwright import Axe

    cell.write("print('до')\n1 / 0")
    cell.run()
    found = Axe().run(page, context=f"[id='run-{cell.name}'], .run-bar, .cm-editor").response["violations"]
    assert [(v["id"], [n["html"][:80] for n in v["nodes"]]) for v in found] == []


def test_a_failed_network_and_a_fall_of_python_are_told_and_a_retry_works(browser, address, state):
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto("/everything/")
    cell = Cell(page, "dog.py")
    cell.write("print('жив')\nx = []\nfor _ in range(100_000): x = [x]\nrepr(x)")
    state["broken"] = True
    cell.run()
    assert "127.0.0.1" in cell.output.inner_text() and "не отвечает" in cell.output.inner_text()
    state["broken"] = False
    cell.output.get_by_text("Повторить").click()
    cell.wait()
    assert cell.text() == "жив"
    assert cell.status.inner_text() == "Python остановился: слишком глубокая вложенность."
    cell.output.get_by_text("Повторить").click()
    cell.status.get_by_text("Загружаю Python").wait_for()
    context.close()


def test_what_the_browser_has_not_got_is_said_in_the_readers_words(cell):
    cell.write("import numpy as np\nnp.ones(2**30)")
    cell.run()
    assert session.HINTS["MemoryError"] in cell.output.inner_text()
    cell.write("input('Сколько? ')")
    cell.run()
    assert session.HINTS["EOFError"] in cell.output.inner_text()
    assert cell.answers("print('дальше')") == "дальше"


def test_an_editor_or_a_runner_that_has_not_come_is_told_and_asked_for_again(browser, address):
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/why-reinforcement/")
    bar = Cell(page, "dog.py").listing.locator(".run-bar")
    for file, words in ("main.js", "Не загрузилось"), ("editor.js", "Редактор не загрузился"):
        page.route(f"**/run/{file}", lambda route: route.abort())
        bar.locator("[data-act=edit]").click()
        seen = "words => (bar => (bar.dataset.note ?? '') + bar.textContent)(document.querySelector('.run-bar')).includes(words)"
        page.wait_for_function(seen, arg=words)
        page.unroute(f"**/run/{file}")
    bar.locator("[data-act=edit]").click()
    page.locator(".cm-content").wait_for()
    assert bar.get_attribute("data-note") is None and bar.locator("[data-act=reset]").count() == 1
    context.close()


def test_stop_ends_an_endless_loop_and_the_next_run_works(cell):
    cell.write("print('начал')\nwhile True: pass")
    cell.press("run")
    cell.output.locator("pre").wait_for()
    cell.press("stop")
    assert cell.status.inner_text() == "Остановлено."
    assert cell.answers("print(6 * 7)") == "42"


def test_from_a_file_there_is_no_button(browser, site):
    page = browser.new_page()
    page.goto((site / "cross-entropy-method" / "index.html").as_uri())
    assert page.locator(".filename").count() and not page.locator(".run-bar").count()
    page.close()


@pytest.mark.parametrize("missing", ["WebAssembly", "DecompressionStream"])
def test_an_old_browser_has_the_page_without_the_button(browser, address, missing):
    page = browser.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(error))
    page.add_init_script(f"delete window.{missing}")
    page.goto(f"{address}/why-reinforcement/")
    page.locator("button[data-md-type=copy]").first.wait_for(state="attached")  # the theme's own script has run
    assert page.locator(".filename").count() and not page.locator(".run-bar").count()
    assert problems == []
    page.close()


def test_a_site_of_ones_own_gets_just_what_a_run_asks_for(address, state, tmp_path):
    loaded = {Path(path).name for path in state["asked"] if path.startswith("/pyodide/")}
    assert set(vendor.vendor(f"{address}/pyodide/", tmp_path)) == loaded == {p.name for p in tmp_path.iterdir()}


def test_a_package_that_is_not_the_locks_is_refused(pyodide, tmp_path):
    for path in pyodide.glob("*"):
        (tmp_path / path.name).symlink_to(path)
    forged = next(tmp_path.glob("matplotlib-*.whl"))
    forged.unlink()
    forged.write_bytes(b"PK")
    with pytest.raises(ValueError, match=rf"{forged.name}: сумма SHA-256 не та"):
        vendor.vendor(f"{tmp_path.as_uri()}/", tmp_path / "copy")
    assert not (tmp_path / "copy" / forged.name).exists()


def test_the_editors_bundle_is_made_of_its_sources():
    folder = ROOT / "editor"
    made = hashlib.sha256()
    for name in "editor.js", "package.json", "package-lock.json":
        made.update((folder / name).read_bytes())
    bundle = (ASSETS / "run" / "editor.js").read_text(encoding="utf-8")
    assert made.hexdigest() in bundle.partition("\n")[0], "cd editor && npm ci && npm run build"


MISTAKES = {
    "NameError": "x = 1\nprint(y)",
    "IndentationError": "if True:\nprint(1)",
    "SyntaxError": "x = 1\nprint((1)",
    "TypeError": "\n1 + 'a'",
    "arguments": "def f(a):\n    return a\nf(1, 2)",
    "shapes": "import numpy as np\nnp.ones(3) + np.ones(4)",
    "ValueError": "\nint('a')",
    "IndexError": "\n[1, 2][2]",
    "KeyError": "\n{}['a']",
    "ZeroDivisionError": "\n1 / 0",
    "ModuleNotFoundError": "\nimport torch_geometric",
    "AttributeError": "import numpy as np\nnp.ones(3).lenght",
}
LINES = {"SyntaxError": 2, "arguments": 3}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_common_mistake_gets_its_hint_and_its_line(mistake):
    try:
        exec(compile(MISTAKES[mistake], "мой.py", "exec"), {})
    except Exception as error:
        told, hint, line = session.explain(error, "мой.py")
    assert hint == session.HINTS[mistake].format(name=re.sub(r".*'(\w+)'.*", r"\1", told.strip().splitlines()[-1]))
    assert line == LINES.get(mistake, 2) and str(Path(__file__)) not in told
