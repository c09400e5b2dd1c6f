"""Every way in which a backup or its restoration can be refused. No message holds a passphrase or the address of a database."""

from citizencard.errors import CitizencardError


class BackupError(CitizencardError):
    """The backup cannot be made or used."""

    code = "backup_error"


class BackupExists(BackupError):
    """There is something at the place of the backup already."""

    code = "backup_exists"


class BackupUnusable(BackupError):
    """This is not a backup that can be used."""

    code = "backup_unusable"


class BackupAltered(BackupError):
    """The backup was altered, or is not whole."""

    code = "backup_altered"


class BackupTooNew(BackupError):
    """The backup was made by a newer version of this program."""

    code = "backup_too_new"


class PartsApart(BackupError):
    """The two parts were not made together."""

    code = "backup_parts_apart"


class TargetNotEmpty(BackupError):
    """The place to restore into is not empty."""

    code = "restore_target_not_empty"


class ToolMissing(BackupError):
    """A program of PostgreSQL is missing here."""

    code = "backup_tool_missing"


class ToolFailed(BackupError):
    """A program of PostgreSQL did not come to its end."""

    code = "backup_tool_failed"


class VaultForeign(BackupError):
    """The vault is not the one of this database."""

    code = "backup_vault_foreign"


class BooksDiffer(BackupError):
    """What was restored is not what was backed up."""

    code = "restored_books_differ"
