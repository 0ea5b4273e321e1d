use api::{Code, MessageId, Problem};
use mail::{Bcc, Content};
use worker::Response;

use super::frame::frame;
use crate::objects::call::reply;
use crate::objects::mailbox::Inner;

impl Inner {
    /// A message as MIME, to whoever posted it: with its Bcc, and else as it goes out.
    pub(in crate::objects::mailbox) async fn read_mime(&self, id: MessageId) -> worker::Result<Response> {
        match self.mime_of(id).await {
            Ok(mime) => Response::from_bytes(mime),
            Err(problem) => reply::<()>(Err(problem)),
        }
    }

    async fn mime_of(&self, id: MessageId) -> Result<Vec<u8>, Problem> {
        let message = self.found(id)?;
        if !message.has_content() {
            let detail = "the content was deleted, as the settings of the mailbox say";
            return Err(Problem::new(Code::ContentGone, detail));
        }
        let config = self.config()?;
        let content = self.content_of(&message).await.map_err(|refusal| refusal.problem())?;
        match &content {
            Content::Raw(raw) => Ok(raw.as_bytes().to_vec()),
            Content::Fields(fields) => {
                let frame = frame(&message, content.from(), &config, Bcc::Kept);
                Ok(fields.to_mime(&frame.map_err(|refusal| refusal.problem())?))
            }
        }
    }
}
