"""A bilan to be put in other forms, with every kind of content that a notebook may show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from ctgeval.report import html
from ctgeval.report.formats import Document

ALTERNATIVE = "Courbe : places pour 100 enfants. Poitiers : de 60,6 en 2017 à 53,1 en 2021, en baisse."
MENTION = "Territoire fictif – données fictives"
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_SVG = f"""<svg class="fig" role="img" font-size="15" viewBox="0 0 380 120" aria-label="{ALTERNATIVE}">
<path class="s-grid" d="M10 100h360" fill="none" stroke="#d9dbe0"></path>
<path class="f-serie-1" d="M10 60L370 90L370 100L10 100z" fill="#0b4f8a"></path>
<g class="f-muted" fill="#55575d"><text x="10" y="115">2017</text><text x="330" y="115">2021</text></g></svg>"""
_ROWS = "".join(
    f'<tr><th scope="row">Commune n° {rank} de l’Arvelle</th><td>{1000 + rank}</td><td>{rank},5 %</td></tr>'
    for rank in range(1, 61)
)
HIDDEN = '<span class="marque marque-masque"><span aria-hidden="true">⊘</span> non diffusable</span>'
ABSENT = '<span class="marque marque-absent"><span aria-hidden="true">…</span> non disponible</span>'
RAW = f"""
<div class="texte"><p>Un paragraphe d’ouverture, avec du <code>code</code> et <strong>du gras</strong>.</p></div>
<section class="partie" aria-labelledby="chiffres"><h2 id="chiffres">L’essentiel en chiffres</h2>
<ul class="chiffres">
<li class="chiffre chiffre-fort"><p class="chiffre-nom">Population municipale</p>
<p class="chiffre-valeur"><strong>26\u202f306</strong> <span class="chiffre-unite">habitants</span></p>
<p class="chiffre-evolution">en baisse de 574 (2,1\u202f%) depuis 2015</p>
<p class="chiffre-source">2023 · Insee</p></li>
<li class="chiffre"><p class="chiffre-nom">Accueil du jeune enfant</p>
<p class="chiffre-valeur">{HIDDEN}</p>
<p class="chiffre-cible verdict-en-progres">↗ en progrès (cible 2026 : 22,0)</p>
<p class="chiffre-source">2024 · Caf</p></li>
</ul></section>
<section class="partie" aria-labelledby="accueil"><h2 id="accueil">L’accueil du jeune enfant</h2>
<p class="message">La couverture passe de 60,6 à 53,1 places pour 100 enfants.</p>
<div class="texte-auteur"><p>Voir <a href="https://www.insee.fr/fr/statistiques">la source</a> et
<a href="#chiffres">les chiffres</a>.</p><ol><li>premier point</li><li>second point</li></ol></div>
<h3>Taux de couverture</h3>
<div class="fiche"><div class="fiche-texte"><p>Texte à côté de la figure.</p></div>
<figure class="figure" role="group" aria-labelledby="f1"><figcaption id="f1"><span class="lecteur">Taux de couverture.
</span>De 2017 à 2021 <span class="figure-note">L’échelle ne part pas de zéro.</span></figcaption>{_SVG}</figure>
<details class="valeurs"><summary>Les valeurs en tableau</summary>
<div class="tableau"><table id="t1" class="table table-nombres"><caption>Places pour 100 enfants
<span class="table-details">Unité : places.</span></caption>
<thead><tr><th scope="col">Territoire</th><th scope="col">2017</th><th scope="col">2021</th></tr></thead>
<tbody><tr><th scope="row">Poitiers</th><td>60,6</td><td>53,1 <i class="marque">(p)</i></td></tr>
<tr><th scope="row">Vienne &amp; Gartempe</th><td>{ABSENT}</td><td>{HIDDEN}</td></tr></tbody></table>
<p class="legende">(p) provisoire.</p>
<p class="telecharger">
<a download="t1.csv" href="data:text/csv;charset=utf-8;base64,YTtiDQo=">Télécharger le tableau (CSV)</a></p>
</div></details><ul class="notes"><li>Source : Caf.</li></ul></div></section>
<section class="partie" aria-labelledby="communes"><h2 id="communes">Commune par commune</h2>
<div class="tableau"><table id="t2" class="table nombre-2 nombre-3"><caption>Population, commune par commune</caption>
<thead><tr><th scope="col">Commune</th><th scope="col">Habitants</th><th scope="col">Évolution</th></tr></thead>
<tbody>{_ROWS}</tbody></table></div>
<details class="valeurs"><summary>A01 – Ouvrir une micro-crèche : réalisée</summary>
<dl class="definitions"><div><dt>Pilote</dt><dd>Association Le Trèfle</dd></div>
<div><dt>États</dt><dd>en cours</dd></div></dl>
<h3>Une précision</h3><p>Un texte &lt;b&gt; échappé, <a href="mailto:a@exemple.fr">une adresse</a>.</p></details>
<figure role="group" aria-labelledby="f2"><figcaption id="f2">Une image</figcaption>
<img alt="Un point rouge" src="data:image/png;base64,{_PIXEL}"></figure></section>
"""

PIECES = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<ul><li>", "</li>", "<br>", "<img alt='a>b' src='x'>", '<p aria-a"b="1" aria-x<y="2">',
         "&nbsp;", "&lt;", "]]>", "<!-- x -->", "<svg viewBox='0 0 1 1'><use xlink:href='#a'></svg>", "<td>", "é",
         "&#1;", "\x0c", "<table><tr><th scope=col>", "</table>", "<details><summary>s", "&#xFFFE;",
         "<a href='data:text/csv;,a'>", "<svg>", "</svg>", "<path d='M0 0'>"]
    ),
    max_size=12,
)  # fmt: skip
"""What a notebook may write, whole or not."""


def context(body: html.Body, **changed: Any) -> dict[str, Any]:
    """What `publish` says around a content."""
    return {
        "job": SimpleNamespace(bilan="diagnostic", territoire="EPCI-249900001", periode="2025", etat="brouillon"),
        "ctg": "Convention territoriale globale – CC du Val d’Arvelle",
        "titre": "Diagnostic 2025 du Val d’Arvelle",
        "sous_titre": "Périmètre 2025 : 35 communes.",
        "nom": "CC du Val d’Arvelle",
        "destinataire": "Comité de pilotage",
        "version": "Document de travail",
        "mention": MENTION,
        "sommaire": [list(one) for one in body.contents],
        "contenu": body.content,
        "date": "2026-03-01",
        "perimetre": 2025,
        "regle": "Les effectifs entre 1 et 4 ne sont pas diffusés.",
        "sources": [
            {"cle": "population", "titre": "Populations légales", "producteur": "Insee", "diffusion": "ouverte",
             "licence": "Licence Ouverte 2.0", "mise_a_jour": "2023-12-29", "fichier": "population.csv",
             "empreinte": "ab" * 32},
        ],
        "versions": {"ctgeval": "0.1.0", "python": "3.11.7"},
        "cle": "cd" * 32,
        **changed,
    }  # fmt: skip


def document(raw: str = RAW, **changed: Any) -> Document:
    """A bilan of this content."""
    body = html.body(raw)
    return Document(name="val-d-arvelle-diagnostic-2025", context=context(body, **changed), rules=body.style, page=b"")
