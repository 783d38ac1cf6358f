"""Sends one notification as an OpenStack service does.

Arguments: exchange and type of the event; its payload comes as JSON on standard input. The bus is
the one of ceilometer.conf.
"""

import json
import logging
import pathlib
import sys

import oslo_messaging
from oslo_config import cfg


def main() -> None:
    """Send it; fail when the broker does not take it soon."""
    exchange, event = sys.argv[1:]
    options = cfg.ConfigOpts()
    options([], default_config_files=[str(pathlib.Path.home() / ".ceilometer/ceilometer.conf")])
    oslo_messaging.set_transport_defaults(exchange)
    transport = oslo_messaging.get_notification_transport(options)
    notifier = oslo_messaging.Notifier(
        transport,
        publisher_id=f"{exchange}.stack",
        driver="messagingv2",
        topics=["notifications"],
        retry=0,
    )
    failures = _Failures(logging.ERROR)
    logging.getLogger("oslo_messaging.notify").addHandler(failures)
    notifier.info({}, event, json.load(sys.stdin))
    transport.cleanup()
    if failures.messages:
        sys.exit("\n".join(failures.messages))


class _Failures(logging.Handler):
    """What the notifier complains of: it raises nothing, since no service waits for it."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(self.format(record))


if __name__ == "__main__":
    main()
