"""What a model lacks of the blueprint, as commands and as a bundle."""
