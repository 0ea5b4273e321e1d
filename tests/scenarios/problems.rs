//! Every refusal is a problem document: what is the case, whose turn it is, where to read more.

use std::collections::BTreeSet;

use api::{Code, Problem, REQUEST_BYTES_MAX, Recipients, SendMessage};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::{attachment, letter};
use end_to_end::{Stack, random_text, scenario};
use reqwest::RequestBuilder;
use serde_json::json;

/// Looks at everything that all refusals have in common.
async fn refused(stack: &Stack, what: &str, request: RequestBuilder, code: Code) -> (Answer, Problem) {
    let answer = Answer::to(request).await;
    let problem = answer.problem();
    assert_eq!(problem.code, code, "{what}: {problem:?}");
    assert_eq!((answer.status, problem.status), (code.status(), code.status()), "{what}");
    assert_eq!(problem.request_id.unwrap().to_string(), answer.header("x-request-id"), "{what}");
    assert_eq!(answer.header("www-authenticate"), if answer.status == 401 { "Bearer" } else { "" }, "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    let page = problem.type_url.strip_prefix(&stack.origin).expect("a page of this installation");
    let page = Answer::to(stack.request("GET", page)).await.expect(200).text();
    assert!(page.contains(code.as_str()) && page.contains(code.action()), "{what}: {page}");
    (answer, problem)
}

#[test]
fn requests_that_miss_their_address() {
    scenario(async {
        let stack = Stack::shared().await;
        for path in
            ["/v1/mesages", "/v1", "/api/", "/assets/gone.js", "/index.html", "/problems/none", "/mailboxes"]
        {
            refused(stack, path, stack.request("GET", path), Code::NotFound).await;
        }
        for (method, path, allowed) in [
            ("PUT", "/v1/messages", "GET,HEAD,POST"),
            ("DELETE", "/v1/messages/x", "GET,HEAD"),
            ("PUT", "/operator/organisations", "POST"),
            ("POST", "/healthz", "GET,HEAD"),
        ] {
            let (answer, _) = refused(stack, path, stack.request(method, path), Code::MethodNotAllowed).await;
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    });
}

#[test]
fn requests_of_somebody_who_may_not() {
    scenario(async {
        let stack = Stack::shared().await;
        let (company, other) = (Company::new(stack, "wij").await, Company::new(stack, "zij").await);
        let message = letter(&company.account.upn, "Niet van hier");
        let post = || stack.request("POST", "/v1/messages").json(&message);
        refused(stack, "no key", post(), Code::CredentialsMissing).await;
        let basic = post().header("authorization", "Basic a2xhYXM6d2FjaHR3b29yZA==");
        refused(stack, "not a bearer", basic, Code::CredentialsMissing).await;
        refused(stack, "no such key", post().bearer_auth(random_text()), Code::CredentialsRefused).await;
        let theirs = post().bearer_auth(&other.key);
        let (_, problem) = refused(stack, "another's mailbox", theirs, Code::SenderNotAllowed).await;
        assert_eq!(problem.params["allowed"], other.account.upn, "tells of nobody else's mailboxes");

        let message: api::MessageView =
            other.post(&letter(&other.account.upn, "x"), None).await.expect(202).json();
        for id in [message.id.to_string(), "msg_1".to_owned()] {
            let request = stack.with_key("GET", &format!("/v1/messages/{id}"), &company.key);
            refused(stack, "another's message", request, Code::NotFound).await;
        }

        for path in ["", "/x/mailboxes", "/x/keys", "/x/links"] {
            let path = format!("/operator/organisations{path}");
            let request = || stack.request("POST", &path).json(&json!({ "name": "x" }));
            refused(stack, &path, request(), Code::CredentialsMissing).await;
            refused(stack, &path, request().bearer_auth(&company.key), Code::CredentialsRefused).await;
        }
        let nobody = "/operator/organisations/org_01jd5z3q8k6w2y4v7t9s0r1p3n/keys";
        let request = stack.as_operator("POST", nobody).json(&json!({ "name": "x" }));
        refused(stack, "no such organisation", request, Code::NotFound).await;
    });
}

#[test]
fn requests_that_no_page_of_ours_sent() {
    scenario(async {
        let stack = Stack::shared().await;
        let (company, other) = (Company::new(stack, "hier").await, Company::new(stack, "daar").await);
        let person = company.person().await;
        let mailbox = format!("/api/mailboxes/{}", company.mailbox);
        let with_cookie =
            |method: &str, path: &str| stack.request(method, path).header("cookie", &person.cookie);
        for (method, path) in [("GET", "/api/session"), ("GET", mailbox.as_str()), ("PUT", mailbox.as_str())]
        {
            let request = stack.request(method, path).header("x-postbode", "1");
            refused(stack, "no session", request, Code::SessionEnded).await;
            let foreign =
                with_cookie(method, path).header("x-postbode", "1").header("origin", "https://evil.example");
            refused(stack, "another site", foreign, Code::OriginRefused).await;
            let cross =
                with_cookie(method, path).header("x-postbode", "1").header("sec-fetch-site", "cross-site");
            refused(stack, "another site", cross, Code::OriginRefused).await;
        }
        let form = with_cookie("DELETE", &format!("{mailbox}/authentication"));
        refused(stack, "without the page's header", form, Code::OriginRefused).await;
        let theirs = person.at(other.mailbox).request("GET", "");
        refused(stack, "another's mailbox", theirs, Code::NotFound).await;
        let link = stack.request("POST", "/api/session").header("x-postbode", "1");
        refused(stack, "no link", link.json(&json!({ "link": "pb_link_x" })), Code::LinkSpent).await;
        let used = company.link().await;
        let used = used.split_once('#').unwrap().1;
        let open =
            || stack.request("POST", "/api/session").header("x-postbode", "1").json(&json!({ "link": used }));
        Answer::to(open()).await.expect(200);
        refused(stack, "a link that was used", open(), Code::LinkSpent).await;
    });
}

#[test]
fn requests_that_cannot_be_read() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::new(stack, "lezen").await;
        let post = || stack.with_key("POST", "/v1/messages", &company.key);
        let json =
            |body: Vec<u8>| post().header("content-type", "application/json; charset=utf-8").body(body);
        refused(stack, "no media type", post().body("{}"), Code::UnsupportedMediaType).await;
        let xml = post().header("content-type", "text/xml").body("<mail/>");
        refused(stack, "XML", xml, Code::UnsupportedMediaType).await;
        refused(stack, "half a document", json(b"{\"from\":".to_vec()), Code::MalformedRequest).await;
        let windows = format!(
            "{{\"from\":\"{}\",\"to\":\"k@example.com\",\"subject\":\"Caf\u{e9}\"}}",
            company.account.upn
        );
        let windows = windows.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        let (_, problem) = refused(stack, "Windows-1252", json(windows), Code::MalformedRequest).await;
        assert!(problem.detail.contains("UTF-8"), "{}", problem.detail);
        let misspelt = json(br#"{"from":"a@b.nl","subjet":"x"}"#.to_vec());
        let (_, problem) = refused(stack, "a misspelt field", misspelt, Code::MalformedRequest).await;
        assert_eq!(problem.errors[0].pointer, "/subjet");
        assert!(problem.errors[0].detail.contains("subject"), "names the fields there are: {problem:?}");

        let wrong = json!({
            "from": company.account.upn, "to": ["goed@example.com", "niet goed"], "subject": "twee\nregels",
            "headers": { "Received": "x" }, "attachments": [{ "filename": "a.pdf", "content": "%%%" }],
        });
        let (_, problem) = refused(stack, "fields", post().json(&wrong), Code::FieldsRefused).await;
        let pointers: BTreeSet<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/attachments/0/content", "/headers/Received", "/subject", "/to/1"].into());
        let nobody = SendMessage { to: Recipients::default(), ..letter(&company.account.upn, "x") };
        let (_, problem) = refused(stack, "no recipient", post().json(&nobody), Code::FieldsRefused).await;
        assert_eq!(problem.errors[0].pointer, "/to");
        assert!(company.mails().await.is_empty());
    });
}

#[test]
fn sizes_hold_to_the_byte() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::signed_in(stack, "groot").await;
        let person = company.person().await;
        let post = || stack.with_key("POST", "/v1/messages", &company.key);
        let json = |bytes: usize| post().header("content-type", "application/json").body(vec![b' '; bytes]);
        let (_, problem) =
            refused(stack, "a request", json(REQUEST_BYTES_MAX + 1), Code::RequestTooLarge).await;
        assert_eq!(problem.params["request_bytes_max"], REQUEST_BYTES_MAX.to_string());
        refused(stack, "one byte less is read", json(REQUEST_BYTES_MAX), Code::MalformedRequest).await;

        let of = |bytes: u64| SendMessage {
            text: None,
            attachments: vec![attachment("a.bin", &vec![0; usize::try_from(bytes).unwrap()])],
            ..letter(&company.account.upn, &format!("{bytes} bytes"))
        };
        let effective = person.view().await.message_bytes_effective;
        let setting = effective / 100;
        for (limit, what) in [(effective, "Microsoft Graph"), (setting, "the mailbox is set to")] {
            if limit == setting {
                person.save(|settings| settings.message_bytes_max = setting).await;
            }
            let (_, problem) = refused(stack, what, post().json(&of(limit + 1)), Code::MessageTooLarge).await;
            assert!(problem.detail.contains(what), "{}", problem.detail);
            assert_eq!(problem.params["message_bytes_max"], limit.to_string());
            company.hand_over(&of(limit)).await;
        }
        assert_eq!(company.mails().await.len(), 2, "what just fits, arrives");
    });
}
