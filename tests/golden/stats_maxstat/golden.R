# Rscript golden.R   (in this folder)
suppressMessages({library(survival); library(maxstat)})
input <- read.delim("input.tsv")
cases <- split(input, factor(input$case, unique(input$case)))
out <- NULL
for (name in names(cases)) for (outcome in c("survival", "number", "response")) for (p in c("Lau92", "Lau94", "exactGauss", "condMC")) {
  d <- cases[[name]]
  set.seed(42)
  form <- switch(outcome, survival = Surv(time, event) ~ x, number = number ~ x, response = response ~ x)
  smethod <- switch(outcome, survival = "LogRank", number = "Wilcoxon", response = "Data")
  rest <- if (p == "condMC") list(B = 9999) else list()
  m <- do.call(maxstat.test, c(list(form, data = d, smethod = smethod, pmethod = p, minprop = 0.1, maxprop = 0.9), rest))
  out <- rbind(out, data.frame(case = name, outcome = outcome, pmethod = p, statistic = m$statistic, cut = m$estimate, p_value = m$p.value))
}
write.table(format(out, digits = 17, trim = TRUE), "expected.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
