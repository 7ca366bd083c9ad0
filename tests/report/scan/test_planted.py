"""What is planted in a bilan is found in each of the files that are made of it, whatever the format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval.report import scan
from ctgeval.report.formats import Document, making
from ctgeval.report.scan.figures import Secrets
from tests.report.formats.pages import around
from tests.report.scan.conftest import LABEL, PLACES, Release

PERSONS = frozenset({"Karim Belkacem", "Belkacem"})
TEXTS = ("pdf", "docx", "odt", "slides")
TABLES = ("csv", "xlsx", "ods", "datapackage")


def planted(page: str, change: Callable[[str], str], **context: object) -> Document:
    content = page[page.index("<main>") + len("<main>") : page.index("</main>")].replace("<h1>", "<h2>")
    made = change(content)
    assert context or made != content
    told = {"nom": PLACES["EPCI-1"], "titre": "Bilan d’essai", "regle": ""} | context
    return around(made, name="epci-1-essai-2025", **told)


def found(document: Document, name: str, release: Release, hidden: Secrets) -> list[scan.Hit]:
    return [
        hit
        for _, one in making.made((name,), document)
        for hit in scan.document(
            one.name,
            one.data,
            audience="copil",
            release=release,
            secrets=hidden,
            persons=PERSONS,
            machine=scan.Machine((), ()),
            about=one.about,
        ).hits
    ]


def in_both(old: str, new: str) -> Callable[[str], str]:
    """Change a cell of a table that offers no download any more: what is shown is then all there is."""

    def changed(content: str) -> str:
        kept = content.split('<p class="telecharger">')
        bare = kept[0] + "".join(part.split("</p>", 1)[1] for part in kept[1:])
        assert old in bare
        return bare.replace(old, new)

    return changed


@pytest.mark.parametrize("name", [*TABLES, *TEXTS])
def test_a_faithful_bilan_passes_in_every_format(name: str, page: str, release: Release, hidden: Secrets) -> None:
    assert scan.blocking(found(planted(page, str, titre="Bilan d’essai"), name, release, hidden)) == ()


@pytest.mark.parametrize("name", [*TABLES, *TEXTS])
@pytest.mark.parametrize(
    "leak",
    [
        (">832</td>", ">2\u202f461</td>", "secret"),
        ("familles.</span>", "familles, 2\u202f461 en tout.</span>", "secret"),
        ("Évolution inventée", "Vu avec Karim Belkacem", "nom"),
    ],
    ids=["secret in a cell", "secret in a caption", "name in a cell"],
)
def test_what_is_planted_in_a_table_is_found_in_every_format(
    leak: tuple[str, str, str], name: str, page: str, release: Release, hidden: Secrets
) -> None:
    old, new, kind = leak
    hits = scan.blocking(found(planted(page, in_both(old, new)), name, release, hidden))

    assert kind in {hit.kind for hit in hits}
    assert not any("2461" in str(hit) or "2\u202f461" in str(hit) for hit in hits)


@pytest.mark.parametrize("name", [*TABLES, *TEXTS])
def test_a_figure_that_the_release_does_not_give_is_found_in_every_format(
    name: str, page: str, release: Release, hidden: Secrets
) -> None:
    change = in_both(">412</td>", ">417</td>")

    assert "inconnu" in {hit.kind for hit in found(planted(page, change), name, release, hidden)}


@pytest.mark.parametrize("name", TEXTS)
def test_a_small_value_of_a_masked_cell_is_found_in_a_sentence(
    name: str, page: str, release: Release, hidden: Secrets
) -> None:
    change = in_both("<h2>Enquête", f"<p>{LABEL} à Auvrelles : 3 en 2024.</p><h2>Enquête")

    assert "masque" in {hit.kind for hit in found(planted(page, change), name, release, hidden)}


@pytest.mark.parametrize("name", ["xlsx", "ods", "datapackage", *TEXTS])
def test_what_is_told_around_the_bilan_is_looked_at_too(
    name: str, page: str, release: Release, hidden: Secrets
) -> None:
    told = planted(page, str, titre="Bilan de Karim Belkacem", ctg="Convention de Karim Belkacem")

    assert "nom" in {hit.kind for hit in found(told, name, release, hidden)}


def test_a_csv_in_a_folder_is_compared_by_the_description_beside_it(
    page: str, release: Release, tmp_path: Path
) -> None:
    files = [one for _, one in making.made(("csv",), planted(page, in_both(">412</td>", ">417</td>")))]
    for one in files:
        (tmp_path / one.name).write_bytes(one.data)

    def unknown() -> bool:
        hits = scan.folder(tmp_path, audience="copil", release=release, machine=scan.Machine((), ()))  # type: ignore[arg-type]
        return any(hit.kind == "inconnu" for hit in hits)

    assert unknown()
    for path in tmp_path.glob("*.schema.json"):
        path.write_text("[", "utf-8")
    assert not unknown()
