"""The demonstration registry: invented institutions whose sums are those of a published brief."""
