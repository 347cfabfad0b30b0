"""Which broken versions of the code do the tests not notice? `python tests/mutants.py`

mutmut breaks one place of `snippets/` or `hooks/` at a time and runs the tests that come there. What no
test noticed is compared with `survivors.md`: a survivor that is not in the list fails, and so does a line
of the list that is noticed now. Names of modules (`cem ppo`) limit the run to them; `--resume` goes on
with a run that was cut short, `--survivors` tries again what no test had noticed. All of it takes
several hours and needs `requirements-mutants.txt`. Functions with a decorator, `@cache` say, mutmut leaves alone.
"""

import argparse
import ast
import difflib
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORK = ROOT / ".cache" / "mutants"
LIST = Path(__file__).parent / "survivors.md"
GOAL = 90  # per cent noticed
# a picture is looked at: that it is drawn, and the numbers in its captions, is what the tests say of it
DRAWING = re.compile(
    r"^def (?:(?:figure|draw|plot)_\w+|landscape|ellipse|panel|lobes|contours|box|arrow|band|coin|ru|comma)\("
)
# `main` and `print_…` print the numbers of the pages: the ledger holds those, the others nobody reads
PRINTING = re.compile(r"^def (?:main|print_\w+)\(")
SURVIVED = {0, 5, 33}  # all tests passed; no test comes there

# Which tests try which modules. Left out are a browser, a Jupyter kernel and hypothesis: minutes for a mutant.
ALGORITHMS = sorted(path.stem for path in (ROOT / "snippets").glob("*.py"))
NOTES = ["around", "claims", "figures", "incremental", "listings", "markup", "notebooks", "obsidian"]
NOTES += ["svg", "tex", "vault"]
GROUPS = {
    "snippets": (
        ALGORITHMS,
        ["tests/ledger.py", "tests/test_cartpole.py", *(f"tests/test_{name}.py" for name in ALGORITHMS)],
    ),
    "notes": (
        NOTES,
        [
            *("-p", "tests.forgetful"),
            *(
                f"tests/test_{name}.py"
                for name in (
                    "around",
                    "claims",
                    "figures",
                    "hostile",
                    "incremental",
                    "notebooks",
                    "obsidian",
                    "page",
                    "tex",
                    "vault",
                )
            ),
            *(
                "-k",
                "not kernel and not jupyter and not notebook_of_the_site and not to_the_archive and not light and not plugin_s_frame and not twice_the_work",
            ),
        ],
    ),
    "run": (
        ["runner", "session"],
        [
            "tests/test_runner.py",
            "tests/test_session.py",
            "tests/test_exercises.py",
            "-k",
            "not imported_meanwhile",
        ],
    ),
    "build": (["main"], ["-p", "tests.inprocess", "tests/test_build.py"]),
}


def prepare(work: Path, modules: list[str], tests: list[str]) -> None:
    """Lay out a copy in which a module has the name by which the tests import it: src/cem.py is `cem`."""
    source = work / "src"
    shutil.copytree(ROOT / "hooks", source, dirs_exist_ok=True)  # what a module reads stands beside it
    for folder in ("snippets", "hooks"):
        for path in sorted((ROOT / folder).glob("*.py")):
            lines = path.read_text(encoding="utf-8").splitlines()
            if folder == "snippets":
                lines = [skip(line) for line in lines]
            (source / path.name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    for name in ("docs", "hooks", "overrides", "snippets", "tests"):
        shutil.copytree(ROOT / name, work / name, dirs_exist_ok=True)
    if (ROOT / ".cache" / "snippets").exists():  # what the snippets print need not be computed again
        shutil.copytree(ROOT / ".cache" / "snippets", work / ".cache" / "snippets", dirs_exist_ok=True)
    for name in ("README.md", "mkdocs.yml"):
        shutil.copy(ROOT / name, work)
    settings = f"""
[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src", "tests"]
addopts = "-q --tb=native -W ignore::RuntimeWarning"  # the other tracebacks parse all mutants of a module: seconds

[tool.mutmut]
source_paths = ["src"]
only_mutate = {json.dumps([f"src/{module}.py" for module in modules])}
also_copy = [".cache/snippets", "README.md", "docs", "hooks", "mkdocs.yml", "overrides", "snippets"]
pytest_add_cli_args_test_selection = {json.dumps(tests)}
timeout_multiplier = 10
use_git_change_detection = false
"""
    (work / "pyproject.toml").write_text(settings, encoding="utf-8")
    # which tests come to which function; mutmut keeps it, and would look for none that come to a new one
    (work / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)


def skip(line: str) -> str:
    return f"{line}  # pragma: no mutate block" if DRAWING.match(line) or PRINTING.match(line) else line


def forget(modules: list[str]) -> None:
    """Take what no test had noticed for untried."""
    for path in WORK.glob("*/mutants/src/*.meta"):
        if not modules or path.name.partition(".")[0] in modules:
            known = json.loads(path.read_text())
            codes = known["exit_code_by_key"]
            codes.update({name: None for name, code in codes.items() if code in SURVIVED})
            path.write_text(json.dumps(known, indent=4))


def results(modules: list[str]) -> dict[str, int | None]:
    """Return mutmut's exit code for every mutant, None for one that was not tried."""
    codes = {}
    for path in sorted(WORK.glob("*/mutants/src/*.meta")):
        if not modules or path.name.partition(".")[0] in modules:
            codes |= json.loads(path.read_text())["exit_code_by_key"]
    return codes


def changes(names: list[str]) -> dict[str, str]:
    """Say what each mutant changed: `cem.refit: - old line + new line`."""
    said, functions = {}, {}
    for name in names:
        module, _, mutant = name.partition(".")
        if module not in functions:
            (path,) = (path.with_suffix("") for path in WORK.glob(f"*/mutants/src/{module}.py.meta"))
            tree = ast.parse(path.read_text(encoding="utf-8"))
            functions[module] = {
                node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
            }
        mangled = mutant.partition("__mutmut_")[0]
        function = re.sub(r"^xǁ(.+)ǁ", r"\1.", mangled).removeprefix("x_")
        old, new = (
            ast.unparse(functions[module][version]).replace(version, function).splitlines()
            for version in (f"{mangled}__mutmut_orig", mutant)
        )
        lines = [re.sub(r"\s+", " ", line) for line in difflib.ndiff(old, new) if line[0] in "+-"]
        said[name] = f"{module}.{function}: {' '.join(lines)}"
    return said


def listed(modules: list[str]) -> set[str]:
    """Return the survivors of these modules that the list knows: the lines of its blocks of code."""
    blocks = LIST.read_text(encoding="utf-8").split("```")[1::2]
    lines = {line for block in blocks for line in block.splitlines() if ": " in line}
    return {line for line in lines if not modules or line.partition(".")[0] in modules}


def judge(modules: list[str]) -> int:
    """Print the score of each module and what differs from the list; return the exit code."""
    codes = results(modules)
    tried = {name: code for name, code in codes.items() if code is not None}
    survivors = changes([name for name, code in tried.items() if code in SURVIVED])
    of, lost = (Counter(name.partition(".")[0] for name in names) for names in (tried, survivors))
    for module in of:
        print(
            f"{module:16} {of[module] - lost[module]:5} of {of[module]:5}  {100 - 100 * lost[module] / of[module]:5.1f} %"
        )
    score = 100 - 100 * len(survivors) / max(len(tried), 1)
    print(
        f"{'all':16} {len(tried) - len(survivors):5} of {len(tried):5}  {score:5.1f} %, {len(codes) - len(tried)} not tried"
    )
    known, found = listed(modules), set(survivors.values())
    for line in sorted(found - known):
        print(f"new      {line}")
    gone = known - found if len(tried) == len(codes) else set()
    for line in sorted(gone):
        print(f"noticed  {line}")
    return int(bool(found - known or gone or score < GOAL))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="limit the run to these, such as `cem ppo`")
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run found out")
    parser.add_argument(
        "--survivors", action="store_true", help="go on, and try again what no test had noticed"
    )
    parser.add_argument(
        "--judge", action="store_true", help="run nothing, compare what is known with the list"
    )
    options = parser.parse_args()
    if not options.judge:
        if options.survivors:
            forget(options.modules)
        elif not options.resume:
            shutil.rmtree(WORK, ignore_errors=True)
        for group, (modules, tests) in GROUPS.items():
            if wanted := [module for module in modules if module in (options.modules or modules)]:
                prepare(WORK / group, modules, tests)
                command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
                if wanted != modules:
                    command += [f"{module}.*" for module in wanted]  # what is named is tried again, known or not
                subprocess.run(command, cwd=WORK / group, check=True)
    return judge(options.modules)


if __name__ == "__main__":
    sys.exit(main())
