"""The sections of a report, in its order: each module makes one, or None where there is nothing to show."""
