"""On-line payment is set up by the environment, or it is not there."""

from pathlib import Path

import pytest

from citizencard.checkout.settings import PaymentOptions, gateway_from_env
from citizencard.payments.errors import PaymentSettingsInvalid


def test_secrets_and_methods_are_read(tmp_path: Path) -> None:
    """Two secrets while one is rolled, and the ways of paying that the city offers; no secret shows in a repr."""
    secrets = tmp_path / "secrets"
    secrets.write_text("whsec_new\nwhsec_old\n")
    found = PaymentOptions.from_env(
        {"STRIPE_METHODS": "card, alipay,wechat_pay", "STRIPE_WEBHOOK_SECRET_FILE": str(secrets)}
    )
    assert found.methods == ("card", "alipay", "wechat_pay")
    assert [secret.text for secret in found.webhook_secrets] == ["whsec_new", "whsec_old"]
    assert "whsec" not in repr(found)
    assert PaymentOptions.from_env({}) == PaymentOptions()


@pytest.mark.parametrize("content", ["", "whsec_1 whsec_2 whsec_3", "sk_test_1"])
def test_other_content_is_refused(tmp_path: Path, content: str) -> None:
    """A wrong file is told at the start, and its content is not."""
    secrets = tmp_path / "secrets"
    secrets.write_text(content)
    with pytest.raises(PaymentSettingsInvalid) as refused:
        PaymentOptions.from_env({"STRIPE_WEBHOOK_SECRET_FILE": str(secrets)})
    assert "sk_test_1" not in str(refused.value)


def test_wrong_settings_are_refused(tmp_path: Path) -> None:
    """Unknown ways of paying, a file that is not there."""
    with pytest.raises(PaymentSettingsInvalid):
        PaymentOptions.from_env({"STRIPE_METHODS": "cash"})
    with pytest.raises(PaymentSettingsInvalid):
        PaymentOptions.from_env({"STRIPE_WEBHOOK_SECRET_FILE": str(tmp_path / "none")})


def test_without_a_key_there_is_no_provider(tmp_path: Path) -> None:
    """A city that takes no cards on-line runs all the same."""
    assert gateway_from_env({}) is None
    key = tmp_path / "key"
    key.write_text("sk_test_1")
    assert gateway_from_env({"STRIPE_SECRET_KEY_FILE": str(key)}) is not None
