"""The parts of the text of one estimate, each a list of short sentences: ``phrases.toml`` with its figures in place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from ctgeval import french
from ctgeval.impact.phrasebook import (
    catalogue,
    first_key,
    method_name,
    named,
    odds,
    period,
    say,
    sentence,
    span_of,
    without_codes,
)
from ctgeval.impact.quantities import NEGLIGIBLE, Scale, number_of, scale_of

__all__ = ["Level", "Said", "level"]

Level = Literal["constat", "ecart", "contribution"]
_TERRITORIES = "territoires"
_KIN = {"synthetique": _TERRITORIES, "groupes": "enquetes"}
"""Families that most phrases do not tell apart."""
_BY_WAVES = frozenset({"group_time", "imputation", "two_stage"})
_PERSONS = frozenset({"avant_apres", "enquetes", "groupes"})


def level(values: Mapping[str, Any]) -> Level:
    """Return how much the words may say: the last level asks for a sound method, no failed check and a verdict."""
    if values["method"] == "before_after" and not values["n_controls"]:
        return "constat"
    failed = any(check["passed"] is False for check in values["checks"])
    sound = values["valid"] and values["evidence"] >= 3 and not failed
    return "contribution" if sound and values["verdict"] == "amelioration" else "ecart"


class Said:
    """The parts of one text, each as a list of short sentences.

    Parameters
    ----------
    values : mapping
        Made by ``ImpactResult.to_dict``.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.details: Mapping[str, Any] = values.get("details") or {}
        self.code = str(values["method"])
        self.family = catalogue()["familles"].get(self.code, _TERRITORIES)
        self.n_treated, self.n_controls = int(values["n_treated"]), int(values["n_controls"])
        if self.family == "avant_apres" and self.n_controls:
            self.family = "groupes"
        self.kin = _KIN.get(self.family, self.family)
        self.scale: Scale = scale_of(values)
        self.estimate = number_of(values["estimate"])
        self.p_value = number_of(values["p_value"])
        self.low, self.high = (number_of(values["interval"][end]) for end in ("low", "high"))
        self.alpha = 1 - number_of(values["level"])
        self.confidence = french.percent(round(100 * number_of(values["level"]), 6), None)
        self.conclusive = self.details.get("conclusive") is not False

    def comparison(self) -> list[str]:
        """Say what was compared: which figure, territories and periods, with how many comparators."""
        label = str(self.values.get("label") or "")
        told = [say("comparaison", "chiffre", nom=label)] if label else []
        units = [str(name) for name in self.details.get("units_treated") or []]
        if units and self.family in {_TERRITORIES, "synthetique"}:
            key = "concerne" if len(units) == 1 else "concernes"
            told.append(say("comparaison", key, noms=named(units)))
        before, after = self.times()
        one = self.n_treated <= 1
        several = french.plural(self.n_treated, "territoire concerné")
        given = {
            "avant": f" ({before})" if before else "",
            "apres": f" ({after})" if after else "",
            "sujet": say("comparaison", "sujet_un" if one else "sujet_plusieurs", nombre=several),
            "temoins": self._counted_controls(),
            "candidats": french.plural(self.n_controls, "territoire de comparaison"),
            "effectif": french.plural(self.n_treated, "unité observée"),
            "concernes": french.plural(self.n_treated, "observation"),
        }
        if self.family in _PERSONS:
            given["temoins"] = french.plural(self.n_controls, "observation")
        return [*told, say("comparaison", self._comparison_key(), **given)]

    def _comparison_key(self) -> str:
        if self.family == "serie":
            return "serie_temoin" if self.n_controls else "serie"
        if self.family == "groupes":
            return "groupes" if self.values["n_pre"] else "groupes_apres"
        if self.family == "avant_apres" and self.details.get("paired") is True:
            return "avant_apres_memes"
        if self.family == _TERRITORIES and not self.n_controls and self.code not in _BY_WAVES:
            return "territoires_sans"
        return first_key("comparaison", self.code, self.family)

    def _counted_controls(self) -> str:
        if not self.n_controls:
            return say("comparaison", "temoins_vagues")
        if self.n_controls == 1:
            return say("comparaison", "temoin_un")
        return say("comparaison", "temoins", nombre=french.plural(self.n_controls, "territoire de comparaison"))

    def times(self) -> tuple[str, str]:
        """Return what is known of the periods before and after: their span, or else their number."""
        if self.family in _PERSONS:
            first, last = (period(str(moment)) for moment in self.details.get("moments") or ("avant", "après"))
            return "" if first == "avant" else first, "" if last == "après" else last
        before, after = self._series_periods() if self.family == "serie" else self._panel_periods()
        counts = (int(self.values["n_pre"]), int(self.values["n_post"]))
        noun = "point" if self.family == "serie" else "période"
        # An effect by period may leave out the first ones: a span that is shorter than the data would mislead.
        spans = [
            span_of(found) if len(found) == count or not count else french.plural(count, noun)
            for found, count in zip((before, after), counts, strict=True)
        ]
        return spans[0], spans[1]

    def _panel_periods(self) -> tuple[list[str], list[str]]:
        rows = [
            (str(row.get("time_period") or ""), row.get("event_time")) for row in self.values.get("by_period") or []
        ]
        # With several dates, a row has no period of its own: it is empty, or told from the start (« +2 »).
        known = [(text, event) for text, event in rows if text and text[0] not in "+-" and event is not None]
        return [text for text, event in known if event < 0], [text for text, event in known if event >= 0]

    def _series_periods(self) -> tuple[list[str], list[str]]:
        rows, starts = self.details.get("counterfactual"), self.details.get("at")
        texts = [str(row.get("time_period") or "") for row in rows] if isinstance(rows, list) else []
        if not starts or str(starts[0]) not in texts:
            return [], []
        place = texts.index(str(starts[0]))
        return texts[:place], texts[place:]

    def difference(self) -> list[str]:
        """Say the difference, rounded, its interval, what the bounds of the data do to it."""
        if math.isnan(self.estimate):
            return [say("ecart", "absent"), *self._descriptive()]
        told = [self._difference(self.estimate), self._interval(), self._end(), self._bounds()]
        return [*told, *self._descriptive()]

    def _difference(self, value: float) -> str:
        gap = self.scale.difference(value)
        if gap == NEGLIGIBLE:
            return say("ecart", "nul_avant_apres" if self.family == "avant_apres" else "nul")
        key = self.family
        if key == _TERRITORIES:
            without = "_vagues" if self.code in _BY_WAVES else "_sans"
            key = f"{key}{without if not self.n_controls else '_un' if self.n_controls == 1 else ''}"
        return say("ecart", key, ecart=gap)

    def _interval(self) -> str:
        span = self.scale.span(self.low, self.high)
        if not span:
            return say("ecart", "fourchette_sans")
        return say("ecart", "fourchette", fourchette=span, niveau=self.confidence)

    def _end(self) -> str:
        """Tell the effect at the last point of a series, which the change of level does not show."""
        end = self.details.get("effect_end")
        if self.family != "serie" or not isinstance(end, Mapping):
            return ""
        gap = self.scale.difference(value) if math.isfinite(value := number_of(end.get("estimate"))) else NEGLIGIBLE
        return "" if gap == NEGLIGIBLE else say("ecart", "fin", quand=period(str(end["time_period"])), ecart=gap)

    def _bounds(self) -> str:
        if not self.bounded:
            return ""
        span = self.scale.span(*self.data_bounds)
        return say("ecart", "bornes", fourchette=span) if span else say("ecart", "bornes_sans")

    @property
    def data_bounds(self) -> tuple[float, float]:
        """What the bounds of the data let the estimate be."""
        bounds = self.values["bounds"]
        return number_of(bounds["low"]), number_of(bounds["high"])

    @property
    def bounded(self) -> bool:
        """Whether the data are known within bounds only."""
        low, high = self.data_bounds
        if math.isnan(low) or math.isnan(high):
            return False
        return math.isinf(low) or math.isinf(high) or abs(high - low) > 1e-9 * (1 + abs(low))

    def _descriptive(self) -> list[str]:
        if self.values["valid"]:
            return []
        limits = self.values["limits"]
        return [say("ecart", "descriptif", raison=sentence(str(limits[-1])) if limits else "")]

    def certainty(self) -> list[str]:
        """Say how often such a gap would be seen without any effect."""
        if math.isnan(self.estimate):
            return [say("certitude", "absente_ecart")]
        if math.isnan(self.p_value):
            return [say("certitude", "absente")]
        if not self.values["valid"]:
            return [say("certitude", "invalide")]
        told = [say("certitude", "fois_constat" if self.level == "constat" else "fois", frequence=odds(self.p_value))]
        if not self.conclusive:
            return [*told, say("certitude", "indicatif")]
        return [*told, say("certitude", "rare" if self.p_value <= self.alpha + 1e-9 else "courant")]

    @property
    def persons(self) -> bool:
        """Whether persons (or answers) are compared, and not territories."""
        return self.family in _PERSONS

    @property
    def level(self) -> Level:
        """How much the words may say."""
        return level(self.values)

    def verdict_key(self, table: str) -> str:
        """Return the key of the verdict in a table of phrases."""
        verdict = str(self.values["verdict"])
        if verdict == "non_concluant" and self._told_by_its_sign:
            return "non_concluant_neutre"
        return first_key(table, f"{verdict}_{self.level}", verdict, f"{verdict}_ecart")

    @property
    def _told_by_its_sign(self) -> bool:
        """Whether only the lack of a better way keeps an interval that excludes zero from a verdict."""
        apart = self.low > 0 or self.high < 0
        return self.values["direction"] == "neutral" and apart and self.conclusive and bool(self.values["valid"])

    def verdict(self) -> list[str]:
        """Say what may be concluded."""
        key, effect = self.verdict_key("verdict"), self._smallest("minimum_effect", "mde")
        if key.startswith("pas_d_effet") and not effect:
            key = "pas_d_effet_decelable_sans"
        rises = self.estimate > 0
        if self.values["direction"] != "neutral" and key.startswith(("amelioration", "degradation")):
            rises = key.startswith("amelioration") == (self.values["direction"] == "higher")
        told = [say("verdict", key, effet=effect, sens=say("verdict", "hausse" if rises else "baisse"))]
        lower = self.values["direction"] == "lower" and key.startswith(("amelioration", "degradation"))
        return [*told, say("verdict", "baisse_favorable")] if lower else told

    def _smallest(self, *names: str) -> str:
        """Write the first finite size of effect of some details; empty without any."""
        sizes = (number_of(self.details.get(name)) for name in names)
        found = next((size for size in sizes if math.isfinite(size) and size > 0), math.nan)
        if math.isnan(found):
            return ""
        own = scale_of({"unit": self.values["unit"], "estimate": found, "details": self.details})
        return own.amount(found)

    def not_shown(self) -> list[str]:
        """Say what the estimate does not show."""
        verdict = str(self.values["verdict"])
        alone = self.kin == _TERRITORIES and self.n_treated == 1
        told = [say("ne_montre_pas", f"{self.kin}_un" if alone else self.kin)]
        if verdict in catalogue()["ne_montre_pas"]:
            return [*told, say("ne_montre_pas", verdict)]
        return told if self.family == "avant_apres" else [*told, say("ne_montre_pas", "moyen")]

    def needed(self) -> list[str]:
        """Say what would be needed to conclude, or to see a smaller effect."""
        minimum = number_of(self.details.get("minimum_p"))
        if minimum > self.alpha + 1e-9:
            return [say("manque", "test", frequence=odds(minimum)), self._more_controls(minimum)]
        if not self.values["valid"] or not self.conclusive:
            return [say("manque", f"sans_test_{self.kin}")]
        if self.values["verdict"] in {"amelioration", "degradation"}:
            return [say("manque", "consolider_constat" if self.level == "constat" else "consolider")]
        told = []
        if number_of(self.details.get("mde")) == math.inf:
            told.append(say("manque", "effet_aucun"))
        elif effect := self._smallest("mde"):
            told.append(say("manque", "effet", effet=effect))
        return [*told, say("manque", f"plus_{self.kin}")]

    def _more_controls(self, minimum: float) -> str:
        if self.family in _PERSONS:
            return say("manque", "personnes")
        # One treated unit, each place as likely: the smallest p-value is one over their number.
        alone = self.n_treated == 1 and abs(minimum * (self.n_controls + 1) - 1) < 1e-6
        if not alone:
            return say("manque", "temoins_sans_nombre")
        count = math.ceil(1 / self.alpha - 1e-9) - 1
        return say("manque", "temoins", nombre=french.plural(count, "territoire de comparaison"))

    def solidity(self) -> list[str]:
        """Say the solidity of the method, which is no mark for the action."""
        grade = int(self.values["evidence"])
        told = [say("solidite", "phrase", niveau=str(grade), mot=say("solidite", str(grade)))]
        made = [check for check in self.values["checks"] if check["passed"] is not None]
        failed = sum(not check["passed"] for check in made)
        if not made:
            return [*told, say("solidite", "verifications_aucune")]
        if not failed:
            key = "verification_satisfaite" if len(made) == 1 else "verifications_satisfaites"
        else:
            key = "verification_seule" if len(made) == 1 else "verification" if failed == 1 else "verifications"
        return [*told, say("solidite", key, nombre=str(failed), total=str(len(made)))]

    def limits(self) -> list[str]:
        """Say the limits of the figures, the reason of an invalid one aside: it stands beside the difference."""
        kept = [str(limit) for limit in self.values["limits"]]
        if not self.values["valid"]:
            kept = kept[:-1]
        return [french.typography(sentence(without_codes(limit))) for limit in kept]

    def method(self) -> list[str]:
        """Return the first sentences of the annex: name, test, figures, sizes."""
        unrounded = self.scale.finer(2)
        error = number_of(self.values["std_error"])
        span = unrounded.span(self.low, self.high)
        given = {
            "ecart": unrounded.amount(self.estimate, sign=True),
            "erreur": unrounded.amount(error),
            "niveau": self.confidence,
            "fourchette": span,
        }
        codes = [code for code in str(self.values["inference"] or "none").split("+") if code]
        told = [
            say("methode", "nom", methode=method_name(self.code)),
            say("methode", "test", tests=french.enumeration([self._test_name(code) for code in codes])),
        ]
        if math.isfinite(self.estimate):
            told.append(say("methode", "precision" if span else "precision_sans", **given))
        if math.isfinite(self.p_value):
            key = "probabilite" if self.values["valid"] else "probabilite_invalide"
            told.append(say("methode", key, p=_probability(self.p_value)))
        return [*told, self._sizes(), say("methode", "echelle")]

    def _test_name(self, code: str) -> str:
        named = {
            str(row.get("test")): str(row.get("name")) for row in self.details.get("tests") or [] if row.get("name")
        }
        return named.get(code) or catalogue()["tests"].get(code) or code.replace("_", " ")

    def _sizes(self) -> str:
        nouns = {"serie": "point"}.get(self.family, "période")
        persons = self.persons
        given = {
            "concernes": french.plural(self.n_treated, "observation" if persons else "territoire concerné"),
            "temoins": french.plural(self.n_controls, "observation" if persons else "territoire de comparaison"),
            "avant": french.plural(int(self.values["n_pre"]), nouns),
            "apres": french.plural(int(self.values["n_post"]), nouns),
        }
        return say("methode", f"tailles_{self.kin}", **given)

    def checks(self) -> list[str]:
        """Return each check with whether it is satisfied, then what was found."""
        told = []
        for check in self.values["checks"]:
            key = {True: "oui", False: "non", None: "sans_objet"}[check["passed"]]
            told.append(f"{say('methode', key).capitalize()} : {sentence(without_codes(str(check['text'])))}")
        return [french.typography(one) for one in told]

    def steps(self) -> list[str]:
        """Say each step of the choice of the test."""
        return [french.typography(sentence(without_codes(str(step)))) for step in self.values["steps"]]


def _probability(value: float) -> str:
    return f"moins de {french.number(0.0001, 4)}" if value < 0.00005 else french.number(value, 4)
