"""What a dossier gives to one audience: the protected results and the tables of its release."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctgeval import designs, followup, periods, sources
from ctgeval.confidentiality import AUDIENCES, ProtectedTable, rules
from ctgeval.confidentiality.declared_rules import public_rule
from ctgeval.confidentiality.forms import Cell, Form, Key
from ctgeval.confidentiality.protection import protect_versions
from ctgeval.confidentiality.published_forms import forms_of
from ctgeval.confidentiality.released import TABLES
from ctgeval.designs.forms import forms as design_forms
from ctgeval.errors import DossierError
from ctgeval.indicators import coverage, limits, scope
from ctgeval.programme import counts, texts
from ctgeval.programme.returns import find_source
from ctgeval.territory.pieces import pieces as territory_pieces

if TYPE_CHECKING:
    from ctgeval.confidentiality.ledger import Record
    from ctgeval.dossier import Dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that a release holds.

    Parameters
    ----------
    results : ProtectedTable, or DataFrame for ``interne``
        Result rows.
    tables : mapping of str to DataFrame
        The tables of `ctgeval.confidentiality.released.TABLES`.
    meta : mapping
        Title, territory, convention, rule: plain JSON values.
    forms : tuple of Form
        What its readers will know, figure by figure, for the ledger; nothing for ``interne``.
    """

    results: pd.DataFrame | ProtectedTable
    tables: Mapping[str, pd.DataFrame]
    meta: Mapping[str, Any]
    forms: tuple[Form, ...]


def content(dossier: Dossier, audience: str, partner: str = "", *, earlier: Sequence[Record] = ()) -> Content:
    """Gather what an audience may know.

    Parameters
    ----------
    dossier : Dossier
        An open dossier.
    audience : str
        One of `ctgeval.confidentiality.AUDIENCES`.
    partner : str
        Id of the partner, for ``partenaire``.
    earlier : sequence of Record
        What the ledger says was published before.
    """
    places, found = _results(dossier, audience, partner, earlier)
    every = found.frame if isinstance(found, ProtectedTable) else found

    def own() -> tuple[pd.DataFrame | ProtectedTable, pd.DataFrame, pd.DataFrame]:
        kept = _of_territories(found, places)
        rows = kept.frame if isinstance(kept, ProtectedTable) else kept
        return kept, rows, dossier.progress_of(rows, targets=_targets(dossier, kept))

    # Two audiences who see the same sources are shown the same rows.
    results, frame, progress = followup.shared(dossier, "results", own, of=(found, places))
    source_rows = _source_rows(dossier, audience, partner)
    reader = followup.Reader(audience=audience, partner=partner, results=frame, progress=progress)
    tables = {
        "indicators": _indicator_rows(dossier, frame),
        "territories": places,
        "members": _member_rows(dossier),
        "progress": progress,
        "actions": dossier.actions(),
        "budget": dossier.budget(),
        "journal": dossier.journal(),
        "sources": source_rows,
        "limits": limits.limit_sentences(frame),
        "texts": _text_rows(dossier, audience, frame, progress),
        "notices": _notices(dossier, set(source_rows["cle"])),
        "contours": _contour_rows(dossier, set(source_rows["cle"])),
        **designs.tables(dossier, every, everything=audience == "interne"),
        **followup.tables(dossier, reader),
    }
    if audience != "interne":
        # Outside, organisations and functions only, whatever a coordinator has typed in a hurry.
        tables = followup.without_persons(dossier, tables)
    forms: tuple[Form, ...] = ()
    if isinstance(results, ProtectedTable):
        forms = followup.shared(dossier, "forms", partial(_forms, dossier, results, every), of=(results, every))
    return Content(results=results, tables=tables, meta=_meta(dossier, partner), forms=forms)


def _forms(dossier: Dossier, results: ProtectedTable, every: pd.DataFrame) -> tuple[Form, ...]:
    """Return what the results say, and what the estimates of the designs say of the counts under them."""
    finest = territory_pieces(dossier.reference, dossier.year)

    def in_pieces(cell: Key) -> Key:
        if not isinstance(cell, Cell):
            return cell
        return cell._replace(ground=frozenset(piece for one in cell.ground for piece in finest.get(one, (one,))))

    estimates = [
        replace(form, terms=tuple((in_pieces(cell), factor) for cell, factor in form.terms))
        for form in design_forms(dossier, every)
    ]
    return (*forms_of(results), *estimates)


def _visible(dossier: Dossier, audience: str, partner: str = "") -> frozenset[str]:
    """Return the keys of the sources that an audience may see; the plan of actions is for everybody.

    A partner sees what it returned itself besides.
    """
    shown = {source.cle for source in dossier.config.sources if rules.allows(source.diffusion, audience)}
    return frozenset(shown | {counts.PLAN} | ({_returned(dossier, partner)} - {""} if partner else set()))


def _returned(dossier: Dossier, partner: str) -> str:
    """Return the key of the source in which a partner counts; empty when there is none."""
    try:
        return find_source(dossier.config.sources, partner).cle if partner else ""
    except DossierError:
        return ""


def _partners(dossier: Dossier) -> tuple[str, ...]:
    """Partners for whom a bilan is made."""
    return tuple(sorted({bilan.partenaire for bilan in dossier.config.bilans if bilan.partenaire}))


def _counted_by_others(dossier: Dossier) -> set[str]:
    """Return the sources in which a partner counts: it knows its own figures, whatever it reads of the others."""
    return {source.cle for source in dossier.config.sources if source.gabarit}


def _seen(dossier: Dossier, audience: str, partner: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Territories and results as an audience's sources give them; a source that is not declared stays inside."""
    visible = None if audience == "interne" else _visible(dossier, audience, partner)
    return _from(dossier, visible)


def _from(dossier: Dossier, visible: frozenset[str] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    observed = dossier.indicator_observations
    if visible is None:
        return dossier.territories, _with_designs(dossier, observed, dossier.indicators())
    shown = observed["source"].isin(visible) & ~observed["origin"].isin(followup.withheld(dossier))
    if shown.all():
        return dossier.territories, _with_designs(dossier, observed, dossier.indicators())
    place, bilans = dossier.config.territoire, dossier.config.bilans
    places = scope.territories(
        [place.code, *(geo for bilan in bilans for geo in bilan.territoires)],
        observations=observed[shown],
        reference=dossier.reference,
        year=dossier.year,
        comparators=dossier.config.comparaison.territoires,
        groupings={code: tuple(parts) for code, parts in place.groupements.items()},
    )
    return places, _with_designs(dossier, observed[shown], dossier.compute(observed[shown], list(places["geo"])))


def _with_designs(dossier: Dossier, observed: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Add the figures that ``[[impact]]`` designs compare with, so that everything is protected together."""
    geos = designs.extra_geos(dossier)
    if not geos:
        return results
    ids = list(dict.fromkeys(item.indicateur for item in dossier.config.impact))
    return pd.concat([results, dossier.compute(observed, geos, ids)], ignore_index=True)


def _of_territories(results: pd.DataFrame | ProtectedTable, places: pd.DataFrame) -> pd.DataFrame | ProtectedTable:
    """Leave out the territories that only a design compares with: their figures are in its own tables."""
    if isinstance(results, ProtectedTable):
        kept = results.frame["geo"].isin(places["geo"]).to_numpy(dtype=bool)
        return replace(results, frame=results.frame[kept].reset_index(drop=True), own=results.own[kept])
    return results[results["geo"].isin(places["geo"])].reset_index(drop=True)


def _results(
    dossier: Dossier, audience: str, partner: str, earlier: Sequence[Record]
) -> tuple[pd.DataFrame, pd.DataFrame | ProtectedTable]:
    """Territories and results for an audience, protected together with what the others are shown."""
    if audience == "interne":
        return _seen(dossier, audience)
    known = tuple(earlier)
    if known not in dossier.protected:
        dossier.protected.clear()
        dossier.protected[known] = _protected(dossier, {*_partners(dossier), partner} - {""}, known)
    # Two readers of the same sources are not shown the same, where one of them counted some of it.
    wanted = (_visible(dossier, audience, partner), _returned(dossier, partner))
    if wanted not in dossier.protected[known]:
        # A partner for whom no bilan is made: what the others were handed stays as it is, and is remembered.
        handed = [form for _, table in dossier.protected[known].values() for form in forms_of(table)]
        made = _protected(dossier, {*_partners(dossier), partner} - {""}, (*known, *handed))
        dossier.protected[known][wanted] = made[wanted]
    return dossier.protected[known][wanted]


def _protected(
    dossier: Dossier, partners: Collection[str], earlier: Sequence[Record | Form]
) -> dict[tuple[frozenset[str], str], tuple[pd.DataFrame, ProtectedTable]]:
    """Protect the versions of all audiences at once: each set of sources, and the key of the reader's own if any."""
    returned = {partner: _returned(dossier, partner) for partner in sorted(partners)}
    readers = [(other, "") for other in AUDIENCES if other not in {"interne", "partenaire"}]
    readers += [("partenaire", ""), *(("partenaire", partner) for partner in returned)]
    versions = list(
        dict.fromkeys((_visible(dossier, other, partner), returned.get(partner, "")) for other, partner in readers)
    )
    seen = {visible: _from(dossier, visible) for visible, _ in versions}
    own = {
        number: seen[visible][1]["source"].eq(key).to_numpy(dtype=bool)
        for number, (visible, key) in enumerate(versions)
        if key
    }
    observed = dossier.indicator_observations
    everywhere = list(dict.fromkeys(geo for places, _ in seen.values() for geo in places["geo"]))
    insiders = [
        dossier.compute(observed[observed["source"].eq(key)], everywhere)
        for key in sorted(set(returned.values()) | _counted_by_others(dossier) - {""})
        if observed["source"].eq(key).any()
    ]
    tables = protect_versions(
        [seen[visible][1] for visible, _ in versions],
        public_rule(dossier.config),
        margins=dossier.margins,
        finest=territory_pieces(dossier.reference, dossier.year),
        catalogue=dossier.catalogue,
        earlier=earlier,
        insiders=insiders,
        own=own,
    )
    return {version: (seen[version[0]][0], table) for version, table in zip(versions, tables, strict=True)}


def _member_rows(dossier: Dossier) -> pd.DataFrame:
    subjects = dossier.territories.query("role == 'territoire'")["geo"]
    rows = [(geo, commune) for geo in subjects for commune in dossier.margins.get(geo, ())]
    return pd.DataFrame(rows, columns=list(TABLES["members"]), dtype="str")


def _contour_rows(dossier: Dossier, keys: set[str]) -> pd.DataFrame:
    found = [one.table().assign(source=key) for key, one in dossier.contours.items() if key in keys]
    columns = list(TABLES["contours"])
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns, dtype="str")


def _targets(dossier: Dossier, results: pd.DataFrame | ProtectedTable) -> pd.DataFrame:
    """Targets, less the typed figures that would say what the results keep secret.

    A typed baseline goes when the results know that figure and this audience is not shown it, or when it is itself
    a count too small; the target goes with it where it repeats it («maintenir»).
    """
    targets = dossier.tables["cibles"].frame
    if not isinstance(results, ProtectedTable) or targets.empty:
        return targets
    every, shown = dossier.indicators(), results.frame
    known = _keys(every[every["value"].notna() | every["conf_status"].ne("F")])
    told = _keys(shown[shown["value"].notna()])
    dated = targets.assign(time_period=targets["periode_reference"].map(_period))
    kept_back = [key in known - told for key in _keys_of(dated, ("indicateur", "territoire", "time_period"))]
    typed = targets["valeur_reference"]
    small = rules.small_levels(targets["indicateur"], typed, public_rule(dossier.config), catalogue=dossier.catalogue)
    secret = small | np.array(kept_back, dtype=bool)
    hidden = targets["valeur_cible"].where(~secret | targets["valeur_cible"].ne(typed))
    return targets.assign(valeur_reference=typed.mask(secret), valeur_cible=hidden)


def _keys(results: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(_keys_of(results, ("indicator", "geo", "time_period")))


def _keys_of(table: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(table[list(columns)].itertuples(index=False, name=None))


def _period(text: object) -> str:
    return periods.normalise(str(text)) if periods.is_period(str(text)) else str(text)


def _notices(dossier: Dossier, keys: set[str]) -> pd.DataFrame:
    places = dossier.territories.query("role == 'territoire'")
    told = coverage.notices(
        dossier.source_tables,
        dict(zip(places["geo"], places["name"], strict=True)),
        reference=dossier.reference,
        year=dossier.year,
        catalogue=dossier.catalogue,
        keys=keys,
        groupings=dossier.config.territoire.groupements,
    )
    missing = [
        ("definition", "", id, f"L’indicateur « {label} » manque à ce bilan : sa définition est à corriger.")
        for id, label in sorted(dossier.own_indicators.unusable.items())
    ]
    return pd.concat([told, pd.DataFrame(missing, columns=list(told.columns), dtype="str")], ignore_index=True)


def _text_rows(dossier: Dossier, audience: str, results: pd.DataFrame, progress: pd.DataFrame) -> pd.DataFrame:
    asked = [bilan for bilan in dossier.config.bilans if bilan.audience == audience]
    rows = [pd.DataFrame(columns=list(TABLES["texts"]), dtype="str")]
    for_others = {bilan.carnet for bilan in dossier.config.bilans} - {bilan.carnet for bilan in asked}
    written = [text for text in dossier.texts.items if text.bilan not in for_others and _inside(dossier, text.file)]
    for name in sorted({text.bilan for text in written}):
        own = texts.Texts(tuple(text for text in written if text.bilan == name))
        spans = [bilan.periode for bilan in asked if bilan.carnet == name]
        rows.append(
            texts.resolved(
                own,
                results,
                progress,
                catalogue=dossier.catalogue,
                territory=dossier.config.territoire.code,
                until=periods.latest(spans) if spans else None,
            )
        )
    return pd.concat(rows, ignore_index=True)


def _inside(dossier: Dossier, file: str) -> bool:
    """Whether a text is a file of the dossier: a link that leads out of it must not publish what it leads to."""
    return (dossier.path / file).resolve().is_relative_to(dossier.path.resolve())


def _indicator_rows(dossier: Dossier, results: pd.DataFrame) -> pd.DataFrame:
    columns = list(TABLES["indicators"])
    rows = [
        dossier.catalogue[name].as_dict() | {"retained": name in dossier.retained}
        for name in dict.fromkeys(results["indicator"])
    ]
    return pd.DataFrame([{name: row[name] for name in columns} for row in rows], columns=columns)


def _source_rows(dossier: Dossier, audience: str, partner: str) -> pd.DataFrame:
    known, visible = sources.formats(), _visible(dossier, audience, partner)
    rows = []
    for source in dossier.config.sources:
        if source.cle not in visible:
            continue
        table = dossier.source_tables.get(source.cle)
        # Of a file of answers, what was read tells how many persons answered, which the survey may keep to itself.
        answers = table is not None and "reponses" in table.tables and audience != "interne"
        quotable = (source.diffusion == "ouverte" or audience == "interne") and not answers
        rows.append(
            {
                "cle": source.cle,
                "titre": source.titre or (known[source.format].label if source.format else source.cle),
                "producteur": source.producteur,
                "licence": source.licence,
                "mise_a_jour": source.mise_a_jour.isoformat() if source.mise_a_jour else "",
                "diffusion": source.diffusion,
                "fichier": Path(source.fichier).name if source.fichier else (table.file if table else ""),
                "format": source.format or "",
                # Kept from a reader is not the same as none.
                "n_rows": np.nan if answers else table.n_rows if table else 0,
                "n_rejected": np.nan if answers else table.n_rejected if table else 0,
                "empreinte": table.sha256 if table and not answers and source.diffusion == "ouverte" else "",
                # What a reader noted of a file may quote its values.
                "notes": " ".join(table.notes) if table and quotable else "",
            }
        )
    return pd.DataFrame(rows, columns=list(TABLES["sources"]))


def _meta(dossier: Dossier, partner: str) -> dict[str, Any]:
    place, convention = dossier.config.territoire, dossier.config.convention
    return {
        "territoire": place.code,
        "nom": place.nom,
        "perimetre": place.perimetre,
        "partenaire": partner,
        "fictif": dossier.reference.fictional,
        "mention": "Territoire fictif – données fictives" if dossier.reference.fictional else "",
        "convention": convention.model_dump(mode="json") if convention else None,
        "regle": public_rule(dossier.config).sentence,
        "seuil": dossier.config.publication.seuil.model_dump(mode="json"),
        "retenus": list(dossier.retained),
    }
