"""A faithful page passes; whatever is planted in it, one leak at a time, is found where it was put."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Callable

import pytest

from ctgeval import french
from ctgeval.report import scan
from ctgeval.report.scan.figures import Secrets
from tests.report.scan.conftest import LABEL, Release

PERSONS = frozenset({"Claire Durand", "Durand", "Karim Belkacem", "Belkacem"})
MACHINE = scan.Machine(("/srv/dossiers/val-arvelle", "C:\\Dossiers\\Val"), ("jdupont42",))
# Apart from the slash before them: no file of ours holds a path of a machine (see tests/test_architecture.py).
HOME, USERS = "home", "Users"
NIR = "2 85 05 78 006 084 41"
Mutation = Callable[[str], str]


def look(page: str, release: Release | None, hidden: Secrets | None = None, *, audience: str = "copil") -> scan.Scanned:
    return scan.document(
        "bilan.html",
        page.encode(),
        audience=audience,
        release=release,
        secrets=hidden,
        persons=PERSONS,
        machine=MACHINE,
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*more: bytes) -> str:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return f'<img alt="carte" src="data:image/png;base64,{base64.b64encode(data).decode()}">'


def put(text: str) -> Mutation:
    return lambda page: page.replace("</main>", f"{text}</main>")


def swap(old: str, new: str) -> Mutation:
    def mutated(page: str) -> str:
        assert old in page
        return page.replace(old, new)

    return mutated


def in_download(old: str, new: str) -> Mutation:
    def mutated(page: str) -> str:
        start = page.index("base64,") + 7
        end = page.index('"', start)
        told = base64.b64decode(page[start:end]).decode()
        assert old in told
        return page[:start] + base64.b64encode(told.replace(old, new).encode()).decode() + page[end:]

    return mutated


LEAKS: dict[str, tuple[Mutation, str]] = {
    "small value in an alternative": (swap(": 412 en 2023.", ": de 412 en 2023 à 3 en 2024."), "masque"),
    "small value in a sentence": (put(f"<p>{LABEL} à Auvrelles : 3 en 2024.</p>"), "masque"),
    "figure that the release does not give": (swap(">412</td>", ">417</td>"), "inconnu"),
    "figure in a download": (in_download("412", "417"), "inconnu"),
    "secret in a sentence": (put("<p>On en compte 2\u202f461 à Bellouze.</p>"), "secret"),
    "secret in an alternative": (put('<img alt="2 461 familles" src="#">'), "secret"),
    "secret in an aria-label": (put('<div aria-label="2461 familles"></div>'), "secret"),
    "secret in a tooltip": (put('<abbr title="2 461">n.d.</abbr>'), "secret"),
    "secret in a title of a drawing": (swap("<title>Auvrelles</title>", "<title>Bellouze 2461</title>"), "secret"),
    "secret in a desc of a drawing": (swap("<title>Auvrelles</title>", "<desc>Bellouze 2461</desc>"), "secret"),
    "secret in a text of a drawing": (swap(">412</text>", ">2461</text>"), "secret"),
    "secret in a comment": (put("<!-- valeur vraie 2461 -->"), "secret"),
    "secret in JSON-LD": (put('<script type="application/ld+json">{"valeur": 2461}</script>'), "secret"),
    "secret in a style": (swap('--c2:"2023"', '--c2:"2461"'), "secret"),
    "secret in a meta tag": (swap("<title>Bilan", '<meta name="description" content="2461"><title>Bilan'), "secret"),
    "secret in a data attribute": (put('<p data-valeur="2461">n.d.</p>'), "secret"),
    "secret in tEXt": (put(png(chunk(b"tEXt", b"Comment\x002461 familles"))), "secret"),
    "secret in zTXt": (put(png(chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"2461 familles")))), "secret"),
    "secret in iTXt": (put(png(chunk(b"iTXt", b"Comment\x00\x00\x00\x00\x00" + b"2461 familles"))), "secret"),
    "secret in a data link": (put('<a href="data:text/csv,a;b;2461">x</a>'), "secret"),
    "name": (put("<p>Vu avec Karim Belkacem.</p>"), "nom"),
    "name in capitals": (put("<p>Vu avec BELKACEM.</p>"), "nom"),
    "e-mail": (put("<p>k.belkacem@exemple.fr</p>"), "courriel"),
    "e-mail in a link": (put('<a href="mailto:k.b@exemple.fr">écrire</a>'), "courriel"),
    "telephone": (put("<p>06 12 34 56 78</p>"), "telephone"),
    "telephone abroad": (put("<p>+33 6 12 34 56 78</p>"), "telephone"),
    "number of social security": (put(f"<p>{NIR}</p>"), "nir"),
    "account": (put("<p>FR76 3000 6000 0112 3456 7890 189</p>"), "iban"),
    "folder of the dossier": (put("<!-- /srv/dossiers/val-arvelle/ctg.toml -->"), "chemin"),
    "folder of a Windows dossier": (put("<p>C:\\Dossiers\\Val\\ctg.toml</p>"), "chemin"),
    "folder of a user": (put("<p>C:\\Users\\Marie\\Documents\\a.xlsx</p>"), "chemin"),
    "home": (put(f"<p>/{HOME}/marie/bilans</p>"), "chemin"),
    "share": (put("<p>\\\\serveur\\partage\\bilan</p>"), "chemin"),
    "file address": (put('<a href="file:///D:/bilan.xlsx">x</a>'), "chemin"),
    "user": (put('<meta name="author" content="jdupont42">'), "machine"),
}  # fmt: skip


def test_a_faithful_page_passes_and_is_wholly_compared(page: str, release: Release, hidden: Secrets) -> None:
    found = look(page, release, hidden)
    assert found.hits == ()
    assert found.coverage.as_dict() == {"chiffres": 24, "resultats": 8, "autres": 16, "non_rattaches": 0}


@pytest.mark.parametrize("name", LEAKS)
def test_each_leak_is_found(name: str, page: str, release: Release, hidden: Secrets) -> None:
    mutation, kind = LEAKS[name]
    hits = look(mutation(page), release, hidden).hits
    assert kind in {hit.kind for hit in hits}
    assert all(hit.file == "bilan.html" and hit.where for hit in hits)


@pytest.mark.parametrize("shown", ["3", "2\u202f461", "5 (p)", "de 1 à 4"])
def test_any_figure_in_a_masked_cell_is_found_with_its_place(shown: str, page: str, release: Release) -> None:
    start = page.index("marque-masque")
    first = page.rindex("<td", 0, start)
    first = page.index(">", first) + 1
    planted = page[:first] + shown + page[page.index("</td>", start) :]
    (hit,) = look(planted, release).hits
    assert hit.kind == "masque"
    assert "Auvrelles" in hit.where
    assert "2024" in hit.where
    assert LABEL in hit.where
    assert shown not in hit.what


def test_a_figure_in_a_masked_row_of_a_survey_is_found(page: str, release: Release) -> None:
    start = page.rindex("marque-masque")
    first = page.index(">", page.rindex("<td", 0, start)) + 1
    planted = page[:first] + "4" + page[page.index("</td>", start) :]
    kinds = {hit.kind for hit in look(planted, release).hits}
    assert kinds == {"masque"}


def test_an_odd_figure_of_a_survey_is_found(page: str, release: Release) -> None:
    (hit,) = look(page.replace(">58</td>", ">57</td>"), release).hits
    assert (hit.kind, "« Oui »" in hit.where) == ("inconnu", True)


def test_no_hit_repeats_what_it_found(page: str, release: Release, hidden: Secrets) -> None:
    hits = look(put(f"<p>2461 familles, {NIR}, k.belkacem@exemple.fr, Karim Belkacem</p>")(page), release, hidden).hits
    said = json.dumps([str(hit) for hit in hits], ensure_ascii=False)
    assert len(hits) >= 4
    assert not any(secret in said for secret in ("2461", "Belkacem", "exemple", "78 006"))


def test_what_the_authors_sign_is_theirs_to_give(page: str, release: Release) -> None:
    assert look(page, release).hits == ()
    empty = Release(
        release.path.with_name("autre"), frames={**release.frames, "texts": release.frames["texts"].head(0)}
    )
    assert {hit.kind for hit in look(page, empty).hits} == {"nom", "courriel", "telephone"}


@pytest.mark.parametrize("name", ["secret in a comment", "name", "e-mail", "telephone", "figure in a download"])
def test_the_team_sees_everything(name: str, page: str, release: Release, hidden: Secrets) -> None:
    assert look(LEAKS[name][0](page), release, hidden, audience="interne").hits == ()


@pytest.mark.parametrize("name", ["number of social security", "account", "home", "folder of the dossier", "user"])
def test_some_things_are_for_nobody(name: str, page: str, release: Release) -> None:
    mutation, kind = LEAKS[name]
    assert {hit.kind for hit in look(mutation(page), release, audience="interne").hits} == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "Réunion du 01/06/2024 12:30, puis 2024-06-01",
        "SHA-256 : 00612345678ab0612345678cd061234567800612345678ab0612345678cd0612345678",
        "15 à 29 ans : 7,8 % (10/128), soit de 1,2 à 3,4",
        "Saint-Durand, école Durand et M2461",
        "12 novembre 2461 habitants".replace("2461", "2025"),
        f"https://www.exemple.fr/{HOME}/accueil et https://www.exemple.fr/{USERS}/liste",
        "1 234 567 890 euros",
    ],
)
def test_what_only_looks_like_a_leak_passes(text: str, page: str, release: Release, hidden: Secrets) -> None:
    assert look(put(f"<p>{text}</p>")(page), release, hidden).hits == ()


def test_a_value_that_is_also_given_is_no_secret(page: str, release: Release, hidden: Secrets) -> None:
    told = put("<p>On en compte 2461.</p>")(page)
    assert "secret" in {hit.kind for hit in look(told, release, hidden).hits}
    given = release.frames["results"].copy()
    given.loc[given["geo"].eq("COM-2") & given["time_period"].eq("2023"), "n"] = 2461.0
    other = Release(release.path.with_name("autre"), frames={**release.frames, "results": given})
    assert look(told, other, hidden).hits == ()


@pytest.mark.parametrize("name", ['CA "Auvrelles, L’Agglo"', "CC Auvrelles - Sarre", "Pays d'Auvrelles : 1ère ligne"])
def test_a_place_is_the_one_of_the_release_however_its_name_is_typed(page: str, release: Release, name: str) -> None:
    places = release.frames["territories"].replace({"name": {"Auvrelles": name}})
    other = Release(release.path.with_name(french.slug(name)), frames={**release.frames, "territories": places})
    shown = re.sub(r"<a [^>]*data:.*?</a>", "", page).replace("Auvrelles", french.typography(name))
    assert look(shown, other).hits == ()
    assert "inconnu" in {hit.kind for hit in look(shown.replace("412", "423"), other).hits}


def test_the_place_in_a_long_ranking_is_no_count(page: str, release: Release) -> None:
    table = f"<table><caption>{LABEL} en 2024 : les repères</caption>"
    table += "<tr><th>Territoire</th><th>Rang</th><th>Valeur</th></tr>"
    table += "<tr><th>CC du Val d’Arvelle</th><td>{}</td><td>1\u202f317</td></tr></table>"
    assert look(put(table.format("1\u202f053e"))(page), release).hits == ()
    assert {hit.kind for hit in look(put(table.format("1\u202f053"))(page), release).hits} == {"inconnu"}


@pytest.mark.parametrize(
    ("named", "sentence", "found"),
    [
        # Communes of the Deux-Sèvres, of the Mayenne and of Loire-Atlantique that are words of ours, or parts of one.
        ("Contre", "{label} : 9 en 2024, contre 8 en 2023.", False),
        ("Bais", "{label} : 9 en 2024, en baisse.", False),
        ("Contre", "{label}. Contre : 9 en 2024.", True),
        ("Bais", "{label} à Bais : 9 en 2024.", True),
        ("Civray", "{label} à civray : 9 en 2024.", True),
    ],
)
def test_a_place_called_like_a_word_is_named_by_its_capital(
    release: Release, named: str, sentence: str, *, found: bool
) -> None:
    places = release.frames["territories"].replace({"name": {"Auvrelles": named}})
    told = Release(release.path / named, frames={**release.frames, "territories": places})
    page = f"<html><body><main><h1>Bilan</h1><p>{sentence.format(label=LABEL)}</p></main></body></html>"
    kinds = {hit.kind for hit in look(page, told).hits}
    assert ("masque" in kinds) is found
