"""A release in memory, like the real one: an EPCI of 35 communes with everything, or a lone commune."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval import render
from ctgeval.confidentiality.released import TABLES
from ctgeval.territory import contours


class FakeRelease(SimpleNamespace):
    """A release whose tables that a test does not give are empty."""

    def table(self, name: str) -> pd.DataFrame:
        return getattr(self, name) if hasattr(self, name) else pd.DataFrame(columns=list(TABLES[name]), dtype="str")


EPCI = "EPCI-900000001"
COMMUNES = [f"COM-99{rank:03d}" for rank in range(1, 36)]
NAMES = {
    EPCI: "CC des Trois Vallées d'Aubrelle",
    "EPCI-900000002": "CC du Plateau",
    "EPCI-900000003": "CA d'Orbec & <b>Loire</b>",
    "DEP-99": "Val-Fictif",
    **{
        geo: ["Saint-Aubin", "Le Bourg-d'Aire", "Orvanne", "Les Essarts", "Ayron"][rank % 5] + f"-{rank + 1}"
        for rank, geo in enumerate(COMMUNES)
    },
}
RESULTS = [
    "indicator",
    "geo",
    "geography",
    "time_period",
    "unit",
    "value",
    "low",
    "high",
    "ci_low",
    "ci_high",
    "numerator",
    "denominator",
    "n",
    "completeness",
    "obs_status",
    "conf_status",
    "source",
    "limits",
    "reason",
    "sexe",
    "age",
    "structure",
    "action",
    "financeur",
]
PROGRESS = [
    "indicator",
    "geo",
    "label",
    "unit",
    "direction",
    "period_reference",
    "baseline",
    "baseline_low",
    "baseline_high",
    "period_target",
    "target",
    "target_min",
    "target_max",
    "tolerance",
    "time_period",
    "actual",
    "actual_low",
    "actual_high",
    "share",
    "share_low",
    "share_high",
    "verdict",
    "sentence",
    "provisional",
]
INDICATORS = [
    "id",
    "label",
    "theme",
    "kind",
    "unit",
    "direction",
    "decimals",
    "source",
    "definition",
    "caveats",
    "nature",
    "retained",
]
ACTIONS = [
    "id",
    "axe",
    "objectif",
    "intitule",
    "pilote",
    "debut",
    "fin",
    "etat",
    "etat_date",
    "avancement_pct",
    "dispositifs",
    "motif",
    "history",
]
BUDGET = ["action", "exercice", "nature", "poste", "financeur", "statut", "montant"]
SOURCES = [
    "cle",
    "titre",
    "producteur",
    "licence",
    "mise_a_jour",
    "diffusion",
    "fichier",
    "format",
    "n_rows",
    "n_rejected",
    "empreinte",
    "notes",
]


def row(indicator: str, geo: str, period: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    known = {
        "low": value,
        "high": value,
        "obs_status": "A",
        "conf_status": "F",
        "limits": "",
        "reason": "",
        "geography": 2024,
    }
    return {
        "indicator": indicator,
        "geo": geo,
        "time_period": period,
        "unit": unit,
        "value": value,
        "source": "insee-rp",
        **known,
        **more,
    }


def masked(indicator: str, geo: str, period: str, unit: str, **more: Any) -> dict[str, Any]:
    reason = "Valeur non diffusable (secret statistique)."
    return row(indicator, geo, period, np.nan, unit, conf_status="C", reason=reason, **more)


def indicator(identifier: str, label: str, unit: str, **more: Any) -> dict[str, Any]:
    base = {
        "theme": "population",
        "kind": "contexte",
        "direction": "neutral",
        "decimals": 0,
        "source": "Insee",
        "caveats": [],
        "nature": "compte",
        "definition": f"Définition de {label}.",
        "retained": False,
    }
    return {"id": identifier, "label": label, "unit": unit, **base, **more}


def frame(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)


def results() -> list[dict[str, Any]]:
    places, places_unit = "caf", "places pour 100 enfants de moins de 3 ans"
    rows = []
    sizes = {EPCI: 26_885, "EPCI-900000002": 19_004, "EPCI-900000003": 74_310, "DEP-99": 431_200}
    for rank, geo in enumerate([*sizes, *COMMUNES]):
        size = sizes.get(geo, 180 + 137 * (rank * 7 % 31))
        for year, factor in (
            ("2006", 1.0),
            ("2012", 1.027 - 0.002 * rank),
            ("2018", 1.01 - 0.003 * rank),
            ("2023", 0.99),
        ):
            rows.append(row("PO01", geo, year, round(size * factor), "habitants"))
    for geo, start in ((EPCI, 48.2), ("EPCI-900000002", 52.0), ("EPCI-900000003", 61.4), ("DEP-99", 56.1)):
        for step, year in enumerate(range(2019, 2025)):
            status = "P" if year == 2024 else "A"
            value = round(start + 1.3 * step * (1 if geo == EPCI else -0.4), 1)
            rows.append(
                row("PE01", geo, str(year), value, places_unit, source=places, obs_status=status, limits="PUBLIE")
            )
    for rank, geo in enumerate(COMMUNES):
        for year in ("2019", "2024"):
            if rank % 6 == 2:
                rows.append(masked("PE07", geo, year, "familles", source="partenaires"))
            elif rank % 9 == 4:
                rows.append(
                    row(
                        "PE07",
                        geo,
                        year,
                        np.nan,
                        "familles",
                        source="partenaires",
                        reason="Retour du partenaire non reçu.",
                    )
                )
            else:
                rows.append(row("PE07", geo, year, 5 + rank % 13 + (year == "2024"), "familles", source="partenaires"))
    for period, value in (("2023-S1", 181), ("2023-S2", 190), ("2024-S1", np.nan), ("2024-S2", 204)):
        made = row("PE07", EPCI, period, value, "familles", source="partenaires")
        rows.append(made if not np.isnan(value) else masked("PE07", EPCI, period, "familles", source="partenaires"))
    for year, value in (("2021", 18_644), ("2022", 18_850), ("2023", 19_560)):
        rows.append(row("CO02", EPCI, year, value, "EUR par an", source="filosofi", limits="NON_SOMMABLE"))
    rows.append(row("AV02", EPCI, "2023", np.nan, "%", low=40.0, high=47.5, source="caf", limits="ARRONDI"))
    rows.append(row("AV02", EPCI, "2024", 52.3, "%", source="caf"))
    rows.append(row("PE09", EPCI, "2022", 24.0, "%", source="partenaires"))
    rows.append(masked("PE09", EPCI, "2024", "%", source="partenaires"))
    return rows


def progress() -> list[dict[str, Any]]:
    def target(identifier: str, label: str, unit: str, verdict: str, share: float, **more: Any) -> dict[str, Any]:
        nan = float("nan")
        base = dict.fromkeys(PROGRESS, nan)
        return {
            **base,
            "indicator": identifier,
            "geo": EPCI,
            "label": label,
            "unit": unit,
            "direction": "higher",
            "period_reference": "2019",
            "period_target": "2026",
            "time_period": "2024",
            "share": share,
            "verdict": verdict,
            "provisional": False,
            "sentence": f"{label} : constat.",
            **more,
        }

    return [
        target(
            "PE01",
            "Taux de couverture",
            "places",
            "en_progres",
            0.55,
            baseline=48.2,
            target=60.0,
            actual=54.7,
            provisional=True,
        ),
        target("AV02", "Population couverte", "%", "depasse", 1.31, baseline=41.0, target=50.0, actual=52.3),
        target(
            "PE07",
            "Familles au RPE",
            "familles",
            "en_recul",
            -0.2,
            baseline=190,
            target_min=200,
            target_max=220,
            actual=186,
        ),
        target("PE09", "Demandes sans solution", "%", "non_evaluable", float("nan"), baseline=24.0, target=10.0),
    ]


def actions() -> list[dict[str, Any]]:
    states = ["en_cours", "realisee", "non_engagee", "perennisee", "reportee", "abandonnee", "en_cours"]
    axes = ["Petite enfance", "Jeunesse", "Accès aux droits", "Animation de la vie sociale"]
    return [
        {
            "id": f"A{rank:02d}",
            "axe": axes[rank % 4],
            "objectif": "Mieux accueillir",
            "intitule": f"Action n° {rank} : ouvrir un lieu",
            "pilote": "CC" if rank % 3 else None,
            "debut": "2022-01-01",
            "fin": "2024-06-30" if rank % 4 == 0 else "2026-12-31",
            "etat": states[rank % 7],
            "etat_date": "2024-12-15",
            "avancement_pct": rank * 4.0 if rank % 5 else None,
            "dispositifs": "",
            "motif": "Faute de local disponible." if states[rank % 7] == "abandonnee" else None,
            "history": 2,
        }
        for rank in range(1, 26)
    ]


def states() -> pd.DataFrame:
    """The plan at the end of 2024, as the dossier would give it."""
    rows = [
        {
            **row,
            "periode": "2024",
            "jour": "2024-12-15",
            "fin_initiale": row["fin"],
            "reports": 0,
            "jours_report": 0.0,
            "realisee_le": "",
            "jours_retard": 168.0,
            "situation": "en_retard"
            if row["fin"] < "2024-12-15" and row["etat"] in {"en_cours", "non_engagee", "reportee"}
            else "dans_les_temps",
        }
        for row in actions()
    ]
    return frame(rows, list(TABLES["action_states"]))


def axes() -> pd.DataFrame:
    """The same plan by axe."""
    found = states()
    rows = [
        {
            "periode": "2024",
            "jour": "2024-12-15",
            "axe": axis,
            **{state: int(own["etat"].eq(state).sum()) for state in TABLES["action_axes"][3:9]},
            "total": len(own),
            "en_retard": int(own["situation"].eq("en_retard").sum()),
            "avancement_moyen": 40.0,
            "avancement_n": 4,
        }
        for axis, own in found.groupby("axe")
    ]
    return frame(rows, list(TABLES["action_axes"]))


def budget() -> list[dict[str, Any]]:
    rows = []
    for year, spent in ((2022, 212_400.5), (2023, 254_000.0), (2024, 287_310.25), (2025, 310_000.0)):
        stage = "prevu" if year == 2025 else "realise"
        rows.append(
            {
                "action": "A01",
                "exercice": year,
                "nature": "depense",
                "poste": "Personnel",
                "financeur": "CC",
                "statut": stage,
                "montant": spent,
            }
        )
        for funder, share in (("Caf de Fiction", 0.42), ("MSA", 0.08), ("Département <script>", 0.1)):
            rows.append(
                {
                    "action": "A01",
                    "exercice": year,
                    "nature": "recette",
                    "poste": "Subvention",
                    "financeur": funder,
                    "statut": stage,
                    "montant": round(spent * share, 2),
                }
            )
    return rows


def everything() -> SimpleNamespace:
    """A fictional EPCI that has everything the format has."""
    territories = [
        {"geo": EPCI, "name": NAMES[EPCI], "level": "EPCI", "role": "territoire"},
        *(
            {"geo": geo, "name": NAMES[geo], "level": "EPCI", "role": "comparateur"}
            for geo in ("EPCI-900000002", "EPCI-900000003")
        ),
        {"geo": "DEP-99", "name": NAMES["DEP-99"], "level": "DEP", "role": "parent"},
        *({"geo": geo, "name": NAMES[geo], "level": "COM", "role": "membre"} for geo in COMMUNES),
    ]
    return FakeRelease(
        audience="copil",
        meta={
            "territoire": EPCI,
            "nom": NAMES[EPCI],
            "perimetre": 2024,
            "fictif": True,
            "partenaire": "",
            "mention": "Territoire fictif – données fictives",
            "seuil": {"personnes": 5, "sensible": 11},
            "retenus": [],
            "regle": "Les effectifs de personnes compris entre 1 et 4 ne sont pas diffusés.",
            "convention": {
                "signature": "2022-09-30",
                "debut": "2022-01-01",
                "fin": "2026-12-31",
                "signataires": ["CC des Trois Vallées", "Caf de Fiction", "MSA"],
                "avenant": [{"date": "2024-06-01", "objet": "Ajout d'un axe logement"}],
            },
        },
        audit={
            "cellules": 812,
            "masquees": 14,
            "seuil": 5,
            "methode": "suppression des petits effectifs",
            "fondement": "choix du COPIL",
        },
        results=frame(results(), RESULTS),
        indicators=frame(
            [
                indicator(
                    "AV02", "Population couverte par une structure AVS", "%", kind="resultat", retained=True, decimals=1
                ),
                indicator("CO02", "Médiane du niveau de vie", "EUR par an"),
                indicator(
                    "PE01",
                    "Taux de couverture accueil du jeune enfant",
                    "places pour 100 enfants de moins de 3 ans",
                    decimals=1,
                    retained=True,
                    caveats=["Un taux publié ne s'additionne pas."],
                ),
                indicator("PE07", "Familles fréquentant le RPE", "familles", kind="realisation", retained=True),
                indicator(
                    "PE09", "Demandes d'accueil sans solution à 3 mois", "%", kind="resultat", retained=True, decimals=1
                ),
                indicator("PO01", "Population municipale", "habitants"),
            ],
            INDICATORS,
        ),
        territories=pd.DataFrame(territories),
        members=pd.DataFrame({"geo": EPCI, "commune": list(COMMUNES)}),
        progress=frame(progress(), PROGRESS),
        actions=frame(actions(), ACTIONS),
        action_states=states(),
        action_axes=axes(),
        budget=frame(budget(), BUDGET),
        journal=pd.DataFrame(
            [
                {
                    "date": "2024-03-12",
                    "action": "A01",
                    "type": "reussite",
                    "texte": "Le LAEP a trouvé son public.",
                    "a_refaire": "oui",
                    "a_eviter": None,
                },
                {
                    "date": "2024-09-02",
                    "action": "A06",
                    "type": "difficulte",
                    "texte": "Pas de local à Ayron",
                    "a_refaire": None,
                    "a_eviter": "annoncer avant d'avoir signé",
                },
            ]
        ),
        sources=frame(
            [
                {
                    "cle": "caf",
                    "titre": "Taux de couverture",
                    "producteur": "Cnaf",
                    "licence": "Licence Ouverte 2.0",
                    "mise_a_jour": "2022-11-30",
                    "diffusion": "ouverte",
                    "fichier": "a.csv",
                    "format": "caf",
                    "n_rows": 5000,
                    "n_rejected": 3,
                },
                {
                    "cle": "filosofi",
                    "titre": "Filosofi",
                    "producteur": "Insee",
                    "licence": "",
                    "mise_a_jour": "",
                    "diffusion": "ouverte",
                    "n_rows": 1,
                    "n_rejected": 0,
                },
                {
                    "cle": "insee-rp",
                    "titre": "Populations légales",
                    "producteur": "Insee",
                    "licence": "Licence Ouverte 2.0",
                    "mise_a_jour": "2024-12-19",
                    "diffusion": "ouverte",
                    "n_rows": 140,
                    "n_rejected": 0,
                },
                {
                    "cle": "partenaires",
                    "titre": "Retours des partenaires",
                    "producteur": "CC",
                    "licence": "",
                    "mise_a_jour": "2025-01-10",
                    "diffusion": "convention",
                    "n_rows": 70,
                    "n_rejected": 1,
                },
            ],
            SOURCES,
        ),
        limits=pd.DataFrame(
            [
                {"code": "ARRONDI", "sentence": "Les effectifs sont arrondis à 5 par la Caf."},
                {"code": "NON_SOMMABLE", "sentence": "Une médiane ne s’additionne pas."},
                {"code": "PUBLIE", "sentence": "Taux publié tel quel par la Caf : il ne s’agrège pas."},
            ]
        ),
        texts=pd.DataFrame(
            [
                {
                    "bilan": "bilan_annuel",
                    "section": "synthese",
                    "markdown": "## Une année *charnière*\n\nLe taux atteint **54,7** : mieux.\n\n- un\n- deux\n\n"
                    "[site](https://example.org) <script>alert(1)</script> [x](javascript:alert(1))",
                },
                {"bilan": "bilan_annuel", "section": "contexte", "markdown": "La population vieillit."},
            ]
        ),
        contours=pd.DataFrame(columns=[*contours.COLUMNS, "source"]),
        notices=pd.DataFrame(
            [
                {
                    "code": "HORS_SOURCE",
                    "territoire": EPCI,
                    "indicator": "PE01",
                    "sentence": "La CC est absente du fichier de la Caf.",
                }
            ]
        ),
    )


def lone_commune(others: int = 999) -> SimpleNamespace:
    """The Vienne's dossier: three communes among many, a coverage rate, and nothing of a programme."""
    unit = "places pour 100 enfants de moins de 3 ans"
    own = {
        "COM-86194": ("Poitiers", [60.6, 59.0, 57.7, 55.4, 53.1]),
        "COM-86066": ("Châtellerault", [54.1, 52.0, 50.4, 48.8, 46.3]),
        "COM-86041": ("Buxerolles", [77.1, 73.2, 70.0, 66.6, 62.6]),
    }
    random = np.random.default_rng(86)
    pairs = {
        f"COM-{10000 + rank}": (f"Commune {rank}", list(np.round(random.normal(58, 14) + random.normal(0, 2, 5), 1)))
        for rank in range(others)
    }
    rows = [
        row("PE01", geo, str(year), float(value), unit, source="caf", geography=2021)
        for geo, (_, values) in {**own, **pairs}.items()
        for year, value in zip(range(2017, 2022), values, strict=True)
    ]
    territories = [
        {"geo": "DEP-86", "name": "Vienne", "level": "DEP", "role": "territoire"},
        *({"geo": geo, "name": name, "level": "COM", "role": "territoire"} for geo, (name, _) in own.items()),
        *({"geo": geo, "name": name, "level": "COM", "role": "pair"} for geo, (name, _) in pairs.items()),
    ]
    full = everything()
    empty = {
        name: getattr(full, name).iloc[:0]
        for name in ("progress", "actions", "budget", "journal", "texts", "notices", "limits", "contours")
    }
    return FakeRelease(
        audience="copil",
        meta={
            "territoire": "DEP-86",
            "nom": "Vienne",
            "perimetre": 2021,
            "fictif": False,
            "mention": "",
            "convention": None,
            "regle": "",
            "seuil": {},
        },
        audit={},
        results=frame(rows, RESULTS),
        indicators=frame(
            [indicator("PE01", "Taux de couverture accueil du jeune enfant", unit, decimals=1, nature="publie")],
            INDICATORS,
        ),
        territories=pd.DataFrame(territories),
        members=pd.DataFrame({"geo": "DEP-86", "commune": list(own)}),
        sources=full.sources.iloc[:1],
        **empty,
    )


@pytest.fixture(scope="session")
def full() -> SimpleNamespace:
    return everything()


@pytest.fixture(scope="session")
def commune() -> SimpleNamespace:
    return lone_commune()


@pytest.fixture
def page(full: SimpleNamespace) -> Callable[..., render.Page]:
    """Open the full release, with some of its attributes replaced."""

    def opened(
        *, territoire: str = "", periode: str = "", carnet: str = "bilan_annuel", **replaced: Any
    ) -> render.Page:
        release = FakeRelease(**{**vars(full), **replaced})
        release.table = lambda name: getattr(
            release, name, pd.DataFrame(columns=list(TABLES.get(name, ())), dtype=str)
        ).copy()
        return render.Page(release, territoire=territoire, periode=periode, carnet=carnet)  # type: ignore[arg-type]

    return opened
