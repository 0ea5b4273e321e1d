//! What was accepted is found again: by state, mailbox, sender, reference and time, page by page, and by nobody else.

use api::{Code, MessageId, MessageList, MessageState, MessageView, SendMessage};
use end_to_end::company::Company;
use end_to_end::http::Answer;
use end_to_end::message::letter;
use end_to_end::{Stack, scenario};

/// A letter with the ERP's own words for it.
fn referred(from: &str, reference: &str) -> SendMessage {
    SendMessage { reference: Some(reference.to_owned()), ..letter(from, reference) }
}

async fn post(company: &Company<'_>, message: &SendMessage) -> MessageId {
    company.post(message, None).await.expect(202).json::<MessageView>().id
}

fn ids(list: &MessageList) -> Vec<MessageId> {
    list.messages.iter().map(|message| message.id).collect()
}

#[test]
fn every_filter_finds_what_it_says() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::signed_in(stack, "filter").await;
        let person = company.person().await;
        let account = stack.sandbox.account("ander").await;
        let other = company.add_signed_in(&account).await;
        let alias = format!("verkoop-{}", account.upn);
        person.at(other).save(|settings| settings.aliases = vec![alias.clone()]).await;

        let sent = company.hand_over(&referred(&company.account.upn, "2026-0001")).await;
        let between = person.view().await.now;
        let others = company.hand_over(&referred(&account.upn, "2026-0002")).await;
        let tomorrow = Some(between.plus_seconds(24 * 3600));
        let later = SendMessage { scheduled_at: tomorrow, ..referred(&company.account.upn, "2026-0001") };
        let later = post(&company, &later).await;
        let all = [later, others.id, sent.id];

        for (query, expected) in [
            (String::new(), &all[..]),
            ("state=scheduled".to_owned(), &[later]),
            ("state=handed_over,scheduled".to_owned(), &all),
            ("state=handed_over".to_owned(), &all[1..]),
            ("state=refused".to_owned(), &[]),
            (format!("mailbox={other}"), &[others.id]),
            (format!("from={}", company.account.upn), &[later, sent.id]),
            (format!("from={alias}"), &[others.id]),
            ("from=niemand@elders.example".to_owned(), &[]),
            ("reference=2026-0001".to_owned(), &[later, sent.id]),
            ("reference=2026".to_owned(), &[]),
            (format!("since={between}"), &all[..2]),
            (format!("until={between}"), &all[2..]),
            (format!("since={}", others.accepted_at), &all[..2]),
            (format!("until={}", others.accepted_at), &all[2..]),
            (format!("since={between}&state=handed_over&mailbox={}", company.mailbox), &[]),
            (format!("since={between}&until={between}"), &[]),
        ] {
            let list = company.list(&query).await;
            assert_eq!((ids(&list).as_slice(), &list.next_cursor), (expected, &None), "{query}");
        }
        let list = company.list("state=handed_over").await;
        assert!(list.messages.iter().all(|message| message.attempt_log.is_empty() && message.attempts == 1));
        let whole = company.look(sent.id).await;
        assert_eq!(whole.attempt_log.len(), 1);
        assert_eq!(list.messages[1], MessageView { attempt_log: Vec::new(), ..whole });
        assert_eq!(company.mails().await.len(), 1);
    });
}

#[test]
fn pages_over_two_mailboxes_hold_every_message_once_newest_first() {
    scenario(async {
        // Nobody signs in: what is posted waits.
        let stack = Stack::shared().await;
        let company = Company::new(stack, "bladzijden").await;
        let account = stack.sandbox.account("tweede").await;
        company.add_mailbox(&account).await;
        let mut posted = Vec::new();
        for number in 0..7 {
            // Two in a row of each, so that a page ends within one mailbox and between two.
            let from = if number / 2 % 2 == 0 { &company.account.upn } else { &account.upn };
            posted.push(post(&company, &referred(from, &number.to_string())).await);
        }
        posted.reverse();
        for limit in [1, 2, 3, 7, 100] {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let list = company.list(&format!("limit={limit}{cursor}")).await;
                assert!(list.messages.len() <= limit);
                seen.extend(ids(&list));
                pages += 1;
                match list.next_cursor {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!((&seen, pages), (&posted, 7_usize.div_ceil(limit)), "{limit} a page");
        }

        // Whatever comes meanwhile moves no page.
        let first = company.list("limit=3").await;
        let newest = post(&company, &letter(&account.upn, "Tussendoor")).await;
        let second = company.list(&format!("limit=3&cursor={}", first.next_cursor.unwrap())).await;
        assert_eq!(ids(&second), posted[3..6]);
        assert_eq!(ids(&company.list("limit=1").await), [newest]);
    });
}

#[test]
fn a_key_that_is_bound_to_a_mailbox_sees_only_that_one() {
    scenario(async {
        let stack = Stack::shared().await;
        let company = Company::new(stack, "gebonden").await;
        let account = stack.sandbox.account("buren").await;
        let other = company.add_mailbox(&account).await;
        let own = post(&company, &letter(&company.account.upn, "Eigen")).await;
        let others = post(&company, &letter(&account.upn, "Van de buren")).await;
        assert_eq!(ids(&company.list("").await), [others, own]);

        let bound = Company { key: company.key_for(&[company.mailbox]).await, ..company };
        assert_eq!(ids(&bound.list("").await), [own]);
        for query in [format!("mailbox={other}"), format!("from={}", account.upn)] {
            assert!(bound.list(&query).await.messages.is_empty(), "{query}");
        }
        let path = format!("/v1/messages/{others}");
        for (method, path) in [
            ("GET", path.clone()),
            ("GET", format!("{path}/mime")),
            ("POST", format!("{path}/cancel")),
            ("POST", format!("{path}/retry")),
        ] {
            let answer = Answer::to(stack.with_key(method, &path, &bound.key)).await;
            assert_eq!(answer.expect(404).problem().code, Code::NotFound, "{path}");
        }
        let limits = bound.limits().await;
        assert_eq!(limits.mailboxes.iter().map(|one| one.id).collect::<Vec<_>>(), [bound.mailbox]);
        let outcomes = bound.batch(&[letter(&account.upn, "Niet van ons")]).await;
        let problem = outcomes[0].problem.as_ref().unwrap();
        assert_eq!(
            (problem.code, &*problem.params["allowed"]),
            (Code::SenderNotAllowed, &*bound.account.upn)
        );
        assert_eq!(state_of(&bound, others).await, MessageState::Held, "nobody could call it off");
    });
}

/// What a message of the other mailbox came to, as a key for both sees it.
async fn state_of(bound: &Company<'_>, id: MessageId) -> MessageState {
    let key = bound.key_for(&[id.mailbox()]).await;
    let request = bound.stack.with_key("GET", &format!("/v1/messages/{id}"), &key);
    Answer::to(request).await.expect(200).json::<MessageView>().state
}

#[test]
fn a_filter_that_is_wrong_is_refused_with_what_there_is() {
    scenario(async {
        let company = Company::new(Stack::shared().await, "verkeerd").await;
        let refused = async |query: &str| {
            let problem = company.get(&format!("/v1/messages?{query}")).await.problem();
            assert!((400..500).contains(&problem.status), "{problem:?}");
            problem
        };
        for query in ["state=delivered", "state=held,delivered", "state=HELD"] {
            let problem = refused(query).await;
            assert_eq!((problem.code, &*problem.errors[0].pointer), (Code::FieldsRefused, "/state"));
            for state in MessageState::ALL {
                assert!(problem.detail.contains(state.as_str()), "{}", problem.detail);
            }
        }
        for query in ["limit=0", "limit=101"] {
            let problem = refused(query).await;
            assert_eq!((problem.code, &*problem.errors[0].pointer), (Code::FieldsRefused, "/limit"));
        }
        for query in [
            "status=held",
            "limit=veel",
            "since=gisteren",
            "mailbox=mbx_1",
            "cursor=2",
            "state=held&state=queued",
        ] {
            assert_eq!(refused(query).await.code, Code::MalformedRequest, "{query}");
        }
        assert_eq!(company.list("state=&limit=100").await.messages, [], "an empty filter is none");
    });
}
