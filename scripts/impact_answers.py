"""Compare ctgeval with published answers: ``CTGEVAL_REAL_DATA=... python scripts/impact_answers.py``.

The table goes to ``docs/impact_answers.md``, which is committed. The return code is 1 when a published digit is not
reproduced and no reason is given, or when an answer can't be computed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "impact_answers.md"
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT)]

from published.answer import Answer, digits  # noqa: E402
from published.panels import SOURCES as PANELS  # noqa: E402
from published.people import SOURCES as PEOPLE  # noqa: E402
from published.series import SOURCES as SERIES  # noqa: E402

HEADER = """# Published answers, ctgeval's and peers'

Written by `python scripts/impact_answers.py`, from the folder that `CTGEVAL_REAL_DATA` names. A figure is «same» when
ctgeval's, rounded as the published one is printed, is the published one; otherwise the difference stands with its
reason. «Peers»: what packages gave on the same data (pyfixest 0.60.0, diff-diff 3.13.0, moderndid 0.2.0, csdid 0.4.3,
pysyncon 1.7.0, azcausal 0.2.5, R 4.2.2); «it is the reference» where nothing was printed and theirs is compared with.
ctgeval's are computed when this file is written, published and peers' are typed.

- Figures: {count}; same to all published digits: {same}; different, with a reason: {told}; without one: {untold}.

| method | data | quantity | published | ctgeval | peers | difference | reason |
|---|---|---|--:|--:|---|--:|---|
"""


def _printed(answer: Answer) -> str:
    """Give ctgeval's figure with two digits more than the published one."""
    if "e" in answer.published:
        return f"{answer.ours:.{len(answer.published.partition('e')[0].partition('.')[2]) + 2}e}"
    return f"{answer.ours:.{max(digits(answer.published), 0) + 2}f}"


def _line(answer: Answer) -> str:
    same = answer.reproduced
    difference = "same" if same else f"{answer.difference:+.2g}"
    reason = "" if same else answer.reason or "**none**"
    cells = [answer.method, answer.data, answer.quantity, answer.published, _printed(answer), answer.peers]
    return "| " + " | ".join([*cells, difference, reason]) + " |"


def render(answers: Sequence[Answer], absent: Sequence[str]) -> str:
    """Write the whole file."""
    other = [answer for answer in answers if not answer.reproduced]
    told = sum(bool(answer.reason) for answer in other)
    head = HEADER.format(count=len(answers), same=len(answers) - len(other), told=told, untold=len(other) - told)
    lines = [_line(answer) for answer in answers]
    if absent:
        lines += ["", "Not computed:", "", *(f"- {text}" for text in absent)]
    return head + "\n".join(lines) + "\n"


def main() -> int:
    """Compute every answer, write the table, tell what is not reproduced."""
    folder = Path(os.environ.get("CTGEVAL_REAL_DATA", "")) / "impact"
    if not folder.is_dir():
        sys.stderr.write("CTGEVAL_REAL_DATA must be the folder that holds `impact/` (see CONTRIBUTING.md).\n")
        return 1
    answers: list[Answer] = []
    absent: list[str] = []
    for source in (*PEOPLE, *SERIES, *PANELS):
        try:
            answers += source.make(folder)
        except Exception as error:  # noqa: BLE001  one estimator that stops does not hide the others' answers
            absent.append(f"{source.name}: {type(error).__name__}: {error}")
    TABLE.write_text(render(answers, absent), encoding="utf-8")
    untold = [answer for answer in answers if not answer.reproduced and not answer.reason]
    for answer in untold:
        print(f"{answer.method}, {answer.quantity}: published {answer.published}, found {answer.ours:.8g}")
    for text in absent:
        print(text)
    print(f"{TABLE.relative_to(ROOT)}: {len(answers)} figures, {sum(a.reproduced for a in answers)} same")
    return 1 if untold or absent else 0


if __name__ == "__main__":
    sys.exit(main())
