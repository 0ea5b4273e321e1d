/// Whether a text can stand in one line of a header: no control character, so that nothing can begin a line of its own.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
