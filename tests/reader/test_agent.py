"""The agent over a real PC/SC service: the same protocol, and every way in which a reader can fail ends in a clear word, in time."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hardware.agent.messages import fingerprint
from hardware.card import profile
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.purse import GetBalance, get_challenge, select_application
from hardware.cli.card_report import report_on
from hardware.emulator import EmulatedCard, blank_card
from hardware.emulator.image import CardImage
from hardware.readers.reader import PcscReader
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS, SERIAL, Issuer, load, personalise, personalised_card
from tests.reader.desk import ORIGIN, AgentChannel, Desk
from tests.reader.stack import VirtualReader, card_in_reader, running_agent

READ_BALANCE = (select_application(profile.PURSE_AID), GetBalance().command())
FIRST, SECOND, THIRD = (f"session_over_pcsc_{number}" for number in (1, 2, 3))


class AtCommand(EmulatedCard):
    """A card with which something happens at one of its commands, before it answers."""

    def __init__(self, image: CardImage, number: int, happens: Callable[[], object]) -> None:
        super().__init__(image)
        self._left = number
        self._happens = happens

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        self._left -= 1
        if self._left == 0:
            self._happens()
        return super().transmit(command)


def test_card_is_read_through_the_page(desk: Desk, virtual_reader: VirtualReader) -> None:
    """A clerk sees the card that lies in a real reader; that it is genuine, the agent does not claim."""
    virtual_reader.insert(personalised_card(None, balance_fen=12_345))
    answer = desk.take(FIRST, 1, *READ_BALANCE)
    assert (answer["reader"], answer["realm"], answer["torn"]) == (virtual_reader.name(), "unproven", False)
    assert CHIP_SERIAL.hex().upper() in answer["atr"]
    assert bytes.fromhex(answer["responses"][1]) == (12_345).to_bytes(4) + b"\x90\x00"
    assert desk.take(FIRST, 2, GetBalance().command())["responses"] == answer["responses"][1:], "no reset between steps"
    assert "any PC/SC reader: whether a card is real, only its keys can tell" in desk.agent.introduction
    assert re.search(r"PC/SC readers: Virtual PCD 00 00, Virtual PCD 00 01", desk.agent.log.read_text())


def test_card_is_made_and_loaded_over_the_reader(desk: Desk, virtual_reader: VirtualReader, tmp_path: Path) -> None:
    """A blank chip becomes a citizen card and gets money, every command of it a signed step through pcscd."""
    path = tmp_path / "a.json"
    keys = partial(KEYS.key, chip_serial=CHIP_SERIAL, serial=SERIAL)
    blank_card(CHIP_SERIAL, keys("transport")).save(path)
    virtual_reader.insert(path)
    channel = AgentChannel(desk, FIRST)
    personalise(Issuer(channel, keys))
    load(channel, 5_000)
    virtual_reader.remove()
    with EmulatedCard(CardImage.load(path)) as made:
        made.reset()
        purse = report_on(made)["purse"]
    assert (purse["balance_fen"], purse["card_class"]) == (5_000, "01")


def test_card_is_pulled_in_the_middle(desk: Desk, virtual_reader: VirtualReader) -> None:
    """The answers so far come back marked torn; put in again, the card goes on in a new session."""
    card = AtCommand(personalised_card(None, balance_fen=700).image, 2, lambda: card.tear(0, "after"))
    virtual_reader.insert(card)
    answer = desk.take(FIRST, 1, *READ_BALANCE)
    assert (len(answer["responses"]), answer["torn"]) == (1, True)
    assert desk.take(FIRST, 2)["code"] == "session_over"
    virtual_reader.remove()
    assert desk.take(SECOND, 1)["code"] == "no_reader"
    virtual_reader.insert(personalised_card(None, balance_fen=700))
    assert desk.take(SECOND, 1, *READ_BALANCE)["responses"][1] == "000002BC9000", "the refused step was not used up"


def test_card_is_pulled_between_steps(desk: Desk, virtual_reader: VirtualReader) -> None:
    """Also when another card, or the same one, is put in at once: what was begun on the first does not go on."""
    virtual_reader.insert(personalised_card(None))
    assert desk.take(FIRST, 1, *READ_BALANCE)["torn"] is False
    virtual_reader.remove()
    virtual_reader.insert(personalised_card(None))
    gone = desk.take(FIRST, 2, get_challenge())
    assert (gone["responses"], gone["torn"]) == ([], True)
    assert desk.take(SECOND, 1, *READ_BALANCE)["torn"] is False


def test_service_dies_in_the_middle_and_comes_back(desk: Desk, virtual_reader: VirtualReader) -> None:
    """A pcscd that is killed tears the step, is named by the next one, and after its restart the agent goes on by itself."""
    card = AtCommand(personalised_card(None).image, 2, virtual_reader.service.kill)
    virtual_reader.insert(card)
    answer = desk.take(FIRST, 1, *READ_BALANCE)
    assert (len(answer["responses"]), answer["torn"]) == (1, True)
    assert desk.take(SECOND, 1)["code"] == "reader_service_down"
    virtual_reader.empty()
    virtual_reader.service.start()
    virtual_reader.insert(personalised_card(None))
    assert desk.take(SECOND, 1, *READ_BALANCE)["torn"] is False


def test_other_program_holds_the_card(desk: Desk, virtual_reader: VirtualReader) -> None:
    """Of two programs at one reader the second is told that it is busy, whichever it is."""
    virtual_reader.insert(personalised_card(None))
    other = PcscReader(command=virtual_reader.command)
    other.connect()
    assert desk.take(FIRST, 1)["code"] == "reader_busy"
    other.disconnect()
    assert desk.take(FIRST, 1, *READ_BALANCE)["torn"] is False
    reply = desk.post("/steps", desk.step(FIRST, 1))
    assert (reply.status_code, reply.json()["code"]) == (409, "step_out_of_order")


def test_cards_in_two_readers(desk: Desk, virtual_reader: VirtualReader) -> None:
    """Which of two cards is meant is not guessed."""
    virtual_reader.insert(personalised_card(None), 0)
    virtual_reader.insert(personalised_card(None), 1)
    assert desk.take(FIRST, 1)["code"] == "no_reader"
    virtual_reader.remove(0)
    assert desk.take(FIRST, 1)["reader"] == virtual_reader.name(1)


def test_agent_is_there_before_its_reader(virtual_reader: VirtualReader, tmp_path: Path) -> None:
    """Started without a service, and for a reader of a name, the agent runs, says what it lacks, and works once that is there."""
    virtual_reader.service.kill()
    arguments = ("--pcsc", virtual_reader.name(1), "--origin", ORIGIN)
    with running_agent(tmp_path / "agent", *arguments, environment=virtual_reader.environment) as agent:
        desk = Desk(agent)
        said = desk.pair()
        assert (said["realm"], fingerprint(bytes.fromhex(said["agent_key"]))) == ("unproven", agent.fingerprint)
        assert desk.take(FIRST, 1)["code"] == "reader_service_down"
        assert "no PC/SC reader yet: the PC/SC service does not run" in agent.log.read_text()
        virtual_reader.service.start()
        virtual_reader.insert(personalised_card(None), 0)
        assert desk.take(FIRST, 1)["code"] == "no_reader", "a card in another reader is not ours"
        virtual_reader.insert(personalised_card(None), 1)
        assert desk.take(FIRST, 1)["reader"] == virtual_reader.name(1)


def test_card_image_as_a_process(desk: Desk, virtual_reader: VirtualReader, tmp_path: Path) -> None:
    """`citizencard-card emulate` is a card in the reader for as long as it runs."""
    personalised_card(tmp_path / "a.json", balance_fen=100).remove()
    with card_in_reader(tmp_path / "a.json", virtual_reader.service.ports[0]) as process:
        virtual_reader.wait(present=True)
        assert desk.take(FIRST, 1, *READ_BALANCE)["torn"] is False
    assert process.returncode == 0
    virtual_reader.wait(present=False)
    assert desk.take(SECOND, 1)["code"] == "no_reader"
    with card_in_reader(tmp_path / "a.json", virtual_reader.service.ports[0]) as process:
        virtual_reader.wait(present=True)
        virtual_reader.service.stop()
        assert process.wait(timeout=20) == 1, "it says that the service has ended"
    assert "the service of the virtual reader has ended" in (tmp_path / "a.log").read_text()
