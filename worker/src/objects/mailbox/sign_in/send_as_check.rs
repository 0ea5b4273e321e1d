//! Whether somebody may send as a shared mailbox: only a mail that is really sent can tell, since Microsoft has no list to
//! ask (Microsoft: outlook-send-mail-from-other-user).

use api::{Code, Problem, Recipients, SendMessage};
use gateway::sign_in::ConsentAttempt;
use mail::Message;
use microsoft::{AccessToken, Http as _, SendMail, Sent, read_send_mail, send_mail};

use crate::host::Fetch;
use crate::registration::Registration;

/// Sends a mail from the shared mailbox to whoever signed in.
pub(super) async fn prove_send_as(
    registration: &Registration,
    attempt: &ConsentAttempt,
    access: &AccessToken,
    signed_in: &str,
) -> Result<(), Problem> {
    let text = format!(
        "{address} kan nu via Postbode verzenden, met de aanmelding van {signed_in}.\n\
         {address} can now send through Postbode, with the sign-in of {signed_in}.\n",
        address = attempt.address,
    );
    let wire = SendMessage {
        from: attempt.address.clone(),
        to: Recipients::List(vec![signed_in.to_owned()]),
        subject: "Postbode: test".to_owned(),
        text: Some(text),
        save_to_sent: Some(false),
        ..SendMessage::default()
    };
    let unsendable = |_| Problem::new(Code::Internal, "the test mail can't be written");
    let message = Message::read(wire).map_err(unsendable)?;
    let as_of = |host: &str| format!("{}@{host}", attempt.id).parse().ok();
    let domain = attempt.address.rsplit_once('@').map(|(_, domain)| domain);
    let message_id = domain.and_then(as_of).or_else(|| as_of("postbode.invalid"));
    let message_id =
        message_id.ok_or_else(|| Problem::new(Code::Internal, "a message id can't be written"))?;
    let mail = SendMail::new(&message, &message_id);
    let request = send_mail(&registration.endpoints, access, &attempt.id.to_string(), &mail);
    let request = request.map_err(|refusal| refusal.problem())?;
    let lost = |error: microsoft::TransportError| {
        Problem::new(Code::MicrosoftUnavailable, format!("Microsoft Graph: {error}"))
    };
    match read_send_mail(&Fetch::GRAPH.send(request).await.map_err(lost)?) {
        Sent::HandedOver { .. } => Ok(()),
        Sent::TokenRefused(mut refusal) | Sent::Refused(mut refusal) => {
            // A second test mail does no harm: whoever signs in is told that Microsoft is away, not to look in Sent Items.
            if refusal.code == Code::OutcomeUnknown {
                refusal.code = Code::MicrosoftUnavailable;
            }
            Err(refusal.problem().with_param("account", &signed_in).with_param("mailbox", &attempt.address))
        }
    }
}
