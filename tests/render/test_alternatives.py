"""What alternatives say beyond the values: trend, extremes, bases; and what is told apart without its colour."""

from __future__ import annotations

import math
import re

from ctgeval.render import figures, impact_figures, likert, theme
from ctgeval.render.charts import Measure
from ctgeval.render.figures import Bar
from ctgeval.render.sections import budget, targets


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_the_way_to_the_targets_begins_with_its_extremes() -> None:
    entries = [Bar("Places", 0.8, "80 %"), Bar("Jeunes", -0.1, "−10 %"), Bar("Parents", 1.14, "114 %")]
    assert plain(targets._alternative(entries)) == (
        "Barres : chemin parcouru de la situation de départ vers la cible, pour 3 indicateurs, de −10 % (Jeunes) à "
        "114 % (Parents). Places : 80 %. Jeunes : −10 %. Parents : 114 %."
    )
    assert plain(targets._alternative(entries[:1])).endswith("pour 1 indicateur. Places : 80 %.")


def test_the_budget_tells_from_what_to_what_the_rest_went() -> None:
    years = [("2022", 100.0, 40.0), ("2023", 120.0, 60.0), ("2024", 90.0, 30.0)]
    assert plain(budget._evolution(years)) == " De 2022 à 2024, le reste à charge passe de 40 € à 30 €."
    assert budget._evolution(years[:1]) == ""


def test_a_line_of_impact_tells_its_trend_its_extremes_and_what_is_not_shown() -> None:
    line = {"2018": 14.4, "2019": 12.0, "2020": math.nan, "2021": 20.7}
    told = impact_figures._told("la CC", line, Measure.of("x", "%", list(line.values())))
    assert plain(told) == (
        "La CC : de 14,4 % (2018) à 20,7 % (2021), en hausse, au plus bas 12,0 % (2019), au plus haut 20,7 % (2021). "
        "1 période sans valeur montrée."
    )
    short = impact_figures._told("la CC", line, Measure.of("x", "%", [14.4, 12.0, 20.7]), extremes=False)
    assert "au plus" not in short
    assert plain(impact_figures._told("la CC", {"2018": 1.0, "2019": 1.0}, Measure.of("x", "", [1.0]))).startswith(
        "La CC : de 1 (2018) à 1 (2019), stable"
    )
    assert "aucune valeur" in impact_figures._told("la CC", {"2018": math.nan}, Measure.of("x", "", []))


def test_what_others_pay_is_hollow_and_what_stays_is_full() -> None:
    drawn = str(figures.budget([("2024", 100.0, 40.0)], alternative="x", fictional=False).svg)
    full, hollow = (re.findall(rf'<path[^>]*class="{name}"[^>]*>', drawn) for name in ("f-serie-1", "f-band s-serie-5"))
    assert full
    assert hollow
    whole = str(figures.budget([("2024", 100.0, 100.0)], alternative="x", fictional=False).svg)
    assert len(re.findall("M", re.findall(r'<path[^>]*class="f-band s-serie-5"[^>]*>', whole)[0])) == 1, "legend alone"


def test_the_pale_parts_of_a_scale_have_an_outline_that_is_seen() -> None:
    options = ("Non", "Plutôt non", "Sans avis", "Plutôt oui", "Oui")
    drawn = likert.likert([("Une question", [10, 20, 30, 20, 20])], options, alternative="x", fictional=False)
    outlines = re.findall(r'<path d="([^"]*)" fill="none" stroke="#55575d"[^>]*class="s-muted"', str(drawn.svg))
    assert sum(outline.count("M") for outline in outlines) == 4, "two pale parts, in the legend and in the bar"
    assert theme.contrast(theme.MUTED, theme.PAPER) >= 3
