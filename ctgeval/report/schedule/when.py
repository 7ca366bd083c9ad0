"""At what hour, and how often, the drafts are made again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from ctgeval.errors import ParameterError

__all__ = ["FREQUENCIES", "Frequency", "When", "when"]

Frequency = Literal["jour", "semaine", "mois"]
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)
_HOUR = re.compile(r"([01]?[0-9]|2[0-3])[:hH]([0-5][0-9])", re.ASCII)
_DAYS = {"jour": ("*", "*"), "semaine": ("*", "1"), "mois": ("1", "*")}
_SYSTEMD = {"jour": "*-*-*", "semaine": "Mon *-*-*", "mois": "*-*-01"}


@dataclass(frozen=True, slots=True)
class When:
    """Every day, every Monday or every first of the month, at one hour.

    Parameters
    ----------
    every : {"jour", "semaine", "mois"}
        How often.
    hour, minute : int
        By the clock of the machine, or by that of Paris on a cluster.
    """

    every: Frequency
    hour: int
    minute: int

    @property
    def cron(self) -> str:
        """The five fields of a crontab.

        References
        ----------
        POSIX.1-2017, *crontab*.
        """
        day, weekday = _DAYS[self.every]
        return f"{self.minute} {self.hour} {day} * {weekday}"

    @property
    def systemd(self) -> str:
        """A calendar event.

        References
        ----------
        systemd.time(7), *Calendar Events*.
        """
        return f"{_SYSTEMD[self.every]} {self.clock}:00"

    @property
    def clock(self) -> str:
        """The hour as ``HH:MM``."""
        return f"{self.hour:02d}:{self.minute:02d}"


def when(every: str, hour: str) -> When:
    """Return the moment that a user typed.

    Parameters
    ----------
    every : str
        One of `FREQUENCIES`.
    hour : str
        ``05:30`` or ``5h30``.

    Raises
    ------
    ParameterError
        When either can't be read.
    """
    read = _HOUR.fullmatch(hour)
    if read is None:
        raise ParameterError(
            "Cette heure ne peut pas être lue.",
            value=hour,
            remedy="Écrivez-la entre 00:00 et 23:59, par exemple 05:30.",
        )
    for known in FREQUENCIES:
        if every == known:
            return When(known, int(read[1]), int(read[2]))
    raise ParameterError(
        "Cette fréquence n’existe pas.", value=every, remedy=f"Fréquences possibles : {', '.join(FREQUENCIES)}."
    )
