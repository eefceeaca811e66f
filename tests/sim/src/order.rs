//! What the process of the simulators can be told to do: the words of an administrator, as lines of JSON.

use std::time::Duration;

use okta_haiilo_sim::Server;
use okta_haiilo_sim::haiilo::{Container, Discovery, Haiilo, MemberShape, Strictness};
use okta_haiilo_sim::okta::{Dpop, Okta};
use okta_haiilo_sim::people::person;
use serde::Deserialize;
use serde_json::{Value, json};

/// Both servers.
#[derive(Debug)]
pub(crate) struct Servers {
    /// Okta.
    pub(crate) okta: Server<Okta>,
    /// Haiilo.
    pub(crate) haiilo: Server<Haiilo>,
}

/// One line of the standard input.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Order {
    /// Hires the first people.
    Populate {
        /// How many.
        people: u32,
    },
    /// Hires one more.
    Hire {
        /// The number of the person.
        number: u32,
    },
    /// A new address: login, e-mail and user name.
    Rename {
        /// The old address.
        login: String,
        /// The new one.
        to: String,
    },
    /// Sets one attribute of the profile.
    Set {
        /// Whose.
        login: String,
        /// Which.
        key: String,
        /// To what.
        value: Value,
    },
    /// Deactivates.
    Deactivate {
        /// Whom.
        login: String,
    },
    /// Activates somebody who was deactivated, and assigns the application anew.
    Rehire {
        /// Whom.
        login: String,
    },
    /// Takes the application away.
    Unassign {
        /// From whom.
        login: String,
    },
    /// Something about a group.
    Group(GroupOrder),
    /// Registers the public key of a service app; the answer has its key id.
    RegisterKey {
        /// The key, PEM.
        public_pem: String,
        /// Its algorithm.
        algorithm: String,
    },
    /// From now on no token without a proof.
    RequireDpop,
    /// Haiilo becomes a SCIM server without rules of its own, with discovery.
    GenericScim,
    /// Haiilo describes itself.
    ServeDiscovery,
    /// The profile fields of an intranet stand in the extension of this URN.
    FieldsInExtension {
        /// The URN.
        urn: String,
    },
    /// An intranet shows no more of the members of a group than what a client sends.
    BareMembers,
    /// Each answer waits.
    Latency {
        /// Milliseconds of Okta.
        okta: u64,
        /// Milliseconds of Haiilo.
        haiilo: u64,
    },
    /// What no correct client would have sent so far.
    Violations,
}

/// What an administrator of Okta does to a group, which is called by its name.
#[derive(Debug, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum GroupOrder {
    /// Makes one that is assigned to the application; the answer has its id.
    Make {
        /// Its name.
        group: String,
    },
    /// Takes somebody in.
    Join {
        /// The group.
        group: String,
        /// Whom.
        login: String,
    },
    /// Takes somebody out.
    Leave {
        /// The group.
        group: String,
        /// Whom.
        login: String,
    },
    /// Another name.
    Rename {
        /// The old name.
        group: String,
        /// The new one.
        to: String,
    },
    /// Another description.
    Describe {
        /// The group.
        group: String,
        /// The text; none takes it away.
        text: Option<String>,
    },
    /// Deletes it.
    Drop {
        /// The group.
        group: String,
    },
}

impl Order {
    /// Does it, and gives the answer.
    pub(crate) fn obey(self, servers: &Servers) -> Value {
        let mut okta = servers.okta.state();
        let mut answer = json!({"ok": true});
        let mut of = |login: String, act: &dyn Fn(&mut Okta, &str)| match okta.find(&login) {
            Some(id) => act(&mut okta, &id),
            None => answer = json!({"error": format!("nobody has the login {login}")}),
        };
        match self {
            Self::Rename { login, to } => of(login, &|okta, id| okta.rename(id, &to)),
            Self::Set { login, key, value } => of(login, &|okta, id| okta.set_profile(id, &key, value.clone())),
            Self::Deactivate { login } => of(login, &Okta::deactivate),
            Self::Unassign { login } => of(login, &Okta::unassign),
            Self::Rehire { login } => of(login, &|okta, id| {
                okta.reactivate(id);
                okta.assign(id);
            }),
            Self::Group(order) => answer = order.obey(&mut okta).unwrap_or_else(|error| json!({"error": error})),
            Self::Populate { people } => okta.populate(people),
            Self::Hire { number } => {
                okta.hire(&person(number));
            }
            Self::RegisterKey { public_pem, algorithm } => {
                answer = json!({"key_id": okta.auth.register_key(&public_pem, &algorithm)});
            }
            Self::RequireDpop => okta.auth.dpop = Dpop::Required,
            Self::GenericScim => servers.haiilo.state().tune(|manner| {
                manner.strict = Strictness::Generic;
                manner.discovery = Discovery::Served;
            }),
            Self::ServeDiscovery => servers.haiilo.state().tune(|manner| manner.discovery = Discovery::Served),
            Self::FieldsInExtension { urn } => {
                servers.haiilo.state().tune(|manner| manner.directory.container = Container::Extension(urn));
            }
            Self::BareMembers => servers.haiilo.state().tune(|manner| manner.directory.member = MemberShape::Bare),
            Self::Latency { okta, haiilo } => {
                servers.okta.set_latency(Duration::from_millis(okta));
                servers.haiilo.set_latency(Duration::from_millis(haiilo));
            }
            Self::Violations => {
                answer = json!({"okta": servers.okta.violations(), "haiilo": servers.haiilo.violations()});
            }
        }
        answer
    }
}

impl GroupOrder {
    fn obey(self, okta: &mut Okta) -> Result<Value, String> {
        let group_id = |okta: &Okta, name: &str| okta.group_id(name).ok_or_else(|| format!("no group is named {name}"));
        let user_id =
            |okta: &Okta, login: &str| okta.find(login).ok_or_else(|| format!("nobody has the login {login}"));
        match self {
            Self::Make { group } if okta.group_id(&group).is_some() => return Err(format!("{group} is there already")),
            Self::Make { group } => return Ok(json!({"id": okta.make_group(&group)})),
            Self::Join { group, login } => okta.join_group(&group_id(okta, &group)?, &user_id(okta, &login)?),
            Self::Leave { group, login } => okta.leave_group(&group_id(okta, &group)?, &user_id(okta, &login)?),
            Self::Rename { group, to } => okta.rename_group(&group_id(okta, &group)?, &to),
            Self::Describe { group, text } => okta.describe_group(&group_id(okta, &group)?, text.as_deref()),
            Self::Drop { group } => okta.drop_group(&group_id(okta, &group)?),
        }
        Ok(json!({"ok": true}))
    }
}
