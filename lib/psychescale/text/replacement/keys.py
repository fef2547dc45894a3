"""The secret behind pseudonyms: at least 32 bytes from a file or the environment, shown to nobody."""

import contextlib
import hashlib
import hmac
import itertools
import os
import stat
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from psychescale.errors import PrivacyError, UsageError

MIN_KEY_BYTES: Final = 32
"""As long as the output of SHA-256: shorter keys weaken the HMAC (RFC 2104, section 3)."""

_MAKE_ONE: Final = "Make one with `head -c 32 /dev/urandom > KEY && chmod 600 KEY`."
_KEY_ID_DOMAIN: Final = b"psychescale/key-id"
_KEY_ID_HEX: Final = 16
_LEAST_DEFLATED: Final = 32
"""Random keys do not deflate below 35 bytes, as bytes or as hex digits (60,000 of each tried)."""


ENVIRONMENT: Final = "env:"
SECRET: Final = "secret:"  # noqa: S105 - where one is
"""Before the name of a variable, and before scope and key of a secret of Databricks."""


class KeyFileWarning(UserWarning):
    """The key file can be read by others than its owner."""


@dataclass(frozen=True, slots=True)
class PseudonymKey:
    """A key for pseudonyms; neither `repr` nor an error message shows it.

    Raises:
        PrivacyError: The secret is shorter than `MIN_KEY_BYTES`, or follows a pattern: a byte or a word
            repeated, numbers in a row.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_KEY_BYTES:
            raise PrivacyError(
                f"The pseudonym key has {len(self.secret)} bytes; {MIN_KEY_BYTES} are the least.",
                remedy=_MAKE_ONE,
            )
        if _is_patterned(self.secret):
            raise PrivacyError(
                "The pseudonym key follows a pattern (a word repeated, numbers in a row): it can be "
                "guessed.",
                remedy=_MAKE_ONE,
            )

    @classmethod
    def at(cls, place: str) -> "PseudonymKey":
        """The key in a file, or in the variable that ``env:NAME`` names.

        Raises:
            UsageError: It cannot be read.
            PrivacyError: It is too short, or everybody may change the file.
        """
        if place.startswith(ENVIRONMENT):
            return cls.from_environment(place.removeprefix(ENVIRONMENT))
        return cls.read(Path(place))

    @classmethod
    def from_environment(cls, name: str) -> "PseudonymKey":
        """The value of an environment variable, which a cluster fills from its secret scope.

        Raises:
            UsageError: It is not set on this machine.
            PrivacyError: The key is too short.
        """
        value = os.environ.get(name)
        if value is None:
            raise UsageError(
                f"The environment variable {name} is not set.",
                remedy="Set it on the driver and on every executor, from the secret scope.",
            )
        return cls(value.encode("utf-8", "surrogateescape"))

    @classmethod
    def read(cls, path: Path) -> "PseudonymKey":
        """The bytes of a file, as they are: a line end at the end of a text file belongs to the key.

        Warns:
            KeyFileWarning: Group or others may read the file.

        Raises:
            UsageError: The file cannot be read.
            PrivacyError: The key is too short, or everybody may change it.
        """
        try:
            mode = path.stat().st_mode
            secret = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"The key file cannot be read ({type(error).__name__}).",
                remedy=f"Name a readable file with ‹key_file›. {_MAKE_ONE}",
            ) from None
        if mode & stat.S_IWOTH:
            raise PrivacyError(
                "Everybody may change the key file.", remedy="Protect it with `chmod 600`."
            )
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            warnings.warn(
                "Others than its owner may read the key file; protect it with `chmod 600`.",
                KeyFileWarning,
                stacklevel=2,
            )
        return cls(secret)

    @property
    def key_id(self) -> str:
        """A short name of the key, stored beside the pseudonyms: 16 hexadecimal digits.

        An HMAC of a constant in a domain of its own: from it neither the key nor a pseudonym follows.
        """
        return self.digest(_KEY_ID_DOMAIN).hex()[:_KEY_ID_HEX]

    def derived(self, purpose: str) -> bytes:
        """Another secret, 32 bytes, from which neither the key nor one of another purpose follows."""
        return self.digest(f"psychescale/{purpose}".encode())

    def digest(self, message: bytes) -> bytes:
        """HMAC-SHA256 of `message` under the key (RFC 2104)."""
        return hmac.new(self.secret, message, hashlib.sha256).digest()


def _is_patterned(secret: bytes) -> bool:
    """Whether the bytes, what they say as hex digits, or the steps between them repeat themselves."""
    written = [secret.strip()]
    with contextlib.suppress(ValueError):
        written.append(bytes.fromhex(secret.decode("ascii")))
    return any(_repeats(values) or _repeats(_steps(values)) for values in written)


def _steps(values: bytes) -> bytes:
    return bytes((after - before) % 256 for before, after in itertools.pairwise(values))


def _repeats(values: bytes) -> bool:
    period = next((n for n in range(1, len(values)) if values[n:] == values[:-n]), len(values))
    if period <= len(values) // 2 + 1:  # one more for the blank between two phrases
        return True
    return len(values) >= MIN_KEY_BYTES - 1 and len(zlib.compress(values, 9)) < _LEAST_DEFLATED
