"""The platform simulator: real paths and wire formats of the social platforms, kept honest by a ledger of its own."""
