use super::{Session, State};
use crate::message::Encoding;
use crate::outcome::{Ending, Stop};
use crate::queue_id::queue_id;
use crate::reply::Reply;
use crate::stuffing::Stuffing;

/// The message itself: RFC 5321 sections 3.3 and 4.1.1.4.
impl Session {
    /// The next bytes of the message, as they are: dots and line ends are seen to here.
    pub fn chunk(&mut self, bytes: &[u8]) {
        let State::Body(stuffing) = &mut self.state else {
            return self.stop(Stop::HostOutOfTurn);
        };
        let stuffed = stuffing.chunk(bytes);
        let saw_eight_bit = stuffing.saw_eight_bit();
        let announced = self.transaction.as_ref().map(|transaction| transaction.message.encoding());
        if saw_eight_bit && announced == Some(Encoding::SevenBit) {
            return self.stop(Stop::EightBitUnannounced);
        }
        if !stuffed.is_empty() {
            self.send(stuffed);
        }
    }

    /// That was the last chunk, and it has been written: the end of the message may leave from now on.
    pub fn end_of_message(&mut self) {
        let State::Body(stuffing) = self.state else {
            return self.stop(Stop::HostOutOfTurn);
        };
        self.send(stuffing.end().to_vec());
        self.state = State::EndOfData { left: false };
    }

    /// The host gives up. Without its end the server does not take a message.
    pub fn abandon(&mut self) {
        self.stop(Stop::Abandoned);
    }

    pub(super) fn on_data(&mut self, reply: Reply) {
        if reply.code() == 354 {
            self.state = State::Body(Stuffing::new());
        } else {
            self.refuse(reply, true);
        }
    }

    /// A no while the message is on its way. Nobody reads commands now, so the connection is of no more use.
    pub(super) fn on_interruption(&mut self, reply: Reply) {
        self.drop_writes();
        self.refuse(reply, false);
        self.state = State::Over;
    }

    pub(super) fn on_final(&mut self, reply: Reply) {
        if reply.first_digit() != 3 {
            self.needs_reset = false;
        }
        if reply.first_digit() != 2 {
            // A no that is older than the end: the server takes the rest for commands, and its answers to them would be
            // taken for those to the next message.
            return self.refuse(reply, false);
        }
        let queue_id = queue_id(&reply);
        self.finish(Ending::HandedOver { reply, queue_id });
        self.state = State::Idle { reusable: true };
    }
}
