"""All set-up in one place: from a bare Debian machine to a served city, with nothing but the standard library."""
