# Child process of bench.screen_speed: Cox models of single columns with R's survival, what they cost as one line.
suppressPackageStartupMessages(library(survival))
args <- commandArgs(trailingOnly = TRUE)
folder <- args[1]; how <- args[2]; part <- as.integer(args[3])
n <- 500L
values <- matrix(readBin(file.path(folder, "values.bin"), "double", n * part), nrow = n)
time <- readBin(file.path(folder, "time.bin"), "double", n)
event <- readBin(file.path(folder, "event.bin"), "double", n)
y <- Surv(time, event)
order_ <- order(time)
fit_one <- if (how == "coxph") function(j) coef(coxph(y ~ values[, j])) else function(j)
  coxph.fit(x = values[, j, drop = FALSE], y = y, strata = NULL, offset = NULL, init = 0,
            control = coxph.control(), weights = NULL, method = "efron", rownames = NULL)$coefficients
for (j in 1:5) fit_one(j)
before <- sum(proc.time()[1:2])
found <- vapply(seq_len(part), function(j) unname(fit_one(j)), 0)
cost <- sum(proc.time()[1:2]) - before
tight <- vapply(1:20, function(j) unname(coef(coxph(y ~ values[, j], control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 50)))), 0)
cat(sprintf('{"cpu_s": %.6f, "peak_gb": 0, "effects": [%s]}\n', cost, paste(sprintf("%.17g", tight), collapse = ", ")))
