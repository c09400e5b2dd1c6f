"""Card programs of other people talk to our emulated dual card through a real pcscd and get the documented bytes."""

import os
import re
import shutil
import subprocess

import pytest

from hardware.emulator.card import EmulatedCard
from hardware.emulator.shipped import dual_card
from tests.hardware.emulator.make_cards import (
    CHIP_SERIAL,
    ISSUER,
    SERIAL,
    VALID_FROM,
    VALID_TO,
    counting_random,
    load,
    personalised_card,
)
from tests.hardware.emulator.test_shipped import making
from tests.reader.stack import VirtualReader

END_S = 20
PURSE = "00:A4:04:00:08:A0:00:00:06:32:01:01:05"
CITY_UNION = "00:A4:04:00:09:A0:00:00:00:03:86:98:07:01"
SOCIAL = "00:A4:04:00:0F:73:78:31:2E:73:68:2E:C9:E7:BB:E1:B1:A3:D5:CF"
DAYS = (VALID_FROM, VALID_TO)
EF15 = ISSUER + b"\x02\x01" + SERIAL + b"".join(bytes.fromhex(f"{day:%Y%m%d}") for day in DAYS) + bytes(2)
CITY_UNION_FCI = bytes.fromhex("6F328409A00000000386980701A5259F0801029F0C1E") + EF15
PURSE_FCI = bytes.fromhex("6F318408A000000632010105A5259F0801029F0C1E") + EF15


def said(virtual_reader: VirtualReader, program: str, *arguments: str) -> str:
    """What the program prints; a program that is missing fails the run and is named with its package."""
    package = {"opensc-tool": "opensc", "pcsc_scan": "pcsc-tools"}[program]
    path = shutil.which(program)
    if path is None:
        pytest.fail(f"{program} is missing: apt-get install {package}")
    done = subprocess.run(
        [path, *arguments],
        env={**os.environ, **virtual_reader.environment, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answers(output: str) -> list[tuple[bytes, str]]:
    """Data and status word of each answer that opensc-tool prints."""
    found = []
    for part in output.split("Received (SW1=0x")[1:]:
        first, second = part[:2], part[len("90, SW2=0x") :][:2]
        rows = re.findall(r"^((?:[0-9A-F]{2} ){1,16})", part.partition("Sending:")[0], re.MULTILINE)
        found.append((bytes.fromhex("".join(rows)), first + second))
    return found


def test_opensc_tool_reads_the_dual_card(virtual_reader: VirtualReader) -> None:
    """Readers, ATR, and both applications of the one chip: FCI, balance, EF15, and the records of the social-security part."""
    card = virtual_reader.insert(personalised_card(None, balance_fen=12_345))
    listed = said(virtual_reader, "opensc-tool", "-l")
    assert re.search(rf"0 +Yes +{virtual_reader.name(0)}\n1 +No +{virtual_reader.name(1)}", listed)
    atr = said(virtual_reader, "opensc-tool", "-r", "0", "-a").strip().replace(":", "")
    assert bytes.fromhex(atr) == card.atr
    assert CHIP_SERIAL in card.atr
    commands = (PURSE, "80:5C:00:02:04", "00:B0:95:00:1E", "00:B2:01:C4:17", SOCIAL, "00:B2:07:2C:0B", "00:B2:02:34:20")
    sent = [part for command in commands for part in ("-s", command)]
    fci, balance, public, log, social, number, person = answers(said(virtual_reader, "opensc-tool", "-r", "0", *sent))
    assert fci == (PURSE_FCI, "9000")
    assert balance == ((12_345).to_bytes(4), "9000")
    assert public == (EF15, "9000")
    assert log == (bytes.fromhex("0001 000000 00003039 02 330200000099 20260101 080000"), "9000")
    assert social[0].startswith(bytes.fromhex("6F13840F") + bytes.fromhex(SOCIAL.replace(":", ""))[5:])
    assert number == (b"\x07\x09A12345674", "9000")
    assert person == (b"", "6982"), "name and number want the PIN"


def test_opensc_tool_reads_the_purses_of_a_chip_with_three_applications(virtual_reader: VirtualReader) -> None:
    """T-Union, City Union and social security on one chip: each purse by its name with its own money, and the medical account."""
    card = EmulatedCard(dual_card(making()), counting_random())
    load(card, 1_000)
    card.reset()
    virtual_reader.insert(card)
    medical = ("00:A4:04:00:06:D1:56:00:00:05:03", "B0:26:00:01:04")
    balance = "80:5C:00:02:04"
    commands = (PURSE, balance, CITY_UNION, balance, "00:B0:95:00:1E", "00:B2:01:C4:17", SOCIAL, *medical)
    sent = [part for command in commands for part in ("-s", command)]
    found = answers(said(virtual_reader, "opensc-tool", "-r", "0", *sent))
    assert found[0] == (PURSE_FCI, "9000")
    assert found[1] == ((1_000).to_bytes(4), "9000")
    assert found[2] == (CITY_UNION_FCI, "9000")
    assert found[3] == (bytes(4), "9000"), "money of the one purse is not in the other"
    assert found[4] == (EF15, "9000")
    assert found[5] == (b"", "6A83"), "no transaction yet"
    assert found[6][0][4:19] == bytes.fromhex(SOCIAL.replace(":", ""))[5:]
    assert [status for _, status in found[6:]] == ["9000", "9000", "9000"]
    assert found[8][0] == bytes(4)


def test_pcsc_scan_sees_readers_and_card(virtual_reader: VirtualReader) -> None:
    """The common scanner lists both slots, the card in one of them and its ATR."""
    card = virtual_reader.insert(personalised_card(None))
    assert said(virtual_reader, "pcsc_scan", "-r").split("\n")[-3:-1] == [
        f"0: {virtual_reader.name(0)}",
        f"1: {virtual_reader.name(1)}",
    ]
    scanned = re.sub(r"\x1b\[[0-9;]*m", "", said(virtual_reader, "pcsc_scan", "-n", "-c"))
    first, _, second = scanned.partition("Reader 1")
    assert "Card inserted" in first
    assert f"ATR: {card.atr.hex(' ').upper()}" in first
    assert "Card removed" in second
