"""The answers of one survey, matched with its declared questionnaire: on codes, and on labels only where it says so.

What matches nothing is told with its line and the near codes, kept apart and counted: it enters no share. A question
left blank and «ne sait pas» are two things: the first is non-response, the second an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem, Severity, suggestion
from ctgeval.surveys.answers import Answers, Mask
from ctgeval.surveys.declaration import CHOSEN, Question, Survey
from ctgeval.surveys.place import place

__all__ = ["match"]

YES = frozenset({"1", "y", "yes", "oui", "true", "vrai", "x"})
NO = frozenset({"0", "n", "no", "non", "false", "faux"})
_OTHERS = ("autre", "other", "-oth-")
_WARNING: Severity = "avertissement"
_FEW, _MOST_UNDECLARED = 5, 0.1
"""Answers of an undeclared code above which, and above which share of those given, a question can't be told."""


def match(survey: Survey, responses: pd.DataFrame, columns: pd.DataFrame, *, file: str = "") -> Answers:
    """Match an export with the declared questionnaire.

    Parameters
    ----------
    survey : Survey
        The declared questionnaire.
    responses : DataFrame
        Table ``reponses`` of a survey reader: ``reponse_id``, ``complete``, columns of answers, ``origin``.
    columns : DataFrame
        Table ``questions`` of a survey reader: ``colonne, question, groupe, choix, genre``.
    file : str
        Name of the export, for what is told of it as a whole.

    Returns
    -------
    Answers
        Never raises: what can't be used is told.
    """
    reader = _Reader(survey, responses.reset_index(drop=True), columns, file)
    return reader.answers()


class _Reader:
    """The rows of one export, read question by question."""

    def __init__(self, survey: Survey, responses: pd.DataFrame, columns: pd.DataFrame, file: str) -> None:
        self.survey, self.columns, self.file = survey, columns, file
        self.problems: list[Problem] = []
        self.unknown: list[tuple[str, str, int]] = []
        self.received = len(responses)
        sent = np.ones(len(responses), dtype=np.bool_)
        if "complete" in responses and not survey.incompletes:
            sent = responses["complete"].fillna(value=False).to_numpy(dtype=np.bool_)
        self.incomplete = int((~sent).sum())
        kept = responses.loc[sent]
        self.rows = self._apart(kept.reset_index(drop=True))
        self.apart = self.received - self.incomplete - len(self.rows)

    def answers(self) -> Answers:
        data: dict[str, Any] = {}
        absent = []
        for question in self.survey.questions:
            found = self._question(question)
            if found is None:
                absent.append(question.code)
            else:
                data |= found
        index = pd.Index(self._texts("reponse_id"), name="reponse_id")
        frame = pd.DataFrame(data, index=range(len(self.rows)))
        asked = {one.code: self._asked(one, frame) for one in self.survey.questions if one.code not in absent}
        for code, mask in asked.items():
            own = [name for name in frame.columns if name == code or name.startswith(f"{code}/")]
            frame.loc[~mask, own] = np.nan
        frame["origin"] = self._texts("origin")
        weights = self._numbers(self.survey.poids)[0] if self.survey.poids in self.rows else None
        if weights is not None and len(weights):
            weights = weights / weights.mean()
        key = None
        if self.survey.appariement in self.rows:
            key = pd.Series(self._texts(self.survey.appariement), dtype="str").set_axis(index)
        return Answers(
            survey=self.survey,
            frame=frame.set_axis(index, axis=0),
            asked=asked,
            weights=None if weights is None else weights.set_axis(index),
            key=key,
            received=self.received,
            incomplete=self.incomplete,
            apart=self.apart,
            unknown=pd.DataFrame(self.unknown, columns=["question", "value", "n"]),
            themes={
                one.code: pd.Series(self._texts(one.themes), dtype="str").set_axis(index)
                for one in self.survey.questions
                if one.themes in self.rows
            },
            absent=tuple(absent),
            problems=tuple(self.problems),
        )

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _apart(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Set apart the rows that come twice and those whose weight can't be used."""
        self.rows = rows
        bad = np.zeros(len(rows), dtype=np.bool_)
        for name, what in (("reponse_id", "Une réponse porte"), (self.survey.appariement, "Un répondant porte")):
            if name not in rows:
                continue
            cells = self._texts(name)
            filled = np.array([bool(cell) for cell in cells], dtype=np.bool_)
            twice = filled & pd.Series(cells, dtype="str").duplicated().to_numpy(dtype=np.bool_)
            bad |= twice
            if twice.any():
                self._tell(
                    f"{what} le même numéro qu’une autre : {french.plural(int(twice.sum()), 'ligne écartée')}.",
                    "Gardez une seule réponse par personne dans l’export.",
                    name, twice,
                )  # fmt: skip
        for name, what in ((self.survey.appariement, "appariement"), (self.survey.poids, "poids")):
            if name and name not in rows:
                self._lacks(name, f"La colonne déclarée par « {what} » n’est pas dans le fichier.")
        if self.survey.poids in rows:
            weights, _ = self._numbers(self.survey.poids)
            useless = ~(weights.gt(0) & np.isfinite(weights)).to_numpy(dtype=np.bool_) & ~bad
            bad |= useless
            if useless.any():
                self._tell(
                    "Un poids est nul, négatif ou absent : "
                    f"{french.plural(int(useless.sum()), 'réponse écartée', 'réponses écartées')}.",
                    "Un poids est un nombre positif ; retirez la clé « poids » si l’enquête n’est pas pondérée.",
                    self.survey.poids, useless,
                )  # fmt: skip
        return rows[~bad].reset_index(drop=True)

    def _asked(self, question: Question, frame: pd.DataFrame) -> Mask:
        asked = np.ones(len(frame), dtype=np.bool_)
        for name, codes in question.si.items():
            if name in frame:
                asked &= frame[name].isin(codes).to_numpy()
            else:
                ticked = [f"{name}/{code}" for code in codes if f"{name}/{code}" in frame]
                asked &= frame[ticked].eq(1).any(axis=1).to_numpy() if ticked else True
        return asked

    # -- one question -------------------------------------------------------------------------------------------------

    def _question(self, question: Question) -> dict[str, Any] | None:
        headers = self._headers(question)
        if not headers:
            self._lacks(
                question.colonne or question.code, f"La question « {question.code} » n’est pas dans le fichier."
            )
            return None
        whole = [name for name, choice, kind in headers if kind == "question" and not choice]
        if question.type == "multiple":
            parts = {
                name: choice or _OTHERS[0] for name, choice, kind in headers if kind in {"choix", "autre"} and choice
            }
            return self._ticks(question, parts) if parts else self._lists(question, whole[0])
        name = whole[0] if whole else headers[0][0]
        if question.type in CHOSEN:
            codes = self._codes(question, name)
            return None if codes is None else {question.code: codes}
        if question.type == "numerique":
            return {question.code: self._figures(question, name)}
        return {question.code: pd.Series([cell or np.nan for cell in self._texts(name)], dtype="str")}

    def _headers(self, question: Question) -> list[tuple[str, str, str]]:
        """Return the columns of a question, with the choice that each is about and its kind."""
        wanted = question.colonne or question.code
        names = self.columns["question"].fillna("")
        found = self.columns[names.eq(wanted) | self.columns["colonne"].eq(wanted)]
        if found.empty and self.survey.libelles:
            texts = {french.fold(wanted), french.fold(question.texte)}
            found = self.columns[[french.fold(name) in texts for name in names]]
        rows = found[["colonne", "choix", "genre"]].fillna("").itertuples(index=False, name=None)
        return [(str(name), str(choice), str(kind)) for name, choice, kind in rows if name in self.rows]

    def _codes(self, question: Question, column: str) -> pd.Series[str] | None:
        """Return the code that each respondent chose; None when too many chose one that nobody declared."""
        cells = self._texts(column)
        known = {cell: self._code(question, cell) for cell in set(cells) if cell}
        self._strange(question, column, cells, [cell for cell, code in known.items() if code is None])
        lost = np.array([bool(cell) and known[cell] is None for cell in cells], dtype=np.bool_)
        count, given = int(lost.sum()), sum(map(bool, cells))
        if count >= _FEW and count > _MOST_UNDECLARED * given:
            # The answers that are left would be told as if they were all: « 100 % de oui » once the « non » are lost.
            self._tell(
                f"La question « {question.code} » n’est pas présentée : {count} réponses sur {given} portent un code "
                "que le questionnaire ne déclare pas.",
                "Ajoutez ces codes à « modalites », ou corrigez l’export.",
                column, lost,
            )  # fmt: skip
            return None
        return pd.Series([known.get(cell) or np.nan for cell in cells], dtype="str")

    def _code(self, question: Question, cell: str) -> str | None:
        options = question.options
        if cell in options:
            return cell
        bare = cell.removesuffix(".0")
        if bare in options:
            return bare
        if self.survey.libelles:
            labels: dict[str, list[str]] = {}
            for code, label in options.items():
                labels.setdefault(_loose(label), []).append(code)
            same = labels.get(_loose(cell), [])
            return same[0] if len(same) == 1 else None
        return None

    def _ticks(self, question: Question, parts: Mapping[str, str]) -> dict[str, Any]:
        """Read the columns of the choices: a respondent who filled none of them did not answer."""
        cells = {name: self._texts(name) for name in parts}
        answered = np.array([any(row) for row in zip(*cells.values(), strict=True)], dtype=np.bool_)
        ticks = {code: np.zeros(len(self.rows)) for code in question.options}
        for name, choice in parts.items():
            other = choice.lower() in _OTHERS or self._kind(name) == "autre"
            code = self._code(question, choice) or (
                next((one for one in _OTHERS if one in ticks), None) if other else None
            )
            filled = np.array([bool(cell) for cell in cells[name]], dtype=np.bool_)
            flags = np.array([_flag(cell, choice, question.options.get(code or "", "")) for cell in cells[name]])
            chosen = filled & np.where(np.isnan(flags), other, flags == 1)
            if code is None:
                if chosen.any():
                    self._apart_value(question, name, choice, chosen)
                continue
            strange = filled & np.isnan(flags) & (not other)
            if strange.any():
                self._strange(question, name, cells[name], sorted({str(one) for one in np.array(cells[name])[strange]}))
            ticks[code] = np.maximum(ticks[code], chosen.astype(np.float64))
        return {f"{question.code}/{code}": np.where(answered, one, np.nan) for code, one in ticks.items()}

    def _lists(self, question: Question, column: str) -> dict[str, Any]:
        """Read a cell that holds every option chosen."""
        cells = self._texts(column)
        mark = question.separateur or next((one for one in (";", "|", ",") if any(one in cell for cell in cells)), " ")
        options = question.options
        ticks = {code: np.zeros(len(cells)) for code in options}
        strange: dict[str, Mask] = {}
        for rank, cell in enumerate(cells):
            whole = self._code(question, cell) if cell else None
            for part in [cell] if whole else [one.strip() for one in cell.split(mark)]:
                code = self._code(question, part) if part else None
                if code:
                    ticks[code][rank] = 1
                elif part:
                    strange.setdefault(part, np.zeros(len(cells), dtype=np.bool_))[rank] = True
        for value, where in strange.items():
            self._apart_value(question, column, value, where)
        answered = np.array([bool(cell) for cell in cells], dtype=np.bool_)
        # Somebody whose every option is unknown said something, but nothing that can be counted.
        answered &= np.any(list(ticks.values()), axis=0) | ~np.any([*strange.values(), np.zeros(len(cells))], axis=0)
        return {f"{question.code}/{code}": np.where(answered, one, np.nan) for code, one in ticks.items()}

    def _figures(self, question: Question, column: str) -> pd.Series[float]:
        values, strange = self._numbers(column)
        unsure = np.array([cell in question.ne_sait_pas for cell in self._texts(column)], dtype=np.bool_)
        values = values.mask(unsure)
        if (strange & ~unsure).any():
            self._tell(
                "Une réponse n’est pas un nombre.", "Corrigez la cellule, ou videz-la.", column, strange & ~unsure
            )
        low = -np.inf if question.minimum is None else question.minimum
        high = np.inf if question.maximum is None else question.maximum
        beyond = (values.lt(low) | values.gt(high)).to_numpy(dtype=np.bool_)
        if beyond.any():
            what = (
                "Un pourcentage dépasse 100 ou est négatif" if question.unite == "%" else "Une réponse est hors bornes"
            )
            self._tell(
                f"{what} : elle ne compte pas.".replace("100 ou est négatif : elle", "100 ou est négatif : il"),
                f"Attendu {french.interval(low if np.isfinite(low) else 0, high)} ; corrigez la cellule.",
                column, beyond,
            )  # fmt: skip
        return values.mask(beyond)

    # -- cells and faults ---------------------------------------------------------------------------------------------

    def _kind(self, column: str) -> str:
        return str(self.columns.loc[self.columns["colonne"].eq(column), "genre"].iloc[0])

    def _texts(self, column: str) -> list[str]:
        if column not in self.rows:
            return [""] * len(self.rows)
        return [str(cell).strip() for cell in self.rows[column].fillna("").tolist()]

    def _numbers(self, column: str) -> tuple[pd.Series[float], Mask]:
        """Return the numbers of a column, and where something else is written."""
        cells = self._texts(column)
        bare = [re.sub(r"[\s\u00a0\u202f%]", "", cell).replace(",", ".") for cell in cells]
        values = pd.Series(pd.to_numeric(np.array(bare, dtype=object), errors="coerce"), dtype="float64")
        values = values.where(np.isfinite(values))
        return values, np.array([bool(cell) for cell in cells], dtype=np.bool_) & values.isna().to_numpy()

    def _strange(self, question: Question, column: str, cells: list[str], values: list[str]) -> None:
        for value in sorted(values):
            self._apart_value(question, column, value, np.array([cell == value for cell in cells], dtype=np.bool_))

    def _apart_value(self, question: Question, column: str, value: str, where: Mask) -> None:
        self.unknown.append((question.code, value, int(where.sum())))
        options = question.options
        near = suggestion(value, options)
        labels = {_loose(label) for label in options.values()}
        if not near and not self.survey.libelles and _loose(value) in labels:
            near = "Ce sont des libellés : exportez les codes, ou écrivez libelles = true dans l’enquête."
        self._tell(
            f"La question « {question.code} » a une réponse que le questionnaire ne déclare pas : "
            f"{french.plural(int(where.sum()), 'réponse mise à part', 'réponses mises à part')}.",
            near or f"Codes déclarés : {', '.join(options)}. Ajoutez celui-ci à « modalites », ou corrigez l’export.",
            column, where, value,
        )  # fmt: skip

    def _tell(self, message: str, remedy: str, column: str, where: Mask, value: str | None = None) -> None:
        first = int(np.flatnonzero(where)[0])
        origin = self._texts("origin")[first]
        shown = self._texts(column)[first] if value is None else value
        # What the coordinator reads here may be sent on: an answer in prose is not told in full.
        told = shown if len(shown) <= 40 else f"{shown[:12]}…"
        self.problems.append(
            Problem(
                message=message, remedy=remedy, column=column, value=told, severity=_WARNING,
                **(place(origin) if origin else {"file": self.file, "sheet": "", "row": None}),
            )
        )  # fmt: skip

    def _lacks(self, column: str, message: str) -> None:
        names = [str(name) for name in dict.fromkeys([*self.columns["question"], *self.columns["colonne"], *self.rows])]
        shown = ", ".join(names[:10])
        self.problems.append(
            Problem(
                message=message,
                remedy=suggestion(column, names) or f"Questions trouvées : {shown}. Corrigez « code » ou « colonne ».",
                file=self.file,
                column=column,
                severity=_WARNING,
            )
        )


def _loose(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", french.fold(text)))


def _flag(cell: str, choice: str, label: str) -> float:
    """Return whether a cell says that a choice was made; NaN when it is empty or says something else."""
    told = cell.strip().lower()
    if told in YES or (told and told in {choice.lower(), label.lower()}):
        return 1.0
    return 0.0 if told in NO else float("nan")
