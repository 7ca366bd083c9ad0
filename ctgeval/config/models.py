"""What ``ctg.toml`` may say: frozen models, with the French keys that the evaluator types.

The models hold the form alone (names, types, accepted words); what depends on files, territories or several keys at
once is in `checks`. Each field's description is French: it is shown to the evaluator when the key is missing or wrong.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ctgeval.config.tableau import TableauConfig

Audience = Literal["interne", "cotech", "copil", "partenaire", "habitants"]
Diffusion = Literal["ouverte", "convention", "interne"]
ReturnPeriodicity = Literal["annuelle", "semestrielle", "trimestrielle", "mensuelle", "scolaire"]
SourcePeriodicity = Literal[ReturnPeriodicity, "quinquennale"]
ValidationState = Literal["brouillon", "valide_cotech", "presente_copil", "publie"]
AUDIENCES: tuple[Audience, ...] = ("interne", "cotech", "copil", "partenaire", "habitants")
BILAN_FORMATS = ("html", "pdf", "docx", "odt", "slides", "csv", "xlsx", "ods", "datapackage")
OPEN_DATA = "datapackage"
OPEN_AUDIENCES = ("habitants",)
"""Audiences whose bilans anyone may read: what describes data as open must not be made of another."""
LONGEST_REASON = 300
"""Of the signs of a reason that readers see in an index."""

Text = Annotated[str, Field(min_length=1)]
Texts = tuple[Text, ...]
Ends = Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(max_length=2)]
"""Nothing, one number, or two ends."""
Shares = Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], Field(max_length=2)]


def _comparison_word(value: object) -> object:
    return ("comparaison",) if value == "comparaison" else value


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class TerritoireConfig(_Model):
    """``[territoire]``: the ground of the dossier, and the geography everything is expressed in."""

    code: Text = Field(description='un code de territoire, par exemple "EPCI-200070035"')
    nom: str = Field(default="", description="le nom du territoire, vérifié avec son code")
    perimetre: int = Field(description="l’année de la géographie au 1er janvier, par exemple 2024")
    reference: str | None = Field(default=None, description="le sous-dossier d’une géographie propre, s’il y en a une")
    groupements: dict[str, Texts] = Field(
        default_factory=dict, description='des listes de communes, par exemple "GRP-nord" = ["COM-86103"]'
    )


class AvenantConfig(_Model):
    """``[[convention.avenant]]``: an amendment of the convention."""

    date: dt.date = Field(description="la date de l’avenant, par exemple 2024-06-01")
    objet: Text = Field(description="l’objet de l’avenant, en une phrase")


class ConventionConfig(_Model):
    """``[convention]``: the dates of the convention and who signed it."""

    signature: dt.date | None = Field(default=None, description="la date de signature, par exemple 2022-09-30")
    debut: dt.date = Field(description="le premier jour couvert par la convention, par exemple 2022-01-01")
    fin: dt.date | None = Field(
        default=None, description="le dernier jour couvert par la convention, par exemple 2026-12-31"
    )
    signataires: Texts = Field(default=(), description="la liste des organismes signataires")
    avenant: tuple[AvenantConfig, ...] = Field(
        default=(), description="les avenants, un bloc [[convention.avenant]] chacun"
    )


class ComparaisonConfig(_Model):
    """``[comparaison]``: the territories to compare with, fixed before any result is looked at."""

    territoires: Texts = Field(default=(), description='la liste des codes, par exemple ["EPCI-200070043"]')
    methode: Literal["similaires"] | None = Field(default=None, description='"similaires", ou rien')
    nombre: int | None = Field(default=None, ge=1, description="le nombre de territoires similaires à retenir")
    variables: Texts = Field(default=(), description='sur quoi comparer, par exemple ["population", "densite"]')
    exclure: Texts = Field(default=(), description="les codes à ne pas choisir, par exemple des voisins")
    hors_voisins: bool = Field(
        default=False, description="true pour écarter les territoires voisins et ceux du même département"
    )

    @property
    def unfrozen(self) -> bool:
        """Whether the tool is asked to choose the territories, and has not written them yet."""
        return self.methode is not None and not self.territoires


class IndicateursConfig(_Model):
    """``[indicateurs]``: the indicators that the steering committee chose."""

    retenus: Texts = Field(default=(), description='la liste des codes retenus, par exemple ["PE01", "AV04"]')


class SeuilConfig(_Model):
    """``seuil``: under how many persons a count is never published."""

    personnes: int = Field(
        default=5, ge=0, description="le seuil des comptages de personnes ou de foyers, 5 par défaut"
    )
    sensible: int = Field(
        default=11, ge=0, description="le seuil des croisements sensibles (revenu, santé, handicap), 11"
    )
    foyers: int | None = Field(
        default=None, ge=0, description="le seuil des foyers, s’il n’est pas celui des personnes"
    )
    entreprises: int | None = Field(
        default=None, ge=0, description="le seuil des entreprises, s’il n’est pas celui des personnes"
    )


class SecretConfig(_Model):
    """``secret`` of a source, or of an audience: a threshold of its own, and the text that founds it."""

    seuil: int = Field(ge=0, description="le seuil des comptages, par exemple 11")
    texte: Text = Field(description="le texte ou la convention qui fonde ce seuil")


class PublicationConfig(_Model):
    """``[publication]``: the rules of what leaves the dossier."""

    seuil: SeuilConfig = Field(default_factory=SeuilConfig, description="{ personnes = 5, sensible = 11 }")
    texte: str = Field(default="", description="le texte ou la décision qui fonde ces seuils")
    audience: dict[Audience, SecretConfig] = Field(
        default_factory=dict,
        description='les seuils propres à une audience : { habitants = { seuil = 11, texte = "la décision" } }',
    )


class GabaritConfig(_Model):
    """``[source.gabarit]``: what a partner is asked to count, in a workbook of its own."""

    partenaire: str = Field(default="", description="le nom du partenaire, tel qu’il se lit dans son classeur")
    mesures: Texts = Field(default=(), description='ce qu’il doit compter, par exemple ["familles_rpe"]')
    feuilles: dict[str, Texts] = Field(
        default_factory=dict,
        description='les mesures de chaque feuille, par exemple { "Fréquentation" = ["familles_rpe"] }',
    )
    structures: Texts = Field(default=(), description="les structures à distinguer, une ligne chacune")
    territoires: Texts = Field(default=(), description="les territoires à distinguer ; par défaut, celui du dossier")
    periodicite: ReturnPeriodicity | None = Field(
        default=None, description='"annuelle", "semestrielle", "trimestrielle", "mensuelle" ou "scolaire"'
    )
    avant_le: dt.date | None = Field(default=None, description="la date à laquelle renvoyer le classeur")


class SourceConfig(_Model):
    """``[[source]]``: one file, where it comes from, and who may see what it says."""

    cle: Text = Field(description='un nom court et unique, par exemple "caf-couverture"')
    fichier: Text = Field(
        default="", description='le chemin du fichier dans le dossier, par exemple "sources/txcouv.csv"'
    )
    format: Text = Field(default="", description='un format connu, par exemple "caf.taux_couverture"')
    producteur: str = Field(default="", description="l’organisme qui produit ces données")
    licence: str = Field(default="", description='la licence, par exemple "Licence Ouverte 2.0"')
    mise_a_jour: dt.date | None = Field(default=None, description="la date de mise à jour par le producteur")
    periodicite: SourcePeriodicity | None = Field(
        default=None,
        description='tous les combien le producteur la met à jour : "annuelle", "semestrielle", "trimestrielle", '
        '"mensuelle", "scolaire" ou "quinquennale"',
    )
    diffusion: Diffusion = Field(default="interne", description="qui peut lire ces données")
    convention: str | None = Field(default=None, description="la convention d’échange de données qui l’autorise")
    finalite: str | None = Field(default=None, description="à quoi ces données doivent servir")
    conservation_jusqu_au: dt.date | None = Field(
        default=None, description="la date à laquelle le fichier doit être effacé"
    )
    encodage: str | None = Field(default=None, description='l’encodage, par exemple "utf-8" ou "cp1252"')
    separateur: str | None = Field(default=None, description='le séparateur des colonnes, par exemple ";"')
    decimale: Literal[",", "."] | None = Field(default=None, description='la marque décimale, "," ou "."')
    geographie: int | None = Field(
        default=None, description="l’année de la géographie des codes, si le fichier ne la dit pas"
    )
    millesimes: str | None = Field(
        default=None,
        description='comment ses millésimes se comparent : "annuel", "recensement", "filosofi", "bpe", "bpe_evolution" '
        'ou "caf" (par défaut, la règle du format)',
    )
    tableau: TableauConfig | None = Field(
        default=None, description='la description du fichier, avec format = "tableau" : un bloc [source.tableau]'
    )
    gabarit: GabaritConfig | None = Field(
        default=None, description="ce que le partenaire doit compter : un bloc [source.gabarit]"
    )
    secret: SecretConfig | None = Field(
        default=None, description='le seuil que son producteur impose : { seuil = 11, texte = "la convention" }'
    )
    donnees_personnelles: dict[str, Text] = Field(
        default_factory=dict,
        description='les colonnes à admettre malgré des données personnelles, et pourquoi : { "Nom" = "la raison" }',
    )
    titre: str = Field(default="", description="le titre à imprimer sous les tableaux")
    url: str = Field(
        default="", description="l’adresse où le fichier a été pris, ou est à prendre s’il n’est pas dans le dossier"
    )
    sha256: str = Field(default="", description="l’empreinte du fichier à télécharger : 64 chiffres et lettres")

    @property
    def downloaded(self) -> bool:
        """Whether its file is not in the dossier itself: the command ``sources telecharger`` gets it."""
        return bool(self.url and self.format and not self.fichier)


class ImpactConfig(_Model):
    """``[[impact]]``: a before/after design, with the territories concerned and the date each one was."""

    nom: Text = Field(description='un nom court et unique, par exemple "reseau-petite-enfance"')
    action: str = Field(default="", description='l’identifiant de l’action, par exemple "A07"')
    question: str = Field(default="", description='la question évaluative, par exemple "Q2"')
    indicateur: Text = Field(description='le code de l’indicateur, par exemple "PE01"')
    territoires_concernes: dict[str, dt.date] = Field(
        min_length=1, description='les territoires et leur date de début, par exemple { "EPCI-200070035" = 2023-01-01 }'
    )
    delai_effet_mois: int = Field(
        default=0,
        ge=0,
        le=120,
        description="le nombre de mois avant que l’action puisse produire un effet, par exemple 6",
    )
    territoires_comparaison: Annotated[Texts, BeforeValidator(_comparison_word)] = Field(
        default=("comparaison",), description='"comparaison", ou une liste de codes'
    )


class ScenarioConfig(_Model):
    """``[[scenario]]``: a target of coverage and the hypotheses of what it would cost, each a number or two ends."""

    nom: Text = Field(description='un nom court et unique, par exemple "couverture-65"')
    libelle: Text = Field(description='la phrase que les lecteurs verront, par exemple "65 places pour 100 enfants"')
    indicateur: Text = Field(
        default="PE01", description='un taux du catalogue, pour 100 personnes, par exemple "PE01" ou "PE02"'
    )
    cible: float = Field(ge=0, description="le taux à atteindre, par exemple 65")
    horizon: str = Field(default="", description='la période visée, par exemple "2030"')
    population: Ends = Field(
        default=(), description="combien de personnes à l’horizon, par exemple [420, 470] ; par défaut, celles du taux"
    )
    investissement_place: Ends = Field(
        default=(), description="les euros pour créer une place, par exemple [18000, 25000]"
    )
    fonctionnement_place: Ends = Field(
        default=(), description="les euros par place et par an, par exemple [15000, 17000]"
    )
    aide_investissement: Shares = Field(
        default=(), description="ce que d’autres paient de l’investissement, en pourcentage, par exemple [50, 70]"
    )
    aide_fonctionnement: Shares = Field(
        default=(), description="ce que d’autres paient du fonctionnement, en pourcentage, par exemple [60, 66]"
    )
    hypotheses: Text = Field(description="d’où viennent ces hypothèses, en une phrase que les lecteurs verront")


class BilanConfig(_Model):
    """``[[bilan]]``: one notebook for one audience, one period, and one report by territory."""

    carnet: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] = Field(
        description='le nom du carnet, par exemple "bilan_annuel"'
    )
    audience: Audience = Field(description="à qui le bilan s’adresse")
    partenaire: str = Field(default="", description='l’identifiant du partenaire, avec audience = "partenaire"')
    territoires: Texts = Field(default=(), description="un bilan par territoire ; par défaut, celui du dossier")
    periode: Text = Field(description='la période du bilan, par exemple "2025"')
    formats: tuple[Text, ...] = Field(
        default=("html",), min_length=1, description='les formats à produire, par exemple ["html", "pdf"]'
    )
    etat: ValidationState = Field(default="brouillon", description="où en est la validation")
    date: dt.date | None = Field(default=None, description="la date de la validation")
    instance: str = Field(default="", description="l’instance qui a validé")
    deliberation: str = Field(default="", description="la référence de la délibération")
    motif_revision: str = Field(
        default="", description="pourquoi une version déjà validée est révisée, en une phrase que les lecteurs verront"
    )

    @property
    def name(self) -> str:
        """Name of the notebook."""
        return self.carnet


class Config(_Model):
    """The whole of ``ctg.toml``: checked, completed with its defaults, read-only."""

    territoire: TerritoireConfig = Field(description="la section [territoire]")
    convention: ConventionConfig | None = Field(default=None, description="la section [convention]")
    comparaison: ComparaisonConfig = Field(default_factory=ComparaisonConfig, description="la section [comparaison]")
    indicateurs: IndicateursConfig = Field(default_factory=IndicateursConfig, description="la section [indicateurs]")
    publication: PublicationConfig = Field(default_factory=PublicationConfig, description="la section [publication]")
    sources: tuple[SourceConfig, ...] = Field(default=(), alias="source", description="les blocs [[source]]")
    impact: tuple[ImpactConfig, ...] = Field(default=(), description="les blocs [[impact]]")
    scenarios: tuple[ScenarioConfig, ...] = Field(default=(), alias="scenario", description="les blocs [[scenario]]")
    bilans: tuple[BilanConfig, ...] = Field(default=(), alias="bilan", description="les blocs [[bilan]]")
