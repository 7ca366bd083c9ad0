"""A piece of page, shown by notebooks and carried unchanged into the published file."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Fragment:
    """Safe HTML that a notebook displays.

    Parameters
    ----------
    html : markupsafe.Markup
        Built by the templates of this package only, where every text is escaped.
    """

    html: Markup

    def _repr_html_(self) -> str:
        return str(self.html)

    def __repr__(self) -> str:
        return f"<Fragment : {len(self.html)} caractères>"

    def __str__(self) -> str:
        return str(self.html)
