//! A message to try: an invoice as PDF, like the one an ERP makes.

use std::fmt::Write;

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::workspace::{Workspace, write_if_changed};

/// Its place below `.postbode`.
pub(super) const FILE: &str = "invoice.json";

/// Writes the body of a `POST /v1/messages`.
pub(super) fn write(workspace: &Workspace, from: &str) -> Result<()> {
    let message = json!({
        "from": from,
        "to": ["klant@example.com"],
        "subject": "Factuur 2026-0042",
        "text": "Beste klant,\n\nIn de bijlage vindt u factuur 2026-0042.\n\nMet vriendelijke groet,\nBakkerij Jansen\n",
        "attachments": [{
            "filename": "factuur.pdf",
            "content_type": "application/pdf",
            "content": BASE64_STANDARD.encode(pdf(&["Bakkerij Jansen", "Factuur 2026-0042", "Totaal: EUR 118,50"])),
        }],
        "reference": "2026-0042",
    });
    write_if_changed(&workspace.ours(FILE), format!("{message:#}\n").as_bytes())
}

/// The smallest PDF that every reader opens: one A4 page, in a font that all readers have. Plain ASCII lines only.
fn pdf(lines: &[&str]) -> Vec<u8> {
    let mut text = String::from("BT /F1 16 Tf 72 760 Td 24 TL");
    for line in lines {
        let escaped = line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
        let _ = write!(text, " ({escaped}) Tj T*");
    }
    text.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(&objects) {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{number} 0 obj\n{object}\nendobj\n");
    }
    let (start, count) = (file.len(), objects.len() + 1);
    let _ = write!(
        file,
        "xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::pdf;

    #[test]
    fn every_offset_in_the_table_points_at_its_object() {
        let file = String::from_utf8(pdf(&["a (b)", "c\\d"])).unwrap();
        let table = &file[file.find("xref\n").unwrap()..];
        for (number, line) in (1..=5).zip(table.lines().skip(3)) {
            let offset: usize = line[..10].parse().unwrap();
            assert!(file[offset..].starts_with(&format!("{number} 0 obj\n")), "{line}");
            assert_eq!(line.len() + 1, 20, "an entry is twenty bytes with its line end");
        }
        let start: usize = file.lines().rev().nth(1).unwrap().parse().unwrap();
        assert!(file[start..].starts_with("xref"));
        assert!(file.contains("(a \\(b\\)) Tj"));
    }
}
