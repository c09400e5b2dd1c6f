"""A kiosk over HTTP: balances with the card, and loads that end by proof wherever the power goes."""

from pathlib import Path

import pytest

from citizencard import chart
from citizencard.db import reading
from citizencard.staff.permissions import Role
from hardware.errors import CardRemoved
from hardware.terminal.kiosk import Ending, Kiosk
from hardware.terminal.online import take_back_open
from hardware.terminal.traces import Traces
from ledger import balances, existing
from tests.api.cut_devices import CutCard, CutLine, Fuse, PowerCut, fused_disk
from tests.api.on_line import START_FEN, Holder, Post
from tests.api.test_journey import reader_job
from tests.api.world import World, ok, problem
from tests.citizencard.purse.loads.make_loads import chip_balance

AMOUNT_FEN = 100
COMMANDS = 6
"""SELECT, READ BINARY, INTERNAL AUTHENTICATE, INITIALIZE FOR LOAD, CREDIT FOR LOAD; and one beyond."""


class Booth:
    """A kiosk and its files; a new one after each cut of power."""

    def __init__(self, world: World, folder: Path, holder: Holder, number: int = 1) -> None:
        self.world, self.folder, self.holder = world, folder / str(number), holder
        self.folder.mkdir()
        hall = ok(world.as_(Role.FINANCE).post("/v1/merchants", {"name": f"City Hall {number}", "kind": "shop"}))
        self.post = Post.stand(world, hall["id"], f"kiosk {number}", "kiosk")
        self.terminal = bytes.fromhex(self.post.equipped.psam["terminal_number"])
        self.traces().begin(1)

    def traces(self) -> Traces:
        return Traces(self.folder / "traces.json", self.terminal)

    def kiosk(self, fuse: Fuse | None = None) -> Kiosk:
        line = CutLine(self.post, fuse or Fuse())
        return Kiosk(line, self.traces(), self.folder / "loads.json")  # type: ignore[arg-type] # stands where the uplink stands

    def restart(self) -> Kiosk:
        """What a kiosk does when it is switched on."""
        kiosk = self.kiosk()
        kiosk.catch_up()
        take_back_open(CutLine(self.post, Fuse()), self.traces())  # type: ignore[arg-type] # the same
        return kiosk

    def check(self, loaded: int) -> None:
        """The chip, its shadow and the account agree, and nothing is on its way."""
        card_id, account_id = self.holder.card_id, self.holder.account_id
        codes = [chart.wallet(account_id), chart.inload(card_id), chart.purse(card_id)]
        with reading(self.world.sessions) as session:
            found = balances(session, sorted(existing(session, codes)))
        wallet, inload, purse = (found[code].balance_fen if code in found else 0 for code in codes)
        loaded_fen = loaded * AMOUNT_FEN
        assert (wallet, inload, purse, chip_balance(self.holder.chip)) == (
            START_FEN - loaded_fen, 0, loaded_fen, loaded_fen,
        )  # fmt: skip
        assert self.kiosk().open_loads() == []
        assert self.traces().open_names() == []


@pytest.fixture
def booth(world: World, tmp_path: Path) -> Booth:
    """A kiosk, and a resident with an account."""
    return Booth(world, tmp_path, Holder.appear(world))


def test_holder_reads_the_balance(booth: Booth) -> None:
    """With the card in the field the account's balance is told; without its proof nothing is, and a request without one has no form."""
    told = booth.kiosk().balance(booth.holder.chip, booth.world.clock())
    assert (told["verdict"], told["balance_fen"], told["due_fen"]) == ("answered", START_FEN, 0)
    body = {**booth.post.name(2), **booth.post.seen(booth.holder)}
    refused = ok(booth.post.post("/terminals/balances", {**body, "proof": "00" * 8}))
    assert (refused["verdict"], refused["reason"], refused["balance_fen"]) == ("refused", "bad_proof", None)
    problem(booth.post.post("/terminals/balances", body), 422, "shape_invalid")
    assert booth.traces().open_names() == []


def test_load_survives_a_cut_of_power_at_every_step(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the power goes, the money is in the account or on the chip, never in both and never in neither."""
    chip, clock = booth.holder.chip, booth.world.clock
    loaded, step, is_cut = 0, 0, True
    while is_cut:
        step += 1
        fuse = Fuse(step)
        chip.reset()
        with fused_disk(monkeypatch, fuse):
            try:
                result = booth.kiosk(fuse).load(CutCard(chip, fuse), AMOUNT_FEN, "account", clock())
                assert result.ending is Ending.LOADED
                loaded, is_cut = loaded + 1, False
            except PowerCut:
                pass
        awake = booth.restart()
        chip.reset()
        found = awake.finish(chip, clock())
        if is_cut:
            loaded += chip_balance(chip) // AMOUNT_FEN - loaded
            assert found is None or found.ending is Ending.LOADED or found.reason == "never_began"
        booth.check(loaded)
    assert step > 15
    assert ok(booth.world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))["proved"]


def test_load_survives_a_card_that_leaves_at_every_command(booth: Booth) -> None:
    """A card that is pulled away at any command is helped when it comes back: the load ends on the chip, or never began."""
    chip, clock, kiosk = booth.holder.chip, booth.world.clock, booth.kiosk()
    loaded = 0
    for commands in range(COMMANDS):
        for phase in ("before", "inside", "after"):
            chip.reset()
            chip.tear(commands, phase)
            try:
                result = kiosk.load(chip, AMOUNT_FEN, "account", clock())
                assert result.ending is (Ending.OPEN if commands < COMMANDS - 1 else Ending.LOADED)
            except CardRemoved:
                assert commands < COMMANDS - 2
            chip.reset()
            kiosk.finish(chip, clock())
            loaded = chip_balance(chip) // AMOUNT_FEN
            booth.check(loaded)
    assert loaded >= 6


def test_open_load_is_finished_elsewhere_or_given_back(booth: Booth, tmp_path: Path) -> None:
    """A load torn at one kiosk is found out at another and finished at the counter, or given back to the account."""
    chip, clock, world = booth.holder.chip, booth.world.clock, booth.world
    other = Booth(world, tmp_path, booth.holder, 2)
    chip.tear(4, "before")
    assert booth.kiosk().load(chip, AMOUNT_FEN, "account", clock()).ending is Ending.OPEN
    chip.reset()
    told = other.kiosk().load(chip, AMOUNT_FEN, "account", clock())
    assert (told.ending, told.reason) == (Ending.NOT_LOADED, "load_already_open")
    load_id = booth.kiosk().open_loads()[0].load_id
    seen = ok(world.as_(Role.CLERK).get(f"/v1/loads/{load_id}"))
    assert (seen["state"], seen["source"], seen["till_id"]) == ("disproven", "account", None)
    assert reader_job(world.as_(Role.CLERK), "load", load_id, chip)["outcome"] == "loaded"
    chip.reset()
    found = booth.kiosk().finish(chip, clock())
    assert found is not None
    assert found.ending is Ending.LOADED
    booth.check(1)
    chip.reset()
    chip.tear(4, "before")
    booth.kiosk().load(chip, AMOUNT_FEN, "account", clock())
    chip.reset()
    back = booth.kiosk().give_back(chip)
    assert back is not None
    assert back.ending is Ending.NOT_LOADED
    booth.check(1)
    chip.reset()
    chip.tear(4, "before")
    booth.kiosk().load(chip, AMOUNT_FEN, "account", clock())
    load_id = booth.kiosk().open_loads()[0].load_id
    chip.reset()
    assert other.kiosk().finish(chip, clock()) is not None
    path = f"/v1/loads/{load_id}/give-backs"
    assert ok(world.as_(Role.SUPERVISOR).post(path, {"reason": "the resident has left"}))["state"] == "given_back"
    chip.reset()
    assert booth.kiosk().finish(chip, clock()) is not None
    booth.check(1)


def test_refused_load_leaves_nothing_behind(booth: Booth) -> None:
    """Too little money, nothing due, a device of another kind: told why, and neither books nor kiosk remember anything."""
    chip, clock = booth.holder.chip, booth.world.clock
    for amount_fen, source in ((START_FEN + 1, "account"), (AMOUNT_FEN, "due")):
        chip.reset()
        result = booth.kiosk().load(chip, amount_fen, source, clock())
        assert (result.ending, result.reason) == (Ending.NOT_LOADED, "balance_too_low")
    chip.reset()
    assert booth.kiosk().load(chip, 99_999_999, "due", clock()).reason == "shape_invalid"
    booth.check(0)
    shop = ok(booth.world.as_(Role.FINANCE).post("/v1/merchants", {"name": "City Fuel", "kind": "fuel"}))
    pump = Post.stand(booth.world, shop["id"], "pump", "fuel_pump")
    wanted = {"card_serial": booth.post.seen(booth.holder)["card_serial"]}
    problem(pump.post("/terminals/loads/probes", wanted), 403, "not_a_kiosk")
    problem(booth.post.post("/terminals/loads/probes", wanted), 404, "unknown_load")
    problem(booth.post.post("/terminals/loads/give-backs", wanted), 422, "shape_invalid")
