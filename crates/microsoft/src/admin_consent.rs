use url::Url;

use crate::{Endpoints, Refusal};

/// Where an administrator approves the app for a whole tenant (Microsoft: v2-admin-consent).
///
/// What is approved replaces what was approved there before, so `scopes` must name everything that is in use in that
/// tenant (Microsoft: grant-admin-consent). `tenant` is an id where it is known, else `organizations`.
pub fn admin_consent(
    endpoints: &Endpoints,
    tenant: &str,
    client_id: &str,
    scopes: &[String],
    redirect_uri: &str,
    state: &str,
) -> Result<String, Refusal> {
    let page = endpoints.admin_consent(tenant);
    let url = Url::parse_with_params(
        &page,
        [
            ("client_id", client_id),
            ("scope", &scopes.join(" ")),
            ("redirect_uri", redirect_uri),
            ("state", state),
        ],
    );
    let misconfigured = |_| Refusal::new(api::Code::NotConfigured, "the tenant does not make a URL");
    url.map(String::from).map_err(misconfigured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_documented_address() {
        let endpoints =
            Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
        let link = admin_consent(
            &endpoints,
            "t-1",
            "app",
            &["openid".into(), "https://graph.microsoft.com/Mail.Send".into()],
            "https://mail.example.com/oauth/approved",
            "s",
        );
        assert_eq!(
            link.unwrap(),
            "https://login.microsoftonline.com/t-1/v2.0/adminconsent?client_id=app\
             &scope=openid+https%3A%2F%2Fgraph.microsoft.com%2FMail.Send\
             &redirect_uri=https%3A%2F%2Fmail.example.com%2Foauth%2Fapproved&state=s"
        );
    }
}
