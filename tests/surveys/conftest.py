"""A small declared survey and its exports, for the tests of questionnaires."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import sources
from ctgeval.surveys import declaration, questionnaire
from ctgeval.surveys.answers import Answers
from ctgeval.surveys.declaration import Survey

DECLARED = """\
[[enquete]]
id = "essai"
titre = "Essai"
recrutement = "{recruitment}"
source = "s"
effectif_invite = 20
{keys}
[[enquete.question]]
code = "Q1"
texte = "Cela va-t-il mieux ?"
type = "likert"
modalites = {{ A1 = "Non", A2 = "Un peu", A3 = "Oui" }}
ne_sait_pas = ["A9"]
[[enquete.question]]
code = "Q2"
texte = "Que faudrait-il ?"
type = "multiple"
modalites = {{ SQ001 = "Un bus", SQ002 = "Un vélo", autre = "Autre chose" }}
[[enquete.question]]
code = "Q3"
texte = "Quelle part ?"
type = "numerique"
unite = "%"
{more}
"""
HEADER = "id;submitdate;lastpage;startlanguage;Q1;Q2[SQ001];Q2[SQ002];Q2[other];Q3;w"


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., Survey]:
    """Write ``enquetes.toml`` and return its survey."""

    def make(*, recruitment: str = "aleatoire", keys: str = "", more: str = "") -> Survey:
        text = DECLARED.format(recruitment=recruitment, keys=keys, more=more)
        (tmp_path / declaration.FILE_NAME).write_text(text, encoding="utf-8")
        found = declaration.read(tmp_path)
        assert not found.problems, found.problems
        return found.items["essai"]

    return make


@pytest.fixture
def lime(tmp_path: Path) -> Callable[..., Answers]:
    """Match a LimeSurvey export with a survey."""

    def make(survey: Survey, *rows: str, header: str = HEADER) -> Answers:
        path = tmp_path / "export.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        table = sources.read(path, format="limesurvey", key="s", admitted={"Q9": "essai"})
        return questionnaire.match(survey, table.tables["reponses"], table.tables["questions"], file=table.file)

    return make
