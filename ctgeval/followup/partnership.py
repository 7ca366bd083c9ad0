"""Partnership and meetings of a dossier: its observations, its problems, and what each reader is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import observations as observations_
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import counts, instances, network as networks, partners, workshops
from ctgeval.programme.network import Network
from ctgeval.programme.partners import Directory

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC", "Partnership", "gather"]

TECHNICAL = frozenset({"interne", "cotech"})
"""Readers who may know which organisation came to which meeting."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partnership:
    """Who works with whom in a dossier, and who comes to its meetings.

    Parameters
    ----------
    known : Directory
        Partners of the table.
    names : mapping of str to str
        What may be shown of every organisation, those that are only named in the plan or in a meeting too.
    met : DataFrame
        See `ctgeval.programme.partners.affiliations`.
    held : DataFrame
        See `ctgeval.programme.instances.meetings`.
    years : tuple of int
        From the first year of the convention, or that of the first action or meeting, to the last that is known.
    """

    known: Directory
    names: Mapping[str, str]
    met: pd.DataFrame
    held: pd.DataFrame
    years: tuple[int, ...]

    def network(self, year: int | None = None) -> Network:
        """Return who works with whom in a year, or since the beginning."""
        return partners.network(self.met, self.known, year=year, names=self.names)

    def table(self) -> pd.DataFrame:
        """Return one row per organisation.

        Returns
        -------
        DataFrame
            ``id, nom, type, territoire, listed``; ``actions, meetings`` that it took part in, ``links`` since the
            beginning, ``invitations, presences``.
        """
        whole = self.network()
        links = dict(zip(whole.nodes, whole.degrees, strict=True))
        came = {str(row["id"]): row for row in instances.by_partner(self.held, self.known).to_dict("records")}
        listed = {partner.id: partner for partner in self.known.partners}
        rows = []
        for id_ in [*listed, *sorted(set(self.names) - set(listed))]:
            own = self.met[self.met["partner"].eq(id_)]
            partner = listed.get(id_)
            row = {"id": id_, "nom": self.names[id_], "type": partner.type if partner else "",
                   "territoire": partner.territory if partner else "", "listed": partner is not None,
                   **took_part(own), "links": int(links.get(id_, 0))}  # fmt: skip
            rows.append(
                row | {name: int(came[id_][name]) if id_ in came else 0 for name in ("invitations", "presences")}
            )
        columns = ["id", "nom", "type", "territoire", "listed", "actions", "meetings", "links", "invitations",
                   "presences"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)


def took_part(own: pd.DataFrame) -> dict[str, int]:
    """Return in how many different actions and working meetings one took part, from its own affiliations."""
    acted = own["kind"].eq("action")
    return {"actions": int(own.loc[acted, "event"].nunique()), "meetings": int(own.loc[~acted, "event"].nunique())}


def gather(dossier: Dossier) -> Partnership:
    """Read the partnership of a dossier from its tables."""
    convention = dossier.config.convention
    tables = {name: dossier.tables[name].frame for name in ("partenaires", "actions", "fiches", "instances")}
    known = partners.directory(tables["partenaires"], signatories=convention.signataires if convention else ())
    met = partners.affiliations(tables["actions"], tables["instances"], known=known, fiches=tables["fiches"])
    held = instances.meetings(tables["instances"], known)
    found = [*met["year"], *(int(day[:4]) for day in held["date"])]
    first = [convention.debut.year] if convention else found
    years = tuple(range(min([*first, *found]), max(found) + 1)) if found else ()
    if convention:
        years = tuple(year for year in years if year >= convention.debut.year)
    listed = {partner.id: partner.label for partner in known.partners}
    names = {id_: partner.label for id_, partner in sorted(partners.others(tables, known).items())}
    return Partnership(known=known, names={**names, **listed}, met=met, held=held, years=years)


def _observations(dossier: Dossier) -> pd.DataFrame:
    found, place = dossier.partnership, dossier.config.territoire
    rows: list[tuple[str, str, float, str]] = []
    for year in found.years:
        net = found.network(year)
        if net.possible:
            rows.append(("paires_partenaires_observees", str(year), net.pairs, "actions"))
            rows.append(("paires_partenaires_possibles", str(year), net.possible, "partenaires"))
    rates = instances.attendance(found.held)
    for row in rates[rates["type"].eq(instances.TOGETHER) & rates["rate"].notna()].to_dict("records"):
        for measure, name in (("presences_instances", "presences"), ("invitations_instances", "invitations")):
            rows.append((measure, str(row["time_period"]), float(row[name]), "instances"))
    if not rows:
        return observations_.empty()
    last = workshops.last_day(found.held, dossier.tables["actions"].frame)
    # A year that is known up to its first half only is not over.
    open_ = str(last.year) if last is not None and last.month <= 6 else ""
    return observations_.frame(
        [
            {
                "measure": measure,
                "geo": place.code,
                "geography": dossier.year,
                "time_period": period,
                "value": float(value),
                "obs_status": "P" if period == open_ else "A",
                "source": counts.PLAN,
                "origin": origin,
            }
            for measure, period, value, origin in rows
        ]
    )


def _problems(dossier: Dossier) -> Iterator[Problem]:
    tables = {name: dossier.tables[name].frame for name in ("partenaires", "actions", "fiches", "instances")}
    known = dossier.partnership.known
    yield from partners.problems(tables, known)
    yield from instances.problems(tables["instances"], known, actions=tables["actions"])


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    found = dossier.partnership
    technical, public = reader.audience in TECHNICAL, reader.audience == "habitants"
    rows: dict[str, list[dict[str, object]]] = {
        "partnership": _summary(found),
        "partners": [] if public else _partners(found, technical=technical),
        "partner_links": [] if public else _links(found),
        "partner_changes": [] if public else _changes(found),
        "attendance": [] if public else _records(instances.attendance(found.held)),
        "partner_attendance": _guests(found) if technical else [],
        "meetings": [] if public else _records(found.held),
    }
    return {name: pd.DataFrame(some, columns=list(TABLES[name])) for name, some in rows.items()}


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _summary(found: Partnership) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    before: Network | None = None
    for year in found.years:
        net = found.network(year)
        moved = networks.change(before, net) if before is not None else None
        told = {name: len(getattr(moved, name)) if moved else None for name in ("joined", "left", "gained", "lost")}
        own = took_part(found.met[found.met["year"].eq(year)])
        groups = {int(group) for node, group in zip(net.nodes, net.components, strict=True) if node in net.linked}
        rows.append(
            {
                "year": year,
                "partners": len(net.nodes),
                "linked": len(net.linked),
                "isolated": len(net.isolated),
                "pairs": net.pairs,
                "possible": net.possible,
                "density": 100 * net.density,
                "reason": net.reason,
                "groups": len(groups),
                "core": len(net.core),
                **own,
                **told,
            }
        )
        before = net
    return rows


def _partners(found: Partnership, *, technical: bool) -> list[dict[str, object]]:
    types = {partner.id: partner.type for partner in found.known.partners}
    rows: list[dict[str, object]] = []
    for year in found.years:
        inside = found.met[found.met["year"].eq(year)]
        for row in _records(found.network(year).table()):
            id_ = str(row["id"])
            own: dict[str, int | None] = {**took_part(inside[inside["partner"].eq(id_)])}
            shown = own if technical else own | {"meetings": None}
            rows.append({**row, **shown, "year": year, "type": types.get(id_, "")})
    return rows


def _links(found: Partnership) -> list[dict[str, object]]:
    return [
        {"year": year, "source": pair[0], "target": pair[1], "weight": weight}
        for year in found.years
        for pair, weight in found.network(year).links.items()
    ]


def _changes(found: Partnership) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for first, second in zip(found.years, found.years[1:], strict=False):
        moved = networks.change(found.network(first), found.network(second))
        alone = [("arrive", node, "") for node in moved.joined] + [("parti", node, "") for node in moved.left]
        pairs = [("lien_gagne", *pair) for pair in moved.gained] + [("lien_perdu", *pair) for pair in moved.lost]
        rows += [
            {"year": second, "kind": kind, "partner": found.names.get(one, one), "other": found.names.get(other, other)}
            for kind, one, other in [*alone, *pairs]
        ]
    return rows


def _guests(found: Partnership) -> list[dict[str, object]]:
    """Return, for each year, who was asked and who came in it, and since the beginning."""
    rows: list[dict[str, object]] = []
    for year in found.years:
        until = found.held[found.held["date"].str[:4].astype(int) <= year]
        within = until[until["date"].str[:4].astype(int) == year]
        own = instances.by_partner(within, found.known)
        now = {
            id_: (asked, came) for id_, asked, came in zip(own["id"], own["invitations"], own["presences"], strict=True)
        }
        for row in _records(instances.by_partner(until, found.known)):
            asked, came = now.get(row["id"], (0, 0))
            rows.append(
                {
                    "year": year,
                    "nom": found.names.get(str(row["id"]), str(row["id"])),
                    "invitations": asked,
                    "presences": came,
                    "rate": 100 * came / asked if asked else None,
                    "invitations_total": row["invitations"],
                    "presences_total": row["presences"],
                    "last": row["last"],
                }
            )
    return rows


TOPIC = Topic(tables=_tables, observations=_observations, problems=_problems)
