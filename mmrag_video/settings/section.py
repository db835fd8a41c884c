"""What every part of the settings is made from."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the settings: unknown keys are refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
