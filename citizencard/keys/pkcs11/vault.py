"""TokenVault: the city's keys in a PKCS#11 token, answering the questions of `Hsm` as the software vault does.

What the token cannot do, and happens in this process for the length of one call: the keys that WRITE KEY carries (a card's own key; the
purchase root for a PSAM, from its wrapped copy), and the cards' TAC keys of a batch. No master and no session key is ever outside.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import NoReturn, Self, final

from pkcs11 import Mechanism

from citizencard.config import TokenPlace
from citizencard.keys import agent_signing, card_commands, head_signing, record_signing, tacs
from citizencard.keys.derivation import bureau_factor, card_factor, check_tac_master, chip_factor, named_version
from citizencard.keys.errors import CiphertextInvalid, KeyRoleRefused, RealmRefused, UnknownKeyVersion
from citizencard.keys.hierarchy import chip_key_versions
from citizencard.keys.hsm import (
    ALGORITHM_3DES,
    CardKeyHolder,
    FieldContext,
    KeyRole,
    LoadMac1Question,
    LoadMac2Question,
    ProofPurchase,
    Realm,
    TacQuestion,
    UnloadMac1Question,
    UnloadMac2Question,
    UnloadMac3Question,
)
from citizencard.keys.keyring import FIRST_INDEX
from citizencard.keys.personal import version_of
from citizencard.keys.pkcs11 import ciphers, personal
from citizencard.keys.pkcs11.making import root_of_copy
from citizencard.keys.pkcs11.ring import TokenKey, TokenRing
from citizencard.keys.pkcs11.store import TokenStore, TokenTerms
from citizencard.keys.secret import SecretKey
from citizencard.keys.transport import WrappedKey
from citizencard.keys.vault import IDENTITY_BYTES, SOCIAL_SECURITY_X
from citizencard.keys.vault_file import KeyInfo, KeyState
from hardware.card import crypto
from hardware.card.apdu import CommandApdu
from hardware.card.unload import TTI_UNLOAD


@final
class TokenVault:
    """The keys' keeper as a PKCS#11 token; implements `Hsm`, whose methods say what they promise, and `KeyStore`.

    Made by `create` or `open`. Every question is one or a few calls into the token, under one lock of the process.
    """

    __slots__ = ("store",)

    def __init__(self, store: TokenStore) -> None:
        self.store = store

    @classmethod
    def create(cls, place: TokenPlace, realm: Realm, terms: TokenTerms | None = None) -> Self:
        """Make a key of every role in an empty token, and open it; see `TokenStore.create` for what is refused."""
        return cls(TokenStore.create(place, realm, terms or TokenTerms()))

    @classmethod
    def open(cls, place: TokenPlace, realm: Realm | None = None) -> Self:
        """Log in to a token, of this realm if one is named; see `TokenStore.open` for what is refused."""
        return cls(TokenStore.open(place, realm))

    @property
    def realm(self) -> Realm:
        """Realm of all keys."""
        return self.store.realm

    @property
    def city(self) -> str:
        """Four digits of the city whose factor stands between root and card."""
        return self.store.city

    def inventory(self) -> tuple[KeyInfo, ...]:
        """All keys by role, version, check value and state."""
        return self.store.inventory()

    def add_version(self, role: KeyRole, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE) -> KeyInfo:
        """See `TokenStore.add_version`."""
        return self.store.add_version(role, index, state)

    def add_missing(self) -> tuple[KeyInfo, ...]:
        """See `TokenStore.add_missing`."""
        return self.store.add_missing()

    def install(
        self, role: KeyRole, material: bytes, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE
    ) -> KeyInfo:
        """See `TokenStore.install`."""
        return self.store.install(role, material, index, state)

    def install_wrapped(
        self,
        role: KeyRole,
        wrapped: WrappedKey,
        transport: SecretKey,
        index: int = FIRST_INDEX,
        state: KeyState = KeyState.ACTIVE,
    ) -> KeyInfo:
        """See `TokenStore.install_wrapped`."""
        return self.store.install_wrapped(role, wrapped, transport, index, state)

    def export_wrapped(self, key_id: str, transport: SecretKey) -> bytes:
        """See `TokenStore.export_wrapped`."""
        return self.store.export_wrapped(key_id, transport)

    def random(self, length: int) -> bytes:
        """See `TokenStore.random`."""
        return self.store.random(length)

    def sign_record(self, message: bytes) -> bytes:
        """See `KeyStore.sign_record`."""
        record_signing.check_record(message)
        return self._signed(KeyRole.HEAD_SIGNING, message)

    def set_state(self, key_id: str, state: KeyState) -> KeyInfo:
        """See `TokenStore.set_state`."""
        return self.store.set_state(key_id, state)

    def close(self) -> None:
        """Log out; the next question logs in again."""
        self.store.close()

    def chip_key_versions(self) -> tuple[int, ...]:
        """See `Hsm.chip_key_versions`."""
        return chip_key_versions(self.inventory())

    def tacs_are_valid(self, questions: Sequence[TacQuestion]) -> list[bool]:
        """See `Hsm.tacs_are_valid`. All cards of a batch are one call of the token; their MACs are computed here."""
        versions = self.store.ask(lambda ring: tuple(ring.versions(KeyRole.TAC)))
        check_tac_master(dict.fromkeys(versions))
        return tacs.tacs_are_valid({version: self._tac_city_key(version) for version in versions}, questions)

    def load_mac1_is_valid(self, question: LoadMac1Question) -> bool:
        """See `Hsm.load_mac1_is_valid`."""
        data = (
            question.old_balance_fen.to_bytes(4)
            + question.amount_fen.to_bytes(4)
            + question.tti.to_bytes(1)
            + question.terminal
        )
        return hmac.compare_digest(self._load_mac(question, data), question.mac1)

    def load_mac2(self, question: LoadMac2Question) -> bytes:
        """See `Hsm.load_mac2`."""
        self.store.ask(lambda ring: ring.check_authorises(KeyRole.LOAD, question.key_version, question.key_index))
        data = question.amount_fen.to_bytes(4) + question.tti.to_bytes(1) + question.terminal
        return self._load_mac(question, data + question.date + question.time)

    def unload_mac1_is_valid(self, question: UnloadMac1Question) -> bool:
        """See `Hsm.unload_mac1_is_valid`."""
        data = (
            question.old_balance_fen.to_bytes(4)
            + question.amount_fen.to_bytes(4)
            + bytes((TTI_UNLOAD,))
            + question.terminal
        )
        return hmac.compare_digest(self._unload_mac(question, data), question.mac1)

    def unload_mac2(self, question: UnloadMac2Question) -> bytes:
        """See `Hsm.unload_mac2`."""
        self.store.ask(lambda ring: ring.check_authorises(KeyRole.UNLOAD, question.key_version, question.key_index))
        return self._unload_mac(question, _unload_terms(question))

    def unload_mac3_is_valid(self, question: UnloadMac3Question) -> bool:
        """See `Hsm.unload_mac3_is_valid`."""
        order = question.order
        signed = question.new_balance_fen.to_bytes(4) + order.online_seq.to_bytes(2) + _unload_terms(order)
        return hmac.compare_digest(self._unload_mac(order, signed), question.mac3)

    def proof_purchase_mac1(self, question: ProofPurchase) -> bytes:
        """See `Hsm.proof_purchase_mac1`."""
        data = bytes(4) + crypto.TTI_COMPOUND_PURCHASE.to_bytes(1) + question.terminal + question.date + question.time
        return self._proof_mac(question, data)

    def purchase_mac2_is_valid(self, question: ProofPurchase, mac2: bytes) -> bool:
        """See `Hsm.purchase_mac2_is_valid`."""
        return hmac.compare_digest(self._proof_mac(question, bytes(4)), mac2)

    def card_proof_is_valid(self, card_serial: bytes, key_version: int, challenge8: bytes, answer8: bytes) -> bool:
        """See `Hsm.card_proof_is_valid`."""
        ciphers.check_block("challenge", challenge8)

        def question(ring: TokenRing) -> bytes:
            key = ring.key(KeyRole.INTERNAL, key_version)
            with ciphers.diversified(key.upper, card_factor(card_serial)) as card_key:
                return ciphers.encrypt(card_key, challenge8)

        return hmac.compare_digest(self.store.ask(question), answer8)

    def authentication(self, role: KeyRole, holder: CardKeyHolder, challenge8: bytes) -> bytes:
        """See `Hsm.authentication`."""
        if role not in card_commands.AUTHENTICATING:
            raise KeyRoleRefused(f"a key of role {role} does not authenticate to a chip", role=str(role))

        def question(ring: TokenRing) -> bytes:
            key, factor = _holder_key(ring, role, holder)
            ciphers.check_block("challenge", challenge8)
            with ciphers.diversified(key.upper, factor) as chip_key:
                if role is not KeyRole.SOCIAL_SECURITY:
                    return ciphers.encrypt(chip_key, challenge8)
                with ciphers.single(chip_key, challenge8) as session_key:
                    return ciphers.encrypt(session_key, SOCIAL_SECURITY_X) + SOCIAL_SECURITY_X

        return self.store.ask(question)

    def protected_key_command(
        self, header: bytes, secret: KeyRole, under: KeyRole, holder: CardKeyHolder, challenge: bytes
    ) -> CommandApdu:
        """See `Hsm.protected_key_command`. The key that is written is in this process until the command is built."""
        card_commands.check_writable(secret, under)

        def question(ring: TokenRing) -> CommandApdu:
            version = _version(ring, secret, holder)
            ring.check_authorises(secret, version)
            record = card_commands.key_record(secret, version, _written_key(ring, secret, holder))
            card_commands.check_challenge(challenge)
            key, factor = _holder_key(ring, under, holder)
            with ciphers.command_key(key.upper, factor) as chip_key:
                return ciphers.protect(chip_key, card_commands.WRITE_KEY + header, record, challenge, encrypted=True)

        return self.store.ask(question)

    def protected_command(
        self, header: bytes, data: bytes, under: KeyRole, holder: CardKeyHolder, challenge: bytes
    ) -> CommandApdu:
        """See `Hsm.protected_command`."""
        card_commands.check_protects(header, data, under)
        card_commands.check_challenge(challenge)
        encrypted = header[:2] == card_commands.WRITE_KEY

        def question(ring: TokenRing) -> CommandApdu:
            key, factor = _holder_key(ring, under, holder)
            with ciphers.command_key(key.upper, factor) as chip_key:
                return ciphers.protect(chip_key, header, data, challenge, encrypted=encrypted)

        return self.store.ask(question)

    def card_identity_mac(self, identity12: bytes) -> bytes:
        """See `Hsm.card_identity_mac`."""
        if len(identity12) != IDENTITY_BYTES:
            message = f"the identity has {IDENTITY_BYTES} bytes"
            raise ValueError(message)

        def question(ring: TokenRing) -> bytes:
            with ciphers.command_key(ring.newest(KeyRole.CARD_IDENTITY).root, bureau_factor(ring.city)) as bureau_key:
                return ciphers.retail_mac(bureau_key, identity12)

        return self.store.ask(question)

    def encrypt(self, context: FieldContext, plaintext: str) -> bytes:
        """See `Hsm.encrypt`."""
        return self.store.ask(lambda ring: personal.encrypt(ring.newest(KeyRole.PERSONAL_DATA), context, plaintext))

    def decrypt(self, context: FieldContext, ciphertext: bytes) -> str:
        """See `Hsm.decrypt`."""
        version = version_of(ciphertext)

        def question(ring: TokenRing) -> str:
            try:
                key = ring.key(KeyRole.PERSONAL_DATA, version)
            except UnknownKeyVersion:
                raise CiphertextInvalid(f"the value names key version {version}, which is unknown") from None
            return personal.decrypt(key, context, ciphertext)

        return self.store.ask(question)

    def blind_index(self, field: str, normalised: str) -> bytes:
        """See `Hsm.blind_index`."""
        return self.store.ask(lambda ring: personal.blind_index(ring.newest(KeyRole.BLIND_INDEX), field, normalised))

    def sign_agent_step(self, message: bytes) -> bytes:
        """See `Hsm.sign_agent_step`."""
        agent_signing.check_step(message)
        return self._signed(KeyRole.AGENT_SIGNING, message)

    def agent_signing_key(self) -> bytes:
        """See `Hsm.agent_signing_key`."""
        return self.store.ask(lambda ring: ring.newest(KeyRole.AGENT_SIGNING).public)

    def sign_head(self, message: bytes) -> bytes:
        """See `Hsm.sign_head`."""
        head_signing.check_head(message)
        return self._signed(KeyRole.HEAD_SIGNING, message)

    def head_signing_key(self) -> bytes:
        """See `Hsm.head_signing_key`."""
        return self.store.ask(lambda ring: ring.newest(KeyRole.HEAD_SIGNING).public)

    def blank_transport_key(self, chip_serial: bytes) -> bytes:
        """See `Hsm.blank_transport_key`."""
        if self.realm != "test":
            raise RealmRefused("only the card maker knows the transport keys of production blanks")
        return self.store.ask(lambda ring: _written_key(ring, KeyRole.TRANSPORT, CardKeyHolder(chip_serial)))

    def _signed(self, role: KeyRole, message: bytes) -> bytes:
        return self.store.ask(lambda ring: bytes(ring.newest(role).root.sign(message, mechanism=Mechanism.EDDSA)))

    def _tac_city_key(self, version: int) -> Callable[[bytes], bytes]:
        return lambda blocks: self.store.ask(lambda ring: ciphers.encrypt(ring.key(KeyRole.TAC, version).upper, blocks))

    def _load_mac(self, question: LoadMac1Question | LoadMac2Question, data: bytes) -> bytes:
        """MAC under the session key of a load."""
        seed = question.random + question.online_seq.to_bytes(2) + b"\x80\x00"
        return self._session_mac((KeyRole.LOAD, question.key_version, question.key_index), question, seed, data)

    def _unload_mac(self, question: UnloadMac1Question | UnloadMac2Question, data: bytes) -> bytes:
        """MAC under the session key of an unload."""
        seed = question.random + question.online_seq.to_bytes(2) + b"\x80\x00"
        return self._session_mac((KeyRole.UNLOAD, question.key_version, question.key_index), question, seed, data)

    def _proof_mac(self, question: ProofPurchase, data: bytes) -> bytes:
        """MAC under the session key of a purchase."""
        seed = question.random + question.offline_seq.to_bytes(2) + question.terminal_seq.to_bytes(4)[2:]
        return self._session_mac((KeyRole.PURCHASE, question.key_version, FIRST_INDEX), question, seed, data)

    def _session_mac(
        self,
        named: tuple[KeyRole, int, int],
        question: LoadMac1Question | LoadMac2Question | UnloadMac1Question | UnloadMac2Question | ProofPurchase,
        seed8: bytes,
        data: bytes,
    ) -> bytes:
        """The purse's MAC under the session key that the card's key makes of the seed.

        Raises:
            UnknownKeyVersion: no such version, index or algorithm.
        """
        role, version, index = named
        if question.algorithm != ALGORITHM_3DES:
            message = f"there is no key of role {role} for algorithm {question.algorithm:02X}"
            raise UnknownKeyVersion(message, role=str(role), version=version)

        def mac(ring: TokenRing) -> bytes:
            key = ring.key(role, version, index)
            with (
                ciphers.diversified(key.upper, card_factor(question.card_serial)) as card_key,
                ciphers.single(card_key, seed8) as session_key,
            ):
                return ciphers.purse_mac(session_key, data)

        return self.store.ask(mac)

    def __repr__(self) -> str:
        """The token's label; no question is asked for it."""
        return f"TokenVault({self.store!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.
        """
        message = "a vault is not pickled"
        raise TypeError(message)


def _unload_terms(question: UnloadMac2Question) -> bytes:
    terms = question.amount_fen.to_bytes(4) + bytes((TTI_UNLOAD,)) + question.terminal
    return terms + question.date + question.time


def _version(ring: TokenRing, role: KeyRole, holder: CardKeyHolder) -> int:
    named = named_version(role, holder)
    return ring.newest_active(role) if named is None else named


def _holder_key(ring: TokenRing, role: KeyRole, holder: CardKeyHolder) -> tuple[TokenKey, bytes]:
    """Key above a chip's, and the factor that leads to it.

    Raises:
        KeyRoleRefused: such a chip never holds such a key, or it holds the root itself.
        UnknownKeyVersion: no such version.
    """
    factor = chip_factor(role, holder)
    if factor is None:
        raise KeyRoleRefused(f"a key of role {role} is not derived for a chip", role=str(role))
    return ring.key(role, _version(ring, role, holder)), factor


def _written_key(ring: TokenRing, role: KeyRole, holder: CardKeyHolder) -> bytes:
    """A key in clear, to be written to a chip: 16 bytes.

    Raises:
        KeyRoleRefused: such a chip never holds such a key.
        UnknownKeyVersion: no such version.
    """
    factor = chip_factor(role, holder)
    key = ring.key(role, _version(ring, role, holder))
    if factor is None:
        return root_of_copy(ring.session, key.psam_copy)
    return ciphers.encrypt(key.upper, ciphers.opposite(factor))
