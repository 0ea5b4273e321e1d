use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;

/// What CRAM-MD5 answers to the server's challenge (RFC 2195 section 2): proof of the password without the password.
pub(super) fn answer(user: &str, password: &str, challenge: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Md5>::new_from_slice(password.as_bytes()).ok()?;
    mac.update(challenge);
    let digest = base16ct::lower::encode_string(&mac.finalize().into_bytes());
    Some(format!("{user} {digest}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_rfc() {
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        let answer = super::answer("tim", "tanstaaftanstaaf", challenge).unwrap();
        assert_eq!(answer, "tim b913a602c7eda7a495b4e6e7334d3890");
    }
}
