//! A client nobody here wrote: Python's `smtplib`.

use std::process::Command;

use super::{ANNA, Smtp};

const SCRIPT: &str = r"
import smtplib, ssl, sys
starttls, implicit, ca, user, token = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
text = f'user={user}\x01auth=Bearer {token}\x01\x01'
message = f'From: {user}\nTo: klant@example.com\nSubject: smtplib\n\n.punt\n..\nDag\n'
plain = smtplib.SMTP('localhost', int(starttls), timeout=20)
plain.starttls(context=context)
secure = smtplib.SMTP_SSL('localhost', int(implicit), timeout=20, context=context)
for client, initial in ((plain, False), (secure, True)):
    client.ehlo_or_helo_if_needed()
    print(client.esmtp_features['auth'].strip(), client.esmtp_features['size'])
    print(client.auth('XOAUTH2', lambda challenge=None: text, initial_response_ok=initial)[0])
    print(client.sendmail(user, ['klant@example.com', 'b@example.com'], message))
    try:
        client.sendmail('x@elsewhere.example', ['klant@example.com'], message)
    except smtplib.SMTPDataError as error:
        print(error.smtp_code, error.smtp_error[:7].decode())
    print(client.quit()[0])
";

#[tokio::test]
async fn smtplib_signs_in_and_sends() {
    let mut smtp = Smtp::new().await;
    let arguments = [
        smtp.starttls.port().to_string(),
        smtp.implicit.port().to_string(),
        smtp.state_dir.join("ca.pem").display().to_string(),
        ANNA.to_owned(),
        smtp.token("anna"),
    ];
    let run = move || Command::new("python3").args(["-c", SCRIPT]).args(arguments).output();
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap_or_else(|error| {
        panic!("python3 can't be started ({error}); it is the second client: apt-get install python3")
    });
    let text = String::from_utf8_lossy(&output.stdout);
    let one = "LOGIN XOAUTH2 157286400\n235\n{}\n554 5.2.252\n221\n";
    assert_eq!(text, one.repeat(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(smtp.test.inbox().await.len(), 2);
    assert!(smtp.test.get("/inbox/2/raw").await.text().ends_with("\r\n\r\n.punt\r\n..\r\nDag\r\n"));
}
