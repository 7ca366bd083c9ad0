"""The dossier: what an evaluator holds. It ties the stages together and computes each table on first use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ctgeval import config as configuration
from ctgeval import confidentiality, indicators, measures, observations, programme, sources, territory
from ctgeval.config import Config
from ctgeval.confidentiality import Release, Rule, release as releases, rules
from ctgeval.errors import CtgevalError, DossierError, Problem, suggestion
from ctgeval.indicators import coverage, definition, scope
from ctgeval.programme import counts, texts
from ctgeval.sources import SourceTable, workbook

PRIVATE = ".ctgeval"
"""Folder of a dossier for what the tool keeps: releases, keys, partial bilans; never published."""


@dataclass(frozen=True)
class Dossier:
    """A dossier on disk: its configuration, its files, and everything computed from them.

    Parameters
    ----------
    path : Path
        Folder that holds ``ctg.toml``.
    config : Config
        What ``ctg.toml`` says.

    Notes
    -----
    Tables are computed on first use and kept; open the dossier again after a file has changed.
    """

    path: Path
    config: Config

    @classmethod
    def open(cls, path: str | Path) -> Dossier:
        """Open a dossier.

        Parameters
        ----------
        path : str or Path
            Folder of the dossier, or its ``ctg.toml``.

        Raises
        ------
        DossierError
            When ``ctg.toml`` is absent or can't be used; all its problems at once, with file, key and remedy.
        """
        folder = Path(path)
        folder = folder.parent if folder.name == configuration.FILE_NAME else folder
        return cls(folder, configuration.load(folder))

    # -- inputs ---------------------------------------------------------------------------------------------------

    @cached_property
    def reference(self) -> territory.Reference:
        """Geography of the dossier: its own (``reference``), or that of France shipped with the package."""
        own = self.config.territoire.reference
        return territory.reference.load(self.path / own if own else None)

    @cached_property
    def catalogue(self) -> Mapping[str, definition.Indicator]:
        """Indicators of the package, and those of the dossier's ``indicateurs.toml`` when it has one."""
        own = self.path / "indicateurs.toml"
        return definition.load(own) if own.is_file() else definition.catalogue()

    @cached_property
    def tables(self) -> Mapping[str, workbook.Table]:
        """The coordinator's tables, from ``suivi.xlsx`` or CSV files."""
        return workbook.read_tables(self.path, programme.SCHEMAS)

    @cached_property
    def source_tables(self) -> Mapping[str, SourceTable]:
        """Each ``[[source]]`` that could be read, by its key."""
        return {key: item for key, item in self._read_sources.items() if isinstance(item, SourceTable)}

    @cached_property
    def _read_sources(self) -> Mapping[str, SourceTable | CtgevalError]:
        read: dict[str, SourceTable | CtgevalError] = {}
        for source in self.config.sources:
            if not source.fichier:
                continue
            try:
                read[source.cle] = sources.read(
                    self.path / source.fichier,
                    format=source.format,
                    key=source.cle,
                    reference=self.reference,
                    encoding=source.encodage,
                    separator=source.separateur,
                    decimal=source.decimale,
                    geography=source.geographie,
                )
            except CtgevalError as error:
                read[source.cle] = error
        return read

    # -- what the evaluator asks ----------------------------------------------------------------------------------

    def problems(self) -> pd.DataFrame:
        """Every problem of every input, none raised.

        Returns
        -------
        DataFrame
            One row per problem: ``severity, message, file, sheet, row, column, key, value, remedy``.
        """
        columns = ["severity", "message", "file", "sheet", "row", "column", "key", "value", "remedy"]
        found = [problem.as_dict() for problem in self._problems]
        return pd.DataFrame(found, columns=columns).astype({"row": "Int64"})

    def observations(self) -> pd.DataFrame:
        """Observations of every source and of the coordinator's counts, put on the perimeter of the dossier."""
        return self._harmonised.observations.copy()

    def indicators(self, indicator: str | None = None, *, geo: str | None = None) -> pd.DataFrame:
        """Result rows, as the evaluator sees them: nothing is masked.

        Parameters
        ----------
        indicator : str, optional
            Id of an indicator; all those that the data allow by default.
        geo : str, optional
            Code of a territory; all those of the dossier by default.

        Raises
        ------
        UnknownIndicator, UnknownTerritory
            With the near ones.
        """
        if indicator is not None:
            definition.get(indicator, catalogue=self.catalogue)
        if geo is not None and geo not in self._groupings:
            self.reference.name(geo, self.year)
        known = self._results
        if geo is not None and geo not in set(self.territories["geo"]):
            known = self._compute(self._harmonised.observations, [geo])
        elif indicator is not None and indicator not in set(known["indicator"]):
            known = self._compute(self._harmonised.observations, list(self.territories["geo"]), [indicator])
        keep = pd.Series(True, index=known.index)
        if indicator is not None:
            keep &= known["indicator"].eq(indicator)
        if geo is not None:
            keep &= known["geo"].eq(geo)
        return known[keep].reset_index(drop=True)

    def progress(self) -> pd.DataFrame:
        """Baseline, target, actual, share of the way and verdict of each target of ``cibles``."""
        return self._progress_of(self._results)

    def actions(self) -> pd.DataFrame:
        """Last known state of each action of the plan."""
        return programme.actions.current(self.tables["actions"].frame)

    def budget(self) -> pd.DataFrame:
        """Lines of the budget, amounts in euros exact to the cent."""
        return self.tables["budget"].frame.copy()

    def journal(self) -> pd.DataFrame:
        """Successes, difficulties, levers and obstacles, in order of date."""
        return programme.journal.entries(self.tables["journal"].frame)

    def release(self, audience: str, partner: str | None = None) -> Release:
        """Write the folder that an audience's notebooks read, and open it.

        Parameters
        ----------
        audience : {"interne", "cotech", "copil", "partenaire", "habitants"}
            Who will read. Except for ``interne``, small counts and what would give them back are masked, and sources
            whose ``diffusion`` does not allow that audience are left out.
        partner : str, optional
            Id of the partner, with ``partenaire``.

        Raises
        ------
        ConfidentialityError
            When the audience is unknown.
        DossierError
            When ``partenaire`` comes without its id.
        """
        if audience == "partenaire" and not partner:
            raise DossierError(
                "Le public « partenaire » demande de dire lequel.", remedy="Donnez son identifiant : partner=\"...\"."
            )
        return releases.write(
            self.path / PRIVATE / "releases", audience, **self._release_content(audience, partner or "")
        )

    # -- the way of the data --------------------------------------------------------------------------------------

    @property
    def year(self) -> int:
        """Year of the perimeter in which everything is expressed."""
        return self.config.territoire.perimetre

    @cached_property
    def _groupings(self) -> Mapping[str, tuple[str, ...]]:
        return {code: tuple(parts) for code, parts in self.config.territoire.groupements.items()}

    @cached_property
    def _counts(self) -> tuple[pd.DataFrame, list[Problem]]:
        return counts.to_observations(self.tables["observations"], geography=self.year)

    @cached_property
    def _harmonised(self) -> territory.Harmonised:
        gathered = observations.concat(
            [*(table.observations for table in self.source_tables.values()), self._counts[0]]
        )
        return territory.harmonise(gathered, to=self.year, reference=self.reference, on_problem="collect")

    @cached_property
    def territories(self) -> pd.DataFrame:
        """Territories of the dossier and their role.

        Returns
        -------
        DataFrame
            ``geo, name, level, role``; role is ``territoire``, ``membre``, ``groupement``, ``comparateur``,
            ``parent`` or ``pair`` (same level, in the same source or the same département).
        """
        subjects = [self.config.territoire.code, *(geo for bilan in self.config.bilans for geo in bilan.territoires)]
        return scope.territories(
            subjects,
            observations=self._harmonised.observations,
            reference=self.reference,
            year=self.year,
            comparators=self.config.comparaison.territoires,
            groupings=self._groupings,
        )

    @cached_property
    def margins(self) -> Mapping[str, tuple[str, ...]]:
        """For each territory of the dossier that is a total, its communes."""
        found = {geo: self._members(geo) for geo in self.territories["geo"] if not geo.startswith("COM-")}
        return {geo: parts for geo, parts in found.items() if parts}

    def _members(self, geo: str) -> tuple[str, ...]:
        return self._groupings.get(geo) or self.reference.members(geo, self.year)

    @cached_property
    def _results(self) -> pd.DataFrame:
        return self._compute(self._harmonised.observations, list(self.territories["geo"]))

    def _compute(
        self, observed: pd.DataFrame, geos: list[str], ids: Iterable[str] | None = None
    ) -> pd.DataFrame:
        wanted = list(ids) if ids is not None else self._available(observed)
        return indicators.compute(
            observed,
            wanted,
            geos,
            reference=self.reference,
            year=self.year,
            catalogue=self.catalogue,
            groupings=self._groupings,
            start=self.config.convention.debut if self.config.convention else None,
        )

    def _available(self, observed: pd.DataFrame) -> list[str]:
        present = set(observed["measure"])
        kept = [name for name in self.retained if name in self.catalogue]
        return kept + [
            name for name, item in self.catalogue.items() if name not in kept and set(item.measures) <= present
        ]

    @property
    def retained(self) -> tuple[str, ...]:
        """Indicators that the COPIL chose (``[indicateurs] retenus``)."""
        return self.config.indicateurs.retenus

    def _progress_of(self, results: pd.DataFrame) -> pd.DataFrame:
        convention = self.config.convention
        return indicators.progress(
            results,
            self.tables["cibles"].frame,
            catalogue=self.catalogue,
            start=convention.debut if convention else None,
            end=convention.fin if convention else None,
        )

    # -- release --------------------------------------------------------------------------------------------------

    @cached_property
    def _rule(self) -> Rule:
        threshold = self.config.publication.seuil
        return Rule(
            threshold=threshold.personnes,
            sensitive_threshold=threshold.sensible,
            source="Choix du dossier ([publication] seuil de ctg.toml), à défaut de seuil légal pour ces comptages.",
        )

    def _release_content(self, audience: str, partner: str) -> dict[str, Any]:
        diffusion = {source.cle: source.diffusion for source in self.config.sources}
        harmonised = self._harmonised.observations
        shown = harmonised["source"].map(lambda key: rules.allows(diffusion.get(key, "interne"), audience))
        results: Any = (
            self._results if shown.all() else self._compute(harmonised[shown], list(self.territories["geo"]))
        )
        if audience != "interne":
            results = confidentiality.protect(results, self._rule, margins=self.margins, catalogue=self.catalogue)
        frame = results if audience == "interne" else results.frame
        progress = self._progress_of(frame)
        source_rows = self._source_rows(audience)
        tables = {
            "indicators": self._indicator_rows(frame),
            "territories": self.territories,
            "progress": progress,
            "actions": self.actions(),
            "budget": self.budget(),
            "journal": self.journal(),
            "sources": source_rows,
            "limits": indicators.limit_sentences(frame),
            "texts": texts.resolved(
                self._texts, frame, progress, catalogue=self.catalogue, territory=self.config.territoire.code
            ),
            "notices": coverage.notices(
                self.source_tables,
                [row.geo for row in self.territories.itertuples() if row.role == "territoire"],
                reference=self.reference,
                year=self.year,
                catalogue=self.catalogue,
                keys=set(source_rows["cle"]),
            ),
        }
        return {"results": results, "tables": tables, "meta": self._meta(partner)}

    @cached_property
    def _texts(self) -> texts.Texts:
        return texts.read(self.path / "textes")

    def _indicator_rows(self, results: pd.DataFrame) -> pd.DataFrame:
        present = set(results["indicator"])
        rows = [self.catalogue[name].as_dict() | {"retained": name in self.retained} for name in sorted(present)]
        columns = releases.TABLES["indicators"]
        return pd.DataFrame([{name: row[name] for name in columns} for row in rows], columns=list(columns))

    def _source_rows(self, audience: str) -> pd.DataFrame:
        rows = []
        for source in self.config.sources:
            if not rules.allows(source.diffusion, audience):
                continue
            table = self.source_tables.get(source.cle)
            rows.append(
                {
                    "cle": source.cle,
                    "titre": source.titre or (sources.formats()[source.format].label if source.format else source.cle),
                    "producteur": source.producteur,
                    "licence": source.licence,
                    "mise_a_jour": source.mise_a_jour.isoformat() if source.mise_a_jour else "",
                    "diffusion": source.diffusion,
                    "fichier": Path(source.fichier).name if source.fichier else "",
                    "format": source.format or "",
                    "n_rows": table.n_rows if table else 0,
                    "n_rejected": table.n_rejected if table else 0,
                    "empreinte": table.sha256 if table and source.diffusion == "ouverte" else "",
                    "notes": " ".join(table.notes) if table else "",
                }
            )
        return pd.DataFrame(rows, columns=list(releases.TABLES["sources"]))

    def _meta(self, partner: str) -> dict[str, Any]:
        place, convention = self.config.territoire, self.config.convention
        return {
            "territoire": place.code,
            "nom": place.nom,
            "perimetre": place.perimetre,
            "partenaire": partner,
            "fictif": self.reference.fictional,
            "mention": "Territoire fictif – données fictives" if self.reference.fictional else "",
            "convention": convention.model_dump(mode="json") if convention else None,
            "regle": self._rule.sentence,
            "seuil": self.config.publication.seuil.model_dump(mode="json"),
            "retenus": list(self.retained),
        }
