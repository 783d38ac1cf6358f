"""Small changes are made to the decision code, one at a time, to see whether tests notice."""
