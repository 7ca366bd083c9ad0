"""Likert items are compared as ranks between two waves, beside the share of their upper answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ctgeval.dossier import Dossier
from ctgeval.followup import surveys
from ctgeval.followup.topic import Reader
from ctgeval.surveys.design import design
from ctgeval.surveys.waves import Compared, Wave, compare

AGREE = ("non", "plutot_non", "plutot_oui", "oui")


def told(dossier: Dossier, audience: str) -> pd.DataFrame:
    results = dossier.indicators()
    reader = Reader(audience=audience, partner="", results=results, progress=dossier.progress_of(results))
    return surveys.TOPIC.tables(dossier, reader)["survey_changes"]


def test_the_team_reads_the_test_on_ranks_and_the_others_the_share_in_plain_words(demo: Dossier) -> None:
    ranked = told(demo, "interne").query("kind == 'rang'")
    assert ranked["question"].tolist() == ["ACC1", "ACC2", "ACC3", "MIEUX"]
    assert ranked["label"].iloc[0] == "Rang de la réponse, de « Pas du tout satisfait » à « Très satisfait »"
    assert ranked["difference"].between(-1, 1).all()
    assert ranked["p_value"].notna().all()
    for audience in ("copil", "habitants"):
        assert "rang" not in set(told(demo, audience)["kind"])


def test_who_does_not_know_has_no_rank() -> None:
    rng = np.random.default_rng(2)
    first, second = (pd.Series(rng.choice([*AGREE, "nsp"], 60)) for _ in range(2))
    waves = [
        Wave(answers=pd.DataFrame({"q": one}), design=design(60, recruitment="aleatoire")) for one in (first, second)
    ]
    found = compare(waves[0], waves[1], [Compared(question="q", kind="rang", options=AGREE, aside=("nsp",))]).iloc[0]
    ranks = [one[one != "nsp"].map({code: rank for rank, code in enumerate(AGREE)}) for one in (first, second)]
    assert (found["n_before"], found["n_after"]) == (len(ranks[0]), len(ranks[1]))
    assert found["p_value"] == pytest.approx(stats.mannwhitneyu(ranks[1], ranks[0]).pvalue)
