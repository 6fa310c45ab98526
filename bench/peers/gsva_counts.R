# Child process of bench.gsva_counts: score saved counts with GSVA's Poisson kernel, write the scores as doubles.
suppressMessages(library(GSVA))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
genes <- readLines(file.path(folder, "genes.txt"))
samples <- readLines(file.path(folder, "samples.txt"))
values <- readBin(file.path(folder, "values.bin"), "double", length(genes) * length(samples))
values <- matrix(values, nrow = length(genes), dimnames = list(genes, samples))
lines <- strsplit(readLines(file.path(folder, "sets.gmt")), "\t")
sets <- lapply(lines, function(one) one[-1])
names(sets) <- vapply(lines, function(one) one[1], "")
scores <- suppressWarnings(gsva(values, sets, method = "gsva", kcdf = "Poisson", verbose = FALSE, parallel.sz = 1))
writeBin(as.vector(scores[names(sets), samples]), file.path(folder, "scores.bin"))
cat(as.character(packageVersion("GSVA")))
