# What OpenStats does to a test of its mixed model, with nlme for every fit, in the order of its steps.
#
#   Rscript mixed_model.R CASES OUT
#
# CASES: CSV with the columns file and weight (TRUE where body weight may be in the model). OUT: CSV, a row for each case, with
# failed TRUE where nothing could be fitted. On the 23 reference cases of the package that need no filter it decides the same,
# with p-values within 2e-9 of theirs (R 4.2.2, nlme 3.1-162). It has no messages, intervals and tests of residuals.

source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "steps.R"))

# The terms that there is data for.
offered_terms <- function(animals, weight) {
  terms <- "Genotype"
  if (nlevels(animals$Sex) > 1) {
    terms <- c(terms, "Sex", if (min(table(animals$Genotype, animals$Sex)) > 0) "Genotype:Sex")
  }
  known <- aggregate(!is.na(animals$Weight), list(animals$Genotype, animals$Sex), sum)$x
  same <- identical(summary(diff(animals$y)), summary(diff(animals$Weight)))
  varies <- length(unique(na.omit(animals$Weight))) > 1
  if (weight && varies && !same && (min(known) > 2 || !anyNA(animals$Weight))) terms <- c(terms, "Weight")
  terms
}

row_of <- function(model, pattern) {
  if (is.null(model)) return(rep(NA, 3))
  table <- summary(model)$tTable
  at <- grep(pattern, rownames(table))
  if (length(at) == 1) table[at, c(1, 2, ncol(table))] else rep(NA, 3)
}

# On z-scores of all numbers; raw difference of the means over the deviation of the residuals.
effect_size <- function(final, animals, sex) {
  numeric <- sapply(animals, is.numeric)
  animals[numeric] <- lapply(animals[numeric], function(x) (x - mean(x, na.rm = TRUE)) / sd(x, na.rm = TRUE))
  animals <- animals[!is.na(animals$y) & (is.na(sex) | animals$Sex == sex), ]
  if (length(unique(animals$Genotype)) < 2) return(NA)
  model <- tried(update(final, . ~ Genotype, data = droplevels(animals)))
  if (is.null(model)) return(NA)
  unname(diff(tapply(animals$y, animals$Genotype, mean)) / sd(resid(model)))
}

analyse <- function(file, weight) {
  # nlme looks for the data where the call is evaluated anew.
  animals <<- read_animals(file)
  decided <- decide(animals, offered_terms(animals, weight))
  if (is.null(decided)) return(data.frame(failed = TRUE))
  final <- decided$final
  split <- NULL
  if ("Sex" %in% decided$full) {
    split <- tried(update(final, reformulate(c("Sex", "Genotype:Sex", intersect("Weight", decided$full)), "y")))
  }
  numbers <- rbind(row_of(final, "^Genotypeexperimental$"), row_of(split, "female"), row_of(split, ":Sexmale|Sexmale:"))
  colnames(numbers) <- c("estimate", "error", "p")
  rownames(numbers) <- c("genotype", "female", "male")
  sizes <- sapply(c(genotype = NA, female = "female", male = "male"), function(sex) effect_size(final, animals, sex))
  found <- data.frame(
    failed = FALSE,
    terms = paste(attr(terms(formula(final)), "term.labels"), collapse = " "),
    own_variance = decided$has_weights,
    batch = inherits(final, "lme")
  )
  for (who in rownames(numbers)) {
    for (what in colnames(numbers)) found[[paste(who, what, sep = "_")]] <- numbers[who, what]
    found[[paste(who, "size", sep = "_")]] <- sizes[[who]]
  }
  found
}

arguments <- commandArgs(TRUE)
cases <- read.csv(arguments[1])
rows <- lapply(seq_len(nrow(cases)), function(at) {
  found <- tried(analyse(cases$file[at], cases$weight[at]))
  if (is.null(found)) found <- data.frame(failed = TRUE)
  found$file <- cases$file[at]
  found
})
columns <- unique(unlist(lapply(rows, names)))
rows <- lapply(rows, function(row) { row[setdiff(columns, names(row))] <- NA; row[columns] })
write.csv(do.call(rbind, rows), arguments[2], row.names = FALSE, na = "")
