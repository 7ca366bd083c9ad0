"""Each rule on a page that breaks it, and on that page only: a sound page has no fault."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from ctgeval.errors import NotebookFailed, PageRefused
from ctgeval.report import html, lint
from ctgeval.report.lint import colours
from ctgeval.report.plan import Job

JOB = Job(bilan="essai", audience="copil", partner="", territoire="EPCI-1", periode="2025", etat="brouillon",
          formats=("html",), fictional=False)  # fmt: skip
SVG = (
    '<svg class="fig" role="img" viewBox="0 0 380 120" aria-label="Courbe : de 60,6 en 2017 à 53,1 en 2021.">'
    '<path d="M1 1h2" fill="none" stroke="#0b4f8a" stroke-width="3" class="s-serie-1"></path>'
    '<path d="M1 9h2" fill="none" stroke="#b3440c" stroke-dasharray="5 2" class="s-serie-2"></path>'
    '<path d="M1 9h2" fill="none" stroke="#d9dbe0" class="s-grid"></path>'
    '<g font-weight="bold"><text x="1" y="9">Poitiers</text></g></svg>'
)
FIGURE = (
    '<figure role="group" aria-labelledby="f1"><figcaption id="f1">Évolution de la couverture</figcaption>'
    f"{SVG}</figure>"
)
TABLE = (
    '<details><summary>Les valeurs en tableau</summary><table id="t1"><caption>Places pour 100 enfants</caption><thead>'
    '<tr><th scope="col">Territoire</th><th scope="col">2017</th></tr></thead><tbody><tr><th scope="row">Poitiers</th>'
    "<td>60,6</td></tr></tbody></table></details>"
)
BODY = (
    '<section aria-labelledby="s1"><h2 id="s1">L’accueil</h2><p>Selon <a href="https://www.insee.fr/fr">l’Insee</a>.</p>'
    f"{FIGURE}{TABLE}<h3>Une partie</h3></section>"
)


def page(content: str = BODY) -> bytes:
    """A page as it is produced, whatever its content holds: what is under test is what looks at it."""
    context = {
        "job": JOB, "ctg": "Convention", "titre": "Bilan", "sous_titre": "", "nom": "CC", "destinataire": "COPIL",
        "version": "", "mention": "", "sommaire": [("s1", "L’accueil"), ("t1", "Les valeurs")],
        "contenu": html.Markup(content),
        "date": "2026-01-15", "perimetre": "2024", "regle": "", "sources": [], "versions": {}, "cle": "ab",
        "donnees": "{}",
    }  # fmt: skip
    return html.page("bilan.html.j2", context)


def test_a_sound_page_has_no_fault() -> None:
    assert lint.check(page()) == ()


def swap(before: str, after: str) -> Callable[[str], str]:
    def swapped(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    return swapped


def add(content: str) -> Callable[[str], str]:
    return swap("<h3>Une partie</h3>", f"<h3>Une partie</h3>{content}")


def label(alternative: str) -> Callable[[str], str]:
    return lambda text: re.sub('aria-label="Courbe[^"]*"', f'aria-label="{alternative}"', text)


def style(before: str, after: str) -> Callable[[str], str]:
    """Change the style, and the policy with it: the contrast alone is at stake."""

    def changed(text: str) -> str:
        found = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert found
        assert before in found.group(1)
        sheet = found.group(1).replace(before, after)
        policies = (html.policy(one).replace("'", "&#39;") for one in (found.group(1), sheet))
        return text.replace(found.group(1), sheet).replace(*policies)

    return changed


BROKEN: list[tuple[str, str, Callable[[str], str]]] = [
    ("langue", "RGAA 8.3", swap('lang="fr"', 'lang="en"')),
    ("titre", "RGAA 8.5", lambda text: re.sub("<title>.*?</title>", "<title></title>", text)),
    ("document", "RGAA 8.1", swap("<!doctype html>\n", "")),
    ("balises", "RGAA 8.2", swap("</section>", "")),
    ("h1", "RGAA 9.1", add("<h1>Un autre</h1>")),
    ("h1", "RGAA 9.1", swap("<h1>Bilan</h1>", "<p>Bilan</p>")),
    ("niveaux", "RGAA 9.1", swap("<h3>Une partie</h3>", "<h4>Une partie</h4>")),
    ("titre-vide", "RGAA 9.1", swap("<h3>Une partie</h3>", "<h3> </h3>")),
    ("reperes", "RGAA 12.6", add("<main></main>")),
    ("reperes", "RGAA 9.2", swap('<footer class="page-pied">', "<div>")),
    ("evitement", "RGAA 12.7", swap('href="#page-contenu"', 'href="#page-provenance"')),
    ("navigation", "RGAA 9.2", swap(' aria-labelledby="page-sommaire"', "")),
    ("identifiants", "RGAA 8.2", add('<p id="t1">Encore</p>')),
    ("renvois", "RGAA 8.2", add('<p><a href="#ailleurs">La suite du bilan</a></p>')),
    ("renvois", "RGAA 8.2", add('<p aria-describedby="ailleurs">Texte</p>')),
    ("renvois", "RGAA 8.2", swap('fill="none" stroke="#0b4f8a"', 'fill="url(#hachures)" stroke="#0b4f8a"')),
    ("liens", "RGAA 6.1", add('<a href="https://exemple.fr">cliquez ici</a>')),
    ("liens", "RGAA 6.1", add('<a href="https://exemple.fr"> </a>')),
    ("liens", "RGAA 6.1", add('<a href="https://exemple.fr">https://exemple.fr</a>')),
    ("liens", "RGAA 6.1", add("<a>La page de l’Insee</a>")),
    ("adresse", "RGAA 6.1", add('<a href="javascript:void(0)">Le détail des calculs</a>')),
    ("abreviations", "RGAA 9.4", add("<abbr>EAJE</abbr>")),
    ("depliables", "RGAA 7.1", swap("<summary>Les valeurs en tableau</summary>", "")),
    ("depliables", "RGAA 7.1", swap("Les valeurs en tableau", "")),
    ("script", "reporting.md §4", add("<script>1</script>")),
    ("script", "reporting.md §4", swap("</head>", "<script>1</script></head>")),
    ("donnees", "reporting.md §4", add('<script type="application/ld+json">{}</script>')),
    ("style", "RGAA 10.1", add("<style>p{}</style>")),
    ("politique", "reporting.md §4", swap("default-src &#39;none&#39;", "default-src *")),
    ("element", "RGAA 8.2", add('<iframe title="x"></iframe>')),
    ("element", "RGAA 8.2", add("<button>Ouvrir</button>")),
    ("requete", "reporting.md §4", add('<img src="https://exemple.fr/a.png" alt="De 4 places à 5 places.">')),
    ("requete", "reporting.md §4", swap('<path d="M1 1h2"', '<use href="https://exemple.fr#a"></use><path d="M1 1h2"')),
    ("requete", "reporting.md §4", style(".figure{", ".figure{background:url(https://exemple.fr/a.png);")),
    ("requete", "RGAA 13.1", swap("<title>", '<meta http-equiv="refresh" content="1"><title>')),
    ("attribut", "RGAA 10.1", add('<p style="color:red">rouge</p>')),
    ("attribut", "RGAA 10.1", add('<p onclick="x()">mot</p>')),
    ("attribut", "RGAA 10.1", add("<p\nonclick = x()>mot</p>")),
    ("figure-legende", "RGAA 1.9", swap('<figcaption id="f1">Évolution de la couverture</figcaption>', "")),
    ("figure-legende", "RGAA 1.9", swap("Évolution de la couverture", " ")),
    ("figure-groupe", "RGAA 1.9", swap(' role="group"', "")),
    ("figure-groupe", "RGAA 1.9", swap('<figure role="group" aria-labelledby="f1">', '<figure role="group">')),
    ("figure-dessin", "RGAA 1.9", swap("</figcaption>", f"</figcaption>{SVG}")),
    ("dessin-seul", "RGAA 1.9", add(SVG)),
    ("figure-perdue", "RGAA 1.1", add('<p class="note">Figure non reproduite : elle n’a pas d’équivalent.</p>')),
    ("dessin-role", "RGAA 1.1", swap('class="fig" role="img"', 'class="fig"')),
    ("figure-alternative", "RGAA 1.1", label("")),
    ("figure-alternative", "RGAA 1.3", label("Figure 3")),
    ("figure-alternative", "RGAA 1.3", label("No description has been provided for this image")),
    ("figure-alternative", "RGAA 1.3", label("couverture_2021.png")),
    ("figure-alternative", "RGAA 1.3", label("&lt;Figure size 640x480 with 1 Axes&gt;")),
    ("figure-alternative", "RGAA 1.3", label("Évolution de la couverture")),
    ("figure-alternative", "RGAA 1.3", label("Courbe de 60 à 53.")),
    ("figure-alternative", "RGAA 1.3", label("La couverture par les modes d’accueil baisse beaucoup depuis.")),
    ("figure-alternative", "RGAA 1.3", label("Courbe de la couverture, 60,6 en 2017 puis 53,1 en 2021, baisse")),
    ("figure-valeurs", "RGAA 1.6", swap(TABLE, f"<h2>Autre rubrique</h2>{TABLE}")),
    ("figure-valeurs", "RGAA 1.6", swap(TABLE, "")),
    ("tableau-titre", "RGAA 5.4", swap("<caption>Places pour 100 enfants</caption>", "")),
    ("tableau-titre", "RGAA 5.4", swap("Places pour 100 enfants", "")),
    ("tableau-titre", "RGAA 5.5", swap("Places pour 100 enfants", "Tableau")),
    ("en-tetes", "RGAA 5.6", lambda text: text.replace('scope="col"', 'scope="row"')),
    ("portee", "RGAA 5.7", swap('<th scope="row">', "<th>")),
    ("en-tete-vide", "RGAA 5.6", swap('"col">Territoire<', '"col"><')),
    ("lignes", "RGAA 5.7", swap("<td>60,6</td>", "<td>60,6</td><td>1</td>")),
    ("imbrique", "RGAA 5.8", swap("<td>60,6</td>", f"<td>{TABLE.replace('t1', 't2')}</td>")),
    ("cellule", "RGAA 5.8", add("<tr><td>1</td></tr>")),
    ("contraste", "RGAA 3.2", style("--page-encre-douce:#4a4e5a", "--page-encre-douce:#9a9eaa")),
    ("contraste", "RGAA 3.2", style("--serie-4:#dea9e2", "--serie-4:#6a2a6f")),
    ("contraste", "RGAA 3.2", style("background:#ffe9a8;color:#2b2100", "background:#ffe9a8;color:#c09a20")),
    ("figure-contraste", "RGAA 3.3", swap(' class="s-serie-1"', "")),
    ("figure-contraste", "RGAA 3.3", swap('stroke="#0b4f8a" stroke-width="3" class="s-serie-1"', 'stroke="#eeeeee"')),
    ("figure-contraste", "RGAA 3.2", swap('<text x="1" y="9">', '<text x="1" y="9" fill="#777777">')),
    ("couleur-seule", "RGAA 3.1", swap(' stroke-dasharray="5 2"', ' stroke-width="3"')),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "reference", "broken"), BROKEN, ids=[f"{one[0]}-{i}" for i, one in enumerate(BROKEN)])
def test_each_rule_finds_what_breaks_it(rule: str, reference: str, broken: Callable[[str], str]) -> None:
    text = page().decode()
    found = lint.check(broken(text).encode())
    assert (rule, reference) in {(fault.rule, fault.reference) for fault in found}
    for fault in found:
        assert fault.where
        assert fault.what
        assert fault.remedy.endswith(".")


def test_every_rule_is_tried() -> None:
    import inspect

    sources = "".join(inspect.getsource(one) for one in {inspect.getmodule(rule) for rule in lint.RULES})
    written = set(re.findall(r'Fault\(\s*"([a-z0-9-]+)"', sources))
    assert len(written) > 30
    assert written == {rule for rule, _, _ in BROKEN}


@pytest.mark.parametrize(
    "content",
    [
        add("<p>Le mot onclick=1 style=2 &lt;script&gt; n’est qu’un mot</p>"),
        label("Courbe : &lt;b onclick=x()&gt; de 60,6 en 2017 à 53,1 en 2021, href=a style=b."),
        label("Carte : valeur non diffusable dans toutes les communes."),
        add('<p class="sortie">12 &lt; 15 &amp; 3 &gt; 2</p><hr><br>'),
        swap('stroke="#0b4f8a" stroke-width="3" class="s-serie-1"', 'stroke="#eeeeee" stroke-opacity=".2"'),
        swap('class="fig" role="img"', 'class="fig fig-claire" role="img"'),
    ],
)
def test_what_only_looks_like_a_fault_is_none(content: Callable[[str], str]) -> None:
    assert lint.check(content(page().decode()).encode()) == ()


def test_a_figure_on_white_in_both_looks_is_judged_on_white() -> None:
    text = swap(' class="s-serie-1"', "")(page().decode())
    assert [fault.rule for fault in lint.check(text.encode())] == ["figure-contraste"]
    white = swap('class="fig" role="img"', 'class="fig fig-claire" role="img"')(text)
    assert lint.check(white.encode()) == ()


def test_an_author_is_told_which_figure_and_what_to_call() -> None:
    (fault,) = lint.check(label("Figure 3")(page().decode()).encode())
    assert fault.message == (
        "Figure « Évolution de la couverture » : son alternative (« Figure 3 ») ne dit rien (RGAA 1.3)."
    )
    assert "ctgeval.render.figure(" in fault.remedy
    error = lint.refusal((fault,), notebook="essai", kept="a.html")
    assert isinstance(error, PageRefused)
    assert isinstance(error, NotebookFailed)
    assert "carnet «\u202fessai\u202f»" in str(error)
    assert 'caption="ce qu’elle montre"' in str(error)
    assert "a.html" in str(error)


def test_palettes_are_those_of_the_style_in_its_three_looks() -> None:
    looks = colours.palettes(html.stylesheet()).looks
    assert looks["clair"]["page-fond"] == looks["imprime"]["page-fond"] == "#ffffff"
    assert colours.contrast(looks["sombre"]["page-fond"], "#ffffff") > 15
    assert colours.contrast("#000", "#fff") == pytest.approx(21)
    names = {name for pair in colours.PAIRS for name in pair[:2]}
    for look in looks.values():
        assert names <= look.keys(), "a pair that the style no longer has is checked by nobody"


def test_only_an_index_may_run_the_script_that_it_is_known_to_have() -> None:
    script = "document.title;"
    sheet = page().decode().partition("<style>")[2].partition("</style>")[0]
    policies = [html.policy(sheet).replace("'", "&#39;"), html.policy(sheet, script).replace("'", "&#39;")]
    text = page().decode().replace("</body>", f"<script>{script}</script></body>").replace(*policies)
    assert lint.check(text.encode(), script=script) == ()
    assert [fault.rule for fault in lint.check(text.encode())] == ["script"]
    other = text.replace(script, "alert(1);")
    assert {fault.rule for fault in lint.check(other.encode(), script=script)} == {"script", "politique"}
