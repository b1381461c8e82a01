"""Recipes of releases with official addresses; `loaders.recipe.official_recipes` lists them."""
