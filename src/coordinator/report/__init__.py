"""Findings, their causes and remedies, and the report that holds them."""
