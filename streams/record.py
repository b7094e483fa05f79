"""The form that every record on a topic has: frozen, keyword-only, JSON, times in UTC."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from streams.errors import NewerSchemaError, PoisonError, Reason


def to_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC. Raises nothing for aware times."""
    return moment.astimezone(UTC)


Utc = Annotated[AwareDatetime, AfterValidator(to_utc)]


class Part(BaseModel):
    """A value inside a record; unknown fields are ignored, so that older programs read newer records."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="constants")


class Record(Part):
    """A value of a topic. `schema_name` and `schema_version` stand in the header `tocsin-schema`."""

    schema_name: ClassVar[str]
    schema_version: ClassVar[int] = 1

    @classmethod
    def schema_id(cls) -> str:
        """Return what the header `tocsin-schema` says, such as `article/1`."""
        return f"{cls.schema_name}/{cls.schema_version}"

    @classmethod
    def ce_type(cls) -> str:
        """Return the CloudEvents type, such as `tocsin.article.v1`."""
        return f"tocsin.{cls.schema_name}.v{cls.schema_version}"

    def to_json(self) -> bytes:
        """Return the JSON that stands on the wire (about 7 us for a 3.5 kB article)."""
        return self.__pydantic_serializer__.to_json(self)

    @classmethod
    def from_json(cls, value: bytes | None, *, schema: str | None = None) -> Self:
        """Return the record that the bytes hold; `schema` is the header `tocsin-schema`, if there was one.

        Raises: NewerSchemaError for a newer major version; PoisonError if the bytes are no such record.
        """
        refuse_newer(schema, cls.schema_version)
        if value is None:
            raise PoisonError(Reason.NOT_VALID, f"a {cls.schema_name} record without a value")
        try:
            return cls.model_validate_json(value)
        except ValidationError as err:
            raise poison_of(err, cls.schema_name) from err


def refuse_newer(schema: str | None, reads: int) -> None:
    """Raise NewerSchemaError if `schema` (`name/version`) is newer than `reads`; a header of another form passes."""
    version = (schema or "").rpartition("/")[2]
    if version.isascii() and version.isdigit() and int(version) > reads:
        raise NewerSchemaError(schema or "", reads)


def poison_of(err: ValidationError, name: str) -> PoisonError:
    """Return the poison that a failed validation means, with the first place that is wrong; never the input."""
    first = err.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return PoisonError(Reason.NOT_JSON, f"not JSON: {first['msg']}")
    place = ".".join(str(step) for step in first["loc"])
    return PoisonError(Reason.NOT_VALID, f"not a {name} record: {place}: {first['msg']}")
