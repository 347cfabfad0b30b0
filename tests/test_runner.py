"""The runner runs a snippet as its reader does, once, and says in a sentence what went wrong."""

import os
import subprocess
import sys
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
    folder.mkdir()
    monkeypatch.setattr(runner, "_find_fonts", lambda _: None)  # half a second a test; one test has it

    def write_and_run(timeout=20.0, **sources: str) -> dict[str, runner.Run]:
        for name, source in sources.items():
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
        return runner.run_all(folder, tmp_path / "cache", timeout)

    write_and_run.folder = folder
    write_and_run.cache = tmp_path / "cache"
    return write_and_run


@pytest.fixture
def count(tmp_path):
    """Lines of a snippet that leaves a trace of each of its runs, and the counter of the traces."""
    trace = tmp_path / "trace"
    counter = lambda: len(trace.read_text()) if trace.exists() else 0  # noqa: E731
    return f"open({str(trace)!r}, 'a').write('.')\n", counter


def only(runs: dict[str, runner.Run]) -> runner.Run:
    (run,) = runs.values()
    return run


def test_a_run_holds_what_the_snippet_printed_and_drew(run):
    got = only(run(drawn=DRAWN))
    assert got.error is None
    assert got.name == "drawn" and got.source == DRAWN
    assert runner.printed(got.stdout) == {"J(θ = 0)": "-1.5"}
    assert got.figures == {"drawn-flat": '<svg xmlns="http://www.w3.org/2000/svg"/>'}


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


def test_nothing_stays_of_a_snippet_that_is_gone(run):
    run(here="", gone="")
    (run.folder / "gone.py").unlink()
    assert list(run()) == ["here"]
    assert [p.name for p in run.cache.glob("*.json")] == ["here.json"]


def test_an_interrupted_run_leaves_nothing_behind(run, monkeypatch):
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(once="")
    assert [p.name for p in run.cache.iterdir() if "matplotlib" not in p.name] == []


def test_what_a_killed_build_left_is_swept_later(run):
    left = run.cache / ".run-old"
    left.mkdir(parents=True)
    run()
    assert left.exists(), "another build may be at work in it"
    os.utime(left, (0, 0))
    run()
    assert not left.exists()


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


def test_matplotlib_lists_the_fonts_before_the_first_snippet_starts(tmp_path):
    source = "import os, glob\nfound = glob.glob(os.environ['MPLCONFIGDIR'] + '/fontlist-*')\n"
    (tmp_path / "fonts.py").write_text(source + "print(f'найдено = {len(found)}')", encoding="utf-8")
    got = only(runner.run_all(tmp_path, tmp_path / "cache"))
    assert runner.printed(got.stdout) == {"найдено": "1"}


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


BROKEN = {
    "syntax": ("x = 1\n\nx = = 1\n", 3, "SyntaxError: invalid syntax"),
    "failing": ("def f(x):\n    return 1 / x\n\n\nf(0)\n", 2, "ZeroDivisionError: division by zero"),
    "library": ("import json\n\njson.loads('{')\n", 3, "json.decoder.JSONDecodeError: "),
    "wordy": ("raise ValueError('одно\\n  два\\nтри')\n", 1, "«ValueError: одно»"),
    "quitting": ("import sys\nsys.exit('хватит')\n", 1, "«хватит»"),
    "killed": ("import os\nos.kill(os.getpid(), 9)\n", 1, "с кодом -9"),
    "asking": ("x = 1\ninput()\n", 2, "EOFError"),
    "undrawn": ('def figure_a():\n    """П.\n\n    О.\n    """\n', 1, 'savefig("undrawn-a.svg")'),
    "extra": ('\nopen("extra-b.svg", "w")\n', 2, "extra-b.svg, которого никто не ждёт"),
    "neighbour": (
        DRAWN.replace("drawn-", "neighbour-") + 'open("other-flat.svg", "w")\n',
        20,
        "other-flat.svg, которого никто не ждёт",
    ),
    "stranger": ('\nopen("other-b.svg", "w")\n', 2, "stranger-<что>.svg"),
    "silent": ('\ndef figure_a(): 0\nopen("silent-a.svg", "w")\n', 2, "нет докстринга"),
    "short": ('def figure_a():\n    """П."""\nopen("short-a.svg", "w")\n', 1, "только подпись"),
    "twice": ("\nfor i in 1, 2:\n    print('x =', i)\n", 3, "«x» напечатано дважды"),
    "assembled": ("\nfor i in 1, 2:\n    print('a' + 'b =', i)\n", 1, "«ab» напечатано дважды"),
    "grumbling": ("import os\nos.write(2, b'one\\ntwo\\n')\nos._exit(1)\n", 1, "«two»"),
    "a-b": ("", 1, "имя файла"),
}


def test_every_failure_names_file_line_and_cause_in_one_sentence(run):
    runs = run(**{name: source for name, (source, _, _) in BROKEN.items()})
    for name, (_, line, cause) in BROKEN.items():
        assert runs[name].error.startswith(f"snippets/{name}.py, строка {line}: "), runs[name].error
        assert cause in runs[name].error
        assert "\n" not in runs[name].error


def test_an_endless_snippet_is_stopped_and_the_line_of_its_loop_is_named(run):
    got = only(run(timeout=2, endless="\ndef spin():\n    while True: pass\n\nspin()\n"))
    assert got.error.startswith("snippets/endless.py, строка 3: программа не закончилась за 2 с; ")


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
