"""The bilan that weights and times are told of: 12 cells, 18,000 rows, 4 figures drawn with seaborn, 3 tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS, TERRITORIES = 18_000, 60
SOURCES = '["Fichier inventé, mis à jour le 15 janvier 2026"]'
CELLS = (
    """\
from pathlib import Path

import pandas as pd
import seaborn as sns
from ctgeval import render

lignes = pd.read_csv(Path(release, "places.csv"), parse_dates=["mois"])
lignes["annee"] = lignes["mois"].dt.year""",
    f"""\
resume = lignes.groupby("accueil")["places"].agg(["mean", "std", "min", "max"])
resume.columns = ["Moyenne", "Écart type", "Minimum", "Maximum"]
resume.index.name = "Accueil"
render.table(resume, caption="Les places par mois, selon l’accueil", unit="places", sources={SOURCES})""",
    f"""\
annuel = lignes.groupby(["annee", "accueil"])["places"].mean().unstack()
annuel.index.name = "Année"
with render.drawing() as axes:
    sns.lineplot(annuel, markers=True, ax=axes)
    axes.set(xlabel="", ylabel="", xticks=annuel.index)
    axes.legend(ncols=2)
render.figure(axes, caption="Les places par mois, de 2019 à 2023", values=annuel, unit="places", sources={SOURCES})""",
    f"""\
par_annee = lignes.pivot_table(index="annee", columns="accueil", values="places", aggfunc="sum")
par_annee.index.name = "Année"
render.table(par_annee, caption="Les places, cumulées sur l’année", unit="places", sources={SOURCES})""",
    f"""\
quartiles = lignes.groupby("accueil")["taux"].quantile([0.25, 0.5, 0.75]).unstack()
quartiles.columns = ["Premier quartile", "Médiane", "Troisième quartile"]
quartiles.index.name = "Accueil"
with render.drawing() as axes:
    sns.boxplot(lignes, x="accueil", y="taux", showfliers=False, ax=axes)
    axes.set(xlabel="", ylabel="")
render.figure(axes, caption="Les taux d’occupation, selon l’accueil", values=quartiles, sources={SOURCES})""",
    f"""\
classes = pd.cut(lignes["taux"], [0, 0.4, 0.6, 0.7, 0.8, 1], labels=["< 0,4", "0,4", "0,6", "0,7", "0,8 et plus"])
comptes = classes.value_counts(sort=False).rename_axis("Taux").reset_index(name="Lignes")
with render.drawing(220) as axes:
    sns.barplot(comptes, x="Taux", y="Lignes", saturation=1, ax=axes)
    axes.set(xlabel="", ylabel="")
render.figure(axes, caption="La répartition des taux", values=comptes, unit="lignes", sources={SOURCES})""",
    f"""\
moyens = lignes.groupby("territoire")["taux"].mean().sort_values(ascending=False).head(12).rename("Taux moyen")
moyens.index.name = "Territoire"
render.table(moyens.to_frame(), caption="Les douze premiers territoires", sources={SOURCES})""",
    f"""\
croise = lignes.pivot_table(index="accueil", columns="annee", values="taux")
croise.index.name = "Accueil"
with render.drawing() as axes:
    sns.heatmap(croise, annot=True, fmt=".3f", cmap="crest", cbar=False, ax=axes)
    axes.set(xlabel="", ylabel="")
render.figure(axes, caption="Le taux moyen, par accueil et par année", values=croise, sources={SOURCES})""",
)  # fmt: skip


def write(path: Path) -> None:
    """Write the rows."""
    random = np.random.default_rng(7)
    months = pd.date_range("2019-01-01", "2023-12-01", freq="MS")
    territories = [f"Territoire {rank + 1}" for rank in range(TERRITORIES)]
    keys = pd.MultiIndex.from_product(
        [territories, ["Eaje", "Alsh", "Rpe", "Laep", "Ludo"], months], names=["territoire", "accueil", "mois"]
    )
    data = pd.DataFrame(index=keys).reset_index()
    data["places"] = random.poisson(40, len(data)) + random.integers(0, 15, len(data))
    data["taux"] = random.beta(8, 3, len(data)).round(4)
    assert len(data) == ROWS
    data.to_csv(path, index=False)
