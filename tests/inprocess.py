"""A plugin for `mutants.py`: the builds of test_build.py happen in pytest's own process, where a mutant is."""

import contextlib
import subprocess

from click.testing import CliRunner
from mkdocs.__main__ import cli
from mkdocs.config.config_options import Hooks

import main

start = subprocess.run


def run(command, *, cwd=None, **options):
    """Do what `python -m mkdocs build` in that folder does; any other command is started as ever."""
    if "mkdocs" not in command:
        return start(command, cwd=cwd, **options)
    with contextlib.chdir(cwd):
        result = CliRunner().invoke(cli, command[command.index("mkdocs") + 1 :])
    return subprocess.CompletedProcess(command, result.exit_code, result.stdout, result.stderr)


subprocess.run = run
Hooks._load_hook = lambda self, name, path: main
