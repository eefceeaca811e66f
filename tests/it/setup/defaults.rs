//! What stories begin with: the mapping, the policy and the credentials of either product.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use okta_haiilo_sim::haiilo::{self, AccountSeed};
use okta_haiilo_sim::people::Person;
use okta_haiilo_sync::config::settings::{ClientAuth, HaiiloAuth, TokenForm};
use okta_haiilo_sync::domain::mapping::{AttributeKind, Mapping, MappingSpec, On, RuleSpec, WhenEmpty};
use okta_haiilo_sync::domain::model::assignment::{StagedRule, StatusRules, SuspendedRule};
use okta_haiilo_sync::domain::model::ids::UserName;
use okta_haiilo_sync::domain::model::limit::Limits;
use okta_haiilo_sync::domain::model::policy::{
    AdoptedRule, Deprovision, LeaverAction, LeaverRules, MissingRule, Policy, Product, Protected,
};
use okta_haiilo_sync::domain::scim::path::AttributePath;
use okta_haiilo_sync::domain::scim::value::Compare;
use url::Url;

use crate::setup::environment::product;

/// The credentials of either product.
pub(crate) fn haiilo_auth(product: Product, base_url: &Url) -> HaiiloAuth {
    match product {
        Product::Advocacy => HaiiloAuth::AccessToken {
            token: haiilo::TOKEN.into(),
            form: TokenForm::Bearer,
            owner: UserName::new(haiilo::OWNER),
        },
        Product::Intranet => HaiiloAuth::ClientCredentials {
            token_url: base_url.join(haiilo::TOKEN_PATH).expect("an address"),
            client_id: haiilo::CLIENT_ID.to_owned(),
            client_secret: haiilo::CLIENT_SECRET.into(),
            client_auth: ClientAuth::Basic,
        },
    }
}

/// A rule as most are.
pub(crate) fn rule(path: &str, value: &str, compare: Compare, kind: AttributeKind) -> RuleSpec {
    RuleSpec {
        path: AttributePath::parse(path).expect("a path"),
        value: value.to_owned(),
        compare,
        on: On::CreateAndUpdate,
        when_empty: WhenEmpty::Leave,
        kind,
    }
}

/// The mapping that all stories begin with, as rules; a story may change them.
pub(crate) fn rules() -> MappingSpec {
    let groups = [
        ("AT", "Austria"),
        ("CH", "Switzerland"),
        ("DE", "Germany"),
        ("FI", "Finland"),
        ("FR", "France"),
        ("IE", "Ireland"),
        ("XX", "Atlantis"),
    ];
    MappingSpec {
        rules: vec![
            rule("userName", "assignment.user_name or user.email", Compare::IgnoreCase, AttributeKind::Text),
            rule("name.givenName", "user.firstName", Compare::Exact, AttributeKind::Text),
            rule("name.familyName", "user.lastName", Compare::Exact, AttributeKind::Text),
            rule(
                "addresses[type eq \"work\"].country",
                "user.countryCode | lookup('groups')",
                Compare::Exact,
                AttributeKind::Group,
            ),
            rule("addresses[type eq \"work\"].locality", "user.city | trim", Compare::IgnoreCase, AttributeKind::Team),
        ],
        tables: BTreeMap::from([(
            "groups".to_owned(),
            groups.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect(),
        )]),
        include: None,
        employee_number: Some("employeeNumber".into()),
    }
}

/// The rules of a product: the intranet has neither groups nor teams in an address, and accounts bear the ids of their Okta users.
pub(crate) fn rules_of(product: Product) -> MappingSpec {
    let mut spec = rules();
    if product == Product::Intranet {
        for rule in spec.rules.iter_mut().filter(|rule| matches!(rule.kind, AttributeKind::Group | AttributeKind::Team))
        {
            rule.kind = AttributeKind::Text;
        }
        spec.rules.push(rule("externalId", "assignment.id", Compare::Exact, AttributeKind::Text));
    }
    spec
}

/// The mapping that stories of a product begin with.
pub(crate) fn mapping_of(product: Product) -> Mapping {
    Mapping::new(rules_of(product)).expect("a mapping")
}

/// That of the product that is tested, with a change.
pub(crate) fn mapping(change: impl FnOnce(&mut MappingSpec)) -> Mapping {
    let mut spec = rules_of(product());
    change(&mut spec);
    Mapping::new(spec).expect("a mapping")
}

/// The policy that all stories begin with: who is deactivated in Okta loses the account after a month.
pub(crate) fn policy(product: Product) -> Policy {
    Policy {
        product,
        statuses: StatusRules { suspended: SuspendedRule::Keep, staged: StagedRule::Skip },
        missing: MissingRule::Hold,
        leavers: LeaverRules {
            deactivated: LeaverAction::Delete,
            unassigned: LeaverAction::Keep,
            adopted: AdoptedRule::Keep,
            grace: TimeDelta::days(30),
        },
        protected: Protected::new(["*@haiilo.com".to_owned()]).expect("a pattern"),
        deprovision: Deprovision::Delete,
        token_owner: (product == Product::Advocacy).then(|| UserName::new(haiilo::OWNER)),
        limits: Limits::usual(),
    }
}

/// The account that a person would have in Haiilo if somebody made it by hand.
pub(crate) fn seed(person: &Person) -> AccountSeed {
    let groups = rules().tables.remove("groups").expect("the table of groups");
    AccountSeed {
        user_name: person.email.clone(),
        given: person.given.to_owned(),
        family: person.family.to_owned(),
        group: groups.get(person.country_code).cloned().unwrap_or_default(),
        team: person.city.to_owned(),
    }
}
