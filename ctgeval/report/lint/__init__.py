"""The linter of pages: what would keep somebody from reading a bilan is an error, and nothing is published.

Run by ``ctgeval construire`` on each page before it is written, bilans and indexes alike. It needs no browser and takes
some milliseconds; what only a browser can tell (reflow, zoom, what axe-core finds) is checked by the tests of this
package on every page of its demos.

Each rule is a function of a page that gives faults in the words of the author of a notebook; ``RULES`` has them all.

References
----------
RGAA 4.1.2 (criteria named by each rule), WCAG 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ctgeval import french
from ctgeval.errors import PageRefused, Problem
from ctgeval.report.lint import colours, figures, shell, structure, tables
from ctgeval.report.lint.fault import Fault
from ctgeval.report.lint.markup import Page

__all__ = ["RULES", "Fault", "check", "refusal"]

Rule = Callable[[Page], Iterator[Fault]]
RULES: tuple[Rule, ...] = (*structure.RULES, *shell.RULES, *figures.RULES, *tables.RULES, *colours.RULES)
MOST_TOLD = 20


def check(page: bytes, *, script: str = "") -> tuple[Fault, ...]:
    """Return what is wrong with a page, in the order of the rules; nothing for a page that everybody can read.

    Parameters
    ----------
    page : bytes
        As it is about to be written.
    script : str
        The only script that the page may run, for an index; a bilan runs none.
    """
    read = Page.read(page.decode("utf-8"), script=script)
    return tuple(dict.fromkeys(fault for rule in RULES for fault in rule(read)))


def refusal(faults: tuple[Fault, ...], *, notebook: str, kept: str = "") -> PageRefused:
    """Return the error that tells an author why nothing is published.

    Parameters
    ----------
    faults : tuple of Fault
        At least one; the first `MOST_TOLD` are told.
    notebook : str
        Name of the notebook, empty for an index.
    kept : str
        Where the page is kept for its author.
    """
    problems = [
        Problem(message=french.typography(one.message), remedy=french.typography(one.remedy))
        for one in faults[:MOST_TOLD]
    ]
    whose = f"du carnet « {notebook} »" if notebook else "de l’index"
    counted = french.plural(len(faults), "défaut")
    return PageRefused(
        french.typography(f"La page {whose} n’est pas lisible par tout le monde ({counted}) : rien n’est publié."),
        remedy=f"La page est gardée, pour vous seul, dans {kept}." if kept else "",
        problems=problems,
    )
