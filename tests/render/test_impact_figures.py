from __future__ import annotations

import re
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from defusedxml.ElementTree import fromstring

from ctgeval import impact
from ctgeval.render import impact_figures as figures, svg, theme
from ctgeval.render.canvas import Drawing
from ctgeval.render.charts import Measure, Times, fitting, ticks

ALLOWED = {
    "svg": {"class", "role", "focusable", "font-size", "viewBox", "aria-label"},
    "g": {"class", "fill", "font-size", "font-weight", "text-anchor"},
    "path": {"d", "transform", "class", "fill", "stroke", "stroke-width", "stroke-dasharray"},
    "text": {"x", "y", "transform", "class", "fill", "font-size", "font-weight", "text-anchor"},
}  # fmt: skip
YEARS = [str(year) for year in range(2015, 2025)]
LABEL = "Taux de couverture"
HOSTILE = "CC d'Orbec & <b>Loire</b>"


def random() -> np.random.Generator:
    return np.random.default_rng(5)


def panel_table(witnesses: int = 24) -> pd.DataFrame:
    draws = 50 + np.cumsum(random().normal(0.3, 0.8, (witnesses, 10)), axis=1)
    rows = [
        (year, f"Témoin {i}", value) for i, line in enumerate(draws) for year, value in zip(YEARS, line, strict=True)
    ]
    for group, line in (
        (figures.COMPARED, draws.mean(axis=0)),
        (figures.CONCERNED, draws.mean(axis=0) + 5 * (np.arange(10) >= 6)),
    ):
        rows += [(year, group, value) for year, value in zip(YEARS, line, strict=True)]
    return pd.DataFrame(rows, columns=["time_period", "group", "value"])


def trajectories(table: pd.DataFrame | None = None, *, unit: str = "%") -> Drawing:
    return figures.trajectories(
        panel_table() if table is None else table, start="2021", label=LABEL, unit=unit, names=(HOSTILE, "la moyenne"),
        fictional=True,
    )  # fmt: skip


def event_table() -> pd.DataFrame:
    gap = np.array([0.3, -0.1, 0.2, -0.2, -0.3, 0.0, 5.1, 5.3, 5.5, 6.2])
    return pd.DataFrame(
        {"time_period": YEARS, "event_time": np.arange(10) - 6, "estimate": gap, "low": gap - 1.5, "high": gap + 1.5,
         "uniform_low": gap - 2.2, "uniform_high": gap + 2.2}
    )  # fmt: skip


def event_study(table: pd.DataFrame | None = None) -> Drawing:
    return figures.event_study(event_table() if table is None else table, label=LABEL, unit="%")


def synthetic_control() -> Drawing:
    table = pd.DataFrame({"time_period": YEARS, "treated": np.arange(10.0), "synthetic": np.arange(10) * 0.8})
    return figures.synthetic_control(table, start="2021", label=LABEL, unit="", name="Ayron")


def placebo_gaps() -> Drawing:
    others = pd.DataFrame(random().normal(0, 1, (10, 20)), columns=[f"P{i}" for i in range(20)])
    others.insert(0, "time_period", YEARS)
    own = pd.DataFrame({"time_period": YEARS, "a": event_table()["estimate"]})
    return figures.placebo_gaps(own, others, start="2021", label=LABEL, unit="EUR par an")


def series_table() -> pd.DataFrame:
    months = [f"{year}-{month:02d}" for year in (2020, 2021) for month in range(1, 13)]
    expected = 50 + 0.2 * np.arange(24)
    fitted = expected - 6 * (np.arange(24) >= 12)
    return pd.DataFrame(
        {"time_period": months, "observed": fitted + random().normal(0, 1, 24), "fitted": fitted,
         "counterfactual": expected, "low": expected - 2, "high": expected + 2}
    )  # fmt: skip


def interrupted_series() -> Drawing:
    return figures.interrupted_series(series_table(), start="2021-01", label="Demandes", unit="demandes")


def distribution() -> Drawing:
    return figures.distribution(random().normal(0, 1, 500), 2.5, label=LABEL, unit="%")


def weights() -> Drawing:
    shares = [0.4, 0.3, 0.2, 0.099, *[0.0001] * 10]
    return figures.weights(pd.DataFrame({"unit": [f"U{i}" for i in range(14)], "weight": shares}))


def sensitivity() -> Drawing:
    table = pd.DataFrame(
        {"value": [0.5, 1, 1.5, 2], "low": [0.024, 0.017, 0.009, -0.001], "high": [0.07, 0.07, 0.08, 0.09]}
    )
    return figures.sensitivity(table, label=LABEL, unit="", breakdown=1.94)


def bacon() -> Drawing:
    table = pd.DataFrame(
        {"kind": ["traités contre jamais traités"] * 2 + ["derniers traités contre déjà traités"],
         "weight": [0.5, 0.3, 0.2], "estimate": [4.0, 5.0, -1.0]}
    )  # fmt: skip
    return figures.bacon(table, estimate=3.3, label=LABEL, unit="%")


def cells(units: int = 40) -> pd.DataFrame:
    rows = [
        (f"Commune {i:02d}", year, "jamais" if i > 1 else "depuis" if t >= 6 else "avant")
        for i in range(units)
        for t, year in enumerate(YEARS)
    ]
    table = pd.DataFrame(rows, columns=["unit", "time_period", "state"])
    table.loc[(table["unit"] == "Commune 35") & (table["time_period"] == "2018"), "state"] = "masque"
    table.loc[(table["unit"] == "Commune 01") & (table["time_period"] == "2016"), "state"] = "manque"
    return table


def panel_view() -> Drawing:
    return figures.panel_view(cells())


EVERY = [
    trajectories, event_study, synthetic_control, placebo_gaps, interrupted_series, distribution, weights, sensitivity,
    bacon, panel_view,
]  # fmt: skip
each = pytest.mark.parametrize("draw", EVERY, ids=lambda draw: draw.__name__)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@each
def test_svg_holds_only_what_the_page_allows(draw: Callable[[], Drawing]) -> None:
    drawing = draw()
    assert "nan" not in re.sub(r">[^<]*<", "><", str(drawing.svg))
    for element in fromstring(str(drawing.svg)).iter():
        assert set(element.attrib) <= ALLOWED[element.tag]


@each
def test_texts_are_readable_at_320_pixels_and_inside_the_figure(draw: Callable[[], Drawing]) -> None:
    root = fromstring(str(draw().svg))
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    assert width == theme.WIDTH
    for element in root.iter("text"):
        assert float(element.get("font-size", root.get("font-size", "0"))) * 288 / width >= 11
        assert 0 <= float(element.get("x", "nan")) <= width
        assert 0 <= float(element.get("y", "nan")) <= height


@each
def test_alternative_is_french_whole_and_carries_figures(draw: Callable[[], Drawing]) -> None:
    drawing = draw()
    assert drawing.alternative[0].isupper()
    assert drawing.alternative.endswith(".")
    assert re.search(r"\d", drawing.alternative)
    assert "  " not in drawing.alternative
    assert not re.search(r"\bnan\b|\binf\b|None|\{|\bunit\b|\d\.\d", drawing.alternative)
    assert fromstring(str(drawing.svg)).get("aria-label") == drawing.alternative


@each
def test_same_data_give_the_same_bytes_and_settings_are_left_alone(draw: Callable[[], Drawing]) -> None:
    before = dict(mpl.rcParams)
    assert draw() == draw()
    assert dict(mpl.rcParams) == before


@each
def test_every_colour_has_its_name_for_the_dark_style(draw: Callable[[], Drawing]) -> None:
    svg = str(draw().svg)
    painted = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', svg))
    assert painted <= set(theme.NAMES)


def test_what_must_be_told_apart_is_so_in_grey() -> None:
    assert theme.contrast(theme.SERIES[0], theme.FAINT) >= 1.8
    assert theme.contrast(theme.SERIES[0], theme.BAND) >= 3
    assert theme.contrast(theme.FAINT, theme.PAPER) >= 3


def test_main_lines_differ_by_dash_and_marker_and_witnesses_are_thin() -> None:
    svg = str(trajectories().svg)
    assert 'stroke-dasharray="' in svg
    widths = {float(width) for width in re.findall(r'stroke-width="([\d.]+)"', svg)}
    assert {2.0, 3.0} <= widths
    assert "s-faint" in svg


def test_trajectories_tell_both_groups_the_witnesses_and_the_start() -> None:
    drawing = trajectories()
    said = plain(drawing.alternative)
    assert said.startswith("Courbes : taux de couverture, en %. CC d’Orbec & <b>Loire</b> : de 5")
    assert "24 territoires de comparaison, de " in said
    assert said.endswith("Première période depuis l’action : 2021.")
    assert "<b>" not in drawing.svg
    texts = [element.text for element in fromstring(str(drawing.svg)).iter("text")]
    assert "début de l’action" in texts
    assert "Données fictives – territoire fictif" in texts


def test_a_value_that_is_not_shown_is_not_drawn_nor_told() -> None:
    table = panel_table(2)
    hidden = (table["group"] == figures.CONCERNED) & (table["time_period"] == "2024")
    secret = 987.6
    shown = trajectories(table.assign(value=table["value"].mask(hidden)))
    revealed = trajectories(table.assign(value=table["value"].mask(hidden, secret)))
    assert "988" in plain(revealed.alternative)
    assert "988" not in plain(str(shown.svg))
    assert "(2023)" in plain(shown.alternative)


def test_an_event_study_without_intervals_says_so_and_draws_none() -> None:
    bare = event_study(event_table().assign(low=np.nan, high=np.nan).drop(columns=["uniform_low", "uniform_high"]))
    assert "Trop peu de territoires concernés" in bare.note
    assert "f-band" not in bare.svg
    full = event_study()
    assert full.note == ""
    assert "f-band" in full.svg
    assert "+5,1 points (2021)" in plain(full.alternative)
    assert "de −0,3 à +0,3 point" in plain(full.alternative)


def test_without_one_date_the_axis_counts_periods_from_the_start() -> None:
    drawing = event_study(event_table().assign(time_period=""))
    texts = [element.text for element in fromstring(str(drawing.svg)).iter("text")]
    assert "périodes depuis le début de l’action" in texts
    assert {"−6", "0", "+3"} <= set(texts)
    assert "(période +3)" in plain(drawing.alternative)


def test_placebos_tell_how_many_go_as_far() -> None:
    said = plain(placebo_gaps().alternative)
    assert "+6,2 € par an pour le territoire concerné" in said
    assert "dont aucun au moins aussi loin de zéro" in said


def test_a_series_tells_the_model_and_what_was_expected() -> None:
    said = plain(interrupted_series().alternative)
    assert "(décembre 2021), la série ajustée vaut 48,6, et la tendance d’avant, prolongée, 54,6" in said
    assert said.endswith("Première période depuis l’action : janvier 2021.")


def test_a_distribution_tells_the_share_that_is_as_far() -> None:
    reference = [-3.0, -1.0, 0.5, 1.0, 2.5]
    said = plain(figures.distribution(reference, 2.5, label=LABEL, unit="%").alternative)
    assert "Histogramme de 5 écarts" in said
    assert "40 % des écarts sont au moins aussi éloignés de zéro" in said


def test_small_weights_are_put_together() -> None:
    said = plain(weights().alternative)
    assert "U0 : 40 %" in said
    assert "10 autres territoires, chacun sous 0,5 % : 0,1 %" in said
    assert "U5" not in said
    rest = pd.DataFrame({"unit": ["A", "B"], "weight": [1.0, 0.0]})
    assert "1 autre territoire, sous 0,5 % : 0 %" in plain(figures.weights(rest).alternative)
    tiny = rest.assign(weight=[0.9999, 0.0001])
    assert "sous 0,5 % : moins de 0,1 %" in plain(figures.weights(tiny).alternative)


def test_sensitivity_tells_where_the_effect_is_lost() -> None:
    assert plain(sensitivity().alternative).endswith("au-delà de 1,94.")
    assert "1,94" in sensitivity().note
    table = pd.DataFrame({"value": [0.0, 1.0], "low": [1.0, 0.5], "high": [2.0, 2.5]})
    assert "Zéro reste exclu" in figures.sensitivity(table, label=LABEL, unit="").alternative
    lost = figures.sensitivity(table.assign(low=-1.0), label=LABEL, unit="")
    assert "quelle que soit" in lost.alternative


def test_a_limit_beyond_what_is_drawn_is_told_and_not_drawn() -> None:
    table = pd.DataFrame({"value": [0.0, 0.004], "low": [1.0, 0.5], "high": [2.0, 2.5]})
    far = figures.sensitivity(table, label=LABEL, unit="%", method="smoothness", breakdown=0.009)
    texts = [element.text or "" for element in fromstring(str(far.svg)).iter("text")]
    assert plain(far.note) == "L’effet ne se distingue plus de zéro au-delà de 0,009."
    assert not any(text.startswith("limite") for text in texts)
    assert {"0", "0,004"} <= set(texts)
    assert "changement de pente toléré, par période" in texts


def test_the_figure_reads_what_the_estimator_gives() -> None:
    rng, years = random(), range(2014, 2024)
    rows = [
        (f"U{i}", year, 30 + rng.normal() + 2 * (i % 4 == 0 and year >= 2020), 2020 if i % 4 == 0 else None)
        for i in range(48)
        for year in years
    ]
    frame = pd.DataFrame(rows, columns=["unit", "year", "y", "from"])
    panel = impact.Panel.from_frame(
        frame, unit="unit", time="year", outcome="y", treated_from="from", unit_label="EUR", label=LABEL
    )
    by_group = impact.group_time(panel).by_period
    path = impact.event_study(panel)
    for table in (by_group, path.by_period):
        drawing = figures.event_study(table, label=LABEL, unit="EUR")
        assert "f-band" in drawing.svg
        assert "toutes périodes" in plain(str(drawing.svg))
    found = impact.sensitivity(path)
    assert figures.sensitivity(found.table, label=LABEL, unit=found.unit, breakdown=found.breakdown).note


def test_a_decomposition_tells_weight_and_mean_of_each_kind() -> None:
    said = plain(bacon().alternative)
    assert "Traités contre jamais traités : 80 % du poids, écart moyen +4,4 points" in said


def test_a_panel_view_puts_the_concerned_and_the_gaps_first_and_counts_the_rest() -> None:
    drawing = panel_view()
    texts = [element.text for element in fromstring(str(drawing.svg)).iter("text")]
    assert texts.count("⊘") == 2
    assert "Commune 35" in texts
    assert "Commune 39" not in texts
    assert plain("".join(text or "" for text in texts)).count("et 10 autres sans lacune") == 1
    said = plain(drawing.alternative)
    assert "40 territoires sur 10 périodes, de 2015 à 2024" in said
    assert "Commune 00 : concerné à partir de 2021." in said
    assert "2 cellules sans valeur ou non diffusables." in said


def test_long_names_stay_apart_inside_the_figure() -> None:
    long = "Communauté d’agglomération de Saint-Étienne-en-Forêt-Noirmoûtier-l’Évêque"
    table = cells(5).assign(unit=lambda rows: [f"{long} {name[-1]}" for name in rows["unit"]])
    texts = [element.text or "" for element in fromstring(str(figures.panel_view(table).svg)).iter("text")]
    names = [text for text in texts if text.startswith("Communauté")]
    assert len(set(names)) == 5
    assert all(len(name) <= 37 for name in names)
    drawing = figures.trajectories(panel_table(), start="2021", label=LABEL, unit="%", names=(long, "la moyenne"))
    legend = [element.text or "" for element in fromstring(str(drawing.svg)).iter("text")]
    assert not any(line.endswith("Saint-Ét") for line in legend)
    assert all(len(line) <= 38 for line in legend)


def test_a_line_without_any_point_is_no_path() -> None:
    table = panel_table(2)
    bare = table["group"] == "Témoin 0"
    assert 'd=""' not in trajectories(table.assign(value=table["value"].mask(bare))).svg


def test_legends_are_capitalised() -> None:
    texts = [element.text or "" for element in fromstring(str(interrupted_series().svg)).iter("text")]
    assert {"Valeurs observées", "Série ajustée", "Tendance d’avant, prolongée"} <= set(texts)


def test_labels_of_time_never_touch() -> None:
    labels = [(float(year), str(year)) for year in range(1980, 2025)]
    kept = fitting(labels, 300, 46)
    places = sorted(place for place, _ in kept)
    assert places[-1] == 2024
    assert places[0] == 1980
    assert min(np.diff(places)) * 300 / 46 >= 4 * 8


def test_ticks_start_at_zero_only_when_it_is_near() -> None:
    assert ticks([1.0, 10.0])[0] == 0
    assert ticks([50.0, 60.0])[0] > 0
    assert ticks([-3.0, -1.0], zero=True)[-1] >= 0
    assert len(ticks([4.0, 4.0])) > 1


def test_periods_that_are_none_are_one_step_apart() -> None:
    times = Times(["a", "b", "c"])
    assert times.places == {"a": 0.0, "b": 1.0, "c": 2.0}
    assert times.before("b") == 0.5
    assert times.before("a") == -0.5


@pytest.mark.parametrize(
    ("values", "decimals"), [([10, 250.5], 0), ([50, 61.5], 1), ([1.0, 1.51], 2), ([0.01, 0.035], 3), ([3, 4], 0)]
)
def test_decimals_tell_values_apart(values: list[float], decimals: int) -> None:
    assert Measure.of("", "", values).decimals == decimals


@pytest.mark.parametrize(
    ("drawn", "short"),
    [
        ("M 1.04 2 \nL 11.26 2 \nL 11.26 1.5 \nz \n", "M1 2h10.3v-.5z"),
        ("M 0 0 L 0.2 -0.35 L 0.2 -0.35", "M0 0l.2-.3h0"),
        ("M 5 5 C 1 2 3 4 5 6", "M5 5C1 2 3 4 5 6"),
        ("M1.0 2.0h2.7v-2.7z", "M1 2h2.7v-2.7z"),
    ],
)
def test_lines_are_written_from_where_the_one_before_ends(drawn: str, short: str) -> None:
    assert svg._short(drawn) == short
