"""The team's words: pure, frozen, and known to every floor above."""
