//! The debugger of Node.js, for who asks for it.

use kouti_launch::Env;
use kouti_launch::helper::Outcome;

use crate::{add_node_option, value};

pub(crate) fn set(env: &Env, outcome: &mut Outcome) {
    if !outcome.flag(env, "BPL_DEBUG_ENABLED")
        || value(env, outcome, "NODE_OPTIONS").unwrap_or_default().contains("--inspect")
    {
        return;
    }
    let port = outcome.setting(env, "BPL_DEBUG_PORT", "a port from 1 to 65535", |text| {
        text.parse::<u16>().ok().filter(|port| *port > 0)
    });
    let host = env.given("BPL_DEBUG_HOST");
    let option = if outcome.flag(env, "BPL_DEBUG_SUSPEND") { "--inspect-brk" } else { "--inspect" };
    // Without an address, Node.js takes its default, which is only reachable from inside.
    let option = match (host, port) {
        (None, None) => option.to_owned(),
        (host, port) => {
            let host = host.unwrap_or("127.0.0.1");
            // The colons of an address must not be taken for the one before the port.
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            format!("{option}={host}:{}", port.unwrap_or(9229))
        }
    };
    if host.is_some_and(|host| !matches!(host, "127.0.0.1" | "localhost" | "::1")) {
        outcome.warn("who reaches the debugger can run any code in this container");
    }
    add_node_option(env, outcome, &option);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debugging(variables: &[(&str, &str)]) -> (Option<String>, Vec<String>) {
        let enabled = ("BPL_DEBUG_ENABLED", "true");
        let mut outcome = Outcome::nothing();
        set(&std::iter::once(&enabled).chain(variables).copied().collect(), &mut outcome);
        (outcome.variables().get("NODE_OPTIONS").cloned(), outcome.lines(false))
    }

    #[test]
    fn the_address_can_be_chosen() {
        for (variables, option) in [
            (&[][..], "--inspect"),
            (&[("BPL_DEBUG_PORT", "9000")][..], "--inspect=127.0.0.1:9000"),
            (&[("BPL_DEBUG_HOST", "::1")][..], "--inspect=[::1]:9229"),
            (&[("BPL_DEBUG_SUSPEND", "1")][..], "--inspect-brk"),
            (&[("NODE_OPTIONS", "-x")][..], "-x --inspect"),
        ] {
            assert_eq!(debugging(variables), (Some(option.to_owned()), vec![]), "{variables:?}");
        }
    }

    #[test]
    fn a_door_to_the_outside_is_warned_about() {
        let (option, lines) = debugging(&[("BPL_DEBUG_HOST", "0.0.0.0")]);
        assert_eq!(option.as_deref(), Some("--inspect=0.0.0.0:9229"));
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn a_bad_port_is_told_and_an_option_of_the_user_stays_alone() {
        let (option, lines) = debugging(&[("BPL_DEBUG_PORT", "0")]);
        assert_eq!(option.as_deref(), Some("--inspect"));
        assert!(lines[0].contains("BPL_DEBUG_PORT"), "{lines:?}");
        assert_eq!(debugging(&[("NODE_OPTIONS", "--inspect-brk")]).0, None);
    }
}
