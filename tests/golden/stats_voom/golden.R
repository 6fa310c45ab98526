library(limma)
set.seed(11)
n <- 8
mu <- exp(runif(150, 0, 8))
counts <- matrix(rnbinom(150 * n, mu = rep(mu, n) * rep(runif(n, 0.5, 2), each = 150), size = 5), 150)
counts[1:3, ] <- 0
counts[4:10, 5:8] <- counts[4:10, 5:8] * 4
design <- cbind(1, rep(0:1, each = 4))
g <- paste0("g", 1:150)
w <- function(x, f) write.table(x, f, sep = "\t", quote = FALSE, row.names = FALSE)
v <- voom(counts, design)
e <- eBayes(lmFit(v, design))
colnames(counts) <- paste0("s", 1:n)
f <- function(x) { x <- apply(x, 2, format, digits = 17); colnames(x) <- paste0("s", 1:n); data.frame(gene = g, x) }
w(data.frame(gene = g, counts), "counts.tsv")
w(f(v$E), "log_cpm.tsv")
w(f(v$weights), "weights.tsv")
w(data.frame(gene = g, t = format(e$t[, 2], digits = 17), p = format(e$p.value[, 2], digits = 17), B = format(e$lods[, 2], digits = 17)), "expected.tsv")
x <- c(round(runif(60, 0, 5), 1), 20, 21); y <- round(sin(x) + rnorm(62) / 4, 6)
l <- lowess(x, y, f = 0.4)
w(data.frame(x = x, y = y, sorted = format(l$x, digits = 17), smooth = format(l$y, digits = 17)), "lowess.tsv")
