"""Documents for the tests of formats: one around any content, one from a page that was really published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ctgeval.report import html
from ctgeval.report.formats.document import Document
from ctgeval.report.plan import Job

SOURCE = {
    "cle": "essai", "titre": "Comptages d’essai", "producteur": "Producteur d’essai", "licence": "Licence Ouverte 2.0",
    "mise_a_jour": "2026-01-05", "diffusion": "ouverte", "fichier": "essai.csv", "empreinte": "",
}  # fmt: skip


def around(content: str, *, name: str = "epci-1-essai-2025", audience: str = "habitants", **context: Any) -> Document:
    """Return the document of a content, cleaned as that of a notebook is."""
    told = {
        "job": job(audience=audience),
        "ctg": "Convention territoriale globale – CC d’essai",
        "titre": "Bilan d’essai",
        "sous_titre": "",
        "nom": "CC d’essai",
        "destinataire": "Habitantes et habitants",
        "version": "Document de travail",
        "mention": "",
        "date": "2026-11-28",
        "perimetre": "2025",
        "regle": "",
        "sources": [SOURCE],
        "versions": {},
        "cle": "clé",
        "sommaire": [],
        "contenu": html.body(content).content,
    }
    return Document(name=name, context=told | context, rules="", page=b"")


def published(page: Path) -> Document:
    """Return the document that a published page was made from, as far as the page and its sheet tell it."""
    text = page.read_text(encoding="utf-8")
    told = json.loads(page.with_name(f"{page.stem}.manifest.json").read_text(encoding="utf-8"))
    main = text[text.index(">", text.index("<main")) + 1 : text.index("</main>")]
    parameters = told["parametres"]
    made = job(
        bilan=told["bilan"], audience=told["audience"], fictional=told["fictif"], etat=told["etat"], **parameters
    )
    context = {
        "job": made,
        "ctg": told["convention"],
        "titre": told["titre"],
        "sous_titre": "",
        "nom": told["nom"],
        "destinataire": told["audience"],
        "version": told["version"],
        "mention": "Territoire fictif – données fictives" if told["fictif"] else "",
        "date": told["date"],
        "perimetre": "2025",
        "regle": "",
        "sources": told["sources"],
        "versions": told["versions"],
        "cle": told["cle"],
        "sommaire": html.body(main).contents,
        "contenu": Markup(main),  # noqa: S704  (clean: it was published)
    }
    style = text[text.index("<style>") + len("<style>") : text.index("</style>")]
    return Document(name=page.stem, context=context, rules=style, page=page.read_bytes())


def job(**changes: Any) -> Job:
    told: dict[str, Any] = {
        "bilan": "essai", "audience": "habitants", "partner": "", "territoire": "EPCI-1", "periode": "2025",
        "etat": "brouillon", "formats": ("html",), "fictional": False,
    }  # fmt: skip
    return Job(**(told | changes))
