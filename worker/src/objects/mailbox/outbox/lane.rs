use crate::host::Connection;

/// One hand-over after another, and what is kept between them: the connection to a mail server that takes another message.
#[derive(Default)]
pub(super) struct Lane(Option<(Opened, Connection)>);

/// What a connection was opened with: version and epoch of the mailbox. Whoever saved or signed in since gets another one.
pub(super) type Opened = (u64, u64);

impl Lane {
    /// The connection of before, if it still is the right one.
    pub(in crate::objects::mailbox) async fn take(&mut self, opened: Opened) -> Option<Connection> {
        match self.0.take() {
            Some((with, connection)) if with == opened => Some(connection),
            Some((_, connection)) => {
                connection.close().await;
                None
            }
            None => None,
        }
    }

    /// Keeps a connection for the next message, unless it takes no other.
    pub(super) async fn keep(&mut self, opened: Opened, connection: Connection) {
        if connection.takes_another() {
            self.0 = Some((opened, connection));
        } else {
            connection.close().await;
        }
    }

    /// There is no next message.
    pub(super) async fn close(self) {
        if let Some((_, connection)) = self.0 {
            connection.close().await;
        }
    }
}
