"""``[source.tableau]``: a table described by the dossier, with the French keys that the evaluator types.

Short forms are completed before the check: ``periode = "2018"`` is ``{ valeur = "2018" }``, ``mesures = { "Pop" =
"population_municipale" }`` is ``{ "Pop" = { mesure = "population_municipale" } }``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ctgeval import periods
from ctgeval.errors import TerritoryError
from ctgeval.sources.description import Condition, Description, Dimension, Long, Marks, Period, Place, Wide
from ctgeval.territory import codes

__all__ = ["TableauConfig", "problems"]

Text = Annotated[str, Field(min_length=1)]
Texts = tuple[Text, ...]
Cells = tuple[str, ...]
Level = Literal["COM", "EPCI", "DEP", "REG"]
_Told = tuple[tuple[str | int, ...], str, str]
DimensionName = Literal["sexe", "age", "structure", "action", "financeur"]


def _short(key: str) -> Callable[[object], object]:
    """Complete a value that is only a text, or a whole number that is a year."""

    def complete(value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return {key: value} if isinstance(value, str) else value

    return complete


def _period(value: object) -> object:
    return {"dans": value} if value in ("feuille", "fichier") else _short("valeur")(value)


def _end(value: object) -> object:
    if isinstance(value, str):
        return {"texte": value}
    return {"ligne": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _listed(value: object) -> object:
    return value if isinstance(value, tuple | list | dict) else (value,)


def _each(complete: Callable[[object], object]) -> Callable[[object], object]:
    return lambda value: {key: complete(one) for key, one in value.items()} if isinstance(value, dict) else value


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class TerritoireTableau(_Model):
    """``territoire``: how each row tells its territory."""

    code: str = Field(default="", description='le territoire de tout le fichier, par exemple "EPCI-200070035"')
    colonne: str = Field(default="", description='la colonne des codes, par exemple "Code commune"')
    colonnes: Texts = Field(
        default=(), description='les colonnes à accoler, par exemple ["Code département", "Code commune"]'
    )
    niveau: Level | None = Field(default=None, description='"COM", "EPCI", "DEP" ou "REG"')
    nom: str = Field(default="", description="la colonne du nom de la commune, si le fichier n’a pas de code")
    departement: str = Field(
        default="", description="la colonne du département, pour retrouver une commune par son nom"
    )
    codes: dict[str, Text] = Field(
        default_factory=dict, description='ce que valent des cellules sans code, { "France" = "FRANCE" }'
    )


class PeriodeTableau(_Model):
    """``periode``: how each row tells its period."""

    valeur: str = Field(default="", description='la période de tout le fichier, par exemple "2018"')
    colonne: str = Field(default="", description='la colonne des périodes, par exemple "annee"')
    dans: Literal["feuille", "fichier"] | None = Field(
        default=None, description='"feuille" ou "fichier" : l’année est dans son nom'
    )
    prendre: Literal["debut", "fin"] | None = Field(
        default=None, description='"debut" ou "fin" : l’année à retenir de « 2013-2018 »'
    )
    correspondances: dict[str, Text] = Field(
        default_factory=dict, description='ce que valent des cellules, par exemple { "T1 21" = "2021-Q1" }'
    )


class MesureTableau(_Model):
    """One of ``mesures``: what a column counts."""

    mesure: Text = Field(description='le nom d’une mesure, par exemple "population_municipale"')
    periode: str = Field(default="", description='la période de cette colonne, par exemple "2018"')
    sexe: str = Field(default="", description='le sexe que compte cette colonne, par exemple "F"')
    age: str = Field(default="", description='l’âge que compte cette colonne, par exemple "0-2"')
    structure: str = Field(default="", description="la structure que compte cette colonne")
    action: str = Field(default="", description="l’action que compte cette colonne")
    financeur: str = Field(default="", description="le financeur que compte cette colonne")


class LongTableau(_Model):
    """``long``: a table with one figure in each row."""

    mesure: Text = Field(description="la colonne qui nomme ce qui est compté")
    valeur: Text = Field(description="la colonne des valeurs")
    correspondances: dict[str, Text] = Field(
        min_length=1, description='la mesure de chaque nom, par exemple { "POP" = "population_municipale" }'
    )


class DimensionTableau(_Model):
    """One of ``dimensions``: where a modality is told."""

    valeur: str = Field(default="", description="la modalité de tout le fichier")
    colonne: str = Field(default="", description="la colonne des modalités")
    entete: int | None = Field(default=None, ge=1, description="le rang de la ligne d’en-tête qui la dit : 1 ou 2")
    correspondances: dict[str, str] = Field(
        default_factory=dict, description='la modalité de chaque mot, { "Hommes" = "M", "Ensemble" = "" }'
    )


class ConditionTableau(_Model):
    """One of ``garder`` or ``ignorer``: rows to keep, or to set aside."""

    colonne: Text = Field(description="la colonne à regarder")
    valeurs: Cells = Field(default=(), description='les cellules concernées, par exemple ["Total"]')
    commence: str = Field(default="", description="le début des cellules concernées")
    vide: bool = Field(default=False, description="true pour les cellules vides aussi")


class FinTableau(_Model):
    """``fin``: where the table ends."""

    texte: str = Field(default="", description='le début de la première ligne du pied, par exemple "Source"')
    ligne: int | None = Field(default=None, ge=1, description="la dernière ligne du tableau")


class MarqueursTableau(_Model):
    """``marqueurs``: what the source writes where it gives no figure."""

    secret: Cells = Field(
        default=(), description='ce qui cache une valeur secrète, par exemple ["s"] ; "" si c’est vide'
    )
    absent: Cells = Field(default=(), description='ce qui dit qu’il n’y a pas de valeur, par exemple ["nd", "…"]')
    bornes: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description='ce qui cache une valeur bornée, par exemple { "<5" = [1, 4] }'
    )


class TableauConfig(_Model):
    """``[source.tableau]``: what is where in a file that no reader knows."""

    feuille: str = Field(default="", description='la feuille du classeur, par exemple "Communes"')
    feuilles: Annotated[Texts, BeforeValidator(_listed)] = Field(
        default=(), description='les feuilles, ou "*" pour toutes'
    )
    sauf: Texts = Field(default=(), description='les feuilles à ne pas lire avec feuilles = "*"')
    entete: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_listed)] = Field(
        default=(), description="le numéro de la ligne d’en-tête, par exemple 8, ou [4, 5] pour deux lignes"
    )
    fin: Annotated[FinTableau, BeforeValidator(_end)] = Field(
        default_factory=FinTableau,
        description='le début du pied de tableau, par exemple "Source", ou la dernière ligne',
    )
    territoire: Annotated[TerritoireTableau | None, BeforeValidator(_short("code"))] = Field(
        default=None, description='{ colonne = "Code commune", niveau = "COM" }'
    )
    periode: Annotated[PeriodeTableau | None, BeforeValidator(_period)] = Field(
        default=None, description='"2018", { colonne = "annee" }, "feuille" ou "fichier"'
    )
    annee_geo: str = Field(default="", description="la colonne de l’année des codes, si le fichier en a une")
    mesures: Annotated[dict[str, MesureTableau], BeforeValidator(_each(_short("mesure")))] = Field(
        default_factory=dict, description='{ "Population municipale" = "population_municipale" } : colonne = mesure'
    )
    long: LongTableau | None = Field(
        default=None, description='{ mesure = "variable", valeur = "valeur", correspondances = { "POP" = "…" } }'
    )
    dimensions: Annotated[dict[DimensionName, DimensionTableau], BeforeValidator(_each(_short("valeur")))] = Field(
        default_factory=dict, description='{ sexe = { colonne = "Sexe", correspondances = { "H" = "M" } } }'
    )
    garder: tuple[ConditionTableau, ...] = Field(
        default=(), description='[{ colonne = "type", valeurs = ["commune-actuelle"] }]'
    )
    ignorer: tuple[ConditionTableau, ...] = Field(
        default=(), description='[{ colonne = "Départements", valeurs = ["Total"] }]'
    )
    marqueurs: MarqueursTableau = Field(
        default_factory=MarqueursTableau, description='{ secret = ["s"], absent = ["nd"], bornes = { "<5" = [1, 4] } }'
    )
    forme: Literal["observations", "reponses", "table"] = Field(
        default="observations", description='"observations", "reponses" (une ligne par répondant) ou "table"'
    )

    def described(self) -> Description:
        """Return the same thing for the reader."""
        return Description(
            sheets=self.feuilles or ((self.feuille,) if self.feuille else ()),
            except_sheets=self.sauf,
            header=self.entete,
            end=self.fin.texte if self.fin.ligne is None else self.fin.ligne,
            keep=tuple(_condition(one) for one in self.garder),
            ignore=tuple(_condition(one) for one in self.ignorer),
            place=_place(self.territoire),
            period=_of_period(self.periode),
            geography=self.annee_geo,
            wide={header: _wide(one) for header, one in self.mesures.items()},
            long=_long(self.long),
            dimensions={
                name: Dimension(
                    value=one.valeur, column=one.colonne, header=one.entete or 0, values=one.correspondances
                )
                for name, one in self.dimensions.items()
            },
            marks=Marks(secret=self.marqueurs.secret, missing=self.marqueurs.absent, bounds=self.marqueurs.bornes),
            shape=self.forme,
        )


def problems(told: Mapping[str, Any]) -> list[_Told]:
    """Return what several keys of a description say wrong together: key, message and remedy.

    Parameters
    ----------
    told : mapping
        ``[source.tableau]`` as it is written, with None in place of each value whose form is wrong.
    """
    try:
        read = TableauConfig.model_validate(dict(told))
    except ValueError:
        return []
    found = [*_of_sheets(read), *_of_territory(read.territoire), *_of_periods(read), *_of_modalities(read)]
    return found + (_without_facts(read) if read.forme == "observations" else [])


def _of_sheets(read: TableauConfig) -> list[_Told]:
    found: list[_Told] = []
    if read.feuille and read.feuilles:
        message = "« feuille » et « feuilles » sont donnés tous les deux."
        found.append((("feuille",), message, "Gardez un seul des deux."))
    if any(a >= b for a, b in pairwise(read.entete)):
        message = "Les lignes de l’en-tête ne vont pas de haut en bas."
        found.append((("entete",), message, "Écrivez par exemple entete = [4, 5]."))
    return found


def _of_territory(place: TerritoireTableau | None) -> list[_Told]:
    if place is None:
        return []
    found: list[_Told] = []
    if _count(place.code, place.colonne, place.colonnes, place.nom) != 1:
        found.append(
            (
                ("territoire",),
                "« territoire » doit dire une seule chose : « code », « colonne », « colonnes », ou « nom ».",
                'Écrivez par exemple territoire = { colonne = "Code commune", niveau = "COM" }.',
            )
        )
    if place.nom and not place.departement:
        found.append(
            (
                ("territoire", "departement"),
                "Un nom de commune ne suffit pas : plusieurs communes portent le même nom.",
                "Ajoutez departement, suivi du nom de la colonne du département.",
            )
        )
    told: list[tuple[tuple[str | int, ...], str]] = [(("territoire", "code"), place.code)]
    told += [(("territoire", "codes", cell), one) for cell, one in place.codes.items()]
    for key, code in told:
        try:
            codes.parse(code or "FRANCE")
        except TerritoryError as error:
            found.append((key, error.problem.message, error.problem.remedy))
    return found


def _of_periods(read: TableauConfig) -> list[_Told]:
    found: list[_Told] = []
    period = read.periode
    if period is not None and _count(period.valeur, period.colonne, period.dans) != 1:
        found.append(
            (
                ("periode",),
                "« periode » doit dire une seule chose : « valeur », « colonne » ou « dans ».",
                'Écrivez par exemple periode = { colonne = "annee" }.',
            )
        )
    for key, text in _periods(read):
        if not periods.is_period(text):
            found.append((key, f"« {text} » n’est pas une période.", f"Écrivez {periods.SPELLINGS}."))
    return found


def _of_modalities(read: TableauConfig) -> list[_Told]:
    found: list[_Told] = []
    for name, one in read.dimensions.items():
        if _count(one.valeur, one.colonne, one.entete) != 1:
            message = f"La dimension « {name} » doit dire une seule chose : « valeur », « colonne » ou « entete »."
            found.append((("dimensions", name), message, 'Écrivez par exemple sexe = { colonne = "Sexe" }.'))
    for mark, (low, high) in read.marqueurs.bornes.items():
        if not low <= high:
            message = f"Les bornes de « {mark} » ne sont pas croissantes."
            found.append((("marqueurs", "bornes", mark), message, "Écrivez par exemple [1, 4]."))
    return found


def _count(*told: object) -> int:
    return sum(map(bool, told))


def _periods(read: TableauConfig) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = [
        (("mesures", header, "periode"), one.periode) for header, one in read.mesures.items() if one.periode
    ]
    if read.periode is not None:
        found += [(("periode", "valeur"), read.periode.valeur)] if read.periode.valeur else []
        found += [(("periode", "correspondances", cell), one) for cell, one in read.periode.correspondances.items()]
    return found


def _without_facts(read: TableauConfig) -> list[_Told]:
    found: list[_Told] = []
    if bool(read.mesures) == (read.long is not None):
        found.append(
            (
                ("mesures",),
                "La description doit dire « mesures » (une colonne par mesure) ou « long » (une ligne par valeur).",
                'Écrivez par exemple mesures = { "Population municipale" = "population_municipale" }.',
            )
        )
    if read.territoire is None:
        found.append(
            (
                ("territoire",),
                "La description ne dit pas de quel territoire parle chaque ligne.",
                'Ajoutez territoire = { colonne = "Code commune", niveau = "COM" }.',
            )
        )
    if read.periode is None and (read.long is not None or any(not one.periode for one in read.mesures.values())):
        found.append(
            (
                ("periode",),
                "La description ne dit pas la période des chiffres.",
                'Ajoutez periode = "2018", { colonne = "annee" } ou "feuille".',
            )
        )
    return found


def _condition(one: ConditionTableau) -> Condition:
    return Condition(column=one.colonne, values=one.valeurs, start=one.commence, empty=one.vide)


def _place(one: TerritoireTableau | None) -> Place | None:
    if one is None:
        return None
    columns = one.colonnes or ((one.colonne,) if one.colonne else ())
    return Place(
        level=one.niveau or "",
        columns=columns,
        name=one.nom,
        departement=one.departement,
        code=one.code,
        codes=one.codes,
    )


def _of_period(one: PeriodeTableau | None) -> Period | None:
    if one is None:
        return None
    return Period(
        value=one.valeur, column=one.colonne, of=one.dans or "", take=one.prendre or "", periods=one.correspondances
    )


def _long(one: LongTableau | None) -> Long | None:
    return None if one is None else Long(measure=one.mesure, value=one.valeur, measures=one.correspondances)


def _wide(one: MesureTableau) -> Wide:
    names = ("sexe", "age", "structure", "action", "financeur")
    dimensions = {name: text for name in names if (text := getattr(one, name))}
    return Wide(measure=one.mesure, period=one.periode, dimensions=dimensions)
