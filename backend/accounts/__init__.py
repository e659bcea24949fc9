"""People: how they sign in, who they are while they are here."""
