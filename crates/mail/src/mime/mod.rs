//! Writes a [`Message`] as MIME (RFC 5322, RFC 2045): what SMTP carries, and Graph where its JSON can't say it.

mod boundary;
mod frame;
mod head;
mod invitation;
mod output;
mod part;
mod tree;
mod word;

pub use frame::{Bcc, InternetMessageId, InternetMessageIdError, MimeFrame};

use boundary::Boundaries;
use output::Output;
use tree::Part;

use crate::{Correspondent, Message};

impl Message {
    /// The message as MIME. Lines end in CRLF and have at most 998 octets; dots at their start are left to SMTP.
    ///
    /// Texts arrive as lines that CRLF ends, files byte for byte.
    #[must_use]
    pub fn to_mime(&self, frame: &MimeFrame) -> Vec<u8> {
        // Counted first, so that the one large allocation is made once and fits.
        let mut mime = Output::keeping(self.mime_bytes(frame));
        self.write_mime(frame, &mut mime);
        mime.into_bytes()
    }

    /// How many bytes [`Message::to_mime`] makes, exactly, without making them: `SIZE=` of RFC 1870.
    #[must_use]
    pub fn mime_bytes(&self, frame: &MimeFrame) -> usize {
        let mut counter = Output::counting();
        self.write_mime(frame, &mut counter);
        counter.bytes()
    }

    fn write_mime(&self, frame: &MimeFrame, out: &mut Output) {
        head::write_head(self, frame, out);
        Part::of(self).write(&mut Boundaries::new(frame.boundary), out);
    }

    /// Whom the envelope names: To, Cc and Bcc, in that order.
    pub fn recipients(&self) -> impl Iterator<Item = &Correspondent> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }

    /// Whether it takes SMTPUTF8 (RFC 6531): only when an address itself is not ASCII. Names and subjects never need it.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        let mut all = self.recipients().chain(&self.reply_to).chain([&self.from]);
        all.any(|one| one.address().needs_smtputf8())
    }
}

#[cfg(test)]
mod tests;
