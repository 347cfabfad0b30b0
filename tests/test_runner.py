"""The runner runs a snippet as its reader does, once, and says in a sentence what went wrong."""

import json
import locale
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import runner

SNIPPETS = Path(__file__).parent.parent / "snippets"
DRAWN = '''"""Рисует."""

FLAT = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def figure_flat():
    """Подпись
    в две строки.

    Что на рисунке,

    и ещё.
    """
    return FLAT


if __name__ == "__main__":
    print("J(θ = 0) = -1.5")
    open("drawn-flat.svg", "w").write(figure_flat())
'''


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Write snippets, run them, return their runs; the cache lives as long as the test."""
    folder = tmp_path / "snippets"
    cache = tmp_path / ".cache" / "snippets"  # a fresh clone has neither folder
    folder.mkdir()
    monkeypatch.setattr(runner, "_find_fonts", lambda _: None)  # half a second a test; one test has it

    def write_and_run(timeout=20.0, **sources: str) -> dict[str, runner.Run]:
        for name, source in sources.items():
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
        return runner.run_all(folder, cache, timeout)

    write_and_run.folder = folder
    write_and_run.cache = cache
    return write_and_run


@pytest.fixture
def count(tmp_path):
    """Lines of a snippet that leaves a trace of each of its runs, and the counter of the traces."""
    trace = tmp_path / "trace"
    counter = lambda: len(trace.read_text()) if trace.exists() else 0  # noqa: E731
    return f"open({str(trace)!r}, 'a').write('.')\n", counter


@pytest.fixture
def ascii_machine():
    """A machine whose files and pipes are ASCII, unless an encoding is named."""
    ours = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    yield
    locale.setlocale(locale.LC_CTYPE, ours)


def only(runs: dict[str, runner.Run]) -> runner.Run:
    (run,) = runs.values()
    return run


def test_a_run_holds_what_the_snippet_printed_and_drew(run):
    got = only(run(drawn=DRAWN))
    assert got.error is None
    assert got.name == "drawn" and got.source == DRAWN
    assert runner.printed(got.stdout) == {"J(θ = 0)": "-1.5"}
    assert got.figures == {"drawn-flat": '<svg xmlns="http://www.w3.org/2000/svg"/>'}


def test_runs_of_unlike_snippets_are_unlike_and_hashed_so():
    ours, same, other = (runner.Run("a", source, "", {}) for source in ("1", "1", "2"))
    assert ours == same != other
    assert hash(ours) == hash(same) != hash(other)


def test_the_machine_s_encoding_spoils_neither_a_run_nor_what_is_remembered_of_it(run, count, ascii_machine):
    trace, times = count
    cyrillic = DRAWN.replace('svg"/>', 'svg"><text>шаг</text></svg>')
    first = only(run(drawn=cyrillic + trace))
    assert first.error is None
    assert first.source == cyrillic + trace
    assert first.stdout == "J(θ = 0) = -1.5\n"
    assert "<text>шаг</text>" in first.figures["drawn-flat"]
    assert run() == {"drawn": first}
    assert times() == 1


def test_a_snippet_may_print_what_is_not_utf_8(run):
    got = only(run(raw="import os\nos.write(1, b'x = \\xff\\n')\nos.write(2, b'\\xff')"))
    assert got.error is None
    assert got.stdout == "x = \ufffd\n"


def test_a_snippet_saved_in_another_encoding_is_its_author_s_mistake(run):
    (run.folder / "old.py").write_bytes("x = 'шаг'\n".encode("cp1251"))
    got = only(run())
    assert got.error.startswith("snippets/old.py, строка 1: Python говорит «SyntaxError: ")
    assert got.source == "x = '\ufffd\ufffd\ufffd'\n"


def test_a_snippet_does_not_read_what_the_builder_types(run):
    end, typed = os.pipe()
    os.write(typed, b"yes\n")
    ours = os.dup(0)
    os.dup2(end, 0)
    try:
        got = only(run(asking="print(f'x = {input()}')"))
    finally:
        os.dup2(ours, 0)
        for each in end, typed, ours:
            os.close(each)
    assert "EOFError" in got.error and got.stdout == ""


def test_a_snippet_runs_within_the_cache_in_a_folder_that_is_swept(run):
    # what is moved into the cache whole lies on its file system
    got = only(run(where="import os\nprint(f'папка = {os.getcwd()}')"))
    swept, name = Path(runner.printed(got.stdout)["папка"]).relative_to(run.cache.resolve()).parts
    assert swept.startswith(".run-") and name == "where"


def test_a_snippet_finds_itself_alone_in_its_folder(run):
    runs = run(drawn=DRAWN, alone="import os\nprint(f'файлы = {os.listdir()}')")
    assert runner.printed(runs["alone"].stdout) == {"файлы": "['alone.py']"}
    runs = run(borrower="import drawn")
    assert "No module named 'drawn'" in runs["borrower"].error


def test_the_builder_s_own_python_settings_do_not_reach_a_snippet(run, monkeypatch):
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONPATH", str(SNIPPETS))
    got = only(run(bare="'''док'''\nimport sys\nprint(f'd = {__doc__}')\nprint(f'p = {sys.path}')"))
    assert runner.printed(got.stdout)["d"] == "док"
    assert str(SNIPPETS) not in got.stdout


def test_a_snippet_s_environment_is_the_builder_s_without_what_would_make_two_runs_differ(run, monkeypatch):
    for name in "PYTHONINSPECT", "MPLRC", "MATPLOTLIBDATA", "OWN", "OMP_NUM_THREADS":
        monkeypatch.setenv(name, "5")
    source = "import os, json\nprint('all = ' + json.dumps(dict(os.environ)))"
    got = json.loads(runner.printed(only(run(curious=source)).stdout)["all"])
    owned = ("PYTHON", "MPL", "MATPLOTLIB", "SOURCE_DATE", "OMP", "OPENBLAS", "MKL", "VECLIB", "OWN")
    assert {name: value for name, value in got.items() if name.startswith(owned)} == {
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(run.cache.resolve() / f".matplotlib-{version('matplotlib')}"),
        "PYTHONFAULTHANDLER": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
        "OWN": "5",
    }


def test_two_runs_of_a_snippet_order_its_sets_alike(run):
    first = only(run(hashed="print(f'порядок = {hash(str(1))}')"))
    (run.cache / "hashed.json").unlink()
    assert run() == {"hashed": first}


def test_an_unchanged_snippet_is_not_run_again(run, count):
    trace, times = count
    first = only(run(once=trace + "print('x = 1')"))
    assert run() == {"once": first}
    assert times() == 1


@pytest.mark.parametrize("change", ["source", "style", "library", "python", "damage"])
def test_a_snippet_is_run_again_when_anything_it_depends_on_has_changed(run, count, change, monkeypatch):
    trace, times = count
    run(once=trace + "print('x = 1')")
    if change == "source":
        run(once=trace + "print('x = 2')")
    elif change == "style":
        (run.folder / "matplotlibrc").write_text("font.size: 11")
    elif change == "library":
        monkeypatch.setattr(runner, "version", lambda library: "0.1")
    elif change == "python":
        monkeypatch.setattr(sys, "version", "4.0")
    else:
        (run.cache / "once.json").write_text('{"key": "')
    run()
    assert times() == 2
    run()
    assert times() == 2


def test_a_failed_run_is_not_remembered(run, count):
    trace, times = count
    run(once=trace + "1 / 0")
    run()
    assert times() == 2
    assert not list(run.cache.glob("*.json"))


def test_a_failed_run_has_what_was_printed_and_no_figures(run):
    source = DRAWN + "    1 / 0\n"
    error = f"snippets/late.py, строка 20: {says('ZeroDivisionError: division by zero', 'late')}"
    assert run(late=source) == {"late": runner.Run("late", source, "J(θ = 0) = -1.5\n", {}, error)}


def test_nothing_stays_of_a_snippet_that_is_gone(run):
    run(here="", gone="")
    (run.folder / "gone.py").unlink()
    assert list(run()) == ["here"]
    assert [p.name for p in run.cache.glob("*.json")] == ["here.json"]


def test_an_interrupted_run_leaves_nothing_behind(run, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(once="")
    assert [p.name for p in run.cache.iterdir() if "matplotlib" not in p.name] == []
    assert list(here.iterdir()) == []


def test_what_a_killed_build_left_is_swept_later(run):
    left = run.cache / ".run-old"
    left.mkdir(parents=True)
    run()
    assert left.exists(), "another build may be at work in it"
    os.utime(left, (0, 0))
    run()
    assert not left.exists()


def test_what_another_build_has_swept_and_what_cannot_be_swept_stop_nothing(run, monkeypatch):
    stuck = run.cache / ".run-file"
    run.cache.mkdir(parents=True)
    stuck.touch()
    os.utime(stuck, (0, 0))
    listed = Path.glob
    swept = {"*.json": [run.cache / "gone.json"], ".run-*": [run.cache / ".run-gone", stuck]}
    monkeypatch.setattr(Path, "glob", lambda folder, what: swept.get(what) or listed(folder, what))
    assert only(run(here="")).error is None


def test_snippets_run_side_by_side(run, tmp_path):
    # each waits for the other's sign: one after the other they would both fail
    meet = """
import pathlib, time
pathlib.Path({mine!r}).touch()
end = time.time() + 10
while not pathlib.Path({other!r}).exists():
    assert time.time() < end
    time.sleep(0.01)
"""
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    if os.cpu_count() > 1:
        runs = run(a=meet.format(mine=a, other=b), b=meet.format(mine=b, other=a))
        assert [r.error for r in runs.values()] == [None, None]


def test_no_more_snippets_run_at_a_time_than_there_are_cores(run, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    trace = tmp_path / "trace"
    note = f"open({str(trace)!r}, 'a').write"
    source = f"import time\n{note}('<')\ntime.sleep(0.1)\n{note}('>')"
    run(a=source, b=source)
    assert trace.read_text() == "<><>"


def test_matplotlib_lists_the_fonts_before_the_first_snippet_starts(tmp_path):
    source = "import os, glob\nfound = glob.glob(os.environ['MPLCONFIGDIR'] + '/fontlist-*')\n"
    (tmp_path / "fonts.py").write_text(source + "print(f'найдено = {len(found)}')", encoding="utf-8")
    got = only(runner.run_all(tmp_path, tmp_path / "cache"))
    assert runner.printed(got.stdout) == {"найдено": "1"}


def test_fonts_that_are_listed_are_not_listed_again(tmp_path, monkeypatch):
    (tmp_path / "fontlist-v390.json").touch()
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("listed again"))
    runner._find_fonts({"MPLCONFIGDIR": str(tmp_path)})


def test_without_matplotlib_there_are_no_fonts_and_no_complaint(tmp_path, capfd):
    (tmp_path / "matplotlib.py").write_text("print('out')\nraise ImportError", encoding="utf-8")
    runner._find_fonts({"MPLCONFIGDIR": str(tmp_path), "PYTHONPATH": str(tmp_path)})
    assert capfd.readouterr() == ("", "")


def test_a_figure_is_drawn_in_the_site_s_style_and_is_the_same_each_time(run):
    source = '''
import matplotlib.pyplot as plt


def figure_line():
    """Подпись.

    Описание.
    """
    fig, ax = plt.subplots()
    ax.plot([0, 1])
    return fig


if __name__ == "__main__":
    figure_line().savefig("line-line.svg")
'''
    style = (SNIPPETS / "matplotlibrc").read_text(encoding="utf-8")
    (run.folder / "matplotlibrc").write_text(style, encoding="utf-8")
    first = only(run(line=source)).figures["line-line"]
    (run.cache / "line.json").unlink()
    assert only(run()).figures["line-line"] == first
    assert "<text" in first and "#0072b2" in first  # svg.fonttype none and the palette


def says(words: str, name: str) -> str:
    return f"Python говорит «{words}»; исправьте и проверьте командой python {name}.py"


BROKEN = {
    "syntax": ("x = 1\n\nx = = 1\n", 3, says("SyntaxError: invalid syntax", "syntax")),
    "failing": (
        "def f(x):\n    return 1 / x\n\n\nf(0)\n",
        2,
        says("ZeroDivisionError: division by zero", "failing"),
    ),
    "assembling": ("\nexec('1 / 0')\n", 2, says("ZeroDivisionError: division by zero", "assembling")),
    "library": (
        "import json\n\njson.loads('{')\n",
        3,
        says(
            "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
            "library",
        ),
    ),
    "wordy": ("raise ValueError('одно\\n  два\\nтри')\n", 1, says("ValueError: одно", "wordy")),
    "quitting": ("import sys\nsys.exit('хватит')\n", 1, says("хватит", "quitting")),
    "killed": (
        "import os\nos.kill(os.getpid(), 9)\n",
        1,
        "программа закончилась с кодом -9; исправьте и проверьте командой python killed.py",
    ),
    "asking": ("x = 1\ninput()\n", 2, says("EOFError: EOF when reading a line", "asking")),
    "undrawn": (
        'def figure_a():\n    """П.\n\n    О.\n    """\n',
        1,
        "функция figure_a есть, а файла undrawn-a.svg программа не записала; "
        'сохраните его: figure_a(…).savefig("undrawn-a.svg")',
    ),
    "extra": (
        '\nopen("extra-b.svg", "w")\n',
        2,
        "записан файл extra-b.svg, которого никто не ждёт; рисунок функции figure_<что> сохраняют "
        "под именем extra-<что>.svg",
    ),
    "neighbour": (
        DRAWN.replace("drawn-", "neighbour-") + 'open("other-flat.svg", "w")\n',
        20,
        "записан файл other-flat.svg, которого никто не ждёт; рисунок функции figure_<что> сохраняют "
        "под именем neighbour-<что>.svg",
    ),
    "stranger": (
        '\nopen("other-b.svg", "w")\n',
        2,
        "записан файл other-b.svg, которого никто не ждёт; рисунок функции figure_<что> сохраняют "
        "под именем stranger-<что>.svg",
    ),
    "silent": (
        '\ndef figure_a(): 0\nopen("silent-a.svg", "w")\n',
        2,
        "у функции figure_a нет докстринга; напишите в нём подпись к рисунку и, через пустую строку, "
        "описание для тех, кто рисунка не видит",
    ),
    "short": (
        'def figure_a():\n    """П."""\nopen("short-a.svg", "w")\n',
        1,
        "в докстринге функции figure_a только подпись; добавьте через пустую строку описание рисунка "
        "для тех, кто его не видит",
    ),
    "twice": (
        "\nfor i in 1, 2:\n    print('x =', i)\n",
        3,
        "число «x» напечатано дважды; дайте числам разные имена",
    ),
    "assembled": (
        "\nfor i in 1, 2:\n    print('a' + 'b =', i)\n",
        1,
        "число «ab» напечатано дважды; дайте числам разные имена",
    ),
    "grumbling": ("import os\nos.write(2, b'one\\ntwo\\n')\nos._exit(1)\n", 1, says("two", "grumbling")),
    "a-b": ("", 1, "имя файла должно быть именем модуля Python: латиница, цифры и «_»"),
}


def test_every_failure_names_file_line_cause_and_cure_in_one_sentence(run):
    runs = run(**{name: source for name, (source, _, _) in BROKEN.items()})
    for name, (_, line, sentence) in BROKEN.items():
        assert runs[name].error == f"snippets/{name}.py, строка {line}: {sentence}"


def test_an_endless_snippet_is_stopped_and_the_line_of_its_loop_is_named(run):
    got = only(run(timeout=2, endless="\ndef spin():\n    while True: pass\n\nspin()\n"))
    assert got.error == (
        "snippets/endless.py, строка 3: программа не закончилась за 2 с; сократите расчёт или уберите "
        "бесконечный цикл"
    )


def test_an_endless_snippet_that_does_not_say_where_it_was_is_taken_for_its_first_line(run):
    got = only(run(timeout=0.3, mute="import faulthandler; faulthandler.disable()\nwhile True: pass\n"))
    assert got.error.startswith("snippets/mute.py, строка 1: программа не закончилась за 0.3 с; ")


def test_a_figure_s_name_leads_to_its_function():
    assert runner.figure_function("cem-elite") == ("cem", "figure_elite")
    assert runner.figure_function("cem-a-b")[0] == "cem"
    assert runner.figure_function("policy_gradient-log_derivative") == (
        "policy_gradient",
        "figure_log_derivative",
    )


def test_caption_and_alt_text_come_from_the_docstring():
    assert runner.caption_and_alt(DRAWN, "drawn-flat") == ("Подпись в две строки.", "Что на рисунке, и ещё.")


def test_the_source_of_a_function_is_given_whole():
    source = "import a\n\n\n@a.b\ndef f(x):\n    # why\n    return x  # (B, T)\n\n\nf(1)\n"
    expected = "@a.b\ndef f(x):\n    # why\n    return x  # (B, T)"
    assert runner.function_source(source, "f") == expected
    with pytest.raises(KeyError):
        runner.function_source(source, "g")


def test_only_lines_with_a_value_are_numbers():
    stdout = "заголовок\nx=1\nα = 0.5\nμ = [0.1 0.2]\nпри γ = 1 = 3\n"
    assert runner.printed(stdout) == {"α": "0.5", "μ": "[0.1 0.2]", "при γ = 1": "3"}


def test_a_vault_without_snippets_has_no_runs(tmp_path):
    assert runner.run_all(tmp_path / "none", tmp_path / "cache") == {}


def test_importing_the_runner_does_not_import_numpy_or_matplotlib():
    program = "import sys, runner; print({'numpy', 'matplotlib'} & set(sys.modules))"
    hooks = str(Path(runner.__file__).parent)
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": hooks},
        capture_output=True,
        text=True,
    )
    assert said.stdout == "set()\n"
