"""Pyodide for a site of its own: `python hooks/vendor.py https://…/full/ overrides/assets/pyodide`.

Copies what «Запустить» loads and nothing else. Every package must have the SHA-256 that Pyodide's
own lock names. The lock and the core are named by none: for them the address is trusted.
"""

import hashlib
import json
import re
import sys
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

PACKAGES = Path(__file__).parent.parent / "overrides" / "assets" / "run" / "packages.json"
LOADER, LOCK = "pyodide.mjs", "pyodide-lock.json"
CORE = re.compile(r"pyodide\.asm\.\w+|python_stdlib\.zip")  # as the loader names the rest


def vendor(address: str, folder: Path) -> list[str]:
    """Copy Pyodide, numpy, matplotlib and what they need from an address into a folder.

    Parameters
    ----------
    address : the folder that Pyodide is published in, with a slash at its end
    folder : where the files go; made if missing

    Returns
    -------
    The files' names.

    Raises
    ------
    ValueError : a package is not the one that the lock names; it is not written
    urllib.error.URLError : a file is not there
    """
    folder.mkdir(parents=True, exist_ok=True)
    loader, lock = _read(address, LOADER), _read(address, LOCK)
    core = {LOADER: loader, LOCK: lock}
    core |= {name: _read(address, name) for name in CORE.findall(loader.decode()) if name not in core}
    for name, content in core.items():
        (folder / name).write_bytes(content)
    sums = needed(json.loads(lock), **json.loads(PACKAGES.read_text(encoding="utf-8")))
    for name, expected in sums.items():
        content = _read(address, name)
        if hashlib.sha256(content).hexdigest() != expected:
            raise ValueError(f"{name}: сумма SHA-256 не та, что в {LOCK}; файл не записан")
        (folder / name).write_bytes(content)
    return [*core, *sums]


def needed(lock: dict, load: list[str], idle: list[str]) -> dict[str, str]:
    """Return the SHA-256 of every file that some packages need, by the file's name.

    `lock` is Pyodide's; `load` are the packages, `idle` those that they list but never import.
    """
    names, found = list(load), {}
    for name in names:  # it grows
        package = lock["packages"][name]
        found[package["file_name"]] = package["sha256"]
        names += [other for other in package["depends"] if other not in [*names, *idle]]
    return found


def _read(address: str, name: str) -> bytes:
    with urlopen(urljoin(address, name)) as response:
        return response.read()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("python hooks/vendor.py адрес-Pyodide папка")
    try:
        names = vendor(sys.argv[1].rstrip("/") + "/", Path(sys.argv[2]))
    except (ValueError, OSError) as error:
        sys.exit(f"Не вышло: {error}")
    print(f"{len(names)} файлов в {sys.argv[2]}; запишите эту папку в extra.pyodide (mkdocs.yml)")
