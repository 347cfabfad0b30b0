"""The reader's code as hooks/session.py runs it: here in the tests' own Python, test_run.py has it in a browser."""

import json
import os
import random
import sys
import warnings
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import session


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Run a program; return whether it ended well and what the page was told."""
    monkeypatch.setattr(session, "FOLDER", tmp_path / "snippet")
    monkeypatch.chdir(tmp_path)

    def play(source, name="мой.py"):
        said = []
        return session.run(source, name, lambda *message: said.append(message)), said

    return play


def text(said, kind="out"):
    return "".join(message[1] for message in said if message[0] == kind)


# What is printed


def test_each_stream_is_told_apart_and_every_word_goes_at_once(play):
    ended, said = play("import sys\nprint(1)\nprint('ой', file=sys.stderr)\nprint(2)")
    assert ended is True
    assert said == [("out", "1"), ("out", "\n"), ("err", "ой"), ("err", "\n"), ("out", "2"), ("out", "\n")]


def test_a_write_returns_how_much_it_took(play):
    assert text(play("import sys; n = sys.stdout.write('три'); print(n, sys.stdout.writable())")[1]) == "три3 True\n"


def test_many_words_wait_for_one_another_while_the_clock_stands(play, monkeypatch):
    monkeypatch.setattr(session, "time", SimpleNamespace(monotonic=lambda: 5.0))
    _, said = play(f"for i in range({session.EAGER}): print(i)")
    assert len(said) == session.EAGER + 1
    assert text(said) == "".join(f"{i}\n" for i in range(session.EAGER))


def test_many_words_go_on_going_when_a_pause_has_passed(play, monkeypatch):
    clock = iter(np.arange(0, 1e4, 2 * session.PAUSE))
    monkeypatch.setattr(session, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    _, said = play(f"for i in range({session.EAGER}): print(i)")
    assert len(said) == 2 * session.EAGER


@pytest.mark.parametrize("program", ["print('a' * 150_000, end=''); print('b' * 150_000); print('c')", "print('a' * 150_000 + 'b' * 150_000)"])
def test_too_long_an_output_is_cut_where_the_limit_is(play, program):
    shown = text(play(program)[1])
    assert shown == "a" * 150_000 + "b" * 50_000 + "\n… дальше не показано: вывод слишком длинный\n"


def test_an_output_of_exactly_the_limit_is_shown_whole(play):
    assert text(play(f"print('a' * {session.LIMIT - 1}, end='')")[1]) == "a" * (session.LIMIT - 1)


# What is drawn

DRAWS = '''
import matplotlib.pyplot as plt
def figure_line():
    """Прямая
    идёт вверх.

    Слева снизу
    направо.
    """
    figure, ax = plt.subplots()
    ax.plot([0, 1])
    return figure
'''


def test_a_saved_figure_is_told_with_the_words_of_the_function_that_drew_it(play):
    _, [(kind, name, svg, caption)] = play(f"{DRAWS}figure_line().savefig('x-line.svg')")
    assert (kind, name, caption) == ("figure", "x-line", "Прямая идёт вверх.")
    assert "Слева снизу направо." in svg and "<path" in svg and 'run-x-line' in svg


@pytest.mark.parametrize("name", ["прямая", "x-other"])
def test_a_figure_of_no_function_is_called_by_its_file(play, name):
    _, [(_, _, svg, caption)] = play(f"{DRAWS}figure_line().savefig('{name}.svg')")
    assert caption == "" and f"Рисунок {name}.svg" in svg


def test_a_figure_of_another_kind_is_saved_and_not_told(play, tmp_path):
    assert play(f"{DRAWS}figure_line().savefig('x-line.png', dpi=30)") == (True, [])
    size = plt.imread(tmp_path / "snippet" / "x-line.png").shape
    assert size[1] == 30 * plt.rcParams["figure.figsize"][0]


def test_show_shows_every_open_figure(play):
    _, said = play("import matplotlib.pyplot as plt\nplt.figure(); plt.figure(7)\nplt.show()")
    assert [message[1] for message in said] == ["figure-1", "figure-7"]


# How it ends


@pytest.mark.parametrize(
    ("end", "well", "told"),
    [("exit()", True, ""), ("exit(0)", True, ""), ("exit(3)", False, "код выхода 3\n"), ("exit('хватит')", False, "хватит\n")],
)
def test_leaving_early_is_no_mistake_and_its_code_is_told(play, end, well, told):
    ended, said = play(f"import sys\nprint(1)\nsys.{end}\nprint(2)")
    assert ended is well
    assert text(said) == "1\n" and text(said, "err") == told


def test_a_mistake_comes_after_what_was_printed_and_shows_the_readers_lines_alone(play, monkeypatch):
    monkeypatch.setattr(session, "time", SimpleNamespace(monotonic=lambda: 0.0))
    source = "import json\ndef f(s):\n    return json.loads(s)\nfor i in range(300): print(i)\nf('{')\n"
    ended, [*printed, (kind, told, hint, line)] = play(source)
    assert ended is False and kind == "error"
    assert text(printed).endswith("299\n")
    assert [row.strip() for row in told.splitlines() if "File" in row] == [
        'File "мой.py", line 5, in <module>', 'File "мой.py", line 3, in f',
    ]
    assert "    return json.loads(s)" in told and line == 3
    assert hint == session.HINTS["ValueError"]


@pytest.mark.parametrize(
    ("last", "names"),
    [("raise KeyError(1) from e", ["ZeroDivisionError", "KeyError"]), ("raise KeyError(1)", ["ZeroDivisionError", "KeyError"]), ("raise KeyError(1) from None", ["KeyError"])],
)
def test_every_mistake_of_a_chain_is_told_and_none_that_was_put_aside(play, last, names):
    _, [(_, told, hint, line)] = play(f"try:\n    1 / 0\nexcept Exception as e:\n    {last}")
    assert [name for name in ("ZeroDivisionError", "KeyError") if f"\n{name}" in told] == names
    assert told.count("File") == told.count('File "мой.py"') == len(names)
    assert hint == session.HINTS["KeyError"] and line == 4


def test_a_mistake_of_syntax_is_where_python_stopped(play):
    _, [(_, _, hint, line)] = play("x = 1\ny = (\n")
    assert line == 2 and hint == session.HINTS["SyntaxError"]


def test_a_mistake_of_syntax_in_another_file_is_where_it_was_imported(play):
    source = "open('helper.py', 'w').write('\\n\\n\\nx = (')\nimport helper"
    _, [(_, _, hint, line)] = play(source)
    assert line == 2 and hint == session.HINTS["SyntaxError"]


def test_an_exception_of_its_own_kind_has_the_hint_of_what_it_is_and_a_rare_one_none(play):
    assert play("class Mine(KeyError): pass\nraise Mine")[1][0][2] == session.HINTS["KeyError"]
    assert play("raise KeyboardInterrupt")[1][0][2] == ""
    assert play("import nosuchmodule")[1][0][2].startswith("Модуля «nosuchmodule»")


def test_a_mistake_in_no_line_of_the_readers_has_no_line():
    try:
        json.loads("{")
    except ValueError as error:
        told, hint, line = session.explain(error, "мой.py")
    assert line == 0 and "File" not in told and hint == session.HINTS["ValueError"]


# The next program


def test_a_program_has_a_folder_of_its_own_empty_and_first_on_its_path(play, tmp_path):
    play("open('left.txt', 'w').close()")
    _, said = play("import os, sys\nprint(os.listdir(), os.getcwd() == sys.path[0], __name__, __file__)")
    assert text(said) == "[] True __main__ мой.py\n"
    assert os.getcwd() == str(tmp_path / "snippet")


def test_a_program_sees_itself_as_the_main_module(play):
    assert text(play("import sys\nx = 5\nprint(sys.modules['__main__'].x)")[1]) == "5\n"


CHANGES = """
import builtins, math, os, random, sys, warnings, numpy as np, matplotlib.pyplot as plt
from matplotlib.figure import Figure
builtins.left = math.left = 1
math.pi = 3
np.random.seed(1); random.seed(1); np.set_printoptions(precision=1); np.seterr(all="raise")
plt.rcParams["lines.linewidth"] = 9; plt.figure(); plt.show = Figure.savefig = None
open("helper.py", "w").write("x = 1"); import helper
os.environ["LEFT"] = "1"; os.environ.pop("PATH"); sys.path.append("left"); sys.setrecursionlimit(5000)
warnings.simplefilter("error"); sys.stdout = None
"""


def test_a_program_leaves_the_world_as_it_was(play):
    def world():
        return (
            hasattr(__builtins__, "left"), vars(sys.modules["math"]).get("left"), sys.modules["math"].pi,
            random.getstate(), str(np.random.get_state()), np.get_printoptions(), np.geterr(),
            plt.rcParams["lines.linewidth"], plt.get_fignums(), plt.show, Figure.savefig,
            "helper" in sys.modules, sys.modules["__main__"], dict(os.environ), list(sys.path), sys.getrecursionlimit(),
            sys.stdout, sys.stderr, list(warnings.filters),
        )  # fmt: skip

    before = world()
    assert sys.modules["__main__"] is not None
    assert play(CHANGES)[0]
    assert world() == before


def test_a_package_imported_meanwhile_stays(play):
    for name in ("xml.dom.minidom", "xml.dom"):
        sys.modules.pop(name, None)
    assert play("import xml.dom.minidom")[0]
    assert "xml.dom.minidom" in sys.modules and sys.modules["xml"].dom is sys.modules["xml.dom"]


def test_the_list_of_fonts_gets_the_number_that_matplotlib_expects(tmp_path):
    (tmp_path / "font_manager.py").write_text("a = 1\n__version__ = '390'\n", "utf-8")
    (tmp_path / "fontlist.json").write_text('{"_version": 330, "x": {"_version": 1, "é": 2}}', "utf-8")
    session.trust_font_list(tmp_path)
    fonts = json.loads((tmp_path / "fontlist.json").read_text("utf-8"))
    assert fonts == {"_version": "390", "x": {"_version": 1, "é": 2}}


def test_without_a_list_of_fonts_nothing_is_written(tmp_path):
    (tmp_path / "font_manager.py").write_text("__version__ = '390'\n", "utf-8")
    session.trust_font_list(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["font_manager.py"]


# What the tests against broken code asked for


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("np.broadcast_to(np.ones(2), ())", "shapes"),
        ("np.ones(6).reshape(4)", "shapes"),
        ("np.concatenate([np.ones(2), np.ones((2, 2))])", "shapes"),
        ("np.zeros(2) + np.ones(3)", "shapes"),
        ("np.ones(2**60)", "MemoryError"),
        ("raise ValueError('array is too big; `arr.size * arr.dtype.itemsize` is larger')", "MemoryError"),
        ("int('a')", "ValueError"),
        ("(lambda x: x)()", "arguments"),
        ("1 + 'a'", "TypeError"),
    ],
)
def test_the_hint_is_about_the_cause(play, program, kind):
    assert play(f"import numpy as np\n{program}")[1][0][2] == session.HINTS[kind]


def test_of_a_chain_too_the_readers_lines_alone_are_shown(play):
    source = "import json\ntry:\n    json.loads('{')\nexcept ValueError as e:\n    raise KeyError(1) from e"
    _, [(_, told, _, _)] = play(source)
    assert told.count("File") == told.count('File "мой.py"') == 2 and "JSONDecodeError" in told


def test_every_figure_is_closed_after_the_program(play):
    play("import matplotlib.pyplot as plt\nplt.figure(); plt.figure()")
    assert plt.get_fignums() == []


def test_show_draws_each_figure_and_not_the_last_one_twice(play):
    source = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)); plt.figure(figsize=(2, 1))\nplt.show()"
    sizes = [message[2].partition('viewBox="')[2].partition('"')[0] for message in play(source)[1]]
    assert sizes == ["0 0 72 72", "0 0 144 72"]


def test_a_caption_may_have_no_text_for_the_blind_and_a_name_may_have_dashes(play):
    source = f"{DRAWS}figure_a = figure_line\nfigure_line.__doc__ = 'Одна.'\nfigure_line().savefig('x-line.svg')"
    _, [(_, _, svg, caption)] = play(source)
    assert caption == "Одна." and "Рисунок x-line.svg" in svg
    assert play(f"{DRAWS}figure_line().savefig('x-line-line.svg')")[1][0][3] == ""


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("assert x == 0.5", (True, "Верно!")),
        ("assert x == 1", (False, "Пока не сошлось.")),
        ("assert x == 1, f'у вас {x}, а надо -1.5'", (False, "Пока не сошлось. у вас 0,5, а надо −1,5.")),
    ],
)
def test_a_check_says_that_all_is_right_or_what_differs(play, tmp_path, check, told):
    said = []
    assert session.run("x = 0.5", "мой.py", lambda *message: said.append(message), check)
    assert said == [("verdict", *told)]
