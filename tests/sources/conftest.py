"""Small files in the form of the producers', and what the tests of readers share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval.sources import SourceTable

CAF_HEADER = (
    "Date référence;Numéro commune;Nom commune;Taux de couv EAJE PSU;Taux de couv hors EAJE PSU;"
    "Taux de couv EAJE - ensemble;Taux de couv préscolarisation;Taux de couv assistantes maternelles;"
    "Taux de couv salarié à domicile;Taux de couv accueil individuel - ensemble;Taux de couv global"
)
CAF_ROWS = (
    "2021;86194;POITIERS;20.5;2.0;22.5;3.0;26.0;1.6;27.6;53.1",
    "2017;86194;POITIERS;21.0;2.0;23.0;5.0;31.0;1.6;32.6;60.6",
    "2021;6161;VILLENEUVE LOUBET;30.7;1.8;32.5;0.0;24.9;1.4;26.3;58.8",
)
FILO_HEADER = "CODGEO;LIBGEO;NBMEN27;Q127;Q227;Q3_Q1;RD;S80S2027;PACT27;PIMPOT27"
FILO_ROWS = (
    "86194;Poitiers;40000,0;14000,5;19500,0;9000,0;3,2;4,316;75,5;-16,2",
    "86041;Buxerolles;4800,0;;21000,0;;;;;",
)
POP_HEADER = "CODGEO,LIBGEO,millesime_rp,annee_geo,POP,source"
POP_ROWS = (
    "86082,Couhé,2017,2019,4382.0,COGugaison",
    "86082,Valence-en-Poitou,2018,2020,4334.0,COGugaison",
    "86194,Poitiers,2018,2020,88665.0,COGugaison",
)


def accepted_lines(table: SourceTable) -> set[int]:
    """Lines that the observations and the tables say they come from; a sum names its lines as ``2-4, 9``."""
    told = [rows["origin"] for rows in (table.observations, *table.tables.values()) if "origin" in rows]
    origins = {text for column in told for text in column}
    found: set[int] = set()
    for origin in origins:
        _, mark, named = origin.rpartition("!")
        for span in named.split("…")[0].split(", ") if mark else ():
            first, _, last = span.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    return found


PROJECT_HEADER = "IDENTIFIANT,DOT,ECHELON,INSEEDEP,CODGEO,BENEFICIAIRE,DESCRIPTION,COUT,SUBVENTION,LEVIER,LIBGEO"
PROJECT_ROWS = (
    '2027DI1,DETR,Commune,86,86194,POITIERS,École,"16292,74",5702.45,"0,35",Poitiers',
    '2027DI2,DETR,Commune,86,86194,POITIERS,Mairie,10000,2500,"0,25",Poitiers',
    '2027DI3,DSIL,EPCI,86,200070035,CC du Civraisien,Tiers-lieu,"494220,00",58306.66,"0,118",CC',
    '2027DI4,DETR,Syndicat,86,200022804,SIVOS,École,21796,8718.4,"0,4",',
)


COMPARATEUR_HEADER = "CODGEO;P23_POP;P17_POP;SUPERF;NAIS1723;P23_MEN;NAISD25;MED23;TP6023;P23_EMPLT;ETTOT24"
COMPARATEUR_ROWS = (
    "86194;90240;88291.5;42.1;6000;50100.4;1000;20150;26;59000.1;3000",
    "35238;225081;216815;50.4;15000;120000;2900;22000;20;180000;9000",
    "1001;832;771;15.9;40;341;8;;;93.1;13",
)
MELODI_HEADER = "GEO;GEO_OBJECT;RP_MEASURE;SEX;AGE;PCS;TIME_PERIOD;OBS_STATUS;OBS_VALUE"
MELODI_ROWS = (
    "86194;COM;POP;_T;_T;_T;2022;A;90240.5",
    "86194;COM;POP;_T;Y15T24;_T;2022;A;26000",
    "86194;COM;POP;F;Y_LT15;_T;2022;A;6100",
    "86194;COM;POP;_T;Y_GE15;3;2022;A;9000",
    "018;AAV2020;POP;_T;_T;_T;2022;A;260000",
    "200070035;EPCI;POP;_T;_T;_T;2022;P;26700",
)
RP_HEADER = (
    "CODGEO;LIBGEO;P22_POP;P22_POP0014;P22_POP7589;P22_POP90P;P22_F0014;P22_RP;P22_RP_VOIT1P;C22_FAMMONO;P16_POP"
)
RP_ROWS = (
    "86194;Poitiers;90240.5;12000;6000;1200.25;6000;50000;39000.5;6500;88000",
    "35238;Rennes;225081;30000;14000;3000;15000;120000;80000;14000;216000",
    "1001;Abergement;832;150;50;4;70;341;330;20;771",
)
CAFDATA_HEADER = (
    "Date référence;Numéro EPCI;Nom EPCI;Nombre foyers NDUR;Nombre personnes NDUR;Nombre foyers RSA;Montant total RSA;"
    "Nombre foyers APL"
)
CAFDATA_ROWS = (
    "2024-12;200070035;CC du Civraisien en Poitou;3155;6870;300;251300;0",
    "2023-12;200070035;CC du Civraisien en Poitou;3200;6955;310;255100;0",
    "2024-12;200070043;CC Vienne et Gartempe;4500;9905;0;410200;1130",
)
IRIS_HEADER = "CODGEO;AN;NOTE;A;AI;AM;ACSSENF;ACAVENF;ENF;AAL;AAPL"
IRIS_ROWS = (
    "351150101;2021;0;1 200;900;100;;;150;120;80",
    "351150102;2021;0;200;100;40;20;40;150;120;80",
    "353600201;2021;3;;;;;;;;",
)


SERVICE_HEADER = "MATRICULE,DEPARTEMENT,lib_france_services,insee_com,lib_com,categorie,Labellisation"
SERVICE_ROWS = (
    "1,1,Valserhône,1033,VALSERHÔNE,FS,Espace labellisé 01/2020",
    "2,86,Poitiers,86194,POITIERS,FS,Espace labellisé 01/09/2020",
    "3,86,Poitiers sud,86194,POITIERS,Antenne,Espace labellisé 15/01/2021",
    "4,75,Reuilly,75112,PARIS,FS,Espace labellisé 2022-03-01",
)


SCHOOL_HEADER = (
    "Rentrée scolaire;Département;Commune;Numéro de l'école;Secteur;Nombre total de classes;Nombre total d'élèves;"
    "Nombre d'élèves en pré-élémentaire hors ULIS;Nombre d'élèves en élémentaire hors ULIS;Nombre d'élèves en ULIS"
)
SCHOOL_ROWS = (
    "2022;VIENNE;POITIERS;0860001A;PUBLIC;4;100;40;55;5",
    "2022;VIENNE;POITIERS;0860002B;PRIVE;2;50;50;0;0",
    "2021;VIENNE;POITIERS;0860001A;PUBLIC;4;98;40;58;0",
    "2022;VIENNE;ST-SAUVANT;0860003C;PUBLIC;2;30;12;18;0",
)


GRANT_HEADER = (
    "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,objet,montant,nature"
)
GRANT_ROWS = (
    "CC du Civraisien,20007003500012,2023-03-01,D1,Association A,49912050100001,Fêtes,0.10,aide en numéraire",
    "CC du Civraisien,20007003500012,2023-04-01,D2,Association A,49912050100001,Jeux,0.20,aide en numéraire",
    "CC du Civraisien,20007003500012,2023-04-01,D3,Association B,49912050100001,Prêt de salle,1500,aide en nature",
    "Commune de Poitiers,21860194600013,31/12/2023,D4,Association C,49912050100001,École,31000.50,Aide en numéraire",
    "Département de la Vienne,22860001100012,2023-05-02,D5,Association D,49912050100001,Sport,12,aide en numéraire",
    "CC du Civraisien,20007003500012,2023-06-01,D6,Association E,49912050100001,Bus,7,aide en numéraire;aide en nature",
)


KOBO_HEADER = (
    "start;end;logement/type;besoins;besoins/transport;besoins/garde;code_commune;_id;_uuid;_submission_time;_index"
)
KOBO_ROWS = (
    "2024-03-12T10:20:01+01:00;2024-03-12T10:25:00+01:00;maison;transport garde;1;1;86194;11;u1;2024-03-12T09:25:11;1",
    "2024-03-13T10:20:01.000+01:00;2024-03-13T10:25:00.000+01:00;ferme;garde;0;1;86194;12;u2;2024-03-13T09:25:11;2",
    "2024-03-14T10:20:01.000+01:00;2024-03-14T10:25:00.000+01:00;;;;;86041;13;u3;2024-03-14T09:25:11;3",
)
LIME_HEADER = '"id","submitdate","lastpage","startlanguage","seed","Q1","Q2[SQ001]","Q2[SQ002]","Q2[other]","CODEINSEE"'
LIME_ROWS = (
    '"1","2024-03-12 10:22:31","4","fr","1234","A1","Y","","","x"',
    '"2","","2","fr","1235","A2","","","","x"',
    '"3","2024-04-02 08:00:00","4","fr","1236","A1","","Y","covoiturage","x"',
)


def lines(header: str, *rows: str) -> str:
    return "\r\n".join((header, *rows)) + "\r\n"


@pytest.fixture
def caf() -> Callable[..., str]:
    """A small file of coverage rates; rows replace those given."""
    return lambda *rows, header=CAF_HEADER: lines(header, *(rows or CAF_ROWS))


@pytest.fixture
def filo() -> Callable[..., str]:
    """A small Filosofi file of a year to come."""
    return lambda *rows, header=FILO_HEADER: lines(header, *(rows or FILO_ROWS))


@pytest.fixture
def panel() -> Callable[..., str]:
    """A small panel of census populations."""
    return lambda *rows, header=POP_HEADER: lines(header, *(rows or POP_ROWS))


@pytest.fixture
def comparateur() -> Callable[..., str]:
    """A small comparateur de territoires of a year to come."""
    return lambda *rows, header=COMPARATEUR_HEADER: lines(header, *(rows or COMPARATEUR_ROWS))


@pytest.fixture
def melodi() -> Callable[..., str]:
    """A small file of Insee's Melodi: census populations."""
    return lambda *rows, header=MELODI_HEADER: lines(header, *(rows or MELODI_ROWS))


@pytest.fixture
def census() -> Callable[..., str]:
    """A small base of the census of a year to come."""
    return lambda *rows, header=RP_HEADER: lines(header, *(rows or RP_ROWS))


@pytest.fixture
def cafdata() -> Callable[..., str]:
    """A small file of the Cafdata portal, by EPCI."""
    return lambda *rows, header=CAFDATA_HEADER: lines(header, *(rows or CAFDATA_ROWS))


@pytest.fixture
def iris() -> Callable[..., str]:
    """A small file of Caf beneficiaries by Iris, with the year in a column."""
    return lambda *rows, header=IRIS_HEADER: lines(header, *(rows or IRIS_ROWS))


@pytest.fixture
def projects() -> Callable[..., str]:
    """A small list of subsidised projects of a year to come."""
    return lambda *rows, header=PROJECT_HEADER: lines(header, *(rows or PROJECT_ROWS))


@pytest.fixture
def services() -> Callable[..., str]:
    """A small list of France services places."""
    return lambda *rows, header=SERVICE_HEADER: lines(header, *(rows or SERVICE_ROWS))


@pytest.fixture
def schools() -> Callable[..., str]:
    """A small file of pupils by school, whose communes have no code."""
    return lambda *rows, header=SCHOOL_HEADER: lines(header, *(rows or SCHOOL_ROWS))


@pytest.fixture
def coded_schools() -> Callable[..., str]:
    """The same with the codes of communes, which needs no geography."""
    codes = ("86194", "86194", "86194", "86244")
    rows = (f"{row};{code}" for row, code in zip(SCHOOL_ROWS, codes, strict=True))
    return lambda: lines(f"{SCHOOL_HEADER};Code commune", *rows)


@pytest.fixture
def grants() -> Callable[..., str]:
    """A small file of grants."""
    return lambda *rows, header=GRANT_HEADER: lines(header, *(rows or GRANT_ROWS))


@pytest.fixture
def kobo() -> Callable[..., str]:
    """A small export of KoboToolbox."""
    return lambda *rows, header=KOBO_HEADER: lines(header, *(rows or KOBO_ROWS))


@pytest.fixture
def lime() -> Callable[..., str]:
    """A small export of LimeSurvey, with the codes of the questions."""
    return lambda *rows, header=LIME_HEADER: lines(header, *(rows or LIME_ROWS))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a text (UTF-8 unless told) or bytes in a file, and return its path."""

    def make(content: str | bytes, name: str = "fichier.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return make


@pytest.fixture
def lawful() -> Callable[[SourceTable], None]:
    """Check the law of every reader, and that observations and rejected rows say where they come from."""

    def check(table: SourceTable) -> None:
        assert table.n_rows == table.n_accepted + table.n_rejected
        told = accepted_lines(table)
        assert not told & set(table.rejected["row"])
        assert len(told) == table.n_accepted
        assert table.rejected["reason"].str.len().gt(10).all()

    return check


@pytest.fixture
def passages() -> Callable[..., str]:
    """A small table de passage: a merger decided the year before, and a split."""
    header = "cog_avant,cog_apres,code_avant,code_apres,date_effet,typemodif,ratio"
    rows = (
        "2018,2019,86043,86082,2018-11-22,f,1.0",
        "2018,2019,86082,86082,2018-11-22,f,1.0",
        "2023,2024,85084,85084,01/01/2024,d,0.75",
        "2023,2024,85084,85165,01/01/2024,d,0.25",
    )
    return lambda *others, header=header: lines(header, *(others or rows))


@pytest.fixture
def moves() -> Callable[..., str]:
    """A small list of events of communes, as Insee writes it."""
    header = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TYPECOM_AP,COM_AP"
    rows = (
        "32,2019-01-01,COM,86043,COM,86082",
        "32,2019-01-01,COM,86043,COMD,86043",
        "32,2019-01-01,COM,86082,COM,86082",
        "10,2020-05-01,COM,86001,COM,86001",
    )
    return lambda *others, header=header: lines(header, *(others or rows))


@pytest.fixture
def members() -> Callable[..., str]:
    """A small table of the EPCI of communes, of two years."""
    header = "annee_geo,CODGEO,LIBGEO,DEP,EPCI,LIBEPCI"
    rows = (
        "2012,86078,Civray,86,248600439,CC du Civraisien",
        "2017,86078,Civray,86,200070035,CC du Civraisien en Poitou",
        "2017,86104,Isolée,86,,",
    )
    return lambda *others, header=header: lines(header, *(others or rows))
