"""The published note is the author's, but for the listed corrections."""

from pathlib import Path

import yaml

HERE = Path(__file__).parent
ORIGINAL = HERE / "seed" / "Reinforcement learning.md"
PUBLISHED = HERE.parent / "docs" / "Reinforcement learning.md"
CORRECTIONS = yaml.safe_load((HERE / "seed" / "corrections.yml").read_text(encoding="utf-8"))


def test_the_original_with_the_listed_corrections_is_the_published_note_byte_for_byte():
    lines = ORIGINAL.read_bytes().decode().split("\n")
    for correction in CORRECTIONS:
        at = correction["line"] - 1
        assert lines[at].count(correction["old"]) == 1, correction
        lines[at] = lines[at].replace(correction["old"], correction["new"])
    assert "\n".join(lines).encode() == PUBLISHED.read_bytes()


def test_every_correction_says_why_and_changes_no_link():
    for correction in CORRECTIONS:
        assert correction["why"]
        assert "[[" not in correction["old"] + correction["new"], correction
