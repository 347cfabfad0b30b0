"""The reader's code, run in the reader's browser: what it prints, draws and does wrong.

The worker loads this file into Pyodide beside hooks/svg.py. Any Python with matplotlib runs it too.
"""

import io
import linecache
import os
import random
import re
import shutil
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib


def trust_font_list(folder: Path) -> None:
    """Make matplotlib read the list of its fonts that Pyodide packs with it.

    In some releases of Pyodide the list bears the number of another matplotlib, which then spends
    a second on a list of its own. Call this before matplotlib.font_manager is imported.
    """
    path, manager = folder / "fontlist.json", folder / "font_manager.py"
    if path.exists() and (number := re.search(r"__version__ = (\S+)", manager.read_text("utf-8"))):
        fonts = re.sub(r'("_version": )[^,]+', rf"\g<1>{number[1]}", path.read_text("utf-8"), count=1)
        path.write_text(fonts.replace("'", '"'), "utf-8")


if sys.platform == "emscripten":
    trust_font_list(Path(matplotlib.__file__).parent)

import matplotlib.backends.backend_svg  # noqa: E402  the line above comes first
import numpy as np  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from svg import inline_svg  # noqa: E402

FOLDER = Path.home() / "snippet"  # where the code runs and saves
PAUSE = 0.05  # seconds between two messages, once there are many
EAGER = 200  # messages that go at once
CHECK = "<check>"  # as a traceback calls the check; its lines are not the reader's
LIMIT = 200_000  # characters that are shown

Send = Callable[..., None]


class Printed(io.TextIOBase):
    """A stream whose text goes to the page as it comes, in bigger pieces when there is much of it."""

    def __init__(self, send: Send, kind: str):
        self.send, self.kind = send, kind
        self.waiting: list[str] = []
        self.sent, self.left, self.last = 0, LIMIT, 0.0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.left > 0:
            self.waiting.append(text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                self.waiting.append("\n… дальше не показано: вывод слишком длинный\n")
            if self.left <= 0 or self.sent < EAGER or time.monotonic() - self.last > PAUSE:
                self.flush()
        return len(text)

    def flush(self) -> None:
        if self.waiting:
            self.send(self.kind, "".join(self.waiting))
            self.waiting.clear()
            self.sent += 1
            self.last = time.monotonic()


def run(source: str, name: str, send: Send, check: str = "") -> bool:
    """Run a program as `python name` would, in a world that no earlier program has changed.

    Parameters
    ----------
    source : the program
    name : its file's name, as tracebacks show it
    send : told what happens, as it happens: `("out", text)`, `("err", text)`,
        `("figure", name, svg, caption)` for every SVG saved, `("error", traceback, hint, line)`,
        `("verdict", right, sentence)`
    check : an exercise's check, run after the program with its names; its first failed assertion
        is what is wrong with the program

    Returns
    -------
    Whether it ran to its end without an exception.
    """
    os.chdir(FOLDER.parent)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    os.chdir(FOLDER)
    module = types.ModuleType("__main__")
    module.__file__ = name
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    world = _World()
    streams = sys.stdout, sys.stderr = Printed(send, "out"), Printed(send, "err")
    Figure.savefig = _savefig(module, send)
    plt.show = lambda *args, **kwargs: [
        plt.figure(n).savefig(f"figure-{n}.svg") for n in plt.get_fignums()
    ]
    sys.modules["__main__"] = module
    sys.path.insert(0, str(FOLDER))
    try:
        exec(compile(source, name, "exec", dont_inherit=True), vars(module))
        if check:
            send("verdict", *_verdict(check, vars(module)))
        return True
    except SystemExit as end:
        if end.code not in (None, 0):
            print(end.code if isinstance(end.code, str) else f"код выхода {end.code}", file=sys.stderr)
        return not end.code
    except BaseException as error:
        for stream in streams:
            stream.flush()
        send("error", *explain(error, name))
        return False
    finally:
        for stream in streams:
            stream.flush()
        world.restore()


def _verdict(check: str, names: dict[str, Any]) -> tuple[bool, str]:
    try:
        exec(compile(check, CHECK, "exec", dont_inherit=True), names)
    except AssertionError as wrong:
        if traceback.extract_tb(wrong.__traceback__)[-1].filename == CHECK:
            words = re.sub(r"-(?=\d)", "−", re.sub(r"(?<=\d)\.(?=\d)", ",", str(wrong)))
            return False, f"Пока не сошлось. {words}." if words else "Пока не сошлось."
        raise  # the program's own
    return True, "Верно!"


class _World:
    """What a program can change beyond its own names; a new program finds it as it was."""

    def __init__(self):
        self.modules = dict(sys.modules)
        modules = (m for m in self.modules.values() if isinstance(m, types.ModuleType))
        self.names = [(module, dict(vars(module))) for module in modules]
        self.style = matplotlib.rcParams.copy()
        self.random, self.numpy_random = random.getstate(), np.random.get_state()
        self.errors, self.print = np.geterr(), np.get_printoptions()
        self.savefig = Figure.savefig
        self.path, self.environment = list(sys.path), dict(os.environ)
        self.recursion, self.streams = sys.getrecursionlimit(), (sys.stdout, sys.stderr)
        self.warnings = list(warnings.filters)

    def restore(self) -> None:
        plt.close("all")
        Figure.savefig = self.savefig
        for module, names in self.names:
            now = vars(module)
            for key in [key for key, value in now.items() if names.get(key, now) is not value]:
                if key in names:
                    now[key] = names[key]
                elif not isinstance(now[key], types.ModuleType):  # of a package, imported meanwhile
                    del now[key]
        for key, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(str(FOLDER)):
                del sys.modules[key]  # the program's own
        sys.modules["__main__"] = self.modules["__main__"]
        matplotlib.rcParams.update(self.style)
        random.setstate(self.random)
        np.random.set_state(self.numpy_random)
        np.seterr(**self.errors)
        np.set_printoptions(**self.print)
        sys.path[:] = self.path
        os.environ.clear()
        os.environ.update(self.environment)
        sys.setrecursionlimit(self.recursion)
        sys.stdout, sys.stderr = self.streams
        warnings.filters[:] = self.warnings


def _savefig(module: types.ModuleType, send: Send) -> Callable:
    save = Figure.savefig

    def savefig(self, fname, *args, **kwargs):
        save(self, fname, *args, **kwargs)
        if str(fname).endswith(".svg"):
            path = Path(fname)
            caption, alt = _caption(module, path.stem)
            svg = path.read_text(encoding="utf-8")
            send("figure", path.stem, inline_svg(svg, f"run-{path.stem}", alt), caption)

    return savefig


def _caption(module: types.ModuleType, figure: str) -> tuple[str, str]:
    """What the docstring of the function that draws `cem-elite` says of it: caption and alt text."""
    function = getattr(module, "figure_" + figure.partition("-")[2], None)
    caption, _, alt = (getattr(function, "__doc__", None) or "").strip().partition("\n\n")
    return " ".join(caption.split()), " ".join(alt.split()) or f"Рисунок {figure}.svg"


def explain(error: BaseException, name: str) -> tuple[str, str, int]:
    """Tell an exception in the reader's terms.

    Parameters
    ----------
    error : what a program of that file name has raised
    name : the file's name; no other file's lines are shown

    Returns
    -------
    The traceback, a hint in Russian (empty for a rare exception), the line to look at (0: none).
    """
    told = traceback.TracebackException.from_exception(error)
    chain, seen = told, []
    while chain:
        chain.stack = traceback.StackSummary.from_list([f for f in chain.stack if f.filename == name])
        seen.append(chain)
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    if isinstance(error, SyntaxError) and error.filename == name:
        line = error.lineno or 0
    else:
        line = told.stack[-1].lineno if told.stack else 0
    return "".join(told.format()), hint(error), line


def hint(error: BaseException) -> str:
    """Return what to look at after a common mistake, or nothing."""
    text = str(error)
    if "array is too big" in text:  # numpy's ValueError, where memory is 4 GB and no more
        return HINTS["MemoryError"]
    if isinstance(error, ValueError) and any(w in text for w in ("shape", "dimension", "broadcast")):
        return HINTS["shapes"]
    if isinstance(error, TypeError) and "argument" in text:
        return HINTS["arguments"]
    for kind in type(error).__mro__:
        if kind.__name__ in HINTS:
            return HINTS[kind.__name__].format(name=getattr(error, "name", None) or "")
    return ""


HINTS: dict[str, Any] = {
    "NameError": "Имени «{name}» ещё нет. Проверьте, так ли оно написано и выполнилась ли строка, "
    "где оно получает значение.",
    "UnboundLocalError": "Внутри функции имени «{name}» присваивают, но читают его раньше. Передайте "
    "значение в функцию или присвойте его до чтения.",
    "IndentationError": "Отступ не тот. Тело функции, цикла и условия сдвинуто на четыре пробела, "
    "строки одного блока начинаются ровно друг под другом.",
    "SyntaxError": "Python не разобрал строку. Чаще всего не хватает скобки, кавычки или двоеточия — "
    "здесь или строкой выше.",
    "TypeError": "Значение не того типа для этого действия: например, строка вместо числа или None от "
    "функции без return. Напечатайте type(…) того, что стоит в строке.",
    "arguments": "Функцию вызвали не с теми аргументами. Сравните вызов со строкой def: сколько их и "
    "как они названы.",
    "shapes": "Размеры массивов не подходят друг к другу. Напечатайте .shape каждого, кто стоит в этой "
    "строке; чаще всего не хватает оси: x[:, None].",
    "ValueError": "Тип верный, а значение не подходит. Напечатайте, что на самом деле пришло в эту строку.",
    "IndexError": "Номер за краем: у списка из n элементов номера от 0 до n − 1. Напечатайте len(…) или "
    ".shape.",
    "KeyError": "Такого ключа в словаре нет. Напечатайте list(словарь), чтобы увидеть, какие есть.",
    "ZeroDivisionError": "Делитель равен нулю. Найдите, откуда ноль, или прибавьте к делителю малое число.",
    "ModuleNotFoundError": "Модуля «{name}» здесь нет: есть numpy, matplotlib и стандартная библиотека "
    "Python.",
    "AttributeError": "У этого значения нет «{name}». Проверьте, так ли написано имя и то ли лежит "
    "в переменной: напечатайте type(…).",
    "RecursionError": "Функция зовёт сама себя без конца. Проверьте условие, на котором она "
    "останавливается.",
    "MemoryError": "Не хватило памяти. Уменьшите массивы.",
    "EOFError": "Спросить с клавиатуры здесь нельзя. Впишите значение прямо в код вместо input().",
}
