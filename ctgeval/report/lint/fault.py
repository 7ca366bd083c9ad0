"""One thing that would keep a reader from using a page."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and what the author of the notebook does about it.

    Parameters
    ----------
    rule : str
        Short name of the rule.
    where : str
        In the author's words, in French: the figure, the table or the section by its title.
    what : str
        What is wrong, in French, without its final point.
    remedy : str
        What to do, in French, a whole sentence.
    reference : str
        Criterion that asks for it: ``RGAA 1.1``, ``WCAG 1.4.3``.
    """

    rule: str
    where: str
    what: str
    remedy: str
    reference: str

    @property
    def message(self) -> str:
        """What and where, in one French sentence."""
        return f"{self.where} : {self.what} ({self.reference})."
