"""Blot a secret out of what a server sent back: as it is, and in the forms in which servers repeat what they got."""

import base64
import json
from urllib.parse import quote, quote_plus

BLOT = b"[secret]"


def blotted(content: bytes, secret: str | None) -> bytes:
    """The content without the secret; as it was where there is none."""
    if not secret:
        return content
    for form in _forms(secret):
        content = content.replace(form, BLOT)
    return content


def _forms(secret: str) -> list[bytes]:
    """Longest first, so that no form leaves the rest of a longer one behind."""
    plain = secret.encode()
    forms = {plain, json.dumps(secret)[1:-1].encode(), quote(secret, safe="").encode()}
    forms |= {quote_plus(secret).encode(), plain.hex().encode(), plain.hex().upper().encode()}
    for shift in range(3):  # base64 of a longer text holds it at one of three places
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(bytes(shift) + plain)
            forms.add(whole[(0, 2, 3)[shift] : 8 * (shift + len(plain)) // 6])
    return sorted(forms, key=len, reverse=True)
