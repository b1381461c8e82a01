# The search for a soft window and the model in it, with nlme for every fit: SmoothWin and PhenStatWindow as the IMPC runs them
# (check = 1, sensitivity 1, 1, 1, 0).
#
#   Rscript window.R CASES OUT
#
# CASES: CSV with the columns file and weight (TRUE where body weight is in the model). OUT: CSV, a row for each case.
# On both reference cases it finds their window, and scores within 1e-10 (R 4.2.2, nlme 3.1-162).

source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "steps.R"))

smallest <- 10 * sqrt(.Machine$double.eps)
shapes <- rev(exp(seq(log(0.5), log(10), length.out = 50)))

weights_at <- function(day, peaks, half_width, shape) {
  each <- sapply(peaks, function(peak) {
    rising <- plogis(day, location = peak - half_width, scale = 1 / shape)
    around <- rising * (1 - plogis(day, location = peak + half_width, scale = 1 / shape))
    if (max(around) != 0) around / max(around) else around
  })
  each <- matrix(each, nrow = length(day))
  weight <- ifelse(rowSums(each) > smallest / 1000, 1 - apply(1 - each, 1, prod), rowSums(each))
  if (diff(range(weight)) > sqrt(.Machine$double.eps)) weight <- (weight - min(weight)) / diff(range(weight))
  pmax(weight, smallest / 1000)
}

is_inside <- function(animals) {
  size <- table(animals$Batch)
  animals$weight_in_window >= smallest & animals$Batch %in% names(size)[size > 1]
}

# Animals in a window, and the variances of residuals and of predicted values; NULL where the model does not fit cleanly.
trial <- function(animals, day, peaks, formula, half_width, shape) {
  animals$weight_in_window <- weights_at(day, peaks, half_width, shape)
  inside <- is_inside(animals)
  model <- tried(lme(formula, random = ~ 1 | Batch, data = droplevels(animals[inside, ]),
                     weights = varFixed(~ 1 / weight_in_window), control = for_lme))
  if (!is.null(model)) c(sum(inside), var(resid(model)), var(predict(model)))
}

p_values <- function(variance, rows) {
  after <- seq_along(variance)[-1]
  ratio <- variance[after] / variance[after - 1]
  2 * pmin(pf(ratio, rows[after] - 1, rows[after - 1] - 1), pf(ratio, rows[after] - 1, rows[after - 1] - 1, lower.tail = FALSE))
}

# The value whose step changes most, among those whose windows hold enough.
best_of <- function(values, trials, fewest) {
  there <- !sapply(trials, is.null)
  if (sum(there) < 2) return(max(values))
  values <- values[there]
  trials <- do.call(rbind, trials[there])
  v <- p_values(trials[, 2], trials[, 1])
  p <- p_values(trials[, 3], trials[, 1])
  score <- v^2 + 2 * v * p + p^2 + 2 * v^2 * p + 2 * v * p^2 + v^2 * p^2 + 2 * (v + p + v * p)
  enough <- head(trials[, 1], -1) >= fewest & is.finite(score)
  if (!any(enough)) return(max(values))
  head(values, -1)[enough][which.min(score[enough])]
}

find_window <- function(file, weight) {
  animals <- read_animals(file)
  terms <- c(if (nlevels(animals$Sex) > 1) "Genotype * Sex" else "Genotype", if (weight) "Weight")
  formula <- reformulate(terms, "y")
  animals <- droplevels(animals[complete.cases(animals[all.vars(formula)]), ])
  day <- as.integer(as.Date(as.character(animals$Batch)))
  mutant_days <- day[animals$Genotype == "experimental"]
  peaks <- unique(mutant_days)
  needed <- if (length(peaks) > 1) 35 * nlevels(animals$Sex) else max(pi * sqrt(length(day)), 35)
  fewest <- ceiling(min(max(needed * length(peaks), length(mutant_days)), length(day)))
  largest <- max(1, abs(peaks - min(day)), abs(peaks - max(day)))
  steps <- min(500, max(1, diff(range(day))))
  widths <- unique(round(exp(seq(0, log(largest), length.out = steps))))
  trials <- lapply(widths, function(width) trial(animals, day, peaks, formula, width, shapes[1]))
  half_width <- best_of(widths, trials, min(fewest + length(mutant_days), length(day)))
  shape <- best_of(shapes, lapply(shapes, function(shape) trial(animals, day, peaks, formula, half_width, shape)), 0)
  animals$weight_in_window <- weights_at(day, peaks, half_width, shape)
  data.frame(file = file, half_width = half_width, shape = shape, model_in(animals, weight))
}

# The model in the window; with all terms where all count alike.
model_in <- function(in_window, weight) {
  alike <- length(unique(in_window$weight_in_window)) < 2 || var(in_window$weight_in_window) < smallest
  # nlme looks for the data where the call is evaluated anew.
  animals <<- if (alike) in_window else droplevels(in_window[is_inside(in_window), ])
  terms <- c("Genotype", if (nlevels(animals$Sex) > 1) {
    c("Sex", if (min(table(animals$Genotype, animals$Sex)) > 0) "Genotype:Sex")
  }, if (weight) "Weight")
  decided <- if (alike) {
    decide(animals, terms, keeps_terms = TRUE)
  } else {
    decide(animals, terms, weights = varComb(varFixed(~ 1 / weight_in_window)), keeps_weights = TRUE)
  }
  if (is.null(decided)) return(data.frame(animals = nrow(animals), terms = NA, batch = NA, p = NA))
  table <- summary(decided$final)$tTable
  data.frame(
    animals = nrow(animals),
    terms = paste(attr(terms(formula(decided$final)), "term.labels"), collapse = " "),
    batch = inherits(decided$final, "lme"),
    p = table["Genotypeexperimental", ncol(table)]
  )
}

arguments <- commandArgs(TRUE)
cases <- read.csv(arguments[1])
write.csv(do.call(rbind, Map(find_window, cases$file, cases$weight)), arguments[2], row.names = FALSE)
