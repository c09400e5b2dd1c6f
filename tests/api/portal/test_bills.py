"""A household's bills: seen by its own residents, paid once from the account or on-line."""

from citizencard.billing.models import BillState
from tests.api.portal.household import BILL_FEN, Home
from tests.citizencard.billing.make_bills import HOUSE, START_FEN


def test_resident_pays_a_water_bill_from_the_account(home: Home) -> None:
    """18 t of water cost ¥49.50: the resident sees of what, agrees to it, and has a receipt that everybody can check."""
    bill_id = home.linked_bill()
    browser = home.resident()
    browser.get("/portal")
    assert browser.page.one(id="bills-due").words() == "¥49.50"
    browser.get(f"/portal/bills/{bill_id}")
    words = browser.words()
    for said in (
        "Tier 1",
        "18 t",
        "¥1.80",
        "¥32.40",
        "Sewage",
        "¥0.95",
        "¥17.10",
        "¥49.50",
        "····3344",
        "tier 1, 18 t at ¥1.80 each: ¥32.40;",
    ):
        assert said in words, said
    assert HOUSE not in words
    browser.get(f"/portal/bills/{bill_id}/account-payment")
    for said in ("¥49.50", "¥200.00", "¥150.50", "charged at once"):
        assert said in browser.words(), said
    browser.send(f"/portal/bills/{bill_id}/account-payment")
    assert "Paid; here is the receipt" in browser.words()
    assert (home.wallet_fen(), home.utility_fen()) == (START_FEN - BILL_FEN, BILL_FEN)
    verify = str(browser.page.one(id="receipt-verify").attributes["href"])
    browser.get("/portal/receipts")
    assert verify in [link.attributes["href"] for link in browser.page.all("a")]
    browser.get(verify)
    assert "¥49.50" in browser.words()


def test_bill_sent_twice_is_paid_once(home: Home) -> None:
    """A double click, a reload of the form, and a second window pay one bill once."""
    bill_id = home.linked_bill()
    path = f"/portal/bills/{bill_id}/account-payment"
    browser, second = home.resident(), home.resident()
    for window in (browser, second):
        window.get(path)
    form = {str(entry.attributes["name"]): str(entry.attributes["value"]) for entry in browser.form(path).all("input")}
    for _ in range(3):
        assert browser.post(path, form, follow=False).status_code == 303
    assert second.send(path, follow=False).status_code == 303
    assert (home.wallet_fen(), home.utility_fen()) == (START_FEN - BILL_FEN, BILL_FEN)


def test_resident_pays_a_water_bill_online(home: Home) -> None:
    """The provider is asked only after the resident has agreed; then the bill is paid and there is a receipt."""
    bill_id = home.linked_bill()
    browser = home.resident()
    browser.get(f"/portal/bills/{bill_id}")
    browser.send(f"/portal/bills/{bill_id}/payments", way="pm_card_visa")
    assert "Nothing has been charged yet" in browser.words()
    assert home.fake.books.held_fen() == 0
    (confirmation,) = [
        str(form.attributes["action"]) for form in browser.page.all("form") if "confirmation" in str(form.attributes)
    ]
    browser.send(confirmation)
    assert "Paid" in browser.page.one(id="payment-stands").words()
    assert home.fake.books.held_fen() == BILL_FEN
    assert (home.wallet_fen(), home.utility_fen()) == (START_FEN, BILL_FEN)
    assert browser.page.one(id="receipt-pdf")
    assert home.works.found().state == BillState.PAID


def test_bills_of_others_are_not_found(home: Home) -> None:
    """Whoever guesses the name of somebody's bill sees and pays nothing, and does not learn that it exists."""
    bill_id = home.linked_bill()
    stranger = home.neighbour()
    for path in (f"/portal/bills/{bill_id}", f"/portal/bills/{bill_id}/account-payment", "/portal/bills/bil_none"):
        assert stranger.get(path).status_code == 404
        assert "¥49.50" not in stranger.words()
    token = stranger.token("/portal/bills")
    for path in (f"/portal/bills/{bill_id}/account-payment", f"/portal/bills/{bill_id}/payments"):
        fields = {"csrf": token, "once": "x" * 20, **({"way": "pm_card_visa"} if "payments" in path else {})}
        assert stranger.post(path, fields).status_code == 404
    assert (home.wallet_fen(), home.utility_fen(), home.fake.books.held_fen()) == (START_FEN, 0, 0)
