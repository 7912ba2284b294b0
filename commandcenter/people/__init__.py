"""Households and the people in them: how they come in, who is shown what, how somebody is erased."""
