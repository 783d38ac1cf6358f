"""The charm's own YAML files, read as a controller reads them at deploy time."""

from __future__ import annotations

import collections.abc
import dataclasses
import pathlib
import typing

import yaml

OPTION_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "secret": str,
    "int": int,
    "float": (int, float),
    "boolean": bool,
}

Json = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class CharmFiles:
    """Endpoints, options and actions that the charm declares."""

    metadata: Json
    options: Json
    actions: Json

    @classmethod
    def read(cls, charm_dir: pathlib.Path) -> CharmFiles:
        """Read metadata.yaml, config.yaml and actions.yaml of an unpacked charm."""
        return cls(
            metadata=_load(charm_dir / "metadata.yaml"),
            options=_load(charm_dir / "config.yaml").get("options", {}),
            actions=_load(charm_dir / "actions.yaml"),
        )

    @property
    def peers(self) -> tuple[str, ...]:
        """Names of the peer endpoints."""
        return tuple(self.metadata.get("peers", {}))

    @property
    def endpoints(self) -> dict[str, str]:
        """The interface of every endpoint, by the endpoint's name."""
        return {
            name: endpoint["interface"]
            for role in ("requires", "provides", "peers")
            for name, endpoint in self.metadata.get(role, {}).items()
        }

    @property
    def bindings(self) -> frozenset[str]:
        """Names that network-get knows: endpoints, extra bindings, and juju-info."""
        return frozenset({"juju-info", *self.endpoints, *self.metadata.get("extra-bindings", {})})

    def defaults(self) -> Json:
        """Options that have a default, as config-get gives them on a fresh unit."""
        return {
            name: option["default"]
            for name, option in self.options.items()
            if option.get("default") is not None
        }

    def check_options(self, values: collections.abc.Mapping[str, object]) -> None:
        """Refuse what `juju config` would refuse.

        Raises:
            ValueError: for an option that does not exist or a value of the wrong type.
        """
        for name, value in values.items():
            if name not in self.options:
                raise ValueError(f"unknown option {name!r}")
            kind = self.options[name]["type"]
            is_number = kind in ("int", "float")
            if not isinstance(value, OPTION_TYPES[kind]) or (
                is_number and isinstance(value, bool)
            ):
                raise ValueError(f"option {name!r} expected {kind}, got {value!r}")

    def action_schema(self, name: str) -> Json:
        """The JSON schema of an action's parameters (Juju adds type and the title).

        Raises:
            ValueError: if the charm has no such action.
        """
        if name not in self.actions:
            raise ValueError(f"action {name!r} not defined on the charm")
        action = self.actions[name] or {}
        return {
            "type": "object",
            "properties": action.get("params", {}),
            "required": action.get("required", []),
            "additionalProperties": action.get("additionalProperties", True),
        }

    def action_defaults(self, name: str) -> Json:
        """Parameters of an action that have a default."""
        properties = self.action_schema(name)["properties"]
        return {key: param["default"] for key, param in properties.items() if "default" in param}


def _load(path: pathlib.Path) -> Json:
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}
