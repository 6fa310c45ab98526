# Rscript golden.R   (in this folder)
suppressMessages(library(metafor))
input <- read.delim("input.tsv")
cases <- split(input, factor(input$case, unique(input$case)))
save <- function(table, name) write.table(format(table, digits = 17, trim = TRUE), name, sep = "\t", quote = FALSE, row.names = FALSE)
tight <- list(threshold = 1e-14, tol = 1e-14, maxiter = 10000)
exact <- list(tol = 1e-14, maxiter = 10000)
tests <- c(z = "z", hartung_knapp = "knha", hartung_knapp_max1 = "adhoc")
pooled <- rest <- NULL
add <- function(case, what, value) rest <<- rbind(rest, data.frame(case = case, what = what, value = value))
for (name in names(cases)) {
  d <- cases[[name]]
  for (method in c("FE", "DL", "REML", "PM", "ML", "SJ", "EB", "HE", "HS")) for (test in names(tests)) {
    if (method == "FE" && test != "z") next
    m <- rma(yi = effect, sei = std_error, data = d, method = method, test = tests[[test]], control = tight)
    p <- predict(m)
    pooled <- rbind(pooled, data.frame(case = name, method = method, test = test, estimate = coef(m), std_error = m$se, p_value = m$pval,
      ci_low = m$ci.lb, ci_high = m$ci.ub, tau2 = m$tau2, i2 = m$I2, h2 = m$H2, q = m$QE, q_p_value = m$QEp,
      prediction_low = if (method == "FE") NA else p$pi.lb, prediction_high = if (method == "FE") NA else p$pi.ub))
  }
  m <- rma(yi = effect, sei = std_error, data = d, control = tight)
  limits <- confint(m, control = exact)$random
  add(name, "tau2_low", limits["tau^2", "ci.lb"]); add(name, "tau2_high", limits["tau^2", "ci.ub"])
  left <- leave1out(rma(yi = effect, sei = std_error, data = d, test = "knha", control = tight))
  for (i in seq_len(nrow(d))) add(name, paste0("without_", i), left$estimate[i])
  for (i in seq_len(nrow(d))) add(name, paste0("without_p_", i), left$pval[i])
  small <- regtest(m, model = "lm")
  add(name, "egger_statistic", small$zval); add(name, "egger_p", small$pval)
  mods <- rma(yi = effect, sei = std_error, mods = ~ moderator, data = d, test = "knha", control = tight)
  add(name, "intercept", coef(mods)[[1]]); add(name, "slope", coef(mods)[[2]])
  add(name, "intercept_se", mods$se[1]); add(name, "slope_se", mods$se[2])
  add(name, "slope_p", mods$pval[2]); add(name, "residual_tau2", mods$tau2)
}
save(pooled, "expected_pooled.tsv"); save(rest, "expected_rest.tsv")
