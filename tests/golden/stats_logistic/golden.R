# Rscript golden.R   (in this folder)
options(digits = 17)
input <- read.delim("input.tsv")
out <- do.call(rbind, lapply(split(input, factor(input$case, unique(input$case))), function(d) {
  x <- (d$score - mean(d$score)) / sd(d$score)
  control <- glm.control(epsilon = 1e-15, maxit = 200)
  fit <- glm(d$positive ~ x, family = binomial, control = control)
  # glm takes the standard error one step before its last: start again where it ended
  fit <- glm(d$positive ~ x, family = binomial, control = control, start = coef(fit))
  s <- summary(fit)$coefficients["x", ]
  ci <- confint.default(fit)["x", ]
  data.frame(case = d$case[1], n = nrow(d), n_positive = sum(d$positive), sd = sd(d$score),
             log_odds_ratio = s[[1]], std_error = s[[2]], p_value = s[[4]], ci_low = exp(ci[[1]]), ci_high = exp(ci[[2]]))
}))
write.table(format(out, digits = 17, trim = TRUE), "expected.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
tables <- read.delim("input_tables.tsv")
tables$p_value <- apply(tables[, c("a", "b", "c", "d")], 1, function(v) fisher.test(matrix(v, 2, byrow = TRUE))$p.value)
write.table(format(tables, digits = 17, trim = TRUE), "expected_tables.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
