"""Settings: breakwater.toml and the environment, checked once, with errors that name the remedy."""

from __future__ import annotations

from breakwater.config.loading import load
from breakwater.config.settings import Config

__all__ = ["Config", "load"]
