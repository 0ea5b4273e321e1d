"""Reads messages with Python's `email`, one of the two parsers that the written mail is checked against.

Each message arrives on standard input behind its length (4 bytes, big endian); each answer is one line of JSON.
"""

import email
import email.policy
import email.utils
import hashlib
import json
import struct
import sys
from email.header import decode_header, make_header


def addresses(message, name):
    # Not `message[name].addresses`: before 3.12.9 it keeps the space between two encoded words (cpython 128110).
    raw = [value for header, value in message.raw_items() if header.lower() == name]
    unfolded = [value.replace("\r\n", "") for value in raw]
    found = email.utils.getaddresses(unfolded)
    decoded = [[str(make_header(decode_header(name))) or None, address] for name, address in found]
    # A group without members reads as one address that is nobody's.
    return [one for one in decoded if one[1]]


def parts(message):
    for part in message.walk():
        if part.is_multipart():
            continue
        disposition = part["content-disposition"]
        content_type = part["content-type"]
        content = part.get_payload(decode=True)
        content_id = part["content-id"]
        yield {
            "content_type": content_type.content_type,
            "method": content_type.params.get("method"),
            "disposition": disposition.content_disposition if disposition else None,
            "filename": disposition.params.get("filename") if disposition else None,
            "name": content_type.params.get("name"),
            "content_id": content_id.strip().strip("<>") if content_id else None,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def read(raw):
    # `SMTP` is `default` with the line ends of the wire.
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    return {
        "subject": str(message["subject"]),
        "message_id": str(message["message-id"]).strip("<>"),
        "date": int(message["date"].datetime.timestamp()) if message["date"] else None,
        "headers": {name: str(value) for name, value in message.items() if name.lower().startswith("x-")},
        "addresses": {name: addresses(message, name) for name in ["from", "reply-to", "to", "cc", "bcc"]},
        "parts": list(parts(message)),
    }


while True:
    length = sys.stdin.buffer.read(4)
    if len(length) < 4:
        break
    raw = sys.stdin.buffer.read(struct.unpack(">I", length)[0])
    print(json.dumps(read(raw)), flush=True)
