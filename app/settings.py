"""What an operator can set, by environment variable or in `.env`. Nothing else reads the environment."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict


def default_data_directory() -> Path:
    """`$XDG_DATA_HOME/customer-graph`, or `~/.local/share/customer-graph`."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "customer-graph"


MAX_NAME_BYTES = 63
NOT_IN_NAMES = frozenset('/\\. "$*<>:|?\0')
TAKEN_NAMES = frozenset({"admin", "config", "local"})


def check_database_name(name: str) -> str:
    """The name, if MongoDB takes it for a database of ours; raises ValueError otherwise."""
    if wrong := sorted(NOT_IN_NAMES & set(name)):
        raise ValueError(f"{name!r} cannot be the name of a database: leave out {' and '.join(map(repr, wrong))}.")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"{name!r} is too long for the name of a database: it has at most {MAX_NAME_BYTES} bytes.")
    if name.lower() in TAKEN_NAMES:
        raise ValueError(f"the database {name!r} is MongoDB's own: choose another name.")
    return name


class Settings(BaseSettings):
    """Every setting is `CUSTOMER_GRAPH_…` in the environment, but for `MONGODB_URI`, which has its usual name."""

    model_config = SettingsConfigDict(
        env_prefix="CUSTOMER_GRAPH_", env_file=".env", extra="ignore", populate_by_name=True, frozen=True
    )

    mongodb_uri: str | None = Field(
        default=None,
        validation_alias="MONGODB_URI",
        description="The MongoDB replica set to use. Unset: an embedded mongod in the data directory.",
    )
    database: Annotated[str, AfterValidator(check_database_name)] = Field(
        default="customer_graph", min_length=1, description="The database's name."
    )
    data_directory: Path = Field(
        default_factory=default_data_directory,
        description="Where the embedded mongod keeps its data; by default ~/.local/share/customer-graph.",
    )
    ephemeral: bool = Field(default=False, description="Embedded mongod: keep nothing after the process ends.")

    host: str = Field(default="127.0.0.1", description="The address to bind. Loopback only, while access is open.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to bind; 0 picks a free one.")
    open_to_network: bool = Field(
        default=False,
        description="Bind other addresses than loopback although there is no access control: only inside a container "
        "or network where nobody else can reach the port.",
    )
    shutdown_seconds: int = Field(default=10, ge=1, description="How long open requests may take at shutdown.")
    request_seconds: float = Field(default=10.0, gt=0, description="The deadline of one request.")
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, description="The largest request body, in bytes.")

    secret_key: SecretStr | None = Field(
        default=None,
        description="What secrets are encrypted with: 32 random bytes in base64 (`openssl rand -base64 32`). "
        "Unset: no secrets are accepted, but with the embedded mongod, which has a key of its own.",
    )
    secret_key_file: Path | None = Field(default=None, description="A file with that key, instead.")

    planning: bool = Field(
        default=True, description="Answer reads by compiled plans. Off: by graphql-core alone, for comparison."
    )

    trusted_documents: Path | None = Field(
        default=None, description="A JSON file that maps the SHA-256 of each trusted document to the document."
    )
    trusted_only: bool = Field(default=False, description="Run trusted documents, and no others.")

    max_depth: int = Field(default=15, ge=1, description="How deep a selection may nest, lists' wrappers included.")
    max_aliases: int = Field(default=50, ge=0, description="Aliases in a document, fragments expanded.")
    max_root_fields: int = Field(default=20, ge=1, description="Root fields of an operation, fragments expanded.")
    max_directives: int = Field(default=50, ge=0, description="Directives in a document, fragments expanded.")
    max_selections: int = Field(default=2_000, ge=1, description="Fields of an operation, fragments expanded.")
    max_tokens: int = Field(default=5_000, ge=1, description="Lexical tokens in a document.")
    max_cost: int = Field(default=100_000, ge=1, description="Records an operation may return at the most.")

    @classmethod
    def variables(cls) -> dict[str, FieldInfo]:
        """Every setting, by the name of its environment variable."""
        prefix = str(cls.model_config.get("env_prefix"))
        fields = cls.model_fields.items()
        return {str(field.validation_alias or f"{prefix}{name}".upper()): field for name, field in fields}

    @classmethod
    def unknown_variables(cls) -> list[str]:
        """The variables of the environment and of `.env` that begin like a setting and are none: misspelt ones."""
        prefix = str(cls.model_config.get("env_prefix"))
        given = {name.upper() for name in (*os.environ, *DotEnvSettingsSource(cls).env_vars)}
        return sorted(name for name in given - cls.variables().keys() if name.startswith(prefix))

    @property
    def is_loopback(self) -> bool:
        """Whether `host` can only be reached from this machine."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _loopback_while_open(self) -> Self:
        if not self.is_loopback and not self.open_to_network:
            raise ValueError(
                f"host {self.host} can be reached from other machines, and access is not configured. "
                "Bind 127.0.0.1, or set CUSTOMER_GRAPH_OPEN_TO_NETWORK=true where nobody else can reach the port."
            )
        return self
