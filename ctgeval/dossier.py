"""The dossier: what an evaluator holds. It ties the stages together and computes each table on first use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import (
    checks,
    config as configuration,
    designs,
    diffusion,
    followup,
    french,
    indicators,
    measures,
    observations,
    programme,
    sources,
    territory,
)
from ctgeval.confidentiality import ProtectedTable, Release, audits, clear, release as release_, released
from ctgeval.confidentiality.clearing import require_audience
from ctgeval.confidentiality.forms import Form as Told
from ctgeval.config import Config
from ctgeval.config.models import SourceConfig
from ctgeval.errors import CtgevalError, DossierError, MeasureError, Problem
from ctgeval.followup import (
    handover as handing,
    missing,
    partnership,
    searching,
    survey_sampling,
    surveys as surveys_,
    workshops,
)
from ctgeval.indicators import definition, own, scope
from ctgeval.measures import Measure
from ctgeval.programme import (
    census,
    communication,
    counts,
    evaluation,
    events,
    participation,
    proposals,
    returns,
    set_aside,
    texts,
)
from ctgeval.programme.handover_parts import Handover
from ctgeval.programme.network import Network
from ctgeval.sources import SourceTable, cache, workbook
from ctgeval.sources.partner_form import Form

if TYPE_CHECKING:
    from ctgeval.confidentiality.ledger import Record
    from ctgeval.impact import Panel
    from ctgeval.surveys.taken import Taken


_Version = tuple[pd.DataFrame, ProtectedTable]


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
        folder = configuration.folder_of(path)
        return cls(folder, configuration.load(folder))

    # -- inputs ---------------------------------------------------------------------------------------------------

    @cached_property
    def reference(self) -> territory.Reference:
        """Geography of the dossier: its own (``reference``), or that of France shipped with the package.

        Sources that tell events of communes or members of EPCI complete it (formats ``geographie.*``).
        """
        known = self._base_reference
        for item in self._read_geographies.values():
            if isinstance(item, SourceTable):
                events, membership = (item.tables.get(name) for name in ("evenements", "appartenance"))
                known = known.extended(events=events, membership=membership)
        return known

    @cached_property
    def _base_reference(self) -> territory.Reference:
        own = self.config.territoire.reference
        return territory.reference.load(self.path / own if own else None)

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """Measures of the house, and those of the dossier's ``mesures.toml`` when it has one that can be used."""
        return self.own_measures[0]

    @cached_property
    def own_measures(self) -> tuple[Mapping[str, Measure], CtgevalError | None]:
        """Measures known to the dossier, and the error that its ``mesures.toml`` gave, if it gave one."""
        own = self.path / measures.FILE_NAME
        if not own.is_file():
            return measures.load(), None
        try:
            return measures.load(own), None
        except MeasureError as error:
            return measures.load(), error

    @cached_property
    def catalogue(self) -> Mapping[str, definition.Indicator]:
        """Indicators of the package, with what the dossier's ``indicateurs.toml`` adds to them or changes of them."""
        return self.own_indicators.catalogue

    @cached_property
    def own_indicators(self) -> own.Own:
        """What ``indicateurs.toml`` declares: indicators, judgements, and what can't be used in it."""
        path = self.path / own.FILE_NAME
        measured = self.measures if path.is_file() else None
        return definition.of_dossier(path, measures=measured)

    @property
    def qualitative(self) -> Mapping[str, own.Qualitative]:
        """Qualitative indicators of the dossier, judged in the table ``jugements``."""
        return self.own_indicators.qualitative

    @property
    def known_indicators(self) -> Mapping[str, definition.Indicator | own.Qualitative]:
        """Every indicator of the dossier, those that are counted and those that are judged."""
        return {**self.catalogue, **self.qualitative}

    @cached_property
    def tables(self) -> Mapping[str, workbook.Table]:
        """The coordinator's tables, from ``suivi.xlsx`` or CSV files, and what partners sent back (``retours``)."""
        convention = self.config.convention
        read = workbook.read_tables(self.path, programme.SCHEMAS)
        own = set_aside.sound(read, end=convention.fin if convention else None)
        counted = own["observations"]
        asked = returns.asked(self.config.sources, counted.frame, self.measures, territory=self.config.territoire.code)
        found, problems = returns.read(self.path, asked)
        return {**own, "observations": returns.joined(counted, found, problems)}

    def partner_form(self, partner: str, *, period: str) -> Form:
        """Return what to ask of a partner for a year or a period, to be written as a workbook.

        Parameters
        ----------
        partner : str
            Key of its source, or its name.
        period : str
            A year, cut as the source counts, or one period.

        Raises
        ------
        DossierError
            When no source is that of this partner, or what it should count is not known.
        PeriodError
            When the period can't be read.
        """
        source = returns.find_source(self.config.sources, partner)
        place = self.config.territoire
        geos = source.gabarit.territoires if source.gabarit else ()
        counted = self.tables["observations"].frame
        names = {geo: self.reference.last_name(geo) for geo in (*geos, *counted["territoire"].dropna().unique())}
        form = returns.form(
            source,
            counted,
            self.measures,
            territory=(place.code, place.nom or place.code),
            names={geo: name for geo, name in names.items() if name},
            period=period,
            help={
                item.numerator_measures[0]: item.definition
                for item in self.catalogue.values()
                if len(item.numerator_measures) == 1
            },
        )
        return replace(form, fictional=self.reference.fictional)

    @cached_property
    def source_tables(self) -> Mapping[str, SourceTable]:
        """Each ``[[source]]`` that could be read, by its key."""
        return {key: item for key, item in self.read_sources.items() if isinstance(item, SourceTable)}

    @cached_property
    def read_sources(self) -> Mapping[str, SourceTable | CtgevalError]:
        """Each ``[[source]]`` by its key: its table, or the error that its file gave."""
        told = [source for source in self.config.sources if source.fichier or source.downloaded]
        return {
            source.cle: self._read_geographies.get(source.cle) or self._read_source(source, self.reference)
            for source in told
        }

    @cached_property
    def _read_geographies(self) -> Mapping[str, SourceTable | CtgevalError]:
        """Sources that complete the geography, which all the others are read with."""
        told = [source for source in self.config.sources if source.format.startswith("geographie.")]
        return {source.cle: self._read_source(source, self._base_reference) for source in told}

    def _read_source(self, source: SourceConfig, reference: territory.Reference) -> SourceTable | CtgevalError:
        try:
            return sources.read(
                self._file_of(source),
                format=source.format,
                key=source.cle,
                reference=reference,
                encoding=source.encodage,
                separator=source.separateur,
                decimal=source.decimale,
                geography=source.geographie,
                description=source.tableau.described() if source.tableau else None,
                measures=self.measures,
                admitted=source.donnees_personnelles,
            )
        except CtgevalError as error:
            return error

    def _file_of(self, source: SourceConfig) -> Path:
        if not source.downloaded:
            return self.path / source.fichier
        return cache.cached(self.path / configuration.PRIVATE, source.cle, source.url, sha256=source.sha256)

    @cached_property
    def evaluation(self) -> evaluation.Evaluation:
        """Questions évaluatives and analyses of contribution of ``evaluation.toml``."""
        return evaluation.read(self.path)

    @cached_property
    def texts(self) -> texts.Texts:
        """The author's texts, as written."""
        return texts.read(self.path / "textes")

    # -- what the evaluator asks ----------------------------------------------------------------------------------

    def problems(self) -> pd.DataFrame:
        """Every problem of every input, none raised.

        Returns
        -------
        DataFrame
            One row per problem: ``severity, message, file, sheet, row, column, key, value, remedy``.
        """
        columns = ["severity", "message", "file", "sheet", "row", "column", "key", "value", "remedy"]
        found = [problem.as_dict() for problem in checks.problems(self)]
        return pd.DataFrame(found, columns=columns).astype({"row": "Int64"})

    @property
    def config_warnings(self) -> list[Problem]:
        """What ``ctg.toml`` says that a bilan can live with."""
        return configuration.check(self.path)[1]

    @property
    def count_problems(self) -> list[Problem]:
        """Lines of the coordinator's counts that could not be used."""
        return self._counts[1]

    @property
    def harmonisation_problems(self) -> list[Problem]:
        """Values that can't be put on the perimeter of the dossier."""
        return list(self._harmonised.problems)

    @property
    def left_out(self) -> pd.DataFrame:
        """Facts that can't be put on the perimeter of the dossier: ``measure, geo, time_period``."""
        return self._harmonised.left_out

    @property
    def contours(self) -> Mapping[str, territory.contours.Contours]:
        """Contours of the communes of the dossier on its perimeter, by the source that draws them."""
        return self._drawn[0]

    @property
    def contour_problems(self) -> list[Problem]:
        """Communes that the files of contours do not draw."""
        return self._drawn[1]

    @cached_property
    def _drawn(self) -> tuple[dict[str, territory.contours.Contours], list[Problem]]:
        tables = {key: item.tables["contours"] for key, item in self.source_tables.items() if "contours" in item.tables}
        subjects = self.territories.query("role == 'territoire'")["geo"] if tables else ()
        wanted = {part for geo in subjects for part in self.margins.get(geo, ())}
        return territory.grounds.gather(tables, wanted, to=self.year, reference=self.reference)

    @property
    def ground(self) -> tuple[str, ...]:
        """Territories of the dossier that are not there as peers, with their communes of any year."""
        places = self.territories
        own = places.loc[places["role"].ne("pair"), "geo"]
        communes = {part for geo in own if not geo.startswith(("REG-", "FRANCE")) for part in self.margins.get(geo, ())}
        return (*own, *sorted(communes.difference(own)))

    def knows(self, geo: str) -> bool:
        """Tell whether a code is a territory of the dossier's geography, at its perimeter or in another year."""
        return geo in self._groupings or any(self.reference.exists(geo, year) for year in self.reference.years)

    @property
    def set_aside(self) -> Mapping[str, int]:
        """How many rows and entries of each file count in no figure, because they can't be read or can't be true."""
        return missing.counts(self)

    def require_sound(self) -> None:
        """Refuse to go further with inputs that have a blocking problem.

        Raises
        ------
        DossierError
            With all the blocking problems.
        """
        blocking = [problem for problem in checks.problems(self) if problem.severity == "bloquant"]
        if blocking:
            raise DossierError(
                f"Aucun bilan n’a été produit : {french.plural(len(blocking), 'problème')} à corriger d’abord.",
                remedy="Corrigez, puis relancez ; les bilans déjà produits n’ont pas été touchés.",
                file=self.path.name,
                problems=blocking,
            )

    def similar(self) -> territory.Comparators:
        """Choose the territories most like that of the dossier, as ``[comparaison]`` asks, without writing them.

        Raises
        ------
        DossierError
            When no territory can be chosen.
        """
        return designs.similar.choose(self)

    def freeze_comparators(self, *, date: dt.date | None = None) -> Dossier:
        """Write in ``ctg.toml`` the territories of comparison that it asks the tool to choose, once and for all.

        Parameters
        ----------
        date : datetime.date, optional
            Written beside the list; today by default.

        Returns
        -------
        Dossier
            The dossier opened again; this one when the list is already written, or when no choice is asked.

        Raises
        ------
        DossierError
            When an input has a blocking problem, when no territory can be chosen, or when the file can't be written:
            nothing is compared with a list that is not frozen.
        """
        if not self.config.comparaison.unfrozen:
            return self
        self.require_sound()
        day = date or dt.date.today()  # noqa: DTZ011 the day where the evaluator is
        territories, reasons = designs.similar.frozen(self, day)
        configuration.freezing.freeze(self.path, territories, reasons=reasons)
        return Dossier.open(self.path)

    def observations(self) -> pd.DataFrame:
        """Observations of every source and of the coordinator's counts, put on the perimeter of the dossier."""
        return self._on_perimeter(self._gathered).observations

    def indicators(self, indicator: str | None = None, *, geo: str | None = None) -> pd.DataFrame:
        """Compute the result rows, as the evaluator sees them: nothing is masked.

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
            known = self.compute(self.indicator_observations, [geo])
        elif indicator is not None and indicator not in set(known["indicator"]):
            known = self.compute(self.indicator_observations, list(self.territories["geo"]), [indicator])
        keep = known["indicator"].notna()
        if indicator is not None:
            keep &= known["indicator"].eq(indicator)
        if geo is not None:
            keep &= known["geo"].eq(geo)
        return known[keep].reset_index(drop=True)

    def progress(self) -> pd.DataFrame:
        """Baseline, target, actual, share of the way and verdict of each target of ``cibles``."""
        return self.progress_of(self._results)

    def trends(self, *, geo: str | None = None) -> pd.DataFrame:
        """Return the trend of each indicator and its projection (see `ctgeval.indicators.trends`).

        Raises
        ------
        UnknownTerritory
            With the near ones.
        """
        return self.trends_of(self.indicators(geo=geo), self.progress())

    def benchmark(self, indicator: str | None = None) -> pd.DataFrame:
        """Return the place of the dossier's territories among their comparators (see `ctgeval.indicators.benchmark`).

        Raises
        ------
        UnknownIndicator
            With the near ones.
        """
        return indicators.benchmark(self.indicators(indicator), self.compared, catalogue=self.catalogue)

    def changes(self, *, geo: str | None = None) -> pd.DataFrame:
        """Return what changed since before the convention, with rounding and chance (see `ctgeval.indicators.changes`).

        Parameters
        ----------
        geo : str, optional
            Code of a territory; all those of the dossier by default.
        """
        return self.changes_of(self.indicators(geo=geo))

    def panel(
        self,
        indicator: str,
        *,
        treated: Mapping[str, str | dt.date],
        comparators: Iterable[str] | None = None,
    ) -> Panel:
        """Put an indicator of several territories on a unit x period panel, for the estimators of ``ctgeval.impact``.

        Parameters
        ----------
        indicator : str
            Id of an indicator.
        treated : mapping of str to str or date
            Territories concerned by the action, and the period or the day from which each one was.
        comparators : iterable of str, optional
            Territories to compare with; those of ``[comparaison]`` of the same level by default.

        Raises
        ------
        UnknownIndicator, UnknownTerritory
            With the near ones.
        DesignError
            When a territory has no figure, or when periods overlap; with the territories and the remedy.
        """
        return designs.panel(self, indicator, treated=treated, comparators=comparators)

    def evaluability(self, indicator: str, *, geo: str | None = None) -> designs.Suitability:
        """Say whether a before/after may be made of an indicator: évaluable, contexte seulement or not, and why.

        Parameters
        ----------
        indicator : str
            Id of an indicator.
        geo : str, optional
            Code of a territory; the one of the dossier by default.

        Raises
        ------
        UnknownIndicator
            With the near ones.
        """
        return designs.suitability(self, indicator, geo=geo)

    @cached_property
    def impacts(self) -> tuple[designs.Estimated, ...]:
        """Estimate of each ``[[impact]]``, as the evaluator sees it: nothing is masked."""
        return tuple(designs.estimate(self, item) for item in self.config.impact)

    def actions(self, *, history: bool = False, at: dt.date | None = None) -> pd.DataFrame:
        """Last known state of each action of the plan; every state of each one, in order, with ``history``.

        Parameters
        ----------
        history : bool
            One row per stay in a state, with its length in days (see `ctgeval.programme.actions.history`).
        at : date, optional
            Later states are ignored.

        Returns
        -------
        DataFrame
            ``id, axe, objectif, intitule, pilote, partenaires, public_cible, debut, fin, etat, etat_date,
            avancement_pct, dispositifs, motif, lien_preuve``, and ``history``, how many states are known.
        """
        plan = self.tables["actions"].frame
        return programme.actions.history(plan, at=at) if history else programme.actions.current(plan, at=at)

    def action_changes(self, since: dt.date, until: dt.date) -> pd.DataFrame:
        """Tell what moved in the plan between two dates: states, dates, milestones, new actions, those given up.

        Returns
        -------
        DataFrame
            ``id, axe, intitule``; ``kind`` of the change, what was ``before`` and ``after``, its ``day`` and its
            ``motif``.
        """
        milestones = self.tables["jalons"].frame
        return programme.actions.changes(self.tables["actions"].frame, since=since, until=until, milestones=milestones)

    def milestones(self, at: dt.date) -> pd.DataFrame:
        """Milestones of the actions, and how late each one is at a date.

        Returns
        -------
        DataFrame
            ``action, intitule, prevu_le, realise_le``; ``jours_retard``, ``situation`` and ``prochain`` as
            `ctgeval.programme.schedule.milestones` tells them.
        """
        now = self.actions(at=at)
        stopped = set(now.loc[now["etat"].eq("abandonnee"), "id"])
        return programme.schedule.milestones(self.tables["jalons"].frame, at=at, stopped=stopped)

    def budget_controls(self) -> pd.DataFrame:
        """Totals of the budget by action, by funder and by year, written ones included, and the gaps between them.

        Returns
        -------
        DataFrame
            ``control, exercice, nature, statut``; the ``total``, the one that is ``declared`` and the ``gap``, in
            euros; how many ``rows`` they are made of, and the ``origin`` of the one that declares.
        """
        return programme.budget_controls.controls(self.tables["budget"].frame)

    def budget(self) -> pd.DataFrame:
        """Lines of the budget, amounts in euros exact to the cent.

        Returns
        -------
        DataFrame
            ``action, exercice, nature, poste, financeur, statut, montant, apport``, as they are written, and their
            ``origin``.
        """
        return self.tables["budget"].frame.copy()

    def participation(self) -> pd.DataFrame:
        """Meetings that inhabitants were asked to, in order of date: level, attendances, distinct persons.

        Returns
        -------
        DataFrame
            ``id, action, date, annee, type, niveau, presences, personnes_distinctes``; its breakdown is in `tables`.
        """
        return participation.events(self.tables["participation"].frame)

    def proposals(self) -> pd.DataFrame:
        """Proposals of inhabitants, what became of them, and the days that the reply took.

        Returns
        -------
        DataFrame
            ``id, annee, date, origine, texte, suite, reponse_le, motif, action``, and ``delai``, the days to the reply.
        """
        return proposals.follow_up(self.tables["propositions"].frame)

    def communication(self) -> pd.DataFrame:
        """Values of each channel and measure, period by period; channels are never added together.

        Returns
        -------
        DataFrame
            ``canal, mesure, periode, valeur``.
        """
        return communication.lines(self.tables["communication"].frame)

    def events(self) -> pd.DataFrame:
        """Sheet of each edition of the annual event: attendance, satisfaction and its response rate, cost.

        Returns
        -------
        DataFrame
            ``id, annee, date, intitule, lieu, objectifs, presences, comptage, repondants, satisfaits, cout,
            enseignement, action``, as they are written; ``taux_reponse``, ``satisfaction`` in percent,
            ``cout_par_presence`` in euros, ``presences_avant`` and ``evolution_presences`` since the edition before,
            and the ``reason`` of what can't be computed.
        """
        return events.sheets(self.tables["evenements"].frame)

    def journal(self) -> pd.DataFrame:
        """Successes, difficulties, levers and obstacles, in order of date.

        Returns
        -------
        DataFrame
            ``date, action, type, texte, a_refaire, a_eviter, contexte, freins, leviers, indicateur, mots_cles``, and
            ``libelle``, the French name of the type.
        """
        return programme.journal.entries(self.tables["journal"].frame)

    def recommendations(self, *, history: bool = False, at: dt.date | None = None) -> pd.DataFrame:
        """Last known state of each recommendation; every state of each one, in order, with ``history``.

        Parameters
        ----------
        history : bool
            One row per state: proposed, then accepted, amended or refused, then done.
        at : date, optional
            Later states are ignored; they are those of every date by default.

        Returns
        -------
        DataFrame
            ``id, date, origine, texte, etat, instance, chiffre, action, motif``; ``etat_le``, the day of the state, and
            ``rang``, its place among those of the recommendation, from 1.
        """
        found = programme.recommendations.steps(self.tables["recommandations"].frame)
        if at is not None:
            found = found[found["etat_le"].le(at.isoformat())].reset_index(drop=True)
        return found if history else found.groupby("id", sort=False).tail(1).reset_index(drop=True)

    @cached_property
    def partnership(self) -> partnership.Partnership:
        """Who works with whom, year after year, and who comes to the meetings."""
        return partnership.gather(self)

    def partners(self) -> pd.DataFrame:
        """Organisations, the actions and meetings that each took part in, its links and its attendance.

        Returns
        -------
        DataFrame
            ``id, nom, type, territoire``; whether it is ``listed`` in the table ``partenaires``; how many ``actions``
            and ``meetings`` it took part in, its ``links``, its ``invitations`` and its ``presences``, since the
            beginning.
        """
        return self.partnership.table()

    def network(self, year: int | None = None) -> Network:
        """Who works with whom, in a year or since the beginning: density, groups, core, isolated partners.

        Parameters
        ----------
        year : int, optional
            Every year by default.
        """
        return self.partnership.network(year)

    def meetings(self) -> pd.DataFrame:
        """Meetings in order of date, with the organisations that were asked and those that came.

        Returns
        -------
        DataFrame
            ``date, id, type, subject, action, method``; numbers ``invited`` and ``present``; ids of the organisations
            ``asked`` and of those that ``came``; whether the two numbers are ``usable`` for the attendance, and the
            ``reason`` if not.
        """
        return self.partnership.held.copy()

    def workshops(self) -> pd.DataFrame:
        """Workshops, and what became of their contributions at the last day that the tables know.

        Returns
        -------
        DataFrame
            ``date, id, subject, method``; number of ``organisations`` and ids of those that ``came``; number of
            ``contributions``, of those ``retenue``, ``refusee``, ``en_cours`` and ``en_attente``, of ``actions`` that
            take them up, and longest time ``waiting``, in days.
        """
        return workshops.table(self)

    @cached_property
    def surveys(self) -> surveys_.Gathered:
        """Surveys of ``enquetes.toml`` with their answers, and what is wrong in them."""
        return surveys_.gather(self)

    def survey(self, survey: str) -> Taken:
        """Return one survey: its answers, results, themes and verbatims, nothing of it masked.

        Raises
        ------
        DossierError
            When no survey of that id could be read, with the near ones.
        """
        return surveys_.get(self, survey)

    def search(self, words: str) -> pd.DataFrame:
        """Find what holds every word, accents aside, in the notes, actions, proposals, decisions and texts.

        Returns
        -------
        DataFrame
            Columns of `ctgeval.programme.search.COLUMNS`, the best first: where it is, and an excerpt.
        """
        return searching.search(self, words)

    def handover(self, *, day: dt.date | None = None) -> Handover:
        """Gather all that the next person in post must know, as it stands at a day (today by default).

        It is for internal use: nothing is masked in it. `ctgeval.render.handover` writes it.
        """
        return handing.make(self, day=day or dt.date.today())  # noqa: DTZ011 the day where the evaluator is

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
            When the audience is unknown, or when a table holds what it must not be told (see `confidentiality.clear`).
        DossierError
            When ``partenaire`` comes without its id.
        """
        return self.published(audience, partner)[0]

    def published(
        self, audience: str, partner: str | None = None, *, earlier: Sequence[Record] = ()
    ) -> tuple[Release, tuple[Told, ...]]:
        """Write the folder that an audience's notebooks read, and tell what its readers will know, figure by figure.

        The private audit of the protection is written beside the dossier (see `confidentiality.audits`).

        Parameters
        ----------
        audience, partner
            See `release`.
        earlier : sequence of Record
            Everything that was published before (`confidentiality.ledger.Ledger.records`): the release is protected
            together with it.

        Raises
        ------
        ConfidentialityError
            As `release`; also when what was published before and this release would together give away what must not
            be.
        DossierError
            When ``partenaire`` comes without its id.
        """
        require_audience(audience)
        if audience == "partenaire" and not partner:
            raise DossierError(
                "Le public « partenaire » demande de dire lequel.", remedy='Donnez son identifiant : partner="...".'
            )
        content = diffusion.content(self, audience, partner or "", earlier=earlier)
        tables = {name: content.tables[name].loc[:, list(columns)] for name, columns in released.TABLES.items()}
        cleared = clear(audience, results=content.results, tables=tables)
        release = release_.write(self.path / configuration.PRIVATE / "releases", cleared, meta=content.meta)
        if isinstance(content.results, ProtectedTable):
            audits.write(self.path, audience, release.path.name, content.results.private_audit())
        return release, content.forms

    @cached_property
    def protected(self) -> dict[tuple[Record, ...], dict[tuple[frozenset[str], str], _Version]]:
        """The last protection of the results, for all audiences at once, by what had been published before it.

        For each set of sources, and the key of the reader's own if any: the territories, and the protected table.
        """
        return {}

    @cached_property
    def made(self) -> dict[tuple[str, tuple[int, ...]], tuple[tuple[object, ...], object]]:
        """What several readers are told alike (see `ctgeval.followup.shared`)."""
        return {}

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
        return counts.to_observations(self.tables["observations"], geography=self.year, measures=self.measures)

    @cached_property
    def _harmonised(self) -> territory.Harmonised:
        """Put on the perimeter what indicators are made from: a small part of what national files hold."""
        wanted = {name for item in self.catalogue.values() for name in item.measures}
        return self._on_perimeter([table[table["measure"].isin(wanted)] for table in self._gathered])

    @cached_property
    def _gathered(self) -> list[pd.DataFrame]:
        found = [table.observations for table in self.source_tables.values()]
        return [*found, self._counts[0], *followup.observations(self)]

    @cached_property
    def census(self) -> pd.DataFrame:
        """What the sources and the coordinator's counts say of the population by age, by sex and by commune.

        Those of the territory of the convention alone, on the perimeter of the dossier.
        """
        code = self.config.territoire.code
        years = [year for year in self.reference.years if self.reference.exists(code, year)]
        ours = {code, *self._groupings, *(part for parts in self._groupings.values() for part in parts)}
        ours.update(part for year in years for part in self.reference.members(code, year))
        told = [*(table.observations for table in self.source_tables.values()), self._counts[0]]
        return self._on_perimeter(
            [table[table["measure"].isin(census.MEASURES) & table["geo"].isin(ours)] for table in told]
        ).observations

    def _on_perimeter(self, tables: list[pd.DataFrame]) -> territory.Harmonised:
        return territory.harmonise(
            observations.concat(tables),
            to=self.year,
            reference=self.reference,
            measures=self.measures,
            on_problem="collect",
        )

    @property
    def indicator_observations(self) -> pd.DataFrame:
        """Observations that indicators are made from, on the perimeter of the dossier."""
        return self._harmonised.observations

    @cached_property
    def territories(self) -> pd.DataFrame:
        """Territories of the dossier and their role.

        Returns
        -------
        DataFrame
            ``geo, name, level, role``; role is ``territoire``, ``membre``, ``groupement``, ``comparateur``,
            ``parent`` or ``pair`` (same level, in the same source or the same département).
        """
        place = self.config.territoire
        subjects = [place.code, *(geo for bilan in self.config.bilans for geo in bilan.territoires)]
        return scope.territories(
            subjects,
            observations=self.indicator_observations,
            reference=self.reference,
            year=self.year,
            comparators=self.config.comparaison.territoires,
            groupings=self._groupings,
            names={place.code: place.nom} if place.nom else {},
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
        return self.compute(self.indicator_observations, list(self.territories["geo"]))

    def compute(self, observed: pd.DataFrame, geos: list[str], ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Compute the result rows of some observations (on the perimeter of the dossier), for some territories."""
        wanted = list(ids) if ids is not None else self._available(observed)
        found = indicators.compute(
            observed,
            wanted,
            geos,
            reference=self.reference,
            year=self.year,
            catalogue=self.catalogue,
            measures=self.measures,
            groupings=self._groupings,
            start=self.config.convention.debut if self.config.convention else None,
            unsampled=survey_sampling.unsampled(self),
        )
        return indicators.explained(found, self.left_out, self.catalogue)

    def _available(self, observed: pd.DataFrame) -> list[str]:
        present = set(observed["measure"].unique())
        kept = [name for name in self.retained if name in self.catalogue]
        return kept + [
            name for name, item in self.catalogue.items() if name not in kept and set(item.measures) <= present
        ]

    @property
    def retained(self) -> tuple[str, ...]:
        """Indicators that the COPIL chose (``[indicateurs] retenus``)."""
        return self.config.indicateurs.retenus

    @cached_property
    def _timings(self) -> dict[str, designs.Timing]:
        return {}

    def _timing(self, item: definition.Indicator) -> designs.Timing:
        """Return how the periods of an indicator compare, found once."""
        if item.id not in self._timings:
            self._timings[item.id] = designs.timing(self, item)
        return self._timings[item.id]

    def progress_of(self, results: pd.DataFrame, *, targets: pd.DataFrame | None = None) -> pd.DataFrame:
        """Hold result rows against the targets: the rows of a release give the progress that may be told there."""
        convention = self.config.convention
        return indicators.progress(
            results,
            self.tables["cibles"].frame if targets is None else targets,
            catalogue=self.catalogue,
            measures=self.measures,
            start=convention.debut if convention else None,
            end=convention.fin if convention else None,
            objection=lambda item, first, last: self._timing(item).objection(first, last),
        )

    def trends_of(self, results: pd.DataFrame, progress: pd.DataFrame) -> pd.DataFrame:
        """Tell the trend of some result rows, extended to the terms of some targets."""
        rules = {name: self._timing(self.catalogue[name]) for name in results["indicator"].unique()}
        return indicators.trends(
            results,
            catalogue=self.catalogue,
            targets=progress,
            objection=lambda item, first, last: rules[item.id].objection(first, last),
        )

    @cached_property
    def compared(self) -> Mapping[str, tuple[str, ...]]:
        """Territories of comparison of each territory of a bilan: those of ``[comparaison]`` of its level."""
        subjects = self.territories.query("role == 'territoire'")["geo"]
        chosen = self.config.comparaison.territoires
        found = {geo: tuple(one for one in chosen if one.split("-")[0] == geo.split("-")[0]) for geo in subjects}
        return {geo: others for geo, others in found.items() if others}

    def changes_of(self, results: pd.DataFrame) -> pd.DataFrame:
        """Compare the last result rows with the situation before the convention: those of a release tell no more."""
        convention, targets = self.config.convention, self.tables["cibles"].frame
        known = targets[targets["tolerance"].gt(0)]
        tolerances = zip(known["indicateur"], known["territoire"], known["tolerance"].astype(float), strict=True)
        compare = {name: self._timing(self.catalogue[name]) for name in results["indicator"].unique()}
        return indicators.changes(
            results,
            catalogue=self.catalogue,
            measures=self.measures,
            start=convention.debut if convention else None,
            objection=lambda item, first, last: compare[item.id].objection(first, last),
            span=lambda item, period: compare[item.id].span(period),
            minimum={(name, place): tolerance for name, place, tolerance in tolerances},
            unsampled=survey_sampling.unsampled(self),
        )
