"""Long campaigns: every Hypothesis law with many examples, one at a time, resumed where it stopped.

``python scripts/torture.py [--examples N] [--only TEXT] [--forget]``

What has passed for the same code is not run again (``.torture/state.json``, written after each law), so that a campaign
may be interrupted at any time; what failed or was skipped is. The table of counts goes to ``docs/torture.md``, which is
committed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".torture" / "state.json"
TABLE = ROOT / "docs" / "torture.md"
CODE = ("*.py", "*.toml", "*.parquet", "*.j2", "*.css", "*.json", "*.txt")
MARKS = "hypothesis or torture"

_EXAMPLES = re.compile(r"during generate phase.*?(\d+) passing(?: examples)?, (\d+) failing", re.DOTALL)


def pytest(*arguments: str, examples: int) -> subprocess.CompletedProcess[str]:
    """Run pytest with the profile of the campaigns."""
    environment = {
        **os.environ,
        "CTGEVAL_HYPOTHESIS": "torture",
        "CTGEVAL_TORTURE": "1",
        "CTGEVAL_EXAMPLES": str(examples),
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def laws(only: str, examples: int) -> list[str]:
    """List the tests that have a campaign, by node id; a parametrised one counts once per case."""
    done = pytest("--collect-only", "-m", MARKS, examples=examples)
    if done.returncode not in {0, 5}:
        sys.exit(f"The tests can't be collected:\n{done.stdout}{done.stderr}")
    found = [line for line in done.stdout.splitlines() if "::" in line and not line.startswith(("ERROR", "FAILED"))]
    return sorted(line for line in found if only in line)


def code_hash(law: str, examples: int) -> str:
    """Hash what a law depends on: the package, its test file, the shared fixtures, the number of examples."""
    test = ROOT / law.split("::", maxsplit=1)[0]
    package = [path for pattern in CODE for path in (ROOT / "ctgeval").rglob(pattern)]
    fixtures = [path for folder in test.relative_to(ROOT).parents for path in (ROOT / folder).glob("conftest.py")]
    digest = hashlib.sha256(str(examples).encode())
    for path in sorted({*package, *fixtures, test}):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def run(law: str, examples: int) -> dict[str, object]:
    """Run one law and count its examples."""
    start = time.monotonic()
    done = pytest(law, "--hypothesis-show-statistics", examples=examples)
    counted = _EXAMPLES.search(done.stdout)
    outcome = {0: "passed", 5: "skipped"}.get(done.returncode, "failed")
    if outcome == "passed" and " skipped" in done.stdout.splitlines()[-1]:
        outcome = "skipped"
    if outcome == "failed":
        print(done.stdout[-6000:], done.stderr[-2000:], sep="\n")
    return {
        "outcome": outcome,
        "examples": int(counted[1]) + int(counted[2]) if counted else 0,
        "seconds": round(time.monotonic() - start, 1),
    }


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def table(state: dict[str, dict[str, object]]) -> str:
    """Write the committed page: one line per law."""
    examples = sum(int(str(row["examples"])) for row in state.values())
    lines = [
        "# Long campaigns",
        "",
        "Written by `make torture` (`scripts/torture.py`). Each law was run alone, with many examples, from a random",
        "start; it is run again as soon as the package or its test file changes.",
        "",
        f"{len(state)} laws, {examples:,} examples.",
        "",
        "| test | examples | outcome | code |",
        "|---|---:|---|---|",
    ]
    lines += [
        f"| `{law.removeprefix('tests/')}` | {int(str(row['examples'])):,} | {row['outcome']} | `{row['hash']}` |"
        for law, row in sorted(state.items())
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run what has not passed yet for this code, and say how many laws failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=5_000, help="examples of each law (default 5,000)")
    parser.add_argument("--only", default="", help="only the tests whose name holds this text")
    parser.add_argument("--forget", action="store_true", help="run everything again")
    options = parser.parse_args()

    known: dict[str, dict[str, object]] = {}
    if STATE.is_file() and not options.forget:
        known = json.loads(STATE.read_text(encoding="utf-8"))
    asked = laws(options.only, options.examples)
    if not options.only:
        known = {law: row for law, row in known.items() if law in asked}
    for rank, law in enumerate(asked, start=1):
        current = code_hash(law, options.examples)
        if known.get(law, {}).get("hash") == current and known[law]["outcome"] == "passed":
            continue
        print(f"[{rank}/{len(asked)}] {law}", flush=True)
        known[law] = {"hash": current, **run(law, options.examples)}
        print(f"    {known[law]['outcome']}, {known[law]['examples']} examples, {known[law]['seconds']} s", flush=True)
        write(STATE, json.dumps(known, indent=1, sort_keys=True))
    write(TABLE, table(known))
    failed = [law for law in asked if known[law]["outcome"] == "failed"]
    print(f"{len(asked)} laws, {len(failed)} failed; table: {TABLE.relative_to(ROOT)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; what has passed is kept, and the same command goes on from there.")
