"""Does the site build with Material's successor? `python tests/successor.py`

Material for MkDocs ends in May 2027. This makes a virtual environment with properdocs and mkdocs-materialx
over what the site needs, changes one line of mkdocs.yml, the theme's name, builds strictly with the other
command, and compares the article of every page with that of the build of today. It takes a minute or two,
so it is no part of the suite.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup

from versions import install

ROOT = Path(__file__).parent.parent
# materialx 10.2 has a search of its own, which knows neither Material's options nor our search.js
SUCCESSORS = ["properdocs==1.6.7", "mkdocs-materialx==10.1.8"]


def build(command: list, config: Path, site: Path) -> None:
    """Build strictly; a failed build ends the program with what it said."""
    environment = {**os.environ, "NO_COLOR": "1", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [*command, "build", "--strict", "-f", config, "-d", site],
        cwd=config.parent, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{config}:\n{done.stderr}")


def articles(site: Path) -> dict[str, str]:
    """Return the article of every page by the page's path."""
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    found = {path: BeautifulSoup(html, "html.parser").find("article") for path, html in pages.items()}
    return {path.relative_to(site).as_posix(): str(article) for path, article in found.items() if article}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        python = install(Path(folder, "venv"), ["-r", str(ROOT / "requirements.txt")])
        # a second call: the two themes write into one package, and the last one stands
        subprocess.run([python, "-m", "pip", "install", "-q", *SUCCESSORS], check=True)
        work = Path(folder, "work")
        work.mkdir()
        for name in ("docs", "hooks", "overrides", "snippets"):
            (work / name).symlink_to(ROOT / name)
        text, changed = re.subn(
            r"(?m)^  name: material$", "  name: materialx", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
        )
        assert changed == 1
        (work / "mkdocs.yml").write_text(text, encoding="utf-8")
        build([sys.executable, "-m", "mkdocs"], ROOT / "mkdocs.yml", Path(folder, "today"))
        build([python, "-m", "properdocs"], work / "mkdocs.yml", Path(folder, "then"))
        today, then = articles(Path(folder, "today")), articles(Path(folder, "then"))
    differ = sorted(path for path in today.keys() | then.keys() if today.get(path) != then.get(path))
    print(*differ, sep="\n", end="\n" if differ else "")
    print(f"{' '.join(SUCCESSORS)}: {len(today)} pages, {len(differ)} differ")
    return 1 if differ or not today else 0


if __name__ == "__main__":
    sys.exit(main())
