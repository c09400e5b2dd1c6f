"""All reader jobs of the city by name: what a server's workbench is made with."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from citizencard.cards.issuing.kinds import ISSUING_JOBS
from citizencard.cards.reader_jobs import JobKind
from citizencard.purse.loads.flow import LOAD, LoadJob
from citizencard.purse.loads.recovery import RECOVER_LOAD, RecoverLoadJob
from citizencard.purse.unloads.flow import UNLOAD, UnloadJob
from citizencard.purse.unloads.recovery import RECOVER_UNLOAD, RecoverUnloadJob

READER_JOBS: Final[Mapping[str, JobKind]] = MappingProxyType(
    {
        **ISSUING_JOBS,
        LOAD: LoadJob(),
        RECOVER_LOAD: RecoverLoadJob(),
        UNLOAD: UnloadJob(),
        RECOVER_UNLOAD: RecoverUnloadJob(),
    }
)
