"""The message bus: RabbitMQ, Ceilometer's notification agent, and what services say on it."""

import json
import subprocess
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.openstack import broker, environment
from tests.support.openstack.errors import StackError
from tests.support.openstack.inside.site import BROKER_ADDRESS, Site
from tests.support.openstack.service import Service
from tests.support.openstack.supervision import Supervision, variables

_SEND_TIME = 60.0  # seconds; it takes 1 to 2


class Bus:
    """Starts when a test wants it, and then runs as long as the stack."""

    def __init__(
        self,
        site: Site,
        tools: environment.Environment,
        supervision: Supervision,
        publish: Callable[[Service], None],
    ) -> None:
        """Describe it; nothing runs yet. `publish` learns of each service when it starts."""
        self._site = site
        self._tools = tools
        self._supervision = supervision
        self._publish = publish
        self._started = False

    @property
    def url(self) -> str:
        """Where it is, as oslo.messaging writes it."""
        port = self._supervision.ports["broker"]
        return f"rabbit://guest:guest@{BROKER_ADDRESS}:{port}/"

    @property
    def missing(self) -> str:
        """Why there can be no bus here; empty when there can. May download RabbitMQ, once."""
        try:
            broker.ensure()
        except StackError as error:
            return str(error)
        return ""

    def start(self) -> None:
        """Start the services `broker` and `notification`; does nothing when that was done.

        What is sent from then on waits for the agent, which needs some seconds to connect.
        Raises StackError.
        """
        if self._started:
            return
        installation, ports = broker.ensure(), self._supervision.ports
        programs = {
            "epmd": installation.epmd(ports),
            "broker": installation.server_program(self._site, ports),
        }
        for name, program in programs.items():
            self._supervision.ask(
                "define", name=name, words=program.words, variables=program.variables
            )
        self._supervision.ask("start", name="epmd")
        for name in ("broker", "notification"):
            service = Service(name, ports.get(name, 0), "", self._supervision)
            service.start()
            self._publish(service)
        self._started = True

    def notify(self, exchange: str, event: str, payload: Mapping[str, Any]) -> None:
        """Say something as a service does, such as `image.update` on `glance`.

        Raises StackError when RabbitMQ does not take it.
        """
        done = subprocess.run(
            [self._tools.python, "-m", "tests.support.openstack.inside.notify", exchange, event],
            input=json.dumps(payload),
            env=variables(self._site, self._tools),
            capture_output=True,
            text=True,
            timeout=_SEND_TIME,
            check=False,
        )
        if done.returncode:
            raise StackError(f"cannot send {event}: {done.stderr[-2000:]}")

    def update_image(self, size: int = 4242) -> str:
        """Say as Glance does that an image was updated; return the new image's id."""
        image = str(uuid.uuid4())
        payload = {
            "id": image,
            "name": "image",
            "owner": uuid.uuid4().hex,
            "size": size,
            "status": "active",
            "container_format": "bare",
            "disk_format": "qcow2",
            "created_at": "2026-01-01T00:00:00Z",
            "properties": {},
        }
        self.notify("glance", "image.update", payload)
        return image
