# Rscript golden.R   (in this folder)
suppressMessages({library(survival); library(cmprsk)})
input <- read.delim("input.tsv"); input$weight <- as.numeric(input$weight)
cases <- split(input, factor(input$case, unique(input$case)))
save <- function(table, name) write.table(format(table, digits = 17, trim = TRUE), name, sep = "\t", quote = FALSE, row.names = FALSE)
exact <- coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-15)
models <- list(
  efron = function(d) coxph(Surv(time, event == 1) ~ a + b + c, d, ties = "efron", control = exact),
  breslow = function(d) coxph(Surv(time, event == 1) ~ a + b + c, d, ties = "breslow", control = exact),
  strata = function(d) coxph(Surv(time, event == 1) ~ a + b + c + strata(stratum), d, control = exact),
  weights = function(d) coxph(Surv(time, event == 1) ~ a + b + c, d, weights = weight, robust = FALSE, control = exact),
  entry = function(d) coxph(Surv(entry, time, event == 1) ~ a + b + c, d, control = exact),
  entry_breslow = function(d) coxph(Surv(entry, time, event == 1) ~ a + b + c, d, ties = "breslow", control = exact),
  robust = function(d) coxph(Surv(time, event == 1) ~ a + b + c, d, robust = TRUE, control = exact),
  clusters = function(d) coxph(Surv(time, event == 1) ~ a + b + c, d, cluster = cluster, control = exact),
  all = function(d) coxph(Surv(entry, time, event == 1) ~ a + b + c + strata(stratum), d, weights = weight, cluster = cluster, control = exact)
)
cox <- ph <- global <- NULL
for (name in names(cases)) for (model in names(models)) {
  d <- cases[[name]]
  fit <- models[[model]](d)
  endless <- max(abs(coef(fit))) > 8  # R warns that the likelihood has no maximum
  if (endless) { cox <- rbind(cox, data.frame(case = name, model = model, term = names(coef(fit)), coef = NA, se = NA)); next }
  cox <- rbind(cox, data.frame(case = name, model = model, term = names(coef(fit)), coef = coef(fit), se = sqrt(diag(fit$var))))
  global <- rbind(global, data.frame(case = name, model = model, loglik0 = fit$loglik[1], loglik1 = fit$loglik[2],
                                     wald = fit$wald.test, score = fit$score))
  if (!(model %in% c("robust", "clusters", "all"))) for (transform in c("km", "rank", "identity", "log")) {
    z <- cox.zph(fit, transform = transform, terms = FALSE)$table
    ph <- rbind(ph, data.frame(case = name, model = model, transform = transform, term = rownames(z), chisq = z[, 1], p = z[, 3]))
  }
}
save(cox, "expected_cox.tsv"); save(global, "expected_global.tsv"); save(ph, "expected_ph.tsv")

rest <- NULL
add <- function(case, what, value) rest <<- rbind(rest, data.frame(case = case, what = what, value = value))
curves <- gray <- crr_rows <- NULL
for (name in names(cases)) {
  d <- cases[[name]]
  k <- concordance(Surv(time, event == 1) ~ a, d, reverse = TRUE)
  add(name, "concordance", k$concordance); add(name, "concordance_se", sqrt(k$var))
  k <- concordance(Surv(time, event == 1) ~ a + strata(stratum), d, reverse = TRUE)
  add(name, "concordance_strata", k$concordance); add(name, "concordance_strata_se", sqrt(k$var))
  for (rho in c(0, 0.5, 1)) {
    add(name, paste0("rho", rho), survdiff(Surv(time, event == 1) ~ b, d, rho = rho)$chisq)
    add(name, paste0("rho", rho, "_strata"), survdiff(Surv(time, event == 1) ~ b + strata(stratum), d, rho = rho)$chisq)
  }
  for (g in 0:1) {
    t <- summary(survfit(Surv(time, event == 1) ~ 1, d[d$b == g, ]), rmean = 15)$table
    add(name, paste0("rmst", g), t[["rmean"]]); add(name, paste0("rmst_se", g), t[["se(rmean)"]])
  }
  for (g in 0:1) {
    s <- d[d$b == g, ]; s$id <- seq_len(nrow(s))
    fit <- survfit(Surv(time, factor(event, 0:2)) ~ 1, data = s, id = id)
    curves <- rbind(curves, data.frame(case = name, group = g, time = fit$time, incidence1 = fit$pstate[, 2], se1 = fit$std.err[, 2],
                                       incidence2 = fit$pstate[, 3], se2 = fit$std.err[, 3]))
  }
  for (column in c("b", "stratum")) {
    t <- cuminc(d$time, d$event, d[[column]])$Tests
    gray <- rbind(gray, data.frame(case = name, group = column, cause = 1:2, statistic = t[, "stat"], p = t[, "pv"], df = t[, "df"]))
  }
  for (cause in 1:2) {
    fit <- crr(d$time, d$event, d[, c("a", "b", "c")], failcode = cause, gtol = 1e-12, maxiter = 50)
    crr_rows <- rbind(crr_rows, data.frame(case = name, cause = cause, term = c("a", "b", "c"), coef = fit$coef, se = sqrt(diag(fit$var)),
                                           loglik = fit$loglik, loglik0 = fit$loglik.null))
  }
}
save(rest, "expected_rest.tsv"); save(curves, "expected_incidence.tsv"); save(gray, "expected_gray.tsv"); save(crr_rows, "expected_fine_gray.tsv")
