"""From the click to the first plot: «Запустить» against a bare Pyodide worker, in turn, cold each time.

    mkdocs build -d site && python benchmarks/browser.py site [times]

Both take Pyodide from this machine (tests/pyodide.txt says which), each in a browser profile of its
own, so that nothing is cached. The bare worker does what Pyodide's documentation shows: loadPyodide,
loadPackage, runPython; it tells when the first savefig has returned.
"""

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path[:0] = [str(Path(__file__).parent.parent / folder) for folder in ("tests", "hooks")]

from conftest import FLAGS  # noqa: E402  found by the line above
from test_run import carried, serving  # noqa: E402

PAGE, NAME = "/why-reinforcement/", "dog.py"
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
CLICKS = {
    "bare worker": """([source]) => new Promise(done => {
        const began = performance.now()
        const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
        new Worker(address, { type: 'module' }).onmessage = () => done(performance.now() - began)
    })""",
    "Запустить": """([_, name]) => new Promise(done => {
        const began = performance.now()
        new MutationObserver(() => {
            if (document.querySelector(`[id='run-${name}'] figure svg`)) done(performance.now() - began)
        }).observe(document.body, { childList: true, subtree: true })
        document.querySelector('.run-bar [data-act=run]').click()
    })""",
}


def main(site: Path, times: int) -> None:
    state = {"asked": [], "broken": False}
    seconds = {name: [] for name in CLICKS}
    with serving(site, carried(), state) as origin, sync_playwright() as playwright:
        bare = BARE.replace("ORIGIN", origin).replace("NAME", NAME)
        for _ in range(times):
            for name, click in CLICKS.items():
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
                page = browser.new_page()
                page.goto(origin + PAGE)
                state["asked"].clear()
                seconds[name].append(page.evaluate(click, [bare, NAME]) / 1000)
                asked = set(state["asked"])
                browser.close()
                print(f"{name}: {seconds[name][-1]:.2f} s, {len(asked)} files", flush=True)
    for name, each in seconds.items():
        median, low, high = statistics.median(each), min(each), max(each)
        print(f"{name}: median {median:.2f} s, {low:.2f}–{high:.2f}, {times} times")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
