"""Pages of reporting, by what they show."""
