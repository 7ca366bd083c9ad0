"""The page: what a notebook calls, one method per section, in whatever order its author wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from ctgeval.render.fragment import Fragment
from ctgeval.render.lines import Point
from ctgeval.render.sections import (
    annex,
    budget,
    changes,
    communication,
    decisions,
    evaluation,
    event,
    impact,
    journal,
    news,
    overview,
    participation,
    partnership,
    places,
    plan,
    programme,
    qualitative,
    reading,
    recommendations,
    scenarios,
    standing,
    surveys,
    targets,
    themes,
    trends,
    workshops,
)
from ctgeval.render.view import View

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release


@dataclass(frozen=True)
class Page:
    """One bilan about one territory, made from a release and from nothing else.

    Parameters
    ----------
    release : Release
        The protected tables of one audience.
    territoire : str
        Code of the territory; the dossier's own when empty.
    periode : str
        Last period to show; all of them when empty.
    carnet : str
        Name of the notebook: chooses the title and the author's texts.

    Raises
    ------
    UnknownTerritory
        When the release holds nothing about the territory.
    PeriodError
        When the period can't be read.
    """

    release: Release
    territoire: str = ""
    periode: str = ""
    carnet: str = "bilan_annuel"
    view: View = field(init=False, repr=False, compare=False)
    _used: Counter[str] = field(init=False, repr=False, compare=False, default_factory=Counter)
    _shown: list[str] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "view", View(self.release, self.territoire, self.periode, self.carnet))

    def title(self, text: str = "") -> Fragment:
        """Return the title of the bilan.

        Parameters
        ----------
        text : str
            What to call it, such as “Bilan de la jeunesse”; by default the name of the notebook.
        """
        return Fragment(reading.title(self.view, text))

    def key_figures(self) -> Fragment:
        """Return the five to eight figures that an elected official reads first."""
        return self._section(overview.key_figures)

    def convention(self) -> Fragment:
        """Return who signed the convention, and for how long."""
        return self._section(programme.convention)

    def context(self) -> Fragment:
        """Return the population and the needs, against the comparators."""
        return self._section(overview.context)

    def results(self) -> Fragment:
        """Return the indicators of the territory that neither the context nor what changed shows."""
        compared = changes.told(self.view) if self._used["evolutions"] else frozenset()
        return self._fragment(overview.others(self.view, self._name, compared=compared))

    def indicator(self, indicator: str) -> Fragment:
        """Return all that is known of one indicator.

        Raises
        ------
        UnknownIndicator
            When the release does not hold it.
        """
        return self._fragment(overview.indicator(self.view, self._name, indicator))

    def comparison(self, indicator: str = "") -> Fragment:
        """Return the place of the territory among those of its level, by default for the first rate they share.

        Raises
        ------
        UnknownIndicator
            When the release does not hold the indicator.
        """
        return self._fragment(places.comparison(self.view, self._name, indicator))

    def members(self, indicator: str = "") -> Fragment:
        """Return an indicator commune by commune, by default the first that the communes have.

        Raises
        ------
        UnknownIndicator
            When the release does not hold the indicator.
        """
        return self._fragment(places.members(self.view, self._name, indicator))

    def progress(self) -> Fragment:
        """Return the way done towards the targets."""
        return self._section(targets.progress)

    def changes(self) -> Fragment:
        """Return what changed since before the convention, with what chance leaves uncertain."""
        return self._section(changes.changes)

    def trends(self) -> Fragment:
        """Return where the retained indicators go, and where they would be at the term of their targets."""
        return self._section(trends.trends)

    def standing(self) -> Fragment:
        """Return the gaps to the territories compared, indicator by indicator."""
        return self._section(standing.standing)

    def qualitative(self) -> Fragment:
        """Return the qualitative indicators: their last judgement, and those before."""
        return self._section(qualitative.qualitative)

    def effects(self) -> Fragment:
        """Return one sentence for each ``[[impact]]`` design of the territory."""
        return self._section(impact.summary)

    def impact(self, design: str = "") -> Fragment:
        """Return what may be concluded of each ``[[impact]]`` design of the territory, by default of all of them.

        Raises
        ------
        ReportError
            When no design of the release has that name.
        """
        return self._fragment(impact.effects(self.view, self._name, design))

    def evaluation(self) -> Fragment:
        """Return the answers to the questions évaluatives, and what each stands on."""
        return self._section(evaluation.evaluation)

    def surveys(self) -> Fragment:
        """Return what the surveys say, and how they were made."""
        return self._section(surveys.surveys)

    def actions(self) -> Fragment:
        """Return the plan of actions: by axe, what moved since the period before, what is late."""
        return self._section(plan.actions)

    def budget(self) -> Fragment:
        """Return the funding, what stays to the collectivity first."""
        return self._section(budget.budget)

    def partnership(self) -> Fragment:
        """Return who works with whom, and who comes to the meetings."""
        return self._section(partnership.partnership)

    def workshops(self) -> Fragment:
        """Return the workshops, and what became of what was contributed there."""
        return self._section(workshops.workshops)

    def participation(self) -> Fragment:
        """Return who took part, who they were against the population, and what became of their proposals."""
        return self._section(participation.participation)

    def communication(self) -> Fragment:
        """Return the reach of each channel, never added across channels."""
        return self._section(communication.communication)

    def event(self) -> Fragment:
        """Return the annual event: attendance, satisfaction with its response rate, cost."""
        return self._section(event.event)

    def journal(self) -> Fragment:
        """Return successes and difficulties, and the practices that others may take up."""
        return self._section(journal.journal)

    def recommendations(self) -> Fragment:
        """Return what was decided since the previous bilan, and what is to be decided or looked into."""
        return self._section(recommendations.recommendations)

    def scenarios(self) -> Fragment:
        """Return how many places each ``[[scenario]]`` would ask for, and what they would cost."""
        return self._section(scenarios.scenarios)

    def decisions(self) -> Fragment:
        """Return what the meeting is asked to decide."""
        return self._section(decisions.decisions)

    def to_validate(self) -> Fragment:
        """Return the last figures, with what is to be looked at before they are validated."""
        return self._section(decisions.figures)

    def news(self, since: str = "") -> Fragment:
        """Return the files updated since a day, and what they say.

        Parameters
        ----------
        since : str
            ISO date; by default the day before the period begins.

        Raises
        ------
        ParameterError
            When that is not a date.
        """
        return self._fragment(news.news(self.view, self._name, since))

    def theme(self, name: str = "") -> Fragment:
        """Return what is known of a theme; by default of each theme of what the partner returns."""
        return self._fragment(themes.theme(self.view, self._name, name))

    def returns(self) -> Fragment:
        """Return the figures that the partner returned, structure by structure."""
        return self._section(themes.returns)

    def text(self, section: str) -> Fragment:
        """Return a section that the author wrote.

        Raises
        ------
        KeyError
            When ``phrases.toml`` has no title for that section.
        """
        return self._fragment(programme.text(self.view, self._name, section))

    def notices(self) -> Fragment:
        """Return what the files leave out about the territory."""
        return self._section(reading.notices)

    def sources(self) -> Fragment:
        """Return the files behind the figures."""
        return self._fragment(reading.sources(self.view, self._name, self._stands_on))

    def limits(self) -> Fragment:
        """Return what to keep in mind."""
        return self._fragment(reading.limits(self.view, self._name, self._stands_on))

    def confidentiality(self) -> Fragment:
        """Return how persons are protected."""
        return self._section(reading.confidentiality)

    def annex(self) -> Fragment:
        """Return the sheets of the indicators that the committee chose."""
        return self._section(annex.annex)

    def glossary(self) -> Fragment:
        """Return the few words that a reader may not know."""
        return Fragment(reading.glossary(self.view, self._name, " ".join(self._shown)))

    @property
    def _stands_on(self) -> list[Point] | None:
        """What a page about effects alone stands on; None for a page that shows everything."""
        return impact.points(self.view) if self.carnet == impact.OWN_NOTEBOOK else None

    def _section(self, draw: Callable[[View, Callable[[str], str]], Markup]) -> Fragment:
        return self._fragment(draw(self.view, self._name))

    def _fragment(self, html: Markup) -> Fragment:
        self._shown.append(html.striptags())
        return Fragment(html)

    def _name(self, stem: str) -> str:
        """Return an identifier that the page has not used yet."""
        self._used[stem] += 1
        return stem if self._used[stem] == 1 else f"{stem}-{self._used[stem]}"


def open_page(
    release: str | Path | Release, *, territoire: str = "", periode: str = "", carnet: str = "bilan_annuel"
) -> Page:
    """Open a release folder as the page of a notebook.

    Parameters
    ----------
    release : str, Path or Release
        The folder that `Dossier.release` wrote, or the release itself.
    territoire, periode, carnet : str
        See `Page`.

    Raises
    ------
    ReportError
        When the folder is not a release.
    UnknownTerritory, PeriodError
        See `Page`.
    """
    if isinstance(release, str | Path):
        # The stage below brings scipy along, which a page made from a release already open does not need.
        from ctgeval.confidentiality import Release

        release = Release.load(release)
    return Page(release, territoire=territoire, periode=periode, carnet=carnet)
