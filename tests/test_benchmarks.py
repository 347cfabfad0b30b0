"""The benchmarks measure fairly, the page shows what they measured, and the algorithms stay short.

Nothing here needs torch and the other peers: the measuring itself is tried on sides made up here.
"""

import ast
import json
import re
from collections import Counter
from contextlib import nullcontext
from html import unescape
from pathlib import Path

import pytest
from benchmarks import harness, page
from benchmarks.harness import Row, Side
from benchmarks.vaults import __main__ as vaults
from benchmarks.vaults import builds, notes
from benchmarks.vaults import page as vaults_page
from bs4 import BeautifulSoup
from markdown import markdown

import obsidian
from vault import Vault, read_note

ROOT = Path(__file__).parent.parent
RESULTS = json.loads(page.RESULTS.read_text(encoding="utf-8"))
VAULTS = json.loads(vaults_page.RESULTS.read_text(encoding="utf-8"))
ROWS = [row for group in RESULTS["groups"].values() for row in group]
HEADER = {"code": "1", "machine": "a"}


# measuring


class Clock:
    """A clock that goes only when told."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(harness.time, "perf_counter", clock)
    return clock


def made_up(clock, log, ours=4, peer=2, judge=None, per_step=False):
    """A row whose sides take 1 and 8 seconds and the seed squared, for 10 and 20 steps of work."""

    def side(name, seconds, work, count):
        def run(seed):
            log.append((name, seed))
            clock.now += seconds + seed**2
            return work, (name, seed)

        return Side(name, run, (count, 1))

    return Row("дело", side("наш", 1, 10, ours), side("чужой", 8, 20, peer), 2, "шагов", judge, per_step)


@pytest.mark.parametrize(("ours", "peer"), [(3, 3), (30, 5), (100, 100), (5, 30), (1, 1)])
def test_each_seed_has_its_turn_and_neither_side_runs_ahead(ours, peer):
    order = harness.turns(ours, peer)
    assert Counter(order) == Counter([("ours", i) for i in range(ours)] + [("peer", i) for i in range(peer)])
    for k in range(len(order)):
        done = Counter(side for side, _ in order[:k])
        assert abs(done["ours"] / ours - done["peer"] / peer) <= 1 / min(ours, peer) + 1e-9


def test_with_equal_counts_the_sides_alternate():
    sides = [side for side, _ in harness.turns(5, 5)]
    assert all(a != b for a, b in zip(sides, sides[1:]))


def test_a_quick_run_takes_the_quick_counts(tmp_path, clock):
    log = []
    list(harness.measure([made_up(clock, log)], tmp_path / "m", HEADER, quick=True))
    assert log == [("наш", 0), ("чужой", 0)]


def test_a_run_that_was_cut_short_goes_on_and_repeats_nothing(tmp_path, clock):
    log, path = [], tmp_path / "deep" / "m.jsonl"
    row = made_up(clock, log)
    running = harness.measure([row], path, HEADER)
    for _ in range(3):
        next(running)
    running.close()
    with path.open("a", encoding="utf-8") as file:
        file.write('{"row": "дело ↔ чужо')  # the fourth was cut in the middle of its line
    before = harness.load(path, HEADER)
    assert [(m["side"], m["seed"]) for m in before] == harness.turns(4, 2)[:3]
    after = [measured for _, measured in harness.measure([row], path, HEADER)]
    assert [(m["side"], m["seed"]) for m in before + after] == harness.turns(4, 2)
    assert Counter(log) == Counter([("наш", i) for i in range(4)] + [("чужой", i) for i in range(2)])
    assert harness.load(path, HEADER) == before + after


def test_every_turn_is_on_disk_before_the_next(tmp_path, clock):
    path = tmp_path / "m.jsonl"
    for done, (_, measured) in enumerate(harness.measure([made_up(clock, [])], path, HEADER), 1):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) == 1 + done and json.loads(lines[-1]) == measured


@pytest.mark.parametrize("other", [{"code": "2", "machine": "a"}, {"code": "1", "machine": "b"}])
def test_what_other_code_or_another_machine_measured_is_not_mixed_in(tmp_path, clock, other):
    path, log = tmp_path / "m.jsonl", []
    list(harness.measure([made_up(clock, log)], path, HEADER))
    assert harness.load(path, other) == []
    list(harness.measure([made_up(clock, log)], path, other))
    assert len(log) == 12 and len(harness.load(path, other)) == 6


def test_the_judge_sees_the_result_and_its_time_does_not_count(tmp_path, clock):
    def judge(result, seed):
        clock.now += 1000
        assert result[1] == seed
        return result == ("наш", 2)

    row = made_up(clock, [], judge=judge)
    found = [m for _, m in harness.measure([row], tmp_path / "m", HEADER)]
    assert {(m["side"], m["seed"]): m["seconds"] for m in found} == {
        ("ours", 0): 1, ("ours", 1): 2, ("ours", 2): 5, ("ours", 3): 10, ("peer", 0): 8, ("peer", 1): 9,
    }  # fmt: skip
    assert [m["seed"] for m in found if m["solved"]] == [2]


def test_the_summary_is_what_a_hand_reckons(tmp_path, clock):
    row = made_up(clock, [], judge=lambda result, seed: seed > 0)
    found = [m for _, m in harness.measure([row], tmp_path / "m", HEADER)]
    other = {"row": "дело ↔ другой", "side": "ours", "seed": 0, "seconds": 1e6, "work": 1, "solved": True}
    summary = harness.summary(row, [other, *found])
    assert summary["ours"] == {"name": "наш", "seconds": [3.5, 1, 10], "work": 10, "solved": 3, "runs": 4}
    assert summary["peer"] == {"name": "чужой", "seconds": [8.5, 8, 9], "work": 20, "solved": 1, "runs": 2}
    assert summary["ratio"] == 8.5 / 3.5


def test_where_work_differs_seconds_are_those_of_a_step(tmp_path, clock):
    row = made_up(clock, [], per_step=True)
    summary = harness.summary(row, [m for _, m in harness.measure([row], tmp_path / "m", HEADER)])
    assert summary["ours"]["seconds"] == [0.35, 0.1, 1]
    assert summary["ratio"] == pytest.approx((8.5 / 20) / (3.5 / 10))
    assert summary["ours"]["solved"] is None


# the page


def test_the_page_is_what_results_json_says():
    text = page.NOTE.read_text(encoding="utf-8")
    tables = page.tables(RESULTS) | vaults_page.tables(VAULTS)
    assert page.render(text, tables) == text
    assert {region[2] for region in page.REGION.finditer(text)} == tables.keys()


def test_a_table_is_put_into_its_region_and_the_others_stay():
    text = "а\n%%замеры: раз%%\n\nстарое\n\n%%конец замеров%%\nб\n%%замеры: два%%\nв\n%%конец замеров%%\n"
    assert page.render(text, {"раз": "новое"}) == text.replace("старое", "новое")


def test_the_plot_has_every_row_and_its_ratio():
    svg = page.PLOT.read_text(encoding="utf-8")
    texts = [unescape(text).strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
    expected = [(f"{row['work']} ↔ {row['peer']['name']}", page.number(row["ratio"], 2)) for row in ROWS]
    at = [texts.index(label) for label, _ in expected]
    assert [(texts[i], texts[i + 1]) for i in at] == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['work']} ↔ {row['peer']['name']}")
def test_a_ratio_is_that_of_the_medians_and_several_seeds_gave_them(row):
    assert row["ratio"] == row["peer"]["seconds"][0] / row["ours"]["seconds"][0]
    for side in (row["ours"], row["peer"]):
        median, low, high = side["seconds"]
        assert low <= median <= high and side["runs"] >= 3


SNIPPETS = [row for row in ROWS if row["ours"]["name"].endswith(".py")]  # the other is SB3's network


@pytest.mark.parametrize("row", SNIPPETS, ids=lambda row: f"{row['work']} ↔ {row['peer']['name']}")
def test_a_snippet_reached_the_goal_with_every_seed_and_ppo_with_all_but_one(row):
    solved, runs = row["ours"]["solved"], row["ours"]["runs"]
    assert solved is None or solved >= runs - (row["work"] == "PPO")


def test_all_rows_but_one_are_of_snippets():
    assert len(SNIPPETS) == len(ROWS) - 1


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (231.4, 2, "231"),
        (9.14, 2, "9,1"),
        (0.0431, 2, "0,043"),
        (171231, 3, "171\u00a0231"),
        (12.345, 3, "12,3"),
    ],
)
def test_numbers_are_written_as_a_russian_reader_has_them(value, digits, text):
    assert page.number(value, digits) == text


def test_times_take_the_unit_of_their_median():
    assert page.duration(0.0021, 0.0012, 1.5) == "2,10\u00a0мс (1,20–1\u00a0500)"
    assert page.duration(45, 40.04, 61) == "45,0\u00a0с (40,0–61,0)"
    assert page.duration(5e-7, 4e-7, 9e-7) == "500\u00a0нс (400–900)"


def pins(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith(("#", "-r")))


def test_the_page_names_the_versions_that_are_pinned_and_the_site_needs_none_of_the_peers():
    pinned, site = pins("benchmarks/requirements.txt"), pins("requirements.txt")
    measured = {name: version.partition("+")[0] for name, version in RESULTS["versions"].items()}
    assert measured == {name: version for name, version in pinned.items() if name in measured}
    ours = {"numpy", "matplotlib"}
    assert pinned.keys() & site.keys() == ours and pinned.keys() - measured.keys() <= {"matplotlib"}
    assert all(pinned[name] == site[name] for name in ours)


# vaults


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A made-up vault and its plain twin: path → text."""
    folders = [tmp_path_factory.mktemp("vault") for _ in range(2)]
    order = [notes.vault(60, folder, plain) for folder, plain in zip(folders, (False, True))]
    read = [{p.relative_to(f).as_posix(): p.read_text(encoding="utf-8") for p in f.rglob("*.md")} for f in folders]
    assert order[0] == order[1] and read[0].keys() == read[1].keys() and len(read[0]) == 60
    return read


def said(html):
    """The words that a reader sees, but for code and formulas."""
    soup = BeautifulSoup(html, "html.parser")
    for other in soup.select("pre, .arithmatex, .headerlink"):
        other.decompose()
    return set(re.findall(r"[а-яё]{2,}", soup.text.lower())) - {"из", "заметки"}


def test_a_made_up_vault_and_its_plain_twin_say_the_same_and_no_link_of_either_is_lost(twins):
    vault = Vault({path: read_note(path, text.encode()) for path, text in twins[0].items()})
    for path, note in vault.notes.items():
        converted = obsidian.convert(note, vault)
        assert converted.problems == []
        plain = read_note(path, twins[1][path].encode()).text
        extensions = ["admonition", "tables", "pymdownx.superfences", "pymdownx.arithmatex", "pymdownx.tasklist"]
        assert said(markdown(plain, extensions=extensions)) == said(converted.html)
        for target in re.findall(r"\]\(<(?:\.\./)?(.+?)\.md", plain):
            assert f"{target}.md" in twins[1]


def test_a_made_up_note_has_what_notes_have(twins):
    whole = [text for path, text in twins[0].items() if path != "index.md"]
    for sign in ("aliases:", "tags:", "![[", "[!", "$$", "```python", "|--:|", "- [x]", "## "):
        assert all(sign in text for text in whole), sign
    assert sum("[[" in text.replace("![[", "") for text in whole) > 50
    sizes = sorted(len(text) for text in whole)
    assert sizes[0] > 1500 and sizes[-1] < 5000


def test_the_same_vault_comes_out_each_time(twins, tmp_path):
    notes.vault(60, tmp_path)
    assert {p.relative_to(tmp_path).as_posix(): p.read_text(encoding="utf-8") for p in tmp_path.rglob("*.md")} == twins[0]


@pytest.mark.parametrize("lost", ["", "\n[x](net.md)\n"])
def test_a_build_of_either_side_that_loses_a_link_is_no_measurement(tmp_path, lost):
    nav = notes.vault(5, tmp_path / "plain-notes", plain=True)
    notes.vault(5, tmp_path / "notes")
    for folder in ("plain-notes", "notes"):
        with (tmp_path / folder / "index.md").open("a", encoding="utf-8") as file:
            file.write(lost)
    sides = (
        builds.project(tmp_path / "ours", tmp_path / "notes"),
        builds.plain(tmp_path / "plain", tmp_path / "plain-notes", nav),
    )
    for side in sides:
        with pytest.raises(RuntimeError, match=r"net\.md") if lost else nullcontext():
            assert builds.cold(side)["seconds"] > 0


def test_what_the_vaults_gave_is_summed_up_as_a_hand_does():
    def run(seconds, memory):
        return {"seconds": seconds, "memory": memory}

    found = [
        *(("ours", 10, run(s, m)) for s, m in ((3, 20), (1, 30), (2, 10))),
        *(("plain", 10, run(s, 5)) for s in (2, 1, 4)),
        *(("convert", 10, [s]) for s in (0.004, 0.002, 0.009)),
        ("rebuild", 10, [{"seconds": 4, "ours": 1}, {"seconds": 2, "ours": 1}, {"seconds": 5, "ours": 1}]),
        ("rebuild", 0, [{"seconds": 1, "ours": 0.5}]),
        ("served", 0, [0.5, 0.7, 0.6]),
    ]
    summary = vaults.summary(found)
    assert summary["builds"] == [{"notes": 10, "ours": [2, 1, 3], "plain": [2, 1, 4], "memory": 20}]
    assert [(row["key"], row["seconds"], row.get("share")) for row in summary["times"]] == [
        ("convert", [0.004, 0.002, 0.009], None), ("rebuild", [4, 2, 5], 0.25), ("site", [1, 1, 1], 0.5), ("served", [0.6, 0.5, 0.7], None),
    ]  # fmt: skip
    assert ["НЕ" in line for line in vaults.verdicts(summary)] == [False, False, True, False, False]


def test_memory_is_fitted_by_a_line():
    rows = [{"notes": n, "memory": 50 + 2 * n} for n in (100, 300, 1000)]
    base, each, off = vaults_page.fit({"builds": rows})
    assert (base, each, off) == (pytest.approx(50), pytest.approx(2), pytest.approx(0, abs=1e-9))
    rows[-1]["memory"] *= 1.2
    assert vaults_page.fit({"builds": rows})[2] > 0.05


# short


def lines(snippet, start, environment=("reset", "step")):
    """How many lines the functions have that `start` comes to: no blank ones, no docstrings."""
    source = (ROOT / "snippets" / f"{snippet}.py").read_text(encoding="utf-8")
    tree, rows = ast.parse(source), source.splitlines()
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    reached, queue, count = set(environment), [start], 0
    while queue:
        name = queue.pop()
        if name in reached:
            continue
        reached.add(name)
        inside = list(ast.walk(defined[name]))
        queue += [node.id for node in inside if isinstance(node, ast.Name) and node.id in defined]
        spoken = {
            line
            for node in inside
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)
            for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)
        }
        span = range(defined[name].lineno, defined[name].end_lineno + 1)
        count += sum(bool(rows[line - 1].strip()) and line not in spoken for line in span)
    return count


@pytest.mark.parametrize(
    ("snippet", "start", "most"),
    [("cem", "cem", 30), ("cem_policy", "train", 30), ("reinforce", "train", 45), ("ppo", "train", 70)],
)
def test_an_algorithm_fits_a_screen_or_two(snippet, start, most):
    assert most / 3 < lines(snippet, start) <= most


@pytest.mark.parametrize("snippet", ["agent_loop", "cem_policy", "reinforce", "ppo"])
def test_a_step_of_the_environment_has_at_most_twelve_lines(snippet):
    assert 8 < lines(snippet, "step", environment=()) <= 12
