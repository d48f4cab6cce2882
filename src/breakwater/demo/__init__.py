"""A believable payment company on disk: its ledger, its partners' files, its people, and the truth about all of it."""
