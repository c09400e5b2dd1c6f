"""The regression card as questions: own values, derived by the rules of this project, not published."""

from citizencard.keys.hsm import (
    CardKeyHolder,
    HolderKind,
    LoadMac1Question,
    LoadMac2Question,
    ProofPurchase,
    UnloadMac1Question,
    UnloadMac2Question,
    UnloadMac3Question,
)

CHIP = bytes.fromhex("0000000011223344")
SERIAL = bytes.fromhex("03103302000000000001")
CARD = CardKeyHolder(CHIP, SERIAL)
BLANK = CardKeyHolder(CHIP)
PSAM = CardKeyHolder(CHIP, kind=HolderKind.PSAM)
TERMINAL = bytes.fromhex("330200000001")
CHALLENGE4 = bytes.fromhex("11223344")
CHALLENGE8 = bytes.fromhex("1122334455667788")

LOAD_MAC1 = LoadMac1Question(
    card_serial=SERIAL,
    key_index=1,
    key_version=1,
    algorithm=0,
    random=bytes.fromhex("01020304"),
    online_seq=0,
    old_balance_fen=0,
    amount_fen=10_000,
    terminal=TERMINAL,
    mac1=bytes.fromhex("F0AB159A"),
)
LOAD_MAC2 = LoadMac2Question(
    card_serial=SERIAL,
    key_index=1,
    key_version=1,
    algorithm=0,
    random=bytes.fromhex("01020304"),
    online_seq=0,
    amount_fen=10_000,
    terminal=TERMINAL,
    date=bytes.fromhex("20260101"),
    time=bytes.fromhex("080000"),
)
UNLOAD_MAC1 = UnloadMac1Question(
    card_serial=SERIAL,
    key_index=1,
    key_version=1,
    algorithm=0,
    random=bytes.fromhex("01020304"),
    online_seq=1,
    old_balance_fen=10_000,
    amount_fen=4_000,
    terminal=TERMINAL,
    mac1=bytes.fromhex("70F5C817"),
)
UNLOAD_MAC2 = UnloadMac2Question(
    card_serial=SERIAL,
    key_index=1,
    key_version=1,
    algorithm=0,
    random=bytes.fromhex("01020304"),
    online_seq=1,
    amount_fen=4_000,
    terminal=TERMINAL,
    date=bytes.fromhex("20260101"),
    time=bytes.fromhex("090000"),
)
UNLOAD_MAC3 = UnloadMac3Question(order=UNLOAD_MAC2, new_balance_fen=6_000, mac3=bytes.fromhex("522EA9F0"))
PROOF = ProofPurchase(
    card_serial=SERIAL,
    key_version=1,
    algorithm=0,
    random=bytes.fromhex("05060708"),
    offline_seq=0,
    terminal=TERMINAL,
    terminal_seq=1,
    date=bytes.fromhex("20260101"),
    time=bytes.fromhex("083000"),
)
