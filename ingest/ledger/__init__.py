"""The ledger: what became of every row of every delivery, for ever."""
