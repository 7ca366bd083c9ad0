"""Answers to the fictional surveys of the demo: shares planted, then drawn with a seed that is written here."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

__all__ = ["PLANTED", "families", "themes", "workshops"]

SECTORS: Mapping[str, float] = {"H": 0.30, "T": 0.34, "S": 0.36}
DRAWN: Mapping[str, float] = {"H": 0.26, "T": 0.45, "S": 0.29}
"""Those of Tressonne answer more readily: what the weights are there for."""
PLANTED: Mapping[int, Mapping[str, float]] = {
    2023: {"RENONCE": 0.34, "MIEUX": 0.55, "PARTICIPE": 0.42},
    2025: {"RENONCE": 0.22, "MIEUX": 0.68, "PARTICIPE": 0.52},
}
"""Shares from which answers are drawn, by year: to have given up something for want of transport, to feel better after
the actions for parents, to have taken part in them."""
_ANSWERED = {2023: 214, 2025: 231}
_MOMENT = "{year}-0{month}-{day:02d} {hour:02d}:{minute:02d}:00"
_SERVICE_SHARES = {
    2023: ((0.16, 0.30, 0.36, 0.18), (0.20, 0.34, 0.32, 0.14), (0.24, 0.36, 0.28, 0.12)),
    2025: ((0.10, 0.24, 0.42, 0.24), (0.14, 0.29, 0.38, 0.19), (0.20, 0.34, 0.32, 0.14)),
}
_TEXTS = (
    ("transport", "Un bus ou une navette pour aller au marché et à l'accueil de loisirs le mercredi."),
    ("transport", "Sans voiture on ne peut rien faire, il manque un transport à la demande."),
    ("transport", "Le car du mercredi s'arrête trop loin de la maison."),
    ("horaires", "Des horaires plus larges le soir, je finis à 19 heures."),
    ("horaires", "Que l'accueil ouvre dès 7 heures pour ceux qui travaillent loin."),
    ("accueil", "Plus de places chez les assistantes maternelles du secteur."),
    ("accueil", "Une solution de garde quand l'enfant est malade."),
    ("accueil", "Des places d'accueil pour les bébés avant la rentrée de septembre."),
    ("information", "On ne sait pas à qui s'adresser, il faudrait un seul endroit pour s'informer."),
    ("information", "Recevoir le programme des activités plus tôt."),
    ("lien", "Des moments pour se retrouver entre parents, pas seulement en ville."),
    ("lien", "Un lieu où les jeunes puissent venir le samedi."),
)


def families(year: int) -> list[list[str]]:
    """Return the LimeSurvey export of the survey of families of a year, header first."""
    chance = random.Random(f"familles-{year}-5")
    header = ["id", "submitdate", "lastpage", "startlanguage", "SECT", "COMPO", "RENONCE", "ACC1", "ACC2", "ACC3",
              "PARTICIPE", "MIEUX", "BESOINS[TRANS]", "BESOINS[HOR]", "BESOINS[GARDE]", "BESOINS[INFO]", "TRAJET",
              "LIBRE"]  # fmt: skip
    answered = _ANSWERED[year]
    sent = [_family(number, year, chance) for number in range(1, answered + 1)]
    # Left on the way: no date of submission.
    left = [
        [str(number), "", "1", "fr", _draw(DRAWN, chance), *[""] * (len(header) - 5)]
        for number in range(answered + 1, answered + 10)
    ]
    return [header, *sent, *left]


def _family(number: int, year: int, chance: random.Random) -> list[str]:
    planted = PLANTED[year]
    sector = _draw(DRAWN, chance)
    # Away from the towns one gives up more often, and the road is longer.
    renounced = planted["RENONCE"] * {"H": 1.25, "T": 0.6, "S": 1.17}[sector]
    minutes = max(2, round(chance.gauss({"H": 19, "T": 9, "S": 17}[sector], 5)))
    part = chance.random() < planted["PARTICIPE"]
    mood = chance.gauss(0, 0.9)
    better = "" if not part else _better(planted["MIEUX"], chance)
    needs = [chance.random() < share for share in (0.41, 0.29, 0.33, 0.24)]
    free = chance.choice(_TEXTS)[1] if chance.random() < 0.3 else ""
    return [
        str(number),
        _MOMENT.format(year=year, month=chance.choice((3, 4)), day=chance.randint(3, 28), hour=chance.randint(8, 21),
                       minute=chance.randint(0, 59)),
        "3", "fr", sector,
        _draw({"2P": 0.74, "1P": 0.20, "AU": 0.06}, chance),
        _silent("O" if chance.random() < renounced else "N", 0.03, chance),
        *(_silent(_level(shares, mood, chance), 0.02, chance) for shares in _SERVICE_SHARES[year]),
        "O" if part else "N",
        better,
        *("Y" if need else "N" for need in needs),
        _silent(str(minutes), 0.05, chance),
        free,
    ]  # fmt: skip


def _better(share: float, chance: random.Random) -> str:
    if chance.random() < 0.04:
        return "9"
    return _draw({"3": 0.4 * share, "2": 0.6 * share, "1": 1 - share}, chance)


def _level(shares: Sequence[float], mood: float, chance: random.Random) -> str:
    """Return one of four levels: those who are content of one service are of the others too."""
    at = min(max(_share_of(mood + chance.gauss(0, 0.6)), 0.0), 0.999)
    reached = 0.0
    for level, share in enumerate(shares, start=1):
        reached += share
        if at < reached:
            return str(level)
    return str(len(shares))


def _share_of(score: float) -> float:
    """Return the rank, 0 to 1, of a score of standard deviation 1.08 (logistic approximation of the normal law)."""
    return 1 / (1 + 2.718281828 ** (-1.702 * score / 1.08))


def _draw(shares: Mapping[str, float], chance: random.Random) -> str:
    return chance.choices(list(shares), weights=list(shares.values()))[0]


def _silent(answer: str, share: float, chance: random.Random) -> str:
    return "" if chance.random() < share else answer


def workshops() -> list[list[str]]:
    """Return the KoboToolbox export of the survey after the digital workshops of 2025, header first."""
    chance = random.Random("numerique-2025")
    header = ["_id", "_submission_time", "start", "end", "autonomie", "besoins", "besoins/demarches", "besoins/sante",
              "besoins/emploi", "note"]  # fmt: skip
    rows = [header]
    for number in range(1, 47):
        moment = f"2025-11-{chance.randint(3, 28):02d}T{chance.randint(9, 17):02d}:10:00"
        ticked = [name for name, share in (("demarches", 0.7), ("sante", 0.45), ("emploi", 0.3))
                  if chance.random() < share] or ["demarches"]  # fmt: skip
        flags = ["1" if name in ticked else "0" for name in ("demarches", "sante", "emploi")]
        level = _draw({"1": 0.26, "2": 0.46, "3": 0.28}, chance)
        rows.append([str(9000 + number), moment, moment, moment, level, " ".join(ticked), *flags,
                     str(chance.choice((6, 7, 7, 8, 8, 9, 10)))])  # fmt: skip
    return rows


def themes(year: int) -> Iterator[list[str]]:
    """Return the themes coded by hand for the open answers of a year, and the few that may be quoted, header first."""
    yield ["reponse_id", "question", "texte", "themes", "valide"]
    known = {text: theme for theme, text in _TEXTS}
    quoted: set[str] = set()
    for row in families(year)[1:]:
        if not row[-1]:
            continue
        theme = known[row[-1]]
        quote = theme not in quoted
        quoted.add(theme)
        yield [row[0], "LIBRE", "", theme, "oui" if quote else "non"]
