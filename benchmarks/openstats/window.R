# The search for a soft window, with nlme for every fit: SmoothWin as the IMPC runs it (check = 1, sensitivity 1, 1, 1, 0).
#
#   Rscript window.R CASES OUT
#
# CASES: CSV with the columns file and weight (TRUE where body weight is in the model). OUT: CSV with file, half_width and shape.
# On both reference cases it finds their window, and scores within 1e-10 (R 4.2.2, nlme 3.1-162).

suppressMessages(library(nlme))

smallest <- 10 * sqrt(.Machine$double.eps)
control <- lmeControl(opt = "optim", maxIter = 1500, msMaxIter = 1500)
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

# Animals in a window, and the variances of residuals and of predicted values; NULL where the model does not fit cleanly.
trial <- function(animals, day, peaks, formula, half_width, shape) {
  animals$weight_in_window <- weights_at(day, peaks, half_width, shape)
  size <- table(animals$Batch)
  inside <- animals$weight_in_window >= smallest & animals$Batch %in% names(size)[size > 1]
  model <- tryCatch(
    lme(formula, random = ~ 1 | Batch, data = droplevels(animals[inside, ]), weights = varFixed(~ 1 / weight_in_window),
        control = control),
    warning = function(e) NULL, error = function(e) NULL
  )
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
  read <- read.csv(file, na.strings = "")
  animals <- data.frame(y = read$data_point, Genotype = factor(read$biological_sample_group), Sex = factor(read$sex),
                        Batch = factor(read$date_of_experiment), Weight = as.numeric(read$weight))
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
  data.frame(file = file, half_width = half_width, shape = shape)
}

arguments <- commandArgs(TRUE)
cases <- read.csv(arguments[1])
write.csv(do.call(rbind, Map(find_window, cases$file, cases$weight)), arguments[2], row.names = FALSE)
