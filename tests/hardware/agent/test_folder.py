"""What the agent keeps: its key and its server, for its owner's eyes, whole after any cut."""

import stat
from pathlib import Path

import pytest

from hardware.agent.errors import AgentFolderInUse, AgentFolderInvalid
from hardware.agent.folder import AgentFolder, Pairing
from tests.hardware.agent.workstation import NOW, ORIGIN


def test_key_and_server_survive_a_restart(tmp_path: Path) -> None:
    """The agent stays who it is; its files are for its owner only."""
    path = tmp_path / "agent"
    with AgentFolder(path) as folder:
        agent = folder.agent
        assert folder.pairing is None
        folder.pair(Pairing(ORIGIN, bytes(32)), NOW)
        folder.keep_taken({"session": [1, 2]})
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}
    with AgentFolder(path) as folder:
        assert (folder.agent, folder.pairing, folder.taken()) == (
            agent,
            Pairing(ORIGIN, bytes(32)),
            {"session": [1, 2]},
        )
        assert (path / "agent.json").read_text()[17:40] not in repr(folder)


def test_unpairing_makes_another_agent(tmp_path: Path) -> None:
    """Server and key are forgotten: what the old server signs names an agent that is no more."""
    with AgentFolder(tmp_path / "agent") as folder:
        agent = folder.agent
        folder.pair(Pairing(ORIGIN, bytes(32)), NOW)
        folder.unpair()
        assert folder.pairing is None
        assert folder.agent != agent


def test_one_agent_on_a_folder(tmp_path: Path) -> None:
    """Two agents with one memory would take a step twice: the second does not start."""
    with AgentFolder(tmp_path / "agent"), pytest.raises(AgentFolderInUse):
        AgentFolder(tmp_path / "agent")
    with AgentFolder(tmp_path / "agent"):
        pass


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"private_key": "00", "pairing": null}',
        '{"private_key": "' + "00" * 32 + '", "pairing": {"origin": "*", "server_key": ""}}',
    ],
)
def test_damaged_file_is_not_guessed_at(tmp_path: Path, content: str) -> None:
    """A damaged file stops the agent; it never makes a new key in its place by itself."""
    with AgentFolder(tmp_path / "agent"):
        pass
    (tmp_path / "agent" / "agent.json").write_text(content)
    with pytest.raises(AgentFolderInvalid):
        AgentFolder(tmp_path / "agent")


def test_others_may_not_look(tmp_path: Path) -> None:
    """A folder or a key that others can read is refused, so that it is noticed."""
    path = tmp_path / "agent"
    with AgentFolder(path):
        pass
    path.chmod(0o755)
    with pytest.raises(AgentFolderInvalid):
        AgentFolder(path)
    path.chmod(0o700)
    (path / "agent.json").chmod(0o640)
    with pytest.raises(AgentFolderInvalid):
        AgentFolder(path)
