"""`python -m tests.bundles`: writes the bundles in `bundles/` from the charm's own blueprint."""

from __future__ import annotations

import pathlib
import sys

import msgspec

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from coordinator.blueprint import loader, platforms  # noqa: E402 - found by the line above
from coordinator.juju.status import Model  # noqa: E402
from coordinator.plan import bundle, completion, plan  # noqa: E402 - found by the line above

FOLDER = ROOT / "bundles"
MADE = "# Made by `make bundles` from src/coordinator/blueprint/blueprint.yaml; do not edit.\n"
WHOLE = f"""\
# A complete telemetry stack of OpenStack {{release}}, with what it stands on.
#
#   juju deploy ./bundles/telemetry.yaml
#
# In a model that has some of it under the same names, Juju adds the rest. Afterwards, Vault wants
# to be initialised, unsealed and authorised, Ceph wants ceph-osd, and nova-compute the rest of
# Nova; docs/how-to/plan-a-stack.md says how.
{MADE}"""
OVERLAY = f"""\
# A telemetry stack of OpenStack {{release}} for a cloud that is deployed from a bundle of its own,
# with keystone, mysql-innodb-cluster, rabbitmq-server, ceph-mon, nova-compute and vault.
#
#   juju deploy ./cloud.yaml --overlay ./bundles/telemetry-overlay.yaml
{MADE}"""

RELEASE = "2024.1"
"""The newest of which every channel is documented."""


def texts() -> dict[str, str]:
    """The bundles by the names of their files."""
    wishes = plan.Wishes(channel=platforms.parse(RELEASE))
    whole = completion.complete(loader.load(), Model(), wishes)
    unseen = msgspec.structs.replace(wishes, whole=False)
    beside = completion.complete(loader.load(), Model(), unseen)
    return {
        "telemetry.yaml": WHOLE.format(release=RELEASE) + bundle.of_plan(whole),
        "telemetry-overlay.yaml": OVERLAY.format(release=RELEASE)
        + bundle.of_plan(beside, overlay=True),
    }


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
