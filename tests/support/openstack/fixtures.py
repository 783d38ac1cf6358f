"""pytest fixtures: one running stack per release set, brought back after every test."""

from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.support import telling
from tests.support.openstack import Release, Stack, StackError, environment
from tests.support.openstack.bus import Bus

_PACKED = "tests/packed/"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack-release",
        action="append",
        choices=[str(release) for release in Release],
        help="boot only this release set (may be repeated; default: all)",
    )


def pytest_configure(config: pytest.Config) -> None:
    text = "one_release: the same beside every release set, so that the newest will do"
    config.addinivalue_line("markers", text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "booted_stack" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--stack-release")
        releases = [item for item in Release if not chosen or str(item) in chosen]
        if metafunc.definition.get_closest_marker("one_release"):
            releases = [Release.LATEST] if Release.LATEST in releases else releases[:1]
        metafunc.parametrize("booted_stack", releases, indirect=True, ids=str, scope="session")


class StackScheduling(LoadFileScheduling):
    """Gives pytest-xdist's workers whole files, and more where more than a file is shared.

    A worker has one stack at a time. That of an older release boots in one worker alone, since it
    has few tests; that of the newest wherever a file needs it, or they would take twice as long.
    The tests of the packed charm share a deployment, too.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        release = nodeid.partition("[")[2].rstrip("]").partition("-")[0]
        if release not in map(str, Release):
            return file
        if release != str(Release.LATEST):
            return release
        return f"{_PACKED if file.startswith(_PACKED) else file} {release}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> StackScheduling | None:
    return StackScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Install what the stacks need before any test's time runs."""
    if session.config.option.collectonly:
        return
    needed = {
        item.callspec.params.get("booted_stack")
        for item in session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    }
    try:
        for release in Release:
            if release in needed:
                environment.ensure(release, telling.teller(session.config))
    except StackError as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="session")
def booted_stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A running stack; tests use `stack`, which tidies up behind them."""
    running = Stack(request.param)
    with running:
        yield running
        if request.session.testsfailed:
            tell = telling.teller(request.config)
            tell(f"\nthe logs of the services are in {running.keep_logs()}")


@pytest.fixture
def bus(stack: Stack) -> Bus:
    """The message bus beside the stack; a test is skipped where none can be had."""
    if stack.bus.missing:
        pytest.skip(stack.bus.missing)
    stack.bus.start()
    return stack.bus


@pytest.fixture
def stack(booted_stack: Stack) -> Iterator[Stack]:
    """The running stack of a release set; each test finds it whole.

    Gnocchi's resource types, and users, are as the test before left them.
    """
    yield booted_stack
    booted_stack.reset()
