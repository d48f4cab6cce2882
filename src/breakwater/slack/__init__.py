"""Doors to Slack, one file per subject: acknowledge, read what was asked, call one step."""
