"""Breakwater: a Slack bot for the people who keep money moving."""

__version__ = "0.1.0"
