# Rscript golden.R   (in this folder)
suppressMessages(library(pROC))
options(digits = 17)
input <- read.delim("input.tsv")
out <- do.call(rbind, lapply(split(input, factor(input$case, unique(input$case))), function(d) {
  r <- roc(d$positive, d$score, levels = c(0, 1), direction = "<", quiet = TRUE)
  ci <- suppressWarnings(as.numeric(ci.auc(r, conf.level = 0.95, method = "delong")))
  ci90 <- suppressWarnings(as.numeric(ci.auc(r, conf.level = 0.90, method = "delong")))
  w <- suppressWarnings(wilcox.test(d$score[d$positive == 1], d$score[d$positive == 0]))
  data.frame(case = d$case[1], n = nrow(d), n_positive = sum(d$positive), auc = as.numeric(auc(r)),
             std_error = suppressWarnings(sqrt(var(r, method = "delong"))), ci_low = ci[1], ci_high = ci[3],
             ci90_low = ci90[1], ci90_high = ci90[3],
             p_value = w$p.value, exact = grepl("exact", w$method))
}))
write.table(format(out, digits = 17, trim = TRUE), "expected.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
