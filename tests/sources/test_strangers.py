"""Files that a stranger might bring: other years, départements and layouts of the producers, and the figures they hold.

Each was written from what its producer documents: nothing of it is a real figure. A figure is named by its territory,
measure and period, then its sex and its age when it has some; None stands for one that is withheld or not there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ctgeval import observations, sources
from ctgeval.territory import reference

Known = dict[str, float | None]

# fmt: off
FILES: tuple[tuple[str, str, str, str, Known], ...] = (
    (
        "FILO_DISP_COM_2012.csv",
        "insee.filosofi",
        "utf-8",
        (
            "CODGEO;LIBGEO;NBMENFISC12;NBPERSMENFISC12;MED12;PIMP12;TP6012;TP60AGE112;TP60TOL112;TP60TO"
            "L212;PACT12;PPEN12;PPAT12;PPSOC12;PIMPOT12;D112;D912;RD12\n"
            "86194;Poitiers;40123;79000,5;18000;55;22,5;;15,5;30,1;72,1;27;10;8;-18;9500;35000;3,7\n"
            "86078;Civray;1200;2500;17000;;;;;;;;;;;;;\n"
        ),
        {
            "COM-86194 revenu_median 2012": 18000,
            "COM-86194 taux_pauvrete 2012": 22.5,
            "COM-86194 revenu_d9 2012": 35000,
            "COM-86078 taux_pauvrete 2012": None,
            "COM-86194 rapport_interdecile 2012": 3.7,
        },
    ),
    (
        "FILO2013_DISP_COM_b.csv",
        "insee.filosofi",
        "utf-8",
        (
            "CODGEO;LIBGEO;NBMEN13;NBPERS13;NBUC13;Q113;Q213;Q313;Q3_Q113;D113;RD13\r\n"
            "44109;Nantes;150000;300000;190000;13000,5;20000;28500;0,775;9500;3,9\r\n"
            "2A004;Ajaccio;30000;66000;41000;13000;19000;26000;0,68;9000;4\r\n"
        ),
        {
            "COM-44109 revenu_median 2013": 20000,
            "COM-44109 revenu_q1 2013": 13000.5,
            "COM-2A004 revenu_d1 2013": 9000,
        },
    ),
    (
        "cc_filosofi_2019_EPCI_200070035.csv",
        "insee.filosofi_cc",
        "utf-8",
        (
            "CODGEO;NBMENFISC19;NBPERSMENFISC19;MED19;PIMP19;TP6019;TP60AGE119;TP60AGE219;TP60AGE319;TP"
            "60AGE419;TP60AGE519;TP60AGE619;TP60TOL119;TP60TOL219;PACT19;PTSA19;PCHO19;PBEN19;PPEN19;PP"
            "AT19;PPSOC19;PPFAM19;PPMINI19;PPLOGT19;PIMPOT19;D119;D919;RD19\n"
            "200070035;12000;27000,5;20180;s;14,5;20,1;15;16;13;9;8,8;7;28;70;63;3;6;34;9;5;2;1,5;1;-15"
            ";11000;33000;3\n"
        ),
        {
            "EPCI-200070035 revenu_median 2019": 20180,
            "EPCI-200070035 taux_pauvrete 2019": 14.5,
            "EPCI-200070035 taux_pauvrete 2019 0-29": 20.1,
            "EPCI-200070035 part_menages_imposes 2019": None,
            "EPCI-200070035 menages_fiscaux 2019": 12000,
        },
    ),
    (
        "cc_filosofi_2021_REG_75.csv",
        "insee.filosofi_cc",
        "utf-8",
        (
            "CODGEO;NBMENFISC21;NBPERSMENFISC21;MED21;PIMP21;TP6021;TP60AGE121;TP60AGE221;TP60AGE321;TP"
            "60AGE421;TP60AGE521;TP60AGE621;TP60TOL121;TP60TOL221;PACT21;PTSA21;PCHO21;PBEN21;PPEN21;PP"
            "AT21;PPSOC21;PPFAM21;PPMINI21;PPLOGT21;PIMPOT21;D121;D921;RD21\n"
            "75;12000;27000,5;20180;s;14,5;20,1;15;16;13;9;8,8;7;28;70;63;3;6;34;9;5;2;1,5;1;-15;11000;"
            "33000;3\n"
        ),
        {
            "REG-75 revenu_median 2021": 20180,
            "REG-75 taux_pauvrete 2021": 14.5,
            "REG-75 taux_pauvrete 2021 0-29": 20.1,
            "REG-75 part_menages_imposes 2021": None,
            "REG-75 menages_fiscaux 2021": 12000,
        },
    ),
    (
        "cc_filosofi_2020_COM.csv",
        "insee.filosofi_cc",
        "utf-8",
        (
            "\ufeffLIBGEO,CODGEO,NBMENFISC20,NBPERSMENFISC20,MED20,PIMP20,TP6020,TP60AGE120,TP60AGE220,TP60A"
            "GE320,TP60AGE420,TP60AGE520,TP60AGE620,TP60TOL120,TP60TOL220,PACT20,PTSA20,PCHO20,PBEN20,P"
            "PEN20,PPAT20,PPSOC20,PPFAM20,PPMINI20,PPLOGT20,PIMPOT20,D120,D920,RD20\n"
            "\"L'Île-d'Yeu\",85113,2300,4800.5,23100,nd,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s,s\n"
            "Ajaccio,2A004,30000,70000,20500,55,17.4,,,,,,,,,,,,,,,,,,,,10000,36000,3.6\n"
        ),
        {
            "COM-85113 revenu_median 2020": 23100,
            "COM-2A004 revenu_d9 2020": 36000,
            "COM-85113 taux_pauvrete 2020": None,
            "COM-85113 personnes_menages_fiscaux 2020": 4800.5,
        },
    ),
    (
        "base_cc_comparateur_16.csv",
        "insee.comparateur",
        "utf-8",
        (
            "CODGEO;LIBGEO;REG;DEP;P16_POP;P11_POP;SUPERF;NAIS1116;DECE1116;P16_MEN;NAISD18;DECESD18;P1"
            "6_LOG;P16_RP;P16_RSECOCC;P16_LOGVAC;P16_RP_PROP;NBMENFISC16;PIMP16;MED16;TP6016;P16_EMPLT;"
            "P16_EMPLT_SAL;P11_EMPLT;P16_POP1564;P16_CHOM1564;P16_ACT1564;ETTOT15;ETAZ15;ETBE15;ETFZ15;"
            "ETGU15;ETGZ15;ETOQ15;ETTEF115;ETTEFP1015\n"
            "86194;X;75;86;88000;87000;42.1;5000;3000;46000.5;1000;700;52000;46000;1500;4500;17000;4100"
            "0;52;19500;25;70000;65000;71000;60000;6000;42000;9000;10;400;600;6000;1500;1700;2200;500\n"
            "1001;X;75;86;88000;87000;42.1;5000;3000;46000.5;1000;700;52000;46000;1500;4500;17000;41000"
            ";52;19500;;70000;65000;71000;60000;6000;42000;9000;10;400;600;6000;1500;1700;2200;500\n"
        ),
        {
            "COM-86194 population_municipale 2016": 88000,
            "COM-86194 population_municipale 2011": 87000,
            "COM-86194 menages 2016": 46000.5,
            "COM-86194 naissances 2018": 1000,
            "COM-01001 taux_pauvrete 2016": None,
            "COM-86194 revenu_median 2016": 19500,
            "COM-86194 etablissements 2015": 9000,
            "COM-86194 naissances_entre_recensements 2016": 5000,
        },
    ),
    (
        "base_cc_comparateur_22.csv",
        "insee.comparateur",
        "utf-8",
        (
            "CODGEO;LIBGEO;REG;DEP;P22_POP;P16_POP;SUPERF;NAIS1622;DECE1622;P22_MEN;NAISD24;DECESD24;P2"
            "2_LOG;P22_RP;P22_RSECOCC;P22_LOGVAC;P22_RP_PROP;NBMENFISC21;PIMP21;MED21;TP6021;P22_EMPLT;"
            "P22_EMPLT_SAL;P16_EMPLT;P22_POP1564;P22_CHOM1564;P22_ACT1564;ETTOT23;ETAZ23;ETBE23;ETFZ23;"
            "ETGU23;ETGZ23;ETOQ23;ETTEF123;ETTEFP1023\n"
            "86194;X;75;86;88000;87000;42.1;5000;3000;46000.5;1000;700;52000;46000;1500;4500;17000;4100"
            "0;52;19500;25;70000;65000;71000;60000;6000;42000;9000;10;400;600;6000;1500;1700;2200;500\n"
            "1001;X;75;86;88000;87000;42.1;5000;3000;46000.5;1000;700;52000;46000;1500;4500;17000;41000"
            ";52;19500;;70000;65000;71000;60000;6000;42000;9000;10;400;600;6000;1500;1700;2200;500\n"
        ),
        {
            "COM-86194 population_municipale 2022": 88000,
            "COM-86194 population_municipale 2016": 87000,
            "COM-86194 menages 2022": 46000.5,
            "COM-86194 naissances 2024": 1000,
            "COM-01001 taux_pauvrete 2021": None,
            "COM-86194 revenu_median 2021": 19500,
            "COM-86194 etablissements 2023": 9000,
            "COM-86194 naissances_entre_recensements 2022": 5000,
        },
    ),
    (
        "base_cc_comparateur_EPCI_2021.csv",
        "insee.comparateur",
        "utf-8",
        (
            "CODGEO;LIBGEO;REG;DEP;P21_POP;P15_POP;SUPERF;NAIS1521;DECE1521;P21_MEN;NAISD23;DECESD23;P2"
            "1_LOG;P21_RP;P21_RSECOCC;P21_LOGVAC;P21_RP_PROP;NBMENFISC21;PIMP21;MED21;TP6021;P21_EMPLT;"
            "P21_EMPLT_SAL;P15_EMPLT;P21_POP1564;P21_CHOM1564;P21_ACT1564;ETTOT22;ETAZ22;ETBE22;ETFZ22;"
            "ETGU22;ETGZ22;ETOQ22;ETTEF122;ETTEFP1022\n"
            "200070035;X;75;86;88000;87000;42.1;5000;3000;46000.5;1000;700;52000;46000;1500;4500;17000;"
            "41000;52;19500;17;70000;65000;71000;60000;6000;42000;9000;10;400;600;6000;1500;1700;2200;5"
            "00\n"
        ),
        {
            "EPCI-200070035 population_municipale 2021": 88000,
        },
    ),
    (
        "base-cc-evol-struct-pop-2015.CSV",
        "insee.rp",
        "utf-8",
        (
            "CODGEO;P15_POP;P15_POP0014;P15_POP1529;P15_POP3044;P15_POP4559;P15_POP6074;P15_POP7589;P15"
            "_POP90P;P15_POPH;P15_H0014;P15_H1529;P15_H3044;P15_H4559;P15_H6074;P15_H7589;P15_H90P;P15_"
            "H0019;P15_H2064;P15_H65P;P15_POPF;P15_F0014;P15_F1529;P15_F65P;P15_POP01P;P15_POP01P_IRAN1"
            ";C15_POP15P;C15_POP15P_CS1;C15_POP15P_CS7;P15_POP_FR;P10_POP;P10_POP0014;P10_POPH\n"
            "86194;90240.5;12000;33000;16000;12000;10000;6000;1240.5;43000;6100;16000;8000;6000;4500;22"
            "00;200;9000;28000;6000;47240.5;5900;17000;8000;89000;70000;78000;20;17000;80000;88000;1250"
            "0;42000\n"
        ),
        {
            "COM-86194 population_municipale 2015": 90240.5,
            "COM-86194 population_municipale 2010": 88000,
            "COM-86194 population_75_plus 2015": 7240.5,
            "COM-86194 population_par_age 2015 M 0-14": 6100,
            "COM-86194 population_par_age 2015 F": 47240.5,
            "COM-86194 population_par_age 2015 F 65+": 8000,
            "COM-86194 population_par_age 2010 0-14": 12500,
        },
    ),
    (
        "base-cc-emploi-pop-active-2021.csv",
        "insee.rp",
        "utf-8",
        (
            "CODGEO;P21_POP1564;P21_POP1524;P21_POP2554;P21_POP5564;P21_H1564;P21_ACT1564;P21_ACT1524;P"
            "21_ACTOCC1564;P21_CHOM1564;P21_CHOM1524;P21_INACT1564;C21_ACT1564;C21_ACT1564_CS1;C21_ACT1"
            "564_CS3;P21_EMPLT;C21_EMPLT;P21_ACTOCC15P;P21_ACTOCC15P_VOIT;P21_SAL15P;P15_EMPLT;P15_ACT1"
            "564\n"
            "86194;60000;26000;28000;6000;29000;42000;13000;35500.5;6499.5;2500;18000;42010;50;9000;720"
            "00;72100;36000;19000;33000;71000;41000\n"
            "86078;60000;26000;28000;6000;29000;42000;13000;35500.5;6499.5;2500;18000;42010;50;9000;720"
            "00;72100;36000;19000;33000;71000;41000\n"
        ),
        {
            "COM-86194 actifs_15_64 2021": 42000,
            "COM-86194 chomeurs_15_64 2021": 6499.5,
            "COM-86194 emplois 2021": 72000,
            "COM-86194 emplois 2015": 71000,
            "COM-86194 actifs_agriculteurs 2021": 50,
            "COM-86194 actifs_occupes_voiture 2021": 19000,
            "COM-86078 actifs_occupes_15_64 2021": 35500.5,
            "COM-86194 population_15_24 2021": 26000,
        },
    ),
    (
        "base-cc-logement-2021.csv",
        "insee.rp",
        "utf-8",
        (
            "CODGEO;P21_LOG;P21_RP;P21_RSECOCC;P21_LOGVAC;P21_MAISON;P21_APPART;P21_RP_1P;P21_RP_PROP;P"
            "21_RP_LOC;P21_RP_LOCHLMV;P21_RP_GRAT;P21_NPER_RP;P21_RP_VOIT1P;P21_RP_VOIT1;P21_RP_VOIT2P;"
            "P21_MEN;P21_PMEN;P10_RP;P10_RP_VOIT1P\n"
            "2A004;40000;33000;5000;2000;9000;31000;3000;17000;15000;4500.25;1000;68000;27000;18000;900"
            "0;33000;69000;30000;24000\n"
        ),
        {
            "COM-2A004 logements 2021": 40000,
            "COM-2A004 residences_principales_hlm 2021": 4500.25,
            "COM-2A004 menages_sans_voiture 2021": 6000,
            "COM-2A004 menages_sans_voiture 2010": 6000,
        },
    ),
    (
        "base-cc-coupl-fam-men-2020.csv",
        "insee.rp",
        "utf-8",
        (
            "CODGEO;C20_MEN;C20_MENPSEUL;C20_MENHSEUL;C20_MENFSEUL;C20_MENSFAM;C20_MENFAM;C20_MENCOUPSE"
            "NF;C20_MENCOUPAENF;C20_MENFAMMONO;C20_PMEN;P20_POP15P;P20_POP1524;P20_POP80P;P20_POP7579_P"
            "SEUL;P20_POP80P_PSEUL;P20_POP15P_MARIEE;C20_FAM;C20_COUPAENF;C20_FAMMONO;C20_HMONO;C20_FMO"
            "NO;C20_COUPSENF;C20_NE24F0;P09_POP80P\n"
            "75056;1100000;570000;1;1;1;1;1;1;1;1;1;2;3;4;5;6;500000;200000;95000.5;1;1;200000;4;3\n"
            "69123;1;2;1;1;1;1;1;1;1;1;1;2;3;4;5;6;7;8;9;1;1;2;4;3\n"
            "69381;1;2;1;1;1;1;1;1;1;1;1;2;3;4;5;6;7;8;9;1;1;2;4;3\n"
        ),
        {
            "COM-75056 familles_monoparentales 2020": 95000.5,
            "COM-75056 familles_ensemble 2020": 500000,
            "COM-75056 menages 2020": 1100000,
            "COM-69381 familles_monoparentales 2020": None,
        },
    ),
    (
        "base-cc-diplomes-formation-2021.csv",
        "insee.rp",
        "utf-8",
        (
            "CODGEO;P21_POP0205;P21_POP1824;P21_SCOL0205;P21_SCOL1824;P21_NSCOL15P;P21_NSCOL15P_DIPLMIN"
            ";P21_NSCOL15P_BEPC;P21_NSCOL15P_CAPBEP;P21_NSCOL15P_BAC;P21_NSCOL15P_SUP2;P21_NSCOL15P_SUP"
            "34;P21_NSCOL15P_SUP5;P21_HNSCOL15P\n"
            "97411;100;200;90;150;900.5;1;2;3;4;5;6;7;8\n"
        ),
        {
            "COM-97411 non_scolarises_15_plus 2021": 900.5,
            "COM-97411 scolarises_18_24 2021": 150,
            "COM-97411 diplome_sup_5 2021": 7,
        },
    ),
    (
        "DS_RP_POPULATION_PRINC_2022_data.csv",
        "insee.melodi",
        "utf-8",
        (
            '"TIME_PERIOD";"OBS_VALUE";"GEO";"GEO_OBJECT";"AGE";"SEX";"RP_MEASURE";"EP_MEASURE"\n'
            '"2022";"90240.5";"86194";"COM";"_T";"_T";"POP";"_Z"\n'
            '"2011";"87000";"86194";"COM";"_T";"_T";"POP";"_Z"\n'
            '"2022";"6100";"86194";"COM";"Y_LT15";"F";"POP";"_Z"\n'
            '"2022";"437000";"86";"DEP";"_T";"_T";"POP";"_Z"\n'
            '"2022";"26700";"200070035";"EPCI";"_T";"_T";"POP";"_Z"\n'
            '"2022";"1";"86194";"ARR";"_T";"_T";"POP";"_Z"\n'
            '"2022";"67000000";"F";"FRANCE";"_T";"_T";"POP";"_Z"\n'
        ),
        {
            "COM-86194 population_municipale 2022": 90240.5,
            "COM-86194 population_municipale 2011": 87000,
            "COM-86194 population_par_age 2022 F 0-14": 6100,
            "DEP-86 population_municipale 2022": 437000,
            "EPCI-200070035 population_municipale 2022": 26700,
            "FRANCE population_municipale 2022": 67000000,
        },
    ),
    (
        "DS_FILOSOFI_CC_data.csv",
        "insee.melodi",
        "utf-8",
        (
            "GEO;GEO_OBJECT;FILOSOFI_MEASURE;UNIT_MEASURE;UNIT_MULT;CONF_STATUS;OBS_STATUS;TIME_PERIOD;"
            "OBS_VALUE\n"
            "2023-COM-86194;COM;MED_SL;EUR_YR;0;F;A;2021;20500\n"
            "2023-COM-86194;COM;PR_MD60;PT;0;C;A;2021;\n"
            "2023-EPCI-200070035;EPCI;MED_SL;EUR_YR;0;F;A;2021;21000\n"
        ),
        {
            "COM-86194 revenu_median 2021": 20500,
            "COM-86194 taux_pauvrete 2021": None,
            "EPCI-200070035 revenu_median 2021": 21000,
        },
    ),
    (
        "DS_POPULATIONS_REFERENCE_2023.csv",
        "insee.melodi",
        "utf-8",
        (
            "GEO,GEO_OBJECT,FREQ,TIME_PERIOD,POPREF_MEASURE,OBS_VALUE\n"
            "86082,COM,A,2023,PMUN,4474\n"
            "86082,COM,A,2023,PTOT,4560\n"
            "86,ARR,A,2023,PMUN,1\n"
        ),
        {
            "COM-86082 population_municipale 2023": 4474,
            "COM-86082 population_totale 2023": 4560,
        },
    ),
    (
        "txcouv_pe_com_2014.csv",
        "caf.taux_couverture",
        "utf-8",
        (
            "\ufeffDate référence;Numéro commune;Nom commune;Taux de couverture EAJE PSU;Taux de couverture "
            "hors EAJE PSU;Taux de couverture EAJE - ensemble;Taux de couverture préscolarisation;Taux "
            "de couverture assistantes maternelles;Taux de couverture salarié à domicile;Taux de couver"
            "ture accueil individuel - ensemble;Taux de couverture global\n"
            "2014-12-31;86194;POITIERS;20,5;2;22,5;3;26;1,6;27,6;53,1\n"
            "2014-12-31;1004;AMB;20,5;2;22,5;3;26;1,6;27,6;53,1\n"
        ),
        {
            "COM-86194 taux_couverture_global 2014": 53.1,
            "COM-01004 taux_couverture_global 2014": 53.1,
        },
    ),
    (
        "txcouv_pe_epci.csv",
        "caf.taux_couverture",
        "utf-8",
        (
            "\ufeffDate référence;Numéro EPCI;Nom EPCI;Taux de couv EAJE PSU;Taux de couv hors EAJE PSU;Taux"
            " de couv EAJE - ensemble;Taux de couv préscolarisation;Taux de couv assistantes maternelle"
            "s;Taux de couv salarié à domicile;Taux de couv accueil individuel - ensemble;Taux de couv "
            "global\n"
            "2022;200070035;CC du Civraisien;10.5;0;10.5;3;40;0.5;40.5;54\n"
            "2023;200070035;CC du Civraisien;10.5;0;10.5;3;41;0.5;41.5;55\n"
        ),
        {
            "EPCI-200070035 taux_couverture_global 2022": 54,
            "EPCI-200070035 taux_couverture_global 2023": 55,
        },
    ),
    (
        "txcouv_pe_dep.csv",
        "caf.taux_couverture",
        "utf-8",
        (
            "Date référence,Numéro département,Nom département,Taux de couv global,Taux de couv EAJE - "
            "ensemble\n"
            "2022,86,Vienne,60.1,20\n"
            "2022,1,Ain,61.2,19\n"
            "2022,2A,Corse du sud,55,30\n"
        ),
        {
            "DEP-86 taux_couverture_global 2022": 60.1,
            "DEP-01 taux_couverture_global 2022": 61.2,
        },
    ),
    (
        "data_CAF_2009_IRIS.csv",
        "caf.iris",
        "utf-8",
        (
            "CODGEO;LIBGEO;A;AAI;AI;AM;ACSSENF;ACAVENF;ENF;AAL;AAPL\n"
            "861940101;X;1200;1;800;150;50;200;400;700;500\n"
            "861940102;X;200;1;100;;;;30;100;\n"
        ),
        {
            "COM-86194 foyers_allocataires 2009": 1400,
        },
    ),
    (
        "data_CAF_2020_IRIS.csv",
        "caf.iris",
        "utf-8",
        (
            "CODGEO,NOTE,A,PERCOU,AI,AM,ACSSENF,ACAVENF,ENF,AAL,AAPL,ARSAS,APPA\n"
            "130550101,0,1 200,2000,800,150,50,200,400,700,500,100,100\n"
            '132010101,0,"1\u202f000",1500,700,100,50,150,300,600,400,100,100\n'
        ),
        {
            "COM-13055 foyers_allocataires 2020": 1200,
        },
    ),
    (
        "projets_detr_dsil_2021_bretagne.csv",
        "anct.projets",
        "utf-8",
        (
            "IDENTIFIANT;DOT;ECHELON;INSEEREG;INSEEDEP;CODGEO;LIBGEO;BENEFICIAIRE;CATEGORIE;INTITULE;CO"
            "UT_TOTAL;MONTANT_SUBVENTION\n"
            "2021DI1;DETR;Commune;53;35;35238;Rennes;RENNES;;Ecole;100000,5;30000\n"
            "2021DI2;DSIL;EPCI;53;35;243500139;RM;RM;;Tram;1234567,89;100000\n"
            "2021DI3;DETR;Département;53;35;35;;CD35;;R;1000;10\n"
        ),
        {
            "COM-35238 subventions_etat_communes 2021": 30000,
            "COM-35238 cout_projets_etat_communes 2021": 100000.5,
            "EPCI-243500139 subventions_etat_epci 2021": 100000,
        },
    ),
    (
        "liste-fs-20240115.csv",
        "anct.france_services",
        "utf-8",
        (
            "id_fs;lib_fs;format_fs;groupe;adresse;complement_adresse;code_postal;commune;insee_com;dep"
            "artement;region;latitude;longitude;telephone;mail;itinerance;date_mise_en_ligne;horaires\n"
            "12;France services de Civray;Espace labellisé;La Poste;1 rue X;;86400;CIVRAY;86078;86;75;4"
            "6.1;0.2;0549000000;fs@x.fr;non;2024-01-02;Lun 9h\n"
            "13;France services de Lyon;Espace labellisé;MSA;1 rue X;;69001;LYON;69381;69;84;46.1;0.2;0"
            "449000000;fs@x.fr;non;2024-01-02;Lun 9h\n"
            "14;FS;Bus;MSA;1 rue X;;01000;BOURG;1053;1;84;46.1;0.2;;;oui;2024-01-02;\n"
        ),
        {
            "COM-86078 lieux_france_services 2024": 1,
            "COM-69123 lieux_france_services 2024": 1,
            "COM-01053 lieux_france_services 2024": 1,
        },
    ),
    (
        "pop_histo.csv",
        "insee.population",
        "utf-8",
        (
            "CODGEO,LIBGEO,millesime_rp,annee_geo,POP\n"
            "1004,A,2024,2026,14000\n"
            "2A004,B,2024,2026,70000\n"
        ),
        {
            "COM-01004 population_municipale 2024": 14000,
        },
    ),
    (
        "rp2013_communes.csv",
        "insee.rp",
        "utf-8",
        (
            "code_insee;commune;pop_tot;pop_75p;pop_femmes;log_rp;hlm\n"
            "86194;Poitiers;87000,5;7000,25;45000;46000;10\n"
        ),
        {
            "COM-86194 population_municipale 2013": 87000.5,
        },
    ),
    (
        "rp_evol_epci_2020.csv",
        "insee.rp",
        "utf-8",
        (
            "codgeo;libgeo;an;tx_morta;tx_nata\n"
            "200070035;CC;2014-2020;11,2;8\n"
            "200070035;CC;2009-2014;12,2;9\n"
        ),
        {
            "EPCI-200070035 taux_mortalite 2020": 11.2,
        },
    ),
    (
        "FILO2020_DISP_DEP.csv",
        "insee.filosofi",
        "cp1252",
        (
            "CODGEO\tLIBGEO\tNBMEN20\tQ220\n"
            "1\tAin\t250000\t23000\n"
            "2A\tCorse-du-Sud\t60000\t21000\n"
            "974\tRéunion\t300000\t17000\n"
        ),
        {
            "DEP-01 revenu_median 2020": 23000,
            "DEP-2A revenu_median 2020": 21000,
        },
    ),
    (
        "FILO2020_DISP_REG.csv",
        "insee.filosofi",
        "utf-8",
        (
            "CODGEO;LIBGEO;NBMEN20;Q220\n"
            "75;N-A;2500000;22000\n"
            "1;Guadeloupe;100000;15000\n"
        ),
        {
            "REG-75 revenu_median 2020": 22000,
            "REG-01 revenu_median 2020": 15000,
        },
    ),
    (
        "FILO2019_DISP_COM_utf16.csv",
        "insee.filosofi",
        "utf-16",
        (
            "CODGEO;LIBGEO;NBMEN19;Q219\n"
            "86194;Poitiers;40000;19500\n"
        ),
        {
            "COM-86194 revenu_median 2019": 19500,
        },
    ),
    (
        "base_cc_comparateur_2024_xl.csv",
        "insee.comparateur",
        "utf-8",
        (
            "CODGEO;P21_POP;SUPERF;MED21\n"
            "86194;90 240;42,1;20 500\n"
            "1004;14\u202f000;24,6;22\u00a0000\n"
        ),
        {
            "COM-86194 population_municipale 2021": 90240,
            "COM-01004 revenu_median 2021": 22000,
        },
    ),
    (
        "dossier_complet.csv",
        "insee.comparateur",
        "utf-8",
        (
            "CODGEO;P21_POP;P15_POP;P10_POP;D99_POP;D90_POP;D68_POP;P21_POP0014;MED21;TP6021;NAIS1521;N"
            "AISD21;NAISD22;DECESD22;SUPERF;P21_LOG;C21_FAM;C21_FAMMONO;ETTOT23\n"
            "86194;90240;88000;87000;83448;78894;66593;12000;20500;25;5000;1000;990;700;42,1;53000;1700"
            "0;4500;9000\n"
        ),
        {
            "COM-86194 population_municipale 2021": 90240,
            "COM-86194 naissances 2021": 1000,
            "COM-86194 naissances 2022": 990,
        },
    ),
    (
        "base-cc-serie-historique-2021.csv",
        "insee.rp",
        "utf-8",
        (
            "CODGEO;P21_POP;P15_POP;P10_POP;D99_POP;D90_POP;D82_POP;D75_POP;D68_POP;SUPERF;NAIS1521;NAI"
            "S1015;NAIS6875;DECE1521;P21_LOG;D99_LOG;D68_RP\n"
            "86194;90240;88000;87000;83448;78894;79350;81313;66593;42,1;6000;5000;9000;4000;53000;42000"
            ";19000\n"
        ),
        {
            "COM-86194 population_municipale 1968": 66593,
            "COM-86194 population_municipale 1999": 83448,
        },
    ),
    (
        "s_ppa_dep_f.csv",
        "caf.cafdata",
        "utf-8",
        (
            "Date référence,Nom département,Numéro département,Nombre foyers PPA,Nombre personnes PPA,M"
            "ontant total PPA\n"
            "2022-12-01,VIENNE,86,28000,60000,5000000.5\n"
            "2022-12-01,CORSE DU SUD,2A,5000,9000,1000000\n"
            "2022-12-01,AIN,1,15000,30000,2000000\n"
        ),
        {
            "DEP-86 foyers_prime_activite 2022": 28000,
            "DEP-01 foyers_prime_activite 2022": 15000,
        },
    ),
    (
        "fr-en-ecoles-effectifs-nb_classes_2A.csv",
        "education.effectifs",
        "utf-8",
        (
            "rentree_scolaire,departement,commune,numero_ecole,nombre_total_classes,nombre_total_eleves"
            ",nombre_eleves_preelementaire_hors_ulis\n"
            "2024,CORSE DU SUD,AJACCIO,6200001A,5,100,40\n"
            "2024,CORSE DU SUD,PORTO VECCHIO,6200002B,3,60,20\n"
            "2024,CORSE DU SUD,PORTO-VECCHIO,6200003B,3,70,20\n"
        ),
        {
            "COM-2A004 eleves_premier_degre 2024-2025": 100,
            "COM-2A247 eleves_premier_degre 2024-2025": 130,
        },
    ),
    (
        "ecoles_paris.csv",
        "education.effectifs",
        "utf-8",
        (
            "Rentrée scolaire;Département;Commune;Numéro de l'école;Nombre total de classes;Nombre tota"
            "l d'élèves\n"
            "2024;PARIS;PARIS 1ER ARRONDISSEMENT;0750001A;5;100\n"
            "2024;PARIS;PARIS 20;0750002A;5;110\n"
            "2024;PARIS;PARIS;0750003A;5;120\n"
            "2024;RHONE;LYON 9E ARRONDISSEMENT;0690001A;5;130\n"
            "2024;RHONE;LYON;0690002A;5;140\n"
            "2024;MANCHE;CHERBOURG EN COTENTIN;0500001A;5;150\n"
            "2024;MANCHE;EQUEURDREVILLE HAINNEVILLE;0500002A;5;160\n"
            "2024;MAINE-ET-LOIRE;BEAUPREAU-EN-MAUGES;0490001A;5;170\n"
            "2024;HAUTS-DE-SEINE;L'HAY LES ROSES;0920001A;1;1\n"
            "2024;VAL-DE-MARNE;L'HAY LES ROSES;0940001A;1;10\n"
            "2024;SEINE-MARITIME;ST ETIENNE DU ROUVRAY;0760001A;1;12\n"
        ),
        {
            "COM-75056 eleves_premier_degre 2024-2025": 330,
            "COM-69123 eleves_premier_degre 2024-2025": 270,
            "COM-50129 eleves_premier_degre 2024-2025": 150,
            "COM-94038 eleves_premier_degre 2024-2025": 10,
            "COM-76575 eleves_premier_degre 2024-2025": 12,
        },
    ),
    (
        "DS_RP_LOGEMENT_PRINC_2022.csv",
        "insee.melodi",
        "utf-8",
        (
            "GEO;GEO_OBJECT;TIME_PERIOD;RP_MEASURE;OCS;TDW;TSH;CARS;NRG_SRC;BUILD_END;L_STAY;OBS_VALUE\n"
            "86194;COM;2022;DWELLINGS;_T;_T;_T;_T;_T;_T;_T;53000\n"
            "86194;COM;2022;DWELLINGS;DW_MAIN;_T;_T;_T;_T;_T;_T;46000.5\n"
            "86194;COM;2022;DWELLINGS;DW_MAIN;_T;100;_T;_T;_T;_T;17000\n"
            "86194;COM;2022;DWELLINGS;DW_VAC;_T;_T;_T;_T;_T;_T;5000\n"
        ),
        {
            "COM-86194 logements 2022": 53000,
            "COM-86194 residences_principales 2022": 46000.5,
            "COM-86194 residences_principales_proprietaires 2022": 17000,
        },
    ),
)
# fmt: on


@pytest.mark.parametrize(("name", "format", "encoding", "text", "known"), FILES, ids=[file[0] for file in FILES])
def test_each_figure_is_read_as_it_was_written(
    write: Callable[..., Path], *, name: str, format: str, encoding: str, text: str, known: Known
) -> None:
    table = sources.read(write(text, name, encoding), format=format, key="k", reference=reference.load())
    assert table.n_rows == table.n_accepted + table.n_rejected == len(text.splitlines()) - 1
    rows = table.observations
    assert observations.check(rows) == []
    keys = rows[["geo", "measure", "time_period", "sexe", "age"]].fillna("").agg(" ".join, axis="columns")
    found = pd.Series(rows["value"].to_numpy(), index=keys.str.split().str.join(" "))
    assert not found.index.duplicated().any()
    read = {key: float(found.get(key, float("nan"))) for key in known}
    assert {key: None if value != value else value for key, value in read.items()} == known  # noqa: PLR0124 - NaN
