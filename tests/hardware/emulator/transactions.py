"""What a terminal and a host do with a card, in as few words as the tests need. The keys are those of make_cards."""

import copy
from dataclasses import dataclass
from functools import cache

from hardware.card import crypto, profile
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import send
from hardware.card.files import card_factor
from hardware.card.psam import CreditSamForPurchase, InitSamForPurchase
from hardware.card.purse import (
    CreditForLoad,
    DebitForPurchase,
    GetBalance,
    GetTransactionProve,
    InitializeForLoad,
    InitializeForPurchase,
    LoadInitialization,
    PurchaseInitialization,
    PurchaseProof,
    TransactionProof,
    UpdateCompoundCache,
    select_application,
)
from hardware.emulator import CardImage, ChipOptions, EmulatedCard
from tests.hardware.emulator.make_cards import (
    CHIP_SERIAL,
    CITY_FACTOR,
    DAY,
    KEYS,
    LOAD_TERMINAL,
    SERIAL,
    TERMINAL,
    TIME,
    Random,
    counting_random,
    personalised_card,
    personalised_psam,
)

DPK = KEYS.key("purchase", chip_serial=CHIP_SERIAL)
DLK = KEYS.key("load", chip_serial=CHIP_SERIAL)
DTK = crypto.fold_tac_key(KEYS.key("tac", chip_serial=CHIP_SERIAL))
TRIP = bytes(range(48))


@cache
def _model(kind: str, options: ChipOptions | None) -> CardImage:
    make = personalised_card if kind == "card" else personalised_psam
    with make(None, options=options) as chip:
        return chip.image


def card_in_field(
    *, balance_fen: int = 0, options: ChipOptions | None = None, random: Random | None = None
) -> EmulatedCard:
    """A personalised card in memory, its purse selected; a copy of one made before, because tests need many."""
    image = CardImage(copy.deepcopy(_model("card", options)._content))
    purse = image.master_file.directories[profile.PURSE_ADF_FID].purses
    card = EmulatedCard(image, random or counting_random())
    send(card, select_application(profile.PURSE_AID))
    if balance_fen:
        credit(card, begin_load(card, balance_fen), balance_fen)
        assert purse[2].balance_fen == balance_fen
    return card


def psam_in_terminal(options: ChipOptions | None = None) -> EmulatedCard:
    """A personalised PSAM in memory, its application selected."""
    psam = EmulatedCard(CardImage(copy.deepcopy(_model("psam", options)._content)), counting_random())
    send(psam, select_application(profile.PSAM_AID))
    return psam


def apdu(text: str) -> CommandApdu:
    """A command from hex."""
    return CommandApdu.from_bytes(bytes.fromhex(text))


def answer(card: EmulatedCard, command: CommandApdu | str) -> ResponseApdu:
    """What the chip answers to one command, as it is."""
    return card.transmit(apdu(command) if isinstance(command, str) else command)


def sw(card: EmulatedCard, command: CommandApdu | str) -> str:
    """The status word alone, as four hex digits."""
    return f"{answer(card, command).sw:04X}"


def begin_load(card: EmulatedCard, amount_fen: int) -> LoadInitialization:
    return InitializeForLoad.parse(
        send(card, InitializeForLoad(profile.KEY_INDEX, amount_fen, LOAD_TERMINAL).command())
    )


def credit_command(began: LoadInitialization, amount_fen: int) -> CommandApdu:
    session_key = crypto.load_session_key(DLK, began.random, began.online_seq)
    mac2 = crypto.load_mac2(session_key, amount_fen, crypto.TTI_LOAD, LOAD_TERMINAL, DAY, TIME)
    return CreditForLoad(DAY, TIME, mac2).command()


def credit(card: EmulatedCard, began: LoadInitialization, amount_fen: int) -> bytes:
    return CreditForLoad.parse(send(card, credit_command(began, amount_fen)))


def initialize_purchase(amount_fen: int, *, compound: bool = True, key_index: int = profile.KEY_INDEX) -> CommandApdu:
    return InitializeForPurchase(key_index, amount_fen, TERMINAL, compound).command()


def begin_purchase(card: EmulatedCard, amount_fen: int, *, compound: bool = True) -> PurchaseInitialization:
    return InitializeForPurchase.parse(send(card, initialize_purchase(amount_fen, compound=compound)))


def debit_command(
    began: PurchaseInitialization, amount_fen: int, *, compound: bool = True, terminal_seq: int = 1
) -> CommandApdu:
    """DEBIT with a right MAC1, made from the card's key as a PSAM would."""
    session_key = crypto.purchase_session_key(DPK, began.random, began.offline_seq, terminal_seq)
    tti = crypto.TTI_COMPOUND_PURCHASE if compound else crypto.TTI_PURCHASE
    mac1 = crypto.purchase_mac1(session_key, amount_fen, tti, TERMINAL, DAY, TIME)
    return DebitForPurchase(terminal_seq, DAY, TIME, mac1).command()


def pay(card: EmulatedCard, amount_fen: int, *, compound: bool = True, terminal_seq: int = 1) -> PurchaseProof:
    began = begin_purchase(card, amount_fen, compound=compound)
    command = debit_command(began, amount_fen, compound=compound, terminal_seq=terminal_seq)
    return DebitForPurchase.parse(send(card, command))


@dataclass(frozen=True)
class Ride:
    """A ride paid with card and PSAM."""

    terminal_seq: int
    proof: PurchaseProof


def ride(card: EmulatedCard, psam: EmulatedCard, amount_fen: int) -> Ride:
    """A whole compound purchase as a bus validator makes it, with a trip record."""
    began = begin_purchase(card, amount_fen)
    authorization = InitSamForPurchase.parse(send(psam, sam_command(began, amount_fen)))
    send(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command())
    debit = DebitForPurchase(authorization.terminal_seq, DAY, TIME, authorization.mac1)
    proof = DebitForPurchase.parse(send(card, debit.command()))
    send(psam, CreditSamForPurchase(proof.mac2).command())
    return Ride(authorization.terminal_seq, proof)


def sam_command(
    began: PurchaseInitialization,
    amount_fen: int,
    *,
    factors: tuple[bytes, ...] = (card_factor(SERIAL), CITY_FACTOR),
    tti: int = crypto.TTI_COMPOUND_PURCHASE,
) -> CommandApdu:
    return InitSamForPurchase(
        random=began.random,
        card_seq=began.offline_seq,
        amount_fen=amount_fen,
        tti=tti,
        date=DAY,
        time=TIME,
        key_version=began.key_version,
        algorithm=began.algorithm,
        factors=factors,
    ).command()


def balance(card: EmulatedCard) -> int:
    return GetBalance.parse(send(card, GetBalance().command()))


def proof_of(card: EmulatedCard, tti: int, sequence: int) -> TransactionProof | None:
    """GET TRANSACTION PROVE; None when the card answers 9406."""
    command = GetTransactionProve(tti, sequence).command()
    response = card.transmit(command)
    return GetTransactionProve.parse(response.data) if response.ok else None


def wake(card: EmulatedCard) -> None:
    """Give the card its power back and select the purse."""
    card.reset()
    send(card, select_application(profile.PURSE_AID))
