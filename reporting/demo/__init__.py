"""The demonstration registry: invented institutions whose sums are those of a published brief."""


def accounts_table() -> str:
    """The demonstration's accounts as lines of text; empty where the database is none."""
    from reporting.demo import accounts  # the models must not be read when the package is

    return accounts.accounts_table()
