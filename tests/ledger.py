"""The claim ledger without a build of the site: the numbers that the pages bind to what the snippets print.

The build checks them for the snippets as they are. `versions.py` checks them under other versions, and
`mutants.py` runs the test below on broken snippets; in the suite it would only repeat the build.
"""

import ast
import contextlib
import importlib
import io
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "hooks"))  # pytest has them by its configuration, a script does not

import claims  # noqa: E402
import markup  # noqa: E402
from runner import Run  # noqa: E402
from vault import read_note  # noqa: E402

SNIPPETS = sorted(path.stem for path in (ROOT / "snippets").glob("*.py"))


def moved(runs: dict[str, Run]) -> tuple[int, list[str]]:
    """Return how many numbers the pages bind to the runs, and what is wrong with some of them."""
    bound, problems = 0, []
    for path in sorted((ROOT / "docs").glob("*.md")):
        note = read_note(path.name, path.read_bytes())
        for comment in _comments(markup.parse(note.text)):
            binding = claims.BINDING.fullmatch(comment.content)
            if not binding or binding[1] not in runs:
                continue
            bound += 1
            if problem := claims.check(comment.meta["before"], comment.content, runs):
                problems.append(f"{path.name}, строка {note.offset + comment.meta['line'] + 1}: {problem}")
    return bound, problems


def _comments(tokens):
    for token in tokens:
        if token.type == "comment":
            yield token
        yield from _comments(token.children or [])


@pytest.mark.parametrize("name", SNIPPETS)
def test_what_the_snippet_prints_are_the_numbers_of_the_pages(name, monkeypatch):
    monkeypatch.setattr(Figure, "savefig", lambda *args, **options: None)
    source = (ROOT / "snippets" / f"{name}.py").read_text(encoding="utf-8")
    *_, main = ast.parse(source).body  # if __name__ == "__main__"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):  # in the imported module, for that is where a mutant is
        exec(
            compile(ast.Module(main.body, []), f"{name}.py", "exec"),
            dict(vars(importlib.import_module(name))),
        )
    bound, problems = moved({name: Run(name, source, printed.getvalue(), {}, None)})
    assert bound and not problems
