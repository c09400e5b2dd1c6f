"""A PC/SC service of one's own with a virtual reader: the real `pcscd` with the real `vpcd` driver, beside any other on the machine.

Clients find it by the environment variable `PCSCLITE_CSOCK_NAME`; without that they talk to the machine's own service. The service is
handed its listening socket as systemd would hand it (sd_listen_fds(3)), so its clients may connect from the first moment on, and no
right on /run is needed where user namespaces are allowed.
"""

import contextlib
import shlex
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hardware.emulator.vpcd import LOOPBACK
from hardware.errors import NoReader

CLIENT_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
PCSCD: Final = ("/usr/sbin/pcscd", "/usr/local/sbin/pcscd")
DRIVER: Final = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
READER: Final = "Virtual PCD"
SLOTS: Final = 2
MAX_WAITING_CLIENTS: Final = 16
MAX_PORT_TRIES: Final = 64
STOP_TIMEOUT_S: Final = 10
PROBE_TIMEOUT_S: Final = 10
_FIRST_PASSED_DESCRIPTOR: Final = 3


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
        self._folder = Path(tempfile.mkdtemp(prefix="pcscd-"))  # a short path: a socket's name has at most 107 bytes
        (self._folder / "run" / "pcscd").mkdir(parents=True)
        self.socket = self._folder / "pcscd.comm"
        first = _free_ports()
        self.ports = tuple(range(first, first + SLOTS))
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"PrivatePcscd({self.socket}, ports {self.ports})"

    def __enter__(self) -> Self:
        self.start()
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
        """What the service has said so far."""
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / "log").read_text(errors="replace")
        return ""

    def start(self) -> None:
        """Start it, also after `kill()`; harmless while it runs. Clients may connect at once."""
        if self._process is not None:
            return
        port = self.ports[0]
        configuration = self._folder / "reader.conf"
        configuration.write_text(
            f'FRIENDLYNAME "{READER}"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {DRIVER}\nCHANNELID {port:#x}\n'
        )
        self.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening, (self._folder / "log").open("ab") as log:
            listening.bind(str(self.socket))
            listening.listen(MAX_WAITING_CLIENTS)
            self._process = subprocess.Popen(  # noqa: S603 # our own command, no outside part in it
                self._command(configuration, listening.fileno()),
                pass_fds=[listening.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """End it as a system does; what hangs is killed."""
        self._end(kill=False)

    def kill(self) -> None:
        """Let it die in the middle of whatever it does."""
        self._end(kill=True)

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

    def _command(self, configuration: Path, descriptor: int) -> list[str]:
        become = f"exec {_pcscd()} --foreground --info --config {shlex.quote(str(configuration))}"
        # LISTEN_PID must be the service's own number, which the shell keeps by becoming the service.
        handed = f"exec {_FIRST_PASSED_DESCRIPTOR}<&{descriptor}; export LISTEN_FDS=1 LISTEN_PID=$$; {become}"
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


def _free_ports() -> int:
    """The first of SLOTS neighbouring ports that nobody uses now."""
    for _ in range(MAX_PORT_TRIES):
        with contextlib.suppress(OSError, OverflowError), contextlib.ExitStack() as held:
            first = held.enter_context(socket.socket())
            first.bind((LOOPBACK, 0))
            port: int = first.getsockname()[1]
            for next_port in range(port + 1, port + SLOTS):
                held.enter_context(socket.socket()).bind((LOOPBACK, next_port))
            return port
    raise NoReader("no two neighbouring ports are free")
