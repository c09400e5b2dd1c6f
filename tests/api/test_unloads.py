"""Unloads over HTTP: asked for by a clerk, carried out by the chip, paid out by a supervisor with a new code."""

from citizencard.staff.permissions import Role
from tests.api.test_journey import issue_card, load_card, reader_job
from tests.api.world import World, ok, problem


def test_card_is_unloaded_and_paid_out_over_http(world: World) -> None:
    """All of it comes off the chip, is due, and is paid out once; the card is closed and the books prove."""
    card, chip = issue_card(world)
    clerk = world.as_(Role.CLERK)
    load = load_card(world, card, chip)
    unload = ok(clerk.post("/v1/unloads", {"card_id": card["id"]}))
    assert (unload["state"], unload["wanted_fen"], unload["amount_fen"]) == ("requested", None, None)
    path = f"/v1/unloads/{unload['id']}"
    payment = {"till_id": load["till_id"], "reason": "gives the card up"}
    problem(clerk.post(f"{path}/pay-outs", payment), 403, "permission_denied")
    supervisor = world.as_(Role.SUPERVISOR)
    problem(supervisor.post(f"{path}/pay-outs", payment), 409, "unload_state_forbids")
    assert reader_job(clerk, "unload", unload["id"], chip)["outcome"] == "unloaded"
    shadow = ok(clerk.get(f"/v1/cards/{card['id']}/shadow"))
    assert (shadow["purse_fen"], shadow["due_fen"]) == (0, 10_000)
    paid = ok(supervisor.post(f"{path}/pay-outs", payment))
    assert (paid["state"], paid["amount_fen"], paid["slip"]) == ("paid_out", 10_000, 2)
    assert ok(clerk.get(path)) == paid
    assert ok(clerk.get(f"/v1/cards/{card['id']}"))["state"] == "closed"
    assert ok(world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))["proved"]


def test_refusals_have_titles_and_statuses(world: World) -> None:
    """Nothing to take, too much to take, a card that nobody has, and one that was never handed out."""
    card, chip = issue_card(world)
    clerk = world.as_(Role.CLERK)
    for amount_fen, code in ((0, "shape_invalid"), (100_001, "unload_amount_invalid")):
        problem(clerk.post("/v1/unloads", {"card_id": card["id"], "amount_fen": amount_fen}), 422, code)
    problem(clerk.post("/v1/unloads", {"card_id": "card_none"}), 404, "unknown_card")
    problem(clerk.get("/v1/unloads/unload_none"), 404, "unknown_unload")
    unload = ok(clerk.post("/v1/unloads", {"card_id": card["id"]}))
    assert reader_job(clerk, "unload", unload["id"], chip)["outcome"] == "nothing_on_chip"
    withdrawn = ok(clerk.post(f"/v1/unloads/{unload['id']}/withdrawals", {"reason": "empty"}))
    assert withdrawn["state"] == "withdrawn"
