//! A mail as `multipart/form-data`, as programs that nobody here wrote send it, and what stands around a raw one.

use std::process::Command;

use api::{Code, MessageState, MessageView, RAW_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::{PIXEL, pdf};
use end_to_end::sandbox::TENANT;
use end_to_end::{Options, Places, Stack, scenario};

async fn post(company: &Company<'_>, body: Vec<u8>) -> Answer {
    let request = company.stack.with_key("POST", "/v1/messages", &company.key);
    let request = request.header("content-type", "multipart/form-data; boundary=\"AaB03x\"");
    Answer::to(request.header("prefer", "wait=20").body(body)).await
}

/// A form as `System.Net.Http.MultipartFormDataContent` writes it.
fn form(from: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let from = (
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=from",
        from.as_bytes(),
    );
    let mut body = Vec::new();
    for (head, bytes) in [&[from], parts].concat() {
        body.extend(format!("--AaB03x\r\n{head}\r\n\r\n").into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--AaB03x--\r\n");
    body
}

/// The line in the documentation, carried out in a directory that has the file.
#[test]
fn curl_sends_a_form_as_the_documentation_says() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let facturen = stack.sandbox.built_in("facturen").await;
        let company = Company::of(&stack, "formulier", facturen, Some(TENANT)).await;
        company.person().await.sign_in(&company.account).await;
        let docs = std::fs::read_to_string(Places::here().root.join("docs/api.md")).unwrap();
        let line = docs.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
        let line = line.replace("http://localhost:8787", &stack.origin);
        let directory = std::env::temp_dir().join(format!("postbode-form-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = pdf(100_000);
        std::fs::write(directory.join("factuur.pdf"), &file).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &line]).current_dir(&directory).env("POSTBODE_KEY", &company.key);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        std::fs::remove_dir_all(directory).unwrap();
        let view: MessageView = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)));
        assert_eq!(view.state, MessageState::HandedOver);

        let mail = company.mails().await.pop().unwrap();
        assert_eq!(mail.subject, "Factuur 2026-0042");
        assert_eq!(mail.text.as_deref().map(str::trim_end), Some("Bijgevoegd uw factuur."));
        let arrived = mail.file("factuur.pdf");
        assert_eq!(arrived.content_type, "application/pdf");
        assert!(stack.sandbox.bytes(arrived).await == file, "the bytes differ");
    });
}

#[test]
fn names_and_pictures_arrive_as_a_windows_program_wrote_them() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "dotnet").await;
        let text = |name| {
            format!("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name={name}")
        };
        let file = "Content-Type: application/pdf\r\nContent-Disposition: form-data; name=attachments; \
            filename=\"=?utf-8?B?RmFjdHV1ciDigJMgY2Fmw6kucGRm?=\"; \
            filename*=utf-8''Factuur%20%E2%80%93%20caf%C3%A9.pdf";
        let logo = "Content-Type: image/gif\r\nContent-ID: <logo>\r\nContent-Disposition: form-data; \
            name=attachments; filename=logo.gif; filename*=utf-8''logo.gif";
        let scan = pdf(50_000);
        let body = form(
            &company.account.upn,
            &[
                (&text("to"), b"klant@example.com"),
                (&text("to"), "Zo\u{eb} <zoe@example.com>".as_bytes()),
                (&text("subject"), "Café € 請求書".as_bytes()),
                (&text("html"), b"<p>Hoi <img src=\"cid:logo\" alt=\"\"></p>"),
                (&text("reference"), b"4711"),
                (file, &scan),
                (logo, PIXEL),
            ],
        );
        let view: MessageView = post(&company, body).await.expect(200).json();
        assert_eq!((view.state, view.reference.as_deref()), (MessageState::HandedOver, Some("4711")));
        let mail = company.mails().await.pop().unwrap();
        assert_eq!((&*mail.subject, mail.to.len()), ("Café € 請求書", 2));
        let arrived = company.stack.sandbox.bytes(mail.file("Factuur – café.pdf")).await;
        assert!(arrived == scan, "the bytes differ");
        assert_eq!(mail.file("logo.gif").content_id.as_deref(), Some("logo"));
    });
}

#[test]
fn a_form_that_is_wrong_is_refused_with_every_mistake_and_nothing_is_sent() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "foutief").await;
        let from = company.account.upn.clone();
        let part = |name| format!("Content-Disposition: form-data; name=\"{name}\"");
        let refused = |answer: Answer, status: u16| {
            let problem = answer.expect(status).problem();
            let pointers: Vec<String> = problem.errors.iter().map(|error| error.pointer.clone()).collect();
            (problem, pointers)
        };
        let wrong = form(&from, &[(&part("subjet"), b"x"), (&part("importance"), b"huge")]);
        let (problem, pointers) = refused(post(&company, wrong).await, 422);
        assert_eq!(
            (problem.code, pointers),
            (Code::FieldsRefused, vec!["/subjet".into(), "/importance".into()])
        );

        let nobody = form(&from, &[(&part("subject"), b"x")]);
        assert_eq!(refused(post(&company, nobody).await, 422).1, ["/to"]);

        let foreign = form("directie@elders.example", &[(&part("to"), b"k@c.nl")]);
        assert_eq!(post(&company, foreign).await.expect(403).problem().code, Code::SenderNotAllowed);

        let mut cut = form(&from, &[(&part("to"), b"k@c.nl")]);
        cut.truncate(cut.len() - 20);
        assert_eq!(refused(post(&company, cut).await, 400).0.code, Code::MalformedRequest);

        let request = company.stack.with_key("POST", "/v1/messages", &company.key);
        let without_boundary = request.header("content-type", "multipart/form-data").body("x");
        assert_eq!(Answer::to(without_boundary).await.expect(400).problem().code, Code::MalformedRequest);

        let large = vec![b'x'; REQUEST_BYTES_MAX / 4 * 3];
        let large = form(&from, &[(&part("to"), b"k@c.nl"), (&part("text"), &large)]);
        let (problem, _) = refused(post(&company, large).await, 413);
        assert_eq!(problem.code, Code::RequestTooLarge);
        assert!(problem.detail.contains("message/rfc822"), "{}", problem.detail);
        // Each byte would be kept as six.
        let control = vec![1; 2_000_000];
        let control = form(&from, &[(&part("to"), b"k@c.nl"), (&part("text"), &control)]);
        assert_eq!(refused(post(&company, control).await, 413).0.code, Code::RequestTooLarge);
        assert!(company.mails().await.is_empty());
    });
}

#[test]
fn a_raw_message_of_the_largest_size_goes_by_smtp_with_its_reference() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::by_smtp(stack, "groot").await;
        company.person().await.save(|settings| settings.message_bytes_max = 20 << 20).await;
        let head = format!("From: {}\r\nTo: k@example.com\r\nSubject: Groot\r\n\r\n", company.account.upn);
        let line = [&[b'x'; 70][..], b"\r\n"].concat();
        let mut message = head.into_bytes();
        while message.len() + line.len() <= RAW_REQUEST_BYTES_MAX {
            message.extend(&line);
        }
        let post = async |path: &str, message: &[u8]| {
            let request = stack.with_key("POST", path, &company.key);
            let request = request.header("content-type", "message/rfc822").header("prefer", "wait=30");
            Answer::to(request.body(message.to_vec())).await
        };
        let view: MessageView = post("/v1/messages?reference=2026-0042", &message).await.expect(200).json();
        assert_eq!(view.reference.as_deref(), Some("2026-0042"));
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}");
        let mail = company.mails().await.pop().unwrap();
        assert!(
            stack.sandbox.raw(&mail).await.ends_with(&message[message.len() - 1000..]),
            "the bytes differ"
        );

        for (path, pointer) in
            [("/v1/messages?ref=1", "/ref"), ("/v1/messages?reference=a%0Ab", "/reference")]
        {
            let problem = post(path, b"From: a@b.nl\r\n\r\nx").await.expect(422).problem();
            assert_eq!(problem.errors[0].pointer, pointer);
        }
    });
}
