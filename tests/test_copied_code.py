"""What a reader copies from a page runs where there is nothing but numpy and matplotlib."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from runner import caption_and_alt
from svg import inline_svg
from versions import OLDEST

ROOT = Path(__file__).parent.parent
PLAIN = ("cem", "dog")  # a reader has no matplotlibrc of ours
SNIPPETS = sorted(path.stem for path in (ROOT / "snippets").glob("*.py"))


@cache
def blocks(site):
    """Return the title, if any, and the text of every block of code on the site."""
    found = []
    for page in site.glob("*/index.html"):
        for block in BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select("div.highlight"):
            name = block.select_one(".filename")
            found.append((name.text if name else "", block.select_one("code").text))
    return found


def listings(site):
    """Return the code of every whole listing on the site by its file's name, as the pages show it."""
    found = {}
    for title, code in blocks(site):
        if title.endswith(".py"):
            found.setdefault(title.removesuffix(".py"), set()).add(code)
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A folder with numpy, matplotlib and what they require, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    wanted, seen = ["numpy", "matplotlib"], set()
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        found = distribution(name)
        requirements = [r for r in found.requires or [] if "extra ==" not in r]
        wanted += [re.match(r"[\w.-]+", r)[0] for r in requirements]
        for top in {file.parts[0] for file in found.files if file.parts[0] not in ("..", "__pycache__")}:
            (folder / top).symlink_to(found.locate_file(top))
    return folder


@pytest.fixture(scope="module")
def copied(site, alone, tmp_path_factory):
    """Run every listing in an empty folder in the site's style, and some in matplotlib's own."""
    folder = tmp_path_factory.mktemp("copied")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MPL", "MATPLOTLIB"))}
    environment |= {"PYTHONPATH": str(alone), "PYTHONUTF8": "1", "SOURCE_DATE_EPOCH": "0", "OMP_NUM_THREADS": "1"}
    environment |= {"MPLCONFIGDIR": str(folder / "config")}

    def run(job):
        name, code, style = job
        place = folder / (f"{name}-styled" if style else name)
        place.mkdir()
        (place / f"{name}.py").write_text(code, encoding="utf-8")
        extra = {"MATPLOTLIBRC": str(style)} if style else {}
        # -S: the interpreter's own packages are out of sight
        command = [sys.executable, "-S", f"{name}.py"]
        done = subprocess.run(command, cwd=place, env=environment | extra, capture_output=True, text=True, check=False)
        return (name, bool(style)), (done, {svg.stem: svg.read_text(encoding="utf-8") for svg in place.glob("*.svg")})

    codes = listings(site)
    style = ROOT / "snippets" / "matplotlibrc"
    jobs = [(name, next(iter(codes[name])), s) for name in SNIPPETS if name in codes for s in (None, style)
            if s or name in PLAIN]
    first = run(jobs[0])  # lets matplotlib list the fonts once
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict([first, *pool.map(run, jobs[1:])])


def test_nothing_but_numpy_and_matplotlib_is_there(alone):
    code = "import importlib.util as u; print([n for n in ('numpy', 'matplotlib', 'mkdocs', 'gymnasium') if u.find_spec(n)])"
    result = subprocess.run(
        [sys.executable, "-S", "-c", code], env={"PYTHONPATH": str(alone)}, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "['numpy', 'matplotlib']"


def test_the_oldest_versions_that_are_tried_are_those_that_the_start_page_and_the_readme_name():
    numpy, matplotlib = 1.25, 3.6
    assert [f"numpy=={numpy}.0", f"matplotlib=={matplotlib}.0"] == OLDEST
    for path in ("README.md", "docs/index.md"):
        text = re.sub("%%.*?%%", "", (ROOT / path).read_text(encoding="utf-8"))
        assert f"numpy (от {numpy}) и matplotlib (от {matplotlib})" in text


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_page_shows_the_snippet_whole_and_to_the_letter(site, name):
    assert listings(site)[name] == {(ROOT / "snippets" / f"{name}.py").read_text(encoding="utf-8")}


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_copied_code_prints_the_numbers_of_the_page(site, copied, name):
    done, _ = copied[name, True]
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {code.strip() for _, code in blocks(site)}


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_copied_code_draws_the_figures_of_the_page(site, copied, name):
    pages = "".join(page.read_text(encoding="utf-8") for page in site.glob("*/index.html"))
    source = (ROOT / "snippets" / f"{name}.py").read_text(encoding="utf-8")
    _, figures = copied[name, True]
    assert figures
    for figure, svg in figures.items():
        assert inline_svg(svg, figure, caption_and_alt(source, figure)[1]) in pages, figure


@pytest.mark.parametrize("name", PLAIN)
def test_without_the_sites_style_the_numbers_and_the_names_of_the_figures_are_the_same(copied, name):
    (plain, figures), (styled, expected) = copied[name, False], copied[name, True]
    assert plain.stdout == styled.stdout
    assert figures.keys() == expected.keys()


@pytest.mark.parametrize("name", SNIPPETS)
def test_importing_a_snippet_has_no_side_effect(name, alone, tmp_path):
    result = subprocess.run(
        [sys.executable, "-S", "-c", f"import {name}"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{alone}{os.pathsep}{ROOT / 'snippets'}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout + result.stderr == ""
    assert list(tmp_path.iterdir()) == []
