"""Partners' languages: each file here turns one of them into records and events."""
