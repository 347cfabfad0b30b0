"""Snippets: each is run once as its reader would run it, and what it left is remembered."""

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

FIGURE = "figure_"
TIMEOUT = 60.0  # seconds; a snippet is meant to take 1.5
ABANDONED = 3600.0  # seconds after which a run's folder can only belong to a killed build
LIBRARIES = ("numpy", "matplotlib")


@dataclass(frozen=True)
class Run:
    """What a snippet printed and drew.

    `figures` maps a figure's name without `.svg` to the SVG's text. `error` is None when all went
    well, else one sentence for the author; there are no figures then.
    """

    name: str
    source: str
    stdout: str
    figures: dict[str, str]
    error: str | None = None

    def __hash__(self) -> int:  # what is made of a run is made once, however often `serve` builds
        return hash((self.name, self.source))


class SnippetError(ValueError):
    """A sentence for the snippet's author: file, line, what is wrong and its cure."""


def run_all(folder: Path, cache: Path, timeout: float = TIMEOUT) -> dict[str, Run]:
    """Run every snippet of a folder whose last good result is not in the cache.

    Parameters
    ----------
    folder : the snippets, `*.py`, and the `matplotlibrc` they are drawn with (if there is one)
    cache : where good results are kept, one JSON file each; made if missing
    timeout : seconds that a snippet may take

    Returns
    -------
    The runs by the snippets' names, in alphabetical order. A failed one has an `error`.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.py"))}
    cache.mkdir(parents=True, exist_ok=True)
    _forget(cache, keep=set(paths))
    common = _fingerprint(folder)
    keys = {name: _digest(common, path.read_bytes()) for name, path in paths.items()}
    runs = {name: _remembered(cache, name, key) for name, key in keys.items()}
    missing = [name for name, run in runs.items() if run is None]
    if missing:
        environment = _environment(folder, cache)
        _find_fonts(environment)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = pool.map(lambda name: _run(paths[name], cache, keys[name], environment, timeout), missing)
            runs |= zip(missing, done, strict=True)
    return runs


def figure_function(figure: str) -> tuple[str, str]:
    """Return the snippet and the function that draw a figure.

    `cem-elite` is drawn by `figure_elite` of `cem.py`.
    """
    snippet, _, what = figure.partition("-")
    return snippet, FIGURE + what


def function_source(source: str, name: str) -> str:
    """Return the source of a top-level function or class, decorators included.

    Raises
    ------
    KeyError : there is none of that name
    """
    node = _definitions(source)[name]
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def caption_and_alt(source: str, figure: str) -> tuple[str, str]:
    """Return what the docstring of a figure's function says.

    Parameters
    ----------
    source : the snippet's text
    figure : the figure's name, `cem-elite`

    Returns
    -------
    Its first paragraph (the caption) and all others (the alt text), each on one line.

    Raises
    ------
    KeyError : the snippet has no such function
    SnippetError : the docstring is missing or has one paragraph only
    """
    snippet, function = figure_function(figure)
    node = _definitions(source)[function]
    paragraphs = re.split(r"\n\s*\n", (ast.get_docstring(node) or "").strip())
    caption, *alt = [" ".join(p.split()) for p in paragraphs]
    if not caption:
        _fail(
            snippet,
            node.lineno,
            f"у функции {function} нет докстринга; напишите в нём подпись к рисунку и, через "
            "пустую строку, описание для тех, кто рисунка не видит",
        )
    if not alt:
        _fail(
            snippet,
            node.lineno,
            f"в докстринге функции {function} только подпись; добавьте через пустую строку "
            "описание рисунка для тех, кто его не видит",
        )
    return caption, " ".join(alt)


def printed(stdout: str) -> dict[str, str]:
    """Return the values of the lines `label = value` by their labels."""
    return dict(_numbers(stdout))


def _numbers(stdout: str) -> list[tuple[str, str]]:
    lines = (line.rpartition(" = ") for line in stdout.splitlines())
    return [(label.strip(), value.strip()) for label, equals, value in lines if equals]


def _run(path: Path, cache: Path, key: str, environment: dict[str, str], timeout: float) -> Run:
    name, source = path.stem, path.read_text(encoding="utf-8", errors="replace")
    # the result is written beside the run and moved into the cache whole: the same file system
    with TemporaryDirectory(dir=cache, prefix=".run-") as temporary:
        workplace = Path(temporary, name)
        workplace.mkdir()
        shutil.copy(path, workplace)
        stdout, failure = _python(workplace / path.name, environment, timeout)
        figures = {svg.stem: svg.read_text(encoding="utf-8") for svg in sorted(workplace.glob("*.svg"))}
        run = Run(name, source, stdout, figures)
        try:
            if failure:
                _fail(name, *failure)
            _check(run)
        except SnippetError as error:
            return Run(name, source, stdout, {}, f"{path.parent.name}/{error}")
        result = Path(temporary, "result.json")
        result.write_bytes(json.dumps({"key": key, "run": asdict(run)}).encode())
        result.replace(cache / f"{name}.json")
        return run


def _python(program: Path, environment: dict[str, str], timeout: float) -> tuple[str, tuple[int, str] | None]:
    """Run a program in its folder; return what it printed, and line and cause of its failure."""
    process = subprocess.Popen(
        [sys.executable, program.name],
        cwd=program.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler writes where the program was
        stdout, stderr = process.communicate()
        line = _lines_in(program.name, stderr)[:1]  # innermost first
        cause = f"программа не закончилась за {timeout:g} с; сократите расчёт или уберите "
        return stdout, (*(line or [1]), cause + "бесконечный цикл")
    except BaseException:
        process.kill()
        raise
    if process.returncode == 0:
        return stdout, None
    line = _lines_in(program.name, stderr)[-1:] or [1]  # innermost last
    said = _last_words(stderr)
    what = f"Python говорит «{said}»" if said else f"программа закончилась с кодом {process.returncode}"
    return stdout, (*line, f"{what}; исправьте и проверьте командой python {program.name}")


def _lines_in(program: str, traceback: str) -> list[int]:
    found = re.findall(rf'^ *File "(?:[^"]*[\\/])?{re.escape(program)}", line (\d+)', traceback, re.M)
    return [int(line) for line in found]


def _last_words(stderr: str) -> str:
    """Return the first line of the last exception's message, or the last line of all."""
    lines = stderr.splitlines()
    frames = [i for i, line in enumerate(lines) if line.startswith('  File "')]
    after = lines[frames[-1] + 1 :] if frames else lines[-1:]
    return next((line for line in after if line[:1].strip()), "").strip()


def _check(run: Run) -> None:
    """Hold a snippet to its word: figures, their texts, unambiguous numbers.

    Raises
    ------
    SnippetError : at the first broken promise
    """
    name = run.name
    if not name.isidentifier():
        _fail(name, 1, "имя файла должно быть именем модуля Python: латиница, цифры и «_»")
    functions = {f: node for f, node in _definitions(run.source).items() if f.startswith(FIGURE)}
    for function, node in functions.items():
        figure = f"{name}-{function.removeprefix(FIGURE)}"
        if figure not in run.figures:
            _fail(
                name,
                node.lineno,
                f"функция {function} есть, а файла {figure}.svg программа не записала; "
                f'сохраните его: {function}(…).savefig("{figure}.svg")',
            )
        caption_and_alt(run.source, figure)
    for figure in run.figures:
        snippet, function = figure_function(figure)
        if snippet != name or function not in functions:
            _fail(
                name,
                _line_with(run.source, f"{figure}.svg"),
                f"записан файл {figure}.svg, которого никто не ждёт; рисунок функции figure_<что> "
                f"сохраняют под именем {name}-<что>.svg",
            )
    seen: set[str] = set()
    for label, _ in _numbers(run.stdout):
        if label in seen:
            _fail(
                name,
                _line_with(run.source, label),
                f"число «{label}» напечатано дважды; дайте числам разные имена",
            )
        seen.add(label)


def _line_with(source: str, text: str) -> int:
    lines = (n for n, line in enumerate(source.splitlines(), 1) if text in line)
    return next(lines, 1)


def _fail(snippet: str, line: int, what: str) -> NoReturn:
    raise SnippetError(f"{snippet}.py, строка {line}: {what}")


@lru_cache(maxsize=1024)
def _definitions(source: str) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in ast.parse(source).body if isinstance(node, kinds)}


def _fingerprint(folder: Path) -> bytes:
    """Everything beside its source that a snippet's result depends on."""
    style = folder / "matplotlibrc"
    parts = [sys.version.encode(), Path(__file__).read_bytes()]
    parts += [f"{library} {_version(library)}".encode() for library in LIBRARIES]
    parts += [style.read_bytes() if style.exists() else b""]
    return _digest(*parts).encode()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def _remembered(cache: Path, name: str, key: str) -> Run | None:
    try:
        result = json.loads((cache / f"{name}.json").read_bytes())
        return Run(**result["run"]) if result["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _forget(cache: Path, keep: set[str]) -> None:
    """Remove the results of snippets that are gone and what a killed build left behind."""
    for result in cache.glob("*.json"):
        if result.stem not in keep:
            result.unlink(missing_ok=True)
    for left in cache.glob(".run-*"):
        with suppress(FileNotFoundError):  # another build was sooner
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _environment(folder: Path, cache: Path) -> dict[str, str]:
    """The variables of a reader's shell, without what would make two runs differ."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MPL", "MATPLOTLIB"))}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    style = folder.resolve() / "matplotlibrc"
    return {
        **kept,
        **dict.fromkeys(threads, "1"),
        **({"MATPLOTLIBRC": str(style)} if style.exists() else {}),
        "MPLBACKEND": "agg",  # what matplotlib itself takes where there is no screen
        "MPLCONFIGDIR": str(cache.resolve() / f".matplotlib-{_version('matplotlib')}"),
        "PYTHONFAULTHANDLER": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",  # or every SVG holds the time of its drawing
    }


def _find_fonts(environment: dict[str, str]) -> None:
    """Let matplotlib list the machine's fonts once, before several processes would at a time."""
    if not any(Path(environment["MPLCONFIGDIR"]).glob("fontlist-*.json")):
        command = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(command, env=environment, capture_output=True)
