"""The coordinator's judgement of a cloud on which nothing is deployed: reports for people."""
