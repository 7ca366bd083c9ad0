"""The state file that monitoring reads: the last scheduled run, its exit, each bilan; it stays true after a kill."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ctgeval.config import PRIVATE
from ctgeval.report import lock
from ctgeval.report.files import write_whole

__all__ = ["BUSY", "DONE", "FAILED", "FILE", "FORMAT", "LATE", "MISUSE", "PHASES", "Phase", "State", "read", "write"]

DONE, FAILED, MISUSE, BUSY, LATE = 0, 1, 2, 3, 4
"""Exit codes of a run: all drafts made; one failed, or the dossier can't be used; a wrong option; another command at
work; a source older than its declared periodicity."""

FILE = f"{PRIVATE}/etat.json"
FORMAT = 1
Phase = Literal["en_cours", "reussi", "echec", "refuse", "interrompu"]
PHASES: tuple[Phase, ...] = get_args(Phase)
"""A run goes on, made all drafts, failed for some or for all, refused to begin, or was stopped before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of the last run.

    Parameters
    ----------
    etat : {"en_cours", "reussi", "echec", "refuse", "interrompu"}
        Where it stands.
    processus : Holder
        Who runs it: account, machine, pid, and since when.
    debut, fin : str
        ISO date and hour; no ``fin`` as long as it runs, nor after a kill.
    code_de_sortie : int or None
        Of the process; nothing as long as it runs, nor after a kill.
    message : str
        What it says of itself, in French.
    bilans : sequence of mapping
        Each bilan of ``ctg.toml``: ``bilan, audience, territoire, periode, etat, message``.
    sources_en_retard : sequence of str
        A sentence for each source that is older than it should be.
    avis : str
        What became of the summary: ``envoye``, ``sans_objet``, ``sans_adresse``, or why it was not sent.
    """

    etat: Phase
    processus: lock.Holder
    debut: str
    fin: str = ""
    code_de_sortie: int | None = None
    message: str = ""
    bilans: Sequence[dict[str, str]] = field(default_factory=tuple)
    sources_en_retard: Sequence[str] = field(default_factory=tuple)
    avis: str = ""


def write(folder: Path, state: State) -> None:
    """Write the state whole.

    Raises
    ------
    ReportError
        When the dossier can't be written.
    """
    told: dict[str, Any] = {"format": FORMAT, **asdict(state)}
    write_whole(folder / FILE, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace"))


def read(folder: Path) -> State | None:
    """Return the last state as it is true now: a run whose process has died is ``interrompu``, whatever its file says.

    Parameters
    ----------
    folder : Path
        The dossier.

    Returns
    -------
    State or None
        Nothing when no run was ever scheduled here, or when the file is not one of this version. A run of another
        machine, whose process can't be looked at from here, is told as its file tells it.
    """
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if told.pop("format") != FORMAT or told["etat"] not in PHASES:
            return None
        several = {name: tuple(told[name]) for name in ("bilans", "sources_en_retard")}
        state = State(**{**told, **several, "processus": lock.Holder(**told["processus"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if state.etat == "en_cours" and lock.gone(state.processus):
        return State(
            etat="interrompu",
            processus=state.processus,
            debut=state.debut,
            message="Le processus a disparu avant la fin (arrêt forcé, panne ou redémarrage).",
            bilans=state.bilans,
            sources_en_retard=state.sources_en_retard,
        )
    return state
