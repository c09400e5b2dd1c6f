"""Refusals of the keys' keeper."""

from citizencard.keys import errors


def test_every_refusal_has_its_own_name() -> None:
    """People and machines tell one refusal from another: own title, own slug, one root."""
    classes: list[type[errors.KeysError]] = [
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.KeysError)
    ]
    assert len(classes) > 10
    assert len({refusal.code for refusal in classes}) == len(classes)
    assert len({refusal("x").title for refusal in classes}) == len(classes)


def test_nothing_but_role_and_check_value_leaves_the_house() -> None:
    """What a caller outside may see of a refusal is a role, version or check value: never a path or a key."""
    shown = {
        name for value in vars(errors).values() if isinstance(value, type) for name in getattr(value, "public", ())
    }
    assert shown == {"role", "version", "check_value"}
