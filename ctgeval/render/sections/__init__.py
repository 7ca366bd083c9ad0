"""The sections of a bilan, by subject; each function returns safe HTML."""
