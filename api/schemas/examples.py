"""Bodies that work, by the schema of the request: shown in the documentation, and tried by a test."""

from collections.abc import Mapping
from typing import Any, Final

_CARD: Final = "card_7h2k9mwp4r8t3v6x1y5z"
_PERSON: Final = "per_7h2k9mwp4r8t3v6x1y5z"
_TILL: Final = "till_7h2k9mwp4r8t3v6x1y5z"
_OUTLET: Final = "out_7h2k9mwp4r8t3v6x1y5z"
_MERCHANT: Final = "mer_7h2k9mwp4r8t3v6x1y5z"
_TERMINAL: Final = "term_7h2k9mwp4r8t3v6x1y5z"
_PSAM: Final = "psam_7h2k9mwp4r8t3v6x1y5z"
_MERCHANT_OUTLET: Final = "mout_7h2k9mwp4r8t3v6x1y5z"
_NAMED: Final = {"terminal_number": "330200000001", "batch": 5, "trace": 17}
_CARD_THEN: Final = {"card_serial": "03302000000000000015", "date": "20261121", "time": "093000"}

_TARIFF: Final = {
    "format": 2,
    "name": "Demo City",
    "currency": "CNY",
    "source": {"page": "decision of the city's price authority", "grade": "A", "date": "2026-11"},
    "transit": {
        "classes": {"01": {"name": "adult"}},
        "modes": {"bus": {}},
        "lines": {"26": {"mode": "bus", "fare": {"flat": "2.00"}}},
        "concessions": [{"name": "card", "classes": ["01"], "pays": "0.9", "sponsor": "transport_fund"}],
        "transfers": [{"minutes": 60, "less": "1.00", "most_in_a_row": 1, "sponsor": "transport_fund"}],
    },
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "OnlineAccountRequest": {"person_id": _PERSON},
    "CardLinkRequest": {"card_id": _CARD},
    "CashTopUpRequest": {"amount_fen": 5000, "till_id": _TILL},
    "TapDecisionRequest": {
        "lines": [{"tap_id": "tap_1234", "outcome": "merchant", "amount_fen": 180, "merchant_id": None}],
        "reason": "the bus had no list for two days",
    },
    "TapNoteRequest": {"tap_ids": ["tap_1234"], "reason": "the fare had just changed"},
    "ReleaseRequest": {"reason": "its antenna was replaced"},
    "ReplacementRequest": {"new_card_id": _CARD, "reason": "lost, applied for a new one"},
    "RefundRequest": {"amount_fen": 4950, "reason": "paid twice"},
    "ServiceRequest": {"merchant_id": _MERCHANT, "name": "居民生活用水", "rule": "water_home"},
    "ActivationRequest": {
        "one_time_token": "the token that an administrator handed over",
        "password": "a long passphrase",
    },
    "SignInRequest": {
        "login": "clerk.li",
        "password": "a long passphrase",
        "totp": "123456",
        "workstation": "counter-1",
    },
    "CodeRequest": {"totp": "654321"},
    "PasswordRequest": {
        "password": "a long passphrase",
        "new_password": "another long passphrase",
        "totp": "654321",
    },
    "OutletRequest": {"name": "人民路服务厅"},
    "TillRequest": {"outlet_id": _OUTLET, "name": "Till 1"},
    "StaffRequest": {
        "login": "clerk.li",
        "name": "Li",
        "person_reference": "P-0001",
        "roles": ["clerk"],
        "outlet_id": _OUTLET,
    },
    "DecisionRequest": {"decision": "approve", "reason": "checked against the council's decision"},
    "PersonRequest": {
        "document_type": "cn_id",
        "document_number": "11010519491231002X",
        "name": "张示例",
        "phone": "13000000000",
    },
    "PersonSearchRequest": {"document_number": "11010519491231002X"},
    "ReasonRequest": {"reason": "the holder asks for a letter to the address on file"},
    "SocialSecurityRequest": {"region_code": "330203", "insurances": {"pension": "insured", "medical": "insured"}},
    "MerchantRequest": {"name": "Demo City Bus Company", "kind": "bus"},
    "LineRequest": {"merchant_id": _MERCHANT, "number": 26, "name": "26 路", "base_fare_fen": 200},
    "TariffRequest": {"effective_from": "2026-12-01T00:00:00+08:00", "document": _TARIFF},
    "TariffCheckRequest": {"document": _TARIFF},
    "TariffPreviewRequest": {"document": _TARIFF, "first_day": "2026-11-20", "last_day": "2026-11-20"},
    "RollbackRequest": {"effective_from": None},
    "WithdrawalRequest": {"reason": "the council has put it off"},
    "TerminalRequest": {"kind": "bus_validator", "name": "bus 26, front door"},
    "PsamRequest": {"terminal_id": _TERMINAL, "chip_serial": "A1B2C3D4E5F60719"},
    "BindingRequest": {"terminal_id": _TERMINAL, "psam_id": _PSAM, "merchant_id": _MERCHANT, "line": 26},
    "UnbindingRequest": {"terminal_id": _TERMINAL, "reason": "the bus is sold"},
    "EnrolmentCodeRequest": {"approval_id": None},
    "KeyRotationRequest": {"terminal": "330200000026", "public_key": "5A" * 32, "possession": "00" * 64},
    "TerminalPlaceRequest": {"outlet_id": _MERCHANT_OUTLET},
    "TerminalPartnerRequest": {"partner_id": "term_1y5z7h2k9mwp4r8t3v6x"},
    "TerminalSoftwareRequest": {"kind": "bus_validator", "software": "validator 4.2.0"},
    "MerchantOutletRequest": {
        "merchant_id": _MERCHANT,
        "name": "North depot",
        "address": "1 Depot Road",
        "opening_hours": "05:00-23:30",
    },
    "MerchantContactRequest": {"name": "王示例", "phone": "13000000000"},
    "BankAccountRequest": {
        "holder": "Demo City Bus Company",
        "bank": "Demo Bank, Main Street",
        "number": "6200 0000 0000 0001",
        "reason": "the company has changed its bank",
    },
    "ToldRequest": {"way": "phone"},
    "DeliveryRequest": {"batch": "B-2026-11", "chip_serials": ["A1B2C3D4E5F60718"]},
    "CardRequest": {"person_id": _PERSON, "card_class": "01"},
    "EmptyRequest": {},
    "LossRequest": {"reason": "left on a bus", "temporary": False},
    "ReaderJobRequest": {"kind": "personalise", "subject_id": _CARD, "atr": "3B6900005A4CA1B2C3D4E5F60718"},
    "ReaderStepRequest": {"token": "the token of the step before", "responses": ["9000"], "torn": False},
    "AgentRequest": {
        "name": "counter 1",
        "outlet_id": _OUTLET,
        "code": "7KQ2-M9XA",
        "said": {
            "agent": "agt_6A3803D5F059902A1C6DAFBC9BA47292",
            "agent_key": "8139770EA87D175F56A35466C34C7ECCCB8D8A91B4EE37A25DF60F5B8FC9B394",
            "realm": "test",
            "signature": "00" * 64,
        },
    },
    "ConfirmationRequest": {"fingerprint": "6A38 03D5 F059 902A 1C6D AFBC 9BA4 7292"},
    "AgentJobRequest": {"kind": "personalise", "subject_id": _CARD},
    "AgentAnswerRequest": {
        "answer": {
            "agent": "agt_6A3803D5F059902A1C6DAFBC9BA47292",
            "session": "ags_7h2k9mwp4r8t3v6x1y5z",
            "step": 1,
            "reader": "emulated reader",
            "realm": "test",
            "atr": "3B00",
            "responses": [],
            "torn": False,
            "signature": "00" * 64,
        },
        "token": "",
    },
    "LoadRequest": {"card_id": _CARD, "amount_fen": 10_000, "till_id": _TILL},
    "UnloadRequest": {"card_id": _CARD, "amount_fen": None},
    "PayOutRequest": {"till_id": _TILL, "reason": "gives the card up"},
    "DayCloseRequest": {"day": "2026-11-21", "next_day": "2026-11-22"},
    "EnrolmentRequest": {
        "terminal": "330200000001",
        "code": "00112233445566778899aabbccddeeff",
        "public_key": "D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A",
    },
    "TerminalSignInRequest": {"psam_serial": "33020000000000000001", "software": "reference validator 1"},
    "HeartbeatRequest": {
        "software": "reference validator 1",
        "parameter_version": 3,
        "hotlist_version": 12,
        "issuer_version": 0,
        "records_waiting": 42,
        "oldest_waiting_at": "2026-11-21T06:31:07+08:00",
        "device_time": "2026-11-21T09:30:00+08:00",
        "free_kb": 20480,
        "faults": "",
    },
    "GapsRequest": {"no_debit": [{"terminal_number": "330200000001", "first": 18, "last": 18}]},
    "TerminalSignOutRequest": {
        "batch": 5,
        "psam_serial": "33020000000000000001",
        "first_sequence": 17,
        "last_sequence": 58,
        "records": 41,
        "amount_fen": 7380,
    },
    "OnlinePurchaseRequest": {
        **_NAMED,
        **_CARD_THEN,
        "amount_fen": 700,
        "proof": "1122334455667788",
    },
    "OnlineReversalRequest": {**_NAMED},
    "HoldRequest": {**_NAMED, **_CARD_THEN, "amount_fen": 30_000, "proof": "1122334455667788"},
    "HoldSettlementRequest": {
        **_NAMED,
        "n": 1,
        "amount_fen": 24_150,
        "date": "20261121",
        "time": "093412",
        "final": True,
    },
    "HoldReleaseRequest": {**_NAMED},
    "ParkingGateRequest": {
        "terminal_id": _TERMINAL,
        "merchant_id": _MERCHANT,
        "lot": "east_street",
        "direction": "entry",
    },
    "ParkingEntryRequest": {**_NAMED, **_CARD_THEN},
    "ParkingQuoteRequest": {**_CARD_THEN},
    "ParkingExitRequest": {**_NAMED, **_CARD_THEN, "amount_fen": 700, "proof": "1122334455667788"},
}
