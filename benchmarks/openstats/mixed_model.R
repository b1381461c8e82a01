# What OpenStats does to a test of its mixed model, with nlme for every fit, in the order of its steps.
#
#   Rscript mixed_model.R CASES OUT
#
# CASES: CSV with the columns file and weight (TRUE where body weight may be in the model). OUT: CSV, a row for each case, with
# failed TRUE where nothing could be fitted. On the 23 reference cases of the package that need no filter it decides the same,
# with p-values within 2e-9 of theirs (R 4.2.2, nlme 3.1-162). It has no messages, intervals and tests of residuals.

suppressMessages(library(nlme))

for_lme <- lmeControl(opt = "optim", maxIter = 1500, msMaxIter = 1500)
for_gls <- glsControl(opt = "optim", singular.ok = TRUE, maxIter = 1500, msMaxIter = 1500)
own_variance <- varIdent(form = ~ 1 | Genotype)

# A fit, or NULL: a warning counts as a failure.
tried <- function(expression) tryCatch(expression, warning = function(e) NULL, error = function(e) NULL)

aicc <- function(model) {
  k <- attr(logLik(model), "df")
  n <- length(resid(model))
  -2 * as.numeric(logLik(model)) + 2 * k * n / (n - k - 1)
}

read_animals <- function(file) {
  animals <- read.csv(file, na.strings = "")
  data.frame(
    y = animals$data_point,
    Genotype = factor(animals$biological_sample_group, levels = c("control", "experimental")),
    Sex = factor(animals$sex, levels = intersect(c("female", "male"), animals$sex)),
    Batch = factor(animals$date_of_experiment),
    Weight = as.numeric(if (is.null(animals$weight)) NA else animals$weight)
  )
}

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

# The full model, or the first that can be fitted with a term less, by lme and else by gls.
begin <- function(animals, terms) {
  whole <- reformulate(attr(terms(reformulate(terms)), "term.labels"), "y")
  labels <- attr(terms(whole), "term.labels")
  for (method in c(if (nlevels(animals$Batch) > 1) "lme", "gls")) {
    for (without in c("", rev(labels))) {
      if (without == "Genotype") next
      formula <- if (without == "") whole else update(whole, paste(". ~ . -", without))
      common <- list(data = animals, na.action = na.omit, method = "REML", weights = own_variance)
      model <- tried(if (method == "lme") {
        do.call(lme, c(list(fixed = formula, random = ~ 1 | Batch, control = for_lme), common))
      } else {
        do.call(gls, c(list(model = formula, control = for_gls), common))
      })
      if (!is.null(model)) return(list(model = model, formula = formula))
    }
  }
  NULL
}

# Backward elimination of fixed effects by AICc.
drop_terms <- function(model) {
  model <- update(model, method = "ML")
  repeat {
    labels <- attr(terms(formula(model)), "term.labels")
    free <- setdiff(labels, c("Genotype", if ("Genotype:Sex" %in% labels) "Sex"))
    if (!length(free)) break
    others <- lapply(free, function(term) update(model, as.formula(paste(". ~ . -", term))))
    criteria <- sapply(others, aicc)
    if (min(criteria) >= aicc(model)) break
    model <- others[[which.min(criteria)]]
  }
  update(model, method = "REML")
}

# The simpler model where its AICc is no higher.
simpler <- function(model, other) {
  by_ml <- lapply(list(model, other), function(each) if (!is.null(each)) tried(update(each, method = "ML")))
  if (!any(sapply(by_ml, is.null)) && aicc(by_ml[[2]]) <= aicc(by_ml[[1]])) other else model
}

decide <- function(animals, terms) {
  begun <- begin(animals, terms)
  if (is.null(begun)) return(NULL)
  chosen <- tried(drop_terms(begun$model))
  if (is.null(chosen)) chosen <- begun$model
  final <- simpler(chosen, tried(update(chosen, weights = NULL)))
  has_own_variance <- !is.null(final$modelStruct$varStruct)
  if (inherits(final, "lme")) {
    arguments <- list(model = formula(final), data = animals, na.action = na.omit, method = "REML",
                      weights = if (has_own_variance) own_variance, control = for_gls)
    final <- simpler(final, tried(do.call(gls, arguments)))
  }
  list(final = final, full = attr(terms(begun$formula), "term.labels"), has_own_variance = has_own_variance)
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
    own_variance = decided$has_own_variance,
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
