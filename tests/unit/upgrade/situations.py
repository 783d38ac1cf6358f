"""What decisions are tried with: proofs, and policies."""

import datetime

from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy

MINUTE = datetime.timedelta(minutes=1)
COMPLETE: tuple[str, ...] = ()
LACKING = ("instance missing", "volume lacks volume_type_id")

BOTH = UpgradePolicy(Method.COMMAND, Trigger.ON_CHANGE)
WHEN_NEEDED = UpgradePolicy(Method.AUTO, Trigger.WHEN_NEEDED)
ADVISE = UpgradePolicy(Method.ADVISE, Trigger.ON_CHANGE)
FOLLOWS = UpgradePolicy(Method.AUTO, Trigger.ON_CHANGE)
