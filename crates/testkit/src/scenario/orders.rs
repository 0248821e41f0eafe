//! How a page names an order.

use ledger::{ClientOrderId, OrderPurpose, OrderReference};

use super::Target;
use super::page::{Unreadable, parse};
use super::run::Runner;

impl<T: Target> Runner<'_, T> {
    /// Reads `P.entry`, `client:ID`, `venue:ID`, or two of them joined by `/`.
    pub(super) fn order(&self, text: &str) -> Result<OrderReference, Unreadable> {
        let mut reference = OrderReference::default();
        for name in text.split('/') {
            if let Some(id) = name.strip_prefix("client:") {
                reference.client_order_id = Some(parse(id, "a client order id")?);
            } else if let Some(id) = name.strip_prefix("venue:") {
                reference.venue_order_id = Some(parse(id, "a venue order id")?);
            } else {
                reference.client_order_id = Some(self.newest(name)?);
            }
        }
        Ok(reference)
    }

    fn newest(&self, name: &str) -> Result<ClientOrderId, Unreadable> {
        let unknown = || {
            Unreadable(format!(
                "`{name}` is no order: write P1.entry, client:ID or venue:ID"
            ))
        };
        let (position, purpose) = name.split_once('.').ok_or_else(unknown)?;
        let purpose = PURPOSES
            .into_iter()
            .find(|candidate| candidate.as_str() == purpose)
            .ok_or_else(unknown)?;
        let id = self.position_id(position)?;
        self.target
            .orders_of(id)
            .into_iter()
            .rfind(|order| order.purpose == purpose)
            .and_then(|order| order.client_order_id)
            .ok_or_else(|| Unreadable(format!("{position} has no {} order", purpose.as_str())))
    }
}

const PURPOSES: [OrderPurpose; 7] = [
    OrderPurpose::Entry,
    OrderPurpose::ScaleIn,
    OrderPurpose::Reduce,
    OrderPurpose::Close,
    OrderPurpose::StopLoss,
    OrderPurpose::TakeProfit,
    OrderPurpose::Trailing,
];
