"""A note is read and converted again only if it can have changed: `mkdocs serve` builds all after every edit.

`obsidian.convert` knows nothing of it. It is given a vault that writes down what it was asked and what it
answered; where the note is the same and the vault of today gives the same answers, so is the page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import obsidian
from vault import Figure, Note, Vault, read_note

Answers = dict[tuple[str, str], dict[tuple, object]]
"""What the vault answered: by the part that was asked (its methods: "") and the method, by the arguments."""


class Reading(NamedTuple):
    """A file and the note in it."""

    content: bytes
    note: Note


def read(path: str, content: bytes, last: Reading | None = None) -> Reading:
    """Read a note, unless the last reading was of the same bytes: the same note then, headings and all."""
    return last if last and last.content == content else Reading(content, read_note(path, content))


@dataclass(frozen=True)
class Conversion:
    """A note, its page, and every question that the page asked the vault, with the answer."""

    note: Note
    page: obsidian.Converted
    answers: Answers

    def holds(self, note: Note, vault: Vault) -> bool:
        """Whether the note, in that vault, would become the same page."""
        return note is self.note and all(
            ask(*arguments) == answer
            for question, answers in self.answers.items()
            for ask in [_method(vault, *question)]
            for arguments, answer in answers.items()
        )


def convert(note: Note, vault: Vault, last: Conversion | None = None) -> Conversion:
    """Convert a note, unless the last conversion holds."""
    if last and last.holds(note, vault):
        return last
    asked = _Asked(vault)
    return Conversion(note, obsidian.convert(note, asked), asked.answers)


def _method(vault: Vault, part: str, name: str) -> Callable:
    return getattr(getattr(vault, part) if part else vault, name)


class _Asked:
    """A vault as `obsidian.convert` uses it."""

    def __init__(self, vault: Vault):
        self.vault = vault
        self.answers: Answers = {}
        self.notes, self.files, self.runs, self.urls = (
            _Part(self, name) for name in ("notes", "files", "runs", "urls")
        )

    def ask(self, part: str, method: str, *arguments):
        answers = self.answers.setdefault((part, method), {})
        if arguments not in answers:
            answers[arguments] = _method(self.vault, part, method)(*arguments)
        return answers[arguments]

    def url(self, path: str, source: str) -> str:
        return self.ask("", "url", path, source)

    def find(self, target: str, source: str) -> str | None:
        return next(iter(self.candidates(target, source)), None)

    def candidates(self, target: str, source: str) -> list[str]:
        return self.ask("", "candidates", target, source)

    def figure(self, name: str) -> Figure | None:
        return self.ask("", "figure", name)

    @property
    def breaks(self) -> bool:
        return self.ask("", "__getattribute__", "breaks")


class _Part:
    """A dictionary or a set of the vault."""

    def __init__(self, asked: _Asked, name: str):
        self.asked, self.name = asked, name

    def __contains__(self, key: str) -> bool:
        return self.asked.ask(self.name, "__contains__", key)

    def __getitem__(self, key: str):
        return self.asked.ask(self.name, "__getitem__", key)

    def get(self, key: str):
        return self.asked.ask(self.name, "get", key)
