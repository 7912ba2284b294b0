"""The case engine: what may happen to a case, by whom, until when, and why; every answer worked out from the case's event log.

Rules are pure modules without a database: ``calendar`` and ``public_holidays`` (which hours are office hours), ``clocks`` and
``clock_columns`` (how much of a limit is used and when it ends), ``statutory`` (the law's own periods, counted in days).
"""
