"""Slack's rules for blocks and views: what is refused, and in Slack's words why.

Sources: docs.slack.dev/reference/block-kit, and the validators of slack_sdk. Block and element types Breakwater has no use for
(video, call, workflow buttons, cards, data tables) are refused like unknown ones: stricter than Slack, never laxer.
"""
