//! Settings of accounts and instruments.

use ledger::{
    AccountSettings, Asset, Configuration, CostBasis, Instrument, PnlRounding, PositionMode,
    Quantity, RoundingRule, StopPolicy, Tenant, Timestamp,
};

use super::fields::Fields;
use super::value::{Above, Scale};
use super::{account, instrument};

pub(super) const TYPES: &[&str] = &["account_configured", "instrument_configured"];

pub(super) fn read(kind: &str, fields: &mut Fields<'_>, tenant: &Tenant) -> Option<Configuration> {
    let occurred_at = fields.optional::<Timestamp>("occurred_at");
    if kind == "account_configured" {
        let account = account(fields, tenant);
        let settings = settings(fields);
        Some(Configuration::Account {
            account: account?,
            settings,
            occurred_at,
        })
    } else {
        let instrument = instrument(fields, tenant);
        let terms = terms(fields);
        Some(Configuration::Instrument {
            instrument: instrument?,
            terms: terms?,
            occurred_at,
        })
    }
}

/// What is not said is the default.
fn settings(fields: &mut Fields<'_>) -> AccountSettings {
    AccountSettings {
        position_mode: fields
            .optional::<PositionMode>("position_mode")
            .unwrap_or_default(),
        cost_basis: fields
            .optional::<CostBasis>("cost_basis")
            .unwrap_or_default(),
        pnl_rounding: fields.object("pnl_rounding", rounding).unwrap_or_default(),
        stop_policy: fields
            .optional::<StopPolicy>("stop_policy")
            .unwrap_or_default(),
    }
}

fn rounding(fields: &mut Fields<'_>) -> Option<PnlRounding> {
    let rule = fields.required::<RoundingRule>("rule");
    let scale = if matches!(rule, None | Some(RoundingRule::Exact)) {
        // Without meaning, and often sent along; or nobody can say whether it has one.
        Some(fields.optional::<Scale>("scale").map_or(0, |scale| scale.0))
    } else {
        fields.required::<Scale>("scale").map(|scale| scale.0)
    };
    Some(PnlRounding {
        scale: scale?,
        rule: rule?,
    })
}

fn terms(fields: &mut Fields<'_>) -> Option<Instrument> {
    let inverse = fields.optional::<bool>("inverse").unwrap_or(false);
    let multiplier = fields.required::<Above<Quantity>>("multiplier");
    let tick = fields.optional::<Above<Quantity>>("tick");
    let step = fields.optional::<Above<Quantity>>("step");
    let settlement_asset = fields.optional::<Asset>("settlement_asset");
    Some(Instrument {
        inverse,
        multiplier: multiplier?.0,
        tick: tick.map(|tick| tick.0),
        step: step.map(|step| step.0),
        settlement_asset,
    })
}
