"""The programs as a whole: start, stop, two side by side, and each of them killed while the others go on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.api import Api
from tests.support.processes import browsers_of, processes_of
from tests.support.stack import PROGRAMS, ROOT, STOP_WITHIN, Stack, environment
from tests.support.waiting import wait_until

SECOND_START_WITHIN = 20.0
BACK_WITHIN = 30.0

PHONE = "+12025550140"
OTHER = "+12025550141"


@pytest.fixture(scope="module")
def own(stacks: Callable[..., Stack]) -> Stack:
    stack = stacks()
    stack.start()
    return stack


@pytest.fixture(scope="module")
def linked(own: Stack) -> Api:
    """A user with one linked session."""
    user = Api(own, "dora").register()
    user.link(PHONE)
    return user


@pytest.fixture
def unused() -> Iterator[Stack]:
    """A wabot that is never started; its ports are free."""
    made = Stack()
    yield made
    assert not processes_of(made.data)
    made.remove()


def launch(stack: Stack, **settings: str) -> subprocess.CompletedProcess[str]:
    """With settings that refuse to start."""
    command = [sys.executable, "-m", "wabot.launch"]
    return subprocess.run(command, cwd=ROOT, env=stack.env | settings, capture_output=True, text=True, timeout=30, check=False)


def test_banner_says_where_and_how(own: Stack) -> None:
    wait_until(lambda: "wabot is ready" in own.output(), 10, "the banner")
    assert own.url in own.output()
    assert "admin@admin.com / Admin@7501" in own.output()


def test_supervisorctl_names_the_programs(own: Stack) -> None:
    lines = own.supervisorctl("status").splitlines()
    assert {line.split()[0] for line in lines} == set(PROGRAMS)
    assert {line.split()[1] for line in lines} == {"RUNNING"}


def test_threads_of_web_leave_each_other_the_processor_they_share(own: Stack) -> None:
    assert requests.get(f"{own.url}/healthz", timeout=5).ok
    children = Path(f"/proc/{own.pid('web')}/task/{own.pid('web')}/children").read_text().split()
    threads = [int(one.name) for child in children for one in Path(f"/proc/{child}/task").iterdir()]
    assert len(threads) > 1
    assert {os.sched_getscheduler(one) for one in threads} == {os.SCHED_BATCH}
    sharing = [allowed for one in threads if len(allowed := os.sched_getaffinity(one)) == 1]
    assert sharing and len(set.union(*sharing)) == 1


@pytest.mark.parametrize(
    ("program", "command"),
    [("db", "secantusd-py"), ("sandbox", "node_wa/sandbox/server.js"), ("gateway", "node_wa/server.js"),
     ("web", "gunicorn"), ("worker", "wabot.worker")],
)  # fmt: skip
def test_pid_is_the_program_itself(own: Stack, program: str, command: str) -> None:
    arguments = Path(f"/proc/{own.pid(program)}/cmdline").read_text().split("\0")
    assert any(argument.endswith(command) for argument in arguments), arguments


def test_supervisorctl_works_without_wabot_data_set() -> None:
    """It may find nothing running, but it must know where to look."""
    clean = environment(Path("unused"))
    del clean["WABOT_DATA"]
    command = [str(ROOT / ".venv/bin/supervisorctl"), "-c", "supervisord.conf", "status"]
    said = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=20, check=False)
    text = said.stdout + said.stderr
    assert "RUNNING" in text or f"unix://{ROOT}/var/run/supervisor.sock" in text, text


def test_data_and_secrets_are_private(own: Stack) -> None:
    assert (own.data.stat().st_mode & 0o777) == 0o700
    secrets = {path.name: path.stat().st_mode & 0o777 for path in (own.data / "secrets").iterdir()}
    assert secrets == {"secret_key": 0o600, "gateway_secret": 0o600, "internal_secret": 0o600, "engine_secret": 0o600}


def test_no_secret_on_a_command_line_or_in_an_environment(own: Stack) -> None:
    made = [path.read_text().strip().encode() for path in (own.data / "secrets").iterdir()]
    for process in processes_of(own.data):
        for file in ("cmdline", "environ"):
            text = Path(f"/proc/{process.pid}/{file}").read_bytes()
            assert not any(secret in text for secret in made), f"{process} {file}"


def test_only_loopback_is_listened_on(own: Stack) -> None:
    pids = {process.pid for process in processes_of(own.data)}
    foreign = [line for line in _listening(pids) if not line.startswith(("0100007F:", "00000000000000000000000001000000:"))]
    assert not foreign


def _listening(pids: set[int]) -> list[str]:
    """Local addresses, as /proc/net/tcp writes them, that these processes listen on."""
    inodes = {match[1] for pid in pids for link in _descriptors(pid) if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    rows = [row.split() for table in ("tcp", "tcp6") for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]


def _descriptors(pid: int) -> list[str]:
    links = []
    try:
        for path in Path(f"/proc/{pid}/fd").iterdir():
            links.append(str(path.readlink()))
    except OSError:
        pass  # it ended, or closed that one, meanwhile
    return links


def test_second_wabot_on_the_same_data_is_refused(own: Stack) -> None:
    said = launch(own)
    assert said.returncode == 2
    assert "WABOT_DATA" in said.stderr
    assert "in use" in said.stderr
    assert own.ready()


@pytest.mark.parametrize("name", ["WABOT_PORT", "GATEWAY_PORT", "SANDBOX_PORT"])
def test_taken_port_is_named(own: Stack, unused: Stack, name: str) -> None:
    said = launch(unused, **{name: own.env[name]})
    assert said.returncode == 2
    assert f"{name}: {own.env[name]} is taken" in said.stderr
    assert len(said.stderr.strip().splitlines()) == 2


def test_too_long_data_is_named(unused: Stack) -> None:
    said = launch(unused, WABOT_DATA=str(unused.data / ("d" * 100)))
    assert said.returncode == 2
    assert "WABOT_DATA: is too long" in said.stderr


def test_bad_settings_are_all_named(unused: Stack) -> None:
    said = launch(unused, WABOT_PORT="none", WABOT_DEFAULT_NETWORK="moon")
    assert said.returncode == 2
    assert "WABOT_PORT:" in said.stderr
    assert "WABOT_DEFAULT_NETWORK:" in said.stderr


def test_missing_browser_is_named(unused: Stack) -> None:
    said = launch(unused, CHROMIUM_PATH="/nowhere/chromium")
    assert said.returncode == 2
    assert "CHROMIUM_PATH" in said.stderr


def test_missing_node_is_named(unused: Stack) -> None:
    said = launch(unused, PATH="/nowhere")
    assert said.returncode == 2
    assert "PATH: has no node" in said.stderr


def test_too_few_open_files_are_named(unused: Stack) -> None:
    few = ["prlimit", "--nofile=1024:1024", sys.executable, "-m", "wabot.launch"]
    said = subprocess.run(few, cwd=ROOT, env=unused.env, capture_output=True, text=True, timeout=30, check=False)
    assert said.returncode == 2
    assert "open files: 1,024 are allowed, 4,096 are needed" in said.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_killed_program_comes_back_and_the_session_with_it(own: Stack, linked: Api, program: str) -> None:
    _all_up(own, linked)
    before = own.kill(program)
    wait_until(lambda: own.pid(program) not in (0, before), BACK_WITHIN, f"{program} was started again")
    wait_until(own.ready, BACK_WITHIN, f"ready again after {program} was killed")
    linked.wait_for_status("connected", timeout=BACK_WITHIN)
    sent = linked.send(OTHER, f"after {program} was killed", wait=20)
    linked.wait_for_message(sent["id"], "sent", "delivered", "read")
    arrived = [one for one in own.sandbox("GET", f"/phones/{OTHER}/inbox") if one["body"] == f"after {program} was killed"]
    assert len(arrived) == 1


@pytest.mark.parametrize("program", ["db", "sandbox", "gateway", "worker"])
def test_readyz_names_what_is_away(own: Stack, linked: Api, program: str) -> None:
    _all_up(own, linked)
    own.supervisorctl("stop", program)
    try:
        wait_until(lambda: own.checks().get(program) is False, BACK_WITHIN, f"/readyz says that {program} is away")
        assert not own.ready()
        assert requests.get(f"{own.url}/healthz", timeout=5).ok
    finally:
        own.supervisorctl("start", program)
    wait_until(own.ready, BACK_WITHIN, "ready again")
    linked.wait_for_status("connected", timeout=BACK_WITHIN)


def _all_up(stack: Stack, user: Api) -> None:
    wait_until(lambda: stack.ready() and user.status()["status"] == "connected", BACK_WITHIN, "everything is up")


def _ends(pid: int) -> None:
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), 5, f"process {pid} has ended")


def test_killed_web_leaves_no_worker_process(own: Stack) -> None:
    """gunicorn's own worker would go on serving the port under a dead master."""
    before = own.pid("web")
    children = Path(f"/proc/{before}/task/{before}/children").read_text().split()
    assert children
    own.kill("web")
    for child in children:
        _ends(int(child))
    wait_until(own.ready, BACK_WITHIN, "ready again")


def test_web_stops_quickly_under_an_open_connection(own: Stack) -> None:
    with requests.Session() as kept_alive:
        kept_alive.get(f"{own.url}/healthz", timeout=5)
        before = own.kill("web", signal.SIGTERM)
        wait_until(lambda: own.pid("web") not in (0, before), 8, "web was stopped and started")
    wait_until(own.ready, BACK_WITHIN, "ready again")


@pytest.fixture(scope="module")
def mortal(stacks: Callable[..., Stack]) -> tuple[Stack, Api]:
    """One whose launcher is ended in every way, in turn, and a user with a linked session there."""
    stack = stacks()
    stack.start()
    user = Api(stack, "erik").register()
    user.link("+12025550150")
    return stack, user


def test_second_start_is_quick_and_ctrl_c_leaves_nothing(mortal: tuple[Stack, Api]) -> None:
    stack, user = mortal
    assert browsers_of(stack.data)
    status, seconds = stack.interrupt()
    assert (status, seconds < STOP_WITHIN, processes_of(stack.data)) == (0, True, []), f"{seconds:.1f} s"

    assert stack.start() < SECOND_START_WITHIN
    user.wait_for_status("connected")
    assert user.status()["phone"] == "+12025550150"


def test_killed_supervisor_takes_its_programs_along_and_the_next_start_works(mortal: tuple[Stack, Api]) -> None:
    stack, user = mortal
    os.kill(int((stack.data / "run" / "supervisord.pid").read_text()), signal.SIGKILL)
    wait_until(lambda: not stack.running, 5, "supervisord has ended")
    stack.start()
    assert stack.ready()
    user.wait_for_status("connected")


def test_terminated_launcher_stops_everything(mortal: tuple[Stack, Api]) -> None:
    """`make` passes SIGTERM on to what it runs."""
    stack, _ = mortal
    os.kill(int((stack.data / "run" / "supervisord.pid").read_text()), signal.SIGTERM)
    wait_until(lambda: not processes_of(stack.data), STOP_WITHIN, "everything has ended")


def test_with_a_mongodb_of_its_own_no_database_is_started(stacks: Callable[..., Stack], db: str) -> None:
    """And neither the environment nor a space in WABOT_DATA changes how the programs run."""
    stack = stacks(MONGO_URI=db, WEB_CONCURRENCY="4", GUNICORN_CMD_ARGS="--workers 3 --access-logfile -")
    stack.move_data("with a space")
    stack.start()
    assert {line.split()[0] for line in stack.supervisorctl("status").splitlines()} == set(PROGRAMS) - {"db"}
    assert not (stack.data / "run" / "db.port").exists()
    web = stack.pid("web")
    assert len(Path(f"/proc/{web}/task/{web}/children").read_text().split()) == 1
    assert Api(stack, "hana").register().status()["status"] == "disconnected"
    assert "/api/whatsapp/status" not in stack.logs("web")


def test_two_copies_side_by_side(own: Stack, stacks: Callable[..., Stack]) -> None:
    other = stacks(WABOT_SANDBOX="0", WABOT_DEFAULT_NETWORK="live")
    other.start()
    running = set(PROGRAMS) - {"sandbox"}
    assert {line.split()[0] for line in other.supervisorctl("status").splitlines()} == running
    mine, theirs = Api(own, "frida"), Api(other, "frida")
    mine.register()
    theirs.email = mine.email
    assert theirs.post("/api/auth/login", {"email": mine.email, "password": mine.password}).status_code == 401
    theirs.register()
    assert {own.pid(program) for program in running}.isdisjoint(other.pid(program) for program in running)
    assert (own.data / "run" / "db.port").read_text() != (other.data / "run" / "db.port").read_text()
