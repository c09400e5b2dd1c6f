"""A device changes its own key over HTTP."""

from datetime import timedelta

from citizencard.staff.permissions import Role
from citizencard.terminals.rotation import rotation_message
from tests.api.registry import Equipped, equip
from tests.api.signing import SigningDevice
from tests.api.world import World, ok, problem

KEYS = "/terminals/keys"


def successor(world: World, equipped: Equipped) -> SigningDevice:
    """The same device with a new key."""
    return SigningDevice(world.app.test_client(), equipped.psam["terminal_number"], world.clock())


def change(old: SigningDevice, new: SigningDevice, number: str) -> dict[str, str]:
    message = rotation_message(number, old.public_key, new.public_key)
    return {"terminal": number, "public_key": new.public_key.hex(), "possession": new.key.sign(message).hex()}


def test_device_goes_on_under_its_new_key_also_when_the_answer_was_lost(world: World) -> None:
    """The same request, signed by the old or the new key, is told the same; everything else only the new key may sign."""
    equipped = equip(world)
    old, new, number = equipped.device, successor(world, equipped), equipped.psam["terminal_number"]
    first = ok(old.post(KEYS, change(old, new, number)))
    assert first["public_key"] == new.public_key.hex().upper()
    assert first["terminal_id"] == equipped.terminal["id"]
    for device in (old, new):
        assert ok(device.post(KEYS, change(old, new, number))) == first
    sign_in = {"psam_serial": equipped.psam["psam_serial"], "software": "1.0"}
    ok(new.post("/terminals/sign-ins", sign_in))
    problem(old.post("/terminals/sign-ins", sign_in), 401, "signature_invalid")
    seen = ok(world.as_(Role.STOCK_KEEPER).get(f"/v1/terminals/{equipped.terminal['id']}"))
    assert [(key["public_key"], key["rotated"]) for key in seen["keys"]] == [
        (new.public_key.hex().upper(), True),
        (old.public_key.hex().upper(), False),
    ]


def test_nobody_else_changes_a_key(world: World) -> None:
    """Neither a stranger with a key of his own, nor a device in another's name, nor one that does not have the new key."""
    equipped, other = equip(world), equip(world, "bus 27")
    old, new, number = equipped.device, successor(world, equipped), equipped.psam["terminal_number"]
    problem(new.post(KEYS, change(old, new, number)), 401, "signature_invalid")
    problem(other.device.post(KEYS, change(old, new, number)), 401, "signature_invalid")
    wrong = change(old, new, number) | {"possession": "00" * 64}
    problem(old.post(KEYS, wrong), 422, "key_possession_invalid")
    taken = change(old, other.device, number)
    problem(old.post(KEYS, taken), 409, "public_key_taken")
    problem(old.post(KEYS, change(old, new, number) | {"terminal": "term_none"}), 404, "unknown_terminal")
    stock = world.as_(Role.STOCK_KEEPER)
    ok(stock.post(f"/v1/terminals/{equipped.terminal['id']}/disablings", {"reason": "lost"}))
    problem(old.post(KEYS, change(old, new, number)), 403, "terminal_disabled")


def test_an_old_key_starts_nothing_new(world: World) -> None:
    """Whoever finds the old key later can only repeat what was done."""
    equipped = equip(world)
    old, new, number = equipped.device, successor(world, equipped), equipped.psam["terminal_number"]
    third = successor(world, equipped)
    ok(old.post(KEYS, change(old, new, number)))
    problem(old.post(KEYS, change(old, third, number)), 401, "signature_invalid")
    world.clock.advance(timedelta(minutes=1))
    ok(new.post(KEYS, change(new, third, number)))
    problem(old.post(KEYS, change(old, new, number)), 401, "signature_invalid")
