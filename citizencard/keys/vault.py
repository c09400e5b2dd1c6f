"""SoftwareVault: the city's keys in an encrypted file, answering the questions of `Hsm`.

The file is apart from the database. The roots are decrypted once, when the vault is opened, and never leave the process.
Card keys are derived for each question and kept nowhere.
"""

import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Self, final

from citizencard.keys import agent_signing, card_commands, head_signing, personal, record_signing, tacs
from citizencard.keys.derivation import algorithm_of, card_factor, check_tac_master, chip_factor, named_version
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
from citizencard.keys.keyring import FIRST_INDEX, KeyRing, VaultTerms
from citizencard.keys.secret import SecretKey
from citizencard.keys.shares import Share
from citizencard.keys.transport import WrappedKey, unwrap_key
from citizencard.keys.vault_file import KeyInfo, KeyState
from citizencard.keys.wrapping import KdfCost
from hardware.card import crypto
from hardware.card.apdu import CommandApdu
from hardware.card.protection import protect
from hardware.card.unload import TTI_UNLOAD

SOCIAL_SECURITY_X = bytes.fromhex("1122334455667788")
"""The block that the social-security application signs in EXTERNAL AUTHENTICATE; any will do, PSAMs use this one."""
IDENTITY_BYTES = 12


@final
class SoftwareVault:
    """The keys' keeper as an encrypted file; implements `Hsm`, whose methods say what they promise.

    Made by `create` or `open`. Its repr shows check values only; it cannot be pickled or copied.
    """

    __slots__ = ("_ring",)

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @classmethod
    def create(cls, path: Path, realm: Realm, passphrase: str, terms: VaultTerms | None = None) -> Self:
        """Make a vault file with a key of every role, and open it; see `KeyRing.create` for what is refused."""
        return cls(KeyRing.create(path, realm, passphrase, terms or VaultTerms()))

    @classmethod
    def open(cls, path: Path, passphrase: str, realm: Realm | None = None) -> Self:
        """Open a vault file, of this realm if one is named; see `KeyRing.open` for what is refused."""
        return cls(KeyRing.open(path, passphrase, realm))

    @property
    def realm(self) -> Realm:
        """Realm of all keys."""
        return self._ring.realm

    @property
    def city(self) -> str:
        """Four digits of the city whose factor stands between root and card."""
        return self._ring.city

    def inventory(self) -> tuple[KeyInfo, ...]:
        """All keys by role, version, check value and state."""
        return self._ring.inventory()

    def add_version(self, role: KeyRole, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE) -> KeyInfo:
        """Draw a new version of a key beside the older ones; see `KeyRing.add_version`."""
        return self._ring.add_version(role, index, state)

    def install(
        self, role: KeyRole, material: bytes, index: int = FIRST_INDEX, state: KeyState = KeyState.ACTIVE
    ) -> KeyInfo:
        """Take over a key as the newest version of its role; see `KeyRing.install`."""
        return self._ring.install(role, material, index, state)

    def install_wrapped(
        self,
        role: KeyRole,
        wrapped: WrappedKey,
        transport: SecretKey,
        index: int = FIRST_INDEX,
        state: KeyState = KeyState.ACTIVE,
    ) -> KeyInfo:
        """See `KeyStore.install_wrapped`; the key is in memory until it is stored."""
        return self.install(role, unwrap_key(transport, algorithm_of(role), wrapped).reveal(), index, state)

    def export_wrapped(self, key_id: str, transport: SecretKey) -> bytes:
        """See `KeyStore.export_wrapped`."""
        return self._ring.exported(key_id, transport)

    def random(self, length: int) -> bytes:
        """See `KeyStore.random`; of the system's source."""
        return os.urandom(length)

    def shared(self, threshold: int, count: int) -> tuple[Share, ...]:
        """Backup shares of the file's key; see `KeyRing.shared`."""
        return self._ring.shared(threshold, count)

    @classmethod
    def recover(cls, path: Path, shares: Sequence[Share], passphrase: str, cost: KdfCost | None = None) -> Self:
        """Open a vault file by backup shares and put it under a new passphrase; see `KeyRing.recover`."""
        return cls(KeyRing.recover(path, shares, passphrase, cost))

    def add_missing(self) -> tuple[KeyInfo, ...]:
        """Draw a first key of every role that this vault does not know; see `KeyRing.add_missing`."""
        return self._ring.add_missing()

    def set_state(self, key_id: str, state: KeyState) -> KeyInfo:
        """Retire, take back or destroy a key; see `KeyRing.set_state`."""
        return self._ring.set_state(key_id, state)

    def chip_key_versions(self) -> tuple[int, ...]:
        """See `Hsm.chip_key_versions`."""
        return chip_key_versions(self.inventory())

    def tacs_are_valid(self, questions: Sequence[TacQuestion]) -> list[bool]:
        """See `Hsm.tacs_are_valid`."""
        keys = {version: key.reveal() for version, key in self._ring.versions(KeyRole.TAC).items()}
        check_tac_master(keys)
        return tacs.tacs_are_valid(keys, questions)

    def load_mac1_is_valid(self, question: LoadMac1Question) -> bool:
        """See `Hsm.load_mac1_is_valid`."""
        session_key = self._load_session_key(question)
        mac1 = crypto.load_mac1(
            session_key, question.old_balance_fen, question.amount_fen, question.tti, question.terminal
        )
        return hmac.compare_digest(mac1, question.mac1)

    def load_mac2(self, question: LoadMac2Question) -> bytes:
        """See `Hsm.load_mac2`."""
        self._ring.check_authorises(KeyRole.LOAD, question.key_version, question.key_index)
        session_key = self._load_session_key(question)
        return crypto.load_mac2(
            session_key, question.amount_fen, question.tti, question.terminal, question.date, question.time
        )

    def unload_mac1_is_valid(self, question: UnloadMac1Question) -> bool:
        """See `Hsm.unload_mac1_is_valid`."""
        mac1 = crypto.load_mac1(
            self._unload_session_key(question),
            question.old_balance_fen,
            question.amount_fen,
            TTI_UNLOAD,
            question.terminal,
        )
        return hmac.compare_digest(mac1, question.mac1)

    def unload_mac2(self, question: UnloadMac2Question) -> bytes:
        """See `Hsm.unload_mac2`."""
        self._ring.check_authorises(KeyRole.UNLOAD, question.key_version, question.key_index)
        session_key = self._unload_session_key(question)
        return crypto.load_mac2(
            session_key, question.amount_fen, TTI_UNLOAD, question.terminal, question.date, question.time
        )

    def unload_mac3_is_valid(self, question: UnloadMac3Question) -> bool:
        """See `Hsm.unload_mac3_is_valid`."""
        order = question.order
        signed = crypto.load_tac_input(
            question.new_balance_fen,
            order.online_seq,
            order.amount_fen,
            TTI_UNLOAD,
            order.terminal,
            order.date,
            order.time,
        )
        return hmac.compare_digest(crypto.des_cbc_mac(self._unload_session_key(order), signed), question.mac3)

    def proof_purchase_mac1(self, question: ProofPurchase) -> bytes:
        """See `Hsm.proof_purchase_mac1`."""
        return crypto.purchase_mac1(
            self._proof_session_key(question),
            0,
            crypto.TTI_COMPOUND_PURCHASE,
            question.terminal,
            question.date,
            question.time,
        )

    def purchase_mac2_is_valid(self, question: ProofPurchase, mac2: bytes) -> bool:
        """See `Hsm.purchase_mac2_is_valid`."""
        return hmac.compare_digest(crypto.purchase_mac2(self._proof_session_key(question), 0), mac2)

    def card_proof_is_valid(self, card_serial: bytes, key_version: int, challenge8: bytes, answer8: bytes) -> bool:
        """See `Hsm.card_proof_is_valid`."""
        key = self._card_key(KeyRole.INTERNAL, card_serial, key_version, ALGORITHM_3DES)
        return hmac.compare_digest(crypto.external_authenticate_cryptogram(key, challenge8), answer8)

    def authentication(self, role: KeyRole, holder: CardKeyHolder, challenge8: bytes) -> bytes:
        """See `Hsm.authentication`."""
        if role not in card_commands.AUTHENTICATING:
            raise KeyRoleRefused(f"a key of role {role} does not authenticate to a chip", role=str(role))
        key = self._holder_key(role, holder)
        if role is KeyRole.SOCIAL_SECURITY:
            return crypto.ssse_external_authenticate_data(key, challenge8, SOCIAL_SECURITY_X)
        return crypto.external_authenticate_cryptogram(key, challenge8)

    def protected_key_command(
        self, header: bytes, secret: KeyRole, under: KeyRole, holder: CardKeyHolder, challenge: bytes
    ) -> CommandApdu:
        """See `Hsm.protected_key_command`."""
        card_commands.check_writable(secret, under)
        version = self._version(secret, holder)
        self._ring.check_authorises(secret, version)
        record = card_commands.key_record(secret, version, self._holder_key(secret, holder))
        card_commands.check_challenge(challenge)
        return protect(
            card_commands.WRITE_KEY + header, record, self._holder_key(under, holder), challenge, encrypt=True
        )

    def protected_command(
        self, header: bytes, data: bytes, under: KeyRole, holder: CardKeyHolder, challenge: bytes
    ) -> CommandApdu:
        """See `Hsm.protected_command`."""
        card_commands.check_protects(header, data, under)
        card_commands.check_challenge(challenge)
        encrypt = header[:2] == card_commands.WRITE_KEY
        return protect(header, data, self._holder_key(under, holder), challenge, encrypt=encrypt)

    def card_identity_mac(self, identity12: bytes) -> bytes:
        """See `Hsm.card_identity_mac`."""
        if len(identity12) != IDENTITY_BYTES:
            message = f"the identity has {IDENTITY_BYTES} bytes"
            raise ValueError(message)
        key = self._ring.root(KeyRole.CARD_IDENTITY, self._ring.newest_active(KeyRole.CARD_IDENTITY))
        return crypto.retail_mac(key.reveal(), identity12)

    def encrypt(self, context: FieldContext, plaintext: str) -> bytes:
        """See `Hsm.encrypt`."""
        version = self._ring.newest_active(KeyRole.PERSONAL_DATA)
        return personal.encrypt(self._ring.root(KeyRole.PERSONAL_DATA, version), version, context, plaintext)

    def decrypt(self, context: FieldContext, ciphertext: bytes) -> str:
        """See `Hsm.decrypt`."""
        version = personal.version_of(ciphertext)
        try:
            key = self._ring.root(KeyRole.PERSONAL_DATA, version)
        except UnknownKeyVersion:
            raise CiphertextInvalid(f"the value names key version {version}, which is unknown") from None
        return personal.decrypt(key, context, ciphertext)

    def blind_index(self, field: str, normalised: str) -> bytes:
        """See `Hsm.blind_index`."""
        version = self._ring.newest_active(KeyRole.BLIND_INDEX)
        return personal.blind_index(self._ring.root(KeyRole.BLIND_INDEX, version), version, field, normalised)

    def sign_agent_step(self, message: bytes) -> bytes:
        """See `Hsm.sign_agent_step`."""
        return agent_signing.sign_step(self._agent_signing_key(), message)

    def agent_signing_key(self) -> bytes:
        """See `Hsm.agent_signing_key`."""
        return agent_signing.public_key(self._agent_signing_key())

    def sign_record(self, message: bytes) -> bytes:
        """See `KeyStore.sign_record`."""
        return record_signing.sign_record(self._head_signing_key(), message)

    def sign_head(self, message: bytes) -> bytes:
        """See `Hsm.sign_head`."""
        return head_signing.sign_head(self._head_signing_key(), message)

    def head_signing_key(self) -> bytes:
        """See `Hsm.head_signing_key`."""
        return head_signing.public_key(self._head_signing_key())

    def blank_transport_key(self, chip_serial: bytes) -> bytes:
        """See `Hsm.blank_transport_key`."""
        if self.realm != "test":
            raise RealmRefused("only the card maker knows the transport keys of production blanks")
        return self._holder_key(KeyRole.TRANSPORT, CardKeyHolder(chip_serial))

    def _agent_signing_key(self) -> SecretKey:
        return self._ring.root(KeyRole.AGENT_SIGNING, self._ring.newest_active(KeyRole.AGENT_SIGNING))

    def _head_signing_key(self) -> SecretKey:
        return self._ring.root(KeyRole.HEAD_SIGNING, self._ring.newest_active(KeyRole.HEAD_SIGNING))

    def _load_session_key(self, question: LoadMac1Question | LoadMac2Question) -> bytes:
        key = self._card_key(
            KeyRole.LOAD, question.card_serial, question.key_version, question.algorithm, question.key_index
        )
        return crypto.load_session_key(key, question.random, question.online_seq)

    def _unload_session_key(self, question: UnloadMac1Question | UnloadMac2Question) -> bytes:
        key = self._card_key(
            KeyRole.UNLOAD, question.card_serial, question.key_version, question.algorithm, question.key_index
        )
        return crypto.load_session_key(key, question.random, question.online_seq)

    def _proof_session_key(self, question: ProofPurchase) -> bytes:
        key = self._card_key(KeyRole.PURCHASE, question.card_serial, question.key_version, question.algorithm)
        return crypto.purchase_session_key(key, question.random, question.offline_seq, question.terminal_seq)

    def _card_key(
        self, role: KeyRole, card_serial: bytes, version: int, algorithm: int, index: int = FIRST_INDEX
    ) -> bytes:
        """Key of a card by its application serial.

        Raises:
            UnknownKeyVersion: no such version, index or algorithm.
        """
        if algorithm != ALGORITHM_3DES:
            message = f"there is no key of role {role} for algorithm {algorithm:02X}"
            raise UnknownKeyVersion(message, role=str(role), version=version)
        return crypto.diversify(self._ring.root(role, version, index).reveal(), card_factor(card_serial))

    def _version(self, role: KeyRole, holder: CardKeyHolder) -> int:
        named = named_version(role, holder)
        return self._ring.newest_active(role) if named is None else named

    def _holder_key(self, role: KeyRole, holder: CardKeyHolder) -> bytes:
        """Key of a chip, or the root for a PSAM that gets it.

        Raises:
            KeyRoleRefused: such a chip never holds such a key.
            UnknownKeyVersion: no such version.
        """
        factor = chip_factor(role, holder)
        root = self._ring.root(role, self._version(role, holder)).reveal()
        return root if factor is None else crypto.diversify(root, factor)

    def __repr__(self) -> str:
        """Realm, and each key by id and check value."""
        return f"SoftwareVault({self._ring!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.
        """
        message = "a vault is not pickled"
        raise TypeError(message)
