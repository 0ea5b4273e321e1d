"""Writes vectors.json: signatures of the relay contract, made without the crate that they test.

    python3 vectors.py > vectors.json
"""

import base64
import hashlib
import hmac
import json

ORDER = {
    "id": "msg_01k5",
    "server": {
        "host": "mail.example.nl",
        "port": 587,
        "security": "starttls",
        "auth": {"password": {"user_name": "erp", "access_code": "geheim"}},
    },
    "ehlo_name": "postbode.example.nl",
    "message": {
        "mail_from": "facturen@example.nl",
        "rcpt_to": ["klant@example.com"],
        "size": 33,
        "encoding": "seven_bit",
    },
}


def vector(key, nonce, time_ms, order, message):
    order = json.dumps(order, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(message.encode()).hexdigest()
    parts = ["postbode-relay-v1", "kantoor", "POST", "/v1/submissions", str(time_ms), nonce,
             hashlib.sha256(order.encode()).hexdigest(), digest]
    text = "\n".join(parts)
    return {
        "key": base64.b64encode(key).decode(), "relay": "kantoor", "method": "POST",
        "path": "/v1/submissions", "time_ms": time_ms, "nonce": nonce, "order": order, "message": message,
        "message_sha256": digest, "signed_text": text,
        "signature": "v1=" + hmac.new(key, text.encode(), hashlib.sha256).hexdigest(),
    }


print(json.dumps([
    vector(bytes(range(32)), "AAECAwQFBgcICQoLDA0ODw", 1795459200000, ORDER, "Subject: Factuur\r\n\r\nBijgevoegd.\r\n"),
    vector(b"\xff" * 32, "ZmZmZmZmZmZmZmZmZmZmZg", 0, {**ORDER, "ehlo_name": "[192.0.2.1]", "message": None}, ""),
], ensure_ascii=False, indent=2))
