"""What the other tests stand on: two of these stacks at once do not meet, and what is missing is named."""

import pytest

from hardware.emulator import pcscd
from hardware.errors import NoReader
from hardware.readers.reader import list_readers
from tests.hardware.emulator.make_cards import personalised_card
from tests.reader.stack import VirtualReader
from tests.reader.stack import virtual_reader as another


def test_two_test_processes_do_not_meet(virtual_reader: VirtualReader) -> None:
    """Each has a service of its own: what is put into one reader is not seen in the other."""
    virtual_reader.insert(personalised_card(None))
    with another() as other:
        assert list_readers(other.command) == list_readers(virtual_reader.command) == [other.name(0), other.name(1)]
        other.wait(present=False)
        assert set(other.service.ports).isdisjoint(virtual_reader.service.ports)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has no pcscd or no vpcd reads which Debian package brings it."""
    monkeypatch.setattr(pcscd, "PCSCD", ("/nowhere/pcscd",))
    monkeypatch.setattr(pcscd, "DRIVER", "/nowhere/libifdvpcd.so")
    with pytest.raises(NoReader, match=r"apt-get install pcscd; .*apt-get install vsmartcard-vpcd"), another():
        pass
