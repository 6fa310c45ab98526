# Child process of bench.scoring_speed: score a saved matrix with GSVA, print what it cost as JSON.
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
before <- proc.time()
scores <- suppressWarnings(gsva(values, sets, method = arguments[2], kcdf = "Gaussian", verbose = FALSE, parallel.sz = 1))
cost <- proc.time() - before
peak <- as.numeric(sub("\\D*(\\d+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 2^20
cat(sprintf('{"cpu_s": %f, "peak_gb": %f}\n', cost[["user.self"]] + cost[["sys.self"]], peak))
