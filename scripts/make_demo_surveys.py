"""Make the answers to the fictional surveys of ``data/demo``, always the same bytes.

::

    python scripts/make_demo_surveys.py                # writes data/demo
    python scripts/make_demo_surveys.py --out DIR      # writes elsewhere

``enquetes.toml``, which declares the questionnaires, is written by hand and is not touched.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from demo import answers

OUTPUT = Path(__file__).resolve().parents[1] / "data" / "demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Make the answers to the fictional surveys of the demo.")
    parser.add_argument("--out", type=Path, default=OUTPUT)
    out = parser.parse_args(arguments).out
    files: dict[str, Iterable[Sequence[str]]] = {
        "sources/enquete_familles_2023.csv": answers.families(2023),
        "sources/enquete_familles_2025.csv": answers.families(2025),
        "sources/enquete_numerique_2025.csv": answers.workshops(),
        "enquetes/familles-2025_themes.csv": answers.themes(2025),
    }
    for name, rows in files.items():
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=";", lineterminator="\n").writerows(rows)
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(buffer.getvalue().encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
