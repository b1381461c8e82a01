# p-values of R's fisher.test: Rscript exact_test.R TABLES OUT, with a table on each line, its two columns one after the other.

arguments <- commandArgs(TRUE)
lines <- strsplit(readLines(arguments[1]), " ")
found <- sapply(lines, function(counts) fisher.test(matrix(as.integer(counts), ncol = 2), workspace = 2e8)$p.value)
writeLines(sprintf("%.17g", found), arguments[2])
