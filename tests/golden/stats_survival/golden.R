# Rscript golden.R   (in this folder)
suppressMessages(library(survival))
options(digits = 17)
input <- read.delim("input.tsv")
cases <- split(input, factor(input$case, unique(input$case)))
save <- function(table, name) write.table(format(table, digits = 17, trim = TRUE), name, sep = "\t", quote = FALSE, row.names = FALSE)
bind <- function(f) do.call(rbind, lapply(cases, f))

save(bind(function(d) do.call(rbind, lapply(c("log-log", "log", "plain"), function(kind) {
  do.call(rbind, lapply(sort(unique(d$group)), function(g) {
    fit <- survfit(Surv(time, event) ~ 1, data = d[d$group == g, ], conf.type = kind)
    data.frame(case = d$case[1], ci_type = kind, group = g, time = fit$time, at_risk = fit$n.risk, n_events = fit$n.event,
               n_censored = fit$n.censor, survival = fit$surv, ci_low = fit$lower, ci_high = fit$upper)
  }))
}))), "expected_curves.tsv")

save(bind(function(d) do.call(rbind, lapply(c("log-log", "log", "plain"), function(kind) {
  do.call(rbind, lapply(sort(unique(d$group)), function(g) {
    s <- summary(survfit(Surv(time, event) ~ 1, data = d[d$group == g, ], conf.type = kind))$table
    data.frame(case = d$case[1], ci_type = kind, group = g, median = s[["median"]], ci_low = s[["0.95LCL"]], ci_high = s[["0.95UCL"]])
  }))
}))), "expected_medians.tsv")

save(bind(function(d) {
  s <- survdiff(Surv(time, event) ~ group, data = d)
  data.frame(case = d$case[1], statistic = s$chisq, df = length(s$n) - 1,
             p_value = pchisq(s$chisq, length(s$n) - 1, lower.tail = FALSE), observed = s$obs[1], expected = s$exp[1])
}), "expected_log_rank.tsv")

save(bind(function(d) {
  d <- d[d$group %in% c(0, max(d$group)), ]
  d$high <- as.integer(d$group > 0)
  fit <- coxph(Surv(time, event) ~ high, data = d, ties = "efron", control = coxph.control(eps = 1e-15, iter.max = 200, toler.chol = 1e-16, toler.inf = 1e-12))
  s <- summary(fit)
  data.frame(case = d$case[1], n = nrow(d), n_events = sum(d$event), log_hazard_ratio = s$coefficients[1, "coef"],
             std_error = s$coefficients[1, "se(coef)"], p_value = s$coefficients[1, "Pr(>|z|)"],
             ci_low = s$conf.int[1, "lower .95"], ci_high = s$conf.int[1, "upper .95"])
}), "expected_cox.tsv")
