"""What is timed: cold builds, rebuilds after an edit, the conversion alone, each in a process of its own.

`python -m benchmarks.vaults.builds convert|rebuild FOLDER TIMES [NOTE]` is one such process.
"""

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
OURS = ("hooks", "watch", "extra_css", "extra_javascript")  # in mkdocs.yml: what plain MkDocs goes without
EXTENSIONS = """\
markdown_extensions:
  - admonition
  - tables
  - pymdownx.superfences
  - pymdownx.highlight
  - pymdownx.tasklist
  - pymdownx.arithmatex: {generic: true}
  - toc:
      permalink: true
      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}
"""
QUIET = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}
ASK = 0.03  # seconds between two questions for the new page: more would keep the build from its work


def project(folder: Path, docs: Path) -> Path:
    """Make a folder that builds `docs` with our engine."""
    folder.mkdir(parents=True)
    for name in ("mkdocs.yml", "hooks", "overrides", "snippets"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(docs, folder / "docs")
    if (ROOT / ".cache" / "snippets").exists():  # the snippets are not what is measured
        shutil.copytree(ROOT / ".cache" / "snippets", folder / ".cache" / "snippets")
    return folder


def plain(folder: Path, docs: Path, nav: list[str]) -> Path:
    """Make a folder that builds `docs` with Material alone: our settings, without what is ours."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    config = {key: value for key, value in config.items() if key not in OURS} | {"nav": nav}
    del config["theme"]["custom_dir"], config["theme"]["icon"]
    config["plugins"] = [plugin for plugin in config["plugins"] if "search" in plugin]
    shutil.copytree(docs, folder / "docs")
    text = yaml.safe_dump(config, allow_unicode=True) + EXTENSIONS
    (folder / "mkdocs.yml").write_text(text, encoding="utf-8")
    return folder


def cold(folder: Path) -> dict:
    """Build a project as a command does; return seconds and peak memory, in bytes.

    Raises
    ------
    RuntimeError : the strict build failed, and why
    """
    shutil.rmtree(folder / "site", ignore_errors=True)
    shutil.rmtree(folder / ".cache" / "templates", ignore_errors=True)
    start = time.perf_counter()
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    process = subprocess.Popen(command, cwd=folder, env=QUIET, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(said.decode())
    return {"seconds": seconds, "memory": usage.ru_maxrss * 1024}


def process(what: str, folder: Path, times: int, note: str = "") -> list:
    """Run `convert` or `rebuild` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.vaults.builds", what, str(folder), str(times), note]
    done = subprocess.run(command, cwd=ROOT, env=QUIET, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def convert(folder: Path, times: int) -> list[float]:
    """Return the seconds that a note of the folder's vault takes from its text to its page, `times` over."""
    sys.path.insert(0, str(ROOT / "hooks"))
    import main  # noqa: F401  how often Python collects garbage is set there
    import obsidian
    from vault import Vault, read_note

    docs = folder / "docs"
    contents = {path.relative_to(docs).as_posix(): path.read_bytes() for path in docs.rglob("*.md")}
    found = []
    for _ in range(times):
        vault = Vault({path: read_note(path, content) for path, content in contents.items()})
        vault.candidates("", "")  # the index of names is made
        start = time.perf_counter()
        for note in vault.notes.values():
            obsidian.convert(note, vault)
        found.append((time.perf_counter() - start) / len(contents))
    return found


def rebuild(folder: Path, times: int, note: str) -> list[dict]:
    """Do what `mkdocs serve` does after each of several edits of a note; return seconds, and those of ours.

    Ours are the hooks and the template of what surrounds a note.
    """
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    os.chdir(folder)
    logging.disable(logging.WARNING)
    spent = 0.0

    def timed(function: Callable) -> Callable:
        @wraps(function)
        def run(*args, **kwargs):
            nonlocal spent
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent += time.perf_counter() - start

        return run

    def on_env(env, config, files):
        template = env.get_template("partials/around.html")
        render = template.root_render_func
        at_once = timed(lambda context: [*render(context)])
        template.root_render_func = lambda context: (piece for piece in at_once(context))

    found = []
    for n in range(times + 1):  # the first is the cold one
        spent, start = 0.0, time.perf_counter()
        config = load_config("mkdocs.yml", site_dir=str(folder / "served"))
        for functions in config.plugins.events.values():  # a hook is a function, a plugin has methods
            functions[:] = [f if hasattr(f, "__self__") else timed(f) for f in functions]
        config.plugins.events["env"].append(on_env)
        build(config)
        found.append({"seconds": time.perf_counter() - start, "ours": spent})
        with Path("docs", note).open("a", encoding="utf-8") as file:
            file.write(f"\nПравка номер {n}.\n")
    return found[1:]


def served(folder: Path, times: int, note: str, address: str) -> list[float]:
    """Run `mkdocs serve`, save a note several times; return the seconds until the new page is there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "mkdocs", "serve", "-q", "-a", host]
    server = subprocess.Popen(command, cwd=folder, env=QUIET, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://{host}/{address}", "")
        found = []
        for n in range(times):
            time.sleep(1 + n / times)  # the server looks at the files twice a second: not always in step
            word = f"Сохранение-{n}"
            start = time.perf_counter()
            with (folder / "docs" / note).open("a", encoding="utf-8") as file:
                file.write(f"\n{word}\n")
            _wait(f"http://{host}/{address}", word)
            found.append(time.perf_counter() - start)
        return found
    finally:
        server.terminate()
        server.wait()


def _wait(url: str, word: str) -> None:
    for _ in range(int(60 / ASK)):
        try:
            with urllib.request.urlopen(url, timeout=60) as page:
                if word in page.read().decode():
                    return
        except OSError:  # not there yet
            pass
        time.sleep(ASK)
    raise TimeoutError(url)


if __name__ == "__main__":
    what, folder, times, note = sys.argv[1:]
    arguments = Path(folder), int(times)
    print(json.dumps(convert(*arguments) if what == "convert" else rebuild(*arguments, note)))
