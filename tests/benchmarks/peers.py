"""How peers estimate each task: the calls of their documentation, with the options that make them comparable."""

from __future__ import annotations

import numpy as np
from adapters import ADAPTERS, Run, adapter, changes

__all__ = ["ADAPTERS"]

Data = dict[str, object]


@adapter("pyfixest", "did", "did_gaps")
def _(data: Data) -> Run:
    import pyfixest as pf

    def run() -> dict[str, float]:
        model = pf.feols("y ~ d | unit + year", data["frame"], vcov={"CRV1": "unit"}, copy_data=False, store_data=False)
        return {"est": float(model.coef()["d"]), "se": float(model.se()["d"])}

    return run


@adapter("pyfixest", "event_study", "event_study_gaps")
def _(data: Data) -> Run:
    import pyfixest as pf

    def run() -> dict[str, float]:
        formula = f"y ~ i(year, treated, ref={data['reference']}) | unit + year"
        model = pf.feols(formula, data["frame"], vcov={"CRV1": "unit"}, copy_data=False, store_data=False)
        name = next(name for name in model.coef().index if str(data["reference"] + 1) in name)
        return {"est": float(model.coef()[name]), "se": float(model.se()[name])}

    return run


@adapter("pyfixest", "wild")
def _(data: Data) -> Run:
    import pyfixest as pf

    model = pf.feols("y ~ treated + post + d", data["frame"], vcov={"CRV1": "cl"})

    def run() -> dict[str, float]:
        return {"p": float(model.wildboottest(reps=9999, cluster="cl", param="d", seed=1)["Pr(>|t|)"])}

    return run


@adapter("pyfixest", "newey_west")
def _(data: Data) -> Run:
    import pyfixest as pf

    def run() -> dict[str, float]:
        options = {"time_id": "t", "lag": 3}
        model = pf.feols("y ~ t + level + slope + C(month)", data["frame"], vcov="NW", vcov_kwargs=options)
        return {"est": float(model.coef()["level"]), "se": float(model.se()["level"])}

    return run


@adapter("diff-diff", "did")
def _(data: Data) -> Run:
    import diff_diff as dd

    def run() -> dict[str, float]:
        names = {"outcome": "y", "treatment": "treated", "post": "post", "unit": "unit"}
        found = dd.TwoWayFixedEffects(cluster="unit").fit(data["frame"], **names)
        return {"est": found.att, "se": found.se}

    return run


@adapter("diff-diff", "group_time_small", "group_time", "group_time_gaps")
def _(data: Data) -> Run:
    import diff_diff as dd

    def run() -> dict[str, float]:
        names = {"outcome": "y", "unit": "unit", "time": "year", "first_treat": "g"}
        found = dd.CallawaySantAnna(n_bootstrap=999, seed=1).fit(data["frame"], **names)
        found.aggregate("event_study")
        return {"est": float(found.overall_att), "se": float(found.overall_se)}

    return run


@adapter("diff-diff", "imputation", "imputation_gaps")
def _(data: Data) -> Run:
    import diff_diff as dd

    def run() -> dict[str, float]:
        names = {"outcome": "y", "unit": "unit", "time": "year", "first_treat": "g"}
        found = dd.ImputationDiD().fit(data["frame"], **names)
        return {"est": float(found.overall_att), "se": float(found.overall_se)}

    return run


@adapter("diff-diff", "synthetic_control")
def _(data: Data) -> Run:
    import diff_diff as dd

    years = sorted(data["frame"]["year"].unique())
    pre = data["pre"]

    def run() -> dict[str, float]:
        model = dd.SyntheticControl(v_method="custom", custom_v=np.ones(pre), standardize="none")
        names = {"outcome": "y", "treatment": "treat", "unit": "unit", "time": "year", "treated_unit": "u000"}
        found = model.fit(data["frame"], **names, post_periods=years[pre:], pre_period_outcomes=years[:pre])
        found.in_space_placebo()
        return {"est": float(found.att), "p": float(found.placebo_p_value)}

    return run


@adapter("diff-diff", "synthetic_did")
def _(data: Data) -> Run:
    import diff_diff as dd

    years = sorted(data["frame"]["year"].unique())

    def run() -> dict[str, float]:
        names = {"outcome": "y", "treatment": "ever", "unit": "unit", "time": "year"}
        model = dd.SyntheticDiD(variance_method="placebo", n_bootstrap=200, seed=1)
        found = model.fit(data["frame"], **names, post_periods=years[data["pre"] :])
        return {"est": float(found.att), "se": float(found.se)}

    return run


@adapter("moderndid", "group_time_small", "group_time")
def _(data: Data) -> Run:
    import moderndid as md

    def run() -> dict[str, float]:
        names = {"yname": "y", "tname": "year", "idname": "unit", "gname": "g"}
        cells = md.att_gt(data=data["frame"], **names, boot=True, biters=999, est_method="dr", random_state=1)
        md.aggte(cells, type="dynamic")
        found = md.aggte(cells, type="simple")
        return {"est": float(found.overall_att), "se": float(np.ravel(found.overall_se)[0])}

    return run


@adapter("moderndid", "sensitivity")
def _(data: Data) -> Run:
    from moderndid import create_sensitivity_results_rm

    def run() -> dict[str, float]:
        found = create_sensitivity_results_rm(
            betahat=data["coefficients"],
            sigma=data["covariance"],
            num_pre_periods=5,
            num_post_periods=2,
            m_bar_vec=np.array(data["values"]),
        )
        return {"est": float(np.ravel(found["lb"])[1]), "high": float(np.ravel(found["ub"])[1])}

    return run


@adapter("ritest", "randomization")
def _(data: Data) -> Run:
    from ritest import ritest

    def run() -> dict[str, float]:
        table = changes(data["frame"])
        found = ritest(df=table, permute_var="treated", formula="dy ~ treated", stat="treated", reps=10_000, seed=1)
        return {"est": float(found.obs_stat), "p": float(found.pval)}

    return run


@adapter("statsmodels", "newey_west")
def _(data: Data) -> Run:
    import statsmodels.formula.api as smf

    def run() -> dict[str, float]:
        model = smf.ols("y ~ t + level + slope + C(month)", data["frame"])
        found = model.fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True})
        return {"est": float(found.params["level"]), "se": float(found.bse["level"])}

    return run


@adapter("wildboottest", "wild")
def _(data: Data) -> Run:
    import statsmodels.formula.api as smf
    from wildboottest.wildboottest import wildboottest

    frame = data["frame"]
    model = smf.ols("y ~ treated + post + d", frame)

    def run() -> dict[str, float]:
        return {
            "p": float(wildboottest(model, param="d", cluster=frame.cl, B=9999, seed=1, show=False)["p-value"].iloc[0])
        }

    return run
