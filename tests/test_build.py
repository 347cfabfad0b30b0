"""What the author sees: a page, or one clear line that stops the strict build."""

import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader
from mkdocs.livereload import LiveReloadServer

import main
from around import MAP, TAGS, Link
from notebooks import trim
from obsidian import Converted
from runner import Run
from vault import Figure, Vault, read_note

ROOT = Path(__file__).parent.parent
SNIPPET = '''\
"""Пример."""

import matplotlib.pyplot as plt


def figure_line():
    """Прямая.

    Прямая из левого нижнего угла в правый верхний.
    """
    fig, ax = plt.subplots()
    ax.plot([0, 1])
    return fig


if __name__ == "__main__":
    print("точек = 2")
    figure_line().savefig("demo-line.svg")
'''


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the site's engine and a vault and a snippet of its own, built once."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("mkdocs.yml", "hooks", "overrides"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text("[[Заметка]]\n", encoding="utf-8")
    (folder / "snippets").mkdir()
    (folder / "snippets" / "matplotlibrc").symlink_to(ROOT / "snippets" / "matplotlibrc")
    (folder / "snippets" / "demo.py").write_text(SNIPPET, encoding="utf-8")
    assert build(folder, "![[demo.py]]") == (0, [])
    return folder


@pytest.fixture
def project(built, tmp_path):
    """A copy of the built folder to change at will."""
    return shutil.copytree(built, tmp_path / "project", symlinks=True)


@pytest.fixture
def windows(monkeypatch):
    """Text files are what a Russian Windows takes them for, unless the code says otherwise."""
    monkeypatch.setattr("io.text_encoding", lambda encoding, stacklevel=2: encoding or "cp1251")


def build(project, note, *flags, name="Заметка.md"):
    """Build the vault with `note` in it; return the exit code and the lines of the log."""
    (project / "docs" / name).write_text(note, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", *flags],
        cwd=project,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, [line for line in result.stderr.splitlines() if line.startswith(("WARN", "ERR"))]


def test_a_new_note_with_a_link_a_figure_and_a_snippet_becomes_a_page(project):
    code, log = build(project, "[[index]] ![[demo-line.svg]]\n\n![[demo.py]]\n\n2%%demo: точек%% точки\n", "--strict")
    assert (code, log) == (0, [])
    page = (project / "site" / "zametka" / "index.html").read_text(encoding="utf-8")
    assert 'href="../"' in page
    assert '<figure id="demo-line"' in page and "<svg" in page and "<figcaption>Прямая.</figcaption>" in page
    assert "точек = 2" in page
    assert (project / "site" / "snippets" / "demo.py").read_text(encoding="utf-8") == SNIPPET
    assert (project / "site" / "notebooks" / "demo" / "demo.ipynb").exists()
    book = BeautifulSoup((project / "site" / "notebooks" / "demo" / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert {a["href"]: a.text for a in book.select("a[download]")} == {
        "demo.ipynb": "Скачать demo.ipynb",
        "../../snippets/demo.py": "Скачать demo.py",
        "../examples.zip": "Все примеры и блокноты одним архивом",
    }
    assert book.select_one("figure#demo-line > figcaption").text == "Прямая."
    found = json.loads((project / "site" / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert {entry["location"].partition("#")[0] for entry in found["docs"]} == {"", "zametka/"}  # no notebook


WRONG = {
    "[[Нет]]": "ссылка ведёт к «Нет»",
    "![[Нет.png]]": "нет картинки «Нет.png»",
    "![[demo-no.svg]]": "нет картинки «demo-no.svg»",
    "![[index#Нет]]": "в «index.md» нет заголовка «Нет»",
    r"$\nocommand$": "формулу «\\nocommand» не разобрать",
    "3%%demo: точек%%": "число 3 разошлось с кодом",
}


def test_a_mistake_stops_the_strict_build_with_one_line_that_names_note_line_and_cure(project):
    code, log = build(project, "\n\n".join(WRONG), "--strict")
    assert code == 1
    assert len(log) == len(WRONG), log
    for n, (line, sentence) in enumerate(zip(log, WRONG.values(), strict=True)):
        assert f"Заметка.md, строка {2 * n + 1}: {sentence}" in line


def test_without_strict_the_page_is_built_and_the_place_is_marked(project):
    code, log = build(project, "[[Нет]]")
    assert code == 0 and len(log) == 1
    page = (project / "site" / "zametka" / "index.html").read_text(encoding="utf-8")
    assert '<span class="problem">Нет</span>' in page


def test_a_failing_snippet_stops_the_strict_build_and_names_itself(project):
    (project / "snippets" / "demo.py").write_text(SNIPPET.replace('print("точек = 2")', "1 / 0"), encoding="utf-8")
    code, log = build(project, "![[demo.py]]", "--strict")
    assert code == 1
    assert len(log) == 1, log
    assert "demo.py, строка 17" in log[0] and "ZeroDivisionError" in log[0]


def test_an_unchanged_snippet_is_not_run_again_and_a_changed_one_is(project):
    marks = {p: p.stat().st_mtime_ns for p in (project / ".cache" / "snippets").rglob("*") if p.is_file()}
    build(project, "![[demo.py]] ещё")
    assert marks == {p: p.stat().st_mtime_ns for p in (project / ".cache" / "snippets").rglob("*") if p.is_file()}
    (project / "snippets" / "demo.py").write_text(SNIPPET.replace("точек = 2", "точек = 3"), encoding="utf-8")
    build(project, "![[demo.py]]")
    assert "точек = 3" in (project / "site" / "zametka" / "index.html").read_text(encoding="utf-8")


def test_no_note_of_any_vault_stops_the_build(project):
    docs = project / "docs"
    (docs / "index.md").unlink()  # a vault need not have a home page
    for name, text in {
        "x.md/Внутри.md": "[[Заметка]]",
        "а/Цель.md": "",
        "б/Цель.md": "---\npublish: false\n---\nсекрет",
        "Свойства.md": "---\ntemplate: нет.html\nicon: 🙂\nhide: true\nsearch: нет\nstatus: [1]\ndate: 2023-13-45\ntags: 5\n---\n",
        "Не YAML.md": "---\n{{date}}: [\n---\n",
        "Не открыто.md": "---\ntitle: 2\n",
        "Снаружи.md": "![[../../secret]] ![](../../../secret)",
        "Схема.excalidraw.md": "%%\n```json\n{\n```\n%%",
        "битый.ipynb": "{",
        "п/index.md": "",
        "п/README.md": "тоже заметка",
        "решётка #1 [x].md": "",
        ".trash/корзина.png": "",
        "Корзина.md": "![[корзина.png]] ![[favicon.png]]",  # neither a deleted file nor one of the theme
    }.items():
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text(text, encoding="utf-8")
    (docs / "Не UTF-8.md").write_bytes("раз".encode("cp1251"))
    (docs / "Ссылка.md").symlink_to("/etc/hostname")
    (docs / "Никуда.md").symlink_to("нет.md")
    (docs / "снаружи").symlink_to(project / "hooks")
    (docs / "по кругу").symlink_to(".")
    (docs / "0.png").symlink_to("Заметка.md")  # to a file of the same vault: why not
    code, log = build(project, "```mermaid\nflowchart LR\n```\n\n![[Заметка]]", "--strict")
    assert code == 1
    said = [line.partition(": ")[0].removeprefix("WARNING -  ") for line in log if "strict" not in line]
    assert sorted(said) == sorted([
        *("Заметка.md, строка 5", "Не YAML.md, строка 3", "Не UTF-8.md, строка 1"),
        *("Снаружи.md, строка 1", "Снаружи.md, строка 1", "Ссылка.md", "Никуда.md", "битый.ipynb"),
        *("Корзина.md, строка 1", "Корзина.md, строка 1", "снаружи", "по кругу"),
    ])
    code, _ = build(project, "```mermaid\nflowchart LR\n```\n")
    site = project / "site"
    assert code == 0
    assert "секрет" not in "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))
    assert "тоже заметка" in (site / "p" / "readme" / "index.html").read_text(encoding="utf-8")
    home = BeautifulSoup((site / "index.html").read_text(encoding="utf-8"), "html.parser").article
    links = {"а/Цель": "a/tsel/", "решётка #1 [x]": "reshetka-1-x/", "п/README": "p/readme/"}
    assert links.items() <= {a.text: a["href"] for a in home.select("a")}.items()
    drawn = [p.parent.name for p in site.rglob("index.html") if "mermaid.min.js" in p.read_text(encoding="utf-8")]
    assert drawn == ["zametka"] and (site / "assets" / "mermaid.min.js").stat().st_size > 1e6


def test_a_file_whose_name_is_no_text_is_left_out_and_reported(project):
    try:
        (project / "docs" / os.fsdecode(b"\xff.md")).write_text("", encoding="utf-8")
    except OSError:
        pytest.skip("a file system that takes no such names")
    assert build(project, "") == (0, ["WARNING -  \ufffd.md: имя этого файла не в UTF-8; переименуйте его"])


def test_a_note_is_surrounded_by_its_links_tags_and_other_names(project):
    docs = project / "docs"
    (docs / "Другая.md").write_text("Смотри [[Заметка|заметку]] и [[Нет]].\n", encoding="utf-8")
    code, _ = build(project, "---\naliases: [Другое имя, Другая]\ntags: [свой]\ndate: 2024-05-06\n---\n#тег/вложенный [[Теги]] [[Карта заметок]]\n")
    assert code == 0
    read = {p.parent.name: p.read_text(encoding="utf-8") for p in (project / "site").glob("*/index.html")}
    page = BeautifulSoup(read["zametka"], "html.parser")
    backlinks = {item.a["href"]: item.p and item.p.text for item in page.select(".backlinks li")}
    assert backlinks["../drugaia/"] == "Смотри заметку и Нет."
    assert [a["href"] for a in page.select("a.tag")] == ["../tegi/#тег/тег/вложенный", "../tegi/#тег/свой"]
    assert page.select_one(".properties > time")["datetime"] == "2024-05-06"
    tags = BeautifulSoup(read["tegi"], "html.parser")
    for tag in ("тег/тег", "тег/тег/вложенный"):
        assert tags.find(id=tag).find_next("ul").a["href"] == "../zametka/"
    drawn = BeautifulSoup(read["karta-zametok"], "html.parser").select(".map a")
    assert {a["href"] for a in drawn} == {"../", "../zametka/", "../drugaia/"}
    assert "url=../zametka/" in read["drugoe-imia"] and ">Заметка</a>" in read["drugoe-imia"] and "Смотри" in read["drugaia"]
    wanted = (project / ".cache" / "unresolved.md").read_text(encoding="utf-8")
    assert "- Нет: Другая.md, строка 1\n" in wanted


def test_tags_and_map_follow_the_words_of_the_author_s_own_notes_of_these_names(project):
    for name in ("Теги", "Карта заметок"):
        (project / "docs" / f"{name}.md").write_text("своё [[Заметка]]", encoding="utf-8")
    assert build(project, "#тег", "--strict") == (0, [])
    tags, drawn = (
        BeautifulSoup((project / "site" / name / "index.html").read_text(encoding="utf-8"), "html.parser").article
        for name in ("tegi", "karta-zametok")
    )
    assert "своё" in tags.text and tags.find(id="тег/тег").find_next("ul").a["href"] == "../zametka/"
    assert "своё" in drawn.text and "../zametka/" in {a["href"] for a in drawn.select(".map a")}


def test_signs_of_html_in_a_title_or_a_description_are_signs(project):
    properties = "title: 'List<b> & \"x\"'\ndescription: 'С \"кавычками\" и <i>'"
    assert build(project, f"---\n{properties}\n---\nтекст\n", "--strict") == (0, [])
    page = BeautifulSoup((project / "site" / "zametka" / "index.html").read_text(encoding="utf-8"), "html.parser")
    title = 'List<b> & "x"'
    assert page.title.text == f"{title} — Обучение с подкреплением" and page.h1.text == title
    assert page.find("meta", property="og:title")["content"] == title
    for key in ({"name": "description"}, {"property": "og:description"}):
        assert page.find("meta", key)["content"] == 'С "кавычками" и <i>'
    for path in ("zametka", "."):
        page = BeautifulSoup((project / "site" / path / "index.html").read_text(encoding="utf-8"), "html.parser")
        assert title in [link.text.strip() for link in page.select(".md-nav__link")]
        assert not page.select("nav b")
    found = json.loads((project / "site" / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert "List&lt;b&gt; &amp; &#34;x&#34;" in [entry["title"] for entry in found["docs"]]


def test_a_fault_of_ours_costs_one_page_and_says_so(monkeypatch, caplog):
    monkeypatch.setattr(main, "vault", Vault({"a.md": read_note("a.md", "раз < два".encode())}))
    monkeypatch.setattr(main.obsidian, "convert", lambda note, vault: 1 / 0)
    page = SimpleNamespace(file=SimpleNamespace(src_uri="a.md"), meta={})
    assert main.on_page_markdown("", page, None, None) == ""
    assert main.pages["a.md"] == Converted("<pre>раз &lt; два</pre>", [], [], [], [])
    what = "a.md: заметку не удалось перевести (ZeroDivisionError('division by zero')); сообщите об этом нам"
    assert caplog.messages == [what]


def test_a_note_that_stays_the_same_is_not_converted_again(monkeypatch):
    convert, converted = main.obsidian.convert, []
    monkeypatch.setattr(main.obsidian, "convert", lambda note, vault: converted.append(note.path) or convert(note, vault))
    monkeypatch.setattr(main, "vault", Vault({"a.md": read_note("a.md", b"text")}))
    monkeypatch.setattr(main, "conversions", {})
    page = SimpleNamespace(file=SimpleNamespace(src_uri="a.md"), meta={"template": "no.html"})
    for _ in range(2):
        main.on_page_markdown("", page, None, None)
    assert converted == ["a.md"]
    assert page.meta == {"title": "a", "diagrams": ""}


def test_a_symbolic_link_is_left_out_and_named_unless_it_leads_to_a_file_of_the_vault(monkeypatch, tmp_path, caplog):
    docs = tmp_path / "vault"
    docs.mkdir()
    for path in (docs / "Заметка.md", tmp_path / "чужое.md"):
        path.touch()
    for name, target in {"своя": "Заметка.md", "никуда": "нет", "чужая": "../чужое.md", "вверх": "..", "по кругу": "."}.items():
        (docs / name).symlink_to(target)
    names = ["своя", "никуда", "чужая", "вверх/чужое.md", "вверх/нет", "по кругу/Заметка.md", "Заметка.md"]
    files = [SimpleNamespace(src_uri=name, src_dir=str(docs), abs_src_path=str(docs / name)) for name in names]
    files.append(SimpleNamespace(src_uri="site.css", src_dir="overrides", abs_src_path="overrides/site.css"))
    monkeypatch.setattr(main, "log", logging.getLogger("here"))
    main._refuse_links(files, str(docs))
    assert [file.src_uri for file in files] == ["своя", "Заметка.md", "site.css"]
    assert caplog.messages == [
        "никуда: ссылка ведёт к файлу, которого нет; удалите её",
        "чужая: ссылка ведёт за пределы хранилища; положите в него сам файл",
        "вверх: ссылка ведёт за пределы хранилища; положите в него сам файл",
        "по кругу: ссылка ведёт к папке того же хранилища; удалите её",
    ]


def test_a_broken_notebook_is_left_out_and_named_any_other_stays(monkeypatch, caplog):
    good = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    texts = {
        "битый.ipynb": "{",
        "лишнее.ipynb": json.dumps(good | {"x" * 100: 1}),
        "свой.ipynb": json.dumps(good),
        "старый.ipynb": '{"worksheets": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}',
        "заметка.md": "{",
    }
    files = [SimpleNamespace(src_uri=name, content_string=text) for name, text in texts.items()]
    monkeypatch.setattr(main, "log", logging.getLogger("here"))
    main._refuse_broken_notebooks(files)
    assert [file.src_uri for file in files] == [*texts][2:]
    more = f"Additional properties are not allowed ('{'x' * 40}"
    assert [record.getMessage() for record in caplog.records if record.name == "here"] == [
        "битый.ipynb: не блокнот Jupyter (Notebook does not appear to be JSON: '{'); сохраните его заново или удалите",
        f"лишнее.ipynb: не блокнот Jupyter ({more}); сохраните его заново или удалите",
    ]


def test_an_author_s_own_notebook_offers_no_files(monkeypatch):
    monkeypatch.setattr(main, "vault", Vault({}, runs={"demo": Run("demo", SNIPPET, "", {})}))
    page = SimpleNamespace(file=SimpleNamespace(src_uri="свой.ipynb", name="свой"), meta={})
    html = '<div class="jp-MarkdownOutput"><h1>Свой</h1></div>'
    assert main.on_page_content(html, page, None, None) == trim(html)


@pytest.mark.parametrize(("notes", "seconds"), [(main.LISTED, main.LOOK), (main.LISTED + 1, 0.5)])
def test_a_save_is_noticed_soon_unless_the_vault_is_big(monkeypatch, tmp_path, notes, seconds):
    monkeypatch.setattr(main, "vault", Vault({f"{n}.md": read_note(f"{n}.md", b"") for n in range(notes)}))
    server = LiveReloadServer(lambda: None, "127.0.0.1", 0, str(tmp_path))
    server.watch(str(tmp_path))
    main.on_serve(server, None, None)
    server.watch(str(ROOT / "hooks"))
    assert {watcher.timeout for watcher in (server.observer, *server.observer.emitters)} == {seconds}


def test_a_big_vault_lists_what_its_home_page_links_to_and_a_small_one_all(project):
    docs = project / "docs"
    (docs / "index.md").write_text("[[В]] [[а1]]", encoding="utf-8")
    for name in ("В", *(f"а{n}" for n in range(main.LISTED))):
        (docs / f"{name}.md").write_text("", encoding="utf-8")

    def listed():
        assert build(project, "") == (0, [])
        page = BeautifulSoup((project / "site" / "index.html").read_text(encoding="utf-8"), "html.parser")
        return [link.text.strip() for link in page.select(".md-nav--primary > .md-nav__list > .md-nav__item > .md-nav__link")]

    assert listed()[1:] == ["В", "а1"]
    assert (project / "site" / "a7" / "index.html").exists()
    for n in range(5, main.LISTED):
        (docs / f"а{n}.md").unlink()
    assert listed()[1:] == ["В", "а1", "а0", "а2", "а3", "а4", "Заметка"]


def test_the_column_on_the_left_is_no_longer_than_it_may_be(monkeypatch):
    monkeypatch.setattr(main, "LISTED", 3)

    def order(home, *names):
        notes = {path: read_note(path, b"") for path in (f"{name}.md" for name in names)}
        listed = main._reading_order({"index.md": read_note("index.md", home.encode()), **notes}, "index.md", ["b.ipynb"])
        return " ".join(path.removesuffix(".md") for path in listed[:-1]), listed[-1]

    books = {"Блокноты": ["b.ipynb"]}
    assert order("[[в]]", "а", "в") == ("index в а", books)
    assert order("[[в]]", "а", "б", "в") == ("index в", books)
    assert order("[[д]] [[г]] [[в]] [[б]] [[а]]", *"абвгд") == ("index д г в", books)


def test_a_vault_gets_the_home_page_the_tags_and_the_map_that_it_lacks():
    def added(title, **texts):
        notes = {f"{name}.md": read_note(f"{name}.md", text.encode()) for name, text in texts.items()}
        return {path: read_note(path, text.encode()) for path, text in main._added(notes, title).items()}

    home = added('Сад 🌱 "x"', б="", а_1="")
    assert [*home] == ["index.md"]
    assert home["index.md"].title == 'Сад 🌱 "x"'
    assert home["index.md"].text == "- [а\\_1](</%D0%B0_1>)\n- [б](</%D0%B1>)\n"
    assert added("", index="", а="---\npublish: false\n---\n#тег", б="") == {}
    others = added("", index="#тег", а="", б="")
    assert {path: note.meta for path, note in others.items()} == {
        TAGS: {"description": "Заметки по тегам"},
        MAP: {"description": "Все заметки и ссылки между ними одной картинкой"},
    }
    assert added("", Теги="#тег", index="") == {}


@pytest.mark.parametrize(
    ("texts", "table", "run"),
    [
        (["слово one, ![[two.py]]"], {}, True),
        (["2%%two: точек%% и one"], {}, True),
        (["слово", "[файл](two.py)", "слово"], {}, True),
        (["слово two.py"], {}, False),
        (["слово"], {"1.png": Figure("two-line")}, True),
        (["one: two, one-two two-line.png"], {}, False),
        (["слово"], {}, False),
    ],
)
def test_snippets_run_if_a_note_or_the_table_names_one(monkeypatch, tmp_path, texts, table, run):
    (tmp_path / "snippets").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / "snippets" / f"{name}.py").touch()
    monkeypatch.setattr(main.runner, "run_all", lambda *folders: folders)
    notes = {str(n): SimpleNamespace(text=text) for n, text in enumerate(texts)}
    folders = tmp_path / "snippets", tmp_path / ".cache" / "snippets"
    assert main._runs(tmp_path, notes, table) == (folders if run else {})


@pytest.mark.parametrize(
    ("name", "text", "heading"),
    [
        ("Index.md", "# Своя\n", "Своя#"),
        ("index.md", "---\npublish: false\n---\n# Своя\n", "Обучение с подкреплением"),
        ("index.md", "---\npermalink: home\n---\n# Своя\n", "Обучение с подкреплением"),
    ],
)
def test_a_site_begins_with_the_note_that_has_its_first_address_or_with_a_list(project, name, text, heading):
    (project / "docs" / "index.md").unlink()
    (project / "docs" / name).write_text(text, encoding="utf-8")
    assert build(project, "", "--strict") == (0, [])
    first, note = (
        BeautifulSoup((project / "site" / path / "index.html").read_text(encoding="utf-8"), "html.parser")
        for path in ("", "zametka")
    )
    assert (first.title.text, first.h1.text) == ("Обучение с подкреплением", heading)
    assert note.select_one(".md-logo")["href"] == ".."


def test_another_vault_builds_by_inherit_and_its_own_docs_dir(project):
    (project / "vault").mkdir()
    note = "Слово: [[мысль]], demo: demos, demo-версия, `demo.py`\n"  # words that snippets are called by, and no snippet
    (project / "vault" / "Мысль.md").write_text(note, encoding="utf-8")
    (project / "other.yml").write_text("INHERIT: mkdocs.yml\ndocs_dir: vault\nsite_dir: out\n", encoding="utf-8")
    code, log = build(project, "", "--strict", "-f", "other.yml")
    assert (code, log) == (0, [])
    page = (project / "out" / "mysl" / "index.html").read_text(encoding="utf-8")
    assert "Слово: <a" in page
    assert not (project / "out" / "notebooks").exists()
    assert [path.name for path in (project / "vault").rglob("*")] == ["Мысль.md"]  # nothing is written there


def test_a_page_has_its_contents_its_figures_with_their_code_its_listings_and_formulas(project):
    (project / "docs" / "figures.yml").write_text("1.png: {figure: demo-line, label: Рис. 4}\n", encoding="utf-8")
    note = "---\ntitle: Имя\ndescription: О чём\n---\n## A *b*\n### C\n#### D\n![[1.png]] ![[demo.py]] $x$\n"
    assert build(project, note, "--strict") == (0, [])
    text = (project / "site" / "zametka" / "index.html").read_text(encoding="utf-8")
    found = BeautifulSoup(text, "html.parser")
    contents = found.select(".md-nav--secondary .md-nav__link[href^='#']")
    assert {link["href"]: link.text.strip() for link in contents} == {"#a-b": "A b", "#c": "C"}
    assert found.select_one("#demo-line > figcaption").text == "Рис. 4. Прямая."
    assert found.select_one("#demo-line + details.code .k").text == "def"
    listing = found.select_one(".filename").parent
    assert listing["class"] == ["language-python", "highlight"]
    assert listing.text.startswith("demo.py") and 'print("точек = 2")' in listing.text
    assert found.select_one("math annotation").text == "x"
    assert found.title.text.startswith("Имя") and found.find("meta", {"name": "description"})["content"] == "О чём"


def test_the_table_of_lost_screenshots_is_read_as_it_is_written(tmp_path, windows):
    table = tmp_path / "figures.yml"
    assert main._pasted(table) == {}
    table.write_text("Снимок.png: {figure: demo-line, label: Рис. 4}\n2.png: {figure: demo-line}\n", encoding="utf-8")
    assert main._pasted(table) == {"Снимок.png": Figure("demo-line", "Рис. 4"), "2.png": Figure("demo-line", "")}


def test_templates_are_no_pages(project):
    docs = project / "docs"
    settings = {".obsidian/templates.json": '{"folder": "Мои/заготовки/"}', ".obsidian/plugins/templater-obsidian/data.json": "[]"}
    notes = ("Templates/a.md", "99 Шаблоны/b.md", "Мои/заготовки/c.md", "Мои/d.md", "Шаблоны проектирования/e.md")
    for name, text in settings.items() | {name: "[[{{title}}]]" for name in notes[:3]}.items() | {name: "" for name in notes[3:]}.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, encoding="utf-8")
    assert build(project, "[[Templates/a]] [[Мои/d]] [[e]]", "--strict") == (0, [])
    page = BeautifulSoup((project / "site" / "zametka" / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert [a["href"] for a in page.article.p.select("a")] == ["../moi/d/", "../shablony-proektirovaniia/e/"]


def test_folders_of_templates_are_those_called_so_and_those_of_both_settings(tmp_path, windows):
    for name in (".obsidian/plugins/templater-obsidian", "Шаблон", "Заметки"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".obsidian/templates.json").write_text('{"folder": "Xа"}', encoding="utf-8")
    settings = tmp_path / ".obsidian/plugins/templater-obsidian/data.json"
    settings.write_text('{"templates_folder": "/б/в/"}', encoding="utf-8")
    assert sorted(main._templates(tmp_path)) == ["Xа/", "Шаблон/", "б/в/"]


@pytest.mark.parametrize("settings", ["", "{", "{}", "[]", "null", '{"folder": null}', '{"folder": "/"}'])
def test_settings_that_name_no_folder_of_templates_stop_nothing(tmp_path, settings):
    (tmp_path / ".obsidian").mkdir()
    (tmp_path / ".obsidian" / "templates.json").write_text(settings, encoding="utf-8")
    assert main._templates(tmp_path) == ()


def test_the_setting_of_strict_line_breaks_holds_for_the_site(project):
    settings = project / "docs" / ".obsidian" / "app.json"
    settings.parent.mkdir()
    for text, shown in ('{"strictLineBreaks": true}', "раз\nдва"), ("{", "раз<br>\nдва"):
        settings.write_text(text, encoding="utf-8")
        assert build(project, "раз\nдва\n", "--strict") == (0, [])
        assert f"<p>{shown}</p>" in (project / "site" / "zametka" / "index.html").read_text(encoding="utf-8")


def test_what_is_wrong_in_a_text_that_two_pages_take_in_is_said_once(project):
    (project / "docs" / "Другая.md").write_text("![[Заметка]]", encoding="utf-8")
    _, log = build(project, "[[Нет]]")
    assert len(log) == 1


@pytest.mark.parametrize(
    ("note", "headings", "contents"),
    [
        ("текст\n# A\n## B\n# C\n", ["Заметка", "A", "B", "C"], ["A", "B", "C"]),
        ("---\ncssclasses: wide\n---\n# A ^id\n## B\n# C\n", ["A", "B", "C"], ["B", "C"]),
        ("# A\n## B\n", ["A", "B"], ["B"]),
        ("## B\n#### C\n", ["Заметка", "B", "C"], ["B"]),
        ("# A\n# C\n", ["A", "C"], ["C"]),
    ],
)
def test_a_page_begins_with_its_title_and_its_contents_are_all_the_headings_below(monkeypatch, note, headings, contents):
    note = read_note("Заметка.md", note.encode())
    monkeypatch.setattr(main, "vault", Vault({note.path: note}))
    page = SimpleNamespace(file=SimpleNamespace(src_uri=note.path), meta={})
    main.on_page_markdown("", page, None, None)
    found = BeautifulSoup(main.on_page_content("", page, None, None), "html.parser").select("h1, h2, h4")
    shown = [heading.find(string=True) for heading in found]
    assert shown == headings[len(headings) - len(shown) :] and (shown == headings or found[0].name == "h2")
    root, *others = page.toc  # as the theme does
    listed = root.children if root.level == 1 else [root, *others]
    assert [item.title for top in listed for item in (top, *top.children)] == contents
    assert root.level != 1 or (root.title, root.id, others) == (headings[0], "" if headings[0] == "Заметка" else "a", [])


def test_what_leads_nowhere_is_listed_until_it_leads_somewhere(project):
    listed = project / ".cache" / "unresolved.md"
    build(project, "[[Б]] [[А]]\n[[А]]\n")
    assert listed.read_text(encoding="utf-8") == (
        "# Ссылки в никуда\n\n- А: Заметка.md, строка 1; Заметка.md, строка 2\n- Б: Заметка.md, строка 1\n"
    )
    build(project, "[[index]]")
    assert not listed.exists()


def test_the_list_of_what_leads_nowhere_can_be_read_anywhere_and_the_log_says_where_it_is(monkeypatch, tmp_path, caplog, windows):
    monkeypatch.setattr(main, "log", logging.getLogger("here"))
    caplog.set_level(logging.INFO, "here")
    path = tmp_path / ".cache" / "unresolved.md"
    main._report({"а.md": [Link(1, "Нет", None, ""), Link(2, "б", "б.md", "")], "б.md": [Link(3, "Ёж", None, "")]}, path)
    assert path.read_text(encoding="utf-8") == "# Ссылки в никуда\n\n- Нет: а.md, строка 1\n- Ёж: б.md, строка 3\n"
    assert caplog.messages == [f"Ссылок в никуда: 2, их список: {path}"]


def test_of_two_notes_with_one_alias_the_first_has_it_and_the_log_says_so(monkeypatch, tmp_path, caplog):
    notes = {path: read_note(path, "---\naliases: [Имя]\n---\n".encode()) for path in ("а.md", "б.md")}
    for name, value in {
        "vault": Vault(notes),
        "pages": dict.fromkeys(notes, Converted("", [], [], [], [])),
        "conversions": {},
        "log": logging.getLogger("here"),
    }.items():
        monkeypatch.setattr(main, name, value)
    plugins = SimpleNamespace(_current_plugin=None)
    config = SimpleNamespace(config_file_path=str(tmp_path / "mkdocs.yml"), site_dir="", use_directory_urls=True, plugins=plugins)
    env, files = Environment(loader=FileSystemLoader(ROOT / "overrides")), []
    main.on_env(env, config, files)
    assert [file.dest_uri for file in files] == ["imia/index.html"]
    assert "<title>а</title>" in files[0].content_string and "url=../a/" in files[0].content_string
    assert caplog.messages == ["б.md, строка 1: псевдоним «Имя» уже есть у «а.md»; оставьте его одной из двух заметок"]
    compiled = tmp_path / ".cache" / "templates"  # once, and not at every build
    assert env.bytecode_cache.directory == str(compiled) and [*compiled.iterdir()]


def test_pages_stand_in_the_order_in_which_the_home_page_links_to_them(project):
    (project / "docs" / "index.md").write_text("`[[А]]` [[В]] [а](Заметка.md) [[Нет]]", encoding="utf-8")
    for name in "бВА":
        (project / "docs" / f"{name}.md").write_text("", encoding="utf-8")
    build(project, "![[demo.py]]")
    page = BeautifulSoup((project / "site" / "index.html").read_text(encoding="utf-8"), "html.parser")
    shown = [link.text.strip() for link in page.select(".md-nav--primary > .md-nav__list > .md-nav__item > .md-nav__link")]
    assert shown[1:6] == ["В", "Заметка", "А", "б", "Блокноты"]
