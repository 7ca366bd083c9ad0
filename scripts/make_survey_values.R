# Store what R's survey, psych and stats give: run by hand, `Rscript scripts/make_survey_values.R DATA`, where DATA is the
# folder of CTGEVAL_REAL_DATA. Writes tests/surveys/golden: r_survey.json (values), apiclus1.csv (data shipped with
# survey: California Academic Performance Index 2000, public records), attitude.csv (Chatterjee and Price 1977, in R).
suppressMessages({library(survey); library(psych); library(jsonlite)})
data_folder <- commandArgs(trailingOnly = TRUE)[1]
golden <- "tests/surveys/golden"
found <- list(versions = list(R = R.version.string, survey = as.character(packageVersion("survey")),
                              psych = as.character(packageVersion("psych"))))

shares <- function(variable, design, by = NULL) {
  one <- function(d) {
    d <- d[!is.na(d$variables[[variable]]), ]
    levels_ <- sort(unique(d$variables[[variable]]))
    out <- lapply(levels_, function(level) {
      d <- update(d, yes = as.numeric(d$variables[[variable]] == level))
      m <- svymean(~yes, d)
      ci <- attr(svyciprop(~yes, d, method = "logit"), "ci")
      list(n = nrow(d), estimate = unname(coef(m)), se = unname(SE(m)[1]), low = unname(ci[1]), high = unname(ci[2]))
    })
    names(out) <- levels_
    out
  }
  if (is.null(by)) return(one(design))
  groups <- sort(unique(na.omit(design$variables[[by]])))
  out <- lapply(groups, function(g) one(design[which(design$variables[[by]] == g), ]))
  names(out) <- groups
  out
}
mean_of <- function(variable, design) {
  d <- design[!is.na(design$variables[[variable]]), ]
  d <- update(d, y = d$variables[[variable]])
  m <- svymean(~y, d)
  ci <- confint(m, df = degf(d))
  q <- svyquantile(~y, d, 0.5, qrule = "math", interval.type = "mean", ci = TRUE)$y
  list(n = nrow(d), estimate = unname(coef(m)), se = unname(SE(m)[1]), low = ci[1], high = ci[2],
       median = unname(svyquantile(~y, d, 0.5, qrule = "school", ci = FALSE)$y[1]),
       median_low = unname(q[1, "ci.2.5"]), median_high = unname(q[1, "ci.97.5"]))
}

hdv <- read.csv(file.path(data_folder, "survey/hdv2003.csv"), na.strings = "", check.names = FALSE)
hdv$grappe <- hdv$id %% 60
names(hdv) <- gsub("[.]", "_", names(hdv))
plain <- svydesign(ids = ~1, weights = ~poids, data = hdv)
drawn <- svydesign(ids = ~grappe, strata = ~sexe, nest = TRUE, weights = ~poids, data = hdv)
found$hdv <- list(
  trav_satisf = shares("trav_satisf", plain), trav_satisf_by_sexe = shares("trav_satisf", plain, "sexe"),
  clso = shares("clso", plain), age = mean_of("age", plain), heures_tv = mean_of("heures_tv", plain),
  drawn_trav_satisf = shares("trav_satisf", drawn), drawn_age = mean_of("age", drawn)
)
gss <- read.csv(gzfile(file.path(data_folder, "survey/gss_happy.csv.gz")), na.strings = "")
gss <- gss[!is.na(gss$wtssall), ]
gss_design <- svydesign(ids = ~1, weights = ~wtssall, data = gss)
found$gss <- list(happy = shares("happy", gss_design), happy_by_sex = shares("happy", gss_design, "sex"))

# Raking of the survey of 2003 to invented margins.
hdv$tranche <- as.character(cut(hdv$age, c(0, 29, 44, 59, 120), labels = c("a", "b", "c", "d")))
raked <- rake(svydesign(ids = ~1, weights = ~poids, data = hdv), list(~sexe, ~tranche),
              list(data.frame(sexe = c("Femme", "Homme"), Freq = c(5200, 4800)),
                   data.frame(tranche = c("a", "b", "c", "d"), Freq = c(2100, 2600, 2500, 2800))),
              control = list(maxit = 500, epsilon = 1e-10))
w <- weights(raked)
found$raked_hdv <- list(first = head(w, 40), sum = sum(w), squares = sum(w^2))

# The example of survey's help page of rake, as published, and with its replicates raked again without correction.
data(api)
write.csv(apiclus1[, c("dnum", "stype", "sch.wide", "pw", "api00", "enroll")], file.path(golden, "apiclus1.csv"),
          row.names = FALSE)
types <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
wide <- data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))
api <- function(design) {
  r <- rake(as.svrepdesign(design, mse = TRUE), list(~stype, ~sch.wide), list(types, wide),
            control = list(maxit = 500, epsilon = 1e-10))
  m <- svymean(~api00, r, return.replicates = FALSE)
  list(estimate = unname(coef(m)), se = unname(SE(m)[1]), total = unname(coef(svytotal(~enroll, r))),
       weights = head(weights(r, "sampling"), 40))
}
found$api <- api(svydesign(id = ~dnum, weights = ~pw, data = apiclus1))
found$api_fpc <- api(svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc))
jk <- as.svrepdesign(svydesign(ids = ~dnum, weights = ~pw, data = apiclus1), mse = TRUE)
found$api_jackknife <- list(estimate = unname(coef(svymean(~api00, jk))), se = unname(SE(svymean(~api00, jk))[1]))

# Scales.
write.csv(attitude, file.path(golden, "attitude.csv"), row.names = FALSE)
a <- suppressWarnings(psych::alpha(attitude))
feldt <- psych::alpha.ci(a$total$raw_alpha, n.obs = 30, n.var = 7, digits = 12)
one <- factanal(covmat = cov(attitude), factors = 1, control = list(opt = list(factr = 10), lower = 0.005))
omega_of <- function(loadings, u2) sum(loadings)^2 / (sum(loadings)^2 + sum(u2))
s <- sqrt(diag(cov(attitude)))
found$attitude <- list(
  alpha = a$total$raw_alpha, standardised = a$total$std.alpha, feldt_low = feldt$lower.ci, feldt_high = feldt$upper.ci,
  r_drop = a$item.stats$r.drop, alpha_drop = a$alpha.drop$raw_alpha,
  loadings = as.numeric(one$loadings),
  omega = omega_of(as.numeric(one$loadings) * s, one$uniquenesses * s^2)
)
ability <- cov2cor(ability.cov$cov)
fit <- factanal(covmat = ability, factors = 1, n.obs = 112)
minres <- suppressWarnings(psych::fa(ability, nfactors = 1, fm = "minres", n.obs = 112))
psych_omega <- suppressWarnings(suppressMessages(psych::omega(ability, nfactors = 1, fm = "ml", plot = FALSE, n.obs = 112)))
found$ability <- list(correlations = ability, uniquenesses = unname(fit$uniquenesses),
                      loadings = as.numeric(fit$loadings), minres = as.numeric(minres$loadings),
                      omega = psych_omega$omega.tot)
writeLines(toJSON(found, auto_unbox = TRUE, digits = 14, pretty = TRUE), file.path(golden, "r_survey.json"))
