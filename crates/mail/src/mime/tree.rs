//! Which part of a message stands where (RFC 2046 section 5.1, RFC 2387), and writing it down in that order.

use mail_builder::Writer as _;

use super::boundary::Boundaries;
use super::invitation::method_of;
use super::output::Output;
use super::part::{Placement, write_file, write_text};
use crate::{Attachment, Body, Message};

/// A part of a message.
pub(super) enum Part<'a> {
    /// `text/plain` or `text/html`.
    Text { content_type: &'static str, text: &'a str },
    /// Something with a name.
    File { file: &'a Attachment, placement: Placement },
    /// Parts that belong together in one of MIME's ways.
    Several { content_type: &'static str, parts: Vec<Part<'a>> },
}

impl<'a> Part<'a> {
    /// Plans a message: `mixed(alternative(text, related(html, images), invitation), files)`, leaving out every level
    /// that would hold one part only.
    pub(super) fn of(message: &'a Message) -> Self {
        let (text, html) = match &message.body {
            Body::Text(text) => (Some(text), None),
            Body::Html(html) => (None, Some(html)),
            Body::Both { text, html } => (Some(text), Some(html)),
        };
        let invitation = message.invitation();
        let mut images = Vec::new();
        let mut files = Vec::new();
        for (index, file) in message.attachments.iter().enumerate() {
            if invitation.is_some_and(|(chosen, _)| chosen == index) {
                continue;
            }
            // Without HTML nothing can show an image in its place, and readers would hide it.
            let is_image = html.is_some() && file.content_id().is_some();
            let (placement, list) =
                if is_image { (Placement::Inline, &mut images) } else { (Placement::Attached, &mut files) };
            list.push(Self::File { file, placement });
        }

        let html = html.map(|text| Self::Text { content_type: "text/html", text });
        let html = html.map(|html| Self::joined("multipart/related; type=\"text/html\"", html, images));
        let text = text.map(|text| Self::Text { content_type: "text/plain", text });
        let invitation = invitation.and_then(|(index, method)| {
            let file = message.attachments.get(index)?;
            Some(Self::File { file, placement: Placement::Invitation(method) })
        });
        // The best form comes last (RFC 2046 section 5.1.4).
        let mut forms = [text, html, invitation].into_iter().flatten();
        let Some(first) = forms.next() else {
            return Self::Several { content_type: "multipart/mixed", parts: files };
        };
        let content = Self::joined("multipart/alternative", first, forms.collect());
        Self::joined("multipart/mixed", content, files)
    }

    fn joined(content_type: &'static str, first: Self, others: Vec<Self>) -> Self {
        if others.is_empty() {
            return first;
        }
        let mut parts = vec![first];
        parts.extend(others);
        Self::Several { content_type, parts }
    }

    /// Writes headers and body; ends with a line end.
    pub(super) fn write(&self, boundaries: &mut Boundaries, out: &mut Output) {
        match self {
            Self::Text { content_type, text } => write_text(content_type, text, out),
            Self::File { file, placement } => write_file(file, *placement, out),
            Self::Several { content_type, parts } => {
                let boundary = boundaries.next();
                out.write(b"Content-Type: ");
                out.write(content_type.as_bytes());
                out.write(b";\r\n boundary=\"");
                out.write(boundary.as_bytes());
                out.write(b"\"\r\n");
                for part in parts {
                    // The line end before a boundary belongs to the boundary (RFC 2046 section 5.1.1).
                    out.write(b"\r\n--");
                    out.write(boundary.as_bytes());
                    out.write(b"\r\n");
                    part.write(boundaries, out);
                }
                out.write(b"\r\n--");
                out.write(boundary.as_bytes());
                out.write(b"--\r\n");
            }
        }
    }
}

impl Message {
    /// Which attachment is the invitation, and its method: the first one, since a message asks one question.
    fn invitation(&self) -> Option<(usize, &'static str)> {
        self.attachments.iter().enumerate().find_map(|(index, file)| Some((index, method_of(file)?)))
    }

    /// Whether a calendar invitation goes with it, which only MIME can express.
    #[must_use]
    pub fn has_invitation(&self) -> bool {
        self.invitation().is_some()
    }
}
