"""The notebook that every way runs: 12 cells, 18,000 rows read from a CSV, 4 seaborn figures, 3 styled tables.

Its figures are shown with an alternative: a bilan leaves out those that have none, which would spare it work that the
others do.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROWS, TERRITORIES = 18_000, 60
FIGURES, TABLES = 4, 3
_DECLARED = {"parametres": {name: {"type": "texte", "description": name} for name in ("release", "territoire")}}
_CELLS = (
    """\
import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from IPython.display import HTML


def montrer(fig, texte):
    image = io.BytesIO()
    fig.savefig(image, format="png")
    plt.close(fig)
    source = base64.b64encode(image.getvalue()).decode("ascii")
    return HTML(f'<figure role="group"><img alt="{texte}" src="data:image/png;base64,{source}"></figure>')


sns.set_theme(style="whitegrid")
lignes = pd.read_csv(Path(release, "places.csv"), parse_dates=["mois"])
ici = lignes[lignes["territoire"] == territoire]""",
    """\
resume = lignes.groupby("accueil")["places"].agg(["count", "mean", "std", "min", "max"])
resume.style.format("{:.1f}").set_caption("Places par accueil")""",
    """\
fig, ax = plt.subplots(figsize=(9, 4))
sns.lineplot(lignes, x="mois", y="places", hue="accueil", errorbar=None, ax=ax)
ax.set_title("Places par mois")
montrer(fig, "Places par mois")""",
    """\
annees = lignes.assign(annee=lignes["mois"].dt.year)
par_annee = annees.pivot_table(index="annee", columns="accueil", values="places", aggfunc="sum")
par_annee.style.format("{:,.0f}").background_gradient(axis=None).set_caption("Places par année")""",
    """\
fig, ax = plt.subplots(figsize=(9, 4))
sns.boxplot(lignes, x="accueil", y="taux", ax=ax)
ax.set_title("Taux par accueil")
montrer(fig, "Taux par accueil")""",
    """\
fig, ax = plt.subplots(figsize=(9, 4))
sns.histplot(lignes, x="taux", hue="accueil", bins=30, kde=True, ax=ax)
ax.set_title("Répartition des taux")
montrer(fig, "Répartition des taux")""",
    """\
moyens = lignes.groupby("territoire")["taux"].mean().sort_values(ascending=False)
moyens.head(12).to_frame().style.format("{:.3f}").bar(vmin=0).set_caption("Premiers territoires")""",
    """\
fig, ax = plt.subplots(figsize=(9, 5))
croise = annees.pivot_table(index="accueil", columns="annee", values="taux")
sns.heatmap(croise, annot=True, fmt=".2f", cmap="crest", ax=ax)
ax.set_title("Taux par accueil et par année")
montrer(fig, "Taux par accueil et par année")""",
    "print(f\"{territoire} : {len(ici)} lignes sur {len(lignes)}, {ici['places'].sum():.0f} places.\")",
)

__all__ = ["FIGURES", "ROWS", "TABLES", "code", "make"]


def code(index: int) -> str:
    """Return the territory of a report."""
    return f"EPCI-{index % TERRITORIES:03d}"


def make(folder: Path) -> Path:
    """Write the data and the notebook in a folder, and return the path of the notebook."""
    random = np.random.default_rng(7)
    release = folder / "release"
    release.mkdir(parents=True, exist_ok=True)
    months = pd.date_range("2019-01-01", "2023-12-01", freq="MS")
    keys = pd.MultiIndex.from_product(
        [[code(one) for one in range(TERRITORIES)], ["Eaje", "Alsh", "Rpe", "Laep", "Ludo"], months],
        names=["territoire", "accueil", "mois"],
    )
    data = pd.DataFrame(index=keys).reset_index()
    data["places"] = random.poisson(40, len(data)) + random.integers(0, 15, len(data))
    data["taux"] = random.beta(8, 3, len(data)).round(4)
    assert len(data) == ROWS
    data.to_csv(release / "places.csv", index=False)
    cells = [
        new_markdown_cell("# Bilan d’essai\n\nDes places et des *taux*, par accueil, par mois et par territoire."),
        new_code_cell('release = ""\nterritoire = ""', metadata={"tags": ["parameters"]}),
        new_markdown_cell("## Les données\n\nInventées, les mêmes pour tous."),
        *(new_code_cell(source) for source in _CELLS),
    ]
    assert len(cells) == 12
    for rank, cell in enumerate(cells):
        cell.id = f"cellule-{rank}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "essai.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"ctgeval": _DECLARED, "kernelspec": kernel}), path)
    return path
