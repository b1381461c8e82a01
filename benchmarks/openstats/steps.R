# The steps of OpenStats, with nlme for every fit; mixed_model.R and window.R take them from here.

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

# The full model, or the first that can be fitted with a term less, by lme and else by gls.
begin <- function(animals, terms, weights) {
  whole <- reformulate(attr(terms(reformulate(terms)), "term.labels"), "y")
  labels <- attr(terms(whole), "term.labels")
  for (method in c(if (nlevels(animals$Batch) > 1) "lme", "gls")) {
    for (without in c("", rev(labels))) {
      if (without == "Genotype") next
      formula <- if (without == "") whole else update(whole, paste(". ~ . -", without))
      common <- list(data = animals, na.action = na.omit, method = "REML", weights = weights)
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

# Terms, own variance and batch, decided by AICc one after the other.
#   weights: the variance structure to begin with. keeps_terms: whether all terms stay. keeps_weights: whether it stays.
decide <- function(animals, terms, weights = own_variance, keeps_terms = FALSE, keeps_weights = FALSE) {
  begun <- begin(animals, terms, weights)
  if (is.null(begun)) return(NULL)
  chosen <- if (!keeps_terms) tried(drop_terms(begun$model))
  if (is.null(chosen)) chosen <- begun$model
  final <- if (keeps_weights) chosen else simpler(chosen, tried(update(chosen, weights = NULL)))
  has_weights <- !is.null(final$modelStruct$varStruct)
  if (inherits(final, "lme")) {
    arguments <- list(model = formula(final), data = animals, na.action = na.omit, method = "REML",
                      weights = if (has_weights) weights, control = for_gls)
    final <- simpler(final, tried(do.call(gls, arguments)))
  }
  list(final = final, full = attr(terms(begun$formula), "term.labels"), has_weights = has_weights)
}
