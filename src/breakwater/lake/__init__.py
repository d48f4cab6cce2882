"""The lake: records and events at rest."""
