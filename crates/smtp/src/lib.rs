//! SMTP submission as values: bytes in, wishes out.
