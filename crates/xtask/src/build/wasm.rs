//! Reads the one thing of a wasm file that we check, and leaves out the one that is not deployed.

use anyhow::{Context, Result, bail};

const CUSTOM_SECTION: u8 = 0;
const MEMORY_SECTION: u8 = 5;
const HAS_MAXIMUM: u64 = 1;

/// The maximum of the module's memory, in pages of 64 KiB; `None` when it has none.
pub(super) fn most_pages(module: &[u8]) -> Result<Option<u64>> {
    let Some(mut rest) = module.strip_prefix(b"\0asm\x01\0\0\0") else { bail!("not a wasm module") };
    while let Some((&section, after)) = rest.split_first() {
        let (length, after) = number(after)?;
        let (content, after) =
            after.split_at_checked(usize::try_from(length)?).context("a wasm section is cut short")?;
        if section == MEMORY_SECTION {
            let (_how_many, content) = number(content)?;
            let (flags, content) = number(content)?;
            let (_minimum, content) = number(content)?;
            return if flags & HAS_MAXIMUM == 0 { Ok(None) } else { Ok(Some(number(content)?.0)) };
        }
        rest = after;
    }
    bail!("the wasm module has no memory of its own")
}

/// The module without its custom section `name`: the names of its functions, which only stack traces show. Other custom
/// sections stay.
pub(super) fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    const HEAD: &[u8] = b"\0asm\x01\0\0\0";
    const NAME: &[u8] = b"\x04name";
    let Some(mut rest) = module.strip_prefix(HEAD) else { bail!("not a wasm module") };
    let mut stripped = HEAD.to_vec();
    while let Some((&section, after)) = rest.split_first() {
        let (length, after) = number(after)?;
        let (content, after) =
            after.split_at_checked(usize::try_from(length)?).context("a wasm section is cut short")?;
        if section != CUSTOM_SECTION || !content.starts_with(NAME) {
            stripped.extend(rest.iter().take(rest.len() - after.len()));
        }
        rest = after;
    }
    Ok(stripped)
}

/// A LEB128 number, and what follows it.
fn number(bytes: &[u8]) -> Result<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(index + 1..).unwrap_or_default()));
        }
    }
    bail!("a wasm number is cut short")
}

#[cfg(test)]
mod tests {
    use super::{most_pages, without_names};

    fn module(memory: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0\x01\x01\0".to_vec(); // an empty type section first
        bytes.extend([5, u8::try_from(memory.len()).unwrap()]);
        bytes.extend(memory);
        bytes
    }

    #[test]
    fn finds_the_maximum() {
        assert_eq!(most_pages(&module(&[1, 1, 17, 0x80, 0x0c])).unwrap(), Some(1536));
    }

    #[test]
    fn tells_when_there_is_none() {
        assert_eq!(most_pages(&module(&[1, 0, 17])).unwrap(), None);
    }

    #[test]
    fn leaves_names_out_and_nothing_else() {
        let bare = module(&[1, 1, 17, 0x80, 0x0c]);
        let features = b"\0\x05\x04nest";
        let with = [&bare[..], b"\0\x07\x04name\x01\0", features].concat();
        assert_eq!(without_names(&with).unwrap(), [&bare[..], features].concat());
        assert_eq!(without_names(&bare).unwrap(), bare);
    }

    #[test]
    fn refuses_what_is_not_wasm() {
        assert!(most_pages(b"<!doctype html>").is_err());
        assert!(most_pages(b"\0asm\x01\0\0\0").is_err());
        assert!(without_names(b"\0asm\x01\0\0\0\0\x09\x04name").is_err());
    }
}
