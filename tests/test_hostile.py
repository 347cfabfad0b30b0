"""Notes that would cost a careless converter the square of their length, its stack or all memory."""

import sys

import pytest

import obsidian
from vault import Vault, read_note

TARGET = b"# A\n\n## B\n\ntext ^x\n"

# n → a note; each costs work in proportion to n
NOTES = {
    "marks that nothing closes": lambda n: "==a " * n,
    "marks within a mark": lambda n: "==a " * n + "a==",
    "marks and what binds closer": lambda n: "==a `b [c](d $e $$f \\\\" * n,
    "wikilinks that nothing closes": lambda n: "[[" * n,
    "embeds that nothing closes": lambda n: "![[" * n,
    "brackets": lambda n: ("[" * 9 + "]" * 9 + " ") * n,
    "emphasis that nothing closes": lambda n: "*a **b ~~c _d " * n,
    "links in a paragraph": lambda n: "[[a]] и [[нет]]\n" * n,
    "Markdown links in a paragraph": lambda n: "[x](a.md) [y](нет.md)\n" * n,
    "links in a paragraph each": lambda n: "[[a#B]]\n\n" * n,
    "formulas that nothing closes": lambda n: "$a $$b " * n,
    "formulas with definitions": lambda n: "".join(
        f"$\\newcommand{{\\x{'x' * i}}}{{1}}$ $y$ " for i in range(n)
    ),
    "comments": lambda n: "5%%задано%% " * n,
    "comments that nothing closes": lambda n: "%%\n\na\n\n" * n + "%%",
    "headings of one name": lambda n: "## h\n\n" * n,
    "headings and links to them": lambda n: "".join(f"## h{i}\n\n[[#h{i}]] [[#нет]]\n\n" for i in range(n)),
    "ever lower headings and back": lambda n: "# a\n\n## b\n\n### c\n\n" * n,
    "blocks with ids": lambda n: "".join(f"a ^b{i}\n\n[[#^b{i}]]\n\n" for i in range(n)),
    "footnotes": lambda n: (
        "".join(f"[^{i}] ^[и] " for i in range(n)) + "".join(f"\n[^{i}]: x" for i in range(n))
    ),
    "transclusions": lambda n: "![[a]]\n\n" * n,
    "transclusions in a paragraph": lambda n: "![[a#B]] " * n,
    "blocks taken in with footnotes from elsewhere": lambda n: (
        "".join(f"a[^{i}] ^b{i}\n\n![[#^b{i}]]\n\n" for i in range(n)) + "".join(f"[^{i}]: x\n" for i in range(n))
    ),
    "tags": lambda n: "".join(f"#a/b{i} " for i in range(n)),
    "callouts": lambda n: "> [!note]\n> a\n\n" * n,
    "quotes in quotes": lambda n: ">" * n + " a",
    "lists in lists": lambda n: "".join(" " * (2 * i % 80) + "- a\n" for i in range(n)),
    "tasks": lambda n: "- [ ] a\n" * n,
    "a table": lambda n: "|a|b|\n|-|-|\n" + "|[[a\\|b]]|`c`|\n" * n,
    "HTML": lambda n: "<div>\n\n<img src='a.png'> <!-- <a " * n,
    "backticks": lambda n: " ".join("`" * (i % 50 + 1) for i in range(n)),
    "one long line": lambda n: "слово " * n,
}


def convert(text):
    notes = {"n.md": read_note("n.md", text.encode()), "a.md": read_note("a.md", TARGET)}
    return obsidian.convert(notes["n.md"], Vault(notes))


def work(text):
    """Return the number of function calls that converting a note takes, Python's and C's."""
    calls = 0

    def count(frame, event, arg):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        convert(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("note", NOTES.values(), ids=NOTES)
def test_twice_the_note_takes_twice_the_work(note):
    convert(note(1))  # what is made once
    assert work(note(200)) < 2.2 * work(note(100)) + 1000


@pytest.mark.parametrize(
    "formula",
    [
        "{" * 20_000 + "}" * 20_000,
        r"\left(" * 20_000,
        r"\begin{matrix}" * 20_000,
        r"\hat" * 20_000 + " x",
        "x^{" * 20_000,
    ],
)
def test_a_formula_too_deep_for_the_stack_is_a_problem_of_its_line(formula):
    converted = convert(f"До.\n\n$${formula}$$\n\nПосле.")
    assert [(p.line, "глубже 200" in p.text) for p in converted.problems] == [(3, True)]
    assert "После" in converted.html


def test_properties_too_deep_for_the_parser_are_a_problem_of_the_note():
    converted = convert("---\na: " + "[" * 2_000 + "\n---\nтекст")
    assert "не разобрать как YAML" in str(converted.problems[0]) and "текст" in converted.html


def test_notes_that_take_each_other_in_twice_end_in_a_problem():
    notes = {
        f"{i}.md": read_note(f"{i}.md", f"{'a' * 20_000}\n\n![[{i + 1}]]\n\n![[{i + 1}]]\n".encode())
        for i in range(40)
    }
    converted = obsidian.convert(notes["0.md"], Vault(notes))
    said = [p for p in converted.problems if "остальное пропущено" in p.text]
    assert len(said) == 1
    assert len(converted.html) < 2 * obsidian.MOST_TAKEN
