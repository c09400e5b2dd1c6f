"""The reader jobs of this context by name. Contexts above add theirs: `citizencard.purse.loads.kinds` has all of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from citizencard.cards.issuing.personalise import PERSONALISE, Personalise
from citizencard.cards.issuing.psam import PERSONALISE_PSAM, PersonalisePsam
from citizencard.cards.reader_jobs import JobKind

ISSUING_JOBS: Final[Mapping[str, JobKind]] = MappingProxyType(
    {PERSONALISE: Personalise(), PERSONALISE_PSAM: PersonalisePsam()}
)
