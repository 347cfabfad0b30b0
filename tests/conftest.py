"""The site as a reader gets it: built strictly, served, opened in a real browser. Each once."""

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parent.parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no other host is there
    "--enable-blink-features=ComputedAccessibilityInfo",  # what a screen reader is told: computedName
]


def pytest_addoption(parser):
    parser.addoption("--site", help="test this built site instead of building one")


@pytest.fixture(scope="session")
def site(request, tmp_path_factory):
    """The folder of the built site."""
    if folder := request.config.getoption("--site"):
        return Path(folder).resolve()
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    built = shared / "site-is-built"
    with FileLock(shared / "site.lock"):
        if not built.exists():
            build(shared / "site")
            built.touch()
    return shared / "site"


def build(folder):
    """Build the site strictly; what it says is the failure of the test."""
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        pytest.fail(f"mkdocs build --strict:\n{result.stderr}", pytrace=False)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a browser that leaves a page drops its connections


@pytest.fixture(scope="session")
def server(site):
    """The address of the served site, with no slash at its end."""
    with _Server(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture(scope="module")  # Playwright holds the thread's event loop while it lives
def browser():
    """Chromium: the system's, or else the one that Playwright has downloaded."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome")
        found = next(filter(None, map(shutil.which, names)), playwright.chromium.executable_path)
        if not Path(found).exists():
            missing = "no Chromium: install it, or run `playwright install chromium`"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()
