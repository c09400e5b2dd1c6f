"""A PC/SC service of one's own with a virtual reader: the real `pcscd` with the real `vpcd` driver, beside any other on the machine.

Clients find it by the environment variable `PCSCLITE_CSOCK_NAME`; without that they talk to the machine's own service. The service is
handed its listening socket as systemd would hand it (sd_listen_fds(3)), so its clients may connect from the first moment on, and no
right on /run is needed where user namespaces are allowed.
"""

import contextlib
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hardware.emulator.vpcd import LOOPBACK
from hardware.errors import NoReader

CLIENT_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
PCSCD: Final = ("/usr/sbin/pcscd", "/usr/local/sbin/pcscd")
DRIVER: Final = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
READER: Final = "Virtual PCD"
SECOND_READER: Final = "Second PCD"
SLOTS: Final = 2
MAX_WAITING_CLIENTS: Final = 16
LOWEST_PORT: Final = 20_000
PORT_PAIRS: Final = 6_000
MAX_PORT_TRIES: Final = 64
MAX_STARTS: Final = 8
START_TIMEOUT_S: Final = 10
LOOK_S: Final = 0.005
READY: Final = "daemon ready"
PORT_TAKEN: Final = "Could not initialize connection to virtual ICC"
STOP_TIMEOUT_S: Final = 10
PROBE_TIMEOUT_S: Final = 10


def missing_packages() -> list[str]:
    """What has to be installed first, one sentence for each Debian package."""
    missing = []
    if _pcscd() is None:
        missing.append("pcscd, the PC/SC service, is missing: apt-get install pcscd")
    if not Path(DRIVER).exists():
        missing.append("vpcd, the driver of virtual readers, is missing: apt-get install vsmartcard-vpcd")
    return missing


class PrivatePcscd:
    """The service as a child process; a context that starts and stops it.

    Attributes:
        socket: where clients find it.
        ports: where the two slots of its reader listen for cards, on the loopback address as seen from here.

    Raises:
        NoReader: pcscd or vpcd is not installed; the sentence names the package.
    """

    def __init__(self) -> None:
        if missing := missing_packages():
            raise NoReader("; ".join(missing))
        # Made when the context begins; a short path, because a socket's name has at most 107 bytes.
        self._folder = Path(tempfile.gettempdir(), f"pcscd-{secrets.token_hex(8)}")
        self._log_file = self._folder / "log"
        self.socket = self._folder / "pcscd.comm"
        self.ports = _free_ports()
        self._second: tuple[int, ...] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"PrivatePcscd({self.socket}, ports {self.ports})"

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700)
        (self._folder / "run" / "pcscd").mkdir(parents=True)
        with contextlib.ExitStack() as failed:
            failed.callback(shutil.rmtree, self._folder)
            self.start()
            failed.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """What a client process needs in its environment."""
        return {CLIENT_VARIABLE: str(self.socket)}

    @property
    def log(self) -> str:
        """What the service has said since it was started."""
        with contextlib.suppress(FileNotFoundError):
            return self._log_file.read_text(errors="replace")
        return ""

    def start(self) -> None:
        """Start it, also after `kill()`, and wait until it is ready; harmless while it runs.

        Raises:
            NoReader: it does not start; the sentence is the last of its log.
        """
        for _ in range(MAX_STARTS):
            if self._process is None:
                self._launch()
            if not self._port_was_taken():
                return
            self.stop()  # somebody took the port between our look and the driver's
            self.ports = _free_ports()
        raise NoReader("the virtual reader found no free port")

    def _launch(self) -> None:
        configuration = self._configure()
        self.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening, self._log_file.open("wb") as log:
            listening.bind(str(self.socket))
            listening.listen(MAX_WAITING_CLIENTS)
            self._process = subprocess.Popen(  # noqa: S603 # our own command, no outside part in it
                self._command(configuration), stdin=listening.fileno(), stdout=log, stderr=subprocess.STDOUT
            )

    def _configure(self) -> Path:
        """Write which readers there are; two of one driver need two files of it."""
        readers = [(READER, DRIVER, self.ports)]
        if self._second is not None:
            copy = self._folder / "second.so"
            if not copy.exists():
                shutil.copy(DRIVER, copy)
            readers.append((SECOND_READER, str(copy), self._second))
        configuration = self._folder / "reader.conf"
        configuration.write_text(
            "".join(
                f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{ports[0]:#x}\nLIBPATH {driver}\nCHANNELID {ports[0]:#x}\n\n'
                for name, driver, ports in readers
            )
        )
        return configuration

    def _port_was_taken(self) -> bool:
        """Wait until the service is ready, then see whether its driver got its ports."""
        deadline = time.monotonic() + START_TIMEOUT_S
        pause = threading.Event()
        while READY not in self.log:
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log.splitlines() or ["it said nothing"]
                self.kill()
                raise NoReader(f"pcscd does not start: {said[-1]}")
            pause.wait(LOOK_S)
        return PORT_TAKEN in self.log

    def stop(self) -> None:
        """End it as a system does; what hangs is killed."""
        self._end(kill=False)

    def kill(self) -> None:
        """Let it die in the middle of whatever it does."""
        self._end(kill=True)

    def signal(self, number: int) -> None:
        """Send it a signal while it runs: SIGSTOP makes it hang (it does when this returns), SIGCONT go on."""
        if self._process is not None:
            self._process.send_signal(number)
            if number == signal.SIGSTOP:
                os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def plug_in(self) -> tuple[int, ...]:
        """Plug a second reader in; the service sees one that is only configured at its next start. Returns the ports of its two slots."""
        self._second = _free_ports()
        return self._second

    def unplug(self) -> None:
        """Take the second reader away, from the next start on."""
        self._second = None

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if not kill:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
        process.kill()
        process.wait()

    def _command(self, configuration: Path) -> list[str]:
        become = f"exec {_pcscd()} --foreground --info --config {shlex.quote(str(configuration))}"
        # The socket is handed over as descriptor 3, LISTEN_PID is the service's own number: the shell keeps it by becoming the service.
        handed = f"exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; {become}"
        if not _namespaces_allowed():
            return ["sh", "-c", handed]
        mount = f"mount --bind {shlex.quote(str(self._folder / 'run'))} /run"
        return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"{mount} && {handed}"]


def _pcscd() -> str | None:
    return next((path for path in PCSCD if Path(path).exists()), None)


def _namespaces_allowed() -> bool:
    """Whether the service can have a /run of its own; a container may forbid it, but there one is root and alone."""
    probe = ["unshare", "--user", "--map-root-user", "--mount", "mount", "--bind", "/run", "/run"]
    try:
        return subprocess.run(probe, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False).returncode == 0  # noqa: S603 # as above
    except (OSError, subprocess.TimeoutExpired):
        return False


def _free_ports() -> tuple[int, ...]:
    """Neighbouring ports that nobody uses now, one for each slot, below those that the system gives to outgoing connections."""
    for _ in range(MAX_PORT_TRIES):
        first = LOWEST_PORT + SLOTS * secrets.randbelow(PORT_PAIRS)
        ports = tuple(range(first, first + SLOTS))
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in ports:
                held.enter_context(socket.socket()).bind((LOOPBACK, port))
            return ports
    raise NoReader("no two neighbouring ports are free")
