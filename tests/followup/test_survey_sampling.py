"""No interval and no test are drawn from the number of those who chose to answer, nor against a survey's own design."""

from __future__ import annotations

from ctgeval.dossier import Dossier
from ctgeval.followup.survey_sampling import unsampled


def test_volunteers_and_raked_answers_give_indicators_a_value_without_interval_nor_test(demo: Dossier) -> None:
    # AD08 is fed by volunteers; MO03 by families drawn at random, whose weights widen what their number would give.
    surveys = {one.survey.source: one.survey.recrutement for one in demo.surveys.taken.values()}
    assert set(surveys.values()) == {"aleatoire", "volontaire"}
    assert unsampled(demo) == set(surveys)
    for indicator in ("AD08", "MO03", "PA05"):
        told = demo.indicators(indicator).query("source in @surveys and value == value")
        assert len(told)
        assert told[["ci_low", "ci_high"]].isna().all(axis=None)
    tested = demo.changes().query("indicator in ['AD08', 'MO03', 'PA05']")
    assert len(tested)
    assert tested["p_value"].isna().all()
