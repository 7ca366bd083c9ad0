"""The tables and the figures of a survey: answers, groups, scales, changes since the wave before."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, likert, tables, wording
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Column, Table
from ctgeval.render.view import View

Row = dict[Any, Any]


def titled(row: Row) -> str:
    """Return the title of a survey with its wave."""
    return f"{row['title']} ({row['wave']})"


def questions(view: View, row: Row) -> list[pd.DataFrame]:
    """Return the answers to each question of a survey, in the order of the questionnaire."""
    table = view.table("survey_answers")
    own = table[table["survey"].eq(row["survey"])]
    return [rows for _, rows in own.groupby("position", sort=True)]


def most_frequent(own: pd.DataFrame) -> Row | None:
    """Return the answer that most gave, or the mean of a number; None when nothing of it may be told."""
    told = own[(own["mean"].notna() | own["share"].notna()) & own["opinion"].astype(bool)]
    rows = told.to_dict("records")
    numbers = [row for row in rows if row["type"] == "numerique"]
    return numbers[0] if numbers else max(rows, key=lambda row: float(row["share"]), default=None)


def telling(own: pd.DataFrame) -> Row | None:
    """Return the one answer that an indicator counts, when there is one; otherwise what most gave."""
    counted = own[own["favourable"].astype(bool)]
    if len(counted) == 1:
        return counted.to_dict("records")[0] if counted["share"].notna().all() else None
    return most_frequent(own)


def said(best: Row) -> str:
    """Return one answer as a sentence, with its base."""
    values = {
        "question": str(best["text"]),
        "reponse": str(best["label"]),
        "base": french.plural(best["base"], "répondant"),
    }
    if best["type"] == "numerique":
        values["valeur"] = _quantity(best["mean"], best)
        return wording.say("moyenne", values, table="enquetes")
    values["part"] = french.percent(best["share"], 0)
    return wording.say("reponse", values, table="enquetes")


def _quantity(value: float, row: Row) -> str:
    return french.quantity(value, str(row["unit"]), 1) if math.isfinite(value) else wording.word("marques", "absent")


def summary(view: View, names: Names, row: Row) -> Markup:
    """Return one line a question: the answer that most gave, on how many, and what changed."""
    verdicts = _verdicts(view, row)
    body = []
    for own in questions(view, row):
        first, best = own.iloc[0], most_frequent(own)
        hidden = own["conf_status"].ne("F").any()
        if best is None:
            shown = [
                tables.withheld("masque" if hidden else "absent"),
                tables.withheld("masque" if hidden else "absent"),
            ]
        elif best["type"] == "numerique":
            shown = [tables.text(best["label"]), tables.number(best["mean"], _quantity(best["mean"], best))]
        else:
            shown = [tables.text(best["label"]), tables.number(best["share"], french.percent(best["share"], 0))]
        base = float(first["base"])
        cells = [tables.text(first["text"]), *shown, tables.number(base, french.number(base))]
        if verdicts:
            cells.append(tables.text(verdicts.get(str(first["question"]), "–")))
        body.append(cells)
    if not body:
        return Markup("")
    columns = [Column("Question"), Column("Réponse la plus fréquente"), Column("Part ou moyenne", numeric=True),
               Column("Sur combien de répondants", numeric=True)]  # fmt: skip
    if verdicts:
        columns.append(Column(f"Depuis {row_before(view, row)}"))
    caption = f"{titled(row)} : les réponses les plus fréquentes"
    notes = [wording.say("plusieurs_reponses", table="enquetes")] if _multiple(view, row) else []
    return tables.render(Table(names("enquete"), caption, columns, body, notes=[*notes, *_cited(view, row)]))


def _multiple(view: View, row: Row) -> bool:
    return any(own["type"].eq("multiple").any() for own in questions(view, row))


def _cited(view: View, row: Row) -> list[str]:
    rows = view.table("sources")
    found = rows[rows["cle"].eq(row["source"])].to_dict("records")
    named = [{str(name): value for name, value in one.items()} for one in found]
    return [wording.say("source_citee", {"sources": common.source(one)}) for one in named]


def answers(names: Names, own: pd.DataFrame) -> Markup:
    """Return every answer to a question: persons, share, interval."""
    first = own.iloc[0]
    numeric = first["type"] == "numerique"
    with_interval = own["low"].notna().any()
    columns = [Column("Réponse"), Column("Moyenne ou médiane" if numeric else "Part", numeric=True)]
    if not numeric:
        columns.insert(1, Column("Répondants", numeric=True))
    body = []
    for one in own.to_dict("records"):
        hidden = one["conf_status"] != "F"
        value = one["mean"] if numeric else one["share"]
        text = (_quantity(value, one) if numeric else french.percent(value)) + _interval(one, numeric=numeric)
        cells = [tables.text(one["label"])]
        if not numeric:
            cells.append(tables.withheld("masque") if hidden else tables.number(one["n"], french.number(one["n"])))
        cells.append(tables.withheld("masque") if hidden else tables.number(value, text))
        body.append(cells)
    details = [_base(first), *([wording.say("intervalles", table="enquetes")] if with_interval else [])]
    if first["type"] == "multiple":
        details.append(wording.say("plusieurs_reponses", table="enquetes"))
    if (own["reason"] == "moins_de_11").any():
        details.append(wording.say("moins_de_11", table="enquetes"))
    return tables.render(
        Table(names("enquete-reponses"), str(first["text"]), columns, body, details=details, downloadable=False)
    )


def _interval(one: Row, *, numeric: bool) -> str:
    if not (math.isfinite(one["low"]) and math.isfinite(one["high"])):
        return ""
    low, high = french.number(one["low"], 1), french.number(one["high"], 1)
    unit = "" if numeric else f"{french.NBSP}%"
    return french.typography(f" (de {low} à {high}{unit})")


def _base(first: Any) -> str:
    if not math.isfinite(first["base"]):
        return ""
    silent = first["asked"] - first["base"]
    values = {"base": french.plural(first["base"], "répondant")}
    if math.isfinite(silent) and silent:
        values["sans"] = french.plural(silent, "personne")
    return wording.say("base_sans_reponse" if "sans" in values else "base", values, table="enquetes")


def drawn(view: View, names: Names, row: Row) -> Iterator[Markup]:
    """Draw together the ordered questions that have the same options, when nothing of them is hidden."""
    groups: dict[tuple[str, ...], list[pd.DataFrame]] = {}
    for own in questions(view, row):
        ranked = own[own["type"].eq("likert") & own["opinion"].astype(bool)]
        if len(ranked) and ranked["share"].notna().all():
            groups.setdefault(tuple(ranked["label"]), []).append(ranked)
    for labels, owns in groups.items():
        if not 2 <= len(labels) <= likert.MOST_OPTIONS:
            continue
        rows = [(str(own["text"].iloc[0]), [float(share) for share in own["share"]]) for own in owns]
        told = " ".join(
            wording.say(
                "alternative_barre",
                {
                    "question": text.rstrip("."),
                    "base": french.plural(base, "répondant"),
                    "parts": french.enumeration(
                        [
                            f"{wording.lower(label)} {french.percent(share, 0)}"
                            for label, share in zip(labels, shares, strict=True)
                        ]
                    ),
                },
                table="enquetes",
            )
            for (text, shares), base in zip(rows, [float(own["base"].iloc[0]) for own in owns], strict=True)
        )
        asked = {"nombre": french.plural(len(rows), "question"), "lignes": told}
        alternative = wording.say("alternative_barres", asked, table="enquetes")
        drawing = likert.likert(rows, labels, alternative=alternative, fictional=view.fictional)
        yield blocks.figure(names("enquete-figure"), _graded(row, labels), drawing)
        yield blocks.folded("Les valeurs en tableau", _figure_values(names, row, labels, owns))


def _graded(row: Row, labels: Sequence[str]) -> str:
    ends = {"bas": wording.lower(labels[0]), "haut": wording.lower(labels[-1])}
    return wording.say("figure", {"titre": titled(row), **ends}, table="enquetes")


def _figure_values(names: Names, row: Row, labels: Sequence[str], owns: Sequence[pd.DataFrame]) -> Markup:
    columns = [
        Column("Question"),
        *(Column(label, numeric=True) for label in labels),
        Column("Répondants", numeric=True),
    ]
    body = [
        [
            tables.text(own["text"].iloc[0]),
            *(tables.number(share, french.percent(share, 0)) for share in own["share"]),
            tables.number(float(own["base"].iloc[0]), french.number(float(own["base"].iloc[0]))),
        ]
        for own in owns
    ]
    caption = _graded(row, labels)
    return tables.render(Table(names("enquete-valeurs"), caption, columns, body, downloadable=False))


# -- groups, scales, changes ------------------------------------------------------------------------------------------


def crosses(view: View, names: Names, row: Row) -> Iterator[tuple[str, Markup]]:
    """Return the tables of answers by group, each with its title."""
    table = view.table("survey_crosses")
    texts = {str(own["question"].iloc[0]): str(own["text"].iloc[0]) for own in questions(view, row)}
    for (question, _), own in table[table["survey"].eq(row["survey"])].groupby(["question", "by"], sort=False):
        labels = list(dict.fromkeys(own["label"]))
        columns = [Column(str(own["by_text"].iloc[0])), *(Column(label, numeric=True) for label in labels),
                   Column("Répondants", numeric=True)]  # fmt: skip
        body = []
        for _, rows in own.groupby("group", sort=False):
            shares = dict(zip(rows["label"], rows["share"], strict=True))
            size = float(rows["base"].iloc[0])
            body.append(
                [
                    tables.text(rows["group_label"].iloc[0]),
                    *(tables.number(shares[label], french.percent(shares[label], 0)) for label in labels),
                    tables.number(size, french.number(size)),
                ]
            )
        title = wording.say("croisement", {"question": texts.get(str(question), str(question))}, table="enquetes")
        yield title, tables.render(Table(names("enquete-groupes"), title, columns, body, downloadable=False))


def scales(view: View, row: Row) -> list[str]:
    """Return one sentence for each scale: its score and its reliability."""
    table = view.table("survey_scales")
    told = []
    for one in table[table["survey"].eq(row["survey"])].to_dict("records"):
        if not math.isfinite(one["mean"]):
            continue
        values = {
            "echelle": str(one["label"]),
            "score": french.number(one["mean"], 1),
            "bornes": _ends(one),
            "n": french.plural(one["n"], "répondant"),
            "items": french.number(one["items"]),
        }
        sentence = wording.say("echelle", values, table="enquetes")
        if math.isfinite(one["alpha"]):
            reliable = {name: french.number(one[name], 2) for name in ("alpha", "alpha_low", "alpha_high")}
            sentence += " " + wording.say("alpha", reliable, table="enquetes")
        if math.isfinite(one["omega"]) and math.isfinite(one["omega_low"]):
            reliable = {name: french.number(one[name], 2) for name in ("omega", "omega_low", "omega_high")}
            sentence += " " + wording.say("omega", reliable, table="enquetes")
        told.append(sentence)
    return told


def _ends(one: Row) -> str:
    if not (math.isfinite(one["least"]) and math.isfinite(one["most"])):
        return ""
    return f" (de {french.number(one['least'])} à {french.number(one['most'])})"


def row_before(view: View, row: Row) -> str:
    """Return the name of the wave before."""
    table = view.table("surveys")
    found = table.loc[table["survey"].eq(row["previous"]), "wave"]
    return str(found.iloc[0]) if len(found) else "la vague précédente"


def _own_changes(view: View, row: Row) -> list[Row]:
    table = view.table("survey_changes")
    return table[table["survey"].eq(row["survey"])].to_dict("records")


def _verdicts(view: View, row: Row) -> dict[str, str]:
    """Return what changed of each question: an option that moved is named, otherwise the doubt is told."""
    found: dict[str, str] = {}
    for one in _own_changes(view, row):
        text = wording.word("evolutions_enquete", str(one["verdict"]))
        if one["verdict"] in {"hausse", "baisse"}:
            label = {"moyenne": "moyenne", "rang": "rang des réponses"}.get(str(one["kind"]), str(one["label"]))
            told = f"{text} : {label} ({_gap(one)})"
            kept = found.get(str(one["question"]), "")
            found[str(one["question"])] = f"{kept} ; {told}" if kept.startswith(("↗", "↘")) else told
        else:
            found.setdefault(str(one["question"]), text)
    return found


def _gap(one: Row) -> str:
    value = french.number(one["difference"], {"part": 0, "rang": 2}.get(str(one["kind"]), 1), sign=True)
    unit = "point" if abs(round(one["difference"])) < 2 else "points"
    return f"{value}{french.NBSP}{unit}" if one["kind"] == "part" else value


def moved(one: Row) -> str:
    """Return a change as a sentence in everyday words."""
    values = {"question": str(one["text"]), "reponse": str(one["label"]), "vague": str(one["wave_before"]),
              "sens": wording.word("sens_enquete", str(one["verdict"]))}  # fmt: skip
    return wording.say("evolution" if one["kind"] == "part" else "evolution_moyenne", values, table="enquetes")


def changes(view: View, names: Names, row: Row) -> Markup:
    """Return every comparison with the wave before."""
    rows = _own_changes(view, row)
    if not rows:
        return Markup("")
    before, after = str(rows[0]["wave_before"]), str(rows[0]["wave_after"])
    columns = [Column("Question"), Column("Réponse"), Column(before, numeric=True), Column(after, numeric=True),
               Column("Écart et lecture")]  # fmt: skip
    body = []
    for one in rows:
        part = one["kind"] == "part"
        levels = [
            tables.number(one[name], french.percent(one[name], 0) if part else french.number(one[name], 1))
            for name in ("before", "after")
        ]
        body.append(
            [
                tables.text(one["text"]),
                tables.text(one["label"]),
                *levels,
                tables.text(f"{_gap(one)}, {wording.word('evolutions_enquete', str(one['verdict']))}"),
            ]
        )
    tested = sum(math.isfinite(one["p_value"]) for one in rows)
    notes = [wording.say("tests", {"n": french.number(tested)}, table="enquetes")] if tested > 1 else []
    title = wording.say("evolutions", {"avant": before, "apres": after}, table="enquetes")
    found = Table(names("enquete-evolutions"), title, columns, body, notes=notes, downloadable=False)
    return blocks.folded(title, tables.render(found))
