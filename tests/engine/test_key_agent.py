import os
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from portal.engine.browser_seal import seal
from portal.engine.child import readable_pipe
from portal.engine.errors import EngineError
from portal.engine.key_agent import AT_ONCE, KeyAgent
from portal.engine.passphrase import Passphrase
from tests.engine.test_restic import wait_for


def start(path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.engine.key_agent", "--socket", str(path)], stderr=subprocess.DEVNULL
    )
    wait_for(lambda: KeyAgent(path).alive() or process.poll() is not None)
    return process


@pytest.fixture
def process(tmp_path):
    running = start(tmp_path / "agent")
    yield running
    running.kill()
    running.wait()


@pytest.fixture
def agent(process, tmp_path) -> KeyAgent:
    return KeyAgent(tmp_path / "agent")


def revealed(passphrase: Passphrase) -> bytes:
    with readable_pipe(passphrase) as reading:
        return os.read(reading, 2_000)


def gone(agent: KeyAgent, name: str = "restitution-12") -> bool:
    with pytest.raises(EngineError) as caught:
        agent.get(name)
    return caught.value.fault == "key_gone"


def test_a_passphrase_is_given_back_until_it_is_forgotten(agent):
    agent.put("restitution-12", Passphrase("première"), 60)
    agent.put("restitution-12", Passphrase("seconde é"), 60)
    assert revealed(agent.get("restitution-12")) == "seconde é\n".encode()
    assert gone(agent, "restitution-13")
    agent.forget("restitution-12")
    agent.forget("restitution-12")
    assert gone(agent)


def test_what_a_browser_sealed_is_read_by_the_agent_alone(agent):
    point = agent.point("restitution-12", 60)
    assert agent.point("restitution-12", 60) == point != agent.point("restitution-13", 60)
    sealed = seal(point, "restitution-12", "phrase é".encode())
    assert "phrase é".encode() not in sealed
    agent.put_sealed("restitution-12", sealed, 60)
    assert revealed(agent.get("restitution-12")) == "phrase é\n".encode()


@pytest.mark.parametrize("change", ["flipped", "other name", "cut", "empty secret", "two lines", "too long"])
def test_what_was_not_sealed_for_this_name_is_refused(agent, change):
    point = agent.point("restitution-12", 60)
    secret = {"empty secret": b"", "two lines": b"a\nb", "too long": b"x" * 1025}.get(change, b"secret")
    name = "restitution-13" if change == "other name" else "restitution-12"
    sealed = bytearray(seal(point, name, secret))
    if change == "flipped":
        sealed[-1] ^= 1
    with pytest.raises(EngineError) as caught:
        agent.put_sealed("restitution-12", bytes(sealed[:50] if change == "cut" else sealed), 60)
    assert caught.value.fault == "wrong_key"
    assert gone(agent)


def test_the_agents_own_key_ends_with_its_time(agent):
    sealed = seal(agent.point("restitution-12", 1), "restitution-12", b"secret")
    time.sleep(1.6)
    with pytest.raises(EngineError):
        agent.put_sealed("restitution-12", sealed, 60)


def test_a_passphrase_expires(agent):
    agent.put("restitution-12", Passphrase("secret"), 1)
    agent.get("restitution-12")
    time.sleep(1.1)
    assert gone(agent)


def test_another_process_of_the_same_user_can_ask(agent):
    agent.put("restitution-12", Passphrase("secret"), 60)
    code = (
        "import sys; from pathlib import Path; from portal.engine.key_agent import KeyAgent;"
        "print(len(KeyAgent(Path(sys.argv[1])).get('restitution-12')))"
    )
    command = [sys.executable, "-c", code, str(agent.socket_path)]
    assert subprocess.check_output(command).strip() == b"6"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_user_is_not_answered(agent, tmp_path):
    agent.put("restitution-12", Passphrase("secret"), 60)
    for place in (*tmp_path.parents[:3], tmp_path):
        place.chmod(0o755 if place != Path("/tmp") else 0o1777)
    agent.socket_path.chmod(0o666)
    code = (
        "import os, socket, sys; os.setuid(65534);"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(b'PKA1G' + bytes(4) + bytes([0, 14, 0, 0]) + b'restitution-12');"
        "print(s.recv(100))"
    )
    command = [sys.executable, "-c", code, str(agent.socket_path)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert b"secret" not in answer.stdout
    assert answer.stdout.strip() in (b"b''", b"")


def test_the_socket_is_private_and_nothing_is_written(agent, process, tmp_path):
    agent.put("restitution-12", Passphrase("secret"), 60)
    assert stat.S_IMODE(agent.socket_path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [agent.socket_path]
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    assert next(line for line in limits.splitlines() if "core file" in line).split()[4] == "0"


def test_without_an_agent_the_key_is_gone(tmp_path, agent, process):
    assert gone(KeyAgent(tmp_path / "absent"))
    agent.put("restitution-12", Passphrase("secret"), 60)
    process.kill()
    process.wait()
    assert not agent.alive()
    assert gone(agent)
    again = start(agent.socket_path)  # over the socket that the kill left behind
    assert agent.alive() and gone(agent)
    again.send_signal(signal.SIGTERM)
    assert again.wait() == 0
    assert not agent.socket_path.exists()


def test_a_second_agent_on_the_same_socket_refuses_to_start(agent):
    assert start(agent.socket_path).wait() == 1
    assert agent.alive()


@pytest.mark.parametrize("request_", [b"", b"PKA1", b"GET / HTTP/1.1\r\n\r\n", b"PKA1P" + b"\xff" * 8])
def test_nonsense_does_not_stop_the_agent(agent, request_):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(agent.socket_path))
        link.sendall(request_)
    assert agent.alive()


def test_a_passphrase_without_lifetime_is_refused(agent):
    with pytest.raises(EngineError):
        agent.put("restitution-12", Passphrase("secret"), 0)


def test_those_who_stall_keep_nobody_waiting(agent):
    """Each stalls for two seconds; one after the other they would outlast whoever asks."""
    agent.put("restitution-12", Passphrase("première"), 60)
    with ExitStack() as stalled:
        for _ in range(AT_ONCE // 2):
            link = stalled.enter_context(socket.socket(socket.AF_UNIX))
            link.connect(str(agent.socket_path))
            link.sendall(b"PKA1")
        with ThreadPoolExecutor(8) as several:
            asked = several.map(lambda _: revealed(agent.get("restitution-12")), range(16))
            assert set(asked) == {"première\n".encode()}
