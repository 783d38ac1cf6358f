"""One class per system: the questions that prove more than a listening port.

`base.py` has what a check inherits, is given and answers, `registry.py` which check is which, and
`memory.py` what is remembered from one verification to the next. The steps that are the same for
all systems are in `endpoint.py`; `deep.py` asks inspections and canaries.
"""
