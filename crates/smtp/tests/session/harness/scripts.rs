//! Whole conversations as real servers have them.

/// Exchange Online by `smtp.office365.com:587`, from published logs; the token in two steps as its documentation shows.
pub(crate) const EXCHANGE_UP_TO_AUTH: &str = "
    S: 220 SY5P282CA0097.outlook.office365.com Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 10:00:00 +0000
    C: EHLO mail.example.com
    S: 250-SY5P282CA0097.outlook.office365.com Hello [192.0.2.7]
    S: 250-SIZE 157286400
    S: 250-PIPELINING
    S: 250-DSN
    S: 250-ENHANCEDSTATUSCODES
    S: 250-STARTTLS
    S: 250-8BITMIME
    S: 250-BINARYMIME
    S: 250-CHUNKING
    S: 250 SMTPUTF8
    C: STARTTLS
    S: 220 2.0.0 SMTP server ready
    TLS
    C: EHLO mail.example.com
    S: 250-SY5P282CA0097.outlook.office365.com Hello [192.0.2.7]
    S: 250-SIZE 157286400
    S: 250-PIPELINING
    S: 250-DSN
    S: 250-ENHANCEDSTATUSCODES
    S: 250-AUTH LOGIN XOAUTH2
    S: 250-8BITMIME
    S: 250-BINARYMIME
    S: 250-CHUNKING
    S: 250 SMTPUTF8
    C: AUTH XOAUTH2
    S: 334 \x20
    C: dXNlcj1lcnBAY29udG9zby5jb20BYXV0aD1CZWFyZXIgdDBrZW4BAQ==";

/// Exchange lets us in.
pub(crate) const EXCHANGE_SIGNED_IN: &str = "
    S: 235 2.7.0 Authentication successful";

/// Exchange takes one recipient and refuses another.
pub(crate) const EXCHANGE_MESSAGE: &str = "
    C: MAIL FROM:<erp@contoso.com> SIZE=27
    C: RCPT TO:<a@example.com>
    C: RCPT TO:<gone@example.com>
    S: 250 2.1.0 Sender OK
    S: 250 2.1.5 Recipient OK
    S: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
    C: DATA
    S: 354 Start mail input; end with <CRLF>.<CRLF>
    C: Subject: x
    C:
    C: ..dot
    C: ...
    C: end
    C: .
    S: 250 2.0.0 OK <af1@SY5P282MB0123.AUSP282.PROD.OUTLOOK.COM> [Hostname=SY5P282MB0123.AUSP282.PROD.OUTLOOK.COM]";

/// The farewell of most servers.
pub(crate) const FAREWELL: &str = "
    C: QUIT
    S: 221 2.0.0 Bye";

/// Postfix by port 465 with a password, its greeting in two lines.
pub(crate) const POSTFIX: &str = "
    S: 220-mail.example.nl ESMTP Postfix (Debian/GNU)
    S: 220 No spam here
    C: EHLO mail.example.com
    S: 250-mail.example.nl
    S: 250-PIPELINING
    S: 250-SIZE 10240000
    S: 250-VRFY
    S: 250-ETRN
    S: 250-AUTH PLAIN LOGIN
    S: 250-AUTH=PLAIN LOGIN
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250-DSN
    S: 250-SMTPUTF8
    S: 250 CHUNKING
    C: AUTH PLAIN AGVycABzM2NyZXQ=
    S: 235 2.7.0 Authentication successful
    C: MAIL FROM:<erp@contoso.com> SIZE=27
    C: RCPT TO:<a@example.com>
    C: RCPT TO:<b@example.com>
    S: 250 2.1.0 Ok
    S: 250 2.1.5 Ok
    S: 450 4.2.0 <b@example.com>: Recipient address rejected: Greylisted
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>
    C: Subject: x
    C:
    C: ..dot
    C: ...
    C: end
    C: .
    S: 250 2.0.0 Ok: queued as 4F2C91B3A
    C: QUIT
    S: 221 2.0.0 Bye";

/// Dovecot's submission service by STARTTLS with XOAUTH2.
pub(crate) const DOVECOT: &str = "
    S: 220 mail.example.nl Dovecot (Debian) ready.
    C: EHLO mail.example.com
    S: 250-mail.example.nl
    S: 250-8BITMIME
    S: 250-STARTTLS
    S: 250-CHUNKING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-PIPELINING
    S: 250 SIZE
    C: STARTTLS
    S: 220 2.0.0 Begin TLS negotiation now.
    TLS
    C: EHLO mail.example.com
    S: 250-mail.example.nl
    S: 250-8BITMIME
    S: 250-AUTH PLAIN XOAUTH2 OAUTHBEARER
    S: 250-CHUNKING
    S: 250-ENHANCEDSTATUSCODES
    S: 250-PIPELINING
    S: 250 SIZE
    C: AUTH XOAUTH2
    S: 334 \x20
    C: dXNlcj1lcnBAY29udG9zby5jb20BYXV0aD1CZWFyZXIgdDBrZW4BAQ==
    S: 235 2.7.0 Logged in.
    C: MAIL FROM:<erp@contoso.com> SIZE=27
    C: RCPT TO:<a@example.com>
    S: 250 2.1.0 OK
    S: 250 2.1.5 OK
    C: DATA
    S: 354 OK
    C: Subject: x
    C:
    C: ..dot
    C: ...
    C: end
    C: .
    S: 250 2.0.0 Ok: queued as 9D1
    C: QUIT
    S: 221 2.0.0 Bye";

/// An old server on the company's own network: no TLS, no extension but LOGIN, one command at a time.
pub(crate) const PLAIN_OLD: &str = "
    S: 220 fax
    C: EHLO mail.example.com
    S: 250-fax
    S: 250 AUTH LOGIN
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: ZXJw
    S: 334 UGFzc3dvcmQ6
    C: czNjcmV0
    S: 235 ok
    C: MAIL FROM:<erp@contoso.com>
    S: 250 ok
    C: RCPT TO:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@example.com>
    S: 251 will forward
    C: DATA
    S: 354 go
    C: Subject: x
    C:
    C: ..dot
    C: ...
    C: end
    C: .
    S: 250 ok
    C: QUIT
    S: 221 bye";
