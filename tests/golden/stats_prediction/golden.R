# Numbers of the original implementations on input.tsv. Run in this folder: Rscript golden.R
suppressMessages({
  library(glmnet); library(survival); library(riskRegression); library(rms)
})
d <- read.delim("input.tsv")
x <- as.matrix(d[paste0("x", 1:8)])
rows <- list()
control <- glmnet.control(fdev = 0, devmax = 1, mnlam = 1)
for (alpha in c(0, 0.5, 1)) {
  for (s in c(0.2, 0.05, 0.01)) {
    path <- sort(unique(c(s, exp(seq(log(2), log(s), length.out = 30)))), decreasing = TRUE)
    fits <- list(
      logistic = glmnet(x, d$y, family = "binomial", alpha = alpha, lambda = path, standardize = FALSE, thresh = 1e-20, maxit = 1e7),
      cox = glmnet(x, Surv(d$time, d$event), family = "cox", alpha = alpha, lambda = path, standardize = FALSE, thresh = 1e-20, maxit = 1e7),
      cox_strata = glmnet(x, stratifySurv(Surv(d$time, d$event), d$stratum), family = "cox", alpha = alpha, lambda = path, standardize = FALSE, thresh = 1e-14, maxit = 1e7)
    )
    for (name in names(fits)) {
      b <- as.matrix(coef(fits[[name]]))[, length(path)]
      b <- b[paste0("x", 1:8)]
      rows[[length(rows) + 1]] <- data.frame(family = name, l1_ratio = alpha, strength = s, term = names(b), coef = unname(b))
    }
  }
}
write.table(format(do.call(rbind, rows), digits = 15, trim = TRUE), "expected_penalised.tsv", sep = "\t", quote = FALSE, row.names = FALSE)

errors <- list()
for (h in c(0.5, 1, 2)) {
  s <- Score(list(m = d$risk), formula = Hist(time, event) ~ 1, data = d, times = h, metrics = c("brier", "auc"),
             null.model = TRUE, cens.model = "km", se.fit = TRUE, summary = NULL)
  b <- s$Brier$score
  u <- concordance(Surv(time, event) ~ risk, data = d, reverse = TRUE, timewt = "n/G2", ymax = h)
  errors[[length(errors) + 1]] <- data.frame(
    horizon = h, brier = b$Brier[b$model == "m"], brier_se = b$se[b$model == "m"], reference = b$Brier[b$model == "Null model"],
    auc = s$AUC$score$AUC, auc_se = s$AUC$score$se, uno = unname(u$concordance), uno_se = sqrt(u$var)
  )
}
write.table(format(do.call(rbind, errors), digits = 15, trim = TRUE), "expected_errors.tsv", sep = "\t", quote = FALSE, row.names = FALSE)

n <- nrow(d); B <- 20
set.seed(7)
drawn <- t(replicate(B, sample(n, replace = TRUE))) - 1
write.table(drawn, "resamples.tsv", sep = "\t", quote = FALSE, row.names = FALSE, col.names = FALSE)
f <- cph(Surv(time, event) ~ x1 + x2 + x3, data = d, x = TRUE, y = TRUE)
g <- lrm(y ~ x1 + x2 + x3, data = d, x = TRUE, y = TRUE, tol = 1e-14)
set.seed(7); v <- unclass(validate(f, B = B))
set.seed(7); w <- unclass(validate(g, B = B))
labelled <- function(name, z) data.frame(model = name, index = rownames(z), z[, 1:5], row.names = NULL)
write.table(format(rbind(labelled("cox", v), labelled("logistic", w)), digits = 15, trim = TRUE), "expected_validate.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
cat(R.version.string, sapply(c("glmnet", "survival", "riskRegression", "rms"), function(p) paste(p, packageVersion(p))), sep = "\n")
