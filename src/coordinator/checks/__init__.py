"""One module per system: the question that proves more than a listening port.

A module named in the blueprint has a function `read(service) -> Reading`. It asks its service with
`service.get`, lets exceptions of the HTTP stack pass, and raises `faults.Unusable` for an answer
that the service would not give. The steps that are the same for all systems are in `probe.py`.
"""
