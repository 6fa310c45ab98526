library(limma); set.seed(7)
out <- ""
g <- paste0("g", 1:80); s <- paste0("s", 1:10)
mu <- runif(80, 2, 12)
y <- matrix(rnorm(800), 80) * sqrt(1/rgamma(80, 3, 3)) * (1 + 4/mu) + mu
y[1:6, 6:10] <- y[1:6, 6:10] + 3
y <- round(y, 6); dimnames(y) <- list(g, s)
plain <- y; holes <- y; holes[cbind(c(3,3,9,20), c(1,2,7,10))] <- NA
equal <- round(matrix(rep(c(-1,1,0.5,-0.5,0.1,-0.1,0.8,-0.8,0.3,-0.3), each=80), 80) * 1 + seq(0,1,length.out=80), 6); dimnames(equal) <- list(g, s)
design <- cbind(1, rep(0:1, each=5), (0:9) %% 2)
w <- function(x, f) write.table(x, paste0(out, f), sep="\t", quote=FALSE, row.names=FALSE)
for (n in c("plain","holes","equal")) { x <- get(n); w(data.frame(gene=g, x), paste0(n, ".tsv"))
 for (tr in c(FALSE, TRUE)) { if (tr && n != "plain") next
  e <- eBayes(lmFit(x, design), trend=tr)
  w(data.frame(gene=g, t=format(e$t[,2],digits=17), p=format(e$p.value[,2],digits=17), B=format(e$lods[,2],digits=17), df_total=format(e$df.total,digits=17)), paste0(n, if (tr) "_trend" else "_flat", ".tsv")) } }
sessionInfo()$R.version$version.string; packageVersion("limma"); packageVersion("statmod")
