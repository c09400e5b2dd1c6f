"""`citizencard-terminal … online`: a pump and a kiosk run by hand."""

from pathlib import Path

from click.testing import CliRunner, Result

from hardware.cli.terminal import main
from tests.hardware.emulator.make_cards import PSAM_SERIAL, TERMINAL, personalised_card
from tests.hardware.terminal.server import Answer, listening
from tests.hardware.terminal.test_device import SIGN_IN

AT = ("--at", "2026-11-21T08:30:00+08:00")
APPROVED = {"verdict": "approved", "reason": None, "is_reversed": False}
HELD = {"verdict": "approved", "reason": None, "is_ended": False}
REFUSED = {"verdict": "refused", "reason": "no_account"}
ENDED = {"load_id": "330200000001.5.9", "state": "proven", "amount_fen": 1_000, "online_seq": None, "probe": None}
UNKNOWN = {"code": "unknown_load"}


def test_pump_and_kiosk_by_hand(tmp_path: Path) -> None:
    """Each command says what it did; 0 is done, 1 is refused or not decided."""
    image = tmp_path / "card.json"
    with personalised_card(image):
        pass

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["--device", str(tmp_path / "pump"), "online", *map(str, arguments)])

    with listening() as server:
        numbers = ("--terminal-number", TERMINAL.hex(), "--psam-serial", PSAM_SERIAL.hex())
        steps: list[tuple[tuple[object, ...], list[Answer], str, int]] = [
            (("set-up", "--server", server.address, *numbers), [], "terminal 330200000001 is set up\n", 0),
            (("enrol", "code-1"), [Answer(201, {})], "enrolled\n", 0),
            (("sign-in",), [Answer(200, SIGN_IN)], "signed in: batch 5\n", 0),
            (("buy", image, 250, *AT), [Answer(200, APPROVED)], "paid ¥2.50\n", 0),
            (("buy", image, 250, *AT), [Answer(200, REFUSED)], "refused: no_account\n", 1),
            (("hold", image, 30_000, *AT), [Answer(200, HELD)], "held ¥300.00 as 5.3\n", 0),
            (("holds",), [], "5.3  ¥300.00  open\n", 0),
            (("settle", "5.3", 24_150, *AT), [Answer(200, APPROVED)], "settled ¥241.50\n", 0),
            (("settle", "5.3", 1, *AT), [], "there is no such open hold\n", 1),
            (("hold", image, 30_000, *AT), [Answer(200, HELD)], "held ¥300.00 as 5.4\n", 0),
            (("settle", "5.4", 0, *AT), [Answer(200, {"outcome": "released"})], "released\n", 0),
            (("hold", image, 500, *AT), [Answer(200, HELD)], "held ¥5.00 as 5.5\n", 0),
            (("settle", "5.5", 500, *AT), [Answer(200, REFUSED)], "not paid: no_account\n", 1),
            (
                ("balance", image, *AT),
                [Answer(200, {"verdict": "answered", "balance_fen": 8_200, "due_fen": 0})],
                "account ¥82.00\nwaits for the card ¥0.00\n",
                0,
            ),
            (("balance", image, *AT), [Answer(200, REFUSED)], "refused: no_account\n", 1),
            (
                ("load", image, 1_000, *AT),
                [Answer(200, {"state": "reserved"})],
                "¥10.00 is on its way: present the card again (reserved)\n",
                1,
            ),
            (("finish", image, *AT), [Answer(200, ENDED)], "¥10.00 is on the chip\n", 0),
            (("finish", image, *AT), [Answer(404, UNKNOWN)], "there is no open load of this card\n", 0),
            (("finish", image, "--give-back"), [], "there is no open load of this card\n", 0),
        ]
        for arguments, answers, said, code in steps:
            server.answers = answers
            result = run(*arguments)
            assert (result.output, result.exit_code) == (said, code), arguments
            assert server.answers == []
