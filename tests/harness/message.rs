//! What an ERP sends.

use std::fmt::Write as _;

use api::{Attachment, Recipients, SendMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A short mail to one customer.
pub fn letter(from: &str, subject: &str) -> SendMessage {
    SendMessage {
        from: from.to_owned(),
        to: Recipients::Text("klant@example.com".to_owned()),
        subject: subject.to_owned(),
        text: Some("Beste klant, zie de bijlage.".to_owned()),
        ..SendMessage::default()
    }
}

/// A file for a message.
pub fn attachment(filename: &str, bytes: &[u8]) -> Attachment {
    Attachment {
        filename: filename.to_owned(),
        content: STANDARD.encode(bytes),
        content_type: None,
        content_id: None,
    }
}

/// A PDF of about that many bytes that every reader opens: one page, with a picture that fills it up.
pub fn pdf(bytes: usize) -> Vec<u8> {
    // Grey values without a pattern that a compressing or text-minded hop could get right by luck.
    let mut value: u32 = 1;
    let pixels: Vec<u8> = std::iter::repeat_with(|| {
        value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        value.to_be_bytes()[0]
    })
    .take(bytes)
    .collect();
    let image = format!(
        "<< /Type /XObject /Subtype /Image /Width {bytes} /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length {bytes} >>"
    );
    let drawing = "q 500 0 0 700 40 70 cm /I Do Q";
    let objects: [(String, &[u8]); 5] = [
        ("<< /Type /Catalog /Pages 2 0 R >>".to_owned(), b""),
        ("<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(), b""),
        (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>"
                .to_owned(),
            b"",
        ),
        (format!("<< /Length {} >>", drawing.len()), drawing.as_bytes()),
        (image, &pixels),
    ];
    let mut file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (number, (dictionary, stream)) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        file.extend(format!("{number} 0 obj\n{dictionary}\n").bytes());
        if !stream.is_empty() {
            file.extend([b"stream\n", stream, b"\nendstream\n"].concat());
        }
        file.extend(b"endobj\n");
    }
    let start = file.len();
    let end = format!("xref\n0 6\n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.extend(end.bytes());
    file
}

/// The smallest picture there is: one transparent pixel as GIF.
pub const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
