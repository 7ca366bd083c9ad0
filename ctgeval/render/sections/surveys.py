"""The surveys: who answered, what they said, what changed since the wave before, in their own words last."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, wording
from ctgeval.render.sections import common, survey_tables
from ctgeval.render.sections.common import Names
from ctgeval.render.view import View

Row = survey_tables.Row
_MOST_PLAIN = 2
_MOST_UNREAD = 40


def surveys(view: View, names: Names) -> Markup:
    """Return the surveys of the dossier up to the period, each told once, by its last wave."""
    title, heading = common.heading(view, "enquetes"), names("enquetes")
    shown = _shown(view)
    prose = common.commentary(view, "enquetes")
    if not shown:
        empty = common.nothing(view, heading, title, provide="enquetes")
        return Markup("\n").join([empty, *([prose] if prose else [])])
    draw = _plain if view.public else _full if view.technical else _compact
    parts = [
        blocks.subsection(
            survey_tables.titled(row) if len(shown) > 1 or not view.public else str(row["title"]),
            draw(view, names, row),
        )
        for row in shown
    ]
    return common.section(view, "enquetes", heading, title, [prose, *parts], lead=_lead(shown))


def _shown(view: View) -> list[Row]:
    """Return the last wave of each survey that was over at the end of the period."""
    table = view.table("surveys")
    if view.period and len(table):
        end = periods.end(view.period)
        days = [View.day(row["end"]) or View.day(row["start"]) for row in table.to_dict("records")]
        table = table[[day is None or day <= end for day in days]]
    earlier = set(table["previous"]) if len(table) else set()
    return [row for row in table.to_dict("records") if row["survey"] not in earlier]


def _lead(shown: Sequence[Row]) -> str:
    told = [
        wording.say(
            "resume" if math.isfinite(row["n"]) else "resume_masque",
            {"titre": str(row["title"]), "vague": str(row["wave"]), "n": _answered(row)},
            table="enquetes",
        )
        for row in shown
    ]
    return french.typography(f"{' ; '.join(told)}.")


# -- how it was made --------------------------------------------------------------------------------------------------


def _method(row: Row) -> str:
    """Return who was asked, how, and how many answered."""
    population = f" ({wording.lower(str(row['population']))})" if row["population"] else ""
    told = [wording.say(f"methode_{row['recruitment']}", {"population": population}, table="enquetes")]
    if math.isfinite(row["response_rate"]):
        values = {
            "n": wording.capital(_answered(row)),
            "invites": french.plural(row["invited"], "personne invitée", "personnes invitées"),
            "taux": french.percent(row["response_rate"], 0),
        }
        told.append(wording.say("taux" if math.isfinite(row["received"]) else "taux_moins", values, table="enquetes"))
    elif math.isfinite(row["n"]):
        known = wording.capital(_answered(row))
        kept_back = not math.isfinite(row["received"])
        told.append(f"{known}." if kept_back else wording.say("sans_taux", {"n": known}, table="enquetes"))
    return " ".join(told)


def _answered(row: Row) -> str:
    """Return how many answered: as a least number where nobody but the team is told how many were received."""
    told = french.plural(row["n"], "réponse")
    return told if math.isfinite(row["received"]) else wording.say("au_moins", {"n": told}, table="enquetes")


def _details(row: Row) -> list[str]:
    """Return what those who check the figures want to know: answers left out, weights, intervals."""
    told = []
    for name, key in (("incomplete", "incompletes"), ("apart", "ecartees"), ("unknown", "inconnues")):
        if math.isfinite(row[name]) and row[name] > 0:
            told.append(wording.say(key, {"n": french.plural(row[name], "réponse")}, table="enquetes"))
    if row["absent"]:
        told.append(wording.say("absentes", {"questions": str(row["absent"])}, table="enquetes"))
    if row["method"]:
        told.append(str(row["method"]))
    if not row["intervals"]:
        told.append(wording.say(f"sans_intervalle_{row['recruitment']}", table="enquetes"))
    return told


# -- for each audience ------------------------------------------------------------------------------------------------


def _plain(view: View, _names: Names, row: Row) -> list[Markup]:
    """Return two or three sentences in everyday words."""
    answers = survey_tables.questions(view, row)
    told = [_method(row)]
    # Questions with one answer are, most of them, those that describe who answers.
    favourites = [own for own in answers if own["favourable"].any()] or sorted(
        answers, key=lambda own: str(own["type"].iloc[0]) == "unique"
    )
    for own in favourites[:_MOST_PLAIN]:
        best = survey_tables.telling(own)
        if best is not None:
            told.append(survey_tables.said(best))
    changed = view.table("survey_changes")
    moved = changed[changed["survey"].eq(row["survey"]) & changed["verdict"].isin(["hausse", "baisse"])]
    told += [survey_tables.moved(one) for one in moved.head(1).to_dict("records")]
    return [blocks.paragraph(" ".join(told))]


def _compact(view: View, names: Names, row: Row) -> list[Markup]:
    """Return the key answers in one table, with what changed."""
    return [
        blocks.paragraph(_method(row)),
        *survey_tables.drawn(view, names, row),
        survey_tables.summary(view, names, row),
        _themes(view, row),
    ]


def _full(view: View, names: Names, row: Row) -> list[Markup]:
    """Return everything: method, answers to each question, groups, changes, scales, themes, verbatims."""
    answers = [survey_tables.answers(names, own) for own in survey_tables.questions(view, row)]
    return [
        blocks.paragraph(_method(row)),
        blocks.bullets(_details(row), css="notes"),
        *survey_tables.drawn(view, names, row),
        survey_tables.summary(view, names, row),
        blocks.bullets(survey_tables.scales(view, row)),
        blocks.folded("Toutes les réponses, question par question", Markup("\n").join(answers))
        if answers
        else Markup(""),
        *(blocks.folded(title, table) for title, table in survey_tables.crosses(view, names, row)),
        survey_tables.changes(view, names, row),
        _themes(view, row),
    ]


# -- in their own words -----------------------------------------------------------------------------------------------


def _themes(view: View, row: Row) -> Markup:
    table = view.table("survey_themes")
    own = table[table["survey"].eq(row["survey"])]
    parts: list[Markup] = []
    for text, rows in own.groupby("text", sort=False):
        told = [
            wording.say(
                "theme",
                {
                    "theme": str(one["theme"]),
                    "n": french.plural(one["n"], "réponse"),
                    "part": f" ({french.percent(one['share'], 0)})" if math.isfinite(one["share"]) else "",
                },
                table="enquetes",
            )
            for one in rows.to_dict("records")
            if one["conf_status"] == "F"
        ]
        base = french.plural(float(rows["base"].iloc[0]), "réponse libre", "réponses libres")
        parts += [blocks.paragraph(wording.say("themes", {"question": str(text), "base": base}, table="enquetes")),
                  blocks.bullets(told)]  # fmt: skip
    quoted = view.table("verbatims")
    mine = quoted[quoted["survey"].eq(row["survey"])]
    through = [f"« {text} »" for text in mine.loc[mine["approved"].astype(bool), "verbatim"]]
    if through:
        parts += [blocks.paragraph(wording.say("verbatims", table="enquetes")), blocks.bullets(through)]
    unread = [str(text) for text in mine.loc[~mine["approved"].astype(bool), "verbatim"]]
    if unread and view.internal:
        title = wording.say("non_relues", {"n": french.plural(len(unread), "réponse")}, table="enquetes")
        # The same words may come several times: they are read once.
        parts.append(blocks.folded(title, blocks.bullets(list(dict.fromkeys(unread))[:_MOST_UNREAD])))
    return blocks.minor("Dans leurs mots", parts) if parts else Markup("")
