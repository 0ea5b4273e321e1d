//! The operator: deploys, changes limits, nudges at night, and mends.

use gateway::mailbox::Mailbox;
use gateway::outbox::Limits;

use crate::host;
use crate::story::Violation;
use crate::world::World;

/// Another version: the instance is replaced.
pub(crate) fn deploy(world: &mut World<'_>) {
    let next = world.stats.of("deployments") + 1;
    world.deployment = next.to_string();
    world.stats.count("deployments");
    world.watch.somebody_acts();
    world.tell("operator", || format!("deploys version {next}"));
    host::replace_instance(world);
}

/// Other limits: a configuration, so the instance is replaced.
pub(crate) fn change_limits(world: &mut World<'_>, limits: Limits) {
    world.limits = limits;
    world.watch.limits_change(world.clock.elapsed);
    world.tell("operator", || {
        format!(
            "allows {} messages a minute, {} recipients a day",
            limits.per_minute, limits.recipients_per_day
        )
    });
    host::replace_instance(world);
}

/// The nightly nudge.
pub(crate) fn nudge(world: &mut World<'_>) -> Result<(), Violation> {
    world.stats.count("nudges");
    host::call(world, "nudge", Mailbox::nudge).map(drop)
}

/// Everything is well again.
pub(crate) fn heal(world: &mut World<'_>) {
    world.is_healed = true;
    world.make_fine();
    world.host.database.set_outage(None);
    world.host.database.disarm();
    world.host.crash_in = None;
    world.host.alarms_refused = 0;
    world.tell("world", || "everything is well again".to_owned());
    change_limits(world, Limits::default());
}
