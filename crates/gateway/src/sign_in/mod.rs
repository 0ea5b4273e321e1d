//! Signing a mailbox in: one consent attempt from its beginning to the authentication that it leads to.

mod consent_attempt;
mod consents;
mod progress;
mod verify;

pub use consent_attempt::{
    ATTEMPT_SECONDS, CameBack, CheckedReturn, ConsentAttempt, RefusedReturn, judge_refusal,
    kept_confirmation, verify_return,
};
pub use consents::{
    Answered, Redeemed, Redemption, answer, attempt_ended, begin, conclude, drop_unconfirmed,
};
pub use consents::{attempt_of, refuse, start_redeeming, tenant_to_confirm};
pub use progress::{Confirmation, ConsentRecord, Progress};
pub use verify::{Judged, SignedIn, judge};
