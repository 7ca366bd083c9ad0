"""A small part of the demo, for tests of what happens to one register: reading all of it takes seconds each time."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
KEPT = ("ctg.toml", "observations.csv", "indicateurs.toml")


def light(folder: Path, *, files: Collection[str] = (), sources: Collection[str] = (), impacts: bool = False) -> Path:
    """Copy in ``folder`` the geography of the demo, its counts, these other files, and these sources that have a file.

    Its other sources with a file, its surveys and its other registers are left, and its impacts unless they are asked.
    """
    shutil.copytree(DEMO / "geographie", folder / "geographie")
    for name in (*KEPT, *files):
        shutil.copy(DEMO / name, folder)
    place = folder / "ctg.toml"
    kept = []
    for block in re.split(r"^(?=\[)", place.read_text(encoding="utf-8"), flags=re.MULTILINE):
        file = re.search(r'^fichier = "(.+)"', block, flags=re.MULTILINE)
        if file and any(f'cle = "{key}"\n' in block for key in sources):
            (folder / file[1]).parent.mkdir(exist_ok=True)
            shutil.copy(DEMO / file[1], folder / file[1])
        elif file or (block.startswith("[[impact]]") and not impacts):
            continue
        kept.append(block)
    place.write_text("".join(kept), encoding="utf-8")
    return folder
