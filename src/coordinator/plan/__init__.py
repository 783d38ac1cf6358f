"""The plan of a model that lacks some of the blueprint, as commands and as a bundle."""
