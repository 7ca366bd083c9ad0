"""What is said of a scheduled run, in French: counts and names of bilans, never a figure nor a word of a file.

A message goes out of the office: it names no partner, and no source that is not open data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ctgeval import french
from ctgeval.report.schedule.freshness import Late
from ctgeval.report.schedule.state import BUSY, LATE

if TYPE_CHECKING:
    from ctgeval.report.build import BuildReport

__all__ = ["counts", "letter", "refused", "worth"]

_LONGEST = 40
_COUNTED = {
    "fait": "brouillons produits",
    "a_jour": "déjà à jour",
    "echec": "en échec",
    "retire": "retirés, laissés tels quels",
    "fige": "figés, laissés tels quels",
}
_ALWAYS = frozenset({"fait", "a_jour", "echec"})
_TOLD = {"fait": "brouillon produit", "echec": "ÉCHEC"}
_WHERE = (
    "Le détail est dans le dossier : .ctgeval/journal.jsonl et .ctgeval/etat.json. Ce message ne contient aucun "
    "chiffre du dossier."
)
_INTERRUPTED = "Le passage précédent avait été interrompu avant sa fin ; celui-ci a repris ce qui manquait."


def counts(report: BuildReport) -> str:
    """Return how many drafts were made, were up to date, failed, or had been withdrawn."""
    found = Counter(str(entry.status) for entry in report.entries)
    if not report.entries:
        return "Aucun brouillon à produire."
    told = " ; ".join(f"{_COUNTED[name]} : {found[name]}" for name in _COUNTED if found[name] or name in _ALWAYS)
    return f"{told[0].upper()}{told[1:]}."


def refused(late: Sequence[Late]) -> str:
    """Return why nothing was made: the sources that are too old, and what to do."""
    several = len(late) > 1
    head = "Des sources dépassent leur" if several else "Une source dépasse sa"
    told = " ".join(one.sentence for one in late)
    return (
        f"{head} périodicité déclarée, rien n’a été produit. {told} Remplacez "
        f"{'les fichiers et leurs dates' if several else 'le fichier et sa date'} « mise_a_jour » dans ctg.toml, ou "
        "relancez avec « --malgre-retard »."
    )


def worth(code: int, report: BuildReport | None, *, interrupted: bool) -> bool:
    """Tell whether a run is worth a message: something was made, failed, was refused, or had been interrupted."""
    return bool(code) or interrupted or (report is not None and any(entry.status == "fait" for entry in report.entries))


def letter(
    name: str, code: int, late: Sequence[Late], report: BuildReport | None, *, interrupted: bool
) -> tuple[str, str]:
    """Return the title and the text of a message.

    Parameters
    ----------
    name : str
        Of the territory; empty when ``ctg.toml`` could not be read.
    code : int
        Exit code of the run.
    late : sequence of Late
        The sources that are older than they should be.
    report : BuildReport or None
        What became of the drafts, if any was begun.
    interrupted : bool
        Whether the run before was stopped before its end.
    """
    failed = sum(entry.status == "echec" for entry in report.entries) if report is not None else 0
    made = sum(entry.status == "fait" for entry in report.entries) if report is not None else 0
    if code == LATE:
        told = "rien de produit, des sources sont trop anciennes"
    elif code == BUSY:
        told = "rien de produit, une autre production est en cours"
    elif report is None:
        told = "ÉCHEC, aucun brouillon n’a pu être commencé"
    elif failed:
        told = f"{french.plural(failed, 'échec')}, {french.plural(made, 'brouillon produit')}"
    else:
        told = french.plural(made, "brouillon produit")
    title = f"ctgeval, {name} : {told}" if name else f"ctgeval : {told}"
    lines = [_INTERRUPTED] if interrupted else []
    lines += _late(late)
    if report is not None:
        lines.append(counts(report))
        rows = [
            f"- {entry.bilan}, {_readers(entry.audience)}, {entry.territoire}, {entry.periode} : {_TOLD[entry.status]}"
            for entry in sorted(report.entries, key=lambda entry: entry.status != "echec")
            if entry.status in _TOLD
        ]
        lines += rows[:_LONGEST]
        if len(rows) > _LONGEST:
            lines.append(f"- et {len(rows) - _LONGEST} autres.")
    return title, "\n".join([*lines, "", _WHERE])


def _late(late: Sequence[Late]) -> list[str]:
    hidden = sum(not one.public for one in late)
    told = [one.sentence for one in late if one.public]
    if hidden:
        several = hidden > 1
        told.append(
            f"{french.plural(hidden, 'source')} qui {'ne sont' if several else 'n’est'} pas en données ouvertes "
            f"{'sont' if several else 'est'} à renouveler."
        )
    return told


def _readers(folder: str) -> str:
    """Return the kind of readers of a folder: a partner is not named."""
    return "partenaire" if folder.startswith("partenaire") else folder
