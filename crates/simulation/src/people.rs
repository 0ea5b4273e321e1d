//! The employees of a mailbox: sign in, save settings, and look after what waits for them.

use api::{
    Account, ApprovalView, AttemptId, CredentialType, Digest, FinishConsent, Kind, MailboxSettings,
    MailboxState, MailboxView, RefusedConsent, RegistrationOwner, RegistrationView,
};
use data_encoding::BASE64URL_NOPAD;
use gateway::mailbox::{Context, Mailbox, MailboxRecord, Page, SavedSettings, Step};
use gateway::sign_in::{ConsentAttempt, Redeemed};
use gateway::tokens::{AccessRecord, Authentication, SealedText};
use microsoft::{Endpoints, Refusal, Resource};
use sha2::{Digest as _, Sha256};

use crate::entra::sealed;
use crate::host::{self, Work};
use crate::plan::{Change, HOUR, SECOND, SignIn};
use crate::story::{Violation, hold};
use crate::world::{Event, World};

/// What the employees know.
#[derive(Debug)]
pub(crate) struct People {
    /// The settings, as they are stored.
    pub(crate) settings: MailboxSettings,
    attempts: u64,
    /// Until when somebody is busy signing in.
    busy_until: i64,
    /// When the sign-in was last removed or made useless.
    removed_at: i64,
}

impl Default for People {
    fn default() -> Self {
        Self { settings: MailboxSettings::new("a@b.nl"), attempts: 0, busy_until: -1, removed_at: -1 }
    }
}

/// A person comes back to a sign-in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Visit {
    /// From Microsoft's page.
    Return(SignIn),
    /// To confirm.
    Confirm,
    /// To look whether a repair helped.
    CheckAgain,
}

/// A code that is being redeemed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redeeming {
    attempt: AttemptId,
    sign_in: SignIn,
    begun_at: i64,
}

fn hash(text: &str) -> Digest {
    Digest(BASE64URL_NOPAD.encode(&Sha256::digest(text.as_bytes())))
}

fn session() -> Digest {
    hash("session")
}

/// Makes the mailbox, and signs it in where the plan says so.
pub(crate) fn create(world: &mut World<'_>) -> Result<(), Violation> {
    let kind = world.plan.kind;
    let mut settings = MailboxSettings { kind, ..MailboxSettings::new("a@b.nl") };
    settings.log_days = api::LOG_DAYS_MIN;
    if kind == Kind::SmtpBasic {
        "mail.b.nl".clone_into(&mut settings.server);
    }
    let record = MailboxRecord {
        organisation: world.organisation,
        id: world.id,
        settings: settings.clone(),
        version: 1,
        epoch: 0,
        number: 0,
        access_code: (world.plan.connected && kind == Kind::SmtpBasic)
            .then(|| (1, SealedText("code".to_owned()))),
        relay_key: None,
        server_trouble: None,
        handed_over_at: None,
        approval_asked_at: None,
        removed_at: None,
        created_at: world.clock.now(),
    };
    world.people.settings = settings;
    host::run(world, "create", |mailbox, context| mailbox.create(&record, context))?;
    world.tell("employee", || format!("makes a mailbox, {kind:?}"));
    if world.plan.connected && kind.signs_in() { sign_in(world, SignIn::PLAIN) } else { Ok(()) }
}

/// Begins to sign in.
pub(crate) fn sign_in(world: &mut World<'_>, sign_in: SignIn) -> Result<(), Violation> {
    if !world.kind().signs_in() {
        return Ok(());
    }
    world.people.attempts += 1;
    let now = world.clock.now();
    let mut dice = world.dice("consent", &[world.people.attempts]);
    let id = AttemptId::new(now, dice.bytes());
    let settings = &world.people.settings;
    let attempt = ConsentAttempt {
        id,
        session: session(),
        kind: settings.kind,
        shared: settings.shared,
        address: settings.address.clone(),
        tenant: "t-1".to_owned(),
        client_id: "c-1".to_owned(),
        challenge: hash("verifier"),
        state_hash: hash("state"),
        nonce_hash: hash("nonce"),
        begun_at: now,
    };
    let begun =
        host::call(world, "begin_consent", |mailbox, context| mailbox.begin_consent(&attempt, context))?;
    world.stats.count("sign-ins");
    world.tell("employee", || "begins to sign in".to_owned());
    if let Some(Ok(())) = begun {
        let at = world.clock.elapsed + sign_in.thinks_ms;
        world.people.busy_until = at + sign_in.redeem_ms + 30 * SECOND;
        world.queue.push(at, Event::Visit(id, Visit::Return(sign_in)));
    }
    Ok(())
}

/// A person comes back.
pub(crate) fn visit(world: &mut World<'_>, id: AttemptId, visit: Visit) -> Result<(), Violation> {
    match visit {
        Visit::Return(sign_in) if sign_in.refuses => {
            let refused = RefusedConsent {
                state: "state".to_owned(),
                error: "access_denied".to_owned(),
                error_subcode: None,
                error_description: None,
            };
            host::call(world, "refuse_consent", |mailbox, context| {
                mailbox.refuse_consent(id, &session(), &refused, context)
            })
            .map(drop)
        }
        Visit::Return(sign_in) => {
            let finish = FinishConsent {
                state: "state".to_owned(),
                nonce: "nonce".to_owned(),
                verifier: "verifier".to_owned(),
                code: "code".to_owned(),
            };
            let begun_at = world.clock.elapsed - sign_in.thinks_ms;
            let started = host::call(world, "start_redeeming", |mailbox, context| {
                mailbox.start_redeeming(id, &session(), &finish, context)
            })?;
            if let Some(Ok(Ok(_))) = started {
                let redeeming = Redeeming { attempt: id, sign_in, begun_at };
                host::plan(world, sign_in.redeem_ms, Work::Redeem(redeeming));
            }
            Ok(())
        }
        Visit::Confirm => {
            let answered = host::call(world, "answer_consent", |mailbox, context| {
                mailbox.answer_consent(id, &session(), true, context)
            })?;
            world.watch.somebody_acts();
            world.tell("employee", || {
                format!("confirms the sign-in: {}", matches!(answered, Some(Ok(Ok(true)))))
            });
            Ok(())
        }
        Visit::CheckAgain => check_again(world),
    }
}

/// The code is redeemed: the tokens are sealed, and the mailbox is told.
pub(crate) fn redeem(world: &mut World<'_>, redeeming: Redeeming) -> Result<(), Violation> {
    let Redeeming { attempt, sign_in, begun_at } = redeeming;
    let taken = host::call(world, "take_number", Mailbox::take_number)?;
    let Some(Ok(record)) = taken else { return Ok(()) };
    let now = world.clock.now();
    let (number, resource) = (record.number, Resource::of(record.settings.kind));
    let access = resource.map(|resource| AccessRecord {
        resource,
        issued_at: now,
        valid_until: now.plus_millis(HOUR),
        token: sealed(number, "access"),
    });
    let authentication = Authentication {
        tenant_id: "t-1".to_owned(),
        object_id: "o-1".to_owned(),
        client_id: Some("c-1".to_owned()),
        cloud: api::Cloud::default(),
        account: Account { name: None, address: record.settings.address.clone() },
        scopes: vec!["https://graph.microsoft.com/Mail.Send".to_owned()],
        authenticated_at: now,
        renewed_at: now,
        number,
        refresh: sealed(number, "refresh"),
        previous: None,
        access: access.into_iter().collect(),
        trouble: None,
        pause: None,
    };
    let confirm = if sign_in.needs_confirmation { vec![api::ConfirmReason::PinTenant] } else { Vec::new() };
    let redeemed = Ok(Redeemed { authentication, confirm, epoch: record.epoch });
    let concluded = host::call(world, "conclude_consent", |mailbox, context| {
        mailbox.conclude_consent(attempt, &redeemed, context)
    })?;
    world.watch.somebody_acts();
    if let Some(Ok(Ok(None))) = concluded {
        let removed_since = world.people.removed_at > begun_at;
        hold(!removed_since, "a sign-in from before a removal connects nothing", || {
            "somebody removed the sign-in while the code was being redeemed".to_owned()
        })?;
        world.tell("employee", || "is signed in".to_owned());
    }
    if let (Some(Ok(Ok(Some(_)))), Some(after_ms)) = (&concluded, sign_in.confirms_after_ms) {
        world.queue.push(world.clock.elapsed + after_ms, Event::Visit(attempt, Visit::Confirm));
    }
    Ok(())
}

/// Saves one other setting.
pub(crate) fn save(world: &mut World<'_>, change: Change) -> Result<(), Violation> {
    let Ok(record) = world.host.mailbox.store().records().mailbox() else { return Ok(()) };
    let mut settings = record.settings.clone();
    let mut access_code = None;
    match change {
        Change::Kind(kind) => {
            settings.kind = kind;
            if kind == Kind::SmtpBasic {
                "mail.b.nl".clone_into(&mut settings.server);
            }
        }
        Change::Address(n) => settings.address = format!("a{n}@b.nl"),
        Change::Server(n) => settings.server = format!("mail{n}.b.nl"),
        Change::Password => access_code = Some(Some(SealedText("code".to_owned()))),
        Change::RepeatUnknown(on) => settings.repeat_unknown = on,
        Change::Shared(shared) => settings.shared = shared,
        Change::ContentDays(days) => settings.content_days = days,
    }
    let ends = settings.kind != record.settings.kind
        || settings.shared != record.settings.shared
        || settings.address != record.settings.address;
    let save = SavedSettings { settings, version: record.version, access_code, relay_key: None };
    let saved = host::call(world, "save", |mailbox, context| mailbox.save(&save, context))?;
    world.tell("employee", || format!("saves {change:?}: {}", matches!(saved, Some(Ok(())))));
    world.stats.count("saves");
    world.watch.somebody_acts();
    if let Ok(record) = world.host.mailbox.store().records().mailbox() {
        if record.version != save.version {
            world.watch.settings_change();
            if ends {
                world.people.removed_at = world.clock.elapsed;
            }
        }
        world.watch.set_repeats(record.settings.repeat_unknown, world.clock.elapsed);
        world.people.settings = record.settings;
    }
    Ok(())
}

/// Removes the sign-in.
pub(crate) fn remove(world: &mut World<'_>) -> Result<(), Violation> {
    let removed = host::call(world, "remove", Mailbox::remove)?;
    if let Some(Ok(())) = removed {
        world.people.removed_at = world.clock.elapsed;
    }
    world.watch.somebody_acts();
    world.tell("employee", || "removes the sign-in".to_owned());
    Ok(())
}

/// Asks to try held messages again.
pub(crate) fn check_again(world: &mut World<'_>) -> Result<(), Violation> {
    world.watch.somebody_acts();
    world.tell("employee", || "asks to check again".to_owned());
    host::call(world, "check_again", Mailbox::check_again).map(drop)
}

/// Has seen what was refused or is unknown.
pub(crate) fn seen(world: &mut World<'_>) -> Result<(), Violation> {
    let seen = host::call(world, "seen", |mailbox, context| mailbox.mark_seen(context.now, context))?;
    // Without an answer it may have been stored all the same.
    if !matches!(seen, Some(Err(_))) {
        let attention = view(world).map(|view| view.attention.refused + view.attention.unknown);
        world.watch.unseen = attention.filter(|_| seen.is_none()).unwrap_or_default();
    }
    Ok(())
}

/// Asks an administrator, or no longer does.
pub(crate) fn ask_approval(world: &mut World<'_>, asked: bool) -> Result<(), Violation> {
    host::call(world, "ask_approval", |mailbox, context| mailbox.ask_approval(asked, context)).map(drop)
}

/// Tests the mail server.
pub(crate) fn test_server(world: &mut World<'_>, passes: bool) -> Result<(), Violation> {
    if world.kind().signs_in() {
        return Ok(());
    }
    let Ok(record) = world.host.mailbox.store().records().mailbox() else { return Ok(()) };
    world.watch.somebody_acts();
    world.tell("employee", || format!("tests the mail server: {passes}"));
    let refusal = Refusal::new(api::Code::AccessCodeRefused, "535 no");
    host::call(world, "server_test", |mailbox, context| {
        if passes {
            mailbox.server_test_passed(record.version, context)
        } else {
            mailbox.server_test_failed(record.version, &refusal, context)
        }
    })
    .map(drop)
}

/// Looks at the page and does what it asks for.
pub(crate) fn look(world: &mut World<'_>) -> Result<(), Violation> {
    // The page is a call like any other: it finds what an earlier instance left.
    host::call(world, "view", |_, _| Step { outcome: Ok(()), effects: Vec::new() })?;
    let Some(view) = view(world) else { return Ok(()) };
    match view.state {
        MailboxState::Ready | MailboxState::Delayed | MailboxState::SigningIn => Ok(()),
        MailboxState::NotAuthenticated
        | MailboxState::SignInAgain
        | MailboxState::Removed
        | MailboxState::WaitingForApproval => {
            if world.clock.elapsed < world.people.busy_until {
                return Ok(());
            }
            sign_in(world, SignIn::PLAIN)
        }
        MailboxState::AdministratorNeeded | MailboxState::RegistrationBroken => {
            host::call(world, "renew_to_check", Mailbox::renew_to_check)?;
            let nobody = AttemptId::new(world.clock.now(), [0; 10]);
            world.queue.push(world.clock.elapsed + 10 * SECOND, Event::Visit(nobody, Visit::CheckAgain));
            Ok(())
        }
        MailboxState::AccessCodeMissing | MailboxState::ServerRefuses => save(world, Change::Password),
        MailboxState::Attention if view.held.is_empty() => seen(world),
        MailboxState::Attention => check_again(world),
    }
}

/// The page, unless storage refuses to read it.
pub(crate) fn view(world: &World<'_>) -> Option<MailboxView> {
    let page = Page {
        endpoints: Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").ok()?,
        installation_relay: false,
        registration: RegistrationView {
            owner: RegistrationOwner::Installation,
            client_id: "c-1".to_owned(),
            credential: CredentialType::Secret,
            expires_at: None,
            warn_days_left: None,
        },
        approval: ApprovalView {
            since: world.clock.now(),
            link: String::new(),
            permissions: Vec::new(),
            tenant: None,
        },
    };
    gateway::mailbox::view(world.host.mailbox.store(), page, &reading(world)).ok()
}

/// What reading needs to know.
pub(crate) fn reading<'w>(world: &'w World<'_>) -> Context<'w> {
    Context {
        now: world.clock.now(),
        random: [0; 16],
        limits: world.limits,
        renew_after_ms: 0,
        keepalive_ms: 0,
        sealing_key: "k1",
        deployment: &world.deployment,
    }
}
