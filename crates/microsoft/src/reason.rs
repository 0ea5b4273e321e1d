use api::Reason;

/// Which numbers have which words (Microsoft: reference-error-codes, and the pages named there).
const NUMBERS: &[(Reason, &[u32])] = &[
    (Reason::Unused, &[700_082, 70008]),
    (Reason::SessionsRevoked, &[50173, 50132, 50133]),
    (Reason::SignInFrequency, &[70043]),
    (Reason::SecondFactor, &[50076, 50074, 50078, 50158]),
    (Reason::SecondFactorMissing, &[50079, 50072, 53004]),
    (Reason::PasswordExpired, &[50055, 50144, 50126]),
    (Reason::ConsentRemoved, &[65001, 9_002_341]),
    (Reason::Declined, &[65004]),
    (Reason::TokenNotAccepted, &[70000, 54005, 50058, 50085, 700_020]),
    (Reason::AnotherAccount, &[50020, 16000, 90072]),
    (Reason::AccountType, &[500_207, 500_208]),
    (Reason::TookTooLong, &[50089, 90012]),
    (Reason::AccessPolicy, &[53003, 530_032, 530_034, 530_035, 50131]),
    (Reason::DevicePolicy, &[53000, 53001, 50097]),
    (Reason::AppPolicy, &[53002]),
    (Reason::NotAssigned, &[50105]),
    (Reason::AccountDisabled, &[50057]),
    (Reason::AccountGone, &[50034]),
    (Reason::AccountLocked, &[50053]),
    (Reason::AppDisabled, &[7_000_112, 1_000_031]),
    (Reason::ApprovalNeeded, &[90093, 90094, 90095, 900_941, 900_981]),
    (Reason::CrossTenantPolicy, &[500_212, 500_213]),
    (Reason::ServiceMissing, &[50001, 500_011, 500_014]),
    (Reason::SecretWrong, &[7_000_215, 70002]),
    (Reason::SecretExpired, &[7_000_222]),
    (Reason::CredentialMissing, &[7_000_218]),
    (Reason::PublicClient, &[700_025]),
    (Reason::CertificateWrong, &[700_027]),
    (Reason::AppNotFound, &[700_016, 70001, 700_011]),
    (Reason::SinglePageApp, &[700_084, 9_002_325, 9_002_327]),
    (Reason::SingleTenant, &[50194, 650_059, 90130, 9_002_332]),
    (Reason::TenantUnknown, &[90002, 50059, 90019]),
    (Reason::WrongCloud, &[90038, 900_439, 900_382, 900_432]),
    (Reason::RedirectUri, &[50011, 500_113, 900_971, 70004]),
    (
        Reason::RequestWrong,
        &[
            9_002_313, 501_481, 50148, 50147, 501_491, 50149, 700_005, 70003, 9_002_326, 90023, 70011,
            700_022, 700_023, 28002, 28003, 900_144, 90014, 90013, 90015, 9_001_023, 901_002, 900_561, 90056,
            500_141, 700_054, 70005, 70007, 90005, 90008, 65005, 650_052, 650_056, 650_057,
        ],
    ),
];

/// The words for an AADSTS number; [`Reason::Other`] for one that is not known here.
#[must_use]
pub(crate) fn reason(number: u32) -> Reason {
    let found = NUMBERS.iter().find(|(_, numbers)| numbers.contains(&number));
    found.map_or(Reason::Other, |(reason, _)| *reason)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_number_has_one_reason() {
        let mut seen = BTreeSet::new();
        for number in NUMBERS.iter().flat_map(|(_, numbers)| *numbers) {
            assert!(seen.insert(number), "{number}");
        }
        assert_eq!(reason(1), Reason::Other);
    }

    #[test]
    fn every_reason_is_reached() {
        let found_here = [Reason::RegistrationChanged, Reason::FreshTokenRefused, Reason::Other];
        let by_smtp = [Reason::SmtpAuthOffMailbox, Reason::SmtpAuthOffOrganisation];
        let others = found_here.into_iter().chain(by_smtp);
        let reached: BTreeSet<_> = NUMBERS.iter().map(|(reason, _)| *reason).chain(others).collect();
        assert_eq!(reached, Reason::ALL.iter().copied().collect());
    }
}
