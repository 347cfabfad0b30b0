"""A notebook holds its snippet and the run's results, runs by itself, and makes a light page."""

import ast
import base64
import gzip
import html
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbclient
import nbformat
import pytest
from mkdocs_jupyter.convert import nb2html
from mkdocs_jupyter.plugin import _get_nb_toc_tokens

import figures
import notebooks
import runner

ROOT = Path(__file__).parent.parent
SOURCE = '''"""Синус и косинус: две волны.

Источник: § 1, y = a*x и $5 < 6$.
"""

import matplotlib.pyplot as plt
import numpy as np

A = 2.0  # размах

N = 9
if N > 5:
    A = 3.0


# как в тригонометрии
def wave(x):
    """a sin x"""
    return A * np.sin(x)


def figure_cosine(x):
    """Косинус.

    Одна волна.
    """
    fig, ax = plt.subplots()
    ax.plot(x, wave(x + np.pi / 2))
    return fig


def figure_sine(x):
    """Синус «волна».

    Другая волна.
    """
    fig, ax = plt.subplots()
    ax.plot(x, wave(x))
    return fig


# две точки
if __name__ == "__main__":
    x = np.linspace(0, 6, N)  # рад
    for value in wave(x)[:2]:
        # два числа
        print(f"y({value:.2f}) < 4 = {value:.6f}")

    figure_sine(x).savefig("waves-sine.svg")
    figure_cosine(x).savefig("waves-cosine.svg")
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> runner.Run:
    folder = tmp_path_factory.mktemp("project")
    (folder / "waves.py").write_text(SOURCE, encoding="utf-8")
    (run,) = runner.run_all(folder, folder / "cache").values()
    assert run.error is None
    return run


@pytest.fixture
def book(run) -> nbformat.NotebookNode:
    return nbformat.reads(notebooks.notebook(run), as_version=4)


@pytest.fixture(scope="module")
def all_runs() -> list[runner.Run]:
    runs = runner.run_all(ROOT / "snippets", ROOT / ".cache" / "snippets")
    return [run for run in runs.values() if not run.error]


def code(book) -> list[str]:
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


def statements(nodes: list[ast.stmt]) -> list[str]:
    """What is run, whether or not it is below `if __name__ == "__main__":`."""
    main = [n for n in nodes if ast.unparse(n).startswith("if __name__")]
    return [ast.dump(n) for node in nodes for n in (node.body if node in main else [node])]


def rendered(tmp_path, text: str) -> str:
    path = tmp_path / "book.ipynb"
    path.write_text(text, encoding="utf-8")
    return nb2html(str(path), allow_errors=False)


def text_of(page: str, language: str) -> list[str]:
    blocks = re.findall(rf'<div class="language-{language} highlight"><pre>(.*?)</pre></div>', page, re.S)
    return [html.unescape(re.sub(r"<[^>]*>", "", block)).strip("\n") for block in blocks]


def test_a_notebook_is_valid_and_the_same_each_time(run, book):
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert notebooks.notebook(run) == notebooks.notebook(run)
    assert [cell.id for cell in book.cells] == [f"waves-{n}" for n in range(len(book.cells))]


def test_the_docstring_is_the_title(book):
    assert book.cells[0].cell_type == "markdown"
    assert (
        book.cells[0].source == "# Синус и косинус\n\nДве волны.\n\nИсточник: § 1, y = a\\*x и \\$5 \\< 6\\$."
    )


def test_the_code_is_cut_at_its_functions(book):
    first, wave, second, other, main = code(book)
    assert first.startswith("import matplotlib") and first.endswith("    A = 3.0")
    assert "A = 2.0  # размах\n\nN = 9\n" in first
    assert wave.startswith("# как в тригонометрии\ndef wave(x):")
    assert second.startswith("def figure_cosine") and other.startswith("def figure_sine")
    assert (
        main.startswith("# две точки\nx = np.linspace(0, 6, N)  # рад\nfor value")
        and "\n    # два числа\n" in main
    )


def test_the_main_part_is_a_piece_of_its_own():
    for main, piece in {"\n    print(x)": "print(x)", " print(x)": 'if __name__ == "__main__": print(x)'}.items():
        source = f'x = 1\ny = 2\nif __name__ == "__main__":{main}\n'
        book = nbformat.reads(notebooks.notebook(runner.Run("a", source, "", {})), as_version=4)
        assert code(book) == ["x = 1\ny = 2", piece]


ODD = [
    "",
    '"""Док."""',
    "x = 1",
    '"""Док."""\nif __name__ == "__main__": print(1)\n',
    "x = 1; y = 2\nclass A: pass",
    'if __name__ == "__main__":\n    x = 1\nelse:\n    x = 2',
    'if __name__ == "__main__":\n    print("""раз\nдва""")',
    'if __name__ == "__main__":\n    print("""раз\n        два""")',
    'if __name__ == "__main__":\n# раз\n    x = 1',
    'if (\n    __name__ == "__main__"\n):\n    x = 1',
    "\n\nX = 1\n\n\ndef f():\n    return X\n\n\n\nX = f() or X\nY = 2\n",
]


@pytest.mark.parametrize("source", ODD)
def test_any_module_makes_a_notebook(source):
    book = nbformat.reads(notebooks.notebook(runner.Run("odd", source, "", {})), as_version=4)
    nbformat.validate(book)
    assert book.cells[-1].cell_type == "code" and book.cells[-1].outputs == []
    assert book.cells[0].source == ("# Док" if "Док" in source else "# odd")
    assert [cell.execution_count for cell in book.cells[1:]] == [*range(1, len(book.cells))]
    assert all(piece == piece.strip("\n") for piece in code(book))


@pytest.mark.parametrize(
    ("docstring", "title"),
    [
        ("Метод X.", "# Метод X"),
        ("Волны: две: синус. Косинус", "# Волны\n\nДве: синус. Косинус"),
        ("Один X. Два\nтри.\n\nЧетыре\nпять: шесть.\n\nСемь.", "# Один X\n\nДва три.\n\nЧетыре\nпять: шесть.\n\nСемь."),
        ("Число 2.5. и ещё", "# Число 2.5. и ещё"),
    ],
)
def test_a_title_ends_at_its_first_colon_or_sentence(docstring, title):
    book = json.loads(notebooks.notebook(runner.Run("a", f'"""{docstring}"""', "", {})))
    assert "".join(book["cells"][0]["source"]) == title


def test_the_figures_stand_where_they_are_saved_and_not_where_they_are_spoken_of():
    functions = [f'def figure_{name}():\n    """{name}\n\n    {name} из a-z.svg."""\n' for name in "yz"]
    source = "".join(functions) + "save('a-y.svg')\nsave('a-z.svg')"
    run = runner.Run("a", source, "", {"a-z": "<svg>z</svg>", "a-y": "<svg>y</svg>"})
    outputs = json.loads(notebooks.notebook(run))["cells"][-1]["outputs"]
    assert [output["data"]["image/svg+xml"] for output in outputs] == ["<svg>y</svg>", "<svg>z</svg>"]
    assert [(output["output_type"], output["metadata"]) for output in outputs] == [("display_data", {})] * 2


def test_a_picture_that_no_snippet_has_saved_is_shown_without_a_caption(run):
    data = base64.b64encode(run.figures["waves-sine"].encode()).decode()
    heavy = f'<div class="jp-OutputArea-output"><img src="data:image/svg+xml;base64,{data}"></div>'
    page = notebooks.trim(heavy, runner.Run("a", "", "", {}))
    assert page.startswith('<figure id="figure" class="figure"><svg') and 'aria-labelledby="figure-alt"' in page


def test_a_page_that_is_cut_short_is_kept_to_its_end():
    assert notebooks.trim('<div class="a jp-MarkdownOutput">раз<div>два</div> три ') == "раз<div>два</div> три"


def test_no_statement_of_a_snippet_is_lost(run, all_runs):
    odd = [runner.Run("odd", source, "", {}) for source in ODD]
    for each in [run, *odd, *all_runs]:
        module = ast.parse(each.source)
        expected = module.body[1:] if ast.get_docstring(module) else module.body
        book = nbformat.reads(notebooks.notebook(each), as_version=4)
        assert statements(ast.parse("\n".join(code(book))).body) == statements(expected), each.name


def test_the_last_cell_has_the_run_s_outputs_in_the_order_of_the_source(run, book):
    stream, first, second = book.cells[-1].outputs
    assert (stream.output_type, stream.name, stream.text) == ("stream", "stdout", run.stdout)
    assert first.data["image/svg+xml"] == run.figures["waves-sine"]
    assert first.data["text/plain"] == "Другая волна."
    assert second.data["image/svg+xml"] == run.figures["waves-cosine"]
    assert all(cell.outputs == [] for cell in book.cells[1:-1])


def test_jupyter_runs_the_notebook_and_gets_the_same(run, book, tmp_path):
    copy = nbformat.reads(notebooks.notebook(run), as_version=4)
    nbclient.NotebookClient(copy, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = copy.cells[-1].outputs
    assert "".join(o.text for o in outputs if o.output_type == "stream") == run.stdout
    assert {path.stem for path in tmp_path.glob("*.svg")} == set(run.figures)
    assert sum("image/png" in o.get("data", {}) for o in outputs) == len(run.figures)


def test_every_notebook_of_the_site_runs_top_to_bottom_and_gets_the_same(all_runs, tmp_path):
    program = """
import contextlib, io, json, os, pathlib, sys
import matplotlib.pyplot as plt
for path in map(pathlib.Path, sys.argv[1:]):
    cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    path.with_suffix("").mkdir()
    os.chdir(path.with_suffix(""))
    names, printed = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in cells:
            exec("".join(cell["source"]), names)
    plt.close("all")
    pathlib.Path("stdout").write_text(printed.getvalue(), "utf-8")
"""
    paths = [tmp_path / f"{run.name}.ipynb" for run in all_runs]
    for run, path in zip(all_runs, paths, strict=True):
        path.write_text(notebooks.notebook(run), encoding="utf-8")
    env = {**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", program, *map(str, paths)], env=env, check=True)
    for run, path in zip(all_runs, paths, strict=True):
        folder = path.with_suffix("")
        assert (folder / "stdout").read_text(encoding="utf-8") == run.stdout
        assert {svg.stem for svg in folder.glob("*.svg")} == set(run.figures)


@pytest.fixture(scope="module")
def heavy(run, tmp_path_factory) -> str:
    """The plugin's page of the notebook."""
    return rendered(tmp_path_factory.mktemp("page"), notebooks.notebook(run))


@pytest.fixture
def page(run, heavy) -> str:
    """What we make of it."""
    return notebooks.trim(heavy, run, (("waves.ipynb", "Скачать <waves>"), ("../../waves.py", "Скачать")))


def test_the_page_holds_all_code_and_outputs_and_nothing_of_the_plugin_s_frame(run, book, page):
    assert text_of(page, "python") == code(book)
    assert text_of(page, "text") == [run.stdout.strip()]
    for gone in ("<script", "<style", "<img", "jp-", "clipboard", "http:", "https:", "cell-id"):
        assert gone not in page, gone


def test_the_page_shows_the_figures_as_every_page_does(run, page):
    first, second = (figures.figure_html(run, name) for name in ("waves-sine", "waves-cosine"))
    assert page.endswith(f"{first}\n{second}")


def test_the_page_offers_the_files_below_its_title(page):
    heading, _, rest = page.partition("</h1>")
    assert heading.endswith(">Синус и косинус")
    row = '<p><a href="waves.ipynb" download>Скачать &lt;waves&gt;</a> · <a href="../../waves.py" download>Скачать</a></p>'
    assert rest.index(row) < rest.index("<pre>")


def test_the_archive_has_every_snippet_and_notebook_and_the_same_bytes_each_time(all_runs, monkeypatch):
    packed = notebooks.archive(tuple(all_runs))
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert notebooks.archive(tuple(all_runs[::-1])) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        assert files.testzip() is None
        texts = {name: files.read(name).decode() for name in files.namelist()}
        assert {f.compress_type for f in files.filelist} == {zipfile.ZIP_DEFLATED}
        assert {(f.date_time, f.create_system, f.external_attr >> 16) for f in files.filelist} == {((1980, 1, 1, 0, 0, 0), 3, 0o644)}
    assert texts == {f"{run.name}.py": run.source for run in all_runs} | {f"{run.name}.ipynb": notebooks.notebook(run) for run in all_runs}


def test_every_notebooks_page_leads_to_its_files_and_to_the_archive(site):
    for page in sorted((site / "notebooks").glob("*/index.html")):
        links = re.findall(r'<a href="([^"]*)" download>', page.read_text("utf-8"))
        files = [(page.parent / link).resolve().relative_to(site.resolve()).as_posix() for link in links]
        name = page.parent.name
        assert files == [f"notebooks/{name}/{name}.ipynb", f"snippets/{name}.py", "notebooks/examples.zip"]
        assert all((site / file).is_file() for file in files)


def test_every_notebooks_page_is_light(site):
    pages = sorted((site / "notebooks").glob("*/index.html"))
    sizes = {page.parent.name: len(gzip.compress(page.read_bytes())) for page in pages}
    assert sizes and max(sizes.values()) <= 60_000, sizes


def test_an_author_s_own_notebook_keeps_all_it_has(tmp_path, run):
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": "осторожно <x>\n"},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": "<div><div><b>таблица</b></div></div>"},
        },
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo="}},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"image/svg+xml": run.figures["waves-sine"]},
        },
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"image/svg+xml": run.figures["waves-cosine"]},
        },
    ]
    cells = [
        notebooks._cell("own", 0, "markdown", "# My *own* блокнот\n\n## Часть\n\n<div><div>два</div></div>\n"),
        notebooks._cell("own", 1, "code", "a < b  # <div>") | {"execution_count": 1, "outputs": outputs},
        notebooks._cell("own", 2, "markdown", "## Часть\n\nконец"),
    ]
    book = {"cells": cells, "metadata": notebooks.METADATA, "nbformat": 4, "nbformat_minor": 5}
    page = notebooks.trim(rendered(tmp_path, json.dumps(book)))
    kept = ["два", "осторожно &lt;x&gt;", "<div><div><b>таблица</b></div></div>", "iVBORw0KGgo=", "конец"]
    places = [page.index(part) for part in kept]
    assert places == sorted(places)
    assert text_of(page, "python") == ["a < b  # <div>"]
    assert text_of(page, "text") == ["осторожно <x>"]
    assert page.count("<div") == page.count("</div>")
    assert re.findall(r'<figure id="([^"]*)"', page) == ["figure", "figure_1"]
    assert "No description" not in page and page.count('alt="Рисунок"') == 1
    assert page.count('class="figure"') == page.count('-alt">Рисунок</') == 2
    (title,), _ = _get_nb_toc_tokens(str(tmp_path / "book.ipynb"), 6)
    wanted = [title["id"], *(child["id"] for child in title["children"])]
    assert re.findall(r'<h\d id="([^"]*)"', page) == wanted
