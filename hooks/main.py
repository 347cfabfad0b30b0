"""What MkDocs calls: the vault is read, snippets run, notes converted. The work is in the modules beside."""

import gc
import gzip
import json
import logging
import os
import re
from contextlib import suppress
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import quote

import nbformat
import yaml
from jinja2 import FileSystemBytecodeCache
from markdown.extensions.toc import nest_toc_tokens
from markupsafe import Markup
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.structure.toc import get_toc

import around
import figures
import incremental
import markup
import notebooks
import obsidian
import runner
import tex
from listings import code_html
from vault import Figure, Problem, Vault, addresses, relative

# a build makes millions of objects and few cycles: Python looks for them after every 700 objects unless told
gc.set_threshold(10_000)
log = logging.getLogger("mkdocs.hooks.obsidian")
# MkDocs leaves a README.md beside an index.md out; here it has an address of its own
README = re.compile(r"Excluding '(?:.*/)?README\.md' ")
logging.getLogger("mkdocs.structure.files").addFilter(lambda record: not README.match(record.getMessage()))

FIGURE = re.compile(r'<figure id="([^"]+)"(?: data-label="([^"]*)")?></figure>')
LISTING = re.compile(r'<div id="([^"]+)" data-listing="(\w+)"></div>')
HIDDEN = re.compile(r"(?:^|/)\.")
TEMPLATES = re.compile(r"[\W\d_]*(?:templates?|шаблоны?)", re.I)
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
TITLED = re.compile(r'(?:<div class="[^"]*">\n)?(?:<span id="[^"]*"></span>)?<h1')
LISTED = 200  # pages that the column on the left holds: it stands on every page, n pages make n² lines of it
SENTENCES = 3  # of one note that a page shows under «Сюда ссылаются»
LOOK = 0.1  # seconds between two looks of `mkdocs serve` at the files of a vault that is no bigger
HOME = "index.html"
MERMAID = "assets/mermaid.min.js"
DIAGRAMS = Path(__file__).parent / "vendor" / "mermaid.min.js.gz"

# MkDocs loads this module once: under `mkdocs serve` all this outlives the build
readings: dict[str, incremental.Reading] = {}
conversions: dict[str, incremental.Conversion] = {}
vault = Vault({})
pages: dict[str, obsidian.Converted] = {}
said: set[Problem] = set()
titles: dict[str, str] = {}
links: around.Links = {}
back: dict[str, dict[str, list[str]]] = {}


@event_priority(100)  # before mkdocs-jupyter, which looks for notebooks among the files
def on_files(files, config):
    """Read the vault, run its snippets, add their notebooks, give every page its address."""
    global vault, readings
    pages.clear()
    said.clear()
    root = Path(config.config_file_path).parent
    for index in [file for file in files if file.src_dir == config.docs_dir and file.name == "index"]:
        readme = Path(index.src_uri).with_name("README.md").as_posix()
        if readme not in files.src_uris and (Path(config.docs_dir) / readme).exists():
            _add(files, config, readme, Path(config.docs_dir))
    _refuse_names(files)
    _refuse_links(files, config.docs_dir)
    _refuse_broken_notebooks(files)
    sources = {file.src_uri: file for file in files.documentation_pages()}
    last, readings = readings, {}
    for path, file in sources.items():
        readings[path] = incremental.read(path, file.content_bytes, last.get(path))
    notes = {path: reading.note for path, reading in readings.items()}
    templates = _templates(Path(config.docs_dir))
    for path in notes:
        if path.startswith(templates):
            notes[path] = replace(notes[path], meta={"publish": False})
    for path, text in _added(notes, config.site_name).items():
        sources[path] = File.generated(config, path, content=text)
        readings[path] = incremental.read(path, text.encode(), last.get(path))
        notes[path] = readings[path].note
        files.append(sources[path])
    destinations, problems = addresses(notes)
    for path, file in sources.items():
        if path in destinations:
            file.dest_uri = destinations[path]
        else:  # not published
            files.remove(file)
    for problem in problems:
        log.warning(problem)
    pasted = _pasted(Path(config.docs_dir) / "figures.yml")
    runs = _runs(root, notes, pasted)
    for run in runs.values():
        _add(files, config, f"snippets/{run.name}.py", root)
        if not run.error:
            path = root / ".cache" / "notebooks" / f"{run.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(notebooks.notebook(run), encoding="utf-8")
            _add(files, config, f"notebooks/{run.name}.ipynb", root / ".cache")
    folders = {config.docs_dir, str(root), str(root / ".cache")}  # not the theme's
    attached = {file.src_uri for file in files if file.src_dir in folders and not HIDDEN.search(file.src_uri)}
    strict = _setting(Path(config.docs_dir), "app.json", "strictLineBreaks") is True
    vault = Vault(notes, frozenset(attached) - frozenset(notes), runs, pasted, breaks=not strict)
    hooks = Path(__file__).parent
    for source in (hooks / "session.py", hooks / "svg.py", root / "snippets" / "matplotlibrc"):
        if source.exists():  # what the reader's browser runs and draws with
            files.append(File.generated(config, f"assets/run/{source.name}", abs_src_path=str(source)))
    good = [run for run in runs.values() if not run.error]
    books = [f"notebooks/{run.name}.ipynb" for run in good]
    if good:
        files.append(File.generated(config, "notebooks/examples.zip", content=notebooks.archive(tuple(good))))
    if any("```mermaid" in note.text or "~~~mermaid" in note.text for note in notes.values()):
        files.append(File.generated(config, MERMAID, content=gzip.decompress(DIAGRAMS.read_bytes())))
    home = next(path for path, address in destinations.items() if address == HOME)
    sources[home].name = "index"  # MkDocs knows its home page by that, and Obsidian's may be Index.md
    config.nav = config.nav or _reading_order({path: notes[path] for path in destinations}, home, books)
    return files


def _refuse_names(files) -> None:
    """Leave out files whose names are no text: an archive from old Windows has such."""
    for file in list(files):
        shown = os.fsencode(file.src_uri).decode("utf-8", "replace")
        if shown != file.src_uri:
            files.remove(file)
            log.warning("%s: имя этого файла не в UTF-8; переименуйте его", shown)


def _refuse_links(files, docs: str) -> None:
    """Leave out what a symbolic link brings in from outside the vault, from nowhere or a second time."""
    root = Path(docs).resolve()
    refused = {}
    for file in [file for file in files if file.src_dir == docs]:
        path, real = root / file.src_uri, Path(os.path.realpath(file.abs_src_path))
        if path == real:
            continue
        link = next((above for above in reversed(path.parents) if above.is_symlink()), path)
        if not real.is_relative_to(root):
            refused[link] = "за пределы хранилища; положите в него сам файл"
        elif not real.is_file():
            refused[link] = "к файлу, которого нет; удалите её"
        elif link != path:
            refused[link] = "к папке того же хранилища; удалите её"
        else:
            continue
        files.remove(file)
    for link, where in refused.items():
        log.warning("%s: ссылка ведёт %s", link.relative_to(root).as_posix(), where)


def _templates(docs: Path) -> tuple[str, ...]:
    """Return the folders of templates: those called so and those that Obsidian's settings name."""
    found = [path.name for path in docs.iterdir() if path.is_dir() and TEMPLATES.fullmatch(path.name)]
    found.append(_setting(docs, "templates.json", "folder"))
    found.append(_setting(docs, "plugins/templater-obsidian/data.json", "templates_folder"))
    folders = (folder.strip("/") for folder in found if isinstance(folder, str))
    return tuple(f"{folder}/" for folder in folders if folder)


def _setting(docs: Path, file: str, key: str):
    """Return what the settings of Obsidian say, None if they say nothing."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        return json.loads((docs / ".obsidian" / file).read_text(encoding="utf-8"))[key]
    return None


def _refuse_broken_notebooks(files) -> None:
    """Leave out the notebooks that mkdocs-jupyter would stop at."""
    for file in [file for file in files if file.src_uri.endswith(".ipynb")]:
        try:
            nbformat.validate(nbformat.reads(file.content_string, as_version=nbformat.NO_CONVERT))
        except Exception as error:  # whatever is wrong in it
            files.remove(file)
            what = str(error).splitlines()[0][:80]
            log.warning("%s: не блокнот Jupyter (%s); сохраните его заново или удалите", file.src_uri, what)


def _added(notes: dict, title: str) -> dict[str, str]:
    """Return the notes that the site adds to the vault: a home page if it has none, the tags, the map.

    The text of the latter two is made when all notes have been read.
    """
    published = [note for note in notes.values() if note.published]
    added = {}
    if all(note.address for note in published):  # none is at the site's first address
        paths = sorted(note.path.removesuffix(".md") for note in published)
        rows = ((PUNCTUATION.sub(r"\\\1", path), quote(path)) for path in paths)
        listed = "".join(f"- [{name}](</{address}>)\n" for name, address in rows)
        home = "Index.md" if "index.md" in notes else "index.md"
        added[home] = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n{listed}"
    if any(note.tagged for note in published):
        added[around.TAGS] = "---\ndescription: Заметки по тегам\n---\n"
    if len(published) > 2:
        added[around.MAP] = "---\ndescription: Все заметки и ссылки между ними одной картинкой\n---\n"
    return {path: text for path, text in added.items() if path not in notes}


def _pasted(table: Path) -> dict[str, Figure]:
    """Read the table of lost screenshots: pasted name → figure and its label."""
    if not table.exists():
        return {}
    rows = yaml.safe_load(table.read_text(encoding="utf-8"))
    return {name: Figure(row["figure"], row.get("label", "")) for name, row in rows.items()}


def _runs(root: Path, notes: dict, pasted: dict) -> dict:
    """Run the snippets, if the vault shows any of them or takes a number from one."""
    drawn = (f"![[{figure.name}.svg]]" for figure in pasted.values())
    text = "\n".join([*(note.text for note in notes.values()), *drawn])
    names = [path.stem for path in (root / "snippets").glob("*.py") if path.stem in text]
    name = f"(?:{'|'.join(map(re.escape, names))})"
    # a link or an embed: another vault may well speak of a file of such a name
    shown = rf"%%\s*{name}:|(?:\[\[|\]\()[^\[\])\n]*\b{name}(?:\.py|\.ipynb|-[\w-]+\.svg)\b"
    if not names or not re.search(shown, text):
        return {}
    return runner.run_all(root / "snippets", root / ".cache" / "snippets")


def _add(files, config, uri: str, folder: Path) -> None:
    # not File.generated: mkdocs-jupyter asks for a file of a folder
    files.append(File(uri, str(folder), config.site_dir, config.use_directory_urls))


def _reading_order(notes: dict, home: str, books: list[str]) -> list:
    """Order the pages as the home page links to them; the rest by name, unless the vault is too big."""
    known = Vault(notes)
    linked = [link.path for link in around.links(markup.parse(notes[home].text), notes[home], known)]
    rest = sorted(notes.keys() - {around.TAGS, around.MAP}, key=lambda path: notes[path].title.casefold())
    listed = [*linked, *rest] if len(notes) <= LISTED else linked
    order = dict.fromkeys(path for path in [home, *listed] if path in notes)
    return [*[*order][: LISTED + 1], *([{"Блокноты": books}] if books else [])]


def on_nav(nav, config, files):
    """Learn where every page and file is going to be; mkdocs-jupyter has made pages of the notebooks."""
    vault.urls = {file.src_uri: file.url for file in files if file.inclusion.is_included()}


def on_page_read_source(page, config):
    """Give MkDocs the note's text, after an empty line.

    Without one it takes a first line like `Word: text` for metadata and drops it.
    """
    note = vault.notes.get(page.file.src_uri)
    return note and f"\n{note.text}"


def on_page_markdown(markdown, page, config, files):
    """Convert the note, to the last: nothing is left for Python-Markdown, which reads lists otherwise.

    What is wrong in the note goes to the log, one line each.
    """
    note = vault.notes.get(page.file.src_uri)
    if note is None:  # a notebook: the search has its text from the page of its snippet
        page.meta["search"] = {"exclude": True}
        return None
    try:
        conversion = incremental.convert(note, vault, conversions.get(note.path))
        conversions[note.path], converted = conversion, conversion.page
    except Exception as error:  # a fault of ours must not cost the author the other pages
        log.warning("%s: заметку не удалось перевести (%r); сообщите об этом нам", note.path, error)
        converted = obsidian.Converted(f"<pre>{escape(note.text)}</pre>", [], [], [], [])
    pages[page.file.src_uri] = converted
    for problem in converted.problems:
        if problem not in said:  # of a text that several pages take in
            said.add(problem)
            log.warning(problem)
    # of the note's properties only these: an unknown `template` or `icon` would end the build
    page.meta = {"title": Markup.escape(note.title)}  # the theme writes both as they are
    page.meta["diagrams"] = MERMAID if '<pre class="mermaid">' in converted.html else ""
    if description := note.meta.get("description"):
        page.meta["description"] = Markup.escape(str(description))
    return ""


def on_page_content(html, page, config, files):
    """Give the page its text and contents; dress the notebooks."""
    if page.file.src_uri not in vault.notes:
        run = vault.runs.get(page.file.name)
        downloads = (
            (f"{run.name}.ipynb", f"Скачать {run.name}.ipynb"),
            (f"../../snippets/{run.name}.py", f"Скачать {run.name}.py"),
            ("../examples.zip", "Все примеры и блокноты одним архивом"),
        ) if run else ()
        return notebooks.trim(html, run, downloads)
    converted = pages[page.file.src_uri]
    title, titled = escape(vault.notes[page.file.src_uri].title), TITLED.match(converted.html)
    page.toc = get_toc(nest_toc_tokens(_entries(converted.contents, "" if titled else title)))
    if titled or "<h1" not in converted.html:  # where there is none, the theme writes it
        return converted.html
    return f"<h1>{title}</h1>\n{converted.html}"


def _entries(contents: list[obsidian.Heading], title: str) -> list[dict]:
    """Return the contents of a page, its title first if the note does not begin with it.

    The theme shows what is below the first heading of level 1: others of that level go down.
    """
    shown = [heading for heading in contents if heading.level <= 3]
    root, rest = ([obsidian.Heading(1, "", title)], shown) if title else (shown[:1], shown[1:])
    if any(heading.level == 1 for heading in rest):
        shown = root + [heading._replace(level=heading.level + 1) for heading in rest]
    return [{"level": heading.level, "id": heading.id, "name": heading.text} for heading in shown]


def on_env(env, config, files):
    """All notes have been read: turn their links round, make the pages of what surrounds them."""
    global links, back, titles
    templates = Path(config.config_file_path).parent / ".cache" / "templates"
    templates.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(templates))  # else each build compiles them
    for path in conversions.keys() - pages.keys():
        del conversions[path]
    titles = {path: vault.notes[path].title for path in pages}
    links = {path: converted.links for path, converted in pages.items()}
    back = around.backlinks(links)
    _report(links, Path(config.config_file_path).parent / ".cache" / "unresolved.md")
    taken = {file.dest_uri for file in files}
    redirects, problems = around.redirects({path: vault.notes[path] for path in pages})
    for problem in problems:
        log.warning(problem)
    for address, path in redirects.items():
        if address not in taken:
            template = env.get_template("redirect.html")
            page = template.render(title=vault.notes[path].title, url=relative(vault.urls[path], address))
            files.append(File.generated(config, address, content=page))


def _report(links: around.Links, path: Path) -> None:
    """Write the list of the links that lead nowhere, the most wanted notes first."""
    wanted = around.unresolved(links)
    if not wanted:
        path.unlink(missing_ok=True)
        return
    rows = ["# Ссылки в никуда\n\n"]
    for name, places in wanted.items():
        rows.append(f"- {name}: {'; '.join(f'{note}, строка {line}' for note, line in places)}\n")
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(rows), encoding="utf-8")
    log.info("Ссылок в никуда: %d, их список: %s", sum(map(len, wanted.values())), path)


@event_priority(-100)  # after the search, which wants only words
def on_page_context(context, page, config, nav):
    """Put formulas, figures and listings into the page; give the templates what surrounds the note."""
    path = page.file.src_uri
    if path not in pages:
        return
    page.content = _filled(page.content)
    own = [path for path in (around.TAGS, around.MAP) if path in pages and not vault.notes[path].text]
    note = vault.notes[path]
    context["tags"], context["tags_path"] = around.tags([], note), around.TAGS
    context["date"] = note.date and (note.date.isoformat(), around.in_words(note.date))
    context |= {"titles": titles, "note_url": partial(vault.url, source=path), "tag_id": around.tag_id}
    link = context["link"] = partial(_link, source=path)
    if path not in own:
        sentences = {source: found for source, found in back.get(path, {}).items() if source not in own}
        incoming = [link(source) for source in sentences]
        outgoing = [link(target) for target in around.outgoing(path, links) if target not in own]
        said_there = [[*map(tex.replace_math, found[:SENTENCES])] for found in sentences.values()]
        context["backlinks"] = [*zip(incoming, said_there, strict=True)]
        context["neighbours"] = incoming, outgoing
        context["curves"] = around.curves(len(incoming), len(outgoing))
        context["map_path"] = around.MAP if around.MAP in pages else ""
    if path == around.TAGS:  # after the words of an author who has such a note
        context["all_tags"] = around.tagged({path: converted.tags for path, converted in pages.items()})
    if path == around.MAP:
        notes = {path: title for path, title in titles.items() if path not in own}
        context["vault_map"] = around.draw_map(links, notes)


def _link(path: str, source: str) -> str:
    # not a macro of the template: there are dozens on a page, and Jinja takes its time for each
    return f'<a href="{vault.url(path, source)}">{escape(titles[path])}</a>'


def _filled(html: str) -> str:
    html = FIGURE.sub(_figure, tex.replace_math(html))
    return LISTING.sub(lambda m: code_html(vault.runs[m[2]].source, "python", m[1]), html)


def _figure(match: re.Match) -> str:
    snippet, _ = runner.figure_function(match[1])
    return figures.figure_html(vault.runs[snippet], match[1], match[2] or "", with_code=True)


def on_serve(server, config, builder):
    """Notice a save sooner than MkDocs does, which looks twice a second: a rebuild takes no longer."""
    if len(vault.notes) <= LISTED:
        for watcher in (server.observer, *server.observer.emitters):
            watcher._timeout = LOOK
    return server
