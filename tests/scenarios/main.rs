//! What Postbode promises, proven from outside on the Worker as it is deployed:
//!
//! 1. A person signs a mailbox in by a window ([`pages`])
//! 2. and by the whole page, where windows are blocked ([`pages`]).
//! 3. The main job: what an ERP posts arrives as posted, through Graph ([`sending`]) and by SMTP ([`submission`]).
//! 4. Two hundred mails at once with an expired token renew it once ([`bursts`]).
//! 5. Removing takes everything away and holds the mail; signing in again sends it ([`removal`], [`pages`]).
//! 6. Every refusal is a problem document that tells what to do ([`problems`]), and forgeries leave no trace
//!    ([`forgeries`]).
//! 7. No token reaches a browser, a log or a disk ([`leaks`]).
//! 8. A sign-in counts once, in the session that began it ([`consent`]).
//! 9. An organisation is tied to the tenant that a person confirmed ([`tenants`], [`pages`]).
//! 10. Every state of the page, in two languages, two colours and two widths ([`pictures`]).
//! 11. The README's commands do what it says ([`readme`]), and those of the reference ([`reference`]).
//! 12. What was accepted survives the end of its process ([`restart`]), and whatever else that leaves is found ([`alarms`]).
//! 13. What Microsoft ends is said, and holds the mail until it is mended ([`endings`], [`refusals`]).
//! 14. Where an administrator must approve, the page says how to ask, and believes the next sign-in only ([`approval`]).
//! 15. The mailbox signs in under any of its names, who may send as it does, and nobody else ([`accounts`]).
//! 16. Answers that arrive elsewhere, twice, late, changed or never are told as such ([`turns`]).
//! 17. Pictures of everything that stands in the way ([`states`]).
//! 18. By SMTP each recipient has an answer of their own, and nobody gets a mail twice ([`recipients`]).
//! 19. A mail may come as a form, too, or whole ([`forms`]).
//! 20. What leaves by SMTP is understood by servers that nobody here wrote ([`servers`]).
//! 21. A mail server of one's own, with an access code or without ([`own_server`]).
//! 22. What was accepted is found again ([`lists`]), read, called off or sent again ([`steering`]).
//! 23. A message leaves when its time has come ([`scheduled`]), a batch is a hundred messages each for itself ([`batch`]), and
//!     nobody is written to faster than the other side takes ([`limits`]).
//!     What is kept no longer is gone ([`retention`]).
//! 24. Whatever dies, nothing accepted is lost and nothing sent twice ([`kills`]), not even by a message that brings the
//!     program down ([`panics`]).
//! 25. Every fault in the middle of a long queue ends as it must ([`faults`]), and what is slow holds up nobody else
//!     ([`stalls`]).
//! 26. An outage costs one doubtful message, and what may have been sent is never told as not sent ([`outages`]).
//! 27. Large mails use no more memory than there is: they are taken, or refused with a time to come back ([`memory`]).
//! 28. A message costs few rows ([`rows`]) and few connections ([`sessions`]).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a scenario fails by panicking"
)]

mod accounts;
mod alarms;
mod approval;
mod batch;
mod bursts;
mod consent;
mod endings;
mod faults;
mod forgeries;
mod forms;
mod idempotency;
mod kills;
mod leaks;
mod limits;
mod lists;
mod memory;
mod outages;
mod own_server;
mod pages;
mod panics;
mod pictures;
mod problems;
mod readme;
mod recipients;
mod reference;
mod refusals;
mod registrations;
mod relayed;
mod removal;
mod renewals;
mod restart;
mod retention;
mod routes;
mod rows;
mod scheduled;
mod sending;
mod server_test;
mod servers;
mod sessions;
mod settings;
mod stalls;
mod states;
mod steering;
mod submission;
mod tenants;
mod turns;
