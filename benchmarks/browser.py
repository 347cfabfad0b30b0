"""How fast «Запустить» is in Chromium, and whether the page scrolls meanwhile.

    mkdocs build -d site && python benchmarks/browser.py site [times]

First plot: from the click, against a bare Pyodide worker, in turn. Both take Pyodide from this machine
(tests/pyodide.txt says which), each in a browser profile of its own, so that nothing is cached. The
bare worker does what Pyodide's documentation shows: loadPyodide, loadPackage, runPython; it tells when
the first savefig has returned.

Second run: CEM, REINFORCE and PPO once more on the page where they have just run, from the click to the
first plot and to the end.

Scrolling: frames of the page that is scrolled while Python loads and runs, and with the editor open,
against the same page at rest.
"""

import shutil
import statistics
import sys
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path[:0] = [str(Path(__file__).parent.parent / folder) for folder in ("tests", "hooks")]

from conftest import FLAGS  # noqa: E402  found by the line above
from test_run import carried, serving  # noqa: E402

PAGE, NAME = "/why-reinforcement/", "dog.py"
SECOND = {
    "/cross-entropy-method/": "cem.py",
    "/policy-gradient/": "reinforce.py",
    "/policy-gradients-trick/": "ppo.py",
}
LONG = 50  # ms, as the browser counts long tasks
BARE = """
import { loadPyodide } from "ORIGIN/pyodide/pyodide.mjs"
const python = await loadPyodide({ indexURL: "ORIGIN/pyodide/", env: { HOME: "/home", MPLBACKEND: "svg" } })
await python.loadPackage(["numpy", "matplotlib"])
python.globals.set("drawn", () => postMessage("drawn"))
python.runPython(`
from matplotlib.figure import Figure
save = Figure.savefig
def savefig(*args, **kwargs):
    save(*args, **kwargs)
    drawn()
Figure.savefig = savefig
`)
python.runPython(await (await fetch("ORIGIN/snippets/NAME")).text())
"""
BARE_CLICK = """source => new Promise(done => {
    const began = performance.now()
    const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
    new Worker(address, { type: 'module' }).onmessage = () => done(performance.now() - began)
})"""
# ms from the click to the first plot and to the end
CLICK = """name => new Promise(done => {
    const bars = [...document.querySelectorAll('.run-bar')]
    const bar = bars.find(each => each.parentElement.firstChild.textContent === name)
    const began = performance.now()
    let plot
    const watch = new MutationObserver(() => {
        const now = performance.now() - began
        if (document.querySelector(`[id='run-${name}'] figure svg`)) plot ??= now
        if (!/^Готово/.test(bar.querySelector('.run-status')?.textContent)) return
        watch.disconnect()
        done([plot, now])
    })
    bar.querySelector('[data-act=run]').click()
    const all = { childList: true, subtree: true, characterData: true }
    requestAnimationFrame(() => watch.observe(document.body, all)) // the last run's answer is gone
})"""
# scrolls the page by a little at every frame, until asked what was seen
SCROLL = """() => {
    const frames = [], tasks = []
    const watch = new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
    watch.observe({ type: 'longtask' })
    let way = 4, last, going = true
    requestAnimationFrame(function frame(now) {
        if (last) frames.push(now - last)
        last = now
        if (scrollY + innerHeight >= document.body.scrollHeight - 1) way = -4
        else if (scrollY === 0) way = 4
        scrollBy({ top: way, behavior: 'instant' })
        if (going) requestAnimationFrame(frame)
    })
    window.scrolled = () => { going = false; watch.disconnect(); return [frames, tasks] }
}"""


def summary(values: list[float]) -> str:
    return f"median {statistics.median(values):.2f}, {min(values):.2f}–{max(values):.2f}"


def first_plot(visit, origin: str, state: dict, times: int) -> None:
    seconds = defaultdict(list)
    source = BARE.replace("ORIGIN", origin).replace("NAME", NAME)
    for _ in range(times):
        for who in ("bare worker", "Запустить"):
            state["asked"].clear()
            with visit(PAGE) as page:
                ours = who == "Запустить"
                ms = page.evaluate(CLICK, NAME)[0] if ours else page.evaluate(BARE_CLICK, source)
            seconds[f"{who}, {len(set(state['asked']))} files"].append(ms / 1000)
    for who, each in seconds.items():
        print(f"first plot, s: {who}: {summary(each)}", flush=True)


def second_run(visit, times: int) -> None:
    for address, name in SECOND.items():
        with visit(address) as page:
            page.evaluate(CLICK, name)
            runs = [page.evaluate(CLICK, name) for _ in range(times)]
        for what, each in zip(("to the first plot", "to the end"), zip(*runs, strict=True), strict=True):
            print(f"second run, s: {name} {what}: {summary([ms / 1000 for ms in each])}", flush=True)


def scrolling(visit) -> None:
    def told(what: str) -> None:
        frames, tasks = page.evaluate("scrolled()")
        late = sum(ms > 1.5 * 1000 / 60 for ms in frames)
        rate = 1000 * len(frames) / sum(frames)
        print(
            f"scrolling: {what}: {rate:.0f} frames a second, {late} of {len(frames)} late, "
            f"the longest {max(frames):.0f} ms; {len(tasks)} tasks over {LONG} ms, "
            f"the longest {max(tasks, default=0):.0f} ms",
            flush=True,
        )

    with visit(PAGE) as page:
        page.evaluate(SCROLL)
        page.wait_for_timeout(3000)
        told("at rest")
        page.evaluate(SCROLL)
        page.evaluate(CLICK, NAME)
        told("while Python loads and runs")
        page.evaluate(SCROLL)
        page.evaluate(CLICK, NAME)
        told("while it runs again")
        page.locator("[data-act=edit]").first.click()
        page.locator(".cm-editor").wait_for()
        page.evaluate(SCROLL)
        page.wait_for_timeout(3000)
        told("with the editor open")


def main(site: Path, times: int) -> None:
    state = {"asked": [], "broken": False}
    with serving(site, carried(), state) as origin, sync_playwright() as playwright:

        @contextmanager
        def visit(address):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(origin + address)
            yield page
            browser.close()

        first_plot(visit, origin, state, times)
        second_run(visit, times)
        scrolling(visit)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
